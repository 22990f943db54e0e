"""The flow as it is drawn: steps that left nobody out are merged, sites are told in one line, one is singular."""

from __future__ import annotations

from typing import Any

from isotherm.app.report_words import NO_BREAK
from isotherm.app.study_figures_flow import FlowBox
from isotherm.app.study_report_flow import flow_boxes, merged
from tests.app.made_up_study import result_of


def test_a_step_that_left_nobody_out_stands_in_the_box_before_it() -> None:
    result = result_of("pairs")
    boxes = [box for box in result["flow"]["boxes"] if box["kind"] in ("start", "kept")]
    kept = boxes[-1]
    start = next(one for one in flow_boxes(result) if one.kind == "start")
    everybody(result, kept)
    merged = flow_boxes(result)
    assert not any(one.key == kept["key"] for one in merged)
    first = next(one for one in merged if one.kind == "start")
    assert first.count == start.count
    assert f"{kept['says']}: all" in first.more
    assert not any(line.startswith("Left out") for line in first.more)
    assert {one.parent for one in merged if one.kind == "arm"} == {first.key}


def everybody(result: dict[str, Any], kept: dict[str, Any]) -> None:
    """Let a step keep all patients of its parent, and leave nobody out."""
    parent = next(box for box in result["flow"]["boxes"] if box["key"] == kept["parent"])
    for key in ("patients", "tumors"):
        if kept[key]:
            result["results"][kept[key]] = result["results"][parent[key]]
    kept["arms"], kept["sites"] = parent["arms"], parent["sites"]
    for box in result["flow"]["boxes"]:
        if box["parent"] == kept["parent"] and box["kind"] == "left":
            for key in (box["patients"], box["tumors"]):
                if key:
                    result["results"][key] = {**result["results"][key], "value": 0}


def test_sites_are_told_in_one_line_over_all_arms_and_withheld_where_one_count_is() -> None:
    result = result_of("pairs")
    start = result["flow"]["boxes"][0]
    first = next(line for line in flow_boxes(result)[0].more if line.startswith("By site, "))
    sites = list(dict.fromkeys(one["site"] for one in start["sites"]))
    counts = {site: sum(result["results"][one["patients"]]["value"] for one in start["sites"] if one["site"] == site)
              for site in sites}  # fmt: skip
    assert first.replace(NO_BREAK, " ") == "By site, " + "; ".join(f"{site}: {n}" for site, n in counts.items())
    assert sum(counts.values()) == result["results"][start["patients"]]["value"]
    key = start["sites"][0]["patients"]
    result["results"][key] |= {"value": None, "why": "small count"}
    said = "; ".join(flow_boxes(result)[0].more).replace(NO_BREAK, " ")
    assert f"By site, {sites[0]}: [withheld]; " in said


def test_one_patient_is_not_plural() -> None:
    result = result_of("pairs")
    result["results"]["flow.start.patients"] = {**result["results"]["flow.start.patients"], "value": 1}
    assert flow_boxes(result)[0].count == "1 patient"


def test_boxes_into_which_neither_patients_nor_tumors_went_are_a_line() -> None:
    shown = flow_boxes(result_of("designs"))
    assert not any(one.count.startswith("0 ") for one in shown if one.kind in ("left", "other"))


def test_two_such_steps_after_each_other_both_stand_in_the_first_box() -> None:
    boxes = [
        FlowBox(key="start", kind="start", parent="", says="Patients in the table", count="9 patients"),
        FlowBox(key="one", kind="kept", parent="start", says="18 years or older", count="9 patients"),
        FlowBox(key="two", kind="kept", parent="one", says="One tumor", count="9 patients", more=("kept: 2",)),
        FlowBox(key="three", kind="kept", parent="two", says="Seen", count="8 patients"),
        FlowBox(key="left", kind="left", parent="two", says="Not seen", count="1 patient"),
    ]
    first, *others = merged(boxes)
    assert first.more == ("18 years or older: all", "One tumor: all", "kept: 2")
    assert [(one.key, one.parent) for one in others] == [("three", "start"), ("left", "start")]
