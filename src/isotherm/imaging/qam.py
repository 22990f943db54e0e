"""The margin as the QAM software of 2020 measures it, so that results compare with published ones."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from isotherm.imaging.geometry import Float
from isotherm.imaging.volume import Mask

CAPSULE_BAND_MM = 5.0
"""Tumor border voxels less deep than this in the organ are dropped, and with them any tumor there that was missed."""


def qam_minimal_mm(tumor: Mask, zone: Mask, organ: Mask | None) -> float | None:
    """Return the smallest distance from the tumor's border voxels to the zone's, by QAM's definition.

    Distances run from border-voxel center to border-voxel center, so that thick slices make the margin look smaller
    than it is; with an organ, the tumor's border voxels in its outer 5 mm or outside of it are not used at all.

    Parameters
    ----------
    tumor, zone : Mask
        On any grids.
    organ : Mask, optional

    Returns
    -------
    float or None
        None where no border voxel is left to measure from or to.

    References
    ----------
    .. [1] Sandu RM et al. Front Oncol 2021;11:623098.
    """
    start = _border_lps_mm(tumor)
    goal = _border_lps_mm(zone)
    if organ is not None and len(start) and len(goal):
        start = _deep(start, organ)
    if not len(start) or not len(goal):
        return None
    gaps, _ = cKDTree(goal).query(start)
    return float(np.where(zone.holds(start), gaps, -gaps).min())


def _border_lps_mm(mask: Mask) -> Float:
    box = mask.box()
    if box is None:
        return np.zeros((0, 3))
    inside = np.pad(mask.inside[box], 1)
    border = inside & ~ndimage.binary_erosion(inside)
    return mask.grid.to_lps(np.argwhere(border) - 1 + [s.start for s in box])


def _deep(points_lps_mm: Float, organ: Mask) -> Float:
    window = organ.near(points_lps_mm, reach_mm=2.0 * CAPSULE_BAND_MM)
    # Depth is counted from the organ's own border voxels; QAM takes the array's edge for the outside.
    inside = window.inside
    border = inside & ~ndimage.binary_erosion(inside, border_value=1)
    depth = ndimage.distance_transform_edt(~border, sampling=window.grid.spacing_kji_mm) if border.any() else np.where(
        inside, np.inf, 0.0)  # fmt: skip
    kji = tuple(np.rint(window.grid.to_kji(points_lps_mm)).astype(int).T)
    return points_lps_mm[inside[kji] & (depth[kji] >= CAPSULE_BAND_MM)]
