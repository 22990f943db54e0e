"""The pages of rules and of coverage in docs/: as the rules are today, with nothing forgotten."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from isotherm.criteria.library import guidelines, rules
from scripts.criteria_pages import COMMAND, COVERAGE_PAGE, RULES_PAGE, coverage_page, rows_collected, rules_page

COLLECTED = rows_collected()
COMBINATIONS = {combination.id for one in guidelines() for combination in one.combinations}


@pytest.mark.parametrize(
    ("path", "page"),
    [(RULES_PAGE, rules_page(guidelines())), (COVERAGE_PAGE, coverage_page(COLLECTED))],
    ids=["rules", "coverage"],
)
def test_a_page_is_what_the_rules_say_today(path: Path, page: str) -> None:
    assert page == path.read_text(encoding="utf-8"), f"write it anew: {COMMAND}"


def test_every_row_that_was_collected_became_rules_or_says_why_not() -> None:
    assert len({row["id"] for row in COLLECTED["row"]}) == len(COLLECTED["row"])
    for row in COLLECTED["row"]:
        assert row.keys() <= {"id", "source", "says", "rules", "left_out"}
        assert row.get("rules") or row.get("left_out"), row["id"]


def test_every_rule_and_combination_that_a_row_names_is_there() -> None:
    named = {name for row in (*COLLECTED["row"], *COLLECTED["beyond"]) for name in row.get("rules", ())}
    assert named <= rules().keys() | COMBINATIONS


def test_every_rule_came_of_a_row_or_is_told_as_going_beyond_them() -> None:
    of_rows = {name for row in COLLECTED["row"] for name in row.get("rules", ())}
    beyond = Counter(name for more in COLLECTED["beyond"] for name in more["rules"])
    assert rules().keys() | COMBINATIONS == of_rows | beyond.keys()
    assert not of_rows & beyond.keys()
    assert set(beyond.values()) == {1}
