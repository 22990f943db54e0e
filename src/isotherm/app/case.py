"""Case: what one measurement of margins is asked about, read from files and checked before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np

from isotherm.app.reading import UNDATED, Input, Reading, ScanDays
from isotherm.app.settings import UNTOLD, Facts
from isotherm.errors import BadSetting, EmptyMask, FieldsApart, ImplausibleMask
from isotherm.exchange.image_files import ReadMask
from isotherm.exchange.segments import split_spec
from isotherm.imaging.surface import Region
from isotherm.imaging.uncertainty import OUTLINE_ERROR_MM
from isotherm.imaging.volume import Grid, Mask, Volume

APART_MM = 200.0
"""Masks without an image whose grids are farther apart than this are not of one examination."""

IMAGE_BEFORE, IMAGE_AFTER = "image before ablation", "image after ablation"


@dataclass(frozen=True, slots=True)
class Request:
    """Which files a case is made of, as typed: FILE or FILE:LABEL; whether a person said that they belong together."""

    tumors: tuple[str, ...]
    ablations: tuple[str, ...]
    organ: str | None = None
    vessels: tuple[str, ...] = ()
    structures: tuple[tuple[str, str], ...] = ()
    old_scars: tuple[str, ...] = ()
    image: str | None = None
    image_before: str | None = None
    pair_confirmed: bool = False

    @property
    def specs(self) -> tuple[str, ...]:
        """Everything that was named, as typed."""
        alone = (self.organ, self.image, self.image_before)
        return (*self.tumors, *self.ablations, *self.vessels, *self.old_scars, *(spec for _, spec in self.structures),
                *(spec for spec in alone if spec is not None))  # fmt: skip

    @property
    def files(self) -> tuple[str, ...]:
        """The files of `specs`, without labels."""
        return tuple(split_spec(spec)[0] for spec in self.specs)


@dataclass(frozen=True, slots=True, eq=False)
class Lesion:
    """One tumor to be measured.

    Parameters
    ----------
    label, name : str
        Label in the results, and the name in its file if it has one.
    mask : Mask
        In the frame of the zones.
    outline : Region, optional
        The tumor's outline where a registration carried it; without it, that of the mask.
    registration_error_mm : float, optional
        As the registration of this lesion estimates it.
    withheld : str
        Why no margin of this lesion may be told; "" where it may.
    tracking_uid : str
        What it is called in DICOM through all scans; "" where only this examination is known.
    """

    label: str
    name: str | None
    mask: Mask
    outline: Region | None = None
    registration_error_mm: float | None = None
    withheld: str = ""
    tracking_uid: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Everything that was read, checked to be of one place in one patient.

    Raises
    ------
    FieldsApart, EmptyMask, ImplausibleMask
    """

    lesions: tuple[Lesion, ...]
    ablations: tuple[Mask, ...]
    organ: Mask | None = None
    vessels: tuple[tuple[str, Mask], ...] = ()
    structures: tuple[tuple[str, Mask], ...] = ()
    old_scars: tuple[Mask, ...] = ()
    image: Volume | None = None
    image_before: Volume | None = None
    inputs: tuple[Input, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: Facts = UNTOLD
    outline_error_mm: float | None = None
    days: ScanDays = UNDATED

    def __post_init__(self) -> None:
        if not self.lesions:
            raise EmptyMask("No tumor came; give at least one with --tumor.")
        if not self.ablations:
            raise EmptyMask("No ablation zone came; give one with --ablation, an empty mask where nothing was ablated.")
        names = [name for name, _ in self.structures]
        if len(set(names)) < len(names):
            raise BadSetting("Two structures have the same name; give each --structure a name of its own.")
        for lesion in self.lesions:
            check_tumor(lesion.mask, self.organ)
        check_zones(self.ablations, self.organ)
        self._in_one_place()

    def _in_one_place(self) -> None:
        # The whole grid of a file counts, not the part that a lesion was cut out of.
        masks = [(one.role, one.grid) for one in self.inputs if one.volume_ml is not None]
        if not masks:
            masks = [("tumor", lesion.mask.grid) for lesion in self.lesions]
            masks += [("ablation", mask.grid) for mask in self.ablations]
            masks += [] if self.organ is None else [("organ", self.organ.grid)]
        images = [(IMAGE_AFTER, self.image), (IMAGE_BEFORE, self.image_before)]
        for name, image in images:
            for role, grid in masks:
                if image is not None and (gap := gap_mm(grid, image.grid)) > 0.0:
                    raise FieldsApart(
                        f"The {role} mask and the {name} lie {gap:.0f} mm apart and do not meet; give images of one "
                        "examination in one frame, or register them first."
                    )
        if self.image is None and self.image_before is None:
            for role, grid in masks:
                if (gap := gap_mm(grid, masks[0][1])) > APART_MM:
                    raise FieldsApart(
                        f"The tumor mask and the {role} mask lie {gap:.0f} mm apart, more than {APART_MM:.0f} mm; give "
                        "masks in one frame, or register them first."
                    )

    @property
    def slice_mm(self) -> float:
        """The coarsest voxel edge among tumors and ablations, mm."""
        grids = [lesion.mask.grid for lesion in self.lesions] + [mask.grid for mask in self.ablations]
        return max(max(grid.spacing_kji_mm) for grid in grids)


def read_case(request: Request, *, facts: Facts, simulated: Container[str] = ()) -> Case:
    """Read all files of a request; `simulated` are the roles of those that never were of a patient."""
    images = [split_spec(spec)[0] for spec in (request.image, request.image_before) if spec is not None]
    read = Reading(images, simulated)
    tumors = [one for spec in request.tumors for one in read.masks(spec, "tumor", says="tumor", side="before")]
    zones = [one for spec in request.ablations for one in read.masks(spec, "ablation", says="ablation", side="after")]
    organs = () if request.organ is None else read.masks(request.organ, "organ", says="organ")
    vessels = [one for spec in request.vessels for one in read.masks(spec, "vessel", says="vessels")]
    structures = [
        (name, one.mask) for name, spec in request.structures for one in read.masks(spec, "structure", says=name)
    ]
    scars = [one.mask for spec in request.old_scars for one in read.masks(spec, "ablation", says="old scar")]
    image = None if request.image is None else read.image(request.image, says=IMAGE_AFTER, side="after")
    before = request.image_before
    image_before = None if before is None else read.image(before, says=IMAGE_BEFORE, side="before")
    outline_error_mm, told = outline_error({"tumor": tumors, "ablation": zones})
    read.warnings.extend(told)
    read.check_pair(confirmed=request.pair_confirmed)
    return Case(
        numbered(tumors),
        tuple(one.mask for one in zones),
        organs[0].mask if organs else None,
        tuple((one.name or "vessel", one.mask) for one in vessels),
        tuple(structures),
        tuple(scars),
        image,
        image_before,
        tuple(read.inputs),
        tuple(read.warnings),
        facts,
        outline_error_mm,
        read.days,
    )


def outline_error(masks: dict[str, list[ReadMask]]) -> tuple[float | None, list[str]]:
    """Return the sd of both outlines that the masks themselves tell, as one for both, and what was read where.

    The margin takes one number for tumor and zone and adds their variances: the root of their mean square is
    the same.
    An estimate of a program never counts for less than what is assumed of a drawn outline, and the largest one of
    several lesions or zones holds for all.
    """
    told: list[str] = []
    squares: list[float] = []
    for role, found in masks.items():
        said = max((one.outline_error_mm for one in found if one.outline_error_mm is not None), default=None)
        squares.append(max(OUTLINE_ERROR_MM, said or 0.0) ** 2)
        if said is not None:
            told.append(f"{role}: its file says that its outline has a standard deviation of {said:.2f} mm")
    return (math.sqrt(sum(squares) / len(squares)) if told else None), told


def numbered(tumors: Sequence[ReadMask]) -> tuple[Lesion, ...]:
    """Keep labels where they tell the lesions apart; number them in the order given where they do not."""
    labels = [one.label for one in tumors]
    if len(set(labels)) < len(labels) or (len(tumors) > 1 and any(not label for label in labels)):
        labels = [str(n) for n in range(1, len(tumors) + 1)]
    return tuple(Lesion(label or "1", one.name, one.mask) for label, one in zip(labels, tumors, strict=True))


def check_tumor(tumor: Mask, organ: Mask | None) -> None:
    """Refuse a tumor that cannot be one.

    Raises
    ------
    EmptyMask, ImplausibleMask
    """
    inside = tumor.inside
    if not inside.any():
        raise EmptyMask("A tumor mask has no voxel that is at least half inside; give a mask of the tumor.")
    if inside.all():
        raise ImplausibleMask("A tumor mask fills its whole image; give a mask in which the tumor is drawn.")
    if organ is not None and organ.voxels.any() and tumor.volume_ml >= organ.volume_ml:
        raise ImplausibleMask(
            "A tumor mask is as large as the organ, or larger than it; check that --tumor and --organ are not swapped."
        )


def check_zones(zones: Sequence[Mask], organ: Mask | None) -> None:
    """Refuse zones that cannot be any, and an organ without a voxel.

    Raises
    ------
    EmptyMask, ImplausibleMask
    """
    for zone in zones:
        if zone.inside.all():
            raise ImplausibleMask("An ablation mask fills its whole image; give a mask in which the zone is drawn.")
        if organ is not None and 0.0 < organ.volume_ml <= zone.volume_ml:
            raise ImplausibleMask(
                "An ablation mask is as large as the organ; check that --ablation and --organ are not swapped."
            )
    if organ is not None and not organ.voxels.any():
        raise EmptyMask("The organ mask is empty; give a mask of the organ, or leave --organ out.")


def gap_mm(one: Grid, other: Grid) -> float:
    """Return how far two boxes are apart along the axes of the patient, mm; 0 where they meet."""
    a, b = one.corners_lps_mm(), other.corners_lps_mm()
    apart = np.maximum(a.min(axis=0) - b.max(axis=0), b.min(axis=0) - a.max(axis=0))
    return float(np.linalg.norm(np.maximum(apart, 0.0)))
