"""Sizes: a tumor that is filed under a lesion of another size is asked about; what readers differ by is not."""

from __future__ import annotations

from datetime import date

import pytest

from isotherm.app.board_measure import MeasuredCourse, MeasuredSession
from isotherm.app.board_registry import doubts_of_sizes
from isotherm.app.size_doubts import LEAST_MM, READERS_SHARE, Filing, size_doubt
from isotherm.clinical.course import Course, Session, SessionPair
from tests.app.pair_in_memory import assessed
from tests.app.test_accepting_words import of

EARLY, ABLATED, LATE = date(2026, 1, 2), date(2026, 2, 1), date(2026, 2, 3)

HELD = (
    of("patient"), *(of("lesion", key, organ="liver") for key in ("L1", "L2", "L3")),
    of("scan", "early", scanned_on=EARLY), of("scan", "late", scanned_on=LATE), of("session", "S1", ablated_on=ABLATED),
    of("ablation", "A1", session_id="S1", lesion_id="L1"),
    of("reading", "R1", lesion_id="L1", scan_id="early", diameter_mm=12.0),
    of("reading", "R2", lesion_id="L2", scan_id="early", diameter_mm=29.0),
    of("reading", "zone", lesion_id="L1", scan_id="late", diameter_mm=31.0),
)  # fmt: skip

OF_1 = Filing(lesion_id="L1", ablation_id="A1", after_on=LATE)


def test_a_tumor_of_another_size_is_told_with_both_numbers_and_the_lesion_that_fits() -> None:
    assert size_doubt(HELD, OF_1, 30.4).replace("\u00a0", " ") == (
        "the tumor that was measured is 30 mm across, and the registry has lesion L1 with 12 mm (2026-01-02), which is "
        "more than two readers differ by: lesion L2 with 29 mm (2026-01-02) would fit")  # fmt: skip
    assert size_doubt(HELD, OF_1, 60.0).endswith("and no other lesion of known size fits")


def test_a_tumor_that_is_smaller_is_asked_about_as_one_that_is_larger() -> None:
    assert "lesion L1 with 12" in size_doubt(HELD, Filing(lesion_id="L2", after_on=LATE), 12.0)


@pytest.mark.parametrize("known", [6.0, 12.0, 30.0, 120.0])
def test_what_two_readers_differ_by_says_nothing_and_small_tumors_get_their_millimeters(known: float) -> None:
    held = [one for one in HELD if one.id != "R1"] + [
        of("reading", "R1", lesion_id="L1", scan_id="early", diameter_mm=known)
    ]
    share = READERS_SHARE / 2.0
    largest = max(known + LEAST_MM, known * (1.0 + share) / (1.0 - share))
    assert size_doubt(held, OF_1, largest - 0.01) == ""
    assert size_doubt(held, OF_1, largest + 0.01) != ""


def test_the_zone_that_is_read_after_an_ablation_is_no_size_of_the_tumor() -> None:
    assert size_doubt(HELD, OF_1, 31.0) != ""
    for filing in (Filing(lesion_id="L1", after_on=LATE), Filing(lesion_id="L1", after_on=LATE, before_on=EARLY)):
        assert size_doubt(HELD, filing, 31.0) != ""


def test_of_two_readers_on_one_day_the_one_that_fits_counts() -> None:
    other = of("reading", "R1b", lesion_id="L1", scan_id="early", diameter_mm=15.0)
    assert size_doubt((*HELD, other), OF_1, 19.0) == ""
    assert size_doubt(HELD, OF_1, 19.0) != ""


def test_where_no_size_or_no_day_is_known_nothing_is_asked() -> None:
    assert size_doubt(HELD, Filing(lesion_id="L3", after_on=LATE), 30.0) == ""
    assert size_doubt(HELD, Filing(lesion_id="none", after_on=LATE), 30.0) == ""
    assert size_doubt(HELD, Filing(lesion_id="L2"), 90.0) == ""
    assert size_doubt(HELD, Filing(lesion_id="L1", ablation_id="A1", before_on=date(2025, 1, 1)), 30.0) != ""
    assert size_doubt(HELD, Filing(lesion_id="L1", before_on=date(2025, 1, 1)), 30.0) == ""


def test_a_fact_that_cannot_be_read_takes_nothing_away_from_what_is_known_of_a_size() -> None:
    nonsense = of("fact", "f", name="diameter_mm", value="1", noted_on=EARLY, origin="typed")
    assert size_doubt((*HELD, nonsense), OF_1, 30.0) == size_doubt(HELD, OF_1, 30.0) != ""


def test_a_case_that_goes_into_a_registry_tells_sizes_that_it_was_known_by_before() -> None:
    session = Session(id="S1", on=ABLATED, lesions=("1",))
    measured = MeasuredSession(SessionPair(session, None, None, ("1",), ()), assessed())
    course = MeasuredCourse(Course(patient_id="P1", sessions=(session,)), (measured,), (), {})
    lesion = (of("patient"), of("lesion", "1", organ="liver"), of("scan", "early", scanned_on=EARLY))
    apart, same = (of("reading", "R", lesion_id="1", scan_id="early", diameter_mm=mm) for mm in (31.0, 11.0))
    (told,) = doubts_of_sizes((*lesion, apart), course)
    assert told.startswith(
        "  look whether it is lesion 1, session S1: the tumor that was measured is 10 mm across, and "
    )
    assert list(doubts_of_sizes((*lesion, same), course)) == list(doubts_of_sizes((), course)) == []
