"""Multiple imputation by chained equations: each gap is filled from patients alike in all else, several times."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from isotherm.columns import Float, Int
from isotherm.errors import BadColumn, BadSetting
from isotherm.study.design_matrix import Bool, DesignMatrix, Kind, design_matrix
from isotherm.study.logistic_kernels import CONVERGED, fit_logistic
from isotherm.study.rubin import Pooled, pooled

ROUNDS = 10
"""Times that every incomplete column is imputed anew from the others before a data set is kept."""

DONORS = 5
"""A gap is filled from one of so many patients with the nearest predicted value."""

RIDGE = 1e-5
"""Share of the diagonal that is added to a cross-product before it is inverted: columns may be collinear."""


@dataclass(frozen=True, slots=True, eq=False)
class Imputed:
    """Completed data sets.

    Parameters
    ----------
    tables : tuple of DataFrame, length m
        The table with its gaps filled; all else as it came.
    filled : tuple of (column, count)
        What was imputed.
    incomplete_rows : int
    method : str
        What was done, in words.
    warnings : tuple of str
    """

    tables: tuple[pd.DataFrame, ...]
    filled: tuple[tuple[str, int], ...]
    incomplete_rows: int
    method: str
    warnings: tuple[str, ...]


def impute(
    table: pd.DataFrame,
    covariates: Sequence[str] | Mapping[str, Kind],
    *,
    predictors: Sequence[str],
    seed: int,
    m: int = 20,
    rounds: int = ROUNDS,
    donors: int = DONORS,
) -> Imputed:
    """Fill the gaps of covariates by chained equations.

    Numbers are filled by predictive mean matching (predictions of the donors from the fitted, of the gaps from a drawn
    regression), categories likewise on the predictions of all their levels, yes/no by a drawn logistic regression.
    A patient gets a value that another patient has; nothing is made up between values.

    Parameters
    ----------
    table : DataFrame
        One row per patient.
    covariates : names, or names with their kinds
        As :func:`design_matrix`. They are filled where they are missing, and predict each other.
    predictors : names
        Complete columns that predict as well and have to be told: the treatment, the event indicator and the
        Nelson-Aalen hazard of the outcome, interactions of the analysis. Without the outcome, its associations fade.
    seed : int
        Data set k draws from the k-th child of this seed.
    m : int
        Data sets, 2 or more; as many as the percentage of incomplete rows is a fair number, and a warning says so.
    rounds, donors : int

    Returns
    -------
    Imputed

    Raises
    ------
    BadColumn
        A predictor is incomplete; a covariate cannot be used, or has fewer values than there are donors.
    BadSetting
        No predictor, a column that is both covariate and predictor, or a number below its least.

    References
    ----------
    .. [1] van Buuren S. Flexible imputation of missing data, 2nd ed. CRC 2018 (sections 3.4, 4.5).
    .. [2] White IR, Royston P. Stat Med 2009;28:1982-1998 (the outcome in the model).
    """
    if m < 2 or rounds < 1 or donors < 1 or seed < 0:
        raise BadSetting(
            f"m={m}, rounds={rounds}, donors={donors} and seed={seed} came; at least 2, 1, 1 and 0 are wanted."
        )
    names = [covariates] if isinstance(covariates, str) else list(covariates)
    shared = [name for name in predictors if name in names]
    if not predictors or shared:
        came = f"'{shared[0]}' is a covariate as well" if shared else "none was named"
        raise BadSetting(f"Predictors are complete columns beside the covariates, but {came}; name arm and outcome.")
    gaps = {name: table[name].isna().to_numpy() for name in names if name in table.columns}
    start = table.copy()
    for name, gap in gaps.items():
        _refuse_empty(name, gap, donors)
        # Any value does here: it makes the columns, and each data set draws its own start.
        start[name] = _taken(table[name], np.where(gap, np.argmin(gap), np.arange(len(gap))))
    other = design_matrix(table, list(predictors))
    if other.n_incomplete:
        raise BadColumn(
            f"The predictor '{other.missing[0][0]}' is missing in {other.missing[0][1]} rows; predictors are complete."
        )
    whole = design_matrix(start, covariates)
    wanted = {name: gap for name, gap in gaps.items() if gap.any()}
    tables: list[pd.DataFrame] = []
    for k in range(m):
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(k,)))
        tables.append(_completed(table, whole, other.x, wanted, random, rounds, donors))
    lost = int(np.logical_or.reduce([np.zeros(len(table), dtype=bool), *gaps.values()]).sum())
    return Imputed(
        tuple(tables),
        tuple((name, int(gap.sum())) for name, gap in wanted.items()),
        lost,
        f"multiple imputation by chained equations, {m} data sets, {rounds} rounds, predictive mean matching with "
        f"{donors} donors (yes/no: logistic regression), seed {seed}",
        _warnings(m, lost, len(table)),
    )


def over_imputations(
    imputed: Imputed, analysis: Callable[[pd.DataFrame], tuple[float, float]], *, complete_freedom: float = math.inf
) -> Pooled:
    """Analyze each data set (with propensity and matching inside it) and pool by Rubin's rules.

    Parameters
    ----------
    imputed : Imputed
    analysis : callable
        Takes a completed table, returns estimate and standard error, on the scale of :func:`pooled`. Its errors are
        not caught: a data set that cannot be analyzed is never left out.
    complete_freedom : float
        As :func:`pooled`.
    """
    found = [analysis(table) for table in imputed.tables]
    return pooled(
        [estimate for estimate, _ in found], [error**2 for _, error in found], complete_freedom=complete_freedom
    )


def _warnings(m: int, lost: int, n: int) -> tuple[str, ...]:
    percent = math.ceil(100 * lost / n)
    if m >= percent:
        return ()
    return (f"{percent} % of the rows are incomplete; {percent} data sets or more are advised, and {m} were made.",)


def _refuse_empty(name: str, gap: Bool, donors: int) -> None:
    there = int((~gap).sum())
    if gap.any() and there < donors:
        raise BadColumn(f"The covariate '{name}' is missing in all but {there} rows, too few to fill the others from.")


def _taken(column: pd.Series[Any], rows: Int) -> pd.Series[Any]:
    """Return the column with every row's value taken from another row."""
    return pd.Series(column.array.take(rows), index=column.index)


def _completed(
    table: pd.DataFrame, design: DesignMatrix, other: Float, gaps: Mapping[str, Bool], random: np.random.Generator,
    rounds: int, donors: int,
) -> pd.DataFrame:  # fmt: skip
    """Return one completed table."""
    x = design.x.copy()
    donor_of = {name: np.arange(len(x)) for name in gaps}
    terms = sorted((term for term in design.terms if term.name in gaps), key=lambda term: int(gaps[term.name].sum()))
    for term in terms:
        gap = gaps[term.name]
        x[gap, term.first : term.end] = x[
            random.choice(np.flatnonzero(~gap), size=int(gap.sum())), term.first : term.end
        ]
    for _ in range(rounds):
        for term in terms:
            gap, own = gaps[term.name], slice(term.first, term.end)
            rest = standardized(np.column_stack([np.delete(x, own, axis=1), other]))
            if term.kind == "yes/no":
                donor = _drawn_yes_no(rest, x[:, term.first], gap, random)
            else:
                donor = _matched_means(rest, x[:, own], gap, random, donors)
            donor_of[term.name][gap] = donor
            x[gap, own] = x[donor, own]
    result = table.copy()
    for name, donor in donor_of.items():
        result[name] = _taken(table[name], donor)
    return result


def standardized(x: Float) -> Float:
    """Return a column of ones and the columns with mean 0 and SD 1; those that are constant are left out."""
    spread: Float = x.std(axis=0)
    kept = spread > 1e-12
    return np.column_stack([np.ones(len(x)), (x[:, kept] - x[:, kept].mean(axis=0)) / spread[kept]])


def _matched_means(z: Float, y: Float, gap: Bool, random: np.random.Generator, donors: int) -> Int:
    """Return a donor for every gap: one of those whose fitted mean is nearest to the gap's drawn mean."""
    seen = z[~gap]
    known: Float = y[~gap] / np.sqrt(np.var(y[~gap], axis=0))
    cross = seen.T @ seen
    inverse = np.linalg.inv(cross + np.diag(RIDGE * np.diag(cross)))
    fit = inverse @ seen.T @ known
    rest = known - seen @ fit
    freedom: int = max(len(seen) - z.shape[1], 1)
    # One draw of the residual variance and of the coefficients from their posterior, for all levels together.
    spread = np.asarray(np.linalg.cholesky(rest.T @ rest + 1e-9 * np.eye(y.shape[1])), dtype=np.float64)
    scatter = spread / math.sqrt(random.chisquare(freedom))
    drawn: Float = fit + np.linalg.cholesky(inverse) @ random.standard_normal(fit.shape) @ scatter.T
    there, wanted = seen @ fit, z[gap] @ drawn
    places = np.flatnonzero(~gap)
    found = np.empty(len(wanted), dtype=np.int64)
    for k, mean in enumerate(wanted):
        # A shuffle first, so that among equal distances chance decides and not the order of rows.
        mixed = random.permutation(len(places))
        far = ((there[mixed] - mean) ** 2).sum(axis=1)
        near = np.argpartition(far, min(donors, len(far)) - 1)[:donors]
        found[k] = places[mixed[near[random.integers(len(near))]]]
    return found


def _drawn_yes_no(z: Float, y: Float, gap: Bool, random: np.random.Generator) -> Int:
    """Return a donor for every gap: any patient with the answer that a drawn logistic regression gives."""
    q: int = z.shape[1]
    seen, answers = np.ascontiguousarray(z[~gap][:, 1:]), y[~gap]
    coefficients, covariance, aliased = np.zeros(q), np.empty((q, q)), np.zeros(q, dtype=np.bool_)
    # Firth's penalty throughout: finite also where the others separate yes from no.
    status, _, _ = fit_logistic(seen, answers, True, coefficients, covariance, aliased, np.empty(len(seen)))
    if status != CONVERGED:
        raise BadColumn("A yes/no covariate cannot be predicted from the other columns; use fewer of them.")
    root = np.asarray(np.linalg.cholesky(covariance + np.diag(np.where(aliased, 1e-12, 0.0))), dtype=np.float64)
    drawn: Float = coefficients + root @ random.standard_normal(q)
    chance = 0.5 * (1.0 + np.tanh(0.5 * (z[gap] @ drawn)))
    yes = random.random(len(chance)) < chance
    places = [np.flatnonzero(~gap & (y == answer)) for answer in (0.0, 1.0)]
    return np.array([random.choice(places[int(answer)]) for answer in yes], dtype=np.int64)
