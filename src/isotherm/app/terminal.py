"""The table of margins as a terminal shows it: one line per lesion, the main number first, its caveat beside it."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.app.report_words import NO_BREAK, bound_of, chance
from isotherm.imaging.organ import REACH_MM
from isotherm.printable import printable

HEAD = ("lesion", "margin mm", "{interval}", "P<5 mm", "thinnest toward", "uncovered", "status")
PLACE = HEAD.index("thinnest toward")

NARROW = 40
"""Terminals narrower than this many columns are written to as if they had them."""

GAP = "  "


def terminal_columns() -> int | None:
    """Return how wide the terminal is, or None where what is printed goes elsewhere and must not be broken."""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None


def margin_table(document: Mapping[str, Any], width: int | None = None) -> str:
    """Return the findings of a document as text, in lines of at most `width` columns where one is given.

    Where the table would not fit, the place of the thinnest point gets a line of its own, and long labels are broken.
    """
    lesions: Sequence[Mapping[str, Any]] = document["lesions"]
    calibrated = all(lesion["interval_mm"]["calibrated"] for lesion in lesions if lesion["interval_mm"])
    interval = "90 % interval" if calibrated else "robustness*"
    rows = [tuple(name.format(interval=interval) for name in HEAD)] + [_row(lesion) for lesion in lesions]
    fits = width is None or len(GAP.join(" " * size for size in _widths(rows))) <= width
    lines = table_lines(rows if fits else [row[:PLACE] + row[PLACE + 1 :] for row in rows], width)
    notes: list[str] = []
    for lesion in lesions:
        if not fits and lesion["thinnest_direction"]:
            notes.append(f"{lesion['label']}: thinnest toward {lesion['thinnest_direction']}")
        said: list[str] = [*([] if _is_plain(lesion) else lesion["reasons"][:1]), *lesion["flags"]]
        notes += [f"{lesion['label']}: {one}" for one in said]
    notes += [f"note: {warning}" for warning in document["warnings"]]
    if not calibrated:
        notes.append("* a robustness interval: how the number moves under the stated errors, not yet calibrated")
    lines += [line for note in notes for line in folded(note, width)]
    return "\n".join([*lines, "Research use only. Not a medical device."])


def folded(note: str, width: int | None) -> list[str]:
    """Return an indented remark as lines of at most `width` columns, broken between words, its rest indented deeper."""
    note = printable(note)  # names come from files
    if width is None:
        return [f"  {note}"]
    return textwrap.wrap(note, max(width, NARROW), initial_indent="  ", subsequent_indent="     ",
                         break_on_hyphens=False)  # fmt: skip


def _is_plain(lesion: Mapping[str, Any]) -> bool:
    """Say whether the number needs no reason beside it: it is measured, and no bound."""
    return lesion["status"] == "measured" and not bound_of(lesion)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]


def table_lines(rows: Sequence[tuple[str, ...]], width: int | None) -> list[str]:
    """Return rows as lines in columns, the first row ruled off; the first column is broken where it must be."""
    widths = _widths(rows)
    if width is not None:
        room = max(width, NARROW) - sum(widths[1:]) - len(GAP) * len(widths[1:])
        widths[0] = max(len(rows[0][0]), min(widths[0], room))
    lines: list[str] = []
    for row in rows:
        label = [row[0][at : at + widths[0]] for at in range(0, len(row[0]), widths[0])]
        cells = [one.ljust(size) for one, size in zip((label[0], *row[1:]), widths, strict=True)]
        lines += [GAP.join(cells).rstrip(), *label[1:]]
    return [lines[0], GAP.join("-" * size for size in widths), *lines[1:]]


def _row(lesion: Mapping[str, Any]) -> tuple[str, ...]:
    interval, chances = lesion["interval_mm"], lesion["probability"]
    below = lesion["surface_fraction"]["below_0_mm"]
    margin = "-" if lesion["minimal_margin_mm"] is None else f"{lesion['minimal_margin_mm']:.1f}"
    sign = {"at most": "<= ", "at least": ">= "}.get(bound_of(lesion), "")
    return (
        printable(lesion["label"]),
        sign + margin,
        "-" if interval is None else _range(float(interval["low"]), float(interval["high"])),
        "-" if chances is None else chance(chances["below_5_mm"]).replace(NO_BREAK, " "),
        lesion["thinnest_direction"] or "-",
        "-" if below is None else f"{100 * below:.1f} %",
        lesion["status"],
    )


def _range(low: float, high: float) -> str:
    """Return both ends of an interval; from the reach of the search on a margin is only known to be at least this."""
    ends = [f">= {end:.1f}" if end >= REACH_MM else f"{end:.1f}" for end in (low, high)]
    return ends[1] if low >= REACH_MM else " to ".join(ends)
