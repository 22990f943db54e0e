"""What follows from the facts that are known: counts, sizes, scores and spans of time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date

from isotherm.clinical.fact import Fact, Gap, Reading, Readings, exact
from isotherm.clinical.scores import fong_points
from isotherm.clinical.summaries import LATER, SUMMARIES, WHOLE_MM, held_against, is_later
from isotherm.clinical.vocabulary import CASE_FACTS

DAYS_PER_WEEK = 7.0


def derive(on: date, patient: Readings, lesions: Mapping[str, Readings], *, complete: bool) -> Readings:
    """Return the patient's readings with all that follows from them; what was noted itself stays as it is.

    Parameters
    ----------
    on : date
    patient : mapping of str to Reading
    lesions : mapping of str to mapping
    complete : bool
        Whether these are all lesions.
    """
    known = dict(patient)
    for summary in SUMMARIES if lesions else ():
        if (said := known.get(summary.name)) is not None:
            known[summary.name] = held_against(summary, said, lesions)
    if _is_open(known, "n_lesions") or (complete and known["n_lesions"].value is None):
        known["n_lesions"] = _count(len(lesions), complete=complete)
    if lesions and (
        _is_open(known, "largest_lesion_mm") or (complete and _is_of_the_past(known["largest_lesion_mm"], lesions))
    ):
        known["largest_lesion_mm"] = _largest(lesions, complete=complete)
    for name, find in _FOLLOWING.items():
        if _is_open(known, name) and (found := find(on, known)) is not None:
            known[name] = found
    return known


def _is_open(known: Readings, name: str) -> bool:
    """Return whether a fact was not noted, or could not be told by who looked: other facts may tell it."""
    return name not in known or known[name].gap == "not assessable"


def _is_of_the_past(said: Reading, lesions: Mapping[str, Readings]) -> bool:
    """Return whether each lesion was measured after the largest was noted, and one is larger, or all are smaller."""
    sizes = [lesion.get("diameter_mm") for lesion in lesions.values()]
    later = [size for size in sizes if size is not None and is_later(size, said)]
    if len(later) < len(sizes):
        return False
    return said.gap == LATER or (said.value is not None and said.low - max(one.high for one in later) >= WHOLE_MM)


def _count(listed: int, *, complete: bool) -> Reading:
    kind = CASE_FACTS["n_lesions"]
    return _from(kind.name, listed, listed) if complete else _from(kind.name, listed, math.inf, OPEN)


OPEN: Gap = "list of lesions is open"


def _largest(lesions: Mapping[str, Readings], *, complete: bool) -> Reading:
    """Return the largest diameter: at least that of the lesions whose diameter is known."""
    sizes = [reading for lesion in lesions.values() if (reading := lesion.get("diameter_mm")) is not None]
    low = max((size.low for size in sizes), default=0.0)
    high = max((size.high for size in sizes), default=math.inf)
    if not complete:
        return _from("largest_lesion_mm", max(low, 0.0), math.inf, OPEN)
    if len(sizes) < len(lesions) or math.isinf(high):
        return _from("largest_lesion_mm", max(low, 0.0), math.inf, "missing")
    value = max(float(size.value) for size in sizes if isinstance(size.value, float))
    return Reading(CASE_FACTS["largest_lesion_mm"], value, low, high, None, (_derived(value),))


def _tumor_burden(on: date, known: Readings) -> Reading | None:
    number, size = known["n_lesions"], known.get("largest_lesion_mm")
    if size is None:
        return None
    # What could not be told reaches from minus to plus infinity, and no lesion is smaller than nothing.
    low, high = (math.hypot(mm / 10.0, n) for mm, n in ((max(size.low, 0.0), max(number.low, 0.0)),
                                                        (size.high, number.high)))  # fmt: skip
    return _from("tumor_burden_score", low, high, size.gap or number.gap)


def _fong(on: date, known: Readings) -> Reading | None:
    low, high = fong_points(known)
    return _from("fong_score", low, high, None if low == high else "missing")


def _since_chemotherapy(on: date, known: Readings) -> Reading | None:
    last = _day(known, "last_chemotherapy")
    return None if last is None or last > on else _span("weeks_since_chemotherapy", (on - last).days / DAYS_PER_WEEK)


def _ablation_to_systemic(on: date, known: Readings) -> Reading | None:
    start, ablation = _day(known, "systemic_start"), _day(known, "ablation_date")
    if start is None or ablation is None:
        return None
    return _span("weeks_ablation_to_systemic", (start - ablation).days / DAYS_PER_WEEK)


def _systemic_to_ablation(on: date, known: Readings) -> Reading | None:
    start, ablation = _day(known, "systemic_start"), _day(known, "ablation_date")
    if start is None or ablation is None:
        return None
    return _span("months_systemic_to_ablation", calendar_months(start, ablation))


def calendar_months(first: date, last: date) -> float:
    """Return the months from one day to another: whole from one day of a month to the same of another."""
    return 12.0 * (last.year - first.year) + (last.month - first.month) + (last.day - first.day) / 31.0


def _happened(fact: str, *dates: str) -> Callable[[date, Readings], Reading | None]:
    """Return the rule that what has a date by this day was done; without one, nobody knows."""

    def find(on: date, known: Readings) -> Reading | None:
        days = [day for name in dates if (day := _day(known, name)) is not None and day <= on]
        return exact(CASE_FACTS[fact], True, _derived(True)) if days else None

    return find


_FOLLOWING: dict[str, Callable[[date, Readings], Reading | None]] = {
    "tumor_burden_score": _tumor_burden,
    "fong_score": _fong,
    "weeks_since_chemotherapy": _since_chemotherapy,
    "weeks_ablation_to_systemic": _ablation_to_systemic,
    "months_systemic_to_ablation": _systemic_to_ablation,
    "ct_done": _happened("ct_done", "ct_date"),
    "mri_done": _happened("mri_done", "mri_date"),
    "pet_done": _happened("pet_done", "pet_date"),
    "chemotherapy_before": _happened("chemotherapy_before", "last_chemotherapy", "systemic_start"),
}

FOLLOWING = frozenset(("n_lesions", "largest_lesion_mm", *_FOLLOWING))
"""The facts of a patient that are computed from others where they are not given."""


def _from(name: str, low: float, high: float, gap: Gap | None = None) -> Reading:
    kind = CASE_FACTS[name]
    if low != high:
        return Reading(kind, None, low, high, gap, (_derived(None),))
    value = kind.checked(low)
    return exact(kind, value, _derived(value))


def _span(name: str, value: float) -> Reading | None:
    """Return a span of time; nothing where dates lie so far apart that one of them is a slip of the pen."""
    kind = CASE_FACTS[name]
    return _from(name, value, value) if kind.low <= value <= kind.high else None


def _derived(value: float | int | str | bool | date | None) -> Fact:
    return Fact(value=value, origin="derived")


def _day(known: Readings, name: str) -> date | None:
    reading = known.get(name)
    return reading.value if reading is not None and isinstance(reading.value, date) else None
