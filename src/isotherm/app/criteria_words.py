"""The words and signs in which answers, gaps and reasons are shown; nothing here tells anybody what to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from isotherm.answer import Answer
from isotherm.clinical.fact import Gap
from isotherm.criteria.explain import ONLY_IF, OPPOSITE, Line
from isotherm.criteria.judge import Finding, Presence

ANSWER_WORDS: Mapping[str, str] = {
    "MET": "met", "MET_WITH_CONDITION": "met with a condition", "UNKNOWN": "unknown", "NOT_MET": "not met",
    "NOT_APPLICABLE": "not applicable", "PRESENT": "present", "ABSENT": "absent",
}  # fmt: skip

SIGNS: Mapping[str, str] = {
    "MET": "✓", "MET_WITH_CONDITION": "(✓)", "UNKNOWN": "?", "NOT_MET": "✗", "NOT_APPLICABLE": "-",
    "PRESENT": "●", "ABSENT": "○",
}  # fmt: skip

GAP_WORDS: dict[Gap, str] = {
    "missing": "not noted",
    "not assessable": "what was noted cannot tell it",
    "conflicting values": "what was noted contradicts itself; the wrong record is to be corrected",
    "later measurement": "a lesion that was measured later lies beyond what was noted, which is to be noted anew",
    "list of lesions is open": "more lesions may follow",
    "interval straddles": "its interval lies on both sides of the limit",
}

LONG_AGO_DAYS, DAYS_PER_MONTH = 180, 30.4375
"""A day asked about that lies longer ago is pointed out."""

RESEARCH = (
    "Research use only. Not a medical device. It says what sources state and what is not known; it decides nothing."
)

NEWER = "Newer editions may exist."

STATUS_WORDS: Mapping[str, str] = {
    "published": "",
    "document": "read in a document that reproduces it",
    "recalled": "from memory, not read in the source: to be confirmed before it is used",
}


def answer_name(answer: Answer, *, is_criterion: bool) -> str:
    """Return the name of an answer: predictors and observations are present or absent, and never met."""
    if is_criterion or answer in (Answer.UNKNOWN, Answer.NOT_APPLICABLE):
        return answer.name
    return (Presence.ABSENT if answer is Answer.NOT_MET else Presence.PRESENT).name


def with_newer(note: str) -> str:
    """Return the note of a guideline, which says that newer editions may exist."""
    return note if re.search(r"newer (?:edition|version)", note, re.IGNORECASE) else f"{note} {NEWER}"


def reasons(finding: Finding) -> tuple[str, ...]:
    """Return what an answer rests on, in words: of many parts, those that bear it; of an open one what is known."""
    if finding.answer is not Answer.NOT_APPLICABLE:
        bearing = (words for line in finding.deciding for words in _bearing(line))
        return tuple(dict.fromkeys((*bearing, *(f"{where}{line.words}: {WOULD[line.answer]}"
                                                for where, line in _known(finding)))))  # fmt: skip
    if finding.applies is not None and finding.applies.answer is Answer.NOT_MET:
        return tuple(dict.fromkeys(_bearing(finding.applies)))
    return ("no lesion is to be ablated",)


WOULD: Mapping[Answer, str] = {Answer.MET: "would be met", Answer.NOT_MET: "would not be met"}
"""What is said of a number that is known within an answer that is open for another reason."""


def _known(finding: Finding) -> Iterator[tuple[str, Line]]:
    """Yield the numbers that are known within an open answer, each with its lesion."""
    if finding.answer is Answer.UNKNOWN:
        for line in finding.deciding:
            yield from _numbers(line)


def _numbers(line: Line, inside: str = "") -> Iterator[tuple[str, Line]]:
    within = f"{line.words}: " if line.words.startswith("lesion ") else inside
    if line.number and line.answer in WOULD:
        yield within, line
    if line.answer is Answer.UNKNOWN or line.words.startswith(ONLY_IF):
        # What fails inside of an opposite speaks for it, and no words of that kind are said of it.
        for part in line.parts if line.words != OPPOSITE else ():
            yield from _numbers(part, within)


def failing_words(finding: Finding) -> tuple[str, ...]:
    """Return the numbers that no part of an open criterion would be met by, in short: "lesion 1: 27 mm"."""
    answers: dict[str, set[Answer]] = {}
    for where, line in _known(finding):
        answers.setdefault(f"{where}{line.number}", set()).add(line.answer)
    return tuple(words for words, found in answers.items() if found == {Answer.NOT_MET})


def _bearing(line: Line, inside: str = "") -> Iterator[str]:
    """Yield the leaves that give a line its answer, each with its lesion."""
    if not line.parts:
        yield inside + line.words
        return
    if line.words.startswith(ONLY_IF):
        yield inside + line.words
    within = f"{line.words}: " if line.words.startswith("lesion ") else inside
    parts = [part for part in line.parts if not _says_target(part)] or line.parts
    for part in [part for part in parts if part.answer is line.answer] or parts:
        yield from _bearing(part, within)


def _says_target(line: Line) -> bool:
    """Return whether a line only says that a lesion is one of those that are asked about."""
    return not line.parts and line.words.startswith("to be ablated: yes")


def capital(words: str) -> str:
    """Return words as a sentence begins."""
    return words[:1].upper() + words[1:]


def how_many(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many}"


def weight_words(question: Mapping[str, Any]) -> str:
    """Return how much hangs on a missing fact."""
    alone, others = question["decides"] + question["can_settle"], question["with_others"]
    hang = "hangs" if (alone or others) == 1 else "hang"
    words: list[str] = []
    if alone:
        words.append(f"{how_many(alone, 'open answer', 'open answers')} {hang} on it alone")
    if others:
        more = f"{others} more" if alone else f"{how_many(others, 'open answer', 'open answers')} {hang}"
        words.append(f"{more} on it and other missing facts")
    return ", ".join(words)


def open_words(finding: Mapping[str, Any]) -> str:
    """Return why an answer is open in a word or two, where it is not simply that nobody noted a fact."""
    gaps = {one["gap"] for one in finding["missing"]}
    if "conflicting values" in gaps:
        return "contradicted"
    if "later measurement" in gaps:
        return "measured since"
    if "interval straddles" in gaps:
        return "borderline"
    if "not assessable" in gaps:
        return "not assessable"
    return "source silent" if finding["silences"] and not gaps else ""


def kind_of_source(guideline: Mapping[str, Any]) -> str:
    """Return what a source is, and where most of it was not read in the source itself, from where it was taken.

    What it is follows from the scale of most of its grades: a limit of a trial binds nobody else.
    """
    read = Counter(finding["rule"]["status"] for finding in guideline["findings"])
    kind, hand = _scale_of_source(guideline), HAND_WORDS[max(read, key=lambda one: read[one], default="published")]
    return f"{kind}, {hand}" if hand and kind != LECTURE else kind


HAND_WORDS: Mapping[str, str] = {"published": "", "document": "second-hand", "recalled": "from memory"}
"""What stands beside a source, by how its rules were read."""

HAND_SAYS: Mapping[str, str] = {
    "second-hand": "Second-hand: read as the slides of a lecture quote it, not in the source itself; its wording, "
    "limits and edition may differ from the source.",
    "from memory": "From memory: not read in the source; to be confirmed in it before it is used.",
}

LECTURE = "lecture"


def sources_say(kinds: Iterable[str]) -> str:
    """Return what stands under several sources: what is named there, and what their kinds mean."""
    told = tuple(kinds)
    return " ".join([LIMITS_SAY, *(says for hand, says in HAND_SAYS.items() if any(hand in one for one in told))])


LIMITS_SAY = "A criterion is named by what its source asks, not by what is known of the patient."


def _scale_of_source(guideline: Mapping[str, Any]) -> str:
    schemes = Counter(finding["grade"]["scheme"] for finding in guideline["findings"])
    return _KIND_OF_SOURCE.get(max(schemes, key=lambda one: schemes[one], default=""), "source")


_KIND_OF_SOURCE = {
    "trial protocol": "trial", "registry protocol": "registry", "observational study": "study",
    "diagnostic accuracy study": "study", "panel consensus": "consensus", "NCCN category": "guideline",
    "ESMO level and grade": "guideline", "none": LECTURE,
}  # fmt: skip


def age_words(as_of: str, today: str) -> str:
    """Return how long ago the day asked about is, where that is long: facts and rules have changed since."""
    days = (date.fromisoformat(today) - date.fromisoformat(as_of)).days
    return f"{days / DAYS_PER_MONTH:.0f} months ago" if days > LONG_AGO_DAYS else ""


def force_words(finding: Mapping[str, Any], as_of: str) -> str:
    """Return whether a rule was in force on the day asked about, and whether it is today."""
    since = finding["since"]
    if since["start"] is None:
        return "no date printed"
    force, until = finding["in_force"], f" to {since['end']}" if since["end"] else ""
    day, now = _FORCE[force["as_of"]], _FORCE[force["today"]]
    today = "" if day == now else f", today {now}"
    return f"{day} on {as_of}{today} (printed: from {since['start']}{until})"


_FORCE: Mapping[bool | None, str] = {True: "in force", False: "not in force", None: "perhaps in force"}


def imaging_words(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was read off old images, or off images of no noted day: facts of several lesions in one sentence."""
    found: dict[tuple[str, str | None], list[Mapping[str, Any]]] = {}
    for one in document["old_imaging"]:
        found.setdefault((one["label"], one["on"]), []).append(one)
    for (label, on), several in found.items():
        lesions = ", ".join(one["lesion"] for one in several if one["lesion"])
        where = f" of {'lesion' if len(several) == 1 else 'lesions'} {lesions}" if lesions else ""
        age = "of no noted day" if on is None else f"{several[0]['days']} days old ({on})"
        yield f"{capital(label)}{where}: read off images {age}"
