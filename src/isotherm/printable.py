"""Text that came from outside, made safe to show."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return the text with everything that could disturb a terminal or a report replaced by a question mark."""
    return "".join(c if c.isprintable() else "?" for c in text)
