"""Univariable and multivariable Cox models side by side, term by term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy.typing as npt

from isotherm.columns import numbers
from isotherm.effect import Effect
from isotherm.errors import BadSetting
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.cox import CoxFit, Ties, cox

FEW_EVENTS = 10
"""Fewer events per covariate of the multivariable model than this are worth a warning beside the table."""


@dataclass(frozen=True, slots=True)
class CoxRow:
    """One term: a number, or a factor with its columns.

    Parameters
    ----------
    term : str
    univariable, multivariable : tuple of Effect
        One for each column of the term.
    univariable_p, multivariable_p : float
        Wald test of the whole term.
    """

    term: str
    univariable: tuple[Effect, ...]
    multivariable: tuple[Effect, ...]
    univariable_p: float
    multivariable_p: float


@dataclass(frozen=True, slots=True, eq=False)
class CoxTable:
    """The rows, the multivariable fit, and its events per covariate.

    Parameters
    ----------
    rows : tuple of CoxRow
    fit : CoxFit
    events_per_covariate : float
    """

    rows: tuple[CoxRow, ...]
    fit: CoxFit
    events_per_covariate: float

    @property
    def few_events(self) -> bool:
        """Whether there are fewer than 10 events for each covariate."""
        return self.events_per_covariate < FEW_EVENTS


def cox_table(
    outcome: TimeToEvent,
    covariates: npt.ArrayLike,
    terms: Mapping[str, Sequence[str]],
    *,
    ties: Ties = "efron",
    robust: bool | None = None,
    level: float = 0.95,
    endpoint: str = "",
) -> CoxTable:
    """Fit each term alone and all together, on the same rows.

    Parameters
    ----------
    outcome : TimeToEvent
    covariates : array, shape (n, p)
        Columns in the order of the names in `terms`.
    terms : mapping of str to names
        Columns of each term.
    ties, robust
        As for `cox`.
    level : float
    endpoint : str

    Raises
    ------
    BadSetting
        Names and columns do not agree.
    BadColumn, NothingToCompare, NotConverged
        As `cox`.
    """
    names = [name for of in terms.values() for name in of]
    x = numbers("a covariate", covariates)
    if x.ndim != 2 or x.shape[1] != len(names):
        raise BadSetting(f"Covariates of shape {x.shape} came for {len(names)} names; one column for each is wanted.")
    together = cox(outcome, x, names=names, ties=ties, robust=robust)
    joint = dict(zip(names, together.effects(level=level, endpoint=endpoint), strict=True))
    rows: list[CoxRow] = []
    for term, of in terms.items():
        alone = cox(outcome, x[:, [names.index(name) for name in of]], names=list(of), ties=ties, robust=robust)
        rows.append(
            CoxRow(
                term=term,
                univariable=alone.effects(level=level, endpoint=endpoint),
                multivariable=tuple(joint[name] for name in of),
                univariable_p=alone.wald_p_value(list(of))[2],
                multivariable_p=together.wald_p_value(list(of))[2],
            )
        )
    return CoxTable(tuple(rows), together, together.events / len(names))
