"""Registering: one lesion of a pair carried onto the scan after, in the way that was chosen, and judged."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from isotherm.app.case import Lesion
from isotherm.app.pair import Pair
from isotherm.errors import BadSetting, EmptyMask, FieldsApart, NotConverged
from isotherm.imaging.landmark_checks import refuse_repeats
from isotherm.imaging.landmarks import Landmarks
from isotherm.imaging.register import NEAR_MM, Registration, register, way_back
from isotherm.imaging.register_by_hand import Corrected, from_landmarks, mended, nudged_registration
from isotherm.imaging.register_gates import Drawn, Gate, Quality, Verdict, judge
from isotherm.imaging.register_inside import gates_of_scans
from isotherm.imaging.register_masks import Scan
from isotherm.imaging.register_mr import modality_gate
from isotherm.imaging.register_tumor import best_rigid, points_in
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.transform import Transform

Method = Literal["deformable", "rigid", "given", "landmarks"]

Three = tuple[float, float, float]

STILL: Three = (0.0, 0.0, 0.0)

LEAST_NODES = 50
"""Places of a displacement field near a lesion without which it says nothing of it."""

LOOKS_AT_BOTH = {"organ_mean", "landmarks"}
"""Gates that compare the two scans, which those on the deformation alone do not."""

UNSEEN = (
    "nothing compared the two scans: give the organ on both (with its capsule near the lesion), or landmarks that the "
    "transform was not made of"
)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """How to register, and what a person corrects.

    Parameters
    ----------
    method : {"deformable", "rigid", "given", "landmarks"}
        What the margin is measured with: what is found here, a transform that came in, or landmarks alone.
    given : Transform, optional
    landmarks : Landmarks, optional
        The same places on both scans: a gate of their own, by each left out in turn where they are used otherwise.
    mend : bool
        Whether the landmarks mend what was found or given.
    shift_lps_mm, turn_lps_degrees : tuple of float
        A nudge of the tumor on the scan after, about itself.

    Raises
    ------
    BadSetting
    """

    method: Method = "deformable"
    given: Transform | None = None
    landmarks: Landmarks | None = None
    mend: bool = False
    shift_lps_mm: Three = STILL
    turn_lps_degrees: Three = STILL

    def __post_init__(self) -> None:
        if (self.method == "given") != (self.given is not None):
            raise BadSetting("A transform came beside --method, or neither did; give one of them.")
        if self.landmarks is None and (self.mend or self.method == "landmarks"):
            raise BadSetting("Landmarks were to be used and none came; give them with --landmarks.")
        if self.mend and self.method == "landmarks":
            raise BadSetting("Landmarks were to mend what is made of them alone; leave out --mend.")

    @property
    def nudged(self) -> bool:
        """Whether a person moved the tumor."""
        return (self.shift_lps_mm, self.turn_lps_degrees) != (STILL, STILL)


@dataclass(frozen=True, slots=True, eq=False)
class Registered:
    """How one lesion lies on the scan after.

    Parameters
    ----------
    lesion : Lesion
        As drawn on the scan before.
    method : {"deformable", "rigid", "given", "landmarks"}
    used : Transform
        What the margin is measured with.
    rigid : Transform
        The rigid motion near the lesion; `used` itself where that is rigid.
    deformable : Transform or None
        None where there is none beside `rigid`.
    quality : Quality
    outline : Region
        The tumor on the scan after; nothing of it is resampled.
    by_hand : str
        What a person corrected; "" for nothing.
    doubt : str
        Why it is in doubt whatever the gates say; "" for nothing.
    """

    lesion: Lesion
    method: Method
    used: Transform
    rigid: Transform
    deformable: Transform | None
    quality: Quality
    outline: Region
    by_hand: str = ""
    doubt: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the gates; with a doubt, at least a warning."""
        return "warn" if self.doubt and self.quality.verdict == "pass" else self.quality.verdict


def register_lesion(pair: Pair, lesion: Lesion, choice: Choice, *, progress: Progress = lambda _: None) -> Registered:
    """Carry one lesion onto the scan after, correct it as chosen, and judge how it lies.

    Raises
    ------
    NotConverged
        The scans do not meet, or too little looks alike around the lesion.
    BadLandmarks
        Landmarks were to be used that fix no rotation, or that only repeat the registration.
    """
    scans = pair.scans(lesion)
    found, marks = _found(scans, lesion, choice, progress)
    if choice.landmarks is not None and choice.method != "landmarks":
        places = choice.landmarks.after_lps_mm
        refuse_repeats(choice.landmarks, *(way.points(places) for way in (found.rigid, found.free, found.deformable)))
    back = None
    if choice.method == "deformable" and not (choice.mend or choice.nudged):
        progress("registering the other way round")
        back = way_back(*scans, found)
    by_hand: list[str] = []
    if choice.mend and choice.landmarks is not None:
        found, marks = mended(found, choice.landmarks, lesion.mask)
        by_hand.append(f"mended by {len(choice.landmarks)} landmarks")
    if choice.nudged:
        found = nudged_registration(found, shift_lps_mm=choice.shift_lps_mm, turn_lps_degrees=choice.turn_lps_degrees)
        turn = max(abs(degrees) for degrees in choice.turn_lps_degrees)
        by_hand.append(f"nudged by {math.hypot(*choice.shift_lps_mm):.1f} mm and up to {turn:.1f} degrees")
    progress("judging the registration")
    quality = _judged(pair, lesion, choice, found, back)
    if marks is not None and not choice.nudged:
        quality = quality.with_gate(marks.gate)
    if choice.method in ("deformable", "rigid"):
        quality = quality.with_gate(modality_gate(*scans))
    used = found.rigid if choice.method == "rigid" else found.deformable
    for gate in gates_of_scans(*scans, used, found.lesion_lps_mm):
        quality = quality.with_gate(gate)
    made = _registered(lesion, choice.method, used, found, quality, "; ".join(by_hand))
    seen = {gate.name for gate in quality.gates} & LOOKS_AT_BOTH
    return made if choice.method in ("deformable", "rigid") or seen else replace(made, doubt=UNSEEN)


def _found(
    scans: tuple[Scan, Scan], lesion: Lesion, choice: Choice, progress: Progress
) -> tuple[Registration, Corrected | None]:
    """Return the registration before any correction, and what the landmarks say where it is made of them."""
    if choice.given is not None:
        rigid = rigid_near(choice.given, lesion)
        center = rigid.back(points_in(lesion.mask)).mean(axis=0)
        return Registration(rigid, rigid, choice.given, choice.given, center), None
    if choice.method == "landmarks" and choice.landmarks is not None:
        alone = from_landmarks(choice.landmarks).transform
        center = alone.back(points_in(lesion.mask)).mean(axis=0)
        made = from_landmarks(choice.landmarks, lesion_lps_mm=center)
        return Registration(made.transform, made.transform, made.transform, made.transform, center), made
    progress("registering")
    return register(*scans), None


def _judged(pair: Pair, lesion: Lesion, choice: Choice, found: Registration, back: Transform | None) -> Quality:
    drawn = Drawn(lesion.mask, pair.zone, pair.organ_before, pair.organ_after)
    marks = choice.landmarks
    if marks is not None:
        drawn = replace(drawn, landmarks_after_lps_mm=marks.after_lps_mm, landmarks_before_lps_mm=marks.before_lps_mm)
    if choice.method == "rigid":
        # The gates on shift and margin compare both ways, whichever of them is used.
        return judge(found.rigid, found.rigid, found.deformable, drawn)
    return judge(found.free, found.deformable, found.rigid, drawn, back=back)


def _registered(
    lesion: Lesion, method: Method, used: Transform, found: Registration, quality: Quality, by_hand: str
) -> Registered:
    rigid = used if used.is_rigid else found.rigid
    deformable = None if found.deformable.is_rigid else found.deformable
    tumor = Region.of_field(field_of(lesion.mask.cropped()))
    try:
        outline = used.region(tumor)
    except NotConverged:
        # What is shown of a tumor that cannot be followed is its rigid place; no margin is told of it.
        steep = Gate("folding", None, "fail", "the deformation is too steep at the tumor to be followed")
        quality, outline = quality.with_gate(steep), rigid.region(tumor)
    return Registered(lesion, method, used, rigid, deformable, quality, outline, by_hand)


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
