"""MR, and CT beside MR: scans are made alike before they are compared. Tested on simulated contrast only: unvalidated.

The values of MR mean nothing by themselves: they differ between sequences, and coils make one side of the patient
brighter. The brightness is evened out first; the whole organ's motion then comes from mutual information, which asks
for no common contrast; around the lesion, edges are compared instead of values. What is bright in one scan and dark in
the other has its edge at the same place.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.errors import BadSetting, NotConverged
from isotherm.imaging.register_gates import Gate
from isotherm.imaging.register_masks import Scan
from isotherm.imaging.volume import Volume

Metric = Literal["values", "edges"]

Image = npt.NDArray[np.float32]

EVEN_MM = 18.0
"""Width of the Gauss filter whose mean is taken for the brightness that coils gave."""

LEVEL, MOST = 100.0, 250.0
"""What the organ's mean becomes, and the value at which others are cut off: the scale of a CT of the liver in HU."""

EDGE_MM, STEEP = 1.0, 2.0
"""Blur of an edge, and how many times the organ's median slope counts as half an edge."""

LEAST_VOXELS = 500
"""Voxels of the organ without which its brightness is not known."""


def metric_for(before: Scan, after: Scan) -> Metric:
    """Return what the two scans have in common: values where both are CT, else edges."""
    return "values" if before.image.unit == after.image.unit == "HU" else "edges"


def evened(scan: Scan) -> Scan:
    """Return a scan of MR whose organ is equally bright everywhere; CT stays as it is.

    Raises
    ------
    NotConverged
        Too little of the organ is seen, or it has no signal.

    References
    ----------
    .. [1] Axel L, Costantini J, Listerud J. AJR Am J Roentgenol 1987;148:418-420 (division by a blurred image).
    """
    image = scan.image
    if image.unit == "HU":
        return scan
    voxels = image.voxels.astype(np.float32)
    seen = scan.side().allowed
    if seen.sum() < LEAST_VOXELS:
        raise NotConverged("Too little of the organ is seen to even out the brightness of the MR; check its mask.")
    low, high = (float(edge) for edge in np.percentile(voxels[seen], [1.0, 99.0]))
    if not high > max(low, 0.0):
        raise NotConverged("An MR without signal in the organ came; check the image and the organ's mask.")
    widths = [EVEN_MM / spacing for spacing in image.grid.spacing_kji_mm]
    weight = ndimage.gaussian_filter((seen & (voxels > 0.5 * low)).astype(np.float32), widths, truncate=3.0)
    kept = np.where(seen & (voxels > 0.5 * low), np.clip(voxels, low, high), np.float32(0.0))
    total = ndimage.gaussian_filter(kept, widths, truncate=3.0)
    middle = float(np.median(voxels[seen]))
    local = np.where(weight > 1e-4, total / np.maximum(weight, 1e-4), middle)
    flat = np.clip(LEVEL * voxels / np.maximum(local, 0.1 * max(middle, 1e-6)), 0.0, MOST)
    return Scan(Volume(flat.astype(np.float32), image.grid, image.unit), scan.organ, scan.lesion)


def edged(scan: Scan) -> Scan:
    """Return a scan of edges: 0 where values are level, toward 100 where they are steep.

    References
    ----------
    .. [1] Haber E, Modersitzki J. MICCAI 2006, LNCS 4191:726-733 (gradients normalized by what counts as an edge).
    """
    side = scan.side()
    spacing = scan.image.grid.spacing_kji_mm
    widths = [EDGE_MM / one for one in spacing]
    voxels = side.image.voxels.astype(np.float32)
    squared = np.zeros(voxels.shape, dtype=np.float32)
    for axis in range(3):
        order = [int(axis == other) for other in range(3)]
        slope: Image = ndimage.gaussian_filter(voxels, widths, order=order) / np.float32(spacing[axis])
        squared += slope * slope
    half = STEEP * float(np.median(np.sqrt(squared[side.allowed]))) if side.allowed.any() else 0.0
    if half <= 0:
        raise NotConverged("A scan without a single edge in the organ came; check the image and the organ's mask.")
    edges = LEVEL * np.sqrt(squared / (squared + np.float32(half * half)))
    return Scan(Volume(edges.astype(np.float32), scan.image.grid, "edges"), scan.organ, scan.lesion)


def alike(before: Scan, after: Scan, metric: Metric) -> tuple[Scan, Scan]:
    """Return both scans, once they are evened out, as they are compared around the lesion.

    Raises
    ------
    BadSetting
        An unknown metric.
    NotConverged
        A scan without an edge.
    """
    if metric not in ("values", "edges"):
        raise BadSetting("Scans are compared by 'values' or by 'edges'; name one of them.")
    return (before, after) if metric == "values" else (edged(before), edged(after))


def modality_gate(before: Scan, after: Scan) -> Gate:
    """Return the gate that warns of MR, and fails CT beside MR, to stand beside those of `judge`.

    On simulated contrast MR onto MR of one sequence came near CT onto CT; CT onto MR was at times no better than rigid.
    """
    others = sum(scan.image.unit != "HU" for scan in (before, after))
    if others == 0:
        return Gate("modality", 0.0, "pass")
    if others == 2:
        return Gate("modality", 1.0, "warn", "MR onto MR was tested on simulated contrast only")
    return Gate("modality", 2.0, "fail", "CT onto MR was not accurate on simulated contrast; give landmarks instead")
