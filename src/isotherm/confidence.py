"""Confidence levels: checked once, for every interval; and the quantile of the normal distribution."""

from __future__ import annotations

import math

from scipy.stats import norm

from isotherm.errors import BadSetting


def checked_level(level: float) -> float:
    """Return the level of an interval.

    Raises
    ------
    BadSetting
        The level is not between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise BadSetting(f"The level {level:g} came; a share between 0 and 1 is wanted, such as 0.95.")
    return level


def normal_quantile(level: float) -> float:
    """Return z of a two-sided interval: 1.959964 for 0.95; raises as `checked_level`."""
    return float(norm.isf((1.0 - checked_level(level)) / 2.0))


def exponential(value: float) -> float:
    """Return e to a value: a ratio from its logarithm; infinite beyond all numbers."""
    return math.exp(value) if value < 700.0 else math.inf
