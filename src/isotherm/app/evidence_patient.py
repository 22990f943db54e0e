"""A patient's margins and sizes, from margin.json or from the command line, to be laid beside published relations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from isotherm.app.report_words import bound_of, decimal, interval_name, mm
from isotherm.errors import BadSetting, UnreadableFile
from isotherm.evidence.relations import HowMeasured
from isotherm.exchange.text_files import text_of

SCHEMA = "isotherm.margin/1"
LARGEST_MM = 500.0
"""Nothing in an organ is longer."""

METHOD = "3D"
"""How isotherm measures; whether images were registered rigidly or not is not in margin.json."""

MODALITIES = ("RFA", "MWA", "cryoablation", "IRE")
"""The words of publications' records; another word of a result is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A length to be drawn on an axis in mm.

    Parameters
    ----------
    label : str
        "lesion 1".
    value_mm, low_mm, high_mm : float or None
        None: there is no number, or no interval.
    interval : str
        What the interval is called.
    bound : str
        "at most" or "at least" where the number is one.
    """

    label: str
    value_mm: float | None
    low_mm: float | None = None
    high_mm: float | None = None
    interval: str = ""
    bound: str = ""

    def __str__(self) -> str:
        """Return the mark in words."""
        if self.value_mm is None:
            return f"{self.label} has no number"
        ends = ""
        if self.low_mm is not None and self.high_mm is not None:
            ends = f" ({self.interval} {decimal(self.low_mm)} to {mm(self.high_mm)})"
        return f"{self.label}: {self.bound}{' ' if self.bound else ''}{mm(self.value_mm)}{ends}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is known of a patient: how it was measured, margins, sizes; whether any of it was simulated."""

    how: HowMeasured
    margins: tuple[Mark, ...] = ()
    sizes: tuple[Mark, ...] = ()
    simulated: bool = False


def from_options(
    how: HowMeasured, *, margin_mm: float | None, low: float | None, high: float | None, size_mm: float | None
) -> Patient:
    """Return a patient given by numbers.

    Raises
    ------
    BadSetting
        NaN, an interval without its margin, with one end, or that does not hold it; a size that is none.
    """
    for name, value in (("--margin-mm", margin_mm), ("--low", low), ("--high", high), ("--size-mm", size_mm)):
        if value is not None and not abs(value) <= LARGEST_MM:  # NaN is not below anything
            raise BadSetting(f"{name} {value:g} came; a number of mm is wanted, at most {LARGEST_MM:g}.")
    if (low is None) != (high is None) or (low is not None and margin_mm is None):
        raise BadSetting("--low and --high are the ends of an interval of --margin-mm; give all three, or neither end.")
    if margin_mm is not None and low is not None and high is not None and not low <= margin_mm <= high:
        raise BadSetting(f"--margin-mm {margin_mm:g} lies outside of {low:g} to {high:g}; check the three numbers.")
    if size_mm is not None and size_mm <= 0.0:
        raise BadSetting(f"--size-mm {size_mm:g} came; a diameter above 0 mm is wanted.")
    margins = () if margin_mm is None else (
        Mark(label="patient", value_mm=margin_mm, low_mm=low, high_mm=high, interval="interval"),
    )  # fmt: skip
    return Patient(
        how=how, margins=margins, sizes=() if size_mm is None else (Mark(label="patient", value_mm=size_mm),)
    )


def from_result(path: str, lesions: Sequence[str], given: HowMeasured) -> Patient:
    """Return a patient from margin.json; what it does not tell is taken from the command line.

    Parameters
    ----------
    path : str
    lesions : sequence of str
        Labels; all if empty.
    given : HowMeasured
        From the command line.

    Raises
    ------
    UnreadableFile
        No margin.json of this form.
    BadSetting
        A lesion that is not in it, or a fact told otherwise on the command line.
    """
    return from_document(_document(path), lesions, given)


def from_document(document: Mapping[str, Any], lesions: Sequence[str], given: HowMeasured) -> Patient:
    """Return a patient from the content of a margin.json.

    Raises
    ------
    BadSetting
        As `from_result`.
    """
    settings, every = document["settings"], cast("list[Mapping[str, Any]]", document["lesions"])
    labels = [str(one["label"]) for one in every]
    unknown = [one for one in lesions if one not in labels]
    if unknown:
        raise BadSetting(f'No lesion has the label "{unknown[0]}"; there are: {", ".join(labels[:12])}.')
    chosen = [one for one in every if not lesions or str(one["label"]) in lesions]
    how = HowMeasured(
        organ=_agreed("organ", str(settings["organ_name"]), given.organ),
        modality=_agreed("modality", _modality(settings["modality"]), given.modality),
        method=given.method or METHOD, imaging=given.imaging,
        days_after=_agreed("day", settings["days_after_ablation"], given.days_after),
    )  # fmt: skip
    if given.method == "2D":
        raise BadSetting("--method 2D came with a result of isotherm, which measures in 3D; leave it out.")
    simulated = any(one["simulated"] for one in document["inputs"])
    before = "simulated " if simulated else ""
    margins, sizes = (
        tuple(replace(mark, label=before + mark.label) for mark in map(read, chosen)) for read in (_margin, _size)
    )
    return Patient(how=how, margins=margins, sizes=sizes, simulated=simulated)


def _document(path: str) -> Mapping[str, Any]:
    file = Path(path)
    try:
        document: Any = json.loads(text_of(file, called="result", example="margin.json of `isotherm margin`"))
        if document["schema"] != SCHEMA:
            raise KeyError
        for lesion in document["lesions"]:
            _ = (_margin(lesion), _size(lesion))
        _ = [document["settings"][name] for name in ("organ_name", "modality", "days_after_ablation")]
        _ = [one["simulated"] for one in document["inputs"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableFile(
            f"'{file.name}' is no result of `isotherm margin` ({SCHEMA}); give its margin.json."
        ) from None
    return cast("Mapping[str, Any]", document)


def _margin(lesion: Mapping[str, Any]) -> Mark:
    value, interval = lesion["minimal_margin_mm"], lesion["interval_mm"]
    label = f"lesion {lesion['label']}"
    if value is None:
        return Mark(label=label, value_mm=None)
    mark = Mark(label=label, value_mm=float(value), bound=bound_of(lesion))
    if interval is None:
        return mark
    return replace(mark, low_mm=float(interval["low"]), high_mm=float(interval["high"]),
                   interval=interval_name(interval).replace("\u00a0", " "))  # fmt: skip


def _size(lesion: Mapping[str, Any]) -> Mark:
    size = lesion["tumor"]["recist_mm"]
    return Mark(label=f"lesion {lesion['label']}", value_mm=None if size is None else float(size))


def _modality(told: object) -> str:
    """Return the modality by the word that publications' records use; empty where it is not one of them."""
    return next((one for one in MODALITIES if one.casefold() == str(told or "").strip().casefold()), "")


def _agreed(what: str, told: Any, given: Any) -> Any:
    if given in ("", None):
        return told
    if told in ("", None) or told == given:
        return given
    raise BadSetting(
        f"--{what} {_said(given)} came, and the result says {_said(told)}; leave the option out, or check the result."
    )


def _said(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
