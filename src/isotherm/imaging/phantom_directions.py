"""Directions from a center: an evenly split icosahedron, and spherical harmonics as polynomials of the unit vector."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.special import lpmv

from isotherm.errors import BadSetting
from isotherm.imaging.geometry import Float, Int

DEGREE = 5
"""Highest degree of the spherical harmonics of a lobulated shape."""


@lru_cache(maxsize=8)
def icosphere(level_of_detail: int) -> tuple[Float, Int]:
    """Return unit vectors, shape (10 * 4**n + 2, 3), and faces, shape (20 * 4**n, 3), of an icosphere."""
    if not 0 <= level_of_detail <= 8:
        raise BadSetting(f"A level of detail of {level_of_detail} came; 0 to 8 are wanted.")
    directions, faces = _icosahedron()
    for _ in range(level_of_detail):
        edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        unique, which = np.unique(edges, axis=0, return_inverse=True)
        middles = directions[unique].sum(axis=1)
        middle = which.reshape(-1, 3) + len(directions)
        directions = np.concatenate([directions, middles / np.linalg.norm(middles, axis=1, keepdims=True)])
        (a, b, c), (ab, bc, ca) = faces.T, middle.T
        faces = np.concatenate(
            [np.stack(t, axis=1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))], dtype=np.int64
        )
    directions.setflags(write=False)
    faces.setflags(write=False)
    return directions, faces


@lru_cache(maxsize=8)
def neighbors(level_of_detail: int) -> Int:
    """Return, for each direction of the icosphere, the six (or five, one of them twice) next to it, shape (n, 6)."""
    directions, faces = icosphere(level_of_detail)
    pairs = np.unique(np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0)
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    starts = np.searchsorted(ends[:, 0], np.arange(len(directions)))
    counts = np.diff(np.append(starts, len(ends)))
    near = ends[starts[:, None] + np.minimum(np.arange(6), counts[:, None] - 1), 1]
    near.setflags(write=False)
    return near


def _icosahedron() -> tuple[Float, Int]:
    golden = (1.0 + math.sqrt(5.0)) / 2.0
    corners = np.array([[0.0, a, b * golden] for a in (-1, 1) for b in (-1, 1)])
    corners = np.concatenate([np.roll(corners, turn, axis=1) for turn in range(3)])
    gaps = np.linalg.norm(corners[:, None] - corners, axis=2)
    near = np.abs(gaps - 2.0) < 1e-9  # edges are 2 long
    faces = [
        (a, b, c) if np.linalg.det(corners[[a, b, c]]) > 0 else (a, c, b)
        for a in range(12) for b in range(a + 1, 12) for c in range(b + 1, 12)
        if near[a, b] and near[b, c] and near[a, c]
    ]  # fmt: skip
    return corners / np.linalg.norm(corners[0]), np.array(faces, dtype=np.int64)


@lru_cache(maxsize=8)
def _exponents(degree: int) -> tuple[tuple[int, int, int], ...]:
    return tuple((a, b, degree - a - b) for a in range(degree + 1) for b in range(degree + 1 - a))


def monomials(directions: Float, degrees: tuple[int, ...]) -> Float:
    """Return x^a y^b z^c for each (a, b, c) of each degree, shape (number of monomials, n)."""
    # One row per axis keeps each product running along memory; this is the innermost loop of every lobulated shape.
    powers = [np.ones((3, len(directions))), np.ascontiguousarray(directions.T)]
    for _ in range(2, max(degrees) + 1):
        powers.append(powers[-1] * powers[1])
    wanted = [e for degree in degrees for e in _exponents(degree)]
    rows = np.empty((len(wanted), len(directions)))
    planes: dict[tuple[int, int], Float] = {}
    for row, (a, b, c) in zip(rows, wanted, strict=True):
        if (a, b) not in planes:
            planes[a, b] = powers[a][0] * powers[b][1]
        np.multiply(planes[a, b], powers[c][2], out=row)
    return rows


@lru_cache(maxsize=1)
def harmonics_as_polynomials() -> Float:
    """Return each harmonic as weights of the monomials of degree 5 and 4, shape (36 monomials, 36 harmonics).

    On the unit sphere even harmonics are polynomials of degree 4 and odd ones of degree 5: 15 + 21 of each.
    """
    directions = icosphere(2)[0]
    found: Float = np.linalg.lstsq(
        monomials(directions, (DEGREE, DEGREE - 1)).T, real_harmonics(directions), rcond=None
    )[0].astype(np.float64)
    return found


def real_harmonics(directions: Float) -> Float:
    """Return the real spherical harmonics of degree 0 to 5, root mean square one, shape (n, 36)."""
    azimuth = np.arctan2(directions[:, 1], directions[:, 0])
    columns: list[Float] = []
    for degree in range(DEGREE + 1):
        for order in range(-degree, degree + 1):
            m = abs(order)
            norm = math.sqrt((2 * degree + 1) * math.factorial(degree - m) / math.factorial(degree + m))
            turn = np.sin(m * azimuth) if order < 0 else np.cos(m * azimuth)
            columns.append(norm * (math.sqrt(2.0) if m else 1.0) * lpmv(m, degree, directions[:, 2]) * turn)
    return np.stack(columns, axis=1)


def derivatives(polynomial: Float) -> Float:
    """Return d/dx, d/dy, d/dz of a polynomial of degrees 5 and 4 as weights of degrees 4 and 3, shape (25, 3)."""
    where = {e: row for row, e in enumerate((*_exponents(DEGREE - 1), *_exponents(DEGREE - 2)))}
    out = np.zeros((len(where), 3))
    for weight, e in zip(polynomial, (*_exponents(DEGREE), *_exponents(DEGREE - 1)), strict=True):
        for axis in range(3):
            if e[axis]:
                lower = (e[0] - (axis == 0), e[1] - (axis == 1), e[2] - (axis == 2))
                out[where[lower], axis] += weight * e[axis]
    return out
