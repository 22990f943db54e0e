"""A real Orthanc and a real browser: studies found by their patient, fetched, listed and chosen; faults are said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from isotherm.app.web.job_table import ASKED
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.work_pull import STUDY, WORK, study_of
from tests.app.scans_on_disk import Folders
from tests.app.web.assess_job import table_of
from tests.app.web.story import story
from tests.app.web.visiting import AXE, WIDTH
from tests.exchange.made_up_dicom import PATIENT_ID
from tests.exchange.orthanc import PASSWORD, USER, Orthanc

WHO = "A. Reader"
MINUTES = 120_000
"""Milliseconds."""


@pytest.fixture
def filled(orthanc: Orthanc, scans: Folders, monkeypatch: pytest.MonkeyPatch) -> Orthanc:
    """An Orthanc that holds both examinations, and an environment that knows it."""
    for name, value in (("URL", orthanc.url), ("USER", USER), ("PASSWORD", PASSWORD)):
        monkeypatch.setenv(f"ISOTHERM_PACS_{name}", value)
    orthanc.empty()
    orthanc.hold(scans.before, scans.after)
    return orthanc


@pytest.mark.usefixtures("filled")
@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is missing: run `make viewer`")
def test_both_studies_are_found_fetched_and_chosen_from_without_a_uid(
    settings: ServeSettings, browser: Browser, chromium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with story(settings, browser, chromium, who=WHO) as told:
        page = told.page
        told.go("/assess")
        page.get_by_text("From the PACS instead of files").click()
        said = page.locator('[data-pacs="said"]')
        page.get_by_role("button", name="Find studies").click()
        expect(said).to_contain_text("Give the patient's ID")
        page.get_by_label("Patient ID").fill("nobody")
        page.keyboard.press("Enter")
        expect(said).to_have_text("No study fits.", timeout=MINUTES)
        page.get_by_label("Patient ID").fill(PATIENT_ID)
        page.keyboard.press("Enter")
        expect(said).to_contain_text("2 studies.", timeout=MINUTES)
        assert [row.split("\t")[0] for row in page.locator("#pacs tbody tr").all_inner_texts()] == [
            "2024-01-03", "2024-01-02",
        ]  # fmt: skip
        assert told.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH

        for side, day in (("before", "2024-01-02"), ("after", "2024-01-03")):
            page.get_by_role("button", name=f"Fetch the study of {day} as the scan {side}").click()
            expect(page.locator(f'[data-slot="{side}"] [data-came]')).to_have_text(f"study of {day}", timeout=MINUTES)
        chosen = {slot: page.locator(f'[data-slot="{slot}"] [data-choice] option:checked').inner_text()
                  for slot in ("before", "tumor", "after", "ablation", "organ_before", "organ_after")}  # fmt: skip
        assert chosen["before"].startswith("3: CT, 49 planes")
        assert chosen["after"].startswith("3: CT, 66 planes")
        assert (chosen["tumor"], chosen["ablation"]) == ("tumor (SEG 300), with the scan before",
                                                         "zone (RTSTRUCT 500), with the scan after")  # fmt: skip
        assert page.inner_text("#missing") == ""
        assert told.violations() == []

        page.click("#measure")
        page.wait_for_url(lambda address: "/assess/" in address)
        table = table_of(told.app)
        job = table.get(page.url.rpartition("/")[2])
        assert job is not None
        told.app.state.foreman.cancel(job)
        request = json.loads((table.folder(job.id) / ASKED).read_text())["asked"]["pair"]["request"]
        (before, after) = [one for one in reversed(table.of()) if one.work == WORK]
        assert request["before"] == f"{table.folder(before.id) / STUDY}:3"
        assert request["ablations"] == [f"{table.folder(after.id) / STUDY}:500:1"]
        assert study_of(table.workspace, f"pulled-{before.id}") is not None
        told.errors = [one for one in told.errors if "400" not in one]  # the search for everybody
        assert (told.left, told.errors) == ([], [])


def test_a_wrong_password_is_said_in_a_sentence_and_nothing_is_listed(
    settings: ServeSettings, browser: Browser, chromium: Path, filled: Orthanc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOTHERM_PACS_PASSWORD", "wrong-SECRET")
    with story(settings, browser, chromium, who=WHO) as told:
        told.go("/assess")
        told.page.get_by_text("From the PACS instead of files").click()
        told.page.get_by_label("Patient ID").fill(PATIENT_ID)
        told.page.keyboard.press("Enter")
        expect(told.page.locator('[data-pacs="said"]')).to_contain_text("The PACS", timeout=MINUTES)
        text = told.page.inner_text('[data-pacs="said"]')
        assert PATIENT_ID not in text
        assert "SECRET" not in text
        assert told.page.locator('[data-pacs="list"]').is_hidden()
