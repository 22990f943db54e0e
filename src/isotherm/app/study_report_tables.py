"""Tables that the report arranges itself from records: Table 1, missing values, checklists, settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from isotherm.app.study_report_frame import arms_of, has_design, is_several, label_of_arm
from isotherm.app.study_report_parts import Bound, Runs, Table, Words, bound, cell_of
from isotherm.app.study_report_words import Result

BESIDE = {"count": ("share",), "mean": ("sd",), "median": ("low_quartile", "high_quartile")}
"""What is printed in the cell of what: a count with its share, a mean with its SD, a median with its quartiles."""

HEADS = {"count": "", "mean": ", mean (SD)", "median": ", median (quartiles)"}
TAILS = (", share of known", ", mean", ", median", ", SD", ", lower quartile", ", upper quartile")

SECTION_OF = {
    "protocol": "methods", "data": "methods", "propensity": "methods", "weighting": "methods", "matching": "methods",
    "run": "software", "imputation": "missing", "missing": "missing", "flow": "flow", "table_one": "patients",
    "followup": "outcomes", "balance": "balance", "overlap": "balance", "curve": "outcomes", "at_risk": "outcomes",
    "effect": "outcomes", "events": "outcomes", "logrank": "outcomes", "cox": "outcomes", "rmst": "outcomes",
    "binary": "outcomes", "gray": "outcomes", "fine_gray": "outcomes", "cause_specific": "outcomes",
    "incidence": "outcomes", "competing": "outcomes", "intercurrent": "outcomes", "serial": "outcomes",
    "design": "designs", "course": "designs", "factors": "factors",
    "proportional_hazards": "outcomes", "evalue": "outcomes", "subgroup": "subgroups",
    "sensitivity": "sensitivity", "bootstrap": "sensitivity", "leave_one_site_out": "sensitivity",
    "finding": "findings", "override": "findings", "caveat": "answer", "headline": "answer",
}  # fmt: skip
"""Where the report prints each family of results."""


def table_one(result: Result) -> Table | None:
    """Return Table 1: a line for a number's mean and SD, for its median and quartiles, for a level with its share."""
    found: Mapping[str, Any] | None = result["tables"].get("table_one")
    if not found or not found["rows"]:
        return None
    rows = [tuple(_compact(result, cell, row) for cell in row) for row in found["rows"] if not _is_beside(row)]
    several = is_several(result)  # the last column compares two arms: with more of them it has no number
    how = "" if several else str(found["title"]).partition("; ")[2]
    remark = f"{how[:1].upper()}{how[1:]}. " if how else ""
    if any(one["late"] for one in result["protocol"]["covariates"]):
        remark += ("Known later: not known to have been there before the exposure began; such a covariate is only "
                   "described, unless a recorded override has it adjusted for.")  # fmt: skip
    columns = tuple(found["columns"])[: -1 if several else None]
    return Table("Patients before adjustment", columns, tuple(row[: len(columns)] for row in rows), (Words(remark),))


def _kind(row: Sequence[Any]) -> str:
    """Return what a row's numbers are, by the end of its first id."""
    first = next((cell["id"] for cell in row if not isinstance(cell, str)), "")
    return str(first).rpartition(".")[2]


def _is_beside(row: Sequence[Any]) -> bool:
    return any(_kind(row) in beside for beside in BESIDE.values())


def _compact(result: Result, cell: str | Mapping[str, str], row: Sequence[Any]) -> Runs:
    """Return a cell with what belongs beside it; a label without the word for it."""
    kind = _kind(row)
    if isinstance(cell, str):
        words = next((cell.removesuffix(tail) for tail in TAILS if cell.endswith(tail)), cell)
        return (Words(words + HEADS.get(kind, "") if cell else ""),)
    stem, _, last = cell["id"].rpartition(".")
    beside = [f"{stem}.{one}" for one in BESIDE.get(last, ()) if f"{stem}.{one}" in result["results"]]
    runs = cell_of(result, cell)
    alone = last in ("mean", "median")
    runs = (bound(result, cell["id"], "bare"),) if alone else runs
    parts = [bound(result, key, "bare" if alone else "value") for key in beside]
    if not parts or any(isinstance(run, Bound) and run.missing for run in (*runs, *parts)):
        return runs
    joined: list[Bound | Words] = [parts[0], *(one for part in parts[1:] for one in (Words(" to "), part))]
    return (*runs, Words(" ("), *joined, Words(")"))


def missing_values(result: Result) -> Table | None:
    """Return how many values of each covariate and outcome are missing, per arm and in all."""
    groups = [*(arm.name for arm in arms_of(result)), "all"]
    rows: list[tuple[Runs, ...]] = []
    for covariate in result["protocol"]["covariates"]:
        keys = [f"missing.{covariate['column']}.{name}" for name in groups]
        if all(key in result["results"] for key in keys):
            rows.append(((Words(str(covariate["label"])),), *((bound(result, key),) for key in keys)))
    for outcome in result["protocol"]["outcomes"]:
        key = f"missing.outcome.{outcome['name']}"
        if key in result["results"]:
            rows.append(((Words(f"{outcome['label']} (outcome)"),), *(() for _ in groups[1:]), (bound(result, key),)))
    if not rows:
        return None
    return Table("Missing values", ("", *(label_of_arm(result, name).capitalize() for name in groups)), tuple(rows))


def checklist(result: Result, statement: str, titles: Mapping[str, str]) -> Table | None:
    """Return a checklist with pointers to sections; `titles` are those of the sections by key."""
    rows = [
        ((Words(str(item["number"])),), (Words(str(item["asks"])),), (Words(_status(str(item["status"]))),),
         (Words(_pointers(item["ids"], titles)),))
        for item in result["checklist"] if item["statement"] == statement
    ]  # fmt: skip
    columns = ("Item", "Asks for (in our words)", "Answered", "Where in this report")
    return Table(f"{statement}: what is asked for, and where it is answered", columns, tuple(rows)) if rows else None


def only_an_author(result: Result) -> Table | None:
    """Return the items that no result can fill."""
    rows = [
        ((Words(f"{item['statement']} {item['number']}"),), (Words(str(item["asks"])),))
        for item in result["checklist"] if item["status"] in ("author", "reported in part")
    ]  # fmt: skip
    return Table("Left to the author", ("Item", "What an author has to write"), tuple(rows)) if rows else None


def _status(status: str) -> str:
    return {"author": "only an author can", "reported in part": "in part; an author has to add words"}.get(
        status, status
    )


def _pointers(ids: Sequence[str], titles: Mapping[str, str]) -> str:
    keys = dict.fromkeys(SECTION_OF.get(str(one).partition(".")[0], "") for one in ids)
    return ", ".join(titles[key] for key in keys if key in titles) or ("in result.json only" if ids else "")


OF_THE_ARMS = ("adjustment", "estimand", "target", "bootstrap")
"""Settings that say nothing of a design, which has its own: a bootstrap of 0 here is not that of its interval."""


def settings(result: Result) -> Table:
    """Return the settings in words; nothing of the machine."""
    tail = ", of the arms as they became" if has_design(result) else ""
    rows = [
        ((Words(f"{str(key).replace('_', ' ')}{tail if key in OF_THE_ARMS else ''}"),), (Words(_plain(value)),))
        for key, value in result["settings"].items()
    ]
    return Table("Settings", ("Setting", "Value"), tuple(rows))


def _plain(value: object) -> str:
    """Return a setting as words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in cast("list[object]", value))
    return f"{value:g}" if isinstance(value, float) else str(value)
