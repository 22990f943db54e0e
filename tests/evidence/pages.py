"""Writes docs/evidence.md and docs/evidence-coverage.md: python -m tests.evidence.pages"""

from __future__ import annotations

from pathlib import Path

from isotherm.app.evidence_page import evidence_page
from isotherm.evidence.library import Library, read_library
from tests.evidence.coverage import Row, coverage

DOCS = Path(__file__).resolve().parents[2] / "docs"

HEAD = """# Which number is where

Generated from the published results and from `tests/evidence/inventory.csv`, and kept true by a test. The inventory is
made by a machine (`tests/evidence/inventory.py`) from the document in which the sources were read: every row, bullet
and paragraph that holds a number, with its numbers. A row is covered when each of its numbers is found in a record that
names it; numbers with a decimal point as often as the row has them. What no record holds is left out with a reason, or
the test fails.

"""


def coverage_page(library: Library) -> str:
    """Return the table: row, numbers, records that hold them, and why numbers were left out."""
    rows = coverage(library)
    distinct = sum(len({abs(number) for number in row.numbers}) for row in rows)
    words = sum(len(row.in_words) for row in rows)
    out = [row for row in rows if row.why]
    lines = [
        f"{len(rows)} rows with {distinct} numbers, each counted once in its row; {words} of them stand in the words",
        "of a record (a horizon, a class of size or margin) and not in a field of their own. Numbers were left out in "
        f"{len(out)} rows.",
        "",
        "| row | status there | numbers | records | left out, since |",
        "|---|---|---|---|---|",
        *(_line(row) for row in rows),
    ]
    return HEAD + "\n".join(lines) + "\n"


def pages(library: Library) -> dict[str, str]:
    """Return the text of each page by its name."""
    return {"evidence.md": evidence_page(library), "evidence-coverage.md": coverage_page(library)}


def _line(row: Row) -> str:
    cells = (row.id, row.status, " ".join(map(str, row.numbers)), ", ".join(row.records), row.why)
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    for name, text in pages(read_library()).items():
        (DOCS / name).write_text(text, encoding="utf-8")
