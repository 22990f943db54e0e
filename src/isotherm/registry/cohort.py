"""Cohort: one table of a registry with a row per patient, session or tumor: baseline, what follows, endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from isotherm.clinical.record import PATIENT_KEY
from isotherm.columns import Int
from isotherm.registry.cohort_parts import Parts, fields, with_endpoints, with_told
from isotherm.registry.days import Mask, any_by, at, dates_of, first_by, last_by
from isotherm.registry.derive import Derived, Windows, derive, only_primary
from isotherm.registry.endpoints import Endpoints, endpoints
from isotherm.registry.endpoints_kinds import Choices, Unit
from isotherm.registry.endpoints_patient import LOCAL_DAYS
from isotherm.registry.endpoints_session import GRADES
from isotherm.registry.first_margins import NO_MARGIN, Margins, first_margins
from isotherm.registry.frames import Tables
from isotherm.registry.lives import AFTER_DEATH
from isotherm.registry.problems import problems
from isotherm.registry.timed import NO_DEATH_DAY, Whys, reason, told

UNKNOWN_BECAUSE = "unknown_because"
"""Column that says of each row which of its values are unknown, and why."""

LATER = ("progressed_on", "died_on", "last_seen_on", "repeat_ablated_on", "residual_tumor", "primary_efficacy",
         "assisted_efficacy", "efficacy", "complication", "complications", "died_30d", "died_90d", "stay_days",
         *(f"highest_{grade}" for grade in GRADES))  # fmt: skip

OF_PATIENT = ("center_id", "sex", "bmi_kg_m2", "diabetes", "steatosis", "cirrhosis")
OF_PRIMARY = ("primary", "primary_site", "t_stage", "n_stage", "ras", "braf", "microsatellites")
OF_DECISION = ("organ", "strategy", "tumor_board", "ecog", "asa", "cea_ug_l", "distribution", "extrahepatic_disease",
               "resectable")  # fmt: skip
OF_LESION = ("organ", "place", "perihilar", "peridiaphragmatic")
OF_SESSION = ("approach", "guidance", "anesthesia", "intent", "with_resection")
OF_ABLATION = ("modality", "device", "applicators", "power_w", "minutes", "hydrodissection", "biliary_cooling")
OF_MARGIN = ("minimal_margin_mm", "low_mm", "high_mm", "under_0_percent", "under_5_percent", "under_10_percent",
             "uncovered_ml", "vessel_bridging", "registration", "registration_error_mm")  # fmt: skip

MARGIN_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        name: name if name.startswith(("minimal", "vessel", "uncovered", "registration")) else f"margin_{name}"
        for name in OF_MARGIN
    }
)
"""What a cohort of tumors calls the fields of a margin."""

_OF_THE_ABLATION = (*OF_SESSION, *OF_ABLATION, *MARGIN_COLUMNS.values(), "margin_status", "margin_after_days")

KNOWN_ON: Mapping[Unit, Mapping[str, str]] = MappingProxyType({
    "patient": {"timing": "timing_known_on",
                **dict.fromkeys(("ablated_lesions", "smallest_margin_mm"), "last_lesion_ablated_on")},
    "session": {"timing": "timing_known_on", **dict.fromkeys(("ablated_lesions", *OF_SESSION), "session_on")},
    "tumor": {"timing": "timing_known_on", **dict.fromkeys(_OF_THE_ABLATION, "lesion_ablated_on")},
})  # fmt: skip
"""Facts that come after the first decision, and the column with the day before which nobody knew them, by unit.

A margin is what the ablation left, so it counts from that day, whenever the scan was on which it was measured. What is
counted over the sessions of a patient counts from the last of them that is in it.
"""

UNUSED: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "lesion": ("tracking_uid", "note"),
    "scan": ("modality", "purpose", "agent", "phase", "slice_thickness_mm", "study_uid", "series_uid"),
    "reading": ("second_diameter_mm", "third_diameter_mm", "volume_ml", "zone_volume_ml", "to_vessel_mm",
                "to_bile_duct_mm", "to_bowel_mm", "to_capsule_mm", "enhancement", "reader"),
    "margin": ("level_percent", "calibrated", "at_least_5_percent", "thinnest_direction", "zone_volume_ml", "gates",
               "software", "settings", "result", "correction", "reader"),
    "systemic": ("regimen", "line", "targeted_agent", "cycles", "response"),
    "follow_up": ("quality_of_life", "quality_of_life_instrument"),
})  # fmt: skip
"""Fields that no column of a cohort is made of: of large registries they need not be read."""


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """A table that a study can read, and what of the registry cannot be.

    Parameters
    ----------
    table : DataFrame
        Rows sorted by their keys. Unknown is missing, and `unknown_because` says why; texts are "str", yes and no
        "boolean", dates datetime64. Times are in columns `..._days` with `..._event` (0 censored, 1 event, 2
        competing), and the days between which the event lies in `..._free_on` and `..._found_on`.
    per : {"patient", "session", "tumor"}
    later : frozenset of str
        Columns that only the time after treatment filled: outcomes, or what they are made of.
    reasoned : frozenset of str
        Columns in which missing is unknown, and has a reason.
    problems : DataFrame
        See `isotherm.registry.problems.problems`; of the whole registry.
    none_of : mapping of str to frozenset of str
        By column of a day, the patients of whom nothing is on record that it could be the day of.
    """

    table: pd.DataFrame
    per: Unit
    later: frozenset[str]
    reasoned: frozenset[str]
    problems: pd.DataFrame = field(repr=False)
    none_of: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]], repr=False)

    @property
    def misfits(self) -> int:
        """How many records do not fit the others of the same patient; one may have several problems."""
        return len(self.problems.drop_duplicates([PATIENT_KEY, "kind", "record_id"]))


def cohort(
    tables: Tables, per: Unit = "patient", choices: Choices | None = None, windows: Windows | None = None
) -> Cohort:
    """Return a cohort of everybody in a registry.

    Raises
    ------
    BadTable
        Two records of a kind have the same keys.
    """
    found = endpoints(tables, choices)
    derived = derive(found.linked, found.lives, windows or Windows())
    margins = first_margins(found.linked, found.tumors, found.local.start)
    made = _MAKERS[per](found, derived, margins)
    keys = [PATIENT_KEY] if per == "patient" else [PATIENT_KEY, _OWN[per]]
    table = made.frame(UNKNOWN_BECAUSE).sort_values(keys, kind="stable", ignore_index=True)
    made.later |= set(LATER) & set(made.columns) | {UNKNOWN_BECAUSE}
    return Cohort(table, per, frozenset(made.later), made.reasoned, problems(found, derived), _none_of(tables))


DAY_OF = MappingProxyType({"ablated_on": ("session", "ablation"), "systemic_on": ("systemic",), "died_on": ("death",)})
"""Of which kinds of record a column of a cohort is the day."""


def _none_of(tables: Tables) -> Mapping[str, frozenset[str]]:
    everybody = frozenset(tables["patient"][PATIENT_KEY])
    return {day: everybody.difference(*(tables[one][PATIENT_KEY] for one in kinds)) for day, kinds in DAY_OF.items()}


_OWN: Mapping[Unit, str] = MappingProxyType({"session": "session_id", "tumor": "lesion_id"})


def _patients(found: Endpoints, derived: Derived, margins: Margins) -> Parts:
    """Return patients with everything that is known of them."""
    everybody = np.arange(len(found.lives))
    made = Parts({PATIENT_KEY: found.linked.tables["patient"][PATIENT_KEY].to_numpy()})
    _baseline(made, found, derived, everybody)
    whose, done = found.tumors.patient, np.isfinite(found.tumors.first_ablation)
    made.columns["ablated_lesions"] = np.bincount(whose[done & (whose >= 0)], minlength=len(everybody)).astype(
        np.float64
    )
    # The day from which the last of them counts: until then nobody knew how many, nor the smallest of their margins.
    counted = np.where(done, np.fmax(found.tumors.first_ablation, found.local.start), np.nan)
    made.columns["last_lesion_ablated_on"] = dates_of(last_by(whose, counted, len(everybody)))
    lacks = any_by(whose, done & (margins.row < 0), len(everybody))
    smallest = margins.column(found.linked, "minimal_margin_mm")
    lacks |= any_by(whose, done & (margins.row >= 0) & np.isnan(smallest), len(everybody))
    least = first_by(whose, np.where(done, smallest, np.nan), len(everybody))
    none = np.isinf(first_by(whose, np.where(done, 0.0, np.nan), len(everybody)))
    with_told(made, {"smallest_margin_mm": told(least, ((none, "never ablated"), (lacks, NO_MARGIN)))})
    with_told(made, found.patients.answers, yes_or_no=True)
    with_endpoints(made, found.patients.times)
    return made


def _baseline(made: Parts, found: Endpoints, derived: Derived, whose: Int) -> None:
    """Add what is known of patients at the first decision, and the days of their course, for rows that are theirs."""
    linked, lives = found.linked, found.lives
    primary = only_primary(linked, len(lives))
    fields(made, linked, "patient", OF_PATIENT, whose)
    fields(made, linked, "primary", OF_PRIMARY, np.append(primary, -1)[whose])
    fields(made, linked, "decision", OF_DECISION, np.append(derived.baseline.decision, -1)[whose])
    with_told(made, derived.values, whose, yes_or_no=("synchronous",))
    both = np.maximum(derived.systemic, derived.ablated)
    first = np.minimum(derived.systemic, derived.ablated)
    days = {
        "decided_on": lives.decided, "systemic_on": derived.systemic, "ablated_on": derived.ablated,
        "first_treatment_on": first, "timing_known_on": np.where(np.isinf(both), first, both),
        "progressed_on": found.patients.progression, "died_on": lives.death, "last_seen_on": lives.contact,
    }  # fmt: skip
    for name, values in days.items():
        made.columns[name] = dates_of(at(values, whose))
    made.why[LAST] = np.array([*_course_unknown(found).tolist(), "no such patient"], dtype=object)[whose]
    made.columns[LAST][made.why[LAST] != ""] = np.datetime64("NaT")


LAST = "last_seen_on"
"""Unknown where a course cannot be told from its days, lest a death without a day passes for a life without one."""


def _course_unknown(found: Endpoints) -> Whys:
    """Return why the course of each patient cannot be told from its days, shape (n,); empty where it can."""
    lives, n = found.lives, len(found.lives)
    return reason(n, (
        (lives.after_death, AFTER_DEATH), (np.isnan(lives.death), NO_DEATH_DAY),
        (any_by(found.tumors.patient, found.tumors.too_early, n), LOCAL_DAYS),
        (np.isinf(lives.contact), "never seen"),
    ))  # fmt: skip


def _tumors(found: Endpoints, derived: Derived, margins: Margins) -> Parts:
    """Return tumors, with what is known of their patients."""
    linked, tumors = found.linked, found.tumors
    lesion = linked.tables["lesion"]
    made = Parts({name: lesion[name].to_numpy() for name in (PATIENT_KEY, "lesion_id")})
    _baseline(made, found, derived, tumors.patient)
    fields(made, linked, "lesion", OF_LESION, np.arange(len(tumors)), prefix="lesion_")
    first = _first_ablations(found)
    fields(made, linked, "ablation", OF_ABLATION, first)
    fields(made, linked, "session", OF_SESSION, np.append(tumors.ablation_session, -1)[first])
    made.columns["diameter_mm"] = _diameters(found)
    made.columns["lesion_ablated_on"] = dates_of(found.local.start)
    made.columns["repeat_ablated_on"] = dates_of(found.local.repeat)
    for name, column in MARGIN_COLUMNS.items():
        made.columns[column] = margins.column(linked, name)
    for name in ("minimal_margin_mm", "vessel_bridging"):
        made.why[name] = np.where(np.isin(margins.why, [""]), "", margins.why)
    made.yes_or_no("vessel_bridging")
    made.columns["margin_status"] = margins.column(linked, "status")
    made.columns["margin_scan_on"] = dates_of(margins.scan_day)
    made.columns["margin_after_days"] = margins.after_days
    with_told(made, found.tumor_answers, yes_or_no=True)
    with_endpoints(made, found.tumor_times)
    return made


def _first_ablations(found: Endpoints) -> Int:
    """Return the row of an ablation of each tumor on the day from which it counts; of several, of the smallest key."""
    tumor, day = found.tumors.ablation_tumor, found.tumors.ablation_day
    rows = np.flatnonzero((tumor >= 0) & (day == at(found.local.start, tumor)))
    keys = found.linked.tables["ablation"]["ablation_id"].to_numpy(dtype=str)[rows]
    order = rows[np.argsort(keys, kind="stable")[::-1]]
    first = np.full(len(found.tumors), -1, dtype=np.int64)
    first[tumor[order]] = order
    return first


def _diameters(found: Endpoints) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the diameter of each lesion on the last scan before its ablation, shape (n,); NaN where not known."""
    linked, n = found.linked, len(found.tumors)
    lesion = linked.row_of("reading", "lesion_id")
    day = at(linked.day("scan", "scanned_on"), linked.row_of("reading", "scan_id"))
    size = linked.tables["reading"]["diameter_mm"].to_numpy(dtype=np.float64)
    # A zone looks larger than its tumor, so nothing from the day of the ablation on counts but a plan on that day.
    before: Mask = (lesion >= 0) & ~np.isnan(size) & ~(day > at(found.tumors.first_ablation, lesion))
    last = -first_by(lesion, np.where(before, -day, np.nan), n)
    rows = before & (day == at(last, lesion))
    largest = np.full(n, -np.inf)
    np.maximum.at(largest, lesion[rows], size[rows])
    return np.where(np.isfinite(largest), largest, np.nan)


def _sessions(found: Endpoints, derived: Derived, margins: Margins) -> Parts:
    """Return sessions, with what is known of their patients."""
    linked, one = found.linked, found.sessions
    session = linked.tables["session"]
    made = Parts({name: session[name].to_numpy() for name in (PATIENT_KEY, "session_id")})
    _baseline(made, found, derived, one.patient)
    fields(made, linked, "session", OF_SESSION, np.arange(len(session)))
    made.columns["session_on"] = dates_of(one.day)
    known = (found.tumors.ablation_session >= 0) & (found.tumors.ablation_tumor >= 0)
    pairs = np.unique(np.column_stack([found.tumors.ablation_session, found.tumors.ablation_tumor])[known], axis=0)
    made.columns["ablated_lesions"] = np.bincount(pairs[:, 0], minlength=len(session)).astype(np.float64)
    made.columns["stay_days"] = one.stay_days
    made.why["stay_days"] = np.where(np.isnan(one.stay_days), "no day of discharge after that of the session", "")
    made.columns["complications"] = one.complications
    for name in GRADES:
        made.columns[f"highest_{name}"] = one.grades[name]
    with_told(made, one.answers, yes_or_no=True)
    return made


_MAKERS: Mapping[Unit, Callable[[Endpoints, Derived, Margins], Parts]] = MappingProxyType(
    {"patient": _patients, "session": _sessions, "tumor": _tumors}
)
