"""What two images say about a field in place: a known shift, stripes that say nothing along their course, and noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from isotherm.imaging.geometry import Float
from isotherm.imaging.register_itk import Side
from isotherm.imaging.register_pull import Places, Pull
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Grid, Volume

GRID = Grid((36, 36, 36), (2.0, 2.0, 2.0), (-35.0, -35.0, -35.0))
SHIFT_MM = np.array([0.4, -0.3, 0.2])


def blobs(places: Float) -> Float:
    texture = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=GRID.shape_kji), 2.0)
    return 40.0 * ndimage.map_coordinates(texture / texture.std(), GRID.to_kji(places).T, order=3, mode="mirror")


def stripes(places: Float) -> Float:
    return 40.0 * np.sin(places[:, 0] / 3.0)


def side(values: Float, *, seed: int, noise: float = 4.0, allowed: bool = True) -> Side:
    values = 60.0 + values + np.random.default_rng(seed).normal(scale=noise, size=len(values))
    image = Volume(values.astype(np.float32).reshape(GRID.shape_kji), GRID)
    return Side(image, np.full(GRID.shape_kji, allowed))


def pulled(fixed: Side, moving: Side) -> Pull:
    places = Places(fixed, moving, Transform(), np.zeros(3), 22.0)
    return places.pull(np.zeros_like(places.lps_mm))


def answer_mm(pull: Pull) -> Float:
    return np.linalg.solve(pull.precision.sum(axis=0), pull.force.sum(axis=0))


@pytest.mark.parametrize("contrast", [1.0, 0.5, 2.0])
def test_a_small_shift_is_found_whatever_the_contrast(contrast: float) -> None:
    here = GRID.centers_lps_mm()
    pull = pulled(side(blobs(here), seed=1), side(contrast * blobs(here - SHIFT_MM), seed=2))
    assert answer_mm(pull) == pytest.approx(SHIFT_MM, abs=0.1)


def test_stripes_say_where_they_are_across_and_nothing_along() -> None:
    here = GRID.centers_lps_mm()
    pull = pulled(side(stripes(here), seed=1), side(stripes(here - SHIFT_MM), seed=2))
    across, *along = np.diag(pull.precision.sum(axis=0))
    assert max(along) < 0.02 * across


def test_noise_alone_is_hardly_believed() -> None:
    here = GRID.centers_lps_mm()
    some = pulled(side(blobs(here), seed=1), side(blobs(here), seed=2))
    none = pulled(side(0.0 * blobs(here), seed=1), side(0.0 * blobs(here), seed=2))
    assert np.trace(none.precision.sum(axis=0)) < 0.05 * np.trace(some.precision.sum(axis=0))


def test_the_mirror_image_of_a_contrast_pulls_nowhere() -> None:
    here = GRID.centers_lps_mm()
    pull = pulled(side(blobs(here), seed=1, noise=0.5), side(-blobs(here), seed=2, noise=0.5))
    assert np.abs(pull.force).max() == pytest.approx(0.0, abs=1e-6)


def test_what_no_mask_lets_see_says_nothing() -> None:
    here = GRID.centers_lps_mm()
    pull = pulled(side(blobs(here), seed=1, allowed=False), side(blobs(here), seed=2))
    assert not pull.precision.any()
    assert not pull.force.any()


def test_cells_that_are_left_out_have_no_say_and_noise_has_the_size_it_is_said_to_have() -> None:
    here = GRID.centers_lps_mm()
    pull = pulled(side(blobs(here), seed=1), side(blobs(here), seed=2))
    half = np.arange(len(pull.force)) % 2 == 0
    assert not pull.of(half).force[~half].any()
    assert pull.of(half).precision[half] == pytest.approx(pull.precision[half])
    rng = np.random.default_rng(3)
    drawn = np.stack([pull.drawn_force(rng) for _ in range(400)])
    sure = np.trace(pull.precision, axis1=1, axis2=2).argmax()
    assert np.cov(drawn[:, sure].T) == pytest.approx(
        pull.precision[sure], rel=0.4, abs=0.15 * pull.precision[sure].max()
    )
