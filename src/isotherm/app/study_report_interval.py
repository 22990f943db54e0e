"""How the interval of the main estimate came about: its method, and how many replicates of a bootstrap made it."""

from __future__ import annotations

from isotherm.app.study_report_frame import has_design, outcomes_of
from isotherm.app.study_report_parts import Runs, joined, say, told
from isotherm.app.study_report_words import Result, has_interval

METHOD = "{headline.effect:method}. "


def interval_words(result: Result) -> Runs:
    """Say it from the record of the main estimate, and of a bootstrap of the whole analysis what stands beside it."""
    main = result["results"]["headline.effect"]
    if not has_interval(main) or not main["method"]:
        return ()
    return joined(say(result, f"{_start(result)}: {METHOD}"), _whole_analysis(result))


def many_failed(result: Result) -> Runs:
    """Say that many replicates of a bootstrap failed, for print beside the interval; nothing where few did."""
    key = "headline" if has_design(result) else f"bootstrap.{outcomes_of(result)[0].name}"
    return told(result, f"{{{key}.many_failed}}")


def _start(result: Result) -> str:
    if "headline.replicates" in result["results"]:
        return "Interval from a bootstrap of {headline.replicates} replicates"
    bootstrap = "bootstrap" in result["results"]["headline.effect"]["method"]
    return "How the interval came about" if bootstrap else "Interval without a bootstrap"


def _whole_analysis(result: Result) -> Runs:
    """Say what the bootstrap of the arms gave; it is of no design, which has replicates of its own."""
    if has_design(result):
        return ()
    return say(result, "The whole analysis, repeated on {bootstrap.replicates} bootstrap replicates, gave "
                       f"{{bootstrap.{outcomes_of(result)[0].name}}}. ")  # fmt: skip
