"""Pair: a scan before ablation and one after it, each with what is drawn on it, read from files and checked."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from isotherm.app.case import (
    IMAGE_AFTER,
    IMAGE_BEFORE,
    Lesion,
    check_tumor,
    check_zones,
    gap_mm,
    numbered,
    outline_error,
)
from isotherm.app.reading import UNDATED, Input, Reading, ScanDays, Side
from isotherm.app.reduced import reduced
from isotherm.errors import BadGeometry, FieldsApart, ImplausibleMask, PairInDoubt
from isotherm.exchange.origin import CONFIRM
from isotherm.exchange.segments import split_spec
from isotherm.imaging.register_masks import AIR_HU, BRIGHT_HU, Scan
from isotherm.imaging.volume import Grid, Mask, Volume

MR = "MR"
"""Unit of a scan that somebody says is MR; DICOM says it itself."""

SAME_SIZE, SAME_PLACE_MM = 0.01, 0.1
"""Up to this share voxels are of one size, and up to this distance at one place: what rounding in headers makes."""

LEAST_VOXEL_MM = 0.15
"""Below the pixels of clinical scans, and above those of scans whose header is in cm."""

SAME_VALUES, MOST_COMPARED = 0.999, 1_000_000
"""Correlation above which two images are one: noise of 12 HU in each leaves 0.99 at most, rounding 0.99999."""

TWO_ASKED = "are there really two"
"""How the question about one image that came as both scans ends; a result keeps it among its warnings."""

BEFORE_SIDE = ("tumor", "organ before ablation", "vessels before ablation", IMAGE_BEFORE)
"""Roles of what lies in the frame of the scan before."""


@dataclass(frozen=True, slots=True)
class PairRequest:
    """Which files a pair is made of, as typed; whether somebody said that they belong together; which scans are MR."""

    before: str
    after: str
    tumors: tuple[str, ...] = ()
    ablations: tuple[str, ...] = ()
    organ_before: str | None = None
    organ_after: str | None = None
    vessels_before: tuple[str, ...] = ()
    vessels_after: tuple[str, ...] = ()
    structures: tuple[tuple[str, str], ...] = ()
    old_scars: tuple[str, ...] = ()
    pair_confirmed: bool = False
    mr: tuple[Side, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """Everything that was named, without labels."""
        alone = [spec for spec in (self.organ_before, self.organ_after) if spec is not None]
        specs = (self.before, self.after, *self.tumors, *self.ablations, *self.vessels_before, *self.vessels_after,
                 *self.old_scars, *alone, *(spec for _, spec in self.structures))  # fmt: skip
        return tuple(split_spec(spec)[0] for spec in specs)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Both scans with what is drawn on them, each in its own frame.

    Parameters
    ----------
    before, after : Volume
    lesions : tuple of Lesion
        Tumors as drawn on the scan before.
    ablations, old_scars : tuple of Mask
        On the scan after.
    organ_before, organ_after : Mask, optional
    vessels_before, vessels_after, structures : tuple of (name, Mask)
        `structures` are drawn on the scan after.
    inputs, warnings : tuple
        What came in, and what had to be assumed of it.
    frame_uids : (str, str), optional
        Frames of reference of the scan after and the scan before, where both came as DICOM.
    outline_error_mm : float, optional
        What the masks themselves tell of the error of their outlines.
    days : ScanDays

    Raises
    ------
    EmptyMask, ImplausibleMask
    FieldsApart
        A mask does not meet the image that it is drawn on.
    """

    before: Volume
    after: Volume
    lesions: tuple[Lesion, ...]
    ablations: tuple[Mask, ...]
    organ_before: Mask | None = None
    organ_after: Mask | None = None
    vessels_before: tuple[tuple[str, Mask], ...] = ()
    vessels_after: tuple[tuple[str, Mask], ...] = ()
    structures: tuple[tuple[str, Mask], ...] = ()
    old_scars: tuple[Mask, ...] = ()
    inputs: tuple[Input, ...] = ()
    warnings: tuple[str, ...] = ()
    frame_uids: tuple[str, str] | None = None
    outline_error_mm: float | None = None
    days: ScanDays = UNDATED

    def __post_init__(self) -> None:
        for lesion in self.lesions:
            check_tumor(lesion.mask, self.organ_before)
        check_zones((), self.organ_before)
        check_zones(self.ablations, self.organ_after)
        for one in self.inputs:
            image, name = (self.before, IMAGE_BEFORE) if one.role in BEFORE_SIDE else (self.after, IMAGE_AFTER)
            if (gap := gap_mm(one.grid, image.grid)) > 0.0:
                raise FieldsApart(
                    f"The {one.role} mask and the {name} lie {gap:.0f} mm apart and do not meet; give the image that "
                    "it was drawn on."
                )

    @property
    def zone(self) -> Mask:
        """All zones together, on the grid of the first; empty on the grid of the scan after where there is none."""
        return united(self.ablations, self.after.grid)

    def scans(self, lesion: Lesion) -> tuple[Scan, Scan]:
        """Return the scan before with one tumor, and the scan after with all zones, as a registration looks at them."""
        zone = self.zone
        return (
            Scan(reduced(self.before, self.organ_before), self.organ_before, lesion.mask),
            Scan(reduced(self.after, self.organ_after), self.organ_after, None if zone.box() is None else zone),
        )


def united(masks: Sequence[Mask], grid: Grid) -> Mask:
    """Return several masks as one on the grid of the first; without any an empty one on `grid`."""
    if not masks:
        return Mask(np.zeros(grid.shape_kji, dtype=bool), grid, "ablation")
    if len(masks) == 1:
        return masks[0]
    places = np.concatenate([mask.grid.to_lps(np.argwhere(mask.inside)) for mask in masks])
    if not len(places):
        return masks[0]
    start, shape = masks[0].grid.box_around(places, reach_mm=2.0)
    window = masks[0].grid.window(start, shape)
    nodes = window.centers_lps_mm()
    inside = np.any([mask.holds(nodes) for mask in masks], axis=0).reshape(shape)
    return Mask(inside, window, masks[0].of)


def read_pair(request: PairRequest, *, simulated: Container[str] = ()) -> Pair:
    """Read all files of a request; `simulated` are the roles of those that never were of a patient.

    Raises
    ------
    InputError
        A file cannot be used, a mask has the voxels of the other scan, the scans may be of two patients or the wrong
        way around, or a mask cannot be one.
    """
    read = Reading([split_spec(request.before)[0], split_spec(request.after)[0]], simulated)
    before = read.image(request.before, says=IMAGE_BEFORE, side="before")
    after = read.image(request.after, says=IMAGE_AFTER, side="after")
    if "before" in request.mr:
        before = replace(before, unit=MR)
    if "after" in request.mr:
        after = replace(after, unit=MR)
    uids = tuple(origin.frame_uid for origin in (*read.after, *read.before) if origin.frame_uid)
    tumors = [one for spec in request.tumors for one in read.masks(spec, "tumor", says="tumor", side="before")]
    zones = [one for spec in request.ablations for one in read.masks(spec, "ablation", says="ablation", side="after")]
    organs = _organ(read, request.organ_before, "before"), _organ(read, request.organ_after, "after")
    vessels = (
        tuple(_vessels(read, request.vessels_before, "before")),
        tuple(_vessels(read, request.vessels_after, "after")),
    )
    structures = [(name, one.mask) for name, spec in request.structures
                  for one in read.masks(spec, "structure", says=name, side="after")]  # fmt: skip
    scars = [one.mask for spec in request.old_scars for one in read.masks(spec, "ablation", says="old scar")]
    outline_error_mm, told = outline_error({"tumor": tumors, "ablation": zones})
    read.warnings.extend(told)
    read.check_pair(confirmed=request.pair_confirmed, registered=True)
    _check_voxels(read, before.grid, after.grid, confirmed=request.pair_confirmed)
    for doubt in _doubts_of_values(before, after):
        if not request.pair_confirmed:
            raise PairInDoubt(f"{doubt}; {CONFIRM}.")
        read.warnings.append(f"{doubt}; it was confirmed.")
    return Pair(
        before, after, numbered(tumors), tuple(one.mask for one in zones), *organs, *vessels, tuple(structures),
        tuple(scars), tuple(read.inputs), tuple(read.warnings), (uids[0], uids[1]) if len(uids) == 2 else None,
        outline_error_mm, read.days,
    )  # fmt: skip


def _doubts_of_values(before: Volume, after: Volume) -> Iterator[str]:
    """Ask what the values of the scans give reason to ask."""
    for side, image in (("before", before), ("after", after)):
        # Air and fat are below 0 HU, and no trunk is without them; MR and pictures of a CT hold nothing below.
        if image.unit == "HU" and 0 <= image.voxels.min() < image.voxels.max():
            yield f"The scan {side} ablation holds no value below 0: is it a CT in HU (for MR give --mr {side})"
    if _same_image(before, after):
        yield (
            "The scan before and the scan after are the same image (what is drawn on one scan is measured by `isotherm "
            f"margin`): {TWO_ASKED}"
        )


def _same_image(one: Volume, other: Volume) -> bool:
    """Return whether two images hold the same voxels but for rounding, an offset or a header that was moved.

    Two scans of one patient never do: even one that lies still has noise of its own in each.
    """
    if one.voxels.shape != other.voxels.shape:
        return False
    step = max(1, one.voxels.size // MOST_COMPARED)
    pair = [side.voxels.ravel()[::step].astype(np.float64) for side in (one, other)]
    if one.unit == other.unit == "HU":
        pair = [np.clip(values, AIR_HU, BRIGHT_HU) for values in pair]  # air and bone would outweigh the noise
    if not (pair[0].std() > 0 and pair[1].std() > 0):
        return False  # nothing is seen in one of them, which the registration says
    return float(np.corrcoef(pair[0], pair[1])[0, 1]) > SAME_VALUES


def _check_voxels(read: Reading, before: Grid, after: Grid, *, confirmed: bool) -> None:
    """Ask about masks that carry the voxels of the other scan; refuse those that carry their own in another size.

    Raises
    ------
    BadGeometry
        A scan is in cm.
    ImplausibleMask, PairInDoubt
    """
    if min(*before.spacing_kji_mm, *after.spacing_kji_mm) < LEAST_VOXEL_MM:
        raise BadGeometry(
            f"A scan with voxels below {LEAST_VOXEL_MM:g} mm came, as no scanner of patients makes them; if its "
            "header is in cm, write it anew in mm."
        )
    for one in read.inputs:
        if one.volume_ml is None:
            continue
        own, other = (before, after) if one.role in BEFORE_SIDE else (after, before)
        sizes = np.divide(sorted(one.grid.spacing_kji_mm), sorted(own.spacing_kji_mm))
        if one.grid.shape_kji == own.shape_kji and np.abs(sizes - 1.0).max() > SAME_SIZE:
            raise ImplausibleMask(
                f"The {one.role} mask has as many voxels as its scan, of another size (mm beside cm?); write it anew "
                "with the geometry of the scan that it was drawn on."
            )
        if one.grid.same_as(other, tolerance_mm=SAME_PLACE_MM) and not one.grid.same_as(
            own, tolerance_mm=SAME_PLACE_MM
        ):
            sides = ("before", "after") if one.role in BEFORE_SIDE else ("after", "before")
            doubt = f"The {one.role} mask has the voxels of the scan {sides[1]} ablation, not of the one {sides[0]}"
            if not confirmed:
                raise PairInDoubt(f"{doubt}: was it drawn on the scan {sides[0]}; {CONFIRM}.")
            read.warnings.append(f"{doubt}; it was confirmed that it was drawn on the scan {sides[0]}.")


def _organ(read: Reading, spec: str | None, side: Side) -> Mask | None:
    return None if spec is None else read.masks(spec, "organ", says=f"organ {side} ablation", side=side)[0].mask


def _vessels(read: Reading, specs: Sequence[str], side: Side) -> Iterator[tuple[str, Mask]]:
    for spec in specs:
        for one in read.masks(spec, "vessel", says=f"vessels {side} ablation", side=side):
            yield one.name or "vessel", one.mask
