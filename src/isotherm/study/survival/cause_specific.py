"""Cause-specific Cox model: the hazard of one kind of event among those in whom none has happened yet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy.typing as npt

from isotherm.outcome import TimeToEvent
from isotherm.study.survival.cox import CoxFit, Ties, cox


def cause_specific_cox(
    outcome: TimeToEvent,
    covariates: npt.ArrayLike,
    *,
    cause: int = 1,
    names: Sequence[str] | None = None,
    ties: Ties = "efron",
    robust: bool | None = None,
) -> CoxFit:
    """Fit a Cox model to one cause; who fails of another one leaves the risk set then.

    Its hazard ratios say how a covariate changes the rate of the event. They do not say how it changes the risk: that
    depends on the other causes as well (see `fine_gray`). Report both, and all causes.

    Parameters
    ----------
    outcome : TimeToEvent
        0 censored; any number of causes.
    covariates, names, ties, robust
        As for `cox`.
    cause : int

    Raises
    ------
    BadColumn, BadSetting, NothingToCompare, NotConverged
        As `cox`; and for a cause below 1.

    References
    ----------
    .. [1] Prentice RL et al. Biometrics 1978;34:541-554.
    .. [2] Latouche A et al. J Clin Epidemiol 2013;66:648-653 (report both hazards, of all causes).
    """
    return cox(outcome.of_cause(cause), covariates, names=names, ties=ties, robust=robust)
