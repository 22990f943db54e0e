"""A smooth function on a box: tricubic B-splines, their values at the voxels that count, and how much they bend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Three = tuple[Floats, Floats, Floats]
Splines = tuple["Spline", "Spline", "Spline"]

DEGREE = 3
"""Cubic: the lowest degree whose third derivatives, which the bending is made of, are not all zero."""

UNSPLIT = 1 << 18
"""Multiplications per matrix product: OpenBLAS shares larger ones among threads, which, hundreds of times a second,
wait for each other longer than they work (twelve times slower on a busy machine); and sums would depend on them."""

# Coefficients of 1, t, t^2, t^3 of the four uniform cubic B-splines that are not zero in a cell, 0 <= t < 1.
_PIECES = np.array([[1, -3, 3, -1], [4, 0, -6, 3], [1, 3, 3, -3], [0, 0, 0, 1]]) / 6.0

# Orders of differentiation along the three axes, and how often each occurs among the 27 third derivatives.
_THIRD_DERIVATIVES = (
    ((3, 0, 0), 1), ((0, 3, 0), 1), ((0, 0, 3), 1), ((2, 1, 0), 3), ((2, 0, 1), 3), ((1, 2, 0), 3),
    ((0, 2, 1), 3), ((1, 0, 2), 3), ((0, 1, 2), 3), ((1, 1, 1), 6),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spline:
    """Cubic B-splines along one axis, equally spaced.

    Parameters
    ----------
    length : float
        They cover the places from 0 to here.
    step : float
        Distance between two of them.
    """

    length: float
    step: float

    @property
    def cells(self) -> int:
        """Number of intervals between knots that cover the length."""
        return max(1, int(np.ceil(self.length / self.step - 1e-9)))

    @property
    def count(self) -> int:
        """Number of splines."""
        return self.cells + DEGREE

    def at(self, places: npt.NDArray[np.float64], *, derivative: int = 0) -> Floats:
        """Return the value of each spline, or of a derivative of it, at each place; shape (places, count)."""
        # The knots are centered on the length, so that turning the axis around changes nothing.
        scaled = (places + 0.5 * (self.cells * self.step - self.length)) / self.step
        cell = np.clip(np.floor(scaled), 0, self.cells - 1).astype(np.int64)
        matrix = np.zeros((len(places), self.count), dtype=np.float32)
        within = scaled - cell
        for piece in range(DEGREE + 1):
            polynomial = np.poly1d(_PIECES[piece, ::-1]).deriv(derivative)
            matrix[np.arange(len(places)), cell + piece] = polynomial(within)
        return matrix / np.float32(self.step**derivative)

    def products(self) -> tuple[Floats, ...]:
        """Return the integrals of the products of two splines' derivatives, for the orders 0 to 3."""
        nodes, weights = np.polynomial.legendre.leggauss(DEGREE + 1)  # exact for products of cubics
        start = -0.5 * (self.cells * self.step - self.length)
        inner = (start + self.step * (np.arange(self.cells)[:, None] + 0.5 * (nodes + 1.0))).ravel()
        share = np.tile(0.5 * self.step * weights, self.cells)[:, None]
        found: list[Floats] = []
        for order in range(DEGREE + 1):
            values = self.at(inner, derivative=order).astype(np.float64)
            found.append((values.T @ (share * values)).astype(np.float32))
        return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class Bending:
    """The energy of all third derivatives of a tricubic spline: zero for every quadric, however large its curvature."""

    splines: Splines
    _products: tuple[tuple[Floats, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_products", tuple(spline.products() for spline in self.splines))

    def gradient(self, coefficients: Floats) -> Floats:
        """Return the derivative of half the energy by the coefficients, of the same shape."""
        first, second, third = self._products
        total = np.zeros_like(coefficients)
        for order in range(DEGREE + 1):
            inner = _along(coefficients, (None, None, third[order]))
            terms = [(orders, times) for orders, times in _THIRD_DERIVATIVES if orders[2] == order]
            for middle in {orders[1] for orders, _ in terms}:
                between = _along(inner, (None, second[middle], None))
                outer = sum(times * first[orders[0]] for orders, times in terms if orders[1] == middle)
                total += _along(between, (np.asarray(outer, dtype=np.float32), None, None))
        return total

    def diagonal(self) -> Floats:
        """Return the diagonal of the operator that `gradient` applies."""
        total = np.zeros([spline.count for spline in self.splines], dtype=np.float32)
        for (a, b, c), times in _THIRD_DERIVATIVES:
            parts = [np.diagonal(products[order]) for products, order in zip(self._products, (a, b, c), strict=True)]
            total += times * np.einsum("i,j,k->ijk", *parts)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Some voxels of a grid, each split into equal parts along the axes: where a tricubic spline is looked at.

    Parameters
    ----------
    bases, slopes, squares : three arrays, shape (parts along the axis, splines)
        Values, first derivatives and squared values of the splines along each axis.
    where : array of int, shape (voxels, parts)
        The parts of each voxel, as flat numbers into the grid of all parts.
    shape : tuple of int
        Of that grid.
    """

    bases: Three
    slopes: Three
    squares: Three
    where: Ints
    shape: tuple[int, int, int]

    @classmethod
    def within(
        cls,
        splines: Splines,
        spacing: npt.NDArray[np.float64],
        chosen: npt.NDArray[np.bool_],
        parts: tuple[int, int, int],
    ) -> Sites:
        """Split each chosen voxel into `parts` along the axes."""
        places = [_part_centers(n, float(h), p) for n, h, p in zip(chosen.shape, spacing.tolist(), parts, strict=True)]
        a, b, c = (spline.at(x) for spline, x in zip(splines, places, strict=True))
        da, db, dc = (spline.at(x, derivative=1) for spline, x in zip(splines, places, strict=True))
        shape = (len(places[0]), len(places[1]), len(places[2]))
        inner = np.stack([x.ravel() for x in np.indices(parts)], axis=1)
        at = np.argwhere(chosen)[:, None, :] * np.array(parts) + inner
        where = np.ravel_multi_index((at[..., 0], at[..., 1], at[..., 2]), shape).astype(np.int64)
        return cls((a, b, c), (da, db, dc), (a * a, b * b, c * c), where, shape)

    def values(self, coefficients: Floats) -> Floats:
        """Return the spline at the parts, shape (voxels, parts)."""
        return evaluated(coefficients, self.bases).ravel()[self.where]

    def steepness(self, coefficients: Floats) -> Floats:
        """Return the length of the spline's gradient at the parts, shape (voxels, parts)."""
        (a, b, c), (da, db, dc) = self.bases, self.slopes
        squared = np.zeros(self.where.shape, dtype=np.float32)
        for bases in ((da, b, c), (a, db, c), (a, b, dc)):
            squared += np.square(evaluated(coefficients, bases).ravel()[self.where])
        return np.sqrt(squared)

    def spread(self, values: Floats, *, squared: bool = False) -> Floats:
        """Return the transpose of `values`, or that of the same with squared splines; shape of the coefficients."""
        whole = np.zeros(self.shape, dtype=np.float32)
        whole.ravel()[self.where] = values
        return _along(whole, _turned(self.squares if squared else self.bases))


def evaluated(coefficients: Floats, bases: Three) -> Floats:
    """Return a tricubic spline at all nodes of a grid, from its coefficients and the basis along each axis."""
    return _along(coefficients, bases)


def _part_centers(voxels: int, size: float, parts: int) -> npt.NDArray[np.float64]:
    return size * ((np.arange(voxels * parts, dtype=np.float64) + 0.5) / parts - 0.5)


def _turned(bases: Three) -> Three:
    return bases[0].T, bases[1].T, bases[2].T


def _along(array: Floats, matrices: Sequence[Floats | None]) -> Floats:
    """Multiply each axis of an array by a matrix, shape (new, old); None leaves the axis as it is."""
    first, second, third = matrices
    if third is not None:
        rows = array.reshape(-1, array.shape[2])
        out = np.empty((len(rows), len(third)), dtype=np.float32)
        for some in _pieces(len(rows), third.size):
            np.matmul(rows[some], third.T, out=out[some])
        array = out.reshape(*array.shape[:2], -1)
    if second is not None:
        out = np.empty((array.shape[0], len(second), array.shape[2]), dtype=np.float32)
        for some in _pieces(array.shape[2], second.size):
            np.matmul(second, array[:, :, some], out=out[:, :, some])
        array = out
    if first is not None:
        columns = array.reshape(array.shape[0], -1)
        out = np.empty((len(first), columns.shape[1]), dtype=np.float32)
        for some in _pieces(columns.shape[1], first.size):
            np.matmul(first, columns[:, some], out=out[:, some])
        array = out.reshape(-1, *array.shape[1:])
    return array


def _pieces(count: int, cost: int) -> list[slice]:
    """Cut `count` rows or columns, each of which costs that many multiplications, into pieces small enough."""
    step = max(1, UNSPLIT // cost)
    return [slice(start, start + step) for start in range(0, count, step)]
