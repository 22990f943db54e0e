"""The figures of published relations of margin or size: panels from records, a patient's lengths where they match."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from isotherm.app.evidence_figures_relations import PanelPicture, PanelRow, panel_height_pt, relations_figure
from isotherm.app.evidence_patient import Mark, Patient
from isotherm.app.evidence_words import flag_words, measure_words, source_words, status_words, value_words
from isotherm.app.figures import Drawing
from isotherm.app.report_words import NO_BREAK
from isotherm.app.study_figures import MOST_HEIGHT_PT, on_pages
from isotherm.evidence.library import Library
from isotherm.evidence.relations import About, Kind, Relation, reasons_against, relations
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.result_parts import MillimeterClass

ABOUT: tuple[About, ...] = ("margin", "size")
NO_PROBABILITY = "Published of groups of patients; no number here is a chance of this patient."
PUBLISHED_ONLY = "Published numbers only: no patients of a registry of yours are counted in it."
HEADS: dict[Kind, str] = {
    "rate per class": "rate per class", "hazard ratio": "hazard ratios", "risk ratio": "risk ratios",
    "odds ratio": "odds ratios", "cut-off": "cut-offs",
}  # fmt: skip
AXES = {"margin": "minimal margin (mm)", "size": "largest diameter of the tumor (mm)"}
SIGNS = {"=": "", ">=": "\u2265\u00a0", "<=": "\u2264\u00a0", ">": ">\u00a0", "<": "<\u00a0", "~": "about\u00a0"}
CM = Decimal(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A relation with what a patient has to do with it."""

    relation: Relation
    against: tuple[str, ...]
    marks: tuple[Mark, ...]
    says: str


def panels_of(library: Library, about: About, patient: Patient | None) -> tuple[Panel, ...]:
    """Return the relations with the patient's lengths where they may stand, and else a sentence why they do not."""
    lengths = () if patient is None else patient.margins if about == "margin" else patient.sizes
    return tuple(_panel(relation, patient, lengths) for relation in relations(library, about))


def _panel(relation: Relation, patient: Patient | None, lengths: Sequence[Mark]) -> Panel:
    if patient is None or not lengths:
        return Panel(relation=relation, against=(), marks=(), says="")
    against = reasons_against(relation, patient.how)
    if against:
        says = f"The patient's {relation.about} is not drawn: {'; '.join(against)}."
        return Panel(relation=relation, against=against, marks=(), says=says)
    marks = tuple(mark for mark in lengths if mark.value_mm is not None)
    what = "method, imaging, day, organ" if relation.about == "margin" else "organ"
    said = "; ".join(str(mark) for mark in lengths)
    says = f"The patient ({said}): {what} and ablation match as far as they are printed. {NO_PROBABILITY}"
    return Panel(relation=relation, against=(), marks=marks, says=says)


def figures_of(panels: Sequence[Panel]) -> dict[str, Drawing]:
    """Draw panels kind by kind; what does not fit on one page goes on in a further figure."""
    drawn: dict[str, Drawing] = {}
    limits = _limits(panels)
    for kind, head in HEADS.items():
        own = [one for one in panels if one.relation.kind == kind]
        shown = [_picture(one) for one in own]
        if not own:
            continue
        about = own[0].relation.about
        ratios = [value for one in shown for row in one.rows for value in (row.estimate, row.low, row.high)
                  if value is not None]  # fmt: skip
        pages = on_pages([panel_height_pt(one) for one in shown], MOST_HEIGHT_PT)
        for number, page in enumerate(pages, start=1):
            part = f" ({number} of {len(pages)})" if len(pages) > 1 else ""
            title = f"{about.capitalize()} and recurrence as published: {head}{part}"
            names = "; ".join(one.title for one in shown[page])
            name = f"{about}-{head.replace(' ', '-')}" + (f"-{number}" if len(pages) > 1 else "")
            drawn[name] = relations_figure(shown[page], limits, ratios, title=title, note=PUBLISHED_ONLY,
                                          description=f"{title}: {names}. {PUBLISHED_ONLY}")  # fmt: skip
    return drawn


def _limits(panels: Sequence[Panel]) -> tuple[float, float]:
    """Return an axis in mm on which every bound, cut-off and mark of these panels lies, with room for open classes."""
    ends = [0.0]
    for panel in panels:
        for record in panel.relation.records:
            bounds = record.mm_class or MillimeterClass(of=panel.relation.about)
            ends += [one for one in (bounds.low_mm, bounds.high_mm) if one is not None]
            ends += [_mm(record, one) for one in (record.estimate, record.low, record.high)
                     if one is not None and record.measure == "cut-off"]  # fmt: skip
        ends += [one for mark in panel.marks for one in (mark.value_mm, mark.low_mm, mark.high_mm) if one is not None]
    wide = max(ends) - min(ends)
    first = 0.0 if panels[0].relation.about == "size" else math.floor(min(ends) - 0.04 * wide)
    return first, math.ceil(max(ends) + 0.2 * wide)


def _mm(record: PublishedResult, number: Decimal) -> float:
    return float(number * CM if record.number_unit == "cm" else number)


def _picture(panel: Panel) -> PanelPicture:
    relation = panel.relation
    axis = AXES[relation.about]
    if relation.kind not in ("rate per class", "cut-off"):
        axis = f"{relation.kind}, log scale (a ratio: no unit); line at 1: no difference"
    return PanelPicture(
        title=relation.paper.short, facts=(*facts_of(relation),), kind=relation.kind, axis=axis, marks=panel.marks,
        rate=relation.endpoint or "rate",
        rows=tuple(_row(record) for record in relation.records), says=panel.says,
    )  # fmt: skip


def facts_of(relation: Relation) -> Iterator[str]:
    """Yield what has to stand beside the numbers: population, how and when margins were measured, whose they are."""
    yield relation.population
    if relation.about == "margin":
        margin = relation.margin
        how = "method, imaging and day not printed" if margin is None else (
            f"{'method ' if margin.method == 'not printed' else ''}{margin.method}, imaging "
            f"{margin.imaging}, {str(margin).rpartition(', ')[2]}"
        )  # fmt: skip
        yield f"Margin: {how}"
    yield f"Ablation: {relation.modality}; organ: {relation.organ}"
    if relation.endpoint:
        units = {record.unit for record in relation.records} - {"none"}
        of = f", of {' and '.join(sorted(units))}s" if units else ""
        yield relation.endpoint + (f" at {_horizon(relation.at)}" if relation.at else "") + of
    yield from dict.fromkeys(f"Source: {source_words(record, relation.paper)}" for record in relation.records)
    yield from dict.fromkeys(status_words(record) for record in relation.records if record.status == "derived")
    yield from (f"Computed from: {one.label}, {value_words(one)}" for one in relation.parents)
    yield from dict.fromkeys(flag for record in relation.records for flag in flag_words(record))


def _horizon(at: str) -> str:
    """Return a horizon in words: "1 year", "2 years"."""
    return at.removesuffix("s") if at.startswith("1 ") else at


def number_words(record: PublishedResult) -> str:
    """Return a result with what it is, in one line."""
    kind = measure_words(record)
    return f"{_words(record)}: {f'{kind} ' if kind else ''}{_printed(record)}"


def _row(record: PublishedResult) -> PanelRow:
    bounds = record.mm_class
    if bounds is None:
        raise AssertionError("a relation is made of results that have a class")
    numbers = [None if one is None else _mm(record, one) for one in (record.estimate, record.low, record.high)]
    return PanelRow(words=_words(record), printed=_printed(record), mm_class=bounds, estimate=numbers[0],
                    low=numbers[1], high=numbers[2], operator=record.operator)  # fmt: skip


def _words(record: PublishedResult) -> str:
    known = not record.per.startswith("not printed")
    step = "" if not record.per else f", per {record.per}" if known else f", step {record.per}"
    against = "" if record.per or not record.reference else f" v {record.reference}"
    return f"{record.label}{against}{step}"


def _printed(record: PublishedResult) -> str:
    """Return the number as a panel writes it: short for a rate, with its sign for a cut-off, whole for a ratio."""
    unit = f"{NO_BREAK}{record.number_unit}" if record.number_unit else ""
    if record.estimate is None:
        return f"{record.low} to {record.high}{unit}"
    if record.measure == "percentage":
        return f"{record.estimate}{NO_BREAK}%"
    return f"{SIGNS[record.operator]}{record.estimate}{unit}" if record.measure == "cut-off" else value_words(record)
