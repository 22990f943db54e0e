"""What follows from facts that cannot be told, contradict each other, or are slips of the pen."""

from __future__ import annotations

from datetime import date

import pytest

from isotherm.clinical.case import Case, Lesion, Noted, Picture, noted
from isotherm.clinical.fact import Fact, Origin, Reading, read
from isotherm.clinical.kinds import Value
from isotherm.clinical.picture import picture_of
from isotherm.clinical.vocabulary import CASE_FACTS

DAY = date(2025, 3, 1)
NOT_ASSESSABLE = (Fact(value=None),)


def picture(facts: Noted, *lesions: dict[str, Value], complete: bool = False) -> Picture:
    named = tuple(Lesion(str(number), noted(one)) for number, one in enumerate(lesions, start=1))
    return picture_of(Case(on=DAY, facts=facts, lesions=named, lesions_complete=complete))


@pytest.mark.parametrize("unknown", ["n_lesions", "largest_lesion_mm"])
def test_a_tumor_burden_has_a_lower_bound_where_number_or_size_cannot_be_told(unknown: str) -> None:
    known = {"n_lesions": (Fact(value=2),), "largest_lesion_mm": (Fact(value=20.0),), unknown: NOT_ASSESSABLE}
    score = picture(known).patient["tumor_burden_score"]
    assert score.value is None
    assert (score.low, score.high) == (2.0, float("inf"))


@pytest.mark.parametrize(
    "dates",
    [
        {"last_chemotherapy": date(1900, 1, 1)},
        {"systemic_start": date(1, 1, 1), "ablation_date": date(2025, 1, 1)},
        {"systemic_start": date(2025, 1, 1), "ablation_date": date(1800, 1, 1)},
    ],
)
def test_dates_a_century_apart_give_no_span(dates: dict[str, Value]) -> None:
    spans = {"weeks_since_chemotherapy", "weeks_ablation_to_systemic", "months_systemic_to_ablation"}
    assert not spans & picture(noted(dates)).patient.keys()


def test_a_number_of_lesions_with_limits_does_not_complete_a_list() -> None:
    about_two = {"n_lesions": (Fact(value=2, low=2, high=4),)}
    assert not picture(about_two, {}, {}).complete
    assert picture(noted({"n_lesions": 2}), {}, {}).complete


@pytest.mark.parametrize(
    ("said", "value", "listed"),
    [
        ("largest_lesion_mm", 20.0, {"diameter_mm": 40.0}),
        ("largest_target_mm", 20.0, {"diameter_mm": 40.0, "target": True}),
        ("nearest_to_bile_duct_mm", 15.0, {"to_bile_duct_mm": 5.0, "target": True}),
    ],
)
def test_what_is_said_of_all_lesions_decides_nothing_where_a_listed_one_contradicts_it(
    said: str, value: float, listed: dict[str, Value]
) -> None:
    known = picture(noted({said: value}), listed).patient[said]
    assert (known.value, known.gap) == (None, "conflicting values")


NOTED, LATER, LAST = date(2025, 1, 1), date(2025, 2, 1), date(2025, 2, 20)


def of_lesions(said: Noted, *sizes: Fact, complete: bool = False) -> Reading:
    """The largest diameter that is left of what was said of all, beside lesions of these sizes."""
    lesions = tuple(Lesion(str(place), {"diameter_mm": (one,)}) for place, one in enumerate(sizes, start=1))
    return picture_of(Case(on=DAY, facts=said, lesions=lesions, lesions_complete=complete)).patient["largest_lesion_mm"]


def largest(*values: float, origin: Origin = "typed") -> Noted:
    return {"largest_lesion_mm": tuple(Fact(value=one, on=NOTED, origin=origin) for one in values)}


def test_a_lesion_that_is_larger_on_a_later_day_bounds_the_largest_and_contradicts_nothing() -> None:
    known = of_lesions(largest(28.0), Fact(value=20.0, on=NOTED), Fact(value=50.0, on=LATER))
    assert (known.value, known.low, known.high, known.gap) == (None, 50.0, float("inf"), "later measurement")
    assert [(fact.value, fact.source) for fact in known.facts] == [(28.0, ""), (50.0, "lesion 2, 2025-02-01")]


@pytest.mark.parametrize("day", [None, date(2024, 12, 1), NOTED])
def test_a_larger_lesion_of_the_same_day_or_earlier_or_of_none_is_a_contradiction(day: date | None) -> None:
    assert of_lesions(largest(28.0), Fact(value=50.0, on=day)).gap == "conflicting values"


def test_what_was_said_without_a_day_is_contradicted_by_a_lesion_of_any_day() -> None:
    assert of_lesions(noted({"largest_lesion_mm": 28.0}), Fact(value=50.0, on=LATER)).gap == "conflicting values"


def test_a_smallest_distance_is_bounded_from_above_by_a_later_one() -> None:
    said = {"nearest_to_bile_duct_mm": (Fact(value=15.0, on=NOTED),)}
    lesion = Lesion("1", {"to_bile_duct_mm": (Fact(value=5.0, on=LATER),), "target": (Fact(value=True),)})
    known = picture_of(Case(on=DAY, facts=said, lesions=(lesion,))).patient["nearest_to_bile_duct_mm"]
    assert (known.low, known.high, known.gap) == (-float("inf"), 5.0, "later measurement")


def test_where_all_lesions_are_listed_and_measured_later_the_largest_is_known() -> None:
    sizes = (Fact(value=50.0, on=LATER), Fact(value=30.0, on=LAST))
    assert of_lesions(largest(28.0), *sizes, complete=True).value == 50.0
    assert of_lesions(largest(28.0), *sizes).gap == "later measurement"
    one_earlier = (sizes[0], Fact(value=20.0, on=NOTED))
    assert of_lesions(largest(28.0), *one_earlier, complete=True).gap == "later measurement"


def test_where_all_lesions_were_measured_later_and_are_smaller_the_largest_that_was_noted_is_of_the_past() -> None:
    sizes = (Fact(value=20.0, on=LATER), Fact(value=12.0, on=LAST))
    assert of_lesions(largest(35.0), *sizes, complete=True).value == 20.0
    assert of_lesions(largest(35.0), *sizes).value == 35.0  # a lesion that is not listed may be the one
    one_earlier = (sizes[0], Fact(value=12.0, on=NOTED))
    assert of_lesions(largest(35.0), *one_earlier, complete=True).value == 35.0
    assert of_lesions(largest(20.5), *sizes, complete=True).value == 20.5  # the same, to whole millimeters


def test_a_later_lesion_beside_a_contradiction_is_named_and_bounds_where_it_is_larger_than_both() -> None:
    both = {"largest_lesion_mm": (*largest(28.0)["largest_lesion_mm"],
                                  *largest(36.0, origin="derived")["largest_lesion_mm"])}  # fmt: skip
    between = of_lesions(both, Fact(value=30.0, on=LATER))
    assert (between.low, between.gap) == (-float("inf"), "conflicting values")
    assert [fact.value for fact in between.facts] == [28.0, 36.0, 30.0]
    above = of_lesions(both, Fact(value=50.0, on=LATER))
    assert (above.low, above.gap) == (50.0, "later measurement")
    assert [fact.value for fact in above.facts] == [28.0, 36.0, 50.0]


def test_every_lesion_beyond_is_named_the_furthest_later_one_last() -> None:
    sizes = (Fact(value=40.0, on=NOTED), Fact(value=50.0, on=LATER), Fact(value=45.0, on=LAST))
    known = of_lesions(largest(28.0), *sizes)
    assert (known.low, [fact.value for fact in known.facts]) == (50.0, [28.0, 40.0, 45.0, 50.0])


@pytest.mark.parametrize("listed", [{"diameter_mm": 40.0, "target": False}, {"diameter_mm": 40.0}, {"target": True}])
def test_a_lesion_that_is_not_known_to_be_ablated_contradicts_nothing(listed: dict[str, Value]) -> None:
    assert picture(noted({"largest_target_mm": 20.0}), listed).patient["largest_target_mm"].value == 20.0


def test_of_several_limits_to_one_value_the_widest_count_in_any_order() -> None:
    facts = (
        Fact(value=30.0, on=DAY),
        Fact(value=30.0, on=DAY, low=29.0, high=31.0),
        Fact(value=30.0, on=DAY, low=28.0, high=30.5),
    )
    for order in (facts, facts[::-1]):
        reading = read(CASE_FACTS["largest_lesion_mm"], order, DAY)
        assert reading is not None
        assert (reading.value, reading.low, reading.high) == (30.0, 28.0, 31.0)


def test_who_could_not_tell_is_told_by_other_facts() -> None:
    known = {"ct_done": NOT_ASSESSABLE, "n_lesions": NOT_ASSESSABLE, "ct_date": (Fact(value=DAY),)}
    patient = picture(known, {"diameter_mm": 20.0}).patient
    assert patient["ct_done"].value is True
    assert patient["n_lesions"].low == 1
    assert patient["largest_lesion_mm"].low == 20.0


def test_a_count_of_another_day_neither_contradicts_a_list_nor_belongs_to_it() -> None:
    counts = {
        "n_lesions": (Fact(value=5, on=date(2024, 1, 1)), Fact(value=1, on=DAY), Fact(value=9, on=date(2026, 1, 1)))
    }
    case = Case(on=DAY, facts=counts, lesions=(Lesion("1"),), lesions_complete=True)
    assert picture_of(case).complete
    assert not picture_of(case, on=date(2024, 6, 1)).complete
