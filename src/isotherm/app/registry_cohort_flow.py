"""The flow of a cohort out of a registry: everybody, then one condition after the other, drawn by what filters."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from isotherm.answer import Answer
from isotherm.app.figures import Drawing
from isotherm.app.registry_cohort import Found
from isotherm.app.registry_words import condition_words, opposite_words
from isotherm.app.study_figures_flow import FlowBox, flow_diagram
from isotherm.clinical.record import PATIENT_KEY
from isotherm.columns import Int
from isotherm.registry.days import Mask
from isotherm.registry.endpoints_kinds import Unit
from isotherm.study.flow import Box, Flow
from isotherm.study.predicate import Predicate

START = "In the registry"

NOTHING = MappingProxyType({"ablated_on": "No ablation", "systemic_on": "No systemic therapy", "died_on": "No death"})
"""What is known of those of whom nothing is on record that a day could be known of."""


def cohort_flow(everybody: Found, predicate: Predicate | None) -> Flow:
    """Return who stays and who leaves at which condition, in rows: patients, sessions or tumors.

    Parameters
    ----------
    everybody : Found
        Without any condition.
    predicate : Predicate, optional
        The conditions that its `and` joins are asked one after the other.

    Raises
    ------
    BadPredicate
    """
    table = everybody.cohort.table
    rows = np.arange(len(table), dtype=np.int64)
    boxes = [_box("start", START, "start", "", rows)]
    for place, part in enumerate(() if predicate is None else predicate.parts, start=1):
        answers, words = part.answers(table)[rows], condition_words(part.text)
        unknown = answers == Answer.UNKNOWN.value
        none, nothing = unknown & _without(everybody, part, rows), _nothing(part)
        for kind, name, says, whose in (
            ("left", "not", opposite_words(part.text), answers == Answer.NOT_MET.value),
            ("left", "none", f"{nothing} on record", none),
            ("left", "unknown", f"Not known: {words}", unknown & ~none),
            ("kept", "kept", words, answers == Answer.MET.value),
        ):
            if nothing or name != "none":
                boxes.append(_box(f"{place}.{name}", says, kind, boxes_end(boxes), rows[whose]))
        rows = boxes[-1].ids
    return Flow(tuple(boxes))


def _nothing(part: Predicate) -> str:
    """Return what those have nothing of whose day a condition asks for; empty where it asks for more or for no day."""
    return NOTHING.get(part.columns[0], "") if len(part.columns) == 1 else ""


def _without(everybody: Found, part: Predicate, rows: Int) -> Mask:
    """Say of rows whether nothing is on record of their patients that the condition could ask for the day of."""
    patients = everybody.cohort.none_of.get(part.columns[0], frozenset()) if _nothing(part) else frozenset[str]()
    return everybody.cohort.table[PATIENT_KEY].iloc[rows].isin(list(patients)).to_numpy(dtype=np.bool_)


def boxes_end(boxes: list[Box]) -> str:
    """Return the key of the box that the next condition divides."""
    return next(box.key for box in reversed(boxes) if box.kind in ("start", "kept"))


def _box(key: str, says: str, kind: Any, parent: str, rows: Int) -> Box:
    return Box(key=key, says=says, kind=kind, parent=parent, patients=len(rows), rows=rows, persons=rows)


def flow_drawing(flow: Flow, everybody: Found) -> Drawing:
    """Draw a flow; nobody is drawn who does not leave."""
    per, table = everybody.cohort.per, everybody.cohort.table
    shown = [box for box in flow.boxes if box.patients or box.kind != "left"]
    return flow_diagram([*_drawn(shown, per, table)], arms={})


def _drawn(boxes: list[Box], per: Unit, table: pd.DataFrame) -> Iterator[FlowBox]:
    for box in boxes:
        more = () if per == "patient" else (f"of {counted(table[PATIENT_KEY].iloc[box.ids].nunique(), 'patient')}",)
        yield FlowBox(key=box.key, kind=box.kind, parent=box.parent, says=box.says, count=counted(box.patients, per),
                      more=more)  # fmt: skip


def counted(number: int, what: str) -> str:
    """Return a count with its noun."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
