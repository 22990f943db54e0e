"""Registering: one lesion of a pair carried onto the scan after, in the way that was chosen, and judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from isotherm.app.case import Lesion
from isotherm.app.pair import Pair
from isotherm.errors import BadSetting, EmptyMask, FieldsApart, NotConverged
from isotherm.imaging.landmarks import Landmarks
from isotherm.imaging.register import NEAR_MM, register, way_back
from isotherm.imaging.register_gates import LIMITS, Drawn, Gate, Quality, judge
from isotherm.imaging.register_tumor import best_rigid, points_in
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.transform import Transform

Method = Literal["deformable", "rigid", "given"]

LEAST_NODES = 50
"""Places of a displacement field near a lesion without which it says nothing of it."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """How to register.

    Parameters
    ----------
    method : {"deformable", "rigid", "given"}
        What the margin is measured with; "given" is a transform that came in.
    given : Transform, optional
    landmarks : Landmarks, optional
        The same places on both scans: a gate of their own.

    Raises
    ------
    BadSetting
    """

    method: Method = "deformable"
    given: Transform | None = None
    landmarks: Landmarks | None = None

    def __post_init__(self) -> None:
        if (self.method == "given") != (self.given is not None):
            raise BadSetting("A transform came beside --method, or neither did; give one of them.")


@dataclass(frozen=True, slots=True, eq=False)
class Registered:
    """How one lesion lies on the scan after.

    Parameters
    ----------
    lesion : Lesion
        As drawn on the scan before.
    method : {"deformable", "rigid", "given"}
    used : Transform
        What the margin is measured with.
    rigid : Transform
        The rigid motion near the lesion.
    deformable : Transform or None
        None where the transform that was given is rigid.
    quality : Quality
    outline : Region
        The tumor on the scan after; nothing of it is resampled.
    """

    lesion: Lesion
    method: Method
    used: Transform
    rigid: Transform
    deformable: Transform | None
    quality: Quality
    outline: Region


def register_lesion(pair: Pair, lesion: Lesion, choice: Choice, *, progress: Progress = lambda _: None) -> Registered:
    """Carry one lesion onto the scan after, and judge how.

    Raises
    ------
    NotConverged
        The scans do not meet, or too little looks alike around the lesion.
    """
    marks = choice.landmarks
    drawn = Drawn(lesion.mask, pair.zone, pair.organ_before, pair.organ_after)
    if marks is not None:
        drawn = replace(drawn, landmarks_after_lps_mm=marks.after_lps_mm, landmarks_before_lps_mm=marks.before_lps_mm)
    if choice.given is not None:
        progress("judging the transform")
        rigid = rigid_near(choice.given, lesion)
        quality = judge(choice.given, choice.given, rigid, drawn)
        return _registered(
            lesion, "given", choice.given, rigid, None if choice.given.is_rigid else choice.given, quality
        )
    progress("registering")
    before, after = pair.scans(lesion)
    found = register(before, after)
    if choice.method == "rigid":
        # The gates on shift and margin compare both ways, whichever of them is used.
        quality = judge(found.rigid, found.rigid, found.deformable, drawn)
        return _registered(lesion, "rigid", found.rigid, found.rigid, found.deformable, quality)
    progress("registering the other way round")
    back = way_back(before, after, found)
    progress("judging the registration")
    quality = judge(found.free, found.deformable, found.rigid, drawn, back=back)
    return _registered(lesion, "deformable", found.deformable, found.rigid, found.deformable, quality)


def _registered(
    lesion: Lesion, method: Method, used: Transform, rigid: Transform, deformable: Transform | None, quality: Quality
) -> Registered:
    tumor = Region.of_field(field_of(lesion.mask.cropped()))
    try:
        outline = used.region(tumor)
    except NotConverged:
        # What is shown of a tumor that cannot be followed is its rigid place; no margin is told of it.
        steep = Gate("folding", None, "fail", "the deformation is too steep at the tumor to be followed")
        kept = [gate for gate in quality.gates if gate.name != "folding"]
        order = list(LIMITS)
        quality = Quality(tuple(sorted([*kept, steep], key=lambda gate: order.index(gate.name))))
        outline = rigid.region(tumor)
    return Registered(lesion, method, used, rigid, deformable, quality, outline)


def rigid_near(transform: Transform, lesion: Lesion) -> Transform:
    """Return the rigid motion that is nearest to a transform around a lesion; nothing has to be carried back.

    Raises
    ------
    FieldsApart
        The displacements that were given do not reach the lesion.
    """
    if transform.displacement is None:
        return transform
    nodes = transform.displacement.grid.centers_lps_mm()
    there = transform.points(nodes)
    near = np.linalg.norm(there - points_in(lesion.mask).mean(axis=0), axis=1) <= NEAR_MM
    if near.sum() < LEAST_NODES:
        raise FieldsApart("The displacements that were given do not reach the tumor; give a field around it.")
    return best_rigid(nodes[near], there[near])


def register_pair(pair: Pair, choice: Choice, *, progress: Progress = lambda _: None) -> tuple[Registered, ...]:
    """Register every lesion of a pair by its own surroundings.

    Raises
    ------
    EmptyMask
        No tumor was drawn: nothing says where the registration has to be right.
    NotConverged
    """
    if not pair.lesions:
        raise EmptyMask("No tumor came; draw it on the scan before: the registration is made for it.")
    many = len(pair.lesions) > 1

    def register_one(number: int, lesion: Lesion) -> Registered:
        where = f" lesion {lesion.label} ({number} of {len(pair.lesions)})" if many else ""
        return register_lesion(pair, lesion, choice, progress=lambda doing: progress(doing + where))

    return tuple(register_one(number, lesion) for number, lesion in enumerate(pair.lesions, start=1))
