"""Two DICOM folders as a hospital exports them: the bundled real CT before and after a simulated ablation.

The scans differ by a known rigid motion and smooth deformation; each has its own grid, contrast and noise. The tumor
and the organ before are a SEG, the zone is an RTSTRUCT, the organ after a SEG.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from skimage.measure import find_contours

from isotherm.app.demo_pair import anatomy
from isotherm.imaging.phantom_scans import ScanPair, simulate_scans
from tests.exchange.made_up_dicom import as_rtstruct, as_seg, as_series, slices

MARGIN_MM = 4.0
"""True unrestricted minimal margin of the pair."""

NUMBER = 4
"""Of the simulated pair."""


@dataclass(frozen=True)
class Folders:
    """Both folders, and the files of the masks in them."""

    before: Path
    after: Path

    @property
    def arguments(self) -> tuple[str, ...]:
        """What `isotherm assess` is told."""
        return (str(self.before / "ct"), str(self.after / "ct"), "--tumor", f"{self.before}/seg.dcm:tumor",
                "--organ-before", f"{self.before}/seg.dcm:liver", "--ablation", f"{self.after}/rtstruct.dcm:zone",
                "--organ-after", f"{self.after}/seg.dcm:liver")  # fmt: skip


@cache
def pair() -> ScanPair:
    """Simulate the scans in a part of the bundled CT."""
    return simulate_scans(anatomy(), NUMBER, margin_mm=MARGIN_MM, seed=1)


def write_folders(home: Path) -> Folders:
    """Write both examinations into a folder."""
    scans = pair()
    for name, day, image, masks in (
        ("before", "20240102", scans.before, {"tumor": scans.tumor, "liver": scans.organ_before}),
        ("after", "20240103", scans.after, {"liver": scans.organ_after}),
    ):
        voxels = np.rint(image.voxels).astype(np.int16)
        as_series(home / name / "ct", voxels, image.grid, study=name, day=day)
        source = slices(voxels, image.grid, study=name, day=day)
        pixels = np.stack([mask.inside for mask in masks.values()], axis=-1).astype(np.uint8)
        as_seg(home / name / "seg.dcm", pixels, list(masks), source)
        if name == "after":
            as_rtstruct(home / name / "rtstruct.dcm", {"zone": zone_contours(scans)}, source=source)
    return Folders(home / "before", home / "after")


def zone_contours(scans: ScanPair) -> list[npt.NDArray[np.float64]]:
    """Return the outline of the zone on each plane of the scan after, as one would draw it without a hand's error."""
    grid = scans.after.grid
    level = scans.zone_shape.level(grid.centers_lps_mm()).reshape(grid.shape_kji)
    made: list[npt.NDArray[np.float64]] = []
    for k, plane in enumerate(level):
        for line in find_contours(plane, 0.0):
            made.append(grid.to_lps(np.column_stack([np.full(len(line), float(k)), line]))[:-1])
    return made
