"""Numbers and findings as the report writes them: digits that mean something, a true minus, no verdict."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.app.settings import FEWEST_SAMPLES
from isotherm.exchange.image_endings import IMAGES
from isotherm.imaging.organ import REACH_MM

Record = Mapping[str, Any]

MINUS = "\u2212"
NO_BREAK = "\u00a0"

ENDINGS = sorted((*IMAGES, ".raw", ".dcm", ".csv", ".json", ".html"), key=len, reverse=True)
IMAGE_NAME = rf"[^\s'\"<>]*(?:{'|'.join(map(re.escape, ENDINGS))})\b"
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


def chance(share: float) -> str:
    """Return a chance that was counted in draws, in percent: none of them, or all, is no proof that it cannot be else.

    A registry does not keep how many draws there were, so that what the fewest can tell is said.
    """
    least = 100.0 / FEWEST_SAMPLES
    if share <= 0.0:
        return f"<{NO_BREAK}{least:.0f}{NO_BREAK}%"
    return f">{NO_BREAK}{100.0 - least:.0f}{NO_BREAK}%" if share >= 1.0 else percent(share)


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


ASKED_MM = 5.0
"""The smallest margin that a protocol asks for."""

NONE_MM, ASKED = (f"{one:g}{NO_BREAK}mm" for one in (0.0, ASKED_MM))

ASKED_BY = "ACCLAIM"
"""The trial whose protocol asks for it (10.1186/s13063-025-09006-2)."""


def reading(lesion: Record) -> str:
    """Return what interval and limits say of the margin, in one sentence; "" where there is no interval.

    It tells where 0 mm and the margin that a protocol asks for lie beside the interval, and how likely the latter is
    reached; what follows from that for the treatment is not said.
    """
    interval = lesion.get("interval_mm")
    if interval is None or interval_range(lesion) is None:
        return ""
    low, high = float(interval["low"]), float(interval["high"])
    if low > 0.0:
        covered = f"Covered everywhere: the whole interval is above {NONE_MM}"
    elif high < 0.0:
        covered = f"Not covered everywhere: the whole interval is below {NONE_MM}"
    else:
        covered = f"Within its error it may be covered everywhere or not: {NONE_MM} is within the interval"
    if low >= ASKED_MM:
        beside = "is reached by the whole interval"
    else:
        beside = "is not reached: it lies above the whole interval" if high < ASKED_MM else "is within the interval"
    below = part(lesion, "probability").get("below_5_mm")
    likely = "" if below is None else f"; chance of {ASKED} or more: {chance(1.0 - below)}"
    return f"{covered}. {ASKED}, asked for by {ASKED_BY}, {beside}{likely}."


def beside_interval(lesion: Record, value_mm: float) -> str:
    """Return whether a margin lies "inside" or "outside" of the interval; "" where there is none."""
    interval = lesion.get("interval_mm")
    if interval is None or interval_range(lesion) is None:
        return ""
    return "inside" if float(interval["low"]) <= value_mm <= float(interval["high"]) else "outside"


def other_way(lesion: Record) -> tuple[str, float] | None:
    """Return the way of registering that the margin was not measured with, and the margin by it; None for none."""
    told = part(lesion, "registration")
    # Whatever its method, a margin is measured with the deformation where there is one, but for the rigid method.
    deformed = told.get("method") != "rigid" and told.get("minimal_margin_deformable_mm") is not None
    way = "rigid" if deformed else "deformable"
    value = told.get(f"minimal_margin_{way}_mm")
    return None if value is None or told.get("withheld") else (way, float(value))


def _other_margin(lesion: Record) -> tuple[str, bool]:
    """Return what the other way of registering gives, and whether that lies outside of the interval; "" for nothing."""
    found = other_way(lesion)
    if found is None:
        return "", False
    way, value = found
    beside = beside_interval(lesion, value)
    name = "Rigid registration alone" if way == "rigid" else "Deformable registration"
    where = f", {beside} of the interval" if beside else ""
    return f"{name}: {margin_mm(value)}{where}{': look at both' if beside == 'outside' else ''}.", beside == "outside"


def caveats(lesion: Record, *, most: int = 4) -> list[str]:
    """Return what must be known with the number, shortened to `most`.

    Where the status is in question its reasons come first, and else the flags: reasons then only say why numbers
    beside the finding are missing.
    """
    reasons, flags = texts(lesion, "reasons"), texts(lesion, "flags")
    said = flags + reasons if lesion["status"] == "measured" else reasons + flags
    if interval_range(lesion) is None and lesion.get("minimal_margin_mm") is not None:
        said.append("No interval was computed.")
    other, first = _other_margin(lesion)
    if other:
        said.insert(0 if first else max(0, min(len(said), most - 1)), other)  # never among those that are left out
    rest = len(said) - most
    return said if rest <= 0 else [*said[:most], f"{rest} more under Flags."]
