"""Cases: what is refused, which fact counts on which day, and what follows from the others."""

from __future__ import annotations

from datetime import date

import pytest

from isotherm.clinical.case import Case, Lesion, noted
from isotherm.clinical.derive import calendar_months
from isotherm.clinical.fact import Fact, Reading, read
from isotherm.clinical.kinds import FactKind, Value
from isotherm.clinical.picture import picture_of, supposing
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS

DAY = date(2025, 3, 1)
CEA, INR = CASE_FACTS["cea_ug_l"], CASE_FACTS["inr"]


def patient(facts: dict[str, Value], *lesions: dict[str, Value], complete: bool = False) -> dict[str, Reading]:
    named = tuple(Lesion(str(number), noted(one)) for number, one in enumerate(lesions, start=1))
    return picture_of(Case(on=DAY, facts=noted(facts), lesions=named, lesions_complete=complete)).patient


@pytest.mark.parametrize(
    ("name", "value"),
    [("ecog", 6), ("ecog", 1.5), ("ecog", True), ("inr", -1.0), ("inr", "1"), ("inr", float("nan")), ("inr", 10**400),
     ("ascites", 1), ("organ", "kidney"), ("mri_date", "2025-01-01")],
)  # fmt: skip
def test_a_value_of_another_type_or_beyond_what_is_plausible_is_refused_without_repeating_it(
    name: str, value: object
) -> None:
    with pytest.raises(ValueError, match=f"^{name} is ") as refused:
        CASE_FACTS[name].checked(value)
    assert str(value) not in str(refused.value) or len(str(value)) < 3


def test_numbers_are_kept_in_one_type() -> None:
    assert CASE_FACTS["inr"].checked(1) == 1.0
    assert isinstance(CASE_FACTS["inr"].checked(1), float)
    assert isinstance(CASE_FACTS["ecog"].checked(1.0), int)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"form": "choice"}, "a choice has choices"),
        ({"form": "yes or no", "unit": "mm"}, "only numbers have a unit"),
        ({"form": "number"}, "limits of what is plausible"),
    ],
)
def test_a_kind_that_makes_no_sense_is_refused(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FactKind(name="x", of="case", label="x", **settings)  # pyright: ignore[reportArgumentType]


def test_the_latest_fact_that_is_not_later_counts() -> None:
    facts = (Fact(value=5.0, on=date(2024, 1, 1)), Fact(value=9.0, on=DAY), Fact(value=99.0, on=date(2025, 3, 2)))
    reading = read(CEA, facts, DAY)
    assert reading is not None
    assert reading.value == 9.0
    assert read(CEA, facts[2:], DAY) is None


def test_a_fact_without_a_day_counts_where_no_dated_one_does() -> None:
    undated, old = Fact(value=5.0), Fact(value=7.0, on=date(2020, 1, 1))
    assert (reading := read(CEA, (undated, old), DAY)) is not None
    assert reading.value == 7.0
    assert (reading := read(CEA, (undated,), DAY)) is not None
    assert reading.value == 5.0


def test_two_values_of_one_day_contradict_each_other_and_two_that_agree_do_not() -> None:
    one, two = Fact(value=5.0, on=DAY), Fact(value=6.0, on=DAY)
    assert (reading := read(CEA, (one, two), DAY)) is not None
    assert (reading.value, reading.gap) == (None, "conflicting values")
    assert (reading := read(CEA, (one, one), DAY)) is not None
    assert reading.gap is None


def test_what_could_not_be_told_is_no_value_and_no_absence() -> None:
    reading = read(CEA, (Fact(value=None, on=DAY),), DAY)
    assert reading is not None
    assert (reading.value, reading.gap) == (None, "not assessable")
    assert reading.compare("<", 200.0) is None


def test_what_happened_on_a_date_is_known_from_that_date_unless_it_was_planned_before() -> None:
    kind = CASE_FACTS["systemic_start"]
    assert read(kind, (Fact(value=date(2025, 4, 1)),), DAY) is None
    planned = read(kind, (Fact(value=date(2025, 4, 1), on=date(2025, 2, 1)),), DAY)
    assert planned is not None
    assert planned.value == date(2025, 4, 1)


@pytest.mark.parametrize(("low", "high"), [(1.0, None), (6.0, 7.0)])
def test_limits_that_do_not_hold_the_value_are_refused(low: float, high: float | None) -> None:
    with pytest.raises(ValueError, match="limits"):
        Fact(value=5.0, low=low, high=high)


@pytest.mark.parametrize(
    ("sign", "limit", "expected"),
    [("<", 33.1, True), ("<", 33.0, None), ("<=", 33.0, True), (">", 26.0, None), (">=", 26.0, True),
     (">", 33.0, False), ("==", 30.0, None), ("==", 34.0, False)],
)  # fmt: skip
def test_an_interval_is_compared_as_a_whole(sign: str, limit: float, expected: bool | None) -> None:
    size = Fact(value=29.0, low=26.0, high=33.0)
    reading = read(LESION_FACTS["diameter_mm"], (size,), DAY)
    assert reading is not None
    assert reading.compare(sign, limit) is expected  # pyright: ignore[reportArgumentType]


def test_lesions_are_counted_and_an_open_list_sets_a_lower_limit_only() -> None:
    count = patient({}, {}, {}, complete=True)["n_lesions"]
    assert (count.value, count.low, count.high) == (2, 2.0, 2.0)
    count = patient({}, {}, {})["n_lesions"]
    assert (count.value, count.low, count.gap) == (None, 2.0, "list of lesions is open")
    assert count.compare(">", 1.0) is True
    assert count.compare("<=", 3.0) is None


def test_the_declared_number_completes_a_list_of_that_length() -> None:
    assert picture_of(Case(on=DAY, facts=noted({"n_lesions": 1}), lesions=(Lesion("1"),))).complete
    assert not picture_of(Case(on=DAY, facts=noted({"n_lesions": 2}), lesions=(Lesion("1"),))).complete


def test_the_largest_lesion_and_the_tumor_burden_score_follow() -> None:
    known = patient({}, {"diameter_mm": 37.0}, complete=True)
    assert known["largest_lesion_mm"].value == 37.0
    assert known["tumor_burden_score"].value == pytest.approx(3.83, abs=0.005)
    bounded = patient({}, {"diameter_mm": 37.0}, {}, complete=True)["largest_lesion_mm"]
    assert (bounded.value, bounded.low, bounded.gap) == (None, 37.0, "missing")
    score = patient({}, {"diameter_mm": 37.0})["tumor_burden_score"]
    assert score.value is None
    assert score.low == pytest.approx(3.83, abs=0.005)


def test_the_score_of_fong_lies_between_what_is_known_and_what_is_not() -> None:
    full: dict[str, Value] = {"n_stage": "N1", "disease_free_interval_months": 12.0, "cea_ug_l": 201.0}
    assert patient(full, {"diameter_mm": 50.1}, {"diameter_mm": 5.0}, complete=True)["fong_score"].value == 4
    partly = patient({"n_stage": "N0"}, {"diameter_mm": 20.0}, complete=True)["fong_score"]
    assert (partly.value, partly.low, partly.high) == (None, 0.0, 2.0)


def test_spans_follow_from_dates() -> None:
    known = patient({"systemic_start": date(2024, 12, 15), "ablation_date": date(2025, 2, 15),
                     "last_chemotherapy": date(2025, 2, 1)})  # fmt: skip
    assert known["months_systemic_to_ablation"].value == 2.0
    assert known["weeks_ablation_to_systemic"].value == pytest.approx(-62 / 7)
    assert known["weeks_since_chemotherapy"].value == 4.0
    assert "weeks_since_chemotherapy" not in patient({})


def test_months_are_whole_from_one_day_to_the_same_of_another_month() -> None:
    assert calendar_months(date(2024, 11, 30), date(2025, 1, 30)) == 2.0
    assert calendar_months(date(2025, 1, 15), date(2025, 3, 14)) < 2.0


def test_therapy_with_a_date_by_that_day_was_given_before_it() -> None:
    assert patient({"systemic_start": date(2025, 1, 1)})["chemotherapy_before"].value is True
    assert patient({"last_chemotherapy": date(2025, 1, 1)})["chemotherapy_before"].value is True
    assert "chemotherapy_before" not in patient({"systemic_start": date(2025, 4, 1)})


def test_a_scan_with_a_date_was_done_and_without_one_nobody_knows() -> None:
    assert patient({"mri_date": date(2025, 2, 1)})["mri_done"].value is True
    assert "mri_done" not in patient({})
    assert patient({"mri_done": False})["mri_done"].value is False


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"facts": noted({"n_lesions": 3}), "lesions": tuple(Lesion(str(k)) for k in range(12))},
            "12 lesions are listed",
        ),
        ({"facts": noted({"n_lesions": 3}), "lesions": (Lesion("1"),), "lesions_complete": True}, "declares more"),
        ({"lesions": (Lesion("1"), Lesion("1"))}, "one id"),
        ({"facts": noted({"weight": 80.0})}, "weight is no fact"),
    ],
)
def test_a_case_that_contradicts_itself_is_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Case(on=DAY, **settings)  # pyright: ignore[reportArgumentType]


def test_a_lesion_has_facts_of_lesions_only() -> None:
    with pytest.raises(ValueError, match="ecog is no fact of a lesion"):
        Lesion("1", noted({"ecog": 1}))


def test_facts_of_later_days_are_told_apart() -> None:
    case = Case(on=DAY, facts={"inr": (Fact(value=1.0, on=date(2025, 4, 1)),)},
                lesions=(Lesion("1", {"diameter_mm": (Fact(value=9.0, on=date(2025, 5, 1)),)}),))  # fmt: skip
    assert [(place, name) for place, name, _ in case.later()] == [("", "inr"), ("1", "diameter_mm")]


def test_supposing_a_fact_computes_anew_what_follows_from_it() -> None:
    picture = picture_of(Case(on=DAY, lesions=(Lesion("1"),), lesions_complete=True))
    supposed = supposing(picture, {("diameter_mm", "1"): 37})
    assert supposed.patient["tumor_burden_score"].value == pytest.approx(3.83, abs=0.005)
    assert "diameter_mm" not in picture.lesions["1"]
