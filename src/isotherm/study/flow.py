"""Flow: who came in, who left at which step and why; it exists only if its boxes add up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from isotherm.columns import Int
from isotherm.errors import FlowDoesNotAddUp

BoxKind = Literal["start", "kept", "left", "arm", "other", "part", "unexplained"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One site and arm within a box; "" where there are no sites, or where the arm is not told apart."""

    site: str
    arm: str
    patients: int
    tumors: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Box:
    """One box of the diagram.

    Parameters
    ----------
    key : str
        Its name within the flow: "step_2.unknown".
    says : str
        What people read.
    kind : str
        "start", "kept" (stays for the next step), "left" (excluded), "arm", "other" (fits no arm), "part" of a later
        division, or "unexplained" (missing from a published flow).
    parent : str
        Key of the box whose rows these are; empty for the start.
    patients : int
    tumors : int or None
        Rows, where a row is a tumor.
    unknown : int
        Rows that were kept although a fact is missing.
    cells : tuple of Cell
        The same counts per site and arm.
    rows, persons : array of int, optional
        Places in the table, and codes of patients: the box opens to them. None in a published flow.
    """

    key: str
    says: str
    kind: BoxKind
    patients: int
    parent: str = ""
    tumors: int | None = None
    unknown: int = 0
    cells: tuple[Cell, ...] = ()
    rows: Int | None = None
    persons: Int | None = None

    @property
    def ids(self) -> Int:
        """The rows; refused for a published box, which is a number only."""
        if self.rows is None:
            raise FlowDoesNotAddUp(f'Box "{self.says}" is a printed count and does not open to rows.')
        return self.rows

    @property
    def hash(self) -> str:
        """SHA-256 of the rows, in their order in the table; empty for a published flow."""
        return "" if self.rows is None else hashlib.sha256(np.sort(self.rows).astype("<i8").tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Flow:
    """Boxes that add up: each box with parts is exactly its parts, in patients, tumors, rows, sites and arms.

    Parameters
    ----------
    boxes : tuple of Box
        The start first, every box after its parent.

    Raises
    ------
    FlowDoesNotAddUp
        With the box and the numbers that differ.
    """

    boxes: tuple[Box, ...]

    def __post_init__(self) -> None:
        keys = [box.key for box in self.boxes]
        if len(set(keys)) < len(keys) or sum(box.kind == "start" for box in self.boxes) != 1:
            raise FlowDoesNotAddUp("A flow has one start, and a key of its own for each box.")
        for place, box in enumerate(self.boxes):
            rooted = box.parent in keys[:place] if place else not box.parent
            if box.patients < 0 or (box.kind == "start") != (place == 0) or not rooted:
                raise FlowDoesNotAddUp(f'Box "{box.says}" has no box before it to come from, or a count below 0.')
            if parts := self.parts(box.key):
                _check(box, parts)

    def __getitem__(self, key: str) -> Box:
        """Return the box of a key."""
        found = next((box for box in self.boxes if box.key == key), None)
        if found is None:
            raise KeyError(key)
        return found

    @property
    def start(self) -> Box:
        """The box in which everybody is."""
        return self.boxes[0]

    def parts(self, key: str) -> tuple[Box, ...]:
        """Return the boxes into which a box divides; none at an end of the flow."""
        return tuple(box for box in self.boxes if box.parent == key)

    def with_parts(self, parts: Iterable[Box]) -> Flow:
        """Return the flow with one more division; it is checked like the others."""
        return Flow((*self.boxes, *parts))


def published(boxes: Sequence[Box]) -> Flow:
    """Make a flow of printed counts; what its parts do not explain becomes a box of its own, never spread over others.

    Raises
    ------
    FlowDoesNotAddUp
        The parts of a box are more than the box.

    Examples
    --------
    >>> flow = published([
    ...     Box(key="all", says="Patients", kind="start", patients=543),
    ...     Box(key="delayed", says="Delayed ablation", kind="arm", parent="all", patients=322),
    ...     Box(key="upfront", says="Upfront ablation", kind="arm", parent="all", patients=118),
    ... ])
    >>> flow["all.unexplained"].patients
    103
    """
    whole: list[Box] = []
    for box in boxes:
        whole.append(box)
        parts = [part for part in boxes if part.parent == box.key]
        gap = box.patients - sum(part.patients for part in parts)
        tumors = None if box.tumors is None else box.tumors - sum(part.tumors or 0 for part in parts)
        if parts and (gap > 0 or (tumors or 0) > 0):
            whole.append(Box(key=f"{box.key}.unexplained", says="Unexplained", kind="unexplained", parent=box.key,
                             patients=gap, tumors=tumors))  # fmt: skip
    return Flow(tuple(whole))


def _check(box: Box, parts: Sequence[Box]) -> None:
    """Refuse a box that is not exactly its parts."""
    _equal(box, "patients", box.patients, sum(part.patients for part in parts))
    if any((part.tumors is None) != (box.tumors is None) for part in parts):
        raise FlowDoesNotAddUp(f'Box "{box.says}" counts tumors, and its parts do not, or the other way round.')
    if box.tumors is not None:
        _equal(box, "tumors", box.tumors, sum(part.tumors or 0 for part in parts))
    if box.rows is not None:
        for name in ("rows", "persons"):
            _same_ids(box, [part.rows if name == "rows" else part.persons for part in parts], name)
    if box.cells:
        _same_cells(box, parts)


def _equal(box: Box, what: str, whole: int, parts: int) -> None:
    if whole != parts:
        raise FlowDoesNotAddUp(
            f'Box "{box.says}" holds {whole} {what} and its parts {parts}: {abs(whole - parts)} are '
            f"{'unexplained' if whole > parts else 'counted twice'}."
        )


def _same_ids(box: Box, parts: Sequence[Int | None], name: str) -> None:
    """Refuse parts that share rows or persons, or that are not together those of the box."""
    own = box.rows if name == "rows" else box.persons
    found = np.sort(np.concatenate([np.empty(0, dtype=np.int64) if part is None else part for part in parts]))
    if own is None or (found[1:] == found[:-1]).any() or not np.array_equal(found, np.sort(own)):
        raise FlowDoesNotAddUp(f'The parts of box "{box.says}" share {name}, or are not together those of the box.')


def _same_cells(box: Box, parts: Sequence[Box]) -> None:
    """Refuse a box whose counts per site and arm are not the sums of its parts'."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for part in parts:
        for cell in part.cells:
            patients, tumors = sums.get((cell.site, cell.arm), (0, 0))
            sums[cell.site, cell.arm] = (patients + cell.patients, tumors + (cell.tumors or 0))
    own = {(cell.site, cell.arm): (cell.patients, cell.tumors or 0) for cell in box.cells}
    if {key: count for key, count in sums.items() if count != (0, 0)} != own:
        raise FlowDoesNotAddUp(f'The parts of box "{box.says}" do not add up within a site or an arm.')
