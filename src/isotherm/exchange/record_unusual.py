"""Values that are possible and very unusual, and columns whose unit is likely another one; never a patient's value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import gt, lt
from statistics import median

from isotherm.clinical.record import Field
from isotherm.clinical.usual import USUAL, Usual

FEWEST = 5
"""Fewer values than this have no middle that tells of a column."""

SIDES: tuple[tuple[str, Callable[[float, float], bool], str, str], ...] = (
    ("below", lt, "low", "middle_low"), ("above", gt, "high", "middle_high"),
)  # fmt: skip
"""What is said of either end of what is usual, what is beyond it, and where it stands: of one value, of a column."""


@dataclass(slots=True)
class Seen:
    """The numbers of a column that became values of a field, by their rows."""

    table: str
    column: str
    of: Field
    values: dict[int, float] = field(default_factory=dict[int, float])


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
        for word, beyond, end, end_of_middle in SIDES:
            whole = middle is not None and beyond(middle, getattr(usual, end_of_middle))
            limit: float = getattr(usual, end_of_middle if whole else end)
            found = {row: value for row, value in one.values.items() if beyond(value, limit)}
            if found:
                says = _says(one, usual, found, f"{word} {limit:,g} {one.of.unit}", whole=whole)
                yield Unusual(table=one.table, column=one.column, says=says, rows=tuple(found))


def _says(one: Seen, usual: Usual, found: Mapping[int, float], where: str, *, whole: bool) -> str:
    n, every = len(found), len(one.values)
    says = f"{n:,} of {every:,} {'value' if every == 1 else 'values'} {'lies' if n == 1 else 'lie'} {where}"
    says += ", so the unit of the column is likely another one" if whole else ", which is very unusual"
    slips = _slips(usual, found.values())
    return f"{says}; {'it' if n == 1 else 'they'} may be {', or '.join(slips)}" if slips else says


def _slips(usual: Usual, values: Collection[float]) -> list[str]:
    """Return the slips that would make most of some values usual ones."""
    return [slip.says for slip in usual.slips
            if 2 * sum(usual.holds(value / slip.times) for value in values) > len(values)]  # fmt: skip
