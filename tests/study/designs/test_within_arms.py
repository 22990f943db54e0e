"""Arms as begun, from the first treatment: weights at baseline and for leaving the strategy, against analytic truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isotherm.errors import BadSetting, NoOverlap, NothingToCompare, OutOfReach
from isotherm.study.designs.courses import Courses, Zero
from isotherm.study.designs.strategy import Strategy, Window
from isotherm.study.designs.within_arms import begun, censoring_weights
from tests.study.designs.made import NAN

FIRST = Strategy("ablation first", Window(0.0, 0.0))
SYSTEMIC = Strategy("systemic first", Window(60.0, 90.0), Window(0.0, 0.0))
ARMS = (FIRST, SYSTEMIC)


def arms(n: int, seed: int, *, effect: float = 0.0, zero: Zero = "first treatment") -> Courses:
    """Burden decides on who begins with what, on death, and on who is not ablated after systemic therapy."""
    random = np.random.default_rng(seed)
    burden = random.normal(size=n)
    ablated = random.random(n) < 1.0 / (1.0 + np.exp(0.8 * burden))
    death = np.ceil(random.exponential(size=n) * 400.0 * np.exp(-0.5 * burden - effect * ablated)) + 1.0
    last = np.minimum(death, 700.0)
    later = np.where(random.random(n) < 1.0 / (1.0 + np.exp(burden - 1.0)), random.integers(60, 91, n), 9999)
    day = np.where(ablated, 0.0, later.astype(float))
    return Courses(
        last, death <= 700.0, np.where(ablated, NAN, 0.0), np.where(day <= last, day, NAN), np.full(n, NAN),
        baseline=burden[:, None], baseline_names=("burden",), zero=zero,
    )  # type: ignore[arg-type]  # fmt: skip


def analyzed(courses: Courses, **more: Any):
    return censoring_weights(
        courses, ARMS, endpoint="overall survival", horizon_days=365.0, seed=1, replicates=20, **more
    )  # type: ignore[arg-type]


def test_under_no_effect_confounding_and_leaving_are_weighted_away() -> None:
    found = analyzed(arms(1500, 5))
    weighted = found.result.risk_differences[0].estimate
    unweighted = found.sensitivity[1][1][0].estimate
    assert abs(weighted) < 0.05
    assert abs(unweighted) > 0.08
    assert found.result.hazard_ratios[0].estimate == pytest.approx(1.0, abs=0.08)


def test_patients_are_counted_once_and_those_of_no_arm_are_left_out() -> None:
    found = analyzed(arms(300, 2))
    assert sum(one.n for one in found.result.arms) + found.result.left_out[0][1] == 300
    assert found.patients == 300
    assert found.shared_events == 0
    assert "patients, weighted" in found.result.risk_differences[0].method
    assert "had begun" in found.result.target
    assert any("never came to a first treatment" in one for one in found.result.remaining_bias)


def test_an_arm_is_what_the_first_day_does_not_contradict() -> None:
    courses = Courses(
        [100.0] * 3, [0, 0, 0], [0.0, NAN, 0.0], [70.0, 0.0, 0.0], [NAN] * 3, zero="first treatment"
    )  # fmt: skip
    assert begun(courses, (FIRST, Strategy("b", Window(60.0, 90.0), Window(0.0, 0.0)))).tolist() == [1, 0, 0]
    nothing = Strategy("never", Window(200.0, 300.0), Window(50.0, 60.0))
    assert begun(courses, (FIRST, nothing)).tolist() == [-1, 0, 0]


def test_strategies_that_begin_alike_are_refused() -> None:
    with pytest.raises(BadSetting, match='fits "later" and a strategy before it'):
        analyzed_by((SYSTEMIC, Strategy("later", Window(100.0, 120.0), Window(0.0, 0.0))))


def analyzed_by(strategies: tuple[Strategy, ...], courses: Courses | None = None) -> object:
    return censoring_weights(arms(200, 3) if courses is None else courses, strategies, endpoint="overall survival",
                             horizon_days=365.0, seed=1, replicates=20)  # fmt: skip


def test_an_arm_that_nobody_begins_is_refused() -> None:
    nobody = Strategy("both on one day", Window(0.0, 0.0), Window(0.0, 0.0))
    with pytest.raises(NothingToCompare, match='Nobody begins "both on one day"'):
        analyzed_by((Strategy("systemic first", Window(60.0, 90.0), Window(0.0, 0.0)), nobody))


def test_a_decision_date_asks_for_clones() -> None:
    with pytest.raises(OutOfReach, match="use clone_censor_weight"):
        analyzed(arms(50, 1, zero="decision"))


def test_a_chance_of_none_is_refused() -> None:
    courses = arms(200, 4)
    burden = np.where(courses.ablation_days == 0.0, -1.0, 1.0) + np.linspace(0.0, 1e-3, 200)
    burden[np.flatnonzero(courses.ablation_days == 0.0)[0]] = 60.0
    apart = Courses(courses.last_days, courses.died, courses.systemic_days, courses.ablation_days,
                    courses.progression_days, baseline=burden[:, None] * 1.0, baseline_names=("burden",),
                    zero="first treatment")  # fmt: skip
    with pytest.raises(NoOverlap, match="had no chance to"):
        analyzed(apart)


def test_strata_are_those_of_the_patients_who_are_kept() -> None:
    courses = arms(120, 6)
    found = analyzed(courses, strata=np.arange(120) % 2)
    again = analyzed(courses, strata=np.arange(120) % 2)
    assert found.result.risk_differences == again.result.risk_differences
    assert found.result.risk_differences != analyzed(courses).result.risk_differences
