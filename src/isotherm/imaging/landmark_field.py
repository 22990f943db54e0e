"""The smooth field that landmarks bear out: how rough it is and how well they were pointed out, both from themselves.

Displacements at the landmarks are taken for a rigid motion, a field whose differences grow with distance (the
biharmonic thin plate of space, level far away), and the error of pointing, the same along each axis. The shares of the
last two are those that make the landmarks likeliest once every rigid motion is taken out (REML): landmarks that
contradict each other turn and shift, landmarks that agree bend.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isotherm.imaging.geometry import Float

UNIT_MM = 30.0
"""Length in which distances are counted."""

SHARES = np.logspace(-2.0, 2.5, 19)
"""Variances of pointing, per variance of the field over `UNIT_MM`, of which the likeliest is taken."""

MEAN_OF_NORM = math.sqrt(8.0 / (3.0 * math.pi))
"""Mean length of a vector of three normal parts, per root of its mean square."""


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkField:
    """Displacements between landmarks and around them.

    Parameters
    ----------
    places_lps_mm : array, shape (n, 3)
    pulls_mm : array, shape (n, 3)
        Weight of each landmark.
    drift : array, shape (6,)
        Shift (mm) and turn (small, radian per `UNIT_MM`) of the rigid part.
    scale_mm2 : float
        Variance of the field over `UNIT_MM` along each axis.
    pointing : float
        Variance of pointing, per `scale_mm2`.
    """

    places_lps_mm: Float
    pulls_mm: Float
    drift: Float
    scale_mm2: float
    pointing: float

    def at(self, points_lps_mm: Float) -> Float:
        """Return displacements at points, shape (n, 3)."""
        rigid = np.einsum("nab,b->na", _rigid_columns(points_lps_mm, self.places_lps_mm), self.drift)
        return rigid + _plate(points_lps_mm, self.places_lps_mm) @ self.pulls_mm

    def error_mm(self, points_lps_mm: Float, *, rigid_only: bool = False) -> float:
        """Return the mean error to be expected at points, shape (n, 3); of the rigid least squares if so wanted.

        References
        ----------
        .. [1] Cressie N. Statistics for spatial data, revised edition, 1993, section 3.4 (universal kriging).
        """
        places = self.places_lps_mm
        inner, columns = _inner(places, self.pointing), _stacked(_rigid_columns(places, places))
        squares: list[float] = []
        for point in points_lps_mm:
            own = _rigid_columns(point[None], places)[0]
            to = np.kron(_plate(point[None], places), np.eye(3))
            if rigid_only:
                share = own @ np.linalg.pinv(columns)
            else:
                zero = np.zeros((6, 6))
                whole = np.block([[inner, columns], [columns.T, zero]])
                share = np.linalg.solve(whole, np.vstack([to.T, own.T]))[: 3 * len(places)].T
            spread = share @ inner @ share.T - share @ to.T - to @ share.T
            squares.append(max(float(np.trace(spread)), 0.0) * self.scale_mm2)
        return MEAN_OF_NORM * float(np.sqrt(squares).mean())


def fit_field(places_lps_mm: Float, moved_mm: Float) -> LandmarkField:
    """Fit the field to displacements, shape (n, 3), at four landmarks or more that do not lie on a line.

    References
    ----------
    .. [1] Patterson HD, Thompson R. Biometrika 1971;58:545-554 (REML).
    .. [2] Duchon J. Lecture Notes in Mathematics 1977;571:85-100 (splines of space).
    """
    columns = _stacked(_rigid_columns(places_lps_mm, places_lps_mm))
    values = moved_mm.ravel()
    left, _, _ = np.linalg.svd(columns, full_matrices=True)
    contrasts = left[:, 6:]
    told = contrasts.T @ values
    best = max((_likelihood(contrasts, told, _inner(places_lps_mm, share)), share) for share in SHARES.tolist())
    (_, scale), share = best
    whole = np.block([[_inner(places_lps_mm, share), columns], [columns.T, np.zeros((6, 6))]])
    solved = np.asarray(np.linalg.solve(whole, np.append(values, np.zeros(6))), dtype=np.float64)
    pulls = solved[:-6].reshape(-1, 3)
    return LandmarkField(places_lps_mm, pulls, solved[-6:], scale, share)


def _likelihood(contrasts: Float, told: Float, inner: Float) -> tuple[float, float]:
    """Return the log likelihood of what no rigid motion explains, up to a constant, and the field's scale."""
    spread = contrasts.T @ inner @ contrasts
    scale = float(told @ np.linalg.solve(spread, told)) / len(told)
    return -0.5 * (float(np.linalg.slogdet(spread)[1]) + len(told) * math.log(max(scale, 1e-12))), scale


def _plate(points: Float, places: Float) -> Float:
    apart = points[:, None] - places[None]
    return np.asarray(-np.sqrt(np.einsum("nma,nma->nm", apart, apart)) / UNIT_MM, dtype=np.float64)


def _inner(places: Float, pointing: float) -> Float:
    return np.asarray(np.kron(_plate(places, places) + pointing * np.eye(len(places)), np.eye(3)), dtype=np.float64)


def _rigid_columns(points: Float, places: Float) -> Float:
    """Return what each shift and each small turn about the landmarks' center does at points, shape (n, 3, 6)."""
    x, y, z = ((points - places.mean(axis=0)) / UNIT_MM).T
    nil = np.zeros_like(x)
    turns = np.stack([[nil, z, -y], [-z, nil, x], [y, -x, nil]]).transpose(2, 0, 1)
    return np.concatenate([np.broadcast_to(np.eye(3), turns.shape), turns], axis=2)


def _stacked(columns: Float) -> Float:
    return columns.reshape(-1, 6)
