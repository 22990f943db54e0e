"""A smooth field as cubic B-splines on a lattice about the lesion, and how rough it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from isotherm.imaging.geometry import Float, Int

ORDER = 3
"""Derivatives whose squares make up the roughness: a field that is quadratic in place costs nothing."""

UNIT_MM = 30.0
"""Unit of length of the roughness."""

Sparse = Any
"""A sparse matrix of scipy, whose types say less than nothing."""

PIECES = ((-1.0, 3.0, -3.0, 1.0), (3.0, -6.0, 0.0, 4.0), (-3.0, 3.0, 3.0, 1.0), (1.0, 0.0, 0.0, 0.0))
"""The four cubic pieces, times 6, of the B-splines that meet in one cell of the lattice."""


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Knots of a cubic B-spline field, only those that reach into a sphere.

    Parameters
    ----------
    low_lps_mm : array, shape (3,)
        Corner of the first cell.
    knot_mm : float
        Distance of the knots.
    size : int
        Knots along each axis.
    column : array, shape (size^3,)
        Number of each knot among those in use, -1 for the others.
    """

    low_lps_mm: Float
    knot_mm: float
    size: int
    column: Int

    @classmethod
    def around(cls, center_lps_mm: Float, reach_mm: float, knot_mm: float) -> Lattice:
        """Lay knots about a place, shape (3,), so that the sphere of this radius is covered."""
        half = math.ceil(reach_mm / knot_mm)
        size = 2 * half + 3
        axis = (np.arange(size) - 1 - half) * knot_mm
        away = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
        used = np.linalg.norm(np.maximum(np.abs(away) - 2.0 * knot_mm, 0.0), axis=1) < reach_mm
        return cls(center_lps_mm - half * knot_mm, knot_mm, size, np.where(used, np.cumsum(used) - 1, -1))

    @property
    def count(self) -> int:
        """Number of knots in use."""
        return int(self.column.max()) + 1

    def basis(self, points_lps_mm: Float) -> Sparse:
        """Return the B-splines at points, shape (n, 3): a sparse matrix, shape (n, count).

        Beyond the lattice they stay as at its rim.
        """
        place = (points_lps_mm - self.low_lps_mm) / self.knot_mm
        cell = np.clip(np.floor(place).astype(np.int64), 0, self.size - 4)
        along = [_pieces(np.clip(place[:, a] - cell[:, a], 0.0, 1.0)) for a in range(3)]
        weights = np.einsum("pi,pj,pk->pijk", *along).reshape(len(place), 64)
        step = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(64, 3)
        row = np.array([self.size**2, self.size, 1])
        column = self.column[(cell @ row)[:, None] + step @ row]
        used = column >= 0
        ends = np.append(0, np.count_nonzero(used, axis=1).cumsum())
        return sparse.csr_matrix((weights[used], column[used], ends), shape=(len(place), self.count))

    def roughness(self) -> Sparse:
        """Return the matrix of the integral of all squared derivatives of order `ORDER`, in units of `UNIT_MM`.

        References
        ----------
        .. [1] Wahba G. Spline models for observational data, 1990, chapter 2.
        """
        scale = self.knot_mm / UNIT_MM
        bands = [_overlap(order) * scale ** (1 - 2 * order) for order in range(ORDER + 1)]
        make: Any = sparse
        parts = [make.diags([np.full(self.size - abs(k), band[k + 3]) for k in range(-3, 4)], list(range(-3, 4)))
                 for band in bands]  # fmt: skip
        total: Sparse = 0.0
        for i in range(ORDER + 1):
            for j in range(ORDER + 1 - i):
                k = ORDER - i - j
                ways = math.factorial(ORDER) / (math.factorial(i) * math.factorial(j) * math.factorial(k))
                total = total + ways * make.kron(make.kron(parts[i], parts[j]), parts[k])
        used = self.column >= 0
        return total.tocsr()[used][:, used]


def _pieces(share: Float) -> Float:
    values = [((a * share + b) * share + c) * share + d for a, b, c, d in PIECES]
    return np.stack(values, axis=1) / 6.0


def _overlap(order: int) -> Float:
    """Return the integrals of a B-spline's derivative times that of its neighbor -3 to 3 knots away, shape (7,)."""
    places, weights = np.polynomial.legendre.leggauss(4)  # exact: the products are of degree 6 at most
    slopes = [np.polyval(np.polyder(np.array(piece), order) if order else piece, 0.5 * (places + 1.0)) / 6.0
              for piece in PIECES]  # fmt: skip
    found = np.zeros(7)
    for one in range(4):
        for other in range(4):
            found[other - one + 3] += 0.5 * float(weights @ (slopes[one] * slopes[other]))
    return found
