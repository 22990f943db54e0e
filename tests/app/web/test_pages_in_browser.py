"""Import, cohort, study and evidence in a real browser: from a hospital's table to a report, and accessible."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.web.serving import Serving
from tests.app.web.test_browser import Visit, server, visit

__all__ = ["server", "visit"]  # fixtures

PATIENCE_MS = 120_000
ROWS = "MRN;Date of birth;Sex\n" + "".join(f"Q{k};{1 + k % 31:02d}.02.{1940 + k};male\n" for k in range(12, 42))
"""Of 30 rows, two name a day that no February has."""


def named(page: Page, server: Serving) -> None:
    page.goto(f"{server.home}/who?next=/exchange")
    page.get_by_label("Name or code").fill("Ada")
    page.get_by_role("button", name="Go on").click()


def test_a_table_is_looked_into_mended_and_imported(visit: Visit, server: Serving, tmp_path: Path) -> None:
    page = visit.page
    named(page, server)
    (tmp_path / "clinic.csv").write_text(ROWS)
    page.get_by_label("Files").set_input_files(tmp_path / "clinic.csv")
    page.get_by_role("button", name="Look into it").click()

    expect(page.get_by_role("heading", name="problems by column and row")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("row", name="Date of birth")).to_contain_text("19, 20")
    assert visit.found_by_axe() == []
    page.get_by_label(re.compile("without problems")).check()
    page.get_by_role("button", name=re.compile("Import 2. new records")).click()

    expect(page.get_by_text(re.compile("Imported: 2. new records"))).to_be_visible(timeout=PATIENCE_MS)
    assert visit.found_by_axe() == []


def test_a_cohort_is_narrowed_by_keyboard_and_becomes_a_study_with_a_report(
    visit: Visit, server: Serving, tmp_path: Path
) -> None:
    page = visit.page
    named(page, server)
    page.goto(f"{server.home}/cohort")
    page.get_by_label("Column").select_option("n_lesions")
    page.get_by_label("Relation").select_option("at most")
    page.get_by_label("Value").fill("4")
    page.keyboard.press("Enter")
    expect(page.get_by_label("The same as text")).to_have_value("n_lesions <= 4")
    expect(page).to_have_url(re.compile("where=n_lesions"))
    expect(page.get_by_role("img", name=re.compile("Flow of patients"))).to_be_visible()
    assert visit.found_by_axe() == []

    page.get_by_label("Title").fill("Few tumors")
    page.get_by_label("Compare by").select_option("sex")
    page.get_by_role("button", name="Draft the protocol").click()
    expect(page.get_by_role("heading", name="Who stays, and who leaves")).to_be_visible(timeout=PATIENCE_MS)
    assert visit.found_by_axe() == []

    page.get_by_label("question").fill("Do men and women fare alike?")
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.get_by_role("link", name="as text (the same file)").click()
    expect(page.get_by_label("The protocol as text")).to_have_value(re.compile("Do men and women fare alike"))
    page.get_by_role("button", name="Run the study").click()
    expect(page.get_by_role("link", name="Download the report (DOCX)")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.frame_locator("iframe").get_by_role("heading", name="Few tumors")).to_be_visible()
    with page.expect_download() as given:
        page.get_by_role("link", name="Download the report (DOCX)").click()
    assert given.value.path().read_bytes()[:2] == b"PK"
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 1366


@pytest.mark.parametrize("path", [
    "/exchange", "/cohort", "/cohort?per=tumor&where=n_lesions<3", "/cohort?where=os_days>3", "/study", "/evidence",
    "/evidence/result/wang_2013.margin-slope", "/evidence/paper/meijerink_2024", "/evidence/margin",
    "/evidence/forest?id=meijerink_2024.os&id=ruers_2017.os",
])  # fmt: skip
def test_a_page_is_accessible_and_fits_the_screen(visit: Visit, server: Serving, path: str) -> None:
    visit.page.goto(server.home + path)
    visit.page.wait_for_load_state("networkidle")

    assert visit.found_by_axe() == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 1366


def test_evidence_is_searched_as_one_types(visit: Visit, server: Serving) -> None:
    page = visit.page
    page.goto(f"{server.home}/evidence")
    page.keyboard.press("/")
    page.keyboard.type("margin progression")

    expect(page).to_have_url(re.compile(r"q=margin\+progression"))
    page.keyboard.press("Tab")
    assert visit.errors == []
