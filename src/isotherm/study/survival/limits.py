"""Pointwise limits of a Kaplan-Meier curve: five transformations, named as in R."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from isotherm.columns import Float
from isotherm.confidence import normal_quantile
from isotherm.errors import BadSetting

Interval = Literal["log", "log-log", "plain", "logit", "arcsin"]


def limits(
    survival: Float, std_error: Float, *, interval: Interval = "log", level: float = 0.95
) -> tuple[Float, Float]:
    """Return the lower and upper limit at every time.

    Parameters
    ----------
    survival, std_error : array, shape (t,)
        S and the standard error of S.
    interval : {"log", "log-log", "plain", "logit", "arcsin"}
        The scale on which the interval is symmetric; "log" is R's default.
    level : float

    Returns
    -------
    low, high : array, shape (t,)
        NaN where S is 0, and where S is 1 on the scales on which 1 is infinite: nothing has been seen there yet.

    References
    ----------
    .. [1] Borgan O, Liestol K. Scand J Stat 1990;17:35-41.
    """
    if interval not in _SCALES:
        raise BadSetting(f'The interval "{interval}" came; one of {", ".join(_SCALES)} is wanted.')
    scale, edge = _SCALES[interval]
    known = (survival > 0.0) & ((survival < 1.0) | edge)
    low, high = np.full(len(survival), np.nan), np.full(len(survival), np.nan)
    rows = slice(None) if known.all() else known
    s = survival[rows]
    with np.errstate(over="ignore"):  # an interval that reaches beyond all numbers ends at 0 or 1
        low[rows], high[rows] = scale(s, normal_quantile(level) * std_error[rows] / s)
    return low, high


def _log(s: Float, reach: Float) -> tuple[Float, Float]:
    return s * np.exp(-reach), np.minimum(s * np.exp(reach), 1.0)


def _log_log(s: Float, reach: Float) -> tuple[Float, Float]:
    far = reach / np.log(s)
    return s ** np.exp(-far), s ** np.exp(far)


def _plain(s: Float, reach: Float) -> tuple[Float, Float]:
    return np.maximum(s - reach * s, 0.0), np.minimum(s + reach * s, 1.0)


def _logit(s: Float, reach: Float) -> tuple[Float, Float]:
    middle, far = np.log(s / (1.0 - s)), reach / (1.0 - s)
    return 1.0 / (1.0 + np.exp(far - middle)), 1.0 / (1.0 + np.exp(-far - middle))


def _arcsin(s: Float, reach: Float) -> tuple[Float, Float]:
    middle, far = np.arcsin(np.sqrt(s)), 0.5 * reach * np.sqrt(s / (1.0 - s))
    return np.sin(np.maximum(middle - far, 0.0)) ** 2, np.sin(np.minimum(middle + far, np.pi / 2.0)) ** 2


_SCALES: dict[str, tuple[Callable[[Float, Float], tuple[Float, Float]], bool]] = {
    "log": (_log, True),
    "log-log": (_log_log, False),
    "plain": (_plain, True),
    "logit": (_logit, False),
    "arcsin": (_arcsin, False),
}
"""Each scale, and whether it can hold S = 1."""
