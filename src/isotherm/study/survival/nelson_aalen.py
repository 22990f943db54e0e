"""Nelson-Aalen: the cumulative hazard of an event over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float
from isotherm.confidence import normal_quantile
from isotherm.errors import BadSetting
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.jackknife import influence_variance
from isotherm.study.survival.risk_table import ratio, risk_table


@dataclass(frozen=True, slots=True, eq=False)
class CumulativeHazard:
    """The expected number of events of one patient who stays at risk, up to each distinct time.

    Parameters
    ----------
    times_days, hazard, std_error : array, shape (t,)
    low, high : array, shape (t,)
        Limits on the logarithmic scale; 0 and 0 before the first event.
    at_risk, events : array, shape (t,)
    level : float
    """

    times_days: Float
    hazard: Float
    std_error: Float
    low: Float
    high: Float
    at_risk: Float
    events: Float
    level: float


def nelson_aalen(outcome: TimeToEvent, *, level: float = 0.95, robust: bool | None = None) -> CumulativeHazard:
    """Estimate the cumulative hazard.

    Parameters
    ----------
    outcome : TimeToEvent
        Events 0 and 1. Rows of weight 0 are left out.
    level : float
    robust : bool, optional
        As for `kaplan_meier`; else the variance is the sum of d / n² (Poisson).

    Returns
    -------
    CumulativeHazard

    Raises
    ------
    BadColumn, BadSetting
        As `kaplan_meier`.

    References
    ----------
    .. [1] Aalen O. Ann Stat 1978;6:701-726.
    """
    z = normal_quantile(level)
    outcome = outcome.only_one_event().counted()
    robust = outcome.needs_robust if robust is None else robust
    if robust and outcome.start_days is not None and outcome.cluster is None:
        raise BadSetting("Start-stop rows came without cluster; name the patient of each row for a robust variance.")
    table = risk_table(outcome, strata=False)
    at_risk, events = table.at_risk[0], table.events[0]
    each = ratio(np.ones(len(at_risk)), at_risk)
    step = events * each
    variance = influence_variance(outcome, -step * each, -each) if robust else (step * each).cumsum()
    hazard, std_error = step.cumsum(), np.sqrt(variance)
    reach = np.exp(z * ratio(std_error, hazard))
    shown = events + table.censored[0] > 0.0
    parts = (table.days, hazard, std_error, hazard / reach, hazard * reach, at_risk, events)
    return CumulativeHazard(*(part[shown] for part in parts), level=level)


def hazard_of_each(outcome: TimeToEvent) -> Float:
    """Return the cumulative hazard at each row's own time, shape (n,): what an imputation model takes.

    References
    ----------
    .. [1] White IR, Royston P. Stat Med 2009;28:1982-1998.
    """
    table = risk_table(outcome.only_one_event(), strata=False)
    return ratio(table.events[0], table.at_risk[0]).cumsum()[outcome.times.code]
