"""Which figures a study has, drawn from its result: flow, balance, overlap, curves, forests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isotherm.app.figures import Drawing
from isotherm.app.study_figures import floats
from isotherm.app.study_figures_curves import ArmCurve, CurveWords, survival_curves
from isotherm.app.study_figures_forest import ForestRow, ForestWords, estimate_ruler, forest_plots
from isotherm.app.study_figures_love import LovePoint, love_plots
from isotherm.app.study_figures_overlap import ArmScores, overlap_plot
from isotherm.app.study_report_factors import factor_drawings, factor_names
from isotherm.app.study_report_flow import flow_drawing
from isotherm.app.study_report_frame import (
    Outcome,
    arms_of,
    covariate_label,
    has_design,
    has_naive_beside,
    is_adjusted,
    is_ratio,
    measure_of,
    outcomes_of,
    side_words,
)
from isotherm.app.study_report_panels import design_drawings, incidence_drawings
from isotherm.app.study_report_words import DAYS_PER_MONTH, NOT_GIVEN, Result, missing, printed

Drawings = dict[str, Drawing]
"""By name: "flow", "love", "overlap", "designs_os", "incidence_OUT", "curves_OUT", "forest_OUT", "sensitivity_OUT",
"factors_NAME"; "ruler" for the first screen.

A figure that goes on beyond one page has a further one for each page: "love.2", "love.3".
"""


def drawings_of(result: Result) -> Drawings:
    """Draw every figure that the result holds something for."""
    found: dict[str, Drawing | None] = {"ruler": _ruler(result), "flow": flow_drawing(result)}
    found |= {**_paged("love", _love(result)), "overlap": _overlap(result)}
    for name, pages in design_drawings(result).items():
        found |= _paged(name, pages)
    for outcome in outcomes_of(result):
        found |= _paged(f"incidence_{outcome.name}", incidence_drawings(result, outcome))
        found[f"curves_{outcome.name}"] = _curves(result, outcome)
        found |= _paged(f"forest_{outcome.name}", _forest(result, outcome))
        found |= _paged(f"sensitivity_{outcome.name}", _sensitivity(result, outcome))
    for name in factor_names(result):
        found |= _paged(f"factors_{name}", factor_drawings(result, name))
    return {name: drawing for name, drawing in found.items() if drawing is not None}


def _paged(name: str, pages: Sequence[Drawing]) -> Drawings:
    return {name if k == 1 else f"{name}.{k}": page for k, page in enumerate(pages, start=1)}


def _ruler(result: Result) -> Drawing | None:
    main, naive = (result["results"].get(f"headline.{part}") for part in ("effect", "naive"))
    if main is None or main["value"] is None:
        return None
    shown = naive is not None and naive["value"] is not None and has_naive_beside(result)
    beside = _row("naive", naive) if shown and naive is not None else None
    what = "hazard" if "azard" in str(main["label"]) else "risk"
    return estimate_ruler(_row("main", main, strong=True), beside, what=what, ratio=is_ratio(main),
                          description=f"Main estimate {printed(main)}, above the line of no difference it would be "
                                      f"a {side_words(result, main)[1]}.")  # fmt: skip


def _love(result: Result) -> tuple[Drawing, ...]:
    found = result["curves"].get("balance")
    if not found or not found["rows"]:
        return ()
    points = [LovePoint(covariate_label(result, str(row["label"])), _difference(result, row["before"]),
                        _difference(result, row["after"]))
              for row in found["rows"]]  # fmt: skip
    denominator = result["results"].get("balance.denominator")
    words = "a denominator that is not stated" if denominator is None else printed(denominator)
    return love_plots(points, denominator=words, threshold=float(found["threshold"]))


def _difference(result: Result, key: str) -> float | None:
    """Return a standardized difference; infinite where the record says so, None where it does not exist."""
    record = result["results"][key]
    if record["value"] is not None:
        return float(record["value"])
    return math.inf if str(record["why"]).startswith("infinite") else None


def _overlap(result: Result) -> Drawing | None:
    arms, curves = arms_of(result), result["curves"]
    found = [curves.get(f"overlap.{arm.name}") for arm in arms]
    if not found or any(one is None or not one["before"] or None in one["before"] for one in found):
        return None  # a bin that is withheld would look like an empty one
    shown = [ArmScores(arm.label, np.asarray(one["before"], dtype=np.float64),
                       None if not one["after"] or None in one["after"] else np.asarray(one["after"], dtype=np.float64))
             for arm, one in zip(arms, found, strict=True)]  # fmt: skip
    return overlap_plot(np.asarray(found[0]["edges"], dtype=np.float64), shown, treated=arms[0].label)


def _curves(result: Result, outcome: Outcome) -> Drawing | None:
    analyses = [*([(True, "adjusted")] if is_adjusted(result) else []), (False, "naive")]
    found = {(adjusted, arm.number): result["curves"].get(f"survival.{outcome.name}.{analysis}.{arm.name}")
             for adjusted, analysis in analyses for arm in arms_of(result)}  # fmt: skip
    there = {key: one for key, one in found.items() if one is not None}
    released = bool(result["settings"].get("release"))
    if not there or (released and not any(one["days"] for one in there.values())):
        return None
    first = next(iter(there.values()))
    days = [float(day) for day in first["table_days"]]
    zero = result["results"].get("protocol.time_zero")
    words = CurveWords(
        endpoint=outcome.label, unit=outcome.unit, since="time zero" if zero is None else printed(zero),
        time_unit="months", interval=f"{100.0 * first['level']:g} % interval ({first['interval']}, pointwise)",
        points_only=released,
    )  # fmt: skip
    curves = [_curve(result, one, number, adjusted=adjusted) for (adjusted, number), one in there.items()]
    return survival_curves(curves, np.asarray(days) / DAYS_PER_MONTH, words)


def _curve(result: Result, one: Mapping[str, Any], number: int, *, adjusted: bool) -> ArmCurve:
    at_risk = tuple(printed(result["results"][key], "bare") for key in one["at_risk"])
    return ArmCurve(
        arm=number, label=str(one["label"]), adjusted=adjusted, times=floats(one["days"]) / DAYS_PER_MONTH,
        survival=floats(one["survival"]), low=floats(one["low"]), high=floats(one["high"]),
        censored=floats(one["censored_days"] or []) / DAYS_PER_MONTH,
        end=float(one["end_day"] or max(one["days"] or [0.0])) / DAYS_PER_MONTH, at_risk=at_risk,
    )  # fmt: skip


def _forest(result: Result, outcome: Outcome) -> tuple[Drawing, ...]:
    """Draw the subgroups of an outcome under its main estimate."""
    found, records = result["curves"].get(f"forest.{outcome.name}"), result["results"]
    if not found or not found["groups"]:
        return ()
    whole = "All in the main analysis" if not has_design(result) else _as_they_became(result)
    rows = [_row(whole, records[found["overall"]], strong=True)]
    for group in found["groups"]:
        test = records.get(group["interaction"])
        p = "" if test is None else NOT_GIVEN if missing(test, "p") else printed(test, "p")
        rows.append(ForestRow(label=str(group["label"]), heading=True, p_interaction=p))
        for level in group["levels"]:
            counts = f"{printed(records[level['events']])} / {printed(records[level['n']])}"
            rows.append(_row(str(level["label"]), records[level["id"]], counts=counts))
    return _forest_of(result, outcome, rows, records[found["overall"]], "subgroups")


def _sensitivity(result: Result, outcome: Outcome) -> tuple[Drawing, ...]:
    """Draw the main estimate, the naive one, and those of the sensitivity analyses."""
    records = result["results"]
    main = records.get(f"effect.{outcome.name}.adjusted")
    naive = [("Naive, without adjustment", f"effect.{outcome.name}.naive")]
    found = [*(naive if is_adjusted(result) else []),
             ("A baseline of its own for each site", f"effect.{outcome.name}.site_stratified"),
             *((str(one["says"]), f"sensitivity.{one['name']}.{outcome.name}")
               for one in result["protocol"]["sensitivity"]),
             *((f"Without {name}", f"leave_one_site_out.{site}.{outcome.name}")
               for site, name in enumerate(result["data"]["sites"], start=1))]  # fmt: skip
    rows = [_row(label, records[key]) for label, key in found if key in records]
    if main is None or len(rows) < 2:
        return ()
    whole = "Main analysis" if not has_design(result) else _as_they_became(result)
    return _forest_of(result, outcome, [_row(whole, main, strong=True), *rows], main, "sensitivity analyses")


def _as_they_became(result: Result) -> str:
    """Return what stands at the head of a forest where a design gives the main estimate, and not these arms."""
    return f"Arms as they became{', adjusted' if is_adjusted(result) else ''}"


def _row(label: str, record: Mapping[str, Any], *, strong: bool = False, counts: str = "") -> ForestRow:
    """Return a row of a forest; limits that the data did not set are infinite."""
    ratio = is_ratio(record)
    scale = 100.0 if "percentage points" in printed(record) else 1.0
    if record["value"] is None:
        return ForestRow(label=label, count=counts, printed=missing(record), strong=strong)
    low = (0.0 if ratio else -math.inf) if record["low"] is None else scale * float(record["low"])
    high = math.inf if record["high"] is None else scale * float(record["high"])
    own = f"{printed(record, 'events')} / {printed(record, 'n')}" if record["n"] is not None else ""
    return ForestRow(label=label, count=counts or own, estimate=scale * float(record["value"]), low=low, high=high,
                     printed=printed(record), strong=strong)  # fmt: skip


def _forest_of(
    result: Result, outcome: Outcome, rows: list[ForestRow], main: Mapping[str, Any], what: str
) -> tuple[Drawing, ...]:
    if all(row.estimate is None for row in rows):
        return ()
    ratio = is_ratio(main)
    lower, higher = side_words(result, main)
    words = ForestWords(
        measure=measure_of(main), unit="log scale (a ratio: no unit)" if ratio else "percentage points", ratio=ratio,
        level=printed(main, "level"), lower_means=lower, higher_means=higher,
    )  # fmt: skip
    return forest_plots(rows, words, description=f"Forest plot of {outcome.label}, {what}: the line is no difference.")
