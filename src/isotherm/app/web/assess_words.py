"""A margin and a registration in words, as the pages of Assess show them: those of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.app.palette import CLASSES
from isotherm.app.registration_report import GateRow, gate_rows
from isotherm.app.registration_words import SUMMARIES
from isotherm.app.report_tables import name_of
from isotherm.app.report_words import (
    at_least_5_mm,
    caveats,
    interval_name,
    interval_range,
    margin_words,
    part,
    percent,
    place_lps,
)

STAGES = (("reading", "Read"), ("registering", "Register"), ("registering the other way", "Register back"),
          ("judging", "Judge by gates"), ("carrying", "Carry the tumor"), ("lesion", "Measure"),
          ("measuring", "Measure the other way"), ("typesetting", "Write"))  # fmt: skip
"""How what a job says begins at each stage, and what the page calls it."""

LEGEND = tuple((f"margin-{number}", each.label) for number, each in enumerate(CLASSES))
"""The colors of margins: a class of the style sheet, and what it means."""


def finding(lesion: Mapping[str, Any]) -> dict[str, Any]:
    """Return a margin with its interval in words; never one without the other, or the reason stands there."""
    interval = part(lesion, "interval_mm")
    chance = at_least_5_mm(lesion)
    thinnest = lesion.get("thinnest_point_lps_mm")
    return {
        "margin": margin_words(lesion),
        "interval_name": interval_name(interval) if interval else "Interval",
        "interval": interval_range(lesion) or _no_interval(lesion),
        "at_least_5": None if chance is None else percent(chance),
        "thinnest": None if thinnest is None else place_lps(thinnest),
    }


def _no_interval(lesion: Mapping[str, Any]) -> str:
    """Return why there is no interval; that of a withheld margin stands among what must be known with it."""
    if lesion["status"] == "withheld":
        return "withheld"
    return "not given: " + next(iter(lesion.get("reasons") or []), "no margin")


def lesion_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each lesion of a result: name, finding, and what must be known with it."""
    return [{"label": one["label"], "name": name_of(one), "status": one["status"], "caveats": caveats(one),
             **finding(one)} for one in document["lesions"]]  # fmt: skip


def gate_tables(registered: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, list[GateRow]]]:
    """Return the gates of each lesion as rows: name, verdict, what follows from it, and the gates that were taken."""
    return [(name_of(one), str(one["verdict"]), SUMMARIES[one["verdict"]],
             [row for row in gate_rows(one) if row.verdict]) for one in registered]  # fmt: skip


def stages(said: str) -> list[tuple[str, str]]:
    """Return the stages of a measurement, each "done", "now" or "to come", by what a job says of itself."""
    at = max((number for number, (start, _) in enumerate(STAGES) if said.startswith(start)), default=-1)
    if said.startswith("writing"):
        at = len(STAGES) - 1
    return [(name, "done" if number < at else "now" if number == at else "to come")
            for number, (_, name) in enumerate(STAGES)]  # fmt: skip
