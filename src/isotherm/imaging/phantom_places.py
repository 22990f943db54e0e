"""Where simulated lesions and vessels go: places and courses read off the anatomy of a liver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.interpolate import CubicSpline

from isotherm.errors import EmptyMask, ImplausibleMask
from isotherm.imaging.geometry import Float, Int
from isotherm.imaging.phantom import Point
from isotherm.imaging.phantom_truth import Skin
from isotherm.imaging.volume import Grid, Mask

FROM_CUT_FACE_MM = 40.0
"""Least distance of a lesion's center from a face of the image that cuts the liver: its margin can be seen whole."""

APART_MM = 44.0
"""Least distance between centers of lesions: zones of up to 20 mm radius stay apart."""

LEAST_DEPTH_MM = 16.0
"""Least depth below the capsule of the center of a lesion that is not meant to be subcapsular."""

SUBCAPSULAR_DEPTH_MM = (4.0, 6.5)
"""Range of depths of the center of the subcapsular lesion: with a radius of 8 mm the capsule cuts it."""

STEP_MM = 0.5
"""Distance between points of a vessel's course."""

END_DEPTH_MM = 5.0
"""A vessel ends where it comes this close to the capsule."""

BEYOND_MM = 30.0
"""Length of a vessel beyond the place where it passes a lesion."""

TURNS = 24
"""Sides of a lesion tried for a vessel to pass."""

OUTWARD_VOXELS = 2.0
"""Width of the Gauss filter, in voxels, with which the slope of the depth is taken: the way to the capsule at large."""

RIGHT_LPS = np.array([-1.0, 0.0, 0.0])


@dataclass(frozen=True, slots=True, eq=False)
class Depth:
    """How deep places lie below the capsule of an organ; faces of the image that cut the organ are not capsule."""

    grid: Grid
    depth_mm: Float
    from_cut_face_mm: Float

    def at(self, points_lps_mm: Float) -> Float:
        """Return the depth of points, shape (n, 3), in mm; zero outside."""
        return ndimage.map_coordinates(self.depth_mm, self.grid.to_kji(points_lps_mm).T, order=1)

    def outward(self, points_lps_mm: Float) -> Float:
        """Return the unit vector toward the capsule at points, shape (n, 3)."""
        at = self.grid.to_kji(points_lps_mm).T
        slopes = [
            ndimage.gaussian_filter(self.depth_mm, OUTWARD_VOXELS, order=[int(a == axis) for a in range(3)]) / spacing
            for axis, spacing in enumerate(self.grid.spacing_kji_mm)
        ]
        uphill = np.stack([ndimage.map_coordinates(slope, at, order=1) for slope in slopes], axis=1)
        down = -uphill @ self.grid.direction_lps.T
        return down / np.maximum(np.linalg.norm(down, axis=1, keepdims=True), 1e-9)


@dataclass(frozen=True, slots=True)
class Places:
    """Centers of the four lesions, and where the portal vein enters the liver, LPS mm."""

    deep: Point
    subcapsular: Point
    bridged: Point
    missed: Point
    hilum: Point


def depth_in(organ: Mask, *, beyond_mm: float = 60.0) -> Depth:
    """Measure the depth of every voxel of an organ, which goes on for `beyond_mm` where an image face cuts it."""
    inside = organ.inside
    shape, spacing = organ.grid.shape_kji, organ.grid.spacing_kji_mm
    reach = [int(np.ceil(beyond_mm / s)) for s in spacing]
    padded, corner = inside, [0, 0, 0]
    from_face = np.full(shape, np.inf)
    for axis in range(3):
        index = np.arange(shape[axis]).reshape([-1 if a == axis else 1 for a in range(3)])
        for end, steps in ((0, index), (-1, shape[axis] - 1 - index)):
            cut = bool(np.take(inside, end, axis=axis).any())
            if cut:
                from_face = np.minimum(from_face, (steps + 0.5) * spacing[axis])
            pad = [(0, 0)] * 3
            pad[axis] = (reach[axis] if cut else 1, 0) if end == 0 else (0, reach[axis] if cut else 1)
            padded = np.pad(padded, pad, mode="edge" if cut else "constant")
            corner[axis] += pad[axis][0]
    depth = ndimage.distance_transform_edt(padded, sampling=spacing) - 0.5 * min(spacing)
    box = tuple(slice(c, c + n) for c, n in zip(corner, shape, strict=True))
    return Depth(organ.grid, np.maximum(depth[box], 0.0), from_face)


def choose_places(depth: Depth, portal_vein: Mask) -> Places:
    """Choose the places of the four lesions.

    Deep is the deepest place of the liver. Bridged is the place nearest to the hilum, missed the one farthest from all
    others, and subcapsular the one under the right lateral capsule, each of those that keep their distances.

    Raises
    ------
    ImplausibleMask
        The liver is too small for four lesions.
    EmptyMask
        The portal vein is empty.
    """
    candidates = np.argwhere((depth.depth_mm > SUBCAPSULAR_DEPTH_MM[0]) & (depth.from_cut_face_mm >= FROM_CUT_FACE_MM))
    points = depth.grid.to_lps(candidates)
    below = depth.depth_mm[tuple(candidates.T)]
    deep_enough = below >= LEAST_DEPTH_MM
    shallow = (below >= SUBCAPSULAR_DEPTH_MM[0]) & (below <= SUBCAPSULAR_DEPTH_MM[1])
    if not deep_enough.any():
        raise ImplausibleMask("The liver is too small for the simulated lesions; give a whole liver.")
    chosen = [points[below.argmax()]]
    hilum = _hilum(portal_vein, points[below.argmax()])
    from_hilum = np.linalg.norm(points - hilum, axis=1)
    chosen.append(_best(points, -from_hilum, deep_enough, chosen))
    chosen.append(_best(points, _gap(points, chosen), deep_enough, chosen))
    chosen.append(_best(points, depth.outward(points) @ RIGHT_LPS, shallow, chosen))
    deep, bridged, missed, subcapsular = (_point(p) for p in chosen)
    return Places(deep, subcapsular, bridged, missed, _point(hilum))


def course_past(skin: Skin, start: Point, clearance_mm: float, depth: Depth, others: tuple[Point, ...]) -> Float:
    """Lead a vessel from the hilum past a tumor and on.

    Parameters
    ----------
    skin : Skin
        Surface of the tumor.
    start : tuple of float
        Where the vessel begins.
    clearance_mm : float
        Distance that the vessel's centerline keeps from the tumor's surface.
    depth : Depth
    others : tuple of points
        Centers of other lesions; of all sides to pass the tumor, the one far from them and from the capsule is taken.

    Returns
    -------
    array, shape (n, 3)
        Points of the centerline, 0.5 mm apart, LPS mm.
    """
    center, begin = np.array(skin.shape.center_lps_mm), np.array(start)
    along = (center - begin) / np.linalg.norm(center - begin)
    first = np.cross(along, np.eye(3)[np.abs(along).argmin()])
    first /= np.linalg.norm(first)
    second = np.cross(along, first)
    best, best_room = np.empty((0, 3)), -np.inf
    for turn in np.arange(TURNS) * 2.0 * np.pi / TURNS:
        side = np.cos(turn) * first + np.sin(turn) * second
        course = _curve(begin, center, along, side, skin.shape.reach_mm + clearance_mm)
        late = course[len(course) // 3 :]
        from_others_mm = float(_gap(late, [np.array(other) for other in others]).min())
        room = float(np.minimum(depth.at(late), 12.0).mean()) + 0.3 * from_others_mm
        if room > best_room:
            best, best_room = side, room
    offset = skin.shape.reach_mm + clearance_mm
    for _ in range(5):
        course = _curve(begin, center, along, best, offset)
        offset += clearance_mm + float(skin.exact_mm(course[::2]).max())
    course = _curve(begin, center, along, best, offset)
    passed = np.linalg.norm(course - center, axis=1).argmin()
    ends = np.flatnonzero((depth.at(course) < END_DEPTH_MM) & (np.arange(len(course)) > passed))
    return course[: ends[0]] if ends.size else course


def _curve(begin: Float, center: Float, along: Float, side: Float, offset_mm: float) -> Float:
    """Return a gently bent line from `begin`, past the center at `offset_mm` to one side, and on."""
    beside = center + offset_mm * side
    across = np.cross(along, side)
    length = float(np.linalg.norm(beside - begin))
    knots = np.stack([
        begin,
        begin + 0.45 * (beside - begin) + 0.05 * length * side + 0.04 * length * across,
        beside - 9.0 * along,
        beside,
        beside + 9.0 * along,
        beside + BEYOND_MM * along - 4.0 * side + 5.0 * across,
    ])  # fmt: skip
    at = _run_mm(knots)
    fine: Float = CubicSpline(at, knots)(np.arange(0.0, float(at[-1]), 0.1 * STEP_MM))
    run = _run_mm(fine)
    even = np.arange(0.0, run[-1], STEP_MM)
    left, posterior, superior = (np.interp(even, run, fine[:, axis]) for axis in range(3))
    return np.stack([left, posterior, superior], axis=1)


def _run_mm(points: Float) -> Float:
    """Return the length of a line of points up to each of them."""
    steps: Float = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _hilum(portal_vein: Mask, deepest: Float) -> Float:
    voxels: Int = np.argwhere(portal_vein.inside)
    if not len(voxels):
        raise EmptyMask("A portal vein without a single voxel came; give the one whose branches are simulated.")
    points = portal_vein.grid.to_lps(voxels)
    return points[np.linalg.norm(points - deepest, axis=1).argmin()]


def _best(points: Float, score: Float, allowed: npt.NDArray[np.bool_], chosen: list[Float]) -> Float:
    allowed = allowed & (_gap(points, chosen) >= APART_MM)
    if not allowed.any():
        raise ImplausibleMask("The liver is too small for four lesions that keep apart; give a whole liver.")
    return points[np.where(allowed, score, -np.inf).argmax()]


def _gap(points: Float, chosen: list[Float]) -> Float:
    """Return the distance of each point to the nearest of the chosen ones."""
    gaps: Float = np.linalg.norm(points[:, None] - np.array(chosen), axis=2)
    return gaps.min(axis=1)


def _point(place: Float) -> Point:
    left, posterior, superior = place.tolist()
    return left, posterior, superior
