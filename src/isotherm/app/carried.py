"""Carried: what was drawn on the scan before, in the frame of the scan after; a pair becomes a case to be measured.

Everything drawn before is laid onto its own voxels, moved rigidly: spacing, slices and the ends of the image stay what
they were. A tumor is measured on its carried outline; only pictures and voxel counts look at its carried voxels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from isotherm.app.case import Case, Lesion, gap_mm
from isotherm.app.pair import BEFORE_SIDE, Pair
from isotherm.app.registering import Registered
from isotherm.app.settings import Facts
from isotherm.errors import FieldsApart
from isotherm.imaging.geometry import Float
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Grid, Mask, Volume

AROUND_MM = 60.0
"""How much around the lesions is carried: more than is ever looked at of one."""

ROOM_MM = 3.0
"""Room around a carried tumor on its voxels."""


def moved_grid(grid: Grid, rigid: Transform) -> Grid:
    """Return a grid of the scan before, moved rigidly onto the scan after."""
    left, posterior, superior = rigid.back([grid.origin_lps_mm])[0].tolist()
    return Grid(grid.shape_kji, grid.spacing_kji_mm, (left, posterior, superior), rigid.rotation.T @ grid.direction_lps)


def carried_case(pair: Pair, registered: Sequence[Registered], facts: Facts) -> Case:
    """Return the case in which everything lies in the frame of the scan after.

    Raises
    ------
    FieldsApart
        The scans do not meet any more.
    """
    ways = _Ways(registered)
    organ = pair.organ_after
    if organ is None and pair.organ_before is not None:
        organ = ways.mask(pair.organ_before)
    vessels = [*pair.vessels_after, *((name, ways.mask(mask)) for name, mask in pair.vessels_before)]
    inputs = [replace(one, grid=moved_grid(one.grid, registered[0].rigid)) if one.role in BEFORE_SIDE else one
              for one in pair.inputs]  # fmt: skip
    if (gap := gap_mm(moved_grid(pair.before.grid, registered[0].rigid), pair.after.grid)) > 0.0:
        raise FieldsApart(
            f"The scan before was carried {gap:.0f} mm away from the scan after; check the transform, its direction "
            "(--transform-inverse) and the landmarks."
        )
    return Case(
        tuple(carried_lesion(one) for one in registered),
        pair.ablations,
        organ,
        tuple(vessels),
        pair.structures,
        pair.old_scars,
        pair.after,
        ways.volume(pair.before),
        tuple(inputs),
        pair.warnings,
        facts,
        pair.outline_error_mm,
        pair.days,
    )


def carried_lesion(one: Registered) -> Lesion:
    """Return a registered lesion with its carried outline and voxels."""
    moved = moved_grid(one.lesion.mask.grid, one.rigid)
    if one.used is one.rigid:
        mask = Mask(one.lesion.mask.voxels, moved, "tumor")
    else:
        start, shape = moved.box_around(one.outline.boundary.reshape(-1, 3), reach_mm=ROOM_MM)
        mask = one.used.mask(one.lesion.mask, onto=moved.window(start, shape))
    return replace(one.lesion, mask=mask, outline=one.outline, registration_error_mm=one.used.error_mm,
                   withheld=why_withheld(one))  # fmt: skip


def why_withheld(one: Registered) -> str:
    """Return why no margin of a lesion may be told, or "" where it may."""
    failed = [gate.limit.says if gate.figure is not None else gate.reason
              for gate in one.quality.gates if gate.verdict == "fail"]  # fmt: skip
    return f"the registration failed ({'; '.join(failed)}): no margin is told" if failed else ""


class _Ways:
    """The transforms of all lesions; every place is carried by that of the lesion nearest to it."""

    def __init__(self, registered: Sequence[Registered]) -> None:
        self._ways = [one.used for one in registered]
        self._rigid = registered[0].rigid
        self._outlines = [one.outline.boundary.reshape(-1, 3) for one in registered]
        self._centers = np.array([outline.mean(axis=0) for outline in self._outlines])

    def mask(self, mask: Mask) -> Mask:
        """Carry a mask, as far as it lies near a lesion."""
        if self._alone_and_rigid:
            return Mask(mask.voxels, moved_grid(mask.grid, self._rigid), mask.of)
        onto = self._window(mask.grid)
        return Mask(self._joined(onto, lambda way: way.mask(mask, onto=onto).voxels), onto, mask.of)

    def volume(self, volume: Volume) -> Volume:
        """Carry an image, as far as it lies near a lesion."""
        if self._alone_and_rigid:
            return Volume(volume.voxels, moved_grid(volume.grid, self._rigid), volume.unit)
        onto = self._window(volume.grid)
        return Volume(self._joined(onto, lambda way: way.volume(volume, onto=onto).voxels), onto, volume.unit)

    @property
    def _alone_and_rigid(self) -> bool:
        return len(self._ways) == 1 and self._ways[0] is self._rigid

    def _window(self, grid: Grid) -> Grid:
        """Return the moved grid near the lesions; where the image ends, it ends there, too."""
        moved = moved_grid(grid, self._rigid)
        start, shape = moved.box_around(np.concatenate(self._outlines), reach_mm=AROUND_MM)
        low = np.clip(start, 0, np.array(grid.shape_kji) - 1)
        high = np.clip(np.add(start, shape), low + 1, grid.shape_kji)
        k, j, i = (high - low).tolist()
        return moved.window((int(low[0]), int(low[1]), int(low[2])), (k, j, i))

    def _joined(self, onto: Grid, carry: Callable[[Transform], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        parts = [carry(way) for way in self._ways]
        if len(parts) == 1:
            return parts[0]
        which = self._nearest(onto.centers_lps_mm()).reshape(onto.shape_kji)
        return np.choose(which, parts)

    def _nearest(self, places: Float) -> npt.NDArray[np.intp]:
        away = np.stack([np.linalg.norm(places - center, axis=1) for center in self._centers])
        return away.argmin(axis=0)
