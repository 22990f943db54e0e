"""A known way from the scan after to the scan before: a rigid motion after a smooth field made of shear waves.

No grid, no spline and no filter is in it, so that no method of registration finds its own model in the truth. Each
wave moves tissue across its own direction: to first order the field keeps volumes, as liver tissue does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from isotherm.errors import BadSetting, NotConverged
from isotherm.imaging.geometry import Float
from isotherm.imaging.phantom_departures import Shrunk, Stiff

WAVES = 24
"""Waves of one field; enough that no two fields look alike."""

SLOPE_MM = 1e-3
"""Step of the difference quotient from which the change of volume is taken where the field is not of waves alone."""

CHUNK = 1 << 15
"""Points handled at once."""

ROUNDS, CLOSE_MM = 100, 1e-4
"""Rounds of the way back at most, and how close it comes."""


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """Fixed point (scan after) to moving point (scan before), LPS mm: x -> turned(x + waves(x)) about a center.

    Parameters
    ----------
    rotation : array, shape (3, 3)
    shift_mm : array, shape (3,)
    center_lps_mm : array, shape (3,)
        What the rotation leaves in place.
    waves_per_mm : array, shape (n, 3)
        Direction of each wave times its angular frequency.
    sway_mm : array, shape (n, 3)
        Amplitude of each wave, at right angles to its direction.
    phases : array, shape (n,)
    departure : Stiff or Shrunk, optional
        Where the tissue does not move with the waves.
    """

    rotation: Float
    shift_mm: Float
    center_lps_mm: Float
    waves_per_mm: Float
    sway_mm: Float
    phases: Float
    departure: Stiff | Shrunk | None = None

    def points(self, points_lps_mm: Float) -> Float:
        """Carry points, shape (n, 3), from the scan after to the scan before."""
        out = np.empty_like(points_lps_mm, dtype=np.float64)
        for at in range(0, len(out), CHUNK):
            some = points_lps_mm[at : at + CHUNK]
            out[at : at + CHUNK] = some + self.sway(some)
        return (out - self.center_lps_mm) @ self.rotation.T + self.center_lps_mm + self.shift_mm

    def sway(self, points_lps_mm: Float) -> Float:
        """Return the displacement without turn and shift, shape (n, 3)."""
        return self.waves(points_lps_mm) if self.departure is None else self.departure.sway(points_lps_mm, self.waves)

    def waves(self, points_lps_mm: Float) -> Float:
        """Return the displacement by the waves alone, shape (n, 3)."""
        return np.sin(points_lps_mm @ self.waves_per_mm.T + self.phases) @ self.sway_mm

    def back(self, points_lps_mm: Float) -> Float:
        """Carry points, shape (n, 3), from the scan before to the scan after, to 0.0001 mm."""
        target = (points_lps_mm - self.center_lps_mm - self.shift_mm) @ self.rotation + self.center_lps_mm
        found = target
        for _ in range(ROUNDS):
            gap = found + self.sway(found) - target
            if np.abs(gap).max(initial=0.0) < CLOSE_MM:
                return found
            found = found - gap
        raise NotConverged("A simulated deformation that folds space came; draw a gentler one.")

    def volume_change(self, points_lps_mm: Float) -> Float:
        """Return the local change of volume at points of the scan after, shape (n,), from the slopes of the field."""
        if self.departure is not None:
            steps = SLOPE_MM * np.eye(3)
            pairs = [self.sway(points_lps_mm + step) - self.sway(points_lps_mm - step) for step in steps]
            return np.linalg.det(np.eye(3) + np.stack(pairs, axis=2) / (2.0 * SLOPE_MM))
        slope = np.cos(points_lps_mm @ self.waves_per_mm.T + self.phases)
        return np.linalg.det(np.eye(3) + np.einsum("pn,na,nb->pab", slope, self.sway_mm, self.waves_per_mm))


def draw_warp(
    rng: np.random.Generator,
    center_lps_mm: Float,
    *,
    shift_mm: float = 12.0,
    turn_degrees: float = 3.0,
    sway_sd_mm: float = 2.5,
    length_mm: float = 40.0,
) -> Warp:
    """Draw a warp.

    Parameters
    ----------
    rng : numpy.random.Generator
    center_lps_mm : array, shape (3,)
        The middle of the scans.
    shift_mm, turn_degrees : float
        Length of the shift, and the angle about an axis drawn at random: breathing and another position on the table.
    sway_sd_mm : float
        Standard deviation of the waves' displacement along each axis.
    length_mm : float
        Correlation length of the field: exp(-d^2 / (2 length^2)) at a distance d, nearly.
    """
    if not (sway_sd_mm >= 0 and length_mm > 0 and sway_sd_mm < 0.2 * length_mm):
        raise BadSetting("A field of waves that may fold came; give a sd below a fifth of its length.")
    waves = rng.normal(scale=1.0 / length_mm, size=(WAVES, 3))
    across = np.cross(waves, rng.normal(size=(WAVES, 3)))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    turn = rng.normal(size=3)
    away = rng.normal(size=3)
    return Warp(
        rotation=Rotation.from_rotvec(np.radians(turn_degrees) * turn / np.linalg.norm(turn)).as_matrix(),
        shift_mm=shift_mm * away / np.linalg.norm(away),
        center_lps_mm=np.asarray(center_lps_mm, dtype=np.float64),
        waves_per_mm=waves,
        sway_mm=np.sqrt(6.0 / WAVES) * sway_sd_mm * across,
        phases=rng.uniform(0.0, 2.0 * np.pi, size=WAVES),
    )
