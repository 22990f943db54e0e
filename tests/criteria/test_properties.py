"""Properties that every rule of every guideline keeps, whatever is known of a patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isotherm.answer import Answer
from isotherm.clinical.case import Case, Lesion, Picture, noted
from isotherm.clinical.fact import Fact
from isotherm.clinical.kinds import FactKind, Value
from isotherm.clinical.picture import picture_of
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS
from isotherm.criteria.expression import names
from isotherm.criteria.judge import answer_of, combined_answer, judge, nothing_to_ablate
from isotherm.criteria.library import guidelines, rules
from isotherm.criteria.rule import Rule
from isotherm.criteria.table import answers
from tests.criteria.truths import (
    DATED,
    DAY,
    LIMITS,
    OF_ALL,
    Facts,
    Known,
    a_muddle,
    a_truth,
    a_view,
    an_earlier_view,
    shuffled,
)

EVERY = [rule for _, rule in rules().values()]
RULES = [pytest.param(rule, id=rule.id) for rule in EVERY]
randomly = given(st.integers(0, 2**32).map(Random))

MAY_BECOME = {
    Answer.MET: {Answer.MET},
    Answer.MET_WITH_CONDITION: {Answer.MET_WITH_CONDITION, Answer.MET},
    Answer.NOT_MET: {Answer.NOT_MET},
    Answer.NOT_APPLICABLE: {Answer.NOT_APPLICABLE},
    Answer.UNKNOWN: set(Answer),
}
"""What more facts may make of an answer: an unknown is settled; another way of holding may do without a condition."""


def may_become(rule: Rule, before: Picture, after: Picture) -> bool:
    """Return whether more facts may have changed an answer so; where nothing is to be ablated in the end, all held."""
    was, now = answer_of(rule, before), answer_of(rule, after)
    return now in MAY_BECOME[was] or (now is Answer.NOT_APPLICABLE and nothing_to_ablate(rule, after))


def changed(before: Picture, after: Picture) -> list[str]:
    """Return the rules whose answer changed as no fact may change it."""
    return [rule.id for rule in EVERY if not may_become(rule, before, after)]


@cache
def some_truths() -> tuple[tuple[Known, Picture], ...]:
    """Return patients of whom everything is known, the same ones for every rule."""
    rng = Random(20260115)
    return tuple((truth, truth.picture) for truth in (a_truth(rng) for _ in range(400)))


@settings(max_examples=150)
@randomly
def test_what_some_of_the_facts_answer_is_what_all_of_them_answer(rng: Random) -> None:
    truth = a_truth(rng)
    assert changed(a_view(truth, rng).picture, truth.picture) == []


@settings(max_examples=150)
@randomly
def test_more_facts_settle_what_is_unknown_and_change_nothing_else(rng: Random) -> None:
    view = a_view(a_truth(rng), rng)
    assert changed(an_earlier_view(view, rng).picture, view.picture) == []


@settings(max_examples=60)
@randomly
def test_answers_do_not_depend_on_the_order_of_lesions_and_facts(rng: Random) -> None:
    for known in (a_view(a_truth(rng), rng), a_muddle(rng)):
        one, other = known.picture, shuffled(known, rng).picture
        assert [answer_of(rule, one) for rule in EVERY] == [answer_of(rule, other) for rule in EVERY]


@settings(max_examples=60)
@randomly
def test_nothing_raises_on_a_muddle_and_an_unknown_tells_what_it_waits_for(rng: Random) -> None:
    picture = a_muddle(rng).picture
    for one in guidelines():
        for found in judge(one, picture, on=DAY).findings:
            assert found.answer is answer_of(found.rule, picture)
            assert found.answer is not Answer.UNKNOWN or found.missing or found.silences


COMBINED = [(guideline, one) for guideline in guidelines() for one in guideline.combinations]


@settings(max_examples=100)
@randomly
def test_a_combination_holds_only_where_there_is_something_to_ablate_and_no_part_fails(rng: Random) -> None:
    truth = a_truth(rng)
    view, whole = a_view(truth, rng).picture, truth.picture
    for guideline, one in COMBINED:
        rules_of = [guideline.rule(part) for part in one.of]
        was, now = (combined_answer(one, guideline, picture) for picture in (view, whole))
        none = any(nothing_to_ablate(rule, whole) for rule in rules_of)
        assert now in MAY_BECOME[was] or none
        assert not (none and now in (Answer.MET, Answer.MET_WITH_CONDITION))
        assert now is not Answer.MET or Answer.NOT_MET not in {answer_of(rule, whole) for rule in rules_of}


def test_two_lesions_that_will_be_resected_do_not_enter_a_trial_of_ablation() -> None:
    lesions = tuple(Lesion(name, noted({"target": False, "diameter_mm": 12.0})) for name in "ab")
    colorectal = noted({"organ": "liver", "primary": "colorectal"})
    picture = picture_of(Case(on=DAY, facts=colorectal, lesions=lesions, lesions_complete=True))
    entry = next((one, combination) for one, combination in COMBINED if combination.id == "acclaim-2025.entry")
    assert answer_of(entry[0].rule("acclaim-2025.number"), picture) is Answer.MET
    assert combined_answer(entry[1], entry[0], picture) is Answer.NOT_APPLICABLE
    assert answers([entry[0]], [picture])["acclaim-2025.entry"].tolist() == [Answer.NOT_APPLICABLE.value]


def test_of_a_patient_of_whom_nothing_is_known_nothing_is_answered() -> None:
    picture = picture_of(Case(on=DAY))
    assert [rule.id for rule in EVERY if answer_of(rule, picture) is not Answer.UNKNOWN] == []


def of_no_use(how: str, kind: FactKind) -> tuple[Fact, ...]:
    """Return facts from which a value cannot be told."""
    if how == "contradicts itself":
        return tuple(Fact(value=value, on=DAY) for value in two_values(kind))
    if how == "may be anything" and kind.is_number:
        return (Fact(value=kind.checked(kind.high), low=kind.low, high=kind.high),)
    return (Fact(value=None),)


def two_values(kind: FactKind) -> tuple[Value, ...]:
    """Return two values of a kind."""
    match kind.form:
        case "yes or no":
            return True, False
        case "choice":
            return kind.choices[:2]
        case "date":
            return date(2025, 1, 1), date(2025, 2, 1)
        case _:
            return kind.checked(kind.low), kind.checked(kind.high)


@pytest.mark.parametrize("lesions", ["", "a", "abc"])
@pytest.mark.parametrize("how", ["is not assessable", "contradicts itself", "may be anything"])
def test_nothing_is_answered_from_facts_that_cannot_be_used(how: str, lesions: str) -> None:
    patient = {name: of_no_use(how, kind) for name, kind in CASE_FACTS.items() if name != "n_lesions"}
    listed = {one: {name: of_no_use(how, kind) for name, kind in LESION_FACTS.items()} for one in lesions}
    picture = Known(patient, listed, complete=False).picture
    assert [rule.id for rule in EVERY if answer_of(rule, picture) is not Answer.UNKNOWN] == []


def without(known: Known, gone: set[str]) -> Known:
    """Return what is left without some facts; the list of lesions is open, and empty where their number is gone."""

    def kept(facts: Facts) -> Facts:
        return {name: noted for name, noted in facts.items() if name not in gone}

    lesions = {} if "n_lesions" in gone else {name: kept(facts) for name, facts in known.lesions.items()}
    return Known(kept({**known.patient, "n_lesions": ()}), lesions, complete=False)


@pytest.mark.parametrize("rule", RULES)
def test_without_the_facts_that_it_asks_about_a_rule_answers_nothing(rule: Rule) -> None:
    gone = {name for expression in rule.expressions for name in names(expression)}
    gone |= {of_all for of_all, kind in OF_ALL.items() if kind.name in gone}
    gone |= {day for done, days in DATED.items() if done in gone for day in days}
    gone |= {"ablation_date"} if any("systemic" in name for name in gone) else set()
    gone |= {"n_lesions"} if gone & {"largest_lesion_mm", "tumor_burden_score", "fong_score"} else set()
    gone |= {"last_chemotherapy"} if "weeks_since_chemotherapy" in gone else set()
    for truth, _ in some_truths()[:40]:
        assert answer_of(rule, without(truth, gone).picture) is Answer.UNKNOWN


@pytest.mark.parametrize("rule", RULES)
def test_while_nobody_said_what_is_to_be_ablated_an_answer_is_that_of_any_choice(rule: Rule) -> None:
    for truth, picture in some_truths()[:40]:
        lesions = {name: {key: fact for key, fact in facts.items() if key != "target"}
                   for name, facts in truth.lesions.items()}  # fmt: skip
        patient = {name: fact for name, fact in truth.patient.items() if name not in OF_ALL}
        assert may_become(rule, Known(patient, lesions, complete=True).picture, picture)


def test_limits_around_a_number_that_reach_over_every_limit_of_a_rule_decide_nothing_wrong() -> None:
    def vague(facts: Facts) -> Facts:
        wide: Facts = {}
        for name, (fact,) in facts.items():
            if name in LIMITS and name != "n_lesions" and isinstance(fact.value, int | float):
                low, high = min(*LIMITS[name], fact.value) - 1, max(*LIMITS[name], fact.value) + 1
                wide[name] = (replace(fact, low=low, high=high),)
        return {**facts, **wide}

    for truth, picture in some_truths()[:100]:
        lesions = {name: vague(facts) for name, facts in truth.lesions.items()}
        assert changed(Known(vague(truth.patient), lesions, complete=True).picture, picture) == []
