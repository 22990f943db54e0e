"""Curves of one outcome as records: medians, survival and cumulative hazard at fixed times, numbers at risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isotherm.errors import FitError, InputError
from isotherm.outcome import Curve
from isotherm.study.analysis.compare import Comparison, arms_of
from isotherm.study.analysis.estimate import Sample, as_it_is
from isotherm.study.protocol_methods import Estimation
from isotherm.study.result import Results
from isotherm.study.survival.kaplan_meier import kaplan_meier, number_at_risk, quantile
from isotherm.study.survival.nelson_aalen import nelson_aalen

TICKS = (0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 36.0, 60.0)
"""Steps, in months, between the days under a curve at which numbers at risk are printed."""

DAYS_PER_MONTH = 365.25 / 12.0
MOST_TICKS = 7

COMPETING = (
    "another event can make this one impossible: a Kaplan-Meier curve would overstate it; see its cumulative incidence"
)


NOBODY = "nobody in this arm has a known outcome"
NOT_REACHED = "not reached: more than half were free of it to the end"
NOT_SO_LONG = "nobody of this arm was observed that long"


@dataclass(frozen=True, slots=True, eq=False)
class Analyzed:
    """One outcome in one analysis: "naive" (everybody as they are) or "adjusted"."""

    name: str
    analysis: str
    sample: Sample

    @property
    def key(self) -> str:
        """What its ids have after the family."""
        return f"{self.name}.{self.analysis}"


def both_analyses(comparison: Comparison, name: str) -> tuple[Analyzed, Analyzed]:
    """Return the adjusted analysis of an outcome and the naive one, in this order."""
    naive = as_it_is(comparison.units.treated, comparison.units.endpoints[name])
    return Analyzed(name, "adjusted", comparison.sample(name)), Analyzed(name, "naive", naive)


def arms_in(comparison: Comparison, one: Analyzed) -> tuple[tuple[str, Sample], tuple[str, Sample]]:
    """Return the treated and the reference arm, each with its name."""
    treated, reference = arms_of(comparison)
    return (treated, one.sample.arm(True)), (reference, one.sample.arm(False))


def quantile_record(results: Results, key: str, label: str, make: Any, estimation: Estimation, **words: Any) -> None:
    """Add a quantile of a curve in days, or why there is none."""
    try:
        days, low, high = make()
    except (FitError, InputError) as error:
        results.number(key, "days", None, label, why=str(error), unit="days", **words)
        return
    results.number(key, "days", days, label, low=low, high=high, level=estimation.level, unit="days",
                   why=NOT_REACHED, **words)  # fmt: skip


def add_curves(results: Results, comparison: Comparison, one: Analyzed, estimation: Estimation) -> None:
    """Add both arms' curves of one analysis, and what is read off them."""
    labels = {arm.name: arm.label for arm in comparison.units.cohort.protocol.arms.arms}
    first = comparison.of_first if one.analysis == "adjusted" else ""
    add_arms(results, one, estimation, arms_in(comparison, one), labels, first)


def add_arms(
    results: Results,
    one: Analyzed,
    estimation: Estimation,
    arms: Sequence[tuple[str, Sample]],
    labels: Mapping[str, str],
    first: str = "",
) -> None:
    """Add the curves of two arms or more; `first` says of which imputed data set they are."""
    outcome = one.sample.endpoint.outcome
    days = one.sample.endpoint.days
    assert days is not None
    table_days = ticks(float(days.max(initial=0.0)))
    for arm, sample in arms:
        words = {"arm": arm, "outcome": one.name}
        label, key = f"{outcome.label}, {labels[arm]}{first}", f"curve.{one.key}.{arm}"
        behind = [f"events.{one.name}.{arm}.events"]
        _hazards(results, f"{key}.hazard", sample, estimation, label, behind, words)
        if outcome.competes or not len(sample):
            why = COMPETING if len(sample) else NOBODY
            results.number(f"{key}.median", "days", None, f"{label}: median", why=why, unit="days", **words)
            for k in range(1, len(estimation.at_days) + 1):
                results.number(f"{key}.at_{k}", "probability", None, f"{label}: free of the event", why=why, **words)
            continue
        curve = kaplan_meier(
            sample.times(), interval=estimation.curve_interval, level=estimation.level, label=labels[arm]
        )
        method = f"Kaplan-Meier, {curve.interval} interval, variance {curve.variance}"
        quantile_record(
            results,
            f"{key}.median",
            f"{label}: median",
            lambda curve=curve: quantile(curve),
            estimation,
            method=method,
            **words,
        )
        for k, day in enumerate(estimation.at_days, start=1):
            _at(results, f"{key}.at_{k}", curve, sample, day, label, method, behind, words)
        drawn = _drawn(results, one, arm, sample, curve, label, table_days)
        results.curves[f"survival.{one.key}.{arm}"] = drawn | {"fixed_days": list(estimation.at_days)}


def _at(results: Results, key: str, curve: Curve, sample: Sample, day: float, label: str, method: str,
        behind: list[str], words: dict[str, Any]) -> None:  # fmt: skip
    """Add survival at a day, and how many were still followed.

    Beyond the last observation nothing is known, unless all had the event before.
    """
    row, known = curve.row_at(day), day <= float(curve.times_days[-1]) or curve.survival[-1] == 0.0
    low, high = (None, None) if row < 0 else (float(curve.low[row]), float(curve.high[row]))
    results.number(
        key,
        "probability",
        curve.survival_at(day) if known else None,
        f"{label}: free of it at {day:g} days",
        low=low if known else None,
        high=high if known else None,
        level=curve.level,
        method=method,
        why=NOT_SO_LONG,
        rests_on=behind,
        **words,
    )
    start, _, k = key.rpartition(".at_")
    results.number(f"{start}.followed_{k}", "count", int(number_at_risk(sample.times(weighted=False), [day])[0]),
                   f"{label}: still at risk at {day:g} days, not weighted", **words)  # fmt: skip


def _hazards(results: Results, key: str, sample: Sample, estimation: Estimation, label: str, behind: list[str],
             words: dict[str, Any]) -> None:  # fmt: skip
    """Add the cumulative hazard (Nelson-Aalen) at the fixed days; a competing event ends an observation in it."""
    found = nelson_aalen(sample.times(), level=estimation.level) if len(sample) else None
    for k, day in enumerate(estimation.at_days, start=1):
        value, low, high, why = None, None, None, NOBODY if found is None else NOT_SO_LONG
        if found is not None and day <= float(found.times_days[-1]):
            row = int(np.searchsorted(found.times_days, day * (1.0 + 1e-9), side="right")) - 1
            hazard = found.hazard[row] if row >= 0 else 0.0
            value = float(hazard)
            low, high = (float(found.low[row]), float(found.high[row])) if hazard > 0.0 else (None, None)
        results.number(f"{key}_{k}", "number", value, f"{label}: cumulative hazard at {day:g} days", low=low, high=high,
                       level=estimation.level, method="Nelson-Aalen, interval of its logarithm", why=why,
                       unit="expected events of one patient at risk throughout", rests_on=behind, **words)  # fmt: skip


def _drawn(results: Results, one: Analyzed, arm: str, sample: Sample, curve: Curve, label: str,
           table_days: list[float]) -> dict[str, Any]:  # fmt: skip
    """Return a curve as it is drawn, and add its numbers at risk."""
    weighted = sample.weight is not None
    at_risk = [f"at_risk.{one.key}.{arm}.{k}" for k in range(1, len(table_days) + 1)]
    behind = [key for kind in ("", "adjusted.") if (key := f"events.{one.name}.{kind}{arm}.n") in results.counts]
    for key, day, count in zip(at_risk, table_days, number_at_risk(sample.times(), table_days), strict=True):
        results.number(key, "number" if weighted else "count", float(count) if weighted else int(count),
                       f"{label}: at risk at {day:g} days", arm=arm, outcome=one.name, rests_on=behind,
                       unit="sum of weights" if weighted else "")  # fmt: skip
    events, censored = rows_at(sample, curve)
    return {
        "label": curve.label,
        "arm": arm,
        "outcome": one.name,
        "analysis": one.analysis,
        "days": curve.times_days.tolist(),
        "survival": curve.survival.tolist(),
        "low": gaps(curve.low),
        "high": gaps(curve.high),
        "events": events,
        "censored": censored,
        "censored_days": [day for day, count in zip(curve.times_days.tolist(), censored, strict=True) if count],
        "end_day": float(curve.times_days[-1]),
        "table_days": table_days,
        "at_risk": at_risk,
        "interval": curve.interval,
        "level": curve.level,
        "variance": curve.variance,
    }


def rows_at(sample: Sample, curve: Curve) -> tuple[list[int], list[int]]:
    """Return how many patients, not weights, had the event and were censored at each day of a curve."""
    outcome = sample.times(weighted=False)
    at = np.searchsorted(curve.times_days, outcome.time_days * (1.0 - 1e-9), side="left")
    at = np.minimum(at, len(curve.times_days) - 1)
    counts = [np.bincount(at[outcome.event == kind], minlength=len(curve.times_days)).tolist() for kind in (1, 0)]
    return counts[0], counts[1]


def gaps(values: Any) -> list[float | None]:
    """Return the numbers of an array as JSON has them; what is not defined is None."""
    return [None if value != value else value for value in values.tolist()]


def ticks(longest: float, *, most: int = MOST_TICKS) -> list[float]:
    """Return the days at which numbers at risk are printed: round months, not more than so many steps of them."""
    months = longest / DAYS_PER_MONTH
    step = next((step for step in TICKS if months / step <= most), TICKS[-1] * max(1.0, np.ceil(months / 420.0)))
    return [k * step * DAYS_PER_MONTH for k in range(int(months / step) + 1)]
