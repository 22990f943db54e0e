"""The margins of a tumor board's page in words: the latest of each lesion as rows, and each one whole for the annex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.app.board_words import (
    acceptance_words,
    chance_words,
    interval_words,
    short_margin,
    status_short,
    when_words,
)
from isotherm.app.registration_words import registration_line
from isotherm.app.report_words import caveats

Part = Mapping[str, Any]
View = dict[str, Any]

ORDER = ("withheld", "not_ablated", "not_assessable", "bounded", "measured")


def latest_margins(margins: Sequence[Part]) -> list[Part]:
    """Return the margin of each lesion's last session: those in question first, then the smallest."""
    last = {one["lesion"]: one for one in sorted(margins, key=lambda one: one["scan_on"] or "")}
    return sorted(last.values(), key=lambda one: (ORDER.index(one["status"]), number_of(one)))


def sheet_row(one: Part, margins: Sequence[Part]) -> View:
    """Return a margin in the words of the sheet: with who accepted it, and what was accepted of its lesion instead."""
    row = margin_row(one)
    return row | {"status": "; ".join(filter(None, (row["status"], acceptance_words(one), *_instead(one, margins))))}


def standing_of_lead(lead: Part, last: Sequence[Part]) -> str:
    """Return whether somebody accepted the margin that leads the sheet; where nobody did, which are accepted."""
    said, accepted = acceptance_words(lead), [one for one in last if one["accepted_by"]]
    if not lead["to_accept"] or not accepted:
        return said
    return f"{said}; accepted: {'; '.join(_named(one) for one in accepted)}"


def _named(one: Part) -> str:
    return f"lesion {one['lesion']}, {short_margin(one)}"


def _instead(one: Part, margins: Sequence[Part]) -> list[str]:
    """Return the latest accepted margin of a lesion whose own one waits for somebody who accepts it."""
    others = [each for each in margins if each["lesion"] == one["lesion"] and each["accepted_by"]]
    if not one["to_accept"] or not others:
        return []
    latest = max(others, key=lambda each: each["scan_on"] or "")
    return [f"accepted of this lesion: {short_margin(latest)}, {when_words(latest)}"]


def margin_rows(margins: Sequence[Part]) -> list[View]:
    """Return margins in words, in the order in which they come."""
    return [margin_row(one) for one in margins]


def number_of(one: Part) -> float:
    """Return a margin for sorting: one without a number comes last."""
    return float("inf") if one["minimal_margin_mm"] is None else float(one["minimal_margin_mm"])


def margin_row(one: Part) -> View:
    """Return a margin in the words of a table."""
    return {
        "lesion": one["lesion"], "margin": short_margin(one), "interval": interval_words(one), "when": when_words(one),
        "chance": chance_words(one), "direction": one["thinnest_direction"] or "",
        "status": status_short(one) + ("; corrected by hand" if one["correction"] else ""),
        "standing": _standing(one),
        "grave": one["status"] in ("withheld", "not_ablated", "not_assessable") or (one["minimal_margin_mm"] or 0) < 0,
    }  # fmt: skip


def _standing(one: Part) -> list[str]:
    """Return the status where it is in question, what the gates said, and whether it was corrected."""
    line = registration_line(one["registration"] or {})
    own = "" if one["status"] == "measured" and line else status_short(one)
    return [*filter(None, [own, line]), *(["corrected by hand"] if one["correction"] else [])]


def margin_whole(one: Part) -> View:
    """Return a margin with all that is told of it in the annex."""
    shares: Part = one["surface_fraction"] or {}
    told: Part = one["registration"] or {}
    return {
        **sheet_row(one, ()), "session": one["session"],
        "caveats": [*filter(None, [one["correction"]]), *caveats(one, most=6)],
        "below_0": shares.get("below_0_mm"), "below_5": _below_5(shares), "residual_ml": one["residual_volume_ml"],
        "tumor_ml": one["tumor_volume_ml"], "zone_ml": one["ablation_volume_ml"], "error_mm": told.get("error_mm"),
    }  # fmt: skip


def _below_5(shares: Part) -> float | None:
    parts = (shares.get("below_0_mm"), shares.get("0_to_5_mm"))
    return None if None in parts else sum(float(one or 0) for one in parts)


def is_robustness(one: Part) -> bool:
    """Return whether a margin has an interval of which it was not checked how often it holds the truth."""
    return one["interval_mm"] is not None and not one["interval_mm"].get("calibrated")
