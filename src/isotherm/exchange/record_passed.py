"""PassedOver: what of the tables that came was not read, or made no record, where and why; never a patient's value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isotherm.exchange.cells_excel import open_book
from isotherm.exchange.cells_in import FORMS, Sheet, sheet_name
from isotherm.exchange.record_cells import cell_text

UNREAD = "not in the mapping"
CELLS, ROWS = "filled cell", "row"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """Cells of a column, rows, or a whole table that no record was made of.

    Parameters
    ----------
    table : str
        The file, and the sheet of a book.
    column : str
        As the table names it; empty where rows are meant for all that stands in them, or the whole table.
    count : int, optional
        How many cells with something in them, or rows; None for a whole table.
    of : str
        What is counted: one of `CELLS` and `ROWS`.
    why : str
    in_vain : bool
        Whether it is rows of which a mapping states something all the same: whoever stated it has to hear of these.
    """

    table: str
    column: str = ""
    count: int | None = None
    of: str = ""
    why: str
    in_vain: bool = False

    @property
    def how_much(self) -> str:
        """How much it is, in words."""
        return "all of it" if self.count is None else f"{self.count:,} {self.of}{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class MadeNone:
    """Why a row made no record: the column that says so, if one does, and the fields that the mapping states of it."""

    why: str
    column: str = ""
    stated: tuple[str, ...] = ()


@dataclass(slots=True)
class Reading:
    """What has been read of some tables so far, to tell at the end what has not; `unread` says why a column is not."""

    unread: str = UNREAD
    used: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    filled: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    rows: dict[tuple[str, str], dict[int, MadeNone]] = field(default_factory=dict[tuple[str, str], dict[int, MadeNone]])

    def counted(self, sheet: Sheet, used: Collection[str]) -> Sheet:
        """Return a table that is about to be read; of columns that nothing uses, cells are counted the first time."""
        self.used.setdefault(sheet.name, set()).update(used)
        places = [(place, name) for place, name in enumerate(sheet.columns) if name and name not in used]
        if sheet.name in self.filled:
            return sheet
        counts = self.filled[sheet.name] = Counter({name: 0 for _, name in places})
        return Sheet(sheet.name, sheet.columns, _counting(sheet, places, counts)) if places else sheet

    def made_none(self, table: str, kind: str, rows: Mapping[int, MadeNone]) -> None:
        """Note rows that made no record of a kind, with the reason: only what every reading passes."""
        before = self.rows.get((table, kind))
        self.rows[table, kind] = {row: why for row, why in (rows if before is None else before).items() if row in rows}

    def passed(self) -> Iterator[PassedOver]:
        """Yield the columns of the tables that nothing read, and the rows that made no record."""
        for table, counts in self.filled.items():
            for column, count in counts.items():
                if column not in self.used[table]:
                    yield PassedOver(table=table, column=column, count=count, of=CELLS, why=self.unread)
        for (table, kind), rows in self.rows.items():
            for none, count in Counter(rows.values()).items():
                yield PassedOver(table=table, column=none.column, count=count, of=ROWS, in_vain=bool(none.stated),
                                 why=f"no {kind.replace('_', ' ')}: {_why(none)}")  # fmt: skip

    def sheets_left(self, files: Iterable[Path]) -> Iterator[PassedOver]:
        """Yield the sheets of books that were not read."""
        for file in files:
            if FORMS.get(file.suffix.lower()) == "excel":
                with open_book(file) as book:
                    for one in book.values.worksheets:
                        if (name := sheet_name(file, one.title)) not in self.used:
                            hidden = "" if one.title in book.visible else ", and hidden"
                            yield PassedOver(table=name, why=f"{UNREAD}{hidden}")


def _why(none: MadeNone) -> str:
    if not none.stated:
        return none.why
    *others, last = none.stated
    told = f"{', '.join(others)} and {last}" if others else last
    return f"{none.why} but {told}, which the mapping states for every row"


def _counting(sheet: Sheet, places: Sequence[tuple[int, str]], counts: Counter[str]) -> Iterator[tuple[int, Any]]:
    for number, cells in sheet.rows:
        for place, name in places:
            if place < len(cells) and cell_text(cells[place]).strip():
                counts[name] += 1
        yield number, cells


def files_left(folder: Path, read: Collection[Path], why: str) -> Iterator[PassedOver]:
    """Yield the tables of a folder that were not read."""
    for one in sorted(folder.iterdir()):
        if one not in read and one.suffix.lower() in FORMS:
            yield PassedOver(table=one.name, why=why)
