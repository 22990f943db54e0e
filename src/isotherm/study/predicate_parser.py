"""From the words of a predicate to its tree: or, and, not; comparisons, in, between, is missing; sums of days."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from isotherm.errors import BadPredicate
from isotherm.study.predicate_tokens import Token, refusal, words
from isotherm.study.predicate_tree import (
    COMPARISONS,
    Among,
    AtLeastOne,
    Column,
    Comparison,
    Condition,
    Every,
    Holds,
    Literally,
    Missing,
    Not,
    Operand,
    Shifted,
)

DEEPEST = 40
"""Brackets and negations within each other; a protocol's sentence needs three."""


def tree_of(text: str) -> Condition:
    """Read a predicate.

    Raises
    ------
    BadPredicate
        With the position, what came there and what is allowed.
    """
    if not text.strip():
        raise BadPredicate("An empty predicate came; write a condition on columns, such as: age >= 18.")
    reader = _Reader(text, words(text))
    condition = reader.alternatives()
    if reader.next.kind != "end":
        raise reader.unexpected("and, or, or the end of the predicate")
    return condition


def parts_of(text: str) -> tuple[str, ...]:
    """Return the conditions that `and` joins, as they are written; the whole text where nothing, or `or`, does.

    Raises
    ------
    BadPredicate
        As `tree_of`.

    Examples
    --------
    >>> parts_of("age between 18 and 80 and (site == 'A' or site == 'B')")
    ('age between 18 and 80', "(site == 'A' or site == 'B')")
    """
    tree_of(text)
    reader, parts = _Reader(text, words(text)), list[str]()
    while True:
        start = reader.next.at
        reader.negation()
        parts.append(text[start - 1 : reader.next.at - 1].strip())
        if not reader.has("keyword", "and"):
            return tuple(parts) if reader.next.kind == "end" else (text.strip(),)


@dataclass(slots=True)
class _Reader:
    text: str
    tokens: list[Token]
    at: int = 0
    depth: int = field(default=0)

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.next
        self.at += 1
        return token

    def has(self, kind: str, value: str) -> bool:
        """Take the next word if it is this one."""
        found = self.next.kind == kind and self.next.value == value
        self.at += found
        return found

    def need(self, kind: str, value: str, allowed: str) -> None:
        if not self.has(kind, value):
            raise self.unexpected(allowed)

    def unexpected(self, allowed: str) -> BadPredicate:
        token = self.next
        came = "the predicate ends" if token.kind == "end" else f"{self._shown(token)} came"
        return refusal(self.text, token.at, f"{came}, where {allowed} is allowed.")

    def _shown(self, token: Token) -> str:
        following = self.tokens[self.at + 1].at
        return self.text[token.at - 1 : following - 1].strip()

    def alternatives(self) -> Condition:
        parts = [self.conjunction()]
        while self.has("keyword", "or"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else AtLeastOne(tuple(parts))

    def conjunction(self) -> Condition:
        parts = [self.negation()]
        while self.has("keyword", "and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def negation(self) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            raise refusal(self.text, self.next.at, f"more than {DEEPEST} brackets within each other; split it.")
        found = Not(self.negation()) if self.has("keyword", "not") else self.condition()
        self.depth -= 1
        return found

    def condition(self) -> Condition:
        if self.has("sign", "("):
            inside = self.alternatives()
            self.need("sign", ")", "and, or, or a closing bracket")
            return inside
        value = self.operand()
        token = self.next
        if token.kind == "sign" and token.value in COMPARISONS:
            return self.comparison(value)
        if self.has("keyword", "is"):
            return self.missing(value, token)
        negated = self.has("keyword", "not")
        if self.has("keyword", "in"):
            found: Condition = Among(value, self.choices(), token.at)
        elif self.has("keyword", "between"):
            found = self.between(value, token)
        elif not negated and isinstance(value, Column):
            found = Holds(value, value.at)
        else:
            raise self.unexpected("a comparison (<, <=, >, >=, ==, !=), in, between or is missing")
        return Not(found) if negated else found

    def comparison(self, left: Operand) -> Condition:
        sign = self.take()
        right = self.operand()
        if self.next.kind == "sign" and self.next.value in COMPARISONS:
            raise refusal(
                self.text, self.next.at, "a second comparison; write: x between 1 and 5, or: x > 1 and x < 5."
            )
        return Comparison(left, str(sign.value), right, sign.at)

    def missing(self, value: Operand, token: Token) -> Condition:
        negated = self.has("keyword", "not")
        self.need("keyword", "missing", "missing, or not missing,")
        if not isinstance(value, Column):
            raise refusal(self.text, token.at, "only a column can be missing; write: column is missing.")
        found = Missing(value, value.at)
        return Not(found) if negated else found

    def between(self, value: Operand, token: Token) -> Condition:
        low = self.operand()
        self.need("keyword", "and", "and, with the upper end behind it,")
        high = self.operand()
        return Every((Comparison(value, ">=", low, token.at), Comparison(value, "<=", high, token.at)))

    def choices(self) -> tuple[Literally, ...]:
        self.need("sign", "(", "a list in brackets, such as ('a', 'b'),")
        found = [self.literal()]
        while self.has("sign", ","):
            found.append(self.literal())
        self.need("sign", ")", "a comma or a closing bracket")
        return tuple(found)

    def operand(self) -> Operand:
        value = self.term()
        while self.next.kind == "sign" and self.next.value in ("+", "-"):
            sign = self.take()
            # Bounded by the length of a predicate; each sum nests one level deeper.
            self.depth += 1
            if self.depth > DEEPEST:
                raise refusal(self.text, sign.at, f"more than {DEEPEST} sums in one predicate; split it.")
            value = Shifted(value, "+" if sign.value == "+" else "-", self.term(), sign.at)
        return value

    def term(self) -> Operand:
        if self.next.kind == "column":
            token = self.take()
            return Column(str(token.value), token.at)
        return self.literal("a column or a value")

    def literal(self, allowed: str = "a number, 'text' or date") -> Literally:
        token = self.next
        if token.kind in ("number", "text", "date"):
            self.at += 1
            return Literally(token.value, token.at)
        if token.kind == "keyword" and token.value in ("true", "false"):
            self.at += 1
            return Literally(token.value == "true", token.at)
        if self.has("sign", "-"):
            if self.next.kind != "number":
                raise self.unexpected("a number after the minus")
            return Literally(-cast("float", self.take().value), token.at)
        raise self.unexpected(allowed)
