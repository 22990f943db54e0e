"""Scans cut and averaged down to what a registration looks at: a whole abdomen in fine pixels would take it minutes."""

from __future__ import annotations

import numpy as np

from isotherm.imaging.volume import Grid, Mask, Volume

ROOM_MM = 20.0
"""Kept around the organ: what the registration was tested with (imaging/phantom_scans.py)."""

VOXEL_MM = 2.0
"""Voxels are averaged in blocks up to this edge; the registration compares on voxels of 2.5 mm and more."""


def reduced(image: Volume, organ: Mask | None) -> Volume:
    """Return an image cut to its organ with room around it, if there is one, in voxels of up to 2 mm."""
    part = image if organ is None else _cut(image, organ)
    return _averaged(part)


def _cut(image: Volume, organ: Mask) -> Volume:
    box = organ.box()
    if box is None:
        return image
    corners = organ.grid.to_lps([[k, j, i] for k in _ends(box[0]) for j in _ends(box[1]) for i in _ends(box[2])])
    start, shape = image.grid.box_around(corners, reach_mm=ROOM_MM)
    low = np.clip(start, 0, image.grid.shape_kji)
    high = np.clip(np.add(start, shape), 0, image.grid.shape_kji)
    k, j, i = (high - low).tolist()
    if min(k, j, i) < 2:
        return image  # the organ lies elsewhere, which the registration says in its own words
    window = image.grid.window((int(low[0]), int(low[1]), int(low[2])), (k, j, i))
    return Volume(image.voxels[low[0] : high[0], low[1] : high[1], low[2] : high[2]], window, image.unit)


def _averaged(image: Volume) -> Volume:
    """Return the means of blocks of voxels; what is left over at the far ends is cut off."""
    grid = image.grid
    a, b, c = (max(1, int(VOXEL_MM // spacing)) for spacing in grid.spacing_kji_mm)
    k, j, i = (n // f for n, f in zip(grid.shape_kji, (a, b, c), strict=True))
    if (a, b, c) == (1, 1, 1) or min(k, j, i) < 2:
        return image
    blocks = image.voxels[: k * a, : j * b, : i * c].reshape(k, a, j, b, i, c)
    means = blocks.mean(axis=(1, 3, 5), dtype=np.float32)
    # The center of a block lies between its first and its last voxel.
    left, posterior, superior = grid.to_lps([[(f - 1) / 2.0 for f in (a, b, c)]])[0].tolist()
    spacing = tuple(s * f for s, f in zip(grid.spacing_kji_mm, (a, b, c), strict=True))
    coarse = Grid((k, j, i), (spacing[0], spacing[1], spacing[2]), (left, posterior, superior), grid.direction_lps)
    return Volume(means, coarse, image.unit)


def _ends(side: slice) -> tuple[int, int]:
    return side.start, side.stop - 1
