"""The report of a study: the main estimate first, every number from result.json, nothing foreign, no verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from isotherm.app.study_page import page_of
from isotherm.app.study_report import write_study_report
from isotherm.app.study_report_content import sections_of
from isotherm.app.study_report_drawn import Drawings, drawings_of
from isotherm.app.study_report_headline import headline_of
from isotherm.app.study_report_parts import bound, prose
from isotherm.errors import OutputError
from tests.app.made_up_study import CHANGES, HOSTILE, result_of
from tests.browser import Tab

ALL = ["real", "real released", *CHANGES, "pairs released", "weights released", "hostile"]
SECTIONS = ["answer", "flow", "patients", "balance", "outcomes", "subgroups", "sensitivity", "missing", "findings",
            "methods", "results", "checklists", "software"]  # fmt: skip
SILENT = {"style", "title"}


@cache
def drawn(name: str) -> Drawings:
    return drawings_of(result_of(name))


@cache
def page(name: str) -> str:
    result = result_of(name)
    return page_of(result, headline_of(result), sections_of(result, drawn(name)), drawn(name))


class Seen(HTMLParser):
    """What a reader sees: sections, numbers with their ids, and the words between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.numbers: list[tuple[str, str, str]] = []
        self.words: dict[str, str] = {}
        self._section, self._inside, self._silent = "", "", False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self._silent = tag in SILENT
        if tag == "section":
            self._section = str(found["id"])
        if "data-id" in found:
            self.numbers.append((str(found["data-id"]), str(found["data-field"]), ""))
            self._inside = tag
        self._say(" ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False
        if tag == self._inside:
            self._inside = ""
        self._say(" ")

    def handle_data(self, data: str) -> None:
        if self._inside:
            key, field, text = self.numbers[-1]
            self.numbers[-1] = (key, field, text + data)
        elif not self._silent:
            self._say(data)

    def _say(self, words: str) -> None:
        self.words[self._section] = self.words.get(self._section, "") + words


@pytest.mark.parametrize("name", ALL)
def test_every_number_of_the_page_is_its_record_as_printed(name: str) -> None:
    result, seen = result_of(name), Seen(page(name))

    assert len(seen.numbers) > 60
    for key, field, text in seen.numbers:
        number = bound(result, key, field)
        assert text in (number.text, prose(number)), key


@pytest.mark.parametrize("name", ["real", "pairs", "weights released"])
def test_outside_of_its_numbers_the_text_of_methods_and_results_has_no_digit(name: str) -> None:
    seen = Seen(page(name))

    words = " ".join(seen.words[key] for key in ("methods", "results"))
    for given in _declared(result_of(name)):
        words = words.replace(given, "")

    assert re.findall(r"\S*\d\S*", words) == []


def _declared(result: dict[str, Any]) -> list[str]:
    """Return names that the protocol gave, which may hold digits."""
    protocol = result["protocol"]
    names = [one["label"] for kind in ("arms", "outcomes", "subgroups") for one in protocol[kind]]
    return sorted([*names, *(one["says"] for one in protocol["sensitivity"])], key=len, reverse=True)


@pytest.mark.parametrize("name", ALL)
def test_no_word_decides(name: str) -> None:
    words = " ".join(Seen(page(name)).words.values()).lower()

    assert not re.search(r"\b(significan\w*|better|worse|superior\w*|proves?|effective|recommend\w*)\b", words)


def test_sections_stand_in_their_order_and_the_navigation_leads_to_each() -> None:
    seen = Seen(page("real"))

    assert [found["id"] for tag, found in seen.tags if tag == "section"] == SECTIONS
    assert [found["href"] for tag, found in seen.tags if tag == "a"] == [f"#{key}" for key in SECTIONS[1:]]


def test_the_naive_estimate_stands_after_the_main_one_and_is_called_naive() -> None:
    ids = [key for key, _, _ in Seen(page("real")).numbers]

    assert ids.index("headline.effect") < ids.index("headline.naive")
    assert "naive: without adjustment" in Seen(page("real")).words["answer"]


def test_the_direction_of_the_main_estimate_is_said_in_words() -> None:
    seen = Seen(page("real"))

    words = " ".join(seen.words["answer"].split())
    assert "The estimated hazard with “Chemotherapy before resection” is" in words
    assert "Above one: more events with “Chemotherapy before resection”" in words
    assert "The interval includes one: fewer and more are both compatible with these data." in words


def test_everybody_having_reached_resection_is_the_first_caveat() -> None:
    caveats = [prose(caveat[0]) for caveat in headline_of(result_of("real")).caveats]

    assert caveats[0].startswith("Everybody in this table reached resection.")
    assert len(caveats) == 4


def test_without_adjustment_no_word_calls_anything_adjusted() -> None:
    seen = Seen(page("unadjusted"))

    words = seen.words["answer"] + seen.words["outcomes"] + seen.words["results"]
    assert "Hazard ratio, not adjusted (main estimate)" in words
    assert "Not adjusted, the hazard ratio" in words
    assert "(adjusted)" not in words


def test_a_warning_stands_beside_the_estimate_that_it_belongs_to() -> None:
    result = result_of("real")
    result["findings"].append({"key": "finding.few.os", "kind": "warning", "says": "Few.", "rows": None})
    result["results"]["finding.few.os"] = result["results"]["caveat.1"] | {"text": "Few events."}

    html = Seen(page_of(result, headline_of(result), sections_of(result, drawn("real")), drawn("real")))

    ids = [key for key, _, _ in html.numbers]
    assert ids.index("finding.few.os") < ids.index("flow.start.patients")
    assert ids.count("finding.few.os") == 3
    assert ids.count("finding.not_proportional.liver_dfs") == 2


def test_blinded_outcomes_give_no_estimate_and_say_why() -> None:
    assert "Outcomes are blinded" in Seen(page("blinded")).words["answer"]
    assert "outcomes" not in [found.get("id") for tag, found in Seen(page("blinded")).tags if tag == "section"]


def test_withheld_numbers_are_named_so_and_figures_that_would_show_them_are_not_drawn() -> None:
    words = " ".join(Seen(page("pairs released")).words.values())

    assert "overlap" in drawn("pairs")
    assert "overlap" not in drawn("pairs released")
    assert "The figure is withheld, since it would show small counts." in words
    assert "withheld: a small count" in page("pairs released")


def test_names_in_the_protocol_stay_text() -> None:
    html = page("hostile")
    seen = Seen(html)

    assert "script" not in {tag for tag, _ in seen.tags}
    assert not any(key.startswith("on") for _, found in seen.tags for key in found)
    assert HOSTILE.replace("\x0b", "") in " ".join(seen.words.values()).replace("\x0b", "")


@pytest.mark.parametrize("name", ALL)
def test_the_page_is_one_file_that_asks_nobody_and_names_no_place_of_this_machine(name: str) -> None:
    html = page(name)
    seen = Seen(html)

    policies = [found["content"] for tag, found in seen.tags if found.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    assert "default-src 'none'" in str(policies[0])
    assert "script-src 'none'" in str(policies[0])
    links = [str(found[key]) for _, found in seen.tags for key in ("src", "href") if key in found]
    assert all(link.startswith(("#", "data:image/svg+xml;base64,")) for link in links)
    assert str(Path.cwd()) not in html
    assert not re.search(r"/(home|root|tmp|usr|work)/", html)


@pytest.mark.parametrize("name", ["real", "weights released", "pairs"])
def test_the_same_result_gives_the_same_page(name: str) -> None:
    result, drawings = result_of(name), drawings_of(result_of(name))

    assert page_of(result, headline_of(result), sections_of(result, drawings), drawings) == page(name)


def test_every_figure_has_words_for_those_who_cannot_see_it() -> None:
    images = [found for tag, found in Seen(page("real")).tags if tag == "img"]

    assert len(images) == 13
    assert all(len(str(found["alt"])) > 20 for found in images)


def test_checklists_say_what_only_an_author_can_fill() -> None:
    words = " ".join(Seen(page("real")).words["checklists"].split())

    assert "STROBE 22 Funding" in words
    assert "RECORD 6.2" in words
    assert "only an author can" in words


def numbers_inside(tab: Tab) -> Iterator[str]:
    yield from tab.page.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.tagName + '.' + e.className)"
    )


@pytest.mark.parametrize("name", ["real", "hostile", "pairs released"])
def test_the_page_asks_nobody_and_nothing_of_it_is_cut_off_at_1366_pixels(name: str, tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page(name), encoding="utf-8")

    tab.page.goto((tmp_path / "report.html").as_uri())

    assert tab.left == []
    assert tab.errors == []
    assert list(numbers_inside(tab)) == []
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 1366
    assert tab.page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


@pytest.mark.parametrize("name", ["real", "hostile"])
def test_on_a4_nothing_is_cut_off(name: str, tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page(name), encoding="utf-8")
    tab.page.set_viewport_size({"width": 680, "height": 1009})  # 180 x 267 mm at 96 pixels per inch
    tab.page.emulate_media(media="print")

    tab.page.goto((tmp_path / "report.html").as_uri())

    assert list(numbers_inside(tab)) == []


def test_main_estimate_interval_naive_one_and_first_caveat_are_on_the_first_screen(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page("real"), encoding="utf-8")

    tab.page.goto((tmp_path / "report.html").as_uri())

    for place in (".figures strong", ".between b", ".reading", ".naive", ".caveats .first"):
        box = tab.page.locator(place).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 768.0, place
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    assert tab.page.locator(".figures strong").evaluate(size) > 2.0 * tab.page.locator(".naive").evaluate(size)


def test_the_report_is_a_folder_of_figures_a_page_and_a_document(tmp_path: Path) -> None:
    files = write_study_report(tmp_path, result_of("real"))

    assert {"report.html", "report.docx", "figures/flow.svg", "figures/curves_os.png"} <= set(files)
    assert sorted(files) == sorted(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*") if one.is_file())
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page("real")


def test_a_folder_that_does_not_exist_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"The output folder .* cannot be used"):
        write_study_report(tmp_path / "nowhere", result_of("blinded"))


@pytest.mark.parametrize("name", ["real", "pairs", "weights released", "unadjusted", "blinded"])
def test_no_template_and_no_object_shows_through_the_words(name: str) -> None:
    words = " ".join(Seen(page(name)).words.values())

    assert not re.search(r"[{}]|Arm\(|Outcome\(|Bound\(|None\b|\bnan\b|\binf\b", words.replace("None stated", ""))
