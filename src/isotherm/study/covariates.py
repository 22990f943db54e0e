"""Covariates of a model: an array or a table of numbers, checked once, with their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, column, numbers, refuse_missing_codes
from isotherm.errors import BadColumn, BadSetting

LARGEST_COVARIATE = 1e100
"""Squares of larger numbers leave the range of numbers."""


def covariate_matrix(
    covariates: npt.ArrayLike, names: Sequence[str] | None, rows: int
) -> tuple[Float, tuple[str, ...]]:
    """Return covariates as numbers, shape (n, p), and their names.

    Parameters
    ----------
    covariates : array, shape (n, p) or (n,)
        Numbers, no gaps; a table with named columns lends its names.
    names : sequence of str, optional
        x1, x2, ... where nothing names them.
    rows : int
        The n that is wanted.

    Raises
    ------
    BadColumn
        Text, gaps, codes for "not known" among numbers, another length, no column, or numbers out of range.
    BadSetting
        Not one name for each.
    """
    own: Any = getattr(covariates, "columns", None)
    x = numbers("a covariate", covariates)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or len(x) != rows or not x.shape[1]:
        raise BadColumn(f"Covariates of shape {x.shape} came; {rows} rows and at least one column are wanted.")
    given = names if names is not None else [str(name) for name in own] if own is not None else None
    labels = tuple(f"x{k + 1}" for k in range(x.shape[1])) if given is None else tuple(given)
    if len(labels) != x.shape[1] or len(set(labels)) != len(labels):
        raise BadSetting(f"{len(set(labels))} different names came for {x.shape[1]} covariates; name each once.")
    gaps = ~np.isfinite(x).all(axis=0)
    if gaps.any():
        k = int(np.flatnonzero(gaps)[0])
        column(labels[k], x[:, k], rows)
    for k, name in enumerate(labels):
        refuse_missing_codes(name, x[:, k])
    if np.abs(x).max() > LARGEST_COVARIATE:
        raise BadColumn(f"The covariates reach beyond {LARGEST_COVARIATE:g}; give them in larger units.")
    return x, labels
