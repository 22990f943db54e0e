"""The tumor board's page: the number, its interval and its caveat at once; one A4 sheet; every kind of board."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from markupsafe import escape

from isotherm.app.board_document import Shown
from isotherm.app.board_page import board_html, board_page
from isotherm.app.board_paper import board_on_paper
from isotherm.app.board_tasks import Boarded, judged
from isotherm.app.board_terminal import board_text
from isotherm.app.board_view import board_view
from tests.app.made_up_board import ON, TODAY, board, case, growth, many, margin, scan, shrinking, zone
from tests.browser import Tab

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "src" / "isotherm" / "app" / "schemas"

BOARDS: dict[str, Any] = {
    "many": many(),
    "two": board(margin("1", 4.2), margin("2", 0.4, verdict="warn"),
                 zones=(shrinking("1"), shrinking("2", 9.0, growth("suspected", -4.0)))),
    "withheld": board(margin("1", None, status="withheld", verdict="fail"), lesions=1,
                      zones=(zone("1", scan("F1", 0.0, 14.0, 14.0),
                                  scan("F2", 3.0, 9.0, 14.0, growth("withheld", None, gates="fail"))),)),
    "none": board(lesions=0),
    "left out": board(not_measured=({"lesion": "1", "session": "S1", "why": "no tumor is drawn"},)),
    "registry": board(margin("1", 4.2, origin="registry"), origin="registry",
                      zones=(zone("1", scan("F1", 0.0, 14.0, 14.0), scan("F2", 3.0, 9.0, 14.0)),)),
}  # fmt: skip


@pytest.fixture(params=BOARDS)
def document(request: pytest.FixtureRequest) -> Any:
    return BOARDS[request.param]


@pytest.fixture
def text_of_pdf(poppler: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    def text(pdf: bytes, *options: str) -> str:
        (tmp_path / "board.pdf").write_bytes(pdf)
        return poppler("pdftotext", "-layout", *options, tmp_path / "board.pdf", "-")

    return text


def test_every_board_follows_its_schema_and_that_of_the_criteria(document: Any) -> None:
    for name, part in (("board-1", document), ("criteria-1", document["criteria"])):
        schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(json.loads(json.dumps(part, allow_nan=False)))


def test_the_schema_knows_every_key() -> None:
    schema = json.loads((SCHEMAS / "board-1.schema.json").read_text(encoding="utf-8"))
    broken = BOARDS["two"] | {"advice": "ablate again"}
    assert not Draft202012Validator(schema).is_valid(broken)


def test_the_sheet_is_one_page_of_paper_and_the_annex_begins_on_the_next(
    document: Any, text_of_pdf: Callable[..., str]
) -> None:
    pdf = board_on_paper(board_page(Boarded(document)), on=datetime(2026, 3, 1, tzinfo=UTC))
    first, second = (text_of_pdf(pdf, "-f", page, "-l", page) for page in ("1", "2"))
    assert "What is missing besides" in first
    assert first.count("Research use only") == 2
    assert "Annex" not in first
    assert second.lstrip().startswith("Annex to the sheet on page 1: Tumor board")
    assert "Annex: lesions" in second


def test_a_sheet_that_needs_a_second_page_names_the_patient_there_and_splits_no_part(
    text_of_pdf: Callable[..., str],
) -> None:
    zones = tuple(shrinking(str(n), 8.0 + n, growth("suspected", -3.1)) for n in range(1, 13))
    corrected = "Corrected by hand: the outline of the zone was drawn anew on 12 slices."
    crowded = board(*(margin(str(n), 0.5 * n, verdict="warn", correction=corrected) for n in range(1, 13)), zones=zones,
                    lesions=12)  # fmt: skip
    pdf = board_on_paper(board_page(Boarded(crowded)), on=datetime(2026, 3, 1, tzinfo=UTC))
    first, second, third = (text_of_pdf(pdf, "-f", page, "-l", page) for page in "123")
    assert "Annex: lesions" in second  # no page is left nearly empty
    assert all(one in first for one in ("Smallest minimal margin", "The open question", "Margin of each lesion"))
    assert second.lstrip().startswith("Tumor board: P17, the sheet from page 1 continued")
    assert "What sources state, in short" not in first
    assert "A criterion is named by what its source asks" in second
    assert "Page 2 of" in second
    assert third.lstrip().startswith("Annex to the sheet on pages 1 to 2: Tumor board: P17")


def test_a_short_row_of_the_annex_stays_whole_and_one_longer_than_a_page_loses_no_word(
    text_of_pdf: Callable[..., str],
) -> None:
    page = board_page(Boarded(BOARDS["two"]))
    annex = page.view["annex"]
    words = [f"word{place:04d}" for place in range(2000)]
    rows = [{"on": "2026-01-01", "what": f"first{place:02d}", "how": "x", "grave": False,
             "more": f"row{place:02d} " * 70 + f"last{place:02d}"} for place in range(90)]  # fmt: skip
    annex["course"] = [*rows, rows[0] | {"more": " ".join(words)}]
    pdf = board_on_paper(page, on=datetime(2026, 3, 1, tzinfo=UTC))
    pages = text_of_pdf(pdf).split("\f")
    for place in range(90):
        assert [f"last{place:02d}" in one for one in pages] == [f"row{place:02d}" in one for one in pages], place
    assert all(word in "".join(pages) for word in words)


def test_page_and_paper_say_the_same_of_margins_and_zones(text_of_pdf: Callable[..., str]) -> None:
    page = board_page(Boarded(BOARDS["many"]))
    html = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", board_html(page)))
    paper = re.sub(r"\s+", " ", text_of_pdf(board_on_paper(page, on=datetime(2026, 3, 1, tzinfo=UTC))))
    for one in page.view["margins"]:
        for words in (one["margin"], one["interval"], one["status"]):
            plain = words.replace("\u00a0", " ")
            assert plain in html.replace("\u00a0", " ")
            assert plain in paper.replace("\u00a0", " ")


def test_the_smallest_margin_its_interval_and_its_caveat_are_what_is_large(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "board.html").write_text(board_html(board_page(Boarded(BOARDS["two"]))), encoding="utf-8")
    tab.page.goto((tmp_path / "board.html").as_uri())
    box = tab.page.locator("#main").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 768
    sizes = tab.page.evaluate(
        "[...document.querySelectorAll('body *')].map(e => [parseFloat(getComputedStyle(e).fontSize), e.className])"
    )
    assert max(sizes)[1] == "big"
    said = tab.page.locator("#main").inner_text().replace("\u00a0", " ")
    assert "0.4 mm" in said
    assert "90 % interval \u22120.9 to 1.5 mm" in said
    assert "Registration with a warning." in said
    assert not tab.left
    assert not tab.errors


@pytest.mark.parametrize("name", ["many", "two", "none"])
def test_nothing_is_clipped_on_a_screen(tab: Tab, tmp_path: Path, name: str) -> None:
    (tmp_path / "board.html").write_text(board_html(board_page(Boarded(BOARDS[name]))), encoding="utf-8")
    tab.page.goto((tmp_path / "board.html").as_uri())
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_page_that_a_browser_prints_is_never_nearly_empty_and_none_ends_with_the_head_of_a_table(
    tab: Tab, tmp_path: Path, text_of_pdf: Callable[..., str]
) -> None:
    pages: dict[str, list[str]] = {}
    for name in ("none", "many"):
        (tmp_path / "board.html").write_text(board_html(board_page(Boarded(BOARDS[name]))), encoding="utf-8")
        tab.page.goto((tmp_path / "board.html").as_uri())
        pages[name] = text_of_pdf(tab.page.pdf(prefer_css_page_size=True)).rstrip("\f").split("\f")
    assert "Annex: lesions" not in pages["none"][0]
    assert pages["none"][1].lstrip().startswith("Annex: lesions")
    assert "Annex: lesions" in pages["many"][1]  # it follows the rest of the sheet
    lines = [[line for line in page.splitlines() if line.strip()] for page in pages["many"]]
    assert min(len(page) for page in lines[:-1]) >= 50
    assert not any(page[-1].endswith("Grade, date, source") for page in lines)


def test_a_withheld_margin_has_no_number_anywhere_on_the_sheet() -> None:
    view = board_view(BOARDS["withheld"])
    assert (view["main"]["big"], view["main"]["interval"]) == ("Withheld", "")
    assert view["zones"][0]["says"] == "withheld: the registration failed"
    assert view["zones"][0]["growth"] == ""
    assert view["alerts"] == []


def test_a_withheld_margin_is_what_a_run_ends_with() -> None:
    assert Boarded(BOARDS["withheld"]).withheld
    assert Boarded(BOARDS["many"]).withheld
    assert not Boarded(BOARDS["two"]).withheld
    last = growth("withheld", None, gates="fail")
    assert Boarded(board(margin("1"), zones=(shrinking("1", last=last),))).withheld


def test_what_was_found_is_told_the_latest_first_and_progression_stands_out() -> None:
    found = [{"on": f"2025-0{n}-01", "lesion": "1", "says": "completely ablated"} for n in range(1, 7)]
    found += [{"on": "2025-09-01", "lesion": "1", "says": "local tumor progression"}]
    document = BOARDS["two"] | {"found": found}
    view = board_view(document)
    assert [(one["on"], one["grave"]) for one in view["found"]] == [
        ("2025-09-01", True), ("2025-01-01 to 2025-06-01", False)]  # fmt: skip
    assert (view["found_left"], len(view["annex"]["course"])) == (0, 10)
    assert "local tumor progression</b>" in board_html(board_page(Boarded(document)))
    assert "found 2025-09-01: lesion 1, local tumor progression" in board_text(document, None)
    assert "2025-06-01: lesion 1, completely ablated, 6 times" in board_text(document, None)


def test_the_sheet_says_which_margins_are_accepted_and_by_whom(text_of_pdf: Callable[..., str]) -> None:
    """The smallest leads also where nobody accepted it; what is accepted stands beside it and in its own row."""
    waits: Any = {"origin": "registry", "to_accept": True}
    accepted: Any = {"origin": "registry", "accepted_by": "Dr. Kim"}
    document = board(margin("1", 3.0, **accepted), margin("1", 3.3, **waits, scan="F2", scan_on="2025-02-01"),
                     margin("2", 3.8, **accepted), origin="registry")  # fmt: skip
    page = board_page(Boarded(document))
    assert page.view["main"]["label"].endswith("lesion 1")
    assert page.view["main"]["caveats"][0].replace("\u00a0", " ") == (
        "Not accepted by anybody; accepted: lesion 2, 3.8 mm.")  # fmt: skip
    rows = {one["lesion"]: one["status"].replace("\u00a0", " ") for one in page.view["margins"]}
    assert rows["2"] == "registration passed; accepted by Dr. Kim"
    assert rows["1"].startswith("registration passed; not accepted by anybody; accepted of this lesion: 3.0 mm, ")
    alone = board_view(board(margin("1", 3.3, **waits), lesions=1, origin="registry"))
    assert alone["main"]["caveats"][0] == "Not accepted by anybody."
    paper = re.sub(r"\s+", " ", text_of_pdf(board_on_paper(page, on=datetime(2026, 3, 1, tzinfo=UTC))))
    for said in ("accepted by Dr. Kim", "Not accepted by anybody; accepted: lesion 2"):
        assert said in paper
        assert said in board_html(page)


def test_a_bound_beyond_the_earlier_zone_is_said_to_be_one() -> None:
    last = growth("not excluded", -6.8) | {"bound": "at most", "interval_mm": None}
    view = board_view(board(margin("1"), zones=(shrinking("1", last=last),)))
    assert view["zones"][0]["growth"] == "at least 6.8\u00a0mm beyond, toward left"
    (said,) = view["alerts"]
    assert "growth not excluded (an image ends nearby: no interval), at least 6.8" in said
    assert board_view(BOARDS["registry"])["alerts"] == []


def test_a_lesion_in_question_stands_above_every_number_and_beside_the_smallest() -> None:
    view = board_view(BOARDS["many"])
    assert [one["lesion"] for one in view["margins"]][:3] == ["3", "5", "2"]
    assert view["main"]["label"] == "Smallest minimal margin: lesion 2"
    assert "Lesion 3: withheld." in view["main"]["caveats"]


def test_growth_is_told_with_its_size_place_and_without_a_diagnosis() -> None:
    view = board_view(BOARDS["two"])
    (said,) = view["alerts"]
    assert said.replace("\u00a0", " ") == (
        "Lesion 2, scan F4 (2025-06-01): growth suspected, 4.0 mm beyond (3.3 to 4.7 mm), toward left, against scan F1."
    )
    assert "no diagnosis" in view["growth_says"]


def test_of_a_registry_no_growth_is_made_up() -> None:
    view = board_view(BOARDS["registry"])
    assert [one["says"] for one in view["annex"]["scans"]] == ["first scan", "not told without images"]


def test_hostile_ids_are_only_text_on_page_and_paper(text_of_pdf: Callable[..., str]) -> None:
    document = board(margin("<script>alert(1)</script>", 4.2)) | {"patient_id": '#image("x")<img src=x>'}
    page = board_page(Boarded(document))
    html = board_html(page)
    assert "<script" not in html
    assert "<img src=x" not in html
    paper = text_of_pdf(board_on_paper(page, on=datetime(2026, 3, 1, tzinfo=UTC)))
    assert "<script>alert(1)" in paper


def test_the_terminal_tells_the_same_within_its_width(document: Any) -> None:
    lines = board_text(document, 80).splitlines()
    assert "Research use only. Not a medical device" in lines[-1]
    assert "\u00a0" not in "".join(lines)


def test_lines_are_told_apart_without_color() -> None:
    page = board_page(Boarded(BOARDS["two"]))
    assert page.figure is not None
    assert b"stroke-dasharray" in page.figure.svg
    assert "mL at 12.0 months" in page.figure.description


def of_somebody_who_died() -> Any:
    shown = Shown(margins=[margin("1", 3.0)], died_on=ON, decided_on=date(2013, 3, 17))
    told: dict[str, Any] = {"today": TODAY, "as_of": None, "origin": "registry", "notes": (), "imaging": {}}
    return judged(shown, case(2), patient_id="P17", **told)


def test_a_death_stands_at_the_top_and_nothing_is_asked_of_who_died(text_of_pdf: Callable[..., str]) -> None:
    document = of_somebody_who_died()
    page = board_page(Boarded(document))
    html, paper = board_html(page), text_of_pdf(board_on_paper(page, on=datetime(2026, 3, 1, tzinfo=UTC)))
    assert html.index("Died on 2025-12-01") < html.index('id="main"')
    assert "Died on 2025-12-01" in board_text(document)
    assert "Died on 2025-12-01" in paper
    assert "the day of death" in page.view["under"]
    assert "decision of 2013-03-17" in page.view["under"]
    assert document["criteria"]["questions"] == document["criteria"]["changes"] == []
    for words in ("No question is open", "Asked about and not known", "would change an answer"):
        assert words not in html + paper + board_text(document)


def test_each_lesion_has_its_line_also_where_no_margin_was_measured() -> None:
    view = board_view(board(margin("1"), lesions=3, not_measured=({"lesion": "2", "session": "S1", "why": "no zone"},)))
    assert [(one["lesion"], one["margin"], one["status"]) for one in view["margins"][1:]] == [
        ("2", "no margin was measured", "no zone"), ("3", "no margin was measured", ""),
    ]  # fmt: skip


def test_a_column_that_holds_nothing_is_left_out_and_a_robustness_interval_is_explained() -> None:
    plain = {"low": 1.8, "high": 4.4, "level": 0.9, "calibrated": False}
    bare = board_html(board_page(Boarded(board(margin("1", 3.0, thinnest_direction=None, interval_mm=plain)))))
    whole = board_html(board_page(Boarded(board(margin("1")))))
    assert ("Thinnest toward" in bare, "Thinnest toward" in whole) == (False, True)
    assert ("Robustness interval:" in bare, "Robustness interval:" in whole) == (True, False)


def test_what_is_more_than_a_cell_holds_opens_on_the_page() -> None:
    page = board_page(Boarded(BOARDS["two"]))
    html = board_html(page)
    cells = [one[name] for one in page.view["sources"] for name in ("not_met", "unknown", "met")]
    longest = max(cells, key=lambda cell: len(cell["more"]))
    assert len(longest["more"]) > 3
    assert f"<summary>and {len(longest['more'])} more</summary>" in html
    assert all(str(escape(title)) in html for title in longest["more"])


def test_the_paper_is_the_sheet_alone_where_no_annex_is_wanted(text_of_pdf: Callable[..., str]) -> None:
    pdf = board_on_paper(board_page(Boarded(BOARDS["many"])), on=datetime(2026, 3, 1, tzinfo=UTC), annex=False)
    text = text_of_pdf(pdf)
    assert "Page 1 of 1" in text
    assert "annex" not in text.lower()


def test_rules_are_called_by_their_titles_and_never_by_their_keys() -> None:
    html = board_html(board_page(Boarded(BOARDS["two"])))
    assert "The source combines these itself: " in html
    assert not re.search(r"\b[a-z]+-20\d\d\.[a-z]", html)
