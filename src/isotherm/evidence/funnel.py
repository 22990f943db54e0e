"""Funnel: each study's effect against its standard error, and where they would lie by chance alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float
from isotherm.evidence.interval import normal_quantile
from isotherm.evidence.pooling import MetaAnalysis


@dataclass(frozen=True, slots=True, eq=False)
class Funnel:
    """What a funnel figure draws, on the scale of pooling.

    Parameters
    ----------
    names : tuple of str
    values, std_errors : array, shape (k,)
    center : float
        The pooled effect in the middle.
    level : float
        Share of studies between the sides if nothing but chance moved them.
    """

    names: tuple[str, ...]
    values: Float
    std_errors: Float
    center: float
    level: float

    def __post_init__(self) -> None:
        self.values.setflags(write=False)
        self.std_errors.setflags(write=False)

    def limits(self, std_errors: npt.ArrayLike) -> tuple[Float, Float]:
        """Return the two sides of the funnel at standard errors, each of their shape."""
        reach = normal_quantile(self.level) * np.asarray(std_errors, dtype=np.float64)
        return self.center - reach, self.center + reach


def funnel(analysis: MetaAnalysis, *, around: Literal["common effect", "random effects"] = "common effect") -> Funnel:
    """Return the funnel of an analysis; asymmetry has many causes, of which unpublished studies are only one.

    Parameters
    ----------
    analysis : MetaAnalysis
    around : str
        Which pooled effect stands in the middle.

    References
    ----------
    .. [1] Sterne JAC, Egger M. J Clin Epidemiol 2001;54:1046-1055.
    .. [2] Sterne JAC et al. BMJ 2011;343:d4002 (how to read one).
    """
    studies, middle = analysis.studies, analysis.common if around == "common effect" else analysis.random
    return Funnel(
        tuple(study.name for study in studies),
        np.array([study.value for study in studies]),
        np.array([math.sqrt(study.variance) for study in studies]),
        middle.value,
        analysis.settings.level,
    )
