"""A smooth function on a box: tricubic B-splines, their values at the nodes of a grid, and how much they bend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Three = tuple[Floats, Floats, Floats]

DEGREE = 3
"""Cubic: the lowest degree whose third derivatives, which the bending is made of, are not all zero."""

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
        powers = (scaled - cell)[:, None] ** np.arange(DEGREE + 1)
        for piece in range(DEGREE + 1):
            polynomial = np.polynomial.polynomial.polyder(_PIECES[piece], derivative) if derivative else _PIECES[piece]
            matrix[np.arange(len(places)), cell + piece] = powers[:, : len(polynomial)] @ polynomial
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

    splines: tuple[Spline, Spline, Spline]
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


def evaluated(coefficients: Floats, bases: Three) -> Floats:
    """Return a tricubic spline at all nodes of a grid, from its coefficients and the basis along each axis."""
    return _along(coefficients, bases)


def gathered(values: Floats, bases: Three) -> Floats:
    """Return the sums over the nodes of value times spline: the transpose of `evaluated`."""
    return _along(values, (bases[0].T, bases[1].T, bases[2].T))


def _along(array: Floats, matrices: Sequence[Floats | None]) -> Floats:
    """Multiply each axis of an array by a matrix, shape (new, old); None leaves the axis as it is."""
    first, second, third = matrices
    if third is not None:
        array = (array.reshape(-1, array.shape[2]) @ third.T).reshape(*array.shape[:2], -1)
    if second is not None:
        array = np.matmul(second, array)
    if first is not None:
        array = (first @ array.reshape(array.shape[0], -1)).reshape(-1, *array.shape[1:])
    return array
