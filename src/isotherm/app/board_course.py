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


def joined_found(rows: Sequence[View]) -> list[View]:
    """Return one row for all findings of one kind of one lesion, or of the patient: its days, and how often.

    Local tumor progression comes first, then all else that an eye has to be drawn to, then what is harmless; of these
    the latest first.
    """
    same: dict[tuple[str, str], list[View]] = {}
    for one in rows:
        same.setdefault((one["what"], one["says"]), []).append(one)
    latest = sorted(same.values(), key=_last_day, reverse=True)
    return [_joined(own) for own in sorted(latest, key=lambda own: (not own[0]["mark"], not own[0]["grave"]))]


def room_for_found(joined: Sequence[View], *, most: int) -> int:
    """Return how many rows of what was found a sheet shows: local tumor progression is never left to the annex."""
    return max(most, sum(bool(one["mark"]) for one in joined))


def _joined(own: Sequence[View]) -> View:
    days = sorted(one["on"] for one in own if one["on"] != NO_DAY)
    on = NO_DAY if not days else days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    return {**own[0], "on": on, "times": f", {len(own)} times" if len(own) > 1 else ""}


def _last_day(own: Sequence[View]) -> str:
    return max("" if one["on"] == NO_DAY else one["on"] for one in own)


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
