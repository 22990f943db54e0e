"""Outline a tumor or an ablation zone from a click and a line: without weights, with its error, or not at all.

A first guess by value (`outline_start`) is moved to where the edge is seen (`outline_fit`). What runs on to where
nobody pointed is refused with the way it went: an outline that leaks is worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.errors import OutlineLeaks
from isotherm.imaging.outline_fit import error_mm, fitted
from isotherm.imaging.outline_leaks import refuse_leaks, refuse_odd_neighbors
from isotherm.imaging.outline_mask import organ_on, probability_of, shares_of
from isotherm.imaging.outline_start import Levels, Seeds, What, first_guess, levels_of, room_around
from isotherm.imaging.volume import Mask, Volume

Bools = npt.NDArray[np.bool_]

LEAST_ML = 0.05
"""Less is noise."""

LEAST_CONTRAST = 2.0
"""Contrast, as a multiple of the spread of calm values, below which nothing is outlined."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """An outline and how sure it is.

    Parameters
    ----------
    mask : Mask
        On the image's grid: the share of each voxel within the outline.
    probability : array of float32, shape (k, j, i)
        Of each voxel's center to lie inside, given the outline's error. For the eye: a margin is measured on `mask`.
    error_mm : float
        Estimated standard deviation of the outline's place along its normal.
    volume_ml : float
    levels : Levels
        The values that it was found by.
    """

    mask: Mask
    probability: npt.NDArray[np.float32]
    error_mm: float
    volume_ml: float
    levels: Levels


def outline_lesion(image: Volume, seeds: Seeds, *, what: What, organ: Mask | None = None) -> Outline:
    """Outline the lesion that somebody pointed at.

    Parameters
    ----------
    image : Volume
        Of any right-angled grid.
    seeds : Seeds
        A place within the lesion; a line across it makes it much surer.
    what : {"tumor", "zone"}
        A zone may have a bright center and a bright rim.
    organ : Mask, optional
        The lesion ends at its edge; without it nothing tells a lesion from fat beyond the capsule.

    Raises
    ------
    BadSetting
        What was shown lies outside of the image or of the organ.
    ImplausibleMask
        Nothing there differs from its surroundings.
    OutlineLeaks
        The outline runs on to where nobody pointed.
    """
    room = room_around(image, seeds, what, organ)
    levels = levels_of(room, seeds, what)
    if abs(levels.contrast) < LEAST_CONTRAST * levels.spread:
        raise OutlineLeaks(
            f"The lesion differs from its surroundings by {abs(levels.contrast):.0f} units, too little beside noise of "
            f"{levels.spread:.0f}; draw it by hand."
        )
    guess = first_guess(room, levels, seeds, what)
    refuse_leaks(room, seeds, guess)
    fit = fitted(room, levels, guess)
    inside = _one_part(fit.level_mm > 0, guess)
    refuse_leaks(room, seeds, inside & room.organ)
    if organ is None:
        refuse_odd_neighbors(room, levels, fit.level_mm)
    level = np.where(inside | (fit.level_mm <= 0), fit.level_mm, -room.step_mm)
    error = error_mm(room, levels, fit, guess)
    shares = shares_of(level, room.grid, image.grid)
    chance = probability_of(level, room.grid, image.grid, error)
    if organ is not None:
        inner = organ_on(organ, image.grid)
        shares, chance = shares * inner, (chance * inner).astype(np.float32)
    mask = Mask(shares.astype(np.float32), image.grid, "tumor" if what == "tumor" else "ablation")
    if mask.volume_ml < LEAST_ML:
        raise OutlineLeaks(
            f"An outline of {mask.volume_ml:.2f} mL came of the seed, too small to be true; draw it by hand."
        )
    return Outline(mask, chance, error, mask.volume_ml, levels)


def _one_part(inside: Bools, guess: Bools) -> Bools:
    """Return the part that holds most of the first guess."""
    parts, count = ndimage.label(inside)
    sizes = np.bincount(parts[guess], minlength=count + 1)
    sizes[0] = 0
    return parts == int(sizes.argmax()) if sizes.any() else inside & False
