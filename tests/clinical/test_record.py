"""Records: what is refused, and that the kinds hold together."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from isotherm.clinical.kinds import LONGEST_TEXT, Value
from isotherm.clinical.record import Field, Record, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS

LESION, DEATH, MARGIN = (RECORD_KINDS[name] for name in ("lesion", "death", "margin"))


def lesion(values: dict[str, Value], *, patient_id: str = "P1", lesion_id: str = "1", unknown: str = "") -> Record:
    return Record(kind=LESION, patient_id=patient_id, id=lesion_id, values=values, unknown=frozenset(unknown.split()))


def test_a_record_keeps_what_is_known_apart_from_what_was_asked_and_is_not_known() -> None:
    record = lesion({"organ": "liver", "found_on": date(2025, 3, 1)}, unknown="place")
    assert record.get("organ") == "liver"
    assert record.get("place") is None
    assert record.get("perihilar") is None
    assert record.unknown == {"place"}


@pytest.mark.parametrize(
    ("values", "unknown", "words"),
    [
        ({"organ": "kidney"}, "", "^organ is one of liver, lung, other$"),
        ({}, "", "^organ is missing; a lesion needs it$"),
        ({}, "organ", "^organ is missing; a lesion needs it$"),
        ({"organ": "liver", "color": "red"}, "", "^color is no field of a lesion$"),
        ({"organ": "liver"}, "color", "^color is no field of a lesion$"),
        ({"organ": "liver", "place": "II"}, "place", "^place is both told and unknown$"),
        ({"organ": "liver", "found_on": datetime(2025, 3, 1)}, "", "^found_on is a date as in"),  # noqa: DTZ001
        ({"organ": "liver", "note": ""}, "", "^note is words"),
        ({"organ": "liver", "note": "x" * (LONGEST_TEXT + 1)}, "", "^note is words"),
        ({"organ": "liver", "note": "a\x00b"}, "", "^note is words"),
        ({"organ": "liver", "note": "\ud800"}, "", "^note is words"),
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, Value], unknown: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        lesion(values, unknown=unknown)


@pytest.mark.parametrize("key", ["", "a b", "../../x", "=1", "-1", "x" * 65, "ä", "a\n", "a'"])
def test_a_key_is_a_short_name_that_means_nothing_elsewhere(key: str) -> None:
    with pytest.raises(ValueError, match=r"^patient_id is a short name"):
        lesion({"organ": "liver"}, patient_id=key)
    with pytest.raises(ValueError, match=r"^lesion_id is a short name"):
        lesion({"organ": "liver"}, lesion_id=key)


def test_a_patient_dies_once() -> None:
    with pytest.raises(ValueError, match="a patient has one death"):
        Record(kind=DEATH, patient_id="P1", id="2", values={"died_on": date(2025, 3, 1)})


def test_fields_keep_numbers_in_one_type() -> None:
    values: dict[str, Value] = {"lesion_id": "1", "scan_id": "2", "status": "measured", "minimal_margin_mm": -2}
    assert isinstance(Record(kind=MARGIN, patient_id="P1", id="1", values=values).get("minimal_margin_mm"), float)


def test_only_keys_point_to_records() -> None:
    with pytest.raises(ValueError, match="only a key points"):
        Field(name="x", form="date", label="x", refers="lesion")
    with pytest.raises(ValueError, match="two fields have one name"):
        RecordKind(name="x", label="x", fields=(Field(name="patient_id", form="key", label="x"),))
    with pytest.raises(KeyError):
        LESION.field("color")


def test_each_reference_points_to_an_earlier_kind() -> None:
    seen: list[str] = []
    for name, kind in RECORD_KINDS.items():
        assert kind.name == name
        seen.append(name)
        assert all(field.refers in seen for field in kind.fields if field.refers)


def test_about_25_questions_are_asked_of_a_person() -> None:
    asked = [field for kind in RECORD_KINDS.values() for field in kind.fields if field.by == "question"]
    assert len(asked) == 25
    assert not any(field.form == "key" for field in asked)
