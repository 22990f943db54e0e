"""No report shows the name of an error's class: what went wrong is said in words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from isotherm import errors
from isotherm.study.document import document_of
from tests.app.made_up_study import result_of
from tests.study.cohorts import WEIGHTS, people, run

CLASSES = {name: one for name, one in vars(errors).items() if isinstance(one, type)}


def texts(part: Any) -> str:
    """Return everything that a result says, without the kinds of nouns that programs read."""
    return re.sub(r'"kind_of_noun": "\\w+"', "", json.dumps(part))


@pytest.mark.parametrize("name", ["real", "weights", "pairs", "designs", "several"])
def test_no_result_shows_the_name_of_a_class(name: str) -> None:
    words = set(re.findall(r"\w+", texts(result_of(name))))
    assert words & CLASSES.keys() == set()


def test_replicates_that_fail_are_counted_in_words() -> None:
    told = document_of(run(people(14), methods=replace(WEIGHTS, bootstrap=30)), {"isotherm": "0"})
    words = set(re.findall(r"\w+", texts(told)))
    assert "overlap enough: " in texts(told)
    assert words & CLASSES.keys() == set()


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_error_has_words_for_those_who_count_it(name: str) -> None:
    assert not re.search(r"[A-Z]|\.$", CLASSES[name].in_short)
