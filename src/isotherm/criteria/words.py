"""The words in which rules are written, as in `every(number("diameter_mm") <= 30) & no("ascites")`."""

from __future__ import annotations

from dataclasses import dataclass

from isotherm.criteria.expression import Among, Comparison, Every, Expression, OnCondition, Silent, Some, kind_of


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the vocabulary, to be compared with a limit."""

    name: str

    def __lt__(self, limit: float) -> Comparison:
        """Return the condition that it is below a limit."""
        return Comparison(self.name, "<", limit)

    def __le__(self, limit: float) -> Comparison:
        """Return the condition that it is at most a limit."""
        return Comparison(self.name, "<=", limit)

    def __gt__(self, limit: float) -> Comparison:
        """Return the condition that it is above a limit."""
        return Comparison(self.name, ">", limit)

    def __ge__(self, limit: float) -> Comparison:
        """Return the condition that it is at least a limit."""
        return Comparison(self.name, ">=", limit)

    def between(self, low: float, high: float) -> Expression:
        """Return the condition that it is neither below `low` nor above `high`."""
        return (self >= low) & (self <= high)

    def exactly(self, limit: float) -> Comparison:
        """Return the condition that it is the limit itself: where sources leave a boundary open."""
        return Comparison(self.name, "==", limit)


def number(name: str) -> Number:
    """Return a number of the vocabulary."""
    if not kind_of(name).is_number:
        raise ValueError(f"{name} is no number.")
    return Number(name)


def yes(name: str) -> Among:
    """Return the condition that a fact is true."""
    return Among(name, (True,))


def no(name: str) -> Among:
    """Return the condition that a fact is false, which is more than not known."""
    return Among(name, (False,))


def one_of(name: str, *values: str) -> Among:
    """Return the condition that a choice is one of these."""
    return Among(name, values)


def every(part: Expression) -> Every:
    """Return the condition that each lesion to be ablated fulfils a part."""
    return Every(part)


def every_lesion(part: Expression) -> Every:
    """Return the condition that each lesion fulfils a part, to be ablated or not."""
    return Every(part, "all lesions")


def some(part: Expression) -> Some:
    """Return the condition that a lesion to be ablated fulfils a part."""
    return Some(part)


def some_lesion(part: Expression) -> Some:
    """Return the condition that a lesion fulfils a part, to be ablated or not."""
    return Some(part, "all lesions")


def on_condition(part: Expression, condition: str) -> OnCondition:
    """Return what is met on a condition only, if a part holds."""
    return OnCondition(part, condition)


def silent(why: str) -> Silent:
    """Return what the source leaves open, with the reason."""
    return Silent(why)
