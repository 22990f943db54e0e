"""Strategies: when ablation and systemic therapy are due, and the day on which a course no longer follows one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from isotherm.columns import Float, Int
from isotherm.errors import BadSetting
from isotherm.study.designs.courses import Bool, Courses, refuse_unknown

Anchor = Literal["time zero", "systemic", "ablation"]

FOLLOWED, EARLY_ABLATION, NO_ABLATION, EARLY_SYSTEMIC, NO_SYSTEMIC = 0, 1, 2, 3, 4
"""Why a course leaves a strategy; FOLLOWED: it does not, as far as it was observed."""

REASONS = {
    EARLY_ABLATION: "ablation before its window",
    NO_ABLATION: "no ablation by the end of its window",
    EARLY_SYSTEMIC: "systemic therapy before its window",
    NO_SYSTEMIC: "no systemic therapy by the end of its window",
}


@dataclass(frozen=True, slots=True)
class Window:
    """When a treatment is due, in days after an anchor, both ends included; before the anchor it is not yet due.

    Parameters
    ----------
    first_days, last_days : float
        At least 0; infinite for a treatment that must not be given.
    after : {"time zero", "systemic", "ablation"}
        What the days are counted from: time zero, or the day of the other treatment.

    Raises
    ------
    BadSetting
        A negative or unordered window.
    """

    first_days: float
    last_days: float
    after: Anchor = "time zero"

    def __post_init__(self) -> None:
        refuse_unknown("anchor", self.after, get_args(Anchor))
        if not 0.0 <= self.first_days <= self.last_days:
            raise BadSetting(
                f"A window from day {self.first_days:g} to day {self.last_days:g} came; it starts at 0 or later and "
                "does not end before it starts."
            )


NEVER = Window(math.inf, math.inf)
"""The treatment is not part of the strategy, and giving it is a deviation."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """What is asked of a patient, unless progression, death or contraindication comes first.

    Parameters
    ----------
    name : str
    ablation, systemic : Window or None
        None: nothing is asked; the treatment may be given at any time or not at all.
    dynamic : bool
        Whether progression, contraindication or death before a treatment is due excuses the patient, who has then
        complied. A static strategy ("must be ablated") loses those who progress first: it is here to show its bias.

    Raises
    ------
    BadSetting
        No name, nothing asked, or two windows that wait for each other.
    """

    name: str
    ablation: Window | None
    systemic: Window | None = None
    dynamic: bool = True

    def __post_init__(self) -> None:
        if not self.name.strip() or (self.ablation is None and self.systemic is None):
            raise BadSetting("A strategy without a name or without a window came; name it and give it at least one.")
        to = [None if w is None else w.after for w in (self.ablation, self.systemic)]
        if to[0] == "ablation" or to[1] == "systemic" or to == ["systemic", "ablation"]:
            raise BadSetting(
                f'The windows of "{self.name}" wait for each other or for themselves; count one from time zero, or '
                "from the other treatment."
            )

    @property
    def end_days(self) -> float:
        """The last day on which a window can end; 0 where none ends."""
        ends = [w.last_days for w in (self.ablation, self.systemic) if w is not None and math.isfinite(w.last_days)]
        waits = any(w is not None and w.after != "time zero" for w in (self.ablation, self.systemic))
        return (sum(ends) if waits else max(ends, default=0.0)) if ends else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """When one treatment is due for each patient under a strategy, and when it was given.

    Parameters
    ----------
    opens_days, closes_days : array, shape (n,)
        Infinite while the window's anchor has not come.
    given_days : array, shape (n,)
        Infinite where it was not given.
    early_reason, late_reason : int
    """

    opens_days: Float
    closes_days: Float
    given_days: Float
    early_reason: int
    late_reason: int

    @property
    def early(self) -> Bool:
        """Whether the treatment was given before its window, shape (n,)."""
        return self.given_days < self.opens_days

    @property
    def kept(self) -> Bool:
        """Whether the treatment was given within its window, shape (n,)."""
        return (self.opens_days <= self.given_days) & (self.given_days <= self.closes_days) & self.given

    @property
    def given(self) -> Bool:
        """Whether the treatment was given at all, shape (n,)."""
        return np.isfinite(self.given_days)


def due(courses: Courses, strategy: Strategy) -> list[Due]:
    """Return when each treatment that a strategy asks for is due."""
    ablation = np.where(np.isnan(courses.ablation_days), np.inf, courses.ablation_days)
    systemic = np.where(np.isnan(courses.systemic_days), np.inf, courses.systemic_days)
    anchors = {"time zero": np.zeros(len(courses)), "systemic": systemic, "ablation": ablation}
    found: list[Due] = []
    for window, given, early, late in (
        (strategy.ablation, ablation, EARLY_ABLATION, NO_ABLATION),
        (strategy.systemic, systemic, EARLY_SYSTEMIC, NO_SYSTEMIC),
    ):
        if window is not None:
            anchor = anchors[window.after]
            found.append(Due(anchor + window.first_days, anchor + window.last_days, given, early, late))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Deviations:
    """When each course leaves a strategy, and why.

    Parameters
    ----------
    day : array, shape (n,)
        Infinite where it follows the strategy as far as it was observed.
    reason : array of int, shape (n,)
    excused_days : array, shape (n,)
        From when on nothing is asked; infinite where that never comes.
    """

    day: Float
    reason: Int
    excused_days: Float


def deviations(courses: Courses, strategy: Strategy) -> Deviations:
    """Find the first day on which each course contradicts a strategy.

    Being excused on the day of a deviation comes first, and so does a treatment on the last day of its window.
    """
    never = np.full(len(courses), np.inf)
    excuse = courses.excused_days if strategy.dynamic else np.where(courses.died, courses.last_days, np.inf)
    day, reason = never.copy(), np.zeros(len(courses), dtype=np.int64)
    for one in due(courses, strategy):
        late = ~one.early & (one.given_days > one.closes_days)
        for at, why in ((np.where(one.early, one.given_days, never), one.early_reason),
                        (np.where(late, one.closes_days, never), one.late_reason)):  # fmt: skip
            sooner = at < day
            day, reason = np.where(sooner, at, day), np.where(sooner, why, reason)
    followed = (excuse <= day) | (day > courses.last_days)
    return Deviations(np.where(followed, np.inf, day), np.where(followed, FOLLOWED, reason), excuse)


def arms_by_treatment(courses: Courses, strategies: Sequence[Strategy], by_day: float = math.inf) -> Int:
    """Return the strategy that each patient's treatments up to a day fulfil, shape (n,); -1 for none.

    Raises
    ------
    BadSetting
        Fewer than two strategies, two of one name, or a patient who fulfils two.
    """
    check_strategies(strategies)
    arm = np.full(len(courses), -1, dtype=np.int64)
    for k, strategy in enumerate(strategies):
        fulfils = np.ones(len(courses), dtype=bool)
        for one in due(courses, strategy):
            by_then = one.given & (one.given_days <= by_day)
            fulfils &= np.where(np.isinf(one.opens_days) & ~by_then, _may_lack(strategy, one), one.kept & by_then)
        if (arm[fulfils] >= 0).any():
            raise BadSetting(
                f'{int((arm[fulfils] >= 0).sum())} patients fulfil "{strategy.name}" and a strategy before it; give '
                "strategies windows that do not overlap."
            )
        arm[fulfils] = k
    return arm


def check_strategies(strategies: Sequence[Strategy]) -> None:
    """Refuse fewer than two strategies, or two of one name."""
    names = [strategy.name for strategy in strategies]
    if len(names) < 2 or len(set(names)) < len(names):
        raise BadSetting(
            f"{len(names)} strategies, {len(set(names))} names came; two or more of different name are wanted."
        )


def _may_lack(strategy: Strategy, one: Due) -> bool:
    """Say whether the strategy asks that the treatment be not given."""
    window = strategy.ablation if one.early_reason == EARLY_ABLATION else strategy.systemic
    return window is not None and math.isinf(window.first_days)
