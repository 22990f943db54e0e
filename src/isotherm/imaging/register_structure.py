"""How much a deformation does inside of tumor and zone that nothing around them asks for: the zone has pulled at it."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from isotherm.imaging.geometry import Float
from isotherm.imaging.transform import Transform

SHELL_MM = (3.0, 15.0)
"""Distance from tumor and zone between which the deformation is taken for what the surroundings do."""

STEP_MM = 4.0
"""Distance between the places of the shell."""

MOST_SHELL, MOST_INSIDE = 800, 1500
"""Places of the shell, and of tumor and zone, that are looked at."""

STIFFNESS, UNIT_MM = 0.01, 30.0
"""Of the spline through the shell: enough to pass over the kinks of a field that is kept on a coarse grid."""

SEED = 1
"""Starts the drawing of places: the same deformation gives the same figure."""


def structure_mm(transform: Transform, inside_lps_mm: Float) -> float:
    """Return how far a deformation goes away, inside, from its smoothest continuation from outside; 95 % of places.

    A field that has left tumor and zone out of every comparison has nothing to go by inside of them, and runs on
    smoothly. One that has matched the zone with the tumor, or squeezed one into the other, has structure there.

    Parameters
    ----------
    transform : Transform
    inside_lps_mm : array, shape (n, 3)
        Places in tumor and zone on the fixed scan; at least one.
    """
    if transform.displacement is None:
        return 0.0
    inside = inside_lps_mm[:: -(-len(inside_lps_mm) // MOST_INSIDE)]
    shell = _shell(inside_lps_mm)
    spline: Any = RBFInterpolator(
        shell / UNIT_MM, transform.points(shell), kernel="thin_plate_spline", degree=1, smoothing=STIFFNESS
    )
    gaps = np.linalg.norm(spline(inside / UNIT_MM) - transform.points(inside), axis=1)
    return float(np.percentile(gaps, 95))


def _shell(inside: Float) -> Float:
    """Return places all around, between the two distances of `SHELL_MM`."""
    low, high = (inside.min(axis=0) - SHELL_MM[1], inside.max(axis=0) + SHELL_MM[1])
    axes = [np.arange(a, b + STEP_MM, STEP_MM) for a, b in zip(low, high, strict=True)]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    away = np.asarray(cKDTree(inside).query(places)[0])
    shell = places[(away > SHELL_MM[0]) & (away < SHELL_MM[1])]
    if len(shell) <= MOST_SHELL:
        return shell
    return shell[np.random.default_rng(SEED).choice(len(shell), MOST_SHELL, replace=False)]
