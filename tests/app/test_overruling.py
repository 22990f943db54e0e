"""What a follow-up finds overrules what a decision noted, from its own day on; what was ablated was to be ablated."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from isotherm.app.case_from_records import case_from_records
from isotherm.app.recorded import died_on
from isotherm.clinical.case import Picture
from isotherm.clinical.picture import picture_of
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS

DECIDED, SEEN, LATER = date(2013, 3, 17), date(2014, 5, 10), date(2015, 1, 1)


def record(kind: str, own: str = "", **values: Any) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id="P1", id=own, values=values)


def decision(own: str = "D", on: date = DECIDED, **values: Any) -> Record:
    known = {"organ": "liver", "extrahepatic_disease": False, "n_lesions": 2, "largest_lesion_mm": 27.0,
             "resectable": True, "distribution": "unilobar"}  # fmt: skip
    return record("decision", own, decided_on=on, **(known | values))


def seen(own: str = "F", on: date = SEEN, **values: Any) -> Record:
    return record("follow_up", own, seen_on=on, **values)


def found_true(field: str) -> Record:
    return record("follow_up", "F", **{"seen_on": SEEN, field: True})


def picture(*records: Record, on: date = LATER) -> Picture:
    lesions = [record("lesion", name, organ="liver") for name in ("1", "2")]
    return picture_of(case_from_records([*lesions, *records], patient_id="P1", on=on))


def value(found: Picture, name: str, lesion: str | None = None) -> object:
    reading = found.reading(name, lesion)
    return None if reading is None else reading.value


def test_more_lesions_than_a_decision_counted_leave_their_number_open_and_nothing_else() -> None:
    found = picture(decision(n_lesions=1))
    reading = found.reading("n_lesions", None)
    assert reading is not None
    assert (reading.value, reading.gap) == (None, "conflicting values")
    assert [fact.value for fact in reading.facts] == [1, 2]
    assert value(found, "resectable") is True


@pytest.mark.parametrize(("on", "number"), [(DECIDED, 2), (SEEN, None)])
def test_a_lesion_counts_from_the_day_it_was_found_on(on: date, number: int | None) -> None:
    found = picture(decision(), record("lesion", "3", organ="liver", found_on=SEEN), on=on)
    assert value(found, "n_lesions") == number
    assert len(found.lesions) == (3 if number is None else 2)


@pytest.mark.parametrize(("on", "expected"), [(DECIDED, False), (date(2014, 5, 9), False), (SEEN, True), (LATER, True)])
def test_tumor_outside_of_the_liver_counts_from_the_day_it_was_found_on(on: date, expected: bool) -> None:
    assert value(picture(decision(), seen(new_elsewhere=True), on=on), "extrahepatic_disease") is expected


def test_no_new_tumor_at_a_follow_up_is_not_the_same_as_no_tumor() -> None:
    sick = picture(decision(extrahepatic_disease=True), seen(new_elsewhere=False, new_in_organ=False))
    assert value(sick, "extrahepatic_disease") is True
    assert value(sick, "n_lesions") == 2


@pytest.mark.parametrize("day", [SEEN, date(2014, 6, 1)])
def test_a_decision_of_that_day_or_later_was_made_in_knowledge_of_what_was_found(day: date) -> None:
    found = picture(decision(), seen(new_elsewhere=True, new_in_organ=True), decision("D2", on=day, n_lesions=3))
    assert value(found, "extrahepatic_disease") is False
    assert value(found, "n_lesions") == 3
    assert value(found, "resectable") is True


def test_of_a_lung_it_is_metastases_outside_of_the_lung_and_of_no_known_organ_neither() -> None:
    lung = [record("lesion", "1", organ="lung"), seen(new_elsewhere=True)]
    told = picture_of(case_from_records(lung, patient_id="P1", on=LATER)).patient
    assert told["extrapulmonary_metastases"].value is True
    assert "extrahepatic_disease" not in told
    other = [record("lesion", "1", organ="liver"), record("lesion", "2", organ="lung"), seen(new_elsewhere=True)]
    both = picture_of(case_from_records(other, patient_id="P1", on=LATER)).patient
    assert not {"extrahepatic_disease", "extrapulmonary_metastases"} & both.keys()


def test_new_tumor_in_the_organ_opens_the_count_again_and_the_largest_is_at_least_what_it_was() -> None:
    found = picture(decision(), seen(new_in_organ=True))
    assert (value(found, "n_lesions"), found.patient["n_lesions"].low) == (None, 2)
    assert found.patient["n_lesions"].gap == "list of lesions is open"
    assert value(found, "largest_lesion_mm") is None
    assert value(found, "distribution") is None
    assert value(found, "extrahepatic_disease") is False


@pytest.mark.parametrize("field", ["new_in_organ", "new_elsewhere", "untreatable"])
def test_a_yes_on_all_disease_loses_its_ground_and_a_no_keeps_it(field: str) -> None:
    resectable = picture(decision(), found_true(field)).patient["resectable"]
    assert (resectable.value, resectable.gap) == (None, "not assessable")
    assert "2014-05-10" in resectable.facts[0].source
    assert value(picture(decision(resectable=False), found_true(field)), "resectable") is False


def test_bilobar_stays_bilobar_and_nothing_is_overruled_that_was_never_noted() -> None:
    found = picture(decision(distribution="bilobar"), seen(new_in_organ=True, new_elsewhere=True))
    assert value(found, "distribution") == "bilobar"
    assert not {"oligometastatic", "mediastinal_nodes", "n_lung_metastases"} & found.patient.keys()


def test_local_progression_is_progression_and_says_nothing_of_other_places() -> None:
    finding = record("finding", "1", follow_up_id="F", lesion_id="1", state="local tumor progression")
    found = picture(decision(), seen(), finding)
    assert value(found, "disease_progression") is True
    assert value(found, "extrahepatic_disease") is False
    assert value(found, "resectable") is True


def test_what_local_therapy_cannot_treat_is_not_all_treatable() -> None:
    assert value(picture(decision(), seen(untreatable=True)), "all_metastases_treatable") is False


def ablated(own: str, lesion: str, on: date, **values: Any) -> list[Record]:
    return [record("session", own, ablated_on=on),
            record("ablation", own, session_id=own, lesion_id=lesion, **values)]  # fmt: skip


def test_a_lesion_that_was_ablated_was_to_be_ablated_from_that_day_to_the_next_decision() -> None:
    records = [decision(), *ablated("S", "1", date(2013, 6, 23)), decision("D2", on=date(2014, 9, 1))]
    days = (date(2013, 6, 22), date(2013, 6, 23), date(2014, 8, 31), date(2014, 9, 1))
    assert [value(picture(*records, on=day), "target", "1") for day in days] == [None, True, True, None]
    assert value(picture(*records), "target", "2") is None


def test_a_lesion_ablated_on_the_day_of_the_next_decision_is_one_to_be_ablated() -> None:
    again = date(2014, 9, 1)
    records = [*ablated("S", "1", date(2013, 6, 23)), decision("D2", on=again), *ablated("S2", "1", again)]
    assert value(picture(*records, on=again), "target", "1") is True


def test_what_was_noted_of_a_target_on_the_very_day_stands() -> None:
    day = date(2013, 6, 23)
    fact = record("fact", "x", name="target", lesion_id="1", value="false", noted_on=day)
    assert value(picture(*ablated("S", "1", day), fact), "target", "1") is False


def test_a_death_is_known_from_its_day_on() -> None:
    records = [record("death", died_on=SEEN)]
    assert died_on(records, until=date(2014, 5, 9)) is None
    assert died_on(records, until=SEEN) == SEEN
    assert died_on([], until=SEEN) is None
