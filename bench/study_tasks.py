"""What the benches of speed and of memory ask of the study engine."""

from __future__ import annotations

from bench.study_data import NAMES, MadeUp, outcome_of, table_of
from isotherm.study.design_matrix import design_matrix
from isotherm.study.matching import match_nearest
from isotherm.study.propensity import propensity
from isotherm.study.survival.cox import cox
from isotherm.study.survival.kaplan_meier import kaplan_meier_arms
from isotherm.study.survival.logrank import logrank


def our_cox(data: MadeUp) -> None:
    """Fit ten covariates by Efron's rule, standard errors included."""
    _ = cox(outcome_of(data), data.x).std_errors


def our_curves(data: MadeUp) -> None:
    """Draw both arms with their limits and test them."""
    outcome = outcome_of(data)
    kaplan_meier_arms(outcome, data.treated)
    logrank(outcome, data.treated)


def our_matching(data: MadeUp) -> None:
    """Read the covariates of a table, fit the propensity and match 1:1 within 0.2 SD of the logit."""
    match_nearest(propensity(design_matrix(table_of(data), NAMES), data.treated))
