"""The methods of a protocol, with every setting named: propensity, adjustment, estimation, sensitivity analyses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from isotherm.study.predicate import Predicate
from isotherm.study.protocol_checks import filled, refuse, unless

Sites = Literal["ignored", "terms", "within"]
Estimand = Literal["ATE", "ATT", "ATC", "overlap", "matching"]
Denominator = Literal["treated", "control", "pooled", "all", "weighted", "hedges"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PropensityModel:
    """How the chance of being treated is modeled: logistic, unpenalized; Firth's penalty where arms separate.

    Parameters
    ----------
    sites : "ignored", "terms" or "within"
        Hospitals play no part, enter as terms, or get a model each.
    """

    sites: Sites = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Nearest neighbors on the propensity score.

    Parameters
    ----------
    estimand : "ATT" or "ATC"
        Whose patients are to be kept: those treated, or the controls.
    ratio : int
        Partners for each of them.
    replacement : bool
    scale : "logit" or "probability"
        Of the distance.
    caliper : float or None
        Largest distance of a pair, in `caliper_unit`; None for no limit.
    caliper_unit : "sd", "pooled sd" or "absolute"
        Counted in standard deviations of the distance over both arms together; in the root of the mean variance of the
        arms (Austin 2011); or in the distance itself.
    order : "largest", "smallest", "data" or "random"
        Who chooses first; ties keep the order of the table.
    exact : tuple of str
        Columns in which partners must be equal.
    """

    estimand: Literal["ATT", "ATC"] = "ATT"
    ratio: int = 1
    replacement: bool = False
    scale: Literal["logit", "probability"] = "logit"
    caliper: float | None = 0.2
    caliper_unit: Literal["sd", "pooled sd", "absolute"] = "sd"
    order: Literal["largest", "smallest", "data", "random"] = "largest"
    exact: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wide = self.caliper is None or (math.isfinite(self.caliper) and self.caliper > 0)
        refuse([
            unless(self.ratio >= 1, "ratio", "The ratio is the number of partners for each patient: 1 or more."),
            unless(wide, "caliper", 'A caliper is a number above 0, or "none".'),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Coarsened:
    """Coarsened exact matching: numbers cut into bins of equal width, everything else equal.

    Parameters
    ----------
    estimand : "ATT", "ATC" or "ATE"
    bins : tuple of (column, bins)
        Number of bins, or the cuts between them, of columns of numbers; the others are cut by Sturges' rule.
    """

    estimand: Literal["ATT", "ATC", "ATE"] = "ATT"
    bins: tuple[tuple[str, int | tuple[float, ...]], ...] = ()

    def __post_init__(self) -> None:
        refuse([unless(_can_cut(bins), "bins", f"Bins of {column} are a number from 1, or rising cuts.")
                for column, bins in self.bins])  # fmt: skip


def _can_cut(bins: int | tuple[float, ...]) -> bool:
    if isinstance(bins, int):
        return bins >= 1
    return len(bins) > 0 and all(map(math.isfinite, bins)) and all(low < high for low, high in pairwise(bins))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighting:
    """Weights from the propensity score.

    Parameters
    ----------
    estimand : "ATE", "ATT", "ATC", "overlap" or "matching"
        "overlap" and "matching": those who could have been in either arm (Li, Morgan, Zaslavsky 2018; Li, Greene 2013).
    stabilized : bool
        Multiply by the arm's share; for the ATE only.
    trim : (low, high), optional
        Leave out those with a propensity beyond these (Crump 2009).
    truncate : (low, high), optional
        Cut weights at these quantiles of the weights.
    """

    estimand: Estimand = "overlap"
    stabilized: bool = False
    trim: tuple[float, float] | None = None
    truncate: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        pairs = {"trim": self.trim, "truncate": self.truncate}
        refuse([
            unless(not self.stabilized or self.estimand == "ATE", "stabilized", "Only ATE weights are stabilized."),
            *(unless(pair is None or 0.0 <= pair[0] < pair[1] <= 1.0, key,
                     f"To {key} takes two shares, such as [0.01, 0.99].") for key, pair in pairs.items()),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Unadjusted:
    """No adjustment: the arms as they are."""


Adjustment = Matching | Coarsened | Weighting | Unadjusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimation:
    """How outcomes are estimated.

    Parameters
    ----------
    level : float
        Of every interval.
    ties : "efron", "breslow" or "exact"
    curve_interval : "log", "log-log", "plain", "logit" or "arcsin"
    ph_transform : "km", "identity", "log" or "rank"
        Scale of time in the test of proportional hazards; another scale may give another verdict.
    rmst_days : float, optional
        Horizon of the restricted mean survival time.
    at_days : tuple of float
        Times at which survival is printed.
    """

    level: float = 0.95
    ties: Literal["efron", "breslow", "exact"] = "efron"
    curve_interval: Literal["log", "log-log", "plain", "logit", "arcsin"] = "log-log"
    ph_transform: Literal["km", "identity", "log", "rank"] = "km"
    rmst_days: float | None = None
    at_days: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        days = [*self.at_days, *([] if self.rmst_days is None else [self.rmst_days])]
        refuse([
            unless(0.5 < self.level < 1.0, "level", "A level lies between 0.5 and 1, such as 0.95."),
            unless(all(math.isfinite(day) and day > 0 for day in days), "at_days", "Days lie after time zero."),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingData:
    """What happens where a covariate is missing.

    Parameters
    ----------
    method : "complete cases" or "multiple imputation"
    imputations : int
        Only used by multiple imputation.
    """

    method: Literal["complete cases", "multiple imputation"] = "complete cases"
    imputations: int = 20

    def __post_init__(self) -> None:
        refuse([unless(self.imputations >= 2, "imputations", "Multiple imputation needs two data sets at least.")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """The main analysis once more with something changed.

    Parameters
    ----------
    name, says : str
    adjustment, missing : optional
        In place of those of the main analysis.
    where : Predicate, optional
        Only rows that meet it.
    without : tuple of str
        Columns of covariates that are left out.
    leave_one_site_out : bool
        Once without each site.
    """

    name: str
    says: str
    adjustment: Adjustment | None = None
    missing: MissingData | None = None
    where: Predicate | None = None
    without: tuple[str, ...] = ()
    leave_one_site_out: bool = False

    def __post_init__(self) -> None:
        changes = (self.adjustment, self.missing, self.where, self.without or None, self.leave_one_site_out or None)
        refuse([
            *filled("A sensitivity analysis", name=self.name, says=self.says),
            unless(any(change is not None for change in changes), "name",
                   f"Sensitivity analysis {self.name} changes nothing; name what is different in it."),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """Everything between the cohort and its results.

    Parameters
    ----------
    propensity : PropensityModel
    adjustment : Matching, Coarsened, Weighting or Unadjusted
    estimation : Estimation
    missing : MissingData
    denominator : str, optional
        What differences of means are divided by in balance; the usual one of the estimand unless named.
    bootstrap : int
        Replicates of the whole analysis; 0 for none.
    reason : str
        Why this estimand and this method; printed in the report.
    """

    propensity: PropensityModel = PropensityModel()
    adjustment: Adjustment = Matching()
    estimation: Estimation = Estimation()
    missing: MissingData = MissingData()
    denominator: Denominator | None = None
    bootstrap: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        refuse([unless(self.bootstrap >= 0, "bootstrap", "Replicates of the bootstrap are 0 or more.")])
