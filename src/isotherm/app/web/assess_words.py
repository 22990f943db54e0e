"""A margin and a registration in words, as the pages of Assess show them: those of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from isotherm.app.criteria_words import capital
from isotherm.app.palette import CLASSES
from isotherm.app.registration_report import GateRow, gate_rows
from isotherm.app.registration_words import SUMMARIES, registration_line
from isotherm.app.report_tables import name_of
from isotherm.app.report_words import (
    bound_of,
    caveats,
    decimal,
    interval_name,
    interval_range,
    margin_words,
    ml,
    other_way,
    part,
    place_lps,
    reading,
)
from isotherm.app.side_doubts import side_doubt
from isotherm.app.web.job import Job

STAGES = (("reading", "Read"), ("registering", "Register"), ("registering the other way", "Register back"),
          ("judging", "Judge by gates"), ("carrying", "Carry the tumor"), ("lesion", "Measure"),
          ("measuring", "Measure the other way"), ("typesetting", "Write"))  # fmt: skip
"""How what a job says begins at each stage, and what the page calls it."""

LATEST = 5
"""Measurements whose usual time is told."""

LEGEND = tuple((f"margin-{number}", each.label) for number, each in enumerate(CLASSES))
"""The colors of margins: a class of the style sheet, and what it means."""


MASKS = {"ablation": "Ablation zone", "tumor": "Tumor"}
"""What people call the masks that can be corrected."""


TERMS = {
    "lumen-neutral": "Lumen-neutral: the inside of vessels is counted neither as ablated nor as untreated.",
    "bridging": "Bridging: a vessel runs from the tumor through the zone into untreated tissue.",
}
"""What words of the report mean, for those who have not met them."""

CHANGES = (("added_ml", "added"), ("erased_ml", "erased"))


def terms(text: str) -> str:
    """Return what the uncommon words of a remark mean; "" where it has none."""
    return " ".join(says for word, says in TERMS.items() if word in text.casefold())


def finding(lesion: Mapping[str, Any]) -> dict[str, Any]:
    """Return a margin with its interval in words; never one without the other, or the reason stands there."""
    interval = part(lesion, "interval_mm")
    thinnest = lesion.get("thinnest_point_lps_mm")
    return {
        "margin": margin_words(lesion),
        "interval_name": interval_name(interval) if interval else "Interval",
        "interval": interval_range(lesion) or _no_interval(lesion),
        "reads": reading(lesion),
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
             "doubt": doubt_of_sides(one, document["warnings"]),
             "facts": _facts(one), "other_way": other_way(one) is not None,
             "registration": registration_line(part(one, "registration")),
             **finding(one)}
            for one in document["lesions"]]  # fmt: skip


def doubt_of_sides(lesion: Mapping[str, Any], warnings: Sequence[str]) -> str:
    """Return that tumor, zone and scans are as those of swapped scans; "" where they are not."""
    doubt = side_doubt(lesion, warnings)
    return f"{capital(doubt)}: check which scan is before and which is after." if doubt else ""


def _facts(lesion: Mapping[str, Any]) -> list[str]:
    """Return where a lesion is thinnest, and how large tumor and zone are."""
    direction, tumor, zone = (
        lesion.get(key) for key in ("thinnest_direction", "tumor_volume_ml", "ablation_volume_ml")
    )
    told = [f"Thinnest toward {direction}"] if direction else []
    told += [f"{name} {ml(value)}" for name, value in (("tumor", tumor), ("zone", zone)) if value is not None]
    return told


def effect_words(before: Mapping[str, Any], after: Mapping[str, Any], *, voxels_mm: float) -> str:
    """Return by how much strokes changed a margin, with its sign, and how much voxels alone would.

    Parameters
    ----------
    before, after : mapping
        The margin without and with the strokes, both by one way of measuring.
    voxels_mm : float
        By how much two such margins differ through their voxels alone.
    """
    pair = [one["minimal_margin_mm"] for one in (before, after) if one["status"] == "measured" and not bound_of(one)]
    if len(pair) < 2:
        return f"Without your strokes, measured in the same way: {margin_words(before)}."
    change = round(pair[1] - pair[0], 2)
    said = f"{'+' if change > 0.0 else ''}{decimal(change, 2)}\u00a0mm by your strokes" if change else "No change"
    return (f"{said} ({decimal(pair[0], 2)} to {decimal(pair[1], 2)}\u00a0mm, measured in the same way; voxels alone "
            f"make about {decimal(voxels_mm, 2)}\u00a0mm).")  # fmt: skip


def changed_words(changes: Sequence[Mapping[str, Any]]) -> str:
    """Return in words how much strokes changed of each mask, counted in voxels: "Ablation zone: 0.03 mL erased".

    Its volume is not told: that of a result is the volume within the smooth surface, which no count of voxels gives.
    """
    return "; ".join(_changed(one) for one in changes)


def _changed(one: Mapping[str, Any]) -> str:
    name = MASKS[one["of"]] + (f" {one['number'] + 1}" if one["number"] else "")
    moved = ", ".join(f"{decimal(one[key], 2)}\u00a0mL {said}" for key, said in CHANGES if one[key] > 0.0)
    return f"{name}: {moved or 'as it was'}" + _one_slice(one["one_slice"])


def _one_slice(told: Mapping[str, int] | None) -> str:
    """Return that strokes changed one slice alone: what is beside it stays, and a notch in it can make the margin."""
    if told is None:
        return ""
    strokes, slices = told["strokes"], told["slices"]
    return f", by {strokes} strokes on one slice each of {slices}" if strokes > 1 else f", on one slice of {slices}"


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


def took_words(job: Job, done: Sequence[Job], now: str) -> str:
    """Return how long a measurement has taken so far, and how long the latest ones took; "" before it has begun."""
    if not job.started_at or job.is_over:
        return ""
    took = [_seconds(one.started_at, one.ended_at) for one in done if one.work == job.work and one.started_at]
    usual = f"; usually about {_span(median(took[:LATEST]))}" if took else ""
    return f"{_span(_seconds(job.started_at, now))} so far{usual}"


def _seconds(start: str, end: str) -> float:
    return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


def _span(seconds: float) -> str:
    return f"{seconds:.0f}\u00a0s" if seconds < 100.0 else f"{seconds / 60.0:.0f}\u00a0min"
