"""Curves of a release: only days between which nobody or enough people had the event, and as for censoring."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from isotherm.columns import Float, Int
from isotherm.study.protocol_parts import DAYS_PER
from isotherm.study.result import Results, coarse

DAYS_PER_MONTH = DAYS_PER["months"]

HAZARD = re.compile(r"curve\..*\.hazard_\d+")
"""Cumulative hazards at fixed days: they say as much as the curve at that day."""

BESIDE_A_RISK = re.compile(r"curve\..*\.followed_\d+|design\..*\.(?:earlier|later|median)")
"""Who was still followed at such a day, a difference on days near the horizon, and the day of half of a design's
survival: with the risks there they would tell of few events."""


def release_curves(results: Results, hidden: set[str], smallest: int) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """Return curves that may leave the house, and the ids of records that may not.

    Of each arm and outcome, the naive and the adjusted curve share their days: between two of them, and after the last,
    those who had the event and those who were censored are nobody or `smallest` and more, in everybody, among those
    compared and among those left out. So differences between days or between the curves reveal no few.
    """
    curves = {key: one for key, one in results.curves.items() if not key.startswith(("design.", "incidence."))}
    gone = {key for key in results.records if HAZARD.fullmatch(key)}  # but those of the days that are kept
    gone |= {key for key in results.records if BESIDE_A_RISK.fullmatch(key)}
    gone |= {at for key, one in results.curves.items() if key.startswith("design.") for at in one["at_risk"]}
    for key in [key for key in curves if key.startswith("survival.") and ".adjusted." in key]:
        pair = [key, key.replace(".adjusted.", ".naive.")]
        _release_pair(results, curves, gone, pair, smallest)
    for key, curve in curves.items():
        if key.startswith("overlap."):
            curves[key] = histogram(curve, smallest, withheld=f"propensity.{curve['arm']}.n" in hidden)
    return curves, gone


def _release_pair(
    results: Results, curves: dict[str, dict[str, Any]], gone: set[str], pair: list[str], smallest: int
) -> None:
    naive, drawn = curves[pair[1]], curves[pair[0]]
    end = min(naive["end_day"], drawn["end_day"])  # beyond it, a curve knows nothing
    months = (np.arange(1.0, end // DAYS_PER_MONTH + 1.0) * DAYS_PER_MONTH).tolist()
    # Not the days of events: those are single patients'.
    wanted = [day for day in (*naive["fixed_days"], *naive["table_days"], *months) if day <= end]
    both = [_cumulated(naive), _cumulated(drawn)]
    kept = safe_days(both, wanted, smallest)
    for key in pair:
        curve = curves[key]
        curves[key] = _thinned(curve, kept)
        gone |= {at for at, day in zip(curve["at_risk"], curve["table_days"], strict=True)
                 if day > 0.0 and (day not in kept or _on_a_step(day, naive))}  # fmt: skip
        fixed = f"curve.{curve['outcome']}.{curve['analysis']}.{curve['arm']}."
        gone |= {f"{fixed}at_{k}" for k, day in enumerate(curve["fixed_days"], start=1) if day not in kept}
        gone -= {f"{fixed}hazard_{k}" for k, day in enumerate(curve["fixed_days"], start=1) if day in kept}
    gone |= _medians_of_few(results, pair, both, kept, smallest)


def _medians_of_few(
    results: Results, pair: list[str], curves: Sequence[tuple[Float, Int, Int]], kept: Sequence[float], smallest: int
) -> set[str]:
    """Return the medians whose days, on which survival is known to be a half, cut off few beside the days kept."""
    cuts, gone = [*kept], set[str]()
    for key in pair:
        own = f"curve.{key.removeprefix('survival.')}.median"
        record = results.records.get(own)
        days = [] if record is None else [day for day in (record.value, record.low, record.high) if day is not None]
        if _all_safe(curves, [*cuts, *days], smallest):
            cuts += days
        else:
            gone.add(own)
    return gone


def _on_a_step(day: float, curve: dict[str, Any]) -> bool:
    """Whether somebody left at that day: numbers at risk count them, the curve does not any more."""
    return bool(np.isclose(curve["days"], day, rtol=1e-9).any())


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
        if _all_safe(curves, [*kept, day], smallest):
            kept.append(day)
    return sorted(kept)


def _all_safe(curves: Sequence[tuple[Float, Int, Int]], cuts: Sequence[float], smallest: int) -> bool:
    return all(_safe(*curve, cuts, smallest) for curve in curves) and _safe_rest(curves, cuts, smallest)


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
        **{part: [coarse(curve[part][row]) for _, row in at] for part in ("survival", "low", "high")},
        "events": [],
        "censored": [],
        "censored_days": [],
        "end_day": kept[-1] if kept else 0.0,
    }


def histogram(curve: dict[str, Any], smallest: int, *, withheld: bool) -> dict[str, Any]:
    """Return counts per bin without the small ones, and without further ones until those withheld are many together."""
    before: list[int | None] = list(curve["before"])
    small = [k for k, count in enumerate(before) if count is not None and 0 < count < smallest]
    lost = sum(int(before[k] or 0) for k in small)
    others = sorted((int(count or 0), k) for k, count in enumerate(before) if k not in small and count)
    while small and lost < 2 * smallest and others:
        count, k = others.pop(0)
        small.append(k)
        lost += count
    hidden = set(range(len(before))) if withheld else set(small)
    # Whole numbers are counts of the matched: with those before, they would tell of those left out.
    matched = all(float(value).is_integer() for value in curve["after"])
    after = [None if matched or k in hidden else coarse(value) for k, value in enumerate(curve["after"])]
    return curve | {"before": [None if k in hidden else count for k, count in enumerate(before)], "after": after}
