"""Records for the tests: one made-up patient, and short ways to write more."""

from __future__ import annotations

from datetime import date

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS

WHO = {"by": "ada", "why": "typed in"}


def record(kind: str, key: str = "", *, of: str = "P1", unknown: str = "", **values: Value) -> Record:
    """Return a record of a made-up patient."""
    return Record(kind=RECORD_KINDS[kind], patient_id=of, id=key, values=values, unknown=frozenset(unknown.split()))


def patient(key: str = "P1", *, lesions: int = 1) -> list[Record]:
    """Return a patient with lesions, each seen on a scan and ablated in one session."""
    made = [
        record("patient", of=key, sex="female", born_on=date(1950, 1, 1), diabetes=True),
        record("scan", "1", of=key, scanned_on=date(2025, 2, 1), modality="CT"),
        record("session", "1", of=key, ablated_on=date(2025, 3, 1), unknown="approach"),
    ]
    for number in map(str, range(1, lesions + 1)):
        made += [
            record("lesion", number, of=key, organ="liver", place="IVa", unknown="found_on"),
            record("reading", number, of=key, lesion_id=number, scan_id="1", diameter_mm=22.5),
            record("ablation", number, of=key, lesion_id=number, session_id="1", modality="MWA", applicators=2),
        ]
    return made
