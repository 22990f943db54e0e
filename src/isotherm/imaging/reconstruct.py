"""Voxels to a smooth field: where, between the voxels, the surface of a mask lies.

The smoothest function whose sign agrees with the voxels is sought, "smooth" meaning free of third derivatives: a
quadric costs nothing, so that curvature is not shaved off. docs/surface-reconstruction.md tells the
reasons and the figures.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.imaging.smoothing import Bending, Floats, Sites, Spline, Splines, evaluated
from isotherm.imaging.spline_fit import Fit, Labels, Shares
from isotherm.imaging.volume import Grid, Mask

Quality = Literal["fine", "plain"]
Bools = npt.NDArray[np.bool_]
Parts = tuple[int, int, int]

EVERY_NEIGHBOR = np.ones((3, 3, 3), dtype=bool)
"""Voxels that touch at a corner belong together."""

# All lengths below are in units of the mask's voxel: the cube root of its volume. A mask and its enlargement are thus
# treated alike, and no constant belongs to a certain scanner.

KNOTS = 3.0
"""Distance of the splines."""

BLURS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""How much wider than a voxel's own width the ramp from 0 to 1 may be: partial volume, or a network's doubt."""

THICKER = 1.2
"""Slices this many pixels thick may hold shares of their middle plane instead of shares of the whole voxel ..."""

PIXEL_PARTS = 3
"""... which are averaged over so many parts along each side of a pixel: near a pole the outline is crisp in the plane,
while the surface runs almost along it."""

REACH = 3.0
"""Voxels farther than this from the other side say nothing about the surface."""

ROUNDS = 4
"""Newton steps for the labels, and as many again for shares."""

TOLERATED = 0.35
"""How far a voxel may come to lie on the wrong side: hand-drawn outlines waver by about half a pixel."""

SPECK = 8
"""Parts of up to so many voxels carry no shape: they become the voxels with rounded corners."""

SPECK_LEVEL = 0.295
"""Level at which the hat of a lone voxel, one at its center and zero at its neighbors, has the voxel's volume."""

FINEST_MM = 0.52
COARSEST_MM = 1.01
"""Bounds of the voxels of the field that is returned ..."""

NODES_PER_RADIUS = 12.0
"""... and what is wanted between them: flat triangles cut off the tip of a bump by h^2 / 8R."""

PLAIN_UP_TO_MM = 2.0
"""On slices this thin a Gaussian of one voxel finds the capsule of an organ, which bends little, well enough."""

LARGEST = 3_000_000
"""Voxels of the largest box that is not plain unless asked for (some seconds); about 1.5 liters on 0.8 mm voxels."""

FAR = 10.0
"""Value of the field, in voxels, where there is no surface at all."""


def reconstruct(mask: Mask, *, quality: Quality | None = None) -> tuple[Floats, Grid]:
    """Find the surface of a mask between its voxels.

    Parameters
    ----------
    mask : Mask
        Binary, or shares from 0 to 1 (partial volume, probability), whose surface is where a half is reached. Any
        number of parts; outside of its grid is background.
    quality : {"fine", "plain"}, optional
        "fine" is the method of docs/surface-reconstruction.md. "plain" smooths with a Gaussian of one voxel: fast,
        for large structures on thin slices. Without a choice an organ on slices of at most 2 mm is plain, and so is
        whatever is too large.

    Returns
    -------
    values : array of float32, shape (k, j, i)
        Positive inside, zero on the surface, close to the signed distance in mm within two voxels of it; farther away
        only the sign is meant.
    grid : Grid
        Cropped to the mask, padded and refined; the order and direction of its axes depend on what the mask holds.
    """
    box = mask.box()
    if box is None or not mask.inside[box].any():
        unit = float(np.prod(mask.grid.spacing_kji_mm)) ** (1 / 3)
        return np.full((2, 2, 2), -FAR * unit, dtype=np.float32), mask.grid.window((0, 0, 0), (2, 2, 2))
    spacing = np.array(mask.grid.spacing_kji_mm)
    unit = float(np.prod(spacing)) ** (1 / 3)
    pad = np.maximum(2, np.ceil((REACH + 1.0) * unit / spacing)).astype(int)
    k, j, i = (int(s.start - p) for s, p in zip(box, pad, strict=True))
    nk, nj, ni = (int(s.stop - s.start + 2 * p) for s, p in zip(box, pad, strict=True))
    room = mask.windowed((k, j, i), (nk, nj, ni))
    if quality is None:
        thin_organ = mask.of == "organ" and max(mask.grid.spacing_kji_mm) <= PLAIN_UP_TO_MM
        quality = "plain" if thin_organ or room.voxels.size > LARGEST else "fine"
    room = room.reoriented(*_standing(room))
    if quality == "plain":
        return _plain(room, unit), room.grid
    values, factors = _fine(room, unit)
    return values, room.grid.refined(factors)


def _standing(room: Mask) -> tuple[tuple[int, int, int], tuple[int, ...]]:
    """Return an order of a mask's axes, and which of the new ones to reverse, that depend on what the mask holds.

    Worked on in this way, a mask gives the same surface to the last bit however its array is stored and however its
    header turns it. A mask that is its own mirror image stays as it is (see `_symmetric`).
    """
    voxels: npt.NDArray[Any] = room.voxels
    profiles: list[list[float]] = []
    for others in ((1, 2), (0, 2), (0, 1)):
        sums = np.asarray(voxels.sum(axis=others, dtype=np.float64), dtype=np.float64)
        profiles.append([round(float(total), 6) for total in sums])
    turned = [profile[::-1] < profile for profile in profiles]
    keys = [
        (round(spacing, 6), min(profile, profile[::-1]))
        for spacing, profile in zip(room.grid.spacing_kji_mm, profiles, strict=True)
    ]
    k, j, i = sorted(range(3), key=lambda axis: keys[axis])
    return (k, j, i), tuple(new for new, axis in enumerate((k, j, i)) if turned[axis])


def _plain(room: Mask, unit: float) -> Floats:
    soft = ndimage.gaussian_filter(np.asarray(room.voxels, dtype=np.float32), 0.7 if room.is_probability else 1.0)
    squares: Floats = np.zeros_like(soft)
    for axis, spacing_mm in enumerate(room.grid.spacing_kji_mm):
        squares += np.square(np.asarray(np.gradient(soft, spacing_mm, axis=axis), dtype=np.float32))
    steepness = np.sqrt(squares)
    # Divided by its own slope a level is a distance; where there is no slope only the sign is left.
    return np.asarray(np.clip((soft - 0.5) / np.maximum(steepness, 0.1 / unit), -FAR, FAR), dtype=np.float32)


def _fine(room: Mask, unit: float) -> tuple[Floats, tuple[int, int, int]]:
    """Return the field, and how many of its nodes there are per voxel along each axis."""
    spacing = np.array(room.grid.spacing_kji_mm) / unit
    inside = room.inside
    specks = _specks(inside)
    rough = _rough_distance(inside, spacing)
    beside = _beside(inside)
    near = beside | (np.abs(rough) < REACH)
    k, j, i = (Spline((n - 1) * float(h), KNOTS) for n, h in zip(inside.shape, spacing, strict=True))
    splines = (k, j, i)
    labels = Labels(np.where(inside[near], 1.0, -1.0).astype(np.float32)[:, None])
    fit = Fit(Bending(splines), Sites.within(splines, spacing, near, (1, 1, 1)))
    coefficients = fit.smoothed(rough[near][:, None])
    for _ in range(ROUNDS):
        coefficients = fit.improved(coefficients, labels)
    coefficients = _symmetric(coefficients, room)
    tolerated = TOLERATED
    if room.is_probability:
        coefficients = _with_shares(coefficients, splines, fit.bending, room, spacing, near)
        tolerated = np.inf  # a share above a half does not say that the voxel's center is inside
    values = np.where(near, evaluated(coefficients, fit.sites.bases), rough)
    added = _leash(values, inside, np.where(beside, tolerated, -0.05), ~specks)
    return _on_finer_grid(room.grid, unit, splines, coefficients, added, specks, rough, near)


def _with_shares(
    coefficients: Floats,
    splines: Splines,
    bending: Bending,
    room: Mask,
    spacing: npt.NDArray[np.float64],
    near: Bools,
) -> Floats:
    """Return the coefficients when the voxels' shares are heeded, after their labels have shown the way."""
    shares = room.voxels[near].astype(np.float32)
    found: list[tuple[float, Fit, Shares]] = []
    for parts, width in _ways_of_shares(spacing):
        fit = Fit(bending, Sites.within(splines, spacing, near, parts))
        values = fit.sites.values(coefficients)
        for evidence in (Shares(shares, width * blur) for blur in BLURS):
            found.append((evidence.misfit(values), fit, evidence))
    _, fit, evidence = min(found, key=lambda one: one[0])
    for _ in range(ROUNDS):
        coefficients = fit.improved(coefficients, evidence)
    return _symmetric(coefficients, room)


def _ways_of_shares(spacing: npt.NDArray[np.float64]) -> list[tuple[Parts, float]]:
    """Return into which parts a voxel may be split so that their mean is its share, and the width of a part's ramp.

    The share is that of the whole voxel (partial volume) or, on slices thicker than pixels, that of its area in the
    middle of the slice: outlines are drawn there.
    """
    k, j, i = (max(1, round(float(h))) for h in spacing / spacing.min())
    # A cube of size h seen from any side is a heap of standard deviation h / sqrt(12).
    ways: list[tuple[Parts, float]] = [((k, j, i), float(np.prod(spacing) / (k * j * i)) ** (1 / 3) / 12.0**0.5)]
    across = int(np.argmax(spacing))
    if spacing[across] > THICKER * np.median(spacing):
        k, j, i = (1 if axis == across else PIXEL_PARTS for axis in range(3))
        pixel = float(np.prod(np.delete(spacing, across))) ** 0.5
        ways.append(((k, j, i), pixel / PIXEL_PARTS / 12.0**0.5))
    return ways


def _symmetric(coefficients: Floats, room: Mask) -> Floats:
    """Return the coefficients with the symmetries of their mask, which rounding has taken from them."""
    voxels, spacing = room.voxels, room.grid.spacing_kji_mm
    for axis in range(3):
        if np.array_equal(voxels, np.flip(voxels, axis)):
            coefficients = np.float32(0.5) * (coefficients + np.flip(coefficients, axis))
    for one, other in ((0, 1), (1, 2), (0, 2)):
        if spacing[one] == spacing[other] and np.array_equal(voxels, voxels.swapaxes(one, other)):
            coefficients = np.float32(0.5) * (coefficients + coefficients.swapaxes(one, other))
    return coefficients


def _rough_distance(inside: Bools, spacing: npt.NDArray[np.float64]) -> Floats:
    """Return the distance to the nearest voxel of the other side, less half a voxel; positive inside."""
    away = ndimage.distance_transform_edt(inside, sampling=spacing)
    away += ndimage.distance_transform_edt(~inside, sampling=spacing)
    return np.where(inside, 1.0, -1.0).astype(np.float32) * np.maximum(away - 0.5, 0.05).astype(np.float32)


def _beside(inside: Bools) -> Bools:
    """Say which voxels touch one of the other side with a face: on thick slices the nearest may be far away."""
    found = np.zeros_like(inside)
    for axis in range(3):
        low, high = _pairs(axis)
        change = inside[low] != inside[high]
        found[low] |= change
        found[high] |= change
    return found


def _pairs(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    before, after = [slice(None)] * 3, [slice(None)] * 3
    before[axis], after[axis] = slice(None, -1), slice(1, None)
    return tuple(before), tuple(after)


def _leash(values: Floats, inside: Bools, tolerated: npt.NDArray[np.float64], shaped: Bools) -> Floats:
    """Return what must be added at voxel centers so that none lies far on the wrong side and no shaped part is lost."""
    signs = np.where(inside, 1.0, -1.0)
    added = (signs * np.maximum(-tolerated - signs * values, 0.0)).astype(np.float32)
    held = values + added
    parts, count = ndimage.label(inside & shaped, EVERY_NEIGHBOR)
    highest = np.full(count + 1, -np.inf)
    np.maximum.at(highest, parts[inside], held[inside])
    lost = inside & shaped & (highest <= 0.0)[parts]
    added[lost] += 0.1 - held[lost]
    return added


def _specks(inside: Bools) -> Bools:
    parts, count = ndimage.label(inside, EVERY_NEIGHBOR)
    return inside & (np.bincount(parts.ravel(), minlength=count + 1) <= SPECK)[parts]


def _on_finer_grid(
    grid: Grid,
    unit: float,
    splines: Splines,
    coefficients: Floats,
    added: Floats,
    specks: Bools,
    rough: Floats,
    near: Bools,
) -> tuple[Floats, tuple[int, int, int]]:
    volume = float((rough > 0).sum()) * unit**3
    radius_mm = (0.75 * volume / np.pi) ** (1 / 3)
    wanted_mm = float(np.clip(radius_mm / NODES_PER_RADIUS, FINEST_MM, COARSEST_MM))
    k, j, i = (max(1, int(np.ceil(h / wanted_mm))) for h in grid.spacing_kji_mm)
    finer = grid.refined((k, j, i))
    lines = (np.arange(n, dtype=np.float64) for n in finer.shape_kji)
    places = [line * (h / unit) for line, h in zip(lines, finer.spacing_kji_mm, strict=True)]
    a, b, c = (spline.at(x) for spline, x in zip(splines, places, strict=True))
    values = evaluated(coefficients, (a, b, c))
    # Hats: one at a voxel's center, zero at its neighbors.
    nk, nj, ni = near.shape
    hats = _hats(nk, k), _hats(nj, j), _hats(ni, i)
    if added.any():
        values += evaluated(added, hats)
    if specks.any():
        rounded = evaluated(specks.astype(np.float32), hats) - np.float32(SPECK_LEVEL)
        alone = bool((specks == (rough > 0)).all())
        values = rounded if alone else np.where(rounded > 0, np.maximum(values, rounded), values)
    nearest = np.ix_(*(np.rint(np.arange(n) / f).astype(int) for n, f in zip(finer.shape_kji, (k, j, i), strict=True)))
    return np.where(near[nearest], values, rough[nearest]) * np.float32(unit), (k, j, i)


def _hats(count: int, factor: int) -> Floats:
    places = np.arange((count - 1) * factor + 1)[:, None] / factor
    return np.maximum(0.0, 1.0 - np.abs(places - np.arange(count))).astype(np.float32)
