"""Open questions: what nobody has answered, and nothing that was answered or did not happen."""

from __future__ import annotations

from datetime import date

from isotherm.clinical.kinds import Value
from isotherm.clinical.questions import IF_ANY, N_QUESTIONS, different, open_questions, questions_of
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS


def record(kind: str, key: str = "", *, unknown: str = "", **values: Value) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id="P1", id=key, values=values, unknown=frozenset(unknown.split()))


def open_fields(*records: Record) -> dict[tuple[str, str], list[str]]:
    return {(one.kind.name, one.id): [field.name for field in one.fields] for one in open_questions(records)}


def test_of_a_patient_of_whom_nothing_is_known_all_is_asked_but_what_may_not_have_happened() -> None:
    found = open_questions(())
    assert not any(one.noted for one in found)
    rest = sum(len(questions_of(RECORD_KINDS[name])) for name in IF_ANY)
    assert different(found) == N_QUESTIONS - rest
    assert {one.kind.name for one in found}.isdisjoint(IF_ANY)


def test_what_was_answered_or_could_not_be_told_is_not_asked_again() -> None:
    found = open_fields(
        record("patient", sex="female", unknown="born_on"),
        record("lesion", "1", organ="liver"),
        record("lesion", "2", organ="liver", unknown="place"),
    )
    assert ("patient", "") not in found
    assert found["lesion", "1"] == ["place"]
    assert ("lesion", "2") not in found


def test_a_question_that_is_open_for_several_records_is_one_question() -> None:
    lesions = [record("lesion", str(n), organ="liver") for n in range(3)]
    assert different([one for one in open_questions(lesions) if one.kind.name == "lesion"]) == 1


def test_therapy_that_was_noted_is_asked_about() -> None:
    found = open_fields(record("systemic", "1", started_on=date(2025, 3, 1)))
    assert found["systemic", "1"] == ["regimen", "stopped_on"]
