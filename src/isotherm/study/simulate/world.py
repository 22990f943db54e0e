"""The world of simulated courses: how patients fare, who intends what, and what ablation does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.errors import BadSetting
from isotherm.study.designs.strategy import Strategy, Window

MONTH_DAYS = 365.25 / 12.0

UPFRONT = Strategy("upfront ablation", Window(0.0, MONTH_DAYS))
DELAYED = Strategy("delayed ablation", Window(2.0 * MONTH_DAYS, 3.0 * MONTH_DAYS))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How simulated patients fare. Rates are per month; effects are logarithms of hazard ratios.

    Systemic therapy starts at time zero. A patient intends upfront ablation, delayed ablation or none, and is ablated
    on a day of the window (all equally likely) if alive and progression-free then.

    Parameters
    ----------
    progression, death, death_after_progression : float
        Hazards of a patient of average burden: to progress, to die before progression, to die after it.
    frailty_variance : float
        Of a gamma variable of mean 1 on all three hazards.
    upfront, delayed : float
        Shares that intend so, at average burden; the rest intends no ablation.
    ablation_effect : float
        On progression and on death before progression, from the day of ablation on.
    high_burden_effect : float, optional
        The same in patients whose burden is above the average; None: as in all others.
    burden_effect : float
        Of one standard deviation of burden at time zero on all hazards.
    burden_on_upfront : float
        Of the same on the log odds of intending upfront ablation.
    decline : float
        Hazard of a decline of performance, which is recorded when it happens.
    decline_effect : float
        Of decline on all hazards.
    decline_stops : float
        Chance that an ablation is given up because of a decline before it.
    shortest_days, longest_days : float
        Observation ends on a day between these, all equally likely.

    Raises
    ------
    BadSetting
        A hazard, share, variance or follow-up that cannot be.
    """

    progression: float = 0.05
    death: float = 0.008
    death_after_progression: float = 0.05
    frailty_variance: float = 1.0
    upfront: float = 0.3
    delayed: float = 0.5
    ablation_effect: float = 0.0
    high_burden_effect: float | None = None
    burden_effect: float = 0.0
    burden_on_upfront: float = 0.0
    decline: float = 0.0
    decline_effect: float = 0.0
    decline_stops: float = 0.0
    shortest_days: float = 36.0 * MONTH_DAYS
    longest_days: float = 84.0 * MONTH_DAYS

    def __post_init__(self) -> None:
        hazards = (self.progression, self.death, self.death_after_progression)
        if not (min(hazards) > 0.0 and np.isfinite(hazards).all() and self.decline >= 0.0):
            raise BadSetting(
                f"Hazards {hazards} and {self.decline:g} came; they are above 0, that of decline at least 0."
            )
        shares = (self.upfront, self.delayed, self.decline_stops)
        if not (
            0.0 < self.upfront and 0.0 < self.delayed and self.upfront + self.delayed < 1.0 and 0.0 <= shares[2] <= 1.0
        ):
            raise BadSetting(f"The shares {shares} came; those of arms are above 0 and leave some without ablation.")
        if not (0.0 <= self.frailty_variance < np.inf and 0.0 < self.shortest_days <= self.longest_days < np.inf):
            raise BadSetting(
                f"The frailty variance {self.frailty_variance:g} and a follow-up from {self.shortest_days:g} to "
                f"{self.longest_days:g} days came; a variance from 0 on and rising days above 0 are wanted."
            )

    @property
    def effect_in_high_burden(self) -> float:
        """Effect of ablation in patients whose burden is above the average."""
        return self.ablation_effect if self.high_burden_effect is None else self.high_burden_effect
