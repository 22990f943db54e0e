"""Registries made up for tests: a few patients with every muddle of dates that a person could write down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.frames import Tables, frames

DAY_0 = date(2020, 1, 1)

Made = dict[str, list[dict[str, Any]]]


def day(number: int) -> date:
    """Return a day, counted from the first of January 2020."""
    return DAY_0 + timedelta(days=number)


def tables_of(registry: Mapping[str, list[dict[str, Any]]]) -> Tables:
    """Return rows as the tables of a registry."""
    found: dict[str, Any] = {}
    for name, rows in registry.items():
        kind = RECORD_KINDS[name]
        names = (*kind.keys, *(field.name for field in kind.fields))
        assert all(set(row) <= set(names) for row in rows), name
        found[name] = {column: [row.get(column) for row in rows] for column in names}
    return frames(found.items())


def patient(patient_id: str = "P1", **kinds: Any) -> Made:
    """Return a registry of one patient: of each kind its rows, without the patient's key; numbered where they may be.

    >>> sorted(patient(session=[{"ablated_on": day(0)}])["session"][0].items())
    [('ablated_on', datetime.date(2020, 1, 1)), ('patient_id', 'P1'), ('session_id', '1')]
    """
    found: Made = {"patient": [{"patient_id": patient_id, **kinds.pop("patient", {})}]}
    for name, rows in kinds.items():
        kind = RECORD_KINDS[name]
        own = [{kind.key: str(place)} if kind.several else {} for place in range(1, len(rows) + 1)]
        found[name] = [{"patient_id": patient_id, **key, **row} for key, row in zip(own, rows, strict=True)]
    return found


def joined(*registries: Made) -> Made:
    """Return several registries as one."""
    found: Made = {}
    for registry in registries:
        for name, rows in registry.items():
            found.setdefault(name, []).extend(rows)
    return found


_DAYS = st.one_of(st.none(), st.integers(-40, 60).map(day), st.integers(0, 400).map(day))
_KNOWN = st.integers(0, 400).map(day)
_YES = st.sampled_from([None, None, False, False, True])
_STATES = st.sampled_from(
    ["completely ablated", "completely ablated", "residual tumor", "local tumor progression", "resected",
     "not assessable"]
)  # fmt: skip


def _some(draw: st.DrawFn, most: int, **fields: st.SearchStrategy[Any]) -> list[dict[str, Any]]:
    return draw(st.lists(st.fixed_dictionaries(fields), max_size=most))


@st.composite
def people(draw: st.DrawFn, patient_id: str) -> Made:
    """Draw a patient, orderly or not."""
    days = draw(st.sampled_from([_KNOWN, _DAYS]))
    sessions = _some(draw, 3, ablated_on=days, discharged_on=st.one_of(st.none(), st.integers(0, 400).map(day)))
    lesions = _some(draw, 3, organ=st.just("liver"), found_on=st.one_of(st.none(), st.integers(-30, 30).map(day), days))
    keys = [str(place) for place in range(1, 5)]
    visits = _some(draw, 6, seen_on=days, new_in_organ=_YES, new_elsewhere=_YES, untreatable=_YES)
    some = st.sampled_from(keys[: max(1, len(lesions))])
    return patient(
        patient_id,
        decision=_some(draw, 2, decided_on=st.one_of(st.integers(-40, 0).map(day), days), extrahepatic_disease=_YES),
        primary=_some(draw, 2, primary=st.just("colorectal"), diagnosed_on=days,
                      resected_on=st.one_of(st.integers(-300, 0).map(day), days)),
        lesion=lesions,
        session=sessions,
        ablation=_some(draw, 4, session_id=st.sampled_from(keys[: max(1, len(sessions))]), lesion_id=some,
                       technically_successful=_YES),
        follow_up=visits,
        finding=_some(draw, 8, follow_up_id=st.sampled_from(["1", "2", "3", "4", "5", "6"][: max(1, len(visits))]),
                      lesion_id=some, state=_STATES),
        scan=_some(draw, 2, scanned_on=days),
        systemic=_some(draw, 2, started_on=days),
        complication=_some(draw, 2, description=st.just("bleeding"), began_on=_DAYS,
                           session_id=st.sampled_from([None, None, "1"]), ctcae_grade=st.sampled_from([None, 1, 3]),
                           cirse_grade=st.sampled_from([None, "1a", "3", "3b"])),
        death=draw(st.sampled_from([[], [], [{"died_on": None}]]))
        or draw(st.lists(st.fixed_dictionaries({"died_on": st.integers(0, 800).map(day)}), max_size=1)),
    )  # fmt: skip


_LOOKED = st.sampled_from([False, False, False, False, True, None])
_AFTER = st.sampled_from(["completely ablated"] * 6 + ["residual tumor", "local tumor progression", "resected"])


@st.composite
def orderly(draw: st.DrawFn, patient_id: str) -> Made:
    """Draw a patient whose dates are in order: decided, ablated, looked at, and dead or seen last; many on one day."""
    lesions = draw(st.integers(1, 3))
    sessions = sorted(draw(st.lists(st.integers(0, 5).map(lambda k: 30 * k), min_size=1, max_size=3)))
    visits = sorted(draw(st.lists(st.integers(sessions[0] // 30, 8).map(lambda k: 30 * k), min_size=1, max_size=5)))
    last = max(*sessions, *visits)
    keys = [str(place) for place in range(1, lesions + 1)]
    others = _some(draw, 3, session_id=st.sampled_from([str(place) for place in range(1, len(sessions) + 1)]),
                   lesion_id=st.sampled_from(keys), technically_successful=_YES)  # fmt: skip
    findings = [
        {"follow_up_id": str(visit), "lesion_id": key, "state": draw(_AFTER)}
        for visit in range(1, len(visits) + 1) for key in keys if draw(st.integers(0, 3))
    ]  # fmt: skip
    later = st.sampled_from([None, day(-20), day(-20), day(-20), day(150)])
    return patient(
        patient_id,
        decision=[{"decided_on": day(-10), "extrahepatic_disease": draw(st.sampled_from([False, False, None]))}],
        primary=[{"primary": "colorectal", "diagnosed_on": day(-300),
                  "resected_on": draw(st.sampled_from([day(-280), day(-280), day(60), None]))}],
        lesion=[{"organ": "liver", "found_on": draw(later)} for _ in keys],
        session=[{"ablated_on": day(one)} for one in sessions],
        ablation=[*({"session_id": "1", "lesion_id": key, "technically_successful": True} for key in keys), *others],
        follow_up=[{"seen_on": day(one), "new_in_organ": draw(_LOOKED)} for one in visits],
        finding=findings,
        death=draw(st.sampled_from([[], [{"died_on": day(last)}], [{"died_on": day(700)}], [{"died_on": None}]])),
    )  # fmt: skip


registries = st.lists(st.sampled_from([orderly, orderly, people]), max_size=5).flatmap(
    lambda kinds: st.tuples(*(kind(f"P{place}") for place, kind in enumerate(kinds))).map(lambda made: joined(*made))
)


def records_of(made: Made) -> list[Record]:
    """Return rows as records, for a store."""
    found: list[Record] = []
    for name, rows in made.items():
        kind = RECORD_KINDS[name]
        for row in rows:
            values = {field.name: row[field.name] for field in kind.fields if row.get(field.name) is not None}
            key = str(row[kind.key]) if kind.several else ""
            found.append(Record(kind=kind, patient_id=row["patient_id"], id=key, values=values))
    return found
