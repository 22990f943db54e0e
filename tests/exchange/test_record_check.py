"""What was read, judged as a whole: rows of one key, pointers to nothing, patients whole or not at all."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.exchange.record_check import Checked, check
from isotherm.exchange.record_intake import Intake


def _checked(*rows: tuple, known: Collection[tuple[str, str, str]] = (), broken: str = "") -> Checked:
    intake = Intake()
    for number, (kind, patient, own, values, *unknown) in enumerate(rows, start=2):
        intake.counted("t")
        intake.take(RECORD_KINDS[kind], (patient, own), values, frozenset(unknown), place=("t", number), columns={})
    if broken:
        intake.problem("t", 99, "x", "wrong", broken)
    return check(intake, known.__contains__)


PATIENT, LIVER = ("patient", "1", "", {"sex": "male"}), {"organ": "liver"}
DAY = {"scanned_on": date(2024, 1, 1)}


def test_rows_that_say_the_same_are_one() -> None:
    found = _checked(PATIENT, PATIENT, PATIENT)
    assert (len(found.good), found.repeated, found.problems) == (1, 2, ())


def test_rows_that_complement_each_other_are_one_and_what_is_told_wins_over_unknown() -> None:
    found = _checked(("patient", "1", "", {"sex": "male"}, "diabetes"), ("patient", "1", "", {"diabetes": True}))
    (one,) = found.good
    assert dict(one.record.values) == {"sex": "male", "diabetes": True}
    assert one.record.unknown == frozenset()


def test_rows_that_contradict_each_other_are_a_problem_of_the_second_one() -> None:
    found = _checked(PATIENT, ("patient", "1", "", {"sex": "female"}), ("patient", "2", "", {}))
    (problem,) = found.problems
    assert (problem.row, problem.says) == (
        3, "row 2 of 't' has the same patient_id and tells another sex; a patient has one")  # fmt: skip
    assert [one.record.patient_id for one in found.good] == ["2"]
    assert found.left_out_patients == 1


def test_what_points_to_nothing_is_a_problem_unless_the_registry_has_it() -> None:
    reading = ("reading", "1", "r", {"lesion_id": "L", "scan_id": "S"})
    found = _checked(PATIENT, ("lesion", "1", "L", LIVER), reading)
    assert "its scan_id points to a scan" in found.problems[0].says
    assert not _checked(PATIENT, ("lesion", "1", "L", LIVER), reading, known={("scan", "1", "S")}).problems


def test_a_lesion_of_another_patient_is_not_this_one() -> None:
    found = _checked(PATIENT, ("patient", "2", "", {}), ("lesion", "2", "L", LIVER), ("scan", "1", "S", DAY),
                     ("reading", "1", "r", {"lesion_id": "L", "scan_id": "S"}))  # fmt: skip
    assert "lesion_id" in found.problems[0].says


def test_records_of_nobody_are_a_problem() -> None:
    assert "points to a patient" in _checked(("lesion", "1", "L", LIVER)).problems[0].says
    assert not _checked(("lesion", "1", "L", LIVER), known={("patient", "1", "")}).problems


def test_patients_come_whole_or_not_at_all() -> None:
    found = _checked(PATIENT, ("lesion", "1", "L", LIVER), ("patient", "2", "", {}), broken="1")
    assert [one.record.patient_id for one in found.good] == ["2"]
    assert len(found.left_out) == 2
    assert (found.left_out_patients, found.nobodys) == (1, 0)
