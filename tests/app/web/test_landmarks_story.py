"""Landmark files of 3D Slicer in a real browser: they lie with the scans, each side has its own, and they are used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from isotherm.app.web.serve_settings import ServeSettings
from tests.app.web.assess_job import WHO, pair_on_disk
from tests.app.web.marks import POINTS, markups
from tests.app.web.story import story
from tests.app.web.visiting import AXE, WIDTH

MINUTES = 60_000
"""Milliseconds."""


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is missing: run `make viewer`")
def test_lists_of_points_lie_with_their_scans_and_alone_make_the_registration(
    settings: ServeSettings, browser: Browser, chromium: Path, tmp_path: Path
) -> None:
    home = tmp_path / "p"
    pair_on_disk(home)
    (home / "F.mrk.json").write_text(markups({name: (x - 2.0, y, z) for name, (x, y, z) in POINTS.items()}))
    (home / "G.mrk.json").write_text(markups(POINTS, None))
    with story(settings, browser, chromium, who=WHO) as told:
        page = told.page
        told.go("/assess")
        chosen = (("before", "before.nii.gz", "F.mrk.json"), ("after", "after.nii.gz", "G.mrk.json"),
                  ("tumor", "tumor.nii.gz"), ("ablation", "zone.nii.gz"), ("organ_after", "organ.nii.gz"))  # fmt: skip
        for slot, *files in chosen:
            page.locator(f'[data-slot="{slot}"] [data-files]').first.set_input_files([home / one for one in files])
            expect(page.locator(f'[data-slot="{slot}"] [data-came]')).to_have_text(files[0], timeout=MINUTES)
            if slot == "before":
                assert page.inner_text("[data-marks-said]") == "Choose the points on the scan after as well."
        said = page.locator("[data-marks-said]")
        expect(said).to_contain_text("'G.mrk.json' of the scan after does not say in which frame its points are")
        assert page.inner_text('[data-marks-came="before"]') == "F.mrk.json"
        # Without them it would be another measurement: it is not begun unasked.
        assert page.inner_text("#missing") == "The landmark files cannot be used yet."
        assert page.is_disabled("#measure")
        told.drawn("assess-landmarks-refused")
        page.select_option('[name="landmarks_frame"]', "RAS")
        expect(said).to_contain_text("says LPS where RAS was named", timeout=MINUTES)
        page.select_option('[name="landmarks_frame"]', "LPS")
        expect(said).to_have_text("6 pairs came.", timeout=MINUTES)
        assert page.inner_text("#missing") == ""
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
        assert told.violations() == []
        told.drawn("assess-landmarks")
        page.get_by_role("button", name="Without landmarks").click()
        assert page.input_value('input[name="landmarks"]') == ""
        assert page.is_enabled("#measure")
        page.set_input_files('[data-marks="before"]', home / "F.mrk.json")
        page.set_input_files('[data-marks="after"]', home / "G.mrk.json")
        expect(said).to_have_text("6 pairs came.", timeout=MINUTES)
        page.select_option('[name="landmarks_use"]', "landmarks")
        page.click("#measure")
        page.wait_for_selector("#viewer[data-measured=yes]", timeout=MINUTES)
        job = page.url.rpartition("/")[2]
        (lesion,) = json.loads((settings.workspace / "jobs" / job / "out" / "margin.json").read_text())["lesions"]
        assert lesion["registration"]["tumor_shift_lps_mm"] == pytest.approx([2.0, 0.0, 0.0], abs=1e-6)
        told.errors = [one for one in told.errors if "400" not in one]  # the refused lists
        assert (told.left, told.errors) == ([], [])
