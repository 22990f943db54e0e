"""From a picture of a case to findings: what each rule of a guideline says of it, and on which day it was in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from isotherm.answer import Answer, all_of
from isotherm.clinical.case import Picture
from isotherm.criteria.explain import Line, Missing, explain, gaps, silences
from isotherm.criteria.expression import OfLesions, walk
from isotherm.criteria.rule import Combination, Guideline, Rule


class Presence(Enum):
    """Whether a predictor of a bad outcome, or a sign, is there; it is no criterion and cannot be met."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


_PRESENCE = {
    Answer.MET: Presence.PRESENT, Answer.MET_WITH_CONDITION: Presence.PRESENT, Answer.NOT_MET: Presence.ABSENT,
    Answer.UNKNOWN: Presence.UNKNOWN, Answer.NOT_APPLICABLE: Presence.NOT_APPLICABLE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of a case.

    Parameters
    ----------
    rule : Rule
    answer : Answer
    in_force : bool or None
        On the day asked about; None where the source prints too little to tell.
    applies : Line or None
        For whom the rule is, with what is known of it.
    holds : Line
        What it asks, with what is known of it.
    """

    rule: Rule
    answer: Answer
    in_force: bool | None
    applies: Line | None
    holds: Line

    @property
    def presence(self) -> Presence:
        """The answer of a predictor or an observation."""
        return _PRESENCE[self.answer]

    @property
    def deciding(self) -> tuple[Line, ...]:
        """The lines that the answer rests on: of applying where that is open or fails, else of holding."""
        if self.applies is not None and self.answer in (Answer.NOT_APPLICABLE, Answer.UNKNOWN):
            open_or_failing = self.applies.answer in (Answer.NOT_MET, Answer.UNKNOWN)
            return (self.applies, self.holds) if open_or_failing else (self.holds,)
        return (self.holds,)

    @property
    def missing(self) -> tuple[Missing, ...]:
        """The facts that an open answer waits for."""
        lines = self.deciding if self.answer is not Answer.NOT_APPLICABLE else ()
        return tuple(dict.fromkeys(fact for line in lines for fact in gaps(line)))

    @property
    def silences(self) -> tuple[str, ...]:
        """Why the source leaves an open answer open: not a fact of the patient is missing, but one of the source."""
        lines = self.deciding if self.answer is not Answer.NOT_APPLICABLE else ()
        return tuple(dict.fromkeys(why for line in lines for why in silences(line)))


@dataclass(frozen=True, slots=True)
class Combined:
    """A verdict that the source itself draws from several criteria."""

    combination: Combination
    answer: Answer


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guideline says of a case: rule by rule, and as a whole only where the source combines its rules."""

    guideline: Guideline
    on: date
    findings: tuple[Finding, ...]
    combined: tuple[Combined, ...]


def answer_of(rule: Rule, picture: Picture) -> Answer:
    """Return the answer of a rule: NOT_APPLICABLE to whom it is not for, UNKNOWN to whom it may be for."""
    if nothing_to_ablate(rule, picture):
        return Answer.NOT_APPLICABLE
    if rule.applies is not None:
        gate = Answer(rule.applies.level(picture))
        if gate is Answer.NOT_MET:
            return Answer.NOT_APPLICABLE
        if gate is Answer.UNKNOWN:
            return Answer.UNKNOWN
    return Answer(rule.holds.level(picture))


def combined_answer(combination: Combination, guideline: Guideline, picture: Picture) -> Answer:
    """Return the verdict of a combination."""
    return answer_together(tuple(guideline.rule(one) for one in combination.of), picture)


def answer_together(rules: tuple[Rule, ...], picture: Picture) -> Answer:
    """Return the smallest answer of the rules that apply.

    Where one of them speaks of lesions to be ablated and there are none, they cannot hold together: what is left of
    them would say less than the source does.
    """
    smallest = all_of(answer_of(rule, picture) for rule in rules)
    if smallest is not Answer.NOT_MET and any(nothing_to_ablate(rule, picture) for rule in rules):
        return Answer.NOT_APPLICABLE
    return smallest


def nothing_to_ablate(rule: Rule, picture: Picture) -> bool:
    """Return whether a rule on lesions to be ablated meets a patient who is known to have none."""
    if not picture.complete or rule.unit != "lesion":
        return False
    asks = any(part.whose == "targets" for part in walk(rule.holds) if isinstance(part, OfLesions))
    targets = [lesion.get("target") for lesion in picture.lesions.values()]
    return asks and all(target is not None and target.value is False for target in targets)


def judge(guideline: Guideline, picture: Picture, *, on: date) -> Verdict:
    """Return what a guideline says of a case.

    Parameters
    ----------
    guideline : Guideline
    picture : Picture
    on : date
        The day of which it is told whether each rule was in force; the answer does not depend on it.
    """
    findings = tuple(finding(rule, picture, on=on) for rule in guideline.rules)
    combined = tuple(Combined(one, combined_answer(one, guideline, picture)) for one in guideline.combinations)
    return Verdict(guideline, on, findings, combined)


def finding(rule: Rule, picture: Picture, *, on: date) -> Finding:
    """Return what one rule says of a case."""
    applies = None if rule.applies is None else explain(rule.applies, picture)
    return Finding(rule, answer_of(rule, picture), rule.since.holds(on), applies, explain(rule.holds, picture))
