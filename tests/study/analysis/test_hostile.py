"""What data and protocols cannot carry: refused in one sentence, or a result without a number and with its reason."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from isotherm.effect import Effect
from isotherm.errors import (
    BadColumn,
    BadProtocol,
    BadSetting,
    BadTable,
    NoSoundDesign,
    NothingToCompare,
    OutOfReach,
)
from isotherm.study.analysis.adjust import Plan
from isotherm.study.analysis.boot import bootstrap_outcomes, restricted_area
from isotherm.study.analysis.compare import compare, pooled_effect
from isotherm.study.analysis.estimate import as_it_is
from isotherm.study.analysis.run import analyze
from isotherm.study.analysis.units import units_of
from isotherm.study.cohort import cohort
from isotherm.study.known import ExposureStart, Known, TimeZero
from isotherm.study.predicate import Predicate
from isotherm.study.protocol_methods import (
    Coarsened,
    Estimation,
    Matching,
    Methods,
    MissingData,
    Sensitivity,
    Unadjusted,
    Weighting,
)
from isotherm.study.protocol_parts import Arm, Arms, Covariate, Data, Level, Outcome, Step, Subgroup
from isotherm.study.result import Record, Results
from tests.study.cohorts import COMPLICATION, ELDERLY, LESIONS, PAIRS, WEIGHTS, people, record, run, study, value
from tests.study.protocols import AGE, ARMS, BEFORE, OS, SEX

TABLE = people()


def test_one_arm_an_empty_table_and_events_that_never_came_are_refused() -> None:
    with pytest.raises(BadTable, match='No eligible row is in arm "No drug"'):
        run(TABLE[TABLE["drug"] == 1.0])
    with pytest.raises(BadTable, match="no rows"):
        run(TABLE[:0])
    with pytest.raises(BadColumn, match="'dead' holds no event in 90 rows"):
        run(TABLE.assign(dead=0.0))


def test_a_constant_covariate_is_refused_and_an_event_before_time_zero_too() -> None:
    with pytest.raises(BadColumn, match="'lesions' has one value in all 90 complete rows"):
        run(TABLE.assign(lesions=2.0))
    dated = TABLE.assign(zero=pd.Timestamp("2014-05-01"), last=pd.Timestamp("2014-04-01"))
    by_date = Outcome(name="os", label="Overall survival", event="dead", date="last", primary=True)
    with pytest.raises(BadColumn, match="'last' is before time zero in 90 of 90 rows; mend the order of the dates"):
        run(dated, outcomes=(by_date,), time_zero=TimeZero(says="day", column="zero"))


def test_an_estimand_out_of_reach_says_what_is_within_reach() -> None:
    more_treated = pd.concat([TABLE[TABLE["drug"] == 1.0], TABLE[TABLE["drug"] == 0.0][:12]])
    with pytest.raises(OutOfReach, match=r"cannot give the ATT.*Within reach: the ATC"):
        run(more_treated, methods=PAIRS)


def test_three_arms_have_no_one_treated_arm() -> None:
    arms = Arms(column="drug", reference="none", arms=(*ARMS.arms, Arm(name="half", label="Half", values=(0.5,))))
    made = cohort(study(arms=arms), TABLE.assign(drug=np.where(np.arange(90) < 9, 0.5, TABLE["drug"])))
    with pytest.raises(BadSetting, match=r"3 arms came .*; keep two \[\[arms.arm\]\] in the protocol .*"):
        _ = made.treated


def test_arms_that_covariates_separate_get_firths_penalty_and_a_warning() -> None:
    apart = TABLE.assign(lesions=TABLE["age"] + TABLE["drug"] * 5.0 + np.arange(90) % 2)
    result = run(apart, methods=Methods(adjustment=Weighting(estimand="overlap")))
    assert any("Firth" in one["says"] for one in result.results.findings)
    assert "Firth" in (record(result, "propensity.method").text or "")


def test_a_covariate_that_tells_the_arm_alone_is_refused_before_any_estimate() -> None:
    apart = TABLE.assign(lesions=TABLE["drug"] * 5.0 + np.arange(90) % 2)
    with pytest.raises(NoSoundDesign, match=r"barred by what was found \(covariate_tells_arm.lesions\)"):
        run(apart, methods=Methods(adjustment=Coarsened()))


def test_a_model_without_a_maximum_is_recorded_with_its_reason_and_never_as_a_number() -> None:
    """Nobody without the drug has the event: the hazard ratio is infinite."""
    only = TABLE.assign(dead=TABLE["dead"] * TABLE["drug"])
    result = run(only, methods=replace(WEIGHTS, bootstrap=5))
    for key in ("headline.effect", "effect.os.adjusted", "effect.os.naive", "proportional_hazards.os.adjusted",
                "cox.os.treatment.multivariable"):  # fmt: skip
        assert record(result, key).value is None
        assert "rises without end along treatment" in record(result, key).why
    assert record(result, "evalue.os.estimate").why == "there is no adjusted estimate"
    assert (
        record(result, "curve.os.adjusted.none.median").why == "not reached: more than half were free of it to the end"
    )
    assert value(result, "curve.os.adjusted.none.at_1") == 1.0
    assert record(result, "subgroup.age.1.os").value is None
    assert "rises without end" in record(result, "bootstrap.os").why


def test_a_bootstrap_of_too_few_replicates_gives_no_interval_and_says_so() -> None:
    result = run(methods=replace(WEIGHTS, bootstrap=5))
    assert "5 of 5 replicates worked" in record(result, "bootstrap.os").why
    mean = record(result, "rmst.os.adjusted.difference")
    assert mean.value is not None
    assert (mean.low, mean.method) == (None, "no interval: it needs the bootstrap of the whole analysis")


def test_replicates_that_cannot_be_matched_are_counted_by_reason() -> None:
    few = pd.concat([TABLE[TABLE["drug"] == 1.0][:3], TABLE[TABLE["drug"] == 0.0][:20]])
    units = units_of(cohort(study(methods=Methods(adjustment=Weighting(), bootstrap=40), covariates=(AGE,)), few))
    comparison = compare(units, Plan.main(units))
    found = bootstrap_outcomes(comparison, Estimation(), 40, 2)["os"].effect
    assert not isinstance(found, str)
    assert found.n_failed > 0
    assert "too few arms, events or patients" in found.failure_words


def test_fixed_times_and_horizons_beyond_the_observation_have_a_reason() -> None:
    result = run(methods=replace(WEIGHTS, estimation=Estimation(at_days=(99_999.0,), rmst_days=99_999.0)))
    assert record(result, "curve.os.naive.drug.at_1").why == "nobody of this arm was observed that long"
    for key in ("naive.difference", "adjusted.drug", "adjusted.ratio"):
        assert "The horizon of 99999 days came" in record(result, f"rmst.os.{key}").why
    none = run(methods=Methods(adjustment=Weighting()))
    assert "No horizon of the restricted mean is declared" in record(none, "rmst.os.naive.ratio").why


def test_a_competing_event_has_a_cause_specific_hazard_ratio_and_no_kaplan_meier_curve() -> None:
    result = run()
    assert "cause-specific" in record(result, "effect.ltp.adjusted").label
    assert value(result, "effect.ltp.adjusted") > 0.0
    for key in ("curve.ltp.naive.drug.median", "curve.ltp.adjusted.none.at_2", "rmst.ltp.naive.drug"):
        assert "would overstate it" in record(result, key).why
    assert not any(key.startswith("survival.ltp") for key in result.results.curves)


def test_unknown_outcomes_are_counted_and_pairs_without_both_members_do_not_count_as_pairs() -> None:
    lost = TABLE.assign(complication=TABLE["complication"].where(np.arange(90) > 8),
                        months=TABLE["months"].where(np.arange(90) > 4))  # fmt: skip
    result = run(lost, methods=PAIRS)
    assert value(result, "missing.outcome.complication") == 9
    assert value(result, "missing.outcome.os") == 5
    both = [
        value(result, f"binary.complication.pairs.{part}") for part in ("both", "first_only", "second_only", "neither")
    ]
    assert sum(both) < value(result, "matching.sets")
    nobody = TABLE.assign(complication=TABLE["complication"].where(TABLE["drug"] == 1.0))
    bare = run(nobody, methods=PAIRS)
    assert "all in one arm" in record(bare, "effect.complication.naive").why
    assert record(bare, "effect.complication.adjusted").value is None
    assert record(bare, "binary.complication.adjusted.mcnemar").value is None
    assert record(bare, "binary.complication.naive.risk.none").value is None
    assert record(bare, "binary.complication.naive.chi_square").value is None
    assert record(bare, "binary.complication.adjusted.risk.none").why == "nobody in this arm has a known outcome"
    without_times = TABLE.assign(months=TABLE["months"].where(TABLE["drug"] == 1.0))
    one = run(without_times)
    assert record(one, "curve.os.naive.none.median").why == "nobody in this arm has a known outcome"
    assert record(one, "followup.os.none").value is None
    assert record(one, "logrank.os.naive").value is None


def test_a_pair_without_an_event_in_either_arm_is_a_p_value_without_a_statistic() -> None:
    rare = TABLE.assign(complication=(np.arange(90) == 0) * 1.0)
    result = run(rare, methods=PAIRS)
    test = record(result, "binary.complication.adjusted.mcnemar")
    assert (test.kind, test.p) == ("p", test.value)
    assert any("an arm has 0 events" in one["says"] for one in result.results.findings)


def test_subgroups_that_overlap_are_refused_and_who_is_in_none_is_counted() -> None:
    def divided(*conditions: str) -> Subgroup:
        levels = tuple(Level(label=words, where=Predicate(words)) for words in conditions)
        return Subgroup(name="age", label="Age", levels=levels)

    with pytest.raises(BadSetting, match="patients are in two levels of subgroup age; make its conditions exclude"):
        run(subgroups=(divided("age < 60", "age < 70"),))
    result = run(subgroups=(divided("age < 50", "age > 300"),))
    assert value(result, "subgroup.age.2.os.n") == 0
    assert "nobody is in this level" in record(result, "subgroup.age.2.os").why
    assert record(result, "subgroup.age.interaction.os").why == "one level only"
    nobody = run(subgroups=(divided("age < 0", "age > 300"),))
    assert record(nobody, "subgroup.age.interaction.os").value is None


def test_a_sensitivity_analysis_that_cannot_be_made_has_its_reason() -> None:
    variations = (
        Sensitivity(name="nobody", says="Nobody", where=Predicate("age > 300")),
        Sensitivity(name="bare", says="No covariate", without=("age", "sex", "lesions")),
        Sensitivity(name="plain", says="Not adjusted", adjustment=Unadjusted()),
    )
    result = run(sensitivity=variations)
    assert record(result, "sensitivity.nobody.os").value is None
    assert "No covariate is left to adjust for" in record(result, "sensitivity.bare.os").why
    assert value(result, "sensitivity.plain.os") == value(result, "effect.os.naive")
    assert record(result, "sensitivity.plain.worst_smd").value is None
    assert record(result, "sensitivity.plain.worst_smd").why == "nothing is adjusted for in it"


def test_a_site_with_one_arm_only_is_left_out_with_its_reason() -> None:
    data = Data(file="cohort.csv", patient="id", site="site")
    lopsided = TABLE[(TABLE["site"] == "A") | (TABLE["drug"] == 1.0)]
    result = run(lopsided, data=data)
    assert value(result, "leave_one_site_out.2.os") > 0.0
    assert "all 3" in record(result, "leave_one_site_out.1.os").why or record(result, "leave_one_site_out.1.os").why


def test_ties_by_the_exact_rule_have_no_robust_variance_and_the_result_says_so() -> None:
    result = run(methods=Methods(adjustment=Weighting(), estimation=Estimation(ties="exact")))
    assert "The exact rule takes neither weights" in record(result, "effect.os.adjusted").why
    assert value(result, "effect.os.naive") > 0.0


TUMORS = Data(file="cohort.csv", patient="id", tumor="tumor")
LTP_PER_TUMOR = Outcome(name="ltp", label="Progression", event="progressed", time="progress_months", time_unit="months",
                        unit="tumor")  # fmt: skip
TREATED_AGAIN = Outcome(name="again", label="Treated again", event="again", kind="yes/no", unit="tumor")


def test_tumors_are_clustered_in_their_patients_and_patients_are_matched_once() -> None:
    tumors = pd.concat([TABLE.assign(tumor="1"), TABLE[::2].assign(tumor="2")]).sort_values(["id", "tumor"])
    tumors["again"] = (np.arange(len(tumors)) % 3 == 0) * 1.0
    result = run(tumors, data=TUMORS, outcomes=(OS, LTP_PER_TUMOR, TREATED_AGAIN), methods=PAIRS)
    whole = run(TABLE, methods=PAIRS, outcomes=(OS,))
    by_id = run(TABLE.sort_values("id"), methods=PAIRS, outcomes=(OS,))
    assert value(result, "effect.os.adjusted") == pytest.approx(value(by_id, "effect.os.adjusted"), rel=1e-9)
    assert value(result, "effect.os.naive") == pytest.approx(value(whole, "effect.os.naive"), rel=1e-9)
    assert "clustered in patients" in record(result, "effect.ltp.naive").method
    assert record(result, "binary.again.naive.difference").method.startswith("GEE")
    assert "not independent" in record(result, "binary.again.naive.ratio").why
    assert "ignores clustering" in record(result, "binary.again.naive.unclustered").method
    assert "ignores clustering" in record(result, "effect.ltp.unclustered").method
    assert value(result, "effect.ltp.unclustered") == pytest.approx(value(result, "effect.ltp.naive"))
    assert value(result, "effect.again.naive") == pytest.approx(
        tumors.groupby("drug")["again"].mean()[1.0] - tumors.groupby("drug")["again"].mean()[0.0]
    )
    assert record(result, "logrank.ltp.naive").value is None
    assert value(result, "flow.start.tumors") == 135
    boot = run(tumors, data=TUMORS, outcomes=(OS, LTP_PER_TUMOR), methods=replace(PAIRS, bootstrap=22))
    assert value(boot, "bootstrap.ltp") == pytest.approx(value(boot, "effect.ltp.adjusted"), rel=1e-9)


def test_a_covariate_that_differs_between_tumors_of_a_patient_is_refused() -> None:
    tumors = pd.concat([TABLE.assign(tumor="1"), TABLE[:5].assign(tumor="2", lesions=9.0)])
    with pytest.raises(BadColumn, match="'lesions' is not the same in all tumors of a patient in 5 of 95 rows"):
        run(tumors, data=TUMORS, outcomes=(OS,))


def test_while_outcomes_are_blinded_matching_and_balance_run_without_outcome_columns() -> None:
    outcomes = list(study().outcome_columns)
    result = analyze(study(outcomes_blinded=True, methods=PAIRS), TABLE.drop(columns=outcomes))
    seen = run(TABLE, methods=PAIRS)
    for key in ("matching.sets", "balance.worst.after", "propensity.n"):
        assert value(result, key) == value(seen, key)
    assert not any(key.startswith(("effect.", "curve.", "events.", "headline.")) for key in result.results.records)
    assert result.adjusted is not None
    assert not set(outcomes) & set(result.adjusted.columns)
    assert any("Outcomes are blinded" in one["says"] for one in result.results.findings)


def test_a_protocol_without_covariates_to_adjust_for_is_refused_when_it_adjusts() -> None:
    described = tuple(replace(one, use="describe") for one in (AGE, SEX))
    with pytest.raises(BadProtocol, match="Adjustment needs a covariate"):
        study(covariates=described)
    result = run(covariates=described, methods=Methods(adjustment=Unadjusted()))
    assert not any(key.startswith("cox.") for key in result.results.records)


def test_names_of_the_export_that_are_taken_are_told_apart() -> None:
    weight = Covariate(column="weight", label="Weight", kind="number", known=BEFORE)
    result = run(TABLE.assign(weight=np.arange(90.0)), covariates=(AGE, weight))
    assert result.adjusted is not None
    assert {"weight", "weight (column)"} <= set(result.adjusted.columns)


def test_a_record_holds_a_finite_number_or_its_reason_and_an_id_is_used_once() -> None:
    with pytest.raises(ValueError, match="not finite"):
        Record(kind="number", label="x", value=float("nan"))
    with pytest.raises(ValueError, match="either a number or text, or the reason"):
        Record(kind="number", label="x")
    with pytest.raises(ValueError, match="either a number or text, or the reason"):
        Record(kind="number", label="x", value=1.0, why="no")
    results = Results()
    results.text("a", "A", "")
    assert results.records["a"].why == "nothing is declared"
    with pytest.raises(BadSetting, match="Two results would have the id 'a'"):
        results.text("a", "A", "again")
    with pytest.raises(BadSetting, match=r"Two results would have the id 'sensitivity\.elderly\.n'; give another name"):
        run(outcomes=(OS, replace(COMPLICATION, name="n")), sensitivity=(ELDERLY,))


def test_a_restricted_mean_of_a_yes_no_outcome_is_refused() -> None:
    units = units_of(cohort(study(outcomes=(OS, COMPLICATION)), TABLE))
    with pytest.raises(BadSetting, match="the outcome has no times"):
        restricted_area(as_it_is(units.treated, units.endpoints["complication"]), 100.0)


def test_a_matching_with_a_time_zero_of_dates_prints_its_years() -> None:
    dated = TABLE.assign(zero=pd.date_range("2014-01-01", periods=90, freq="30D"))
    result = run(dated, time_zero=TimeZero(says="day", column="zero"), methods=Methods(adjustment=Matching()))
    assert record(result, "data.dates").text == "2014 to 2021"
    assert (
        record(result, "protocol.codings").text
        == "Age: as a number, effects per 10 years; Sex: male, female; Lesions: as a number"
    )
    assert LESIONS.label in (record(result, "protocol.covariates").text or "")


def test_exact_blocks_may_be_the_site_and_gaps_in_facts_that_only_describe_are_shown() -> None:
    data = Data(file="cohort.csv", patient="id", site="site")
    grade = Covariate(column="grade", label="Grade", kind="category", known=BEFORE, use="describe")
    jaundice = Covariate(column="jaundice", label="Jaundice", kind="yes/no", known=BEFORE, use="describe")
    table = TABLE.assign(grade=np.where(np.arange(90) % 2, "II", "I"),
                         jaundice=np.where(np.arange(90) < 4, np.nan, np.arange(90) % 2))  # fmt: skip
    keep = Step(says="No jaundice, or not recorded", where=Predicate("jaundice == 0"), unknown="keep")
    result = run(table, data=data, covariates=(AGE, SEX, grade, jaundice), eligibility=(keep,), subgroups=(),
                 methods=Methods(adjustment=Matching(exact=("site",), caliper=None)))  # fmt: skip
    assert value(result, "flow.step_1.kept.unknown") == 4
    assert value(result, "missing.jaundice.all") == 4
    assert value(result, "table_one.jaundice.all.count") == 0
    shares = [value(result, f"table_one.grade.{k}.all.share") for k in (1, 2)]
    assert sum(shares) == pytest.approx(1.0, rel=1e-12)
    assert "exact blocks" in (record(result, "matching.method").text or "")
    assert "subgroups" not in result.results.tables
    only_yes_no = run(table, outcomes=(replace(COMPLICATION, primary=True),), data=data)
    assert "survival" not in only_yes_no.results.tables


def test_a_finding_and_an_override_are_results() -> None:
    late = replace(LESIONS, known=Known(when="after time zero"), override="counted on the scan of the day before")
    early = replace(AGE, known=Known(when="before exposure start"))
    exposure = ExposureStart(says="drug", when="before time zero")
    result = run(TABLE, covariates=(early, late), exposure=exposure, subgroups=())
    assert "counted on the scan" in (record(result, "override.1").text or "")
    assert "cannot be counted" in (record(result, "finding.exposure_before_time_zero").text or "")


def test_a_study_whose_every_design_is_barred_is_refused() -> None:
    with pytest.raises(NoSoundDesign, match=r"\(naive\) is barred by what was found \(exposure_after_time_zero"):
        run(TABLE, exposure=ExposureStart(says="drug", when="after time zero"))


def test_a_covariate_that_is_constant_in_a_drawn_sample_has_no_effect_there() -> None:
    rare = Covariate(column="rare", label="Rare", kind="yes/no", known=BEFORE)
    table = TABLE.assign(rare=np.isin(np.arange(90), (3, 7, 11)) * 1.0)
    methods = Methods(adjustment=Weighting(estimand="overlap"), bootstrap=60)
    result = run(table, covariates=(AGE, rare), methods=methods)
    assert value(result, "bootstrap.os.failed") == 0


def test_outcomes_with_gaps_are_no_predictors_of_missing_covariates() -> None:
    lost = people(gaps=8).assign(complication=TABLE["complication"].where(np.arange(90) > 3))
    missing = MissingData(method="multiple imputation", imputations=2)
    result = run(lost, methods=replace(WEIGHTS, missing=missing))
    assert value(result, "imputation.rows") == 8


def test_imputed_data_sets_without_a_finite_interval_are_not_pooled() -> None:
    endless = Effect(measure="hazard ratio", estimate=1.0, low=0.5, high=math.inf)
    with pytest.raises(NothingToCompare, match="no finite interval; nothing is pooled"):
        pooled_effect([endless, endless], Estimation())


def test_tumors_of_one_patient_in_two_groups_are_refused_since_patients_are_compared() -> None:
    tumors = pd.concat([TABLE.assign(tumor="1"), TABLE[:5].assign(tumor="2", lesions=99.0)])
    large = Predicate("lesions > 50")
    size = Subgroup(
        name="size",
        label="Size",
        levels=(Level(label="large", where=large), Level(label="small", where=Predicate("lesions <= 50"))),
    )
    described = replace(LESIONS, use="describe")
    with pytest.raises(BadColumn, match="in 5 of 95 rows; ask for facts of patients, such as the largest size"):
        run(tumors, data=TUMORS, outcomes=(OS, LTP_PER_TUMOR), covariates=(AGE, described), subgroups=(size,))
    only_large = Sensitivity(name="large", says="Large", where=large)
    with pytest.raises(BadColumn, match='The condition "lesions > 50" is not the same in all tumors of a patient'):
        run(tumors, data=TUMORS, outcomes=(OS,), covariates=(AGE, described), sensitivity=(only_large,))


def test_a_share_of_tumors_has_an_interval_that_respects_patients() -> None:
    tumors = pd.concat([TABLE.assign(tumor="1"), TABLE[::2].assign(tumor="2")]).sort_values(["id", "tumor"])
    tumors["again"] = (np.arange(len(tumors)) % 3 == 0) * 1.0
    found = record(run(tumors, data=TUMORS, outcomes=(OS, TREATED_AGAIN)), "binary.again.naive.risk.drug")
    assert found.value == pytest.approx(tumors["again"][tumors["drug"] == 1.0].mean())
    assert found.low is not None
    assert found.high is not None
    assert "patients' tumors (design effect" in found.method


def test_an_analysis_of_nobody_says_so_and_keeps_the_kind_of_each_outcome() -> None:
    variation = Sensitivity(name="nobody", says="Nobody", where=Predicate("age > 300"))
    data = Data(file="cohort.csv", patient="id", site="site")
    result = run(TABLE.assign(site="A"), data=data, sensitivity=(variation,))
    for start in ("sensitivity.nobody", "leave_one_site_out.1"):
        assert record(result, f"{start}.os").why.startswith("Nobody is left in this analysis")
        assert record(result, f"{start}.os").kind == "ratio"
        assert record(result, f"{start}.complication").kind == "difference"


def test_an_outcome_that_predicts_no_missing_covariate_is_a_warning() -> None:
    lost = people(gaps=8).assign(complication=TABLE["complication"].where(np.arange(90) > 3))
    missing = MissingData(method="multiple imputation", imputations=2)
    result = run(lost, methods=replace(WEIGHTS, missing=missing))
    assert (record(result, "finding.no_predictor.complication").text or "").startswith(
        "Complication is not known in everybody and predicts no missing covariate"
    )
    assert "finding.no_predictor.os" not in result.results.records
    tumors = pd.concat([people(gaps=8).assign(tumor="1"), people(gaps=8)[::2].assign(tumor="2")])
    several = run(tumors, data=TUMORS, outcomes=(OS, LTP_PER_TUMOR), methods=replace(WEIGHTS, missing=missing))
    assert "is of tumors and predicts" in (record(several, "finding.no_predictor.ltp").text or "")


def test_a_sensitivity_analysis_without_a_whole_pair_has_its_reason() -> None:
    young = (TABLE["age"] < 60) & (TABLE["drug"] == 1.0)
    lost = TABLE.assign(complication=TABLE["complication"].where(~young))
    variation = Sensitivity(name="young", says="Below 60", where=Predicate("age < 60"))
    result = run(lost, methods=PAIRS, sensitivity=(variation,))
    assert value(result, "sensitivity.young.os") > 0.0
    assert record(result, "sensitivity.young.complication").why == "No pair came; at least one is wanted."
