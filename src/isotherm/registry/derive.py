"""What follows from the records of each patient at the first decision: age, burden, scores, intervals, timing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.clinical.derive import calendar_months
from isotherm.clinical.fact import COMPARES, Readings, exact
from isotherm.clinical.scores import FONG_ITEMS, TumorBurdenScore, fong_points
from isotherm.clinical.vocabulary import CASE_FACTS
from isotherm.columns import Float, Int
from isotherm.errors import BadSetting
from isotherm.registry.baseline import NO_DECISION, Baseline, baseline
from isotherm.registry.days import Mask, at, dates_of, first_by
from isotherm.registry.linked import Linked
from isotherm.registry.lives import Lives
from isotherm.registry.timed import Reasons, Told, told

DAYS_PER_YEAR = 365.25

NO_BIRTH, BORN_LATER = "no date of birth", "born after the decision"
NO_DIAGNOSIS, NO_METASTASES = "no day of the primary tumor's diagnosis", "no day on which a lesion was first seen"
NO_RESECTION, SEVERAL = "no day of the primary tumor's resection", "more than one primary tumor, or none"
TOO_LONG = "dates lie too far apart"
NOT_ALL_ITEMS = "an item of the score that decides is not known"
NO_ABLATION, NO_SYSTEMIC, NO_SCAN = "no ablation", "no systemic therapy", "no scan with readings by the decision"

UPFRONT, DELAYED, OTHER = "upfront", "delayed", "other"
ABLATION_ONLY, SYSTEMIC_ONLY, NEITHER = "ablation only", "systemic only", "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """What timing is called, in days; both ends of a window belong to it. All of it is a choice.

    Parameters
    ----------
    upfront : (first, last)
        From the ablation to the start of systemic therapy: 2 to 4 weeks.
    delayed : (first, last)
        From the start of systemic therapy to the ablation: 2 to 3 months.
    synchronous : float
        From the diagnosis of the primary tumor to the first metastasis seen, at most: half a year.

    Raises
    ------
    BadSetting

    Notes
    -----
    Timing is what came to be, so it is known late: on the later of both days. Whoever compares such groups from the
    decision on has to regard that; the audit of a study says how.
    """

    upfront: tuple[float, float] = (14.0, 28.0)
    delayed: tuple[float, float] = (60.0, 90.0)
    synchronous: float = 183.0

    def __post_init__(self) -> None:
        for name, (first, last) in (("upfront", self.upfront), ("delayed", self.delayed)):
            if not 0.0 <= first <= last < math.inf:
                raise BadSetting(f"The window {name} from day {first:g} to {last:g} came; it starts at 0 or later.")
        if not 0.0 <= self.synchronous < math.inf:
            raise BadSetting(f"synchronous = {self.synchronous:g} came; days from 0 on are wanted.")


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """What follows for each patient, by the name of its column, and the days that it follows from.

    Parameters
    ----------
    values : mapping of str to Told
    baseline : Baseline
    systemic, ablated : array, shape (n,)
        First start of systemic therapy, and first ablation, from the decision on; infinite for none.
    """

    values: Mapping[str, Told]
    baseline: Baseline
    systemic: Float
    ablated: Float


def derive(linked: Linked, lives: Lives, windows: Windows) -> Derived:
    """Return what follows for each patient; what is missing is unknown, with its reason."""
    base = baseline(linked, lives)
    systemic = _from_decision(linked, lives, "systemic", "started_on")
    ablated = _from_decision(linked, lives, "session", "ablated_on")
    synchronous = _synchronous(linked, lives, windows, base)
    interval = _disease_free_interval(linked, lives, synchronous)
    values = {
        "age_years": _age(linked, lives),
        "n_lesions": base.n_lesions,
        "largest_lesion_mm": base.largest_lesion_mm,
        "tumor_burden_score": _tumor_burden(base),
        "synchronous": synchronous,
        "disease_free_interval_months": interval,
        "fong_score": _fong(linked, lives, base, interval),
        "timing": _timing(lives, systemic, ablated, windows),
        **_intervals(lives, base, systemic, ablated),
    }
    return Derived(values, base, systemic, ablated)


def _from_decision(linked: Linked, lives: Lives, kind: str, name: str) -> Float:
    whose, day = linked.patient(kind), linked.day(kind, name)
    return first_by(whose, np.where(day >= at(lives.decided, whose), day, np.nan), len(lives))


def _age(linked: Linked, lives: Lives) -> Told:
    born = linked.day("patient", "born_on")
    return told((lives.decided - born) / DAYS_PER_YEAR, (
        (np.isinf(lives.decided), NO_DECISION), (np.isnan(born), NO_BIRTH), (born > lives.decided, BORN_LATER),
    ))  # fmt: skip


def _tumor_burden(base: Baseline) -> Told:
    number, size = base.n_lesions, base.largest_lesion_mm
    found = [
        math.nan if math.isnan(n) or math.isnan(mm) or n < 1 else TumorBurdenScore(mm, int(n), "imaging").value
        for n, mm in zip(number.values.tolist(), size.values.tolist(), strict=True)
    ]
    nothing = number.values == 0.0
    why = np.where(nothing, "no lesion", np.where(number.why != "", number.why, size.why)).astype(object)
    return Told(np.array(found, dtype=np.float64), why)


def only_primary(linked: Linked, n: int) -> Int:
    """Return the row of the primary tumor of each of n patients who has one; -1 of who has none or several."""
    whose = linked.patient("primary")
    alone = np.bincount(whose[whose >= 0], minlength=n) == 1
    rows = np.flatnonzero((whose >= 0) & np.append(alone, False)[whose])
    found = np.full(n, -1, dtype=np.int64)
    found[whose[rows]] = rows
    return found


def _one_primary(linked: Linked, lives: Lives) -> tuple[Float, Float, Reasons]:
    """Return diagnosis and resection of the primary tumor of who has one, shape (n,), and who has not."""
    resected = linked.first_day("primary", "resected_on")
    return lives.diagnosed, resected, ((only_primary(linked, len(lives)) < 0, SEVERAL),)


def _synchronous(linked: Linked, lives: Lives, windows: Windows, base: Baseline) -> Told:
    """Return whether metastases came with the primary tumor: by the dates, else as it was noted at the decision."""
    diagnosed, _, several = _one_primary(linked, lives)
    dated = told(_with_primary(lives, diagnosed, windows).astype(np.float64), (
        *several, (np.isinf(diagnosed), NO_DIAGNOSIS), (np.isinf(lives.metastases), NO_METASTASES),
    ))  # fmt: skip
    noted = base.of_decision(linked, "synchronous")
    counts = np.isnan(dated.values) & ~np.isnan(noted)
    return Told(np.where(counts, noted, dated.values), np.where(counts, "", dated.why).astype(object))


def _with_primary(lives: Lives, diagnosed: Float, windows: Windows) -> Mask:
    """Return whether the first metastasis was seen with the primary tumor, or before it, shape (n,)."""
    return (
        np.isfinite(lives.metastases) & (lives.metastases <= diagnosed + windows.synchronous) & np.isfinite(diagnosed)
    )


def _disease_free_interval(linked: Linked, lives: Lives, synchronous: Told) -> Told:
    """Return the months from the primary tumor's resection to the first metastasis; 0 where metastases came first."""
    _, resected, several = _one_primary(linked, lives)
    there = np.isfinite(resected) & np.isfinite(lives.metastases)
    pairs = (dates_of(np.where(there, days, 0.0)).astype("datetime64[D]").tolist()
             for days in (resected, lives.metastases))  # fmt: skip
    months = np.array([calendar_months(first, last) for first, last in zip(*pairs, strict=True)], dtype=np.float64)
    with_primary = synchronous.values == 1.0
    found = np.where(there, np.maximum(months, 0.0), 0.0)
    return told(found, (
        *several, (np.isinf(lives.metastases) & ~with_primary, NO_METASTASES),
        (np.isinf(resected) & ~with_primary, NO_RESECTION),
        (found > CASE_FACTS["disease_free_interval_months"].high, TOO_LONG),
    ))  # fmt: skip


def _fong(linked: Linked, lives: Lives, base: Baseline, interval: Told) -> Told:
    """Return the clinical risk score where what is known leaves one value."""
    known: dict[str, Any] = {
        "n_stage": _nodes(linked, lives), "disease_free_interval_months": interval.values,
        "n_lesions": base.n_lesions.values, "largest_lesion_mm": base.largest_lesion_mm.values,
        "cea_ug_l": base.of_decision(linked, "cea_ug_l"),
    }  # fmt: skip
    # Patients on the same side of every limit have one score, which is asked for once.
    sides: list[Int] = [np.asarray(pd.factorize(known["n_stage"])[0], dtype=np.int64)]
    for name, sign, limit in FONG_ITEMS:
        sides.append(np.where(np.isnan(known[name]), -1, COMPARES[sign](known[name], limit)).astype(np.int64))
    first, kind = np.unique(np.column_stack(sides), axis=0, return_index=True, return_inverse=True)[1:]
    scores = [fong_points(_readings({name: values[row] for name, values in known.items()})) for row in first.tolist()]
    low, high = np.array(scores, dtype=np.float64).reshape(-1, 2)[kind.ravel()].T
    return told(low, ((np.isinf(lives.decided), NO_DECISION), (low != high, NOT_ALL_ITEMS)))


def _readings(values: Mapping[str, Any]) -> Readings:
    """Return what is known among these as readings without limits."""
    there = {name: value for name, value in values.items() if not pd.isna(value)}
    return {name: exact(CASE_FACTS[name], value if isinstance(value, str) else float(value))
            for name, value in there.items()}  # fmt: skip


def _nodes(linked: Linked, lives: Lives) -> npt.NDArray[np.object_]:
    """Return the nodes of the primary tumor, shape (n,); None of who has none or several."""
    row = only_primary(linked, len(lives))
    return np.array([*linked.tables["primary"]["n_stage"], None], dtype=object)[row]


def _timing(lives: Lives, systemic: Float, ablated: Float, windows: Windows) -> Told:
    both = np.isfinite(systemic) & np.isfinite(ablated)
    gap = np.where(both, systemic, 0.0) - np.where(both, ablated, 0.0)
    found = np.full(len(lives), NEITHER, dtype=object)
    found[np.isfinite(ablated) & ~both] = ABLATION_ONLY
    found[np.isfinite(systemic) & ~both] = SYSTEMIC_ONLY
    found[both] = OTHER
    for name, (first, last), days in ((UPFRONT, windows.upfront, gap), (DELAYED, windows.delayed, -gap)):
        found[both & (first <= days) & (days <= last)] = name
    return told(found, ((np.isinf(lives.decided), NO_DECISION),))


def _intervals(lives: Lives, base: Baseline, systemic: Float, ablated: Float) -> dict[str, Told]:
    none: Reasons = ((np.isinf(lives.decided), NO_DECISION), (np.isinf(ablated), NO_ABLATION))
    scan: Reasons = (*none, (np.isnan(base.scan_day), NO_SCAN))
    with np.errstate(invalid="ignore"):  # no day minus no day
        return {
            "decision_to_ablation_days": told(ablated - lives.decided, none),
            "baseline_scan_to_ablation_days": told(ablated - base.scan_day, scan),
            "systemic_to_ablation_days": told(ablated - systemic, (*none, (np.isinf(systemic), NO_SYSTEMIC))),
        }
