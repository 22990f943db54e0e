"""What landmarks are refused for before they say anything: places off the scans, pairs that only repeat a registration.

Both would pass unseen. A list of the other scan, or of a mirrored frame, lies beside the patient; a pair whose second
point was not pointed at but carried there confirms any registration, right or wrong.
"""

from __future__ import annotations

import numpy as np

from isotherm.errors import BadLandmarks
from isotherm.imaging.geometry import Float
from isotherm.imaging.landmarks import Landmarks
from isotherm.imaging.volume import Grid

BESIDE_MM = 5.0
"""How far beyond the outermost voxels a hand may slip."""

REPEATS_MM = 0.05
"""Nobody points at a place nearer than this to where a registration puts it, but by chance or by letting it do so."""


def refuse_outside(landmarks: Landmarks, *, after: Grid, before: Grid) -> None:
    """Refuse landmarks that do not lie on their scans.

    Parameters
    ----------
    landmarks : Landmarks
    after, before : Grid
        Of the scans.

    Raises
    ------
    BadLandmarks
    """
    for side, grid, points in (("after", after, landmarks.after_lps_mm), ("before", before, landmarks.before_lps_mm)):
        beyond = np.abs(grid.to_kji(points) - (np.array(grid.shape_kji) - 1) / 2.0) - np.array(grid.shape_kji) / 2.0
        outside = int(np.any(beyond * grid.spacing_kji_mm > BESIDE_MM, axis=1).sum())
        if outside:
            raise BadLandmarks(
                f"{outside} of {len(landmarks)} landmarks lie beside the scan {side} ablation; check which file is of "
                "which scan, and in which frame (LPS or RAS) its points are."
            )


def refuse_repeats(landmarks: Landmarks, *carried_lps_mm: Float) -> None:
    """Refuse landmarks that a registration has set by itself.

    Parameters
    ----------
    landmarks : Landmarks
    *carried_lps_mm : array, shape (n, 3)
        Where registrations, one each, carry the points of the scan after.

    Raises
    ------
    BadLandmarks
    """
    apart_mm = np.array([np.linalg.norm(one - landmarks.before_lps_mm, axis=1) for one in carried_lps_mm])
    repeated = int(np.any(apart_mm < REPEATS_MM, axis=0).sum())
    if repeated:
        told = "This landmark repeats" if len(landmarks) == 1 else f"{repeated} of {len(landmarks)} landmarks repeat"
        raise BadLandmarks(
            f"{told} only the registration that is there, and would confirm it right or wrong; point at the place on "
            "each scan by itself."
        )
