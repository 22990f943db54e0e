"""Collinear: which columns of a model are sums of those before them, by the one threshold that its fit goes by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float
from isotherm.study.linear_kernels import SINGULAR, factorize

CONSTANT = 1e-12
"""A column that varies by less than this share of its mean is constant but for rounding."""


def collinear(x: Float) -> npt.NDArray[np.bool_]:
    """Return which columns are constant or a sum of those before them: no model with an intercept can tell them apart.

    Parameters
    ----------
    x : array, shape (n, p)

    Returns
    -------
    array of bool, shape (p,)
    """
    center, spread = x.mean(axis=0), x.std(axis=0)
    aliased = ~(spread > CONSTANT * np.abs(center))
    steps = (x - center) / np.where(aliased, 1.0, spread)
    factorize(steps.T @ steps / len(x), aliased, SINGULAR, 0.0, np.zeros((x.shape[1], x.shape[1])))
    return aliased
