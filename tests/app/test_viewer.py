"""The viewer in a real browser: it draws, it goes to the thinnest point, it obeys keys and switches, it asks nobody."""

# ruff: noqa: RUF001 (the report writes true minus and times signs)

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from isotherm.app.report import report_html
from tests.app.made_up import MADE, made_up_assessment
from tests.browser import Tab, open_tab

RAS = np.array([-1.0, -1.0, 1.0])
READY = "#viewer[data-state=ready]"
PATIENCE_MS = 120_000
"""WebGL in software takes its time."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("viewer") / "report.html"
    place.write_text(report_html(made_up_assessment(), MADE), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def opened(browser: Browser, file: Path) -> Iterator[Tab]:
    """The report with its viewer on the screen, loaded once for all tests."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=False)
    tab = open_tab(context)
    tab.page.goto(file.as_uri())
    tab.page.locator("#viewer").scroll_into_view_if_needed()
    tab.page.wait_for_selector(READY, timeout=PATIENCE_MS)
    yield tab
    context.close()


@pytest.fixture
def page(opened: Tab) -> Page:
    go_to(opened.page, 0)
    return opened.page


def go_to(page: Page, lesion: int) -> None:
    page.locator(f'[data-go-to="{lesion}"]').click()
    page.wait_for_selector(f'{READY} [data-go-to="{lesion}"][aria-pressed=true]', timeout=PATIENCE_MS)


def crosshair_lps_mm(page: Page) -> np.ndarray:
    return np.array(page.evaluate("isothermViewer.crosshair()")) * RAS


def picture(page: Page) -> np.ndarray:
    shot = page.locator("#viewer canvas").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), dtype=float)


def tiles(shot: np.ndarray) -> dict[str, np.ndarray]:
    height, width = shot.shape[:2]
    return {
        "axial": shot[:, : int(0.41 * width)],
        "coronal": shot[: int(0.48 * height), int(0.42 * width) : int(0.67 * width)],
        "sagittal": shot[int(0.5 * height) : int(0.98 * height), int(0.42 * width) : int(0.67 * width)],
        "surface": shot[:, int(0.68 * width) :],
    }


def near(shot: np.ndarray, color: tuple[int, int, int], tolerance: float) -> int:
    return int((np.abs(shot - np.array(color)).max(axis=2) < tolerance).sum())


def test_every_tile_is_drawn(page: Page) -> None:
    for name, tile in tiles(picture(page)).items():
        assert tile.std() > 8.0, name
        assert len(np.unique(tile.reshape(-1, 3), axis=0)) > 50, name


@pytest.mark.parametrize("lesion", [1, 0])
def test_the_button_moves_the_crosshair_to_the_thinnest_point(page: Page, lesion: int) -> None:
    go_to(page, 1 - lesion)
    go_to(page, lesion)
    thinnest = made_up_assessment().document["lesions"][lesion]["thinnest_point_lps_mm"]

    assert np.linalg.norm(crosshair_lps_mm(page) - np.array(thinnest)) < 1.0


def test_a_lesion_without_a_thinnest_point_is_shown_at_its_middle(page: Page) -> None:
    go_to(page, 2)

    assert np.linalg.norm(crosshair_lps_mm(page) - np.array([-90.0, 30.0, 20.0])) < 1.0


def test_the_place_is_told_in_words(page: Page) -> None:
    assert page.locator("[data-viewer=place]").inner_text() == "78.7 mm right, 4.5 mm anterior, 48.5 mm cranial"


@pytest.mark.parametrize(
    ("key", "moved_lps"),
    [("ArrowLeft", (-1, 0, 0)), ("ArrowRight", (1, 0, 0)), ("ArrowUp", (0, -1, 0)), ("ArrowDown", (0, 1, 0)),
     ("PageUp", (0, 0, 1)), ("PageDown", (0, 0, -1))],
)  # fmt: skip
def test_keys_move_the_crosshair_by_one_millimeter(page: Page, key: str, moved_lps: tuple[float, ...]) -> None:
    start = crosshair_lps_mm(page)

    page.locator("#viewer canvas").focus()
    page.keyboard.press(key)

    assert crosshair_lps_mm(page) - start == pytest.approx(np.array(moved_lps), abs=0.02)


def test_the_viewers_buttons_can_be_reached_and_pressed_by_key(page: Page) -> None:
    go_to(page, 2)
    page.locator('[data-go-to="0"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f'{READY} [data-go-to="0"][aria-pressed=true]', timeout=PATIENCE_MS)

    thinnest = made_up_assessment().document["lesions"][0]["thinnest_point_lps_mm"]
    assert np.linalg.norm(crosshair_lps_mm(page) - np.array(thinnest)) < 1.0


@pytest.mark.parametrize("switch", ["after", "tumor", "surface", "ablation", "vessels"])
def test_each_switch_takes_its_layer_away_and_brings_it_back(page: Page, switch: str) -> None:
    with_layer = picture(page)
    box = page.locator(f"[data-switch={switch}]")

    box.uncheck()
    without_layer = picture(page)
    box.check()
    again = picture(page)

    assert np.abs(with_layer - without_layer).max() > 40.0
    assert np.abs(with_layer - again).max() < 20.0


def test_the_image_before_can_be_laid_over(page: Page) -> None:
    after = picture(page)
    box = page.locator("[data-switch=before]")

    box.check()
    before = picture(page)
    box.uncheck()

    assert np.abs(after - before).mean() > 1.0


def test_a_switch_without_a_layer_cannot_be_used(page: Page) -> None:
    go_to(page, 1)

    assert page.locator("[data-switch=vessels]").is_disabled()
    assert page.locator("[data-switch=tumor]").is_enabled()


def test_the_surface_faces_the_viewer_with_its_thinnest_part(page: Page) -> None:
    wine = near(tiles(picture(page))["surface"], (0x56, 0x10, 0x6E), 30.0)

    assert wine > 300


def test_a_click_into_a_plane_moves_the_crosshair(page: Page) -> None:
    start = crosshair_lps_mm(page)

    page.locator("#viewer canvas").click(position={"x": 300, "y": 300})

    moved = crosshair_lps_mm(page) - start
    assert np.abs(moved[:2]).max() > 2.0
    assert moved[2] == pytest.approx(0.0, abs=0.3)


def test_the_letters_below_the_planes_are_not_cut(page: Page) -> None:
    stand, end = page.evaluate("""() => {
      const niivue = isothermViewer.niivue();
      const found = [];
      niivue.drawText = (at, text) => { if (text === "I") found.push(at[1] / niivue.fontPx); };
      niivue.drawScene();
      delete niivue.drawText;
      niivue.drawScene();
      const planes = niivue.screenSlices.filter((one) => [1, 2].includes(one.axCorSag)); // coronal and sagittal
      return [found, planes.map(({ leftTopWidthHeight: [, top, , height] }) => (top + height) / niivue.fontPx)];
    }""")
    # A letter reaches to a third of its height below the line that it stands on.
    assert [at + 1.33 <= bottom for at, bottom in zip(stand, end, strict=True)] == [True, True]


def test_nothing_leaves_and_nothing_fails(opened: Tab) -> None:
    for lesion in (1, 2, 0):
        go_to(opened.page, lesion)

    assert opened.left == []
    assert opened.errors == []


def test_the_page_could_not_ask_anybody_if_it_tried(browser: Browser, file: Path) -> None:
    context = browser.new_context()
    tab = open_tab(context)
    tab.page.goto(file.as_uri())

    refused = tab.page.evaluate("fetch('https://example.org/').then(() => 'answered', () => 'refused')")

    assert refused == "refused"
    assert tab.left == []  # stopped by the page's own policy, before any request
    assert "Content Security Policy" in " ".join(tab.errors)
    context.close()


def test_nothing_is_clipped_on_a_small_screen(opened: Tab) -> None:
    sizes = opened.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")

    assert sizes[0] <= sizes[1] == 1366


def test_number_interval_and_place_are_seen_without_scrolling(browser: Browser, file: Path) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    tab = open_tab(context)
    tab.page.goto(file.as_uri())

    for words in ("−0.6", "−2.5 to 0.8", "anterior-right", "A vessel limits the margin here."):
        box = tab.page.get_by_text(words).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 768
    context.close()


def test_a_browser_without_webgl_2_says_so_and_keeps_the_rest(browser: Browser, file: Path) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.add_init_script(
        "const real = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        "  return kind === 'webgl2' ? null : real.call(this, kind, ...more); };"
    )
    tab = open_tab(context)
    tab.page.goto(file.as_uri())
    tab.page.locator("#viewer").scroll_into_view_if_needed()
    tab.page.wait_for_selector("#viewer[data-state=failed]")

    message = tab.page.locator("[data-viewer=message]").inner_text()
    assert message == (
        "This browser offers no WebGL 2, which the viewer needs. Everything else in this report works without it."
    )
    assert tab.page.locator('[data-go-to="0"]').is_disabled()
    assert tab.errors == []
    context.close()


def test_on_paper_no_figure_is_cut_and_the_viewer_is_left_out(browser: Browser, file: Path) -> None:
    context = browser.new_context(viewport={"width": 680, "height": 1000})  # 180 mm of text on A4
    tab = open_tab(context)
    tab.page.goto(file.as_uri())
    tab.page.emulate_media(media="print")

    assert not tab.page.locator("#viewer canvas").is_visible()
    assert tab.page.get_by_text("The viewer works on a screen only.").is_visible()
    too_wide = tab.page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert too_wide == 0
    for figure in tab.page.locator("figure").all():
        assert figure.evaluate("e => getComputedStyle(e).breakInside") == "avoid"
    context.close()
