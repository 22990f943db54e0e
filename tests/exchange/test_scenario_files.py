"""scenario.toml: the bundled ones are whole and say what is chosen; a mistake is answered with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

import isotherm
from isotherm.errors import BadScenario, UnreadableFile
from isotherm.exchange.protocol_files import read_protocol
from isotherm.exchange.scenario_files import read_scenario, scenario_from

FOLDER = Path(isotherm.__file__).parent / "app" / "data" / "scenarios"
NAMES = ("ajr-2022", "radiology-2023", "annals-2026")

TEXT = (FOLDER / "ajr-2022" / "scenario.toml").read_text(encoding="utf-8")


def refusal(old: str, new: str) -> str:
    assert old in TEXT
    with pytest.raises(BadScenario) as caught:
        scenario_from(TEXT.replace(old, new, 1))
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_scenarios_that_ship_say_that_they_are_synthetic_and_what_was_chosen(name: str) -> None:
    scenario = read_scenario(FOLDER / name / "scenario.toml")
    protocol = read_protocol(FOLDER / name / scenario.protocol)
    for file in ("scenario.toml", scenario.protocol):
        assert (FOLDER / name / file).read_text(encoding="utf-8").startswith("# SYNTHETIC")
    assert scenario.name == name
    assert len(scenario.choices) >= 5
    assert len(scenario.published) >= 6
    assert protocol.data.file.startswith("synthetic_")
    assert protocol.course is not None
    assert {one.kind for one in protocol.designs} >= {"naive", "landmark", "clone_censor_weight"}


@pytest.mark.parametrize("name", NAMES)
def test_the_protocol_asks_for_the_strategies_that_the_scenario_simulates(name: str) -> None:
    scenario = read_scenario(FOLDER / name / "scenario.toml")
    protocol = read_protocol(FOLDER / name / scenario.protocol)
    asked = {arm.name: arm.strategy.named(arm.label) for arm in protocol.arms.arms if arm.strategy is not None}
    assert asked == {arm.name: arm.strategy for arm in scenario.strategies}
    assert protocol.course is not None
    assert protocol.course.horizon_days == scenario.horizon_days


def test_mistakes_are_answered_with_line_and_key() -> None:
    assert "line 5, name" in refusal('name = "ajr-2022"', "name = 3")
    assert "a date without quotes" in refusal("closed_on = 2022-06-30", 'closed_on = "2022-06-30"')
    assert "a date without quotes" in refusal("closed_on = 2022-06-30", "closed_on = 2022-06-30T10:00:00")
    assert "such as { burden = 0.3 }" in refusal("chosen_by = { burden = -0.5", 'chosen_by = { burden = "much"')
    assert "such as { burden = 0.3 }" in refusal("on_death = { ", "on_death = 3 #")
    assert "luck is no fact" in refusal("on_death = { burden", "on_death = { luck")
    assert "the form that this version" in refusal("schema = 1", "schema = 2")
    assert "people.male" in refusal("male = 0.637", "male = 1.5")
    assert "arm[1].ablation" in refusal("ablation = { days = [0, 28] }", "ablation = { days = [28, 0] }")
    assert "near it" in refusal("frailty_variance", "frailty_variants")
    assert "closed_on: it is missing" in refusal("closed_on = 2022-06-30\n", "")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"scenario 'none\.toml'"):
        read_scenario(tmp_path / "none.toml")
