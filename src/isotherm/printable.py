"""Text that came from outside, made fit to be shown: without signs that disturb, and as much as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

MOST_LETTERS = 160
"""Of the covariates that are named on the first screen of a report: it has to hold the caveats as well."""


def printable(text: str) -> str:
    """Return the text with everything that could disturb a terminal or a report replaced by a question mark."""
    return "".join(c if c.isprintable() else "?" for c in text)


def first_named(names: Sequence[str]) -> str:
    """Return the first covariates, as many as there is room for but one at least, and whether there are others."""
    shown = [name for k, name in enumerate(names) if len(", ".join(names[: k + 1])) <= MOST_LETTERS or k == 0]
    return ", ".join(shown) + ("" if len(shown) == len(names) else " and others, all named in the methods")
