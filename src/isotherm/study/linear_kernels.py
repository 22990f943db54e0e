"""Kernels for small symmetric systems: Cholesky factor, solution and inverse, with collinear columns set aside."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float
from isotherm.study.compiled import compiled

Bool = npt.NDArray[np.bool_]

SINGULAR = 1e-11
"""A pivot below this share of its variance: the column is a sum of those before it. The first of such is at fault."""


@compiled
def factorize(matrix: Float, aliased: Bool, tolerance: float, floor: float, factor: Float) -> int:
    """Write the lower Cholesky factor of a symmetric matrix; return how many more columns were found to be aliased.

    A column whose pivot falls to `tolerance` of its diagonal, or to `floor`, is a combination of the columns before it,
    as R calls it: aliased. It is marked, and its row and column of the factor stay 0, as if it were absent. Marks that
    are set already are kept. A pivot that is not a number marks its column as well.
    """
    size = matrix.shape[0]
    found = 0
    for j in range(size):
        for i in range(j, size):
            factor[j, i] = 0.0
            factor[i, j] = 0.0
        if aliased[j]:
            continue
        pivot = matrix[j, j]
        for k in range(j):
            pivot -= factor[j, k] * factor[j, k]
        if not pivot > max(tolerance * matrix[j, j], floor):
            aliased[j] = True
            found += 1
            for k in range(j):
                factor[j, k] = 0.0
            continue
        root = math.sqrt(pivot)
        factor[j, j] = root
        for i in range(j + 1, size):
            if not aliased[i]:
                rest = matrix[i, j]
                for k in range(j):
                    rest -= factor[i, k] * factor[j, k]
                factor[i, j] = rest / root
    return found


@compiled
def solve(factor: Float, aliased: Bool, right: Float, solution: Float) -> None:
    """Write the solution of factor · factor' · solution = right; aliased entries are 0."""
    size = factor.shape[0]
    for i in range(size):
        solution[i] = 0.0
        if not aliased[i]:
            rest = right[i]
            for k in range(i):
                rest -= factor[i, k] * solution[k]
            solution[i] = rest / factor[i, i]
    for back in range(size):
        i = size - 1 - back
        if not aliased[i]:
            rest = solution[i]
            for k in range(i + 1, size):
                rest -= factor[k, i] * solution[k]
            solution[i] = rest / factor[i, i]


@compiled
def invert(factor: Float, aliased: Bool, inverse: Float) -> None:
    """Write the inverse of factor · factor'; rows and columns of aliased entries are 0."""
    size = factor.shape[0]
    unit = np.zeros(size)
    column = np.zeros(size)
    for j in range(size):
        unit[j] = 0.0 if aliased[j] else 1.0
        solve(factor, aliased, unit, column)
        unit[j] = 0.0
        for i in range(size):
            inverse[i, j] = column[i]
