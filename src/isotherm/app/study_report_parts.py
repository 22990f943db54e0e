"""Parts of a study's report before it is HTML or DOCX: words, numbers bound to their results, tables, figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isotherm.app.figures import Drawing
from isotherm.app.report_words import NO_BREAK
from isotherm.app.study_report_frame import arms_of, covariate_label
from isotherm.app.study_report_release import is_withheld
from isotherm.app.study_report_words import Result, missing, months_of, printed
from isotherm.study.disclosure import CUT


@dataclass(frozen=True, slots=True)
class Words:
    """Text that is no number of the study."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """A number (or declared text) of the study, bound to the id and the field of its record."""

    id: str
    field: str
    text: str
    missing: str = ""
    """Why it does not exist; empty where it does."""


Run = Words | Bound
Runs = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; `role` is "body", "remark" (small print) or "caveat"."""

    runs: Runs
    role: str = "body"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of statements."""

    items: tuple[Runs, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its first column names the rows; notes say why numbers are missing.

    Parameters
    ----------
    title : str
    columns : tuple of str
    rows : tuple of tuple of Runs
    remark : Runs
        Small print below it.
    heads : frozenset of int
        Rows that name those below them.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Runs, ...], ...]
    remark: Runs = ()
    heads: frozenset[int] = frozenset()

    @property
    def notes(self) -> dict[str, str]:
        """Letters for the reasons why numbers are missing, in the order of the table."""
        reasons = dict.fromkeys(run.missing for row in self.rows for cell in row for run in cell
                                if isinstance(run, Bound) and run.missing)  # fmt: skip
        return {reason: letter(k) for k, reason in enumerate(reasons)}


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure with its title and what is said under it; `name` is that of its files."""

    name: str
    title: str
    drawing: Drawing
    caption: Runs = ()


Block = Paragraph | Bullets | Heading | Table | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the report; `key` names it in the page."""

    key: str
    title: str
    blocks: tuple[Block, ...]


def letter(k: int) -> str:
    """Return a, b, ..., z, aa, ab, ... for the notes of a table."""
    return (letter(k // 26 - 1) if k >= 26 else "") + chr(97 + k % 26)


BY_DAY = re.compile(r"(?<=^By )day (\d+(?:\.\d+)?)$")
DAYS = re.compile(r"(\d+(?:\.\d+)?) days")
AT_THE_END = re.compile(r"(?<= at )\d+(?:\.\d+)? days$")
PLACE = re.compile(r"\{([^{}:]+)(?::([a-z_]+))?\}")
"""Where a template names a result ("{headline.effect:interval}") or words given beside it ("{treated}")."""


def bound(result: Result, key: str, field: str = "value") -> Bound:
    """Return a field of a record, bound to it."""
    record = result["results"][key]
    return Bound(key, field, printed(record, field), missing(record, field))


def say(result: Result, template: str, **words: str | Run) -> Runs:
    """Return a sentence with its numbers bound to their results; nothing if one of the results is not there.

    Parameters
    ----------
    result : mapping
    template : str
        Ids of results have a dot and stand in braces, with a field behind a colon. Names without a dot are `words`,
        which are never read as a template.

    Returns
    -------
    tuple of Words and Bound
        Empty if a result that the sentence needs is not among the results.
    """
    runs: list[Run] = []
    end = 0
    for place in PLACE.finditer(template):
        name, field = place[1], place[2] or "value"
        runs.append(_after(runs, template[end : place.start()]))
        end = place.end()
        if "." not in name:
            given = words[name]
            runs.append(Words(given) if isinstance(given, str) else given)
        elif name in result["results"]:
            runs.append(bound(result, name, field))
        else:
            return ()
    runs.append(_after(runs, template[end:]))
    return tuple(run for run in runs if run != Words(""))


def told(result: Result, template: str) -> Runs:
    """Return a sentence as `say` does; nothing if one of its numbers or texts does not exist or is withheld."""
    runs = say(result, template)
    return () if any(isinstance(run, Bound) and run.missing for run in runs) else runs


def _after(runs: Sequence[Run], text: str) -> Words:
    """Return words behind others; a period is not set twice."""
    ended = bool(runs) and prose(runs[-1]).endswith((".", "?", "!"))
    return Words(text[1:] if ended and text.startswith(".") else text)


def first_data_set(result: Result) -> Runs:
    """Say that something was made from the first imputed data set; nothing where there is none."""
    return say(result, "Shown is the first of {imputation.data_sets} imputed data sets; main estimates are pooled over "
                       "all of them. ")  # fmt: skip


def text_of(runs: Runs) -> str:
    """Return runs as plain text; a missing number as its reason."""
    return "".join(prose(run) for run in runs)


def prose(run: Run) -> str:
    """Return a run as it reads within a sentence."""
    if isinstance(run, Bound) and is_withheld(run.missing):
        return CUT
    if isinstance(run, Bound) and run.missing:
        return f"not given ({run.missing.rstrip('.')})"
    return run.text


def table_of(result: Result, name: str) -> Table | None:
    """Return a table of the result; None where there is none, or it has no rows."""
    found: Mapping[str, Any] | None = result["tables"].get(name)
    if not found or not found["rows"]:
        return None
    labels = {arm.name: arm.label for arm in arms_of(result)}
    if name in OF_COLUMNS:
        labels = {column: covariate_label(result, column) for column in _columns(found)}
    rows = tuple(tuple(cell_of(result, _with_label(one, labels)) for one in row) for row in found["rows"])
    heads = tuple(column_head(result, _with_arm(result, str(column))) for column in found["columns"])
    return Table(in_months(str(found["title"])), heads, rows)


def _with_arm(result: Result, column: str) -> str:
    """Return the head of a column with the label of the arm that it is about."""
    arms = arms_of(result)
    for words, arm in (("treated, ", arms[0]), ("reference, ", arms[-1])):
        if column.startswith(words):
            return f"{arm.label}, {column.removeprefix(words)}"
    return column


OF_COLUMNS = ("balance", "propensity")
"""Tables whose rows are columns of a design matrix."""


def _columns(table: Mapping[str, Any]) -> set[str]:
    return {str(row[0]).rpartition(", ")[2] for row in table["rows"]}


def _with_label(cell: str | Mapping[str, str], labels: Mapping[str, str]) -> str | Mapping[str, str]:
    """Return a text that ends with the name of an arm, or of a column, with its label instead."""
    if not isinstance(cell, str):
        return cell
    for gap in (": ", ", "):
        before, between, last = cell.rpartition(gap)
        if last in labels:
            return f"{before}{between}{labels[last]}"
    return cell


ESTIMATES = (
    "Estimate",
    "Hazard ratio",
    "Odds ratio",
    "Risk",
    "Difference of restricted",
    "Cause-specific",
    "Subdistribution",
    "By ",
    "Alone",
    "Together",
    "Median",
    "Free of the event",
)
"""Beginnings of the heads of columns whose numbers have intervals."""


def column_head(result: Result, column: str) -> str:
    """Return the head of a column: with the level of its intervals, and in months where days are printed as such."""
    column = BY_DAY.sub(lambda day: months_of(float(day[1])), column)
    column = DAYS.sub(lambda days: months_of(float(days[1])), column).removesuffix(", days")
    level = f"{100.0 * result['settings']['level']:g}{NO_BREAK}%{NO_BREAK}interval"
    return f"{column} ({level})" if column.startswith(ESTIMATES) else column


def in_months(words: str) -> str:
    """Return a title or a measure that ends with a declared time, such as "Risk at 1096 days", with it in months."""
    return AT_THE_END.sub(lambda days: months_of(float(days[0].removesuffix(" days"))), words)


def cell_of(result: Result, cell: str | Mapping[str, str]) -> Runs:
    """Return a cell of a table: text, or a bound number."""
    if isinstance(cell, str):
        return (Words(cell),) if cell else ()
    found = bound(result, cell["id"], cell.get("field", "value"))
    record = result["results"][cell["id"]]
    return () if found.missing and found.field == "p" and record["value"] is not None else (found,)


def blocks(*found: Block | Sequence[Block] | None) -> tuple[Block, ...]:
    """Return the blocks that are there; paragraphs and lists without words are left out."""
    whole: list[Block] = []
    for one in found:
        whole += [] if one is None else list(one) if isinstance(one, Sequence) else [one]
    return tuple(one for one in whole if not (isinstance(one, Paragraph) and not one.runs)
                 and not (isinstance(one, Bullets) and not one.items))  # fmt: skip


def joined(*sentences: Runs) -> Runs:
    """Return sentences as one text."""
    return tuple(run for sentence in sentences for run in sentence)


def pages_of(drawings: Mapping[str, Drawing], name: str) -> list[str]:
    """Return the names of all pages of a figure in their order; none where there is nothing to draw."""
    found = [name] if name in drawings else []
    while found and f"{name}.{len(found) + 1}" in drawings:
        found.append(f"{name}.{len(found) + 1}")
    return found


def pictures_of(drawings: Mapping[str, Drawing], name: str, title: str, caption: Runs) -> tuple[Picture, ...]:
    """Return a figure with its caption under its last page; nothing where there is nothing to draw."""
    pages = pages_of(drawings, name)
    return tuple(Picture(page, title if page == name else f"{title} (continued)", drawings[page],
                         caption if page == pages[-1] else ()) for page in pages)  # fmt: skip
