"""Accuracy and seconds, beside the reference programs, printed as tables: `python -m bench`."""
