"""Pooling: the effects of many studies → one, as a common effect and as random effects, side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

import numpy as np
from scipy.stats import t as student

from isotherm.columns import Float
from isotherm.confidence import checked_level
from isotherm.effect import Effect
from isotherm.errors import BadSetting, CannotPool, OutOfReach
from isotherm.evidence.comparable import checked
from isotherm.evidence.heterogeneity import Heterogeneity, Tau2Method, heterogeneity, weighted_mean
from isotherm.evidence.study_effect import StudyEffect
from isotherm.override import Override

Interval = Literal["normal", "Hartung-Knapp", "modified Hartung-Knapp"]
Prediction = Literal["t, k - 2", "as the interval"]

NO_SCATTER = 1e-20
"""A Hartung-Knapp factor below this is rounding: the studies have one and the same estimate."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A pooled effect on the scale of pooling.

    Parameters
    ----------
    value, std_error, low, high : float
    statistic, p_value : float
        Of no effect, two-sided.
    freedom : float
        Degrees of freedom of Student's t; infinite for the normal distribution.
    scale : float or None
        The Hartung-Knapp factor by which the variance was multiplied; below 1 the interval is narrower than the normal
        standard error says. None for a normal interval.
    weights : tuple of float
        Share of each study; they add up to 1.
    """

    value: float
    std_error: float
    low: float
    high: float
    statistic: float
    p_value: float
    freedom: float
    scale: float | None
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """How studies are pooled; see `pool`."""

    tau2_method: Tau2Method = "REML"
    interval: Interval = "modified Hartung-Knapp"
    prediction: Prediction = "t, k - 2"
    level: float = 0.95

    def __post_init__(self) -> None:
        for name, kind in (("tau2_method", Tau2Method), ("interval", Interval), ("prediction", Prediction)):
            if getattr(self, name) not in get_args(kind):
                raise BadSetting(f'{name} "{getattr(self, name)}" came; choose one of: {"; ".join(get_args(kind))}.')
        checked_level(self.level)


@dataclass(frozen=True, slots=True)
class MetaAnalysis:
    """Pooled effects, and all that must be said beside them.

    Parameters
    ----------
    studies : tuple of StudyEffect
    common, random : Summary
        As if all studies had one true effect; as if their true effects were drawn from a normal distribution.
    heterogeneity : Heterogeneity
    prediction_limits : tuple of float or None
        Where the true effect of a new study lies, on the scale of pooling; None with two studies and k - 2 degrees.
    settings : Settings
    overrides : tuple of Override
        Rules that were set aside; print them with the result.
    """

    studies: tuple[StudyEffect, ...]
    common: Summary
    random: Summary
    heterogeneity: Heterogeneity
    prediction_limits: tuple[float, float] | None
    settings: Settings
    overrides: tuple[Override, ...]

    @property
    def prediction(self) -> tuple[float, float] | None:
        """The prediction interval on the scale of the measure."""
        if self.prediction_limits is None:
            return None
        return self._printed(self.prediction_limits[0]), self._printed(self.prediction_limits[1])

    @property
    def common_effect(self) -> Effect:
        """The common effect, on the scale of the measure."""
        return self._effect(self.common, "common effect, inverse variances, normal interval")

    @property
    def random_effect(self) -> Effect:
        """The mean of random effects, on the scale of the measure."""
        return self._effect(self.random, f"random effects, tau2 by {self.settings.tau2_method}, "
                                         f"{self.settings.interval} interval")  # fmt: skip

    def _effect(self, summary: Summary, method: str) -> Effect:
        first, measures = self.studies[0], {study.measure for study in self.studies}
        despite = "".join(f"; {one.what} set aside: {one.reason}" for one in self.overrides)
        mixed = "ratio" if first.is_logarithm else "difference"
        return Effect(
            measure=first.measure if len(measures) == 1 else mixed,
            estimate=self._printed(summary.value), low=self._printed(summary.low), high=self._printed(summary.high),
            level=self.settings.level, p_value=summary.p_value, name=first.compared_with, endpoint=first.endpoint,
            per=first.per, at_days=first.at_days, method=f"{len(self.studies)} studies, {method}{despite}",
        )  # fmt: skip

    def _printed(self, value: float) -> float:
        if not self.studies[0].is_logarithm:
            return value
        return math.exp(value) if value < 700.0 else math.inf


def pool(
    studies: Sequence[StudyEffect],
    *,
    tau2_method: Tau2Method = "REML",
    interval: Interval = "modified Hartung-Knapp",
    prediction: Prediction = "t, k - 2",
    level: float = 0.95,
    despite: Mapping[str, str] | None = None,
) -> MetaAnalysis:
    """Pool the effects of studies.

    Parameters
    ----------
    studies : sequence of StudyEffect
        Two or more, of one question, without a patient in common.
    tau2_method : str
        "REML", "DerSimonian-Laird" or "Paule-Mandel".
    interval : str
        Of random effects. "Hartung-Knapp" multiplies the variance by the scatter found and takes Student's t with k - 1
        degrees; "modified" never lets it shrink below the normal one.
    prediction : str
        "t, k - 2" (Higgins 2009), or the distribution and standard error of the interval, as metafor does by default.
    level : float
        Of all intervals.
    despite : mapping from rule to reason, optional
        Rules that are set aside and why; kept in the result. Rules: see `isotherm.evidence.comparable`.

    Raises
    ------
    CannotPool
        Studies that must not be pooled (see `checked`).
    BadSetting
        An unknown method, or a level that is none.
    OutOfReach
        A Hartung-Knapp interval of studies that all have the same estimate: it would have no width.

    References
    ----------
    .. [1] Higgins JPT, Thompson SG, Spiegelhalter DJ. J R Stat Soc A 2009;172:137-159.
    .. [2] Hartung J, Knapp G. Stat Med 2001;20:3875-3889.
    .. [3] Röver C, Knapp G, Friede T. BMC Med Res Methodol 2015;15:99 (modified).
    """
    settings = Settings(tau2_method, interval, prediction, level)
    return _pooled(tuple(studies), settings, checked(studies, despite or {}))


def leave_one_out(analysis: MetaAnalysis) -> dict[str, MetaAnalysis]:
    """Return the analysis without each study in turn, by the name of the study left out.

    Raises
    ------
    CannotPool
        Fewer than three studies.
    """
    studies = analysis.studies
    if len(studies) < 3:
        raise CannotPool(f"{len(studies)} studies came; leaving one out needs three.")
    rest = {study.name: tuple(other for other in studies if other is not study) for study in studies}
    return {name: _pooled(others, analysis.settings, analysis.overrides) for name, others in rest.items()}


def _pooled(studies: tuple[StudyEffect, ...], settings: Settings, overrides: tuple[Override, ...]) -> MetaAnalysis:
    values = np.array([study.value for study in studies])
    variances = np.array([study.variance for study in studies])
    scatter = heterogeneity(values, variances, settings.tau2_method, settings.level)
    common = _summary(values, variances, 0.0, replace(settings, interval="normal"))
    random = _summary(values, variances, scatter.tau2, settings)
    limits = _prediction(random, scatter.tau2, len(studies), settings)
    return MetaAnalysis(studies, common, random, scatter, limits, settings, overrides)


def _summary(values: Float, variances: Float, tau2: float, settings: Settings) -> Summary:
    mean, weights = weighted_mean(values, variances, tau2)
    total, freedom, scale = float(weights.sum()), math.inf, None
    error = math.sqrt(1.0 / total)
    if settings.interval != "normal":
        freedom = float(len(values) - 1)
        scale = float((weights * (values - mean) ** 2).sum()) / freedom
        if settings.interval == "modified Hartung-Knapp":
            scale = max(scale, 1.0)
        elif scale < NO_SCATTER:
            raise OutOfReach(
                "All studies have the same estimate, so that a Hartung-Knapp interval has no width; take the modified "
                "Hartung-Knapp interval."
            )
        error *= math.sqrt(scale)
    reach, statistic = float(student.isf((1.0 - settings.level) / 2.0, freedom)) * error, mean / error
    p_value = float(2.0 * student.sf(abs(statistic), freedom))
    shares = tuple(cast("list[float]", (weights / total).tolist()))
    return Summary(mean, error, mean - reach, mean + reach, statistic, p_value, freedom, scale, shares)


def _prediction(random: Summary, tau2: float, k: int, settings: Settings) -> tuple[float, float] | None:
    freedom = random.freedom if settings.prediction == "as the interval" else k - 2.0
    if freedom < 1.0:
        return None
    reach = float(student.isf((1.0 - settings.level) / 2.0, freedom)) * math.hypot(random.std_error, math.sqrt(tau2))
    return random.value - reach, random.value + reach
