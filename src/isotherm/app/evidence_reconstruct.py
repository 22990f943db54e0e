"""Reconstruct an arm from print: files in; rows, a report of errors in words and numbers, and a figure out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from isotherm.app.evidence_figures_curve import CurvePicture, reconstruction_figure
from isotherm.app.figures import Drawing
from isotherm.app.outputs import table_text
from isotherm.app.software import versions
from isotherm.app.terminal import folded
from isotherm.evidence.printed_curve import DigitizedCurve, NumbersAtRisk, Reading
from isotherm.evidence.reconstruct import Reconstruction, reconstruct
from isotherm.exchange.curve_files import TimeUnit, read_curve, read_numbers_at_risk

SCHEMA = "isotherm.evidence-reconstruction/1"
ORIGIN = "reconstructed"
FOOT = "Reconstructed from print, never patients' own data; research use only."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """An arm that was reconstructed, with what it was made from."""

    table: NumbersAtRisk
    curve: DigitizedCurve | None
    total_events: int | None
    found: Reconstruction
    unit: TimeUnit


def rebuilt(curve: str | None, at_risk: str, *, total_events: int | None, reading: Reading, cut: bool) -> Rebuilt:
    """Reconstruct one arm from its files.

    Raises
    ------
    UnreadableFile, BadTable, BadColumn, BadCurve
    """
    table, unit = read_numbers_at_risk(at_risk)
    points = None
    if curve is not None:
        points, unit = read_curve(curve, reading=reading, cut=cut)
    found = reconstruct(table, points, total_events=total_events)
    return Rebuilt(table=table, curve=points, total_events=total_events, found=found, unit=unit)


def rows_text(one: Rebuilt) -> str:
    """Return one row per patient as CSV, in the order of time; every row says that it was reconstructed."""
    outcome = one.found.outcome
    order = np.lexsort((1 - outcome.event, outcome.time_days))
    rows = [(round(float(outcome.time_days[k]), 6), int(outcome.event[k]), ORIGIN) for k in order]
    return table_text(("time_days", "event", "origin"), rows)


def document_of(one: Rebuilt) -> dict[str, Any]:
    """Return the content of reconstruction.json."""
    report = one.found.report
    return {
        "schema": SCHEMA, "software": versions("numpy", "scipy"), "method": one.found.method,
        "inputs": {"points": None if one.curve is None else len(one.curve.times_days),
                   "reading": None if one.curve is None else one.curve.reading,
                   "cut": None if one.curve is None else one.curve.cut, "n": one.table.n,
                   "table_days": [float(day) for day in one.table.times_days],
                   "at_risk": [int(count) for count in one.table.at_risk],
                   "events": None if one.table.events is None else [int(count) for count in one.table.events],
                   "total_events": one.total_events},
        "report": asdict(report),
    }  # fmt: skip


def report_lines(one: Rebuilt) -> Iterator[str]:
    """Yield how far the reconstruction is from what was printed, a sentence for each part."""
    report, unit = one.found.report, one.unit
    yield f"{one.table.n} rows, {report.events} events, {one.table.n - report.events} lost from sight or still watched."
    if report.rmse is not None and report.largest is not None and report.largest_at_days is not None:
        yield (f"Curve against the points: root mean square {report.rmse:.4f}, largest difference {report.largest:.4f} "
               f"at {report.largest_at_days / unit.days:.1f} {unit.name}.")  # fmt: skip
    apart = max(abs(gap) for gap in report.at_risk_apart)
    yield ("Every printed number at risk is kept exactly." if not apart else
           f"Numbers at risk are off by at most {apart}.")  # fmt: skip
    if report.events_by_table_apart is not None:
        off = max(abs(gap) for gap in report.events_by_table_apart)
        yield "Printed events are kept exactly." if not off else f"Printed events are off by at most {off}."
    if report.events_apart:
        yield (f"The total of events that was given is missed by {report.events_apart:+d}: curve and total contradict "
               "each other.")  # fmt: skip
    yield f"Method: {one.found.method}."


def report_text(one: Rebuilt, width: int | None) -> str:
    """Return the report as a terminal shows it."""
    return "\n".join([*(line for said in report_lines(one) for line in folded(said, width)), FOOT]) + "\n"


def figure_of(one: Rebuilt) -> Drawing:
    """Draw the reconstructed curve over the points, in the unit of the publication."""
    days, unit = one.found.outcome.time_days, one.unit
    places = np.unique(np.concatenate([[0.0], days]))
    rebuilt_at_risk = one.table.at_risk + np.array(one.found.report.at_risk_apart)
    read = None if one.curve is None else (one.curve.times_days / unit.days, one.curve.survival)
    shown = CurvePicture(
        steps=(places / unit.days, one.found.survival(places)), read=read, table_times=one.table.times_days / unit.days,
        printed=one.table.at_risk, rebuilt=rebuilt_at_risk, unit=unit.name, notes=[*report_lines(one)],
    )  # fmt: skip
    return reconstruction_figure(shown, description=f"Reconstructed survival curve. {next(report_lines(one))}")
