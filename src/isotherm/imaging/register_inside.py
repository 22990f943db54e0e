"""Whether two scans show the same inside of the organ: vessels near the lesion, not the organ's outline.

Outlines and what lies around an organ hold a registration even where the two scans show two patients, or where one slid
along the other. What is inside of the organ then does not agree, which no gate on the deformation sees.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from isotherm.imaging.geometry import Float
from isotherm.imaging.register_gates import NEAR_MM, Gate, gate_of
from isotherm.imaging.register_look import Image, at_most, blurred, look_alike_gate, values_at
from isotherm.imaging.register_masks import Bool, Scan, on_grid
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Grid

BELOW_MM = 4.0
"""How far below the organ's surface its inside begins: outlines are drawn a millimeter or two off."""

BLUR_MM, LEVEL_MM = 1.5, 6.0
"""Gauss filters of the images, and of the level that is taken off: what is left has the size of vessels."""

MOST_PLACES, LEAST_PLACES = 20_000, 2_000
"""Places that are compared; with fewer there is too little of the organ near the lesion."""

EVEN_HU = 0.1
"""Spread below which an image is even, but for rounding: nothing is compared."""

UNLIKE = "two patients, a registration that is off, or scans that show no vessels: blink between them"


def inside_gate(before: Scan, after: Scan, used: Transform, lesion_lps_mm: Float) -> Gate | None:
    """Return the gate on what both scans show inside of the organ: one less the size of their correlation.

    The sign does not count: vessels may be bright in one phase and dark in the other.

    Parameters
    ----------
    before, after : Scan
    used : Transform
    lesion_lps_mm : array, shape (3,)
        Center of the tumor on the scan after.

    Returns
    -------
    Gate or None
        None where a scan is no CT, where no organ is drawn, or too little of it lies near the lesion.
    """
    if before.image.unit != "HU" or after.image.unit != "HU" or (before.organ is None and after.organ is None):
        return None
    fixed, moving = _inside(after), _inside(before)
    if fixed is None or moving is None:
        return None
    grid = after.image.grid
    places = grid.to_lps(np.argwhere(np.isfinite(fixed)))
    places = places[np.linalg.norm(places - lesion_lps_mm, axis=1) <= NEAR_MM]
    places = at_most(MOST_PLACES, places)
    here, there = values_at(fixed, grid, places), values_at(moving, before.image.grid, used.points(places))
    both = np.isfinite(here) & np.isfinite(there)
    if both.sum() < LEAST_PLACES or min(here[both].std(), there[both].std()) < EVEN_HU:
        return None
    gate = gate_of("inside_unlike", 1.0 - abs(float(np.corrcoef(here[both], there[both])[0, 1])))
    return gate if gate.verdict == "pass" else replace(gate, reason=UNLIKE)


def gates_of_scans(before: Scan, after: Scan, used: Transform, lesion_lps_mm: Float) -> tuple[Gate, ...]:
    """Return the gates that ask the scans themselves, this one and `look_alike_gate`, where they can be asked."""
    found = (gate_by(before, after, used, lesion_lps_mm) for gate_by in (look_alike_gate, inside_gate))
    return tuple(gate for gate in found if gate is not None)


def _inside(scan: Scan) -> Image | None:
    """Return what has the size of vessels in a scan, NaN outside of the organ and in the lesion; None without any."""
    side, grid = scan.side(), scan.image.grid
    seen: Bool = side.allowed if scan.organ is None else side.allowed & _deep(on_grid(scan.organ, grid), grid)
    if not seen.any():
        return None
    weight = seen.astype(np.float32)
    fine, level = (blurred(side.image.voxels.astype(np.float32) * weight, grid, mm) for mm in (BLUR_MM, LEVEL_MM))
    fine /= np.maximum(blurred(weight, grid, BLUR_MM), np.float32(1e-3))
    level /= np.maximum(blurred(weight, grid, LEVEL_MM), np.float32(1e-3))
    return np.where(seen, fine - level, np.float32(np.nan))


def _deep(organ: Bool, grid: Grid) -> Bool:
    # The image's end is no surface of the organ.
    return np.asarray(ndimage.distance_transform_edt(organ, sampling=grid.spacing_kji_mm) > BELOW_MM)
