"""Published relations of margin and size with recurrence: what stands in one panel, and which patients fit into it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from isotherm.errors import BadEvidence
from isotherm.evidence.library import Library, read_library
from isotherm.evidence.relations import About, HowMeasured, Relation, reasons_against, relations
from isotherm.evidence.result_parts import MarginMethod, MillimeterClass

SAME_DAY = HowMeasured(organ="liver", modality="MWA", method="3D rigid", imaging="CT", days_after=0.3)


@pytest.fixture(scope="module")
def whole() -> Library:
    return read_library()


def panel(whole: Library, paper: str, kind: str, about: About = "margin") -> Relation:
    return next(one for one in relations(whole, about) if one.paper.id == paper and one.kind == kind)


def test_every_published_relation_of_a_margin_has_its_panel(whole: Library) -> None:
    found = relations(whole, "margin")
    assert [one.kind for one in found] == sorted(
        (one.kind for one in found),
        key=["rate per class", "hazard ratio", "risk ratio", "odds ratio", "cut-off"].index,
    )
    assert {one.kind for one in found} == {"rate per class", "hazard ratio", "risk ratio", "odds ratio", "cut-off"}
    marked = [record for record in whole.results.values() if record.mm_class and record.mm_class.of == "margin"]
    assert sorted(record.id for one in found for record in one.records) == sorted(record.id for record in marked)


def test_a_panel_holds_one_population_one_method_one_day_one_horizon(whole: Library) -> None:
    for about in ("margin", "size"):
        for one in relations(whole, about):
            assert {record.margin for record in one.records} == {one.margin}
            assert {(record.population, record.at, record.modality) for record in one.records} == {
                (one.population, one.at, one.modality)
            }
    wang = panel(whole, "wang_2013", "rate per class")
    assert [float(record.estimate or 0) for record in wang.records] == [26, 46, 74, 80]
    assert {one.at for one in relations(whole, "margin") if one.paper.id == "lung_mwa_2021" and one.at} == {
        "1 years", "2 years",
    }  # fmt: skip


def test_series_that_one_slide_shows_are_panels_of_their_own(whole: Library) -> None:
    shown = [one for one in relations(whole, "size") if one.paper.id == "hsu_2024"]
    assert len(shown) == 5
    assert len({one.population for one in shown}) == 5


def test_a_margin_of_the_same_method_and_day_may_be_laid_beside_a_cut_off(whole: Library) -> None:
    assert reasons_against(panel(whole, "laimer_2025", "cut-off"), SAME_DAY) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"days_after": 1.0}, "day 0 here, day 1 in the patient"),
        ({"days_after": None}, "day 0 here, the patient's day is not known"),
        ({"imaging": "MRI"}, "CT here, MRI in the patient"),
        ({"imaging": ""}, "CT here, the patient's imaging is not known"),
        ({"method": "2D"}, "3D here, 2D in the patient"),
        ({"method": ""}, "3D here, the patient's method is not known"),
        ({"organ": "lung"}, "liver here, lung in the patient"),
        ({"organ": ""}, "the patient's organ is not known"),
    ],
)
def test_another_method_day_image_or_organ_keeps_it_out(whole: Library, changes: dict[str, Any], says: str) -> None:
    assert reasons_against(panel(whole, "laimer_2025", "cut-off"), replace(SAME_DAY, **changes)) == (says,)


def test_the_edges_of_a_range_of_days(whole: Library) -> None:
    wang = panel(whole, "wang_2013", "rate per class")
    patient = HowMeasured(organ="liver", modality="RFA", method="2D", imaging="CT")
    fits = {day: not reasons_against(wang, replace(patient, days_after=day)) for day in (27.9, 28.0, 56.0, 56.9, 57.0)}
    assert fits == {27.9: False, 28.0: True, 56.0: True, 56.9: True, 57.0: False}
    assert reasons_against(wang, replace(patient, days_after=40.0, modality="")) == (
        "RFA here, how the patient was ablated is not known",
    )
    assert reasons_against(wang, replace(patient, days_after=40.0, modality="MWA")) == ("RFA here, MWA in the patient",)


def test_what_is_not_printed_cannot_be_shown_to_match(whole: Library) -> None:
    shyn = reasons_against(panel(whole, "shyn_2014", "cut-off"), replace(SAME_DAY, modality="cryoablation"))
    assert "the method is not printed here" in shyn
    assert "several methods here" in reasons_against(panel(whole, "chlorogiannis_2023", "risk ratio"), SAME_DAY)
    assert "the day is not printed here" in reasons_against(panel(whole, "laimer_2021", "cut-off"), SAME_DAY)
    review = panel(whole, "lung_review_2021", "cut-off")
    assert any("does not print how and when" in one for one in reasons_against(review, SAME_DAY))


def test_registration_that_is_not_said_does_not_match_one_that_is(whole: Library) -> None:
    rigid = replace(panel(whole, "laimer_2025", "cut-off"), margin=MarginMethod(
        method="3D rigid", imaging="CT", days_after=(0.0, 0.0)))  # fmt: skip
    assert reasons_against(rigid, SAME_DAY) == ()
    assert reasons_against(rigid, replace(SAME_DAY, method="3D")) == (
        "3D rigid here, registration not said in the patient",
    )


def test_a_ratio_has_no_place_for_one_margin_even_where_all_matches(whole: Library) -> None:
    assert reasons_against(panel(whole, "laimer_2025", "hazard ratio"), SAME_DAY) == (
        "a hazard ratio has no place for one margin",
    )


def test_numbers_that_cannot_be_rates_keep_a_size_out(whole: Library) -> None:
    veltri = next(one for one in relations(whole, "size") if "Veltri" in one.population)
    patient = HowMeasured(organ="liver", modality="RFA")
    assert reasons_against(veltri, patient) == ("the printed numbers cannot be what the table says they are",)
    assert reasons_against(panel(whole, "wang_2013", "rate per class", "size"), patient) == ()


@pytest.mark.parametrize(
    ("bounds", "says"),
    [
        ({"from_mm": 3.0, "above_mm": 3.0}, "one bound on each side"),
        ({"from_mm": 5.0, "below_mm": 3.0}, "the lower bound comes first"),
        ({"from_mm": 5.0, "below_mm": 5.0}, "the lower bound comes first"),
        ({"above_mm": 5.0, "up_to_mm": 5.0}, "the lower bound comes first"),
    ],
)
def test_a_class_has_bounds_in_order(bounds: dict[str, float], says: str) -> None:
    with pytest.raises(BadEvidence, match=says):
        MillimeterClass(of="margin", **bounds)


def test_a_class_in_words() -> None:
    assert str(MillimeterClass(of="margin", from_mm=0.0, up_to_mm=0.0)) == "0 mm"
    assert str(MillimeterClass(of="size", above_mm=20.0, up_to_mm=30.0)) == "size above 20 and up to 30 mm"
    assert str(MillimeterClass(of="margin")) == "margin"
    assert [one.is_bounded for one in (MillimeterClass(of="size"), MillimeterClass(of="size", below_mm=30.0))] == [
        False, True,
    ]  # fmt: skip
