"""Numbers and findings as the report writes them: digits that mean something, a true minus, no verdict."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.imaging.organ import REACH_MM

Record = Mapping[str, Any]

MINUS = "\u2212"
NO_BREAK = "\u00a0"

IMAGE_NAME = r"[^\s'\"<>]*\.(?:nii\.gz|nii|nrrd|nhdr|mha|mhd|raw|dcm|csv|json|html)\b"
ROOT = r"(?<![\w<&.;])(?<!:/)(?:[A-Za-z]:[\\/]|~[\\/]|\\\\|/(?=[\w.~-]))"
PATH = re.compile(rf"{ROOT}[^\s'\"<>]*|{IMAGE_NAME}", re.IGNORECASE)
"""What looks like a path or a file's name on somebody's machine."""

KEYS_OF_FILES = {"file", "files", "path", "paths", "filename", "file_name", "source_file", "directory", "out"}


def without_paths(text: str) -> str:
    """Return a text with whatever looks like a path or a file's name left out."""
    return PATH.sub("[file]", text)


def part(record: Record, key: str) -> Record:
    """Return a part of a document; an empty one where it is null or missing."""
    found: Record | None = record.get(key)
    return found or {}


def parts(record: Record, key: str) -> list[Record]:
    """Return a list of parts of a document; an empty one where it is null or missing."""
    found: list[Record] | None = record.get(key)
    return found or []


def texts(record: Record, key: str) -> list[str]:
    """Return a list of remarks of a document as sentences without paths; an empty one where it is null or missing."""
    found: list[object] | None = record.get(key)
    return [_sentence(without_paths(str(one))) for one in found or []]


def _sentence(text: str) -> str:
    text = re.sub(r"(?<![\w.-])-(?=\d)", MINUS, text)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def decimal(value: float, digits: int = 1) -> str:
    """Return a number with a true minus; more digits where it would else read as zero but is not."""
    shown = f"{value:.{digits}f}"
    if float(shown) == 0.0:
        shown = f"{value:.{digits + 1}f}" if abs(value) >= 0.5 * 10.0 ** -(digits + 1) else f"{0.0:.{digits}f}"
    return shown.replace("-", MINUS)


def mm(value: float) -> str:
    """Return a length in mm."""
    return f"{decimal(value)}{NO_BREAK}mm"


def margin_mm(value: float) -> str:
    """Return a margin in mm; from the reach of the search on it is only known to be at least this."""
    return f"{_at_least(value)}{mm(value)}"


def _at_least(value: float) -> str:
    return f"≥{NO_BREAK}" if value >= REACH_MM else ""


def at_least_5_mm(lesion: Record) -> float | None:
    """Return the chance of a margin of at least 5 mm; None where a result has none."""
    below = part(lesion, "probability").get("below_5_mm")
    return None if below is None else round(1.0 - float(below), 6)


def percent(share: float) -> str:
    """Return a share of one in percent; neither 0 nor 100 unless it is."""
    value = 100.0 * share
    if 0.0 < value < 0.1:
        return f"<{NO_BREAK}0.1{NO_BREAK}%"
    if 99.9 < value < 100.0:
        return f">{NO_BREAK}99.9{NO_BREAK}%"
    return f"{value:.0f}{NO_BREAK}%" if value in (0.0, 100.0) else f"{value:.1f}{NO_BREAK}%"


def ml(value: float) -> str:
    """Return a volume in mL."""
    return f"{decimal(value, 2 if abs(value) < 10 else 1)}{NO_BREAK}mL"


def place_lps(point: Sequence[float]) -> str:
    """Return a point of the patient with each direction spelled out by its letter."""
    parts = [f"{'LR'[x < 0] if axis == 0 else 'PA'[x < 0] if axis == 1 else 'SI'[x < 0]}{NO_BREAK}{abs(x):.1f}"
             for axis, x in enumerate(point)]  # fmt: skip
    return ", ".join(parts) + f"{NO_BREAK}mm"


def reason_for_null(lesion: Record, *about: str) -> str:
    """Return why numbers of a lesion are null: the reasons that have one of the words in them, or else all."""
    reasons = texts(lesion, "reasons")
    fitting = [one for one in reasons if any(word.casefold() in one.casefold() for word in about)]
    return " ".join(fitting or reasons) or "The result does not state why."


def interval_name(interval: Record) -> str:
    """Return what an interval may be called: without calibration it is a robustness interval."""
    kind = "interval" if interval.get("calibrated") else "robustness interval"
    return f"{100.0 * float(interval['level']):.0f}{NO_BREAK}% {kind}"


def interval_range(lesion: Record) -> str | None:
    """Return both ends of the interval, or None where there is none."""
    interval = lesion.get("interval_mm")
    if interval is None or interval.get("low") is None or interval.get("high") is None:
        return None
    low, high = float(interval["low"]), float(interval["high"])
    return margin_mm(low) if low >= REACH_MM else f"{decimal(low)} to {margin_mm(high)}"


def bound_of(lesion: Record) -> str:
    """Return what stands before the minimal margin where it is a bound: "at most", "at least", or nothing."""
    margin = lesion.get("minimal_margin_mm")
    if margin is None or lesion["status"] not in ("measured", "bounded"):
        return ""
    return "at most" if lesion["status"] == "bounded" else "at least" if margin >= REACH_MM else ""


def margin_words(lesion: Record) -> str:
    """Return the minimal margin as a finding: a number, a bound, or what stands in its place."""
    margin = lesion.get("minimal_margin_mm")
    if lesion["status"] == "not_assessable":
        return "not assessable"
    if margin is None:
        if lesion["status"] == "withheld":
            return "withheld"
        return "nothing ablated" if lesion["status"] == "not_ablated" else "not given"
    return f"{bound_of(lesion)} {mm(margin)}".lstrip()


def status_words(lesion: Record) -> str:
    """Return the status in a sentence."""
    if lesion["status"] != "not_ablated":
        passed = part(lesion, "registration").get("verdict") == "pass"
        return {
            "measured": "All of the surface assessed" + ("; the registration passed its gates." if passed else "."),
            "bounded": "Bounded: part of the surface could not be assessed, so that the true margin may be smaller.",
            "not_assessable": "Not assessable.",
            "withheld": "Withheld: the registration failed. Nothing here is to be used.",
        }[lesion["status"]]
    nothing = not lesion.get("ablation_volume_ml")
    what = "Not ablated: the ablation is empty" if nothing else "Not ablated: the ablation does not reach the lesion"
    residual = lesion.get("residual_volume_ml")
    return f"{what}; residual = whole tumor" + (f", {ml(residual)}." if residual is not None else ".")


def _other_way(lesion: Record) -> str:
    """Return what the other way of registering gives where that lies outside of the interval, else ""."""
    told, interval = part(lesion, "registration"), lesion.get("interval_mm")
    way = "rigid" if told.get("method") == "deformable" else "deformable"
    other = told.get(f"minimal_margin_{way}_mm")
    if other is None or told.get("withheld") or interval is None or interval_range(lesion) is None:
        return ""
    if float(interval["low"]) <= other <= float(interval["high"]):
        return ""
    return f"The {way} registration gives {margin_mm(other)}, outside of the interval: look at both."


def caveats(lesion: Record, *, most: int = 4) -> list[str]:
    """Return what must be known with the number, shortened to `most`.

    Where the status is in question its reasons come first, and else the flags: reasons then only say why numbers
    beside the finding are missing.
    """
    reasons, flags = texts(lesion, "reasons"), texts(lesion, "flags")
    said = flags + reasons if lesion["status"] == "measured" else reasons + flags
    if interval_range(lesion) is None and lesion.get("minimal_margin_mm") is not None:
        said.append("No interval was computed.")
    if other := _other_way(lesion):
        said.insert(0, other)
    rest = len(said) - most
    return said if rest <= 0 else [*said[:most], f"{rest} more under Flags."]
