"""The arms beside the main estimate: how many patients, what they are worth, what happened in absolute terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isotherm.app.report_words import NO_BREAK
from isotherm.app.study_report_designs import main_key, rest_words
from isotherm.app.study_report_frame import (
    Arm,
    Outcome,
    analysis_of,
    arms_of,
    family,
    horizon_days,
    is_imputed,
    outcomes_of,
)
from isotherm.app.study_report_parts import Run, Runs, Table, Words, bound, first_data_set, months_of, say
from isotherm.app.study_report_words import Result

Column = tuple[str, Mapping[str, str]]
"""The head of a column, and the id of its record for each arm."""


def by_arm(result: Result) -> Table | None:
    """Return one row per arm for the primary outcome; None where nothing of it is there, such as outcomes not read."""
    outcome, arms = outcomes_of(result)[0], arms_of(result)
    columns = [one for one in _columns(result, outcome, arms) if set(one[1].values()) <= set(result["results"])]
    if len(columns) < 2:
        return None
    rows = tuple(
        ((Words(arm.label),), *((bound(result, ids[arm.name]),) for _, ids in columns)) for arm in arms
    )  # fmt: skip
    return Table(f"{outcome.label} in each arm", ("", *(head for head, _ in columns)), rows, _remark(result, outcome))


def counts_clones(result: Result) -> bool:
    """Whether the main estimate counts each patient in every arm until the records contradict it."""
    key, records = main_key(result), result["results"]
    counts = (records.get(f"{key}.{arm.name}.n", {}) for arm in arms_of(result))
    return any(str(one.get("label")).endswith(": clones") for one in counts)


def by_arm_of_design(result: Result, outcome: Outcome) -> Table | None:
    """Return one row per arm of the main estimate's design; None where nothing of it is there."""
    key, arms, records = main_key(result), arms_of(result), result["results"]
    events, day = outcome.counted_as, horizon_days(result)
    assert day is not None
    parts = (("Patients", "{}.{}.n"), ("Worth, by their weights", "{}.weights.{}.effective"),
             (events[:1].upper() + events[1:], "{}.{}.events"),
             (f"Risk by {months_of(day)}", "{}.{}.risk"))  # fmt: skip
    columns = [(head, {arm.name: ids.format(key, arm.name) for arm in arms}) for head, ids in parts]
    columns = [one for one in columns if set(one[1].values()) <= set(records)]
    if len(columns) < 2:
        return None
    rows = tuple(
        ((Words(arm.label),), *((bound(result, ids[arm.name]),) for _, ids in columns)) for arm in arms
    )  # fmt: skip
    remark = (*rest_words(result), *_left_out(result), Words(". "))
    both = "Each of them stands in every arm until the records contradict it, so arms add up to more than there are. "
    return Table(f"{outcome.label} in each arm", ("", *(head for head, _ in columns)), rows,
                 (*remark, Words(both if counts_clones(result) else "")))  # fmt: skip


def _left_out(result: Result) -> Iterator[Run]:
    """Yield how many are left out of all designs, and why; where a release withholds one, where they are told."""
    reasons = list(family(result, "course.left_out"))
    if any(one["value"] is None for _, one in reasons):
        yield Words("; the others are counted in the section of the designs")
        return
    for key, one in reasons:
        if one["value"]:
            yield from say(result, f"; {{{key}}} left out: {{why}}", why=str(one["label"]).partition(": ")[2])


def _columns(result: Result, outcome: Outcome, arms: tuple[Arm, ...]) -> list[Column]:
    analysis = analysis_of(result)
    tail = ", adjusted" if analysis == "adjusted" else ""

    def column(head: str, before: str, after: str) -> Column:
        return head, {arm.name: f"{before}.{arm.name}{after}" for arm in arms}

    events = outcome.counted_as
    found = [
        column(f"{outcome.unit.capitalize()}s", f"events.{outcome.name}", ".n"),
        column("Effective sample size", "balance", ".ess_after"),
        column(events[:1].upper() + events[1:], f"events.{outcome.name}", ".events"),
    ]
    if not outcome.timed:
        return [*found, column(f"Risk{tail}", f"binary.{outcome.name}.{analysis}.risk", "")]
    curve = f"curve.{outcome.name}.{analysis}"
    found.append(column(f"Median time{tail}", curve, ".median"))
    at = latest_of(result, curve, arms)
    if at is not None:
        when = months_of(float(result["settings"]["at_days"][at - 1]))
        found.append(column(f"{outcome.label} at {when}{tail}", curve, f".at_{at}"))
    return found


def latest_of(result: Result, curve: str, arms: tuple[Arm, ...]) -> int | None:
    """Return the last of the declared times at which survival is known in every arm; None without one."""
    for k in range(len(result["settings"]["at_days"]), 0, -1):
        found = [result["results"].get(f"{curve}.{arm.name}.at_{k}") for arm in arms]
        if all(one is not None and one["value"] is not None for one in found):
            return k
    return None


def _remark(result: Result, outcome: Outcome) -> Runs:
    level = f"{100.0 * result['settings']['level']:g}{NO_BREAK}%"
    words = [f"In parentheses: {level} intervals. "]
    if analysis_of(result) == "adjusted":
        words.append("Effective sample size: as many patients of equal weight would say as much after adjustment. ")
    if outcome.definition:
        words.append(f"Counted: {outcome.definition.rstrip('. ')}. ")
    return (Words("".join(words)), *(first_data_set(result) if is_imputed(result) else ()))
