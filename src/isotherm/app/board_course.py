"""The course of a patient on a tumor board's page: what was done and found, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from isotherm.app.timeline import LOCAL_PROGRESSION

Part = Mapping[str, Any]
View = dict[str, Any]

HARMLESS = ("completely ablated", "resected", "not assessable")
"""Findings that no eye has to be drawn to."""

MARK = "▲"
"""What stands before local tumor progression, here and in the timeline of the patient's page."""

NO_DAY = "day not noted"


def found_rows(found: Sequence[Part]) -> list[View]:
    """Return what was found in words, the first day first."""
    return [_found(one) for one in sorted(found, key=lambda one: one["on"] or "")]


def latest_found(rows: Sequence[View], *, most: int) -> list[View]:
    """Return the rows that a sheet has room for, the latest first, of one day first what an eye has to be drawn to.

    The latest one always stands; of the others, what is harmless gives way to what is not.
    """
    latest = sorted(reversed(rows), key=lambda one: (one["on"] != NO_DAY, one["on"], one["grave"]), reverse=True)
    first, others = latest[:1], sorted(latest[1:], key=lambda one: not one["grave"])
    shown = [*first, *others[: most - 1]]
    return [one for one in latest if any(one is each for each in shown)]


def course_rows(course: Part | None, found: Sequence[Part]) -> list[View]:
    """Return what was done, scanned and found, each with its day, in the order of time; what has no day comes first."""
    rows = [*(() if course is None else _done(course)),
            *({"on": one["on"], "what": "Found", "how": one["what"], "more": one["says"], "grave": one["grave"],
               "mark": one["mark"]} for one in found_rows(found))]  # fmt: skip
    return sorted(rows, key=lambda one: "" if one["on"] == NO_DAY else one["on"])


def _found(one: Part) -> View:
    return {"on": one["on"] or NO_DAY, "what": f"Lesion {one['lesion']}" if one["lesion"] else "Patient",
            "says": one["says"], "grave": one["says"] not in HARMLESS,
            "mark": MARK if one["says"] == LOCAL_PROGRESSION else ""}  # fmt: skip


def _done(course: Part) -> Iterator[View]:
    """Yield scans, sessions and lines of systemic therapy; of one day in this order."""
    plain = {"grave": False, "mark": ""}
    for one in course["scans"]:
        yield {"on": one["on"], "what": f"Scan {one['id']}", "how": one["modality"] or "", "more": _drawn(one), **plain}
    for one in course["sessions"]:
        how = ", ".join(filter(None, (one["modality"], one["approach"])))
        yield {"on": one["on"], "what": f"Session {one['id']}", "how": how,
               "more": f"lesions {', '.join(one['lesions'])}", **plain}  # fmt: skip
    for one in course["systemic"]:
        yield {"on": one["started_on"], "what": "Systemic therapy", "how": one["regimen"] or "regimen not noted",
               "more": f"until {one['stopped_on']}" if one["stopped_on"] else "no end is noted", **plain}  # fmt: skip


def _drawn(scan: Part) -> str:
    return "; ".join(f"{what} {', '.join(scan[what])}" for what in ("tumors", "zones") if scan[what])
