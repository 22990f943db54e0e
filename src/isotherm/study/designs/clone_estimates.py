"""Estimates from weighted clones: the risk and the restricted mean of each strategy, and hazard ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float, Int, same_time
from isotherm.outcome import TimeToEvent
from isotherm.study.designs.clones import Clones, together
from isotherm.study.designs.contrast import refuse_short
from isotherm.study.survival.cox import cox
from isotherm.study.survival.risk_table import ratio, risk_table


@dataclass(frozen=True, slots=True, eq=False)
class CloneEstimates:
    """Point estimates, in the order of the strategies; the first is the reference.

    Parameters
    ----------
    risk, mean_days : array, shape (s,)
        Risk at the horizon, and mean time free of the event up to it.
    log_ratios : array, shape (s - 1,)
        Logarithms of the hazard ratios of strategies 1, 2, ... against the first.
    """

    risk: Float
    mean_days: Float
    log_ratios: Float

    @property
    def contrasts(self) -> Float:
        """Risk differences, differences of restricted means and log hazard ratios, shape (3, s - 1)."""
        return np.stack([self.risk[1:] - self.risk[0], self.mean_days[1:] - self.mean_days[0], self.log_ratios])


def estimate_clones(
    clones: Sequence[Clones], horizon_days: float, weights: Sequence[Float] | None = None
) -> CloneEstimates:
    """Return the estimates of all strategies.

    Parameters
    ----------
    clones : sequence of Clones
    horizon_days : float
    weights : sequence of arrays, optional
        Other weights of the spans.

    Raises
    ------
    NothingToCompare
        A strategy has no clone at risk up to the horizon, or there is no event.
    NotConverged
        A hazard ratio runs off.

    References
    ----------
    .. [1] Hernan MA. BMJ 2018;360:k182.
    .. [2] Cain LE, et al. Int J Biostat 2010;6(2):18.
    """
    for one in clones:
        refuse_short(one.strategy.name, float(one.stop_days.max()), horizon_days)
    outcome, arm = together(clones, weights)
    risk, mean = _risk_and_mean(outcome, arm, len(clones), horizon_days)
    columns = np.stack([arm == k for k in range(1, len(clones))], axis=1).astype(np.float64)
    return CloneEstimates(risk, mean, cox(outcome, columns, robust=False).coefficients)


def _risk_and_mean(outcome: TimeToEvent, arm: Int, arms: int, horizon_days: float) -> tuple[Float, Float]:
    """Return the Kaplan-Meier risk at a horizon and the area under the curve up to it, shape (arms,) each."""
    table = risk_table(outcome, arm, strata=False)
    inside = table.days <= horizon_days + same_time(table.days)
    width = np.diff(np.concatenate([[0.0], np.minimum(table.days[inside], horizon_days), [horizon_days]]))
    risk, mean = np.empty(arms), np.empty(arms)
    for k in range(arms):
        survival = np.cumprod(1.0 - ratio(table.events[k][inside], table.at_risk[k][inside]))
        survival = np.concatenate([[1.0], survival])
        risk[k], mean[k] = 1.0 - survival[-1], survival @ width
    return risk, mean
