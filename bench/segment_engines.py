"""What else outlines a lesion from the same seeds: a random walker, a level set of ITK, our first guess alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK
from scipy import ndimage
from skimage.segmentation import random_walker  # pyright: ignore[reportUnknownVariableType]

from isotherm.imaging.geometry import Float
from isotherm.imaging.outline_fit import distance_mm
from isotherm.imaging.outline_mask import organ_on, shares_of
from isotherm.imaging.outline_start import Levels, Room, Seeds, What, first_guess, levels_of, room_around
from isotherm.imaging.volume import Mask, Volume

itk: Any = SimpleITK

WALKER_BETA = 130.0
"""As in scikit-image."""


def walker(room: Room, levels: Levels, seeds: Seeds, what: What) -> Float:
    """Walk at random (Grady 2006) between the line and whatever is outside of the organ or of what is searched."""
    del what
    labels = np.zeros(room.grid.shape_kji, dtype=np.int8)
    labels[~room.allowed] = 2
    labels[levels.share(room.calm) < 0.02] = 2
    labels[_shown(room, seeds, 1.5)] = 1
    calm = np.clip(room.calm, min(levels.inside, levels.outside) - 30, max(levels.inside, levels.outside) + 30)
    chance: Any = random_walker(calm, labels, beta=WALKER_BETA, mode="cg_j", return_full_prob=True)
    return (chance[0] - 0.5) * 4.0 * room.step_mm


def threshold_level_set(room: Room, levels: Levels, seeds: Seeds, what: What) -> Float:
    """Grow ITK's level set while values are nearer to the lesion's, smoothly (Lefohn 2003)."""
    start = -distance_mm(_shown(room, seeds, 2.5 if what == "tumor" else 4.0), room.step_mm)  # ITK: negative inside
    middle = 0.5 * (levels.inside + levels.outside)
    low, high = sorted((middle, levels.inside + 3.0 * levels.contrast))
    grow = itk.ThresholdSegmentationLevelSetImageFilter()
    grow.SetLowerThreshold(float(low))
    grow.SetUpperThreshold(float(high))
    grow.SetMaximumRMSError(0.005)
    grow.SetNumberOfIterations(400)
    grow.SetCurvatureScaling(1.0)
    grow.SetPropagationScaling(1.0)
    images = [itk.GetImageFromArray(values.astype(np.float32)) for values in (start, room.calm)]
    level = grow.Execute(*images)
    return -itk.GetArrayFromImage(level).astype(np.float64) * room.step_mm  # negative inside, as the start was


def guess_alone(room: Room, levels: Levels, seeds: Seeds, what: What) -> Float:
    """Return our first guess: one threshold, necks cut."""
    return distance_mm(first_guess(room, levels, seeds, what), room.step_mm)


ENGINES = {"random walker": walker, "ITK level set": threshold_level_set, "first guess": guess_alone}


def outlined_by(name: str, image: Volume, seeds: Seeds, what: What, organ: Mask) -> Mask:
    """Outline a lesion by another engine, with the same box, mean values and organ."""
    room = room_around(image, seeds, what, organ)
    level = ENGINES[name](room, levels_of(room, seeds, what), seeds, what)
    shares = shares_of(level, room.grid, image.grid) * organ_on(organ, image.grid)
    return Mask(shares.astype(np.float32), image.grid, "tumor")


def _shown(room: Room, seeds: Seeds, radius_mm: float) -> Any:
    marked = np.ones(room.grid.shape_kji, dtype=bool)
    k, j, i = np.clip(np.rint(room.grid.to_kji(seeds.points_lps_mm)).astype(int), 0, np.array(marked.shape) - 1).T
    marked[k, j, i] = False
    return ndimage.distance_transform_edt(marked) * room.step_mm <= radius_mm
