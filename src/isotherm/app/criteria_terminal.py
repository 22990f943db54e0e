"""What `isotherm criteria check` prints: the open question first, then each guideline, then what to bear in mind."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from isotherm.app.criteria_tasks import TableDone
from isotherm.app.criteria_words import (
    ANSWER_WORDS,
    GAP_WORDS,
    RESEARCH,
    SIGNS,
    STATUS_WORDS,
    capital,
    force_words,
    how_many,
    imaging_words,
    weight_words,
)
from isotherm.app.terminal import NARROW
from isotherm.printable import printable

Part = Mapping[str, Any]

MOST_QUESTIONS = 3
MOST_ANSWERS = 4
"""Of what would change, a terminal shows the beginning; the document has all of it."""

MOST_REASONS = 3


def check_text(document: Part, width: int | None = None) -> str:
    """Return the answers of a document as text, in lines of at most `width` columns where one is given."""
    lines = [*_head(document), *_questions(document), *_guidelines(document), *_predictors(document),
             *_remarks(document)]  # fmt: skip
    return "\n".join(part for line in lines for part in _folded(line, width))


def _folded(line: str, width: int | None) -> list[str]:
    line = printable(line)
    if width is None or len(line) <= width or not line.strip():
        return [line.rstrip()]
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(line, max(width, NARROW), subsequent_indent=indent, break_on_hyphens=False)


def table_done_text(done: TableDone) -> str:
    """Return how many cases of a table got which answer from each rule: what an eligibility flow begins with."""
    lines = [f"{how_many(done.cases, 'case', 'cases')}, {how_many(len(done.counts), 'rule', 'rules')}:"]
    for name, counts in done.counts:
        lines.append(f"  {name}: " + ", ".join(f"{number} {ANSWER_WORDS[answer]}" for answer, number in counts))
    if done.unused:
        lines.append(f"Columns that are no fact and were not used: {', '.join(done.unused)}")
    return "\n".join([*lines, RESEARCH])


def _head(document: Part) -> Iterator[str]:
    case = document["case"]
    name = f"Case {case['id']}" if case["id"] else "The case"
    yield f"{name} on {case['on']}, by the rules of {document['as_of']}; today is {document['today']}."
    listed = how_many(len(case["lesions"]), "lesion", "lesions")
    yield f"{capital(listed)} listed; {'these are all' if case['lesions_complete'] else 'more may follow'}."


def _questions(document: Part) -> Iterator[str]:
    questions: Sequence[Part] = document["questions"]
    yield ""
    if not questions:
        yield "OPEN QUESTIONS: none. No missing fact would change an answer."
        return
    yield "OPEN QUESTIONS: the missing facts on which most answers hang"
    for number, question in enumerate(questions[:MOST_QUESTIONS], start=1):
        fact = question["fact"]
        yield f"{number}. {capital(fact['words'])}? ({GAP_WORDS[fact['gap']]}) {capital(weight_words(question))}."
        answers: Sequence[Part] = question["answers"]
        yield from (f"     {_outcomes(one)}" for one in answers[:MOST_ANSWERS])
        if len(answers) > MOST_ANSWERS:
            yield f"     and {how_many(len(answers) - MOST_ANSWERS, 'more answer', 'more answers')}"
    if len(questions) > MOST_QUESTIONS:
        others = ", ".join(one["fact"]["words"] for one in questions[MOST_QUESTIONS : MOST_QUESTIONS + 6])
        yield f"   Then: {others}{', ...' if len(questions) > MOST_QUESTIONS + 6 else ''}"


def _outcomes(answer: Part) -> str:
    ends = "; ".join(f"{one['values']}: {ANSWER_WORDS[one['answer']]}" for one in answer["outcomes"])
    return f"{answer['short']}, {answer['title']}: {ends}"


def _guidelines(document: Part) -> Iterator[str]:
    silent: list[str] = []
    for guideline in document["guidelines"]:
        said = [one for one in guideline["findings"] if one["answer"] != "NOT_APPLICABLE" and not _is_predictor(one)]
        if not said:
            silent.append(guideline["short"])
            continue
        yield from ("", f"{guideline['name']}, {guideline['edition']} [{guideline['id']}]")
        usual = Counter(_standing(one, document["as_of"]) for one in said).most_common(1)[0][0]
        yield f"  {usual}, unless said otherwise"
        for finding in said:
            yield from _rule(finding, document["as_of"], usual)
        for one in guideline["combined"]:
            if one["answer"] != "NOT_APPLICABLE":
                yield f"  {SIGNS[one['answer']]:<4}{ANSWER_WORDS[one['answer']]}: {one['title']} (all of it together)"
        left = len([one for one in guideline["findings"] if one["answer"] == "NOT_APPLICABLE"])
        if left:
            yield f"  {how_many(left, 'rule is', 'rules are')} not applicable."
        if guideline["silent_on"]:
            yield f"  No criterion printed on: {', '.join(guideline['silent_on'])}."
        yield f"  {guideline['note']}"
    if silent:
        yield from ("", f"Nothing that applies to this case: {', '.join(silent)}.")


def _is_predictor(finding: Part) -> bool:
    return finding["rule"]["kind"] in ("predictor", "observation")


def _standing(finding: Part, as_of: str) -> str:
    """Return of which kind and grade a rule is, and from when: mostly alike within one guideline."""
    status = STATUS_WORDS[finding["rule"]["status"]]
    parts = (finding["rule"]["kind"], finding["grade"]["text"], force_words(finding, as_of), status)
    return "; ".join(part for part in parts if part)


def _rule(finding: Part, as_of: str, usual: str) -> Iterator[str]:
    answer, rule, standing = finding["answer"], finding["rule"], _standing(finding, as_of)
    yield f"  {SIGNS[answer]:<4}{ANSWER_WORDS[answer]}: {rule['title']} ({rule['id'].partition('.')[2]})"
    yield from (f"        {words}" for words in finding["reasons"][:MOST_REASONS])
    if len(finding["reasons"]) > MOST_REASONS:
        yield f"        and {how_many(len(finding['reasons']) - MOST_REASONS, 'more part', 'more parts')}"
    if standing != usual:
        yield f"        {standing}"
    if rule["superseded_by"]:
        yield f"        later: {', '.join(rule['superseded_by'])}"


def _predictors(document: Part) -> Iterator[str]:
    found = [(guideline, one) for guideline in document["guidelines"] for one in guideline["findings"]
             if _is_predictor(one) and one["answer"] != "NOT_APPLICABLE"]  # fmt: skip
    if not found:
        return
    yield from ("", "PREDICTORS AND OBSERVATIONS: no criteria; none of them can be met")
    for guideline, one in found:
        reasons = "; ".join(one["reasons"][:MOST_REASONS])
        yield f"  {SIGNS[one['answer']]:<4}{ANSWER_WORDS[one['answer']]}: {one['rule']['title']} ({guideline['short']})"
        yield f"        {reasons}"


def _remarks(document: Part) -> Iterator[str]:
    remarks = [f"{_named(one)} is of {one['on']}, after the day asked about, and was not used."
               for one in document["later"]]  # fmt: skip
    old = list(imaging_words(document))
    remarks += [f"{one}." for one in old]
    if old:
        remarks.append(f"Imaging older than {document['imaging_age_days']} days is named: your setting, of no source.")
    remarks += [capital(note) + "." for note in document["notes"]]
    if remarks:
        yield ""
        yield from (f"note: {remark}" for remark in remarks)
    yield from ("", RESEARCH)


def _named(one: Part) -> str:
    return capital(one["label"]) + (f" of lesion {one['lesion']}" if one["lesion"] else "")
