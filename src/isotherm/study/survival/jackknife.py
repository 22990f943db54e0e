"""Infinitesimal jackknife: the variance of a curve from every patient's influence, for weights and clusters."""

from __future__ import annotations

import numpy as np

from isotherm.columns import Float, stable_order
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.jackknife_kernels import sum_of_squares


def influence_variance(outcome: TimeToEvent, step: Float, own: Float) -> Float:
    """Return the sum over clusters of the squared influence on a cumulative sum, at each distinct time.

    A row at risk at a time adds the time's `step` to its influence, and one that fails there takes `own` off it. The
    influence of a row that has left stays what it was, so that one pass over the times is enough.

    Parameters
    ----------
    outcome : TimeToEvent
        Without `cluster`, every row is its own.
    step, own : array, shape (t,)
        At the outcome's distinct times.

    Returns
    -------
    array, shape (t,)

    References
    ----------
    .. [1] Efron B. The jackknife, the bootstrap and other resampling plans. SIAM 1982, chapter 6.
    """
    times = outcome.times
    rows = len(outcome)
    total = np.cumsum(step)
    failing = outcome.event > 0
    final = total[times.code] - np.where(failing, own[times.code], 0.0)
    cluster = np.arange(rows) if outcome.cluster is None else outcome.cluster
    leaving = stable_order(times.code)
    late = times.start_code is not None
    start = times.start_code if times.start_code is not None else np.full(rows, -1)
    entering = stable_order(start + 1)
    return sum_of_squares(
        total, times.code, start, entering, leaving, cluster, outcome.weights, final, int(cluster.max()) + 1, late
    )
