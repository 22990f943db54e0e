"""The record: patients, lesions, sessions and what became of them, kept so that nothing is lost."""
