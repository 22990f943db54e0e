"""Correcting: masks of a pair with a person's strokes in them; who painted them, when, why and onto what."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import numpy as np

from isotherm.app.pair import Pair
from isotherm.app.reading import Input
from isotherm.app.registering import Registered
from isotherm.app.software import versions
from isotherm.errors import BadSetting, BadStroke
from isotherm.exchange.correction_files import stroke_document, strokes_of
from isotherm.imaging.brush import Stroke, corrected, idle_strokes, slices_across
from isotherm.imaging.volume import Mask

Of = Literal["tumor", "ablation"]

SCHEMA = "isotherm.corrections/1"

BY_HAND = "was corrected by hand"
"""What the warnings of a result say of a mask that somebody painted on."""

LONGEST_WORDS = 200
"""Of who corrected and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What was painted onto one mask of a pair.

    Parameters
    ----------
    of : {"tumor", "ablation"}
    number : int
        Which tumor or zone, from 0, in the order of the pair.
    strokes : tuple of Stroke
        In the frame of the scan that the mask was drawn on: before ablation for a tumor, after it for a zone.
    """

    of: Of
    number: int
    strokes: tuple[Stroke, ...]

    @classmethod
    def seen_after(cls, of: Of, number: int, strokes: Sequence[Stroke], registered: Sequence[Registered]) -> Correction:
        """Return the correction that was painted on the scan after; strokes on a tumor go back to the scan before.

        Raises
        ------
        BadStroke
            There is no such tumor.
        """
        if of == "ablation":
            return cls(of, number, tuple(strokes))
        if not 0 <= number < len(registered):
            raise BadStroke("A stroke came for a tumor that is not there; choose one of those that are shown.")
        return cls(of, number, tuple(stroke.carried(registered[number].used) for stroke in strokes))


@dataclass(frozen=True, slots=True)
class Signature:
    """Who corrected, when and why.

    Raises
    ------
    BadSetting
        Nobody signed, or no reason was given.
    """

    by: str
    why: str
    at: datetime

    def __post_init__(self) -> None:
        for name, told in (("who corrects", self.by), ("why", self.why)):
            if not told.strip() or len(told) > LONGEST_WORDS or not told.isprintable():
                raise BadSetting(f"Say {name} in 1 to {LONGEST_WORDS} letters on one line; it stays with the mask.")

    def document(self) -> dict[str, str]:
        """Return it as JSON can hold it; `from_document` gives it back."""
        return {"by": self.by, "why": self.why, "at": self.at.isoformat(timespec="seconds")}

    @classmethod
    def from_document(cls, told: Mapping[str, str]) -> Signature:
        """Return what `document` told."""
        return cls(told["by"], told["why"], datetime.fromisoformat(told["at"]))


def drawn_mask(pair: Pair, of: Of, number: int) -> Mask:
    """Return the mask that a correction is about, as it was drawn.

    Raises
    ------
    BadStroke
        There is none of this number.
    """
    masks = [lesion.mask for lesion in pair.lesions] if of == "tumor" else list(pair.ablations)
    if not 0 <= number < len(masks):
        raise BadStroke(f"A stroke came for a mask of the {of} that is not there; choose one of those that are shown.")
    return masks[number]


def corrected_mask(pair: Pair, correction: Correction) -> Mask:
    """Return one mask of a pair with its strokes.

    Raises
    ------
    BadStroke
    """
    within = pair.before.grid if correction.of == "tumor" else pair.after.grid
    return corrected(drawn_mask(pair, correction.of, correction.number), correction.strokes, within=within)


def idle_in(pair: Pair, correction: Correction) -> list[int]:
    """Return the numbers, from 0, of the strokes that change no voxel.

    Raises
    ------
    BadStroke
    """
    within = pair.before.grid if correction.of == "tumor" else pair.after.grid
    return list(idle_strokes(drawn_mask(pair, correction.of, correction.number), correction.strokes, within=within))


def one_slice_strokes(one: Correction, mask: Mask, idle: Collection[int]) -> dict[str, int] | None:
    """Return how many strokes changed one slice alone, and of how many slices; None where none did.

    Parameters
    ----------
    one : Correction
    mask : Mask
        The corrected one.
    idle : collection of int
        Strokes that changed nothing.
    """
    normals = [stroke.normal_lps for number, stroke in enumerate(one.strokes)
               if stroke.normal_lps is not None and number not in idle]  # fmt: skip
    return {"strokes": len(normals), "slices": slices_across(mask, normals[-1])} if normals else None


def corrected_pair(pair: Pair, corrections: Sequence[Correction]) -> Pair:
    """Return a pair with corrected masks, and with a warning for each that says so.

    Raises
    ------
    BadStroke
    EmptyMask, ImplausibleMask
        What is left of a mask cannot be one.
    """
    lesions, zones, inputs, warnings = list(pair.lesions), list(pair.ablations), list(pair.inputs), list(pair.warnings)
    for one in corrections:
        if not one.strokes:
            continue
        before, after = drawn_mask(pair, one.of, one.number), corrected_mask(pair, one)
        if one.of == "tumor":
            lesions[one.number] = replace(lesions[one.number], mask=after)
        else:
            zones[one.number] = after
        _note(inputs, one, after)
        warnings.append(_says(one, before, after))
    return replace(pair, lesions=tuple(lesions), ablations=tuple(zones), inputs=tuple(inputs),
                   warnings=tuple(warnings))  # fmt: skip


def _note(inputs: list[Input], one: Correction, mask: Mask) -> None:
    """Let the input that was corrected tell its new grid and volume."""
    places = [place for place, known in enumerate(inputs) if known.role == one.of]
    if one.number < len(places):
        place = places[one.number]
        inputs[place] = replace(inputs[place], grid=mask.grid, volume_ml=mask.volume_ml)


def _says(one: Correction, before: Mask, after: Mask) -> str:
    added, erased = changed_ml(before, after)
    what = "ablation zone" if one.of == "ablation" else "tumor"
    number = f" {one.number + 1}" if one.number else ""
    strokes = "1 stroke" if len(one.strokes) == 1 else f"{len(one.strokes)} strokes"
    return f"The {what}{number} {BY_HAND}: {strokes}, {_amount(added)} added and {_amount(erased)} erased."


def _amount(ml: float) -> str:
    return "nothing" if ml <= 0.0 else "less than 0.01 ml" if ml < 0.01 else f"{ml:.2f} ml"


def told_corrections(warnings: Sequence[str]) -> tuple[str, ...]:
    """Return those of a result's warnings that say what was corrected by hand."""
    return tuple(one for one in warnings if f" {BY_HAND}: " in one)


def changed_ml(before: Mask, after: Mask) -> tuple[float, float]:
    """Return the volumes that a correction added and erased, ml; `after` lies on the grid of `before`, or around it."""
    was = before.on(after.grid).voxels.astype(np.float32)
    change = after.voxels.astype(np.float32) - was
    unit = after.grid.voxel_volume_ml
    return float(change[change > 0].sum()) * unit, -float(
        change[change < 0].sum()
    ) * unit + 0.0  # no "-0.0" where nothing is erased


def corrections_document(pair: Pair, corrections: Sequence[Correction], signed: Signature) -> dict[str, Any]:
    """Return the content of corrections.json: from what, by which strokes, to what; by whom, when and why."""
    return {
        "schema": SCHEMA,
        "software": versions("numpy", "scipy"),
        **signed.document(),
        "corrections": [_document(pair, one) for one in corrections if one.strokes],
    }


def combined(earlier: Sequence[Correction], later: Sequence[Correction]) -> tuple[Correction, ...]:
    """Return corrections of masks that were corrected already as ones of the masks as drawn."""
    strokes: dict[tuple[Of, int], tuple[Stroke, ...]] = {}
    for one in (*earlier, *later):
        strokes[one.of, one.number] = (*strokes.get((one.of, one.number), ()), *one.strokes)
    return tuple(Correction(of, number, made) for (of, number), made in strokes.items())


def correction_document(one: Correction) -> dict[str, Any]:
    """Return a correction as JSON can hold it; `correction_of` gives it back."""
    return {"of": one.of, "number": one.number, "strokes": [stroke_document(stroke) for stroke in one.strokes]}


def correction_of(told: Mapping[str, Any]) -> Correction:
    """Return what `correction_document` told.

    Raises
    ------
    BadStroke
    """
    return Correction(told["of"], told["number"], strokes_of(told["strokes"]))


def _document(pair: Pair, one: Correction) -> dict[str, Any]:
    before, after = drawn_mask(pair, one.of, one.number), corrected_mask(pair, one)
    added, erased = changed_ml(before, after)
    return {
        **correction_document(one),
        "from": fingerprint(before),
        "to": fingerprint(after),
        "added_ml": round(added, 3),
        "erased_ml": round(erased, 3),
    }


def fingerprint(mask: Mask) -> str:
    """Return what tells a mask from every other one: a hash of what it holds and where, however much is around it."""
    tight = mask.cropped()
    told = hashlib.sha256(np.ascontiguousarray(tight.voxels).tobytes())
    told.update(np.round(tight.grid.kji_to_lps, 3).astype("<f8").tobytes())
    return f"sha256 {told.hexdigest()}"
