"""Whether scans look swapped, or are one image: what was asked of a pair and confirmed is found in its result."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from isotherm.app.board_measure import MeasuredCourse, MeasuredSession
from isotherm.app.board_registry import WHY, doubts_of_sides, write_to_registry
from isotherm.app.board_tasks import Boarded
from isotherm.app.pair import TWO_ASKED
from isotherm.app.side_doubts import side_doubt
from isotherm.clinical.course import Course, DrawnScan, Session, SessionPair
from isotherm.exchange.case_files import read_case_file
from isotherm.exchange.origin import Origin, check_pair
from isotherm.registry.store import open_store
from tests.app.pair_in_memory import assessed, pair
from tests.app.test_records_of_case import LIVER, TODAY

WELL = {"status": "measured", "tumor_volume_ml": 4.0, "ablation_volume_ml": 12.0, "residual_volume_ml": 0.0}


def of_day(day: int) -> Origin:
    return Origin("P", "", "", date(2025, 1, day), None, "CT", "")


def test_a_scan_after_that_is_older_than_the_one_before_is_in_doubt_in_the_result() -> None:
    confirmed = replace(pair(), warnings=check_pair([of_day(9)], [of_day(2)], confirmed=True))
    document = assessed(confirmed).assessment.document

    assert side_doubt(document["lesions"][0], document["warnings"]) == (
        "the study after ablation is 7 days older than the one before"
    )
    in_order = replace(pair(), warnings=check_pair([of_day(2)], [of_day(9)], confirmed=True))
    document = assessed(in_order).assessment.document
    assert side_doubt(document["lesions"][0], document["warnings"]) == ""


@pytest.mark.parametrize(("lesion", "warning", "says"), [
    (WELL, f"The scans are the same image (what is drawn): {TWO_ASKED}; it was confirmed.",
     "the scans are the same image"),
    (WELL, "The DICOM objects carry 2 different patient names: are they of one patient; it was confirmed.", ""),
    (WELL | {"ablation_volume_ml": 3.0}, f"The scans are the same image: {TWO_ASKED}; it was confirmed.",
     "the scans are the same image and the ablation zone is smaller than the tumor"),
    (WELL, "The ablation zone was corrected by hand: 1 stroke.", ""),
])  # fmt: skip
def test_one_image_given_twice_and_sizes_of_swapped_scans_are_in_doubt_and_nothing_else_is(
    lesion: dict[str, object], warning: str, says: str
) -> None:
    assert side_doubt(lesion, [warning]) == says


def of_course(first: int, second: int) -> MeasuredCourse:
    """What is measured of scans whose files tell these days, and whose pair was confirmed."""
    session = Session(id="S1", on=date(2025, 1, 5), lesions=("1",), modality="MWA")
    before, after = (DrawnScan(id=key, on=date(2025, 1, day), image="") for key, day in (("B", 2), ("A", 9)))
    course = Course(patient_id="A-17", sessions=(session,), scans=(before, after))
    confirmed = replace(pair(), warnings=check_pair([of_day(first)], [of_day(second)], confirmed=True))
    measured = MeasuredSession(SessionPair(session, before, after, ("1",), ()), assessed(confirmed))
    return MeasuredCourse(course, (measured,), (), {})


def test_a_case_whose_scans_look_swapped_says_so_and_the_audit_keeps_it(tmp_path: Path) -> None:
    address = str(tmp_path / "registry.sqlite")
    open_store(address, create=True).close()
    boarded = Boarded({}, read_case_file(LIVER, today=TODAY), of_course(9, 2))
    says = "lesion 1, session S1: the study after ablation is 7 days older than the one before"
    told = write_to_registry(address, boarded, by=None)
    assert f"  look which scan is before and which is after: {says}" in told
    with open_store(address) as store:
        assert {one.why for one in store.history(patient_id="A-17", kind_name="margin")} == {
            f"{WHY}; nobody said why the scans are right, {says}"}  # fmt: skip


def test_a_case_whose_scans_are_in_order_goes_into_a_registry_without_a_word_more(tmp_path: Path) -> None:
    address = str(tmp_path / "registry.sqlite")
    open_store(address, create=True).close()
    assert list(doubts_of_sides(of_course(2, 9))) == []
    (line,) = write_to_registry(address, Boarded({}, read_case_file(LIVER, today=TODAY), of_course(2, 9)), by=None)
    assert line.startswith("Registry: ")
    with open_store(address) as store:
        assert {one.why for one in store.history(patient_id="A-17")} == {WHY}
