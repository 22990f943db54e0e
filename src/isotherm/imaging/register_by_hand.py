"""Corrections by hand: landmarks make or mend a registration, and a nudge turns and shifts it about the lesion.

What a person adds is judged like anything else: the gates look at the corrected deformation, and the landmarks, which
it was fitted to, say nothing of it but by what each of them is missed by when the others alone had made the correction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from isotherm.errors import BadLandmarks, BadSetting
from isotherm.imaging.geometry import Float
from isotherm.imaging.landmark_field import LandmarkField, fit_field
from isotherm.imaging.landmarks import Landmarks
from isotherm.imaging.register import REACH_MM, Registration
from isotherm.imaging.register_gates import LIMITS, Gate, Verdict
from isotherm.imaging.register_local import cube_around
from isotherm.imaging.register_spline import VOXEL_MM
from isotherm.imaging.register_tumor import best_rigid, points_in, with_kept_volume
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.transform_chain import Linear, joined, sampled
from isotherm.imaging.volume import Mask

LEAST_RIGID, LEAST_SMOOTH = 3, 4
"""Pairs from which a rotation is taken, and from which what it leaves is spread smoothly; fewer only shift."""

LEAST_WIDTH_MM, LEAST_LEFT_MM = 10.0, 2.5
"""Landmarks that spread less than the first across their longest line fix no rotation (standard deviation); where one
of them is left out, the others turn as well, if they fix anything."""

LEAST_FOR_ERROR, LEAST_NEAR, NEAR_MM = 6, 3, 60.0
"""The error is estimated from at least so many landmarks, with at least the second number within this of the lesion."""

AROUND_MM = 15.0
"""How far from the lesion's center its error is looked at."""

FARTHEST_NUDGE_MM, LARGEST_TURN_DEGREES = 200.0, 45.0
"""A nudge beyond these is a slip of the hand."""


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """A transform that landmarks made or mended, and how far it can be trusted at them.

    Parameters
    ----------
    transform : Transform
        Its error is estimated where the landmarks are enough and near the lesion, else unknown: never the earlier one.
    names : tuple of str
    earlier_mm : array, shape (n,), or None
        By how much each landmark was missed without the correction; None where there was no registration.
    residual_mm : array, shape (n,)
        By how much each is missed now. It was fitted to them: no measure of its error.
    left_out_mm : array, shape (n,), or None
        By how much each is missed when the correction is made of all others; None where they are too few.
    """

    transform: Transform
    names: tuple[str, ...]
    earlier_mm: Float | None
    residual_mm: Float
    left_out_mm: Float | None

    @property
    def helps(self) -> bool | None:
        """Whether landmarks that were left out lie better with the correction than without; None: nobody knows."""
        if self.earlier_mm is None or self.left_out_mm is None:
            return None
        return bool(self.left_out_mm.mean() < self.earlier_mm.mean())

    @property
    def gate(self) -> Gate:
        """The gate of the landmarks, by those left out: what replaces the one by the fitted landmarks."""
        if self.left_out_mm is None:
            return Gate("landmarks", None, "warn", "too few landmarks to leave one out")
        figure, limit = float(self.left_out_mm.mean()), LIMITS["landmarks"]
        verdict: Verdict = "fail" if figure > limit.fail else "warn" if figure > limit.warn else "pass"
        return Gate("landmarks", figure, verdict, "each landmark left out in turn")


def from_landmarks(landmarks: Landmarks, *, lesion_lps_mm: Float | None = None) -> Corrected:
    """Return the rigid transform of landmarks alone.

    Parameters
    ----------
    landmarks : Landmarks
        At least three that do not lie on a line.
    lesion_lps_mm : array, shape (3,), optional
        On the scan after; without it the error stays unknown.

    Raises
    ------
    BadLandmarks
        Too few, or on a line.
    """
    if not _wide(landmarks.after_lps_mm):
        raise BadLandmarks(
            f"{len(landmarks)} landmarks that fix no rotation came; give at least three that do not lie on a line."
        )
    found = with_landmarks(Transform(), landmarks, lesion_lps_mm, smooth=False)
    # Left out of three, two others fix no rotation, and a shift alone is no measure of it.
    left_out = found.left_out_mm if len(landmarks) > LEAST_RIGID else None
    return replace(found, earlier_mm=None, left_out_mm=left_out)


def with_landmarks(
    transform: Transform, landmarks: Landmarks, lesion_lps_mm: Float | None, *, smooth: bool = True
) -> Corrected:
    """Return a registration that landmarks have mended.

    One or two pairs shift it, three turn it as well. From four on, what is left at each is spread smoothly: see
    `landmark_field`.

    Parameters
    ----------
    transform : Transform
    landmarks : Landmarks
    lesion_lps_mm : array, shape (3,), or None
        On the scan after: where a rigid transform gets the nodes of its displacement, and the error is estimated.
    smooth : bool
        False: turn and shift only.
    """
    correction = _correction(transform, landmarks, smooth=smooth)
    whole = _mended(transform, correction, lesion_lps_mm if lesion_lps_mm is not None else landmarks.after_lps_mm[0])
    left_out: Float | None = None
    if len(landmarks) > 1:
        places, aims = landmarks.after_lps_mm[:, None], landmarks.before_lps_mm
        width = LEAST_LEFT_MM if _wide(landmarks.after_lps_mm) else LEAST_WIDTH_MM
        others = [
            _correction(transform, landmarks.without(n), smooth=smooth, least_mm=width) for n in range(len(landmarks))
        ]
        gaps = [one.points(transform, places[n])[0] - aims[n] for n, one in enumerate(others)]
        left_out = _lengths(np.array(gaps, dtype=np.float64))
    error = None if lesion_lps_mm is None else _error_mm(transform, correction, landmarks, lesion_lps_mm, smooth=smooth)
    return Corrected(whole.with_error(error), landmarks.names, _misses(transform, landmarks),
                     _misses(whole, landmarks), left_out)  # fmt: skip


def mended(registration: Registration, landmarks: Landmarks, tumor: Mask) -> tuple[Registration, Corrected]:
    """Return a registration mended by landmarks, and what they say of its deformation.

    The rigid motion is turned and shifted only; the tumor of the deformable one keeps its volume as before.

    Raises
    ------
    EmptyMask
        There is no tumor.
    NotConverged
        The mended deformation is too steep at the tumor.
    """
    lesion = registration.lesion_lps_mm
    free = with_landmarks(registration.free, landmarks, lesion)
    rigid = with_landmarks(registration.rigid, landmarks, lesion, smooth=False)
    used = with_kept_volume(free.transform, tumor)
    here = used.back(points_in(tumor))
    if (error := free.transform.error_mm) is not None:
        held = _lengths(used.points(here) - free.transform.points(here)).mean()  # by what the tumor was kept from
        used = used.with_error(math.hypot(error, float(held)))
    whole = replace(registration, rigid=rigid.transform, free=free.transform, deformable=used,
                    lesion_lps_mm=here.mean(axis=0))  # fmt: skip
    return whole, replace(free, transform=used, residual_mm=_misses(used, landmarks))


def nudged(
    transform: Transform, about_lps_mm: npt.ArrayLike, *, shift_lps_mm: npt.ArrayLike = (0.0, 0.0, 0.0),
    turn_lps_degrees: npt.ArrayLike = (0.0, 0.0, 0.0),
) -> Transform:  # fmt: skip
    """Turn and shift what is carried onto the scan after; its error is unknown afterwards.

    Parameters
    ----------
    transform : Transform
    about_lps_mm : array, shape (3,)
        Center of the turn, on the scan after: the lesion.
    shift_lps_mm : array, shape (3,)
        How far the tumor and the scan before move on the scan after: left, posterior, superior.
    turn_lps_degrees : array, shape (3,)
        About the axis to the left, then the one to the back, then the one to the head; positive as a right-hand screw.

    Raises
    ------
    BadSetting
        Not finite, or beyond 200 mm or 45 degrees.
    """
    about, shift, turn = (np.asarray(a, dtype=np.float64) for a in (about_lps_mm, shift_lps_mm, turn_lps_degrees))
    if not all(a.shape == (3,) and np.isfinite(a).all() for a in (about, shift, turn)) or (
        np.linalg.norm(shift) > FARTHEST_NUDGE_MM or np.abs(turn).max() > LARGEST_TURN_DEGREES
    ):
        raise BadSetting(
            f"A nudge that is none came; give three numbers each, at most {FARTHEST_NUDGE_MM:g} mm and "
            f"{LARGEST_TURN_DEGREES:g} degrees."
        )
    rotation = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    back = Linear(rotation.T, about - rotation.T @ (about + shift), about)
    field = [] if transform.displacement is None else [transform.displacement]
    return joined([back, *field, Linear(transform.rotation, transform.translation_mm)])


def nudged_registration(
    registration: Registration, *, shift_lps_mm: npt.ArrayLike = (0.0, 0.0, 0.0),
    turn_lps_degrees: npt.ArrayLike = (0.0, 0.0, 0.0),
) -> Registration:  # fmt: skip
    """Nudge all of a registration but the organ's motion, about its lesion, which moves along; see `nudged`."""
    lesion = registration.lesion_lps_mm

    def moved(transform: Transform) -> Transform:
        return nudged(transform, lesion, shift_lps_mm=shift_lps_mm, turn_lps_degrees=turn_lps_degrees)

    return replace(
        registration, rigid=moved(registration.rigid), free=moved(registration.free),
        deformable=moved(registration.deformable), lesion_lps_mm=lesion + np.asarray(shift_lps_mm, dtype=np.float64),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Correction:
    """x -> motion(transform(x)), with a field added before the transform's own rotation."""

    motion: Transform
    field: LandmarkField | None

    def points(self, transform: Transform, points_lps_mm: Float) -> Float:
        moved = transform.points(points_lps_mm)
        if self.field is not None:
            moved = moved + self.field.at(points_lps_mm) @ transform.rotation.T
        return self.motion.points(moved)


def _correction(
    transform: Transform, landmarks: Landmarks, *, smooth: bool, least_mm: float = LEAST_WIDTH_MM
) -> _Correction:
    here, there = transform.points(landmarks.after_lps_mm), landmarks.before_lps_mm
    if not _wide(landmarks.after_lps_mm, least_mm):
        return _Correction(Transform(translation_mm=(there - here).mean(axis=0)), None)
    motion = best_rigid(here, there)
    if len(landmarks) < LEAST_SMOOTH or not smooth:
        return _Correction(motion, None)
    return _Correction(motion, fit_field(landmarks.after_lps_mm, (motion.back(there) - here) @ transform.rotation))


def _mended(transform: Transform, correction: _Correction, lesion_lps_mm: Float) -> Transform:
    rotation = correction.motion.rotation @ transform.rotation
    shift = correction.motion.points(transform.translation_mm[None])[0]
    sway = transform.displacement
    if correction.field is None:
        return Transform(rotation, shift, sway)
    nodes = cube_around(lesion_lps_mm, REACH_MM, VOXEL_MM) if sway is None else sway.grid
    add = sampled(correction.field.at, nodes).vectors_lps_mm
    return Transform(rotation, shift, Displacement(add if sway is None else sway.vectors_lps_mm + add, nodes))


def _wide(points: Float, least_mm: float = LEAST_WIDTH_MM) -> bool:
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) / math.sqrt(len(points))
    return len(points) >= LEAST_RIGID and bool(spread[1] >= least_mm)


def _misses(transform: Transform, landmarks: Landmarks) -> Float:
    return _lengths(transform.points(landmarks.after_lps_mm) - landmarks.before_lps_mm)


def _lengths(vectors: Float) -> Float:
    return np.asarray(np.sqrt(np.einsum("na,na->n", vectors, vectors)), dtype=np.float64)


def _error_mm(
    transform: Transform, correction: _Correction, landmarks: Landmarks, lesion_lps_mm: Float, *, smooth: bool
) -> float | None:
    """Return the mean error to be expected near the lesion, None where the landmarks are too few or too far away."""
    places = landmarks.after_lps_mm
    near = np.linalg.norm(places - lesion_lps_mm, axis=1) <= NEAR_MM
    if len(landmarks) < LEAST_FOR_ERROR or near.sum() < LEAST_NEAR or not _wide(places):
        return None
    field = correction.field or _correction(transform, landmarks, smooth=True).field
    assert field is not None  # of landmarks that fix a rotation
    around = lesion_lps_mm + AROUND_MM * np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)])
    return field.error_mm(around, rigid_only=not smooth)
