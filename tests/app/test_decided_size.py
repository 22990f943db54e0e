"""Sizes at a decision: the largest that it notes against the lesions' own sizes by its day, told and not judged by."""

from __future__ import annotations

from datetime import date

import pytest

from isotherm.app.case_from_records import case_from_records
from isotherm.app.criteria_document import fact_of
from isotherm.app.criteria_words import reasons
from isotherm.app.decided_size import still_apart
from isotherm.app.facts_of_records import read_facts
from isotherm.app.registry_misfits import misfits
from isotherm.clinical.case import Picture
from isotherm.clinical.kinds import Value
from isotherm.clinical.picture import picture_of
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.criteria.change import targets_of, what_would_change
from isotherm.criteria.judge import finding
from isotherm.criteria.library import guideline, rules

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
    assert reading.says.endswith(": 28 mm of lesion 2, and the decision on 2020-02-01 has 31 mm as the largest")


def test_a_decision_of_a_smaller_size_is_told_as_well() -> None:
    assert len(misfits(records(*READ, noted=25.0))) == 2


def test_a_contradiction_is_told_only_while_what_was_noted_still_counts() -> None:
    told, on = records(*READ), AFTER
    assert len(list(still_apart(told, read_facts(told), on))) == 1
    noted_again = [*told, of("decision", "2", decided_on=AFTER, largest_lesion_mm=28.0, organ="liver")]
    measured_again = [*told, *(of("reading", f"{lesion}b", lesion_id=lesion, scan_id="b", diameter_mm=mm)
                               for lesion, mm in (("1", 20.0), ("2", 28.0)))]  # fmt: skip
    for later in (noted_again, measured_again):
        assert list(still_apart(later, read_facts(later), on)) == []


@pytest.mark.parametrize("fitting", [
    records(*READ, noted=28.0),
    records(("1", "a", 20.0), ("2", "a", 27.6), noted=28.0),  # noted in whole millimeters
    records(("2", "a", 28.0)),  # the other one has no size
    records(("1", "a", 31.0), ("2", "b", 28.0)),  # read later only: new
    [*records(*READ), of("lesion", "3", organ="liver", found_on=BEFORE)],
    [*records(*READ), of("fact", "1", name="diameter_mm", lesion_id="1", value="31", noted_on=BEFORE)],  # one of two
    [one for one in records(*READ) if one.kind.name != "decision"],
])  # fmt: skip
def test_what_fits_or_is_not_known_is_not_told(fitting: list[Record]) -> None:
    assert misfits(fitting) == ()


def test_a_lesion_of_another_organ_is_not_the_decisions() -> None:
    other = [of("lesion", "3", organ="lung"), of("reading", "3a", lesion_id="3", scan_id="a", diameter_mm=31.0)]
    assert [one.key for one in misfits([*records(*READ), *other])] == ["1", "2a"]


def test_sizes_that_were_typed_are_told_as_those_that_were_read() -> None:
    typed = [of("fact", lesion, name="diameter_mm", lesion_id=lesion, value=mm, noted_on=BEFORE)
             for lesion, mm in (("1", "20"), ("2", "28"))]  # fmt: skip
    decision, fact = misfits([*records(), *typed])
    assert decision.says.endswith(": 31 mm, and the largest by that day is lesion 2 with 28 mm")
    assert (fact.kind, fact.key) == ("fact", "2")


def picture(*sizes: tuple[str, str, float], noted: float, on: date = AFTER) -> Picture:
    counted = [one if one.kind.name != "decision" else of("decision", "1", **one.values, n_lesions=2)
               for one in records(*sizes, noted=noted)]  # fmt: skip
    targets = [of("fact", lesion, name="target", lesion_id=lesion, value="true", noted_on=DECIDED) for lesion in "12"]
    known = [of("primary", "p", primary="colorectal"), *targets]
    return picture_of(case_from_records([*counted, *known], patient_id="X1", on=on))


@pytest.mark.parametrize(("noted", "of_2"), [(36.0, 28.0), (28.0, 36.0)])
def test_no_criterion_is_met_or_not_met_by_a_size_that_the_lesions_contradict(noted: float, of_2: float) -> None:
    found = picture(("1", "a", 20.0), ("2", "a", of_2), noted=noted)
    for id in ("new-comet-2021.size", "liang-2023.size"):  # noqa: A001 - what it is called everywhere
        told = finding(rules()[id][1], found, on=AFTER)
        assert told.answer.name == "UNKNOWN"
        both = f"{noted:g} mm (noted for 2020-02-01) against {of_2:g} mm (lesion 2, measured on 2020-01-20)"
        assert both in " ".join(reasons(told))
    of_lesions = finding(rules()["ciemar-2023.size"][1], found, on=AFTER)
    assert of_lesions.answer.name == ("MET" if of_2 <= 30 else "NOT_MET")


def test_what_would_settle_it_is_which_of_both_numbers_is_right() -> None:
    target = guideline("new-comet-2021")
    (change,) = [one for one in what_would_change([target], picture(*READ, noted=36.0))
                 if one.target in targets_of([target]) and one.target.id == "new-comet-2021.size"]  # fmt: skip
    assert [(one.answer.name, one.values) for one in change.outcomes] == [
        ("MET", "largest diameter of all lesions exactly 28 mm"),
        ("NOT_MET", "largest diameter of all lesions exactly 36 mm"),
    ]


def test_sizes_that_were_all_measured_anew_take_the_place_of_what_was_noted_from_their_day_on() -> None:
    again = (*READ, ("1", "b", 18.0), ("2", "b", 24.0))
    for on, mm in ((DECIDED, 28.0), (AFTER, 24.0)):
        assert picture(*again, noted=28.0, on=on).patient["largest_lesion_mm"].value == mm
    one_of_two = picture(*READ, ("1", "b", 18.0), noted=28.0)
    assert one_of_two.patient["largest_lesion_mm"].value == 28.0


def found_later(mm: float, *, of_2: float, at: date = AFTER) -> Picture:
    """The picture with 28 mm noted, sizes before the decision, and a third lesion that was found after it."""
    told = [*records(("1", "a", 20.0), ("2", "a", of_2), noted=28.0), of("primary", "p", primary="colorectal"),
            of("lesion", "3", organ="liver", found_on=AFTER),
            of("reading", "3b", lesion_id="3", scan_id="b", diameter_mm=mm)]  # fmt: skip
    return picture_of(case_from_records(told, patient_id="X1", on=at))


def size_asked(found: Picture) -> tuple[str, str]:
    told = finding(rules()["new-comet-2021.size"][1], found, on=AFTER)
    return told.answer.name, " ".join(reasons(told))


def test_a_lesion_that_came_after_the_decision_is_told_with_both_days_and_is_no_contradiction() -> None:
    answer, said = size_asked(found_later(50.0, of_2=28.0))
    assert answer == "NOT_MET"
    assert said == ("largest diameter of all lesions: at least 50 mm; known are 28 mm (noted for 2020-02-01), and "
                    "later 50 mm (lesion 3, 2020-03-01) (at most 30 mm asked)")  # fmt: skip
    assert size_asked(found_later(29.0, of_2=28.0))[0] == "UNKNOWN"


@pytest.mark.parametrize(("mm", "answer"), [(50.0, "NOT_MET"), (34.0, "UNKNOWN")])
def test_a_lesion_that_came_later_is_named_beside_what_contradicts_the_decision(mm: float, answer: str) -> None:
    told, said = size_asked(found_later(mm, of_2=36.0))
    assert told == answer
    assert ("28 mm (noted for 2020-02-01) against 36 mm (lesion 2, measured on 2020-01-20), "
            f"and later {mm:g} mm (lesion 3, 2020-03-01)") in said  # fmt: skip


def test_a_later_size_is_none_of_the_two_that_contradict_each_other() -> None:
    target = guideline("new-comet-2021")
    changes = what_would_change([target], found_later(34.0, of_2=36.0))
    assert not any("34 mm" in one.values for change in changes for one in change.outcomes)


def test_what_would_settle_an_outgrown_size_is_a_size_from_the_later_one_on() -> None:
    target = guideline("new-comet-2021")
    (change,) = [one for one in what_would_change([target], found_later(29.0, of_2=28.0))
                 if one.target.id == "new-comet-2021.size"]  # fmt: skip
    assert [(one.answer.name, one.values) for one in change.outcomes] == [
        ("MET", "largest diameter of all lesions from 29 mm to 30 mm"),
        ("NOT_MET", "largest diameter of all lesions above 30 mm"),
    ]


def test_an_outgrown_size_is_of_the_day_of_the_lesion_that_bounds_it() -> None:
    told = fact_of(found_later(50.0, of_2=28.0).patient["largest_lesion_mm"], None)
    assert (told["shown"], told["on"], told["source"]) == ("at least 50 mm", "2020-03-01", "lesion 3, 2020-03-01")
