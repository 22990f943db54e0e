"""Tables: the answers of many cases, a column for each rule, for an eligibility flow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from isotherm.answer import Answer
from isotherm.clinical.case import Picture
from isotherm.criteria.expression import Expression
from isotherm.criteria.judge import nothing_to_ablate
from isotherm.criteria.rule import Guideline, Rule

Answers = npt.NDArray[np.int8]


def answers(guidelines: Iterable[Guideline], pictures: Sequence[Picture]) -> dict[str, Answers]:
    """Return the answers of every rule and combination for many cases.

    Parameters
    ----------
    guidelines : iterable of Guideline
    pictures : sequence of Picture
        n of them.

    Returns
    -------
    dict of str to array of int, shape (n,)
        The values of `Answer`, by the id of the rule or combination.
    """
    found: dict[str, Answers] = {}
    gates: dict[Expression, Answers] = {}
    for one in guidelines:
        for rule in one.rules:
            if rule.applies is not None and rule.applies not in gates:
                gates[rule.applies] = _levels(rule.applies, pictures)
            gate = None if rule.applies is None else gates[rule.applies]
            found[rule.id] = _column(rule, pictures, gate)
        for combination in one.combinations:
            column = _smallest(np.array([found[part] for part in combination.of]))
            for rule in map(one.rule, combination.of):
                none = _nothing_to_ablate(rule, pictures) & (column != Answer.NOT_MET.value)
                column[none] = Answer.NOT_APPLICABLE.value
            found[combination.id] = column
    return found


def _levels(expression: Expression, pictures: Sequence[Picture]) -> Answers:
    return np.fromiter((expression.level(picture) for picture in pictures), dtype=np.int8, count=len(pictures))


def _column(rule: Rule, pictures: Sequence[Picture], gate: Answers | None) -> Answers:
    """Return what `answer_of` answers for every picture; the gate of rules for the same patients is asked once."""
    column = np.full(len(pictures), Answer.UNKNOWN.value, dtype=np.int8)
    asked = range(len(pictures))
    if gate is not None:
        column[gate == Answer.NOT_MET.value] = Answer.NOT_APPLICABLE.value
        asked = np.flatnonzero(gate > Answer.UNKNOWN.value).tolist()
    for row in asked:
        column[row] = rule.holds.level(pictures[row])
    column[_nothing_to_ablate(rule, pictures)] = Answer.NOT_APPLICABLE.value
    return column


def _nothing_to_ablate(rule: Rule, pictures: Sequence[Picture]) -> npt.NDArray[np.bool_]:
    if rule.unit != "lesion":
        return np.zeros(len(pictures), dtype=np.bool_)
    return np.array([nothing_to_ablate(rule, picture) for picture in pictures], dtype=np.bool_)


def _smallest(columns: Answers) -> Answers:
    """Return the smallest answer of each case among the rules that apply, shape (n,)."""
    asked = columns != Answer.NOT_APPLICABLE.value
    smallest = np.where(asked, columns, np.int8(Answer.MET.value)).min(axis=0)
    return np.where(asked.any(axis=0), smallest, np.int8(Answer.NOT_APPLICABLE.value))
