"""Numbers as they were printed: how far rounding may have moved them, and whether two of them agree."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Literal

SLACK = 1e-9
"""Numbers of binary fractions nearer than this are one number."""

Operator = Literal["=", "<", "<=", ">", ">=", "~"]
"""How a number was printed: as it is, as a bound, or as about so much."""

Agreement = Literal["match", "rounding", "mismatch"]
"""The same digits; within what rounding may have done; neither."""


def half_unit(number: Decimal) -> float:
    """Return half of the last digit's unit: 0.05 for 48.3, and 0.005 for 0.50."""
    exponent = number.as_tuple().exponent
    return 0.5 * 10.0 ** int(exponent) if isinstance(exponent, int) and exponent < 0 else 0.5


def ends(number: Decimal, *, exact: bool = False) -> tuple[float, float]:
    """Return from where to where a number may have lain before it was rounded; counts are exact."""
    half = 0.0 if exact else half_unit(number)
    return float(number) - half, float(number) + half


def agreement(
    computed: float, reach: tuple[float, float], printed: Decimal, operator: str = "=", *, exact: bool = False
) -> Agreement:
    """Say how a computed number agrees with a printed one.

    Parameters
    ----------
    computed : float
        From the printed numbers as they are.
    reach : tuple of float
        The lowest and the highest that it may be, given how the numbers it was computed from were rounded.
    printed : Decimal
        With its trailing zeros: they say how it was rounded.
    operator : str
        "<" and "<=" print an upper bound, ">" and ">=" a lower one; "~" and "=" the number itself.
    exact : bool
        The printed number was not rounded.
    """
    if math.isnan(computed):
        return "mismatch"
    if operator in ("<", "<="):
        low, high = -math.inf, float(printed)
    elif operator in (">", ">="):
        low, high = float(printed), math.inf
    else:
        low, high = ends(printed, exact=exact)
    if low - SLACK <= computed <= high + SLACK:
        return "match"
    # Ranges that only touch do not agree: half a unit is rounded up, so that 30 and 31 have no number in common.
    return "rounding" if reach[0] < high - SLACK and low < reach[1] - SLACK else "mismatch"


def digits(number: float, like: Decimal) -> str:
    """Return a computed number with one digit more than the printed one, which shows how near to the edge it lies."""
    exponent = like.as_tuple().exponent
    places = max(-exponent, 0) if isinstance(exponent, int) else 0
    return f"{number:.{places + 1}f}"
