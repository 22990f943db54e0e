"""Clone, censor, weight as a whole: the same for any number of workers, with everything by which to judge it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from isotherm.errors import BadSetting, FitError, OutOfReach
from isotherm.study.designs.clone_censor_weight import clone_censor_weight
from isotherm.study.designs.clone_estimates import estimate_clones
from isotherm.study.designs.clone_result import CloneResult, clause, remarks_on
from isotherm.study.designs.clones import clone, truncated
from isotherm.study.designs.strategy import NEVER, Strategy, Window
from tests.study.designs.made import BOTH, DELAYED, UPFRONT, random_courses

OS = "overall survival"
FEW = 21


def run(**settings: Any) -> CloneResult:
    return clone_censor_weight(
        random_courses(70, 8),
        BOTH,
        **({"endpoint": OS, "horizon_days": 300.0, "seed": 1, "replicates": FEW} | settings),
    )


@cache
def found() -> CloneResult:
    return run()


def test_the_estimates_are_those_of_the_clones_and_lie_in_their_intervals() -> None:
    by_hand = estimate_clones(clone(random_courses(70, 8), BOTH, endpoint=OS, period_days=7.0), 300.0)
    result = found().result
    assert result.risk_differences[0].estimate == pytest.approx(by_hand.risk[1] - by_hand.risk[0])
    assert result.rmst_differences[0].estimate == pytest.approx(by_hand.mean_days[1] - by_hand.mean_days[0])
    assert result.hazard_ratios[0].estimate == pytest.approx(np.exp(by_hand.log_ratios[0]))
    curves = result.curves
    assert 1.0 - curves[1].survival_at(300.0) == pytest.approx(by_hand.risk[1])
    assert result.risk_differences[0].low < result.risk_differences[0].estimate < result.risk_differences[0].high
    assert f"{FEW} of {FEW} replicates" in result.hazard_ratios[0].method


def test_the_result_does_not_depend_on_the_number_of_workers() -> None:
    again = run(workers=2)
    for one, other in zip(found().bootstraps, again.bootstraps, strict=True):
        assert np.array_equal(one.values, other.values)
    assert again.result.hazard_ratios == found().result.hazard_ratios


def test_another_seed_draws_other_patients() -> None:
    few = run(seed=2, horizon_days=200.0)
    assert not np.array_equal(few.bootstraps[2].values, found().bootstraps[2].values)


def test_what_was_censored_and_why_adds_up_to_the_clones_that_are_left() -> None:
    by_arm = {arm.name: arm for arm in found().result.arms}
    for weights in found().weights:
        cut = sum(row.n for row in found().censored if row.strategy == weights.strategy)
        assert by_arm[weights.strategy].n == found().patients == 70
        assert weights.n + cut == 70
        assert 0.0 < weights.least <= weights.mean <= weights.most
        assert weights.effective <= weights.n
    for row in found().censored:
        assert row.first_day <= row.median_day <= row.last_day
    assert {row.reason for row in found().censored} == {
        "ablation before its window", "no ablation by the end of its window"}  # fmt: skip


def test_numbers_at_risk_stand_just_after_each_window() -> None:
    rows = {(row.strategy, row.day): row for row in found().at_risk}
    assert {day for _, day in rows} == {28.0, 90.0}
    made = random_courses(70, 8)
    followed = (made.ablation_days <= 28.0) | (made.progression_days <= 28.0)
    assert rows["upfront", 28.0].n == int((followed & (made.last_days > 28.0)).sum())


def test_the_target_and_what_remains_are_said_in_words() -> None:
    result = found().result
    assert "if all patients had followed a strategy" in result.target
    assert "unless progression or death came first" in result.target
    unfit = random_courses(70, 8, contraindication_days=np.full(70, 1.0))
    assert clause(unfit, BOTH) == ", unless progression, death or contraindication came first."
    assert "not recorded" in result.remaining_bias[0]
    assert not any("when it is seen" in one for one in result.remaining_bias)
    seen = run(endpoint="progression-free survival").result.remaining_bias
    assert any("where ablations have scans of their own" in one for one in seen)
    static = clone_censor_weight(
        random_courses(70, 8), (replace(UPFRONT, dynamic=False), DELAYED), endpoint=OS, horizon_days=300.0, seed=1,
        replicates=FEW,
    ).result  # fmt: skip
    assert 'whatever came first in those of "upfront"' in static.target
    assert "as biased as a landmark" in static.remaining_bias[-1]


def test_sensitivity_analyses_stand_beside_the_answer() -> None:
    names = [name for name, _ in found().sensitivity]
    assert names == ["weights truncated at percentiles 1 and 99", "unweighted"]
    plain = estimate_clones(clone(random_courses(70, 8), BOTH, endpoint=OS, period_days=7.0, weighted=False), 300.0)
    assert found().sensitivity[1][1][0].estimate == pytest.approx(plain.risk[1] - plain.risk[0])


def test_weights_are_truncated_where_it_is_said() -> None:
    clones = clone(random_courses(70, 8), BOTH, endpoint=OS, period_days=7.0)
    whole = run(truncate=(0.0, 1.0))
    answer = whole.result.risk_differences[0]
    beside = whole.sensitivity[0][1][0]
    assert (beside.estimate, beside.low, beside.high) == (answer.estimate, answer.low, answer.high)
    name, effects = run(truncate=(0.1, 0.8)).sensitivity[0]
    assert name == "weights truncated at percentiles 10 and 80"
    cut = estimate_clones(clones, 300.0, [truncated(one, (0.1, 0.8)) for one in clones])
    assert effects[0].estimate == pytest.approx(cut.risk[1] - cut.risk[0])
    assert effects[0].estimate != answer.estimate
    assert name in effects[0].method


def test_strategies_that_no_patient_contradicts_need_no_weights() -> None:
    loose = (Strategy("any time", Window(0, 20_000)), Strategy("no systemic change", None, Window(0, 0)))
    result = clone_censor_weight(random_courses(40, 8), loose, endpoint=OS, horizon_days=200.0, seed=1, replicates=FEW)
    assert [weights.effective for weights in result.weights] == pytest.approx([40.0, 40.0])
    assert result.result.risk_differences[0].estimate == pytest.approx(0.0)
    assert result.censored == ()


def test_four_strategies_are_compared_with_the_first() -> None:
    four = (*BOTH, Strategy("within 90 days", Window(0, 90)), Strategy("no ablation", NEVER))
    result = clone_censor_weight(
        random_courses(60, 8), four, endpoint=OS, horizon_days=200.0, seed=1, replicates=FEW, period_days=60.0
    ).result
    assert [effect.name for effect in result.risk_differences] == [
        "delayed v upfront", "within 90 days v upfront", "no ablation v upfront"]  # fmt: skip
    assert len(result.curves) == 4


def test_drawn_samples_that_cannot_be_analyzed_are_counted() -> None:
    made = random_courses(14, 3)
    try:
        result = clone_censor_weight(made, BOTH, endpoint=OS, horizon_days=100.0, seed=1, replicates=60)
    except FitError as error:
        pytest.fail(f"The sample itself failed: {error}")
    boot = result.bootstraps[0]
    assert boot.n_failed > 0
    assert f"{boot.n_worked} of 60 replicates" in result.result.hazard_ratios[0].method


def test_models_fitted_with_a_penalty_are_remarked() -> None:
    one, other = clone(random_courses(40, 8), BOTH, endpoint=OS, period_days=7.0)
    (remark,) = remarks_on([replace(one, penalized=2), other])
    assert remark.startswith('2 models of deviation from "upfront" were fitted with Firth\'s penalty')


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(BadSetting, match="level"):
        run(level=95.0)
    with pytest.raises(BadSetting, match="seed"):
        run(seed=-1)
    for wrong in ((0.9, 0.1), (0.5, 0.5), (-0.1, 0.9), (0.1, 1.1), (float("nan"), 0.9)):
        with pytest.raises(BadSetting, match="two rising shares"):
            run(truncate=wrong)
    with pytest.raises(OutOfReach, match="nobody can be cloned"):
        clone_censor_weight(
            random_courses(70, 8, zero="first treatment"), BOTH, endpoint=OS, horizon_days=300.0, seed=1
        )
