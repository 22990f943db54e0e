"""Every page in its states, beside those that the whole story comes by: hardly anything there, at work, full, failed.

Each is held against what holds for all of them. ISOTHERM_PICTURES=FOLDER draws each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from isotherm.app.registry_tasks import add, make, which
from isotherm.app.web.accounts import Accounts
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.workspace import workspace_at
from tests.app.web.serving import Serving, serving
from tests.app.web.story import served
from tests.app.web.test_browser import server, visit
from tests.app.web.test_login import PASSWORD, quick
from tests.app.web.visiting import AXE, HEIGHT, HTMX, WIDTH, Visit

__all__ = ["quick", "server", "visit"]  # fixtures

PATIENCE_MS = 120_000
TODAY = datetime.now(UTC).date()
ALONE = "P-1"


@pytest.fixture(scope="module")
def hardly_anything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server over a registry with one patient, of whom nothing is noted."""
    if not HTMX.is_file() or not AXE.is_file():
        pytest.skip("htmx or axe-core is missing: run `make viewer`")
    folder = tmp_path_factory.mktemp("alone")
    registry = str(folder / "clinic.registry")
    make(registry)
    add(registry, which(ALONE, "patient", ""), ["sex=unknown"], today=TODAY, by="test", why="came in")
    with serving(folder / "workspace", registry) as running:
        yield running


@pytest.fixture
def alone(browser: Browser, hardly_anything: Serving) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    found = Visit(context, hardly_anything.home, hardly_anything.address)
    yield found
    context.close()
    assert (found.left, found.errors, found.wrong) == ([], [], [])


@pytest.mark.parametrize(("path", "name"), [
    ("/worklist", "worklist"), (f"/patients/{ALONE}", "patient"), (f"/patients/{ALONE}/board.html", "board"),
    (f"/assess?patient={ALONE}&lesion=", "assess-of-patient"), ("/cohort", "cohort"),
    ("/cohort?per=session", "cohort-session"), ("/cohort?per=tumor", "cohort-tumor"),
    ("/evidence/forest", "forest"), ("/evidence/margin", "margin"), ("/kept", "kept"),
    ("/looked?patient=nobody", "looked-nobody"), ("/worklist?search=nobody", "worklist-nobody"),
])  # fmt: skip
def test_where_hardly_anything_is_a_page_says_the_next_step(alone: Visit, path: str, name: str) -> None:
    alone.go(path)

    alone.looks_well(f"{name}-1-bare")
    if name not in ("board", "worklist"):  # a sheet to print; a list, whose rows are what comes next
        assert alone.page.locator("main .main:visible").count() == 1, "one next action is wanted"


def test_pages_at_work_and_after_a_cancel(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    visit.named("Ada", then="/assess?patient=SYN-00005&lesion=1")
    visit.looks_well("assess-of-patient-3-full")
    page.get_by_role("button", name="Try the demo pair").click()
    page.wait_for_selector(".stage-now", timeout=PATIENCE_MS)
    pair = page.url.removeprefix(visit.home)

    visit.go("/study")
    page.get_by_role("button", name="Take the example").click()
    expect(page.get_by_role("heading", name="Who stays, and who leaves")).to_be_visible(timeout=PATIENCE_MS)
    visit.looks_well("example-3-form")
    page.get_by_role("button", name="Run the study").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    run = page.url.removeprefix(visit.home)

    looked = sent(visit, tmp_path, "clinic.csv", "MRN;Date of birth;Sex\nQ12;01.02.1940;male\n")
    visit.go("/evidence/margin")
    page.get_by_role("button", name="Draw what was published").click()
    margin = page.url.removeprefix(visit.home)

    # The drawing and the look at a table wait for no study: they may be done by now.
    at_work = [(margin, "margin"), (pair, "pair"), (run, "run"), (looked, "import"),
               ("/worklist", "worklist"), ("/study", "study"), ("/exchange", "exchange"), ("/assess", "assess"),
               ("/jobs", "jobs"), ("/kept", "kept"), (f"/jobs/{pair.rpartition('/')[2]}", "job-running"),
               (f"/jobs/{run.rpartition('/')[2]}", "job-waiting")]  # fmt: skip
    for path, name in at_work:
        visit.go(path)
        visit.looks_well(f"{name}-2-at-work")
    for path, name in [(run, "run"), (pair, "pair")]:
        visit.go(path)
        page.get_by_role("button", name="Cancel").click()
        visit.go(path)
        expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=PATIENCE_MS)
        visit.looks_well(f"{name}-4-cancelled")
    visit.go(f"/jobs/{run.rpartition('/')[2]}")
    visit.looks_well("job-4-cancelled")


def sent(visit: Visit, folder: Path, name: str, text: str) -> str:
    """Send a table to the import page; return the path of what becomes of it."""
    (folder / name).write_text(text, encoding="utf-8")
    visit.go("/exchange")
    visit.page.get_by_label("Files").set_input_files(folder / name)
    visit.page.get_by_role("button", name="Look into it").click()
    visit.page.wait_for_url(re.compile(r"/exchange/\w+$"))
    return visit.page.url.removeprefix(visit.home)


def test_pages_that_are_full(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    visit.named("Ada", then="/exchange")
    page.get_by_role("button", name="Excel").click()
    expect(page.get_by_role("button", name="Run it again")).to_be_visible(timeout=PATIENCE_MS)
    visit.looks_well("job-3-done")

    sent(visit, tmp_path, "clinic.csv", "MRN;Date of birth;Sex\nQ12;01.02.1940;male\n")
    text = page.get_by_label("Mapping")
    expect(text).to_be_visible(timeout=PATIENCE_MS)
    text.fill(text.input_value().replace("kind = ", "kin = ", 1))
    page.get_by_role("button", name="Save and look again").click()
    expect(page.get_by_text("The mapping is kept, and cannot be used yet.")).to_be_visible(timeout=PATIENCE_MS)
    visit.looks_well("import-4-mapping-wrong")
    visit.refused()

    visit.go("/evidence/margin")
    page.get_by_text("Draw it with the lengths of a patient").click()
    page.get_by_label(re.compile("margin", re.IGNORECASE)).first.fill("3")
    page.get_by_role("button", name="Draw with these").click()
    expect(page.locator("iframe")).to_be_visible(timeout=PATIENCE_MS)
    visit.looks_well("margin-3-full")
    for path, name in [("/kept", "kept"), ("/jobs", "jobs"), ("/patients/SYN-00005", "patient"),
                       ("/patients/SYN-00008", "patient-not-ablated"), ("/worklist?only=accept", "worklist-accept"),
                       ("/cohort?where=os_days>3", "cohort-later")]:  # fmt: skip
        visit.go(path)
        visit.looks_well(f"{name}-3-full")


def test_a_protocol_with_a_mistake_says_so_beside_its_text(visit: Visit) -> None:
    page = visit.page
    visit.named("Ada", then="/study")
    page.get_by_role("button", name="Take the example").click()
    page.get_by_role("link", name="as text (the same file)").click()
    text = page.get_by_label("The protocol as text")
    text.fill(text.input_value().replace("[time_zero]", "[time_zer]", 1))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("It is saved, and cannot be run yet.")).to_be_visible()
    visit.looks_well("protocol-4-mistake")
    visit.refused()


def test_what_went_wrong_is_said_on_a_page_of_its_own(visit: Visit) -> None:
    page = visit.page
    visit.named("Ada")
    for path, name in [("/nothing", "404"), ("/patients/nobody", "404-patient"), ("/jobs/0000000000000000", "404-job"),
                       ("/evidence/result/none.such", "404-result"), ("/worklist?days=never", "400")]:  # fmt: skip
        visit.go(path)
        visit.looks_well(f"failure-{name}")
    visit.go("/patients/SYN-00003")
    form = page.locator("details[open] form").first
    form.evaluate("form => { form.removeAttribute('hx-post'); form.revision ? form.revision.value = 99 : 0; }")
    answer_by_hand(page)
    visit.looks_well("failure-409")
    visit.go("/patients/SYN-00003")
    page.locator("details[open] form").first.evaluate(
        "form => { form.enctype = 'multipart/form-data'; form.why.removeAttribute('maxlength');"
        " form.why.value = 'x'.repeat(1500000); }"
    )
    answer_by_hand(page)
    visit.drawn("failure-413")
    visit.refused()


def answer_by_hand(page: Page) -> None:
    """Send the first form of questions as a browser does without scripts."""
    page.locator("details[open] input[type=checkbox]").first.check()
    with page.expect_navigation():
        page.locator("details[open] form").first.evaluate("form => form.submit()")


def test_a_login_is_asked_for_and_a_wrong_one_said(browser: Browser, settings: ServeSettings) -> None:
    Accounts(workspace_at(settings.workspace)).put("ada", "admin", PASSWORD)
    with served(replace(settings, login=True)) as (base, _):
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
        visit = Visit(context, base, base)
        visit.looks_well("login-1-empty")
        for password, name in (("wrong", "login-4-wrong"), (PASSWORD, "login-3-full")):
            visit.page.get_by_label("Name").fill("ada")
            visit.page.get_by_label("Password").fill(password)
            visit.page.get_by_role("button", name="Log in").click()
            visit.looks_well(name)
        expect(visit.page.get_by_role("button", name="Log out")).to_be_visible()
        visit.refused()
        context.close()
        assert (visit.left, visit.errors, visit.wrong) == ([], [], [])
