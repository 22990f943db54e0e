"""Rule: one sentence of a source as a condition, with its grade and place; Guideline: the rules of one edition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from isotherm.clinical.vocabulary import LESION_FACTS
from isotherm.criteria.expression import Among, Comparison, Expression, OfLesions
from isotherm.source import Citation

RuleKind = Literal["criterion", "recommendation", "practice", "trial entry", "study arm", "predictor", "observation"]
"""Predictors of a bad outcome and observations are no criteria: they are present or absent, never met."""

Unit = Literal["lesion", "patient", "procedure"]
Direction = Literal["for", "against", "caution", "none"]
Status = Literal["published", "document", "recalled"]
"""Read in the publication; read in a document that reproduces it; from memory, to be confirmed before it is used."""

Topic = Literal[
    "size", "number", "margin", "bile duct", "bowel and other structures", "vessels", "resectable disease",
    "unresectable disease", "disease outside of the liver", "liver remnant", "fitness", "approach",
    "order with systemic therapy", "imaging", "team", "surveillance", "biology", "safety", "local progression",
]  # fmt: skip
"""What a rule is about: a row of the matrix in which sources are laid side by side."""

PRESENCE_KINDS: tuple[RuleKind, ...] = ("predictor", "observation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """How strongly a source says it, in the source's own scale; scales are never converted.

    Parameters
    ----------
    scheme : str
        "NCCN category", "ESMO level and grade", "panel consensus", "trial protocol", "none".
    native : str
        As printed ("Strong", "2B"); empty where nothing is printed.
    level, strength : str
        Level of evidence and grade of recommendation where a scheme prints both ("V" and "B").
    """

    scheme: str
    native: str = ""
    level: str = ""
    strength: str = ""

    def __str__(self) -> str:
        """Return the grade as people read it."""
        printed = self.native or ", ".join(part for part in (self.level, self.strength) if part)
        return f"{self.scheme}: {printed or 'none printed'}"


@dataclass(frozen=True, slots=True)
class Since:
    """From when to when a rule has held, as precisely as it is printed.

    Parameters
    ----------
    start, end : str
        "2015", "2015-03" or "2015-03-20"; empty where it is not printed, or where it still holds.
    """

    start: str = ""
    end: str = ""

    def __post_init__(self) -> None:
        for text in (self.start, self.end):
            if text:
                span_of(text)

    def holds(self, on: date) -> bool | None:
        """Return whether the rule was in force on a day; None where the source prints too little to tell."""
        if not self.start:
            return None
        first, last = span_of(self.start)
        if on < first:
            return False
        if self.end and on > span_of(self.end)[1]:
            return False
        if on < last or (self.end and on >= span_of(self.end)[0]):
            return None
        return True


def span_of(text: str) -> tuple[date, date]:
    """Return the first and the last day of a year, a month or a day."""
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 1:
        return date(parts[0], 1, 1), date(parts[0], 12, 31)
    if len(parts) == 2:
        year, month = parts
        following = date(year + month // 12, month % 12 + 1, 1)
        return date(year, month, 1), date.fromordinal(following.toordinal() - 1)
    year, month, day = parts
    return date(year, month, day), date(year, month, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One sentence of a source.

    Parameters
    ----------
    id : str
        Stable: "gillams-2015.size".
    title : str
        Three or four words.
    says : str
        What the source says, in our words.
    topic : Topic
    kind : RuleKind
    unit : {"lesion", "patient", "procedure"}
    population : str
        For whom, in words.
    applies : Expression or None
        For whom, as a condition; where it fails the rule is NOT_APPLICABLE. None: for everybody.
    holds : Expression
    grade : Grade
    direction : {"for", "against", "caution", "none"}
        What the source concludes where the condition holds.
    endpoint : str
        The outcome that it is about, where the source names one.
    source : Citation
    status : Status
    since : Since
    supersedes, superseded_by : tuple of str
        Ids of rules; `superseded_by` also holds where later evidence speaks against it, with `note` saying so.
    note : str
        What a reader must know: what is left out, which words the source leaves undefined.

    Raises
    ------
    ValueError
        Text is missing, or a fact of a lesion is asked about outside of `every` and `some`.
    """

    id: str
    title: str
    says: str
    topic: Topic
    kind: RuleKind
    unit: Unit
    population: str
    holds: Expression
    grade: Grade
    direction: Direction
    source: Citation
    since: Since
    applies: Expression | None = None
    endpoint: str = ""
    status: Status = "published"
    supersedes: tuple[str, ...] = ()
    superseded_by: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("id", "title", "says", "population"):
            if not getattr(self, name).strip():
                raise ValueError(f"The rule {self.id} has no {name}.")
        for expression in self.expressions:
            stray = next(_outside(expression), None)
            if stray is not None:
                raise ValueError(f"{self.id} asks about {stray} of no lesion; put it inside of every() or some().")

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The conditions of applying and of holding."""
        return (self.holds,) if self.applies is None else (self.applies, self.holds)

    @property
    def is_criterion(self) -> bool:
        """Whether it can be met; predictors and observations are present or absent."""
        return self.kind not in PRESENCE_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """A verdict that the source itself draws from several of its criteria: all of them have to hold."""

    id: str
    title: str
    of: tuple[str, ...]
    source: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Guideline:
    """The rules of one source in one edition.

    Parameters
    ----------
    id : str
        "gillams-2015".
    name : str
        As people call it.
    edition : str
        Year or version; "no edition printed" where that is so.
    short : str
        At most 16 letters: the head of a column.
    rules : tuple of Rule
    combinations : tuple of Combination
        Empty unless the source itself combines its criteria.
    silent_on : tuple of Topic
        What the source was searched for and prints no criterion on.
    note : str
        On what the encoding rests, and that newer editions may exist.
    """

    id: str
    name: str
    edition: str
    short: str
    rules: tuple[Rule, ...]
    note: str
    combinations: tuple[Combination, ...] = ()
    silent_on: tuple[Topic, ...] = ()

    def __post_init__(self) -> None:
        ids = {rule.id for rule in self.rules}
        if len(ids) < len(self.rules):
            raise ValueError(f"Two rules of {self.id} have one id.")
        if any(not one.startswith(f"{self.id}.") for one in ids):
            raise ValueError(f"The ids of the rules of {self.id} begin with its own id and a point.")
        for combination in self.combinations:
            if not set(combination.of) <= ids:
                raise ValueError(f"{combination.id} combines rules that {self.id} does not hold.")
        if not self.note.strip():
            raise ValueError(f"{self.id} does not say on what it rests.")

    def rule(self, id: str) -> Rule:  # noqa: A002 - what it is called everywhere
        """Return the rule of an id."""
        return next(rule for rule in self.rules if rule.id == id)


def _outside(expression: Expression) -> Iterator[str]:
    """Yield facts of lesions that no `Every` or `Some` encloses."""
    if isinstance(expression, OfLesions):
        return
    if isinstance(expression, Comparison | Among) and expression.name in LESION_FACTS:
        yield expression.name
    for part in expression.parts:
        yield from _outside(part)
