"""Figures of a study: nothing clipped, nothing too small, the same bytes, told apart without color."""

# ruff: noqa: RUF001 (the report writes true signs)

from __future__ import annotations

import io
import math
from collections.abc import Callable
from itertools import pairwise

import matplotlib.image
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from isotherm.app.figures import Drawing
from isotherm.app.palette import rgb
from isotherm.app.study_figures import (
    ARM_LOOKS,
    MOST_HEIGHT_PT,
    PNG_DPI,
    TYPE_PT,
    WIDTH_PT,
    look,
    on_pages,
    width_of,
    wrapped,
)
from isotherm.app.study_figures_curves import ArmCurve, CurveWords, survival_curves
from isotherm.app.study_figures_flow import FlowBox, flow_diagram
from isotherm.app.study_figures_forest import ForestRow, ForestWords, effect_axis, estimate_ruler, forest_plots
from isotherm.app.study_figures_love import LovePoint, love_plots
from isotherm.app.study_figures_overlap import ArmScores, overlap_plot

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft and $x_1$ {braces} <b>"
SHORT = ("Chemotherapy", "None")


def km(labels: tuple[str, ...] = SHORT, *, naive: bool = True, words: str = "Overall survival") -> Drawing:
    curves = [curve(k, label, adjusted=adjusted) for adjusted in (True, *([False] if naive else []))
              for k, label in enumerate(labels)]  # fmt: skip
    around = CurveWords(
        endpoint=words, unit="patient", since="resection", time_unit="months", interval="95 % interval, log-log"
    )
    return survival_curves(curves, np.arange(0.0, 61.0, 12.0), around)


def curve(arm: int, label: str, *, adjusted: bool = True) -> ArmCurve:
    times = np.array([3.0, 10.0, 31.0, 48.0]) + arm
    share = np.array([0.9, 0.8, 0.5, 0.3])
    return ArmCurve(arm=arm, label=label, adjusted=adjusted, times=times, survival=share, low=share - 0.1,
                    high=np.array([0.95, 0.9, np.nan, np.nan]), censored=np.array([1.0, 31.0 + arm, 60.0]), end=60.0,
                    at_risk=("100", "80.5", "–", "40", "20", "0"))  # fmt: skip


def love(label: str = "Age") -> Drawing:
    points = [LovePoint(label, -0.4, 0.01), LovePoint("Sex: female", None, None), LovePoint("Lung", 0.2, math.inf),
              LovePoint("Nodes", None, 0.05)]  # fmt: skip
    return love_plots(points, denominator="SD of all units, weighted", threshold=0.1)[0]


def overlap(label: str = "Chemotherapy") -> Drawing:
    arms = [ArmScores(label, np.array([0.0, 4.0, 9.0, 1.0]), np.array([0.0, 2.0, 3.0, 0.2])),
            ArmScores("None", np.array([1.0, 8.0, 3.0, 0.0]))]  # fmt: skip
    return overlap_plot(np.linspace(0.0, 1.0, 5), arms, treated=label)


def forest(label: str = "Sex", *, high: float = 2.1) -> Drawing:
    rows = [
        ForestRow(label="All", count="98 / 197", estimate=1.3, low=0.8, high=high, printed="1.30 (0.80 to 2.10)",
                  strong=True),
        ForestRow(label=label, heading=True, p_interaction="0.41"),
        ForestRow(label=label, count="0 / 9", printed=f"not estimated: {label}"),
    ]  # fmt: skip
    words = ForestWords(
        measure="hazard ratio", unit="log scale (a ratio, no unit)", level="95 %", ratio=True,
        lower_means=f"lower hazard with {label}", higher_means=f"higher hazard with {label}",
    )  # fmt: skip
    return forest_plots(rows, words, description="Forest plot.")[0]


def differences() -> Drawing:
    rows = [
        ForestRow(label="All", estimate=-4.0, low=-math.inf, high=2.0, printed="−4.0 (no limit to 2.0)", strong=True)
    ]
    words = ForestWords(
        measure="risk difference", unit="percentage points (no unit is hidden)", level="95 %", ratio=False,
        lower_means="lower risk", higher_means="higher risk",
    )  # fmt: skip
    return forest_plots(rows, words, description="Forest plot of differences.")[0]


def ruler(*, ratio: bool = True) -> Drawing:
    main = ForestRow(label="main", estimate=1.2, low=0.9, high=math.inf, strong=True)
    return estimate_ruler(main, None, what="hazard", ratio=ratio, description="Main estimate.")


def flow(label: str = "Chemotherapy", arms: int = 2) -> Drawing:
    boxes = [
        FlowBox(key="all", kind="start", parent="", says=label, count="197 patients", more=(f"{label} 97 · B 100",)),
        FlowBox(key="out", kind="left", parent="all", says=label, count="7 patients"),
        FlowBox(key="gap", kind="unexplained", parent="all", says="Unexplained", count="3 patients"),
        FlowBox(key="in", kind="kept", parent="all", says="Adults", count="187 patients"),
        FlowBox(key="other", kind="other", parent="in", says="Neither", count="0 patients"),
        *(FlowBox(key=f"arm_{k}", kind="arm", parent="in", says=label, count="9 patients") for k in range(arms)),
        FlowBox(key="matched", kind="part", parent="arm_0", says="Matched", count="5 patients"),
        FlowBox(key="left", kind="part", parent="arm_0", says="Not matched", count="4 patients"),
        FlowBox(key="no_pair", kind="part", parent="left", says="No partner within the caliper", count="4 patients"),
    ]
    return flow_diagram(boxes, arms={f"arm_{k}": k for k in range(arms)})


ALL: dict[str, Callable[[], Drawing]] = {
    "curves": km,
    "curves of many arms with long names": lambda: km((LONG, "B", LONG, "D", "E"), words=LONG),
    "adjusted curves only": lambda: km(naive=False),
    "ruler": lambda: ruler(), "ruler of a difference": lambda: ruler(ratio=False),
    "love": love, "love with long names": lambda: love(LONG),
    "overlap": overlap, "overlap with long names": lambda: overlap(LONG),
    "forest": forest, "forest with long names": lambda: forest(LONG, high=1e6),
    "forest of differences": differences,
    "flow": flow, "flow with long names": lambda: flow(LONG), "flow of one arm": lambda: flow(LONG, 1),
    "flow of six arms": lambda: flow(arms=6),
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_every_word_lies_inside_the_figure_and_is_at_least_eight_points(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: measured(figure, seen))

    ALL[name]()

    assert seen


def measured(figure: Figure, seen: list[Figure]) -> None:
    """Check every text of a figure while its style holds."""
    seen.append(figure)
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    width, height = figure.bbox.size
    boxes: list[tuple[str, Bbox]] = []
    beyond = {label for axes in figure.axes if axes.axison
              for tick, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
              if not axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]}  # fmt: skip
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if not text.get_text() or not text.get_visible() or text in beyond:
            continue
        assert float(text.get_fontsize()) >= 8.0
        box = text.get_window_extent(canvas.get_renderer())
        assert box.x0 >= -0.5, text.get_text()
        assert box.y0 >= -0.5, text.get_text()
        assert box.x1 <= width + 0.5, text.get_text()
        assert box.y1 <= height + 0.5, text.get_text()
        boxes.append((text.get_text(), box.padded(-1.0)))
    for k, (words, box) in enumerate(boxes):
        assert not [other for other, place in boxes[:k] if other != words and box.overlaps(place)], words


@pytest.mark.parametrize("name", ALL)
def test_the_same_figure_has_the_same_bytes_as_svg_and_as_png(name: str) -> None:
    assert ALL[name]() == ALL[name]()


@pytest.mark.parametrize("name", [name for name in ALL if "ruler" not in name])
def test_a_png_has_three_hundred_pixels_per_inch_on_white_and_no_date_or_program(name: str) -> None:
    drawing = ALL[name]()

    pixels = matplotlib.image.imread(io.BytesIO(drawing.png))

    assert pixels.shape[1] == pytest.approx(WIDTH_PT / 72.0 * PNG_DPI, abs=1.0)
    assert (pixels[[0, -1]][:, [0, -1]] == 1.0).all()
    assert b"tEXt" not in drawing.png
    assert b"dc:date" not in drawing.svg
    assert b"href" not in drawing.svg.replace(b'xlink:href="#', b"").replace(b'="http', b"")


@pytest.mark.parametrize("name", [name for name in ALL if "ruler" not in name])
def test_every_axis_names_its_unit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    labels: list[str] = []

    def kept(figure: Figure, *_: object, **__: object) -> None:
        for axes in figure.axes:
            labels.extend(axes.get_xlabel() for _ in [0] if axes.axison and len(axes.get_xticks()))
            labels.extend(axes.get_ylabel() for _ in [0] if axes.axison and len(axes.get_yticks()))

    monkeypatch.setattr(Figure, "savefig", kept)
    ALL[name]()

    units = ("months", "% of", "in SDs", "0 to 1", "patients per bin", "no unit")
    assert all(any(unit in label.replace("\n", " ") for unit in units) for label in labels), labels


@pytest.mark.parametrize(("ratio", "unit"), [(True, "log scale"), (False, "percentage points")])
def test_the_ruler_of_the_first_screen_names_its_scale_and_what_its_sides_mean(
    ratio: bool, unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: words.extend(
        str(text.get_text()) for text in figure.texts))  # fmt: skip

    ruler(ratio=ratio)

    assert words == ["← lower hazard", f"no difference at {1 if ratio else 0}\n{unit}", "higher hazard →"]


def test_lines_of_curves_differ_by_dash_and_not_by_color_alone() -> None:
    dashes = [one.dash for one in ARM_LOOKS] + [one.dots for one in ARM_LOOKS]

    assert len(set(dashes)) == len(dashes)


def test_covariates_beyond_a_page_go_on_in_a_further_figure_with_the_same_axis(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[tuple[float, float]] = []
    heights: list[float] = []

    def kept(figure: Figure, *_: object, **__: object) -> None:
        ends.append(figure.axes[0].get_xlim())
        heights.append(72.0 * figure.get_figheight())

    monkeypatch.setattr(Figure, "savefig", kept)
    points = [LovePoint(f"Covariate {k} with a long name of sixty characters or even more", k / 80.0, 0.0)
              for k in range(60)]  # fmt: skip
    pages = love_plots(points, denominator="SD of the treated", threshold=0.1)

    assert len(pages) == 3
    assert len(set(ends)) == 1
    assert max(heights) <= MOST_HEIGHT_PT
    assert pages[0].description.startswith("Love plot of 2")


def test_subgroups_beyond_a_page_keep_their_levels_and_each_page_begins_with_the_main_estimate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[list[str]] = []

    def kept(figure: Figure, *_: object, **__: object) -> None:
        written.append([text.get_text() for text in figure.axes[0].texts])
        assert 72.0 * figure.get_figheight() <= MOST_HEIGHT_PT

    monkeypatch.setattr(Figure, "savefig", kept)
    level = ForestRow(label="Level", estimate=1.2, low=0.8, high=1.9, printed="1.20 (0.80 to 1.90)")
    main = ForestRow(label="Everybody", estimate=1.1, low=0.9, high=1.4, printed="1.10 (0.90 to 1.40)", strong=True)
    factors = [row for k in range(20) for row in (ForestRow(label=f"Factor {k}", heading=True), level, level)]
    words = ForestWords(measure="Hazard ratio", unit="no unit", level="95 %", lower_means="less", higher_means="more")

    pages = forest_plots([main, *factors], words, description="Forest plot.")

    drawn = written[::2]  # each figure is saved as SVG and as PNG
    assert len(pages) == len(drawn) == 2
    assert all(texts.count("Everybody") == 1 for texts in drawn)
    factors_of = [sum(text.startswith("Factor") for text in texts) for texts in drawn]
    assert sum(factors_of) == 20
    assert [texts.count("Level") for texts in drawn] == [2 * count for count in factors_of]


def test_rows_are_divided_into_pages_and_none_is_lost() -> None:
    assert on_pages([3.0, 3.0, 3.0, 20.0, 1.0], 6.0) == [slice(0, 2), slice(2, 3), slice(3, 4), slice(4, 5)]
    assert on_pages([], 6.0) == [slice(0, 0)]


def test_the_first_two_arms_differ_in_lightness_for_a_gray_print() -> None:
    light = [np.dot([0.2126, 0.7152, 0.0722], [(channel / 255.0) ** 2.2 for channel in rgb(one.color)])
             for one in ARM_LOOKS]  # fmt: skip

    contrast = (light[1] + 0.05) / (light[0] + 0.05)
    assert contrast > 2.5
    assert all(1.05 / (one + 0.05) >= 3.0 for one in light)  # each stands out from white
    assert ARM_LOOKS[0].hatch != ARM_LOOKS[1].hatch
    assert look(len(ARM_LOOKS)) == look(0)


def test_a_curve_without_an_event_stays_at_one_hundred_percent() -> None:
    none = np.empty(0)
    flat = ArmCurve(arm=0, label="A", adjusted=False, times=none, survival=none, low=none, high=none,
                    censored=np.array([5.0]), end=5.0, at_risk=("1", "0"))  # fmt: skip

    drawing = survival_curves([flat], np.array([0.0, 5.0]), CurveWords(
        endpoint="Survival", unit="patient", since="resection", time_unit="months", interval="95 %"))  # fmt: skip

    assert drawing.description.endswith("nobody had the event.")


@pytest.mark.parametrize("ratio", [True, False])
def test_a_ruler_shows_the_main_estimate_over_the_naive_one(ratio: bool) -> None:
    main = ForestRow(label="main", estimate=1.2, low=0.9, high=math.inf, strong=True)

    naive = ForestRow(label="naive", estimate=1.4, low=1.0, high=2.0)
    both = estimate_ruler(main, naive, what="hazard", ratio=ratio, description="")
    alone = estimate_ruler(main, None, what="hazard", ratio=ratio, description="")

    assert both.svg != alone.svg
    assert both.png == b""


def test_a_histogram_of_nobody_is_said_to_be_empty() -> None:
    drawing = overlap_plot(np.array([0.0, 1.0]), [ArmScores("A", np.zeros(1))], treated="A")

    assert "nobody" in drawing.description


def test_lines_are_broken_between_words_and_within_words_that_are_too_wide() -> None:
    lines = wrapped(f"one two three {'x' * 60}", 50.0)

    assert lines[0] == "one two"
    assert "".join(lines).count("x") == 60
    assert all(width_of(line) <= 50.0 for line in lines)
    assert wrapped("", 10.0) == [""]
    assert wrapped("WWW", 1.0) == ["W", "W", "W"]


def test_what_belongs_together_is_broken_only_if_it_fits_on_no_line() -> None:
    interval = "1.20 (0.80\u00a0to\u00a01.90)"

    assert wrapped(interval, 75.0) == ["1.20", "(0.80\u00a0to\u00a01.90)"]
    assert wrapped(interval, 40.0) == ["1.20", "(0.80 to", "1.90)"]


@pytest.mark.parametrize("reach", [3.0, 12.0, 100.0, 1e6])
@pytest.mark.parametrize("width", [0.1, 0.25, 0.5])
def test_labels_of_a_log_axis_stand_apart_whatever_its_reach(reach: float, width: float) -> None:
    figure = Figure(figsize=(WIDTH_PT / 72.0, 2.0))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.3, 0.3, width, 0.5))
    axes.tick_params(labelsize=TYPE_PT)
    effect_axis(axes, [1.0 / reach, 1.0, reach], ratio=True)
    figure.draw_without_rendering()

    boxes = [one.get_window_extent() for one in axes.get_xticklabels()]
    assert "1" in [one.get_text() for one in axes.get_xticklabels()]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
