"""What pages show of a case's answers: open question, facts, matrix, changes, annex; the same for every page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isotherm.app.criteria_words import (
    RESEARCH,
    age_words,
    capital,
    force_words,
    how_many,
    imaging_words,
    kind_of_source,
    open_words,
    sources_say,
)

Part = Mapping[str, Any]

MOST_TITLES = 2
"""Rules of one cell of the matrix that are named there; of more, only the answers are counted."""

MOST_OUTCOMES, MOST_NEXT, MOST_GAPS, MOST_LESIONS, MOST_COLUMNS = 5, 4, 8, 4, 6
"""What of questions, gaps, lesions and their facts stands on the sheet; the annex has all of it."""

ORDER = ("NOT_MET", "UNKNOWN", "MET_WITH_CONDITION", "MET", "PRESENT", "ABSENT", "NOT_APPLICABLE")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix: answers with the titles of their rules; what is open is counted where it is much.

    Parameters
    ----------
    marks : tuple of (answer, words, later)
        `later`: not in force on the day asked about; today it is.
    """

    marks: tuple[tuple[str, str, bool], ...]


def criteria_view(document: Part) -> dict[str, Any]:
    """Return what pages show of a document of criteria, in the order of its sheet and its annex."""
    guidelines, sources = applicable(document), _sources(document)
    rows = list(_matrix(document, guidelines))
    return {
        "research": RESEARCH, "case": document["case"], "document": document, "title": _title(document),
        "listed": _listed(document), "ago": age_words(document["as_of"], document["today"]),
        "first": first_question(document), "following": document["questions"][1 : 1 + MOST_NEXT],
        "facts": list(_facts(document)), "gaps": list(_gaps(document)), "most_gaps": MOST_GAPS,
        "most_lesions": MOST_LESIONS, "lesions": _lesions(document), "guidelines": guidelines, "rows": rows,
        "any_later": any(later for row in rows for cell in row["cells"] for *_, later in cell.marks),
        "others": [one["short"] for one in document["guidelines"] if one not in guidelines],
        "annex": [_annex(one, document, sources) for one in document["guidelines"] if _answered(one)],
        "predictors": list(_predictors(document, sources)), "alone": _alone(document),
        "differ": [row for row in document["matrix"]["rows"] if row["causes"]],
        "sources": list(sources), "sources_say": sources_say(kind_of_source(one) for one in guidelines),
        "remarks": list(_remarks(document)),
    }  # fmt: skip


def _title(document: Part) -> str:
    case = document["case"]
    return f"Criteria: case {case['id']}" if case["id"] else "Criteria"


def _listed(document: Part) -> str:
    case = document["case"]
    words = how_many(len(case["lesions"]), "lesion", "lesions")
    return f"{words} listed, {'which are all' if case['lesions_complete'] else 'and more may follow'}"


def _answered(guideline: Part) -> bool:
    return any(one["answer"] != "NOT_APPLICABLE" for one in guideline["findings"])


def applicable(document: Part) -> list[Part]:
    """Return the guidelines of which a criterion applies to the case: the columns of the matrix."""
    rows: Sequence[Part] = document["matrix"]["rows"]
    said = {cell["guideline"] for row in rows for cell in row["cells"]
            if any(one["answer"] != "NOT_APPLICABLE" for one in cell["findings"])}  # fmt: skip
    return [one for one in document["guidelines"] if one["id"] in said]


def first_question(document: Part) -> dict[str, Any] | None:
    """Return the open question on which most hangs, with a column for each value where it has few of them."""
    questions: Sequence[Part] = document["questions"]
    if not questions:
        return None
    answers = sorted(questions[0]["answers"], key=lambda one: not one["decides"])
    return {
        "question": questions[0],
        "values": _values(answers),
        "answers": answers[:MOST_OUTCOMES],
        "more": max(0, len(answers) - MOST_OUTCOMES),
    }


def _values(answers: Sequence[Part]) -> list[str]:
    """Return "yes" and "no" where these are the values of every answer: then they are the heads of two columns."""
    values = {one["values"] for answer in answers for one in answer["outcomes"]}
    return ["yes", "no"] if values == {"yes", "no"} else []


TOLD_DERIVED = ("n_lesions", "largest_lesion_mm", "tumor_burden_score", "fong_score")
"""What was computed and is worth its place on the sheet."""


def _facts(document: Part) -> Iterator[Part]:
    """Yield what is known of the patient; of what was computed, the numbers that people speak of."""
    for fact in document["facts"]:
        told = fact["origin"] != "derived" or (fact["value"] is not None and fact["name"] in TOLD_DERIVED)
        if fact["lesion"] is None and told:
            yield fact


def _gaps(document: Part) -> Iterator[str]:
    """Yield the facts of the patient that some answer waits for, in the order of what hangs on them."""
    for question in document["questions"]:
        yield question["fact"]["words"]


def _lesions(document: Part) -> dict[str, Any]:
    """Return the lesions as a table: a column for each of the facts that are known of most of them."""
    by_lesion: dict[str, dict[str, Part]] = {name: {} for name in document["case"]["lesions"]}
    labels: dict[str, str] = {}
    for fact in document["facts"]:
        if fact["lesion"] is not None:
            by_lesion[fact["lesion"]][fact["name"]] = fact
            labels[fact["name"]] = fact["label"]
    often = Counter(name for known in by_lesion.values() for name in known)
    shown = sorted(labels, key=lambda name: -often[name])[:MOST_COLUMNS]
    return {"labels": {name: label for name, label in labels.items() if name in shown},
            "left": len(labels) - len(shown), "rows": list(by_lesion.items())}  # fmt: skip


def _matrix(document: Part, guidelines: Iterable[Part]) -> Iterator[dict[str, Any]]:
    shown = [one["id"] for one in guidelines]
    whole = {one["rule"]["id"]: one for guideline in document["guidelines"] for one in guideline["findings"]}
    for row in document["matrix"]["rows"]:
        brief = not row["differs_on_paper"] and not _decided(row)
        cells = {cell["guideline"]: _cell(cell["findings"], whole, brief=brief) for cell in row["cells"]}
        if any(cells[one].marks for one in shown):
            yield {"topic": row["topic"], "here": row["differs_here"], "paper": row["differs_on_paper"],
                   "cells": [cells[one] for one in shown]}  # fmt: skip


def _decided(row: Part) -> bool:
    """Return whether any answer of a topic is known: where none is, numbers of rules are enough for the sheet."""
    return any(one["answer"] not in ("UNKNOWN", "NOT_APPLICABLE") and not _later(one)
               for cell in row["cells"] for one in cell["findings"])  # fmt: skip


def _cell(findings: Sequence[Part], whole: Mapping[str, Part], *, brief: bool) -> Cell:
    asked = sorted((one for one in findings if one["answer"] != "NOT_APPLICABLE"),
                   key=lambda one: ORDER.index(one["answer"]))  # fmt: skip
    few = len(asked) <= MOST_TITLES and not brief
    named = [one for one in asked if few or one["answer"] == "NOT_MET"]
    counted = Counter((one["answer"], _reason(one, whole), _later(one)) for one in asked if one not in named)
    marks = [(one["answer"], _named(one, whole), _later(one)) for one in named]
    marks += [(answer, how_many(n, "rule", "rules") + reason, late) for (answer, reason, late), n in counted.items()]
    return Cell(tuple(marks))


def _named(finding: Part, whole: Mapping[str, Part]) -> str:
    """Return a rule by its title; where the source speaks against something, not met means that it is not there."""
    against = "against " if whole[finding["id"]]["rule"]["direction"] == "against" else ""
    return against + finding["title"] + _reason(finding, whole)


def _reason(finding: Part, whole: Mapping[str, Part]) -> str:
    words = open_words(whole[finding["id"]]) if finding["answer"] == "UNKNOWN" else ""
    return f": {words}" if words else ""


def _later(finding: Part) -> bool:
    return finding["in_force"]["as_of"] is False


def _annex(guideline: Part, document: Part, sources: Mapping[str, int]) -> dict[str, Any]:
    """Return a guideline for the annex: its criteria that apply, each with reason, grade, date and source."""
    findings = [one for one in guideline["findings"] if one["answer"] != "NOT_APPLICABLE" and not is_predictor(one)]
    titles = {one["rule"]["id"]: one["rule"]["title"] for one in guideline["findings"]}
    return {
        "guideline": guideline,
        "findings": [_told(one, document, sources) for one in findings],
        "left": sum(one["answer"] == "NOT_APPLICABLE" for one in guideline["findings"]),
        "combined": [
            one | {"titles": [titles.get(rule, rule) for rule in one["of"]]}
            for one in guideline["combined"]
            if one["answer"] != "NOT_APPLICABLE"
        ],
    }


def _told(finding: Part, document: Part, sources: Mapping[str, int]) -> dict[str, Any]:
    return {
        "finding": finding,
        "force": force_words(finding, document["as_of"]),
        "source": sources[finding["source"]["text"]],
        "later": [
            f"{guideline['short']}, “{one['rule']['title']}”"
            for guideline in document["guidelines"]
            for one in guideline["findings"]
            if one["rule"]["id"] in finding["rule"]["superseded_by"]
        ],
        "where": finding["source"]["where"],
    }


def is_predictor(finding: Part) -> bool:
    """Return whether a rule only observed something: it can be present, and never met."""
    return finding["rule"]["kind"] in ("predictor", "observation")


def _predictors(document: Part, sources: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for guideline in document["guidelines"]:
        for finding in guideline["findings"]:
            if is_predictor(finding) and finding["answer"] != "NOT_APPLICABLE":
                yield {"short": guideline["short"], **_told(finding, document, sources)}


def _alone(document: Part) -> list[Part]:
    return [one for one in document["questions"] if one["answers"]]


def _sources(document: Part) -> dict[str, int]:
    """Return the sources of the rules that were asked, numbered in their order."""
    texts = (one["source"]["text"] for guideline in document["guidelines"] for one in guideline["findings"]
             if one["answer"] != "NOT_APPLICABLE")  # fmt: skip
    return {text: number for number, text in enumerate(dict.fromkeys(texts), start=1)}


def _remarks(document: Part) -> Iterator[str]:
    for one in document["later"]:
        where = f" of lesion {one['lesion']}" if one["lesion"] else ""
        yield f"{capital(one['label'])}{where}: noted for {one['on']}, after the day asked about, and not used"
    yield from imaging_words(document)
    yield from document["notes"]
