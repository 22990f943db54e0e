"""The truth: every strategy applied to the same patients, so that without an effect it is none, exactly."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from isotherm.errors import BadSetting
from isotherm.study.simulate import registry_truth as module
from isotherm.study.simulate.core import under_each
from isotherm.study.simulate.registry import simulate_registry
from isotherm.study.simulate.registry_document import NOTICE, truth_document
from isotherm.study.simulate.registry_truth import registry_truth
from isotherm.study.simulate.scenario_parts import Hazards
from isotherm.study.simulate.truth import contrast_of, landmark_truth, timed
from isotherm.study.simulate.world import DELAYED, UPFRONT, World
from tests.study.simulate.made import SMALL, small
from tests.study.simulate.made import UPFRONT as FIRST


def test_without_any_effect_strategies_that_differ_in_days_alone_come_to_the_same_survival() -> None:
    plain = Hazards(progression=0.05, death=0.01, death_after_progression=0.05)
    arms = tuple(replace(arm, effect=0.0, high_burden_effect=None) for arm in SMALL.arms)
    found = registry_truth(small(hazards=plain, arms=arms), seed=1, patients=2_000)
    assert [(one.strategy, one.endpoint, one.group) for one in found][:4] == [
        ("delayed", "overall survival", "all"), ("alone", "overall survival", "all"),
        ("delayed", "overall survival", "low burden"), ("alone", "overall survival", "low burden"),
    ]  # fmt: skip
    for one in found:
        if one.endpoint == "overall survival":
            assert one.truth.log_hazard_ratio == pytest.approx(0.0, abs=1e-9)
            assert one.truth.risk_difference == 0.0


def test_an_effect_in_low_burden_only_is_one_there_and_none_elsewhere() -> None:
    arms = (replace(FIRST, effect=-1.5, high_burden_effect=0.0, share=0.5),
            replace(SMALL.arms[1], effect=0.0, share=0.5))  # fmt: skip
    found = registry_truth(small(arms=arms, hazards=replace(SMALL.hazards, systemic=0.0)), seed=1, patients=4_000)
    ratios = {one.group: one.truth.log_hazard_ratio for one in found if one.endpoint == "overall survival"}
    assert ratios["high burden"] == pytest.approx(0.0, abs=0.01)
    assert ratios["low burden"] > 0.2
    assert 0.0 < ratios["all"] < ratios["low burden"]


def test_a_group_without_patients_has_no_truth() -> None:
    found = registry_truth(small(high_burden_from=0.0), seed=1, patients=200)
    assert {one.group for one in found} == {"all", "high burden"}


def test_chunks_are_parts_of_one_population(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 300)
    found = registry_truth(SMALL, seed=2, patients=700)
    assert found[0].truth.n == 700


def test_nobody_has_no_truth() -> None:
    with pytest.raises(BadSetting, match="0 patients"):
        registry_truth(SMALL, seed=1, patients=0)


def test_the_document_holds_the_truth_the_choices_and_who_was_entered_twice() -> None:
    made = simulate_registry(small(choices=("Windows are our choice.",)), seed=3)
    document = truth_document(made, registry_truth(SMALL, seed=3, patients=500), {"isotherm": "0"})
    assert list(document)[:2] == ["schema", "synthetic"]
    assert document["synthetic"] == NOTICE
    assert (document["patients"], document["rows"], len(document["entered_twice"])) == (60, 66, 6)
    assert document["choices"] == ["Windows are our choice."]
    assert sum(one["meant_for"] for one in document["strategies"]) == 60
    first = document["contrasts"][0]
    assert first["hazard_ratio"] == pytest.approx(math.exp(first["log_hazard_ratio"]))
    assert first["risk_difference"] == pytest.approx(first["risk"]["delayed"] - first["risk"]["upfront"])
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_high_burden_may_have_an_effect_of_its_own_in_the_core_as_well() -> None:
    world = World(ablation_effect=-1.5, high_burden_effect=0.0)
    upfront, delayed = under_each(world, (UPFRONT, DELAYED), 2_000, np.random.default_rng(1))
    high = np.flatnonzero(upfront.baseline[:, 0] > 0.0)
    low = np.flatnonzero(upfront.baseline[:, 0] <= 0.0)
    ratios = [
        contrast_of(timed(upfront.take(rows), "progression-free survival"),
                    timed(delayed.take(rows), "progression-free survival"), horizon_days=700.0).log_hazard_ratio
        for rows in (low, high)
    ]  # fmt: skip
    assert ratios[0] > 0.1
    assert ratios[1] == pytest.approx(0.0, abs=1e-9)
    assert World(ablation_effect=-0.3).effect_in_high_burden == -0.3


def test_a_landmark_is_after_an_effect_among_those_who_reach_it_under_each_strategy() -> None:
    world = World(ablation_effect=-1.5)
    found = {
        among: landmark_truth(world, "overall survival", day=91.0, among=among, horizon_days=700.0, n=3_000,
                              rng=np.random.default_rng(1))
        for among in ("living", "progression-free")
    }  # fmt: skip
    assert found["progression-free"].n < found["living"].n < 3_000
    assert found["living"].horizon_days == 609.0
    # Some who progressed early without ablation are not among the progression-free under delayed ablation.
    assert found["progression-free"].log_hazard_ratio < found["living"].log_hazard_ratio
    none = landmark_truth(World(), "progression-free survival", day=91.0, among="progression-free", horizon_days=700.0,
                          n=1_000, rng=np.random.default_rng(1))  # fmt: skip
    assert none.log_hazard_ratio == pytest.approx(0.0, abs=1e-9)
