"""What is known within an open answer: numbers that would meet it or not, days of old notes, why nothing is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from isotherm.answer import Answer
from isotherm.app.criteria_words import failing_words, reasons
from isotherm.clinical.case import Case, Lesion, noted
from isotherm.clinical.fact import Fact
from isotherm.clinical.kinds import Value
from isotherm.clinical.picture import picture_of
from isotherm.criteria.explain import explain
from isotherm.criteria.guidelines.acclaim_2025 import GUIDELINE
from isotherm.criteria.judge import Finding, finding
from isotherm.criteria.words import every, number, yes

ON = date(2025, 6, 1)


def asked(rule: str, *lesions: dict[str, Value]) -> Finding:
    """Return what a rule of ACCLAIM says of a patient with these lesions, which are all."""
    case = Case(on=ON, facts=noted({"organ": "liver", "primary": "colorectal"}), lesions_complete=True,
                lesions=tuple(Lesion(str(n), noted(one)) for n, one in enumerate(lesions, 1)))  # fmt: skip
    return finding(GUIDELINE.rule(f"acclaim-2025.{rule}"), picture_of(case), on=ON)


ABLATED: dict[str, Value] = {"target": True, "ablation_modality": "MWA"}


@pytest.mark.parametrize(
    ("margins", "answer"),
    [((3.0, None), Answer.NOT_MET), ((3.0, 12.0), Answer.NOT_MET), ((7.0, None), Answer.UNKNOWN),
     ((7.0, 12.0), Answer.MET_WITH_CONDITION), ((10.0, 12.0), Answer.MET), ((None, None), Answer.UNKNOWN)],
)  # fmt: skip
def test_one_lesion_that_fails_settles_the_answer_of_the_patient(
    margins: tuple[float | None, ...], answer: Answer
) -> None:
    lesions = [ABLATED | ({} if one is None else {"minimal_margin_mm": one}) for one in margins]
    assert asked("margin", *lesions).answer is answer


def test_a_size_stands_beside_the_answer_that_waits_for_another_fact() -> None:
    found = asked("size", {"diameter_mm": 27.0}, {"diameter_mm": 20.0})
    assert found.answer is Answer.UNKNOWN
    assert failing_words(found) == ("lesion 1: 27 mm",)
    told = reasons(found)
    assert "lesion 1: largest diameter: 27 mm (at most 25 mm asked): would not be met" in told
    assert not any("20 mm" in one for one in failing_words(found))


def test_a_margin_stands_beside_the_answer_that_waits_for_the_modality() -> None:
    found = asked("margin", {"target": True, "minimal_margin_mm": 3.0}, ABLATED)
    assert found.answer is Answer.UNKNOWN
    assert failing_words(found) == ("lesion 1: 3 mm",)
    assert "lesion 1: minimal ablation margin: 3 mm (at least 5 mm asked): would not be met" in reasons(found)


def test_a_number_that_one_of_several_parts_is_met_by_is_not_said_to_fail() -> None:
    found = asked("margin", {"target": True, "minimal_margin_mm": 7.0}, ABLATED)
    assert found.answer is Answer.UNKNOWN
    assert failing_words(found) == ()


def test_a_settled_answer_has_no_would() -> None:
    for found in (asked("size", ABLATED | {"diameter_mm": 27.0}), asked("size", ABLATED | {"diameter_mm": 20.0})):
        assert failing_words(found) == ()
        assert not any("would" in one for one in reasons(found))


@pytest.mark.parametrize(("noted_on", "words"), [(date(2024, 1, 1), "1 on 2024-01-01"), (date(2025, 5, 1), "1")])
def test_what_was_noted_long_ago_is_told_with_its_day(noted_on: date, words: str) -> None:
    picture = picture_of(Case(on=ON, facts={"ecog": (Fact(value=1, on=noted_on),)}))
    assert explain(number("ecog") <= 2, picture).words == f"ECOG performance status: {words} (at most 2 asked)"


def test_why_a_note_tells_nothing_is_said_where_it_is_known() -> None:
    why = Fact(value=None, on=ON, source="new tumor was found in the organ on 2025-05-01")
    told = [explain(number("ecog") <= 2, picture_of(Case(on=ON, facts={"ecog": (fact,)}))).words
            for fact in (why, Fact(value=None, on=ON))]  # fmt: skip
    start = "ECOG performance status: not assessable"
    assert told == [f"{start}: {why.source} (at most 2 asked)", f"{start} (at most 2 asked)"]


def test_nothing_is_said_to_fail_inside_of_an_opposite() -> None:
    rule = replace(
        GUIDELINE.rule("acclaim-2025.size"), holds=every(~((number("diameter_mm") <= 25.0) | yes("treatment_naive")))
    )
    case = Case(on=ON, facts=noted({"organ": "liver", "primary": "colorectal"}), lesions_complete=True,
                lesions=(Lesion("1", noted({"target": True, "diameter_mm": 27.0})),))  # fmt: skip
    found = finding(rule, picture_of(case), on=ON)
    assert found.answer is Answer.UNKNOWN
    assert failing_words(found) == ()
