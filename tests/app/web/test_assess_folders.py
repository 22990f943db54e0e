"""Two DICOM folders in a real browser: what came is listed, what is meant is chosen, and the pair is measured."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from isotherm.app.web.serve_settings import ServeSettings
from isotherm.imaging.volume import Grid
from tests.app.scans_on_disk import MARGIN_MM, pair, write_folders
from tests.app.web.story import story
from tests.app.web.visiting import AXE, WIDTH, drop
from tests.exchange.made_up_dicom import as_series

WHO = "A. Reader"
MINUTES = 180_000
"""Milliseconds."""


def send_folder(page: Page, slot: str, folder: Path) -> None:
    page.locator(f'[data-slot="{slot}"] input[webkitdirectory]').set_input_files(folder)


def send_files(page: Page, slot: str, *files: Path) -> None:
    page.locator(f'[data-slot="{slot}"] [data-files]').first.set_input_files(list(files))


def choice(page: Page, slot: str) -> str:
    """What is chosen on a slot, in the words of its list."""
    return page.locator(f'[data-slot="{slot}"] [data-choice] option:checked').inner_text()


def offered(page: Page, slot: str) -> list[str]:
    return page.locator(f'[data-slot="{slot}"] [data-choice] option').all_inner_texts()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is missing: run `make viewer`")
def test_a_folder_and_a_zip_with_their_masks_in_them_are_listed_and_measured(
    settings: ServeSettings, browser: Browser, chromium: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")  # in the process of the job
    folders = write_folders(tmp_path / "scans")
    arterial = pair().before
    (planes, rows, columns), (step_mm, *pixel_mm) = arterial.grid.shape_kji, arterial.grid.spacing_kji_mm
    coarse = Grid(((planes + 1) // 2, rows, columns), (2 * step_mm, pixel_mm[0], pixel_mm[1]),
                  arterial.grid.origin_lps_mm, arterial.grid.direction_lps)  # fmt: skip
    as_series(folders.before / "arterial", arterial.voxels.astype("int16")[::2], coarse, study="before",
              series="arterial", number=2, day="20240102")  # fmt: skip
    archive = shutil.make_archive(str(tmp_path / "after"), "zip", folders.after)
    with story(settings, browser, chromium, who=WHO) as told:
        page = told.page
        told.go("/assess")
        send_folder(page, "before", folders.before)
        expect(page.locator('[data-slot="before"] [data-came]')).to_contain_text("files", timeout=MINUTES)
        # Two series came: neither is taken unasked, and each says what it is.
        assert choice(page, "before") == "choose which one it is"
        series = offered(page, "before")[1:3]
        assert series[0] == f"2: CT, {(planes + 1) // 2} planes of {2 * step_mm:g} mm, 2024-01-02"
        assert series[1] == f"3: CT, {planes} planes of {step_mm:g} mm, 2024-01-02"
        assert "Choose which one it is: the scan before." in page.inner_text("#missing")
        page.locator('[data-slot="before"] [data-choice]').select_option(label=series[1])
        # The masks lay with the scan; those that are plainly meant are chosen, and say where they are from.
        assert choice(page, "tumor") == "tumor (SEG 300), with the scan before"
        assert choice(page, "organ_before") == "liver (SEG 300), with the scan before"
        assert page.inner_text("#missing") == "Still missing: the scan after, the ablation zone."
        assert told.violations() == []

        send_files(page, "after", Path(archive))
        expect(page.locator('[data-slot="after"] [data-came]')).to_have_text("after.zip", timeout=MINUTES)
        assert choice(page, "after").startswith("3: CT, 66 planes")
        assert choice(page, "ablation") == "zone (RTSTRUCT 500), with the scan after"
        assert choice(page, "organ_after") == "liver (SEG 300), with the scan after"
        assert page.inner_text("#missing") == ""
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
        assert told.violations() == []

        page.click("#measure")
        page.wait_for_selector("#viewer[data-measured=yes]", timeout=MINUTES)
        margin = float(page.inner_text("[data-lesion] [data-margin]").removesuffix("\u00a0mm"))
        assert margin == pytest.approx(MARGIN_MM, abs=1.0)
        assert (told.left, told.errors) == ([], [])


def test_folders_are_dropped_on_the_boxes_and_one_may_hold_both_scans(
    settings: ServeSettings, browser: Browser, chromium: Path, tmp_path: Path
) -> None:
    folders = write_folders(tmp_path / "scans")
    arterial = pair().before
    as_series(folders.after / "old", arterial.voxels.astype("int16"), arterial.grid, study="before", series="old",
              number=1, day="20240102")  # fmt: skip
    with story(settings, browser, chromium, who=WHO) as told:
        page = told.page
        told.go("/assess")
        drop(page, '[data-slot="after"]', folders.after)
        expect(page.locator('[data-slot="after"] [data-came]')).to_contain_text("files", timeout=MINUTES)
        assert choice(page, "ablation") == "zone (RTSTRUCT 500), with the scan after"
        # The scan before may be in the same folder: it is offered, and taken only by whoever says so.
        assert choice(page, "before").startswith("none chosen")
        one = [text for text in offered(page, "before") if text.startswith("1: CT, 49 planes")]
        assert one == ["1: CT, 49 planes of 2 mm, 2024-01-02, with the scan after"]
        page.locator('[data-slot="before"] [data-choice]').select_option(label=one[0])
        page.locator('[data-slot="after"] [data-choice]').select_option(index=2)
        # A mask of the other scan is offered as well, and never chosen by itself.
        assert choice(page, "tumor").startswith("none chosen")
        assert page.inner_text("#missing") == "Still missing: the tumor."
        drop(page, '[data-slot="tumor"]', folders.before / "seg.dcm")
        expect(page.locator('[data-slot="tumor"] [data-came]')).to_have_text("seg.dcm", timeout=MINUTES)
        assert choice(page, "tumor") == "tumor (SEG 300)"
        assert page.inner_text("#missing") == ""
        assert (told.left, told.errors) == ([], [])


def test_what_is_missing_or_cannot_be_used_is_said_on_its_box(
    settings: ServeSettings, browser: Browser, chromium: Path, tmp_path: Path
) -> None:
    folders = write_folders(tmp_path / "scans")
    (folders.after / "note.txt").write_text("no DICOM")
    with story(settings, browser, chromium, who=WHO) as told:
        page = told.page
        told.go("/assess")
        # Masks where a scan belongs.
        send_files(page, "before", folders.before / "seg.dcm")
        notes = page.locator('[data-slot="before"] [data-notes]')
        expect(notes).to_contain_text("No scan that can be read is in these files.", timeout=MINUTES)
        assert "the scan before" in page.inner_text("#missing")
        # A scan where a mask belongs.
        send_files(page, "tumor", *sorted((folders.before / "ct").iterdir())[:3])
        expect(page.locator('[data-slot="tumor"] [data-notes]')).to_contain_text(
            "No SEG and no RTSTRUCT", timeout=MINUTES
        )
        # Nothing that is DICOM at all.
        odd = tmp_path / "odd.dcm"
        odd.write_bytes(b"<script>alert(1)</script>" * 20)
        send_files(page, "after", odd)
        expect(page.locator('[data-slot="after"] [data-came]')).to_contain_text("DICOM", timeout=MINUTES)
        assert page.input_value('[data-slot="after"] input[type=hidden]') == ""
        # A folder of its own for the masks; what is no DICOM is passed over, and said.
        send_folder(page, "after", folders.after)
        passed_over = "1 file is not DICOM and was passed over."
        expect(page.locator('[data-slot="after"] [data-notes]')).to_have_text(passed_over, timeout=MINUTES)
        send_files(page, "tumor", folders.before / "seg.dcm")
        expect(page.locator('[data-slot="tumor"] [data-came]')).to_have_text("seg.dcm", timeout=MINUTES)
        assert offered(page, "tumor") == ["choose which one it is", "tumor (SEG 300)", "liver (SEG 300)",
                                          "another one, or several: type it"]  # fmt: skip
        assert choice(page, "tumor") == "tumor (SEG 300)"
        page.locator('[data-slot="tumor"] [data-choice]').select_option("typed")
        expect(page.locator('[name="tumor_label"]')).to_be_visible()
        told.errors = [one for one in told.errors if "400" not in one]  # the refused listing
        assert (told.left, told.errors) == ([], [])
