"""From when the main estimate of a study counts, of whom, and what its survival in each arm is adjusted for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isotherm.app.evidence_beside_rows import NOT_PRINTED
from isotherm.app.study_report_designs import design_effect
from isotherm.app.study_report_frame import Outcome, analysis_of, arms_of, is_imputed
from isotherm.app.study_report_words import Result, printed
from isotherm.study.designs.naive import CLOCKS

TOLD = re.compile(
    r"counted from (?:day (?P<day>[\d.]+) after )?(?P<clock>.+), (?P<how>not adjusted|adjusted by weights)$"
)
"""How the label of a design's risk ends: a release has no curve that says the same."""

AMONG = re.compile(r"Among those (.+?) [\d.]+ days")
"""How the target of a landmark begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How survival in the arms of a study is counted.

    Parameters
    ----------
    time_zero : str
        "day 90 after randomization".
    is_adjusted : bool or None
        Of a design: whether risks and curves are; None where the result does not say, or there is no design.
    remark : str
        What has to stand beside each rate: of whom it is, that a design does not adjust it, or that it is of one
        imputed data set; else empty.
    """

    time_zero: str
    is_adjusted: bool | None = None
    remark: str = ""


def counted(result: Result, outcome: Outcome) -> Counted:
    """Return how the main estimate of an outcome counts: of a design by its curves, or by what its risks are called."""
    zero = str(result["results"].get("protocol.time_zero", {}).get("text") or NOT_PRINTED)
    design = design_effect(result, outcome)
    if design is None:
        return Counted(time_zero=zero, remark=_imputed(result))
    start, clock, adjusted = _of_design(result, design[1].removesuffix(".target"))
    words = zero if clock == CLOCKS["time zero"] else clock
    bare = "not adjusted" if adjusted is False else ""
    if not start:
        return Counted(time_zero=words, is_adjusted=adjusted, remark=bare)
    among = AMONG.match(str(result["results"].get(design[1], {}).get("text") or ""))
    since = f"from day {start:g} on, of those {among[1] if among else 'whom the design counts'} then"
    return Counted(time_zero=f"day {start:g} after {words}", is_adjusted=adjusted,
                   remark="; ".join(filter(None, (since, bare))))  # fmt: skip


def _of_design(result: Result, key: str) -> tuple[float, str, bool | None]:
    """Return the day on which a design begins, what its day 0 is, and whether its risks are adjusted."""
    own = f"{key}.{arms_of(result)[0].name}"
    curve: Mapping[str, Any] = result.get("curves", {}).get(own, {})
    told = TOLD.search(str(result["results"].get(f"{own}.risk", {}).get("label")))
    start, clock, adjusted = (float(told["day"] or 0.0), told["clock"], told["how"] != "not adjusted") if told else (
        0.0, CLOCKS["time zero"], None)  # fmt: skip
    return (
        float(curve.get("start_day", start)), CLOCKS.get(str(curve.get("clock")), clock),
        curve.get("adjusted", adjusted),
    )  # fmt: skip


def _imputed(result: Result) -> str:
    """Say that an adjusted curve is that of one imputed data set; the arms as they are need none."""
    if not is_imputed(result) or analysis_of(result) != "adjusted":
        return ""
    sets = printed(result["results"]["imputation.data_sets"])
    return f"first of {sets} imputed data sets; its interval leaves out the imputation"
