"""Fisher's exact test, with the conditional odds ratio and its exact limits."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.stats import hypergeom

from isotherm.columns import Float
from isotherm.confidence import checked_level
from isotherm.effect import Effect
from isotherm.errors import NothingToCompare
from isotherm.study.binary import TwoArms

AS_LIKELY = 1.0 + 1e-7
"""A table counts as no likelier than the observed one up to this factor, as in R."""


def fisher(arms: TwoArms, *, level: float = 0.95) -> Effect:
    """Return the odds ratio given both margins, its exact interval, and Fisher's two-sided p value.

    The estimate is the conditional maximum likelihood estimate, not ad / bc; it is nearer to 1. The p value adds up the
    tables that are no likelier than the observed one; the interval turns two one-sided tests around, so that it can
    hold 1 where p is below 1 - level.

    Parameters
    ----------
    arms : TwoArms
    level : float

    Raises
    ------
    NothingToCompare
        No event at all, or nobody without one.

    References
    ----------
    .. [1] Fisher RA. J R Stat Soc 1935;98:39-82.
    .. [2] Cornfield J. Proc Third Berkeley Symp 1956;4:135-148.
    """
    tail = (1.0 - checked_level(level)) / 2.0
    total = arms.n + arms.reference_n
    if not 0 < arms.total_events < total:
        raise NothingToCompare("All patients, or none, had the event; there is nothing to compare.")
    seen = arms.events
    support = np.arange(max(0, arms.total_events - arms.reference_n), min(arms.n, arms.total_events) + 1)
    log_chance = hypergeom.logpmf(support, total, arms.total_events, arms.n).astype(np.float64)
    chance = _tilted(log_chance, support, 0.0)
    at = int(seen - support[0])
    p_value = min(float(chance[chance <= chance[at] * AS_LIKELY].sum()), 1.0)

    def mean(log_odds: float) -> float:
        return float(_tilted(log_chance, support, log_odds) @ support) - seen

    def beyond(log_odds: float) -> float:
        return float(_tilted(log_chance, support, log_odds)[at:].sum()) - tail

    def up_to(log_odds: float) -> float:
        return tail - float(_tilted(log_chance, support, log_odds)[: at + 1].sum())

    lowest, highest = seen == support[0], seen == support[-1]
    return Effect(
        measure="odds ratio",
        estimate=0.0 if lowest else math.inf if highest else math.exp(_root(mean)),
        low=0.0 if lowest else math.exp(_root(beyond)),
        high=math.inf if highest else math.exp(_root(up_to)),
        level=level,
        p_value=p_value,
        name=arms.name,
        endpoint=arms.endpoint,
        n=total,
        events=arms.total_events,
        method="conditional maximum likelihood odds ratio, exact interval, Fisher's exact test",
    )


def _tilted(log_chance: Float, support: np.ndarray, log_odds: float) -> Float:
    """Return the noncentral hypergeometric chances at an odds ratio."""
    logs = log_chance + support * log_odds
    chance = np.exp(logs - logs.max())
    return chance / chance.sum()


def _root(rising: Callable[[float], float]) -> float:
    """Return where a rising function of the log odds ratio is 0."""
    reach = 1.0
    while rising(-reach) > 0.0 or rising(reach) < 0.0:
        reach *= 2.0
    return float(brentq(rising, -reach, reach, xtol=1e-13, rtol=1e-13))
