"""Clinical nouns: the facts that are known of a patient on a day, with unit, date and origin."""
