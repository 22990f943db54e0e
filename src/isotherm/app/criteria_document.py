"""The content of `isotherm criteria check --json`: facts, gaps, answers with their reasons, and what would change."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from isotherm.app.criteria_words import answer_name, failing_words, reasons, with_newer
from isotherm.app.software import versions
from isotherm.clinical.case import Case, Picture
from isotherm.clinical.fact import Fact, Reading
from isotherm.clinical.kinds import FactKind, Value
from isotherm.clinical.summaries import LATER
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS
from isotherm.criteria.change import Change, Question, Target, open_questions, what_would_change
from isotherm.criteria.conflicts import Cell, Matrix, Row, matrix
from isotherm.criteria.explain import Line, Missing, known_as, with_unit
from isotherm.criteria.expression import OfLesions, names, walk
from isotherm.criteria.judge import Finding, Verdict, judge
from isotherm.criteria.rule import Grade, Guideline, Rule, Since
from isotherm.source import Citation

SCHEMA = "isotherm.criteria/1"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of guidelines.

    Parameters
    ----------
    case : Case
    picture : Picture
    guidelines : tuple of Guideline
    as_of : date
        The day of the rules.
    today : date
    imaging_age_days : int
        Older imaging is flagged: a setting of whoever asks, and of no source.
    notes : tuple of str
        What was left out on the way.
    """

    case: Case
    picture: Picture
    guidelines: tuple[Guideline, ...]
    as_of: date
    today: date
    imaging_age_days: int
    notes: tuple[str, ...] = ()


def document_of(asked: Asked) -> Document:
    """Return the document; docs/case.md and app/schemas/criteria-1.schema.json say what is in it."""
    picture, case = asked.picture, asked.case
    in_force = tuple(_in_force(one, asked.as_of) for one in asked.guidelines)
    changes = what_would_change(in_force, picture)
    return {
        "schema": SCHEMA,
        "software": versions(),
        "case": {"id": case.id or None, "on": case.on.isoformat(), "lesions": [lesion.id for lesion in case.lesions],
                 "lesions_complete": picture.complete},
        "as_of": asked.as_of.isoformat(),
        "today": asked.today.isoformat(),
        "imaging_age_days": asked.imaging_age_days,
        "notes": list(asked.notes),
        "facts": list(_facts(picture)),
        "later": [{"name": name, "lesion": place or None, "label": _kind(name).label, "on": _text(fact.day)}
                  for place, name, fact in case.later()],
        "old_imaging": list(_old_imaging(picture, asked.imaging_age_days)),
        "questions": [_question(one, changes) for one in open_questions(changes)],
        "changes": [_change(one) for one in changes],
        "guidelines": [_guideline(one, asked) for one in asked.guidelines],
        "matrix": _matrix(asked, matrix(in_force, picture, on=asked.as_of)),
    }  # fmt: skip


def _in_force(guideline: Guideline, on: date) -> Guideline:
    """Return a guideline without the rules that were not in force on a day: open questions are not about them."""
    rules = tuple(rule for rule in guideline.rules if rule.since.holds(on) is not False)
    kept = {rule.id for rule in rules}
    combinations = tuple(one for one in guideline.combinations if set(one.of) <= kept)
    return replace(guideline, rules=rules, combinations=combinations)


def _facts(picture: Picture) -> Iterator[Document]:
    for lesion, readings in ((None, picture.patient), *picture.lesions.items()):
        yield from (fact_of(reading, lesion) for reading in readings.values())


def fact_of(reading: Reading, lesion: str | None) -> Document:
    """Return what is known of one fact."""
    kind, fact = reading.kind, _bearing(reading)
    return {
        "name": kind.name, "label": kind.label, "lesion": lesion, "value": plain(reading.value),
        "unit": kind.unit or None, "low": _finite(reading.low), "high": _finite(reading.high), "gap": reading.gap,
        "shown": _shown(reading), "on": None if fact is None else _text(fact.day),
        "origin": None if fact is None else fact.origin, "source": (fact.source if fact else "") or None,
        "judgment": kind.judgment,
    }  # fmt: skip


def _bearing(reading: Reading) -> Fact | None:
    """Return the fact that a reading rests on: of what was outgrown what bounds it, not what it was."""
    return None if not reading.facts else reading.facts[-1 if reading.gap == LATER else 0]


def _shown(reading: Reading) -> str:
    """Return what is known as people read it; what was computed without the digits that nobody measured."""
    value, derived = reading.value, bool(reading.facts) and reading.facts[0].origin == "derived"
    if derived and isinstance(value, float) and reading.low == reading.high:
        return with_unit(round(value, 2), reading.kind)
    return known_as(reading)


def _old_imaging(picture: Picture, most_days: int) -> Iterator[Document]:
    """Yield what was read off images that are older than asked for, or of which nobody wrote down the day."""
    for lesion, readings in ((None, picture.patient), *picture.lesions.items()):
        for reading in readings.values():
            fact = _bearing(reading)
            if not reading.kind.imaging or fact is None or fact.origin == "derived":
                continue
            day = _scanned(fact)
            days = None if day is None else (picture.on - day).days
            if days is None or days > most_days:
                yield {"name": reading.kind.name, "label": reading.kind.label, "lesion": lesion, "on": _text(day),
                       "days": days}  # fmt: skip


def _scanned(fact: Fact) -> date | None:
    """Return the day of an image: of a scan's date, that date, whenever it was noted."""
    return fact.value if isinstance(fact.value, date) else fact.on


def _question(question: Question, changes: Iterable[Change]) -> Document:
    alone = [one for one in changes if one.facts == (question.fact,)]
    return {
        "fact": _missing(question.fact), "decides": question.decides, "can_settle": question.can_settle,
        "with_others": question.with_others, "answers": [_answers(one) for one in alone],
    }  # fmt: skip


def _answers(change: Change) -> Document:
    """Return one verdict that a missing fact alone could change, and which values do what."""
    words = change.facts[0].words
    return {
        **_target(change.target), "now": _named(change.target, change), "decides": change.decides,
        "outcomes": [{"answer": answer_name(one.answer, is_criterion=_is_criterion(change.target)),
                      "values": one.values.removeprefix(f"{words} ")} for one in change.outcomes],
    }  # fmt: skip


def _change(change: Change) -> Document:
    return {
        **_target(change.target), "now": _named(change.target, change), "decides": change.decides,
        "facts": [_missing(one) for one in change.facts],
        "outcomes": [{"answer": answer_name(one.answer, is_criterion=_is_criterion(change.target)),
                      "values": one.values} for one in change.outcomes],
    }  # fmt: skip


def _target(target: Target) -> Document:
    return {"guideline": target.guideline.id, "short": target.guideline.short, "id": target.id, "title": target.title}


def _named(target: Target, change: Change) -> str:
    return answer_name(change.now, is_criterion=_is_criterion(target))


def _is_criterion(target: Target) -> bool:
    return all(rule.is_criterion for rule in target.rules)


def _missing(fact: Missing) -> Document:
    return {"name": fact.name, "label": fact.kind.label, "lesion": fact.lesion, "words": fact.words, "gap": fact.gap,
            "wanted": fact.kind.wanted, "judgment": fact.kind.judgment, "note": fact.kind.note or None}  # fmt: skip


def _guideline(guideline: Guideline, asked: Asked) -> Document:
    verdict = judge(guideline, asked.picture, on=asked.as_of)
    return {
        "id": guideline.id, "name": guideline.name, "edition": guideline.edition, "short": guideline.short,
        "note": with_newer(guideline.note), "silent_on": list(guideline.silent_on),
        "findings": [_finding(one, asked) for one in verdict.findings],
        "combined": list(_combined(verdict)),
    }  # fmt: skip


def _combined(verdict: Verdict) -> Iterator[Document]:
    for one in verdict.combined:
        yield {"id": one.combination.id, "title": one.combination.title, "of": list(one.combination.of),
               "answer": one.answer.name, "source": citation_of(one.combination.source)}  # fmt: skip


def _finding(finding: Finding, asked: Asked) -> Document:
    rule = finding.rule
    return {
        "rule": rule_of(rule),
        "answer": answer_name(finding.answer, is_criterion=rule.is_criterion),
        "in_force": {"as_of": finding.in_force, "today": rule.since.holds(asked.today)},
        "since": since_of(rule.since),
        "grade": grade_of(rule.grade),
        "source": citation_of(rule.source),
        "reasons": list(reasons(finding)),
        "failing": list(failing_words(finding)),
        "lines": [line for part in (finding.applies, finding.holds) if part is not None for line in _lines(part)],
        "facts_used": list(_used(rule, asked.picture)),
        "missing": [_missing(one) for one in finding.missing],
        "silences": list(finding.silences),
    }


def rule_of(rule: Rule) -> Document:
    """Return what a rule says and for whom."""
    return {
        "id": rule.id, "title": rule.title, "says": rule.says, "topic": rule.topic, "kind": rule.kind,
        "unit": rule.unit, "population": rule.population, "direction": rule.direction,
        "endpoint": rule.endpoint or None, "status": rule.status, "supersedes": list(rule.supersedes),
        "superseded_by": list(rule.superseded_by), "note": rule.note or None,
    }  # fmt: skip


def since_of(since: Since) -> Document:
    """Return from when to when a rule has held; null where it is not printed, or still holds."""
    return {"start": since.start or None, "end": since.end or None}


def grade_of(grade: Grade) -> Document:
    """Return a grade in its native scale, its parts apart; null where nothing is printed."""
    return {"scheme": grade.scheme, "native": grade.native or None, "level": grade.level or None,
            "strength": grade.strength or None, "text": str(grade)}  # fmt: skip


def citation_of(source: Citation) -> Document:
    """Return a citation, its parts apart."""
    return {"title": source.title, "year": source.year, "where": source.where, "text": str(source),
            "identifiers": source.identifiers()}  # fmt: skip


def _lines(line: Line, depth: int = 0) -> Iterator[Document]:
    yield {"depth": depth, "answer": line.answer.name, "words": line.words}
    for part in line.parts:
        yield from _lines(part, depth + 1)


def _used(rule: Rule, picture: Picture) -> Iterator[Document]:
    """Yield the facts that are known of those that a rule asks about."""
    asked: set[str] = set()
    for expression in rule.expressions:
        asked |= names(expression)
        for part in walk(expression):
            if isinstance(part, OfLesions):
                asked |= {"target"} if part.whose == "targets" else set()
                asked |= {part.summary.name} if part.summary is not None else set()
    for name in sorted(asked):
        places = picture.lesions if name in LESION_FACTS else (None,)
        for lesion in places:
            reading = picture.reading(name, lesion)
            if reading is not None:
                yield fact_of(reading, lesion)


def _matrix(asked: Asked, then: Matrix) -> Document:
    """Return the matrix: rules of the day asked about and those of today, which differ by what is in force.

    Where sources differ, it is told of the rules of the day asked about alone.
    """
    found = matrix(asked.guidelines, asked.picture, on=asked.as_of)
    differing = {row.topic: row for row in then.rows}
    rows = (_row(row, differing.get(row.topic), asked.today) for row in found.rows)
    return {
        "guidelines": [one.id for one in found.guidelines],
        "rows": [row for row in rows if any(cell["findings"] for cell in row["cells"])],
    }


def _row(row: Row, then: Row | None, today: date) -> Document:
    return {
        "topic": row.topic,
        "cells": [{"guideline": cell.guideline.id, "findings": list(_in_cell(cell, today))} for cell in row.cells],
        "differs_on_paper": then is not None and then.differs_on_paper,
        "differs_here": then is not None and then.differs_here,
        "causes": [] if then is None else [{"kind": cause.kind, "words": cause.words} for cause in then.causes],
    }


def _in_cell(cell: Cell, today: date) -> Iterator[Document]:
    for one in cell.findings:
        force = {"as_of": one.in_force, "today": one.rule.since.holds(today)}
        if force["as_of"] is not False or force["today"] is not False:
            yield {"id": one.rule.id, "title": one.rule.title, "answer": one.answer.name, "in_force": force}


def plain(value: Value | None) -> float | int | str | bool | None:
    """Return a value as JSON knows it."""
    return value.isoformat() if isinstance(value, date) else value


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _kind(name: str) -> FactKind:
    return CASE_FACTS.get(name) or LESION_FACTS[name]
