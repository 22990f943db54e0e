"""The main estimate as one line: what it is a risk of, by when, more or less, with whom; few events are said."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from isotherm.app.study_page import page_of
from isotherm.app.study_report_claim import claim, few_of
from isotherm.app.study_report_designs import main_key, of_design
from isotherm.app.study_report_headline import headline_of
from isotherm.app.study_report_parts import Bound, text_of
from isotherm.app.study_report_tables import settings
from isotherm.app.study_report_unadjusted import unadjusted_words
from isotherm.app.study_report_words import printed
from isotherm.study import resample
from isotherm.study.analysis.run import analyze
from isotherm.study.protocol_designs import Naive
from tests.app.made_up_study import result_of
from tests.study.cohorts import WEIGHTS, people, run
from tests.study.registry import CLONES, registry, timing


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


def how(result: Any) -> str:
    return text_of(headline_of(result).how).replace("\u00a0", " ")


def test_the_replicates_of_a_design_and_their_method_stand_beside_its_interval() -> None:
    assert how(result_of("designs")) == (
        "Interval from a bootstrap of 20 replicates: clones, weighted; bootstrap of patients with weights refitted, 20 "
        "of 20 replicates, normal interval. "
    )
    assert Bound("headline.replicates", "value", "20") in headline_of(result_of("designs")).how


def test_an_interval_without_a_bootstrap_says_so_and_what_the_bootstrap_of_the_whole_analysis_gave() -> None:
    start, _, rest = how(result_of("real")).partition(
        ". The whole analysis, repeated on 20 bootstrap replicates, gave "
    )
    assert start.startswith("Interval without a bootstrap: weighted: Cox model")
    assert rest.count(" to ") == 1
    assert how(result_of("several")).endswith("Wald test. ")


def test_the_bootstrap_of_the_arms_is_not_told_of_a_design_that_has_none() -> None:
    result = copy.deepcopy(dict(result_of("designs")))
    del result["results"]["headline.replicates"]
    result["results"]["headline.effect"]["method"] = "difference of Kaplan-Meier risks, z test"
    result["results"]["bootstrap.replicates"] = result["results"]["bootstrap.os"] = result["results"]["headline.effect"]
    assert how(result) == "Interval without a bootstrap: difference of Kaplan-Meier risks, z test. "


def test_a_result_of_before_tells_the_method_alone_and_one_without_an_interval_nothing() -> None:
    result = copy.deepcopy(dict(result_of("designs")))
    del result["results"]["headline.replicates"]
    assert how(result).startswith("How the interval came about: clones, weighted; bootstrap of patients")
    result["results"]["headline.effect"] |= {"low": None, "high": None}
    assert how(result) == ""
    assert how(result_of("designs released")) == how(result_of("blinded")) == ""


def test_that_many_replicates_failed_stands_beside_the_interval_and_not_in_small_print() -> None:
    said = "31 of 200 bootstrap replicates failed (none in an arm: 31): the interval rests on the others."
    for name, key in (("designs", "headline.many_failed"), ("weights", "bootstrap.os.many_failed")):
        result = copy.deepcopy(dict(result_of(name)))
        assert headline_of(result).failed == ()
        result["results"][key] = result["results"]["headline.target"] | {"text": said, "why": ""}
        head = headline_of(result)
        assert text_of(head.failed) == said
        html = page_of(result, head, (), {})
        assert said in html.partition('<p class="failed">')[2].partition("</p>")[0]


def test_many_failures_are_recorded_with_the_interval_that_they_concern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resample, "MANY_FAILED", -1.0)
    designed = analyze(timing(designs=(CLONES, Naive())), registry(90)).results
    said = "0 of 20 bootstrap replicates failed"
    assert str(designed.records["headline.many_failed"].text).startswith(said)
    assert designed.tables["designs.os"]["columns"][-1] == "Replicates that failed"
    first, naive = (row[-1] for row in designed.tables["designs.os"]["rows"])
    assert (first["id"], naive) == ("design.clone_censor_weight.os.failed", "")
    assert printed(designed.records[first["id"]].plain()) == "0\N{NO-BREAK SPACE}of 20"
    weighted = run(people(120, gaps=0), methods=replace(WEIGHTS, bootstrap=22)).results.records
    assert str(weighted["bootstrap.os.many_failed"].text).startswith("0 of 22 bootstrap replicates failed")


def test_hazard_ratios_without_adjustment_say_why_they_differ() -> None:
    words = text_of(unadjusted_words(result_of("weights")))
    assert "that of Effects is of everybody in the arms, from time zero (" in words
    assert "that of a Cox model alone is of those whose covariates are all known" in words
    assert "design" not in words
    assert "and from the day on, that its target names" in text_of(unadjusted_words(result_of("designs")))
    alone = result_of("unadjusted")
    alone["tables"] = {name: one for name, one in alone["tables"].items() if not name.startswith("models.")}
    assert unadjusted_words(alone) == ()


def test_settings_of_the_arms_as_they_became_are_called_so_beside_designs() -> None:
    named = {text_of(row[0]) for row in settings(result_of("designs")).rows}
    assert {"bootstrap, of the arms as they became", "adjustment, of the arms as they became", "level"} <= named
    assert "bootstrap" in {text_of(row[0]) for row in settings(result_of("real")).rows}


def test_few_patients_and_stops_of_the_design_come_before_all_but_the_first_of_other_limits() -> None:
    result = copy.deepcopy(dict(result_of("designs")))
    result["results"]["caveat.2"] = result["results"]["caveat.1"] | {"text": "A second."}
    result["results"]["headline.caveat"]["text"] = "Made up. A second."
    result["results"][f"{main_key(result)}.delayed.events"]["value"] = 9
    found = [text_of(one) for one in headline_of(result).caveats]
    assert found[0] == "Made up."
    assert found[1].startswith("Few patients")
    assert found[2] == "A second."
    plain = copy.deepcopy(dict(result_of("weights")))
    plain["results"]["caveat.2"] = plain["results"]["caveat.1"] | {"text": "A second."}
    plain["results"]["headline.caveat"]["text"] = "Made up. A second."
    plain["results"]["finding.late"] = plain["results"]["caveat.1"] | {"text": "Arms by a later date."}
    plain["findings"].append({"key": "finding.late", "kind": "finding", "level": "stop", "says": "", "bars": []})
    assert [text_of(one) for one in headline_of(plain).caveats][:3] == [
        "Made up.",
        "Arms by a later date.",
        "A second.",
    ]
