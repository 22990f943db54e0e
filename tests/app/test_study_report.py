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
from isotherm.app.study_report_frame import warnings_of
from isotherm.app.study_report_headline import headline_of
from isotherm.app.study_report_parts import Bound, bound, prose, text_of
from isotherm.app.study_report_prose import who_came
from isotherm.app.study_report_words import printed
from isotherm.errors import OutputError
from isotherm.study.disclosure import WITHHELD
from tests.app.made_up_study import CHANGES, HOSTILE, result_of
from tests.browser import Tab

ALL = [
    "real",
    "real released",
    *CHANGES,
    "pairs released",
    "weights released",
    "hostile",
    "designs",
    "designs released",
    "several",
    "several released",
]
SECTIONS = ["answer", "findings", "flow", "patients", "balance", "outcomes", "subgroups", "sensitivity", "missing",
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
    words = " ".join(Seen(page(name)).words.values()).lower().replace("effective sample size", "")

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
    assert "times that with “No chemotherapy before resection”: a higher rate of deaths." in words
    assert "The interval includes one: a higher and a lower rate are both compatible with these data." in words
    assert "It covers chance alone, not the limits named below." in words


def test_everybody_having_reached_resection_is_the_first_caveat() -> None:
    caveats = [prose(caveat[0]) for caveat in headline_of(result_of("real")).caveats]

    assert caveats[0].startswith("Everybody in this table reached resection.")
    assert len(caveats) == 4


def test_without_adjustment_no_word_calls_anything_adjusted() -> None:
    seen = Seen(page("unadjusted"))

    words = seen.words["answer"] + seen.words["outcomes"] + seen.words["results"]
    assert "hazard ratio, “Drug” against “No drug”, not adjusted (main estimate)" in words
    assert "Not adjusted, the hazard ratio" in words
    assert re.findall(r"(?<!not )(?<!without )\badjust(?!ment of)\w*", words.lower()) == []
    assert "naive" not in words.replace("as they are (naive)", "").replace("is naive", "")


def test_a_warning_stands_beside_the_estimate_that_it_belongs_to() -> None:
    result = result_of("real")
    result["findings"].append({"key": "finding.few.os", "kind": "warning", "says": "Few.", "rows": None,
                               "level": "warn", "do": "", "bars": []})  # fmt: skip
    result["results"]["finding.few.os"] = result["results"]["caveat.1"] | {"text": "Few events."}

    html = Seen(page_of(result, headline_of(result), sections_of(result, drawn("real")), drawn("real")))

    ids = [key for key, _, _ in html.numbers]
    assert ids.index("finding.few.os") < ids.index("flow.start.patients")
    assert ids.count("finding.few.os") == 3
    assert ids.count("finding.not_proportional.liver_dfs") == 2


def test_that_an_outcome_has_deaths_alone_stands_beside_its_estimate_though_it_is_a_finding() -> None:
    result = result_of("real")
    for name in ("os", "liver_dfs"):
        key = f"finding.only_deaths.{name}"
        result["findings"].append({"key": key, "kind": "finding", "says": "x", "rows": None, "level": "warn", "do": "",
                                   "bars": []})  # fmt: skip
        result["results"][key] = result["results"]["caveat.1"] | {"text": "No progression is recorded of anybody."}
        assert key in warnings_of(result, name)
    assert "finding.only_deaths.liver_dfs" not in warnings_of(result, "os")


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


@pytest.mark.parametrize("name", ["real", "hostile", "pairs released", "designs"])
def test_the_page_asks_nobody_and_nothing_of_it_is_cut_off_at_1366_pixels(name: str, tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page(name), encoding="utf-8")

    tab.page.goto((tmp_path / "report.html").as_uri())

    assert tab.left == []
    assert tab.errors == []
    assert list(numbers_inside(tab)) == []
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 1366
    assert tab.page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


@pytest.mark.parametrize("name", ["real", "hostile", "designs"])
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


def test_the_first_screen_has_patients_events_by_their_name_effective_sizes_and_survival_of_both_arms() -> None:
    result = result_of("real")
    arms = headline_of(result).arms

    assert arms is not None
    assert arms.columns == ("", "Patients", "Effective sample size", "Deaths", "Median time, adjusted",
                            "Overall survival at 60 months, adjusted")  # fmt: skip
    for arm, row in zip(("chemo", "none"), arms.rows, strict=True):
        ids = [cell[0].id for cell in row[1:] if isinstance(cell[0], Bound)]
        assert ids == [f"events.os.{arm}.n", f"balance.{arm}.ess_after", f"events.os.{arm}.events",
                       f"curve.os.adjusted.{arm}.median", f"curve.os.adjusted.{arm}.at_3"]  # fmt: skip
        assert row[5][0].text.count("\u00a0to\u00a0") == 1  # with its interval


def test_the_arms_of_a_yes_no_outcome_have_its_risk_and_survival_is_shown_at_the_last_time_known_in_both() -> None:
    binary, timed = result_of("weights"), result_of("weights")
    for one in binary["protocol"]["outcomes"]:
        one["primary"] = one["name"] == "complication"

    risks, times = headline_of(binary).arms, headline_of(timed).arms

    assert risks is not None
    assert times is not None
    assert risks.columns[-1] == "Risk, adjusted"
    assert times.columns[-1] == "Overall survival at 6.6 months, adjusted"  # at 9000 days nobody is left
    assert times.columns[3] == "Events"  # its protocol has no other word


def test_without_outcomes_there_is_no_table_of_arms() -> None:
    assert headline_of(result_of("blinded")).arms is None


def test_whom_the_estimate_is_about_is_spelled_out() -> None:
    words = " ".join(Seen(page("real")).words["answer"].split())
    texts = {key: text for key, _, text in Seen(page("real")).numbers}

    assert texts["headline.target"].startswith("the overlap population (ATO), those who could well have been in either")
    assert "Whom it is about: . Patients whose recorded covariates fit both arms count most" in words
    pairs = " ".join(Seen(page("pairs")).words["answer"].split())
    assert "It asks what “No drug” would have changed for patients like those with “Drug”." in pairs


def test_many_covariates_do_not_push_the_caveats_off_the_first_screen() -> None:
    result = result_of("real")
    many = [dict(result["protocol"]["covariates"][0]) | {"label": f"Covariate {k} of many"} for k in range(40)]
    result["protocol"]["covariates"] = many

    facts = "".join(prose(run) for run in headline_of(result).facts)

    assert "Adjusted for: Covariate 0 of many, Covariate 1 of many" in facts
    assert facts.endswith("and others, all named in the methods.")
    assert len(facts) < 500


def test_what_is_made_from_the_first_imputed_data_set_says_so_in_page_and_tables() -> None:
    seen = Seen(page("imputed"))

    words = {key: " ".join(text.split()) for key, text in seen.words.items()}
    said = {key: text.count("Shown is the first of imputed data sets") for key, text in words.items()}
    assert {key for key, count in said.items() if count} == {"answer", "flow", "balance", "outcomes", "subgroups"}
    assert said["balance"] == 4  # two figures, two tables
    assert "Shown is the first" not in page("pairs")


def test_naive_is_the_only_word_for_what_is_not_adjusted() -> None:
    for name in ("real", "real released", "unadjusted", "imputed"):
        assert "crude" not in page(name).lower()
        assert "crude" not in " ".join(drawing.description for drawing in drawn(name).values())


def test_the_table_of_sensitivity_analyses_says_in_whom_each_estimates_and_how_well_it_balanced() -> None:
    found = {key for key, _, _ in Seen(page("real")).numbers}

    for one in result_of("real")["protocol"]["sensitivity"]:
        assert {f"sensitivity.{one['name']}.{part}" for part in ("target", "n", "worst_smd", "os")} <= found


def test_every_outcome_has_a_heading_whether_it_has_curves_or_not() -> None:
    headings = re.findall(r"<h3>(.*?)</h3>", page("weights"))

    for outcome in ("Overall survival (primary outcome)", "Complication", "Progression"):
        assert outcome in headings


def test_restricted_means_are_told_to_a_month_and_not_to_a_part_of_a_day() -> None:
    labels = [
        text for key, field, text in Seen(page("weights")).numbers if field == "label" and key.startswith("rmst.")
    ]
    assert labels
    assert all(re.fullmatch(r"Restricted mean to [\d.]+ months", text) for text in labels)


def test_a_release_says_once_that_numbers_are_withheld_and_not_in_every_sentence() -> None:
    section = page("pairs released").partition('<section id="results">')[2].partition("</section>")[0]

    assert "Further numbers are withheld: a small count could be worked out from them." in section
    assert "not given (withheld" not in section


def test_a_release_says_at_its_head_what_was_withheld_and_rounded_to_what() -> None:
    answer = page("designs released").partition('<section id="answer"')[2].partition("</section>")[0]

    assert "counts from 1 to 9, and whatever one could be worked out from, are withheld" in answer
    assert "A count that reads “30 to 39” is one of these ten numbers." in answer
    assert "There is a main estimate, and this release withholds it" in answer
    assert "does not exist" not in answer
    assert "Made for release" not in page("designs")


def test_counts_of_a_release_never_contradict_each_other() -> None:
    records, exact = result_of("designs released")["results"], result_of("designs")["results"]
    told = [key for key, one in records.items() if one["kind"] == "count" and one["value"] is not None]

    assert {printed(records[key]) for key in told if key == "design.naive.os.delayed.n"} == {"30\u00a0to\u00a039"}
    for key in told:
        ends = [records[key]["value"] if records[key][end] is None else records[key][end] for end in ("low", "high")]
        assert ends[0] <= exact[key]["value"] <= ends[1], key


def test_sentences_of_a_release_are_whole_where_a_number_is_withheld() -> None:
    result = result_of("designs released")
    first = result["flow"]["boxes"][0]["patients"]
    result["results"][first] |= {"value": None, "why": WITHHELD}

    assert text_of(who_came(result)).startswith("[withheld] patients were in the table; compared are 33 with")
    words = re.sub(r"<[^>]*>", "", page("designs released"))
    assert "not given (withheld" not in words
    assert "risk difference at the horizon [withheld], difference of" in words
    assert "median [withheld] days after time zero" in words
    assert "all some" not in words


def test_heads_of_groups_are_marked_and_tables_of_more_than_a_page_may_break() -> None:
    html = page("real")

    assert html.count('<tr class="group"><th scope="row" colspan=') == 6 + 4  # outcomes by analysis; sensitivity
    assert html.count('<tr class="group"><th scope="row">') == 6  # factors, with their tests of interaction
    assert '<div class="table long">' in html
    assert '<div class="table">' in html


@pytest.mark.parametrize("name", ["real", "real released", "pairs", "imputed", "unadjusted", "weights", "several"])
def test_no_cell_of_a_table_has_a_number_without_an_id(name: str) -> None:
    sections = page(name).split('<section id="')[1:]
    told = [one for one in sections if not one.startswith(("checklists", "software", "methods"))]

    cells = [cell for one in told for cell in re.findall(r"<td>(.*?)</td>", one, re.DOTALL)]

    assert len(cells) > 50
    for cell in cells:
        bare = re.sub(r"<span data-id=.*?</span>|<sup>.*?</sup>", "", cell)
        assert not re.search(r"\d", bare), cell
