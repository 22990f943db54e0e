"""A published result is valid from birth: what contradicts itself is refused in one sentence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from isotherm.errors import BadEvidence
from isotherm.evidence.paper import Accrual, Arm, Paper, Window
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.result_parts import Discrepancy, MarginMethod
from isotherm.source import Citation

SOURCE = Citation(title="Margins", year=2020, where="Table 3", doi="10.1000/xyz")
RATIO: dict[str, Any] = {
    "id": "smith_2020.margin", "paper": "smith_2020", "source": SOURCE, "label": "margin below 5 mm",
    "measure": "hazard ratio", "unit": "tumor", "reference": "5 mm or more", "estimate": Decimal("3.0"),
    "low": Decimal("1.2"), "high": Decimal("7.5"), "p_value": Decimal("0.02"),
}  # fmt: skip


def result(**changes: Any) -> PublishedResult:
    return PublishedResult(**{**RATIO, **changes})


def test_a_result_is_the_effect_that_our_own_results_are() -> None:
    effect = result(n=90).effect()
    assert (effect.estimate, effect.low, effect.high, effect.p_value, effect.per) == (3.0, 1.2, 7.5, 0.02, "tumor")
    assert effect.source == SOURCE


@pytest.mark.parametrize("changes", [{"low": None}, {"limits_of": "range"}, {"estimate": None}])
def test_without_a_confidence_interval_there_is_no_effect(changes: dict[str, Any]) -> None:
    with pytest.raises(BadEvidence, match="no estimate with a confidence interval"):
        result(**changes).effect()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"estimate": Decimal(8)}, "8 lies outside of its limits, 1.2 to 7.5"),
        ({"low": Decimal(9)}, "the lower one comes first"),
        ({"estimate": Decimal("NaN")}, "NaN or infinity"),
        ({"high": Decimal("Infinity")}, "NaN or infinity"),
        ({"estimate": Decimal(0), "low": None}, "is above 0"),
        ({"low": Decimal(0)}, "is above 0"),
        ({"level": Decimal(95)}, "such as 0.95"),
        ({"p_value": Decimal("1.1")}, "between 0 and 1"),
        ({"p_value": Decimal("0.9")}, "beside an interval that means"),
        ({"p_value": Decimal("0.0001"), "p_operator": "<"}, "beside an interval that means"),
        ({"events": 5, "n": 4}, "5 of 4 came"),
        ({"n": -1}, "negative count"),
        ({"reference": ""}, 'write "not printed"'),
        ({"measure": "change per step"}, "a slope needs its step"),
        ({"measure": "guess"}, '"guess" came'),
        ({"unit": "liver"}, '"liver" came'),
        ({"status": "derived"}, "points to those"),
        ({"parents": ("smith_2020.other",)}, "has no parents"),
        ({"status": "derived", "parents": ("smith_2020.margin",)}, "from itself"),
        ({"label": " "}, "say what was counted"),
        ({"id": "Margin"}, "lower case"),
        ({"at": "5y"}, 'as in "5 years"'),
        ({"measure": "percentage", "number_unit": "%", "estimate": Decimal(101), "low": None, "high": None}, "101 %"),
    ],
)  # fmt: skip
def test_a_contradiction_is_refused_in_one_sentence(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadEvidence, match=complaint):
        result(**changes)


def test_no_number_at_all_is_refused() -> None:
    with pytest.raises(BadEvidence, match="no number came"):
        result(estimate=None, low=None, high=None, p_value=None)


def test_a_note_on_the_check_lets_a_contradiction_stand() -> None:
    note = Discrepancy(note="Of another test.", check="smith_2020.margin:p-from-interval", computed=Decimal("0.019"))
    assert result(p_value=Decimal("0.9"), discrepancies=(note,)).p_value == Decimal("0.9")
    with pytest.raises(BadEvidence, match="beside an interval"):
        result(p_value=Decimal("0.9"), discrepancies=(Discrepancy(note="About something else."),))


def test_rounding_near_one_is_no_contradiction() -> None:
    age = result(estimate=Decimal("1.02"), low=Decimal("0.99"), high=Decimal("1.05"), p_value=Decimal("0.062"))
    low, high = age.implied_p() or (0.0, 0.0)
    assert low < 0.062 < high


def test_a_discrepancy_says_what_its_check_computes() -> None:
    with pytest.raises(BadEvidence, match="says what it computes"):
        Discrepancy(note="Odd.", check="arms")
    with pytest.raises(BadEvidence, match="says what it computes"):
        Discrepancy(note="Odd.", computed=Decimal(1))


def test_margins_of_other_days_read_differently() -> None:
    assert str(MarginMethod(method="2D", imaging="CT", days_after=(28, 56))) == "2D, CT, days 28 to 56"
    assert str(MarginMethod(method="3D", imaging="MRI", days_after=(1, 1))) == "3D, MRI, day 1"
    assert str(MarginMethod(method="3D")) == "3D, not printed, day not printed"
    with pytest.raises(BadEvidence, match="earlier to a later day"):
        MarginMethod(method="3D", days_after=(56, 28))


PAPER: dict[str, Any] = {
    "id": "smith_2020", "short": "Smith 2020", "title": "Margins", "year": 2020, "doi": "10.1000/xyz",
    "design": "retrospective cohort", "organ": "liver", "population": "metastases",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id": "Smith"}, "first_author_year"), ({"doi": ""}, "cannot be found"), ({"title": " "}, "without a title"),
        ({"organ": "kidney"}, '"kidney" came'), ({"overlaps_with": ("smith_2020",)}, "overlap with itself"),
        ({"arms": (Arm(id="a", name="a"), Arm(id="a", name="b"))}, "two arms have one id"),
    ],
)  # fmt: skip
def test_a_publication_that_cannot_be_found_or_read_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadEvidence, match=complaint):
        Paper(**{**PAPER, **changes})


def test_a_place_is_needed_for_every_citation() -> None:
    with pytest.raises(BadEvidence, match="does not say where"):
        Paper(**PAPER).citation(" ")


def test_windows_and_accrual_run_forward_and_a_window_has_its_event() -> None:
    assert str(Window(low=2, high=4, unit="weeks")) == "2 to 4 weeks"
    assert str(Window(low=2, unit="months")) == "2 to ? months"
    with pytest.raises(BadEvidence, match="lower end comes first"):
        Window(low=4, high=2, unit="weeks")
    with pytest.raises(BadEvidence, match="needs the event"):
        Arm(id="a", name="a", window=Window(low=2, high=4, unit="weeks"))
    with pytest.raises(BadEvidence, match="before it starts"):
        Accrual(start="2020-12", end="2009-10")
    with pytest.raises(BadEvidence, match="year and month"):
        Accrual(start="2009-13")
