"""StudyEffect: what one study found, on the scale on which it is pooled, with the words that say what it can join."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from isotherm.effect import RATIOS, Effect
from isotherm.errors import CannotPool
from isotherm.evidence.printed_effect import PrintedEffect
from isotherm.evidence.set_aside import set_aside
from isotherm.override import Override
from isotherm.source import Citation

LARGEST_VALUE, LARGEST_VARIANCE = 1e15, 1e30
"""Nothing that is measured goes beyond; the smallest variance is one over the largest."""

ADDITIVE = ("difference", "change per step")
"""How measures end that are pooled as they are; ratios are pooled on the logarithmic scale."""

UNSAID = frozenset({"", "not printed", "unknown"})
"""What stands where a reference level is missing: without one, the direction of an effect is not known."""

AS_PRINTED = ("interval", "p value")
"""Rules on the numbers of one study that a recorded reason can set aside."""


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
    organ : str
        "liver", "lung": what holds for one need not hold for the other.
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
    organ: str = ""
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
    organ: str = "",
    at_days: float | None = None,
    source: Citation | None = None,
    printed: PrintedEffect | None = None,
    despite: Mapping[str, str] | None = None,
    overrides: tuple[Override, ...] = (),
) -> StudyEffect:
    """Take an effect with its interval to the scale of pooling.

    The standard error is the width of the interval over twice the normal quantile of its level. Rounding is allowed for
    as far as the digits of the numbers say; beyond it the interval must lie around its estimate, and a p value must be
    the one that estimate and interval imply.

    Parameters
    ----------
    effect : Effect
        A ratio or a difference.
    name, compared, reference, slope_unit, cohorts, overlaps_with, organ
        As in `StudyEffect`. The direction is never read off a label.
    at_days, source : optional
        In place of those of `effect`.
    printed : PrintedEffect, optional
        The same numbers with the digits that were printed; else the digits of `effect` say how they were rounded.
    despite : mapping, optional
        Reasons for setting aside the rules "interval" and "p value".
    overrides : tuple of Override
        Rules that were set aside before.

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
    numbers = PrintedEffect.of(effect) if printed is None else printed
    if not numbers.has_width:
        raise CannotPool(f"{name} has an interval of no width; no standard error can be read off it.")
    found = set_aside(numbers.contradictions(name), despite or {}, AS_PRINTED)
    return StudyEffect(
        name=name, value=numbers.value, variance=numbers.std_error**2, measure=effect.measure,
        compared=compared, reference=reference, slope_unit=slope_unit, endpoint=effect.endpoint, per=effect.per,
        at_days=effect.at_days if at_days is None else at_days, cohorts=frozenset(cohorts),
        overlaps_with=frozenset(overlaps_with), source=effect.source if source is None else source, organ=organ,
        overrides=(*overrides, *found),
    )  # fmt: skip


def _refuse_measure(name: str, measure: str) -> None:
    if measure == "E-value" or not (measure in RATIOS or measure.endswith(ADDITIVE)):
        raise CannotPool(f'{name} is a "{measure}"; ratios and differences are pooled, not single rates or medians.')
