"""What a study itself says of survival in each arm, at a time that a publication prints or as a median, or why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isotherm.app.evidence_beside_counted import counted, says_how_it_counts
from isotherm.app.report_words import NO_BREAK
from isotherm.app.study_report_designs import design_effect
from isotherm.app.study_report_frame import Arm, Outcome, analysis_of, arms_of, horizon_days
from isotherm.app.study_report_words import DAYS_PER_MONTH, Result, missing, months_of, printed
from isotherm.study.analysis.curves import NOT_REACHED

SAME = 1e-3
"""Times that differ by less are one: a year has 365 or 365.25 days."""

NOT_TOLD = "this release does not tell it at that time"
NOT_TOLD_MEDIAN = "this result, which an older version wrote, does not tell it; run the study again"
NO_TIME = "its outcome is no time to an event"
NO_CURVE = "this study has no survival curve of the arm"
STARTS = "this design counts from day {:g} on"
ENDS = "its curve ends at {}"
NOBODY = "nobody of this arm was observed that long; "
"""Only of the arms as they are: designs, matching and weights may leave out who was observed for longer."""

Read = Callable[[str, Arm], "InArm"]
"""Reads survival in an arm by the beginning of its ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InArm:
    """Survival in one arm at one time, or its median.

    Parameters
    ----------
    arm : str
        What the arm is called.
    printed : str
        With its interval; empty where there is none. A median that is not reached says so, and has no value.
    value, low, high : float or None
        In percent; of a median in months.
    why : str
        Why there is none.
    remark : str
        Of whom it is, what its interval leaves out, or what a printed time is in months.
    source : str
    id : str
        Of a published result.
    """

    arm: str
    printed: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""
    remark: str = ""
    source: str = ""
    id: str = ""

    @property
    def says(self) -> str:
        """The number with its remark, or that there is none and why."""
        return ", ".join(filter(None, (self.printed, self.remark))) if self.printed else f"none: {self.why}"


def own_rates(result: Result, outcome: Outcome, day: float) -> tuple[InArm, ...]:
    """Return survival at a day in each arm of a study, as its main estimate has it.

    Parameters
    ----------
    result : mapping
        result.json.
    outcome : Outcome
        One with a main effect.
    day : float
        Since time zero.
    """
    return _in_arms(
        result,
        outcome,
        of_design=lambda key, arm: _of_design(result, key, arm, day),
        of_arm=lambda key, arm: _of_arm(result, key, arm, day),
    )


def own_medians(result: Result, outcome: Outcome) -> tuple[InArm, ...]:
    """Return the median of each arm of a study, as its main estimate has it: that of a record, none read off a curve.

    Parameters
    ----------
    result : mapping
        result.json.
    outcome : Outcome
        One with a main effect.
    """
    return _in_arms(
        result,
        outcome,
        of_design=lambda key, arm: _median(
            result, f"{key}.median", arm, none=NO_CURVE if says_how_it_counts(result, outcome) else NOT_TOLD_MEDIAN
        ),
        of_arm=lambda key, arm: _median(result, f"curve.{key}.median", arm, none=NO_CURVE),
    )


def _in_arms(result: Result, outcome: Outcome, *, of_design: Read, of_arm: Read) -> tuple[InArm, ...]:
    """Return what is read of each arm, of the design of the main estimate or of the arms as analyzed."""
    if not outcome.timed:
        return tuple(InArm(arm=arm.label, why=NO_TIME) for arm in arms_of(result))
    design = design_effect(result, outcome)
    if design is not None:
        key, of = design[1].removesuffix(".target"), of_design
    else:
        key, of = f"{outcome.name}.{analysis_of(result)}", of_arm
    found = [of(f"{key}.{arm.name}", arm) for arm in arms_of(result)]
    remark = counted(result, outcome).remark
    return tuple(replace(one, remark=remark) if one.printed else one for one in found)


def _median(result: Result, key: str, arm: Arm, *, none: str) -> InArm:
    """Return the median of a record; `none` says why there is no record."""
    record = result["results"].get(key)
    return InArm(arm=arm.label, why=none) if record is None else _number(arm, record, key)


def _of_design(result: Result, key: str, arm: Arm, day: float) -> InArm:
    """Return one minus the risk at the design's horizon; at another time, what the design's curve says."""
    record = result["results"].get(f"{key}.risk")
    horizon = horizon_days(result)
    if record is not None and horizon is not None and _same(horizon, day):
        return _number(arm, _survival(record), f"{key}.risk, one minus it")
    return _off_curve(result, key, arm, day, ends=ENDS)


def _of_arm(result: Result, key: str, arm: Arm, day: float) -> InArm:
    """Return what stands in the report at that time; else what the curve that it draws says."""
    for place, at in enumerate(result["settings"].get("at_days", ()), start=1):
        record = result["results"].get(f"curve.{key}.at_{place}")
        if record is not None and _same(float(at), day):
            return _number(arm, record, f"curve.{key}.at_{place}")
    ends = NOBODY + ENDS if analysis_of(result) == "naive" else ENDS
    return _off_curve(result, f"survival.{key}", arm, day, ends=ends)


def _off_curve(result: Result, key: str, arm: Arm, day: float, *, ends: str) -> InArm:
    """Return what a curve says at a day; that of a release says it at its own days only."""
    curve, released = result.get("curves", {}).get(key), bool(result["settings"].get("release"))
    if curve is None or not curve.get("days"):
        return InArm(arm=arm.label, why=NOT_TOLD if released else NO_CURVE)
    days = np.asarray(curve["days"], dtype=np.float64)
    if released and not any(_same(float(one), day) for one in days):
        return InArm(arm=arm.label, why=NOT_TOLD)
    if day < float(curve.get("start_day", 0.0)):
        return InArm(arm=arm.label, why=STARTS.format(curve["start_day"]))
    end = float(curve.get("end_day", days[-1]))
    if day > end * (1.0 + SAME) and curve["survival"][-1] != 0.0:
        return InArm(arm=arm.label, why=ends.format(months_of(end)))
    row = int(np.searchsorted(days, day * (1.0 + (SAME if released else 0.0)), side="right")) - 1
    value, low, high = (1.0, None, None) if row < 0 else (curve[part][row] for part in ("survival", "low", "high"))
    record = {"kind": "probability", "value": value, "low": low, "high": high, "unit": "", "text": None,
              "level": curve.get("level")}  # fmt: skip
    return _number(arm, record, f"curve {key}")


def _survival(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a risk as survival; limits change places."""
    turned = {part: None if record[other] is None else 1.0 - record[other]
              for part, other in (("value", "value"), ("low", "high"), ("high", "low"))}  # fmt: skip
    return {**record, **turned}


def _number(arm: Arm, record: Mapping[str, Any], where: str) -> InArm:
    reached = record["value"] is not None
    if not reached and record["why"] != NOT_REACHED:
        return InArm(arm=arm.label, why=missing(record))
    scale = 1.0 / DAYS_PER_MONTH if record["unit"] == "days" else 100.0
    value, low, high = (None if record[part] is None else scale * record[part] for part in ("value", "low", "high"))
    level = f"{100.0 * record['level']:g}{NO_BREAK}% " if record["level"] is not None else ""
    words = printed(record).replace("(", f"({level}interval ", 1) if reached else _not_reached(record, level)
    return InArm(arm=arm.label, printed=words, value=value, low=low, high=high, source=f"result.json, {where}")


def _not_reached(record: Mapping[str, Any], level: str) -> str:
    """Return a median that the curve never comes down to, with the lower limit where there is one."""
    if record["low"] is None:
        return "not reached"
    return f"not reached ({level}interval from {months_of(record['low'])} on)"


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * other
