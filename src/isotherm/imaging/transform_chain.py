"""Chains of maps to one Transform, and the way back of a Transform: what files of other programs hold as their parts.

A part is linear (turns, shifts, stretches, shears) or a displacement; the first one of a chain is applied first. What
only turns and shifts stays exact. A matrix that stretches is a rotation after a symmetric stretch (polar
decomposition), and the stretch becomes a displacement, which is exact wherever it is linear between nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from isotherm.errors import BadGeometry
from isotherm.imaging.geometry import Float
from isotherm.imaging.transform import RIGID_TOLERANCE, Displacement, Transform
from isotherm.imaging.volume import SPACING_RANGE_MM, Grid

LEAST_STRETCH, MOST_STRETCH = 0.01, 100.0
"""A matrix that changes lengths beyond these cannot be undone, or is in another unit than mm."""

WIDE = Grid((81, 81, 81), (50.0, 50.0, 50.0), (-2000.0, -2000.0, -2000.0))
"""Nodes for a stretch without a grid of its own: every patient position of a scanner lies within 2 m of its center."""

MOST_NODES = 2**25
"""More nodes than this (400 MB of vectors) are not made up for parts whose own nodes cannot be kept."""

MOST_MISS_MM = 0.05
"""A chain may differ from its parts between the nodes by no more than this."""

PROBES, SEED = 4000, 1
"""Points at which a chain is compared with its parts, and the start of their drawing."""


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """x -> matrix @ x + shift_mm.

    Parameters
    ----------
    matrix : array, shape (3, 3)
    shift_mm : array, shape (3,)
    center_lps_mm : array, shape (3,)
        Where the map is to be kept to the last digit when rounding is taken out of its rotation.

    Raises
    ------
    BadGeometry
        Not finite, mirrored, or stretched so far that it cannot be undone.
    """

    matrix: Float
    shift_mm: Float
    center_lps_mm: Float = field(default_factory=lambda: np.zeros(3))

    def __post_init__(self) -> None:
        parts = (self.matrix, self.shift_mm, self.center_lps_mm)
        if not all(np.isfinite(part).all() for part in parts) or self.matrix.shape != (3, 3):
            raise BadGeometry("A transform whose matrix holds values that are not numbers came; export it anew.")
        stretches = np.linalg.svd(self.matrix, compute_uv=False)
        if not (LEAST_STRETCH <= stretches[-1] and stretches[0] <= MOST_STRETCH):
            raise BadGeometry(
                "A transform whose matrix flattens space, or stretches it a hundredfold, came; no scan is carried onto "
                "another one like that: check which file it is, and its unit (mm)."
            )
        if np.linalg.det(self.matrix) < 0:
            raise BadGeometry("A transform whose matrix mirrors came; left and right would be changed: export it anew.")

    def points(self, points_lps_mm: Float) -> Float:
        """Carry points, shape (n, 3)."""
        return points_lps_mm @ self.matrix.T + self.shift_mm

    def inverse(self) -> Linear:
        """Return the way back."""
        back = np.asarray(np.linalg.inv(self.matrix), dtype=np.float64)
        return Linear(back, -back @ self.shift_mm, self.points(self.center_lps_mm[None])[0])


def joined(parts: Sequence[Linear | Displacement], *, grid: Grid | None = None) -> Transform:
    """Return the transform that applies each part after the one before it; its error is unknown.

    Parameters
    ----------
    parts : sequence of Linear or Displacement
    grid : Grid, optional
        Nodes, in the frame of the points that go in. By default those of the displacement where that is exact, else a
        box around all of them with the finest spacing.

    Raises
    ------
    BadGeometry
        The parts cannot be put on one grid within `MOST_MISS_MM`, or mirror or flatten together.
    """
    straight = _product([part for part in parts if isinstance(part, Linear)])
    fields = [part for part in parts if isinstance(part, Displacement)]
    left, _, right = np.linalg.svd(straight.matrix)
    rotation = left @ right
    center = straight.center_lps_mm
    shift = straight.points(center[None])[0] - rotation @ center
    stretches = np.abs(straight.matrix.T @ straight.matrix - np.eye(3)).max() > RIGID_TOLERANCE
    if not fields and not stretches:
        return Transform(rotation, shift)
    if len(parts) == 1 and fields and grid is None:
        return Transform(displacement=fields[0])
    nodes = grid or (_nodes(parts) if fields else WIDE)

    def sway(points: Float) -> Float:
        return (_applied(parts, points) - shift) @ rotation - points

    result = Transform(rotation, shift, sampled(sway, nodes))
    _refuse_misses(result, parts, nodes)
    return result


def inverted(transform: Transform, *, grid: Grid | None = None) -> Transform:
    """Return the way back of any transform; a deformation is followed back from each node of a grid.

    Parameters
    ----------
    transform : Transform
    grid : Grid, optional
        Nodes in the frame that the transform carries to; by default its own nodes, turned and shifted there.

    Raises
    ------
    NotConverged
        The deformation is too steep to be followed back.
    """
    if transform.displacement is None:
        return transform.inverse()
    rotation, shift = transform.rotation.T, -transform.rotation.T @ transform.translation_mm
    nodes = grid or _carried(transform.displacement.grid, Linear(transform.rotation, transform.translation_mm))
    assert nodes is not None  # a rotation keeps right angles
    values = sampled(lambda points: (transform.back(points) - shift) @ rotation - points, nodes)
    return Transform(rotation, shift, values, transform.error_mm)


def sampled(sway: Callable[[Float], Float], nodes: Grid) -> Displacement:
    """Return a displacement of the values at the nodes, plane by plane: whole fields of centers need gigabytes."""
    values = np.empty((*nodes.shape_kji, 3), dtype=np.float32)
    for k in range(nodes.shape_kji[0]):
        plane = nodes.window((k, 0, 0), (1, *nodes.shape_kji[1:]))
        values[k] = sway(plane.centers_lps_mm()).reshape(*nodes.shape_kji[1:], 3)
    return Displacement(values, nodes)


def _product(parts: Sequence[Linear]) -> Linear:
    whole = Linear(np.eye(3), np.zeros(3))
    for number, part in enumerate(parts):
        center = part.center_lps_mm if number == 0 else whole.center_lps_mm
        whole = Linear(part.matrix @ whole.matrix, part.matrix @ whole.shift_mm + part.shift_mm, center)
    return whole


def _applied(parts: Sequence[Linear | Displacement], points: Float) -> Float:
    for part in parts:
        points = part.points(points) if isinstance(part, Linear) else points + part.at(points)
    return points


def _nodes(parts: Sequence[Linear | Displacement]) -> Grid:
    """Return nodes on which the parts can be joined: exact where one displacement keeps its right angles."""
    before: list[Linear] = []
    grids: list[tuple[Grid, Linear]] = []
    for part in parts:
        if isinstance(part, Linear):
            before.append(part)
        else:
            grids.append((part.grid, _product(before).inverse()))
    kept = _carried(*grids[0]) if len(grids) == 1 else None
    return kept or _box(grids)


def _carried(grid: Grid, way: Linear) -> Grid | None:
    """Return a grid whose nodes are carried along, or None where they are not at right angles afterwards."""
    affine = grid.kji_to_lps
    affine[:3] = way.matrix @ affine[:3]
    affine[:3, 3] += way.shift_mm
    try:
        return Grid.from_affine(grid.shape_kji, affine)
    except BadGeometry:
        return None


def _box(grids: Sequence[tuple[Grid, Linear]]) -> Grid:
    low, high, step = np.full(3, np.inf), np.full(3, -np.inf), np.inf
    for grid, way in grids:
        corners = way.points(grid.corners_lps_mm())
        low, high = np.minimum(low, corners.min(axis=0)), np.maximum(high, corners.max(axis=0))
        axes = way.matrix @ (grid.direction_lps * np.array(grid.spacing_kji_mm))
        step = min(step, float(np.linalg.norm(axes, axis=0).min()))
    step = float(np.clip(step, *SPACING_RANGE_MM))
    count = np.ceil((high - low) / step).astype(int) + 1
    if float(np.prod(count.astype(float))) > MOST_NODES:
        raise BadGeometry(
            "A chain of transforms came that needs more nodes than fit in memory; export it as one displacement field."
        )
    return Grid((int(count[2]), int(count[1]), int(count[0])), (step, step, step), (low[0], low[1], low[2]))


def _refuse_misses(result: Transform, parts: Sequence[Linear | Displacement], nodes: Grid) -> None:
    draws = np.random.default_rng(SEED).uniform(size=(PROBES, 3)) * (np.array(nodes.shape_kji) - 1)
    probes = nodes.to_lps(draws)
    if np.abs(result.points(probes) - _applied(parts, probes)).max() > MOST_MISS_MM:
        raise BadGeometry(
            f"A chain of transforms came that one grid cannot hold within {MOST_MISS_MM:g} mm; "
            "export it as one displacement field."
        )
