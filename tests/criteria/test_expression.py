"""Expressions: answers under missing facts, intervals and open lists; what cannot be written; words and gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given

from isotherm.answer import Answer
from isotherm.clinical.case import Case, Lesion, Picture, noted
from isotherm.clinical.fact import Fact, read
from isotherm.clinical.kinds import Value
from isotherm.clinical.picture import picture_of
from isotherm.clinical.vocabulary import LESION_FACTS
from isotherm.criteria.explain import explain, gaps, known_as, silences
from isotherm.criteria.expression import Among, Comparison, Expression
from isotherm.criteria.judge import Presence, answer_of, finding, judge
from isotherm.criteria.library import guideline
from isotherm.criteria.rule import Since
from isotherm.criteria.table import answers
from isotherm.criteria.words import (
    every,
    every_lesion,
    no,
    number,
    on_condition,
    one_of,
    silent,
    some,
    some_lesion,
    yes,
)
from isotherm.errors import BadSetting
from tests.criteria.pictures import DAY, RULES, SMALL, pictures, rule


def case(facts: Mapping[str, Value], *lesions: dict[str, Value], complete: bool = True) -> Picture:
    named = tuple(Lesion(str(number), noted(one)) for number, one in enumerate(lesions, start=1))
    return picture_of(Case(on=DAY, facts=noted(facts), lesions=named, lesions_complete=complete))


def answer(expression: Expression, picture: Picture) -> str:
    return Answer(expression.level(picture)).name


SIZE = every(number("diameter_mm") <= 30)
TARGET: dict[str, Value] = {"target": True}


@pytest.mark.parametrize(
    ("lesions", "complete", "expected"),
    [
        (({**TARGET, "diameter_mm": 30.0},), True, "MET"),
        (({**TARGET, "diameter_mm": 30.1},), True, "NOT_MET"),
        (({**TARGET, "diameter_mm": 30.0},), False, "UNKNOWN"),
        (({**TARGET, "diameter_mm": 30.1},), False, "NOT_MET"),
        (({**TARGET},), True, "UNKNOWN"),
        (({"diameter_mm": 30.0},), True, "MET"),
        (({"diameter_mm": 30.1},), True, "UNKNOWN"),
        (({"target": False, "diameter_mm": 90.0}, {**TARGET, "diameter_mm": 3.0}), True, "MET"),
    ],
)
def test_every_lesion_to_be_ablated_counts_and_others_do_not(
    lesions: tuple[dict[str, Value], ...], complete: bool, expected: str
) -> None:
    assert answer(SIZE, case({}, *lesions, complete=complete)) == expected


@pytest.mark.parametrize(
    ("expression", "facts", "expected"),
    [
        (SIZE, {"largest_target_mm": 30.0}, "MET"),
        (SIZE, {"largest_target_mm": 31.0}, "NOT_MET"),
        (every(number("to_bile_duct_mm") >= 15), {"nearest_to_bile_duct_mm": 14.9}, "NOT_MET"),
        (some(number("diameter_mm") >= 30), {"largest_target_mm": 29.0}, "NOT_MET"),
        (some(number("to_bowel_mm") < 10), {"nearest_to_bowel_mm": 5.0}, "MET"),
        (every(number("diameter_mm") >= 10), {"largest_target_mm": 30.0}, "UNKNOWN"),
        (every_lesion(number("diameter_mm") <= 30), {"largest_target_mm": 30.0}, "UNKNOWN"),
    ],
)
def test_tables_of_patients_give_the_largest_and_the_nearest(
    expression: Expression, facts: dict[str, Value], expected: str
) -> None:
    assert answer(expression, case({"n_lesions": 2, **facts}, complete=False)) == expected


def test_one_lesion_is_enough_for_some_and_an_open_list_never_denies_it() -> None:
    near = some_lesion(number("to_bowel_mm") < 10)
    assert answer(near, case({}, {"to_bowel_mm": 5.0}, {})) == "MET"
    assert answer(near, case({}, {"to_bowel_mm": 15.0})) == "NOT_MET"
    assert answer(near, case({}, {"to_bowel_mm": 15.0}, complete=False)) == "UNKNOWN"
    assert answer(some(yes("in_contact_with_vessel")), case({}, {"in_contact_with_vessel": True})) == "UNKNOWN"


def test_conditions_silences_and_opposites() -> None:
    cooled = on_condition(yes("general_anesthesia"), "with cooling")
    assert answer(cooled, case({"general_anesthesia": True})) == "MET_WITH_CONDITION"
    assert answer(cooled, case({"general_anesthesia": False})) == "NOT_MET"
    assert answer(no("ascites") | cooled, case({"ascites": False})) == "MET"
    assert answer(silent("no number"), case({})) == "UNKNOWN"
    assert answer(~yes("ascites"), case({"ascites": False})) == "MET"
    assert answer(~yes("ascites"), case({})) == "UNKNOWN"


def test_what_makes_no_sense_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="no fact that is known"):
        yes("hungry")
    with pytest.raises(ValueError, match="is no number"):
        number("ascites")
    with pytest.raises(ValueError, match="cannot be compared"):
        Comparison("ascites", "<", 1)
    with pytest.raises(ValueError, match="is no choice"):
        Among("inr", (1.0,))
    with pytest.raises(ValueError, match="organ is one of"):
        one_of("organ", "kidney")
    with pytest.raises(ValueError, match="not decided"):
        _ = ~on_condition(yes("ascites"), "x")
    with pytest.raises(ValueError, match=r"put it inside of every\(\)"):
        rule("stray", number("diameter_mm") < 3)


def test_an_explanation_names_what_is_known_what_is_asked_and_what_is_missing() -> None:
    picture = case({"ecog": 1}, {**TARGET, "diameter_mm": 28.0}, dict(TARGET))
    line = explain(SIZE & (number("ecog") <= 2), picture)
    lesion = line.parts[0].parts[0]
    assert lesion.parts[1].words == "largest diameter: 28 mm (at most 30 mm asked)"
    assert [fact.words for fact in gaps(line)] == ["largest diameter of lesion 2"]
    assert silences(explain(silent("no size is printed") & yes("ascites"), picture)) == ("no size is printed",)


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (Fact(value=28.0), "28 mm"),
        (Fact(value=3.4409301, low=2.25, high=5.9), "3.441 mm (2.25 to 5.9)"),
        (Fact(value=4.0, low=0.1, high=6.0), "4 mm (at most 6 mm)"),
        (Fact(value=4.0, low=3.0, high=300.0), "4 mm (at least 3 mm)"),
        (Fact(value=None), "not assessable"),
    ],
)
def test_what_is_known_is_said_without_digits_that_nobody_measures(fact: Fact, words: str) -> None:
    reading = read(LESION_FACTS["diameter_mm"], (fact,), DAY)
    assert reading is not None
    assert known_as(reading) == words


def test_an_open_count_is_at_least_what_is_listed_and_nothing_else_is_known() -> None:
    assert known_as(case({}, {}, {}, complete=False).patient["n_lesions"]) == "at least 2"
    assert known_as(case({}, complete=False).patient["n_lesions"]) == "not known"


def test_what_settled_parts_lack_is_not_missing() -> None:
    line = explain(yes("ascites") | (number("inr") > 1), case({"ascites": True}))
    assert gaps(line) == ()


def test_a_rule_is_not_applicable_before_it_is_unknown() -> None:
    liver = RULES[1]
    assert answer_of(liver, case({"organ": "lung"})) is Answer.NOT_APPLICABLE
    assert answer_of(liver, case({"n_lesions": 2}, complete=False)) is Answer.UNKNOWN
    assert {fact.name for fact in finding(liver, case({}, complete=False), on=DAY).missing} == {"organ", "n_lesions"}
    assert answer_of(RULES[0], case({}, {"target": False})) is Answer.NOT_APPLICABLE


def test_a_predictor_is_present_or_absent_and_never_met() -> None:
    predictor = rule("predictor", yes("ascites"), kind="predictor")
    found = [finding(predictor, case(facts), on=DAY).presence for facts in ({"ascites": True}, {"ascites": False}, {})]
    assert found == [Presence.PRESENT, Presence.ABSENT, Presence.UNKNOWN]
    assert not predictor.is_criterion


@pytest.mark.parametrize(
    ("since", "on", "expected"),
    [
        (Since("2015"), date(2014, 12, 31), False),
        (Since("2015"), date(2015, 6, 1), None),
        (Since("2015"), date(2016, 1, 1), True),
        (Since("2015-02"), date(2015, 3, 1), True),
        (Since("2015-02", "2016-02-29"), date(2016, 3, 1), False),
        (Since("2015", "2016"), date(2016, 3, 1), None),
        (Since(""), date(2016, 3, 1), None),
    ],
)
def test_a_rule_was_in_force_or_not_or_its_source_prints_too_little(
    since: Since, on: date, expected: bool | None
) -> None:
    assert since.holds(on) is expected


def test_a_guideline_has_a_verdict_only_where_its_source_combines() -> None:
    verdict = judge(SMALL, case({"organ": "liver", "ecog": 0, "ascites": False, "inr": 1.0}), on=DAY)
    assert [(one.combination.id, one.answer.name) for one in verdict.combined] == [("small.entry", "NOT_MET")]
    with pytest.raises(ValueError, match="does not hold"):
        replace(SMALL, rules=RULES[:1])
    with pytest.raises(ValueError, match="have one id"):
        replace(SMALL, rules=(*RULES, RULES[0]))


def test_an_unknown_guideline_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(BadSetting, match="acclaim-2025"):
        guideline("nobody")


@given(pictures())
def test_a_table_holds_the_same_answers(picture: Picture) -> None:
    table = answers([SMALL], [picture, picture])
    for one in RULES:
        assert table[one.id].tolist() == [answer_of(one, picture).value] * 2
    assert table["small.entry"].tolist() == [judge(SMALL, picture, on=DAY).combined[0].answer.value] * 2
