"""A multiverse: every analysis of the grid is there, each is what its own protocol gives, barred ones are marked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isotherm.errors import BadProtocol, BadSetting, NoSoundDesign
from isotherm.study.analysis.run import analyze
from isotherm.study.multiverse import Point, multiverse, spread_of
from isotherm.study.protocol_designs import Naive, TimeDependentCox
from isotherm.study.protocol_multiverse import Multiverse
from tests.study.cohorts import LESIONS, PAIRS, people, study
from tests.study.four_arms import four
from tests.study.four_arms import people as four_people
from tests.study.protocols import AGE, SEX
from tests.study.registry import CLONES, COURSE, registry, timing

GRID = Multiverse(calipers=(None, 0.2), ratios=(1,), orders=("largest", "data"), weights=("overlap",))
ONE = replace(COURSE, endpoints=("overall survival",))


def small(**changes: Any) -> Any:
    return study(multiverse=GRID, methods=PAIRS, outcomes=study().outcomes[:1], subgroups=(), **changes)


def test_every_choice_of_the_grid_is_a_point_and_the_main_analysis_is_one_of_them() -> None:
    points = multiverse(small(), people(60))
    assert len(points) == 5
    assert [one.choices.get("caliper") for one in points] == ["none", "none", "0.2 SD", "0.2 SD", None]
    assert [one.main for one in points] == [False, False, True, False, False]
    assert not any(one.barred for one in points)
    assert all(one.worst_smd is not None and one.effect is not None for one in points)


def test_each_point_is_what_its_own_protocol_gives() -> None:
    table = people(60)
    for one in multiverse(small(), table)[1::3]:
        found = analyze(one.protocol, table).results.records[one.result_id]
        assert one.effect is not None
        assert (found.value, found.low) == (one.effect.estimate, one.effect.low)


def test_what_cannot_be_estimated_is_a_point_with_its_reason() -> None:
    # Neither tells the arm alone; the difference of the two does, and no score is left to match or weight by.
    table = people(60).assign(lesions=lambda one: one["age"] + one["drug"] * 5.0 + np.arange(60) % 3)
    points = multiverse(small(covariates=(AGE, SEX, LESIONS)), table)
    failed = [one for one in points if one.effect is None]
    assert failed
    assert all(one.why for one in failed)
    assert spread_of(points).failed == len(failed)


def test_designs_are_points_and_arms_as_they_became_are_barred() -> None:
    table = registry(80)
    points = multiverse(timing(multiverse=GRID, course=ONE, designs=(CLONES, TimeDependentCox(), Naive())), table)
    last = {one.choices["design"]: one for one in points[-2:]}
    assert set(last) == {"clone_censor_weight", "naive"}
    assert last["clone_censor_weight"].main
    assert [one.barred for one in points] == [True] * 5 + [False, True]
    own = last["clone_censor_weight"]
    found = analyze(own.protocol, table).results.records[own.result_id]
    assert own.effect is not None
    assert found.value == own.effect.estimate
    assert spread_of(points).n - spread_of(points).barred == 1


def test_designs_that_give_nothing_say_why() -> None:
    points = multiverse(timing(multiverse=GRID, course=replace(ONE, horizon_days=20_000.0)), registry(80))
    assert all("horizon" in one.why for one in points[-3:])
    without = multiverse(timing(multiverse=replace(GRID, designs=False), course=ONE), registry(80))
    assert len(without) == 5
    spread = spread_of(without)
    assert (spread.barred, spread.median, spread.below) == (5, None, None)


def test_four_arms_have_designs_only() -> None:
    assert multiverse(four(multiverse=GRID), four_people()) == ()


def test_a_spread_tells_median_range_and_shares() -> None:
    points = multiverse(small(), people(60))
    estimates = [one.effect.estimate for one in points if one.effect is not None]
    spread = spread_of(points)
    assert spread.median == pytest.approx(np.median(estimates))
    assert (spread.low, spread.high) == (min(estimates), max(estimates))
    assert spread.below == np.mean(np.array(estimates) < 1.0)
    assert spread.excluding is not None


def test_without_a_grid_or_with_blinded_outcomes_nothing_is_carried_out() -> None:
    for protocol in (study(), small(outcomes_blinded=True)):
        with pytest.raises(BadSetting, match=r"give a \[multiverse\]"):
            multiverse(protocol, people(60))
    with pytest.raises(NoSoundDesign):
        multiverse(timing(multiverse=GRID, designs=()), registry(60))


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"calipers": (0.2, 0.2)}, "comes twice"), ({"calipers": (0.0,)}, "above 0"), ({"ratios": (0,)}, "from 1")],
)  # fmt: skip
def test_a_grid_that_cannot_be_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadProtocol, match=says):
        Multiverse(**changes)


def test_an_estimate_without_end_is_none() -> None:
    table = people(60).assign(dead=lambda one: one["dead"] * (one["drug"] == 1.0))
    points = multiverse(small(), table)
    assert all(one.effect is None and one.why for one in points)
    assert isinstance(points[0], Point)
