"""Work: margin, size and recurrence as published, drawn, with the lengths of a patient in them where some came."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from isotherm.app.evidence_margin import PAGE, laid_beside, page_of
from isotherm.app.evidence_outputs import figure_files
from isotherm.app.evidence_patient import MODALITIES, Patient, from_options
from isotherm.app.evidence_tasks import open_library
from isotherm.app.web.job import SHORT, Came, Doing, Work
from isotherm.errors import BadSetting
from isotherm.evidence.relations import HowMeasured
from isotherm.exchange.atomic import write_bytes, write_text

NUMBERS = {"margin_mm": "minimal margin (mm)", "low": "lower end of its interval (mm)",
           "high": "upper end of its interval (mm)", "size_mm": "largest diameter of the tumor (mm)",
           "day": "days from ablation to the image of the zone"}  # fmt: skip
WORDS: Mapping[str, tuple[str, ...]] = {
    "organ": ("liver", "lung"), "modality": MODALITIES, "method": ("2D", "3D"), "imaging": ("CT", "MRI"),
}  # fmt: skip
ASKS = (NUMBERS, WORDS)
"""What can be told of a patient: numbers with their names, and words of a few."""


def _run(asked: Mapping[str, Any], doing: Doing) -> Came:
    patient = _patient(asked)
    doing.tell("drawing; this takes some seconds")
    found = laid_beside(open_library(None), patient, draw=True)
    for drawings in found.drawings.values():
        for name, content in figure_files(drawings).items():
            write_bytes(doing.folder / name, content)
    write_text(doing.folder / PAGE, page_of(found))
    with_whom = "" if patient is None else ", with a patient's lengths"
    return Came(said=f"Margin, size and recurrence as published{with_whom}.", link=f"/evidence/margin/{doing.id}")


def _patient(asked: Mapping[str, Any]) -> Patient | None:
    numbers = {name: _number(says, str(asked[name])) for name, says in NUMBERS.items()}
    words = {name: str(asked[name]) for name in WORDS}
    for name, allowed in WORDS.items():
        if words[name] not in ("", *allowed):
            raise BadSetting(f"{name} is one of {', '.join(allowed)}; choose one, or none.")
    day = numbers.pop("day")
    how = HowMeasured(days_after=day, **words)
    if all(value is None for value in numbers.values()):
        if how != HowMeasured():
            raise BadSetting("How a margin was measured came, and no margin; give the margin or the diameter.")
        return None
    return from_options(how, margin_mm=numbers["margin_mm"], low=numbers["low"], high=numbers["high"],
                        size_mm=numbers["size_mm"])  # fmt: skip


def _number(says: str, text: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadSetting(f"The {says} is a number, as 4.5; write one.")
    return value


RUNS = Work(_run, most_s=1800.0, most_mb=8000, lane=SHORT)
