"""Fields of a protocol's text: what a form changes is changed, and nothing else is."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadSetting
from isotherm.exchange.protocol_fields import BLOCKS, changed, emptied, fields_of, with_block, without
from isotherm.exchange.protocol_files import protocol_from
from isotherm.exchange.protocol_text import toml

TEXT = (resources.files("isotherm.app") / "data" / "crlm" / "crlm_study.toml").read_text(encoding="utf-8")
SCENARIOS = sorted(Path(str(resources.files("isotherm.app") / "data" / "scenarios")).rglob("protocol.toml"))
SMALL = """\
# head
title = "a \\"b\\" # c"  # a remark
seed = 1
flag = true
cut = [1, 2, # two
  3]
days = [365.25,  -60]
says = ["a # b", "c, \\"d\\""]
lines = ["a\\nb", " c"]
caveats = []
long = '''
x = 1
'''
[data]
levels = { 1 = "a", "b c" = "d" }  # levels
[[covariate]]
column = 'x'
# of the second
[[covariate]]
column = "y"
known = "before time zero"
[[subgroup]]
name = "s"
[[subgroup.level]]
label = "l"
"""


def read_as_toml(value: str) -> object:
    return tomllib.loads(f"x = {value}")["x"]


READS: dict[str, Callable[[str], object]] = {
    "text": str, "choice": str, "texts": str.splitlines, "numbers": lambda value: read_as_toml(f"[{value}]"),
}  # fmt: skip
"""How what a form shows is read, by its kind."""


@pytest.mark.parametrize("text", [TEXT, SMALL, *(one.read_text(encoding="utf-8") for one in SCENARIOS)])
def test_each_value_is_found_where_it_stands(text: str) -> None:
    for one in fields_of(text):
        raw = tomllib.loads(f"x = {text[one.start : one.end]}")["x"]
        assert raw == READS.get(one.kind, read_as_toml)(one.value)


def test_a_form_that_changes_nothing_changes_no_byte() -> None:
    assert changed(TEXT, {one.name: one.value for one in fields_of(TEXT)}) == TEXT


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_that_is_typed_comes_back_and_the_rest_stays(typed: str) -> None:
    text = changed(SMALL, {"title": typed, "covariate[2].column": typed})

    before, after = tomllib.loads(SMALL), tomllib.loads(text)
    assert after["title"] == after["covariate"][1]["column"] == typed
    after["title"], after["covariate"][1]["column"] = before["title"], "y"
    assert after == before
    assert text.count("# a remark") == 1


@pytest.mark.parametrize(("name", "value"), [
    ("seed", "one"), ("seed", "1\nx = 2"), ("flag", "yes"), ("cut", "[1"), ("cut", "1\n[other]"), ("cut", ""),
    ("cut", "1\ny = 2"), ("covariate[2].known", "someday"), ("days", "1, two"), ("days", ""), ("days", "1, 2]\nx = ["),
])  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_key(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name.replace("[", r"\[")):
        changed(SMALL, {name: value})


def test_lists_and_braces_are_shown_as_people_type_them() -> None:
    shown = {one.name: (one.key, one.kind, one.value) for one in fields_of(SMALL)}

    assert shown["days"] == ("days", "numbers", "365.25, -60")
    assert shown["says"] == ("says", "texts", 'a # b\nc, "d"')
    assert shown["caveats"] == ("caveats", "texts", "")
    assert shown["data.levels.b c"] == ("levels.b c", "text", "d")
    assert {name for name, (_, kind, _) in shown.items() if kind == "toml"} == {"cut", "lines"}, "a remark, a line end"


def test_lists_and_braces_that_were_typed_come_back_and_remarks_stay() -> None:
    typed = {"days": " 14,28 ", "says": "one\r\n\r\n  two  ", "data.levels.1": "x", "caveats": "c" * 99 + "\nd"}
    text = changed(SMALL, typed)

    assert tomllib.loads(text) == tomllib.loads(SMALL) | {
        "days": [14, 28], "says": ["one", "two"], "data": {"levels": {"1": "x", "b c": "d"}}, "caveats": ["c" * 99, "d"]
    }  # fmt: skip
    assert "# levels" in text
    assert tomllib.loads(changed(SMALL, {"says": ""}))["says"] == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=4))
def test_any_texts_of_a_list_are_shown_so_that_they_come_back(texts: list[str]) -> None:
    one = fields_of(f"caveats = {toml(texts)}")[0]

    if one.kind == "texts":
        assert tomllib.loads(changed('caveats = ["other"]', {"caveats": one.value}))["caveats"] == texts


def test_a_table_is_taken_away_with_what_is_below_it_and_remarks_of_the_next_stay() -> None:
    text = without(SMALL, "covariate", 0)

    assert tomllib.loads(text)["covariate"] == [{"column": "y", "known": "before time zero"}]
    assert "# of the second" in text
    assert "subgroup" not in tomllib.loads(without(SMALL, "subgroup", 0))
    with pytest.raises(BadSetting):
        without(SMALL, "covariate", 2)
    with pytest.raises(BadSetting):
        without(SMALL, "data", 0)


@pytest.mark.parametrize("name", BLOCKS)
def test_what_a_form_adds_is_a_table_of_a_protocol(name: str) -> None:
    text = with_block(TEXT, name)

    before, after = protocol_from(TEXT), protocol_from(text)
    assert after != before
    assert with_block(text, name).startswith(text.rstrip())
    with pytest.raises(BadSetting):
        with_block(TEXT, "data")


REASONED = '[methods]\nreason = "Nothing is adjusted for."  # why\n[methods.adjustment]\nmethod = "none"\n'


def test_the_reason_of_another_method_does_not_survive_a_change_unless_it_is_written_anew() -> None:
    weighted = {"methods.adjustment.method": "weighting", "methods.reason": "Nothing is adjusted for."}
    assert emptied(REASONED, weighted) == ("methods.reason",)
    assert tomllib.loads(changed(REASONED, weighted))["methods"]["reason"] == ""
    assert "# why" in changed(REASONED, weighted)
    anew = weighted | {"methods.reason": "Weights keep everybody."}
    assert emptied(REASONED, anew) == ()
    assert tomllib.loads(changed(REASONED, anew))["methods"]["reason"] == "Weights keep everybody."
    assert emptied(REASONED, {}) == emptied(REASONED, {"methods.adjustment.method": "none"}) == ()
