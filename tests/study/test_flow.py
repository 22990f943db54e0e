"""A flow exists only if its boxes add up; what a published flow does not explain is a box of its own."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import FlowDoesNotAddUp
from isotherm.study.flow import Box, Cell, Flow, published

START = Box(key="all", says="Patients", kind="start", patients=543)
DELAYED = Box(key="delayed", says="Delayed ablation", kind="arm", parent="all", patients=322)
UPFRONT = Box(key="upfront", says="Upfront ablation", kind="arm", parent="all", patients=118)


def ids(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


def box(key: str, parent: str, *rows: int, **changes: Any) -> Box:
    kind = "part" if parent else "start"
    whole = Box(key=key, says=key, kind=kind, parent=parent, patients=len(rows), rows=ids(*rows), persons=ids(*rows))
    return dataclasses.replace(whole, **changes)


def test_543_patients_of_whom_322_and_118_are_in_the_arms_leave_103_unexplained() -> None:
    with pytest.raises(FlowDoesNotAddUp, match='"Patients" holds 543 patients and its parts 440: 103 are unexplained'):
        Flow((START, DELAYED, UPFRONT))
    flow = published([START, DELAYED, UPFRONT])
    gap = flow["all.unexplained"]
    assert (gap.patients, gap.kind, gap.tumors) == (103, "unexplained", None)
    assert [part.patients for part in flow.parts("all")] == [103, 322, 118]


def test_255_and_103_of_358_are_matched_100_to_100() -> None:
    flow = published([
        Box(key="all", says="Patients", kind="start", patients=358),
        Box(key="delayed", says="Delayed", kind="arm", parent="all", patients=255),
        Box(key="upfront", says="Upfront", kind="arm", parent="all", patients=103),
        Box(key="delayed.matched", says="Matched", kind="part", parent="delayed", patients=100),
        Box(key="upfront.matched", says="Matched", kind="part", parent="upfront", patients=100),
    ])  # fmt: skip
    assert flow.start.patients == 358
    assert (flow["delayed.unexplained"].patients, flow["upfront.unexplained"].patients) == (155, 3)
    assert "all.unexplained" not in [box.key for box in flow.boxes]
    with pytest.raises(KeyError):
        flow["all.unexplained"]


def test_parts_that_are_more_than_the_whole_are_refused_in_any_flow() -> None:
    with pytest.raises(FlowDoesNotAddUp, match="its parts 440: 40 are counted twice"):
        published([dataclasses.replace(START, patients=400), DELAYED, UPFRONT])


def test_tumors_are_counted_side_by_side_and_add_up_too() -> None:
    whole = dataclasses.replace(START, tumors=900)
    parts = [dataclasses.replace(DELAYED, tumors=500), dataclasses.replace(UPFRONT, tumors=250)]
    assert published([whole, *parts])["all.unexplained"].tumors == 150
    with pytest.raises(FlowDoesNotAddUp, match="counts tumors, and its parts do not"):
        published([whole, DELAYED, UPFRONT])
    exact = dataclasses.replace(START, patients=440, tumors=800)
    assert published([exact, *parts])["all.unexplained"].patients == 0
    with pytest.raises(FlowDoesNotAddUp, match="holds 800 tumors and its parts 750: 50 are unexplained"):
        Flow((exact, *parts))


@pytest.mark.parametrize(
    "boxes",
    [
        (),
        (DELAYED,),
        (START, START),
        (DELAYED, START),
        (START, dataclasses.replace(DELAYED, parent="nowhere")),
        (START, dataclasses.replace(UPFRONT, parent="")),
        (dataclasses.replace(START, patients=-1),),
        (dataclasses.replace(START, parent="all"),),
    ],
)
def test_a_flow_has_one_start_and_every_box_comes_from_one_before(boxes: tuple[Box, ...]) -> None:
    with pytest.raises(FlowDoesNotAddUp):
        Flow(boxes)


def test_rows_of_the_parts_are_disjoint_and_together_the_whole() -> None:
    whole = box("all", "", 0, 1, 2, 3)
    assert Flow((whole, box("a", "all", 3, 0), box("b", "all", 2, 1))).start is whole
    for a, b in [((0, 1), (1, 2)), ((0, 1), (2, 4))]:
        with pytest.raises(FlowDoesNotAddUp, match="share rows"):
            Flow((whole, box("a", "all", *a), box("b", "all", *b)))
    with pytest.raises(FlowDoesNotAddUp, match="share rows"):
        Flow((whole, box("a", "all", 0, 1), box("b", "all", 2, 3, rows=None)))
    with pytest.raises(FlowDoesNotAddUp, match="share persons"):
        Flow((whole, box("a", "all", 0, 1), box("b", "all", 2, 3, persons=ids(1, 2))))
    with pytest.raises(FlowDoesNotAddUp, match="share persons"):
        Flow((dataclasses.replace(whole, persons=None), box("a", "all", 0, 1), box("b", "all", 2, 3)))


def test_counts_add_up_within_each_site_and_arm() -> None:
    cells = {"A": Cell("A", "x", 2), "B": Cell("B", "x", 2)}
    whole = box("all", "", 0, 1, 2, 3, cells=tuple(cells.values()))
    first, second = box("a", "all", 0, 1, cells=(cells["A"],)), box("b", "all", 2, 3, cells=(cells["B"],))
    assert len(Flow((whole, first, second)).boxes) == 3
    with pytest.raises(FlowDoesNotAddUp, match="within a site or an arm"):
        Flow((whole, first, dataclasses.replace(second, cells=(cells["A"],))))


def test_a_box_opens_to_its_rows_and_keeps_their_hash_whatever_their_order() -> None:
    assert box("a", "", 1, 2).hash == box("b", "", 2, 1).hash != box("a", "", 1, 3).hash
    assert box("a", "", 1, 2).ids.tolist() == [1, 2]
    assert START.hash == ""
    with pytest.raises(FlowDoesNotAddUp, match="does not open"):
        _ = START.ids


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=6), st.integers(0, 1000))
def test_every_published_flow_adds_up_once_its_gap_is_drawn(counts: list[int], gap: int) -> None:
    boxes = [Box(key="all", says="All", kind="start", patients=sum(counts) + gap)]
    boxes += [Box(key=f"p{n}", says="p", kind="part", parent="all", patients=count) for n, count in enumerate(counts)]
    parts = published(boxes).parts("all")
    assert sum(part.patients for part in parts) == sum(counts) + gap
    assert sum(part.patients for part in parts if part.kind == "unexplained") == gap
