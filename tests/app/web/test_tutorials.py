"""docs/tutorials: every picture is made by a test, every link leads somewhere, every label in bold is on a page."""

from __future__ import annotations

import re
import struct

import pytest

from tests.app.on_disk import ROOT

DOCS = ROOT / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))
PICTURES = DOCS / "tutorials" / "pictures"
WALKED = "".join(path.read_text(encoding="utf-8")
                 for path in sorted((ROOT / "tests" / "app" / "web").glob("test_tutorials_walked*.py")))  # fmt: skip

USERS = {"radiologist", "fellow", "coordinator", "statistician", "manager", "privacy", "lead", "portal", "reviewer",
         "physicist"}  # fmt: skip

MOST_BYTES = 2_000_000
"""Of all pictures together."""

APP = ROOT / "src" / "isotherm" / "app"
SHOWN = "\n".join(
    path.read_text(encoding="utf-8")
    for pattern in (
        "templates/web/*.jinja",
        "templates/study.html.jinja",
        "static/web/*.js",
        "web/*.py",
        "study_report*.py",
    )
    for path in sorted(APP.glob(pattern))
)
"""Everything of which pages and reports make what they show."""


def named(pattern: str) -> list[tuple[str, str]]:
    """Return what a pattern captures in the tutorials, each with the page where it stands."""
    return [(page.name, found) for page in TUTORIALS for found in re.findall(pattern, page.read_text(encoding="utf-8"))]


def is_shown(label: str) -> bool:
    """Return whether a label is on a page; an ellipsis stands for what the page puts in."""
    parts = [re.escape(part.strip()) for part in label.split("…") if part.strip()]
    return all(re.search(rf"(?<!\w){part}(?!\w)", SHOWN) for part in parts)


def test_each_user_has_a_tutorial_and_the_index_names_it() -> None:
    assert {page.stem for page in TUTORIALS} == USERS
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(tutorials/(\w+)\.md\)", index)) == USERS


def test_pictures_are_those_that_the_walk_makes_and_that_a_tutorial_shows() -> None:
    made = set(re.findall(r'\.shown\("([\w-]+)"', WALKED))
    assert {path.stem for path in PICTURES.iterdir()} == made
    assert {found for _, found in named(r"!\[[^\]]+\]\(pictures/([\w-]+)\.png\)")} == made


def test_pictures_are_screens_of_a_laptop_and_small() -> None:
    for path in PICTURES.iterdir():
        assert struct.unpack(">II", path.read_bytes()[16:24]) == (1366, 768), path.name
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < MOST_BYTES


@pytest.mark.parametrize(("page", "link"), named(r"\]\(([^)#]+)\)"))
def test_a_link_leads_somewhere(page: str, link: str) -> None:
    assert (DOCS / "tutorials" / link).is_file(), page


@pytest.mark.parametrize(("page", "label"), sorted(set(named(r"\*\*([^*]+)\*\*"))))
def test_what_is_bold_is_on_a_page(page: str, label: str) -> None:
    assert is_shown(label), page


def test_a_label_that_no_page_has_is_found_out() -> None:
    assert not is_shown("Press here to cure")
    assert is_shown("Import … new records")


def test_the_command_that_draws_them_is_told() -> None:
    assert "ISOTHERM_TUTORIALS=docs/tutorials/pictures" in (DOCS / "app.md").read_text(encoding="utf-8")
