"""What was planned, in words: strategies with their windows, and until when patients are followed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isotherm.study.analysis.adjusted_for import covariates_in_words, main_in_words
from isotherm.study.analysis.planned import add_protocol, arm_words
from isotherm.study.known import TimeZero
from isotherm.study.protocol_designs import ArmStrategy, Asked, Design, Landmark, Naive, TimeDependentCox
from isotherm.study.protocol_methods import Adjustment, Coarsened, Matching, Methods, Unadjusted, Weighting
from isotherm.study.protocol_parts import Arm, Arms
from isotherm.study.result import Results
from tests.study.four_arms import OS, YES_NO, four
from tests.study.protocols import AGE, SEX, protocol
from tests.study.registry import ARMS, BURDEN, CHANGING, CLONES, COURSE, timing

WAITING = ArmStrategy(ablation=Asked(days=(0.0, 28.0)), systemic=Asked(days=(14.0, 28.0), after="ablation"))
ALONE = ArmStrategy(ablation=Asked(days=(0.0, 28.0)), systemic=Asked(days=None), dynamic=False)


def test_strategies_are_said_with_their_windows_and_what_releases_from_them() -> None:
    first, second = ARMS.arms
    arms = replace(ARMS, arms=(replace(first, strategy=WAITING), replace(second, strategy=ALONE)))
    results = Results()
    add_protocol(results, timing(arms=arms, designs=(replace(CLONES, truncate_weights=(0.05, 0.9)),)))
    said = results.records["protocol.strategies"].text or ""
    one, released, other = said.split("; ")
    assert one == ("Ablation first: ablation from day 0 to day 28 after time zero, "
                   "then systemic therapy from day 14 to day 28 after ablation")  # fmt: skip
    assert released == "progression or death before a treatment is due releases from it"
    course = replace(COURSE, contraindication="unfit_on")
    assert "; progression, death or a contraindication before" in arm_words(
        timing(arms=arms, course=course), arms.arms[0]
    )
    assert other == "Delayed ablation: no systemic therapy, ablation from day 0 to day 28 after time zero"
    assert results.records["protocol.horizon"].text == "From decision on, up to day 365"
    assert "truncated at their quantiles 0.05 and 0.9, and no weights" in (
        results.records["protocol.methods"].text or ""
    )


def test_a_study_without_a_course_has_no_strategies() -> None:
    results = Results()
    add_protocol(results, protocol())
    assert "protocol.strategies" not in results.records


def test_arms_without_strategies_are_told_by_their_window_or_their_values() -> None:
    first, later, around = (Arm(name=name, label=name, window_days=days) for name, days in
                            (("a", (14.0, 28.0)), ("b", (-90.0, -60.0)), ("c", (-5.0, 5.0))))  # fmt: skip
    arms = Arms(start="ablated_on", end="systemic_on", arms=(first, later, around), reference="a")
    dated = protocol(arms=arms, time_zero=TimeZero(says="first treatment", column="ablated_on"))
    assert arm_words(dated, first) == "systemic_on 14 to 28 days after ablated_on"
    assert arm_words(dated, later) == "systemic_on 60 to 90 days before ablated_on"
    assert arm_words(dated, around) == "systemic_on from day -5 to day 5 of ablated_on"
    assert arm_words(protocol(), protocol().arms.arms[0]).startswith("drug is 1")


def test_each_design_and_the_arms_beside_them_say_what_they_adjust_for() -> None:
    designs = (CLONES, Landmark(day=90.0), Landmark(name="plain", day=90.0, adjust=False),
               TimeDependentCox(adjust_progression=True), Naive())  # fmt: skip
    said = covariates_in_words(timing(designs=designs, course=replace(COURSE, changing=(CHANGING,))))
    assert said.split(". ") == [
        "Covariates of the designs: Burden, Performance (as last measured)",
        "Design clone censor weight: every estimate is adjusted for them by weights, but for those called unweighted",
        "Design landmark: only its hazard ratio is adjusted for them, as they were at time zero; its risks and "
        "restricted means are adjusted for nothing",
        "Design plain: adjusted for nothing",
        "Design time dependent cox: its hazard ratio is adjusted for them and progression",
        "Design naive: adjusted for nothing",
        "Arms as they became, beside the designs: adjusted for nothing (declared for it, and not used: Burden).",
    ]


def test_a_design_without_covariates_adjusts_for_nothing_and_says_so() -> None:
    bare = timing(covariates=(replace(BURDEN, use="describe"),), designs=(CLONES, TimeDependentCox()))
    assert covariates_in_words(bare) == (
        "Design clone censor weight: adjusted for nothing. Design time dependent cox: its hazard ratio is adjusted for "
        "nothing. Arms as they became, beside the designs: adjusted for nothing."
    )


@pytest.mark.parametrize(("how", "says"), [
    (Matching(), "The arms: adjusted by matching for Age, Sex."),
    (Coarsened(), "The arms: adjusted by matching for Age, Sex."),
    (Weighting(), "The arms: adjusted by weights for Age, Sex."),
    (Unadjusted(), "The arms: adjusted for nothing (declared for it, and not used: Age, Sex)."),
])  # fmt: skip
def test_two_arms_are_adjusted_by_the_method_that_is_named_or_for_nothing(how: Adjustment, says: str) -> None:
    assert covariates_in_words(protocol(covariates=(AGE, SEX), methods=Methods(adjustment=how))) == says


def test_of_several_arms_only_hazard_ratios_are_adjusted() -> None:
    assert covariates_in_words(four(outcomes=(OS, YES_NO))) == (
        "The arms: hazard ratios are adjusted for Age, Sex, in the model; curves, medians and risks are adjusted for "
        "nothing."
    )
    assert covariates_in_words(four(outcomes=(replace(YES_NO, primary=True),))) == "The arms: adjusted for nothing."


@pytest.mark.parametrize(("design", "says"), [
    (CLONES, "Adjusted by the weights of this design for: Burden."),
    (Landmark(day=90.0), "This risk difference is adjusted for nothing; of this design only the hazard ratio is "
                         "adjusted, for: Burden."),
    (Landmark(day=90.0, adjust=False), "This risk difference is adjusted for nothing."),
])  # fmt: skip
def test_the_main_estimate_of_a_design_says_what_it_is_adjusted_for(design: Design, says: str) -> None:
    assert main_in_words(timing(), design) == says


def test_the_main_estimate_names_no_more_covariates_than_its_screen_holds() -> None:
    many = tuple(replace(BURDEN, column=f"c{k}", label=f"Covariate called {'abcdefghijklmnopq'[k]}") for k in range(17))
    said = main_in_words(timing(covariates=many), CLONES)
    assert said.endswith("Covariate called h and others, all named in the methods.")
    assert "Covariate called q" in covariates_in_words(timing(covariates=many))
