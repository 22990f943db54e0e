"""The flow of patients, drawn from a result: boxes with their counts; steps that left nobody out are merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from isotherm.app.figures import Drawing
from isotherm.app.report_words import NO_BREAK
from isotherm.app.study_figures_flow import FlowBox, flow_diagram
from isotherm.app.study_report_frame import arms_of, label_of_arm
from isotherm.app.study_report_words import Result, missing, printed
from isotherm.study.disclosure import CUT

LEFT_OUT = "Left out"
NOBODY = ("0 patients", "0 patients, 0 tumors")


def flow_drawing(result: Result) -> Drawing | None:
    """Draw the flow; None where the result has none."""
    boxes = _boxes(result)
    if not boxes:
        return None
    numbers = {arm.name: arm.number for arm in arms_of(result)}
    looks = {str(box["key"]): numbers[box["arms"][0]["arm"]] for box in boxes
             if box["kind"] == "arm" and box["arms"] and box["arms"][0]["arm"] in numbers}  # fmt: skip
    return flow_diagram(flow_boxes(result), arms=looks)


def flow_boxes(result: Result) -> list[FlowBox]:
    """Return the boxes as they are drawn, what became of each arm among them."""
    boxes = _boxes(result)
    shown = merged(_nobody_inside([_flow_box(result, box) for box in boxes]))
    arms = [(key, arm) for key, arm in ((str(box["key"]), box["arms"]) for box in boxes if box["kind"] == "arm") if arm]
    return [*shown, *(one for key, arm in arms for one in _made(result, key, str(arm[0]["arm"])))]


def _boxes(result: Result) -> list[Mapping[str, Any]]:
    return result["flow"].get("boxes") or []


def _made(result: Result, key: str, arm: str) -> list[FlowBox]:
    """Return what became of an arm: matched or not with the reasons, or trimmed; nothing where nobody was left out."""
    records = result["results"]
    left = next((one for one in (f"matching.{arm}.left_out", f"weighting.{arm}.left_out") if one in records), None)
    if left is None or (left.startswith("weighting") and records[left]["value"] == 0):
        return []
    gaps = records.get("propensity.incomplete")
    of = "" if gaps is None or gaps["value"] == 0 else ", of those with every covariate"
    says = {
        f"matching.{arm}.matched": f"Matched{of}",
        left: f"{'Not matched' if 'matching' in left else 'Trimmed'}{of}",
    }
    found = [(one, words, key) for one, words in says.items() if one in records]
    found += [(one, str(record["label"]).partition(": ")[2], left) for one, record in records.items()
              if one.startswith("matching.left_out.") and record["arm"] == arm]  # fmt: skip
    return [FlowBox(key=one, kind="part", parent=parent, says=words, count=_patients(records[one]))
            for one, words, parent in found]  # fmt: skip


def _patients(record: Mapping[str, Any]) -> str:
    return _counted(CUT if missing(record) else printed(record), "patient")


def _counted(count: str, unit: str) -> str:
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"


def _nobody_inside(boxes: Sequence[FlowBox]) -> list[FlowBox]:
    """Write boxes into which nobody went as a line of the box of those who stayed: an empty box says no more."""
    told: dict[str, dict[str, list[str]]] = {}
    for box in (one for one in boxes if _is_empty(one)):
        stayed = next((one.key for one in boxes if one.kind == "kept" and one.parent == box.parent), box.parent)
        before, _, after = box.says.partition(": ")
        head, words = (LEFT_OUT, before) if box.kind == "left" else (before, after)
        told.setdefault(stayed, {}).setdefault(head, []).append(f"{words.lower()} 0")
    lines = {key: tuple(f"{head}: {', '.join(parts)}" for head, parts in found.items()) for key, found in told.items()}
    return [replace(one, more=(*one.more, *lines.get(one.key, ()))) for one in boxes if not _is_empty(one)]


def merged(boxes: Sequence[FlowBox]) -> list[FlowBox]:
    """Write a step that left nobody out into the box before it: a second box with the same counts says no more."""
    shown: list[FlowBox] = []
    inside: dict[str, str] = {}
    for box in boxes:
        parent = inside.get(box.parent, box.parent)
        place = next((k for k, one in enumerate(shown) if one.key == parent), None)
        alone = sum(inside.get(one.parent, one.parent) == parent and one.key not in inside for one in boxes) == 1
        if box.kind == "kept" and place is not None and alone and shown[place].count == box.count:
            inside[box.key] = parent
            own = tuple(line for line in box.more if line not in shown[place].more and not line.startswith(LEFT_OUT))
            shown[place] = replace(shown[place], more=(*shown[place].more, f"{box.says}: all", *own))
        else:
            shown.append(replace(box, parent=parent))
    return shown


def _is_empty(box: FlowBox) -> bool:
    return box.kind in ("left", "other") and box.count in NOBODY


def _flow_box(result: Result, box: Mapping[str, Any]) -> FlowBox:
    """Return a box with its counts: patients, tumors, per arm where it is not an arm's own, per site."""

    def count(key: str | None) -> str:
        return CUT if key is None or missing(result["results"][key]) else printed(result["results"][key])

    tumors = f", {_counted(count(box['tumors']), 'tumor')}" if box["tumors"] else ""
    more: list[str] = []
    arms = [one for one in box["arms"] if one["arm"]]
    if len(arms) > 1 or (arms and box["kind"] not in ("arm", "part")):
        more += [f"{label_of_arm(result, one['arm'])}: {count(one['patients'])}" for one in arms]
    sites: dict[str, list[str]] = {}
    for one in box["sites"]:
        sites.setdefault(str(one["site"]), []).append(str(one["patients"]))
    of_sites = [f"{site}: {_sum(result, keys)}".replace(" ", NO_BREAK) for site, keys in sites.items()]
    more += [f"By site, {'; '.join(of_sites)}"] if of_sites else []
    if box["unknown"]:
        more.append(f"kept although not known: {count(box['unknown'])}")
    return FlowBox(key=str(box["key"]), kind=str(box["kind"]), parent=str(box["parent"] or ""), says=str(box["says"]),
                   count=f"{_counted(count(box['patients']), 'patient')}{tumors}", more=tuple(more))  # fmt: skip


def _sum(result: Result, keys: Sequence[str]) -> str:
    """Return the patients of a site over all arms; withheld if one of its counts is."""
    found = [result["results"][key] for key in keys]
    return CUT if any(missing(one) for one in found) else f"{sum(one['value'] for one in found):g}"
