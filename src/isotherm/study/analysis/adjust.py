"""Adjustment: from units and a plan to one weight per unit, by the methods that the protocol names."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import Float, Int
from isotherm.errors import NothingToCompare
from isotherm.study.analysis.units import Units
from isotherm.study.balance import Balance, balance
from isotherm.study.coarsened import match_coarsened
from isotherm.study.design_matrix import DesignMatrix, design_matrix
from isotherm.study.matched import Caliper, Matched
from isotherm.study.matching import match_nearest
from isotherm.study.propensity import Propensity, propensity, propensity_within_sites
from isotherm.study.protocol_methods import (
    Adjustment,
    Coarsened,
    Denominator,
    Matching,
    Methods,
    MissingData,
    Sensitivity,
    Sites,
    Unadjusted,
)
from isotherm.study.weighting import Weighted, weighted


@dataclass(frozen=True, slots=True)
class Plan:
    """How units are made comparable: the main analysis, or one of its variations.

    Parameters
    ----------
    adjustment : Adjustment
    covariates : tuple of str
        Columns that are adjusted for.
    sites : "ignored", "terms" or "within"
    missing : MissingData
    denominator : str or None
    seed : int
    """

    adjustment: Adjustment
    covariates: tuple[str, ...]
    sites: Sites
    missing: MissingData
    denominator: Denominator | None
    seed: int

    @classmethod
    def main(cls, units: Units) -> Plan:
        """Return the plan of the main analysis."""
        protocol = units.cohort.protocol
        methods: Methods = protocol.methods
        names = tuple(covariate.column for covariate in protocol.adjusted)
        return cls(methods.adjustment, names, methods.propensity.sites, methods.missing, methods.denominator,
                   protocol.seed)  # fmt: skip

    def varied(self, analysis: Sensitivity) -> Plan:
        """Return the plan of a sensitivity analysis."""
        return replace(
            self, adjustment=analysis.adjustment or self.adjustment, missing=analysis.missing or self.missing,
            covariates=tuple(name for name in self.covariates if name not in analysis.without),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """Units made comparable.

    Parameters
    ----------
    weight : array, shape (u,)
        0 for those left out, or with a missing covariate.
    cluster : array of int, shape (u,)
        What is independent: the set of a match in pairs or k:1, else the unit.
    design, scores, made : optional
        Covariates, propensity, and who was matched or how they weigh; None without adjustment.
    """

    weight: Float
    cluster: Int
    design: DesignMatrix | None
    scores: Propensity | None
    made: Matched | Weighted | None

    @property
    def in_sets(self) -> bool:
        """Whether it is matching without replacement: each unit is in one set of a few, which is its cluster."""
        made = self.made
        return isinstance(made, Matched) and made.pairs is not None and made.set_number is not None

    @property
    def paired(self) -> bool:
        """Whether it is 1:1 matching without replacement: sets of one and one."""
        made = self.made
        if not self.in_sets or not isinstance(made, Matched) or made.pairs is None:
            return False
        return len(np.unique(made.pairs[:, 0])) == len(made.pairs)

    @property
    def plain_weights(self) -> bool:
        """Whether everybody who counts has weight 1."""
        return bool(np.isin(self.weight, (0.0, 1.0)).all())

    @property
    def target(self) -> str:
        """Whose effect is estimated, in words."""
        return "everybody, not adjusted" if self.made is None else self.made.target

    @property
    def method(self) -> str:
        """What was done, in words."""
        return "no adjustment" if self.made is None else self.made.method

    def balance(self, denominator: Denominator | None) -> Balance | None:
        """Compare the arms before and after; None without adjustment."""
        if self.made is None or self.design is None:
            return None
        return balance(self.design, self.made, denominator=denominator, scores=self.scores)


def design_of(units: Units, names: tuple[str, ...], table: pd.DataFrame | None = None) -> DesignMatrix:
    """Return covariates as numbers, with the declared kinds and reference levels."""
    kinds, references = units.cohort.kinds(), units.cohort.references()
    return design_matrix(
        units.table if table is None else table,
        {name: kinds[name] for name in names},
        reference={name: level for name, level in references.items() if name in names},
    )


def adjust(units: Units, plan: Plan, table: pd.DataFrame | None = None) -> Adjusted:
    """Make units comparable; `table` takes the place of their covariates where gaps have been filled.

    Raises
    ------
    FitError, InputError
        As the methods do; nothing is left out silently.
    """
    if isinstance(plan.adjustment, Unadjusted):
        return Adjusted(np.ones(len(units)), np.arange(len(units)), None, None, None)
    if not plan.covariates:
        raise NothingToCompare("No covariate is left to adjust for; leave one in, or take out the adjustment.")
    design = design_of(units, plan.covariates, table)
    return adjusted_by(design, units.treated, units.site, plan, units.table if table is None else table)


def adjusted_by(
    design: DesignMatrix, treated: npt.NDArray[np.bool_], site: npt.NDArray[np.str_] | None, plan: Plan,
    table: pd.DataFrame, *, drawn: bool = False,
) -> Adjusted:  # fmt: skip
    """Match or weight the rows of a design matrix; `drawn` by a bootstrap, they may hold too few partners by chance."""
    scores: Propensity | None = None
    made: Matched | Weighted
    if isinstance(plan.adjustment, Coarsened):
        made = match_coarsened(design, treated, bins=dict(plan.adjustment.bins), estimand=plan.adjustment.estimand)
    else:
        assert not isinstance(plan.adjustment, Unadjusted)
        scores = _scores(design, treated, site, plan.sites)
        if isinstance(plan.adjustment, Matching):
            made = _nearest(scores, plan.adjustment, table, site, plan, drawn=drawn)
        else:
            how = plan.adjustment
            made = weighted(scores, how.estimand, stabilized=how.stabilized, trim=how.trim, truncate=how.truncate)
    weight, cluster = np.zeros(len(treated)), np.arange(len(treated))
    weight[design.rows] = made.weight
    if isinstance(made, Matched) and made.pairs is not None and made.set_number is not None:
        # Numbers of sets begin after those of units, so that who is in none shares no cluster with a set.
        cluster[design.rows] = np.where(made.set_number < 0, design.rows, len(treated) + made.set_number)
    return Adjusted(weight, cluster.astype(np.int64), design, scores, made)


def _scores(design: DesignMatrix, treated: npt.NDArray[np.bool_], site: npt.NDArray[np.str_] | None,
            sites: Sites) -> Propensity:  # fmt: skip
    if site is None or sites == "ignored":
        return propensity(design, treated)
    return (
        propensity(design, treated, site=site) if sites == "terms" else propensity_within_sites(design, treated, site)
    )


def _nearest(scores: Propensity, how: Matching, table: pd.DataFrame, site: npt.NDArray[np.str_] | None,
             plan: Plan, *, drawn: bool) -> Matched:  # fmt: skip
    blocks = [_block(name, table, site) for name in how.exact]
    if plan.sites == "within" and site is not None:
        blocks.append(site.astype(object))  # scores of different fits are not comparable
    return match_nearest(
        scores,
        caliper=None if how.caliper is None else Caliper(how.caliper, how.caliper_unit),
        scale=how.scale,
        ratio=how.ratio,
        replace=how.replacement,
        exact=np.column_stack(blocks) if blocks else None,
        order=how.order,
        seed=plan.seed if how.order == "random" else None,
        estimand=how.estimand,
        scarce=drawn,
    )


def _block(name: str, table: pd.DataFrame, site: npt.NDArray[np.str_] | None) -> npt.NDArray[np.object_]:
    """Return a column in which partners are equal: a covariate, or else the site."""
    if name in table.columns:
        return table[name].astype(object).to_numpy()
    assert site is not None  # the protocol allows covariates and the column of sites
    return site.astype(object)
