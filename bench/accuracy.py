"""Error of the minimal margin against analytic truth, on random shapes and grids, beside other programs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
from threadpoolctl import threadpool_limits

from bench.peers import border_voxels_mm, maurer_mm, surface_distance_mm
from isotherm.imaging.margin import measure
from isotherm.imaging.phantom import rasterize
from isotherm.imaging.phantom_draws import draw_ellipsoid_pair, draw_grid, draw_lobulated_pair, draw_sphere_pair
from isotherm.imaging.phantom_truth import true_margin
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.volume import Mask

SLICES = {1.0: 0.7, 1.5: 0.78, 2.5: 0.8, 5.0: 0.8}
"""Slice thickness and, with it, the voxel size in the plane, mm."""

LIMITS = {("smooth", "binary"): {1.0: (0.10, 0.08), 1.5: (0.13, 0.10), 2.5: (0.25, 0.16), 5.0: (0.50, 0.30)},
          ("lobulated", "binary"): {1.0: (0.10, None), 1.5: (0.18, None)},
          ("smooth", "probability"): {1.0: (0.04, 0.03), 1.5: (0.06, 0.05), 2.5: (0.12, 0.10),
                                      5.0: (0.45, 0.27)}}  # fmt: skip
"""Root mean square errors to reach, at least and aimed at, mm."""

DRAWINGS: dict[str, int | tuple[int, int, int]] = {"binary": 1, "probability": 4, "outlines": (1, 4, 4)}
"""Into how many parts a voxel is cut: none, shares of the whole voxel, shares of the middle plane of its slice."""

BIAS_LIMITS = {1.0: 0.06, 1.5: 0.10}
"""On lobulated shapes the margin must not be overstated by more than this on average, mm."""

METHODS: dict[str, Callable[[Mask, Mask], float]] = {}


def isotherm_mm(tumor: Mask, zone: Mask) -> float:
    """Measure with isotherm: masks to surfaces to margin, all included."""
    return measure(Region.of_field(field_of(tumor)), Region.of_field(field_of(zone))).minimal_mm


METHODS |= {"isotherm": isotherm_mm, "surface-distance": surface_distance_mm, "border voxels": border_voxels_mm,
            "Maurer map": maurer_mm}  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """One pair of shapes on one grid: its truth, and the error and seconds of each method."""

    size_mm: float
    truth_mm: float
    errors_mm: dict[str, float]
    seconds: dict[str, float]


def trial(number: int, *, kind: str, slice_mm: float, drawing: str, seed: int) -> Trial:
    """Draw a pair, voxelize it, and measure it by every method."""
    rng = np.random.default_rng([seed, number])
    smooth = draw_sphere_pair if number % 2 else draw_ellipsoid_pair
    tumor, zone = (draw_lobulated_pair if kind == "lobulated" else smooth)(rng)
    grid = draw_grid(rng, slice_mm, SLICES[slice_mm], cover=(tumor, zone))
    cut = DRAWINGS[drawing]
    masks = (rasterize(tumor, grid, of="tumor", supersample=cut),
             rasterize(zone, grid, of="ablation", supersample=cut))  # fmt: skip
    truth = true_margin(tumor, zone).minimal_mm
    errors: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for name, method in METHODS.items():
        if drawing != "binary" and name != "isotherm":
            continue
        start = time.perf_counter()
        with threadpool_limits(1, "blas"):
            found = method(*masks)
        seconds[name] = time.perf_counter() - start
        # A method without a sign is compared where the sign is plus: elsewhere it cannot be right.
        errors[name] = math.nan if name == "surface-distance" and truth <= 0 else found - truth
    return Trial(2.0 * tumor.reach_mm, truth, errors, seconds)


def rows(n: int, *, seed: int, jobs: int) -> Iterator[tuple[str, str, float, list[Trial]]]:
    """Yield every row of the table with its trials."""
    with ProcessPoolExecutor(jobs) as pool:
        for drawing, kind in product(DRAWINGS, ("smooth", "lobulated")):
            for slice_mm in SLICES:
                one = partial(trial, kind=kind, slice_mm=slice_mm, drawing=drawing, seed=seed)
                yield drawing, kind, slice_mm, list(pool.map(one, range(n), chunksize=4))


def print_accuracy(n: int, *, seed: int, jobs: int) -> bool:
    """Print the table; return whether every value that must be reached at least is reached."""
    print(f"Minimal margin against truth, {n} pairs a row, oblique grids, random sub-voxel offsets, seed {seed}.")
    print("mm; bias above 0 overstates the margin; 'worst' is the largest overstatement; s per pair, one process.\n")
    print(
        f"{'mask':12}{'shapes':11}{'slice':>6}  {'method':18}{'RMSE':>7}{'bias':>8}{'worst':>7}{'s':>7}  at least / aim"
    )
    reached = True
    sizes: list[float] = []
    truths: list[float] = []
    for drawing, kind, slice_mm, trials in rows(n, seed=seed, jobs=jobs):
        sizes += [t.size_mm for t in trials]
        truths += [t.truth_mm for t in trials]
        for name in trials[0].errors_mm:
            errors = np.array([t.errors_mm[name] for t in trials])
            errors = errors[np.isfinite(errors)]
            rmse, bias, worst = float(np.sqrt(np.mean(errors**2))), float(errors.mean()), float(errors.max())
            seconds = float(np.mean([t.seconds[name] for t in trials]))
            says = ""
            if name == "isotherm":
                says, fine = _verdict(kind, drawing, slice_mm, rmse, bias)
                reached &= fine
            row = f"{drawing:12}{kind:11}{slice_mm:6.1f}  {name:18}{rmse:7.3f}{bias:+8.3f}{worst:+7.2f}{seconds:7.3f}"
            print(f"{row}  {says}", flush=True)
    for what, values in (("largest tumor diameter", sizes), ("true margin", truths)):
        cuts = ", ".join(f"{q:.1f}" for q in np.percentile(values, [0, 5, 25, 50, 75, 95, 100]))
        print(f"{what}, mm: 0/5/25/50/75/95/100 % = {cuts}")
    return reached


def _verdict(kind: str, drawing: str, slice_mm: float, rmse: float, bias: float) -> tuple[str, bool]:
    limits = LIMITS.get((kind, drawing), {}).get(slice_mm)
    if limits is None:
        return "", True
    least, aim = limits
    fine = rmse <= least
    says = f"{least:.2f} {'reached' if fine else 'MISSED'}"
    if aim is not None:
        says += f"; {aim:.2f} {'reached' if rmse <= aim else 'missed'}"
    if kind == "lobulated":
        says += f"; bias {BIAS_LIMITS[slice_mm]:+.2f} {'kept' if bias <= BIAS_LIMITS[slice_mm] else 'EXCEEDED'}"
        fine &= bias <= BIAS_LIMITS[slice_mm]
    return says, fine
