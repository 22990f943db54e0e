"""Outcomes of a draft over a cohort of a registry: those with an event, and none whose events are deaths alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from isotherm.app.registry_cohort import Asked
from isotherm.exchange.protocol_text import toml
from isotherm.registry.cohort import Cohort
from isotherm.registry.endpoints_kinds import ENDPOINTS, Endpoint
from isotherm.study.people import days_between

OR_DEATH = ", or death"
"""How the event of an endpoint ends that counts deaths beside what it is about."""

LEFT_OUT = """\
# Left out: {labels}.
# No event of {these} but deaths is recorded in this cohort, and what nobody entered counts as none: {each} would be
# overall survival under another name. Enter what was found on follow-up, and draft anew.
"""


def begins(asked: Asked) -> tuple[str, str]:
    """Return the day on which time begins, in words, and its column."""
    return {
        "patient": {"ablation": ("first ablation", "ablated_on")}.get(
            asked.choices.anchor, ("first decision of the tumor board", "decided_on")
        ),
        "session": ("day of the session", "session_on"), "tumor": ("first ablation of the tumor", "lesion_ablated_on"),
    }[asked.per]  # fmt: skip


def told_of(cohort: Cohort, asked: Asked) -> tuple[list[Endpoint], list[Endpoint]]:
    """Return the outcomes that count from time zero and have an event, the first being primary; and those left out.

    Where none has an event, all are there. Left out are those that count more than deaths and have deaths alone. What
    counts from another day, as disease-free survival does, is another question than that of this protocol.
    """
    day = {"patient": ("anchor", "first ablation") if asked.choices.anchor == "ablation" else ("anchor",)}
    starts = day.get(cohort.per)
    own = [one for one in ENDPOINTS if one.unit == cohort.per and f"{one.name}_event" in cohort.table.columns
           and (starts is None or one.start in starts)]  # fmt: skip
    only_deaths = [one for one in own if _has_only_deaths(one, cohort, begins(asked)[1])]
    own = [one for one in own if one not in only_deaths]
    return [one for one in own if (cohort.table[f"{one.name}_event"] == 1).any()] or own, only_deaths


def _has_only_deaths(one: Endpoint, cohort: Cohort, begin: str) -> bool:
    """Say whether an endpoint that counts more than deaths has events, each on the day of a death."""
    table = cohort.table
    happened = (table[f"{one.name}_event"] == 1).to_numpy(dtype=bool, na_value=False)
    if not one.event.endswith(OR_DEATH) or not happened.any():
        return False
    days = table[f"{one.name}_days"].to_numpy(dtype=float, na_value=np.nan)
    return bool((days == days_between(table, begin, "died_on"))[happened].all())


def outcome_lines(told: Sequence[Endpoint], only_deaths: Sequence[Endpoint], cohort: Cohort, asked: Asked
                  ) -> Iterator[str]:  # fmt: skip
    """Yield the outcomes; those of sessions have no times: what happened once at least, all where nothing did."""
    begin = begins(asked)
    for place, one in enumerate(told):
        yield from _outcome(one, cohort, begin, is_first=place == 0)
        yield f'event = "{one.name}_event"\ntime = "{one.name}_days"\ntime_unit = "days"'
        if one.competing:
            yield f"competing_events = {{ 2 = {toml(one.competing)} }}"
        yield ""
    if only_deaths:
        these, each = ("them", "each") if len(only_deaths) > 1 else ("it", "it")
        yield LEFT_OUT.format(labels=", ".join(one.label for one in only_deaths), these=these, each=each)
    if cohort.per == "session":
        asks = [one for one in ENDPOINTS if one.unit == "session" and one.name != "stay_days"]
        happened = [one for one in asks if cohort.table[one.name].fillna(False).any()] or asks
        for place, one in enumerate(happened):
            yield from _outcome(one, cohort, begin, is_first=place == 0)
            yield f'event = {toml(one.name)}\nkind = "yes/no"\n'


def _outcome(one: Endpoint, cohort: Cohort, begin: tuple[str, str], *, is_first: bool) -> list[str]:
    day = begin[0] if one.start == "anchor" else one.start
    start = f", counted from the {day}" if day else ""
    return ["[[outcome]]", f"name = {toml(one.name)}", f"label = {toml(one.label)}",
            f"unit = {toml('tumor' if cohort.per == 'tumor' else 'patient')}", f"primary = {toml(is_first)}",
            f"definition = {toml(f'{one.event}{start}.')}", 'counted_as = "events"']  # fmt: skip
