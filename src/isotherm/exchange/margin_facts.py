"""margin.json of `isotherm margin` → facts of the lesions of a case; docs/case.md has the same mapping as a table.

A number that is only a bound becomes limits, never an exact value: what a mask did not show is not known.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from isotherm.clinical.case import Case, Lesion
from isotherm.clinical.fact import Fact
from isotherm.clinical.vocabulary import LESION_FACTS
from isotherm.errors import BadCase
from isotherm.exchange.text_files import text_of
from isotherm.imaging.organ import REACH_MM
from isotherm.printable import printable

SCHEMA = "isotherm.margin/1"

LARGEST_BYTES = 20_000_000

Whole = Literal["duct", "stomach", "bowel", "small bowel", "colon", "vulnerable"]

STRUCTURES: dict[str, tuple[Whole, ...]] = {
    "bile duct": ("duct",), "bile ducts": ("duct",), "main bile duct": ("duct",), "main bile ducts": ("duct",),
    "hepatic duct": ("duct",), "hepatic ducts": ("duct",), "common bile duct": ("duct",),
    "bowel": ("bowel", "vulnerable"), "stomach": ("stomach", "vulnerable"),
    "small bowel": ("small bowel", "vulnerable"), "duodenum": ("small bowel", "vulnerable"),
    "colon": ("colon", "vulnerable"), "gallbladder": ("vulnerable",), "heart": ("vulnerable",),
}  # fmt: skip
"""What the names of `--structure` stand for; blanks, dashes and underscores are alike, and case does not count."""

PARTIAL_DUCTS = ("common bile duct",)
"""Drawn alone, these leave out hepatic ducts."""

Facts = dict[str, tuple[Fact, ...]]


class Days(NamedTuple):
    """The days of the scans after and before ablation, where they are known."""

    after: date | None
    before: date | None


@dataclass(frozen=True, slots=True)
class WithMargins:
    """A case with the facts of a margin.json, and what of it was not taken, in words."""

    case: Case
    left_out: tuple[str, ...]


def read_margins(path: str | os.PathLike[str], case: Case, *, on: date | None = None) -> WithMargins:
    """Add the measured lesions of a margin.json to those of a case that have their labels as ids.

    Parameters
    ----------
    path : path
    case : Case
    on : date, optional
        The day of the scan after ablation; margin.json does not hold it.

    Raises
    ------
    UnreadableFile
    BadCase
        It is no margin.json of this form, or none of its lesions is one of the case.
    """
    name = printable(Path(path).name)
    text = text_of(Path(path), called="result", example="margin.json of the case", largest_bytes=LARGEST_BYTES)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _no_result(name) from None
    return with_margins(document, case, name=name, on=on)


def with_margins(
    document: Any, case: Case, *, name: str, on: date | None = None, before_on: date | None = None
) -> WithMargins:
    """Add the measured lesions of the content of a margin.json.

    Parameters
    ----------
    document : mapping
    case : Case
    name : str
        What messages call it.
    on, before_on : date, optional
        The days of the scans after and before ablation; margin.json does not hold them.

    Raises
    ------
    BadCase
        As `read_margins`.
    """
    try:
        measured = _measured(document, Days(on, before_on))
        unknown = _unknown_structures(document)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        raise _no_result(name) from None
    matched = {lesion.id for lesion in case.lesions} & measured.keys()
    if not matched:
        sentence = f"No lesion of '{name}' is one of the case; give lesions of the case the ids that are labels there."
        raise BadCase(("", sentence))
    lesions = tuple(_joined(lesion, measured.get(lesion.id, {})) for lesion in case.lesions)
    left_out = [f"lesion {printable(one)} of {name} is no lesion of the case" for one in measured if one not in matched]
    left_out += [f"structure {printable(one)} of {name} stands for no fact" for one in unknown]
    left_out += [
        f"{fact} of lesion {one}: the case has dated values, which count" for one, fact in _older(case, measured)
    ]
    return WithMargins(replace(case, lesions=lesions), tuple(left_out))


def _no_result(name: str) -> BadCase:
    sentence = f"'{name}' is no result of the form {SCHEMA}; give the margin.json that isotherm margin wrote."
    return BadCase(("", sentence))


def _measured(document: Any, on: Days) -> dict[str, Facts]:
    if document["schema"] != SCHEMA:
        raise ValueError
    roles = {one["role"] for one in document["inputs"]}
    return {
        str(lesion["label"]): {name: (fact,) for name, fact in _facts(document, lesion, roles, on)}
        for lesion in document["lesions"]
    }


def _facts(document: Any, lesion: Any, roles: set[str], on: Days) -> Iterator[tuple[str, Fact]]:
    where = f"isotherm margin, lesion {printable(str(lesion['label']))}"
    before = {"diameter_mm": lesion["tumor"]["recist_mm"], "to_capsule_mm": lesion["tumor"]["depth_below_capsule_mm"],
              "to_vessel_mm": min((one["distance_mm"] for one in lesion["vessels"]), default=None)}  # fmt: skip
    for name, value in before.items():
        if value is not None:
            yield name, _fact(name, value, source=where, on=on.before)
    for name, value, low in _structures(lesion["structures_mm"]):
        yield name, _fact(name, value, low=low, high=None if low is None else value, source=where,
                          on=on.before)  # fmt: skip
    margin = _margin(lesion, on.after, where)
    if margin is not None:
        yield "minimal_margin_mm", margin
    bridging = _bridging(lesion, roles)
    if bridging is not None:
        yield "vessel_bridging", Fact(value=bridging, on=on.after, origin="image", source=where)
    yield from _told(document["settings"], on.after, where)


def _fact(name: str, value: float, *, low: float | None = None, high: float | None = None, source: str = "",
          on: date | None = None) -> Fact:  # fmt: skip
    return Fact(value=LESION_FACTS[name].checked(value), on=on, origin="image", low=low, high=high, source=source)


def _margin(lesion: Any, on: date | None, where: str) -> Fact | None:
    """Return the minimal margin with its limits: of the interval, or of what the bound leaves open."""
    kind = LESION_FACTS["minimal_margin_mm"]
    value, status, interval = lesion["minimal_margin_mm"], lesion["status"], lesion["interval_mm"]
    if status in ("not_assessable", "withheld"):
        return Fact(value=None, on=on, origin="image", source=where)
    if value is None:
        return None
    if status == "bounded":
        return _fact(kind.name, value, low=kind.low, high=value, source=f"{where}: at most this, an image ends", on=on)
    low, high = (value, value) if interval is None else (min(interval["low"], value), max(interval["high"], value))
    if value >= REACH_MM:
        return _fact(kind.name, value, low=low, high=kind.high, source=f"{where}: at least this", on=on)
    if interval is None:
        return _fact(kind.name, value, source=f"{where}: {status}, no interval", on=on)
    sure = "interval" if interval["calibrated"] else "robustness interval"
    high = kind.high if high >= REACH_MM else high
    return _fact(kind.name, value, low=low, high=high, source=f"{where}: {100 * interval['level']:g} % {sure}", on=on)


def _bridging(lesion: Any, roles: set[str]) -> bool | None:
    """Return whether a vessel bridges the margin; unknown without vessels, or where no whole margin was seen."""
    if any(one["bridging"] for one in lesion["vessels"]):
        return True
    return False if "vessels" in roles and lesion["status"] == "measured" else None


def _structures(distances: Mapping[str, Any]) -> Iterator[tuple[str, float, float | None]]:
    """Yield facts with their value and lower limit: 0 where a structure that was not drawn may lie nearer."""
    found = {_folded(name): one["from_tumor_mm"] for name, one in distances.items() if one["from_tumor_mm"] is not None}
    ducts = {name: mm for name, mm in found.items() if "duct" in STRUCTURES.get(name, ())}
    if ducts:
        yield "to_bile_duct_mm", min(ducts.values()), 0.0 if set(ducts) <= set(PARTIAL_DUCTS) else None
    parts: Sequence[Whole] = ("stomach", "bowel", "small bowel", "colon")
    drawn = {part for name in found for part in STRUCTURES.get(name, ())}
    whole = "stomach" in drawn and ("bowel" in drawn or {"small bowel", "colon"} <= drawn)
    bowel = [mm for name, mm in found.items() if set(parts) & set(STRUCTURES.get(name, ()))]
    if bowel:
        yield "to_bowel_mm", min(bowel), None if whole else 0.0
    vulnerable = [mm for name, mm in found.items() if "vulnerable" in STRUCTURES.get(name, ())]
    if vulnerable:
        yield "to_vulnerable_mm", min(vulnerable), 0.0


def _told(settings: Any, on: date | None, where: str) -> Iterator[tuple[str, Fact]]:
    """Yield what was told with the measurement: day after ablation and modality, where they are values of the facts."""
    days, kind = settings["days_after_ablation"], LESION_FACTS["days_after_ablation"]
    if days is not None and math.isfinite(days) and days == int(days):
        yield "days_after_ablation", Fact(value=kind.checked(days), on=on, origin="typed", source=where)
    choices = {choice.lower(): choice for choice in LESION_FACTS["ablation_modality"].choices}
    modality = choices.get(str(settings["modality"]).strip().lower())
    if modality is not None:
        yield "ablation_modality", Fact(value=modality, on=on, origin="typed", source=where)


def _joined(lesion: Lesion, measured: Facts) -> Lesion:
    """Return a lesion with measured facts beside its own; where two of one day differ, neither will count."""
    names = dict.fromkeys((*lesion.facts, *measured))
    return Lesion(lesion.id, {name: (*lesion.facts.get(name, ()), *measured.get(name, ())) for name in names})


def _older(case: Case, measured: Mapping[str, Facts]) -> Iterator[tuple[str, str]]:
    """Yield lesion and fact where a measured value without a day stands beside a dated one, and so does not count."""
    for lesion in case.lesions:
        for name, facts in measured.get(lesion.id, {}).items():
            if facts[0].on is None and any(fact.on is not None for fact in lesion.facts.get(name, ())):
                yield lesion.id, name


def _unknown_structures(document: Any) -> list[str]:
    names = {name for lesion in document["lesions"] for name in cast("dict[str, Any]", lesion["structures_mm"])}
    return sorted(name for name in names if _folded(name) not in STRUCTURES)


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.strip().lower())
