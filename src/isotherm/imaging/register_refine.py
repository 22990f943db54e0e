"""The most likely smooth field given both images, direction by direction, and how sure it is in the tumor.

A vessel says where it is across its course and nothing along it. So each place counts by direction, and the field is
the one that agrees best with all of them while it is smooth: Gauss-Newton steps on a lattice of B-splines. What is left
open, above all across the zone, follows from the same equations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from isotherm.imaging.geometry import Float
from isotherm.imaging.register_itk import Side
from isotherm.imaging.register_lattice import Lattice
from isotherm.imaging.register_pull import Places, Pull
from isotherm.imaging.transform import Displacement, Transform

KNOT_MM = 20.0
"""Distance of the knots: half the length over which a liver is expected to bend."""

STEPS = 3
"""Gauss-Newton steps; the last ones move the field by less than 0.1 mm."""

SMOOTHNESS = 0.02
"""Weight of roughness beside evidence: the inverse variance, in 1/mm2, of the third derivatives that are expected."""

RIM_MM = 12.0
"""Layer inside the reach over which the field passes into the one it began with."""

BLOCK_MM = 12.0
"""Edge of the blocks of which every second one makes up a half of the evidence."""

LEAST_STIFFNESS = 1e-7
"""Holds knots of which neither image nor roughness says anything, 1/mm2."""

DRAWS, NOISE_DRAWS, SEED = 60, 20, 1
"""Fields drawn from what is left open; the same scans give the same figures."""

Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """A refined field, and what is left open.

    Parameters
    ----------
    transform : Transform
    lattice : Lattice
    open_mm : array, shape (3, m, d)
        Draws of what the knots may be off by, if the noise is as it looks.
    noise_ratio : float
        How much larger the noise is than it looks: by how much more than expected the two halves of the evidence
        disagree.
    """

    transform: Transform
    lattice: Lattice
    open_mm: Float
    noise_ratio: float

    def error_mm(self, used: Transform, points_lps_mm: Float) -> float:
        """Return the mean distance by which another transform is expected to misplace points, shape (n, 3)."""
        basis = self.lattice.basis(points_lps_mm)
        apart = (used.points(points_lps_mm) - self.transform.points(points_lps_mm)) @ self.transform.rotation
        errors = [apart[:, a, None] + self.noise_ratio * (basis @ self.open_mm[a]) for a in range(3)]
        return float(np.sqrt(sum(e**2 for e in errors)).mean())


def refined(fixed: Side, moving: Side, rough: Transform, center_lps_mm: Float, reach_mm: float) -> Transform:
    """Return a deformation refined around a place; see `refined_with_error`."""
    fit = _Fit(fixed, moving, rough, center_lps_mm, reach_mm)
    return fit.transform(fit.solve(None).knots_mm)


def refined_with_error(fixed: Side, moving: Side, rough: Transform, center_lps_mm: Float, reach_mm: float) -> Refined:
    """Refine a deformation around a place, and tell what is left open.

    Parameters
    ----------
    fixed, moving : Side
    rough : Transform
        A deformation that is right to a few millimeters.
    center_lps_mm : array, shape (3,)
    reach_mm : float
        Radius of the sphere in which it is refined; it passes into the rough one at its rim.

    References
    ----------
    .. [1] Wahba G. J R Stat Soc B 1983;45:133-150 (what a smoothing spline leaves open).
    .. [2] Efron B, Tibshirani RJ. An introduction to the bootstrap, 1993, chapter 11 (halves of the evidence).
    """
    fit = _Fit(fixed, moving, rough, center_lps_mm, reach_mm)
    whole = fit.solve(None)
    return Refined(fit.transform(whole.knots_mm), fit.lattice, whole.draws_mm(), fit.noise_ratio())


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """Knots that fit best, and the Cholesky factor of the equations they solve."""

    knots_mm: Float
    factor: Float
    pull: Pull

    def moved_by(self, force: Float) -> Float:
        """Return the knots' answer to forces on them, shape (m, 3)."""
        return linalg.cho_solve((self.factor, True), force.T.ravel(), check_finite=False).reshape(3, -1).T

    def draws_mm(self) -> Float:
        z = np.random.default_rng(SEED).normal(size=(len(self.factor), DRAWS))
        drawn = linalg.solve_triangular(self.factor, z, lower=True, trans="T", check_finite=False)
        return drawn.reshape(3, -1, DRAWS)


class _Fit:
    """The equations of one pair of images."""

    def __init__(self, fixed: Side, moving: Side, rough: Transform, center_lps_mm: Float, reach_mm: float) -> None:
        self.rough, self.center, self.reach = rough, center_lps_mm, reach_mm
        self.places = Places(fixed, moving, Transform(rough.rotation, rough.translation_mm), center_lps_mm, reach_mm)
        self.lattice = Lattice.around(center_lps_mm, reach_mm + 2.0, KNOT_MM)
        self.at_places = self.lattice.basis(self.places.lps_mm)
        self.at_cells = self.lattice.basis(self.places.cells_lps_mm)
        self.roughness: Any = self.lattice.roughness()

    def solve(self, cells: Bool | None) -> _Solved:
        """Refine with all cells, or only some of them."""
        knots, solved = self._start(), None
        for _ in range(STEPS):
            pull = self.places.pull(self.at_places @ knots)
            pull = pull if cells is None else pull.of(cells)
            solved = _Solved(knots, self._factor(pull), pull)
            knots = knots + solved.moved_by(self.at_cells.T @ pull.force - SMOOTHNESS * (self.roughness @ knots))
        assert solved is not None  # of one step or more
        return replace(solved, knots_mm=knots)

    def noise_ratio(self) -> float:
        """Return by how much two halves of the evidence disagree, beyond what their noise would let them."""
        block = np.floor((self.places.cells_lps_mm - self.center) / BLOCK_MM).astype(np.int64).sum(axis=1)
        one, other = (self.solve(block % 2 == half) for half in (0, 1))
        near = np.linalg.norm(self.places.cells_lps_mm - self.center, axis=1) < self.reach - RIM_MM
        basis, rng = self.at_cells[near], np.random.default_rng(SEED)
        found = ((basis @ (one.knots_mm - other.knots_mm)) ** 2).sum()
        wanted = 0.0
        for _ in range(NOISE_DRAWS):
            one_off, other_off = (half.moved_by(self.at_cells.T @ half.pull.drawn_force(rng)) for half in (one, other))
            wanted += ((basis @ (one_off - other_off)) ** 2).sum() / NOISE_DRAWS
        return float(np.sqrt(found / max(wanted, 1e-9)))

    def transform(self, knots_mm: Float) -> Transform:
        """Return the field of the knots within the reach, and the rough one beyond."""
        field = self.rough.displacement
        assert field is not None  # of a deformation
        nodes = field.grid.centers_lps_mm()
        away = np.linalg.norm(nodes - self.center, axis=1)
        share = np.clip((self.reach - away) / RIM_MM, 0.0, 1.0)[:, None]
        rough = field.vectors_lps_mm.reshape(-1, 3)
        sway = share * (self.lattice.basis(nodes) @ knots_mm) + (1.0 - share) * rough
        vectors = sway.reshape(*field.grid.shape_kji, 3).astype(np.float32)
        return Transform(self.rough.rotation, self.rough.translation_mm, Displacement(vectors, field.grid))

    def _start(self) -> Float:
        field = self.rough.displacement
        assert field is not None  # of a deformation
        near = np.linalg.norm(self.places.cells_lps_mm - self.center, axis=1) < self.reach + 2.0
        basis = self.at_cells[near]
        matrix = (basis.T @ basis + 1e-4 * self.roughness).toarray()
        solve: Any = linalg.solve
        knots: Float = solve(matrix, basis.T @ field.at(self.places.cells_lps_mm[near]), assume_a="pos")
        return knots

    def _factor(self, pull: Pull) -> Float:
        """Return the Cholesky factor of evidence and smoothness together, shape (3 m, 3 m)."""
        n = self.lattice.count
        matrix = np.zeros((3 * n, 3 * n))
        for a in range(3):
            for b in range(a + 1):
                block = self.at_cells.T @ sparse.diags(pull.precision[:, a, b]) @ self.at_cells
                matrix[a * n : (a + 1) * n, b * n : (b + 1) * n] = block.toarray()
            matrix[a * n : (a + 1) * n, a * n : (a + 1) * n] += (SMOOTHNESS * self.roughness).toarray()
        matrix[np.diag_indices(3 * n)] += LEAST_STIFFNESS
        return linalg.cholesky(matrix, lower=True, overwrite_a=True, check_finite=False)
