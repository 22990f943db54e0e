"""Problems: dates and references of a registry that cannot be, by patient and field; nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.clinical.record import PATIENT_KEY
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.columns import Int
from isotherm.registry.baseline import CONTRADICTED
from isotherm.registry.days import Mask, at, place_in_time
from isotherm.registry.derive import Derived
from isotherm.registry.endpoints import Endpoints
from isotherm.registry.linked import Linked
from isotherm.registry.lives import CONTACTS
from isotherm.registry.tumors import (
    PROGRESSION,
    RESECTED,
    STATES,
    Tumors,
    before_ablation,
    finding_days,
    finding_states,
)

COLUMNS = ("patient_id", "kind", "record_id", "field", "problem")

Problem = tuple[str, str, Mask, str]
"""Kind of record, field, the rows it is about, and what is wrong, in words."""

IN_ORDER: tuple[tuple[str, str, str], ...] = (
    ("session", "ablated_on", "discharged_on"), ("systemic", "started_on", "stopped_on"),
    ("complication", "began_on", "resolved_on"), ("primary", "diagnosed_on", "resected_on"),
)  # fmt: skip
"""Of one record: what comes first, and what does not come before it."""


def problems(found: Endpoints, derived: Derived | None = None) -> pd.DataFrame:
    """Return every problem, a row each: patient, kind and key of the record, field, and what is wrong.

    Parameters
    ----------
    found : Endpoints
    derived : Derived, optional
        With it, what is noted is held against what follows from dates.
    """
    parts = [_table(found.linked, problem) for problem in _all(found, derived)]
    whole = pd.concat([pd.DataFrame(columns=list(COLUMNS), dtype=object), *parts], ignore_index=True)
    return whole.sort_values(list(COLUMNS), kind="stable", ignore_index=True)


def _all(found: Endpoints, derived: Derived | None) -> Iterator[Problem]:
    linked = found.linked
    yield from _references(linked)
    yield from _missing_days(linked)
    yield from _after_death(found)
    yield from _orders(linked)
    yield from _findings(linked, found.tumors)
    yield from _margins(linked, found.tumors)
    late = linked.day("lesion", "found_on") > found.tumors.first_ablation
    yield "lesion", "found_on", late, "first seen after its own ablation"
    if derived is not None:
        yield from _noted(linked, derived)


def _references(linked: Linked) -> Iterator[Problem]:
    for name, kind in RECORD_KINDS.items():
        yield name, PATIENT_KEY, linked.patient(name) < 0, "the registry has no such patient"
        for field in kind.fields:
            if field.refers:
                lost = (linked.row_of(name, field.name) < 0) & linked.tables[name][field.name].notna().to_numpy()
                yield name, field.name, lost, f"points to no {field.refers} of the patient"


def _missing_days(linked: Linked) -> Iterator[Problem]:
    for name, kind in RECORD_KINDS.items():
        for field in kind.fields:
            if field.needed and field.form == "date":
                yield name, field.name, np.isnan(linked.day(name, field.name)), "no day"


def _after_death(found: Endpoints) -> Iterator[Problem]:
    for kind, field in CONTACTS:
        late = found.linked.day(kind, field) > at(found.lives.death, found.linked.patient(kind))
        yield kind, field, late, "after the day of death"


def _orders(linked: Linked) -> Iterator[Problem]:
    for kind, first, last in IN_ORDER:
        yield kind, last, linked.day(kind, last) < linked.day(kind, first), f"before {first}"
    session = linked.row_of("complication", "session_id")
    early = linked.day("complication", "began_on") < at(linked.day("session", "ablated_on"), session)
    yield "complication", "began_on", early, "before its session"
    born = linked.day("patient", "born_on")
    for kind, field in (*CONTACTS, ("death", "died_on"), ("primary", "diagnosed_on"), ("lesion", "found_on")):
        yield kind, field, linked.day(kind, field) < at(born, linked.patient(kind)), "before the day of birth"


def _findings(linked: Linked, tumors: Tumors) -> Iterator[Problem]:
    tumor, day = finding_days(linked)
    state, first = finding_states(linked), at(tumors.first_ablation, tumor)
    yield "finding", "state", (tumor >= 0) & np.isinf(first) & (state >= 0), "of an ablation, and none is noted"
    early = np.isfinite(first) & before_ablation(state, day, first)
    yield "finding", "state", early, "of an ablation, before the first one"
    gone = (linked.tables["finding"]["state"] == RESECTED).to_numpy(dtype=bool)
    yield "finding", "state", gone & np.isfinite(first) & (day < first), "resected before its ablation"
    later = (state >= 0) & (day > at(tumors.resection, tumor))
    yield "finding", "state", later, "of an ablation, after the lesion was resected"
    yield "finding", "state", _two_states(tumor, day, state), "another state on the same day; the worse one counts"
    complete = tumors.findings.first((0,), len(tumors))
    yield ("finding", "state", (state == PROGRESSION) & (day < at(complete, tumor)) & np.isfinite(first) & ~early,
           "local tumor progression without a finding of complete ablation before it")  # fmt: skip


def _two_states(tumor: Int, day: npt.NDArray[np.float64], state: Int) -> Mask:
    rows = np.flatnonzero((tumor >= 0) & ~np.isnan(day) & (state >= 0))
    place, states = place_in_time(tumor[rows], day[rows]), len(STATES)
    said = np.sort(place * states + state[rows])  # sorted: numpy's unique hashes, which takes ten times as long here
    other = (said[1:] != said[:-1]) & (said[1:] // states == said[:-1] // states)
    found = np.zeros(len(tumor), dtype=bool)
    found[rows[np.isin(place, said[1:][other] // states, kind="sort")]] = True
    return found


def _margins(linked: Linked, tumors: Tumors) -> Iterator[Problem]:
    scanned, tumor = linked.day("scan", "scanned_on"), linked.row_of("margin", "lesion_id")
    after = at(scanned, linked.row_of("margin", "scan_id"))
    ablation = linked.row_of("margin", "ablation_id")
    done = np.where(ablation >= 0, at(tumors.ablation_day, ablation), at(tumors.first_ablation, tumor))
    yield "margin", "scan_id", (after < done) & np.isfinite(done), "a scan before the ablation"
    yield "margin", "lesion_id", (tumor >= 0) & np.isinf(at(tumors.first_ablation, tumor)), "no ablation of the lesion"
    before = at(scanned, linked.row_of("margin", "before_scan_id"))
    yield "margin", "before_scan_id", before > done, "a scan after the ablation"
    yield "margin", "before_scan_id", before > after, "a scan after that of the margin"


def _noted(linked: Linked, derived: Derived) -> Iterator[Problem]:
    """Yield what was noted at the first decision and does not agree with dates or readings."""
    decision, rows = derived.baseline.decision, np.zeros(len(linked.tables["decision"]), dtype=bool)
    noted, dated = derived.baseline.of_decision(linked, "synchronous"), derived.values["synchronous"].values
    yield ("decision", "synchronous", _of(decision, (noted != dated) & ~np.isnan(noted) & ~np.isnan(dated), rows),
           "not what the dates say")  # fmt: skip
    for name, one in (("n_lesions", derived.baseline.n_lesions),
                      ("largest_lesion_mm", derived.baseline.largest_lesion_mm)):  # fmt: skip
        yield "decision", name, _of(decision, one.why == CONTRADICTED, rows), "less than was read on the scan before"


def _of(decision: Int, who: Mask, rows: Mask) -> Mask:
    found = rows.copy()
    found[decision[who & (decision >= 0)]] = True
    return found


def _table(linked: Linked, problem: Problem) -> pd.DataFrame:
    name, field, rows, words = problem
    kind, table = RECORD_KINDS[name], linked.tables[name]
    where = np.flatnonzero(rows)
    own: Any = table[kind.key].to_numpy(dtype=object)[where] if kind.several else ""
    return pd.DataFrame({"patient_id": table[PATIENT_KEY].to_numpy(dtype=object)[where], "kind": name,
                         "record_id": own, "field": field, "problem": words}, dtype=object)  # fmt: skip
