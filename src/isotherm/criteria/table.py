"""Tables: the answers of many cases, a column for each rule, for an eligibility flow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from isotherm.answer import Answer
from isotherm.clinical.case import Picture
from isotherm.criteria.judge import answer_of, combined_answer
from isotherm.criteria.rule import Guideline

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
    for one in guidelines:
        for rule in one.rules:
            found[rule.id] = _column(answer_of(rule, picture) for picture in pictures)
        for combination in one.combinations:
            found[combination.id] = _column(combined_answer(combination, one, picture) for picture in pictures)
    return found


def _column(found: Iterable[Answer]) -> Answers:
    return np.fromiter((answer.value for answer in found), dtype=np.int8)
