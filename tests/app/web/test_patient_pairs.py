"""The scans on a patient's page: which pairs were measured, whether the registry has them, and a look at them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from isotherm.app.web.application import create_app
from isotherm.app.web.job import Job
from isotherm.app.web.looked import looks
from isotherm.app.web.serve_settings import ServeSettings
from tests.app.web.assess_job import measured_job, own_table, table_of
from tests.app.web.story import story
from tests.app.web.test_assess import WHO, folder, form, job, patient_with_lesion
from tests.app.web.visiting import AXE

__all__ = ["folder", "job"]  # fixtures

MINUTES = 60_000
"""Milliseconds."""


def accept(reader: TestClient, job: Job, registry: str) -> tuple[str, str]:
    """Accept the small pair's margin for a patient of the registry; return the patient and the margin's key."""
    patient, lesion = patient_with_lesion(registry)
    answer = form(reader, f"/assess/{job.id}/accept", label="1", patient_id=patient, lesion_id=lesion, after_new="A9",
                  after_on="2026-02-01", why="both scans looked at")  # fmt: skip
    assert not answer.is_error, answer.text
    return patient, f"A9.{lesion}"


def scans(reader: TestClient, patient: str, query: str = "") -> str:
    """Return the section of the scans on a patient's page; empty where there is none."""
    return (
        reader.get(f"/patients/{patient}{query}").text.partition('<section id="scans">')[2].partition("</section>")[0]
    )


def test_a_patient_without_a_measured_pair_has_no_scans_to_look_at(reader: TestClient, registry: str, job: Job) -> None:
    assert scans(reader, patient_with_lesion(registry)[0]) == ""


def test_a_pair_that_was_measured_for_a_patient_and_not_accepted_says_so_and_leads_there(
    reader: TestClient, app: FastAPI, registry: str, job: Job
) -> None:
    patient, _ = patient_with_lesion(registry)
    table_of(app).is_of(job.id, patient)

    told = scans(reader, patient)

    assert f'<a href="/assess/{job.id}/accept?label=1">no: accept it</a>' in told
    assert f"?look={job.id}-0#scans" in told


def test_an_accepted_pair_names_its_margin_and_whoever_looks_at_it_looks_at_the_patient(
    reader: TestClient, app: FastAPI, registry: str, job: Job
) -> None:
    patient, margin = accept(reader, job, registry)

    told = scans(reader, patient)
    reader.get(f"/assess/{job.id}/scene/0")

    assert f"<td>margin {margin}</td>" in told
    assert "accept it" not in told
    last = looks(app.state.web.workspace)[0]
    assert (last.patient, last.what) == (patient, f"scans of pair {job.id}")


def test_the_page_of_an_accepted_pair_says_where_it_is_filed_by_whom_and_when(
    reader: TestClient, app: FastAPI, registry: str, job: Job
) -> None:
    assert "filed as margin" not in reader.get(f"/assess/{job.id}").text
    patient, margin = accept(reader, job, registry)
    html = re.sub("<[^>]*>", "", reader.get(f"/assess/{job.id}").text)
    (line,) = [one for one in html.splitlines() if "filed as margin" in one]
    assert f"filed as margin {margin} of {patient}, lesion " in line
    assert re.search(rf"by {WHO} on \d{{4}}-\d\d-\d\d; accepting it there again replaces that", line)
    assert "Accept again" in html
    last = looks(app.state.web.workspace)[0]
    assert (last.patient, last.what) == (patient, f"measured pair {job.id}")


def test_a_margin_that_was_measured_here_leads_to_its_pair(reader: TestClient, registry: str, job: Job) -> None:
    patient, _ = accept(reader, job, registry)
    _, lesion = patient_with_lesion(registry)

    margins = reader.get(f"/patients/{patient}").text.partition('id="margins"')[2]

    row = re.search(rf'<th scope="row">{lesion}</th><td><a href="([^"]+)"', margins)
    assert row is not None
    assert row.group(1) == f"/patients/{patient}?look={job.id}-0#scans"


def test_a_look_at_a_pair_of_somebody_else_is_not_found(reader: TestClient, registry: str, job: Job) -> None:
    patient, _ = patient_with_lesion(registry)

    for key in (f"{job.id}-0", f"{job.id}-7", "../../x", "x" * 3000):
        assert reader.get(f"/patients/{patient}", params={"look": key}).status_code == 404, key


def test_the_viewer_is_on_the_page_only_where_somebody_looks(reader: TestClient, registry: str, job: Job) -> None:
    patient, _ = accept(reader, job, registry)

    assert "niivue" not in reader.get(f"/patients/{patient}").text
    assert f'data-job="{job.id}" data-lesion="0"' in scans(reader, patient, f"?look={job.id}-0")


def test_the_jobs_of_a_patient_are_found_among_thousands(app: FastAPI, job: Job) -> None:
    table = own_table(app)
    table.is_of(job.id, "P01")
    with table.workspace.connected() as connection:
        connection.executemany(
            "INSERT INTO job (id, work, title, who, state, asked_at, patient) "
            "VALUES (?, 'draft', 'Another', '', 'done', '2099-01-01T00:00:00', 'P02')",
            [(f"{number:016x}",) for number in range(3000)],
        )

    assert [one.id for one in table.of_patient("P01")] == [job.id]


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is missing: run `make viewer`")
def test_scans_are_looked_at_on_the_patients_page(
    settings: ServeSettings, registry: str, browser: Browser, chromium: Path, tmp_path: Path
) -> None:
    app = create_app(settings)
    measured = measured_job(app, tmp_path / "pair", registry)  # before anybody looks after jobs
    patient, _ = patient_with_lesion(registry)
    own_table(app).is_of(measured.id, patient)
    with story(settings, browser, chromium, who=WHO) as told:
        page = told.page
        told.go(f"/patients/{patient}")
        page.get_by_role("link", name="Look at the scans").click()
        page.wait_for_selector("#viewer[data-state=ready]", timeout=MINUTES)
        page.focus("#viewer canvas")
        page.keyboard.press("b")
        assert page.inner_text("#scan") == "before ablation, registered"
        place = page.inner_text("[data-viewer=place]")
        page.keyboard.press("ArrowLeft")
        assert page.inner_text("[data-viewer=place]") != place
        page.keyboard.press("t")
        assert page.inner_text("[data-viewer=place]") == place
        assert told.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert (told.left, told.errors) == ([], [])
