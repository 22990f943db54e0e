"""Every figure can be read at its printed size, is the same in every run, and needs nothing from outside."""

# ruff: noqa: RUF001 (the report writes true minus and times signs)

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from isotherm.app import figures
from isotherm.app.assessment import LesionView
from isotherm.app.figures import Drawing, draw
from isotherm.app.figures_histogram import histogram, ruler
from isotherm.app.figures_map import margin_map
from isotherm.app.figures_slices import gray_window, middle_lps_mm, planes_of, slices
from isotherm.imaging.volume import Volume
from tests.app.made_up import made_up_assessment

XLINK = "{http://www.w3.org/1999/xlink}href"


def drawings(*, images: bool = True) -> list[Drawing]:
    views = made_up_assessment(images=images).lesions
    made = [planes(view) for view in views]
    for view in views:
        if view.margin is not None:
            made += [histogram(view.margin), margin_map(view.margin, middle_lps_mm(view), number="≤ 7.3 mm")]
    made.append(ruler(margin_mm=-0.6, bound="", interval_mm=(-2.5, 0.8), range_mm=(-4.0, 12.0)))
    return made


def planes(view: LesionView, number: str | None = "−0.6 mm") -> Drawing:
    return slices(view, middle_lps_mm(view), number=number, organ_name="liver", pixel_mm=0.5)


def images_in(drawing: Drawing) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for element in ElementTree.fromstring(drawing.svg).iter("{http://www.w3.org/2000/svg}image"):
        content = element.attrib[XLINK].partition("base64,")[2]
        found.append(np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("L")))
    return found


@pytest.mark.parametrize("images", [True, False])
def test_no_letter_is_smaller_than_eight_points_on_a4(images: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[float] = []

    def measured(figure: Figure, *args: object, **kwargs: object) -> None:
        sizes.extend(
            float(text.get_fontsize()) for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()
        )

    monkeypatch.setattr(Figure, "savefig", measured)
    drawings(images=images)

    assert len(sizes) > 50
    assert min(sizes) >= 8.0


def test_figures_are_as_wide_as_the_text_of_an_a4_page() -> None:
    width = float(re.search(rb'width="([\d.]+)pt"', planes(made_up_assessment().lesions[0]).svg)[1])  # type: ignore[index]

    assert width == pytest.approx(180.0 / 25.4 * 72.0, abs=0.01)


@pytest.mark.parametrize("images", [True, False])
def test_figures_refer_to_nothing_outside_of_themselves(images: bool) -> None:
    for drawing in drawings(images=images):
        for element in ElementTree.fromstring(drawing.svg).iter():
            reference = element.attrib.get(XLINK, element.attrib.get("href", "#"))
            assert reference.startswith(("#", "data:image/png;base64,"))


def test_the_same_figure_has_the_same_bytes() -> None:
    view = made_up_assessment().lesions[0]

    assert planes(view).svg == planes(view).svg


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    before = dict(figures.matplotlib.rcParams)

    draw(lambda figure: None, height_in=1.0, description="nothing")

    assert dict(figures.matplotlib.rcParams) == before


def test_before_and_after_are_both_shown_where_both_are_given() -> None:
    with_both, with_none = made_up_assessment(), made_up_assessment(images=False)

    assert len(images_in(planes(with_both.lesions[0]))) == 6
    assert len(images_in(planes(with_none.lesions[0]))) == 0
    assert "Masks only" in planes(with_none.lesions[0]).description


@pytest.mark.parametrize(
    ("panel", "brighter_toward_lps", "axis", "grows"),
    [(0, (-1, 0, 0), 1, False), (0, (0, 1, 0), 0, False), (1, (-1, 0, 0), 1, False), (1, (0, 0, 1), 0, True),
     (2, (0, 1, 0), 1, True), (2, (0, 0, 1), 0, True)],
)  # fmt: skip
def test_the_picture_has_the_patient_the_right_way_round(
    panel: int, brighter_toward_lps: tuple[float, ...], axis: int, grows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = made_up_assessment().lesions[1]
    assert view.image is not None
    grid = view.image.grid
    places = grid.centers_lps_mm() - grid.to_lps([[44, 48, 48]])
    ramp = Volume((60.0 + 2.0 * places @ np.array(brighter_toward_lps)).reshape(grid.shape_kji), grid)
    shown: list[np.ndarray] = []

    def kept(figure: Figure, *args: object, **kwargs: object) -> None:
        shown.extend(np.asarray(axes.images[0].get_array(), dtype=float) for axes in figure.axes)

    monkeypatch.setattr(Figure, "savefig", kept)
    planes(replace(view, image=ramp, image_before=None))

    # Rows run from the bottom of the picture, columns from its left.
    along = shown[panel].mean(axis=1 - axis)
    assert bool(along[-1] > along[0]) is grows


def test_planes_go_through_the_place_and_have_one_size() -> None:
    view = made_up_assessment().lesions[0]
    place = (-78.7, -4.5, 48.5)

    shown = planes_of(view, place)

    assert [plane.name for plane in shown] == ["axial", "coronal", "sagittal"]
    assert len({plane.half_mm for plane in shown}) == 1
    for plane in shown:
        right, up, toward = plane.to_picture([place])[0]
        assert toward == pytest.approx(0.0)
        assert max(abs(right), abs(up)) < plane.half_mm


def test_a_place_far_from_the_rest_is_still_inside_the_picture() -> None:
    view = made_up_assessment().lesions[0]

    for plane in planes_of(view, (-300.0, 0.0, 0.0)):
        right, up, _ = plane.to_picture([(-300.0, 0.0, 0.0)])[0]
        assert max(abs(right), abs(up)) <= plane.half_mm


@pytest.mark.parametrize(("organ", "window"), [("liver", (-120.0, 240.0)), ("lung", (-1350.0, 150.0))])
def test_ct_is_shown_in_the_window_of_its_organ(organ: str, window: tuple[float, float]) -> None:
    image = made_up_assessment().lesions[0].image
    assert image is not None

    assert gray_window(image, organ) == window


def test_an_image_without_contrast_has_a_window_nevertheless() -> None:
    image = made_up_assessment().lesions[0].image
    assert image is not None
    flat = Volume(np.full(image.grid.shape_kji, 3.0), image.grid, unit="a.u.")

    low, high = gray_window(flat, "liver")

    assert low < high


def test_the_histogram_gives_each_class_its_share_of_the_area(monkeypatch: pytest.MonkeyPatch) -> None:
    margin = made_up_assessment().lesions[0].margin
    assert margin is not None
    heights: list[tuple[float, float]] = []

    def measured(figure: Figure, *args: object, **kwargs: object) -> None:
        heights.extend((bar.get_x(), bar.get_height()) for bar in figure.axes[0].patches[::2])  # type: ignore[attr-defined]

    monkeypatch.setattr(Figure, "savefig", measured)
    histogram(margin)

    below = sum(height for start, height in heights if start < 0.0)
    share = margin.areas_mm2[margin.distances_mm < 0.0].sum() / margin.areas_mm2.sum()
    assert sum(height for _, height in heights) == pytest.approx(100.0)
    assert below == pytest.approx(100.0 * share)
