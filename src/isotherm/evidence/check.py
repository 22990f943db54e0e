"""Check: what should follow from which printed numbers, as data; and the checks that every record brings along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from isotherm.errors import BadEvidence
from isotherm.evidence.kinds import KINDS, P_FROM_INTERVAL, TESTS
from isotherm.evidence.printed import Operator
from isotherm.evidence.result import PublishedResult

FIELDS = ("estimate", "low", "high", "sd", "p", "events", "n")
"""What of a record an operand can name after #; without one, its estimate, or its events where it has no estimate."""

EXACT = ("events", "n")
OPERAND = re.compile(r"([a-z0-9_]+\.[a-z0-9-]+)(?:#(\w+))?")


@dataclass(frozen=True, slots=True)
class Operand:
    """A number of a record, or a number that stands by itself."""

    record: str = ""
    field: str = ""
    constant: Decimal | None = None

    @classmethod
    def of(cls, words: str | Decimal) -> Operand:
        """Read "paper.record", "paper.record#field", or a number.

        Raises
        ------
        BadEvidence
        """
        if isinstance(words, Decimal):
            return cls(constant=words)
        found = OPERAND.fullmatch(words)
        if found is None or (found[2] is not None and found[2] not in FIELDS):
            raise BadEvidence(
                ("of", f'"{words}" came; write a record, or record#field with one of {", ".join(FIELDS)}.')
            )
        return cls(found[1], found[2] or "")

    def __str__(self) -> str:
        """Return the operand as it is written."""
        if self.constant is not None:
            return str(self.constant)
        return f"{self.record}#{self.field}" if self.field else self.record


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What should follow from what.

    Parameters
    ----------
    id : str
        paper.slug, or record:kind for the checks that records bring along.
    kind : str
        One of `isotherm.evidence.kinds`.
    of : tuple of Operand
        What is computed from.
    target : Operand
        What was printed.
    operator : str
        How the computed number should stand to the target: "=" unless the target is a limit.
    arms : int
        Of a two-way table: into how many arms `of` is cut.
    says : str
        What it means, in our words.
    """

    id: str
    kind: str
    of: tuple[Operand, ...]
    target: Operand
    operator: Operator = "="
    arms: int = 2
    says: str = ""

    def __post_init__(self) -> None:
        known = {**{name: ends[:2] for name, ends in KINDS.items()}, **TESTS, **P_FROM_INTERVAL}
        if self.kind not in known:
            raise BadEvidence(("kind", f'"{self.kind}" came; allowed: {", ".join(known)}.'))
        fewest, most = known[self.kind]
        if not fewest <= len(self.of) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} or more"
            raise BadEvidence(("of", f"{len(self.of)} numbers came; a check of this kind takes {wanted}."))
        if self.kind == "two-way table" and (self.arms < 2 or len(self.of) % self.arms):
            raise BadEvidence(("arms", f"{len(self.of)} counts cannot be cut into {self.arms} arms of equal length."))

    @property
    def records(self) -> tuple[str, ...]:
        """The records that it compares, each once, the target last."""
        named = [operand.record for operand in (*self.of, self.target) if operand.record]
        return tuple(dict.fromkeys(named))


def carried(record: PublishedResult) -> Iterator[Check]:
    """Yield the checks that a record brings along: its percentage, its p value, the middle of its interval."""

    def check(kind: str, target: str, *fields: str) -> Check:
        of = tuple(Operand(record.id, field) for field in fields)
        return Check(id=f"{record.id}:{kind.replace(' ', '-')}", kind=kind, of=of, target=Operand(record.id, target))

    counted = record.events is not None and record.n is not None
    if counted and record.estimate is not None and record.measure == "percentage":
        yield check("percentage", "estimate", "events", "n")
    if record.has_interval and record.is_ratio:
        yield check("middle of interval", "estimate", "low", "high")
    if record.p_value is not None and record.implied_p() is not None:
        yield check("p from interval", "p", "estimate", "low", "high")
