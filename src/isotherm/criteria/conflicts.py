"""Conflicts: what sources say on one topic, laid side by side and never averaged, and why they differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from isotherm.answer import Answer
from isotherm.clinical.case import Picture
from isotherm.criteria.explain import asked
from isotherm.criteria.expression import Comparison, kind_of, limits
from isotherm.criteria.judge import Finding, judge
from isotherm.criteria.rule import Guideline, Rule, Topic

CauseKind = Literal["threshold", "operator", "direction", "population", "year", "endpoint", "grade scale"]

TOPICS: tuple[Topic, ...] = get_args(Topic)

HOLDS = (Answer.MET, Answer.MET_WITH_CONDITION)


@dataclass(frozen=True, slots=True)
class Cause:
    """One way in which sources differ on a topic, in words."""

    kind: CauseKind
    words: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What one guideline says on a topic of a case; no finding where it says nothing."""

    guideline: Guideline
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One topic across guidelines.

    Parameters
    ----------
    topic : Topic
    cells : tuple of Cell
        One for each guideline of the matrix, in its order.
    differs_on_paper : bool
        Whether sources print different limits for the same fact, or conclude the opposite.
    differs_here : bool
        Whether a criterion of one is met by this case and one of another is not.
    causes : tuple of Cause
        In what the sources differ; empty where they do not disagree.
    """

    topic: Topic
    cells: tuple[Cell, ...]
    differs_on_paper: bool
    differs_here: bool
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Topics by guidelines for one case on one day."""

    on: date
    guidelines: tuple[Guideline, ...]
    rows: tuple[Row, ...]


def matrix(guidelines: Iterable[Guideline], picture: Picture, *, on: date) -> Matrix:
    """Return what guidelines say of a case, topic by topic; topics on which none says anything are left out.

    Parameters
    ----------
    guidelines : iterable of Guideline
    picture : Picture
    on : date
        Of which it is told whether each rule was in force.
    """
    verdicts = tuple(judge(guideline, picture, on=on) for guideline in guidelines)
    rows: list[Row] = []
    for topic in TOPICS:
        cells = tuple(
            Cell(verdict.guideline, tuple(one for one in verdict.findings if _criterion_on(one.rule, topic)))
            for verdict in verdicts
        )
        if any(cell.findings for cell in cells):
            rows.append(_row(topic, cells))
    return Matrix(on, tuple(verdict.guideline for verdict in verdicts), tuple(rows))


def _criterion_on(rule: Rule, topic: Topic) -> bool:
    return rule.topic == topic and rule.is_criterion


def _row(topic: Topic, cells: tuple[Cell, ...]) -> Row:
    said = [cell for cell in cells if cell.findings]
    thresholds, operators, directions = _thresholds(said), _operators(said), _directions(said)
    on_paper = bool(thresholds or operators or directions)
    answers = [{finding.answer for finding in cell.findings} for cell in said]
    met = any(answer & set(HOLDS) for answer in answers)
    here = met and any(Answer.NOT_MET in answer for answer in answers) and _across(said)
    causes = (*thresholds, *operators, *directions, *_other_causes(said)) if on_paper or here else ()
    return Row(topic, cells, on_paper, here, causes)


def _across(said: list[Cell]) -> bool:
    """Return whether one guideline's criterion is met and another's is not: not two criteria of one guideline."""
    met = {cell.guideline.id for cell in said if any(one.answer in HOLDS for one in cell.findings)}
    failed = {cell.guideline.id for cell in said if any(one.answer is Answer.NOT_MET for one in cell.findings)}
    return any(one != other for one in met for other in failed)


def _stated(said: list[Cell]) -> dict[str, dict[str, set[Comparison]]]:
    """Return the limits that guidelines print: by fact, and within by the guideline's short name."""
    found: dict[str, dict[str, set[Comparison]]] = {}
    for cell in said:
        for finding in cell.findings:
            for comparison in limits(finding.rule.holds):
                found.setdefault(comparison.name, {}).setdefault(cell.guideline.short, set()).add(comparison)
    return found


def _thresholds(said: list[Cell]) -> list[Cause]:
    """Return the facts for which guidelines print different numbers."""
    causes: list[Cause] = []
    for name, by_guideline in _stated(said).items():
        numbers = [frozenset(comparison.limit for comparison in stated) for stated in by_guideline.values()]
        if len(set(numbers)) > 1:
            causes.append(Cause("threshold", f"{kind_of(name).label}: {_who_says_what(by_guideline)}"))
    return causes


def _operators(said: list[Cell]) -> list[Cause]:
    """Return the numbers that some guidelines include and others exclude."""
    causes: list[Cause] = []
    for name, by_guideline in _stated(said).items():
        signs: dict[float, dict[str, set[Comparison]]] = {}
        for short, stated in by_guideline.items():
            for comparison in stated:
                signs.setdefault(comparison.limit, {}).setdefault(short, set()).add(comparison)
        for limit, at_limit in sorted(signs.items()):
            if len({frozenset(one.sign for one in stated) for stated in at_limit.values()}) > 1:
                causes.append(Cause("operator", f"{kind_of(name).label} at {limit:g}: {_who_says_what(at_limit)}"))
    return causes


def _who_says_what(by_guideline: dict[str, set[Comparison]]) -> str:
    said: dict[str, list[str]] = {}
    for short, stated in by_guideline.items():
        words = ", ".join(asked(one) for one in sorted(stated, key=lambda one: (one.limit, one.sign)))
        said.setdefault(words, []).append(short)
    return "; ".join(f"{words} ({', '.join(shorts)})" for words, shorts in said.items())


def _directions(said: list[Cell]) -> list[Cause]:
    """Return that some sources conclude for and others against, where they do."""
    sides: dict[str, list[str]] = {"for": [], "against": []}
    for cell in said:
        for direction in {finding.rule.direction for finding in cell.findings} & sides.keys():
            sides[direction].append(cell.guideline.short)
    only = {side: [one for one in shorts if one not in sides[other]]
            for side, other in (("for", "against"), ("against", "for")) for shorts in (sides[side],)}  # fmt: skip
    if not (only["for"] and only["against"]):
        return []
    return [Cause("direction", "; ".join(f"{side}: {', '.join(shorts)}" for side, shorts in only.items()))]


def _other_causes(said: list[Cell]) -> list[Cause]:
    """Return in which of population, year, endpoint and grade scale the sources differ."""
    causes: list[Cause] = []
    kinds: tuple[tuple[CauseKind, str], ...] = (
        ("population", "population"), ("year", "year"), ("endpoint", "endpoint"), ("grade scale", "scheme"),
    )  # fmt: skip
    for kind, what in kinds:
        values: dict[str, list[str]] = {}
        for cell in said:
            for value in sorted({_value(finding.rule, what) for finding in cell.findings} - {""}):
                values.setdefault(value, []).append(cell.guideline.short)
        if len(values) > 1:
            words = "; ".join(f"{value} ({', '.join(shorts)})" for value, shorts in values.items())
            causes.append(Cause(kind, words))
    return causes


def _value(rule: Rule, what: str) -> str:
    match what:
        case "population":
            return rule.population
        case "year":
            return rule.since.start[:4] or "no year printed"
        case "endpoint":
            return rule.endpoint
        case _:
            return rule.grade.scheme
