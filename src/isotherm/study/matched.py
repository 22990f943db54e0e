"""Matched: who was matched with whom, with which weight, who was left out and why; every pair within its caliper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from isotherm.columns import Float, Int
from isotherm.errors import BadSetting, CaliperBroken
from isotherm.study.design_matrix import Bool

CaliperUnit = Literal["sd", "pooled sd", "absolute"]

CALIPER_UNITS: dict[CaliperUnit, str] = {
    "sd": "SD of all units",
    "pooled sd": "pooled SD of the arms (Austin 2011)",
    "absolute": "as given",
}
"""What a caliper is counted in, in words."""


@dataclass(frozen=True, slots=True)
class Caliper:
    """The largest difference of scores that a pair may have.

    Parameters
    ----------
    width : float
        Above 0.
    unit : "sd", "pooled sd" or "absolute"
        Counted in standard deviations (n - 1) of the score over all units of both arms, as MatchIt does; in
        sqrt((s1² + s0²) / 2), a smaller number, as Austin does; or in the score itself.

    References
    ----------
    .. [1] Austin PC. Pharm Stat 2011;10:150-161.
    """

    width: float
    unit: CaliperUnit = "sd"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.width) and self.width > 0.0):
            raise BadSetting(f"A caliper of {self.width} came; give a width above 0, or None for no caliper.")
        if self.unit not in CALIPER_UNITS:
            raise BadSetting(f"A caliper in '{self.unit}' came; use {', '.join(CALIPER_UNITS)}.")

    def absolute(self, score: Float, treated: Bool) -> float:
        """Return the width on the scale of the score."""
        if self.unit == "absolute":
            return self.width
        if self.unit == "sd":
            return self.width * float(score.std(ddof=1))
        arms = [score[treated], score[~treated]]
        if min(map(len, arms)) < 2:
            raise BadSetting("A pooled SD needs two units in each arm; give the caliper in another unit.")
        return self.width * float(np.sqrt(np.mean([arm.var(ddof=1) for arm in arms])))


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """Units of one arm that were not matched, for one reason; `at` holds their positions among the rows."""

    reason: str
    treated: bool
    at: Int

    @property
    def n(self) -> int:
        """How many."""
        return len(self.at)


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """The matched sets.

    Parameters
    ----------
    treated : array of bool, shape (n,)
    rows : array of int, shape (n,)
        Positions of the n rows in the table.
    estimand : "ATT", "ATC" or "ATE"
    weight : array, shape (n,)
        0 for those left out. Those whose effect it is have 1; in the other arm the weights have mean 1.
    pairs : array of int, shape (m, 2), or None
        Positions of those who chose and of whom they chose; None for strata.
    set_number : array of int, shape (n,), or None
        The number of the unit's set, -1 for none; None with replacement, where a unit can be in several sets.
    distance : array, shape (n,), or None
        The score compared, rounded to 12 decimals.
    caliper : float or None
        Largest difference of `distance` in a pair.
    method : str
        What was done, in words.
    left_out : tuple of LeftOut

    Raises
    ------
    CaliperBroken
        A pair is wider apart than the caliper. Checked whenever a match is made.
    """

    treated: Bool
    rows: Int
    estimand: str
    weight: Float
    pairs: Int | None
    set_number: Int | None
    distance: Float | None
    caliper: float | None
    method: str
    left_out: tuple[LeftOut, ...]

    def __post_init__(self) -> None:
        check_caliper(self.gaps, self.caliper)
        if not (np.isfinite(self.weight).all() and (self.weight >= 0.0).all()):
            raise ValueError("A weight is a finite number, and not negative.")
        lost = np.concatenate([np.empty(0, np.int64), *(part.at for part in self.left_out)])
        if not np.array_equal(np.sort(lost), np.flatnonzero(self.weight == 0.0)):
            raise ValueError("Matched and left out do not add up to the rows that came in.")
        for array in (self.treated, self.rows, self.weight, self.pairs, self.set_number, self.distance):
            if array is not None:
                array.flags.writeable = False

    @property
    def gaps(self) -> Float:
        """Difference of the score within each pair, shape (m,); empty without pairs or without a score."""
        if self.pairs is None or self.distance is None:
            return np.empty(0)
        return np.abs(self.distance[self.pairs[:, 0]] - self.distance[self.pairs[:, 1]])

    @property
    def matched(self) -> Bool:
        """Who was matched, shape (n,)."""
        return self.weight > 0.0

    def n_matched(self, *, treated: bool) -> int:
        """Return how many of an arm were matched."""
        return int((self.matched & (self.treated == treated)).sum())

    @property
    def cluster(self) -> Int:
        """What counts as independent in the outcome's analysis, shape (n,): the set of a match in pairs, else the unit.

        Strata are no clusters: their patients are as independent as before, and a robust variance over a few strata is
        far too small (over two, the 95 % interval of a hazard ratio holds the truth in 60 of 100 samples).
        """
        return self.rows if self.pairs is None or self.set_number is None else self.set_number

    @property
    def target(self) -> str:
        """Whose effect this is, in words; after leaving out treated units it is no longer that of all treated."""
        if self.estimand == "ATE":
            n = int(self.matched.sum())
            who = f"{n} of {len(self.treated)} units"
            return f"all {n} units (ATE)" if n == len(self.treated) else f"the matched only: {who} (ATE in the matched)"
        focal = self.estimand == "ATT"
        n, every = self.n_matched(treated=focal), int((self.treated == focal).sum())
        arm = "treated" if focal else "controls"
        if n == every:
            return f"all {n} {arm} ({self.estimand})"
        return f"the matched only: {n} of {every} {arm} ({self.estimand} in the matched)"


def check_caliper(gaps: Float, caliper: float | None) -> None:
    """Refuse pairs that are wider apart than the caliper."""
    if caliper is not None and (wide := int((~(gaps <= caliper)).sum())):
        raise CaliperBroken(
            f"{wide} of {len(gaps)} pairs are wider apart than the caliper of {caliper:.6g} (the widest by "
            f"{gaps.max():.6g}): this is a fault of isotherm, please report it; nothing was matched."
        )
