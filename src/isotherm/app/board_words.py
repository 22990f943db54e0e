"""The words of a tumor board's page: margins, zones over time and answers in short; nothing here decides anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.app.report_words import (
    MINUS,
    NO_BREAK,
    chance,
    decimal,
    interval_name,
    interval_range,
    margin_words,
    ml,
    mm,
)

Part = Mapping[str, Any]

SIMULATED = "Simulated patient: nobody in this registry ever lived."

RESEARCH = (
    "Research use only. Not a medical device. It says what was measured and what sources state; it decides nothing."
)

GROWTH_SAYS = (
    "Growth tells where to look: it is no diagnosis of local tumor progression, which a person finds. Suspected: the "
    "whole interval lies beyond the zone of the scan before; not excluded: it lies on both sides; not seen: it lies "
    "inside."
)

NO_MARGIN = "No margin was measured"
NO_MARGIN_OF_LESION = "no margin was measured"

DIED = "This looks back: nothing is left to decide, and no question is asked."

ROBUSTNESS_SAYS = (
    "Robustness interval: how far the margin moves when outlines and registration err as much as is expected of them; "
    "it was not checked how often it holds the truth."
)

GATES = {"pass": "registration passed", "warn": "registration with a warning", "fail": "registration failed"}


def interval_words(lesion: Part) -> str:
    """Return the interval of a margin with what it may be called; empty where there is none."""
    ends = interval_range(lesion)
    return "" if ends is None else f"{interval_name(lesion['interval_mm'])} {ends}"


def chance_words(lesion: Part) -> str:
    """Return the chance of 5 mm or more; empty where it is not told."""
    told = lesion["at_least_5_mm"]
    return "" if told is None else chance(told)


def gates_words(lesion: Part) -> str:
    """Return the verdict of the registration's gates in words; empty where there was none."""
    told = lesion["registration"]
    return "" if told is None or told["verdict"] is None else GATES[told["verdict"]]


def when_words(lesion: Part) -> str:
    """Return on which scan, how long after which session, a margin was measured."""
    if lesion["scan"] is None:
        return f"noted for {lesion['scan_on']}" if lesion["scan_on"] else "noted, without a day"
    modality = f"{lesion['modality']}, " if lesion["modality"] else ""
    days = lesion["days_after"]
    after = "" if days is None else " the same day" if days == 0 else f" after {days}{NO_BREAK}{_days(days)}"
    return f"{modality}session {lesion['session'] or 'not noted'}, scan {lesion['scan']}{after}"


def _days(days: int) -> str:
    return "day" if days == 1 else "days"


def status_short(lesion: Part) -> str:
    """Return the status where it is in question, and otherwise what the gates say."""
    if lesion["status"] == "measured":
        return gates_words(lesion) or "as noted"
    words = {"bounded": "bounded: an image ends", "not_ablated": "not ablated", "withheld": "withheld",
             "not_assessable": "not assessable"}  # fmt: skip
    return words[lesion["status"]]


def acceptance_words(lesion: Part) -> str:
    """Return whether somebody accepted a margin that a registry keeps; empty where nobody is asked to."""
    if lesion["to_accept"]:
        return "not accepted by anybody"
    return f"accepted by {lesion['accepted_by']}" if lesion["accepted_by"] else ""


def short_margin(lesion: Part) -> str:
    """Return the margin as it stands in a table."""
    return margin_words(lesion)


def growth_words(growth: Part | None) -> str:
    """Return how far a later zone reaches beyond the earlier one, or lies inside of it, with its interval."""
    if growth is None:
        return ""
    inside, interval = growth["inside_mm"], growth["interval_mm"]
    if inside is None:
        return ""
    ends = None if interval is None else (float(interval["low"]), float(interval["high"]))
    if inside < 0.0:
        where = f", toward {growth['direction']}" if growth["direction"] else ""
        shown = "" if ends is None else f" ({decimal(-ends[1])} to {mm(-ends[0])})"
        least = "at least " if growth["bound"] == "at most" else ""
        return f"{least}{mm(-inside)} beyond{shown}{where}"
    shown = "" if ends is None else f" ({decimal(ends[0])} to {mm(ends[1])})"
    most = "at most" if growth["bound"] == "at most" else "at least"
    return f"{most} {mm(inside)} inside{shown}"


def growth_says(growth: Part) -> str:
    """Return what the interval says of growth, or why it says nothing."""
    if growth["says"] in ("withheld", "not told"):
        return growth["says"] + (f": {growth['reason']}" if growth["reason"] else "")
    warned = "; registration with a warning" if growth["gates"] == "warn" else ""
    return f"growth {growth['says']}{warned}"


def volume_words(scan: Part) -> str:
    """Return a zone's volume with its limits."""
    if scan["low_ml"] is None or scan["high_ml"] is None:
        return ml(scan["volume_ml"])
    digits = 2 if scan["high_ml"] < 10 else 1
    return f"{ml(scan['volume_ml'])} ({decimal(scan['low_ml'], digits)} to {decimal(scan['high_ml'], digits)})"


def share_words(scan: Part) -> str:
    """Return the share of the first zone's volume with its limits."""
    if scan["share"] is None:
        return ""
    if scan["share_low"] is None:
        return f"{100 * scan['share']:.0f}{NO_BREAK}%"
    if scan["share_low"] == scan["share_high"]:
        return f"{100 * scan['share']:.0f}{NO_BREAK}%"
    low, high = 100 * scan["share_low"], 100 * scan["share_high"]
    return f"{100 * scan['share']:.0f}{NO_BREAK}% ({low:.0f} to {high:.0f})"


def change_words(scan: Part) -> str:
    """Return the change of volume per month with its sign."""
    change = scan["ml_per_month"]
    if change is None:
        return ""
    sign = "+" if change > 0 else MINUS if change < 0 else ""
    return f"{sign}{decimal(abs(change), 2)}{NO_BREAK}mL/month"


def alert_lines(zones: Sequence[Part]) -> list[str]:
    """Return one sentence for each zone whose last scan is suspected of growth, or is beyond by a mere bound."""
    lines: list[str] = []
    for zone in zones:
        last = zone["scans"][-1]
        growth = last["growth"]
        if growth is None or not _alarming(growth):
            continue
        why = "" if growth["says"] == "suspected" else " (an image ends nearby: no interval)"
        where = f"Lesion {zone['lesion']}, scan {last['scan']} ({last['on']})"
        lines.append(
            f"{where}: growth {growth['says']}{why}, {growth_words(growth)}, against scan {growth['against']}."
        )
    return lines


def _alarming(growth: Part) -> bool:
    beyond = growth["inside_mm"] is not None and growth["inside_mm"] < 0.0
    return growth["says"] == "suspected" or (beyond and growth["bound"] == "at most")
