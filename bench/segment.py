"""Outlines of tumors and zones from a line and a seed, in the texture of a real CT: how far off they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources

import numpy as np

from bench.register_case import anatomy
from bench.segment_engines import ENGINES, outlined_by
from isotherm.errors import InputError
from isotherm.exchange.image_files import read_volume
from isotherm.imaging.outline import outline_lesion
from isotherm.imaging.outline_start import Seeds, What
from isotherm.imaging.phantom_texture import LesionScan, simulate_lesion
from isotherm.imaging.surface import field_of
from isotherm.imaging.volume import Mask, Volume

OURS = "line, organ"
WAYS: dict[str, tuple[bool, bool]] = {OURS: (True, True), "seed, organ": (False, True), "line alone": (True, False)}
"""What is shown to our own method: a line or a seed alone, with or without the organ."""

MOST_VOLUME_ERROR = 0.10
"""Of each phantom, with a line and the organ."""

RATIO = (0.8, 1.25)
"""Range of the median of estimated over true error of the outline."""


@dataclass(frozen=True)
class Found:
    """One outline against the truth."""

    volume_error: float
    dice: float
    distance_mm: float
    error_ratio: float
    seconds: float


@dataclass(frozen=True)
class Row:
    """All ways on one phantom; what was refused is None."""

    name: str
    what: What
    found: dict[str, Found | str]


@cache
def real_ct() -> Volume:
    """Read the bundled CT."""
    with resources.as_file(resources.files("isotherm.app") / "data" / "example_ct.nii.gz") as path:
        return read_volume(path).volume


def run_case(case: tuple[What, int], *, seed: int) -> Row:
    """Simulate one scan and outline its lesion in every way."""
    what, number = case
    scan = simulate_lesion(anatomy(), real_ct(), number, what=what, seed=seed)
    found: dict[str, Found | str] = {}
    for name, (line, organ) in WAYS.items():
        seeds = Seeds(scan.seed_lps_mm, (scan.line_lps_mm,) if line else ())
        found[name] = _tried(scan, partial(_ours, scan, seeds, scan.organ if organ else None))
    seeds = Seeds(scan.seed_lps_mm, (scan.line_lps_mm,))
    for name in ENGINES:
        found[name] = _tried(scan, partial(_others, name, scan, seeds))
    return Row(f"{what} {number}, {scan.setting}, {scan.truth.volume_ml:.1f} mL", what, found)


def _ours(scan: LesionScan, seeds: Seeds, organ: Mask | None) -> tuple[Mask, float]:
    outline = outline_lesion(scan.image, seeds, what=scan.what, organ=organ)
    return outline.mask, outline.error_mm


def _others(name: str, scan: LesionScan, seeds: Seeds) -> tuple[Mask, float]:
    return outlined_by(name, scan.image, seeds, scan.what, scan.organ), np.nan


def _tried(scan: LesionScan, way: Callable[[], tuple[Mask, float]]) -> Found | str:
    start = time.process_time()
    try:
        mask, error = way()
    except InputError as refused:
        return str(refused)
    seconds = time.process_time() - start
    ours, truth = mask.voxels.astype(np.float64), scan.truth.voxels.astype(np.float64)
    if not (ours >= 0.5).any():
        return "nothing was found"
    off = field_of(scan.truth).at(field_of(mask).boundary().mean(axis=1))
    off = np.clip(off, -10.0, 10.0)
    dice = 2.0 * float(np.minimum(ours, truth).sum()) / float((ours + truth).sum())
    return Found(
        mask.volume_ml / scan.truth.volume_ml - 1.0, dice,
        float(np.abs(off).mean()), error / float(np.sqrt((off**2).mean())), seconds,
    )  # fmt: skip


def print_segment(n: int, *, seed: int, jobs: int) -> bool:
    """Print the tables; return whether every limit is kept."""
    print(f"Outlines of {n} tumors and {n} zones in the texture of a real CT, seed {seed}.")
    print("distance: mean distance of both surfaces, mm; error: estimated over true; s: of one processor.\n")
    cases: list[tuple[What, int]] = [(what, number) for what in ("tumor", "zone") for number in range(n)]
    with ProcessPoolExecutor(jobs) as pool:
        rows: list[Row] = []
        for row in pool.map(partial(run_case, seed=seed), cases):
            told = row.found[OURS]
            print(f"{row.name:32}" + (told if isinstance(told, str) else
                  f"{told.volume_error:+7.1%}  Dice {told.dice:.3f}  {told.distance_mm:.2f} mm"),
                  flush=True)  # fmt: skip
            rows.append(row)
    kept = True
    for what in ("tumor", "zone"):
        print(
            f"\n{what:16}{'median':>8}{'largest':>9}{'bias':>7}{'Dice':>7}{'distance':>10}{'error':>7}{'s':>6}  refused"
        )
        of_kind = [row.found for row in rows if row.what == what]
        for name in of_kind[0]:
            print(_line(name, [found[name] for found in of_kind]))
        kept &= _kept(what, [found[OURS] for found in of_kind])
    return kept


def _line(name: str, found: list[Found | str]) -> str:
    good = [one for one in found if not isinstance(one, str)]
    if not good:
        return f"{name:16}{'-':>8}  all refused"
    volumes = np.array([one.volume_error for one in good])
    medians = [float(np.median([getattr(one, key) for one in good])) for key in ("dice", "distance_mm", "error_ratio")]
    return (
        f"{name:16}{np.median(np.abs(volumes)):8.1%}{np.abs(volumes).max():9.1%}{volumes.mean():+7.1%}{medians[0]:7.3f}"
        f"{medians[1]:10.2f}{medians[2]:7.2f}{np.median([one.seconds for one in good]):6.1f}  {len(found) - len(good)}"
    )


def _kept(what: str, found: list[Found | str]) -> bool:
    good = [one for one in found if not isinstance(one, str)]
    worst = max((abs(one.volume_error) for one in good), default=1.0)
    ratio = float(np.median([one.error_ratio for one in good])) if good else 0.0
    fine = worst <= MOST_VOLUME_ERROR and len(good) == len(found)
    sure = RATIO[0] <= ratio <= RATIO[1]
    print(f"  {what}: largest volume error {worst:.1%}, at most {MOST_VOLUME_ERROR:.0%}, none refused: "
          f"{'reached' if fine else 'MISSED'}; error ratio {ratio:.2f}, {RATIO[0]} to {RATIO[1]}: "
          f"{'reached' if sure else 'MISSED'}")  # fmt: skip
    return fine and sure
