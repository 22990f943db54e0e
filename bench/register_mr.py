"""MR by simulated contrast: pairs of simulated CT whose values become signal, registered as any other.

Run `python -m bench.register_mr [PAIRS]`; the table stands in docs/transforms.md. Half a minute of a processor each.
"""

from __future__ import annotations

import sys
from unittest.mock import patch

import numpy as np
from scipy import ndimage

from bench.register_case import anatomy
from isotherm.imaging import phantom_scans
from isotherm.imaging.phantom_scans import ScanPair, simulate_scans
from isotherm.imaging.register import register
from isotherm.imaging.register_masks import Scan
from isotherm.imaging.register_tumor import points_in
from isotherm.imaging.volume import Volume

HU = (-1000, -300, -110, -60, 20, 75, 98, 130, 170, 320, 1000)
SIGNAL = {
    "T1": (5, 10, 420, 300, 90, 130, 220, 110, 70, 25, 15),
    "T2": (5, 10, 330, 260, 330, 230, 150, 260, 330, 30, 15),
}
"""Signal for values of CT, by curves that are not monotone. T1: fat bright, vessels and tumor dark; T2: all bright."""

NOISE, NEAR_MM = 8.0, 40.0

KINDS = (("CT", "CT"), ("T1", "T1"), ("T2", "T2"), ("T1", "T2"), ("CT", "T1"), ("CT", "T2"))


def scan_of(image: Volume, kind: str, seed: int) -> Volume:
    """Return an image without noise as CT with noise, or as MR with shading and noise."""
    rng = np.random.default_rng(seed)
    if kind == "CT":
        grain = ndimage.gaussian_filter(rng.normal(size=image.grid.shape_kji), 0.6)
        return Volume((image.voxels + 12.0 * grain / grain.std()).astype(np.float32), image.grid, "HU")
    places = image.grid.centers_lps_mm()
    away = (places - places.mean(axis=0)) / np.abs(places - places.mean(axis=0)).max(axis=0)
    shade = np.exp(away @ rng.normal(scale=0.25, size=3) + away**2 @ rng.normal(scale=0.1, size=3))
    signal = np.interp(image.voxels, HU, SIGNAL[kind]) * shade.reshape(image.grid.shape_kji)
    real, other = (rng.normal(scale=NOISE, size=signal.shape) for _ in range(2))
    return Volume(np.hypot(signal + real, other).astype(np.float32), image.grid, "signal")


def run_pair(pair: ScanPair, number: int, before: str, after: str) -> str:
    """Return one row: errors of the organ's motion, of the rigid and the deformable registration."""
    found = register(
        Scan(scan_of(pair.before, before, 10 + number), pair.organ_before, pair.tumor),
        Scan(scan_of(pair.after, after, 20 + number), pair.organ_after, pair.zone),
    )
    organ = pair.organ_after.grid.to_lps(np.argwhere(pair.organ_after.inside)[::37])
    near = organ[(np.linalg.norm(organ - pair.lesion_lps_mm, axis=1) < NEAR_MM) & ~pair.zone.holds(organ)]
    tumor = pair.warp.back(points_in(pair.tumor))
    errors = [
        float(np.linalg.norm(way.points(places) - pair.warp.points(places), axis=1).mean())
        for places in (near, tumor) for way in (found.organ, found.rigid, found.deformable)
    ]  # fmt: skip
    return f"{number:4d} {before:>6} {after:>6}" + "".join(f"{error:7.2f}" for error in errors)


def main(pairs: int) -> None:
    """Print the table, row by row."""
    print("pair before  after  near: organ, rigid, deformable; in the tumor: organ, rigid, deformable (mm)")
    for number in range(pairs):
        with patch.object(phantom_scans, "NOISE_HU", 0.01):
            pair = simulate_scans(anatomy(), number, margin_mm=3.0)
        for before, after in KINDS:
            print(run_pair(pair, number, before, after), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
