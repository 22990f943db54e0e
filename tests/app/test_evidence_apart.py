"""`isotherm evidence forest`: published effects side by side, none pooled; what is no effect is said and not drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from isotherm.app.evidence_apart import apart, apart_figures, left_out
from isotherm.app.evidence_pool_words import sides_of
from isotherm.app.evidence_tasks import Choice, chosen, open_library
from isotherm.errors import BadSetting, CannotPool
from isotherm.evidence.library import read_library
from isotherm.evidence.named_apart import names_apart
from isotherm.evidence.set_aside import set_aside
from tests.app.on_disk import Command

RATIOS = ("meijerink_2024.os", "abdalla_2004.os-rfa", "ruers_2017.os")
A_RATE = "fan_2026.os-synchronous"


def test_effects_that_must_not_be_pooled_are_drawn_all_the_same(isotherm: Command, tmp_path: Path) -> None:
    assert isotherm("evidence", "pool", *RATIOS).code == 2

    ran = isotherm("evidence", "forest", *RATIOS, "--out", str(tmp_path / "drawn"))

    assert (ran.code, ran.err) == (0, "")
    assert "2.79 (95 % interval 1.68 to 4.62)" in ran.out
    assert "Nothing is pooled" in ran.out
    assert {file.name for file in (tmp_path / "drawn").iterdir()} == {"forest-ratios.svg", "forest-ratios.png"}


def test_each_number_stands_as_it_was_printed_with_its_source() -> None:
    drawing = apart_figures(apart(open_library(None), RATIOS))["forest-ratios"]

    assert "1.042 (0.689 to 1.576)" in drawing.description
    assert "2.79 (1.68 to 4.62)" in drawing.description


def test_a_number_that_is_no_effect_is_said_and_not_drawn() -> None:
    found = apart(open_library(None), (*RATIOS, A_RATE))

    assert [one.id for one in found.ratios] == list(RATIOS)
    assert left_out(found) == ["Not drawn: 61.3 months of Fan 2026 is no ratio and no difference."]
    assert apart_figures(apart(open_library(None), (A_RATE,))) == {}


def test_ratios_and_differences_never_share_an_axis() -> None:
    library = open_library(None)
    one = next(each for each in library.results.values() if each.measure == "difference" and each.estimate is not None)

    assert set(apart_figures(apart(library, (*RATIOS, one.id)))) == {"forest-ratios", "forest-differences"}


def test_results_with_patients_in_common_are_named(isotherm: Command) -> None:
    out = isotherm("evidence", "forest", "abdalla_2004.os-rfa", "abdalla_2004.os-both").out

    assert "Patients in common: rows of Abdalla 2004." in out


@pytest.mark.parametrize("ids", [(), ("none",), (RATIOS[0], RATIOS[0])])
def test_none_one_that_is_not_there_or_one_twice_is_refused(ids: tuple[str, ...]) -> None:
    with pytest.raises(BadSetting):
        apart(open_library(None), ids)


def test_every_rule_that_speaks_against_pooling_is_told_at_once() -> None:
    with pytest.raises(CannotPool, match='rules "unit" and "organ" aside, each with a reason') as caught:
        set_aside([("unit", "Units differ."), ("organ", "Organs differ.")], {}, ("unit", "organ"))
    assert caught.value.rules == ("unit", "organ")


def test_a_search_finds_what_publications_call_otherwise() -> None:
    library = open_library(None)

    assert len(chosen(library, Choice(), ["margin", "recurrence"])) == len(chosen(library, Choice(), ["margin", "LTP"]))
    assert len(chosen(library, Choice(), ["margin", "recurrence"])) > 20
    assert chosen(library, Choice(), ["microwave"]) == chosen(library, Choice(), ["mwa"])


def test_rows_of_one_publication_are_told_apart_by_what_differs_and_never_by_an_id(isotherm: Command) -> None:
    out = isotherm("evidence", "forest", "shady_2018.margin-rfa", "shady_2018.margin-mwa").out

    assert out.startswith("Shady 2018, RFA: 14.6 ")
    assert "\nShady 2018, MWA: 11.6 " in out
    assert "Patients in common: rows of Shady 2018." in out
    assert "margin-rfa" not in out


def test_rows_that_nothing_tells_apart_are_counted_among_those_that_read_alike() -> None:
    library = read_library()
    rfa, mwa = (library.result(one) for one in ("shady_2018.margin-rfa", "shady_2018.margin-mwa"))
    names = names_apart(library.papers, [rfa, replace(rfa, id=f"{rfa.id}-b"), mwa, replace(mwa, id=f"{mwa.id}-b")])
    assert list(names.values()) == [f"Shady 2018, {of} ({place})" for of in ("RFA", "MWA") for place in (1, 2)]


@pytest.mark.parametrize(
    ("ids", "lower"),
    [
        (("abdalla_2004.os-rfa",), "lower hazard in the arm that is named first"),
        (("shady_2018.margin-rfa",), "lower hazard in the group that is named first"),
        (("wang_2013.margin-hr",), "lower hazard per 5 mm more margin"),
        (
            ("wang_2013.margin-hr", "abdalla_2004.os-rfa"),
            "lower hazard in the arm that is named first, or with more of what is named",
        ),
    ],
)
def test_the_sides_of_the_line_say_what_is_compared(ids: tuple[str, ...], lower: str) -> None:
    library = read_library()
    found = sides_of([library.result(one) for one in ids])
    assert found[0] == lower
    assert "named first" not in found[1]  # said once in a figure
