"""Seconds to read a DICOM series of full size, and a segmentation of it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from isotherm.exchange.image_files import read_masks, read_volume
from isotherm.imaging.volume import Grid
from tests.exchange.made_up_dicom import as_seg, as_series, slices

GRID = Grid((300, 512, 512), (1.0, 0.78, 0.78))

ROUNDS = 3


def print_dicom() -> bool:
    """Print seconds; return whether the limits are kept (they are stated for two cores)."""
    hu = np.random.default_rng(0).normal(0.0, 15.0, GRID.shape_kji).astype(np.int16)
    k, j, i = np.ogrid[0:300, 0:512, 0:512]
    organ = ((k - 150) / 80.0) ** 2 + ((j - 250) / 140.0) ** 2 + ((i - 240) / 160.0) ** 2 <= 1.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        as_series(folder / "image", hu, GRID)
        seg = as_seg(folder / "seg.dcm", organ[..., None].astype(np.uint8), ["liver"], slices(hu, GRID))
        image_s = min(_seconds(folder / "image") for _ in range(ROUNDS))
        start = time.perf_counter()
        (mask,) = read_masks(seg, of="structure")
        seg_s = time.perf_counter() - start
        assert mask.mask.voxels.sum() == organ.sum()
    print("DICOM, 512 x 512 x 300, 16 bits without compression:")
    print(f"  a series of 300 files to a volume               {image_s:6.2f} s   (limit 3 s)")
    print(f"  one segment of a SEG of 161 planes              {seg_s:6.2f} s   (limit 1 s)")
    return image_s <= 3.0 and seg_s <= 1.0


def _seconds(folder: Path) -> float:
    start = time.perf_counter()
    read_volume(folder)
    return time.perf_counter() - start
