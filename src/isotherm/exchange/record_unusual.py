"""Values that are possible and very unusual, and columns whose unit may be another one; never a patient's value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import gt, lt
from statistics import median

from isotherm.clinical.record import Field
from isotherm.clinical.usual import USUAL, Usual

FEWEST = 5
"""Fewer values than this have no middle that tells of a column."""


@dataclass(slots=True)
class Seen:
    """The numbers of a column that became values of a field, by their rows, and by what each was multiplied."""

    table: str
    column: str
    of: Field
    values: dict[int, float] = field(default_factory=dict[int, float])
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """What is odd about a column.

    Parameters
    ----------
    table, column : str
    says : str
        What is odd, of how many values, and how it may have come about; it repeats none of them.
    rows : tuple of int
        As a spreadsheet counts: the header is row 1.
    """

    table: str
    column: str
    says: str
    rows: tuple[int, ...]


def unusual(every: Iterable[Seen]) -> Iterator[Unusual]:
    """Yield what is odd about columns; of a column that is odd as a whole, that alone."""
    for one in every:
        usual = USUAL[one.of.name]
        middle = median(one.values.values()) if len(one.values) >= FEWEST else None
        for word, beyond, limit, limit_of_column in _ends(usual, one.values.values()):
            odd = _beyond(one, usual, beyond, limit_of_column)
            slips = _slips(one, usual, odd.values())
            whole = middle is not None and beyond(middle, limit_of_column) and bool(slips)
            if not whole:
                odd = _beyond(one, usual, beyond, limit)
                slips = _slips(one, usual, odd.values())
            if odd:
                where = f"{word} {limit_of_column if whole else limit:,g} {one.of.unit}"
                yield Unusual(table=one.table, column=one.column, rows=tuple(odd),
                              says=_says(len(odd), len(one.values), where, slips, whole=whole))  # fmt: skip


def _ends(
    usual: Usual, values: Collection[float]
) -> tuple[tuple[str, Callable[[float, float], bool], float, float], ...]:
    """Return what is said of either end of what is usual, what is beyond it, and where it is: of a value, a column."""
    tenths = 2 * sum(not value.is_integer() for value in map(float, values)) > len(values)
    low = usual.middle_low_tenths if tenths else usual.middle_low
    return ("below", lt, usual.low, max(low, usual.middle_low)), ("above", gt, usual.high, usual.middle_high)


def _beyond(one: Seen, usual: Usual, beyond: Callable[[float, float], bool], limit: float) -> dict[int, float]:
    return {row: value for row, value in one.values.items()
            if beyond(value, limit) and not (usual.none and value == 0.0)}  # fmt: skip


def _says(n: int, every: int, where: str, slips: Sequence[str], *, whole: bool) -> str:
    says = f"{n:,} of {every:,} {'value' if every == 1 else 'values'} {'lies' if n == 1 else 'lie'} {where}"
    says += ", so the unit of the column may be another one" if whole else ", which is very unusual"
    return f"{says}; {'it' if n == 1 else 'they'} may be {', or '.join(slips)}" if slips else says


def _slips(one: Seen, usual: Usual, values: Collection[float]) -> list[str]:
    """Return the slips that would make most of some values usual ones, of those that the mapping leaves possible."""
    return [slip.says for slip in usual.slips if slip.factor in (None, one.factor)
            and 2 * sum(usual.holds(value / slip.times) for value in values) > len(values)]  # fmt: skip
