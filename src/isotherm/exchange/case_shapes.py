"""The keys of a case file and the `Case` that they make, and what in it contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from isotherm.clinical.case import Case, Lesion, Picture
from isotherm.clinical.fact import Fact
from isotherm.clinical.kinds import FactKind
from isotherm.clinical.picture import picture_of
from isotherm.clinical.summaries import SUMMARIES, WHOLE_MM, beyond
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS
from isotherm.errors import BadCase
from isotherm.exchange.case_facts import day_until, facts_of
from isotherm.toml_form import Document, Key, Part, Shape, Wrong, choice, flag
from isotherm.toml_lines import Path

SCHEMA = "isotherm.case/1"
"""Name and version of the form; a file need not say it."""

LONGEST_ID = 40

MANY_FACTS = "the facts that `isotherm criteria init` lists"

CORRECT = "correct one of them"
LEAVE_OUT = "or leave this one out: it follows from the list"

Problem = tuple[str, str]


def case_shape(today: date) -> Shape:
    """Return the keys of a case file.

    Parameters
    ----------
    today : date
        No day may be later.
    """
    lesion = Shape(
        _lesion, {"id": Key(_id), **_facts(LESION_FACTS, today)}, allowed=f"id, and {MANY_FACTS} of a lesion"
    )
    return Shape(_case, {
        "schema": Key(choice(SCHEMA)), "on": Key(day_until(today), required=True), "id": Key(_id),
        "lesions_complete": Key(flag),
        "patient": Key(Part(Shape(dict, _facts(CASE_FACTS, today), allowed=f"{MANY_FACTS} of a patient"))),
        "lesion": Key(Part(lesion, many=True), field="lesions"),
    })  # fmt: skip


def contradictions(case: Case) -> Iterator[Problem]:
    """Yield what contradicts itself on the case's day: the key, and one sentence."""
    picture = picture_of(case)
    places = {lesion.id: place for place, lesion in enumerate(case.lesions, start=1)}
    for summary in SUMMARIES:
        if (given := picture.given.get(summary.name)) is None:
            continue
        wrong = f"{'smaller' if summary.end == 'largest' else 'larger'} than {summary.of.name}"
        yield from ((f"patient.{summary.name}",
                     f"it is {wrong} of lesion[{places[one.lesion]}]; {CORRECT}, {LEAVE_OUT}.")
                    for one in beyond(summary, given, picture.lesions) if not one.later)  # fmt: skip
    if "largest_lesion_mm" in case.facts and _larger_than_all(case, picture):
        yield (
            "patient.largest_lesion_mm",
            f"it is larger than diameter_mm of every lesion, and these are all; {CORRECT}, {LEAVE_OUT}.",
        )


def _larger_than_all(case: Case, picture: Picture) -> bool:
    """Return whether the largest diameter that is given is that of no lesion, where all are listed with theirs.

    With a day, it is held against what was measured by then: a lesion may have shrunk since.
    """
    given = picture.given.get("largest_lesion_mm")
    noted_on = given.facts[0].day if given is not None and given.facts else None
    listed = picture.lesions if noted_on is None else picture_of(case, on=noted_on).lesions
    sizes = [lesion.get("diameter_mm") for lesion in listed.values()]
    known = [one.high for one in sizes if one is not None and one.value is not None]
    complete = picture.complete and bool(known) and len(known) == len(sizes)
    return complete and given is not None and given.low - max(known) >= WHOLE_MM


def _facts(kinds: Mapping[str, FactKind], today: date) -> dict[str, Key]:
    return {name: Key(facts_of(kind, today)) for name, kind in kinds.items()}


def _lesion(id: str = "", **facts: tuple[Fact, ...]) -> tuple[str, dict[str, tuple[Fact, ...]]]:  # noqa: A002
    return id, facts


def _case(
    *, on: date, schema: str = SCHEMA, patient: Mapping[str, Any] | None = None,
    lesions: tuple[tuple[str, dict[str, Any]], ...] = (), **others: Any,
) -> Case:  # fmt: skip
    del schema  # read and checked; a case in memory has no form
    named = tuple(Lesion(own or str(place), facts) for place, (own, facts) in enumerate(lesions, start=1))
    problems = [*_twice(named), *_counted(patient or {}, len(named), complete=others.get("lesions_complete", False))]
    if problems:
        raise BadCase(*problems)
    case = Case(on=on, facts=patient or {}, lesions=named, **others)
    problems += contradictions(case)
    if problems:
        raise BadCase(*problems)
    return case


def _twice(lesions: tuple[Lesion, ...]) -> Iterator[Problem]:
    ids = [lesion.id for lesion in lesions]
    for place, one in enumerate(ids):
        if one in ids[:place]:
            yield f"lesion.{place}.id", f"lesion[{ids.index(one) + 1}] has this id already; give each lesion its own."


def _counted(patient: Mapping[str, tuple[Fact, ...]], listed: int, *, complete: bool) -> Iterator[Problem]:
    """Yield a number of lesions that the list contradicts."""
    for declared in (fact.value for fact in patient.get("n_lesions", ()) if isinstance(fact.value, int)):
        if declared < listed:
            yield "patient.n_lesions", f"fewer are declared than the {listed} that are listed; {CORRECT}."
        elif complete and declared > listed:
            yield "patient.n_lesions", f"more are declared than the {listed} that are listed as complete; {CORRECT}."


def _id(_: Document, value: object, __: Path) -> str:
    words = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(words, str) or not words.strip() or len(words) > LONGEST_ID or not words.isprintable():
        raise Wrong(f"a key without meaning, of at most {LONGEST_ID} letters")
    return words.strip()
