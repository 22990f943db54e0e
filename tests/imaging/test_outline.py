"""An outline holds the lesion and nothing else, says how sure it is, bends no margin, and is refused where it leaks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from isotherm.errors import BadSetting, ImplausibleMask, InputError, OutlineLeaks
from isotherm.imaging.margin import measure
from isotherm.imaging.outline import Outline, outline_lesion
from isotherm.imaging.outline_fit import distance_mm, evened
from isotherm.imaging.outline_mask import probability_of, shares_of
from isotherm.imaging.outline_start import Seeds, What
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.volume import Grid, Mask, Volume

MIDDLE = np.array([3.0, -2.0, 41.0])
RADIUS_MM = 9.0
VOLUME_ML = 4.0 / 3.0 * np.pi * RADIUS_MM**3 / 1000.0
TO_LEFT = np.array([1.0, 0.0, 0.0])
LINE = np.array([MIDDLE - RADIUS_MM * TO_LEFT, MIDDLE + RADIUS_MM * TO_LEFT])


def around(spacing_kji_mm: tuple[float, float, float], rotation: np.ndarray | None = None) -> Grid:
    """A grid of some 56 mm around the middle."""
    k, j, i = (int(56.0 / s) for s in spacing_kji_mm)
    direction = (np.eye(3) if rotation is None else rotation) @ np.eye(3)[::-1]
    corner = MIDDLE - direction @ (0.5 * np.array([k - 1, j - 1, i - 1]) * spacing_kji_mm)
    return Grid((k, j, i), spacing_kji_mm, tuple(corner.tolist()), direction)


def scan(grid: Grid, *, inside: float = 65.0, outside: float = 105.0, noise: float = 10.0, radius_mm: float = RADIUS_MM,
         seed: int = 0) -> Volume:  # fmt: skip
    """A ball in noise, its edge faded over 2 mm."""
    away = np.linalg.norm(grid.centers_lps_mm() - MIDDLE, axis=1).reshape(grid.shape_kji)
    share = np.clip(0.5 + (radius_mm - away) / 2.0, 0.0, 1.0)
    rough = np.random.default_rng(seed).normal(scale=noise, size=grid.shape_kji)
    return Volume((outside + (inside - outside) * share + rough).astype(np.float32), grid)


def outlined(image: Volume, *, lines: tuple[np.ndarray, ...] = (LINE,), what: What = "tumor",
             organ: Mask | None = None) -> Outline:  # fmt: skip
    return outline_lesion(image, Seeds(MIDDLE + 1.0, lines), what=what, organ=organ)


@pytest.mark.parametrize("spacing", [(1.0, 0.8, 0.8), (2.5, 0.8, 0.8), (1.5, 1.5, 1.5)])
def test_the_volume_of_a_ball_in_noise_is_right_to_a_twentieth(spacing: tuple[float, float, float]) -> None:
    assert outlined(scan(around(spacing))).volume_ml == pytest.approx(VOLUME_ML, rel=0.05)


def test_a_lesion_brighter_than_its_surroundings_is_outlined_alike() -> None:
    found = outlined(scan(around((1.5, 1.0, 1.0)), inside=150.0))
    assert found.volume_ml == pytest.approx(VOLUME_ML, rel=0.05)
    assert found.levels.contrast > 0


@pytest.mark.parametrize("rotation", [Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix(),
                                      np.diag([-1.0, 1.0, -1.0])], ids=["oblique", "turned"])  # fmt: skip
def test_the_grids_own_direction_changes_little(rotation: np.ndarray) -> None:
    assert outlined(scan(around((1.5, 1.0, 1.0), rotation))).volume_ml == pytest.approx(VOLUME_ML, rel=0.05)


def test_more_noise_makes_the_outline_less_sure() -> None:
    errors = [outlined(scan(around((1.5, 1.0, 1.0)), noise=noise)).error_mm for noise in (3.0, 10.0, 18.0)]
    assert errors == sorted(errors)
    assert 0.0 < errors[0] < errors[2] < 3.0


def test_the_same_image_and_seeds_give_the_same_outline() -> None:
    image = scan(around((1.5, 1.0, 1.0)))
    one, other = outlined(image), outlined(image)
    assert np.array_equal(one.mask.voxels, other.mask.voxels)
    assert one.error_mm == other.error_mm


def test_a_zone_with_a_bright_middle_is_filled() -> None:
    image = scan(around((1.5, 1.0, 1.0)), inside=45.0, radius_mm=14.0)
    away = np.linalg.norm(image.grid.centers_lps_mm() - MIDDLE, axis=1).reshape(image.grid.shape_kji)
    bright = Volume(image.voxels + np.where(away < 4.0, 60.0, 0.0).astype(np.float32), image.grid)
    found = outlined(bright, lines=(MIDDLE + (LINE - MIDDLE) * 14.0 / 9.0,), what="zone")
    assert found.volume_ml == pytest.approx(4.0 / 3.0 * np.pi * 14.0**3 / 1000.0, rel=0.05)
    assert found.mask.of == "ablation"


def test_the_outline_ends_at_the_organ() -> None:
    grid = around((1.5, 1.0, 1.0))
    places = grid.centers_lps_mm()
    organ = Mask((places[:, 0] < MIDDLE[0] + 3.0).reshape(grid.shape_kji), grid, "organ")
    image = scan(grid)
    fat = Volume(np.where(organ.inside, image.voxels, -100.0).astype(np.float32), grid)
    line = np.array([MIDDLE - [0.0, 9.0, 0.0], MIDDLE + np.array([0.0, 9.0, 0.0])])
    found = outline_lesion(fat, Seeds(MIDDLE - 2.0 * TO_LEFT, (line,)),
                           what="tumor", organ=organ)  # fmt: skip
    h = RADIUS_MM - 3.0
    cap_ml = np.pi * h**2 * (3 * RADIUS_MM - h) / 3.0 / 1000.0
    assert not (found.mask.inside & ~organ.inside).any()
    assert found.volume_ml == pytest.approx(VOLUME_ML - cap_ml, rel=0.1)


class TestTheMaskBendsNoMargin:
    """Balls drawn from a level set, as `outline_lesion` draws: the margin between them is known on paper."""

    @staticmethod
    def drawn(grid: Grid, center: np.ndarray, radius_mm: float, *, probability: bool = False) -> Mask:
        fine = Grid((61, 61, 61), (1.0, 1.0, 1.0), tuple((MIDDLE - 30.0).tolist()))
        level = radius_mm - np.linalg.norm(fine.centers_lps_mm() - center, axis=1).reshape(fine.shape_kji)
        if probability:
            return Mask(probability_of(level, fine, grid, 1.0), grid, "tumor")
        return Mask(shares_of(level, fine, grid).astype(np.float32), grid, "tumor")

    @staticmethod
    def margin(tumor: Mask, zone: Mask) -> float:
        return measure(Region.of_field(field_of(tumor)), Region.of_field(field_of(zone))).minimal_mm

    @pytest.mark.parametrize("spacing", [(0.8, 0.8, 0.8), (1.5, 1.0, 1.0), (2.5, 0.8, 0.8), (5.0, 0.8, 0.8)])
    def test_on_thin_and_on_thick_slices(self, spacing: tuple[float, float, float]) -> None:
        off: list[float] = []
        for number in range(4):
            rng = np.random.default_rng(number)
            grid = around(spacing)
            center = MIDDLE + rng.uniform(-0.5, 0.5, 3) * spacing[::-1]
            away = rng.normal(size=3)
            away *= 2.0 / np.linalg.norm(away)
            off.append(self.margin(self.drawn(grid, center, 9.0), self.drawn(grid, center + away, 15.0)) - 4.0)
        assert abs(float(np.mean(off))) < 0.05
        assert max(map(abs, off)) < 0.1

    def test_a_probability_is_a_half_on_the_outline_and_fades_with_the_error(self) -> None:
        grid = around((1.0, 1.0, 1.0))
        chance = self.drawn(grid, MIDDLE, 9.0, probability=True).voxels
        away = np.linalg.norm(grid.centers_lps_mm() - MIDDLE, axis=1).reshape(grid.shape_kji)
        assert np.abs(chance[np.abs(away - 9.0) < 0.1] - 0.5).max() < 0.08
        assert chance[np.abs(away - 10.0) < 0.1].mean() == pytest.approx(0.159, abs=0.03)
        assert chance[away > 12.0].max() == 0.0


class TestLeaks:
    def test_a_bridge_to_the_end_of_the_image_part_that_was_searched_is_told_with_its_direction(self) -> None:
        image = scan(around((1.5, 1.0, 1.0)))
        places = image.grid.centers_lps_mm() - MIDDLE
        bridge = (np.linalg.norm(places[:, 1:], axis=1) < 6.0) & (places[:, 0] > 0)
        leaky = Volume(
            np.where(bridge.reshape(image.grid.shape_kji), 65.0, image.voxels).astype(np.float32), image.grid
        )
        with pytest.raises(OutlineLeaks, match="leaks to left"):
            outlined(leaky)

    def test_a_lesion_much_longer_than_its_line(self) -> None:
        short = MIDDLE + 0.45 * (LINE - MIDDLE)
        with pytest.raises(OutlineLeaks, match=r"beyond the end of the line|a ball as wide as the line"):
            outlined(scan(around((1.5, 1.0, 1.0))), lines=(short,))

    def test_a_lesion_that_the_image_cuts(self) -> None:
        image = scan(around((1.5, 1.0, 1.0)))
        half = Volume(image.voxels[:20], image.grid.window((0, 0, 0), (20, *image.grid.shape_kji[1:])))
        with pytest.raises(OutlineLeaks, match="cranial to where the image ends"):
            outlined(half)

    def test_without_the_organ_a_lesion_beside_fat_is_not_guessed_at(self) -> None:
        image = scan(around((1.5, 1.0, 1.0)))
        fat = (image.grid.centers_lps_mm()[:, 0] > MIDDLE[0] + 3.0).reshape(image.grid.shape_kji)
        beside = Volume(np.where(fat, -100.0, image.voxels).astype(np.float32), image.grid)
        line = np.array([MIDDLE - [0.0, 9.0, 0.0], MIDDLE + np.array([0.0, 9.0, 0.0])])
        with pytest.raises(OutlineLeaks, match="give --organ"):
            outline_lesion(beside, Seeds(MIDDLE - 2.0 * TO_LEFT, (line,)), what="tumor")

    def test_everything_of_one_value(self) -> None:
        with pytest.raises(InputError):
            outlined(scan(around((1.5, 1.0, 1.0)), inside=105.0))

    def test_nothing_but_one_number(self) -> None:
        grid = around((1.5, 1.0, 1.0))
        with pytest.raises(ImplausibleMask):
            outlined(Volume(np.zeros(grid.shape_kji, dtype=np.int16), grid))

    def test_faint_beside_its_noise(self) -> None:
        with pytest.raises(InputError):
            outlined(scan(around((1.5, 1.0, 1.0)), inside=95.0, noise=40.0))


class TestWhatIsShown:
    @pytest.mark.parametrize("seed", [[900.0, 0, 0], [np.nan, 0, 0], [np.inf, 0, 0]])
    def test_a_place_outside_of_the_image_or_of_all_numbers(self, seed: list[float]) -> None:
        with pytest.raises(BadSetting):
            outline_lesion(scan(around((1.5, 1.0, 1.0))), Seeds(np.array(seed)), what="tumor")

    @pytest.mark.parametrize("length_mm", [0.0, 1.0, 400.0])
    def test_a_line_of_no_use(self, length_mm: float) -> None:
        with pytest.raises(BadSetting, match="line"):
            Seeds(MIDDLE, (np.array([MIDDLE, MIDDLE + length_mm * TO_LEFT]),))

    def test_a_place_outside_of_the_organ(self) -> None:
        image = scan(around((1.5, 1.0, 1.0)))
        with pytest.raises(BadSetting, match="organ"):
            outlined(image, organ=Mask(np.zeros(image.grid.shape_kji, dtype=bool), image.grid, "organ"))


def test_distances_of_a_level_set_are_made_even_and_its_zero_stays() -> None:
    grid = Grid((31, 31, 31), (1.0, 1.0, 1.0))
    level = 9.3 - np.linalg.norm(grid.centers_lps_mm() - 15.0, axis=1).reshape(grid.shape_kji)
    again = evened(2.0 * level, 1.0)
    near = np.abs(level) < 1.0
    assert np.abs(again - level)[near].max() < 0.3
    assert ((again > 0) == (level > 0)).all()
    assert (
        np.abs(distance_mm(level > 0, 1.0) - level)[ndimage.binary_erosion(np.ones_like(near), iterations=2)].max()
        < 1.0
    )
