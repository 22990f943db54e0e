"""Factors as columns of numbers: who has them all known, and the reason why one of them cannot be estimated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from isotherm.columns import Float, Int
from isotherm.errors import InputError
from isotherm.outcome import TimeToEvent
from isotherm.study.cohort import Cohort, design_kind
from isotherm.study.cohort_outcomes import observed
from isotherm.study.design_matrix import Bool, design_matrix
from isotherm.study.people import days_between
from isotherm.study.protocol_factors import Factors
from isotherm.study.protocol_parts import Covariate, Outcome

ARM = "arm"
"""Stands for the arms among the columns of factors."""


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One factor.

    Parameters
    ----------
    column, label : str
        Its column; what people call it, with the step that its hazard ratio is given per.
    names, labels : tuple of str
        Of its k columns of numbers; a level of a category has one, but for the reference.
    x : array, shape (m, k)
    reference : str
        Label of the level that the others are compared with; empty of a number and of a yes/no.
    is_number : bool
    why : str
        Why it cannot be estimated; then it has no columns.
    """

    column: str
    label: str
    names: tuple[str, ...]
    labels: tuple[str, ...]
    x: Float
    reference: str = ""
    is_number: bool = False
    why: str = ""

    @property
    def levels(self) -> tuple[tuple[str, str, Bool], ...]:
        """Levels, the reference first: column of numbers (none: empty), label, and who is in it; none of a number."""
        if self.is_number or self.why:
            return ()
        inside = [(name, words, self.x[:, k] == 1.0)
                  for k, (name, words) in enumerate(zip(self.names, self.labels, strict=True))]  # fmt: skip
        rest = ("", self.reference, ~np.logical_or.reduce([rows for _, _, rows in inside]))
        return (rest, *inside)


@dataclass(frozen=True, slots=True, eq=False)
class FactorRows:
    """The tumors (or patients) of an analysis of factors.

    Parameters
    ----------
    outcome : Outcome
    times : TimeToEvent
        Of all n in whom the outcome is known; tumors are clustered in their patients.
    complete : array of bool, shape (n,)
        Who has every factor known: m of them.
    missing : tuple of (column, label, count)
        Of the n, how many lack a factor.
    late : tuple of (column, label, count)
        Of the m, in how many dates show that a factor was known only after the clock had started.
    terms : tuple of Term
    """

    outcome: Outcome
    times: TimeToEvent
    complete: Bool
    missing: tuple[tuple[str, str, int], ...]
    late: tuple[tuple[str, str, int], ...]
    terms: tuple[Term, ...]

    @property
    def inside(self) -> TimeToEvent:
        """Times of the m."""
        return self.times.take(self.complete)

    @property
    def code(self) -> Int:
        """Events of the m: 0 censored, 1 the event, 2 and above competing ones."""
        return self.times.event[self.complete]


def factor_rows(cohort: Cohort, factors: Factors) -> FactorRows:
    """Return who is analyzed, and each factor as columns.

    Raises
    ------
    BadColumn
        The outcome of patients differs between rows of one patient.
    """
    seen = observed(cohort, factors.outcome)
    covariates = {one.column: one for one in cohort.protocol.covariates}
    own = [covariates[name] for name in factors.columns]
    table = cohort.covariates()[list(factors.columns)]
    here = table.iloc[seen.rows].reset_index(drop=True)
    gone = here.isna()
    complete = ~gone.any(axis=1).to_numpy()
    missing = tuple((one.column, one.label, int(gone[one.column].sum())) for one in own)
    whole, rows = here[complete].reset_index(drop=True), seen.rows[complete]
    terms = [_term(one, whole, _differs(cohort, seen.outcome, table[one.column])) for one in own]
    if factors.arms:
        terms.append(_arms(cohort, rows))
    late = tuple((one.column, one.label, _late(cohort, seen.outcome, one, rows)) for one in own)
    return FactorRows(seen.outcome, seen.times, complete, missing, late, tuple(terms))


def _differs(cohort: Cohort, outcome: Outcome, values: pd.Series) -> str:
    """Say that tumors of a patient differ in a factor of an outcome of patients; empty if they do not."""
    if outcome.unit == "tumor":
        return ""
    codes = pd.factorize(values)[0]
    first, member = np.unique(cohort.person, return_index=True, return_inverse=True)[1:]
    if (codes == codes[first][member]).all():
        return ""
    return (
        "it is not the same in all tumors of a patient, and the outcome is one of patients; take a fact of patients, "
        "such as the largest size"
    )


def _term(covariate: Covariate, table: pd.DataFrame, why: str) -> Term:
    """Return a factor in rows that have it; a reason where it cannot be estimated."""
    is_number, column = covariate.kind == "number", covariate.column
    step = f", per {covariate.per:g} {covariate.unit}".rstrip() if is_number else ""
    label = f"{covariate.label}{step}"
    if not why and not len(table):
        why = "nobody has every factor known; leave out the one that is missing most"
    try:
        if why:
            return Term(column, label, (), (), np.empty((len(table), 0)), is_number=is_number, why=why)
        kind = design_kind(covariate)
        reference = {} if covariate.reference is None else {column: covariate.reference}
        design = design_matrix(table, {column: kind}, reference=reference)
    except InputError as error:
        return Term(column, label, (), (), np.empty((len(table), 0)), is_number=is_number, why=str(error))
    if is_number:
        return Term(column, label, design.columns, (label,), design.x / covariate.per, is_number=True)
    term = design.terms[0]
    if not term.levels:
        return Term(column, label, design.columns, ("yes",), design.x, reference="no")
    return Term(column, label, design.columns, term.levels[1:], design.x, reference=str(term.reference))


def _arms(cohort: Cohort, rows: Int) -> Term:
    """Return the arms as a factor, the reference of the protocol being its reference."""
    arms, arm = cohort.protocol.arms, cohort.arm[rows]
    others = [(k, one) for k, one in enumerate(arms.arms) if one.name != arms.reference]
    x = np.column_stack([arm == k for k, _ in others]).astype(np.float64)
    reference = next(one.label for one in arms.arms if one.name == arms.reference)
    empty = [one.label for k, one in enumerate(arms.arms) if not (arm == k).any()]
    if empty:
        why = f"nobody in whom all factors are known is in {', '.join(empty)}; leave the arms out"
        return Term(ARM, "Arm", (), (), np.empty((len(rows), 0)), why=why)
    names = tuple(f"{ARM}={one.name}" for _, one in others)
    return Term(ARM, "Arm", names, tuple(one.label for _, one in others), x, reference=reference)


def _late(cohort: Cohort, outcome: Outcome, covariate: Covariate, rows: Int) -> int:
    """Count the rows in which dates show that a factor was known after the clock of the outcome had started."""
    start = outcome.start or cohort.protocol.time_zero.column
    if covariate.known.column is None or start is None:
        return 0
    return int((days_between(cohort.table.iloc[rows], start, covariate.known.column) > 0.0).sum())
