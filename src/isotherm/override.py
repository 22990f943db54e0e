"""Override: a rule that was set aside, and why; recorded and printed with every result."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A rule that was set aside.

    Parameters
    ----------
    what : str
        The rule ("overlap"), or what broke it (a covariate).
    problem : str
        What the rule found.
    reason : str
        Why it was set aside.
    """

    what: str
    problem: str
    reason: str
