"""The course of vessels through an ablation zone: where they run inside, where they leave, what bridges the margin."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter
from scipy.spatial import cKDTree

from isotherm.imaging.centerline import STEP_MM, Centerline
from isotherm.imaging.geometry import Float
from isotherm.imaging.proximity import DistanceField, Point, as_point
from isotherm.imaging.shape import plane_axes

ABLATED, UNTREATED, OUTSIDE = 1, -1, 0
"""What lies around a point of a centerline: the zone, untreated tissue of the organ, or neither."""

DIRECTIONS = 16
"""Directions, straight away from the centerline, in which the tissue around a vessel is looked at."""

BEYOND_WALL_MM = (0.5, 1.0, 2.0, 3.0)
"""How far beyond the wall: a sleeve of tissue kept alive by a heat sink does not put the vessel outside of the zone."""

RUN_MM = 1.0
"""A run inside the zone, or outside after leaving it, counts from this length on: less is the roughness of outlines."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A part of a centerline on which the vessel is wide enough to count.

    Parameters
    ----------
    points_lps_mm : array, shape (n, 3)
    diameters_mm, weights_mm : array, shape (n,)
        Local diameter; length of centerline that belongs to each point.
    around : array of int, shape (n,)
        ABLATED, UNTREATED or OUTSIDE.
    contact : array of bool, shape (n,)
        Whether the vessel touches the tumor there.
    nodes : tuple of int or None
        Junction or free end at the start and at the end; None where the vessel goes on but is too narrow to count.
    """

    points_lps_mm: Float
    diameters_mm: Float
    weights_mm: Float
    around: npt.NDArray[np.int8]
    contact: npt.NDArray[np.bool_]
    nodes: tuple[int | None, int | None]

    @property
    def length_inside_mm(self) -> float:
        """Length of centerline inside the zone."""
        return float(self.weights_mm[self.around == ABLATED].sum())

    @property
    def crossings(self) -> tuple[Point, ...]:
        """Where the vessel passes the border of the zone, in order along the vessel, LPS mm."""
        inside = self.around == ABLATED
        at = np.flatnonzero(inside[1:] != inside[:-1])
        return tuple(as_point(p) for p in (self.points_lps_mm[at] + self.points_lps_mm[at + 1]) / 2)


@dataclass(frozen=True, slots=True)
class Bridge:
    """What a stretch has to do with a course from the tumor through the zone to untreated tissue."""

    bridging: bool
    leaves_lps_mm: tuple[Point, ...]


def wide_runs(diameters_mm: Float, at_least_mm: float) -> list[slice]:
    """Return the runs of a centerline on which the vessel is wide enough.

    Narrow places, and wide ones, that are shorter than `at_least_mm` itself do not make a run of their own.
    """
    shortest = max(1, round(at_least_mm / STEP_MM))
    wide = diameters_mm >= at_least_mm
    if len(wide) <= shortest:
        return [slice(0, len(wide))] if np.median(diameters_mm) >= at_least_mm else []
    for value in (False, True):  # first close the gaps, then drop what is still short
        for run in _runs(wide):
            if wide[run.start] == value and run.stop - run.start < shortest:
                wide[run] = not value
    return [run for run in _runs(wide) if wide[run.start]]


def _runs(values: npt.NDArray[np.bool_]) -> list[slice]:
    edges = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist(), len(values)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def surroundings(
    line: Centerline, *, ablation: DistanceField | None, organ: DistanceField | None, lumen: DistanceField
) -> npt.NDArray[np.int8]:
    """Say for each point of a centerline whether the vessel runs inside the zone there; shape (n,).

    The tissue around the vessel decides, by majority of the directions: the lumen itself may have been drawn as part
    of the zone or not, and is looked past. Beyond the organ there is neither zone nor untreated tissue.
    """
    n = len(line.points_lps_mm)
    u, v = plane_axes(line.tangents)
    turn = 2 * np.pi * (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS
    rays = np.cos(turn)[:, None] * u[:, None] + np.sin(turn)[:, None] * v[:, None]
    reach = line.diameters_mm[:, None] / 2 + np.array(BEYOND_WALL_MM)
    places = (line.points_lps_mm[:, None, None] + rays[:, :, None] * reach[:, None, :, None]).reshape(-1, 3)
    shape = (n, DIRECTIONS, len(BEYOND_WALL_MM))
    beside = (lumen(places) <= 0).reshape(shape)
    tissue = beside if organ is None else beside & (organ(places) >= 0).reshape(shape)
    treated = np.zeros(shape, dtype=bool) if ablation is None else beside & (ablation(places) >= 0).reshape(shape)
    zone = treated.any(axis=2).sum(axis=1)
    other = (tissue.any(axis=2) & ~treated.any(axis=2)).sum(axis=1)
    around = np.where(zone > other, ABLATED, np.where(other > 0, UNTREATED, OUTSIDE)).astype(np.int8)
    # Where a wide junction hides the wall in every direction, the nearest place that shows it speaks for it.
    hidden = ~beside.any(axis=(1, 2))
    if hidden.any() and not hidden.all():
        shown = np.flatnonzero(~hidden)
        nearest = np.asarray(cKDTree(shown[:, None]).query(np.flatnonzero(hidden)[:, None])[1])
        around[hidden] = around[shown[nearest]]
    return median_filter(around, size=3, mode="nearest")


@dataclass(slots=True, eq=False)
class _Piece:
    """A part of one stretch that lies in the zone or at the tumor without interruption."""

    stretch: int
    nodes: set[int]
    contact: bool
    inside_mm: float
    leaves: list[Point]


def bridges(stretches: Sequence[Stretch]) -> list[Bridge]:
    """Find the stretches that lie on a course from the tumor, inside the zone, to untreated tissue.

    A course is made of pieces of stretches that meet at junctions inside the zone. To each place where a vessel leaves
    the zone belongs the course with the fewest pieces; side arms of it, which end inside the zone, do not bridge.
    """
    pieces = _pieces(stretches)
    meeting: dict[int, list[int]] = defaultdict(list)
    for number, piece in enumerate(pieces):
        for node in piece.nodes:
            meeting[node].append(number)
    toward = _toward_tumor(pieces, meeting)
    leaves: dict[int, list[Point]] = defaultdict(list)
    for number in [n for n, piece in enumerate(pieces) if piece.leaves and n in toward]:
        way = [number]
        while toward[way[-1]] != way[-1]:
            way.append(toward[way[-1]])
        if sum(pieces[n].inside_mm for n in way) < RUN_MM:
            continue
        for n in way:
            leaves[pieces[n].stretch] += [p for p in pieces[number].leaves if p not in leaves[pieces[n].stretch]]
    return [Bridge(bool(leaves[number]), tuple(leaves[number])) for number in range(len(stretches))]


def _toward_tumor(pieces: list[_Piece], meeting: Mapping[int, list[int]]) -> dict[int, int]:
    """Return for each piece that blood can reach from the tumor the next one toward it; itself where it touches."""
    toward = {number: number for number, piece in enumerate(pieces) if piece.contact}
    reached = deque(toward)
    while reached:
        number = reached.popleft()
        for onward in [n for node in sorted(pieces[number].nodes) for n in meeting[node] if n not in toward]:
            toward[onward] = number
            reached.append(onward)
    return toward


def _pieces(stretches: Sequence[Stretch]) -> list[_Piece]:
    outward = _untreated_ends(stretches)
    pieces: list[_Piece] = []
    for number, stretch in enumerate(stretches):
        member = (stretch.around == ABLATED) | stretch.contact
        for run in _runs(member):
            if not member[run.start]:
                continue
            ends = [stretch.nodes[0] if run.start == 0 else None, stretch.nodes[1] if run.stop == len(member) else None]
            around = stretch.around[run]
            leaves = _leaving(stretch, run)
            for node, end in zip(ends, (0, -1), strict=True):
                if node is not None and around[end] == ABLATED and outward[node] - {number}:
                    leaves.append(as_point(stretch.points_lps_mm[end]))
            pieces.append(
                _Piece(
                    stretch=number,
                    nodes={node for node in ends if node is not None},
                    contact=bool(stretch.contact[run].any()),
                    inside_mm=float(stretch.weights_mm[run][around == ABLATED].sum()),
                    leaves=leaves,
                )
            )
    return pieces


def _leaving(stretch: Stretch, run: slice) -> list[Point]:
    """Return the places in or at the ends of a run where the vessel passes from the zone into untreated tissue."""
    places: list[Point] = []
    for part in _runs(stretch.around == UNTREATED):
        if stretch.around[part.start] != UNTREATED or stretch.weights_mm[part].sum() < RUN_MM:
            continue
        for inner, outer in ((part.start - 1, part.start), (part.stop, part.stop - 1)):
            if run.start <= inner < run.stop and stretch.around[inner] == ABLATED:
                places.append(as_point((stretch.points_lps_mm[inner] + stretch.points_lps_mm[outer]) / 2))
    return places


def _untreated_ends(stretches: Sequence[Stretch]) -> defaultdict[int, set[int]]:
    """Return for each junction the stretches that begin there in untreated tissue."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for number, stretch in enumerate(stretches):
        runs = _runs(stretch.around == UNTREATED)
        for node, run in zip(stretch.nodes, (runs[0], runs[-1]), strict=True):
            long = stretch.weights_mm[run].sum() >= RUN_MM
            if node is not None and stretch.around[run.start] == UNTREATED and long:
                found[node].add(number)
    return found
