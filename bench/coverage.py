"""Coverage of the margin's interval: how often it holds the true margin, on phantoms whose errors are known."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from threadpoolctl import threadpool_limits

from isotherm.imaging.geometry import Float, Int
from isotherm.imaging.lookup import Skin
from isotherm.imaging.margin import Margin, measure
from isotherm.imaging.organ import DEPTH_MM, HEIGHT_MM, Organ
from isotherm.imaging.phantom import Ellipsoid, Lobulated, Shape, Sphere
from isotherm.imaging.phantom_directions import icosphere
from isotherm.imaging.phantom_draws import draw_bumps, draw_rotation
from isotherm.imaging.surface import Field, Region, both, discretization_error_mm, field_of
from isotherm.imaging.uncertainty import (
    OUTLINE_GLOBAL_SHARE,
    OUTLINE_LENGTH_MM,
    Errors,
    margin_interval,
)
from isotherm.imaging.volume import Grid, Mask, Role

ECCENTRICITIES_MM = (0.0, 1.0, 2.0, 4.0)
"""Sd, along each axis, of how far the zone's center lies from the tumor's in truth; equal shares."""

TUMOR_MM = (5.0, 15.0)
"""Range of a tumor's semi-axes."""

CENTERED_MARGIN_MM = (3.0, 10.0)
"""Range of the margin that the zone would leave if it lay around the tumor's center."""

DETAIL = 4
"""Level of detail of the meshes: 5,120 triangles; truth and observation are measured on the same ones."""

WAVES = 128
"""Waves of an outline's error; more than the interval itself uses, so that it is not tested against itself."""

KINDS = ("sphere", "ellipsoid", "lobulated")

VOXELS_MM = 1.0
"""Voxel size of the phantoms that are drawn as masks and go through the whole engine."""

OTHERS_SHARE = 10
"""One more phantom is voxelized, and one more lies under the capsule, for this many."""

LIMITS = (0.88, 0.92, 0.80)
"""Coverage over all phantoms, from and to, and the least in any row."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A tumor in its zone as they truly are, and as they were observed with known errors."""

    kind: str
    eccentricity_mm: float
    true_margin_mm: float
    tumor: Region
    zone: Region
    margin: Margin
    organ: Organ | None = None


def draw_scene(
    rng: np.random.Generator, kind: str, eccentricity_mm: float, errors: Errors, *, voxelized: bool = False
) -> Scene:
    """Draw a true lesion, and observe it with errors of the stated sizes: as meshes, or as masks made of voxels."""
    tumor, zone_of = _shapes(rng, kind)
    zone = zone_of(rng.normal(0.0, eccentricity_mm, 3) if eccentricity_mm else np.zeros(3))
    truth = _minimal_margin_mm(tumor, zone)
    drawn = _Seen(tumor, _outline_error(rng, errors), _rotation(rng.normal(0.0, 1.0, 3) * np.radians(
        errors.rotation_error_degrees)), rng.normal(0.0, 1.0, 3) * errors.shift_sd_mm)  # fmt: skip
    around = _Seen(zone, _outline_error(rng, errors), np.eye(3), np.zeros(3))
    if voxelized:
        seen_tumor, seen_zone = drawn.through_voxels(rng, "tumor"), around.through_voxels(rng, "ablation")
    else:
        seen_tumor, seen_zone = drawn.region(), around.region()
    return Scene(kind, eccentricity_mm, truth, seen_tumor, seen_zone, measure(seen_tumor, seen_zone))


def _minimal_margin_mm(tumor: Shape, zone: Shape) -> float:
    directions, faces = icosphere(DETAIL)
    points = tumor.surface_points(directions)
    gaps = np.linalg.norm(points - Skin(zone.surface_points(directions)[faces]).nearest(points), axis=1)
    return float(np.where(zone.inside(points), gaps, -gaps).min())


def draw_scene_under_capsule(rng: np.random.Generator, eccentricity_mm: float, errors: Errors) -> Scene:
    """Draw spheres cut by a flat capsule: the tumor cut and drawn before, zone and organ cut and drawn after."""
    radius, wanted = rng.uniform(*TUMOR_MM), rng.uniform(*CENTERED_MARGIN_MM)
    center = np.array([rng.uniform(0.2, 1.1) * radius, 0.0, 0.0])
    tumor = Sphere(_triple(center), radius)
    zone = Sphere(_triple(center + rng.normal(0.0, 1.0, 3) * eccentricity_mm), radius + wanted)
    organ, still = _flat_organ(), (np.eye(3), np.zeros(3))
    true_tumor, true_zone = (_Seen(s, _no_error, *still).region() for s in (tumor, zone))
    truth = measure(true_tumor, both(true_zone, organ.eroded(0.0)), organ=organ).minimal_mm
    turn = _rotation(rng.normal(0.0, 1.0, 3) * np.radians(errors.rotation_error_degrees))
    shift = center - turn @ center + rng.normal(0.0, 1.0, 3) * errors.shift_sd_mm
    drawn = both(_Seen(tumor, _outline_error(rng, errors), *still).region(), organ.eroded(0.0))
    ends = (drawn.boundary.reshape(-1, 3) @ turn.T + shift).reshape(-1, 3, 3)
    seen_tumor = Region(lambda places: drawn.at((places - shift) @ turn), ends)
    seen_zone = both(_Seen(zone, _outline_error(rng, errors), *still).region(), organ.eroded(0.0))
    margin = measure(seen_tumor, seen_zone, organ=organ)
    return Scene("sphere", eccentricity_mm, truth, seen_tumor, seen_zone, margin, organ)


def _no_error(points: Float) -> Float:
    return np.zeros(len(points))


@lru_cache(maxsize=1)
def _flat_organ() -> Organ:
    """Return an organ that fills the half-space x > 0."""
    grid = Grid((61, 61, 49), (2.0, 2.0, 2.0), (-12.0, -60.0, -60.0))
    depth = np.clip(grid.to_lps(np.indices((61, 61, 49)).reshape(3, -1).T)[:, 0], -HEIGHT_MM, DEPTH_MM)
    field = Field(depth.astype(np.float32).reshape(grid.shape_kji), grid)
    return Organ(field, field, "clip", 0.0)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A shape as it was drawn: its outline in error by a function of place (mm, outward), then turned and shifted."""

    shape: Shape
    error: Callable[[Float], Float]
    turn: Float
    shift: Float

    def level(self, places: Float) -> Float:
        own = (places - self.shift) @ self.turn
        return self.shape.level(own) + self.error(own)

    def points(self) -> tuple[Float, Int]:
        directions, faces = icosphere(DETAIL)
        points = self.shape.surface_points(directions)
        points = points + self.error(points)[:, None] * _normals(points, faces)
        return points @ self.turn.T + self.shift, faces

    def region(self) -> Region:
        points, faces = self.points()
        return Region(self.level, points[faces])

    def through_voxels(self, rng: np.random.Generator, role: Role) -> Region:
        points, _ = self.points()
        low = points.min(axis=0) - 5.0 * VOXELS_MM - rng.uniform(0.0, VOXELS_MM, 3)
        size = np.ceil((points.max(axis=0) + 5.0 * VOXELS_MM - low) / VOXELS_MM).astype(int)
        k, j, i = (int(n) for n in size[::-1])
        grid = Grid((k, j, i), (VOXELS_MM, VOXELS_MM, VOXELS_MM), _triple(low))
        inside = self.level(grid.to_lps(np.indices((k, j, i)).reshape(3, -1).T)) > 0
        return Region.of_field(field_of(Mask(inside.reshape(grid.shape_kji), grid, role)))


def _shapes(rng: np.random.Generator, kind: str) -> tuple[Shape, Callable[[Float], Shape]]:
    wanted = rng.uniform(*CENTERED_MARGIN_MM)
    origin = (0.0, 0.0, 0.0)
    if kind == "sphere":
        radius = rng.uniform(*TUMOR_MM)
        return Sphere(origin, radius), lambda center: Sphere(_triple(center), radius + wanted)
    if kind == "ellipsoid":
        semi = rng.uniform(*TUMOR_MM, 3)
        axes, tilt = draw_rotation(rng), _rotation(rng.normal(0.0, 0.2, 3))
        grown = semi + rng.uniform(0.0, 4.0, 3)
        tumor = Ellipsoid(origin, _triple(semi), axes)
        size = _size(tumor, lambda s: Ellipsoid(origin, _triple(grown + s), tilt @ axes), wanted)
        return tumor, lambda center: Ellipsoid(_triple(center), _triple(grown + size), tilt @ axes)
    tumor = Lobulated(origin, rng.uniform(*TUMOR_MM), draw_bumps(rng))
    bumps = draw_bumps(rng)
    size = _size(tumor, lambda s: Lobulated(origin, tumor.mean_radius_mm + s, bumps), wanted)
    return tumor, lambda center: Lobulated(_triple(center), tumor.mean_radius_mm + size, bumps)


def _size(tumor: Shape, zone_of: Callable[[float], Shape], wanted_mm: float) -> float:
    points = tumor.surface_points(icosphere(3)[0])
    low, high = -2.0, 40.0
    for _ in range(20):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if zone_of(middle).level(points).min() < wanted_mm else (low, middle)
    return high


def _normals(points: Float, faces: Int) -> Float:
    corners = points[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], across)
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def _outline_error(rng: np.random.Generator, errors: Errors) -> Callable[[Float], Float]:
    sd = errors.outline_error_mm
    whole = rng.normal() * sd * np.sqrt(OUTLINE_GLOBAL_SHARE)
    waves = rng.normal(size=(3, WAVES)) / OUTLINE_LENGTH_MM
    phases = rng.uniform(0.0, 2.0 * np.pi, WAVES)
    heights = rng.normal(size=WAVES) * sd * np.sqrt((1.0 - OUTLINE_GLOBAL_SHARE) * 2.0 / WAVES)
    return lambda points: whole + np.cos(points @ waves + phases) @ heights


def _rotation(vector: Float) -> Float:
    angle = float(np.linalg.norm(vector))
    if angle == 0:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross


def _triple(three: Float) -> tuple[float, float, float]:
    a, b, c = (float(x) for x in three)
    return a, b, c


@dataclass(frozen=True, slots=True)
class Row:
    """Coverage of the interval in one group of phantoms, beside two simpler intervals made from the same draws."""

    name: str
    phantoms: int
    covered: float
    truth_below: float
    truth_above: float
    width_mm: float
    percentiles_covered: float
    percentiles_width_mm: float
    reflected_covered: float


@dataclass(frozen=True, slots=True)
class _Result:
    kind: str
    eccentricity_mm: float
    truth_mm: float
    nominal_mm: float
    low_mm: float
    high_mm: float
    percentiles_mm: tuple[float, float]


def coverage_table(n: int, seed: int, *, jobs: int = 1) -> list[Row]:
    """Return a row for all phantoms, one per eccentricity, one per kind of shape, and two for others.

    Parameters
    ----------
    n : int
        Number of phantoms: eccentricities and shapes have equal shares. On top, a tenth as many are voxelized, and a
        tenth as many lie under a capsule.
    """
    few = max(n // OTHERS_SHARE, 1)
    with ProcessPoolExecutor(jobs) as pool:
        plain = list(pool.map(partial(_trial, seed, voxelized=False), range(n), chunksize=4))
        voxelized = list(pool.map(partial(_trial, seed, voxelized=True), range(n, n + few), chunksize=4))
        under_capsule = list(pool.map(partial(_trial_under_capsule, seed), range(n + few, n + 2 * few), chunksize=4))
    rows = [_row("all", plain)]
    for eccentricity in ECCENTRICITIES_MM:
        chosen = [r for r in plain if r.eccentricity_mm == eccentricity]
        rows.append(_row(f"eccentricity sd {eccentricity:g} mm", chosen))
    for kind in KINDS:
        rows.append(_row(kind, [r for r in plain if r.kind == kind]))
    rows.append(_row(f"through {VOXELS_MM:g} mm voxels", voxelized))
    return [*rows, _row("under the capsule", under_capsule)]


def _trial(seed: int, number: int, *, voxelized: bool) -> _Result:
    rng = np.random.default_rng([seed, number])
    kind = KINDS[number % len(KINDS)]
    eccentricity = ECCENTRICITIES_MM[number // len(KINDS) % len(ECCENTRICITIES_MM)]
    errors = Errors(discretization_error_mm=discretization_error_mm(VOXELS_MM) if voxelized else 0.0)
    return _result(draw_scene(rng, kind, eccentricity, errors, voxelized=voxelized), errors, rng)


def _trial_under_capsule(seed: int, number: int) -> _Result:
    rng, errors = np.random.default_rng([seed, number]), Errors(discretization_error_mm=0.0)
    eccentricity = ECCENTRICITIES_MM[number % len(ECCENTRICITIES_MM)]
    return _result(draw_scene_under_capsule(rng, eccentricity, errors), errors, rng)


def _result(scene: Scene, errors: Errors, rng: np.random.Generator) -> _Result:
    # Threads of a BLAS that wait for each other make small matrix products many times slower.
    with threadpool_limits(1, "blas"):
        interval = margin_interval(scene.tumor, scene.zone, scene.margin, organ=scene.organ, errors=errors, rng=rng)
    assert interval is not None
    low, high = (float(end) for end in np.percentile(interval.draws_mm, [5.0, 95.0]))
    return _Result(
        kind=scene.kind,
        eccentricity_mm=scene.eccentricity_mm,
        truth_mm=scene.true_margin_mm,
        nominal_mm=interval.nominal_mm,
        low_mm=interval.low_mm,
        high_mm=interval.high_mm,
        percentiles_mm=(low, high),
    )


def _row(name: str, results: Sequence[_Result]) -> Row:
    truth = np.array([r.truth_mm for r in results])
    low = np.array([r.low_mm for r in results])
    high = np.array([r.high_mm for r in results])
    nominal = np.array([r.nominal_mm for r in results])
    plain = np.array([r.percentiles_mm for r in results]).reshape(-1, 2)
    back = 2.0 * nominal[:, None] - plain[:, ::-1]
    return Row(
        name=name,
        phantoms=len(results),
        covered=float(((low <= truth) & (truth <= high)).mean()),
        truth_below=float((truth < low).mean()),
        truth_above=float((truth > high).mean()),
        width_mm=float((high - low).mean()),
        percentiles_covered=float(((plain[:, 0] <= truth) & (truth <= plain[:, 1])).mean()),
        percentiles_width_mm=float((plain[:, 1] - plain[:, 0]).mean()),
        reflected_covered=float(((back[:, 0] <= truth) & (truth <= back[:, 1])).mean()),
    )


def print_coverage(n: int, *, seed: int, jobs: int) -> bool:
    """Print the table; return whether the coverage is what it must be."""
    start = time.perf_counter()
    rows = coverage_table(n, seed, jobs=jobs)
    low, high, least = LIMITS
    print(f"Coverage of the 90 % interval for the margin under true alignment (seed {seed}); wanted: {low:.0%} to "
          f"{high:.0%} of all, at least {least:.0%} in a row")  # fmt: skip
    print(f"{'':24s} {'n':>4s} {'covered':>8s} {'below':>6s} {'above':>6s} {'width':>8s} | "
          f"{'percentiles':>17s} | {'reflected':>9s}")  # fmt: skip
    for row in rows:
        print(f"{row.name:24s} {row.phantoms:4d} {row.covered:8.1%} {row.truth_below:6.1%} {row.truth_above:6.1%} "
              f"{row.width_mm:5.2f} mm | {row.percentiles_covered:6.1%}, {row.percentiles_width_mm:5.2f} mm | "
              f"{row.reflected_covered:9.1%}")  # fmt: skip
    print(f"{time.perf_counter() - start:.0f} s")
    by_eccentricity = rows[1 : 1 + len(ECCENTRICITIES_MM)]
    return low <= rows[0].covered <= high and all(row.covered >= least for row in by_eccentricity)
