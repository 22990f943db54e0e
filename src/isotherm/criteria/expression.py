"""Expressions: small conditions over named facts, from which answers, reasons, gaps and limits are read off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from isotherm.answer import Answer
from isotherm.clinical.case import Picture
from isotherm.clinical.fact import Readings, Sign
from isotherm.clinical.kinds import FactKind, Value
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS

NOT_MET, UNKNOWN, MET_WITH_CONDITION, MET = (
    answer.value for answer in (Answer.NOT_MET, Answer.UNKNOWN, Answer.MET_WITH_CONDITION, Answer.MET)
)

Whose = Literal["targets", "all lesions"]
"""Which lesions are meant: those to be ablated, or every one."""


def kind_of(name: str) -> FactKind:
    """Return the kind of a fact of a case or a lesion."""
    found = CASE_FACTS.get(name) or LESION_FACTS.get(name)
    if found is None:
        raise ValueError(f"{name} is no fact that is known here; add it to the vocabulary first.")
    return found


class Expression:
    """A condition. `a & b` holds if both hold, `a | b` if one does, `~a` if a does not.

    `level` is the value of an `Answer`, so that the smallest and the largest can be taken; NOT_APPLICABLE has no part
    in it. It takes what is known of a case, and inside of `Every` and `Some` what is known of one lesion.
    """

    __slots__ = ()

    def level(self, picture: Picture, lesion: Readings | None = None) -> int:
        """Return the value of the answer."""
        raise NotImplementedError

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The conditions that it is made of."""
        return ()

    def __and__(self, other: Expression) -> Expression:
        """Return the condition that both hold."""
        return All((*_flat(self, All), *_flat(other, All)))

    def __or__(self, other: Expression) -> Expression:
        """Return the condition that at least one holds."""
        return Any((*_flat(self, Any), *_flat(other, Any)))

    def __invert__(self) -> Expression:
        """Return the condition that it does not hold."""
        return Opposite(self)


@dataclass(frozen=True, slots=True)
class Comparison(Expression):
    """Whether a number stands in a relation to a limit, strict or not exactly as its source has it."""

    name: str
    sign: Sign
    limit: float

    def __post_init__(self) -> None:
        if not kind_of(self.name).is_number:
            raise ValueError(f"{self.name} is no number; it cannot be compared with {self.limit:g}.")

    def level(self, picture: Picture, lesion: Readings | None = None) -> int:
        """Return the value of the answer; unknown as well where an interval lies on both sides of the limit."""
        reading = (picture.patient if lesion is None or self.name not in LESION_FACTS else lesion).get(self.name)
        return UNKNOWN if reading is None else _level(reading.compare(self.sign, self.limit))


@dataclass(frozen=True, slots=True)
class Among(Expression):
    """Whether a value is one of several: yes or no, or choices."""

    name: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        kind = kind_of(self.name)
        if kind.is_number or kind.form == "date" or not self.values:
            raise ValueError(f"{self.name} is no choice; compare it, or derive what is asked about.")
        for value in self.values:
            kind.checked(value)

    def level(self, picture: Picture, lesion: Readings | None = None) -> int:
        """Return the value of the answer."""
        reading = (picture.patient if lesion is None or self.name not in LESION_FACTS else lesion).get(self.name)
        return UNKNOWN if reading is None else _level(reading.among(self.values))


@dataclass(frozen=True, slots=True)
class Silent(Expression):
    """What the source does not decide: always unknown, whatever is known of the patient."""

    why: str

    def level(self, picture: Picture, lesion: Readings | None = None) -> int:
        """Return unknown."""
        return UNKNOWN


@dataclass(frozen=True, slots=True)
class All(Expression):
    """Whether every part holds: the smallest answer."""

    of: tuple[Expression, ...]

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The conditions that it is made of."""
        return self.of

    def level(self, picture: Picture, lesion: Readings | None = None) -> int:
        """Return the value of the answer."""
        return min(part.level(picture, lesion) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Any(Expression):
    """Whether one part holds: the largest answer."""

    of: tuple[Expression, ...]

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The conditions that it is made of."""
        return self.of

    def level(self, picture: Picture, lesion: Readings | None = None) -> int:
        """Return the value of the answer."""
        return max(part.level(picture, lesion) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Opposite(Expression):
    """Whether a part does not hold."""

    part: Expression

    def __post_init__(self) -> None:
        if any(isinstance(inner, OnCondition) for inner in walk(self.part)):
            raise ValueError(
                "The opposite of what holds on a condition is not decided; state it without the condition."
            )

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The condition that is turned around."""
        return (self.part,)

    def level(self, picture: Picture, lesion: Readings | None = None) -> int:
        """Return the value of the answer."""
        level = self.part.level(picture, lesion)
        return UNKNOWN if level == UNKNOWN else MET - level


@dataclass(frozen=True, slots=True)
class OnCondition(Expression):
    """What the source allows on a condition: met with it, never met without."""

    part: Expression
    condition: str

    @property
    def parts(self) -> tuple[Expression, ...]:
        """What has to hold."""
        return (self.part,)

    def level(self, picture: Picture, lesion: Readings | None = None) -> int:
        """Return the value of the answer."""
        return min(self.part.level(picture, lesion), MET_WITH_CONDITION)


@dataclass(frozen=True, slots=True)
class OfLesions(Expression):
    """What is asked of lesions: of every one, or of at least one."""

    part: Expression
    whose: Whose = "targets"
    summary: Comparison | None = field(init=False, repr=False, compare=False)
    """The same of the patient's largest or smallest number, where tables have one row per patient."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "summary", _summary(self.part, self.whose, upper=isinstance(self, Every)))

    @property
    def parts(self) -> tuple[Expression, ...]:
        """What is asked of one lesion."""
        return (self.part,)

    def level(self, picture: Picture, lesion: Readings | None = None) -> int:
        """Return the value of the answer: of all listed lesions, or where they leave it open, of their sum."""
        found = self.of_all(picture)
        return self.summary.level(picture) if found == UNKNOWN and self.summary is not None else found

    def of_all(self, picture: Picture) -> int:
        """Return the value of the answer that the listed lesions give; unknown while others may decide it."""
        raise NotImplementedError

    def of_one(self, picture: Picture, readings: Readings) -> int:
        """Return the value of the answer for one lesion."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Every(OfLesions):
    """Whether a condition holds for every lesion; unknown while more lesions may follow, unless one fails."""

    def of_all(self, picture: Picture) -> int:
        """Return the smallest answer of the lesions."""
        found = (self.of_one(picture, readings) for readings in picture.lesions.values())
        return min(found, default=MET) if picture.complete else min((UNKNOWN, *found))

    def of_one(self, picture: Picture, readings: Readings) -> int:
        """Return the value of the answer for one lesion; one that is not meant does not count against it."""
        if self.whose == "all lesions":
            return self.part.level(picture, readings)
        return max(_NOT_TARGET.level(picture, readings), self.part.level(picture, readings))


@dataclass(frozen=True, slots=True)
class Some(OfLesions):
    """Whether a condition holds for at least one lesion; unknown while more may follow, unless one fulfills it."""

    def of_all(self, picture: Picture) -> int:
        """Return the largest answer of the lesions."""
        found = (self.of_one(picture, readings) for readings in picture.lesions.values())
        return max(found, default=NOT_MET) if picture.complete else max((UNKNOWN, *found))

    def of_one(self, picture: Picture, readings: Readings) -> int:
        """Return the value of the answer for one lesion; one that is not meant does not count."""
        if self.whose == "all lesions":
            return self.part.level(picture, readings)
        return min(_TARGET.level(picture, readings), self.part.level(picture, readings))


_TARGET, _NOT_TARGET = Among("target", (True,)), Among("target", (False,))


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield an expression and everything inside of it."""
    yield expression
    for part in expression.parts:
        yield from walk(part)


def names(expression: Expression) -> frozenset[str]:
    """Return the facts that an expression asks about."""
    return frozenset(leaf.name for leaf in walk(expression) if isinstance(leaf, Comparison | Among))


def limits(expression: Expression) -> tuple[Comparison, ...]:
    """Return every comparison with a limit, in the order written."""
    return tuple(leaf for leaf in walk(expression) if isinstance(leaf, Comparison))


def _summary(part: Expression, whose: Whose, *, upper: bool) -> Comparison | None:
    if not isinstance(part, Comparison) or whose != "targets":
        return None
    kind = kind_of(part.name)
    fact = kind.largest if (part.sign in ("<", "<=")) == upper else kind.smallest
    return Comparison(fact, part.sign, part.limit) if fact and part.sign != "==" else None


def _level(known: bool | None) -> int:
    return UNKNOWN if known is None else MET if known else NOT_MET


def _flat(expression: Expression, kind: type[All] | type[Any]) -> tuple[Expression, ...]:
    return expression.parts if isinstance(expression, kind) else (expression,)
