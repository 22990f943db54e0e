"""PrintedEffect: an estimate with its interval and p value as printed, and whether they fit within their rounding."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from isotherm.effect import RATIOS, Effect
from isotherm.evidence.interval import Reach, normal_quantile, p_within
from isotherm.evidence.printed import Operator, ends

SLACK = 1e-6
"""Numbers nearer than this (p values; or places, in widths of the interval) are one number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedEffect:
    """An estimate with its interval, with the digits that were printed: they say how far rounding moved each.

    Parameters
    ----------
    estimate, low, high : Decimal
    level : float
    ratio : bool
        Intervals of ratios lie around their estimate on the logarithmic scale.
    p_value : Decimal or None
    p_operator : str
        "<" and "<=" print an upper bound, ">" and ">=" a lower one.
    """

    estimate: Decimal
    low: Decimal
    high: Decimal
    level: float
    ratio: bool
    p_value: Decimal | None = None
    p_operator: Operator = "="

    @classmethod
    def of(cls, effect: Effect) -> PrintedEffect:
        """Return an effect as if its three numbers had been printed with as many decimals as the longest of them."""
        numbers = [Decimal(repr(float(one))) for one in (effect.estimate, effect.low, effect.high)]
        last = Decimal(1).scaleb(min(0, *(_exponent(one) for one in numbers)))
        estimate, low, high = (one.quantize(last) for one in numbers)
        p_value = None if effect.p_value is None else Decimal(repr(float(effect.p_value)))
        return cls(estimate=estimate, low=low, high=high, level=effect.level, ratio=effect.measure in RATIOS,
                   p_value=p_value)  # fmt: skip

    @property
    def value(self) -> float:
        """The estimate on the scale of pooling: the logarithm of a ratio, a difference as it is."""
        return self._scaled(float(self.estimate))

    @property
    def std_error(self) -> float:
        """The width of the interval on the scale of pooling, over twice the normal quantile of its level."""
        return self._width / (2.0 * normal_quantile(self.level))

    @property
    def has_width(self) -> bool:
        """Whether a standard error can be read off the interval."""
        return self._width > 0.0 and math.isfinite(self._width)

    def implied_p(self) -> Reach:
        """Return from where to where the p value may lie that estimate and interval imply, given their rounding."""
        reaches = [ends(one) for one in (self.estimate, self.low, self.high)]
        return p_within(reaches[0], reaches[1], reaches[2], level=self.level, ratio=self.ratio)

    def contradictions(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield each rule that rounding does not save, and the sentence on it."""
        (low, low_up), (high, high_up), (value, value_up) = (
            tuple(self._scaled(end) for end in ends(one)) for one in (self.low, self.high, self.estimate)
        )
        slack = SLACK * self._width
        if (low + high) / 2.0 > value_up + slack or (low_up + high_up) / 2.0 < value - slack:
            yield "interval", f"The interval of {name} does not lie around its estimate as a standard error would."
        if self.p_value is None:
            return
        least, most = self.implied_p()
        if least > self._p_reach[1] + SLACK or most < self._p_reach[0] - SLACK:
            sign = "" if self.p_operator == "=" else f"{self.p_operator} "
            yield (
                "p value",
                f"The p value {sign}{self.p_value} of {name} is not that of its interval, {least:.2g} to {most:.2g}.",
            )

    @property
    def _width(self) -> float:
        return self._scaled(float(self.high)) - self._scaled(float(self.low))

    @property
    def _p_reach(self) -> Reach:
        p_value = self.p_value or Decimal(0)
        if self.p_operator in ("<", "<="):
            return 0.0, float(p_value)
        return (float(p_value), 1.0) if self.p_operator in (">", ">=") else ends(p_value)

    def _scaled(self, number: float) -> float:
        """Return a number on the scale of pooling; a ratio that may have been 0 before rounding is minus infinity."""
        if not self.ratio:
            return number
        return math.log(number) if number > 0.0 else -math.inf


def _exponent(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
