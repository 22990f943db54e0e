"""The simulator: hazards as asked for, a truth for which both strategies are applied, and one world per seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from isotherm.errors import BadSetting
from isotherm.study.designs.clone_estimates import estimate_clones
from isotherm.study.designs.clones import clone
from isotherm.study.designs.strategy import NEVER, Strategy, Window
from isotherm.study.simulate.core import simulate, simulate_strategy
from isotherm.study.simulate.hazards import waiting_days
from isotherm.study.simulate.truth import truth
from isotherm.study.simulate.world import DELAYED, MONTH_DAYS, UPFRONT, World

OS, PFS = "overall survival", "progression-free survival"


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_waiting_time_uses_up_its_draw_at_every_hazard_on_the_way() -> None:
    draws = np.array([0.5, 1.5, 6.0, 1.5, 0.5])
    first = np.array([10.0, 10.0, 10.0, np.inf, 0.0])
    second = np.array([20.0, 20.0, 20.0, np.inf, 5.0])
    days = waiting_days(draws, np.full(5, 0.1), ((second, math.log(3.0)), (first, math.log(2.0))))
    # 0.1 a day; 0.2 from the first change on; 0.6 after both.
    assert days == pytest.approx([5.0, 12.5, 20.0 + 3.0 / 0.6, 15.0, 2.5])


def test_a_hazard_that_falls_never_makes_the_wait_shorter() -> None:
    random = rng()
    draws, day = random.exponential(size=500), random.uniform(0.0, 40.0, 500)
    plain = waiting_days(draws, np.full(500, 0.05), ((day, 0.0),))
    lower = waiting_days(draws, np.full(500, 0.05), ((day, -1.0),))
    assert plain == pytest.approx(draws / 0.05)
    assert np.array_equal(lower[plain <= day], plain[plain <= day])
    assert (lower[plain > day] > plain[plain > day]).all()


def test_without_frailty_the_hazards_are_the_ones_asked_for() -> None:
    courses = simulate(World(frailty_variance=0.0), 20_000, rng()).courses
    days, event = courses.outcome(PFS)
    assert event.sum() / days.sum() * MONTH_DAYS == pytest.approx(0.058, rel=0.03)
    progressed = ~np.isnan(courses.progression_days)
    after = courses.last_days[progressed] - courses.progression_days[progressed]
    assert courses.died[progressed].sum() / after.sum() * MONTH_DAYS == pytest.approx(0.05, rel=0.03)
    assert (courses.died & ~progressed).sum() / days.sum() * MONTH_DAYS == pytest.approx(0.008, rel=0.06)


def test_patients_are_ablated_as_intended_unless_they_progress_or_die_first() -> None:
    made = simulate(World(), 5_000, rng())
    done = ~np.isnan(made.courses.ablation_days)
    assert not done[made.intended == 2].any()
    assert (made.courses.ablation_days[done & (made.intended == 0)] <= MONTH_DAYS).all()
    late = made.courses.ablation_days[done & (made.intended == 1)]
    assert ((late >= 2 * MONTH_DAYS) & (late <= 3 * MONTH_DAYS)).all()
    missed = ~done & (made.intended < 2)
    assert (made.courses.excused_days[missed] <= 3 * MONTH_DAYS).all()
    assert np.mean(made.intended == 0) == pytest.approx(0.3, abs=0.02)
    assert np.mean(made.intended == 1) == pytest.approx(0.5, abs=0.02)


def test_burden_decides_who_goes_first_and_who_fares_worse() -> None:
    made = simulate(World(burden_effect=0.7, burden_on_upfront=-1.0), 5_000, rng())
    burden = made.courses.baseline[:, 0]
    assert burden[made.intended == 0].mean() < -0.4
    assert np.corrcoef(burden, made.courses.last_days)[0, 1] < -0.2


def test_a_decline_is_recorded_when_it_happens_and_stops_ablations() -> None:
    world = World(decline=0.3, decline_effect=1.0, decline_stops=1.0)
    courses = simulate(world, 2_000, rng()).courses
    assert courses.changing is not None
    assert courses.changing.names == ("declined",)
    ablated = np.flatnonzero(~np.isnan(courses.ablation_days))
    assert (courses.known_before(ablated, courses.ablation_days[ablated])[:, 1] == 0.0).all()
    assert (courses.changing.day <= courses.last_days[courses.changing.row]).all()
    assert simulate(World(), 10, rng()).courses.changing is None


def test_one_seed_makes_one_world() -> None:
    one, other = (simulate(World(decline=0.1), 50, rng(4)).courses for _ in range(2))
    assert np.array_equal(one.last_days, other.last_days)
    assert np.array_equal(one.ablation_days, other.ablation_days, equal_nan=True)
    assert not np.array_equal(one.last_days, simulate(World(decline=0.1), 50, rng(5)).courses.last_days)


@pytest.mark.parametrize("endpoint", [OS, PFS])
def test_without_an_effect_both_strategies_come_to_the_same(endpoint: Any) -> None:
    found = truth(World(burden_effect=0.5), endpoint, horizon_days=700.0, n=300, rng=rng())
    assert found.risk_difference == 0.0
    assert found.rmst_difference_days == pytest.approx(0.0, abs=1e-9)
    assert found.log_hazard_ratio == pytest.approx(0.0, abs=1e-6)
    assert (found.n, found.horizon_days) == (300, 700.0)


def test_with_an_effect_earlier_ablation_is_better_and_everybody_follows() -> None:
    world = World(ablation_effect=-1.5)
    found = truth(world, PFS, horizon_days=700.0, n=1_000, rng=rng())
    assert found.risk[1] > found.risk[0]
    assert found.rmst_difference_days < 0.0
    assert found.log_hazard_ratio > 0.0
    under = simulate_strategy(world, UPFRONT, 1_000, rng())
    assert (
        clone(under, (UPFRONT, Strategy("any", Window(0, 9_000))), endpoint=PFS, period_days=7.0)[0].left.reason.sum()
        == 0
    )


def test_clones_find_the_truth_where_the_naive_look_does_not() -> None:
    world = World(burden_effect=0.8, burden_on_upfront=-1.5, frailty_variance=0.0)
    made = simulate(world, 1_500, rng(3)).courses
    weighted, plain = (
        estimate_clones(clone(made, (UPFRONT, DELAYED), endpoint=PFS, period_days=7.0, weighted=w), 700.0)
        for w in (True, False)
    )
    assert abs(weighted.log_ratios[0]) < 0.12
    assert plain.log_ratios[0] > 0.25


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"progression": 0.0}, "Hazards"),
        ({"death": math.nan}, "Hazards"),
        ({"death": math.inf}, "Hazards"),
        ({"decline": -0.1}, "Hazards"),
        ({"upfront": 0.0}, "shares"),
        ({"upfront": 0.6}, "shares"),
        ({"decline_stops": 1.1}, "shares"),
        ({"frailty_variance": -1.0}, "frailty variance"),
        ({"shortest_days": 0.0}, "follow-up"),
        ({"longest_days": 3.0}, "follow-up"),
    ],
)
def test_worlds_that_cannot_be_are_refused(settings: dict[str, float], words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        World(**settings)


def test_nobody_and_strategies_without_a_window_of_ablation_cannot_be_simulated() -> None:
    with pytest.raises(BadSetting, match="at least one"):
        simulate(World(), 0, rng())
    for strategy in (
        Strategy("none", NEVER),
        Strategy("a", None, Window(0, 3)),
        Strategy("b", Window(0, 3, "systemic")),
    ):
        with pytest.raises(BadSetting, match="a window of ablation from time zero"):
            simulate_strategy(World(), strategy, 10, rng())
