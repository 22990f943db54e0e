"""Estimates without any spread: refused, since a number would look certain."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from isotherm.effect import Effect
from isotherm.errors import NotConverged, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.analysis.boot import on_scale
from isotherm.study.protocol_methods import Matching, Methods, MissingData
from isotherm.study.survival.cox import cox
from isotherm.study.survival.proportional_hazards import proportional_hazards
from tests.study.cohorts import PAIRS, people, record, run

ARM = np.array([0.0, 1.0] * 4)


def test_a_robust_variance_of_0_is_refused_where_all_times_are_equal() -> None:
    outcome = TimeToEvent(np.full(8, 30.0), np.array([1, 1, 0, 0] * 2), cluster=np.arange(8) // 2)
    with pytest.raises(NothingToCompare, match="The robust variance of x1 is 0"):
        cox(outcome, ARM)
    assert cox(replace(outcome), ARM, robust=False).std_errors[0] > 0.5


def test_proportional_hazards_cannot_be_tested_with_events_at_one_time() -> None:
    fit = cox(TimeToEvent(np.full(8, 30.0), np.array([1, 0, 1, 1, 0, 1, 1, 1])), ARM)
    with pytest.raises(NothingToCompare, match="cannot be tested: too few events at different times"):
        proportional_hazards(fit)


def test_a_study_in_which_all_times_are_equal_gives_reasons() -> None:
    result = run(people().assign(months=12.0), methods=PAIRS)
    assert "cannot be tested" in record(result, "proportional_hazards.os.naive").why
    assert record(result, "effect.os.naive").value is not None


def test_a_ratio_without_a_logarithm_is_no_replicate() -> None:
    with pytest.raises(NotConverged, match="it has no logarithm"):
        on_scale(Effect(measure="hazard ratio", estimate=0.0, low=0.0, high=math.inf))
    assert on_scale(Effect(measure="risk difference", estimate=-0.5, low=-1.0, high=0.0)) == -0.5


def test_gaps_that_are_filled_while_outcomes_are_blinded_are_a_warning() -> None:
    missing = MissingData(method="multiple imputation", imputations=2)
    result = run(people(gaps=6), methods=replace(PAIRS, missing=missing), outcomes_blinded=True)
    assert "what links them fades" in (record(result, "finding.imputed_blindly").text or "")


def test_with_replacement_a_patient_is_exported_for_each_set() -> None:
    result = run(methods=Methods(adjustment=Matching(replacement=True)))
    assert result.adjusted is not None
    assert result.adjusted["id"].duplicated().any()
    assert set(result.adjusted.groupby("set").size()) == {2}
