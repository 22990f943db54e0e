"""Waiting times under hazards that change on given days, drawn exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isotherm.columns import Float


def waiting_days(exponential: Float, rate: Float, changes: Sequence[tuple[Float, float | Float]]) -> Float:
    """Return the day on which a hazard that changes has added up to a draw from the exponential distribution.

    Parameters
    ----------
    exponential : array, shape (n,)
        Draws of mean 1: who has the larger one waits longer, whatever the hazards.
    rate : array, shape (n,)
        Hazard per day before any change.
    changes : sequence of (day, effect)
        Days, shape (n,), from which on the hazard is multiplied by e to the effect, a number or one per patient;
        infinite for never.

    Returns
    -------
    array, shape (n,)
    """
    order = np.argsort(np.stack([day for day, _ in changes]), axis=0)
    days = np.take_along_axis(np.stack([day for day, _ in changes]), order, axis=0)
    effects = np.take_along_axis(
        np.stack([np.broadcast_to(effect, rate.shape) for _, effect in changes]), order, axis=0
    )
    start, rest, hazard = np.zeros(len(rate)), exponential.copy(), rate.copy()
    waited = np.full(len(rate), np.inf)
    for day, effect in zip(days, effects, strict=True):
        comes = start + rest / hazard
        waited = np.where(np.isinf(waited) & (comes <= day), comes, waited)
        rest = rest - hazard * (np.where(np.isfinite(day), day, start) - start)
        start, hazard = np.where(np.isfinite(day), day, start), hazard * np.exp(effect)
    return np.where(np.isfinite(waited), waited, start + rest / hazard)
