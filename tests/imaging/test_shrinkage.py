"""A contraction that is said to have happened is undone to the volume that was said, and the result says so."""

from __future__ import annotations

import numpy as np
import pytest

from isotherm.errors import BadSetting
from isotherm.imaging.margin import measure
from isotherm.imaging.phantom import Ellipsoid, Sphere, rasterize
from isotherm.imaging.shrinkage import Shrinkage, Way, undone
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.volume import Grid, Mask

GRID = Grid((60, 64, 68), (1.2, 1.0, 1.0), (-35.0, -30.0, -36.0))
WAYS: tuple[Way, ...] = ("scale", "offset")


def ball(radius_mm: float) -> Mask:
    return rasterize(Sphere((0.3, 0.2, -0.4), radius_mm), GRID, of="ablation")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lost", [0.1, 0.3, 0.5])
def test_a_ball_grows_to_the_volume_and_the_radius_that_were_said(lost: float, way: Way) -> None:
    found = undone(ball(12.0), Shrinkage(lost, way))
    grown_mm = 12.0 * (1.0 - lost) ** (-1.0 / 3.0)

    assert found.assumed_ml == pytest.approx(found.seen_ml / (1.0 - lost), rel=0.005)
    assert found.zone.volume_ml == found.assumed_ml
    assert found.outward_mm == pytest.approx(grown_mm - 12.0, abs=0.1)
    surface = field_of(found.zone.cropped()).boundary().reshape(-1, 3)
    away = np.linalg.norm(surface - np.array([0.3, 0.2, -0.4]), axis=1)
    assert away.mean() == pytest.approx(grown_mm, abs=0.1)
    assert away.std() < 0.15


def test_the_margin_of_a_concentric_tumor_grows_by_what_the_surface_moved() -> None:
    tumor = Region.of_field(field_of(rasterize(Sphere((0.3, 0.2, -0.4), 6.0), GRID, of="tumor").cropped()))
    zone = ball(12.0)
    found = undone(zone, Shrinkage(0.3))
    margins = [
        float(measure(tumor, Region.of_field(field_of(one.cropped()))).unrestricted_mm.min())
        for one in (zone, found.zone)
    ]
    assert margins[1] - margins[0] == pytest.approx(found.outward_mm, abs=0.15)


def test_an_offset_is_the_same_everywhere_and_a_scale_keeps_the_shape() -> None:
    zone = rasterize(Ellipsoid((0.0, 0.0, 0.0), (8.0, 12.0, 18.0)), GRID, of="ablation")

    def axes(mask: Mask) -> np.ndarray:
        surface = field_of(mask.cropped()).boundary().reshape(-1, 3)
        return np.abs(surface).max(axis=0)

    scaled, offset = (axes(undone(zone, Shrinkage(0.3, way)).zone) for way in WAYS)
    assert scaled / axes(zone) == pytest.approx(np.full(3, 0.7 ** (-1 / 3)), abs=0.02)
    assert np.ptp(offset - axes(zone)) < 0.35


def test_a_zone_at_the_edge_of_its_image_grows_beyond_it() -> None:
    cut = Mask(np.ones((10, 10, 10), dtype=bool), Grid((10, 10, 10), (2.0, 2.0, 2.0)), "ablation")
    for way in WAYS:
        found = undone(cut, Shrinkage(0.2, way))
        assert found.zone.volume_ml == pytest.approx(10.0, rel=0.01)


def test_the_sentence_says_what_was_assumed() -> None:
    said = undone(ball(12.0), Shrinkage(0.25)).says
    assert "25 % of its volume" in said
    assert "assumption" in said
    assert "\n" not in said


def test_no_zone_stays_no_zone() -> None:
    nothing = Mask(np.zeros(GRID.shape_kji, dtype=bool), GRID, "ablation")
    found = undone(nothing, Shrinkage(0.2))
    assert found.zone is nothing
    assert found.outward_mm == 0.0


@pytest.mark.parametrize("lost", [0.0, -0.1, 0.51, 20.0, np.nan, np.inf])
def test_a_share_that_is_none_is_refused(lost: float) -> None:
    with pytest.raises(BadSetting, match=r"such as 0\.2"):
        Shrinkage(lost)


def test_another_way_is_refused() -> None:
    with pytest.raises(BadSetting, match="'scale' or by 'offset'"):
        Shrinkage(0.2, "guess")  # pyright: ignore[reportArgumentType]
