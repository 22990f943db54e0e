"""Curves of a release: only days between which nobody or enough people had the event, and as for censoring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.result import Results


def release_curves(results: Results, smallest: int) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """Return curves that may leave the house, and the ids of records that may not.

    Of each arm and outcome, the naive and the adjusted curve share their days: between two of them, and after the last,
    those who had the event and those who were censored are nobody or `smallest` and more, in everybody, among those
    compared and among those left out. So differences between days or between the curves reveal no few.
    """
    curves, gone = dict(results.curves), set[str]()
    for key in [key for key in curves if key.startswith("survival.") and ".adjusted." in key]:
        pair = [key, key.replace(".adjusted.", ".naive.")]
        _release_pair(results, curves, gone, pair, smallest)
    for key, curve in curves.items():
        if key.startswith("overlap."):
            curves[key] = _histogram(curve, smallest)
    return curves, gone


def _release_pair(
    results: Results, curves: dict[str, dict[str, Any]], gone: set[str], pair: list[str], smallest: int
) -> None:
    adjusted, naive = (curves[key] for key in pair)
    outcome, arm = adjusted["outcome"], adjusted["arm"]
    fixed = {f"curve.{outcome}.{part}.{arm}.": part for part in ("adjusted", "naive")}
    wanted = [*naive["fixed_days"], *naive["table_days"], *_medians(results, fixed), *naive["days"]]
    kept = safe_days([_cumulated(naive), _cumulated(adjusted)], wanted, smallest)
    for key in pair:
        curve = curves[key]
        curves[key] = _thinned(curve, kept)
        gone |= {at for at, day in zip(curve["at_risk"], curve["table_days"], strict=True)
                 if day > 0.0 and (day not in kept or _on_a_step(day, naive))}  # fmt: skip
    for start in fixed:
        for key, record in results.records.items():
            day = _day_of(key, start, results, naive) if key.startswith(start) and record.value is not None else None
            if day is not None and day not in kept:
                gone.add(key)


def _on_a_step(day: float, curve: dict[str, Any]) -> bool:
    """Whether somebody left at that day: numbers at risk count them, the curve does not any more."""
    return bool(np.isclose(curve["days"], day, rtol=1e-9).any())


def _medians(results: Results, fixed: dict[str, str]) -> list[float]:
    records = [results.records[f"{start}median"].value for start in fixed]
    return [value for value in records if value is not None]


def _day_of(key: str, start: str, results: Results, curve: dict[str, Any]) -> float | None:
    """Return the day that a record of a curve is about."""
    part = key.removeprefix(start)
    return results.records[key].value if part == "median" else curve["fixed_days"][int(part.removeprefix("at_")) - 1]


def _cumulated(curve: dict[str, Any]) -> tuple[Float, Int, Int]:
    return np.asarray(curve["days"]), np.cumsum(curve["events"]), np.cumsum(curve["censored"])


def safe_days(curves: Sequence[tuple[Float, Int, Int]], wanted: Sequence[float], smallest: int) -> list[float]:
    """Return those of the wanted days, the first ones first, that can be shown together.

    Parameters
    ----------
    curves : sequence of (days, events, censored)
        Of everybody, and of those compared; events and censored are counted up to and with each day.
    wanted : sequence of float
    smallest : int
    """
    kept: list[float] = []
    for day in dict.fromkeys(wanted):
        if all(_safe(*curve, [*kept, day], smallest) for curve in curves) and _safe_rest(
            curves, [*kept, day], smallest
        ):
            kept.append(day)
    return sorted(kept)


def _blocks(days: Float, counts: Int, cuts: Sequence[float]) -> Int:
    """Return how many fall between the cuts, before the first and after the last."""
    at = np.searchsorted(days, np.sort(cuts), side="right")
    sums = np.concatenate([[0], counts])
    return np.diff(np.concatenate([[0], sums[at], [sums[-1]]]))


def _safe(days: Float, events: Int, censored: Int, cuts: Sequence[float], smallest: int) -> bool:
    both = np.concatenate([_blocks(days, events, cuts), _blocks(days, censored, cuts)])
    return bool(((both == 0) | (both >= smallest)).all())


def _safe_rest(curves: Sequence[tuple[Float, Int, Int]], cuts: Sequence[float], smallest: int) -> bool:
    """Say the same of those who are in the first curve and not in the second."""
    (days, events, censored), (own_days, own_events, own_censored) = curves
    lost = _blocks(days, events, cuts) - _blocks(own_days, own_events, cuts)
    left = _blocks(days, censored, cuts) - _blocks(own_days, own_censored, cuts)
    rest = np.concatenate([lost, left])
    return bool(((rest == 0) | (rest >= smallest)).all())


def _thinned(curve: dict[str, Any], kept: list[float]) -> dict[str, Any]:
    """Return a curve at the days that may be shown."""
    days = np.asarray(curve["days"])
    at = [(day, int(np.searchsorted(days, day, side="right")) - 1) for day in kept if day >= days[0]]
    return curve | {
        "days": [day for day, _ in at],
        **{part: [curve[part][row] for _, row in at] for part in ("survival", "low", "high")},
        "events": [],
        "censored": [],
        "censored_days": [],
        "end_day": kept[-1] if kept else 0.0,
    }


def _histogram(curve: dict[str, Any], smallest: int) -> dict[str, Any]:
    """Return counts per bin without the small ones, and without further ones until those withheld are many together."""
    before: list[int | None] = list(curve["before"])
    small = [k for k, count in enumerate(before) if count is not None and 0 < count < smallest]
    lost = sum(int(before[k] or 0) for k in small)
    others = sorted((int(count or 0), k) for k, count in enumerate(before) if k not in small and count)
    while small and lost < 2 * smallest and others:
        count, k = others.pop(0)
        small.append(k)
        lost += count
    hidden = set(small)
    matched = all(
        float(value).is_integer() for value in curve["after"]
    )  # then they are counts, and those left out, too
    after = [None if matched or k in hidden else value for k, value in enumerate(curve["after"])]
    return curve | {"before": [None if k in hidden else count for k, count in enumerate(before)], "after": after}
