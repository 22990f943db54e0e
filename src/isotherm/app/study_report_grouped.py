"""Tables whose rows stand in groups: survival in each analysis, effects within subgroups, sensitivity analyses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from isotherm.app.study_report_frame import is_imputed, label_of_arm, outcomes_of
from isotherm.app.study_report_parts import (
    Runs,
    Table,
    Words,
    cell_of,
    column_head,
    first_data_set,
    say,
    table_of,
)
from isotherm.app.study_report_words import Result

ANALYSES = {"adjusted": "adjusted", "naive": "naive, without adjustment"}


def grouped(
    heads_and_rows: Sequence[tuple[Runs, Sequence[tuple[Runs, ...]]]],
) -> tuple[list[tuple[Runs, ...]], set[int]]:
    """Return all rows below each other, and which of them are heads; a head fills the first cell only."""
    rows: list[tuple[Runs, ...]] = []
    heads: set[int] = set()
    for head, below in heads_and_rows:
        heads.add(len(rows))
        rows += [(head, *(() for _ in below[0][1:])), *below]
    return rows, heads


def survival(result: Result) -> Table | None:
    """Return counts, medians and survival at fixed times: a group for each outcome and analysis, a row for each arm."""
    found: Mapping[str, Any] | None = result["tables"].get("survival")
    if not found or not found["rows"]:
        return None
    labels = {one.name: one.label for one in outcomes_of(result)}
    groups: dict[str, list[tuple[Runs, ...]]] = {}
    for row in found["rows"]:
        key = next(str(cell["id"]) for cell in row[1:] if str(cell["id"]).startswith("curve."))
        record = result["results"][key]
        outcome, arm = str(record["outcome"]), str(record["arm"])
        analysis = "adjusted" if key.startswith(f"curve.{outcome}.adjusted.") else "naive"
        alone = ", not adjusted" in str(row[0])
        head = f"{labels[outcome]}, {'not adjusted' if alone else ANALYSES[analysis]}"
        cells = ((Words(label_of_arm(result, arm)),), *(cell_of(result, cell) for cell in row[1:]))
        groups.setdefault(head, []).append(cells)
    rows, heads = grouped([((Words(head),), below) for head, below in groups.items()])
    columns = tuple(column_head(result, str(column)) for column in found["columns"])
    remark = first_data_set(result) if is_imputed(result) else ()
    return Table("Medians, and shares free of the event at fixed times", columns, tuple(rows), remark, frozenset(heads))


def subgroups(result: Result) -> Table | None:
    """Return the effects within subgroups; the line of a factor has its test of interaction and heads its levels."""
    found = table_of(result, "subgroups")
    if found is None:
        return None
    heads = frozenset(k for k, row in enumerate(found.rows) if not any(row[1:-1]))
    remark = first_data_set(result) if is_imputed(result) else ()
    return replace(found, heads=heads, remark=remark)


def sensitivity(result: Result) -> Table | None:
    """Return the sensitivity analyses: each a group that says in whom it estimates, and a row for each outcome."""
    found: Mapping[str, Any] | None = result["tables"].get("sensitivity")
    if not found or not found["rows"]:
        return None
    groups: dict[str, list[tuple[Runs, ...]]] = {}
    says: dict[str, str] = {}
    for row in found["rows"]:
        key = str(row[2]["id"])
        key = key.removesuffix(f".{result['results'][key]['outcome']}")
        groups.setdefault(key, []).append(tuple(cell_of(result, cell) for cell in row[1:]))
        says[key] = str(row[0])
    rows, heads = grouped([(_named(result, says[key], key), below) for key, below in groups.items()])
    columns = ("", *(column_head(result, str(column)) for column in found["columns"][2:]))
    return Table(str(found["title"]), columns, tuple(rows), (), frozenset(heads))


def _named(result: Result, says: str, key: str) -> Runs:
    """Say what an analysis changes, in whom it estimates, in how many, and how well it balanced."""
    parts = (
        say(result, f". Whom it is about: {{{key}.target}}"),
        say(result, f"; patients who entered it: {{{key}.n}}"),
        say(result, f"; largest standardized difference left: {{{key}.worst_smd}}"),
    )  # fmt: skip
    return (Words(says, strong=True), *(run for part in parts for run in part))
