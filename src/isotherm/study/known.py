"""Known: when a fact about a patient became known, and whether that was in time to adjust for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from isotherm.study.protocol_checks import filled, refuse, unless

When = Literal["before exposure start", "before time zero", "after time zero"]
Start = Literal["at time zero", "before time zero", "after time zero"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """When a fact was known: one of three words, a day counted from time zero, or a column of dates.

    Parameters
    ----------
    when : str, optional
        "before exposure start", "before time zero" or "after time zero".
    day : float, optional
        Days after time zero; negative before it.
    column : str, optional
        Column with the date on which the fact was recorded: compared row by row.

    Raises
    ------
    BadProtocol
        Not exactly one of the three was given.
    """

    when: When | None = None
    day: float | None = None
    column: str | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.when, self.day, self.column) if value is not None]
        refuse([
            unless(len(given) == 1, "", "When a fact was known is said once: in words, as a day, or as a column."),
            unless(self.day is None or math.isfinite(self.day), "", "The day of a fact is no number of days."),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeZero:
    """The day from which outcomes are counted, and on which eligibility and arms should be known.

    Parameters
    ----------
    says : str
        What happens on that day: "day of liver resection".
    column : str, optional
        Column with its date; without it, times in the table are taken to count from it.
    """

    says: str
    column: str | None = None

    def __post_init__(self) -> None:
        refuse(filled("Time zero", says=self.says))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """When a patient came under observation, such as a referral: who had died before could not come in.

    Parameters
    ----------
    says : str
        "first visit to the center".
    column : str, optional
        Column with its date; or
    time : str, optional
        column with the time to it, in the unit of the primary outcome's time and counted from the same day.
    """

    says: str
    column: str | None = None
    time: str | None = None

    def __post_init__(self) -> None:
        refuse([
            *filled("Entry", says=self.says),
            unless((self.column is None) != (self.time is None), "column",
                   "An entry has either a column of dates or a column of times."),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureStart:
    """When the treatment that is compared began: in words, as a day counted from time zero, or as a column of dates."""

    says: str
    when: Start | None = None
    day: float | None = None
    column: str | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.when, self.day, self.column) if value is not None]
        refuse([
            *filled("The start of exposure", says=self.says),
            unless(len(given) == 1, "when", "The start of exposure is said once: when, day or column."),
            unless(self.day is None or math.isfinite(self.day), "day", "The day on which exposure began is no day."),
        ])  # fmt: skip

    @property
    def precedes_time_zero(self) -> bool:
        """Whether it is declared to lie before time zero; False where dates decide row by row."""
        return self.when == "before time zero" or (self.day is not None and self.day < 0)


def too_late(known: Known, exposure: ExposureStart) -> str:
    """Say why a fact came too late to adjust for it, as far as the protocol alone tells; empty if it did not.

    A fact has to be known before time zero and before exposure began: what came later may be a consequence of the
    treatment. Where a column holds dates, rows are compared by `late_rows`.
    """
    if known.when == "after time zero":
        return "it was known after time zero"
    if known.day is not None:
        return _day_too_late(known.day, exposure)
    if known.column is not None:
        unsure = exposure.when == "before time zero"
        return (
            "exposure began on an unknown day before time zero, so dates cannot show that it came first"
            if unsure
            else ""
        )
    if exposure.precedes_time_zero and known.when == "before time zero":
        return "exposure began before time zero, and it is not declared to be known before exposure start"
    late_start = exposure.when == "after time zero" or (exposure.day is not None and exposure.day > 0)
    if late_start and known.when == "before exposure start":
        return "exposure began after time zero, and it is not declared to be known before time zero"
    return ""


def _day_too_late(day: float, exposure: ExposureStart) -> str:
    if day > 0:
        return "it was known after time zero"
    if exposure.when == "before time zero":
        return "exposure began on an unknown day before time zero, so a day cannot show that it came first"
    return "it was known after exposure began" if exposure.day is not None and day > exposure.day else ""
