"""The main estimate as one line: what it is a risk of, by when, more or less, with whom; few events are said."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from isotherm.app.study_report_claim import claim, few_of
from isotherm.app.study_report_designs import main_key, of_design
from isotherm.app.study_report_headline import headline_of
from isotherm.app.study_report_parts import text_of
from tests.app.made_up_study import result_of


def with_value(name: str, value: float) -> Any:
    result = copy.deepcopy(dict(result_of(name)))
    result["results"]["headline.effect"]["value"] = value
    return result


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.152, "15.2 percentage points higher with “Delayed ablation” than with “Ablation first”"),
        (-0.152, "15.2 percentage points lower with “Delayed ablation” than with “Ablation first”"),
        (0.0, "the same with “Delayed ablation” and with “Ablation first”"),
    ],
)
def test_a_difference_is_told_with_its_event_its_horizon_its_side_and_its_arms(value: float, words: str) -> None:
    result = with_value("designs", value)
    assert claim(result, of_design(result)).replace("\u00a0", " ") == f"Risk of death by 12 months: {words}"


def test_a_ratio_is_told_as_times() -> None:
    head = headline_of(result_of("real"))
    assert head.claim.startswith("Hazard of ")
    assert " times what it is with “" in head.claim


@pytest.mark.parametrize(("events", "said"), [(9, 1), (10, 0), (None, 0)])
def test_an_arm_with_few_events_is_a_caveat_unless_it_is_withheld(events: int | None, said: int) -> None:
    result = copy.deepcopy(dict(result_of("designs")))
    key = main_key(result)
    for arm, number in (("delayed", events), ("first", 50), ("upfront", 50)):
        if f"{key}.{arm}.events" in result["results"]:
            result["results"][f"{key}.{arm}.events"]["value"] = number
    found = [text_of(one) for one in few_of(result)]
    assert len(found) == said
    assert all(one.startswith("Few patients: “Delayed ablation” has 9 events") for one in found)
    assert few_of(result_of("real")) == ()
