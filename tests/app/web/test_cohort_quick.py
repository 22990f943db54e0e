"""Cohort, by somebody who does not wait: conditions, counts, address and download are of one state at any speed."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.app.web.test_browser import server, visit
from tests.app.web.visiting import Visit

__all__ = ["server", "visit"]  # fixtures

SLOWED = """(delays) => {
    const send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function (...content) {
        setTimeout(() => { if (this.readyState === 1) send.apply(this, content); },
                   delays.length > 1 ? delays.shift() : delays[0]);
    };
}"""
"""Each question is asked later, in ms; the last delay is that of all others."""

FIRST = "n_lesions <= 2"
PATIENCE_MS = 15_000


def where_of(address: str) -> str:
    return parse_qs(urlsplit(address).query).get("where", [""])[0]


def open_cohort(visit: Visit, *delays: int, where: str = "") -> Page:
    """Open the page; choose a first column, and slow the answers from then on."""
    visit.go(f"/cohort?per=patient&where={where}")
    page = visit.page
    page.get_by_label("Column").select_option("n_lesions")
    page.get_by_label("Relation").select_option("at most")
    page.get_by_label("Value").fill("2")
    page.evaluate(SLOWED, [*delays])
    return page


def is_of_one_state(page: Page, *conditions: str) -> None:
    """Hold what is listed, the text, the address, the flow and what is downloaded against each other."""
    expect(page.locator("#cohort")).to_have_attribute("aria-busy", "false", timeout=PATIENCE_MS)
    where = " and ".join(conditions)
    assert page.locator(".parts span").evaluate_all("all => all.map((one) => one.title)") == [*conditions]
    assert page.locator("#where").input_value() == where
    assert where_of(page.url) == where
    link = page.get_by_role("link", name=re.compile("Download the table")).get_attribute("href")
    assert link is not None
    assert where_of(link) == where
    rows = len(page.request.get(urlsplit(page.url)._replace(path="", query="").geturl() + link).text().splitlines()) - 1
    expect(page.get_by_role("heading", name=re.compile(rf"{rows} patients$"))).to_be_visible()
    expect(page.locator(".top p b")).to_have_text(f"{rows} patients")
    expect(page.get_by_role("alert")).to_be_empty()


@pytest.mark.parametrize(("pause_ms", "delays"), [
    (0, (700,)), (250, (700,)), (500, (700,)), (750, (700,)), (250, (1000, 20)), (250, (20, 700)),
])  # fmt: skip
def test_a_column_that_is_chosen_at_once_after_a_condition_loses_neither(
    visit: Visit, pause_ms: int, delays: tuple[int, ...]
) -> None:
    page = open_cohort(visit, *delays)

    page.get_by_role("button", name="Add the condition").click()
    page.wait_for_timeout(pause_ms)
    page.get_by_label("Column").select_option("age_years")

    expect(page.get_by_label("Value")).to_be_visible(timeout=PATIENCE_MS)
    is_of_one_state(page, FIRST)
    expect(page.get_by_label("Column")).to_have_value("age_years")
    page.reload()
    expect(page.locator(".parts span")).to_have_count(1)


def test_a_reload_and_the_way_back_show_what_the_address_says(visit: Visit) -> None:
    page = open_cohort(visit, 700)
    page.get_by_role("button", name="Add the condition").click()
    page.get_by_role("radio", name="tumor").check()
    expect(page.locator("#cohort")).to_have_attribute("aria-busy", "false", timeout=PATIENCE_MS)
    assert (where_of(page.url), "per=tumor" in page.url) == (FIRST, True)

    page.go_back()

    expect(page.get_by_role("radio", name="patient")).to_be_checked()
    expect(page.locator(".parts span")).to_have_count(1)
    assert "per=patient" in page.url


def test_conditions_are_taken_away_by_what_they_say_and_not_by_their_place(visit: Visit) -> None:
    page = open_cohort(visit, 500, where="age_years >= 18 and age_years < 95 and n_lesions >= 1")

    for text in ("age_years >= 18", "age_years < 95"):
        page.get_by_role("link", name=f"Remove: {text}").click()
    page.get_by_role("link", name="Remove: age_years < 95").dblclick()

    is_of_one_state(page, "n_lesions >= 1")


def test_a_condition_that_is_added_to_a_text_that_is_being_applied_stands_behind_it(visit: Visit) -> None:
    page = open_cohort(visit, 500)

    page.get_by_label("The same as text").fill("n_lesions >= 1")
    page.get_by_role("button", name="Apply the text").click()
    page.get_by_role("button", name="Add the condition").click()

    is_of_one_state(page, "n_lesions >= 1", FIRST)


def test_a_value_is_not_put_to_a_column_that_was_chosen_since(visit: Visit) -> None:
    page = open_cohort(visit, 500)

    page.get_by_label("Column").select_option("age_years")

    expect(page.get_by_role("button", name="Add the condition")).to_be_disabled()
    expect(page.locator("#value:disabled")).to_have_count(0, timeout=PATIENCE_MS)
    is_of_one_state(page)


def test_what_is_typed_while_an_answer_is_on_its_way_stays(visit: Visit) -> None:
    page = open_cohort(visit, 500)

    page.get_by_text("Definitions that differ between studies").click()
    page.get_by_label("Efficacy is told within (days)").fill("120")
    page.keyboard.press("Tab")
    page.keyboard.type("45", delay=150)
    page.keyboard.type("6", delay=600)
    page.keyboard.press("Tab")

    expect(page).to_have_url(re.compile("efficacy_days=120&complication_days=456"), timeout=PATIENCE_MS)
    is_of_one_state(page)


def test_what_is_refused_is_read_before_more_is_asked(visit: Visit) -> None:
    page = open_cohort(visit, 500)
    page.get_by_label("Value").fill("three")

    page.get_by_role("button", name="Add the condition").click()
    page.get_by_role("radio", name="tumor").check()

    expect(page.locator("#cohort > .failure")).to_contain_text("n_lesions is a number", timeout=PATIENCE_MS)
    expect(page.locator("#cohort")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("radio", name="patient")).to_be_checked()
    expect(page.get_by_label("Value")).to_have_value("three")


def test_without_an_answer_the_page_and_its_address_stay(visit: Visit) -> None:
    page = open_cohort(visit, 20)
    here = page.url
    page.route("**/cohort*", lambda route: route.fulfill(status=503, body="<p>Busy.</p>"))

    page.get_by_role("button", name="Add the condition").click()
    expect(page.get_by_role("alert")).to_contain_text("Busy")
    page.get_by_role("radio", name="tumor").check()
    expect(page.get_by_role("radio", name="patient")).to_be_checked()
    assert page.url == here

    page.unroute("**/cohort*")
    visit.refused()
    page.get_by_role("button", name="Add the condition").click()  # as it was typed
    expect(page.locator(".parts span")).to_have_count(1)
    is_of_one_state(page, FIRST)


def test_who_waits_is_told_so_for_as_long_as_it_lasts(visit: Visit) -> None:
    page = open_cohort(visit, 20)
    held: list[Route] = []
    page.route("**/cohort*", lambda route: route.continue_() if held else held.append(route))

    page.get_by_role("button", name="Add the condition").click()
    page.get_by_role("radio", name="session").check()
    expect(page.get_by_role("alert")).to_contain_text("Still waiting", timeout=PATIENCE_MS)
    expect(page.locator("section").first).to_have_js_property("inert", True)
    held[0].continue_()

    expect(page.get_by_role("heading", name=re.compile("sessions$"))).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("alert")).to_be_empty()
    assert where_of(page.url) == FIRST
