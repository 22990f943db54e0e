"""What `isotherm criteria list` and `show` print: the guidelines that ship, a rule with its source and conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isotherm.app.criteria_words import NEWER, RESEARCH, STATUS_WORDS, how_many, with_newer
from isotherm.criteria.explain import ANY_LESION, EVERY_LESION, asked
from isotherm.criteria.expression import (
    All,
    Among,
    Comparison,
    Every,
    Expression,
    OfLesions,
    OnCondition,
    Opposite,
    Silent,
    kind_of,
)
from isotherm.criteria.library import guidelines, rules
from isotherm.criteria.rule import Guideline, Rule
from isotherm.errors import BadSetting
from isotherm.toml_form import near


def list_text(found: Sequence[Guideline]) -> str:
    """Return the guidelines, a line for each, with how many rules it has."""
    width = max(len(one.id) for one in found)
    lines = [
        f"{one.id:<{width}}  {how_many(len(one.rules), 'rule', 'rules')}: {one.name}, {one.edition}" for one in found
    ]
    return "\n".join([*lines, "", f"{NEWER} Show one: isotherm criteria show {found[0].id}", RESEARCH])


def show_text(id: str) -> str:  # noqa: A002 - what it is called everywhere
    """Return a guideline with the titles of its rules, or one rule with everything that is known of it.

    Raises
    ------
    BadSetting
        There is nothing of this id.
    """
    by_id = {one.id: one for one in guidelines()}
    if id in by_id:
        return "\n".join(_guideline(by_id[id]))
    if id in rules():
        return "\n".join(_rule(*rules()[id]))
    close = near(id, dict.fromkeys([*by_id, *rules()]))
    raise BadSetting(f"There is no guideline or rule of this id{close}; `isotherm criteria list` has them.")


def _guideline(one: Guideline) -> Iterator[str]:
    yield from (f"{one.name}, {one.edition} [{one.id}]", with_newer(one.note))
    if one.silent_on:
        yield f"Searched, and no criterion printed on: {', '.join(one.silent_on)}"
    for rule in one.rules:
        yield f"  {rule.id}: {rule.title} ({rule.kind}; {rule.grade})"
    for combination in one.combinations:
        yield f"  {combination.id}: {combination.title}, combined by the source of {', '.join(combination.of)}"
    yield RESEARCH


def _rule(guideline: Guideline, rule: Rule) -> Iterator[str]:
    yield from (f"{rule.id}: {rule.title}", rule.says, "")
    since = rule.since.start or "no date printed"
    status = STATUS_WORDS[rule.status]
    facts = {
        "guideline": f"{guideline.name}, {guideline.edition}", "kind": f"{rule.kind}, of a {rule.unit}",
        "topic": rule.topic, "for whom": rule.population, "grade": str(rule.grade), "direction": rule.direction,
        "endpoint": rule.endpoint, "from": since + (f" to {rule.since.end}" if rule.since.end else ""),
        "source": str(rule.source), "read": status, "supersedes": ", ".join(rule.supersedes),
        "later": ", ".join(rule.superseded_by), "note": rule.note,
    }  # fmt: skip
    yield from (f"{name + ':':<12}{words}" for name, words in facts.items() if words)
    if rule.applies is not None:
        yield from ("", "applies if", *_condition(rule.applies, 1))
    yield from ("", "holds if", *_condition(rule.holds, 1), "", NEWER, RESEARCH)


def _condition(expression: Expression, depth: int) -> Iterator[str]:
    """Yield a condition line by line, its parts indented."""
    indent = "  " * depth
    match expression:
        case Comparison() | Among():
            yield f"{indent}{kind_of(expression.name).label}: {asked(expression)}"
            return
        case Silent(why):
            yield f"{indent}the source does not say: {why}"
            return
        case OnCondition(_, condition):
            yield f"{indent}only if {condition}:"
        case Opposite():
            yield f"{indent}not the case:"
        case OfLesions():
            words = EVERY_LESION if isinstance(expression, Every) else ANY_LESION
            yield f"{indent}{words if expression.whose == 'targets' else words.removesuffix(' to be ablated')}:"
        case _:
            yield f"{indent}{'all of' if isinstance(expression, All) else 'one of'}:"
    for part in expression.parts:
        yield from _condition(part, depth + 1)
