"""Zones over time on simulated courses: volumes, shares and growth beyond the zone before, held against the truth."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from isotherm.app.board_document import growth_document
from isotherm.app.demo_pair import anatomy
from isotherm.app.follow_up import laid_on, volume_on
from isotherm.app.settings import Settings
from isotherm.clinical.course import DrawnScan
from isotherm.exchange.image_files import write_mask, write_volume
from isotherm.imaging.phantom_course import CourseScan, simulate_course, true_inside_mm
from isotherm.imaging.zone_volume import share_of

SHARES = (1.0, 0.85, 0.7, 0.5)
"""What is left of a zone's volume, in turn: one that does not change, and three that shrink."""

NODULES_MM = (None, 3.0, 5.0, 8.0)
"""How far a nodule reaches beyond the border, in turn: none, and three."""

LEAST_COVERED = 0.75
"""Of so few cases, the share of 90 % intervals that must hold the truth at least."""


@dataclass(frozen=True)
class Case:
    """One pair of scans: truth and measurement."""

    share: float
    nodule_mm: float | None
    true_ml: float
    ml: float
    volume_held: bool
    share_held: bool
    true_mm: float
    mm: float | None
    interval_mm: tuple[float, float] | None
    verdict: str
    says: str
    seconds: float


def written(scan: CourseScan, home: Path, name: str, on: date) -> DrawnScan:
    """Write a scan as a course names it."""
    files = {kind: str(home / f"{name}-{kind}.nii.gz") for kind in ("image", "zone", "organ")}
    write_volume(files["image"], scan.image)
    write_mask(files["zone"], scan.zone)
    write_mask(files["organ"], scan.organ)
    return DrawnScan(id=name, on=on, image=files["image"], zones={"1": files["zone"]}, organ=files["organ"])


def run_case(number: int, *, seed: int) -> Case:
    """Simulate two scans of a course and measure the later one."""
    share, nodule = SHARES[number % 4], NODULES_MM[(number + number // 4) % 4]
    made = simulate_course(anatomy(), number, shares=(1.0, share), nodule_mm=nodule, seed=seed)
    first, later = made.scans
    with tempfile.TemporaryDirectory() as folder:
        one = written(first, Path(folder), "first", date(2025, 1, 2))
        two = written(later, Path(folder), "later", date(2025, 7, 2))
        clock = time.perf_counter()
        (found,) = laid_on(two, one, ["1"], Settings())
        seconds = time.perf_counter() - clock
        volumes = [volume_on(scan, "1", Settings()) for scan in (one, two)]
    left = share_of(volumes[1], volumes[0])
    # A nodule's own volume is not known exactly where it overlaps; volumes are held against the truth without one.
    truths = [scan.volume_ml for scan in (first, later)]
    document, interval = found.document or {}, (found.document or {}).get("interval_mm")
    ends = None if interval is None else (float(interval["low"]), float(interval["high"]))
    return Case(
        share, nodule, truths[1], volumes[1].volume_ml, volumes[1].low_ml <= truths[1] <= volumes[1].high_ml,
        left is not None and left.low <= truths[1] / truths[0] <= left.high, true_inside_mm(later, first),
        document.get("minimal_margin_mm"), ends, document["registration"]["verdict"] if document else "none",
        growth_document(found)["says"], seconds,
    )  # fmt: skip


def print_follow_up(n: int = 16, *, seed: int = 0) -> bool:
    """Print a row per case and the errors; return whether the limits are met."""
    print(f"Zones over time: {n} simulated courses, CT before and after half a year, tissue deformed in between")
    print("share  nodule  volume mL (true)   held  inside mm (true)  90 % interval    gates  says          s")
    cases: list[Case] = []
    for number in range(n):
        cases.append(run_case(number, seed=seed))
        _print(cases[-1])
    told = [one for one in cases if one.mm is not None and one.interval_mm is not None]
    errors = np.array([one.mm - one.true_mm for one in told if one.mm is not None])
    covered = np.mean([one.interval_mm[0] <= one.true_mm <= one.interval_mm[1] for one in told if one.interval_mm])
    plain = [one for one in cases if one.nodule_mm is None]
    volumes = np.array([one.ml / one.true_ml - 1.0 for one in plain])
    none = [one for one in told if one.true_mm > -0.5]
    alarms = sum(one.says == "suspected" for one in none)
    seen = [one for one in told if one.true_mm <= -2.5]
    missed = sum(one.says == "not seen" for one in seen)
    print(f"inside mm: mean error {errors.mean():+.2f}, sd {errors.std():.2f}, largest {np.abs(errors).max():.2f}; "
          f"interval holds the truth in {100 * covered:.0f} %")  # fmt: skip
    held, kept = sum(one.volume_held for one in plain), sum(one.share_held for one in plain)
    print(f"volume without a nodule: mean error {100 * volumes.mean():+.1f} %, largest "
          f"{100 * abs(volumes).max():.1f} %; its interval holds the truth in {held}, "
          f"that of the share in {kept} of {len(plain)}")  # fmt: skip
    print(f"no growth (truth above -0.5 mm): suspected in {alarms} of {len(none)}; growth of 2.5 mm and more: "
          f"suspected in {sum(one.says == 'suspected' for one in seen)} of {len(seen)}, not seen in {missed}; "
          f"without an interval {len(cases) - len(told)} of {n}")  # fmt: skip
    return bool(covered >= LEAST_COVERED and missed == 0)


def _print(one: Case) -> None:
    nodule = "none" if one.nodule_mm is None else f"{one.nodule_mm:.0f} mm"
    ends = "-" if one.interval_mm is None else f"{one.interval_mm[0]:.1f} to {one.interval_mm[1]:.1f}"
    inside = "-" if one.mm is None else f"{one.mm:.2f}"
    held = "yes" if one.volume_held else "no"
    print(f"{one.share:5.2f}  {nodule:>6}  {one.ml:6.2f} ({one.true_ml:6.2f})  {held:>5}  {inside:>6} "
          f"({one.true_mm:5.2f})   {ends:>14}  {one.verdict:>7}  {one.says:<12} {one.seconds:4.0f}",
          flush=True)  # fmt: skip
