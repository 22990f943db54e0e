"""The ways of those who come from outside: a portal, a journal, several centers, a device; drawn as the others are."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.app.on_disk import FAST
from tests.app.tutorial_pages import papers_of_centers, planned_and_achieved, tutorial, typed
from tests.app.web.portal_file import portal_file
from tests.app.web.test_browser import server, visit
from tests.app.web.test_tutorials_walked import PATIENCE_MS, WHO, for_pictures
from tests.app.web.visiting import HEIGHT, WIDTH, Visit
from tests.browser import open_tab

__all__ = ["server", "visit"]  # fixtures

STAYS = "Who stays, and who leaves"


def test_the_portal_user_is_stopped_at_left_truncation_and_counts_from_sequencing(visit: Visit, tmp_path: Path) -> None:
    page, said = visit.page, tutorial("portal").blocks("toml")
    entry, clock, groups = said
    visit.named(WHO, then="/study")
    (tmp_path / "data_clinical_patient.txt").write_text(portal_file(), encoding="utf-8")
    page.get_by_label("Title").fill("Survival by KRAS")
    page.get_by_label("Table").set_input_files(tmp_path / "data_clinical_patient.txt")
    page.get_by_role("button", name="Draft the protocol").click()
    page.get_by_role("link", name="See what came of it").click(timeout=PATIENCE_MS)
    text = page.get_by_label("The protocol as text")
    drafted = text.input_value().replace('known = "after time zero"', 'known = "before time zero"')
    drafted = drafted.replace('says = "the day from which outcomes are counted"', 'says = "diagnosis of metastases"')
    drafted = drafted.replace('says = "the start of the treatment that is compared"', 'says = "KRAS, as sequenced"')
    text.fill(f"{drafted}\n{entry}")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("who died before could not come")).to_be_visible(timeout=PATIENCE_MS)
    visit.shown("portal-stop")
    zero = text.input_value().replace('says = "diagnosis of metastases"', 'says = "sequencing"')
    begins = re.sub(r'^time = "OS_MONTHS".*$', lambda line: f"{line.group()}\n{clock}", zero, flags=re.MULTILINE)
    text.fill(begins + groups)
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Not met: Alive when sequenced")).to_be_hidden()  # it is within the drawing
    expect(page.get_by_role("heading", name=STAYS)).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("0 to stop at")).to_be_visible()


@for_pictures
def test_the_portal_user_runs_and_has_a_forest(visit: Visit) -> None:
    page = visit.page
    visit.named(WHO, then="/study/survival-by-kras")
    expect(page.get_by_role("heading", name=STAYS)).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Run the study").click()
    expect(page.get_by_role("link", name="Download the report (DOCX)")).to_be_visible(timeout=PATIENCE_MS)
    report = page.frame_locator("iframe")
    report.locator("#subgroups").evaluate("one => one.scrollIntoView()")
    page.locator("iframe").scroll_into_view_if_needed()
    visit.shown("portal-forest")


def test_the_reviewer_sees_what_does_not_add_up_and_who_was_excluded(visit: Visit) -> None:
    page = visit.page
    visit.named(WHO, then="/evidence")
    page.wait_for_load_state("networkidle")
    page.get_by_label("Words").fill("Liang 2022 patients")
    expect(page).to_have_url(re.compile("q=Liang"))
    expect(page.get_by_text("The two arms add up to 440; 103 patients are unexplained").first).to_be_visible()
    visit.shown("reviewer-printed")
    visit.go("/study")
    page.get_by_role("button", name="Take the example").click()
    expect(page.get_by_role("heading", name=STAYS)).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("Exposure is declared to have begun before time zero").first).to_be_visible()
    page.get_by_role("heading", name=STAYS).scroll_into_view_if_needed()
    visit.shown("reviewer-flow")


@for_pictures
def test_the_reviewer_reads_the_checklists_of_a_report(visit: Visit) -> None:
    page = visit.page
    visit.named(WHO, then="/study")
    page.get_by_role("button", name="Take the example").click()
    expect(page.get_by_role("heading", name=STAYS)).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Run the study").click()
    expect(page.get_by_role("link", name="Download the report (DOCX)")).to_be_visible(timeout=PATIENCE_MS)
    page.frame_locator("iframe").locator("#checklists").evaluate("one => one.scrollIntoView()")
    page.locator("iframe").scroll_into_view_if_needed()
    visit.shown("reviewer-checklist")


@for_pictures
def test_the_study_lead_sees_what_a_release_withholds(visit: Visit) -> None:
    page = visit.page
    visit.named(WHO, then="/cohort")
    page.wait_for_load_state("networkidle")
    page.get_by_label("Title").fill("Survival by RAS")
    page.get_by_label("Compare by").select_option("ras")
    page.get_by_role("button", name="Draft the protocol").click()
    expect(page.get_by_role("heading", name=STAYS)).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_label("for release").check()
    page.get_by_role("button", name="Run the study").click()
    expect(page.get_by_role("link", name="Download the report (DOCX)")).to_be_visible(timeout=PATIENCE_MS)
    page.frame_locator("iframe").locator("#patients").evaluate("one => one.scrollIntoView()")
    page.locator("iframe").scroll_into_view_if_needed()
    visit.shown("lead-release")


def test_the_study_lead_draws_what_centers_sent(visit: Visit, browser: Browser, tmp_path: Path) -> None:
    papers_of_centers(tmp_path)
    assert typed(tmp_path, tutorial("lead").commands[2])[0] == 0
    tab = open_tab(browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}))
    tab.page.goto((tmp_path / "pooled" / "forest.svg").as_uri())
    tab.page.evaluate("['width', 'height'].forEach((one) => document.documentElement.setAttribute(one, '100%'))")
    visit.shown("lead-forest", of=tab.page)
    tab.page.context.close()
    assert (tab.left, tab.errors) == ([], [])


def test_the_physicist_opens_the_report_of_a_zone_that_came_short(
    visit: Visit, browser: Browser, tmp_path: Path
) -> None:
    planned_and_achieved(tmp_path)
    masks = "--tumor P002/tumor.nii.gz --ablation P002/achieved.nii.gz --out achieved"
    assert typed(tmp_path, f"isotherm margin {masks}", *FAST)[0] == 0
    tab = open_tab(browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}))
    tab.page.goto((tmp_path / "achieved" / "report.html").as_uri())
    tab.page.wait_for_timeout(1500)
    visit.shown("physicist-report", of=tab.page)
    tab.page.context.close()
    assert (tab.left, tab.errors) == ([], [])
