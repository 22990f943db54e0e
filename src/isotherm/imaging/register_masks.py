"""What the metric of a registration may look at: organ around the lesion, never the zone, never the tumor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.errors import BadSetting, EmptyMask
from isotherm.imaging.geometry import Float
from isotherm.imaging.register_itk import Side
from isotherm.imaging.volume import Grid, Mask, Volume

Bool = npt.NDArray[np.bool_]

AROUND_ORGAN_MM = 5.0
"""Layer around the organ that the metric sees as well: its outline is the strongest landmark."""

BESIDE_LESION_MM = 2.0
"""Layer around tumor and zone that the metric does not see: their edges differ between the scans."""

AIR_HU, BRIGHT_HU = -160.0, 320.0
"""Values outside are cut off for the metric: lung gas and bone would fill most of a histogram."""


MOST_LOOKED_AT = 5000
"""Places of the organ that tell how bright it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One scan with what is drawn on it.

    Parameters
    ----------
    image : Volume
    organ : Mask, optional
        The organ; without it the whole image counts.
    lesion : Mask, optional
        The tumor on the scan before, the ablation zone on the scan after: left out of the metric. On any grid.

    Raises
    ------
    EmptyMask
        An organ mask without a single voxel.
    BadSetting
        Voxels that are not numbers, or a CT whose values are not HU.
    """

    image: Volume
    organ: Mask | None = None
    lesion: Mask | None = None

    def __post_init__(self) -> None:
        if self.organ is not None and self.organ.box() is None:
            raise EmptyMask("An organ mask without a single voxel came; give the organ, or leave it out.")
        if not np.isfinite(self.image.voxels).all():
            raise BadSetting("A scan with voxels that are not numbers (NaN) came; write the image anew.")
        if self.image.unit == "HU" and self.organ is not None and _middle(self.image, self.organ) > BRIGHT_HU:
            raise BadSetting(
                "A CT whose organ is as bright as bone came: its values are not HU; write it anew in HU (values as "
                "they are stored are often 1024 higher), or say that it is MR."
            )

    def side(self, *, around_lps_mm: Float | None = None, reach_mm: float = 0.0) -> Side:
        """Return what the metric sees: near the organ, without the lesion, and within reach of a place if one is given.

        Parameters
        ----------
        around_lps_mm : array, shape (3,), optional
        reach_mm : float
            Radius of the sphere about it.
        """
        grid = self.image.grid
        allowed = np.ones(grid.shape_kji, dtype=bool)
        if self.organ is not None:
            allowed &= _grown(on_grid(self.organ, grid), grid, AROUND_ORGAN_MM)
        if self.lesion is not None and self.lesion.box() is not None:
            allowed &= ~_grown(on_grid(self.lesion, grid), grid, BESIDE_LESION_MM)
        if around_lps_mm is not None:
            away = np.linalg.norm(grid.centers_lps_mm() - around_lps_mm, axis=1)
            allowed &= (away <= reach_mm).reshape(grid.shape_kji)
        image = self.image
        if image.unit == "HU":
            image = Volume(np.clip(image.voxels, AIR_HU, BRIGHT_HU).astype(np.float32), grid, "HU")
        return Side(image, allowed)


def on_grid(mask: Mask, grid: Grid) -> Bool:
    """Return which voxels of a grid lie in a mask, whatever grid it is drawn on."""
    if mask.grid.same_as(grid):
        return mask.inside
    kji = mask.grid.to_kji(grid.centers_lps_mm()).T
    return (ndimage.map_coordinates(mask.voxels.astype(np.float32), kji, order=1) >= 0.5).reshape(grid.shape_kji)


def _middle(image: Volume, organ: Mask) -> float:
    """Return the median value in the organ, as far as the image shows it; that of air where it shows none of it."""
    inside = np.argwhere(organ.inside)
    kji = np.rint(image.grid.to_kji(organ.grid.to_lps(inside[:: -(-len(inside) // MOST_LOOKED_AT)]))).astype(int)
    kji = kji[((kji >= 0) & (kji < image.grid.shape_kji)).all(axis=1)]
    return float(np.median(image.voxels[tuple(kji.T)])) if len(kji) else AIR_HU


def _grown(inside: Bool, grid: Grid, by_mm: float) -> Bool:
    if not inside.any():
        return inside
    return ndimage.distance_transform_edt(~inside, sampling=grid.spacing_kji_mm) <= by_mm
