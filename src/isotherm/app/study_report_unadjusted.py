"""Why hazard ratios without adjustment differ within one report: which patients they are of, and from which day on."""

from __future__ import annotations

from isotherm.app.study_report_frame import outcomes_of
from isotherm.app.study_report_parts import Runs, say
from isotherm.app.study_report_words import Result

OTHERS = {
    "models.": "that of a Cox model alone is of those whose covariates are all known",
    "designs.": "that of a design without adjustment counts the patients, and from the day on, that its target names",
    "factors_table.": "that of a factor alone is of those in whom every factor is known",
}
"""Whose hazard ratios without adjustment are not those of the arms, by how the names of their tables begin."""


def unadjusted_words(result: Result) -> Runs:
    """Say it in one sentence; nothing where a report has only those of the arms."""
    told = [words for start, words in OTHERS.items() if any(name.startswith(start) for name in result["tables"])]
    if not told or not any(outcome.timed for outcome in outcomes_of(result)):
        return ()
    return say(result, "Hazard ratios without adjustment in this report need not agree: that of Effects is of "
                       "everybody in the arms, from time zero ({protocol.time_zero}) or the outcome's own start on; "
                       f"{'; '.join(told)}.")  # fmt: skip
