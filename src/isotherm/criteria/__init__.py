"""Criteria: what each guideline says of a case, and which missing fact would change it."""
