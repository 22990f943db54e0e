"""Import, cohort, study and evidence in a real browser, over the demo's registry: a table with mistakes, a search."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.web.test_browser import server, visit
from tests.app.web.visiting import Visit, drop

__all__ = ["server", "visit"]  # fixtures

PATIENCE_MS = 120_000
ROWS = "MRN;Date of birth;Sex\n" + "".join(f"Q{k};{1 + k % 31:02d}.02.{1940 + k};male\n" for k in range(12, 42))
"""Of 30 rows, two name a day that no February has."""


def test_a_table_with_problems_is_imported_without_the_rows_that_have_them(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    visit.named("Ada", then="/exchange")
    (tmp_path / "clinic.csv").write_text(ROWS)
    page.get_by_label("Files").set_input_files(tmp_path / "clinic.csv")
    page.get_by_role("button", name="Look into it").click()

    expect(page.get_by_role("heading", name="problems by column and row")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("row", name="Date of birth")).to_contain_text("19, 20")
    visit.looks_well("exchange-problems")
    page.get_by_label(re.compile("without problems")).check()
    page.get_by_role("button", name=re.compile("Import 2. new records")).click()

    expect(page.get_by_text(re.compile("Imported: 2. new records"))).to_be_visible(timeout=PATIENCE_MS)
    visit.looks_well("exchange-imported-some")


def test_tables_that_are_dropped_on_the_form_are_those_that_are_sent(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    visit.named("Ada", then="/exchange")
    (tmp_path / "ward").mkdir()
    (tmp_path / "ward" / "clinic.csv").write_text(ROWS)

    expect(page.get_by_role("button", name="Look into it")).to_be_enabled()  # the script is there
    drop(page, "form[data-upload] fieldset", tmp_path / "ward")

    expect(page.locator("[data-told]")).to_have_text("clinic.csv")
    page.get_by_role("button", name="Look into it").click()
    expect(page.get_by_role("heading", name="problems by column and row")).to_be_visible(timeout=PATIENCE_MS)
    assert visit.errors == []


@pytest.mark.parametrize("path", [
    "/exchange", "/cohort", "/cohort?per=tumor&where=n_lesions<3", "/cohort?where=os_days>3", "/study", "/evidence",
    "/evidence/result/wang_2013.margin-slope", "/evidence/paper/meijerink_2024", "/evidence/margin",
    "/evidence/forest?id=meijerink_2024.os&id=ruers_2017.os",
])  # fmt: skip
def test_a_page_is_accessible_and_fits_the_screen(visit: Visit, path: str) -> None:
    visit.go(path)

    visit.looks_well("demo" + re.sub(r"\W", "-", path))


def test_evidence_is_searched_as_one_types(visit: Visit) -> None:
    page = visit.page
    visit.go("/evidence")
    page.keyboard.press("/")
    page.keyboard.type("margin progression")

    expect(page).to_have_url(re.compile(r"q=margin\+progression"))
    page.keyboard.press("Tab")
    assert visit.errors == []


@pytest.mark.parametrize(("name", "is_main"), [("failure' data-refused='", False), ("note", True)])
def test_the_button_of_a_run_that_would_be_refused_is_not_the_main_one(visit: Visit, name: str, is_main: bool) -> None:
    page = visit.page
    line = f"<p id='stops' hx-swap-oob='true' class='{name}'>3 findings to stop at: they bar naive.</p>"
    page.route("**/study/*/audit", lambda route: route.fulfill(body=line, content_type="text/html"))
    visit.named("Ada", then="/study")
    page.get_by_role("button", name="Take the example").click()

    expect(page.get_by_text("3 findings to stop at")).to_be_visible(timeout=PATIENCE_MS)
    main = page.locator("form[data-run] button.main")
    expect(main).to_have_count(int(is_main))
    visit.looks_well(f"study-stops-{is_main}")


def test_a_run_does_not_begin_while_something_that_was_typed_is_not_saved(visit: Visit) -> None:
    page = visit.page
    visit.named("Ada", then="/study")
    page.get_by_role("button", name="Take the example").click()
    page.wait_for_load_state("networkidle")  # the script is there
    page.get_by_label("question").fill("Who lives longer?")
    here = page.url
    page.get_by_role("button", name="Run the study").click()

    expect(page.get_by_role("alert")).to_contain_text("a run would go without it")
    expect(page.get_by_role("button", name="Run the study")).to_be_enabled()
    assert page.url == here
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("What the design does is told anew on the right.")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Run the study").click()
    page.wait_for_url("**/run/*")
    assert visit.errors == []
