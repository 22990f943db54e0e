"""Courses: which two scans tell a session's margin, and which scans show one zone over time."""

from __future__ import annotations

from datetime import date

import pytest

from isotherm.clinical.course import Course, DrawnScan, Session, session_pairs, zone_series


def scan(id: str, day: int, *, tumors: str = "", zones: str = "", month: int = 1) -> DrawnScan:  # noqa: A002
    return DrawnScan(id=id, on=date(2025, month, day), image=f"{id}.nii.gz",
                     tumors={one: f"{id}-t{one}" for one in tumors.split()},
                     zones={one: f"{id}-z{one}" for one in zones.split()})  # fmt: skip


def session(id: str, day: int, lesions: str = "1", month: int = 1) -> Session:  # noqa: A002
    return Session(id=id, on=date(2025, month, day), lesions=tuple(lesions.split()))


def course(*scans: DrawnScan, sessions: tuple[Session, ...] = (session("S1", 10),)) -> Course:
    return Course(patient_id="P1", sessions=sessions, scans=scans)


def test_the_last_scan_with_tumors_and_the_first_with_zones_are_the_pair_in_whatever_order_they_came() -> None:
    (pair,) = session_pairs(course(scan("F2", 20, zones="1"), scan("B2", 9, tumors="1"), scan("F1", 12, zones="1"),
                                   scan("B1", 2, tumors="1")))  # fmt: skip
    assert pair.before is not None
    assert pair.after is not None
    assert (pair.before.id, pair.after.id, pair.lesions, pair.left_out) == ("B2", "F1", ("1",), ())


def test_scans_of_the_day_itself_count_by_what_is_drawn_on_them() -> None:
    (pair,) = session_pairs(course(scan("now", 10, tumors="1"), scan("then", 10, zones="1")))
    assert pair.before is not None
    assert pair.after is not None
    assert (pair.before.id, pair.after.id) == ("now", "then")


def test_one_scan_with_both_is_no_pair_with_itself() -> None:
    (pair,) = session_pairs(course(scan("both", 10, tumors="1", zones="1")))
    assert pair.after is None
    assert pair.lesions == ()
    assert pair.left_out == (("1", "no zone is drawn on the first scan after the session"),)


@pytest.mark.parametrize(
    ("scans", "why"),
    [
        ((), "no tumor is drawn"),
        ((scan("B", 2, tumors="2"), scan("F", 12, zones="1")), "no tumor is drawn"),
        ((scan("B", 2, tumors="1"), scan("F", 12, zones="2")), "no zone is drawn"),
    ],
)
def test_a_lesion_without_its_drawings_is_left_out_and_why_is_told(scans: tuple[DrawnScan, ...], why: str) -> None:
    (pair,) = session_pairs(course(*scans))
    assert pair.lesions == ()
    assert [lesion for lesion, said in pair.left_out if why in said] == ["1"]


def test_without_a_session_there_is_neither_pair_nor_series() -> None:
    found = course(scan("B", 2, tumors="1"), scan("F", 12, zones="1"), sessions=())
    assert session_pairs(found) == ()
    assert zone_series(found) == ()


def test_a_zone_is_followed_until_its_lesion_is_treated_anew() -> None:
    found = zone_series(course(
        scan("F1", 12, zones="1 2"), scan("F2", 1, zones="1 2", month=3), scan("F3", 1, zones="1 2", month=6),
        scan("B3", 1, tumors="1", month=4), sessions=(session("S2", 2, "1", month=5), session("S1", 10, "1 2")),
    ))  # fmt: skip
    assert [(one.session.id, one.lesion, [scan.id for scan in one.scans]) for one in found] == [
        ("S1", "1", ["F1", "F2"]), ("S1", "2", ["F1", "F2", "F3"]), ("S2", "1", ["F3"]),
    ]  # fmt: skip


def test_a_second_session_of_a_lesion_has_a_pair_of_its_own() -> None:
    first, second = session_pairs(course(
        scan("B1", 2, tumors="1"), scan("F1", 12, zones="1"), scan("B2", 1, tumors="1", month=4),
        scan("F2", 1, zones="1", month=6), sessions=(session("S1", 10), session("S2", 1, month=5)),
    ))  # fmt: skip
    assert [(one.before and one.before.id, one.after and one.after.id) for one in (first, second)] == [
        ("B1", "F1"), ("B2", "F2"),
    ]  # fmt: skip


def test_a_zone_that_is_seen_only_after_the_next_session_tells_nothing_of_the_first() -> None:
    first, _ = session_pairs(course(scan("B1", 2, tumors="1"), scan("F", 25, zones="1"),
                                    sessions=(session("S1", 10), session("S2", 20))))  # fmt: skip
    assert first.after is None


def test_two_scans_or_sessions_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="two scans have one id"):
        course(scan("A", 1), scan("A", 2))
    with pytest.raises(ValueError, match="two sessions have one id"):
        course(sessions=(session("A", 1), session("A", 2)))


def test_what_is_drawn_on_a_scan_is_of_these_lesions() -> None:
    assert scan("A", 1, tumors="1", zones="2").drawn == {"1", "2"}
