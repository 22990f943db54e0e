"""The smoothest field that agrees with the evidence: across the zone, where nothing may be compared, it goes on."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.interpolate import RBFInterpolator

from isotherm.errors import NotConverged
from isotherm.imaging.geometry import Float, Int
from isotherm.imaging.register_local import Found, cube_around
from isotherm.imaging.transform import Displacement, Transform

NODES, LEAST_NODES = 1500, 60
"""Nodes that carry the spline, drawn by their evidence; fewer than the second are no base for it."""

LEAST_EVIDENCE = 0.05
"""Squared local correlation below which a node says nothing."""

STIFFNESS, UNIT_MM = 1.0, 30.0
"""Weight of bending against evidence, with lengths in this unit; of 0.01, 0.1 and 1 the last was best."""

VOXEL_MM = 3.0
"""Distance between the nodes at which the smooth field is kept."""

SEED = 1
"""Starts the drawing of nodes: the same scans give the same result."""


def smoothed(found: Found, center_lps_mm: Float, reach_mm: float) -> Transform:
    """Fit a thin-plate spline to a deformation, weighted by its evidence.

    Parameters
    ----------
    found : Found
    center_lps_mm : array, shape (3,)
        Of the sphere whose nodes carry the spline, and of the box in which it is kept.
    reach_mm : float
        Radius of the sphere.

    Raises
    ------
    NotConverged
        Too little of the surroundings looks alike in both scans.

    References
    ----------
    .. [1] Wahba G. Spline models for observational data, 1990, chapter 2 (thin-plate smoothing splines).
    """
    field = found.transform.displacement
    assert field is not None  # of a deformation
    nodes = field.grid.centers_lps_mm()
    picked = evident_nodes(found, nodes, center_lps_mm, reach_mm)
    moved = field.vectors_lps_mm.reshape(-1, 3)[picked]
    spline: Any = RBFInterpolator(
        nodes[picked] / UNIT_MM, moved, kernel="thin_plate_spline", degree=1,
        smoothing=STIFFNESS / found.evidence.ravel()[picked],
    )  # fmt: skip
    grid = cube_around(center_lps_mm, reach_mm, VOXEL_MM)
    values = spline(grid.centers_lps_mm() / UNIT_MM).reshape(*grid.shape_kji, 3)
    return Transform(found.transform.rotation, found.transform.translation_mm, Displacement(values, grid))


def evident_nodes(found: Found, nodes_lps_mm: Float, center_lps_mm: Float, reach_mm: float) -> Int:
    """Draw nodes within reach of the lesion that have evidence, the surer the likelier; return their indices."""
    sure = found.evidence.ravel()
    near = np.linalg.norm(nodes_lps_mm - center_lps_mm, axis=1) < reach_mm
    usable = np.flatnonzero((sure > LEAST_EVIDENCE) & near)
    if len(usable) < LEAST_NODES:
        raise NotConverged(
            "Too little around the lesion looks alike in both scans to carry one onto the other; "
            "give landmarks, or register by hand."
        )
    rng = np.random.default_rng(SEED)
    chance = sure[usable].astype(np.float64)
    return rng.choice(usable, size=min(NODES, len(usable)), replace=False, p=chance / chance.sum())
