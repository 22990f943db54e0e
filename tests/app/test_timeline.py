"""The timeline of a patient: a follow-up says what was found, what was not, and what nobody could tell."""

from __future__ import annotations

from datetime import date

import pytest

from isotherm.app.timeline import timeline_of
from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS


def words(values: dict[str, Value], *, unknown: str = "") -> str:
    visit = Record(kind=RECORD_KINDS["follow_up"], patient_id="P1", id="1", unknown=frozenset(unknown.split()),
                   values={"seen_on": date(2020, 6, 1), **values})  # fmt: skip
    (event,) = timeline_of([visit]).events
    return event.words


@pytest.mark.parametrize(("values", "said"), [
    ({}, "nothing is noted of what was found"),
    ({"new_elsewhere": False}, "no new tumor outside of the organ"),
    ({"new_in_organ": False, "new_elsewhere": False},
     "no new tumor elsewhere in the organ, no new tumor outside of the organ"),
    ({"new_in_organ": False, "new_elsewhere": True},
     "new tumor outside of the organ, no new tumor elsewhere in the organ"),
    ({"untreatable": False}, "no progression that local therapy cannot treat"),
])  # fmt: skip
def test_what_was_not_found_is_a_finding(values: dict[str, Value], said: str) -> None:
    assert words(values) == f"Follow-up 1: {said}"


def test_what_nobody_could_tell_is_said() -> None:
    assert words({}, unknown="new_in_organ") == "Follow-up 1: new tumor elsewhere in the organ: nobody could tell"
