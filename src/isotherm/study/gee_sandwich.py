"""The sandwich variance of a GEE, and three corrections for few clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from isotherm.columns import Float, Int, sums_by
from isotherm.errors import NothingToCompare

Correction = Literal["Mancl-DeRouen", "Kauermann-Carroll", "Morel", "none"]
CORRECTIONS = ("Mancl-DeRouen", "Kauermann-Carroll", "Morel", "none")

DECIDES_ALONE = 1e-9
"""Where a cluster leaves less than this share of the information to all others, its residuals are 0 by necessity."""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """What each cluster brings.

    Parameters
    ----------
    score : array, shape (k, q)
    information : array, shape (k, q, q)
    rows : int
    """

    score: Float
    information: Float
    rows: int

    @property
    def total_information(self) -> Float:
        """Sum over clusters, shape (q, q)."""
        return self.information.sum(axis=0)

    @property
    def total_score(self) -> Float:
        """Sum over clusters, shape (q,)."""
        return self.score.sum(axis=0)

    @classmethod
    def of(cls, derivative: Float, residual: Float, codes: Int, correlation: float) -> Pieces:
        """Add up rows within clusters: derivatives (n, q) and residuals (n,) over the working deviation.

        The inverse of an exchangeable correlation r of m rows is (I - r / (1 + (m - 1) r) J) / (1 - r).
        """
        size = np.bincount(codes)
        share = correlation / (1.0 + (size - 1.0) * correlation)
        q = derivative.shape[1]
        sums = sums_by(codes, derivative, len(size))
        total = np.bincount(codes, weights=residual)
        own = sums_by(codes, derivative * residual[:, None], len(size))
        score = (own - (share * total)[:, None] * sums) / (1.0 - correlation)
        products = (derivative[:, :, None] * derivative[:, None, :]).reshape(len(codes), q * q)
        squares = sums_by(codes, products, len(size)).reshape(len(size), q, q)
        between = share[:, None, None] * sums[:, :, None] * sums[:, None, :]
        return cls(score, (squares - between) / (1.0 - correlation), len(codes))


def sandwich(pieces: Pieces, correction: Correction) -> Float:
    """Return the covariance of the coefficients, shape (q, q).

    A cluster pulls the fit toward itself, so that its residuals are too small. Mancl and DeRouen divide them by
    I - H, Kauermann and Carroll by its root, with H the cluster's leverage. Morel and others scale the middle and add
    a share of the model-based variance.

    Raises
    ------
    NothingToCompare
        A cluster that alone decides a coefficient.

    References
    ----------
    .. [1] Mancl LA, DeRouen TA. Biometrics 2001;57:126-134.
    .. [2] Kauermann G, Carroll RJ. J Am Stat Assoc 2001;96:1387-1396.
    .. [3] Morel JG, Bokossa MC, Neerchal NK. Biom J 2003;45:395-409.
    """
    bread = np.linalg.inv(pieces.total_information).astype(np.float64)
    if correction == "Morel":
        return _morel(pieces, bread)
    score = pieces.score
    if correction != "none":
        score = _enlarged(pieces, bread, -1.0 if correction == "Mancl-DeRouen" else -0.5)
    change = score @ bread
    return change.T @ change


def _enlarged(pieces: Pieces, bread: Float, power: float) -> Float:
    """Return each cluster's score times (I - information · bread)^power, the same as its residuals times (I - H)^power.

    With bread = L L', I - information · bread is similar to the symmetric I - L' information L.
    """
    factor = np.linalg.cholesky(bread)
    left, vectors = np.linalg.eigh(np.eye(len(bread)) - factor.T @ pieces.information @ factor)
    if left.min() < DECIDES_ALONE:
        raise NothingToCompare(
            "One cluster alone decides a coefficient, so that its influence cannot be corrected; leave the covariate "
            'out, or use correction="Morel".'
        )
    turned = np.einsum("kji,kj->ki", vectors, pieces.score @ factor)
    back: Float = np.einsum("kij,kj->ki", vectors, turned * left**power)
    return np.linalg.solve(factor.T, back.T).astype(np.float64).T


def _morel(pieces: Pieces, bread: Float) -> Float:
    clusters, q = pieces.score.shape
    centered = pieces.score - pieces.score.mean(axis=0)
    middle = (pieces.rows - 1) / (pieces.rows - q) * clusters / (clusters - 1) * (centered.T @ centered)
    share = min(0.5, q / (clusters - q))
    inflation = max(1.0, float(np.trace(middle @ bread)) / q)
    return bread @ middle @ bread + share * inflation * bread
