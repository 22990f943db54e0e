"""Undoes, if someone asks for it, the contraction of an ablation zone: an assumption that is stated, off by default.

Heat draws tissue together, so that a zone on the scan after is smaller than the tissue that it destroyed. How much is
not known of a patient: porcine liver kept at 60 to 95 degrees lost 12 to 22 % of its length [1]_, small blocks of liver
and muscle ablated by microwaves 52 to 74 % of their volume [2]_, all ex vivo. No amount is built in, and none is taken
from a scan. A zone that is enlarged makes the margin larger, which is the dangerous direction: both margins belong side
by side.

References
----------
.. [1] Rossmann C et al. Physiol Meas 2014;35:55-67 (abstract).
.. [2] Farina L et al. Int J Hyperthermia 2014;30:419-428 (abstract).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.optimize import brentq

from isotherm.errors import BadSetting
from isotherm.imaging.geometry import Triangles
from isotherm.imaging.surface import field_of
from isotherm.imaging.transform_chain import Linear, joined
from isotherm.imaging.volume import Grid, Mask

Way = Literal["scale", "offset"]

MOST_LOST = 0.5
"""No larger share of the volume is undone: the outline would say more about the assumption than about the zone."""


ROUNDS = 3
"""Rounds of an expansion until its volume is met, to 1 % at the most."""


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """How much of its volume a zone is said to have lost, and how that is undone.

    Parameters
    ----------
    lost_share : float
        Above 0, up to 0.5: 0.2 for a zone that has 80 % of the volume of the tissue it destroyed.
    way : {"scale", "offset"}
        By an even expansion about the zone's center of mass, or by the same distance everywhere on its surface.

    Raises
    ------
    BadSetting
    """

    lost_share: float
    way: Way = "offset"

    def __post_init__(self) -> None:
        if not 0.0 < self.lost_share <= MOST_LOST:
            raise BadSetting(
                f"A zone that lost no share of its volume, or more than {MOST_LOST:g}, came; give a share such as 0.2, "
                "or leave the option out."
            )
        if self.way not in ("scale", "offset"):
            raise BadSetting("A contraction is undone by 'scale' or by 'offset'; name one of them.")


@dataclass(frozen=True, slots=True, eq=False)
class Undone:
    """A zone whose contraction was undone, by how much, and one sentence that says so."""

    zone: Mask
    seen_ml: float
    assumed_ml: float
    outward_mm: float
    says: str


def undone(zone: Mask, shrinkage: Shrinkage) -> Undone:
    """Return a zone as large as it is said to have been before it contracted.

    Parameters
    ----------
    zone : Mask
        As seen. One without a voxel stays as it is.
    shrinkage : Shrinkage

    Returns
    -------
    Undone
        The zone as shares from 0 to 1 on the grid's own voxels, the grid as far as it takes; `outward_mm` is the
        distance that its surface moved, for "scale" that of a ball of the same volume.
    """
    if zone.box() is None:
        return Undone(zone, 0.0, 0.0, 0.0, "There is no zone whose contraction could be undone.")
    near = zone.cropped()
    seen = near.volume_ml
    aim = seen / (1.0 - shrinkage.lost_share)
    radius = (0.75 * seen * 1000.0 / math.pi) ** (1.0 / 3.0)
    factor = (aim / seen) ** (1.0 / 3.0)
    if shrinkage.way == "scale":
        grown, outward = _scaled(near, aim, factor), radius * (factor - 1.0)
    else:
        grown, outward = _offset(near, aim, most_mm=4.0 * radius * (factor - 1.0) + max(zone.grid.spacing_kji_mm))
    by = "evenly about its center" if shrinkage.way == "scale" else f"by {outward:.1f} mm everywhere"
    says = (
        f"The ablation zone was enlarged {by}, from {seen:.1f} mL as seen to {grown.volume_ml:.1f} mL, on the "
        f"assumption that it has lost {100 * shrinkage.lost_share:g} % of its volume; nothing in the images says so, "
        "and the margin as seen is smaller."
    )
    return Undone(grown, seen, grown.volume_ml, outward, says)


def _padded(zone: Mask, by_mm: float) -> Mask:
    pad = [math.ceil(by_mm / spacing) + 2 for spacing in zone.grid.spacing_kji_mm]
    size = [n + 2 * p for n, p in zip(zone.grid.shape_kji, pad, strict=True)]
    return zone.windowed((-pad[0], -pad[1], -pad[2]), (size[0], size[1], size[2]))


def _scaled(zone: Mask, aim_ml: float, factor: float) -> Mask:
    """Expand until the volume is met: the smooth outline of few voxels may hold another one than they do."""
    weights = zone.voxels.astype(np.float64).ravel()
    center = weights @ zone.grid.centers_lps_mm() / weights.sum()
    reach = float(np.linalg.norm(zone.grid.corners_lps_mm() - center, axis=1).max()) * (factor - 1.0)
    grid = _padded(zone, reach).grid
    grown = zone
    for _ in range(ROUNDS):
        back = Linear(np.eye(3) / factor, center - center / factor)
        grown = joined([back], grid=grid).mask(zone, onto=grid)
        factor *= (aim_ml / grown.volume_ml) ** (1.0 / 3.0)
    return grown


def _offset(zone: Mask, aim_ml: float, *, most_mm: float) -> tuple[Mask, float]:
    wide = _padded(zone, most_mm)
    depth = _depth_mm(zone, wide, most_mm)

    def volume_ml(outward_mm: float) -> float:
        return float(_shares(depth, wide.grid, outward_mm).sum(dtype=np.float64)) * wide.grid.voxel_volume_ml

    outward = float(brentq(lambda mm: volume_ml(mm) - aim_ml, -most_mm, most_mm, xtol=1e-4))
    return Mask(_shares(depth, wide.grid, outward), wide.grid, zone.of), outward


def _depth_mm(zone: Mask, wide: Mask, most_mm: float) -> npt.NDArray[np.float32]:
    """Return how deep each voxel center of a wider grid lies in the zone, negative outside; far away only the sign."""
    spacing = wide.grid.spacing_kji_mm
    inside = wide.inside
    away = ndimage.distance_transform_edt(~inside, sampling=spacing) + ndimage.distance_transform_edt(
        inside, sampling=spacing
    )
    near = np.flatnonzero(away.ravel() <= most_mm + 2.0 * max(spacing))
    depth = np.where(inside, np.float32(np.inf), np.float32(-np.inf)).ravel()
    centers = wide.grid.centers_lps_mm()[near]
    smooth = field_of(zone)
    gaps = Triangles(smooth.boundary()).distance_mm(centers)
    depth[near] = np.where(smooth.at(centers) > 0, gaps, -gaps)
    return depth.reshape(wide.grid.shape_kji)


def _shares(depth_mm: npt.NDArray[np.float32], grid: Grid, outward_mm: float) -> npt.NDArray[np.float32]:
    """Return the share of each voxel that lies within the surface moved outward: linear across one voxel."""
    width = np.float32(math.prod(grid.spacing_kji_mm) ** (1.0 / 3.0))
    return np.clip(0.5 + (depth_mm + np.float32(outward_mm)) / width, 0.0, 1.0).astype(np.float32)
