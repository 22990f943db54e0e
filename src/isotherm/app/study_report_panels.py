"""Figures of panels, drawn from a result: designs side by side, and cumulative incidence of competing events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.app.figures import Drawing
from isotherm.app.report_words import NO_BREAK
from isotherm.app.study_figures import floats
from isotherm.app.study_figures_panels import Panel, PanelCurve, panels_of_curves
from isotherm.app.study_report_designs import SHORT
from isotherm.app.study_report_frame import Outcome, arms_of, is_adjusted
from isotherm.app.study_report_words import DAYS_PER_MONTH, Result, printed
from isotherm.columns import Float
from isotherm.study.analysis.curves import ticks
from isotherm.study.analysis.design_curves import MOST_TICKS
from isotherm.study.designs.naive import CLOCKS


def design_drawings(result: Result) -> dict[str, tuple[Drawing, ...]]:
    """Return the pages of one figure for each endpoint of the designs, by its name."""
    found = {f"designs_{short}": _endpoint(result, short, words) for short, words in SHORT.items()}
    return {name: pages for name, pages in found.items() if pages}


def incidence_drawings(result: Result, outcome: Outcome) -> tuple[Drawing, ...]:
    """Return the cumulative incidence of every event of an outcome, in pages; none where nothing competes."""
    analysis = "adjusted" if is_adjusted(result) else "naive"
    found = [one for key, one in result["curves"].items() if key.startswith(f"incidence.{outcome.name}.{analysis}.")]
    events = list(dict.fromkeys(str(one["event"]) for one in found))
    if not events:
        return ()
    across = f"months since the {outcome.unit}'s time zero"
    panels = [Panel(title=event, across=across, start=0.0, first=0.0,
                    curves=tuple(_curve(result, one, "risk") for one in found if one["event"] == event))
              for event in events]  # fmt: skip
    return panels_of_curves(panels, up=f"% of {outcome.unit}s with the event", axis=_axis(found),
                            until=_until(found), band=_band(found[0]), what="Cumulative incidence")  # fmt: skip


def _endpoint(result: Result, short: str, words: str) -> tuple[Drawing, ...]:
    found = [one for key, one in result["curves"].items() if key.startswith("design.") and f".{short}." in key]
    names = list(dict.fromkeys(str(one["design"]) for one in found))
    if not names:
        return ()
    panels = [_panel(result, name, [one for one in found if one["design"] == name]) for name in names]
    return panels_of_curves(panels, up=f"{words}, %", axis=_axis(found), until=_until(found), band=_band(found[0]),
                            what=f"{words} by design")  # fmt: skip


def _panel(result: Result, name: str, curves: Sequence[Mapping[str, Any]]) -> Panel:
    """Return the panel of a design: its own clock, whether its curves are adjusted, and who is at risk."""
    first = curves[0]
    start = float(first["start_day"])
    begins = f", curves from day {start:g}" if start else ""
    return Panel(
        title=f"{name}: {'adjusted by weights' if first['adjusted'] else f'not{NO_BREAK}adjusted'}",
        across=f"months since {CLOCKS[first['clock']]}{begins}", start=start / DAYS_PER_MONTH, first=1.0,
        curves=tuple(_curve(result, one, "survival") for one in curves),
        at_risk_of=f"At risk: {first['at_risk_of']}", at=floats(first["table_days"]) / DAYS_PER_MONTH,
    )  # fmt: skip


def _curve(result: Result, one: Mapping[str, Any], part: str) -> PanelCurve:
    numbers = {arm.name: arm.number for arm in arms_of(result)}
    return PanelCurve(
        arm=numbers.get(str(one["arm"]), len(numbers)), label=str(one["label"]),
        times=floats(one["days"]) / DAYS_PER_MONTH, values=floats(one[part]),
        low=floats(one["low"]), high=floats(one["high"]),
        at_risk=tuple(printed(result["results"][key], "bare") for key in one.get("at_risk", ())),
    )  # fmt: skip


def _until(curves: Sequence[Mapping[str, Any]]) -> float:
    return max(float(one["days"][-1]) for one in curves) / DAYS_PER_MONTH


def _axis(curves: Sequence[Mapping[str, Any]]) -> Float:
    return floats(ticks(max(float(one["days"][-1]) for one in curves), most=MOST_TICKS)) / DAYS_PER_MONTH


def _band(one: Mapping[str, Any]) -> str:
    return f"{100.0 * float(one['level']):g} % interval, pointwise"
