"""Checklists: every item once, every result pointing to an item, and nothing written in place of an author."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadSetting
from isotherm.study.checklist import checklist, items_of, without_item
from isotherm.study.checklist_items import ITEMS

FAMILIES = sorted({family for item in ITEMS for family in item.answered_by})


def test_strobe_has_22_items_record_adds_13_and_target_has_21_of_39_parts() -> None:
    strobe = [item.number for item in ITEMS if item.statement == "STROBE"]
    record = [item.number for item in ITEMS if item.statement == "RECORD"]
    assert strobe == [str(number) for number in range(1, 23)]
    target = [item.number for item in ITEMS if item.statement == "TARGET"]
    assert len(target) == len(set(target)) == 39
    assert len({number.rstrip("abcdefgh(i)") for number in target}) == 21
    assert record == ["1.1", "1.2", "1.3", "6.1", "6.2", "6.3", "7.1", "12.1", "12.2", "12.3", "13.1", "19.1", "22.1"]


def test_an_item_that_no_result_can_answer_is_the_authors() -> None:
    assert all(item.author for item in ITEMS if not item.answered_by)
    assert [item.number for item in ITEMS if not item.answered_by] == [
        "2", "20", "22", "1.3", "6.2", "6.3", "12.1", "12.3",
        "2", "4", "6c", "6g", "15", "17", "20", "21",
    ]  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_results_points_to_an_item(family: str) -> None:
    assert items_of(family)
    assert items_of(f"{family}.os.estimate") == items_of(family)
    assert family not in [item.number for item in items_of(f"{family}s")]


@pytest.mark.parametrize("stray", ["", "flows", "flowing.x", "table", "unheard.of", ".flow"])
def test_a_result_without_an_item_is_a_finding(stray: str) -> None:
    assert without_item(["flow.start", stray]) == (stray,)
    with pytest.raises(BadSetting, match="1 results answer no item"):
        checklist(["flow.start", stray])


def test_each_item_says_whether_it_is_reported_or_an_authors_to_fill() -> None:
    status = {
        (one.item.statement, one.item.number): one.status
        for one in checklist(["flow.start", "effect.os", "caveat.1", "flow.start"])
    }
    assert status["STROBE", "13"] == status["RECORD", "13.1"] == status["STROBE", "16"] == "reported"
    assert status["STROBE", "19"] == "reported in part"
    assert status["STROBE", "2"] == "author"
    assert status["STROBE", "14"] == "not reported"
    assert status["STROBE", "1"] == "author"


def test_target_is_asked_of_a_study_that_emulates_a_trial_only() -> None:
    assert "TARGET" not in {one.item.statement for one in checklist(["flow.start"])}
    ids = ["course.patients", "design.ccw.os.censored.1", "design.ccw.os.delayed.risk_difference",
           "protocol.strategies", "design.ccw.os.weights.delayed.mean", "protocol.time_zero",
           "design.ccw.os.target"]  # fmt: skip
    found = {one.item.number: one for one in checklist(ids) if one.item.statement == "TARGET"}
    assert found["7b"].ids == ("design.ccw.os.censored.1", "protocol.strategies")
    assert found["7d"].ids == ("protocol.time_zero",)
    assert found["7f"].ids == ("design.ccw.os.target",)
    assert found["7h(i)"].ids == ("design.ccw.os.weights.delayed.mean",)
    assert found["13"].ids == ("design.ccw.os.delayed.risk_difference",)
    assert found["14"].status == "not reported"
    assert found["17"].status == "author"


@given(st.lists(st.sampled_from(FAMILIES), unique=True))
def test_every_result_is_listed_at_every_item_that_it_answers(ids: list[str]) -> None:
    listed = [(one.item, result) for one in checklist(ids) for result in one.ids]
    asked = {one.item for one in checklist(ids)}
    whole = [(item, result) for result in ids for item in items_of(result) if item in asked]
    assert sorted(listed, key=str) == sorted(whole, key=str)
    assert {result for _, result in listed} == set(ids)
