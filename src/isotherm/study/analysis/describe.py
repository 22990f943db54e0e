"""Who came: data, findings, flow, Table 1 and missing values as records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isotherm.study.analysis.planned import DESIGN, method_sentences
from isotherm.study.cohort import Cohort
from isotherm.study.finding import Finding
from isotherm.study.flow import Box
from isotherm.study.known import too_late
from isotherm.study.result import Cell, Results, cell
from isotherm.study.table_one import EVERYBODY, Summary, TableRow, table_one


def add_findings(results: Results, cohort: Cohort, findings: Sequence[Finding]) -> None:
    """Add what the guard found and what was overridden, with counts."""
    for one in findings:
        results.finding(f"finding.{one.key}", "finding", one.says, one.rows, level=one.level, do=one.do, bars=one.bars)
    for number, one in enumerate(cohort.protocol.overrides, start=1):
        says = f"{one.what}: {one.problem}. Used all the same: {one.reason}"
        results.finding(f"override.{number}", "override", says)


def add_flow(results: Results, cohort: Cohort) -> dict[str, Any]:
    """Add the counts of every box, per arm and per site; return the boxes with the ids of their counts."""
    sites = site_names(cohort)
    boxes = [_box(results, cohort, box, sites) for box in cohort.flow.boxes]
    for box in cohort.flow.boxes:
        parts = cohort.flow.parts(box.key)
        for what in ("patients", "tumors") if parts and cohort.people.tumors else ("patients",) if parts else ():
            results.total(f"flow.{box.key}.{what}", [f"flow.{part.key}.{what}" for part in parts])
        if parts:
            _arms_add_up(results, box, parts)
    return {"boxes": boxes}


def _arms_add_up(results: Results, box: Box, parts: tuple[Box, ...]) -> None:
    for key in _cells(box):
        results.total(f"flow.{box.key}.{key}", [f"flow.{part.key}.{key}" for part in parts if key in _cells(part)])


def _cells(box: Box) -> set[str]:
    return {f"{cell.arm}.patients" for cell in box.cells}


def _box(results: Results, cohort: Cohort, box: Box, sites: list[str]) -> dict[str, Any]:
    key, ends = f"flow.{box.key}", box.kind == "arm"
    results.count(f"{key}.patients", box.patients, box.says, worth=8 if ends else 4 if box.kind == "kept" else 2)
    if box.tumors is not None:
        results.count(f"{key}.tumors", box.tumors, f"{box.says}: tumors", worth=4 if ends else 2)
    if box.unknown:
        results.count(f"{key}.unknown", box.unknown, f"{box.says}: kept although not known", worth=1)
    arms: dict[str, int] = {}
    for one in box.cells:
        arms[one.arm] = arms.get(one.arm, 0) + one.patients
    for arm, count in arms.items():
        results.count(f"{key}.{arm}.patients", count, f"{box.says}: {arm}", worth=1)
    results.total(f"{key}.patients", [f"{key}.{arm}.patients" for arm in arms])
    by_site: list[dict[str, str]] = []
    for one in box.cells if sites else ():
        at = f"{key}.site.{sites.index(one.site) + 1}.{one.arm}.patients"
        results.count(at, one.patients, f"{box.says}: {one.arm}, {one.site}", worth=0)
        by_site.append({"site": one.site, "arm": one.arm, "patients": at})
    for arm in arms if sites else ():
        results.total(f"{key}.{arm}.patients", [each["patients"] for each in by_site if each["arm"] == arm])
    return {
        "key": box.key, "says": box.says, "kind": box.kind, "parent": box.parent, "patients": f"{key}.patients",
        "tumors": None if box.tumors is None else f"{key}.tumors", "unknown": f"{key}.unknown" if box.unknown else None,
        "hash": box.hash, "arms": [{"arm": arm, "patients": f"{key}.{arm}.patients"} for arm in arms], "sites": by_site,
    }  # fmt: skip


def site_names(cohort: Cohort) -> list[str]:
    """Return the hospitals of the whole table, in order."""
    return sorted({cell.site for cell in cohort.flow.start.cells} - {""})


def add_table_one(results: Results, cohort: Cohort) -> None:
    """Add Table 1: each covariate per arm, what is missing, and how far the arms differ."""
    table = table_one(cohort)
    groups = [name for name, _, _ in table.sizes]
    labels = {arm.name: arm.label for arm in cohort.protocol.arms.arms} | {EVERYBODY: "All"}
    for name, count, patients in table.sizes:
        results.count(f"table_one.size.{name}.patients", patients, f"{labels[name]}: patients", worth=9, arm=name)
        results.count(f"table_one.size.{name}.rows", count, f"{labels[name]}: rows", worth=9, arm=name)
        if not cohort.people.tumors:
            results.total(f"table_one.size.{name}.rows", [f"table_one.size.{name}.patients"])
        if name != EVERYBODY:
            results.total(f"flow.arm.{name}.patients", [f"table_one.size.{name}.patients"])
    arms = groups[:-1]
    for what in ("patients", "rows"):
        results.total(f"table_one.size.{EVERYBODY}.{what}", [f"table_one.size.{arm}.{what}" for arm in arms])
    rows: list[list[Cell]] = [["Patients", *(cell(f"table_one.size.{name}.patients") for name in groups), ""]]
    levels: dict[str, int] = {}
    for row in table.rows:
        levels[row.column] = levels.get(row.column, 0) + 1
        key = f"table_one.{row.column}" + ("" if row.level is None else f".{levels[row.column]}")
        rows += _row(results, row, key, groups, first=levels[row.column] == 1)
        _smd(results, row, key, arms, table.denominator_words)
    for column, count in levels.items():
        own = [row for row in table.rows if row.column == column]
        _level_sums(results, column, own, groups, count)
    results.table("table_one", f"Patients; standardized differences divided by {table.denominator_words}",
                  ["", *(labels[name] for name in groups), "Standardized difference"], rows)  # fmt: skip


def _row(results: Results, row: TableRow, key: str, groups: list[str], *, first: bool) -> list[list[Cell]]:
    words = row.label if row.level is None else f"{row.label}: {row.level}"
    counted, mark = row.groups[0][1].count is not None, " (known later)" if row.late else ""
    for name in groups:
        if first:
            results.count(f"missing.{row.column}.{name}", row[name].missing, f"{row.label}: missing", worth=1, arm=name)
            results.unprinted(f"known.{row.column}.{name}", row[name].known)
        _summary(results, row, f"{key}.{name}", row[name], words, name)
    if counted:
        body: list[list[Cell]] = [[f"{words}{mark}", *(cell(f"{key}.{name}.count") for name in groups),
                                   cell(f"{key}.smd")],
                                  [f"{words}{mark}, share of known", *(cell(f"{key}.{name}.share") for name in groups),
                                   ""]]  # fmt: skip
    else:
        unit = f", {row.unit}" if row.unit else ""
        body = [
            [f"{words}{mark}{unit}, {name}", *(cell(f"{key}.{group}.{part}") for group in groups),
             cell(f"{key}.smd") if part == "mean" else ""]
            for part, name in _PARTS.items()
        ]  # fmt: skip
    gaps: list[list[Cell]] = [[f"{row.label}: missing", *(cell(f"missing.{row.column}.{name}") for name in groups), ""]]
    return [*body, *(gaps if first and any(row[name].missing for name in groups) else [])]


_PARTS = {
    "mean": "mean",
    "sd": "SD",
    "median": "median",
    "low_quartile": "lower quartile",
    "high_quartile": "upper quartile",
}


def _summary(results: Results, row: TableRow, key: str, summary: Summary, words: str, group: str) -> None:
    known = [f"known.{row.column}.{group}"]
    if summary.count is not None:
        results.count(f"{key}.count", summary.count, words, worth=1, arm=group)
        results.number(
            f"{key}.share",
            "share",
            summary.share,
            words,
            arm=group,
            rests_on=[f"{key}.count", f"missing.{row.column}.{group}"],
        )
        return
    for part, name in _PARTS.items():
        results.number(f"{key}.{part}", "number", getattr(summary, part), f"{words}, {name}", unit=row.unit, arm=group,
                       rests_on=known)  # fmt: skip


def _smd(results: Results, row: TableRow, key: str, arms: list[str], denominator: str) -> None:
    counted = row.groups[0][1].count is not None
    behind = [f"{key}.{arm}.count" if counted else f"known.{row.column}.{arm}" for arm in arms]
    words = row.label if row.level is None else f"{row.label}: {row.level}"
    why = "an arm has no value, or does not vary" if len(arms) == 2 else "it compares two arms, and there are more"
    results.number(f"{key}.smd", "number", row.smd, f"{words}, standardized difference", rests_on=behind, why=why,
                   method=f"divided by {denominator}")  # fmt: skip


def _level_sums(results: Results, column: str, own: list[TableRow], groups: list[str], count: int) -> None:
    """Say which counts of a covariate add up: levels to the known, known and missing to the arm, arms to all."""
    counted, leveled = own[0].groups[0][1].count is not None, own[0].level is not None
    keys = [f"table_one.{column}.{k}" for k in range(1, count + 1)] if leveled else [f"table_one.{column}"]
    for name in groups:
        known = f"known.{column}.{name}"
        counted_in = "patients" if own[0].per == "patient" else "rows"
        results.total(f"table_one.size.{name}.{counted_in}", [known, f"missing.{column}.{name}"])
        if counted and leveled:
            results.total(known, [f"{key}.{name}.count" for key in keys])
        elif counted:
            results.unprinted(f"no.{column}.{name}", own[0][name].known - int(own[0][name].count or 0))
            results.total(known, [f"{keys[0]}.{name}.count", f"no.{column}.{name}"])
    arms = groups[:-1]
    results.total(f"missing.{column}.{EVERYBODY}", [f"missing.{column}.{arm}" for arm in arms])
    for key in keys if counted else ():
        results.total(f"{key}.{EVERYBODY}.count", [f"{key}.{arm}.count" for arm in arms])


def head_of(cohort: Cohort) -> dict[str, Any]:
    """Return the head of the document: the protocol and the data in words."""
    protocol = cohort.protocol
    return {
        "protocol": {
            "title": protocol.title, "question": protocol.question, "hash": protocol.hash, "seed": protocol.seed,
            "outcomes_blinded": protocol.outcomes_blinded, "primary": protocol.primary.name, "design": DESIGN,
            "arms": [{"name": arm.name, "label": arm.label, "reference": arm.name == protocol.arms.reference}
                     for arm in protocol.arms.arms],
            "outcomes": [{"name": one.name, "label": one.label, "definition": one.definition, "kind": one.kind,
                          "unit": one.unit, "primary": one.primary, "counted_as": one.counted_as}
                         for one in protocol.outcomes],
            "subgroups": [{"name": one.name, "label": one.label, "levels": [level.label for level in one.levels]}
                          for one in protocol.subgroups],
            "sensitivity": [{"name": one.name, "says": one.says} for one in protocol.sensitivity],
            "covariates": [{"column": one.column, "label": one.label, "unit": one.unit, "kind": one.kind,
                            "use": one.use, "late": too_late(one.known, protocol.exposure)}
                           for one in protocol.covariates],
            "methods": method_sentences(protocol), "source": protocol.data.source, "license": protocol.data.license,
        },
        "data": {
            "rows": len(cohort.people.person), "patients": len(cohort.people.home),
            "tumors": len(cohort.people.person) if cohort.people.tumors else None, "sites": site_names(cohort),
            "columns": list(protocol.columns),
        },
    }  # fmt: skip


def dates_of(cohort: Cohort) -> str:
    """Return the first and the last year of time zero, in words; empty without its dates."""
    column = cohort.protocol.time_zero.column
    if column is None:
        return ""
    years = np.asarray(cohort.table[column].dropna().dt.year)
    return f"{years.min()} to {years.max()}" if len(years) else ""
