"""Outline one lesion in an image for people: read, outline, write the mask with its error, say what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from isotherm.app.places import keep_inputs, usable_file
from isotherm.app.software import versions
from isotherm.errors import BadSetting, NoSuchLabel, OutputError
from isotherm.exchange.dicom_codes import TUMOR, ZONE
from isotherm.exchange.dicom_files import is_dicom
from isotherm.exchange.dicom_seg_out import NamedSegment, new_uid, outline_segment, write_object
from isotherm.exchange.dicom_source import Source, read_source
from isotherm.exchange.image_endings import NIFTI
from isotherm.exchange.image_files import read_masks, read_volume, write_mask
from isotherm.exchange.outline_files import beside_of, write_outline
from isotherm.exchange.segmenter import Segmenter, run_segmenter
from isotherm.exchange.segments import split_spec
from isotherm.exchange.voxel_source import outline_note
from isotherm.imaging.geometry import Float
from isotherm.imaging.outline import Outline, outline_lesion
from isotherm.imaging.outline_start import Seeds, What
from isotherm.imaging.volume import Grid, Mask, Role
from isotherm.printable import printable

Frame = Literal["lps", "ras", "ijk"]


@dataclass(frozen=True, slots=True)
class Shown:
    """What was typed: places as texts, in a frame."""

    seed: str
    lines: tuple[str, ...] = ()
    frame: Frame = "lps"

    def seeds(self, grid: Grid) -> Seeds:
        """Return the places in LPS mm.

        Raises
        ------
        BadSetting
        """
        return Seeds(
            self._places("--seed", self.seed, 1, grid).reshape(3),
            tuple(self._places("--line", line, 2, grid) for line in self.lines),
        )

    def _places(self, option: str, text: str, count: int, grid: Grid) -> Float:
        try:
            places: Float = np.array([[float(number) for number in part.split(",")] for part in text.split(":")])
        except ValueError:  # also where the places have different counts of numbers
            places = np.zeros((0, 0))
        if places.shape != (count, 3) or not np.isfinite(places).all():
            form = "X,Y,Z, as in 12.5,-40,103" if count == 1 else "X1,Y1,Z1:X2,Y2,Z2"
            raise BadSetting(f"{option} '{printable(text[:40])}' came; write {form}.")
        if self.frame == "ras":
            return places * np.array([-1.0, -1.0, 1.0])
        return grid.to_lps(places[:, ::-1]) if self.frame == "ijk" else places


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """What came of it: figures for people and programs, and the mask."""

    told: dict[str, Any]
    mask: Mask


def segment(
    image: str, shown: Shown, *, what: What, organ: str | None = None, out: str | None = None,
    probability: str | None = None, dicom: str | None = None,
) -> Segmented:  # fmt: skip
    """Outline one lesion.

    Parameters
    ----------
    image : str
        As `isotherm margin --image` takes it.
    shown : Shown
    what : {"tumor", "zone"}
    organ : str, optional
        FILE or FILE:LABEL.
    out, probability : str, optional
        Files for the mask, which has a JSON file beside it, and for the probability of each voxel.
    dicom : str, optional
        File for the mask as a SEG; the image has to be DICOM.

    Raises
    ------
    IsothermError
    """
    check_places([p for p in (out, probability) if p is not None], [image, *([organ] if organ else [])])
    source = None if dicom is None else _dicom_source(dicom, image, organ)
    read = read_volume(image)
    volume = read.volume
    drawn = None if organ is None else read_masks(organ, of="organ", beside=[split_spec(image)[0]])[0].mask
    found = outline_lesion(volume, shown.seeds(volume.grid), what=what, organ=drawn)
    told = _told(found, shown, what, organ is not None)
    if out is not None:
        write_outline(out, found.mask, found.error_mm, told, simulated=read.simulated)
    if probability is not None:
        write_outline(probability, Mask(found.probability, volume.grid, found.mask.of), found.error_mm,
                      {**told, "holds": "probabilities, for the eye; measure margins on the mask"},
                      simulated=read.simulated)  # fmt: skip
    if dicom is not None and source is not None:
        name = "Tumor" if what == "tumor" else "Ablation zone"
        one = NamedSegment(name, TUMOR if what == "tumor" else ZONE, found.mask, name, new_uid(), drawn=False)
        write_object(dicom, outline_segment(one, source, note=outline_note(found.error_mm)))
    return Segmented(told, found.mask)


def _dicom_source(dicom: str, image: str, organ: str | None) -> Source:
    """Return the image that a SEG goes beside, once it is said that there is one and that nothing is lost.

    Raises
    ------
    BadSetting, OutputError, UnreadableFile, NoSuchSeries, BadGeometry
    """
    if not dicom.lower().endswith(".dcm"):
        raise OutputError("--dicom wants a name that ends with .dcm; give one.")
    if not is_dicom(split_spec(image)[0]):
        raise BadSetting("--dicom came with an image that is not DICOM; give IMAGE as a DICOM folder, or --out alone.")
    keep_inputs([usable_file(dicom)], [split_spec(one)[0] for one in (image, organ) if one is not None])
    return read_source(image)


def segment_by_program(
    image: str, segmenter: Segmenter, *, of: Role, label: str | None = None, out: str | None = None
) -> Segmented:
    """Let another program outline what it can in an image.

    Raises
    ------
    IsothermError
    """
    if out is not None:
        check_mask_place(out, image)
    read = read_volume(image)
    first, *others = run_segmenter(segmenter, read.volume, of=of, label=label)
    if others:
        labels = ", ".join(mask.label for mask in (first, *others)[:20])
        raise NoSuchLabel(f"The segmenter's mask holds several labels ({labels}); name one with --label.")
    mask = first.mask
    if out is not None:
        write_mask(out, mask, simulated=read.simulated)
    told = {"form": "isotherm.outline/1", "what": of, "volume_ml": round(mask.volume_ml, 3), "outline_error_mm": None,
            "label": first.label, "method": "another program", "software": versions()}  # fmt: skip
    return Segmented(told, mask)


def check_mask_place(out: str, image: str) -> None:
    """Say the same of a mask that another program makes, which is written as NIfTI.

    Raises
    ------
    OutputError
    """
    if not out.lower().endswith(NIFTI):
        raise OutputError("--out wants a name that ends with .nii.gz or .nii; give one.")
    keep_inputs([usable_file(out)], [split_spec(image)[0]])


def check_places(outs: Sequence[str], inputs: Sequence[str]) -> None:
    """Say, before anything is computed, that results can be written and that nothing that came in is lost.

    Raises
    ------
    OutputError
    """
    for out in outs:
        keep_inputs([usable_file(out), beside_of(out)], [split_spec(one)[0] for one in inputs])


def _told(found: Outline, shown: Shown, what: What, in_organ: bool) -> dict[str, Any]:
    return {
        "form": "isotherm.outline/1",
        "what": what,
        "volume_ml": round(found.volume_ml, 3),
        "outline_error_mm": round(found.error_mm, 3),
        "holds": "the share of each voxel within the outline",
        "value_inside": round(found.levels.inside, 1),
        "value_outside": round(found.levels.outside, 1),
        "lines": len(shown.lines),
        "within_organ": in_organ,
        "method": "isotherm, level set",
        "software": versions("numpy", "scipy"),
    }
