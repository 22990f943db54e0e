"""Parts: the connected pieces of a mask, so that a lesion is measured against whole zones and not against cut ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.imaging.geometry import Float
from isotherm.imaging.volume import Mask

TOUCHING = np.ones((3, 3, 3), dtype=bool)
"""Voxels touch at their faces, edges and corners."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A mask with its connected pieces.

    Parameters
    ----------
    mask : Mask
        Cut to what it holds.
    labels : array of int, shape (k, j, i)
        The number of each voxel's piece; 0 outside.
    boxes : tuple of slices
        The box of each piece, in the order of the numbers.
    """

    mask: Mask
    labels: npt.NDArray[np.int32]
    boxes: tuple[tuple[slice, slice, slice], ...]

    @classmethod
    def of(cls, mask: Mask) -> Parts | None:
        """Find the pieces of a mask; None where it holds no voxel that is at least half inside."""
        box = mask.box()
        if box is None or not mask.inside[box].any():
            return None
        k, j, i = (s.stop - s.start for s in box)
        held = mask.windowed((box[0].start, box[1].start, box[2].start), (k, j, i))
        labels: Any = np.zeros(held.grid.shape_kji, dtype=np.int32)
        ndimage.label(held.voxels > 0, structure=TOUCHING, output=labels)
        boxes = cast("list[tuple[slice, slice, slice]]", ndimage.find_objects(labels))
        return cls(held, labels, tuple(boxes))

    def near(self, points_lps_mm: Float, *, reach_mm: float) -> Mask | None:
        """Return the pieces whose box comes within `reach_mm` of the box of points, each of them whole."""
        start, shape = self.mask.grid.box_around(points_lps_mm, reach_mm=reach_mm)
        stop = np.add(start, shape)
        near = [n for n, box in enumerate(self.boxes, start=1)
                if all(b.start < s and b.stop > a for b, a, s in zip(box, start, stop, strict=True))]  # fmt: skip
        if not near:
            return None
        low = np.min([[s.start for s in self.boxes[n - 1]] for n in near], axis=0)
        high = np.max([[s.stop for s in self.boxes[n - 1]] for n in near], axis=0)
        box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        voxels = np.where(np.isin(self.labels[box], near), self.mask.voxels[box], self.mask.voxels.dtype.type(0))
        origin = (int(low[0]), int(low[1]), int(low[2]))
        return Mask(voxels, self.mask.grid.window(origin, voxels.shape), self.mask.of)
