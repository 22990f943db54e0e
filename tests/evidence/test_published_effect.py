"""The door from records to pooling: what is taken as it stands, and what is refused until a reason is recorded."""

from __future__ import annotations

import math
from typing import Any

import pytest

from bench.evidence_refusals import RULES as REFUSALS
from bench.evidence_refusals import refusals
from isotherm.errors import BadSetting, CannotPool
from isotherm.evidence.library import Library, read_library
from isotherm.evidence.pooling import pool
from isotherm.evidence.published_effect import document_of, for_pooling, study_effects
from isotherm.evidence.study_effect import StudyEffect
from tests.evidence.files import PAPER, library


@pytest.fixture(scope="module")
def whole() -> Library:
    return read_library()


def taken(whole: Library, name: str, **despite: str) -> StudyEffect:
    (study,) = study_effects(whole, [name], despite)
    return study


def another(**changes: str) -> str:
    """Return the small publication as that of other authors, with pieces of its text changed."""
    text = PAPER.replace("smith_2020", "jones_2021").replace("Smith 2020", "Jones 2021").replace("xyz", "abc")
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def test_arms_direction_and_unit_are_those_of_the_record(whole: Library) -> None:
    study = taken(whole, "meijerink_2024.lc-tumor")
    assert (study.compared, study.reference, study.per) == ("thermal ablation", "resection", "tumor")
    assert (study.name, study.organ, study.measure) == ("COLLISION, ASCO (Meijerink 2024)", "liver", "hazard ratio")
    assert study.value == math.log(0.092)


def test_the_overlapping_cohorts_of_radiology_2023_and_ajr_2022_are_refused_before_anything_else(
    whole: Library,
) -> None:
    with pytest.raises(CannotPool, match="overlap of patients: Li 2023 and Liang 2022"):
        study_effects(whole, ["li_2023.dfs-ratio", "liang_2022.pfs-ratio"])
    with pytest.raises(CannotPool, match="no interval in print"):
        study_effects(whole, ["li_2023.dfs-ratio", "liang_2022.pfs-ratio"], {"overlap": "to see what is next"})


def test_of_all_pairs_of_published_ratios_none_that_shares_patients_is_pooled(whole: Library) -> None:
    counts, wrong = refusals(whole)
    assert wrong == []
    assert set(counts) <= {*REFUSALS.values(), "pooled"}
    assert counts["overlap of patients"] > 300


def test_an_overlap_that_is_set_aside_is_recorded_by_the_pooling(whole: Library) -> None:
    ids = ["meijerink_2024.os", "van_der_lei_2025.os-interval"]
    despite = {"overlap": "an exercise", "status": "an exercise"}
    studies = study_effects(whole, ids, despite)
    assert studies[0].overlaps_with == {studies[1].name}
    with pytest.raises(CannotPool, match="overlap"):
        pool(studies)
    assert [one.what for one in pool(studies, despite=for_pooling(despite)).overrides] == ["status", "overlap"]


def test_two_results_that_one_lecture_shows_are_of_two_studies(whole: Library) -> None:
    ids = ["abdalla_2004.os-rfa", "meijerink_2024.lc-patient"]
    shown = whole.result("abdalla_2004.os-rfa")
    assert "as shown in Current Guideline" in document_of(shown, whole.papers["abdalla_2004"]).where
    first, second = study_effects(whole, ids)
    assert first.overlaps_with | second.overlaps_with == frozenset()
    assert first.source is not None
    assert first.source.title == whole.papers["abdalla_2004"].title


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("shyn_2014.margin-odds-ratio", "status"),
        ("van_der_lei_2025.os-interval", "status"),
        ("abdalla_2004.os-first", "label"),
    ],
)
def test_what_is_derived_recalled_or_wrongly_labelled_needs_a_reason_which_is_recorded(
    whole: Library, name: str, rule: str
) -> None:
    with pytest.raises(CannotPool, match=f'"{rule}" aside'):
        taken(whole, name)
    study = taken(whole, name, **{rule: "checked in the publication"})
    assert [(one.what, one.reason) for one in study.overrides] == [(rule, "checked in the publication")]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("laimer_2025.margin-a", "does not print the step"),
        ("van_der_lei_2025.os", "no interval in print"),
        ("wang_2013.ltp", "no interval in print"),
    ],
)
def test_what_has_no_weight_or_no_step_cannot_be_taken(whole: Library, name: str, says: str) -> None:
    with pytest.raises(CannotPool, match=says):
        taken(whole, name)


def test_a_ratio_without_a_printed_reference_cannot_be_taken() -> None:
    text = PAPER.replace('reference = "margin of 5 mm or more"', 'reference = "not printed"').replace(
        'unit = "tumor"\nreference', 'unit = "tumor"\nendpoint = "progression"\nreference'
    )
    with pytest.raises(CannotPool, match="no reference level"):
        study_effects(library(text), ["smith_2020.margin"])


def test_a_slope_is_taken_with_its_step_and_has_no_reference() -> None:
    text = PAPER.replace('"margin of 5 mm or more"\nresults', '"one step less"\nendpoint = "progression"\nresults')
    text = text.replace('label = "margin below 5 mm", est', 'label = "margin", per = "5 mm", est')
    (study,) = study_effects(library(text), ["smith_2020.margin"])
    assert (study.compared_with, study.reference) == ("margin, per 5 mm", "")


def test_a_horizon_is_counted_in_days_and_horizons_are_not_mixed() -> None:
    text = _with_endpoint(PAPER).replace('label = "margin below 5 mm", est', 'label = "margin", at = "2 years", est')
    (study,) = study_effects(library(text), ["smith_2020.margin"])
    assert study.at_days == 730.5
    both = library(text, jones_2021=_with_endpoint(another()))
    with pytest.raises(CannotPool, match="horizon"):
        pool(study_effects(both, ["smith_2020.margin", "jones_2021.margin"]))


def test_organs_are_not_mixed() -> None:
    both = library(_with_endpoint(PAPER), jones_2021=_with_endpoint(another(**{'organ = "liver"': 'organ = "lung"'})))
    studies = study_effects(both, ["smith_2020.margin", "jones_2021.margin"])
    with pytest.raises(CannotPool, match=r"organ: 2 organs \(liver, lung\)"):
        pool(studies)


def _with_endpoint(text: str) -> str:
    return text.replace('where = "Table 3"', 'where = "Table 3"\nendpoint = "progression"')


@pytest.mark.parametrize(
    ("despite", "says"),
    [
        ({"weather": "it rained"}, "no rule"),
        ({"status": "just in case"}, "nothing to set aside"),
        ({"p value": " "}, "without a reason"),
    ],
)
def test_a_reason_that_sets_nothing_aside_is_refused(whole: Library, despite: dict[str, str], says: str) -> None:
    with pytest.raises(CannotPool, match=says):
        study_effects(whole, ["ruers_2017.os"], despite)


def test_ids_are_known_and_come_once(whole: Library) -> None:
    with pytest.raises(BadSetting, match="near it"):
        study_effects(whole, ["ruers_2017.oss"])
    with pytest.raises(CannotPool, match="twice"):
        study_effects(whole, ["ruers_2017.os", "ruers_2017.os"])


def test_results_of_one_publication_are_told_apart_by_their_labels_and_else_by_their_ids(whole: Library) -> None:
    reason: dict[str, Any] = {"overlap": "to see the names"}
    names = [one.name for one in study_effects(whole, ["shady_2018.margin-rfa", "shady_2018.perivascular-rfa"], reason)]
    assert names == ["Shady 2018, margin at most 5 mm", "Shady 2018, perivascular tumor"]
    names = [one.name for one in study_effects(whole, ["shady_2018.margin-rfa", "shady_2018.margin-mwa"], reason)]
    assert names == ["Shady 2018, RFA", "Shady 2018, MWA"]
