"""Sizes at a decision: the largest that it notes against the lesions' own sizes by its day, told of both records."""

from __future__ import annotations

from datetime import date

import pytest

from isotherm.app.registry_misfits import misfits
from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS

DECIDED, BEFORE, AFTER = date(2020, 2, 1), date(2020, 1, 20), date(2020, 3, 1)


def of(kind: str, key: str = "", **values: Value) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id="X1", id=key, values=values)


def records(*sizes: tuple[str, str, float], noted: float = 31.0) -> list[Record]:
    """Two lesions of the liver, scans before and after a decision, and readings: lesion, scan, size."""
    return [of("patient"), of("decision", "1", decided_on=DECIDED, largest_lesion_mm=noted, organ="liver"),
            of("lesion", "1", organ="liver"), of("lesion", "2", organ="liver"),
            of("scan", "a", scanned_on=BEFORE), of("scan", "b", scanned_on=AFTER),
            *(of("reading", f"{lesion}{scan}", lesion_id=lesion, scan_id=scan, diameter_mm=mm)
              for lesion, scan, mm in sizes)]  # fmt: skip


READ = (("1", "a", 20.0), ("2", "a", 28.0))


def test_a_decision_of_another_largest_size_is_told_with_the_reading() -> None:
    decision, reading = misfits(records(*READ))

    assert (decision.kind, decision.key, reading.kind, reading.key) == ("decision", "1", "reading", "2a")
    assert decision.says.endswith(": 31 mm, and the largest by that day is lesion 2 with 28 mm")
    assert reading.says.endswith(": 28 mm of lesion 2, and the decision on 2020-02-01 notes 31 mm as the largest")


def test_a_decision_of_a_smaller_size_is_told_as_well() -> None:
    assert len(misfits(records(*READ, noted=25.0))) == 2


@pytest.mark.parametrize("fitting", [
    records(*READ, noted=28.0),
    records(("1", "a", 20.0), ("2", "a", 27.6), noted=28.0),  # noted in whole millimeters
    records(("2", "a", 28.0)),  # the other one has no size
    records(("1", "a", 31.0), ("2", "b", 28.0)),  # read later only: new
    [*records(*READ), of("lesion", "3", organ="liver", found_on=BEFORE)],
    [*records(*READ), of("fact", "1", name="diameter_mm", lesion_id="1", value="31", noted_on=BEFORE)],
    [one for one in records(*READ) if one.kind.name != "decision"],
])  # fmt: skip
def test_what_fits_or_is_not_known_is_not_told(fitting: list[Record]) -> None:
    assert misfits(fitting) == ()


def test_a_lesion_of_another_organ_is_not_the_decisions() -> None:
    other = [of("lesion", "3", organ="lung"), of("reading", "3a", lesion_id="3", scan_id="a", diameter_mm=31.0)]
    assert [one.key for one in misfits([*records(*READ), *other])] == ["1", "2a"]
