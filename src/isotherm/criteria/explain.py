"""Explanations: an expression in words with what is known of it ("28 mm, at most 30 mm asked"), and its gaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from isotherm.answer import Answer
from isotherm.clinical.case import Picture
from isotherm.clinical.fact import Fact, Gap, Reading, Sign
from isotherm.clinical.kinds import FactKind, Value
from isotherm.criteria.expression import (
    UNKNOWN,
    All,
    Among,
    Comparison,
    Every,
    Expression,
    OfLesions,
    OnCondition,
    Opposite,
    Silent,
    kind_of,
)

SIGN_WORDS: dict[Sign, str] = {
    "<": "below", "<=": "at most", ">": "above", ">=": "at least", "==": "exactly",
}  # fmt: skip

OLD_DAYS = 180
"""A value that was noted longer before the day asked about is told with its day."""

OPPOSITE, ONLY_IF = "not the case:", "only if "

EVERY_LESION, ANY_LESION = "every lesion to be ablated", "a lesion to be ablated"


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that an answer waits for.

    Parameters
    ----------
    name : str
        Of the vocabulary.
    lesion : str or None
        Of which lesion; None for the patient.
    gap : Gap
        Why it does not decide.
    """

    name: str
    lesion: str | None
    gap: Gap

    @property
    def kind(self) -> FactKind:
        """What kind of fact it is."""
        return kind_of(self.name)

    @property
    def words(self) -> str:
        """The fact as people call it, with its lesion."""
        return self.kind.label if self.lesion is None else f"{self.kind.label} of lesion {self.lesion}"


@dataclass(frozen=True, slots=True)
class Line:
    """One part of an expression with its answer.

    Parameters
    ----------
    answer : Answer
    words : str
        What is asked and what is known.
    missing : Missing or None
        The fact that this very part waits for.
    silent : str
        Why the source leaves it open.
    number : str
        The number that settles this very part, in words; empty where none does.
    parts : tuple of Line
    """

    answer: Answer
    words: str
    missing: Missing | None = None
    silent: str = ""
    number: str = ""
    parts: tuple[Line, ...] = ()

    def open(self) -> Iterator[Line]:
        """Yield the lines that keep the answer open: down through parts that are not settled, never through others."""
        if self.answer in (Answer.UNKNOWN, Answer.MET_WITH_CONDITION):
            yield self
            for part in self.parts:
                yield from part.open()


def explain(expression: Expression, picture: Picture, lesion: str | None = None) -> Line:
    """Return an expression in words with what is known of a case, or of one of its lesions."""
    inside = None if lesion is None else picture.lesions[lesion]
    answer = Answer(expression.level(picture, inside))
    match expression:
        case Comparison() | Among():
            return _leaf(expression, answer, picture, lesion)
        case Silent(why):
            return Line(answer, f"the source does not say: {why}", silent=why)
        case OfLesions():
            return _of_lesions(expression, answer, picture)
        case OnCondition(part, condition):
            return Line(answer, f"{ONLY_IF}{condition}", parts=(explain(part, picture, lesion),))
        case Opposite(part):
            return Line(answer, OPPOSITE, parts=(explain(part, picture, lesion),))
        case _:
            words = "all of:" if isinstance(expression, All) else "one of:"
            return Line(answer, words, parts=tuple(explain(part, picture, lesion) for part in expression.parts))


def gaps(line: Line) -> tuple[Missing, ...]:
    """Return the facts that an answer waits for, each once, in the order of the rule."""
    return tuple(dict.fromkeys(part.missing for part in line.open() if part.missing is not None))


def silences(line: Line) -> tuple[str, ...]:
    """Return why the source leaves an answer open, where it does."""
    return tuple(dict.fromkeys(part.silent for part in line.open() if part.silent))


def asked(expression: Comparison | Among) -> str:
    """Return what is asked of a fact: "at most 30 mm", "yes", "percutaneous or laparoscopic"."""
    if isinstance(expression, Comparison):
        return f"{SIGN_WORDS[expression.sign]} {with_unit(expression.limit, kind_of(expression.name))}"
    return " or ".join(shown(value, kind_of(expression.name)) for value in expression.values)


def shown(value: Value, kind: FactKind) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    return with_unit(value, kind) if isinstance(value, int | float) else value


def with_unit(value: float, kind: FactKind) -> str:
    """Return a number with its unit."""
    unit = kind.unit.removesuffix("s") if value == 1 else kind.unit
    return f"{_digits(value)}{' ' if unit else ''}{unit}"


def known_as(reading: Reading) -> str:
    """Return what is known of a fact, with its limits where it has some."""
    if reading.gap == "conflicting values":
        return f"{reading.gap}: {told}" if (told := _as_said(reading)) else reading.gap
    if reading.gap == "not assessable":
        return reading.gap
    if reading.value is None:
        return _bounds(reading) or "not known"
    value = shown(reading.value, reading.kind)
    if not reading.kind.is_number or reading.low == reading.high:
        return value
    whole = reading.low > reading.kind.low and reading.high < reading.kind.high
    return f"{value} ({f'{_digits(reading.low)} to {_digits(reading.high)}' if whole else _bounds(reading)})"


def _as_said(reading: Reading) -> str:
    """Return what was noted, and what lesions had, each with its day; apart from it what came later."""
    after = reading.later()
    then = " against ".join(_as_noted(reading.kind, one) for one in reading.facts
                            if one.value is not None and one not in after)  # fmt: skip
    return f"{then}, and later {', '.join(_as_noted(reading.kind, one) for one in after)}" if after else then


def _as_noted(kind: FactKind, fact: Fact) -> str:
    """Return a value as one record notes it, with where that comes from."""
    where = fact.source or ("" if fact.on is None else f"noted for {fact.on}")
    return f"{'' if fact.value is None else shown(fact.value, kind)}{f' ({where})' if where else ''}"


def _bounds(reading: Reading) -> str:
    """Return the limits of a number in words; limits that are those of the plausible say nothing."""
    low, high = (with_unit(end, reading.kind) for end in (reading.low, reading.high))
    above, below = reading.low > reading.kind.low, reading.high < reading.kind.high
    if above and below:
        return f"from {low} to {high}"
    return f"at least {low}" if above else f"at most {high}" if below else ""


def _digits(value: float) -> str:
    """Return a number without digits that nobody measures."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1e6 else f"{value:.6g}"


def _leaf(expression: Comparison | Among, answer: Answer, picture: Picture, lesion: str | None) -> Line:
    kind = kind_of(expression.name)
    where = lesion if kind.of == "lesion" else None
    reading = picture.reading(expression.name, where)
    known = "not known" if reading is None else known_as(reading)
    words = f"{kind.label}: {known}{_noted(reading, picture.on)} ({asked(expression)} asked)"
    if answer.value != UNKNOWN:
        return Line(answer, words, number=known if isinstance(expression, Comparison) else "")
    gap: Gap = "missing" if reading is None else reading.gap or "interval straddles"
    # What follows from an open list waits for the list, not for itself.
    missing = THE_LIST if gap == THE_LIST.gap else Missing(expression.name, where, gap)
    return Line(answer, words, missing=missing)


def _noted(reading: Reading | None, on: date) -> str:
    """Return when a value was noted where that is long ago, and why a value that was noted tells nothing."""
    if reading is None or not reading.facts:
        return ""
    fact = reading.facts[0]
    if reading.gap == "not assessable":
        return f": {fact.source}" if fact.source else ""
    if reading.gap == "conflicting values":  # each is told with its own day
        return ""
    if reading.gap == "later measurement":
        return f"; known are {told}" if (told := _as_said(reading)) else ""
    old = fact.on is not None and (on - fact.on).days > OLD_DAYS and not isinstance(fact.value, date)
    return f" on {fact.on}" if old else ""


def _of_lesions(expression: OfLesions, answer: Answer, picture: Picture) -> Line:
    meant = EVERY_LESION if isinstance(expression, Every) else ANY_LESION
    head = meant if expression.whose == "targets" else meant.removesuffix(" to be ablated")
    lines: list[Line] = []
    for lesion, readings in picture.lesions.items():
        own = Answer(expression.of_one(picture, readings))
        parts = [explain(expression.part, picture, lesion)]
        if expression.whose == "targets":
            parts.insert(0, explain(Among("target", (True,)), picture, lesion))
        lines.append(Line(own, f"lesion {lesion}", parts=tuple(parts)))
    if expression.summary is not None and (not lines or expression.summary.level(picture) != UNKNOWN):
        lines.append(_leaf(expression.summary, Answer(expression.summary.level(picture)), picture, None))
    if not picture.complete and answer is Answer.UNKNOWN:
        declared = picture.patient["n_lesions"].value
        words = "the list was not declared complete" if declared is None else f"{declared} are declared in all"
        lines.append(Line(answer, f"more lesions may follow: {words}", missing=THE_LIST))
    return Line(answer, f"{head}:", parts=tuple(lines))


THE_LIST = Missing("n_lesions", None, "list of lesions is open")
"""What is missing while a list of lesions has not been declared complete."""
