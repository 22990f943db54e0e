"""The case and the registry: one patient's records as a board, and a measured case as records, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from isotherm.app.board_kept import imaging_of_records, noted_margins, shown_of_records
from isotherm.app.board_measure import MeasuredCourse
from isotherm.app.board_tasks import IMAGING, Boarded, judged
from isotherm.app.case_from_records import case_from_records
from isotherm.app.criteria_tasks import day_of
from isotherm.app.criteria_words import how_many
from isotherm.app.decided_size import still_apart
from isotherm.app.facts_of_records import read_facts
from isotherm.app.recorded import died_on
from isotherm.app.records_of_case import key_for, records_of
from isotherm.app.report_words import NO_BREAK
from isotherm.app.side_doubts import side_doubt
from isotherm.app.size_doubts import Filing, size_doubt
from isotherm.clinical.kinds import KEY
from isotherm.clinical.record import Record
from isotherm.errors import BadSetting
from isotherm.printable import printable
from isotherm.registry.putting import Put
from isotherm.registry.store import Store, open_store

BY, WHY = "isotherm case", "measured and noted by isotherm case"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientAsked:
    """What is asked of a registry: the patient, the day (of a patient who died: that day), and which day it is."""

    address: str
    patient_id: str
    today: date
    as_of: str | None = None


def board_of_registry(asked: PatientAsked) -> Boarded:
    """Return the board of a patient of a registry, without images.

    Raises
    ------
    BadSetting
        There is no such patient, or a key that none can have.
    InputError
    """
    as_of = asked.today if asked.as_of is None else day_of(asked.as_of, "--as-of")
    if not KEY.fullmatch(asked.patient_id):
        raise BadSetting("A patient's key of other letters than A-Z, a-z, 0-9 and . _ : - came; check it.")
    with open_store(asked.address) as store:
        records = [one.record for one in store.patient(asked.patient_id)]
        simulated = store.simulated()
    if not records:
        raise BadSetting("The registry has no patient of this key; isotherm registry show lists what there is.")
    # Nothing is known of anybody beyond the day of death; the rules are those of the day that was asked about.
    on = died_on(records, until=as_of) or as_of
    facts = read_facts(records)
    case = case_from_records(records, patient_id=asked.patient_id, on=on, facts=facts)
    shown = shown_of_records(records, patient_id=asked.patient_id, on=on)
    imaging = {name: IMAGING[kind] for name, kind in imaging_of_records(records) if kind in IMAGING}
    shown = shown.beside(noted_margins(case, shown.margins))
    notes = [*(one.words for one in facts.unread), *(printable(one.words) for one in still_apart(records, facts, on))]
    return Boarded(judged(shown, case, patient_id=asked.patient_id, today=asked.today, as_of=as_of, origin="registry",
                          notes=notes, imaging=imaging, simulated=simulated), case, unread=facts.unread)  # fmt: skip


def tracking_of(address: str, patient_id: str) -> dict[str, str]:
    """Return what the lesions of a patient are called in DICOM already, by their ids."""
    with open_store(address) as store:
        return _tracking(store, patient_id)


def _tracking(store: Store, patient_id: str) -> dict[str, str]:
    records = [one.record for one in store.patient(patient_id)]
    return {one.id: str(one.get("tracking_uid")) for one in records
            if one.kind.name == "lesion" and one.get("tracking_uid")}  # fmt: skip


def write_to_registry(address: str, boarded: Boarded, *, by: str | None) -> list[str]:
    """Write a case and what was measured of it in one transaction; return what is to be told.

    Raises
    ------
    InputError
        The registry refuses a record; nothing is written then.
    """
    assert boarded.case is not None  # of a folder with a course
    assert boarded.measured is not None
    patient = boarded.measured.course.patient_id
    with open_store(address) as store:
        known = _tracking(store, patient)
        held = [one.record for one in store.patient(patient)]
        sides = list(doubts_of_sides(boarded.measured))
        put = store.put(records_of(boarded.case, boarded.measured, known), by=by or BY, why=why_of(sides))
    return [*_told(put), *(f"  look which scan is before and which is after: {one}" for one in sides),
            *doubts_of_sizes(held, boarded.measured)]  # fmt: skip


def doubts_of_sides(measured: MeasuredCourse) -> Iterator[str]:
    """Yield of which lesions and sessions the scans look swapped, or are one image, and by what."""
    for one in measured.sessions:
        if one.found is None:
            continue
        document = one.found.assessment.document
        for lesion in document["lesions"]:
            doubt = side_doubt(lesion, document["warnings"])
            if doubt:
                where = f"lesion {printable(str(lesion['label']))}, session {printable(one.pair.session.id)}"
                yield f"{where}: {printable(doubt.replace(NO_BREAK, ' '))}"


def why_of(sides: Sequence[str]) -> str:
    """Return what the audit has as the reason: scans in doubt go in with nobody's word that they are right."""
    return "; ".join([WHY, *(f"nobody said why the scans are right, {one}" for one in sides)])


def doubts_of_sizes(held: Sequence[Record], measured: MeasuredCourse) -> Iterator[str]:
    """Yield which tumors are not as large as the registry knew their lesions before it was written into."""
    for one in measured.sessions:
        if one.found is None or not held:
            continue
        before = None if one.pair.before is None else one.pair.before.on
        for lesion in one.found.assessment.document["lesions"]:
            label = str(lesion["label"])
            filing = Filing(lesion_id=label, ablation_id=key_for(one.pair.session.id, label), before_on=before,
                            after_on=one.pair.session.on)  # fmt: skip
            doubt = size_doubt(held, filing, lesion["tumor"]["recist_mm"])
            if doubt:
                yield (f"  look whether it is lesion {printable(label)}, session {printable(one.pair.session.id)}: "
                       f"{printable(doubt.replace(NO_BREAK, ' '))}")  # fmt: skip


def _told(put: Put) -> list[str]:
    lines = [f"Registry: {how_many(len(put.added), 'record', 'records')} added, {len(put.revised)} revised, "
             f"{put.same} the same"]  # fmt: skip
    lines += [f"  revised: {kind} {printable(own)} ({', '.join(fields)})" for (kind, _, own), fields in put.revised]
    return lines
