"""The main estimate as one line that stands alone: what it is a risk of, by when, in whom more and in whom less."""

from __future__ import annotations

from isotherm.app.study_report_designs import main_key
from isotherm.app.study_report_frame import Outcome, arms_of, has_design, is_ratio, measure_of
from isotherm.app.study_report_parts import Runs, in_months, say
from isotherm.app.study_report_words import Result, printed

FEW_EVENTS = 10
"""Events in an arm, or patients that its weights are worth, below which it is said beside the main estimate; as the
findings of outcomes have it."""


ONE = {"deaths": "death", "events": "an event", "progressions or deaths": "progression or death"}
"""What the risk is of, by what the report calls the events."""


def claim(result: Result, outcome: Outcome) -> str:
    """Return the main estimate as a line without its interval.

    Examples
    --------
    "Risk of death by 36 months: 15.2 percentage points higher with “Delayed” than with “Upfront”"
    """
    record, arms = result["results"]["headline.effect"], arms_of(result)
    treated, reference = f"“{arms[0].label}”", f"“{arms[-1].label}”"
    event = ONE.get(outcome.counted_as, outcome.counted_as)
    if is_ratio(record):
        rate = "Hazard" if "azard" in str(record["label"]) else "Risk"
        times = printed(record, "estimate")
        return f"{rate} of {event}: with {treated} {times} times what it is with {reference}"
    when = in_months(measure_of(record)).partition(" at ")[2]
    what = f"Risk of {event}{f' by {when}' if when else ''}"
    if record["value"] == 0.0:
        return f"{what}: the same with {treated} and with {reference}"
    side = "higher" if record["value"] > 0.0 else "lower"
    size = printed(record | {"value": abs(record["value"])}, "estimate")
    return f"{what}: {size} {side} with {treated} than with {reference}"


def compared(result: Result) -> str:
    """Return what the main estimate is a difference or a ratio of, for the line above its number."""
    record, arms = result["results"]["headline.effect"], arms_of(result)
    between = "against" if is_ratio(record) else "minus"
    return f"“{arms[0].label}” {between} “{arms[-1].label}”"


def few_of(result: Result) -> tuple[Runs, ...]:
    """Return a caveat for each arm of the main estimate's design that has few events; else there are findings of it."""
    if not has_design(result):
        return ()
    key, found = main_key(result), list[Runs]()
    for arm in arms_of(result):
        record = result["results"].get(f"{key}.{arm.name}.events")
        if record is None or record["value"] is None or record["value"] >= FEW_EVENTS:
            continue
        worth = f"{key}.weights.{arm.name}.effective"
        end = f", and its weights are worth {{{worth}}} patients" if _known(result, worth) else ""
        found.append(say(result, f"Few patients: “{{arm}}” has {{{key}.{arm.name}.events}} events{end}: its risk "
                                 "rests on few.", arm=arm.label))  # fmt: skip
    return tuple(found)


def _known(result: Result, key: str) -> bool:
    record = result["results"].get(key)
    return record is not None and record["value"] is not None
