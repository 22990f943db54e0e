"""margin.json as facts: each number with its limits, a bound never as an exact value, for lesions that match."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from isotherm.clinical.case import Case, Lesion
from isotherm.clinical.fact import Fact
from isotherm.clinical.picture import picture_of
from isotherm.errors import BadCase
from isotherm.exchange.margin_facts import WithMargins, read_margins

DAY = date(2025, 3, 1)

LESION: dict[str, Any] = {
    "label": "1", "status": "measured", "minimal_margin_mm": 4.1,
    "interval_mm": {"level": 0.9, "low": 2.2, "high": 5.9, "calibrated": True, "dominant_source": None},
    "vessels": [{"distance_mm": 7.5, "bridging": False}, {"distance_mm": 3.0, "bridging": False}],
    "structures_mm": {"bile-duct": {"from_tumor_mm": 12.0, "from_ablation_mm": 6.0}},
    "tumor": {"recist_mm": 21.0, "depth_below_capsule_mm": 9.0},
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "schema": "isotherm.margin/1", "inputs": [{"role": "tumor"}, {"role": "vessels"}],
    "settings": {"days_after_ablation": 1.0, "modality": "Cryoablation"}, "lesions": [LESION],
}  # fmt: skip


def case(**facts: tuple[Fact, ...]) -> Case:
    return Case(on=DAY, lesions=(Lesion("1", facts), Lesion("other")))


def taken(tmp_path: Path, of_lesion: dict[str, Any], to: Case | None = None, on: date | None = None) -> WithMargins:
    document = copy.deepcopy(DOCUMENT)
    document["lesions"][0] |= of_lesion
    (tmp_path / "margin.json").write_text(json.dumps(document), encoding="utf-8")
    return read_margins(tmp_path / "margin.json", to or case(), on=on)


def facts(tmp_path: Path, of_lesion: dict[str, Any]) -> dict[str, Fact]:
    first = taken(tmp_path, of_lesion).case.lesions[0]
    return {name: fact for name, (fact,) in first.facts.items()}


def test_a_measured_lesion_gives_margin_with_interval_sizes_and_distances(tmp_path: Path) -> None:
    found = facts(tmp_path, {})
    margin = found["minimal_margin_mm"]
    assert (margin.value, margin.low, margin.high, margin.origin) == (4.1, 2.2, 5.9, "image")
    assert margin.source == "isotherm margin, lesion 1: 90 % interval"
    values = {name: fact.value for name, fact in found.items()}
    assert values == {
        "minimal_margin_mm": 4.1, "vessel_bridging": False, "diameter_mm": 21.0, "to_capsule_mm": 9.0,
        "to_vessel_mm": 3.0, "to_bile_duct_mm": 12.0, "days_after_ablation": 1, "ablation_modality": "cryoablation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("of_lesion", "expected"),
    [
        ({"status": "bounded", "interval_mm": None}, (4.1, -100.0, 4.1)),
        ({"status": "measured", "interval_mm": None}, (4.1, None, None)),
        ({"status": "measured", "minimal_margin_mm": 25.0}, (25.0, 2.2, 100.0)),
        ({"status": "measured", "minimal_margin_mm": 7.0}, (7.0, 2.2, 7.0)),
        ({"status": "not_ablated", "minimal_margin_mm": -12.0, "interval_mm": None}, (-12.0, None, None)),
        ({"status": "not_assessable", "minimal_margin_mm": None, "interval_mm": None}, (None, None, None)),
    ],
)
def test_a_bound_is_given_as_limits_and_never_as_an_exact_margin(
    tmp_path: Path, of_lesion: dict[str, Any], expected: tuple[float | None, ...]
) -> None:
    margin = facts(tmp_path, of_lesion)["minimal_margin_mm"]
    assert (margin.value, margin.low, margin.high) == expected


def test_a_bounded_margin_can_fail_a_limit_and_never_pass_one(tmp_path: Path) -> None:
    picture = picture_of(taken(tmp_path, {"status": "bounded", "interval_mm": None}).case)
    reading = picture.lesions["1"]["minimal_margin_mm"]
    assert reading.compare(">=", 5.0) is False
    assert reading.compare(">=", 4.0) is None


def test_nothing_ablated_and_no_zone_is_no_margin(tmp_path: Path) -> None:
    found = facts(tmp_path, {"status": "not_ablated", "minimal_margin_mm": None, "interval_mm": None, "vessels": []})
    assert not {"minimal_margin_mm", "vessel_bridging", "to_vessel_mm"} & found.keys()


def test_a_vessel_that_was_not_drawn_bridges_nothing_that_is_known(tmp_path: Path) -> None:
    assert facts(tmp_path, {"vessels": []})["vessel_bridging"].value is False
    document: dict[str, Any] = copy.deepcopy(DOCUMENT) | {"inputs": [{"role": "tumor"}]}
    document["lesions"][0]["vessels"] = []
    (tmp_path / "margin.json").write_text(json.dumps(document), encoding="utf-8")
    assert "vessel_bridging" not in read_margins(tmp_path / "margin.json", case()).case.lesions[0].facts
    assert facts(tmp_path, {"vessels": [{"distance_mm": 0.0, "bridging": True}]})["vessel_bridging"].value is True


@pytest.mark.parametrize(
    ("structures", "name", "expected"),
    [
        ({"colon": 40.0}, "to_bowel_mm", (40.0, 0.0, 40.0)),
        ({"colon": 40.0}, "to_vulnerable_mm", (40.0, 0.0, 40.0)),
        ({"Bowel": 40.0, "stomach": 30.0}, "to_bowel_mm", (30.0, None, None)),
        ({"small_bowel": 40.0, "stomach": 30.0, "colon": 20.0}, "to_bowel_mm", (20.0, None, None)),
        ({"gallbladder": 5.0}, "to_vulnerable_mm", (5.0, 0.0, 5.0)),
        ({"hepatic ducts": 16.0}, "to_bile_duct_mm", (16.0, None, None)),
        ({"common-bile-duct": 16.0}, "to_bile_duct_mm", (16.0, 0.0, 16.0)),
    ],
)
def test_a_structure_that_was_not_drawn_may_lie_nearer(
    tmp_path: Path, structures: dict[str, float], name: str, expected: tuple[float | None, ...]
) -> None:
    given = {key: {"from_tumor_mm": mm, "from_ablation_mm": None} for key, mm in structures.items()}
    fact = facts(tmp_path, {"structures_mm": given})[name]
    assert (fact.value, fact.low, fact.high) == expected


def test_what_is_not_taken_is_told(tmp_path: Path) -> None:
    given = {"spleen": {"from_tumor_mm": 3.0, "from_ablation_mm": 2.0}}
    typed = case(diameter_mm=(Fact(value=20.0, on=date(2025, 2, 1)),))
    found = taken(tmp_path, {"structures_mm": given}, typed)
    assert found.left_out == (
        "structure spleen of margin.json stands for no fact",
        "diameter_mm of lesion 1: the case has dated values, which count",
    )
    assert picture_of(found.case).lesions["1"]["diameter_mm"].value == 20.0


def test_the_day_of_the_scan_dates_the_margin_and_not_the_tumor(tmp_path: Path) -> None:
    lesion = taken(tmp_path, {}, on=date(2025, 2, 28)).case.lesions[0]
    assert lesion.facts["minimal_margin_mm"][0].on == date(2025, 2, 28)
    assert lesion.facts["diameter_mm"][0].on is None


def test_two_values_of_one_day_contradict_each_other(tmp_path: Path) -> None:
    found = taken(tmp_path, {}, case(diameter_mm=(Fact(value=20.0),)))
    assert picture_of(found.case).lesions["1"]["diameter_mm"].gap == "conflicting values"


def test_lesions_of_other_names_are_refused_or_told(tmp_path: Path) -> None:
    with pytest.raises(BadCase, match=r"No lesion of 'margin\.json' is one of the case"):
        taken(tmp_path, {"label": "7"})
    document = copy.deepcopy(DOCUMENT)
    document["lesions"].append(copy.deepcopy(LESION) | {"label": "7"})
    (tmp_path / "margin.json").write_text(json.dumps(document), encoding="utf-8")
    assert read_margins(tmp_path / "margin.json", case()).left_out == (
        "lesion 7 of margin.json is no lesion of the case",
    )


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": "isotherm.margin/2"}', '{"schema": "isotherm.margin/1", "inputs": 3}', "[" * 100_000,
     json.dumps(DOCUMENT).replace("21.0", "-21.0"), json.dumps(DOCUMENT).replace("21.0", '"21"'),
     json.dumps(DOCUMENT).replace("2.2", '"2.2"'), json.dumps(DOCUMENT).replace("21.0", "NaN")],
)  # fmt: skip
def test_what_is_no_margin_json_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "margin.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadCase, match="is no result of the form"):
        read_margins(tmp_path / "margin.json", case())
