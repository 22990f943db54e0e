"""Landmarks: the same places, pointed out by a person on the scan after and on the scan before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import pdist

from isotherm.errors import BadLandmarks
from isotherm.imaging.geometry import Float

NEAREST_MM = 0.5
"""Two landmarks of one scan nearer to each other than this are one place that was pointed out twice."""

FARTHEST_MM = 1e4
"""A coordinate beyond this (10 m) is in another unit."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Pairs of points.

    Parameters
    ----------
    after_lps_mm, before_lps_mm : array, shape (n, 3)
        The same places on the scan after (fixed) and on the scan before (moving).
    names : tuple of str
        One for each pair, all different.

    Raises
    ------
    BadLandmarks
        No pair, different counts, values that are not finite, or two pairs at one place.
    """

    after_lps_mm: Float
    before_lps_mm: Float
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        for side in ("after", "before"):
            points = np.array(getattr(self, f"{side}_lps_mm"), dtype=np.float64)
            if points.ndim != 2 or points.shape[1] != 3 or len(points) != len(self.names) or not len(points):
                raise BadLandmarks(
                    "Landmarks that do not pair came; give the same places, at least one, on both scans."
                )
            if not np.isfinite(points).all() or np.abs(points).max() > FARTHEST_MM:
                raise BadLandmarks("Landmarks that are no places in a patient, in mm, came; check numbers and unit.")
            if len(points) > 1 and pdist(points).min() < NEAREST_MM:
                raise BadLandmarks(
                    f"Two landmarks less than {NEAREST_MM:g} mm apart on the scan {side} came; keep one of them."
                )
            points.setflags(write=False)
            object.__setattr__(self, f"{side}_lps_mm", points)
        if len(set(self.names)) < len(self.names):
            raise BadLandmarks("Two landmarks of one name came; give each a name of its own.")

    def __len__(self) -> int:
        return len(self.names)

    def without(self, index: int) -> Landmarks:
        """Return all pairs but one."""
        kept = [number for number in range(len(self)) if number != index]
        return Landmarks(self.after_lps_mm[kept], self.before_lps_mm[kept], tuple(self.names[k] for k in kept))
