"""Writes docs/criteria.md and docs/criteria-coverage.md from the rules that ship: python -m scripts.criteria_pages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from isotherm.criteria.library import guidelines
from isotherm.criteria.rule import Guideline, Rule
from isotherm.source import Citation

ROOT = Path(__file__).resolve().parents[1]
RULES_PAGE = ROOT / "docs" / "criteria.md"
COVERAGE_PAGE = ROOT / "docs" / "criteria-coverage.md"
ROWS_FILE = ROOT / "tests" / "criteria" / "rows.toml"
COMMAND = "python -m scripts.criteria_pages"

READ_AS = {"published": "", "document": "as reproduced", "recalled": "**from memory, to be confirmed**"}
"""How a rule was read: in the publication itself, in a document that reproduces it, or not at all."""

RULES_HEAD = f"""# Criteria: every rule that ships, with its source

Research use only. Each line says what a source states, in our words; none says what to do. Strengths are in the scale
of their source and are never converted. A rule that was overtaken stays, with its date. What a source leaves open is
answered as unknown, and so is what nobody noted of a patient.

*As reproduced* means read in a document that shows the source, not in the source itself. Newer editions may exist.
Which rule came of which line of the sources, and what was left out: [criteria-coverage.md](criteria-coverage.md).
This page is written by `{COMMAND}`; a test keeps it true.
"""

COVERAGE_HEAD = f"""# Coverage: what became of every rule that was collected

Before anything was encoded, the rules of all sources were collected in one table. Each of its rows stands here with the
rules and combinations that came of it, and with what was left out and why. The rules themselves:
[criteria.md](criteria.md). This page is written by `{COMMAND}`; a test keeps it true.
"""


def rules_page(found: Sequence[Guideline]) -> str:
    """Return the page of all rules."""
    count = sum(len(one.rules) for one in found)
    lines = [RULES_HEAD, f"{len(found)} sources, {count} rules.", "", *_contents(found)]
    for one in found:
        lines += _section(one)
    return "\n".join(lines).rstrip() + "\n"


def coverage_page(collected: dict[str, Any]) -> str:
    """Return the page of all rows that were collected, and of the rules that no row asked for."""
    rows = (
        [row["id"], row["source"], row["says"], _ids(row.get("rules", ())), row.get("left_out", "")]
        for row in collected["row"]
    )
    beyond = ([more["source"], more["why"], _ids(more["rules"])] for more in collected["beyond"])
    return "\n".join([
        COVERAGE_HEAD, f"{len(collected['row'])} rows.", "",
        *_table(("row", "source", "what it says", "rules", "left out"), rows),
        "", "## Beyond these rows", "", *_table(("source", "what", "rules"), beyond), "",
    ])  # fmt: skip


def rows_collected() -> dict[str, Any]:
    """Return the rows that were collected from the sources."""
    return tomllib.loads(ROWS_FILE.read_text(encoding="utf-8"))


def _contents(found: Sequence[Guideline]) -> Iterator[str]:
    yield from _table(
        ("source", "edition", "id", "rules"),
        ([one.name, one.edition, f"[{one.id}](#{one.id})", str(len(one.rules))] for one in found),
    )


def _section(one: Guideline) -> Iterator[str]:
    yield from ("", f"## {one.id}", "", f"**{one.name}** ({one.edition}). {one.note}")
    if one.silent_on:
        yield from ("", f"Searched, and no criterion printed on: {', '.join(one.silent_on)}.")
    if one.rules:
        numbers = _publications(one)
        yield ""
        yield from (f"{number}. {publication}" for publication, number in numbers.items())
        yield ""
        yield from _table(
            ("rule", "says", "for whom", "kind", "strength", "since", "where", "note"),
            (_rule(rule, numbers) for rule in one.rules),
        )
    for combination in one.combinations:
        yield from ("", f"`{combination.id}`, {combination.title}, combined by the source of {_ids(combination.of)}.")


def _rule(rule: Rule, numbers: dict[str, int]) -> list[str]:
    side = {"none": "", "for": "", "against": ", speaks against", "caution": ", a caution"}[rule.direction]
    where = f"{numbers[_publication(rule.source)]}: {rule.source.where}"
    later = f"Later: {_ids(rule.superseded_by)}." if rule.superseded_by else ""
    return [
        f"`{rule.id}`", rule.says, rule.population, f"{rule.kind}{side}", str(rule.grade),
        rule.since.start or "not printed", ", ".join(part for part in (where, READ_AS[rule.status]) if part),
        " ".join(part for part in (rule.note, later) if part),
    ]  # fmt: skip


def _publications(one: Guideline) -> dict[str, int]:
    """Return each publication of a guideline once, numbered in the order of its rules."""
    every = dict.fromkeys(_publication(rule.source) for rule in one.rules)
    return {publication: number for number, publication in enumerate(every, start=1)}


def _publication(source: Citation) -> str:
    """Return a publication without the place in it."""
    return str(source).removesuffix(f"; {source.where}")


def _ids(ids: Sequence[str]) -> str:
    return ", ".join(f"`{one}`" for one in ids)


def _table(head: Sequence[str], rows: Iterator[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def main() -> None:
    """Write both pages."""
    RULES_PAGE.write_text(rules_page(guidelines()), encoding="utf-8")
    COVERAGE_PAGE.write_text(coverage_page(rows_collected()), encoding="utf-8")


if __name__ == "__main__":
    main()
