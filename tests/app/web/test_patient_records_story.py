"""In a real browser: a death is entered, told who did it, corrected and withdrawn; a follow-up without any script."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.app.web.serving import Serving
from tests.app.web.test_browser import server, visit
from tests.app.web.visiting import HEIGHT, WIDTH, Visit

__all__ = ["server", "visit"]  # fixtures

SEEN = "SYN-00009"


def test_a_death_is_entered_corrected_and_withdrawn_and_the_history_tells_all_of_it(visit: Visit) -> None:
    page = visit.page
    visit.named("Ada", then="/worklist")
    visit.go("/worklist?only=due")
    patient = page.locator("tr[data-row] a").first.inner_text()
    page.locator("tr[data-row] a").first.click()
    expect(page.get_by_text("Alive when last seen")).to_be_visible()
    visit.looks_well("patient-add-3-full")

    page.get_by_role("link", name="Death", exact=True).click()
    visit.looks_well("death-1-empty")
    page.get_by_role("button", name="Write to the registry").click()
    assert page.url.endswith("/add?kind=death"), "the browser itself asks for the day"
    page.get_by_label("day of death").fill("2000-01-01")
    page.get_by_label("cause").select_option("tumor")
    page.get_by_label("Why, or from where").fill("letter of the family")
    page.get_by_label("Why, or from where").press("Enter")
    expect(page.get_by_text("Died 2000-01-01, of: tumor")).to_be_visible()
    expect(page.get_by_text("This does not fit together")).to_be_visible()
    assert page.get_by_role("link", name="Death", exact=True).count() == 0, "nobody dies twice"
    visit.looks_well("patient-noted-3-full")

    page.get_by_role("link", name="Look at it, or correct it").click()
    page.get_by_label("cause").select_option("nobody can tell")
    page.get_by_label("Why").first.fill("not in the letter")
    visit.looks_well("record-3-full")
    page.get_by_role("button", name="Correct the record").click()
    expect(page.get_by_text("Death is corrected")).to_be_visible()

    page.get_by_role("link", name="Look at it, or correct it").click()
    page.get_by_label("Why").last.fill("it was somebody else")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Alive when last seen")).to_be_visible()
    visit.go(f"/patients/{patient}/record?kind=death")
    visit.looks_well("record-withdrawn-3-full")
    visit.go(f"/patients/{patient}/records")
    visit.looks_well("records-3-full")

    page.get_by_role("link", name="Who did what").click()
    expect(page.get_by_text("not in the letter")).to_be_visible()
    expect(page.get_by_text("tumor → nobody could tell")).to_be_visible()
    expect(page.get_by_text("letter of the family")).to_be_visible()
    page.locator("summary").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="lesion 1", exact=True)).to_be_visible()
    visit.looks_well("history-3-full")
    visit.go("/history")
    visit.looks_well("history-of-all-3-full")
    visit.refused()


def test_whoever_goes_back_and_sends_a_form_again_is_led_to_what_it_wrote(visit: Visit) -> None:
    page = visit.page
    visit.named("Ada", then=f"/patients/{SEEN}")
    page.get_by_role("link", name="Lesion", exact=True).click()
    page.wait_for_load_state("networkidle")  # nobody is as fast: the page keeps its number then
    page.get_by_label("organ").select_option("liver")
    # Twice at once, past the button that can be pressed once.
    page.evaluate("""() => {
        const form = document.querySelector("main form");
        fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))});
        form.submit();
    }""")
    expect(page.get_by_text("is noted, with your name and the time")).to_be_visible()
    page.wait_for_load_state("networkidle")
    lesions = page.locator("#lesions tbody tr").count()

    page.go_back()
    page.wait_for_load_state("networkidle")
    page.get_by_label("organ").select_option("liver")
    page.get_by_role("button", name="Write to the registry").click()
    expect(page.get_by_text("This had been sent before, and was written once.")).to_be_visible()
    assert page.locator("#lesions tbody tr").count() == lesions
    visit.looks_well("patient-sent-twice")

    page.get_by_role("link", name="Lesion", exact=True).click()
    page.get_by_label("organ").select_option("liver")
    page.get_by_role("button", name="Write to the registry").click()
    expect(page.get_by_text("is noted, with your name and the time")).to_be_visible()
    assert page.locator("#lesions tbody tr").count() == lesions + 1, "a form that is opened anew is another one"


def test_a_follow_up_is_entered_and_refused_without_any_script(browser: Browser, server: Serving) -> None:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, java_script_enabled=False)
    page = context.new_page()
    page.goto(server.address)
    page.goto(f"{server.home}/patients/{SEEN}/add?kind=follow_up")
    page.get_by_label("day of the contact").fill("2016-02-03")
    page.get_by_label("lesion 1").select_option("local tumor progression")
    page.get_by_label("score of quality of life").fill("rather well")
    page.get_by_role("button", name="Write to the registry").click()
    page.get_by_label("Name or code").fill("Ada")
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("alert").filter(has_text="quality of life")).to_be_visible()
    expect(page.get_by_label("score of quality of life")).to_have_value("rather well")
    expect(page.get_by_label("lesion 1")).to_have_value("local tumor progression")
    page.get_by_label("score of quality of life").fill("")
    page.get_by_role("button", name="Write to the registry").click()
    expect(page.get_by_text("is noted, with your name and the time")).to_be_visible()
    page.get_by_text("As a list").click()
    expect(page.get_by_text("lesion 1 local tumor progression").last).to_be_visible()
    context.close()
