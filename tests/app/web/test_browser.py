"""The local app in a real browser: the demo, by keyboard and mouse, without a request to elsewhere, and accessible."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from isotherm.registry.store import open_store
from tests.app.web.serving import Serving, serving
from tests.app.web.visiting import AXE, HEIGHT, HTMX, WIDTH, Visit

PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server over the demo's registry."""
    if not HTMX.is_file() or not AXE.is_file():
        pytest.skip("htmx or axe-core is missing: run `make viewer`")
    with serving(tmp_path_factory.mktemp("served") / "workspace") as running:
        yield running


@pytest.fixture
def visit(browser: Browser, server: Serving) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    found = Visit(context, server.home, server.address)
    yield found
    context.close()
    assert (found.left, found.errors, found.wrong) == ([], [], [])


def test_the_demo_is_there_at_once_and_says_that_nobody_in_it_ever_lived(visit: Visit) -> None:
    expect(visit.page.get_by_role("heading", name="Worklist")).to_be_visible()
    expect(visit.page.get_by_role("note")).to_contain_text("Nobody in this registry ever lived")
    expect(visit.page.locator("tr[data-row]").first).to_be_visible()


def test_pages_are_walked_by_keyboard_alone(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    wanted = page.evaluate("document.activeElement.querySelector('a').textContent")
    page.keyboard.press("Enter")
    # The first page of a patient loads what reads tables: seconds on a busy machine.
    expect(page.get_by_role("heading", name=f"Patient {wanted}")).to_be_visible(timeout=PATIENCE_MS)
    for letter, heading in (("j", "Jobs"), ("w", "Worklist")):
        page.wait_for_load_state()  # what is pressed before the page's script is there does nothing
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.keyboard.type("00005")
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-row]")).to_have_count(1)


def test_a_question_is_answered_and_the_registry_says_who_did(visit: Visit, server: Serving) -> None:
    page = visit.page
    page.goto(f"{server.home}/patients/SYN-00003")
    expect(page.get_by_text("What is missing, and what it would change")).to_be_visible()
    page.get_by_label("date of birth").fill("1950-01-01")
    page.get_by_role("button", name="Write to the registry").first.click()
    # The name is asked first, and what was typed is kept.
    expect(page.get_by_text("What you have filled in is kept")).to_be_visible()
    assert visit.found_by_axe() == []
    page.get_by_label("Name or code").fill("Ada")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Patient SYN-00003")).to_be_visible()
    expect(page.get_by_text("Noted in the registry")).to_be_visible()
    expect(page.get_by_text("born 1950-01-01")).to_be_visible()


def test_whoever_waits_is_told_so_and_told_when_nobody_answers(visit: Visit, server: Serving) -> None:
    page = visit.page
    visit.named("Ada", then="/patients/SYN-00001")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/answers", hold)
    page.locator("details[open] button").first.click()
    expect(page.get_by_role("alert")).to_contain_text("Still waiting", timeout=10_000)
    held[0].abort()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    page.unroute("**/answers")
    page.locator("details[open] button").first.click()  # what was typed is still there, and can be sent again
    expect(page.get_by_role("alert")).to_contain_text("No answer came")
    visit.refused()


def test_a_long_name_does_not_widen_the_page(visit: Visit) -> None:
    visit.named("x" * 80)
    expect(visit.page.get_by_role("heading", name="Worklist")).to_be_visible()
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= WIDTH


def test_an_address_that_is_none_still_knows_who_works(visit: Visit) -> None:
    visit.named("Ada")
    visit.go("/nothing-of-this")
    expect(visit.page.get_by_role("heading", name="Not here")).to_be_visible()
    expect(visit.page.get_by_role("link", name="Ada")).to_be_visible()
    visit.refused()


def test_a_second_answer_from_the_same_place_is_noted_as_well_and_a_wrong_one_said(
    visit: Visit, server: Serving
) -> None:
    page = visit.page
    visit.named("Ada", then="/patients/SYN-00013")
    for _ in range(2):
        before = page.get_by_role("heading", name="Open questions").text_content()
        page.locator("details[open] input[type=checkbox]").first.check()
        with page.expect_navigation():
            page.locator("details[open] button").click()
        expect(page.get_by_text("Noted in the registry")).to_be_visible()
        assert page.get_by_role("heading", name="Open questions").text_content() != before
    page.locator("details[open] button").click()
    expect(page.get_by_role("alert")).to_contain_text("No answer came")
    visit.refused()


@pytest.mark.parametrize("path", ["/worklist", "/worklist?search=nobody", "/patients/SYN-00005", "/jobs", "/who",
                                  "/looked"])  # fmt: skip
def test_a_page_is_accessible_and_fits_the_screen(visit: Visit, path: str) -> None:
    visit.go(path)

    visit.looks_well("demo" + re.sub(r"\W", "-", path))


def test_a_page_that_is_not_there_is_accessible_too(visit: Visit) -> None:
    visit.go("/nothing")

    visit.refused()
    visit.looks_well("demo-nothing")


def test_a_script_that_gets_into_a_page_does_not_run(visit: Visit) -> None:
    visit.page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran = true'>");
    }""")
    visit.page.wait_for_timeout(300)

    assert visit.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in one for one in visit.errors)
    visit.errors.clear()


def test_the_board_sheet_cannot_read_a_cookie_or_ask_the_app_and_leads_back(visit: Visit, server: Serving) -> None:
    visit.named("Ada", then="/patients/SYN-00005/board.html")

    assert visit.page.evaluate("self.origin") == "null"
    expect(visit.page.get_by_role("heading", name=re.compile("Tumor board"))).to_be_visible()
    visit.page.get_by_role("link", name="Back to the patient").click()
    expect(visit.page.get_by_role("heading", name="Patient SYN-00005")).to_be_visible()
    expect(visit.page.get_by_role("link", name="Ada")).to_be_visible()


def test_what_was_confirmed_is_there_after_the_server_was_killed(tmp_path: Path, browser: Browser) -> None:
    first = Serving("--workspace", str(tmp_path / "w"))
    context = browser.new_context()
    page = context.new_page()
    page.goto(first.address)
    page.goto(f"{first.home}/who?next=/patients/SYN-00003")
    page.get_by_label("Name or code").fill("Ada")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("date of birth").fill("1950-01-01")
    page.get_by_role("button", name="Write to the registry").first.click()
    expect(page.get_by_text("born 1950-01-01")).to_be_visible()
    first.stop(signal.SIGKILL)

    with serving(tmp_path / "w") as second:
        page.goto(f"{second.home}/patients/SYN-00003")
        assert page.get_by_text("Open the address that isotherm serve printed").count() == 0
        expect(page.get_by_text("born 1950-01-01")).to_be_visible()
    with open_store(str(tmp_path / "w" / "demo.registry")) as store:
        assert not store.verify().problems
        assert store.simulated()
    context.close()


def test_a_server_that_is_stopped_says_goodbye_in_order_and_only_one_has_a_workspace(tmp_path: Path) -> None:
    with serving(tmp_path / "w") as running:
        with pytest.raises(AssertionError, match="did not start"):
            Serving("--workspace", str(tmp_path / "w"))
        assert running.stop() == 0
