"""One case of the registration bench: a simulated pair of scans, registered in every way, held against its truth."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial, reduce
from importlib import resources

import numpy as np

from bench.register_engines import b_splines, demons
from bench.register_peers import PEERS
from isotherm.errors import FitError, NotConverged
from isotherm.exchange.image_files import read_masks, read_volume
from isotherm.imaging.geometry import Float
from isotherm.imaging.margin import measure
from isotherm.imaging.phantom_scans import Anatomy, ScanPair, Tissue, anatomy_of, simulate_scans
from isotherm.imaging.register import Registration, register, way_back
from isotherm.imaging.register_gates import Drawn, Gate, Quality, judge, minimal_margin_mm
from isotherm.imaging.register_inside import gates_of_scans
from isotherm.imaging.register_masks import Scan
from isotherm.imaging.register_tumor import points_in
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.transform import Transform
from isotherm.imaging.uncertainty import Errors, margin_interval
from isotherm.imaging.volume import Mask, Role

MARGINS_MM = (-5.0, 10.0)
"""Range over which the true margins are spread evenly."""

NEAR_MM = 40.0
"""Radius around the lesion within which the error of its surroundings is taken, in the organ, outside of the zone."""

OURS, OUR_RIGID = "isotherm", "rigid, near"


@dataclass(frozen=True)
class Outcome:
    """What one way of registering did to one case.

    `expected_mm` is its own estimate of `tumor_mm`; `covered` whether the 90 % interval of the margin that follows from
    this estimate holds the true margin. Both are None where nobody has estimated the error.
    """

    near_mm: float
    tumor_mm: float
    volume_ratio: float
    margin_error_mm: float
    seconds: float
    wall_seconds: float
    quality: Quality | None
    expected_mm: float | None
    covered: bool | None


@dataclass(frozen=True)
class Case:
    """One case: its truth, and the outcome of each engine."""

    number: int
    truth_mm: float
    zone_radius_mm: float
    outcomes: dict[str, Outcome]


@cache
def anatomy() -> Anatomy:
    """Read the bundled CT."""
    with resources.as_file(resources.files("isotherm.app") / "data") as folder:

        def mask(name: str, of: Role) -> Mask:
            return read_masks(folder / f"{name}.nii.gz", of=of)[0].mask

        ct = read_volume(folder / "example_ct.nii.gz").volume
        return anatomy_of(ct, mask("liver", "organ"), mask("portal_vein_and_splenic_vein", "vessel"))


def margins_mm(n: int, seed: int) -> Float:
    """Return the true margins of n cases, spread evenly and in random order."""
    return np.random.default_rng([seed, n]).permutation(np.linspace(*MARGINS_MM, n))


def run_case(number: int, *, n: int, seed: int, tissue: Tissue = "even", peers: Sequence[str] = ()) -> Case:
    """Simulate one pair of scans and register it; in even tissue with the other engines as well.

    What a peer leaves undone (it crashes, or takes too long) is left out.
    """
    margin = float(margins_mm(n, seed)[number])
    pair = simulate_scans(anatomy(), number, margin_mm=margin, seed=seed, tissue=tissue)
    before, after = Scan(pair.before, pair.organ_before, pair.tumor), Scan(pair.after, pair.organ_after, pair.zone)
    drawn = Drawn(pair.tumor, pair.zone, pair.organ_before, pair.organ_after)
    clock = _Clock()
    found = register(before, after)
    once = clock.read()
    back = way_back(before, after, found)
    look = partial(gates_of_scans, before, after, lesion_lps_mm=found.lesion_lps_mm)
    quality = _looked_at(judge(found.free, found.deformable, found.rigid, drawn, back=back), look(found.deformable))
    both = clock.read()
    outcomes = {
        "rigid, organ": _outcome(pair, found.organ, once),
        OUR_RIGID: _outcome(pair, found.rigid, once),
        "isotherm, free": _outcome(pair, found.free, once),
        OURS: _outcome(pair, found.deformable, both, quality),
    }
    if tissue == "even":
        others: dict[str, Callable[[], Transform]] = {
            "B-splines, masked": lambda: b_splines(after.side(), before.side(), found.organ, found.lesion_lps_mm),
            "demons, unmasked": lambda: demons(pair.after, pair.before, found.organ, found.lesion_lps_mm),
        }
        for name in peers:
            others[name] = partial(PEERS[name], after.side(), before.side(), found.organ, found.lesion_lps_mm)
        for name, way in others.items():
            with suppress(NotConverged):
                outcomes[name] = _other(pair, way, found, back, drawn, look)
    return Case(number, pair.margin_mm, pair.zone_shape.mean_radius_mm, outcomes)


class _Clock:
    """Seconds of a processor and on the wall since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> tuple[float, float]:
        return time.process_time() - self._cpu, time.perf_counter() - self._wall


def _other(
    pair: ScanPair, way: Callable[[], Transform], found: Registration, back: Transform, drawn: Drawn,
    look: Callable[[Transform], tuple[Gate, ...]],
) -> Outcome:  # fmt: skip
    clock = _Clock()
    transform = way()
    seconds = clock.read()
    quality = _looked_at(judge(transform, transform, found.rigid, drawn, back=back), look(transform))
    return _outcome(pair, transform, seconds, quality)


def _looked_at(quality: Quality, gates: tuple[Gate, ...]) -> Quality:
    return reduce(Quality.with_gate, gates, quality)


def _outcome(
    pair: ScanPair, transform: Transform, seconds: tuple[float, float], quality: Quality | None = None
) -> Outcome:
    near, tumor = _near(pair), pair.warp.back(points_in(pair.tumor))
    covered = None
    try:
        here = transform.back(points_in(pair.tumor))
        ratio = float((1.0 / transform.volume_change(here)).mean() / (1.0 / pair.warp.volume_change(tumor)).mean())
        margin = minimal_margin_mm(transform, pair.tumor, pair.zone) - pair.margin_mm
        if transform.error_mm is not None:
            covered = _covered(pair, transform)
    except FitError:  # it folds: no margin at all
        ratio = margin = math.nan
    return Outcome(_error_mm(pair, transform, near), _error_mm(pair, transform, tumor), ratio, margin, *seconds,
                   quality, transform.error_mm, covered)  # fmt: skip


def _covered(pair: ScanPair, transform: Transform) -> bool:
    """Return whether the 90 % interval holds the true margin; the outlines are exact, and enter without an error."""
    tumor = transform.region(Region.of_field(field_of(pair.tumor.cropped())))
    zone = Region.of_field(field_of(pair.zone.cropped()))
    errors = Errors(registration_error_mm=transform.error_mm, outline_error_mm=0.0)
    margin = measure(tumor, zone)
    interval = margin_interval(tumor, zone, margin, organ=None, errors=errors, rng=np.random.default_rng(0))
    return interval is not None and interval.low_mm <= pair.margin_mm <= interval.high_mm


def _error_mm(pair: ScanPair, transform: Transform, points: Float) -> float:
    return float(np.linalg.norm(transform.points(points) - pair.warp.points(points), axis=1).mean())


def _near(pair: ScanPair) -> Float:
    """Return points of the organ near the lesion and outside of zone and tumor, on the scan after."""
    points = pair.after.grid.to_lps(np.argwhere(pair.organ_after.inside)[::7])
    points = points[np.linalg.norm(points - pair.lesion_lps_mm, axis=1) < NEAR_MM]
    return points[~pair.zone_shape.inside(points) & ~pair.tumor_shape.inside(pair.warp.points(points))]
