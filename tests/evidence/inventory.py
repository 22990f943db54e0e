"""Makes inventory.csv: every row of a document of sources that holds a number, with its numbers in their order.

python tests/evidence/inventory.py DOCUMENT.md 1.3 1.5 2 5 > tests/evidence/inventory.csv

The list is made by a machine and not by those who write records: what it holds has to be covered, or left out with a
reason. Not counted as numbers: identifiers of publications, places in a document, and digits inside of a word (2D, G3).
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PROVENANCE = re.compile(r"\[[^\]]*(?:published|derived|recalled|L\d)[^\]]*\]")
IDENTIFIERS = re.compile(
    r"10\.\d{4,9}/[^\s,;|\]]+|PMC\d+|PMID \d+|NCT\d+|\b[A-Za-z]+ 00\d\b(?:(?: v |[-/, ]+)00\d\b)*"
    r"|\b\d{4};\d+(?:\(\d+\))?:[\w-]+|\bL\d+(?:-L?\d+)?|\b5-FU|\bG1/2|CDK4/6"
)
NUMBER = re.compile(r"(?<![\w.])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\dA-Z])|(?<![\w.])\.\d+")
HEADING = re.compile(r"#+ (\d+(?:\.\d+)*) (.+)")


def rows(text: str, wanted: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield (id, status, numbers) of each row, bullet and paragraph with a number below the wanted headings."""
    section, place = "", 0
    for line in text.splitlines():
        heading = HEADING.match(line)
        if heading:
            section, place = heading.group(1), 0
        inside = any(section == one or section.startswith(f"{one}.") for one in wanted)
        if not inside or not line.strip() or re.fullmatch(r"[|\- ]+", line):
            continue
        place += 1
        statuses = [word for word in ("published", "derived", "recalled") if f"[{word}" in line]
        bare = re.sub(
            r"(?<=\d)x(?=\d)", " ", IDENTIFIERS.sub(" ", PROVENANCE.sub(" ", heading.group(2) if heading else line))
        )
        numbers = [number.group(0) for number in NUMBER.finditer(bare)]
        if numbers:
            yield f"{section}-{place:02d}", "+".join(statuses), " ".join(numbers)


if __name__ == "__main__":
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(("row", "status", "numbers"))
    table.writerows(rows(Path(sys.argv[1]).read_text(encoding="utf-8"), tuple(sys.argv[2:])))
