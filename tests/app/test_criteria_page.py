"""The page for the tumor board: the open question at once, one sheet of A4, nothing clipped, nothing fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from isotherm.app.cli import main
from isotherm.app.criteria_words import RESEARCH
from tests.browser import Tab

LIVER = Path(__file__).parents[1] / "data" / "criteria" / "liver.toml"
A4_PX = (794 - 2 * 38, 1123 - 2 * 38)
"""Width and height of A4 within its margins of 10 mm, in pixels of CSS."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    assert main(["criteria", "check", str(LIVER), "--out", str(folder)]) == 0
    return folder / "criteria.html"


def test_the_open_question_is_on_the_first_screen_in_the_largest_letters(tab: Tab, page: Path) -> None:
    tab.page.goto(page.as_uri())
    box = tab.page.locator("#question").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 768
    sizes = tab.page.evaluate(
        "[...document.querySelectorAll('body *')].map(e => [parseFloat(getComputedStyle(e).fontSize), e.className])"
    )
    assert max(sizes)[1] == "big"
    assert not tab.left
    assert not tab.errors


def test_nothing_is_clipped_on_a_screen(tab: Tab, page: Path) -> None:
    tab.page.goto(page.as_uri())
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    every = "[...document.querySelectorAll('td, th, p, span')]"
    wider = f"{every}.filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    assert tab.page.evaluate(wider) == []


def test_the_sheet_is_one_page_of_a4_and_the_annex_begins_on_the_next(tab: Tab, page: Path) -> None:
    tab.page.set_viewport_size({"width": A4_PX[0], "height": A4_PX[1]})
    tab.page.emulate_media(media="print")
    tab.page.goto(page.as_uri())
    box = tab.page.locator("#sheet").bounding_box()
    assert box is not None
    assert box["height"] <= A4_PX[1]
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.page.evaluate("getComputedStyle(document.querySelector('#annex')).breakBefore") == "page"


def test_the_matrix_names_what_is_not_met_and_why_an_answer_is_open(page: Path) -> None:
    sheet = page.read_text(encoding="utf-8").split('<section id="annex">')[0]
    cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r'<span class="entry[^"]*">(.*?)</span>', sheet)]
    assert "✗ margin above 1 cm in 3-D" in cells
    assert "✗ against small, single, resectable" in cells
    assert "? margin of at least 5 mm: borderline" in cells
    assert "? 1 rule: not assessable" in cells
    assert not any(cell.startswith("✗") and "rule" in cell for cell in cells)


def test_columns_say_what_kind_of_source_they_are_and_an_old_day_is_pointed_out(page: Path) -> None:
    sheet = page.read_text(encoding="utf-8")
    heads = dict(re.findall(r'<th>([^<]+)<span class="soft">([a-z, -]+)</span></th>', sheet))
    assert heads["ACCLAIM 2025"] == "trial"
    assert heads["NCCN colon"] == "guideline, second-hand"
    assert "Second-hand: read as the slides of a lecture quote it, not in the source itself" in sheet
    assert heads["Liang 2023"] == "study"
    assert heads["Hsu 2024"] == "lecture"
    assert re.search(r'<strong class="ago">\(\d+ months ago; today is ', sheet)


def test_signs_are_told_apart_without_color(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    signs = dict(re.findall(r'<b class="mark (\S+)" title="[^"]*">([^<]+)</b>', text))
    assert len(set(signs.values())) == len(signs) >= 4


DOI_LINK = r'<a href="https://doi\.org/10\.[^"<>]+" rel="noreferrer noopener">'


def test_the_page_needs_nothing_else_and_runs_no_script(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert not re.search(r"(?:src|href)=[\"'](?!data:|#)", re.sub(DOI_LINK, "", text))
    assert re.search(DOI_LINK, text)  # opened by the reader alone
    assert "script-src &#39;none&#39;" in text or "script-src 'none'" in text
    assert text.count(RESEARCH) == 2


def test_hostile_ids_and_sources_are_only_text(tmp_path: Path) -> None:
    case = tmp_path / "case.toml"
    case.write_text(
        'on = 2025-03-01\nid = "<script>alert(1)</script>"\n[patient]\norgan = { value = "liver", source = "<b>x" }\n'
        '[[lesion]]\nid = "<img src=x>"\n'
    )
    assert main(["criteria", "check", str(case), "--out", str(tmp_path)]) == 0
    text = (tmp_path / "criteria.html").read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "<img" not in text
    assert "&lt;b&gt;x" in text


@pytest.mark.parametrize("facts", ["", 'organ = "lung"\nprimary = "breast"', 'organ = "other"\nprimary = "other"'])
def test_a_case_of_which_little_or_nothing_applies_has_its_page_as_well(tmp_path: Path, facts: str) -> None:
    case = tmp_path / "case.toml"
    case.write_text(f"on = 2025-03-01\n[patient]\n{facts}\n")
    assert main(["criteria", "check", str(case), "--out", str(tmp_path)]) == 0
    assert "The open question" in (tmp_path / "criteria.html").read_text() or "No question is open." in (
        tmp_path / "criteria.html"
    ).read_text(encoding="utf-8")


def test_twelve_lesions_and_old_rules_stay_on_few_pages(tab: Tab, tmp_path: Path) -> None:
    case = tmp_path / "case.toml"
    lesions = "".join(
        f"[[lesion]]\ntarget = true\ndiameter_mm = {number + 5}\nto_bowel_mm = 4\n" for number in range(12)
    )
    case.write_text(f'on = 2025-03-01\n[patient]\norgan = "liver"\nprimary = "colorectal"\n{lesions}')
    assert main(["criteria", "check", str(case), "--out", str(tmp_path), "--as-of", "2016-05-01"]) == 0
    tab.page.goto((tmp_path / "criteria.html").as_uri())
    assert tab.page.get_by_text("more, in the annex").count() >= 1
