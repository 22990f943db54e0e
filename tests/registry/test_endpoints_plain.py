"""The fast endpoints equal the plain ones on registries of every muddle, whatever is chosen."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from isotherm.registry.endpoints import endpoints
from isotherm.registry.endpoints_kinds import Choices
from isotherm.registry.timed import Timed, Told
from tests.registry import plain_endpoints as plain
from tests.registry.muddled import Made, registries, tables_of

CHOICES = st.builds(
    Choices,
    anchor=st.sampled_from(["decision", "ablation", "diagnosis", "metastases"]),
    local_from=st.sampled_from(["first", "last"]),
    repeat=st.sampled_from(["goes on", "censors", "counts"]),
    efficacy_days=st.sampled_from([30.0, 120.0]),
)


def of_time(one: Timed, row: int) -> plain.Answer:
    days, event = float(one.time_days[row]), float(one.event[row])
    assert (one.why[row] == "") == (not math.isnan(days)) == (not math.isnan(event))
    return (None, None) if math.isnan(days) else (days, event)


def of_answer(one: Told, row: int) -> bool | None:
    value = float(one.values[row])
    assert (one.why[row] == "") == (not math.isnan(value))
    return None if math.isnan(value) else value == 1.0


@settings(max_examples=150, deadline=None)
@given(made=registries, choices=CHOICES)
def test_fast_and_plain_endpoints_are_equal(made: Made, choices: Choices) -> None:
    fast = endpoints(tables_of(made), choices)
    tumor = 0
    for row, who in enumerate(made.get("patient", [])):
        person = plain.Person(made, who["patient_id"])
        expected = plain.of_patient(person, choices)
        got = {name: of_time(one, row) for name, one in fast.patients.times.items()}
        assert got == {name: expected[name] for name in got}
        for lesion in person.of("lesion"):
            story = plain.Story(person.course(lesion), choices)
            times = {name: of_time(one, tumor) for name, one in fast.tumor_times.items()}
            assert times == {
                "ltp": plain.ltp(person, story, choices),
                "ltpfs": plain.ltp_free(person, story, choices),
                "local_failure": plain.local_failure(person, story),
            }
            told = {name: of_answer(one, tumor) for name, one in fast.tumor_answers.items()}
            assert told == {
                "technical_success": plain.technical_success(person, lesion, story),
                "residual_tumor": plain.residual_tumor(story),
                "primary_efficacy": plain.primary_efficacy(story, choices),
                "assisted_efficacy": plain.assisted_efficacy(story, choices),
            }
            tumor += 1


def _orderly(made: Made, choices: Choices) -> list[tuple[str, Timed]]:
    found = endpoints(tables_of(made), choices)
    return [*found.patients.times.items(), *found.tumor_times.items()]


@settings(max_examples=12, deadline=None)
@given(made=registries, choices=CHOICES)
def test_no_time_is_negative_and_the_event_lies_between_the_last_day_free_and_the_first_not(
    made: Made, choices: Choices
) -> None:
    for _, one in _orderly(made, choices):
        for row in range(len(one)):
            if one.why[row]:
                continue
            assert one.time_days[row] >= 0.0
            end = one.start_day[row] + one.time_days[row]
            assert one.start_day[row] <= one.free_day[row] <= end
            assert math.isnan(one.found_day[row]) if one.event[row] == 0.0 else one.found_day[row] == end


@settings(max_examples=12, deadline=None)
@given(made=registries, order=st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(made: Made, order: Any) -> None:
    mixed: Made = {name: list(rows) for name, rows in made.items()}
    for name in mixed:
        if name not in ("patient", "lesion", "session"):
            order.shuffle(mixed[name])
    for (_, one), (_, other) in zip(_orderly(made, Choices()), _orderly(mixed, Choices()), strict=True):
        assert one.why.tolist() == other.why.tolist()
        assert str(one.time_days.tolist()) == str(other.time_days.tolist())
        assert str(one.free_day.tolist()) == str(other.free_day.tolist())


@settings(max_examples=12, deadline=None)
@given(made=registries)
def test_what_succeeds_at_once_also_succeeds_with_help(made: Made) -> None:
    told = endpoints(tables_of(made)).tumor_answers
    at_once = told["primary_efficacy"].values == 1.0
    assert (told["assisted_efficacy"].values[at_once] == 1.0).all()
