"""Voxels to a smooth field: where, between the voxels, the surface of a mask lies.

The smoothest function whose sign agrees with the voxels is sought, "smooth" meaning free of third derivatives: a
quadric costs nothing, so that curvature is not shaved off. docs/surface-reconstruction.md tells the reasons and the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.special import expit, ndtr

from isotherm.imaging.smoothing import Bending, Floats, Spline, Three, evaluated, gathered
from isotherm.imaging.volume import Grid, Mask

Quality = Literal["fine", "plain"]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# All lengths below are in units of the mask's voxel: the cube root of its volume. A mask and its enlargement are thus
# treated alike, and no constant belongs to a certain scanner.

KNOTS = 2.5
"""Distance of the splines."""

STIFFNESS = 1.0
"""Price of bending against that of voxels on the wrong side."""

SOFTNESS = 0.03
"""How far from the surface a voxel's label begins to be doubtful; small, since a label is nearly certain."""

SHARE_ERROR = 0.1
"""Standard error of a voxel's share in a probability mask."""

SLOPE = 0.01
"""Weight, per voxel, of the wish that values are distances; too weak to move the surface."""

REACH = 3.0
"""Voxels farther than this from the other side say nothing about the surface."""

ROUNDS = 4
"""Newton steps for the labels, and as many again for shares."""

STEPS = 15
"""Steps of conjugate gradients in each of them; three times as many for the start, which is far from the end."""

TOLERATED = 0.35
"""How far a voxel may come to lie on the wrong side: hand-drawn outlines waver by about half a pixel."""

FINEST_MM = 0.52
COARSEST_MM = 1.01
"""Bounds of the voxels of the field that is returned ..."""

NODES_PER_RADIUS = 12.0
"""... and what is wanted between them: flat triangles cut off the tip of a bump by h^2 / 8R."""

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
        for large structures on thin slices. Without a choice an organ on slices of at most 2 mm is plain.

    Returns
    -------
    values : array of float32, shape (k, j, i)
        Positive inside, zero on the surface, close to the signed distance in mm within two voxels of it; farther away
        only the sign is meant.
    grid : Grid
        Cropped to the mask, padded and refined; its axes are those of the mask.
    """
    if quality is None:
        quality = "plain" if mask.of == "organ" and max(mask.grid.spacing_kji_mm) <= 2.0 else "fine"
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
    if quality == "plain":
        return _plain(room, unit), room.grid
    return _fine(room, unit)


def _plain(room: Mask, unit: float) -> Floats:
    soft = ndimage.gaussian_filter(np.asarray(room.voxels, dtype=np.float32), 0.7 if room.is_probability else 1.0)
    steepness = np.sqrt(sum(np.square(g) for g in np.gradient(soft, *room.grid.spacing_kji_mm)))
    # Divided by its own slope a level is a distance; where there is no slope only the sign is left.
    return np.asarray(np.clip((soft - 0.5) / np.maximum(steepness, 0.1 / unit), -FAR, FAR), dtype=np.float32)


def _fine(room: Mask, unit: float) -> tuple[Floats, Grid]:
    spacing = np.array(room.grid.spacing_kji_mm) / unit
    inside = room.inside
    rough = _rough_distance(inside, spacing)
    near = _within_reach(inside, rough)
    k, j, i = (Spline((n - 1) * float(h), KNOTS) for n, h in zip(inside.shape, spacing, strict=True))
    splines = (k, j, i)
    labels = _Labels(np.where(inside[near], 1.0, -1.0).astype(np.float32)[:, None])
    fit = _Fit(Bending(splines), _Sites.of(splines, spacing, near, (1, 1, 1)))
    coefficients = fit.smoothed(rough[near][:, None])
    for _ in range(ROUNDS):
        coefficients = fit.improved(coefficients, labels)
    if room.is_probability:
        parts = np.maximum(1, np.rint(spacing / spacing.min())).astype(int)
        fit = _Fit(fit.bending, _Sites.of(splines, spacing, near, (int(parts[0]), int(parts[1]), int(parts[2]))))
        shares = _Shares(room.voxels[near].astype(np.float32), float(np.prod(spacing / parts)) ** (1 / 3))
        for _ in range(ROUNDS):
            coefficients = fit.improved(coefficients, shares)
        correction = np.zeros(inside.shape, dtype=np.float32)
    else:
        correction = _leash(fit.sites.values(coefficients)[:, 0], inside, near)
    return _on_finer_grid(room.grid, unit, splines, coefficients, correction, rough, near)


def _rough_distance(inside: Bools, spacing: npt.NDArray[np.float64]) -> Floats:
    """Return the distance to the nearest voxel of the other side, less half a voxel; positive inside."""
    away = ndimage.distance_transform_edt(inside, sampling=spacing)
    away += ndimage.distance_transform_edt(~inside, sampling=spacing)
    return np.where(inside, 1.0, -1.0).astype(np.float32) * np.maximum(away - 0.5, 0.0).astype(np.float32)


def _within_reach(inside: Bools, rough: Floats) -> Bools:
    """Say which voxels tell about the surface: those near the other side, and, on thick slices, next to it."""
    near = np.abs(rough) < REACH
    for axis in range(3):
        low, high = _pairs(axis)
        change = inside[low] != inside[high]
        near[low] |= change
        near[high] |= change
    return near


def _pairs(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    before, after = [slice(None)] * 3, [slice(None)] * 3
    before[axis], after[axis] = slice(None, -1), slice(1, None)
    return tuple(before), tuple(after)


@dataclass(frozen=True, slots=True, eq=False)
class _Sites:
    """The voxels that count, each split into `parts` along the axes: where the function is looked at."""

    bases: Three
    slopes: Three
    squares: Three
    where: Ints
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, splines: tuple[Spline, Spline, Spline], spacing: npt.NDArray[np.float64], near: Bools,
           parts: tuple[int, int, int]) -> _Sites:  # fmt: skip
        """Split each voxel that is near into parts."""
        places = [h * ((np.arange(n * p) + 0.5) / p - 0.5) for n, h, p in zip(near.shape, spacing, parts, strict=True)]
        a, b, c = (spline.at(x) for spline, x in zip(splines, places, strict=True))
        da, db, dc = (spline.at(x, derivative=1) for spline, x in zip(splines, places, strict=True))
        shape = (len(places[0]), len(places[1]), len(places[2]))
        inner = np.stack([x.ravel() for x in np.indices(parts)], axis=1)
        at = np.argwhere(near)[:, None, :] * np.array(parts) + inner
        where = np.ravel_multi_index((at[..., 0], at[..., 1], at[..., 2]), shape)
        return cls((a, b, c), (da, db, dc), (a * a, b * b, c * c), where, shape)

    def values(self, coefficients: Floats) -> Floats:
        """Return the function at the parts, shape (voxels, parts)."""
        return evaluated(coefficients, self.bases).ravel()[self.where]

    def steepness(self, coefficients: Floats) -> Floats:
        """Return the length of the gradient at the parts."""
        a, b, c = self.bases
        da, db, dc = self.slopes
        squared = sum(np.square(evaluated(coefficients, bases).ravel()[self.where])
                      for bases in ((da, b, c), (a, db, c), (a, b, dc)))  # fmt: skip
        return np.sqrt(squared)

    def spread(self, values: Floats, *, squared: bool = False) -> Floats:
        """Return the transpose of `values`, or that of the same with squared splines."""
        whole = np.zeros(self.shape, dtype=np.float32)
        whole.ravel()[self.where] = values
        return gathered(whole, self.squares if squared else self.bases)


@dataclass(frozen=True, slots=True, eq=False)
class _Labels:
    """Which side each voxel's center is on: a logistic likelihood, so that a stray voxel costs in proportion only."""

    signs: Floats

    def misfit(self, values: Floats) -> float:
        """Return the negative logarithm of the likelihood."""
        return float(np.logaddexp(0.0, -self.signs * values / SOFTNESS).sum())

    def expanded(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the misfit's gradient, and a square root of its curvature, shape (voxels, parts)."""
        scaled = self.signs * values / SOFTNESS
        wrong = expit(-scaled)
        # On the wrong side the true curvature vanishes; this bound (Jaakkola and Jordan) keeps the step finite.
        curvature = np.where(scaled < 0, np.tanh(0.5 * scaled) / np.minimum(2.0 * scaled, -1e-3), wrong * (1.0 - wrong))
        return -self.signs * wrong / SOFTNESS, np.sqrt(curvature) / SOFTNESS


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """How much of each voxel is inside: squared errors, the share being averaged over the voxel's parts."""

    shares: Floats
    part_size: float

    def _width(self) -> float:
        # A cube of size h seen from any side is a heap of standard deviation h / sqrt(12).
        return self.part_size / 12.0**0.5

    def _errors(self, values: Floats) -> Floats:
        return (ndtr(values / self._width()).mean(axis=1) - self.shares) / SHARE_ERROR

    def misfit(self, values: Floats) -> float:
        """Return half the sum of the squared errors, in units of their standard error."""
        return 0.5 * float(np.square(self._errors(values)).sum())

    def expanded(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the misfit's gradient, and the errors' derivatives, shape (voxels, parts)."""
        width = self._width()
        density = np.exp(-0.5 * np.square(values / width)) / (width * (2.0 * np.pi) ** 0.5)
        slopes = density / (values.shape[1] * SHARE_ERROR)
        return self._errors(values)[:, None] * slopes, slopes


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """The search for the function that bends least and agrees with the voxels."""

    bending: Bending
    sites: _Sites

    def smoothed(self, distances: Floats) -> Floats:
        """Return the coefficients of a smooth function close to given values at the voxels' centers."""
        ones = np.ones_like(distances)
        return self._solved(self.sites.spread(distances), ones, np.zeros_like(distances), 3 * STEPS)

    def improved(self, coefficients: Floats, evidence: _Labels | _Shares) -> Floats:
        """Return the coefficients after one Newton step, shortened where it would lead uphill."""
        values = self.sites.values(coefficients)
        wanted = values / np.maximum(self.sites.steepness(coefficients), 0.3)
        held = np.where(np.abs(wanted) < REACH, np.float32(SLOPE / values.shape[1]), np.float32(0.0))
        gradient, roots = evidence.expanded(values)
        bent = STIFFNESS * self.bending.gradient(coefficients)
        downhill = -(self.sites.spread(gradient + held * (values - wanted)) + bent)
        step = self._solved(downhill, roots.astype(np.float32), held, STEPS)
        change = self.sites.values(step)
        slope = float((step * bent).sum())
        curvature = STIFFNESS * float((step * self.bending.gradient(step)).sum())

        def energy(share: float) -> float:
            moved = values + np.float32(share) * change
            return (evidence.misfit(moved) + 0.5 * float((held * np.square(moved - wanted)).sum())
                    + share * slope + 0.5 * share**2 * curvature)  # fmt: skip

        share, now = 1.0, energy(0.0)
        while share > 0.02 and energy(share) > now * (1.0 + 1e-4):
            share *= 0.5
        return coefficients + np.float32(share) * step

    def _solved(self, right: Floats, roots: Floats, held: Floats, steps: int) -> Floats:
        """Solve for the coefficients by conjugate gradients, scaled by the operator's diagonal."""
        diagonal = self.sites.spread(roots**2 + held, squared=True) + STIFFNESS * self.bending.diagonal() + 1e-6
        found = np.zeros_like(right)
        residual = right.copy()
        scaled = residual / diagonal
        direction = scaled.copy()
        size = first = float((residual * scaled).sum())
        for _ in range(steps):
            if size <= 1e-6 * first:
                break
            values = self.sites.values(direction)
            weighed = roots * (roots * values).sum(axis=1, keepdims=True) + held * values
            image = self.sites.spread(weighed) + STIFFNESS * self.bending.gradient(direction)
            length = np.float32(size / float((direction * image).sum()))
            found += length * direction
            residual -= length * image
            scaled = residual / diagonal
            before, size = size, float((residual * scaled).sum())
            direction = scaled + np.float32(size / before) * direction
        return found


def _leash(values: Floats, inside: Bools, near: Bools) -> Floats:
    """Return what must be added at voxel centers so that no voxel lies far on the wrong side and no part vanishes."""
    added = np.zeros(inside.shape, dtype=np.float32)
    signs = np.where(inside[near], np.float32(1), np.float32(-1))
    added[near] = signs * np.maximum(-TOLERATED - signs * values, 0.0)
    whole = np.where(inside, np.float32(REACH), np.float32(-REACH))
    whole[near] = values
    whole += added
    parts, count = ndimage.label(inside, np.ones((3, 3, 3)))
    highest = np.concatenate([[1.0], np.atleast_1d(ndimage.maximum(whole, parts, np.arange(1, count + 1)))])
    lost = (highest <= 0)[parts] & inside
    added[lost] += 0.1 - whole[lost]
    return added


def _on_finer_grid(
    grid: Grid,
    unit: float,
    splines: tuple[Spline, Spline, Spline],
    coefficients: Floats,
    correction: Floats,
    rough: Floats,
    near: Bools,
) -> tuple[Floats, Grid]:
    volume = float((rough > 0).sum()) * unit**3
    radius_mm = (0.75 * volume / np.pi) ** (1 / 3)
    wanted_mm = float(np.clip(radius_mm / NODES_PER_RADIUS, FINEST_MM, COARSEST_MM))
    k, j, i = (max(1, int(np.ceil(h / wanted_mm))) for h in grid.spacing_kji_mm)
    finer = grid.refined((k, j, i))
    places = [np.arange(n) * h / unit for n, h in zip(finer.shape_kji, finer.spacing_kji_mm, strict=True)]
    a, b, c = (spline.at(x) for spline, x in zip(splines, places, strict=True))
    values = evaluated(coefficients, (a, b, c))
    if correction.any():
        # Hats of one voxel: at the voxel's center the correction holds exactly, at its neighbors it has faded.
        hats = [_hats(n, factor) for n, factor in zip(correction.shape, (k, j, i), strict=True)]
        values += evaluated(correction, (hats[0], hats[1], hats[2]))
    nearest = np.ix_(*(np.rint(np.arange(n) / f).astype(int) for n, f in zip(finer.shape_kji, (k, j, i), strict=True)))
    known = ndimage.binary_dilation(near, np.ones((3, 3, 3)))
    return np.where(known[nearest], values, rough[nearest]) * np.float32(unit), finer


def _hats(count: int, factor: int) -> Floats:
    places = np.arange((count - 1) * factor + 1)[:, None] / factor
    return np.maximum(0.0, 1.0 - np.abs(places - np.arange(count))).astype(np.float32)
