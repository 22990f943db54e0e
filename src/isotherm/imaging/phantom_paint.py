"""Paints simulated lesions, ablation zones and vessels into a real CT, keeping its own noise (HU, native phase)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.imaging.geometry import Float

Image = npt.NDArray[np.float32]

TUMOR_HU, TUMOR_CORE_HU = 10.0, -8.0
"""A metastasis before contrast medium, against a liver of 45 HU; and how much darker its core is."""

ZONE_HU, GHOST_HU, TRACK_HU = 0.0, 13.0, 32.0
"""An ablation zone; how much brighter the treated tumor stays within it; and the charred track of the antenna."""

BLOOD_HU = 33.0
"""Blood in a vessel before contrast medium: a little darker than the liver, brighter than an ablation zone."""

EDGE_MM = 2.0
"""Width over which an outline fades: the blur of the scanner."""

TRACK_RADIUS_MM = 1.6
"""Radius of the track."""

LOCAL_MM = 4.0
"""Width of the Gauss filter that tells a place's mean, which is replaced, from its noise, which is kept."""

GRAIN_HU, GRAIN_MM = 7.0, 0.6
"""Fine noise, different in each image: without it two scans would have the same noise, and a blurred one."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """How far each voxel of a box lies inside of something, in mm (negative: outside); all of the box's shape.

    Parameters
    ----------
    tumor, zone, track : array, shape (k, j, i)
        The tumor, the ablation zone, and the track of its antenna.
    """

    tumor: Float
    zone: Float
    track: Float


def paint_lesion(
    box: Image, organ_share: Image, levels: Levels, voxel_mm: float, rng: np.random.Generator
) -> tuple[Image, Image]:
    """Return a box of the CT with the tumor, and with the zone over it in which the treated tumor is faintly seen."""
    noise = box - local_mean(box, organ_share, LOCAL_MM / voxel_mm)
    core = np.clip(levels.tumor / 6.0, 0.0, 1.0)
    tumor_hu = TUMOR_HU + TUMOR_CORE_HU * core + texture(box.shape, 5.0, 2.2 / voxel_mm, rng)
    zone_hu = ZONE_HU + texture(box.shape, 4.0, 3.5 / voxel_mm, rng)
    zone_hu += GHOST_HU * share(levels.tumor) + TRACK_HU * share(levels.track)
    before = _mixed(box, tumor_hu + noise, share(levels.tumor) * organ_share)
    return before, _mixed(before, zone_hu + noise, share(levels.zone) * organ_share)


def paint_vessel(image: Image, ct: Image, organ_share: Image, level_mm: Float, voxel_mm: float) -> Image:
    """Return a box of an image with a vessel, whose noise is that of the CT."""
    noise = ct - local_mean(ct, organ_share, LOCAL_MM / voxel_mm)
    return _mixed(image, BLOOD_HU + noise, share(level_mm) * organ_share)


def grain(shape: tuple[int, ...], voxel_mm: float, rng: np.random.Generator) -> Image:
    """Return fine noise of 7 HU."""
    return texture(shape, GRAIN_HU, GRAIN_MM / voxel_mm, rng)


def texture(shape: tuple[int, ...], spread_hu: float, sigma_voxels: float, rng: np.random.Generator) -> Image:
    """Return smooth noise of mean zero and a given standard deviation."""
    rough = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigma_voxels, mode="wrap")
    return rough * np.float32(spread_hu / max(float(rough.std()), 1e-9))


def local_mean(box: Image, organ_share: Image, sigma_voxels: float) -> Image:
    """Return the mean around each voxel, over the organ only, so that nothing beyond the capsule bleeds in."""
    total: Image = ndimage.gaussian_filter(box * organ_share, sigma_voxels).astype(np.float32)
    weight: Image = ndimage.gaussian_filter(organ_share, sigma_voxels).astype(np.float32)
    return (total / np.maximum(weight, 1e-3)).astype(np.float32)


def share(levels_mm: Float) -> Float:
    """Return the share of each voxel that lies inside, fading over the width of an outline."""
    return np.clip(0.5 + levels_mm / EDGE_MM, 0.0, 1.0)


def _mixed(below: Image, above: Float | Image, how_much: Float) -> Image:
    return (below * (1.0 - how_much) + above * how_much).astype(np.float32)
