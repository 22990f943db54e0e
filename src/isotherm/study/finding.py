"""Finding: something about records or design that a reader should know, what it bars, and the designs that are left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["stop", "warn", "note"]
"""Bars a design; has to be read beside the result; is worth knowing."""

DESIGNS = {
    "naive": "arms as they became, counted from time zero",
    "landmark": "arms by status on one day, counted from it; about those who reached it, silent on what came before",
    "time_dependent_cox": "treated from the day of treatment on; misleads where progression decides who is treated",
    "clone_censor_weight": "each patient in every strategy until the records contradict it, weighted for that",
    "censoring_weights": "arms as begun at the first treatment, weighted at baseline and for leaving the strategy",
}
"""What can answer a question of timing, with what each of them does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One number of a finding.

    Parameters
    ----------
    what : str
        "began after time zero".
    value : float
    unit : str
        "patients", "rows", "ids", "pairs", "sites", "events", "patient-days", "median days", "mean days" or
        "per variable".
    arm : str or None
        Name of the arm.
    of : int or None
        How many there are in all, of a count.
    """

    what: str
    value: float
    unit: str = "patients"
    arm: str | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a reader should know.

    Parameters
    ----------
    key : str
    says : str
        One or two sentences with their counts.
    rows : int
        How many patients (or rows, of a finding about records) it is about.
    level : "stop", "warn" or "note"
    do : str
        What to do about it; holds no count.
    bars : tuple of str
        Names of the designs that cannot answer the question; of a stop only.
    counts : tuple of Tally
    compare : tuple of tuples of int
        Rows of the table that came in, from 0, that are to be compared with each other. No document holds them: they
        are told to whoever holds the table.

    Raises
    ------
    ValueError
        A stop that bars nothing, something else that bars, or a design that is none.
    """

    key: str
    says: str
    rows: int
    level: Level = "note"
    do: str = ""
    bars: tuple[str, ...] = ()
    counts: tuple[Tally, ...] = ()
    compare: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        if (self.level == "stop") != bool(self.bars) or not set(self.bars) <= set(DESIGNS):
            raise ValueError(
                f"The finding {self.key} is a {self.level} and bars {self.bars}; only a stop bars designs."
            )


def open_designs(findings: Iterable[Finding], planned: Iterable[str] = tuple(DESIGNS)) -> tuple[str, ...]:
    """Return the designs that no finding bars, of those that are planned."""
    barred = {name for one in findings for name in one.bars}
    return tuple(name for name in planned if name not in barred)
