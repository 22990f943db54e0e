"""The table of margins as a terminal shows it: one line per lesion, the main number first, its caveat beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.app.report_words import bound_of
from isotherm.exchange.voxel_source import printable
from isotherm.imaging.organ import REACH_MM

HEAD = ("lesion", "margin mm", "{interval}", "P(<5 mm)", "thinnest toward", "uncovered", "status")


def margin_table(document: Mapping[str, Any]) -> str:
    """Return the findings of a document as text of at most about 100 columns."""
    lesions: Sequence[Mapping[str, Any]] = document["lesions"]
    calibrated = all(lesion["interval_mm"]["calibrated"] for lesion in lesions if lesion["interval_mm"])
    interval = "90 % interval" if calibrated else "robustness*"
    rows = [tuple(name.format(interval=interval) for name in HEAD)] + [_row(lesion) for lesion in lesions]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    for lesion in lesions:
        notes: list[str] = [*([] if lesion["status"] == "measured" else lesion["reasons"][:1]), *lesion["flags"]]
        lines += [f"  {lesion['label']}: {note}" for note in notes]
    lines += [f"  note: {warning}" for warning in document["warnings"]]
    if not calibrated:
        lines.append("  * a robustness interval: how the number moves under the stated errors, not yet calibrated")
    lines.append("Research use only. Not a medical device.")
    return "\n".join(printable(line) for line in lines)  # names come from files


def _row(lesion: Mapping[str, Any]) -> tuple[str, ...]:
    interval, chance = lesion["interval_mm"], lesion["probability"]
    below = lesion["surface_fraction"]["below_0_mm"]
    margin = "-" if lesion["minimal_margin_mm"] is None else f"{lesion['minimal_margin_mm']:.1f}"
    sign = {"at most": "<= ", "at least": ">= "}.get(bound_of(lesion), "")
    return (
        lesion["label"],
        sign + margin,
        "-" if interval is None else _range(float(interval["low"]), float(interval["high"])),
        "-" if chance is None else f"{100 * chance['below_5_mm']:.0f} %",
        lesion["thinnest_direction"] or "-",
        "-" if below is None else f"{100 * below:.1f} %",
        lesion["status"],
    )


def _range(low: float, high: float) -> str:
    """Return both ends of an interval; from the reach of the search on a margin is only known to be at least this."""
    ends = [f">= {end:.1f}" if end >= REACH_MM else f"{end:.1f}" for end in (low, high)]
    return ends[1] if low >= REACH_MM else " to ".join(ends)
