"""Scenarios: what cannot be is refused, with its key; what one says has one hash."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from isotherm.errors import BadScenario
from isotherm.study.protocol_designs import Asked
from isotherm.study.simulate.scenario import Published
from isotherm.study.simulate.scenario_parts import (
    Decline,
    Gaps,
    Hazards,
    Lesions,
    LocalProgression,
    People,
    ScanSchedule,
)
from tests.study.simulate.made import DELAYED, LATE, SMALL, UPFRONT, small

NAN, INF = float("nan"), float("inf")


def keys(error: BadScenario) -> list[str]:
    return [key for key, _ in error.problems]


@pytest.mark.parametrize(
    ("noun", "values", "key"),
    [
        (People, {"male": 1.1}, "male"),
        (People, {"male": NAN}, "male"),
        (People, {"performance_1": 0.7, "performance_2": 0.7}, "performance_1"),
        (People, {"cea_ng_ml": 0.0}, "cea_ng_ml"),
        (People, {"cea_log_sd": -1.0}, "cea_log_sd"),
        (People, {"age_years": INF}, "age_years"),
        (Lesions, {"number": ()}, "number"),
        (Lesions, {"number": (0.1,) * 10}, "number"),
        (Lesions, {"number": (0.5, 0.4)}, "number"),
        (Lesions, {"number": (1.5, -0.5)}, "number"),
        (Lesions, {"size_cm": 6.0}, "size_cm"),
        (Lesions, {"size_cm": NAN}, "size_cm"),
        (Lesions, {"margin_mm": NAN}, "margin_mm"),
        (Lesions, {"margin_sd_mm": -1.0}, "margin_sd_mm"),
        (Lesions, {"bridging": 2.0}, "bridging"),
        (Hazards, {"progression": 0.0, "death": 0.1, "death_after_progression": 0.1}, "progression"),
        (Hazards, {"progression": 0.1, "death": NAN, "death_after_progression": 0.1}, "death"),
        (Decline, {"hazard": -0.1}, "hazard"),
        (Decline, {"stops": 1.1}, "stops"),
        (Decline, {"effect": NAN}, "effect"),
        (LocalProgression, {"hazard": 0.0}, "hazard"),
        (LocalProgression, {"patient_sd": -1.0}, "patient_sd"),
        (LocalProgression, {"per_mm": INF}, "per_cm"),
        (ScanSchedule, {"every_days": 7.0}, "every_days"),
        (ScanSchedule, {"later_every_days": 1_000.0}, "every_days"),
        (ScanSchedule, {"jitter_days": 50.0}, "jitter_days"),
        (ScanSchedule, {"later_after_days": -1.0}, "later_after_days"),
        (Gaps, {"missing": (("died", 0.1),)}, "missing"),
        (Gaps, {"missing": (("male", 1.0),)}, "missing"),
        (Gaps, {"duplicates": 0.6}, "duplicates"),
        (Published, {"says": "", "value": "1"}, "says"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(noun: Any, values: dict[str, Any], key: str) -> None:
    with pytest.raises(BadScenario) as caught:
        noun(**values)
    assert key in keys(caught.value)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"share": 0.0}, "share"),
        ({"name": " "}, "name"),
        ({"effect": NAN}, "effect"),
        ({"high_burden_effect": INF}, "effect"),
        ({"chosen_by": (("luck", 1.0),)}, "chosen_by"),
        ({"chosen_by": (("burden", NAN),)}, "chosen_by"),
        ({"chosen_by": (("burden", 1.0), ("burden", 2.0))}, "chosen_by"),
        ({"ablation": Asked(days=None), "systemic": Asked(days=None)}, "ablation"),
        ({"ablation": Asked(days=None)}, "ablation"),
        ({"ablation": Asked(days=(0.0, 1.0), after="ablation")}, "ablation"),
        ({"ablation": Asked(days=(0.0, 1.0), after="systemic")}, "ablation"),
        ({"systemic": Asked(days=(0.0, 1.0), after="systemic")}, "ablation"),
        ({"systemic": Asked(days=None), "ablation": Asked(days=(0.0, 1.0), after="systemic")}, "ablation"),
    ],
)
def test_arms_that_cannot_be_are_refused(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(BadScenario) as caught:
        replace(UPFRONT, **changes)
    assert key in keys(caught.value)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": ""}, "name"),
        ({"patients": 0}, "patients"),
        ({"centers": 0}, "patients"),
        ({"arms": (replace(UPFRONT, share=0.5), replace(LATE, share=0.5))}, "arm"),
        ({"arms": (replace(UPFRONT, share=0.5), replace(UPFRONT, share=0.5))}, "arm"),
        ({"arms": (UPFRONT, DELAYED)}, "arm"),
        ({"decided_from": "2018-01-01"}, "decided_from"),
        ({"decided_from": "1 January"}, "decided_from"),
        ({"decided_from": "2015-01"}, "decided_from"),
        ({"decided_from": "1980-01-01"}, "decided_from"),
        ({"closed_on": "2018-01-05"}, "decided_from"),
        ({"closed_on": "2150-01-05"}, "decided_from"),
        ({"horizon_days": 0.0}, "horizon_days"),
        ({"lost": -1.0}, "lost"),
        ({"center_sd": NAN}, "lost"),
        ({"complications": 1.5}, "complications"),
        ({"adverse_events": -0.5}, "complications"),
        ({"centers": 1}, "gaps.duplicates"),
    ],
)
def test_scenarios_that_cannot_be_are_refused(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(BadScenario) as caught:
        small(**changes)
    assert key in keys(caught.value)


def test_every_word_of_a_scenario_is_in_its_hash() -> None:
    assert small().hash == SMALL.hash
    assert len(SMALL.hash) == 64
    others = [SMALL.with_patients(61), small(lost=0.02), small(choices=("a",)), small(centers=4)]
    assert len({SMALL.hash, *(one.hash for one in others)}) == 5


def test_an_arm_is_a_strategy_under_its_label() -> None:
    assert UPFRONT.strategy.name == "Upfront"
    assert [arm.name for arm in SMALL.strategies] == ["upfront", "delayed", "alone"]
    assert (UPFRONT.in_high_burden, DELAYED.in_high_burden) == (-0.2, -0.3)
