"""Where tissue near the lesion does not simply move with the liver: a tumor stiffer than it, a zone that shrinks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isotherm.errors import BadSetting
from isotherm.imaging.geometry import Float
from isotherm.imaging.register_tumor import best_rigid

FADE_MM = 15.0
"""Layer around a stiff tumor over which its motion passes into that of the liver."""

Sway = Callable[[Float], Float]
"""Displacement at points, shape (n, 3), of the scan after."""


@dataclass(frozen=True, slots=True, eq=False)
class Stiff:
    """A ball that only turns and shifts: rotation @ x + shift_mm.

    Parameters
    ----------
    center_lps_mm : array, shape (3,)
        In the scan after.
    radius_mm : float
    rotation : array, shape (3, 3)
    shift_mm : array, shape (3,)
    """

    center_lps_mm: Float
    radius_mm: float
    rotation: Float
    shift_mm: Float

    @classmethod
    def like(cls, center_lps_mm: Float, radius_mm: float, sway: Sway) -> Stiff:
        """Return the ball that moves as nearly as it can as the tissue would without it."""
        points = center_lps_mm + np.random.default_rng(0).uniform(-radius_mm, radius_mm, size=(2000, 3))
        points = points[np.linalg.norm(points - center_lps_mm, axis=1) < radius_mm]
        motion = best_rigid(points, points + sway(points))
        return cls(center_lps_mm, radius_mm, motion.rotation, motion.translation_mm)

    def sway(self, points_lps_mm: Float, around: Sway) -> Float:
        """Return the displacement at points, shape (n, 3), where `around` is that of the liver."""
        away = np.linalg.norm(points_lps_mm - self.center_lps_mm, axis=1) - self.radius_mm
        share = (0.5 + 0.5 * np.cos(np.pi * np.clip(away / FADE_MM, 0.0, 1.0)))[:, None]
        moved = points_lps_mm @ self.rotation.T + self.shift_mm - points_lps_mm
        return share * moved + (1.0 - share) * around(points_lps_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Shrunk:
    """A ball whose tissue has shrunk evenly about its center; what lies around has followed it.

    Parameters
    ----------
    center_lps_mm : array, shape (3,)
        In the scan after.
    radius_mm : float
        On the scan after, after shrinking.
    share : float
        Part of its volume that the ball has lost, from 0 to below 0.5.
    """

    center_lps_mm: Float
    radius_mm: float
    share: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.share < 0.5:
            raise BadSetting(f"A shrinkage of {self.share:g} came; give a share of the volume from 0 to below 0.5.")

    @property
    def scale(self) -> float:
        """How much longer the ball was before along every axis."""
        return float((1.0 - self.share) ** (-1.0 / 3.0))

    def sway(self, points_lps_mm: Float, around: Sway) -> Float:
        """Return the displacement at points, shape (n, 3): back to where they were before, and on with the liver."""
        arms = points_lps_mm - self.center_lps_mm
        away = np.linalg.norm(arms, axis=1) / self.radius_mm
        # Outside, tissue keeps its volume: what moves through each sphere is the same.
        pulled = (self.scale - 1.0) * np.maximum(away, 1.0) ** -3.0
        earlier = arms * pulled[:, None]
        return earlier + around(points_lps_mm + earlier)
