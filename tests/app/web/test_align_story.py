"""Align by hand in a real browser: pairs set by keys, undone, removed, kept; a nudge that is seen; axe looks along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from isotherm.app.web.application import create_app
from isotherm.app.web.job_table import ASKED
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.imaging.register_by_hand import nudged
from isotherm.imaging.transform import Transform
from tests.app.web.assess_job import OUT_OF_THE_ORGAN, measured_job, table_of
from tests.app.web.marks import markups
from tests.app.web.story import story
from tests.app.web.visiting import AXE, WIDTH

WHO = "A. Reader"
MINUTES = 60_000
"""Milliseconds."""

CROSSHAIRS = "['before', 'after'].map((side) => isothermAlign[side].crosshair())"

MIDDLE_OF_TUMOR = """() => {
    const [volume] = isothermAlign.after.niivue().volumes.filter((one) => one.name === "tumor.nii");
    return [0, 1, 2].map((axis) => volume.hdr.affine[axis][3]);
}"""


AFFINE_OF_TUMOR = """() => isothermAlign.after.niivue().volumes.find((one) => one.name === "tumor.nii").hdr.affine"""

ABOUT = """(id) => fetch(`/assess/${id}/align/scene/0`).then((answer) => answer.json()).then((scene) => scene.about)"""

RAS = np.array([-1.0, -1.0, 1.0])


def give(page: Page, side: str, name: str, text: str) -> None:
    """Choose a landmark file of a scan."""
    page.set_input_files(f'[data-marks="{side}"]', {"name": name, "mimeType": "text/plain", "buffer": text.encode()})


def crosshairs(page: Page) -> tuple[list[float], list[float]]:
    found: Any = page.evaluate(CROSSHAIRS)
    return tuple(found)


def set_pair(page: Page) -> None:
    """Press the key, and wait until the server has said whether the pair is taken."""
    page.keyboard.press("s")
    page.wait_for_selector("#align:not([data-asking=yes])", timeout=MINUTES)


def pairs(page: Page) -> list[dict[str, Any]]:
    return json.loads(page.input_value("#pairs"))


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is missing: run `make viewer`")
def test_pairs_and_a_nudge_are_set_by_keys_and_registered_with(
    settings: ServeSettings, registry: str, browser: Browser, chromium: Path, tmp_path: Path
) -> None:
    job = measured_job(create_app(settings), tmp_path / "far", registry, way=OUT_OF_THE_ORGAN)
    with story(settings, browser, chromium, who=WHO) as told:
        page = told.page
        told.go(f"/assess/{job.id}")
        page.get_by_role("link", name="Align by hand").first.click()
        page.wait_for_selector("#align[data-state=ready]", timeout=MINUTES)
        assert told.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
        assert page.is_disabled("#go")

        # Linked, the crosshair on the scan before follows; apart, it stays.
        page.focus("#pane-after canvas")
        first = crosshairs(page)
        for key in ("ArrowRight", "ArrowUp", "PageUp"):
            page.keyboard.press(key)
        second = crosshairs(page)
        for one, other in zip(first, second, strict=True):
            assert [round(b - a) for a, b in zip(one, other, strict=True)] == [-1, 1, 1]
        # A crosshair that only followed says nothing of where the place is: no gate is to be passed by it.
        set_pair(page)
        assert "repeats only the registration that is there" in page.inner_text("#said")
        assert pairs(page) == []
        # On the scan before it is put right by itself.
        page.focus("#pane-before canvas")
        page.keyboard.press("PageUp")
        page.keyboard.press("PageDown")
        assert crosshairs(page)[1] == pytest.approx(second[1], abs=1e-6)
        page.focus("#pane-after canvas")
        page.keyboard.press("l")
        page.keyboard.press("ArrowLeft")
        third = crosshairs(page)
        assert third[0] == pytest.approx(second[0], abs=1e-3)
        assert third[1][0] == pytest.approx(second[1][0] + 1, abs=1e-3)

        # A pair is where both crosshairs are, in LPS; undo, redo and remove.
        set_pair(page)
        (pair,) = pairs(page)
        assert [pair["before"], pair["after"]] == [
            pytest.approx([-r, -a, s], abs=1e-3) for r, a, s in (third[0], third[1])
        ]
        assert page.inner_text("#said") == "Pair 1 set: 1 in all."
        for _ in range(3):
            page.keyboard.press("PageUp")
        set_pair(page)
        assert "scan before pair 1 is here already" in page.inner_text("#said")
        page.focus("#pane-before canvas")
        for _ in range(3):
            page.keyboard.press("PageUp")
        set_pair(page)
        assert [one["name"] for one in pairs(page)] == ["1", "2"]
        assert page.inner_text("#enough") == "One or two pairs only shift."
        page.keyboard.press("z")
        assert [one["name"] for one in pairs(page)] == ["1"]
        page.keyboard.press("y")
        assert [one["name"] for one in pairs(page)] == ["1", "2"]
        page.get_by_role("button", name="Remove pair 1").click()
        assert [one["name"] for one in pairs(page)] == ["2"]
        page.keyboard.press("z")
        assert [one["name"] for one in pairs(page)] == ["1", "2"]
        assert told.violations() == []

        # The nudge by keys moves the tumor that is seen, by what the fields say.
        start: Any = page.evaluate(MIDDLE_OF_TUMOR)
        page.focus("#pane-after canvas")
        page.keyboard.press("n")
        for key in ("PageDown", "PageDown", "ArrowRight"):
            page.keyboard.press(key)
        seen: Any = page.evaluate(MIDDLE_OF_TUMOR)
        assert [round(b - a, 3) for a, b in zip(start, seen, strict=True)] == [-1, 0, -2]  # RAS
        assert page.input_value("#nudge-value") == "1,0,-2,0,0,0"
        page.keyboard.press("Shift+ArrowUp")
        assert page.input_value("#nudge-value") == "1,0,-2,0,-1,0"
        page.wait_for_selector("#align[data-kept=yes]", timeout=MINUTES)

        # Another tab goes on from there; a file takes the place of what is there.
        page.reload()
        page.wait_for_selector("#align[data-state=ready]", timeout=MINUTES)
        assert [one["name"] for one in pairs(page)] == ["1", "2"]
        assert page.input_value("#nudge-value") == "1,0,-2,0,-1,0"
        turned: Any = page.evaluate(MIDDLE_OF_TUMOR)
        assert turned[2] != pytest.approx(start[2], abs=0.5)
        page.click("#marks summary")
        give(page, "after", "a.csv", "name,after_x\n1,2\n")
        page.wait_for_selector("[data-marks-said]:has-text('frame')")
        assert len(pairs(page)) == 2
        # Two lists of 3D Slicer: each says which scan it is of, and nothing is read before both are there.
        give(page, "before", "F.mrk.json", markups({"fork": (0.5, 0.0, 120.0), "bend": (9.0, 4.0, 112.0)}))
        assert page.inner_text("[data-marks-said]") == "Choose the points on the scan after as well."
        give(page, "after", "F_1.mrk.json", markups({"fork": (2.0, 0.0, 120.0), "bend": (11.5, 4.0, 112.0)}, None))
        page.wait_for_selector("[data-marks-said]:has-text('does not say in which frame')")
        assert "'F_1.mrk.json' of the scan after" in page.inner_text("[data-marks-said]")
        assert len(pairs(page)) == 2
        assert told.violations() == []
        give(page, "after", "F_1.mrk.json", markups({"fork": (2.0, 0.0, 120.0), "bend": (11.5, 4.0, 112.0)}))
        page.wait_for_selector("[data-marks-said]:has-text('2 pairs of the files')")
        assert [(one["name"], one["before"][0]) for one in pairs(page)] == [("fork", 0.5), ("bend", 9.0)]
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
        told.drawn("align-landmark-files")
        page.keyboard.press("Escape")
        page.focus("#pane-after canvas")
        page.keyboard.press("z")
        assert [one["name"] for one in pairs(page)] == ["1", "2"]

        # What is seen is what the command line's nudge does, turns and all.
        page.click("#still")
        came: Any = np.array(page.evaluate(AFFINE_OF_TUMOR))
        six = (3.0, -4.5, 2.0, 12.0, -20.0, 31.0)
        for field, value in zip(page.locator("[data-nudge]").all(), six, strict=True):
            field.fill(str(value))
        page.focus("#pane-after canvas")
        laid: Any = np.array(page.evaluate(AFFINE_OF_TUMOR))
        way = nudged(Transform(), RAS * page.evaluate(ABOUT, job.id), shift_lps_mm=six[:3], turn_lps_degrees=six[3:])
        corners = np.array([[0, 0, 0, 1], [40, 0, 0, 1], [0, 40, 0, 1], [0, 0, 40, 1]])
        assert (corners @ laid.T)[:, :3] == pytest.approx(way.back((corners @ came.T)[:, :3] * RAS) * RAS, abs=1e-6)
        page.keyboard.press("z")

        page.fill("#why", "breathing")
        page.click("#go")
        page.wait_for_url("**/assess/*")
        table = table_of(told.app)
        new = table.get(page.url.rpartition("/")[2])
        assert new is not None
        told.app.state.foreman.cancel(new)
        asked = json.loads((table.folder(new.id) / ASKED).read_text())["asked"]["by_hand"]
        assert [one["name"] for one in asked["landmarks"]] == ["1", "2"]
        assert (asked["nudge"], asked["use"], asked["signed"]["why"]) == ("3,-4.5,2,12,-20,0", "mend", "breathing")
        told.errors = [one for one in told.errors if "400" not in one]  # the refused file
        assert (told.left, told.errors) == ([], [])
