"""Voxels to a smooth field: where, between the voxels, the surface of a mask lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.imaging.volume import Grid, Mask


def reconstruct(mask: Mask) -> tuple[npt.NDArray[np.float32], Grid]:
    """Baseline (being replaced)."""
    box = mask.box()
    if box is None:
        return np.full((1, 1, 1), -1e3, np.float32), Grid((1, 1, 1), mask.grid.spacing_kji_mm)
    pad = 5
    start = tuple(s.start - pad for s in box)
    shape = tuple(s.stop - s.start + 2 * pad for s in box)
    m = mask.windowed(start, shape)
    spacing = m.grid.spacing_kji_mm
    if m.is_probability:
        return (ndimage.gaussian_filter(m.voxels, 0.7) - 0.5) * 2 * min(spacing), m.grid
    b = m.inside
    f = ndimage.distance_transform_edt(b, sampling=spacing) - ndimage.distance_transform_edt(~b, sampling=spacing)
    f = ndimage.gaussian_filter(f.astype(np.float32), [1.0 / s for s in spacing])
    n = int(b.sum())
    return (f - np.partition(f.ravel(), -n)[-n]).astype(np.float32), m.grid
