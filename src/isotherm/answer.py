"""Answer: what a rule or an eligibility step says of a patient, where not knowing is an answer too."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import total_ordering
from typing import NoReturn


@total_ordering
class Answer(Enum):
    """NOT_MET < UNKNOWN < MET_WITH_CONDITION < MET, and NOT_APPLICABLE outside of that order.

    `a & b` is the smaller of two answers and `a | b` the larger one, so that a missing fact decides nothing that the
    known facts have decided already. NOT_APPLICABLE was not asked: beside another answer, the other one stands.

    The value of a member is its place in the order (-1 outside of it), by which arrays of answers are stored.

    Examples
    --------
    >>> Answer.MET & Answer.UNKNOWN, Answer.NOT_MET & Answer.UNKNOWN
    (<Answer.UNKNOWN: 1>, <Answer.NOT_MET: 0>)
    >>> Answer.MET | Answer.UNKNOWN
    <Answer.MET: 3>
    """

    NOT_APPLICABLE = -1
    NOT_MET = 0
    UNKNOWN = 1
    MET_WITH_CONDITION = 2
    MET = 3

    def __and__(self, other: object) -> Answer:
        """Return the smaller answer."""
        return _decided((self, other), smallest=True) if isinstance(other, Answer) else NotImplemented

    def __or__(self, other: object) -> Answer:
        """Return the larger answer."""
        return _decided((self, other), smallest=False) if isinstance(other, Answer) else NotImplemented

    def __invert__(self) -> Answer:
        """Return the answer to the opposite; what is met under a condition is then unknown."""
        opposite = {Answer.MET: Answer.NOT_MET, Answer.NOT_MET: Answer.MET, Answer.MET_WITH_CONDITION: Answer.UNKNOWN}
        return opposite.get(self, self)

    def __lt__(self, other: object) -> bool:
        """Compare within the order; NOT_APPLICABLE has no place in it."""
        if not isinstance(other, Answer):
            return NotImplemented
        if Answer.NOT_APPLICABLE in (self, other):
            raise TypeError("NOT_APPLICABLE lies outside of the order of answers; ask for it with `is` first.")
        return self.value < other.value

    def __bool__(self) -> NoReturn:
        """Refuse: UNKNOWN is neither true nor false."""
        raise TypeError("An answer is neither true nor false; write `answer is Answer.MET`, or compare it.")


def all_of(answers: Iterable[Answer]) -> Answer:
    """Return the smallest answer: what holds if every part has to hold; NOT_APPLICABLE if none was asked."""
    return _decided(answers, smallest=True)


def any_of(answers: Iterable[Answer]) -> Answer:
    """Return the largest answer: what holds if one part is enough; NOT_APPLICABLE if none was asked."""
    return _decided(answers, smallest=False)


def _decided(answers: Iterable[Answer], *, smallest: bool) -> Answer:
    asked = [answer for answer in answers if answer is not Answer.NOT_APPLICABLE]
    if len(asked) == 0:
        return Answer.NOT_APPLICABLE
    return min(asked) if smallest else max(asked)
