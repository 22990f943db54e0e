"""Words of a person in a cell: no spreadsheet takes them for a formula, and they come back as they were."""

from __future__ import annotations

SIGNS = frozenset("=+-@＝＋－＠'#")  # noqa: RUF001 (the wide signs begin a formula in East Asian spreadsheets)
"""A cell that begins with one of these may be calculated instead of shown, or be taken for an error."""


def guarded(text: str) -> str:
    """Return a text that a spreadsheet shows as it is: an apostrophe stands before what could begin a formula.

    It stands before a blank as well, which spreadsheets skip, and before an apostrophe, so that `unguarded` gives back
    every text. CSV files with formulas in them are an old attack on whoever opens them.
    """
    return f"'{text}" if _at_risk(text) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if text.startswith("'") and _at_risk(text[1:]) else text


def _at_risk(text: str) -> bool:
    return bool(text) and (text[0] in SIGNS or text[0].isspace())
