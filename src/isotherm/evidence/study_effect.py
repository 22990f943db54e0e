"""StudyEffect: what one study found, on the scale on which it is pooled, with the words that say what it can join."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal

from scipy.stats import norm

from isotherm.effect import RATIOS, Effect
from isotherm.errors import CannotPool
from isotherm.evidence.set_aside import set_aside
from isotherm.override import Override
from isotherm.source import Citation

LARGEST_VALUE, LARGEST_VARIANCE = 1e15, 1e30
"""Nothing that is measured goes beyond; the smallest variance is one over the largest."""

ADDITIVE = ("difference", "change per step")
"""How measures end that are pooled as they are; ratios are pooled on the logarithmic scale."""

UNSAID = frozenset({"", "not printed", "unknown"})
"""What stands where a reference level is missing: without one, the direction of an effect is not known."""

ROUNDING_SLACK = 1e-6
"""Numbers nearer than this, in standard errors, are equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyEffect:
    """One study's effect.

    Parameters
    ----------
    name : str
        How the study is called: "COLLISION 2025"; no two studies of an analysis share it.
    value, variance : float
        The logarithm of a ratio, or a difference; and its squared standard error.
    measure : str
        "hazard ratio", "risk difference", ...
    compared, reference : str
        Above 1 (or 0) means more events in `compared` than in `reference`. A slope has a step in place of a reference.
    slope_unit : str
        Step of a slope: "5 mm", "1 lesion".
    endpoint, per : str
        What was counted, and of whom: "patient" or "tumor".
    at_days : float or None
        Horizon of a risk or a restricted mean.
    cohorts : set of str
        Cohorts that the patients come from: studies that share one overlap.
    overlaps_with : set of str
        Names of studies that share patients with this one.
    source : Citation or None
        Two effects of one publication overlap.
    overrides : tuple of Override
        Rules that were set aside when the effect was taken from print.

    Raises
    ------
    CannotPool
        NaN, a variance that is none, or words missing without which nobody can say what may be pooled with it.
    """

    name: str
    value: float
    variance: float
    measure: str
    compared: str
    reference: str = ""
    slope_unit: str = ""
    endpoint: str
    per: str = "patient"
    at_days: float | None = None
    cohorts: AbstractSet[str] = frozenset()
    overlaps_with: AbstractSet[str] = frozenset()
    source: Citation | None = None
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        for name in ("cohorts", "overlaps_with"):
            object.__setattr__(self, name, frozenset(getattr(self, name)))
        if not self.name.strip():
            raise CannotPool("A study without a name came; name it, so that a reader can find it.")
        self._check_numbers()
        self._check_words()

    def _check_numbers(self) -> None:
        if not math.isfinite(self.value):
            raise CannotPool(f"{self.name} has an estimate that is NaN or infinite; leave it out, and say so.")
        if abs(self.value) > LARGEST_VALUE:
            raise CannotPool(f"{self.name} has the estimate {self.value:g}, too large for any measure; check its unit.")
        if not 1.0 / LARGEST_VARIANCE <= self.variance <= LARGEST_VARIANCE:
            raise CannotPool(
                f"{self.name} has the variance {self.variance:g}; a squared standard error, finite and above 0, is "
                "wanted."
            )

    def _check_words(self) -> None:
        _refuse_measure(self.name, self.measure)
        if not self.compared.strip():
            raise CannotPool(f"{self.name} does not say what is compared; name the arm, or the covariate of a slope.")
        if not self.endpoint.strip():
            raise CannotPool(f"{self.name} does not say its endpoint; name it.")
        if plain(self.reference) in UNSAID and not self.slope_unit.strip():
            raise CannotPool(f"{self.name} has no reference level and no step, so its direction is unknown; name one.")
        if plain(self.compared) == plain(self.reference):
            raise CannotPool(f"{self.name} compares {self.compared} with itself; name the other arm.")

    @property
    def is_logarithm(self) -> bool:
        """Whether `value` is the logarithm of a ratio."""
        return self.measure in RATIOS

    @property
    def compared_with(self) -> str:
        """What is compared with what, in words."""
        step = f", per {self.slope_unit}" if self.slope_unit else ""
        return f"{self.compared}{f' v {self.reference}' if self.reference else ''}{step}"

    def turned(self) -> StudyEffect:
        """Return the effect seen from the other side: the arms change places, the value its sign.

        Raises
        ------
        CannotPool
            It is a slope.
        """
        if plain(self.reference) in UNSAID:
            raise CannotPool(f"{self.name} is a slope per step; only a comparison of two arms can be turned.")
        return replace(self, value=-self.value, compared=self.reference, reference=self.compared)


def plain(words: str) -> str:
    """Return words without what the eye does not see: capitals and doubled blanks."""
    return " ".join(words.split()).casefold()


def study_effect(
    effect: Effect,
    *,
    name: str,
    compared: str,
    reference: str = "",
    slope_unit: str = "",
    cohorts: Iterable[str] = (),
    overlaps_with: Iterable[str] = (),
    despite: Mapping[str, str] | None = None,
) -> StudyEffect:
    """Take an effect with its interval to the scale of pooling.

    The standard error is the width of the interval over twice the normal quantile of its level. Rounding is allowed for
    as far as the digits of the numbers say; beyond it the interval must lie around its estimate, and a p value must be
    the one that estimate and interval imply.

    Parameters
    ----------
    effect : Effect
        A ratio or a difference.
    name, compared, reference, slope_unit, cohorts, overlaps_with
        As in `StudyEffect`. The direction is never read off a label.
    despite : mapping, optional
        Reasons for setting aside the rules "interval" and "p value".

    Raises
    ------
    CannotPool
        A limit that is 0 or infinite, no width, an interval or a p value that contradicts the estimate, or as
        `StudyEffect`.

    References
    ----------
    .. [1] Altman DG, Bland JM. BMJ 2011;343:d2304 (p value from an interval).
    """
    _refuse_measure(name, effect.measure)
    ratio = effect.measure in RATIOS
    if not (math.isfinite(effect.low) and math.isfinite(effect.high)) or (ratio and effect.low <= 0.0):
        raise CannotPool(f"{name} has a limit that is 0 or infinite; no standard error can be read off its interval.")
    printed = _Printed(effect)
    if not printed.width > 0.0:
        raise CannotPool(f"{name} has an interval of no width; no standard error can be read off it.")
    overrides = set_aside(_contradictions(printed, name), despite or {}, ("interval", "p value"))
    return StudyEffect(
        name=name, value=printed.value, variance=(printed.width / (2.0 * printed.z)) ** 2, measure=effect.measure,
        compared=compared, reference=reference, slope_unit=slope_unit, endpoint=effect.endpoint, per=effect.per,
        at_days=effect.at_days, cohorts=frozenset(cohorts), overlaps_with=frozenset(overlaps_with),
        source=effect.source, overrides=overrides,
    )  # fmt: skip


def _refuse_measure(name: str, measure: str) -> None:
    if measure == "E-value" or not (measure in RATIOS or measure.endswith(ADDITIVE)):
        raise CannotPool(f'{name} is a "{measure}"; ratios and differences are pooled, not single rates or medians.')


class _Printed:
    """An effect on the scale of pooling, and how far rounding may have moved its numbers."""

    def __init__(self, effect: Effect) -> None:
        self.is_ratio = effect.measure in RATIOS
        self.half = 0.5 * 10.0 ** -max(_decimals(x) for x in (effect.estimate, effect.low, effect.high))
        self.effect = effect
        self.z = float(norm.isf((1.0 - effect.level) / 2.0))
        self.value = self.scaled(effect.estimate)
        self.width = self.scaled(effect.high) - self.scaled(effect.low)

    def scaled(self, number: float) -> float:
        """Return a number on the scale of pooling; a ratio that may have been 0 before rounding is minus infinity."""
        if not self.is_ratio:
            return number
        return math.log(number) if number > 0.0 else -math.inf

    def reach(self, number: float) -> tuple[float, float]:
        """Return from where to where a number may have lain before it was rounded."""
        return self.scaled(number - self.half), self.scaled(number + self.half)


def _contradictions(printed: _Printed, name: str) -> Iterator[tuple[str, str]]:
    """Yield what in a printed effect does not fit together, beyond rounding."""
    effect = printed.effect
    (low, low_up), (high, high_up), (value, value_up) = (
        printed.reach(x) for x in (effect.low, effect.high, effect.estimate)
    )
    slack = ROUNDING_SLACK * printed.width
    if (low + high) / 2.0 > value_up + slack or (low_up + high_up) / 2.0 < value - slack:
        yield "interval", f"The interval of {name} does not lie around its estimate as a standard error would put it."
    if effect.p_value is None:
        return
    nearest = 0.0 if value <= 0.0 <= value_up else min(abs(value), abs(value_up))
    widest, narrowest = (high_up - low) / (2.0 * printed.z), max(high - low_up, 0.0) / (2.0 * printed.z)
    farthest = max(abs(value), abs(value_up)) / narrowest if narrowest > 0.0 else math.inf
    least, most = (float(2.0 * norm.sf(z)) for z in (farthest, nearest / widest))
    half = 0.5 * 10.0 ** -_decimals(effect.p_value)
    if least > effect.p_value + half + ROUNDING_SLACK or most < effect.p_value - half - ROUNDING_SLACK:
        yield (
            "p value",
            (f"The p value {effect.p_value:g} of {name} is not the one of its interval, {least:.2g} to {most:.2g}."),
        )


def _decimals(number: float) -> int:
    """Return how many decimals a number is written with."""
    exponent = Decimal(repr(float(number))).normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
