"""Assess in a real browser: strokes undone and done again, failures, files that are sent; axe looks along."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from isotherm.app.web.application import create_app
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.work_assess import WORK, asked_for
from tests.app.web.assess_job import OUT_OF_THE_ORGAN, measured_job, own_table, pair_on_disk, table_of
from tests.app.web.story import story
from tests.app.web.visiting import AXE, stroke

WHO = "A. Reader"
MINUTES = 60_000
"""Milliseconds."""

PLACE = 'document.querySelector("#viewer .stage").getBoundingClientRect().top + scrollY'
"""Where on the page the picture begins."""


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is missing: run `make viewer`")
def test_a_measured_pair_blinks_and_strokes_are_undone_and_done_again(
    settings: ServeSettings, registry: str, browser: Browser, chromium: Path, tmp_path: Path
) -> None:
    job = measured_job(create_app(settings), tmp_path / "pair", registry)  # by nobody else: no server runs yet
    with story(settings, browser, chromium, who=WHO) as told:
        page = told.page
        told.go(f"/assess/{job.id}")
        page.wait_for_selector("#viewer[data-measured=yes]", timeout=MINUTES)
        margin = page.inner_text("[data-lesion] [data-margin]")
        interval = page.inner_text("[data-lesion] [data-interval]")
        assert re.fullmatch(r"\d+\.\d\u00a0mm", margin)
        assert re.fullmatch(r"[\u2212\d.]+ to [\d.]+\u00a0mm", interval)

        # Blink, by the key.
        page.focus("#viewer canvas")
        page.keyboard.press("b")
        assert page.inner_text("#scan") == "before ablation, registered"
        page.keyboard.press("b")
        assert page.inner_text("#scan") == "after ablation"

        # The sign of the thinnest point, and a scale bar on each plane.
        assert page.inner_text("[data-marks] .here") == f"{margin} here"
        assert page.locator("[data-marks] .scale").count() == 3
        # The right button sets the window of both scans, + zooms, and r takes both back.
        look = """isothermViewer.niivue().volumes.slice(0, 2).map((one) => [one.cal_min, one.cal_max]).join(" ")
            + " " + isothermViewer.niivue().scene.pan2Dxyzmm[3]"""
        first = page.evaluate(look)
        box = page.locator("#viewer canvas").first.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 100, box["y"] + 100)
        page.mouse.down(button="right")
        page.mouse.move(box["x"] + 110, box["y"] + 110, steps=5)
        page.mouse.up(button="right")
        page.keyboard.press("+")
        after, before, zoom = page.evaluate(look).split(" ")
        assert after == before != first.split(" ")[0]
        assert float(zoom) == 1.25
        page.keyboard.press("r")
        assert page.evaluate(look) == first

        # The list of keys opens though the viewer has the focus, and leads back to it.
        page.focus("#viewer canvas")
        page.keyboard.press("?")
        assert page.is_visible("#help")
        page.keyboard.press("Escape")
        assert page.is_hidden("#help")

        # A stroke with the mouse on the axial plane, then a dab by the keyboard.
        place = page.evaluate(PLACE)
        page.click("#brush")
        page.click("[data-does=erase]")
        stroke(page)
        page.wait_for_selector("#quick[aria-busy=false]")
        page.wait_for_selector("#viewer[data-measured=yes]")
        first = page.inner_text("#quick-margin"), page.inner_text("#quick-interval")
        assert first[0] != margin
        assert "to" in first[1]
        assert re.search(r"mL erased$", page.inner_text("#quick-changed"))
        assert "by your strokes" in page.inner_text("#quick-effect")
        assert page.evaluate(PLACE) == place  # the picture stays where it is
        assert page.is_enabled('[data-switch="as measured"]')
        assert page.locator("[data-accept]").is_hidden()  # what would be accepted is not what is shown
        assert told.violations() == []
        page.keyboard.press("d")
        page.wait_for_selector("#viewer[data-measured=no]")
        page.wait_for_selector("#viewer[data-measured=yes]")
        assert page.inner_text("#quick-what") == "2 strokes."

        # The same dab again changes no voxel, and is not counted.
        page.keyboard.press("d")
        page.wait_for_selector("#viewer[data-measured=no]")
        page.wait_for_selector("#viewer[data-measured=yes]")
        assert page.inner_text("#quick-what") == "2 strokes."
        assert page.inner_text("#said") == "No voxel changed: the stroke does not count."

        # On one slice alone the page says of how many; undone, nothing of it is left.
        page.check("#slice")
        page.click("[data-does=add]")
        stroke(page)
        page.wait_for_selector("#viewer[data-measured=no]")
        page.wait_for_selector("#viewer[data-measured=yes]")
        assert re.search(r", on one slice of \d+$", page.inner_text("#quick-changed"))
        page.uncheck("#slice")
        page.keyboard.press("z")
        page.wait_for_selector("#quick[aria-busy=false]")
        page.wait_for_selector("#viewer[data-measured=yes]")

        # Undo gives the number before, redo the one after; all undone is the result itself.
        page.keyboard.press("z")
        page.wait_for_selector("#quick[aria-busy=false]")
        assert (page.inner_text("#quick-margin"), page.inner_text("#quick-interval")) == first
        page.wait_for_selector("#viewer[data-measured=yes]")
        page.keyboard.press("z")
        page.wait_for_selector("#viewer[data-measured=yes]")
        assert page.locator("#quick").is_hidden()
        assert f"Undone: {margin}" in page.inner_text("#said")
        assert interval in page.inner_text("#said")

        assert (told.left, told.errors) == ([], [])


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is missing: run `make viewer`")
def test_a_failed_registration_and_a_failed_measurement_say_what_to_do_next(
    settings: ServeSettings, registry: str, browser: Browser, chromium: Path, tmp_path: Path
) -> None:
    app = create_app(settings)
    failed = measured_job(app, tmp_path / "far", registry, way=OUT_OF_THE_ORGAN)
    table = own_table(app)
    broken = table.add(WORK, "Broken", asked_for(pair_on_disk(tmp_path / "broken")), who=WHO, registry=registry)
    assert table.move(broken.id, "failed", since=("waiting",), said="The scans do not meet; check them.")
    with story(settings, browser, chromium, who=WHO) as told:
        told.go(f"/assess/{broken.id}")
        assert told.page.inner_text("main .failure").startswith("The scans do not meet")
        assert told.violations() == []
        told.go(f"/assess/{failed.id}")
        told.page.wait_for_selector("#viewer[data-measured=yes]", timeout=MINUTES)
        assert told.page.inner_text("[data-margin]") == "withheld"
        assert told.page.is_disabled("#brush")
        assert told.violations() == []
        # The keys of the brush do nothing there.
        told.page.focus("#viewer canvas")
        told.page.keyboard.press("p")
        told.page.keyboard.press("d")
        assert told.page.locator("#quick").is_hidden()
        assert "registration failed" in told.page.inner_text("#said")
        assert (told.left, told.errors) == ([], [])


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is missing: run `make viewer`")
def test_strokes_outlive_the_tab_in_which_they_were_painted(
    settings: ServeSettings, registry: str, browser: Browser, chromium: Path, tmp_path: Path
) -> None:
    job = measured_job(create_app(settings), tmp_path / "pair", registry)  # before anybody looks after jobs
    with story(settings, browser, chromium, who=WHO) as told:
        told.go(f"/assess/{job.id}")
        told.page.wait_for_selector("#viewer[data-measured=yes]", timeout=MINUTES)
        told.page.focus("#viewer canvas")
        told.page.keyboard.press("x")
        with told.page.expect_response(lambda answer: answer.url.endswith("/strokes") and answer.status == 204):
            told.page.keyboard.press("d")
        told.page.wait_for_selector("#quick[aria-busy=false]")
        margin = told.page.inner_text("#quick-margin")
        other = told.page.context.new_page()
        told.page.close()
        other.goto(f"{told.base}/assess/{job.id}")
        other.wait_for_selector("#quick[aria-busy=false]", timeout=MINUTES)
        assert other.inner_text("#quick-what") == "1 stroke."
        assert other.inner_text("#quick-margin") == margin
        assert (told.left, told.errors) == ([], [])


def test_files_chosen_on_the_boxes_are_sent_and_begin_a_measurement(
    settings: ServeSettings, registry: str, browser: Browser, chromium: Path, tmp_path: Path
) -> None:
    pair_on_disk(tmp_path / "pair")
    with story(settings, browser, chromium, who=WHO) as told:
        page = told.page
        told.go("/assess")
        for slot, name in (("before", "before"), ("after", "after"), ("tumor", "tumor")):
            page.locator(f'[data-slot="{slot}"] [data-files]').first.set_input_files(
                tmp_path / "pair" / f"{name}.nii.gz"
            )
            page.wait_for_selector(f'[data-slot="{slot}"].came')
        assert page.inner_text("#missing") == "Still missing: the ablation zone."
        assert page.is_disabled("#measure")
        page.locator('[data-slot="ablation"] [data-files]').set_input_files(tmp_path / "pair" / "zone.nii.gz")
        page.wait_for_selector('[data-slot="ablation"].came')
        assert page.inner_text('[data-slot="ablation"] [data-came]') == "zone.nii.gz"
        page.fill("[name=title]", "Trial")
        page.click("#measure")
        page.wait_for_url("**/assess/*")
        assert page.inner_text("h1").endswith("Trial")
        job = table_of(told.app).get(page.url.rpartition("/")[2])
        assert job is not None
        told.app.state.foreman.cancel(job)
        page.wait_for_selector("text=It was cancelled.")
        assert (told.left, told.errors) == ([], [])
