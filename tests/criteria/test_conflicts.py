"""Conflicts: sources side by side by topic, with the causes of their disagreement named."""

from __future__ import annotations

from dataclasses import replace

from isotherm.clinical.case import Case, Lesion, Picture, noted
from isotherm.clinical.picture import picture_of
from isotherm.criteria.conflicts import matrix
from isotherm.criteria.rule import Grade, Guideline, Rule, Since
from isotherm.criteria.words import every, number, yes
from tests.criteria.pictures import DAY, rule


def source(name: str, *rules: Rule) -> Guideline:
    named = tuple(replace(one, id=f"{name}.{one.title}") for one in rules)
    return Guideline(id=name, name=name, edition="", short=name, rules=named, note="Made up.")


SIZE_30 = rule("size", every(number("diameter_mm") <= 30), population="CRLM", unit="lesion")
STRICT_30 = rule("size", every(number("diameter_mm") < 30), population="NET", unit="lesion", since=Since("2024"))
SIZE_25 = rule("size", every(number("diameter_mm") <= 25), population="CRLM", unit="lesion",
               grade=Grade(scheme="trial protocol"))  # fmt: skip


def picture(size_mm: float) -> Picture:
    lesion = Lesion("1", noted({"target": True, "diameter_mm": size_mm}))
    return picture_of(Case(on=DAY, lesions=(lesion,), lesions_complete=True))


def test_thresholds_operators_and_what_else_differs_are_named() -> None:
    (row,) = matrix([source("a", SIZE_30), source("b", STRICT_30), source("c", SIZE_25)], picture(30.0), on=DAY).rows
    assert (row.topic, row.differs_on_paper, row.differs_here) == ("size", True, True)
    causes = {cause.kind: cause.words for cause in row.causes}
    assert causes["threshold"] == "largest diameter: at most 30 mm (a); below 30 mm (b); at most 25 mm (c)"
    assert causes["operator"] == "largest diameter at 30: at most 30 mm (a); below 30 mm (b)"
    assert causes["population"] == "CRLM (a, c); NET (b)"
    assert causes["year"] == "2020 (a, c); 2024 (b)"
    assert causes["grade scale"] == "none (a, b); trial protocol (c)"


def test_sources_that_say_the_same_do_not_disagree() -> None:
    (row,) = matrix([source("a", SIZE_30), source("b", SIZE_30)], picture(30.0), on=DAY).rows
    assert not row.differs_on_paper
    assert row.causes == ()


def test_two_criteria_of_one_source_are_no_conflict_of_sources() -> None:
    preferred = rule("preferred", every(number("diameter_mm") < 20), unit="lesion")
    (row,) = matrix([source("a", SIZE_30, preferred)], picture(25.0), on=DAY).rows
    assert not row.differs_here


def test_opposite_conclusions_are_a_conflict() -> None:
    pro, con = rule("r", yes("resectable")), rule("r", yes("resectable"), direction="against")
    (row,) = matrix([source("a", pro), source("b", con)], picture(25.0), on=DAY).rows
    assert [(cause.kind, cause.words) for cause in row.causes] == [("direction", "for: a; against: b")]


def test_predictors_are_not_in_the_matrix() -> None:
    sign = rule("sign", yes("ascites"), kind="predictor")
    assert matrix([source("a", sign)], picture(25.0), on=DAY).rows == ()
