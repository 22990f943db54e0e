"""Estimates of a whole analysis: equal to lifelines, statsmodels and scipy where they can compute them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import KaplanMeierFitter, NelsonAalenFitter
from lifelines.statistics import logrank_test
from scipy.stats import chi2_contingency

from isotherm.outcome import TimeToEvent
from isotherm.study.analysis.adjust import Plan
from isotherm.study.analysis.compare import compare
from isotherm.study.analysis.units import units_of
from isotherm.study.balance import balance
from isotherm.study.coarsened import match_coarsened
from isotherm.study.cohort import cohort
from isotherm.study.design_matrix import DesignMatrix, Kind, design_matrix
from isotherm.study.evalue import e_value
from isotherm.study.matching import match_nearest
from isotherm.study.paired import mcnemar, paired_risk_difference, pairs_of
from isotherm.study.propensity import propensity
from isotherm.study.protocol_methods import (
    Coarsened,
    Matching,
    Methods,
    MissingData,
    PropensityModel,
    Sensitivity,
    Unadjusted,
    Weighting,
)
from isotherm.study.protocol_parts import Data
from isotherm.study.resample_matched import bootstrap_matched_cox
from isotherm.study.result import StudyResult
from isotherm.study.rubin import pooled
from isotherm.study.survival.cox import cox
from isotherm.study.survival.kaplan_meier import kaplan_meier
from isotherm.study.survival.logrank import logrank
from isotherm.study.weighting import weighted
from tests.study.cohorts import COMPLICATION, FIXED, PAIRS, WEIGHTS, people, record, run, study, value
from tests.study.protocols import OS

TABLE = people()
DAYS = TABLE["months"].to_numpy() * 365.25 / 12.0
DEAD = TABLE["dead"].to_numpy()
DRUG = TABLE["drug"].to_numpy()
FACTS: dict[str, Kind] = {"age": "number", "sex": "category", "lesions": "number"}


@pytest.fixture(scope="module")
def overlap() -> StudyResult:
    return run(TABLE)


@pytest.fixture(scope="module")
def pairs() -> StudyResult:
    return run(TABLE, methods=replace(PAIRS, bootstrap=25), seed=11)


def test_the_naive_hazard_ratio_is_that_of_statsmodels(overlap: StudyResult) -> None:
    fit: Any = sm.PHReg(DAYS, DRUG[:, None], status=DEAD, ties="efron").fit()
    naive = record(overlap, "effect.os.naive")
    assert naive.value == pytest.approx(math.exp(fit.params[0]), rel=1e-8)
    assert (naive.low, naive.high) == pytest.approx(tuple(np.exp(np.asarray(fit.conf_int()))[0]), rel=1e-7)
    assert naive.p == pytest.approx(fit.pvalues[0], rel=1e-7)


@pytest.mark.filterwarnings("ignore:Starting with pandas")  # lifelines' own
def test_naive_curves_and_log_rank_are_those_of_lifelines(overlap: StudyResult) -> None:
    test = logrank_test(DAYS[DRUG == 1], DAYS[DRUG == 0], DEAD[DRUG == 1], DEAD[DRUG == 0])
    assert value(overlap, "logrank.os.naive") == pytest.approx(test.test_statistic, rel=1e-9)
    for arm, code in (("drug", 1.0), ("none", 0.0)):
        fit = KaplanMeierFitter().fit(DAYS[code == DRUG], DEAD[code == DRUG])
        assert value(overlap, f"curve.os.naive.{arm}.at_1") == pytest.approx(float(fit.predict(200.0)), rel=1e-12)
        assert value(overlap, f"curve.os.naive.{arm}.median") == pytest.approx(fit.median_survival_time_, rel=1e-12)
        low, high = fit.confidence_interval_.loc[:200.0].iloc[-1]
        found = record(overlap, f"curve.os.naive.{arm}.at_1")
        assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)


def test_the_naive_chi_square_is_that_of_scipy_with_and_without_correction(overlap: StudyResult) -> None:
    counts = pd.crosstab(TABLE["drug"], TABLE["complication"]).to_numpy()
    for key, correction in (("chi_square", False), ("chi_square_corrected", True)):
        expected = chi2_contingency(counts, correction=correction)
        assert value(overlap, f"binary.complication.naive.{key}") == pytest.approx(expected.statistic, rel=1e-12)
        assert ("with Yates" in record(overlap, f"binary.complication.naive.{key}").method) == correction


def test_the_multivariable_model_is_that_of_statsmodels_per_declared_step(overlap: StudyResult) -> None:
    x = np.column_stack([DRUG, TABLE["age"] / 10.0, TABLE["sex"] == 2.0, TABLE["lesions"]]).astype(float)
    fit = sm.PHReg(DAYS, x, status=DEAD, ties="efron").fit()
    for name, b in zip(("treatment", "age", "sex=female", "lesions"), fit.params, strict=True):
        assert value(overlap, f"cox.os.{name}.multivariable") == pytest.approx(math.exp(b), rel=1e-7)
    alone = sm.PHReg(DAYS, x[:, 1:2], status=DEAD, ties="efron").fit()
    assert value(overlap, "cox.os.age.univariable") == pytest.approx(math.exp(alone.params[0]), rel=1e-7)
    assert record(overlap, "cox.os.age.univariable").label == "Age, per 10 years, alone"


def test_the_propensity_is_that_of_statsmodels_per_declared_step(overlap: StudyResult) -> None:
    x = np.column_stack([np.ones(len(TABLE)), TABLE["age"] / 10.0, TABLE["sex"] == 2.0, TABLE["lesions"]]).astype(float)
    fit: Any = sm.GLM(DRUG, x, family=sm.families.Binomial()).fit(tol=1e-14)
    for name, b, (low, high) in zip(
        ("intercept", "age", "sex=female", "lesions"), fit.params, fit.conf_int(), strict=True
    ):
        found = record(overlap, f"propensity.{name}")
        assert (found.value, found.low, found.high) == pytest.approx(tuple(np.exp([b, low, high])), rel=1e-7)
    assert record(overlap, "propensity.age").label == "Odds ratio of treatment, Age, per 10 years"


def test_the_weighted_effect_is_the_direct_one(overlap: StudyResult) -> None:
    scores = propensity(_design(), DRUG)
    made = weighted(scores, "overlap")
    fit = cox(TimeToEvent(DAYS, DEAD.astype(int), weight=made.weight), DRUG, robust=True)
    expected = fit.effects()[0]
    found = record(overlap, "effect.os.adjusted")
    assert (found.value, found.low, found.high, found.p) == pytest.approx(
        (expected.estimate, expected.low, expected.high, expected.p_value), rel=1e-10
    )
    assert "robust" in found.method
    curve = kaplan_meier(TimeToEvent(DAYS, DEAD.astype(int), weight=made.weight).take(DRUG == 1.0), interval="log-log")
    assert value(overlap, "curve.os.adjusted.drug.at_1") == pytest.approx(curve.survival_at(200.0), rel=1e-12)
    assert value(overlap, "balance.worst.after") < 1e-9
    assert value(overlap, "evalue.os.estimate") == pytest.approx(e_value(expected).estimate, rel=1e-10)


def test_the_weighted_risk_difference_and_its_error_are_those_of_a_weighted_regression(overlap: StudyResult) -> None:
    weight = weighted(propensity(_design(), DRUG), "overlap").weight
    y = TABLE["complication"].to_numpy()
    weighted_model: Any = sm.WLS
    fit = weighted_model(y, sm.add_constant(DRUG), weights=weight).fit(cov_type="HC0")
    found = record(overlap, "effect.complication.adjusted")
    assert found.value == pytest.approx(fit.params[1], rel=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(fit.conf_int()[1]), rel=1e-9)
    assert found.p == pytest.approx(fit.pvalues[1], rel=1e-9)


def _design() -> DesignMatrix:
    labeled = TABLE.assign(sex=TABLE["sex"].map({1.0: "male", 2.0: "female"}))
    return design_matrix(labeled, FACTS, reference={"sex": "male"})


def test_after_1_to_1_matching_the_paired_answers_are_the_default_and_the_naive_one_stands_beside(
    pairs: StudyResult,
) -> None:
    made = match_nearest(propensity(_design(), DRUG))
    kept = made.matched
    sets = made.cluster[kept]
    fit = cox(TimeToEvent(DAYS[kept], DEAD[kept].astype(int), cluster=sets), DRUG[kept], robust=True)
    found = record(pairs, "effect.os.adjusted")
    assert found.value == pytest.approx(math.exp(fit.coefficients[0]), rel=1e-10)
    assert found.p == pytest.approx(fit.p_values[0], rel=1e-9)
    assert "matched pairs as clusters" in found.method
    strata = TimeToEvent(DAYS[kept], DEAD[kept].astype(int), strata=sets)
    assert value(pairs, "effect.os.conditional") == pytest.approx(
        math.exp(cox(strata, DRUG[kept]).coefficients[0]), rel=1e-10
    )
    assert value(pairs, "logrank.os.adjusted") == pytest.approx(
        logrank(strata, DRUG[kept].astype(int)).chi_square, rel=1e-10
    )
    had = TABLE["complication"].to_numpy()[kept].astype(int)
    counted = pairs_of(had, DRUG[kept].astype(int), sets)
    assert value(pairs, "effect.complication.adjusted") == pytest.approx(paired_risk_difference(counted).estimate)
    assert record(pairs, "binary.complication.adjusted.mcnemar").p == pytest.approx(mcnemar(counted).p_value)
    assert value(pairs, "matching.sets") == len(set(sets.tolist()))
    ids = list(pairs.results.records)
    assert ids[:2] == ["headline.effect", "headline.naive"]
    assert ids.index("effect.os.naive") == ids.index("effect.os.adjusted") + 1
    worst = max(abs(row.after.smd) for row in balance(_design(), made, scores=propensity(_design(), DRUG)).rows)
    assert value(pairs, "balance.worst.after") == pytest.approx(worst, rel=1e-9)


def test_the_bootstrap_refits_everything_as_the_compiled_one_does(pairs: StudyResult) -> None:
    outcome = TimeToEvent(DAYS, DEAD.astype(int))
    expected = bootstrap_matched_cox(_design(), DRUG, outcome, seed=11, replicates=25)
    found = record(pairs, "bootstrap.os")
    assert (found.low, found.high) == pytest.approx(tuple(np.exp(expected.percentile())), rel=1e-8)
    normal = record(pairs, "bootstrap.os.normal")
    assert (normal.low, normal.high) == pytest.approx(tuple(np.exp(expected.normal())), rel=1e-8)
    assert value(pairs, "bootstrap.os.failed") == expected.n_failed
    mean = record(pairs, "rmst.os.adjusted.difference")
    assert mean.low is not None
    assert mean.high is not None
    assert mean.value is not None
    assert mean.low < mean.value < mean.high


def test_gaps_are_filled_several_times_with_matching_inside_each_data_set_and_pooled_by_rubins_rules() -> None:
    table = people(gaps=15)
    methods = replace(PAIRS, missing=MissingData(method="multiple imputation", imputations=3), bootstrap=20)
    made = cohort(study(methods=methods), table)
    comparison = compare(units_of(made), Plan.main(units_of(made)))
    assert comparison.imputed is not None
    logs, variances, deaths = [], [], []
    for filled in comparison.imputed.tables:
        labeled = filled.assign(sex=filled["sex"].astype(str))
        design = design_matrix(labeled, FACTS, reference={"sex": "male"})
        matched = match_nearest(propensity(design, table["drug"]))
        kept = matched.matched
        days = table["months"].to_numpy()[kept] * 365.25 / 12.0
        outcome = TimeToEvent(days, table["dead"].to_numpy()[kept].astype(int), cluster=matched.cluster[kept])
        fit = cox(outcome, table["drug"].to_numpy()[kept], robust=True)
        logs.append(float(fit.coefficients[0]))
        variances.append(float(fit.std_errors[0]) ** 2)
        deaths.append(int(table["dead"].to_numpy()[kept].sum()))
    # The degrees of freedom of complete data are the events minus the one parameter, as mice has it for a Cox model.
    expected = pooled(logs, variances, complete_freedom=min(deaths) - 1)
    result = run(table, methods=methods)
    found = record(result, "effect.os.adjusted")
    assert found.value == pytest.approx(math.exp(expected.estimate), rel=1e-9)
    assert found.p == pytest.approx(expected.p_value, rel=1e-8)
    assert value(result, "imputation.missing_share.os") == pytest.approx(expected.missing_share, rel=1e-8)
    assert value(result, "imputation.lesions") == 15
    assert "not made within imputed data sets" in record(result, "bootstrap.os").why
    assert any("those of the first" in one["says"] for one in result.results.findings)


def test_complete_cases_are_told_and_counted() -> None:
    result = run(people(gaps=15))
    assert value(result, "propensity.incomplete") == 15
    assert any("15 of 90 patients lack a covariate" in one["says"] for one in result.results.findings)


@pytest.mark.parametrize(
    ("adjustment", "family"),
    [(Coarsened(bins=(("age", 3), ("lesions", 2))), "matching"),
     (Weighting(estimand="ATE", stabilized=True), "weighting"),
     (Matching(ratio=2, estimand="ATC", caliper=None, replacement=True), "matching"),
     (Matching(order="random", exact=("sex",), scale="probability"), "matching")],
)  # fmt: skip
def test_every_adjustment_gives_its_numbers_and_says_what_was_done(adjustment: object, family: str) -> None:
    result = run(TABLE, methods=Methods(adjustment=adjustment, bootstrap=24), seed=5)  # type: ignore[arg-type]
    assert value(result, "effect.os.adjusted") > 0.0
    assert record(result, f"{family}.method").text
    assert record(result, "bootstrap.os").value is not None
    warned = any("Abadie" in one["says"] for one in result.results.findings)
    assert warned == (isinstance(adjustment, Matching) and adjustment.replacement)


def test_coarsened_matching_is_the_direct_one() -> None:
    made = match_coarsened(_design(), DRUG, bins={"age": 3, "lesions": 2})
    result = run(TABLE, methods=Methods(adjustment=Coarsened(bins=(("age", 3), ("lesions", 2)))))
    assert value(result, "matching.drug.matched") == made.n_matched(treated=True)
    assert record(result, "propensity.method").text == "no propensity is needed for coarsened exact matching"


def test_without_adjustment_no_row_of_a_table_is_called_adjusted_and_each_stands_there_once() -> None:
    tables = run(TABLE, methods=Methods(adjustment=Unadjusted(), estimation=FIXED)).results.tables

    for name in ("effects", "survival", "binary"):
        words = [str(row[0]) for row in tables[name]["rows"]]
        assert all("not adjusted" in one and "naive" not in one for one in words), words
        assert len(words) == len(set(words))


def test_codes_for_not_known_are_told_as_they_were_declared() -> None:
    result = run(TABLE, data=Data(file="cohort.csv", patient="id", missing=(-999.0, 88, "not done")))

    assert record(result, "data.missing_codes").text == "-999, 88, not done"


def test_outcomes_say_what_their_events_are_called(overlap: StudyResult) -> None:
    deaths = run(TABLE, outcomes=(replace(OS, counted_as="deaths", definition="Death from any cause."),))

    assert deaths.head["protocol"]["outcomes"][0]["counted_as"] == "deaths"
    assert overlap.head["protocol"]["outcomes"][0]["counted_as"] == "events"
    assert record(deaths, "protocol.outcomes").text == "Overall survival: Death from any cause"


def test_without_adjustment_the_estimate_is_the_naive_one_and_a_warning_says_so() -> None:
    result = run(TABLE, methods=Methods(adjustment=Unadjusted(), bootstrap=20))
    assert value(result, "effect.os.adjusted") == value(result, "effect.os.naive")
    assert any("Nothing was adjusted for" in one["says"] for one in result.results.findings)
    assert result.adjusted is None
    assert value(result, "effect.complication.adjusted") == value(result, "effect.complication.naive")


@pytest.mark.parametrize("sites", ["terms", "within"])
def test_sites_enter_the_propensity_stratify_the_model_and_are_left_out_one_by_one(sites: str) -> None:
    methods = Methods(propensity=PropensityModel(sites=sites), bootstrap=24)  # type: ignore[arg-type]
    again = Sensitivity(name="sites", says="One site less", leave_one_site_out=True)
    data = Data(file="cohort.csv", patient="id", site="site")
    result = run(TABLE, methods=methods, data=data, sensitivity=(again,))
    if sites == "terms":
        only_b = run(TABLE[TABLE["site"] == "B"], methods=Methods())
        assert value(result, "leave_one_site_out.1.os") == pytest.approx(value(only_b, "effect.os.adjusted"), rel=1e-9)
    else:
        labels = [one.label for key, one in result.results.records.items() if key.startswith("propensity.site_")]
        assert {label[-1] for label in labels} == {"A", "B"}
    assert value(result, "sensitivity.sites.site_1.os") == value(result, "leave_one_site_out.1.os")
    assert record(result, "effect.os.site_stratified").method.startswith("a baseline hazard for each site")
    assert value(result, "bootstrap.os") > 0.0


def test_strata_are_no_clusters_since_a_variance_over_a_few_of_them_is_far_too_small() -> None:
    bins = {"age": 2, "lesions": 1}
    made = match_coarsened(_design(), DRUG, bins=bins)
    kept = made.matched
    outcome = TimeToEvent(DAYS[kept], DEAD[kept].astype(int), weight=made.weight[kept])
    expected = cox(outcome, DRUG[kept], robust=True).effects()[0]
    result = run(TABLE, methods=Methods(adjustment=Coarsened(bins=tuple(bins.items()))))
    found = record(result, "effect.os.adjusted")
    assert value(result, "matching.sets") <= 4
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.estimate, expected.low, expected.high), rel=1e-10
    )
    assert made.cluster.tolist() == made.rows.tolist()
    assert found.method.startswith("weighted: ")


def test_sets_of_several_controls_are_clusters_and_strata_of_the_log_rank_test() -> None:
    few = TABLE[(DRUG == 0.0) | (np.arange(len(TABLE)) % 3 == 0)].reset_index(drop=True)
    result = run(few, methods=Methods(adjustment=Matching(ratio=2, caliper=None)))
    rows = result.adjusted
    assert rows is not None
    rows = rows[rows["weight"] > 0.0]
    days, dead, drug = rows["months"].to_numpy() * 365.25 / 12.0, rows["dead"].astype(int), rows["drug"].astype(int)
    sets = rows["set"].astype(int).to_numpy()
    assert value(result, "logrank.os.adjusted") == pytest.approx(
        logrank(TimeToEvent(days, dead, strata=sets), drug).chi_square, rel=1e-10
    )
    assert record(result, "logrank.os.adjusted").method == "log-rank test stratified by matched set"
    assert record(result, "effect.os.adjusted").method.startswith("matched sets as clusters, marginal")
    clustered = cox(TimeToEvent(days, dead, weight=rows["weight"], cluster=sets), drug.astype(float)).effects()[0]
    assert record(result, "effect.os.adjusted").high == pytest.approx(clustered.high, rel=1e-10)


@pytest.mark.parametrize("adjustment", [Weighting(estimand="ATE"), Matching(replacement=True), Coarsened()])
def test_where_patients_have_weights_there_is_no_log_rank_test_and_the_result_says_what_answers_instead(
    adjustment: Weighting | Matching | Coarsened,
) -> None:
    result = run(TABLE, methods=Methods(adjustment=adjustment))
    found = record(result, "logrank.os.adjusted")
    assert found.value is None
    assert found.why == (
        "patients have weights here, and the log-rank test counts patients; the robust test of the Cox model "
        "(effect.os.adjusted) takes its place"
    )


@pytest.mark.filterwarnings("ignore:Starting with pandas")  # lifelines' own
def test_cumulative_hazards_at_fixed_days_are_those_of_lifelines(overlap: StudyResult) -> None:
    for arm, code in (("drug", 1.0), ("none", 0.0)):
        fit = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(DAYS[code == DRUG], DEAD[code == DRUG])
        found = record(overlap, f"curve.os.naive.{arm}.hazard_1")
        assert found.value == pytest.approx(float(fit.predict(200.0)), rel=1e-9)
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.value < found.high
        assert record(overlap, f"curve.os.naive.{arm}.hazard_2").why == "nobody of this arm was observed that long"
    # A competing event ends the observation: the hazard of its cause is defined where a Kaplan-Meier curve is not.
    assert 0.0 < value(overlap, "curve.ltp.naive.drug.hazard_1") < 1.0
    early = run(TABLE, methods=replace(WEIGHTS, estimation=replace(FIXED, at_days=(1.0,))), outcomes=(OS,))
    none_yet = record(early, "curve.os.naive.drug.hazard_1")
    assert (none_yet.value, none_yet.low) == (0.0, None)
    nobody = run(TABLE.assign(months=TABLE["months"].where(DRUG == 1.0)), outcomes=(OS,))
    assert record(nobody, "curve.os.naive.none.hazard_1").why == "nobody in this arm has a known outcome"


def test_without_adjustment_no_table_calls_a_row_adjusted_and_the_restricted_mean_keeps_its_interval() -> None:
    result = run(TABLE, methods=Methods(adjustment=Unadjusted(), estimation=FIXED))
    for name in ("effects", "survival", "binary"):
        rows = [str(row[0]) for row in result.results.tables[name]["rows"]]
        assert rows
        assert all("not adjusted" in words for words in rows), rows
    labels = [str(row[0]) for row in result.results.tables["effects"]["rows"]]
    assert labels[:2] == ["Overall survival: Hazard ratio, not adjusted", "Complication: Risk difference, not adjusted"]
    for part in ("drug", "difference", "ratio"):
        one, other = (record(result, f"rmst.os.{kind}.{part}") for kind in ("adjusted", "naive"))
        assert (one.value, one.low, one.high, one.method) == (other.value, other.low, other.high, other.method)
    assert "adjusted" not in record(result, "rmst.os.adjusted.drug").method
    assert record(result, "binary.complication.adjusted.risk.drug").label == "Risk, not adjusted"
    tumors = pd.concat([TABLE.assign(tumor="1"), TABLE[::2].assign(tumor="2")])
    ltp = replace(OS, name="ltp", unit="tumor", primary=False)
    data = Data(file="cohort.csv", patient="id", tumor="tumor")
    clustered = run(tumors, data=data, outcomes=(OS, ltp), methods=Methods(adjustment=Unadjusted(), estimation=FIXED))
    assert record(clustered, "rmst.ltp.adjusted.drug").method == "area under the Kaplan-Meier curve"


def test_what_is_not_pooled_says_of_which_imputed_data_set_it_is() -> None:
    methods = replace(PAIRS, missing=MissingData(method="multiple imputation", imputations=2))
    result = run(people(gaps=15), methods=methods)
    first = " (first of 2 imputed data sets)"
    for key in ("matching.drug.matched", "matching.drug.left_out", "matching.left_out.1", "matching.sets"):
        assert record(result, key).label.endswith(first), key
    assert first in record(result, "curve.os.adjusted.drug.median").label
    assert first not in record(result, "curve.os.naive.drug.median").label
    for name in ("balance", "subgroups"):
        assert first in result.results.tables[name]["title"]
    assert first in str(result.results.tables["survival"]["rows"][0][0])
    assert record(result, "propensity.n").label == "Patients with every covariate, gaps filled"
    assert record(result, "effect.os.adjusted").method.endswith("patients and events are those of the first")
    assert "multiple imputation, 2 data sets." in (record(result, "protocol.methods").text or "")


def test_the_protocol_in_words_has_a_sentence_for_each_outcome_and_its_codes_are_whole_numbers() -> None:
    outcomes = (replace(OS, definition="Death from any cause."), COMPLICATION)
    data = Data(file="cohort.csv", patient="id", missing=(-999.0, "unknown"))
    how = Weighting(estimand="ATE", stabilized=True, trim=(0.05, 0.95), truncate=(0.01, 0.99))
    result = run(TABLE, outcomes=outcomes, data=data, methods=Methods(adjustment=how))
    assert record(result, "protocol.outcomes").text == (
        "Overall survival: Death from any cause. Complication: complication"
    )
    assert record(result, "data.missing_codes").text == "-999, unknown"
    assert (
        "Patients were weighted by the propensity (estimand: ATE, stabilized, trimmed to propensities from 0.05 to "
        "0.95, truncated at their quantiles 0.01 and 0.99)."
    ) in (record(result, "protocol.methods").text or "")
    assert "Patients were weighted by the propensity (estimand: overlap)." in (
        record(run(TABLE), "protocol.methods").text or ""
    )
    blocks = run(TABLE, methods=Methods(adjustment=Matching(exact=("sex",))))
    assert "on the propensity score, exact in sex, without replacement (caliper" in (
        record(blocks, "protocol.methods").text or ""
    )


def test_differences_of_sensitivity_analyses_have_no_trace_of_rounding() -> None:
    variation = Sensitivity(name="less", says="Without lesions", without=("lesions",))
    result = run(TABLE, sensitivity=(variation,))
    assert value(result, "sensitivity.less.worst_smd") == 0.0


def test_adjusted_risk_ratios_are_those_of_a_weighted_log_linear_model_and_of_the_pairs(
    overlap: StudyResult, pairs: StudyResult
) -> None:
    weight = weighted(propensity(_design(), DRUG), "overlap").weight
    y = TABLE["complication"].to_numpy()
    model: Any = sm.GLM(y, sm.add_constant(DRUG), family=sm.families.Poisson(), freq_weights=weight)
    one, zero = (np.average(y[code == DRUG], weights=weight[code == DRUG]) for code in (1.0, 0.0))
    found = record(overlap, "binary.complication.adjusted.ratio")
    assert found.value == pytest.approx(one / zero, rel=1e-9)
    # Influence functions by hand: each patient's on its own arm's risk.
    arms = [weight[code == DRUG] * (y[code == DRUG] - risk) / weight[code == DRUG].sum() / risk
            for code, risk in ((1.0, one), (0.0, zero))]  # fmt: skip
    se = math.sqrt(sum(float(part @ part) for part in arms))
    assert found.low == pytest.approx(one / zero * math.exp(-1.959963984540054 * se), rel=1e-9)
    assert model.fit().params[1] == pytest.approx(math.log(one / zero), rel=1e-6)
    both, first, second = (
        value(pairs, f"binary.complication.pairs.{part}") for part in ("both", "first_only", "second_only")
    )
    paired = record(pairs, "binary.complication.adjusted.ratio")
    assert paired.value == pytest.approx((both + first) / (both + second))
    reach = 1.959963984540054 * math.sqrt((first + second) / ((both + first) * (both + second)))
    assert paired.high == pytest.approx((both + first) / (both + second) * math.exp(reach), rel=1e-9)
    rare = run(TABLE.assign(complication=(np.arange(len(TABLE)) == 0) * 1.0), methods=PAIRS)
    assert "risk ratio has no interval" in record(rare, "binary.complication.adjusted.ratio").why
    same = run(TABLE.assign(complication=1.0), methods=WEIGHTS)
    certain = record(same, "binary.complication.adjusted.ratio")
    assert (certain.value, certain.p) == (1.0, None)
    assert (value(same, "effect.complication.adjusted"), record(same, "effect.complication.adjusted").p) == (0.0, None)
