"""The spline that bends least and agrees with voxels: their labels, or their shares, are the evidence.

Lengths are in voxels (see reconstruct.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtr

from isotherm.imaging.smoothing import Bending, Floats, Sites

STIFFNESS = 1.0
"""Price of bending against that of voxels on the wrong side."""

SOFTNESS = 0.03
"""How far from the surface a voxel's label begins to be doubtful; small, since a label is nearly certain."""

SHARE_ERROR = 0.1
"""Standard error of a voxel's share in a probability mask."""

SLOPE = 0.01
"""Weight, per voxel, of the wish that values are distances; too weak to move the surface."""

HELD = 3.0
"""Distance from the surface up to which that wish is held."""

FLATTEST = 0.3
"""Slope below which a value is no longer divided by its slope to estimate a distance: there it says little."""

STEPS = 15
"""Steps of conjugate gradients in each of them; three times as many for the start, which is far from the end."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
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
        roots = np.sqrt(curvature) / SOFTNESS
        return _single(-self.signs * wrong / SOFTNESS), _single(roots)


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """How much of each voxel is inside: squared errors, the share being averaged over the voxel's parts."""

    shares: Floats
    width: float

    def _errors(self, values: Floats) -> Floats:
        modeled = np.asarray(ndtr(values / np.float32(self.width)), dtype=np.float32).mean(axis=1)
        return (modeled - self.shares) / np.float32(SHARE_ERROR)

    def misfit(self, values: Floats) -> float:
        """Return half the sum of the squared errors, in units of their standard error."""
        return 0.5 * float(np.square(self._errors(values)).sum())

    def expanded(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the misfit's gradient, and the errors' derivatives, shape (voxels, parts)."""
        density = np.exp(-0.5 * np.square(values / self.width)) / (self.width * (2.0 * np.pi) ** 0.5)
        slopes = density / (values.shape[1] * SHARE_ERROR)
        return _single(self._errors(values)[:, None] * slopes), _single(slopes)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The search for the function that bends least and agrees with the voxels."""

    bending: Bending
    sites: Sites

    def smoothed(self, distances: Floats) -> Floats:
        """Return the coefficients of a smooth function close to given values at the voxels' centers."""
        ones = np.ones_like(distances)
        return self._solved(self.sites.spread(distances), ones, np.zeros_like(distances), 3 * STEPS)

    def improved(self, coefficients: Floats, evidence: Labels | Shares) -> Floats:
        """Return the coefficients after one Newton step, shortened where it would lead uphill."""
        values = self.sites.values(coefficients)
        wanted = _single(values / np.maximum(self.sites.steepness(coefficients), FLATTEST))
        held = _single(np.where(np.abs(wanted) < HELD, SLOPE / values.shape[1], 0.0))
        gradient, roots = evidence.expanded(values)
        bent = _single(STIFFNESS * self.bending.gradient(coefficients))
        downhill = -(self.sites.spread(_single(gradient + held * (values - wanted))) + bent)
        step = self._solved(downhill, roots, held, STEPS)
        change = self.sites.values(step)
        slope = float((step * bent).sum())
        curvature = STIFFNESS * float((step * self.bending.gradient(step)).sum())

        def energy(share: float) -> float:
            moved = _single(values + share * change)
            return (evidence.misfit(moved) + 0.5 * float((held * np.square(moved - wanted)).sum())
                    + share * slope + 0.5 * share**2 * curvature)  # fmt: skip

        share, now = 1.0, energy(0.0)
        while share > 0.02 and energy(share) > now * (1.0 + 1e-4):
            share *= 0.5
        return _single(coefficients + share * step)

    def _solved(self, right: Floats, roots: Floats, held: Floats, steps: int) -> Floats:
        """Solve for the coefficients by conjugate gradients, scaled by the operator's diagonal."""
        diagonal = (
            self.sites.spread(_single(roots**2 + held), squared=True) + STIFFNESS * self.bending.diagonal() + 1e-6
        )
        found, residual = np.zeros_like(right), right
        scaled = _single(residual / diagonal)
        direction = scaled
        size = first = float((residual * scaled).sum())
        for _ in range(steps):
            if size <= 1e-6 * first:
                break
            values = self.sites.values(direction)
            weighed = roots * (roots * values).sum(axis=1, keepdims=True) + held * values
            image = self.sites.spread(_single(weighed)) + STIFFNESS * self.bending.gradient(direction)
            length = size / float((direction * image).sum())
            found = _single(found + length * direction)
            residual = _single(residual - length * image)
            scaled = _single(residual / diagonal)
            before, size = size, float((residual * scaled).sum())
            direction = _single(scaled + size / before * direction)
        return found


def _single(array: npt.NDArray[np.floating[Any]]) -> Floats:
    return np.asarray(array, dtype=np.float32)
