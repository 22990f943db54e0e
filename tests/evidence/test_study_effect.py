"""Effects on the scale of pooling: the standard error that an interval holds, what rounding explains, which fit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from isotherm.effect import Effect
from isotherm.errors import CannotPool
from isotherm.evidence.pooling import leave_one_out, pool
from isotherm.evidence.study_effect import StudyEffect, study_effect
from isotherm.source import Citation
from tests.evidence.bcg import studies

COLLISION = Citation(title="COLLISION", year=2025, where="Table 3", doi="10.1016/S1470-2045(24)00660-0")


def hazard_ratio(estimate: float, low: float, high: float, p_value: float | None = None, **more: Any) -> Effect:
    return Effect(measure="hazard ratio", estimate=estimate, low=low, high=high, p_value=p_value,
                  endpoint="local control", **more)  # fmt: skip


def taken(effect: Effect, name: str = "a", **more: Any) -> StudyEffect:
    words: dict[str, Any] = {"name": name, "compared": "ablation", "reference": "resection"}
    return study_effect(effect, **(words | more))


@pytest.mark.parametrize(
    "printed",
    [
        hazard_ratio(0.131, 0.016, 1.064, 0.057),  # COLLISION, per patient
        hazard_ratio(0.092, 0.011, 0.735, 0.024),  # per tumor: .026 from the printed limits, .024 before rounding
        hazard_ratio(0.58, 0.38, 0.88, 0.01),  # CLOCC
        hazard_ratio(1.042, 0.689, 1.576, 0.846),
    ],
)
def test_printed_hazard_ratios_whose_p_value_fits_their_interval_are_taken(printed: Effect) -> None:
    study = taken(printed)
    assert study.value == math.log(printed.estimate)
    width = math.log(printed.high) - math.log(printed.low)
    assert math.sqrt(study.variance) == pytest.approx(width / 2 / 1.959963984540054)
    assert not study.overrides


def test_an_interval_of_another_level_gives_the_same_standard_error() -> None:
    z90, z95 = 1.6448536269514722, 1.959963984540054
    a = taken(hazard_ratio(1.0, math.exp(-z95 * 0.3), math.exp(z95 * 0.3)))
    b = taken(hazard_ratio(1.0, math.exp(-z90 * 0.3), math.exp(z90 * 0.3), level=0.9))
    assert a.variance == pytest.approx(b.variance)


def test_a_difference_is_taken_as_it_is() -> None:
    z = 1.959963984540054
    printed = Effect(measure="risk difference", estimate=-0.1, low=-0.1 - 0.05 * z, high=-0.1 + 0.05 * z,
                     endpoint="death")  # fmt: skip
    study = taken(printed)
    assert (study.value, study.is_logarithm) == (-0.1, False)
    assert study.variance == pytest.approx(0.0025)


def test_a_p_value_that_contradicts_the_interval_is_refused_unless_a_reason_is_given() -> None:
    odd = hazard_ratio(0.58, 0.38, 0.88, 0.2)
    with pytest.raises(CannotPool, match="p value"):
        taken(odd)
    study = taken(odd, despite={"p value": "log-rank test, printed as such"})
    assert [(one.what, one.reason) for one in study.overrides] == [("p value", "log-rank test, printed as such")]
    assert pool([study, taken(hazard_ratio(0.7, 0.5, 0.98), "b")]).overrides == study.overrides


def test_an_interval_that_does_not_lie_around_its_estimate_is_refused_unless_a_reason_is_given() -> None:
    skewed = hazard_ratio(0.58, 0.50, 2.00)
    with pytest.raises(CannotPool, match="around"):
        taken(skewed)
    assert taken(skewed, despite={"interval": "profile likelihood"}).overrides[0].what == "interval"


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (hazard_ratio(0.5, 0.0, 1.0), "limit"),
        (hazard_ratio(0.5, 0.25, math.inf), "limit"),
        (hazard_ratio(0.5, 0.5, 0.5), "no width"),
        (Effect(measure="E-value", estimate=2.0, low=1.0, high=4.0, endpoint="x"), "E-value"),
        (Effect(measure="percentage", estimate=20.0, low=10.0, high=40.0, endpoint="x"), "percentage"),
    ],
)
def test_effects_without_a_usable_standard_error_are_refused(effect: Effect, words: str) -> None:
    with pytest.raises(CannotPool, match=words):
        taken(effect)


def test_an_override_that_overrides_nothing_is_refused() -> None:
    with pytest.raises(CannotPool, match="nothing to set aside"):
        taken(hazard_ratio(0.58, 0.38, 0.88, 0.01), despite={"p value": "just in case"})
    with pytest.raises(CannotPool, match="weather"):
        taken(hazard_ratio(0.58, 0.38, 0.88, 0.01), despite={"weather": "it rained"})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"value": math.nan}, "NaN"),
        ({"value": math.inf}, "NaN"),
        ({"variance": 0.0}, "variance"),
        ({"variance": -1.0}, "variance"),
        ({"variance": math.nan}, "variance"),
        ({"variance": math.inf}, "variance"),
        ({"variance": 1e-300}, "variance"),
        ({"value": 1e300}, "too large"),
        ({"name": " "}, "name"),
        ({"measure": "median"}, "median"),
        ({"compared": ""}, "compared"),
        ({"reference": ""}, "reference"),
        ({"reference": "not printed"}, "reference"),
        ({"endpoint": ""}, "endpoint"),
        ({"compared": "ablation", "reference": "Ablation "}, "itself"),
    ],
)
def test_a_study_without_its_numbers_and_words_is_refused(words: dict[str, Any], says: str) -> None:
    good: dict[str, Any] = {"name": "a", "value": 0.1, "variance": 0.2, "measure": "hazard ratio",
                            "compared": "ablation", "reference": "resection", "endpoint": "death"}  # fmt: skip
    with pytest.raises(CannotPool, match=says):
        StudyEffect(**(good | words))


def test_a_slope_has_a_step_in_place_of_a_reference() -> None:
    slope = StudyEffect(name="a", value=-0.6, variance=0.04, measure="hazard ratio", compared="minimal margin",
                        slope_unit="5 mm", endpoint="local progression", per="tumor")  # fmt: skip
    assert slope.compared_with == "minimal margin, per 5 mm"
    with pytest.raises(CannotPool, match="step"):
        slope.turned()


def pair(**words: Any) -> list[StudyEffect]:
    """Return two studies that differ in the words given for the second."""
    first, second = studies([0.1, 0.2], [0.1, 0.2], measure="hazard ratio")
    return [first, replace(second, **words)]


@pytest.mark.parametrize(
    ("rule", "studies_apart"),
    [
        ("measure", pair(measure="odds ratio")),
        ("endpoint", pair(endpoint="death")),
        ("unit", pair(per="tumor")),
        ("horizon", pair(at_days=365.0)),
        ("comparison", pair(compared="cryoablation")),
        ("slope", pair(slope_unit="5 mm")),
        ("overlap", pair(overlaps_with={"trial 1"})),
    ],
)
def test_studies_that_differ_are_refused_unless_a_reason_is_given_which_is_then_recorded(
    rule: str, studies_apart: list[StudyEffect]
) -> None:
    with pytest.raises(CannotPool, match=rule):
        pool(studies_apart)
    found = pool(studies_apart, despite={rule: "said by the protocol of the review"})
    assert [(one.what, one.reason) for one in found.overrides] == [(rule, "said by the protocol of the review")]
    assert "said by the protocol of the review" in found.random_effect.method


def test_mixed_measures_have_no_single_name() -> None:
    found = pool(pair(measure="odds ratio"), despite={"measure": "the outcome is rare"})
    assert found.random_effect.null == 1.0
    assert found.random_effect.measure == "ratio"


def test_a_ratio_and_a_difference_are_never_pooled() -> None:
    with pytest.raises(CannotPool, match="logarithm"):
        pool(pair(measure="risk difference"), despite={"measure": "whatever"})


def test_opposite_orientations_are_never_pooled_but_can_be_turned() -> None:
    first, second = pair(compared="no BCG", reference="BCG")
    with pytest.raises(CannotPool, match="turned"):
        pool([first, second], despite={"comparison": "they say the same"})
    assert pool([first, second.turned()]).studies[1].value == -0.2


@pytest.mark.parametrize(
    "words",
    [
        {"cohorts": {"Guangzhou 2010-2020"}},
        {"cohorts": {"NCT03088150"}, "source": COLLISION},
        {"source": COLLISION},
    ],
)
def test_cohorts_in_common_and_one_publication_twice_are_overlaps(words: dict[str, Any]) -> None:
    first, second = pair(**words)
    with pytest.raises(CannotPool, match="trial 1 and trial 2"):
        pool([replace(first, **words), second])


def test_an_overlap_is_found_from_either_side() -> None:
    first, second = pair(overlaps_with={"trial 1"})
    for order in ([first, second], [second, first]):
        with pytest.raises(CannotPool, match="overlap"):
            pool(order)


def test_an_overlap_with_a_study_that_is_not_pooled_is_none() -> None:
    assert pool(pair(overlaps_with={"trial 99"})).overrides == ()


def test_two_studies_of_one_name_are_refused() -> None:
    with pytest.raises(CannotPool, match="name"):
        pool(pair(name="trial 1"))


def test_leaving_out_keeps_the_overrides() -> None:
    first, second = pair(endpoint="death")
    found = pool([first, second, replace(second, name="c")], despite={"endpoint": "both are deaths"})
    assert all(left.overrides == found.overrides for left in leave_one_out(found).values())
