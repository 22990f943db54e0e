"""Margin at any place: what a point of the tumor would measure if it lay there, with the direction that helps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from isotherm.imaging.geometry import Float, closest_on_triangles
from isotherm.imaging.organ import REACH_MM, Organ
from isotherm.imaging.surface import Region

STEP_MM = 2.0
"""Distance between nodes of the lookup; with directions at the nodes the error is below 0.02 mm on smooth zones."""

CLOSE_MM = 0.05
"""Nearer to the zone's surface than this, the direction to its foot is rounding noise: the zone's own slope is used."""

TORN_MM = 0.6
"""Where the tangent planes at a cell's corners disagree by more in its middle, the cell is not interpolated."""

SLOPE_STEP_MM = 0.5
"""Step over which the zone's slope is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """Triangles that know the nearest place on them quickly: to about 0.01 mm where they are as small as voxels."""

    corners_lps_mm: Float
    _tree: cKDTree | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        if len(self.corners_lps_mm):
            centers = self.corners_lps_mm.mean(axis=1)
            object.__setattr__(self, "_tree", cKDTree(centers, balanced_tree=False, compact_nodes=False))

    def nearest(self, points_lps_mm: Float) -> Float:
        """Return the nearest place, shape (n, 3); infinitely far away where there are no triangles."""
        if self._tree is None:
            return np.full((len(points_lps_mm), 3), np.inf)
        _, which = self._tree.query(points_lps_mm)
        return closest_on_triangles(points_lps_mm, self.corners_lps_mm[which])


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """The margin at places, shape (n,), its change per mm of motion, and the place that limits it, both shape (n, 3).

    Margins are not capped; where there is nothing untreated at all they are `REACH_MM` and the foot is infinitely far.
    """

    margin_mm: Float
    slope: Float
    foot_lps_mm: Float


@dataclass(frozen=True, slots=True, eq=False)
class MarginAt:
    """The margin as a function of place, for one zone, one untreated tissue and one organ, all at rest.

    Parameters
    ----------
    zone : Region
    untreated : array, shape (t, 3, 3)
        Triangles of the untreated tissue's surface, LPS mm.
    organ : Organ or None
    sliver_mm : float
        Reach of the clipped-face rule.
    """

    zone: Region
    untreated: Float
    organ: Organ | None
    sliver_mm: float
    _edge: Skin = field(init=False, repr=False)
    _limit: Skin = field(init=False, repr=False)
    _capsule: Skin = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_edge", Skin(self.zone.boundary))
        same = self.untreated is self.zone.boundary or (
            self.organ is None and len(self.untreated) == len(self.zone.boundary)
        )
        object.__setattr__(self, "_limit", self._edge if same else Skin(self.untreated))
        capsule = np.zeros((0, 3, 3)) if self.organ is None else self.organ.depth.boundary()
        object.__setattr__(self, "_capsule", Skin(capsule))

    def onto_organ(self, points_lps_mm: Float) -> Float:
        """Return the places with those beyond the capsule moved onto it."""
        if self.organ is None:
            return points_lps_mm
        out = self.organ.depth.at(points_lps_mm) < 0.0
        moved = points_lps_mm.copy()
        if out.any():
            moved[out] = self._capsule.nearest(points_lps_mm[out])
        return moved

    def below_capsule(self, points_lps_mm: Float) -> tuple[Float, Float]:
        """Return depths below the capsule in mm, shape (n,), and the directions inward, shape (n, 3).

        Deep in the organ (and without one) depths are capped and there is no direction: zero.
        """
        inward = np.zeros_like(points_lps_mm)
        if self.organ is None:
            return np.full(len(points_lps_mm), np.inf), inward
        depth = self.organ.depth.at(points_lps_mm)
        steps = np.eye(3)
        rise = [self.organ.depth.at(points_lps_mm + step) - self.organ.depth.at(points_lps_mm - step) for step in steps]
        inward = _unit(np.stack(rise, axis=1))
        out = depth < 0.0
        if out.any():
            across = self.onto_organ(points_lps_mm[out]) - points_lps_mm[out]
            depth[out] = -np.linalg.norm(across, axis=1)
            inward[out] = np.where((depth[out] < -CLOSE_MM)[:, None], _unit(across), inward[out])
        return depth, inward

    def exactly(self, points_lps_mm: Float) -> Place:
        """Return the margin at places, shape (n, 3), LPS mm.

        Beyond the capsule it goes on smoothly: whether a place is covered is asked where the capsule is nearest.
        """
        points = np.asarray(points_lps_mm, dtype=np.float64)
        asked = self.onto_organ(points)
        positive = self.zone.at(asked) > 0
        foot = np.full(points.shape, np.inf)
        apart = self._limit is not self._edge
        # Where the zone's surface is the limit one search does; else it is needed only outside of the zone.
        open_ = ~positive if apart else np.ones(len(points), dtype=bool)
        foot[open_] = self._edge.nearest(points[open_])
        if self.organ is not None and open_.any():
            near = np.linalg.norm(asked[open_] - self._edge.nearest(asked[open_]), axis=1) <= self.sliver_mm
            positive[open_] |= near & (np.abs(self.organ.depth.at(asked[open_])) <= self.sliver_mm)
        if apart and positive.any():
            foot[positive] = self._limit.nearest(points[positive])
        away = points - foot
        gap = np.linalg.norm(away, axis=1)
        sign = np.where(positive, 1.0, -1.0)
        usable = (gap > CLOSE_MM) & np.isfinite(gap)
        slope = np.zeros_like(points)
        slope[usable] = (sign[usable] / gap[usable])[:, None] * away[usable]
        close = gap <= CLOSE_MM
        if close.any():
            slope[close] = self._zone_slope(points[close])
        far = np.where(np.isfinite(gap), gap, REACH_MM)
        return Place(sign * far, slope, foot)

    def _zone_slope(self, points: Float) -> Float:
        steps = SLOPE_STEP_MM * np.eye(3)
        rise = np.stack([self.zone.at(points + step) - self.zone.at(points - step) for step in steps], axis=1)
        return _unit(rise)

    def quickly(self, points_lps_mm: Float) -> Float:
        """Return the margin at very many places, shape (n,), from nodes computed only where they are needed.

        Trilinear interpolation of the values errs by half the curvature term, interpolation of the tangent planes by
        its opposite; their mean, used here, errs by neither. Where the margin jumps (at the end of a zone that stops
        short of the capsule) the places themselves are computed.
        """
        low = points_lps_mm.min(axis=0) - STEP_MM
        scaled = (points_lps_mm - low) / STEP_MM
        cell = scaled.astype(np.int64)
        share = (scaled - cell).astype(np.float32)
        a, b, c = (int(size) for size in cell.max(axis=0) + 2)
        flat = np.ravel_multi_index(tuple(cell.T), (a, b, c))
        offsets = np.indices((2, 2, 2)).reshape(3, -1).T
        jumps = offsets @ np.array([b * c, c, 1])
        size = a * b * c
        used = np.zeros(size, dtype=bool)
        cells = np.flatnonzero(np.bincount(flat, minlength=size))
        for jump in jumps:
            used[cells + jump] = True
        nodes = np.flatnonzero(used)
        where = low + STEP_MM * np.stack(np.unravel_index(nodes, (a, b, c)), axis=1)
        at = self.exactly(where)
        table = np.zeros((size, 4), dtype=np.float32)
        table[nodes, 0] = at.margin_mm
        table[nodes, 1:] = 0.5 * STEP_MM * at.slope
        values = np.zeros(len(cell), dtype=np.float32)
        u, v, w = np.ascontiguousarray(share.T)
        for jump, offset in zip(jumps, offsets.astype(np.float32), strict=True):
            corner = table[flat + jump]
            gaps = u - offset[0], v - offset[1], w - offset[2]
            weight = (1.0 - np.abs(gaps[0])) * (1.0 - np.abs(gaps[1])) * (1.0 - np.abs(gaps[2]))
            values += weight * (corner[:, 0] + corner[:, 1] * gaps[0] + corner[:, 2] * gaps[1] + corner[:, 3] * gaps[2])
        # Corners whose tangent planes do not meet in the middle of their cell lie on two sides of a jump or an edge.
        middles = table[cells[:, None] + jumps]
        torn = np.zeros(size, dtype=bool)
        torn[cells] = np.ptp(middles[..., 0] + 2.0 * (middles[..., 1:] * (0.5 - offsets)).sum(axis=2), axis=1) > TORN_MM
        again = torn[flat]
        if self.organ is not None:
            # The clipped-face rule reaches less far than a cell.
            again |= (np.abs(values) < self.sliver_mm + 0.1) & (self.organ.depth.at(points_lps_mm) < self.sliver_mm)
        out = values.astype(np.float64)
        if again.any():
            out[again] = self.exactly(points_lps_mm[again]).margin_mm
        return out


def _unit(vectors: Float) -> Float:
    """Return vectors, shape (n, 3), with a length of 1; those without a direction become zero."""
    size = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, size, out=np.zeros_like(vectors), where=size > 1e-6)
