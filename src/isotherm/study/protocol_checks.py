"""How nouns of a protocol refuse what they cannot be: each problem with its key, all of them at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from isotherm.errors import BadForm, BadProtocol

Problem = tuple[str, str]
"""The key that a problem is about, and one sentence on it."""


def refuse(problems: Iterable[Problem | None], error: type[BadForm] = BadProtocol) -> None:
    """Raise every problem that there is.

    Raises
    ------
    BadForm
        As the class that was given.
    """
    found = [problem for problem in problems if problem is not None]
    if found:
        raise error(*found)


def unless(holds: bool, key: str, sentence: str) -> Problem | None:
    """Return a problem unless a condition holds."""
    return None if holds else (key, sentence)


def filled(what: str, **values: str) -> Iterable[Problem | None]:
    """Return a problem for each text that says nothing."""
    return [unless(bool(value.strip()), key, f"{what} has no {key}; give one.") for key, value in values.items()]


def repeated(names: Iterable[str]) -> str:
    """Return the names that come twice, in words; empty if none does."""
    return ", ".join(name for name, count in Counter(names).items() if count > 1)
