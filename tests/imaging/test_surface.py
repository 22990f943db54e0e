"""Surfaces have the area and place of the shapes they were made from; regions cut each other as sets do."""

from __future__ import annotations

import numpy as np
import pytest

from isotherm.imaging.parts import Parts
from isotherm.imaging.phantom import Sphere, rasterize
from isotherm.imaging.surface import NOTHING, Region, Surface, both, clipped, either, field_of
from isotherm.imaging.volume import Grid, Mask

GRID = Grid((60, 60, 70), (1.0, 1.0, 1.0))


def ball(x: float, radius: float) -> Region:
    return Region.of_field(field_of(rasterize(Sphere((x, 30.0, 30.0), radius), GRID, of="ablation")))


def area(region: Region) -> float:
    return float(Surface.from_corners(region.boundary).areas_mm2.sum())


def test_a_ball_has_the_area_of_a_sphere() -> None:
    assert area(ball(30.0, 10.0)) == pytest.approx(4 * np.pi * 100.0, rel=0.02)


def test_two_balls_cut_each_other_along_a_circle() -> None:
    one, other = ball(26.0, 10.0), ball(38.0, 10.0)
    # Centers 12 mm apart: each sphere lies with a cap of height 4 mm in the other.
    lens = 2 * (2 * np.pi * 10.0 * 4.0)
    assert area(both(one, other)) == pytest.approx(lens, rel=0.03)
    assert area(either([one, other])) == pytest.approx(2 * 4 * np.pi * 100.0 - lens, rel=0.03)


def test_a_set_and_what_is_outside_of_it_share_their_surface() -> None:
    region = ball(30.0, 8.0)
    points = np.array([[30.0, 30.0, 30.0], [45.0, 30.0, 30.0]])
    assert (region.outside().at(points) == -region.at(points)).all()
    assert area(region.outside()) == area(region)


def test_nothing_joined_with_something_is_this_thing() -> None:
    region = ball(30.0, 8.0)
    assert area(either([NOTHING, region])) == area(region)
    assert either([]).empty


def test_a_triangle_is_cut_in_proportion() -> None:
    triangle = np.array([[[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [0.0, 4.0, 0.0]]])
    for x, expected in ((1.0, 4.5), (3.0, 0.5), (-1.0, 8.0), (5.0, 0.0)):
        kept = clipped(triangle, lambda p, x=x: p[:, 0] - x)
        edges = kept[:, 1:] - kept[:, :1]
        assert 0.5 * np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1).sum() == pytest.approx(expected)


def test_parts_of_a_mask_come_whole_or_not_at_all() -> None:
    two = rasterize(Sphere((15.0, 30.0, 30.0), 6.0), GRID, of="ablation").inside | rasterize(
        Sphere((50.0, 30.0, 30.0), 9.0), GRID, of="ablation").inside  # fmt: skip
    parts = Parts.of(Mask(two, GRID, "ablation"))
    assert parts is not None
    near = parts.near(np.array([[15.0, 30.0, 30.0]]), reach_mm=10.0)
    assert near is not None
    assert near.volume_ml == pytest.approx(4 / 3 * np.pi * 0.216, rel=0.03)
    both_parts = parts.near(np.array([[15.0, 30.0, 30.0]]), reach_mm=30.0)
    assert both_parts is not None
    assert both_parts.voxels.sum() == two.sum()
    assert parts.near(np.array([[15.0, 30.0, 200.0]]), reach_mm=10.0) is None


def test_an_empty_mask_has_no_parts() -> None:
    assert Parts.of(Mask(np.zeros((4, 4, 4), dtype=bool), Grid((4, 4, 4), (1.0, 1.0, 1.0)), "ablation")) is None
