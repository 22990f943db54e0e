"""E-value: how strong an unmeasured confounder would have to be to explain a result away."""

from __future__ import annotations

import math
from dataclasses import dataclass

from isotherm.effect import Effect
from isotherm.errors import BadSetting

RARE_BELOW = 0.15
"""An outcome that fewer patients have by the end of follow-up is called rare (VanderWeele and Ding 2017)."""


@dataclass(frozen=True, slots=True)
class EValue:
    """The E-value of an estimate and of the limit nearer to no effect.

    Parameters
    ----------
    estimate : float
        The risk ratio with which a confounder would have to be associated with both treatment and outcome.
    limit : float
        The same for the limit of the interval; 1 where it holds no effect.
    risk_ratio : float
        The estimate on the scale of a risk ratio.
    method : str
        How it came there.
    """

    estimate: float
    limit: float
    risk_ratio: float
    method: str


def e_value(effect: Effect, *, rare: bool | None = None) -> EValue:
    """Return the E-value of a risk, hazard or odds ratio.

    Parameters
    ----------
    effect : Effect
    rare : bool, optional
        Whether the outcome is rare at the end of follow-up, for hazard and odds ratios: then they are taken for risk
        ratios. By default rare where fewer than 15 % of the effect's rows have the event.

    Raises
    ------
    BadSetting
        Another measure, a ratio of 0 or infinity, or nothing that says whether the outcome is rare.

    References
    ----------
    .. [1] VanderWeele TJ, Ding P. Ann Intern Med 2017;167:268-274.
    .. [2] VanderWeele TJ. Biometrics 2020;76:746-752 (hazard ratios of common outcomes).
    """
    if effect.measure not in ("risk ratio", "hazard ratio", "odds ratio"):
        raise BadSetting(f"A {effect.measure} came; an E-value is asked of a risk, hazard or odds ratio.")
    if not 0.0 < effect.estimate < math.inf:
        raise BadSetting(f"A {effect.measure} of {effect.estimate:g} came; an E-value needs a finite ratio above 0.")
    if effect.measure == "risk ratio":
        rare, method = True, "risk ratio"
    else:
        rare = _is_rare(effect) if rare is None else rare
        method = f"{effect.measure} of a {'rare' if rare else 'common'} outcome, as a risk ratio"
    ratio = _risk_ratio(effect.estimate, effect.measure, rare=rare)
    nearer = effect.high if ratio < 1.0 else effect.low
    limit = 1.0 if effect.holds_null else _strength(_risk_ratio(nearer, effect.measure, rare=rare))
    return EValue(_strength(ratio), limit, ratio, method)


def _is_rare(effect: Effect) -> bool:
    if effect.n is None or effect.events is None:
        raise BadSetting("An effect without its numbers came; say whether the outcome is rare at the end of follow-up.")
    return effect.events / effect.n < RARE_BELOW


def _risk_ratio(ratio: float, measure: str, *, rare: bool) -> float:
    if rare:
        return ratio
    if measure == "odds ratio":
        return math.sqrt(ratio)
    return (1.0 - 0.5 ** math.sqrt(ratio)) / (1.0 - 0.5 ** math.sqrt(1.0 / ratio))


def _strength(ratio: float) -> float:
    above = ratio if ratio >= 1.0 else 1.0 / ratio
    return above + math.sqrt(above * (above - 1.0))
