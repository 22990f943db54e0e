"""The way of each tutorial in a real browser, over the registry of the demo; ISOTHERM_TUTORIALS=FOLDER draws it.

What takes minutes, a measurement and a study, is gone only for the pictures: test_whole_story.py goes it always.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, expect

from isotherm.app.registry_study_covariates import TIMING
from isotherm.app.web.accounts import Accounts
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.workspace import workspace_at
from tests.app.web.story import served
from tests.app.web.test_browser import server, visit
from tests.app.web.test_login import PASSWORD, quick
from tests.app.web.visiting import HEIGHT, TUTORIALS, WIDTH, Visit, stroke

__all__ = ["quick", "server", "visit"]  # fixtures

PATIENCE_MS = 300_000
WHO = "A. Reader"

WARD = (
    "MRN;Date of birth;Sex\n"
    + "".join(f"Q{k};{1 + k % 27:02d}.02.{1940 + k};female\n" for k in range(12, 18))
    + "Q18;31.02.1951;male\n"
)
"""Of seven rows, the last names a day that no February has."""

Walk = Callable[[Visit], None]


def for_pictures(walk: Walk) -> Walk | None:
    """Leave a way out where no picture is drawn: it is no test that was skipped, since another one goes it."""
    return walk if TUTORIALS else None


@for_pictures
def test_the_radiologist_measures_corrects_and_accepts(visit: Visit) -> None:
    page = visit.page
    visit.named(WHO, then="/assess")
    page.get_by_role("button", name="Try the demo pair").click()
    page.wait_for_selector("#viewer[data-measured=yes]", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Thinnest point").click()
    page.wait_for_timeout(1000)
    visit.shown("radiologist-margin")
    page.get_by_role("button", name="Brush").click()
    page.get_by_role("button", name="Erase").click()
    stroke(page)
    page.wait_for_selector("#viewer[data-measured=no]")
    page.wait_for_selector("#viewer[data-measured=yes]", timeout=PATIENCE_MS)
    page.get_by_label("Why corrected?").fill("the zone ends at the vessel")
    visit.shown("radiologist-corrected")
    page.get_by_role("button", name="Measure in full").click()
    expect(page.get_by_text(f"Corrected by {WHO}")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="Accept into the registry").click()
    page.get_by_label("Patient").fill("SYN-00001")
    page.get_by_role("button", name="Choose the patient").click()
    page.get_by_label("Ablation", exact=True).select_option("1")
    page.get_by_label("Scan after ablation").select_option("after")
    page.get_by_label("Scan before ablation").select_option("before")
    page.get_by_label("Why it is accepted").fill("looked at both scans")
    visit.shown("radiologist-accept")
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_role("heading", name="The margin is in the registry")).to_be_visible()


def test_the_coordinator_goes_from_the_worklist_to_the_sheet(visit: Visit) -> None:
    page = visit.page
    visit.named(WHO, then="/worklist")
    page.get_by_role("link", name="Follow-up due").click()
    visit.shown("coordinator-worklist")
    page.get_by_role("link", name="SYN-00006", exact=True).click()
    missing = page.get_by_role("heading", name="What is missing, and what it would change")
    expect(missing).to_be_visible(timeout=PATIENCE_MS)  # the first guidelines that a server asks
    visit.shown("coordinator-patient")
    page.get_by_label("date of birth").fill("1950-01-01")
    page.get_by_role("button", name="Write to the registry").first.click()
    expect(page.get_by_text("Noted in the registry, with your name and the time.")).to_be_visible()
    page.get_by_role("link", name="Tumor board sheet", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("Tumor board"))).to_be_visible()
    visit.shown("coordinator-sheet")


def test_the_fellow_goes_from_tumors_to_a_protocol_and_to_what_is_published(visit: Visit) -> None:
    page = visit.page
    visit.named(WHO, then="/cohort")
    page.wait_for_load_state("networkidle")
    page.get_by_label("tumor", exact=True).check()
    expect(page.get_by_text("254 tumors").first).to_be_visible()
    page.get_by_label("Column").select_option("minimal_margin_mm")
    page.get_by_label("Relation").select_option("less than")
    page.get_by_label("Value").fill("5")
    page.get_by_role("button", name="Add the condition").click()
    expect(page.get_by_label("The same as text")).to_have_value("minimal_margin_mm < 5")
    visit.shown("fellow-cohort")
    page.get_by_label("Title").fill("Local progression by RAS")
    page.get_by_label("Compare by").select_option("ras")
    page.get_by_role("button", name="Draft the protocol").click()
    expect(page.get_by_role("heading", name="Who stays, and who leaves")).to_be_visible(timeout=PATIENCE_MS)
    visit.shown("fellow-protocol")
    visit.go("/evidence")
    page.get_by_label("Words").fill("margin local progression")
    expect(page).to_have_url(re.compile("q=margin"))
    visit.shown("fellow-evidence")


@for_pictures
def test_the_statistician_audits_runs_and_reads(visit: Visit) -> None:
    page = visit.page
    visit.named(WHO, then="/cohort")
    page.wait_for_load_state("networkidle")
    page.get_by_label("Title").fill("Upfront or delayed ablation")
    page.get_by_label("Compare by").select_option(TIMING)
    page.get_by_role("button", name="Draft the protocol").click()
    expect(page.get_by_role("heading", name="Who stays, and who leaves")).to_be_visible(timeout=PATIENCE_MS)
    visit.shown("statistician-audit")
    page.get_by_role("button", name="Run the study").click()
    expect(page.get_by_role("link", name="Download the report (DOCX)")).to_be_visible(timeout=PATIENCE_MS)
    report = page.frame_locator("iframe")
    expect(report.get_by_role("heading", name="Upfront or delayed ablation")).to_be_visible()
    visit.shown("statistician-run")
    page.get_by_role("link", name="Designs side by side").click()
    expect(report.get_by_role("heading", name="Designs side by side", exact=True)).to_be_in_viewport()
    expect(page.locator("iframe")).to_be_in_viewport(ratio=0.9)
    visit.shown("statistician-designs")


def test_the_manager_mends_and_imports(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    visit.named(WHO, then="/exchange")
    (tmp_path / "ward.csv").write_text(WARD, encoding="utf-8")
    page.get_by_label("Files").set_input_files(tmp_path / "ward.csv")
    page.get_by_role("button", name="Look into it").click()
    expect(page.get_by_role("heading", name="1 problem by column and row")).to_be_visible(timeout=PATIENCE_MS)
    visit.shown("manager-problem")
    page.get_by_label(re.compile("without problems")).check()
    page.get_by_role("button", name="Import 6 new records").click()
    expect(page.get_by_text("Imported: 6 new records")).to_be_visible(timeout=PATIENCE_MS)
    visit.shown("manager-imported")


def test_the_privacy_officer_sees_who_looked_and_what_is_kept(
    visit: Visit, browser: Browser, settings: ServeSettings
) -> None:
    page = visit.page
    visit.named(WHO, then="/patients/SYN-00006")
    # The first page of a patient loads what reads tables: seconds on a busy machine.
    expect(page.get_by_role("heading", name="What is missing, and what it would change")).to_be_visible(
        timeout=PATIENCE_MS
    )
    visit.go("/looked")
    expect(page.get_by_role("heading", name="Who looked at whom")).to_be_visible()
    visit.shown("privacy-looked")
    Accounts(workspace_at(settings.workspace)).put("ada", "admin", PASSWORD)
    with served(replace(settings, login=True)) as (base, _):
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
        guarded = Visit(context, base, f"{base}/kept")
        expect(guarded.page.get_by_role("button", name="Log in")).to_be_visible()
        guarded.shown("privacy-login")
        context.close()
