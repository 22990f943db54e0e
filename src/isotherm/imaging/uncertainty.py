"""Uncertainty of the margin: what registration, outlines and voxels leave open, as a calibrated interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from isotherm.errors import BadSetting
from isotherm.imaging.geometry import Float
from isotherm.imaging.interval import Minimum, end_of
from isotherm.imaging.lookup import MarginAt
from isotherm.imaging.margin import CAPSULE_TOLERANCES_MM, Margin
from isotherm.imaging.organ import REACH_MM, Organ
from isotherm.imaging.surface import Region

PUBLISHED_REGISTRATION_ERROR_MM = 1.62
"""Mean target registration error of margin software, used where the case's own is not known.

Mean over studies; range 1.20 to 2.23 mm (review of ablation margin software 2022, PMID 35246412).
"""

MEAN_OF_UNIT_ERROR = 2.0 * math.sqrt(2.0 / math.pi)
"""Mean length of an error that is normal with sd 1 along each of three axes (Maxwell): 1.596."""

ROTATION_ERROR_DEGREES = 2.0
"""Assumed sd, per axis, of what registration leaves of a rotation about the lesion: 0.5 mm at 15 mm from its center."""

OUTLINE_ERROR_MM = 0.5
"""Assumed sd of each outline's place along its normal."""

OUTLINE_GLOBAL_SHARE = 0.5
"""Share of the outline's variance that moves the whole outline (window, contrast, habit); the rest varies in place."""

OUTLINE_LENGTH_MM = 10.0
"""Correlation length of the part that varies in place: exp(-d^2 / (2 length^2)) at a distance d."""

WAVES = 48
"""Waves that make up a smooth random field; its variance is exact, its correlation good to about 0.1."""

MOST_POINTS = 1500
"""Points of the tumor's surface that are followed, each the thinnest of its surroundings."""

NEAR_MM = 0.75
"""Points whose first-order margin is within this of a draw's minimum are computed in full."""

FAR_SD = 6.0
"""Points that would need errors of more sd than this to become the thinnest are left out."""

LEAST_SAMPLES = 100

Frame = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Errors:
    """What is known of the errors behind a margin.

    Parameters
    ----------
    registration_error_mm : float, optional
        Mean target registration error near the lesion. None: the published mean is assumed, and named as assumed.
    rotation_error_degrees : float
        Sd, per axis, of the rotation about the lesion that registration leaves.
    outline_error_mm : float
        Sd of the outlines of tumor and zone, each, along their normals.
    discretization_error_mm : float
        Root mean square error of the surfaces made from voxels, in the minimal margin, at this slice thickness.
    """

    registration_error_mm: float | None = None
    rotation_error_degrees: float = ROTATION_ERROR_DEGREES
    outline_error_mm: float = OUTLINE_ERROR_MM
    discretization_error_mm: float = 0.1

    def __post_init__(self) -> None:
        _check("A registration error", self.registration_error_mm, 20.0, "mm")
        _check("A rotation error", self.rotation_error_degrees, 20.0, "degrees")
        _check("An outline error", self.outline_error_mm, 5.0, "mm")
        _check("A discretization error", self.discretization_error_mm, 5.0, "mm")

    @property
    def registration_is_assumed(self) -> bool:
        """Whether the published mean stands in for a registration error that was not given."""
        return self.registration_error_mm is None

    @property
    def mean_registration_error_mm(self) -> float:
        """The mean target registration error in use."""
        given = self.registration_error_mm
        return PUBLISHED_REGISTRATION_ERROR_MM if given is None else given

    @property
    def shift_sd_mm(self) -> float:
        """Sd of the translation along each axis."""
        return self.mean_registration_error_mm / MEAN_OF_UNIT_ERROR


@dataclass(frozen=True, slots=True)
class Probability:
    """Confidence that the true minimal margin lies below a threshold."""

    below_0: float
    at_most_3: float
    below_5: float
    below_10: float


@dataclass(frozen=True, slots=True, eq=False)
class MarginInterval:
    """How sure a minimal margin is.

    Parameters
    ----------
    nominal_mm : float
        The minimal margin as measured.
    low_mm, high_mm : float
        Ends of the interval for the margin under true alignment and true outlines. It always holds the nominal value.
    level : float
        The share of such intervals that hold the truth.
    calibrated : bool
        Whether that share was confirmed on phantoms with known errors (docs/uncertainty.md). Not where the images end
        too near: then it is a robustness interval.
    probability : Probability
        From the same distribution as the interval: P(below low_mm) is (1 - level) / 2.
    draws_mm : array, shape (n,)
        Minimal margins when the errors are added once more. They lie lower than the truth, since any error lowers a
        minimum: they show how fragile the margin is, and are not its distribution.
    variance_shares : mapping
        Share of the draws' variance that goes when one source is left out: "translation", "rotation",
        "tumor outline", "zone outline", "discretization"; scaled to a sum of 1. Empty without any error.
    errors : Errors
        The inputs.
    of_assessable_part : bool
        The images end too near: nominal value and interval are those of the largest margin that is possible.
    """

    nominal_mm: float
    low_mm: float
    high_mm: float
    level: float
    calibrated: bool
    probability: Probability
    draws_mm: Float
    variance_shares: Mapping[str, float]
    errors: Errors
    of_assessable_part: bool

    def __post_init__(self) -> None:
        draws = self.draws_mm.view()
        draws.setflags(write=False)
        object.__setattr__(self, "draws_mm", draws)
        object.__setattr__(self, "variance_shares", MappingProxyType(dict(self.variance_shares)))

    @property
    def dominant_source(self) -> str | None:
        """The source of error that matters most, or None without any error."""
        return max(self.variance_shares, key=lambda name: self.variance_shares[name], default=None)


def margin_interval(
    tumor: Region,
    zone: Region,
    margin: Margin,
    *,
    organ: Organ | None,
    errors: Errors,
    samples: int = 1000,
    rng: np.random.Generator,
    organ_frame: Frame = "after",
    capsule_tolerance_mm: float = CAPSULE_TOLERANCES_MM[1],
    sliver_mm: float = 0.5,
    level: float = 0.9,
) -> MarginInterval | None:
    """Return how sure a minimal margin is, or None where nothing was ablated and there is no distance to speak of.

    Parameters
    ----------
    tumor, zone : Region
        As `margin` was measured with them.
    margin : Margin
    organ : Organ, optional
    errors : Errors
    samples : int
        Number of draws.
    rng : numpy.random.Generator
        The same state gives the same result.
    organ_frame : {"before", "after"}
        The scan on which the organ was drawn. "after": it stays with the zone, and the moved tumor is clipped to it.
        "before": it moves with the tumor, and near the capsule the zone follows it: a registration error across
        the capsule is seen as such, and is not tumor outside of the organ.
    capsule_tolerance_mm, sliver_mm : float
        As `margin` was measured with them.
    level : float
        Between 0.5 and 0.99.

    Raises
    ------
    BadSetting
    """
    if samples < LEAST_SAMPLES:
        raise BadSetting(f"{samples} samples came; {LEAST_SAMPLES} or more are wanted for an interval.")
    if not 0.5 <= level <= 0.99:
        raise BadSetting(f"A level of {level:g} came; give one from 0.5 to 0.99, such as 0.9.")
    if zone.empty:
        return None
    lesion = _Lesion.of(tumor, zone, margin, organ, organ_frame, capsule_tolerance_mm, sliver_mm, errors)
    draws = _Draws.of(lesion, errors, samples, rng)
    minimum = Minimum(lesion.margins_mm, draws.effects_mm, draws.errors_mm)
    confidence = minimum.confidence()
    nominal = margin.minimal_mm
    # The measured value stays inside of its own interval, however large its error is thought to be.
    low = min(end_of(confidence, 0.5 * (1.0 - level), minimum.observed_mm), nominal)
    high = max(end_of(confidence, 0.5 * (1.0 + level), minimum.observed_mm), nominal)
    return MarginInterval(
        nominal_mm=nominal,
        low_mm=low,
        high_mm=min(high, REACH_MM),
        level=level,
        calibrated=bool(margin.assessable.all()),
        probability=Probability(confidence(0.0), confidence(3.0), confidence(5.0), confidence(10.0)),
        draws_mm=draws.minimal_margins_mm(lesion),
        variance_shares=draws.variance_shares(lesion),
        errors=errors,
        of_assessable_part=not bool(margin.assessable.all()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Lesion:
    """Points of the tumor's surface that may become the thinnest one, with their margins at rest."""

    points_lps_mm: Float
    margins_mm: Float
    slope: Float
    foot_lps_mm: Float
    center_lps_mm: Float
    depth_mm: Float
    inward: Float
    margin_at: MarginAt
    organ_frame: Frame
    capsule_tolerance_mm: float

    @classmethod
    def of(
        cls, tumor: Region, zone: Region, margin: Margin, organ: Organ | None, organ_frame: Frame,
        capsule_tolerance_mm: float, sliver_mm: float, errors: Errors,
    ) -> _Lesion:  # fmt: skip
        margin_at = MarginAt(zone, margin.untreated.corners_lps_mm, organ, sliver_mm)
        points, margins = margin.points_lps_mm, margin.distances_mm
        center = np.average(points, axis=0, weights=margin.areas_mm2)
        if organ is not None and organ_frame == "after":
            # What the capsule has clipped away may come in when the tumor moves.
            corners = tumor.boundary.reshape(-1, 3)
            hidden = corners[organ.depth.at(corners) < 0.0]
            hidden = hidden[_thinned(hidden, np.zeros(len(hidden)))]
            on_face = margin_at.exactly(margin_at.onto_organ(hidden)).margin_mm
            points = np.concatenate([points, hidden])
            margins = np.concatenate([margins, np.maximum(on_face, margin.minimal_mm)])
        reach = float(np.linalg.norm(points - center, axis=1).max())
        sd = math.sqrt(
            errors.shift_sd_mm**2
            + (math.radians(errors.rotation_error_degrees) * reach) ** 2
            + 2.0 * errors.outline_error_mm**2
        )
        near = np.flatnonzero(margins <= margins.min() + 2.0 * FAR_SD * sd)
        kept = near[_thinned(points[near], margins[near])]
        points, margins = points[kept], margins[kept]
        at = margin_at.exactly(points)
        foot = np.where(np.isfinite(at.foot_lps_mm), at.foot_lps_mm, points)
        # Margins are reported up to the reach only; how far beyond it they go decides what errors can do.
        margins = np.where(margins >= REACH_MM, np.maximum(at.margin_mm, REACH_MM), margins)
        depth, inward = margin_at.below_capsule(points)
        return cls(points, margins, at.slope, foot, center, depth, inward, margin_at, organ_frame,
                   capsule_tolerance_mm)  # fmt: skip

    @property
    def pose_slopes(self) -> Float:
        """Change of each point's margin per mm along and per radian about each axis, shape (p, 6)."""
        return np.concatenate([self.slope, np.cross(self.points_lps_mm - self.center_lps_mm, self.slope)], axis=1)

    def moved(self, poses: Float, which_pose: npt.NDArray[np.intp], which_point: npt.NDArray[np.intp]) -> Float:
        """Return where points of the tumor come to lie under poses (mm, radians), as the zone sees them."""
        turns = Rotation.from_rotvec(poses[:, 3:]).as_matrix()[which_pose]
        start = self.points_lps_mm[which_point]
        arms = start - self.center_lps_mm
        end = (turns @ arms[:, :, None])[:, :, 0] + self.center_lps_mm + poses[which_pose, :3]
        organ = self.margin_at.organ
        if organ is None:
            return end
        # The capsule is flat over the few mm that a point moves; what it curves is mended below.
        depth, inward = self.depth_mm[which_point], self.inward[which_point]
        deeper = depth + ((end - start) * inward).sum(axis=1)
        if self.organ_frame == "before":
            # The organ moves along: a point keeps its depth in the layer under the capsule, and no point enters it.
            tolerance = self.capsule_tolerance_mm
            wanted = np.where(depth < tolerance, np.maximum(depth, 0.0), np.maximum(deeper, tolerance))
            return end + (wanted - deeper)[:, None] * inward
        end = end + np.maximum(-deeper, 0.0)[:, None] * inward
        return end + np.maximum(-organ.depth.at(end), 0.0)[:, None] * inward


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """Simulated errors: poses, outline and voxel errors, and what they do to each point to first order."""

    poses: Float
    effects_mm: Float
    kinds: tuple[str, ...]
    outline_mm: npt.NDArray[np.float32]
    errors_mm: npt.NDArray[np.float32]
    units: Float

    @classmethod
    def of(cls, lesion: _Lesion, errors: Errors, samples: int, rng: np.random.Generator) -> _Draws:
        sizes = np.repeat([errors.shift_sd_mm, math.radians(errors.rotation_error_degrees)], 3)
        pose = lesion.pose_slopes * sizes
        count = len(pose)
        outline, whole = errors.outline_error_mm, math.sqrt(OUTLINE_GLOBAL_SHARE)
        local = math.sqrt(1.0 - OUTLINE_GLOBAL_SHARE)
        one = np.ones((count, 1))
        tumor = np.concatenate([-whole * one, -local * _waves(lesion.points_lps_mm, rng)], axis=1) * outline
        zone = np.concatenate([whole * one, local * _waves(lesion.foot_lps_mm, rng)], axis=1) * outline
        effects = np.concatenate([pose, tumor, zone, errors.discretization_error_mm * one], axis=1)
        kinds = ("translation",) * 3 + ("rotation",) * 3
        kinds += ("tumor outline",) * tumor.shape[1] + ("zone outline",) * zone.shape[1] + ("discretization",)
        units = rng.standard_normal((samples, effects.shape[1]))
        effects32 = effects.astype(np.float32)
        rest = units[:, 6:].astype(np.float32) @ effects32[:, 6:].T
        both = np.add(rest, units[:, :6].astype(np.float32) @ effects32[:, :6].T, dtype=np.float32)
        return cls(units[:, :6] * sizes, effects, kinds, rest, both, units)

    def minimal_margins_mm(self, lesion: _Lesion) -> Float:
        """Return the minimal margin of each draw, shape (n,), with the tumor really moved and clipped."""
        first_order = self.errors_mm + lesion.margins_mm.astype(np.float32)
        near = first_order <= first_order.min(axis=1, keepdims=True) + np.float32(NEAR_MM)
        pose, point = np.nonzero(near)
        margins = lesion.margin_at.quickly(lesion.moved(self.poses, pose, point)) + self.outline_mm[pose, point]
        starts = np.searchsorted(pose, np.arange(len(self.poses)))
        return np.minimum(np.minimum.reduceat(margins, starts), REACH_MM)

    def variance_shares(self, lesion: _Lesion) -> dict[str, float]:
        """Return by how much of its variance the first-order minimum becomes calmer without each source."""
        margins = lesion.margins_mm.astype(np.float32)
        whole = float((self.errors_mm + margins).min(axis=1).var())
        names = list(dict.fromkeys(self.kinds))
        gains: dict[str, float] = {}
        for name in names:
            columns = np.array([kind == name for kind in self.kinds])
            part = self.units[:, columns].astype(np.float32) @ self.effects_mm[:, columns].astype(np.float32).T
            gains[name] = max(0.0, whole - float((self.errors_mm - part + margins).min(axis=1).var()))
        total = sum(gains.values())
        return {name: gain / total for name, gain in gains.items()} if total > 0 else {}


def _thinned(points_lps_mm: Float, margins_mm: Float) -> npt.NDArray[np.intp]:
    """Return the indices of the thinnest point of each cell of a lattice, at most about `MOST_POINTS`."""
    if len(points_lps_mm) <= MOST_POINTS:
        return np.arange(len(points_lps_mm))
    order = np.argsort(margins_mm, kind="stable")
    low = points_lps_mm.min(axis=0)
    size = 0.5
    while True:
        _, first = np.unique(((points_lps_mm[order] - low) / size).astype(np.int64), axis=0, return_index=True)
        if len(first) <= MOST_POINTS:
            return order[np.sort(first)]
        size *= max(1.05, math.sqrt(len(first) / MOST_POINTS))


def _waves(points_lps_mm: Float, rng: np.random.Generator) -> Float:
    """Return waves, shape (p, 2 * WAVES), whose normal mixture is a smooth random field of unit variance.

    References
    ----------
    .. [1] Rahimi A, Recht B. Random features for large-scale kernel machines. NIPS 2007.
    """
    phase = points_lps_mm @ (rng.standard_normal((3, WAVES)) / OUTLINE_LENGTH_MM)
    return np.concatenate([np.cos(phase), np.sin(phase)], axis=1) / math.sqrt(WAVES)


def _check(what: str, value: float | None, most: float, unit: str) -> None:
    if value is not None and not 0.0 <= value <= most:
        raise BadSetting(f"{what} of {value:g} {unit} came; give one from 0 to {most:g} {unit}.")
