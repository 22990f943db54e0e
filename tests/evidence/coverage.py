"""Which record holds which number of the inventory of sources, and what was left out with its reason.

A row is covered when each of its numbers is found in a record that names the row; numbers with a decimal point as often
as the row has them. A reason counts only for numbers that no record holds.
"""

from __future__ import annotations

import csv
import dataclasses
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from isotherm.evidence.library import Library
from isotherm.evidence.result import PublishedResult

FOLDER = Path(__file__).parent
INVENTORY, LEFT_OUT = FOLDER / "inventory.csv", FOLDER / "left_out.csv"

FIELDS = ("estimate", "low", "high", "sd", "p_value", "events", "n")
WORDS = re.compile(r"(?<![\w.])\d+(?:\.\d+)?|(?<![\w.])\.\d+")


@dataclasses.dataclass(frozen=True)
class Row:
    """One row of the inventory and what became of it."""

    id: str
    status: str
    numbers: tuple[Decimal, ...]
    records: tuple[str, ...]
    in_words: tuple[Decimal, ...]
    missing: tuple[Decimal, ...]
    why: str


def coverage(library: Library) -> list[Row]:
    """Return every row of the inventory, in its order."""
    reasons = left_out()
    return [_row(line, library, reasons.get(line["row"], ("", ()))) for line in _lines(INVENTORY)]


def left_out() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return, by row, why numbers were left out, and which: all of the row where none is named."""
    return {line["row"]: (line["why"], tuple(line["numbers"].split())) for line in _lines(LEFT_OUT)}


def covered_rows(library: Library) -> set[str]:
    """Return every row that a record names."""
    return {row for record in library.results.values() for row in record.covers}


def _lines(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _row(line: dict[str, str], library: Library, reason: tuple[str, tuple[str, ...]]) -> Row:
    numbers = tuple(Decimal(word.replace(",", "")) for word in line["numbers"].split())
    records = [record for record in library.results.values() if line["row"] in record.covers]
    held = Counter(number for record in records for number in _numbers(record))
    words = {number for record in records for number in _words(record, library)}
    in_words, missing = list[Decimal](), list[Decimal]()
    pointed = Counter(abs(number) for number in numbers if "." in str(number))
    for number in dict.fromkeys(abs(number) for number in numbers):
        times = 1 if line["status"] == "derived" else max(1, pointed[number])  # derivations name a number again
        if held[number] >= times:
            continue
        (in_words if number in words else missing).append(number)
    why, which = reason
    excused = {Decimal(word) for word in which} or set(missing)
    assert not which or excused <= set(missing), f"{line['row']}: {excused - set(missing)} left out and yet covered"
    assert not why or missing, f"{line['row']}: a reason for nothing"
    still = tuple(number for number in missing if not (why and number in excused))
    return Row(line["row"], line["status"], numbers, tuple(one.id for one in records), tuple(in_words), still, why)


def _numbers(record: PublishedResult) -> Iterator[Decimal]:
    for name in FIELDS:
        value = getattr(record, name)
        if value is not None:
            yield abs(Decimal(value))
    if record.has_interval:
        yield 100 * record.level
    yield from (note.computed for note in record.discrepancies if note.computed is not None)


def _words(record: PublishedResult, library: Library) -> Iterator[Decimal]:
    paper = library.papers[record.paper]
    yield Decimal(paper.year)
    margin = record.margin.days_after if record.margin and record.margin.days_after else ()
    for days in margin:  # printed in hours, weeks
        yield from (Decimal(days), Decimal(days) * 24, Decimal(days) / 7)
    notes = " ".join(note.note for note in record.discrepancies)
    said = (record.label, record.at, record.per, record.note, record.reference, record.analysis, record.corrected,
            record.population, paper.note, paper.short, notes)  # fmt: skip
    for word in WORDS.findall(" ".join(said).replace(",", "")):
        yield Decimal(word)
