"""Every guideline that ships: worked cases around every limit, and no limit that could change unnoticed."""

from __future__ import annotations

import pytest

from isotherm.answer import Answer
from isotherm.criteria.expression import limits
from isotherm.criteria.judge import answer_of, finding
from isotherm.criteria.library import guidelines, rules
from isotherm.criteria.rule import Guideline, Rule
from tests.criteria.mutate import mutants
from tests.criteria.worked import DAY, FOLDER, Worked, worked_cases

RULES = [pytest.param(one, rule, id=rule.id) for one, rule in rules().values()]
WORKED = [
    pytest.param(one, worked, id=f"{worked.rule}: {worked.title}")
    for one in guidelines()
    if one.rules
    for worked in worked_cases(one.id)
]


def of_rule(one: Guideline, rule: Rule) -> list[Worked]:
    return [worked for worked in worked_cases(one.id) if worked.rule == rule.id]


@pytest.mark.parametrize(("one", "worked"), WORKED)
def test_a_worked_case_is_answered_as_it_was_judged_by_hand(one: Guideline, worked: Worked) -> None:
    found = finding(one.rule(worked.rule), worked.picture, on=DAY)
    assert found.answer is worked.expect
    if worked.expect is Answer.UNKNOWN:
        assert worked.missing <= {fact.name for fact in found.missing}
        assert worked.missing or worked.silent, "an unknown tells a missing fact from a silent source"
    assert bool(found.silences) or not worked.silent


@pytest.mark.parametrize(("one", "rule"), RULES)
def test_every_limit_has_cases_below_at_and_above_it(one: Guideline, rule: Rule) -> None:
    for comparison in (limit for expression in rule.expressions for limit in limits(expression)):
        values = {value for worked in of_rule(one, rule) for value in worked.values(comparison.name)}
        assert any(value < comparison.limit for value in values), f"nothing below {comparison}"
        assert comparison.limit in values, f"nothing at {comparison}"
        assert any(value > comparison.limit for value in values), f"nothing above {comparison}"


@pytest.mark.parametrize(("one", "rule"), RULES)
def test_every_rule_has_cases_that_miss_a_fact_and_that_it_does_not_apply_to(one: Guideline, rule: Rule) -> None:
    answers = {worked.expect for worked in of_rule(one, rule)}
    assert Answer.UNKNOWN in answers
    assert rule.applies is None or Answer.NOT_APPLICABLE in answers
    assert answers & {Answer.MET, Answer.MET_WITH_CONDITION, Answer.NOT_MET} or any(
        worked.silent for worked in of_rule(one, rule)
    )


@pytest.mark.parametrize(("one", "rule"), RULES)
def test_no_limit_sign_or_choice_can_change_unnoticed(one: Guideline, rule: Rule) -> None:
    unnoticed = [
        what
        for what, mutant in mutants(rule)
        if all(answer_of(mutant, worked.picture) is worked.expect for worked in of_rule(one, rule))
    ]
    assert unnoticed == []


def test_every_file_of_worked_cases_belongs_to_a_guideline() -> None:
    assert {file.stem for file in FOLDER.glob("*.toml")} == {one.id for one in guidelines() if one.rules}


def test_ids_are_told_apart_and_what_supersedes_is_there() -> None:
    found = rules()
    assert len(found) == sum(len(one.rules) for one in guidelines())
    assert all(other in found for _, rule in found.values() for other in (*rule.supersedes, *rule.superseded_by))
