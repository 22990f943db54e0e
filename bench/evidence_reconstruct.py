"""How near hazard ratios come that are recovered from printed curves: three trials, digitized with realistic noise.

Each repeat reads both curves at 101 places with errors of standard deviation 0.005 in survival and 0.5 % of the axis in
time, and takes the numbers at risk as a journal prints them. The truth is the Cox model on the trial's own data.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.parity_survival import colon, lung
from isotherm.columns import Float
from isotherm.evidence.printed_curve import DigitizedCurve, NumbersAtRisk
from isotherm.evidence.reconstruct import reconstruct
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.cox import cox
from isotherm.study.survival.kaplan_meier import kaplan_meier

REPEATS, POINTS = 200, 101
SURVIVAL_ERROR, TIME_ERROR = 0.005, 0.005
NEAR, SHARE = 0.03, 0.95
"""A recovered log hazard ratio is near within this; this share of the repeats has to be."""

YEAR = 365.25


def log_hazard_ratio(first: TimeToEvent, second: TimeToEvent) -> tuple[float, float]:
    """Return the log hazard ratio of the second arm against the first, and its standard error."""
    days = np.concatenate([first.time_days, second.time_days])
    arm = np.repeat([0.0, 1.0], [len(first), len(second)])
    fit = cox(TimeToEvent(days, np.concatenate([first.event, second.event])), arm)
    return float(fit.coefficients[0]), float(fit.std_errors[0])


def digitized(
    outcome: TimeToEvent,
    points: int,
    random: np.random.Generator,
    *,
    errors: tuple[float, float] = (SURVIVAL_ERROR, TIME_ERROR),
) -> DigitizedCurve:
    """Read a Kaplan-Meier curve at even distances, as software that follows a line does, with errors in both axes."""
    curve = kaplan_meier(outcome)
    days = np.linspace(0.0, float(curve.times_days[-1]), points)
    survival = np.array([curve.survival_at(day) for day in days])
    read = days + random.normal(size=points) * errors[1] * days[-1]
    order = np.argsort(read, kind="stable")
    return DigitizedCurve(read[order], (survival + random.normal(size=points) * errors[0])[order])


def numbers_at_risk(outcome: TimeToEvent, days: npt.ArrayLike) -> NumbersAtRisk:
    """Count who is at risk at each of the days."""
    return NumbersAtRisk(days, [int((outcome.time_days >= day).sum()) for day in np.asarray(days, dtype=float)])


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial whose data are public.

    Parameters
    ----------
    name : str
    arms : tuple of two TimeToEvent
    table_days : array
        Where numbers at risk are printed.
    finer_days : array
        Where a generous journal prints them.
    truth : float
        The log hazard ratio of its own data.
    """

    name: str
    arms: tuple[TimeToEvent, TimeToEvent]
    table_days: Float
    finer_days: Float
    truth: float

    def __str__(self) -> str:
        return self.name

    def error(self, table_days: Float, seed: int, *, total: bool = False) -> float:
        """Return how far the log hazard ratio of one reading is off."""
        random = np.random.default_rng(np.random.SeedSequence([seed, len(self.arms[0])]))
        rebuilt = [
            reconstruct(
                numbers_at_risk(arm, table_days),
                digitized(arm, POINTS, random),
                total_events=int(arm.event.sum()) if total else None,
            ).outcome
            for arm in self.arms
        ]
        return log_hazard_ratio(rebuilt[0], rebuilt[1])[0] - self.truth


def _trials() -> Iterable[Trial]:
    both = colon()
    for name, kind in (("deaths", 2), ("recurrences", 1)):
        rows = both[both.etype == kind]
        arms = [TimeToEvent(arm.time, arm.status) for arm in (rows[rows.rx == "Obs"], rows[rows.rx == "Lev+5FU"])]
        yield _trial(
            f"colon, {name}", arms[0], arms[1], np.arange(0.0, 9.0) * YEAR, np.arange(0.0, 18.0) * (YEAR / 2.0)
        )
    rows = lung()
    arms = [TimeToEvent(arm.time, arm.status) for arm in (rows[rows.sex == 1], rows[rows.sex == 2])]
    yield _trial("lung, by sex", arms[0], arms[1], np.arange(0.0, 1001.0, 200.0), np.arange(0.0, 1001.0, 100.0))


def _trial(name: str, first: TimeToEvent, second: TimeToEvent, days: Float, finer: Float) -> Trial:
    return Trial(name, (first, second), days, finer, log_hazard_ratio(first, second)[0])


TRIALS = {trial.name: trial for trial in _trials()}


def print_reconstruction(repeats: int = REPEATS) -> bool:
    """Print the errors of each trial; return whether every limit is kept."""
    fine = True
    print(f"Log hazard ratios recovered from curves, {repeats} readings of {POINTS} points, error {SURVIVAL_ERROR} in "
          f"survival and {TIME_ERROR:.1%} of the axis in time; at least {SHARE:.0%} within {NEAR}:")  # fmt: skip
    for trial in TRIALS.values():
        print(f"  {trial.name}, truth {trial.truth:+.4f}")
        for words, days, total in (
            ("numbers at risk", trial.table_days, False),
            ("numbers at risk, total of events", trial.table_days, True),
            ("twice as many numbers at risk", trial.finer_days, False),
            ("twice as many, total of events", trial.finer_days, True),
        ):
            off = np.array([trial.error(days, seed, total=total) for seed in range(repeats)])
            near = float((np.abs(off) <= NEAR).mean())
            kept = near >= SHARE
            fine &= kept
            print(f"    {words:34} {near:6.1%} near   bias {off.mean():+.4f}   SD {off.std(ddof=1):.4f}   "
                  f"largest {np.abs(off).max():.3f}{'' if kept else '   MISSED'}")  # fmt: skip
    return fine


if __name__ == "__main__":
    sys.exit(0 if print_reconstruction() else 1)
