"""Other ways to measure the minimal margin, as other programs do it; masks share one grid with axes at right angles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import SimpleITK
from scipy import ndimage
from surface_distance import compute_surface_distances

from isotherm.imaging.volume import Mask

Bool = npt.NDArray[np.bool_]


def surface_distance_mm(tumor: Mask, zone: Mask) -> float:
    """DeepMind's surface-distance: from the tumor's surface elements to the zone's; it knows no sign."""
    found = compute_surface_distances(zone.inside, tumor.inside, tumor.grid.spacing_kji_mm)
    return float(np.min(found["distances_pred_to_gt"]))


def border_voxels_mm(tumor: Mask, zone: Mask) -> float:
    """Signed distance map from the zone's border voxels, read at the tumor's border voxels."""
    a, b = tumor.inside, zone.inside
    rim_a, rim_b = a & ~ndimage.binary_erosion(a), b & ~ndimage.binary_erosion(b)
    gaps = ndimage.distance_transform_edt(~rim_b, sampling=tumor.grid.spacing_kji_mm)
    return float(np.where(b, gaps, -gaps)[rim_a].min())


def maurer_mm(tumor: Mask, zone: Mask) -> float:
    """SimpleITK's signed Maurer map of the zone, read at the tumor's contour."""
    a, b = (SimpleITK.GetImageFromArray(mask.inside.astype(np.uint8)) for mask in (tumor, zone))
    for image in (a, b):
        image.SetSpacing(tumor.grid.spacing_kji_mm[::-1])
    signed = SimpleITK.SignedMaurerDistanceMap(b, insideIsPositive=True, squaredDistance=False, useImageSpacing=True)
    contour = SimpleITK.GetArrayFromImage(SimpleITK.LabelContour(a)) > 0
    return float(SimpleITK.GetArrayFromImage(signed)[contour].min())
