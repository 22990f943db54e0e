"""From when the main estimate of a study counts, of whom, and what its survival in each arm is adjusted for."""

from __future__ import annotations

from dataclasses import dataclass

from isotherm.app.evidence_beside_rows import NOT_PRINTED
from isotherm.app.study_report_designs import design_effect
from isotherm.app.study_report_frame import Outcome, analysis_of, is_imputed
from isotherm.app.study_report_words import Result, printed
from isotherm.study.analysis.adjusted_for import NOT_ADJUSTED
from isotherm.study.designs.naive import CLOCKS

NOT_SAID = "not said by this result, which an older version wrote"
UNKNOWN = "this result does not say from when it counts, of whom, or whether it is adjusted; run the study again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How survival in the arms of a study is counted.

    Parameters
    ----------
    time_zero : str
        "day 90 after randomization".
    is_adjusted : bool or None
        Of a design: whether risks and curves are; None where it has none, or the result does not say.
    remark : str
        What has to stand beside each number: of whom it is, that a design does not adjust it, that it is of one
        imputed data set, or that the result says none of this; else empty.
    """

    time_zero: str
    is_adjusted: bool | None = None
    remark: str = ""


def counted(result: Result, outcome: Outcome) -> Counted:
    """Return how the main estimate of an outcome counts: that of a design by the records that say so."""
    zero = _text(result, "protocol.time_zero") or NOT_PRINTED
    design = design_effect(result, outcome)
    if design is None:
        return Counted(time_zero=zero, remark=_imputed(result))
    key = design[1].removesuffix(".target")
    clock, start = _text(result, f"{key}.clock"), _start_day(result, key)
    if not clock or start is None:
        return Counted(time_zero=NOT_SAID, remark=UNKNOWN)
    words = zero if clock == CLOCKS["time zero"] else clock
    adjusted = _text(result, f"{key}.adjusted")
    bare = NOT_ADJUSTED if adjusted == NOT_ADJUSTED else ""
    since = f"from day {start:g} on, of those {_text(result, f'{key}.among')} then" if start else ""
    return Counted(
        time_zero=f"day {start:g} after {words}" if start else words,
        is_adjusted=not bare if adjusted else None,
        remark="; ".join(filter(None, (since, bare))),
    )


def says_how_it_counts(result: Result, outcome: Outcome) -> bool:
    """Whether a result has what `counted` reads of a design: one of an older version has not."""
    return counted(result, outcome).time_zero != NOT_SAID


def _text(result: Result, key: str) -> str:
    return str(result["results"].get(key, {}).get("text") or "")


def _start_day(result: Result, key: str) -> float | None:
    day = result["results"].get(f"{key}.start_day", {}).get("value")
    return None if day is None else float(day)


def _imputed(result: Result) -> str:
    """Say that an adjusted curve is that of one imputed data set; the arms as they are need none."""
    if not is_imputed(result) or analysis_of(result) != "adjusted":
        return ""
    sets = printed(result["results"]["imputation.data_sets"])
    return f"first of {sets} imputed data sets; its interval leaves out the imputation"
