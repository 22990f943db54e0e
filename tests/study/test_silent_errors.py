"""What would give a wrong number without a word: each is refused in one sentence, or gives the right number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.columns import label_codes
from isotherm.errors import BadColumn, BadSetting, IsothermError, NothingToCompare
from isotherm.exchange.table_columns import Codes, column_of
from isotherm.outcome import TimeToEvent
from isotherm.study.cohort import cohort
from isotherm.study.cohort_outcomes import observed
from isotherm.study.design_matrix import design_matrix
from isotherm.study.imputation import impute
from isotherm.study.matching import match_nearest
from isotherm.study.paired import pairs_of
from isotherm.study.people import days_between
from isotherm.study.predicate import Predicate
from isotherm.study.propensity import propensity
from isotherm.study.resample import bootstrap, resampling
from isotherm.study.rubin import pooled
from isotherm.study.subgroups import subgroups
from isotherm.study.survival.cox import cox
from isotherm.study.survival.kaplan_meier import kaplan_meier, kaplan_meier_arms, median_follow_up, number_at_risk
from isotherm.study.survival.logrank import logrank
from isotherm.study.survival.nelson_aalen import nelson_aalen
from isotherm.study.survival.rmst import compare_restricted_means, restricted_mean
from isotherm.study.weighting import weighted
from tests.study.protocols import ARMS, OS, protocol

RANDOM = np.random.default_rng(7)
N = 80
ARM = np.arange(N) % 2
DAYS = np.ceil(RANDOM.exponential(size=N) * 300.0 * (1.0 + ARM))
EVENT = (RANDOM.random(N) < 0.7).astype(int)
X = RANDOM.normal(size=N)

TABLE = pd.DataFrame(
    {
        "id": [f"p{k}" for k in range(8)], "site": ["A"] * 4 + ["B"] * 4, "drug": [1.0, 0.0] * 4,
        "age": [64.0, 70.0, 58.0, 49.0, 55.0, 45.0, 60.0, 61.0], "sex": ["1", "2"] * 3 + ["1", "1"],
        "months": [12.0, 6.0, 3.0, 4.0, 20.0, 24.0, 1.0, 2.0], "dead": [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0],
    }
)  # fmt: skip


def with_value(column: str, row: int, value: Any) -> pd.DataFrame:
    table = TABLE.astype({column: object})
    table.loc[row, column] = value
    return table.infer_objects()


def refused(says: str, call: Callable[[], Any], error: type[IsothermError] = BadColumn) -> None:
    with pytest.raises(error) as caught:
        call()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "estimate",
    [
        kaplan_meier, nelson_aalen, median_follow_up, lambda outcome: logrank(outcome, ARM),
        lambda outcome: cox(outcome, ARM), lambda outcome: restricted_mean(outcome, 100.0),
    ],
)  # fmt: skip
def test_events_coded_one_and_two_are_no_censored_and_dead(estimate: Callable[[TimeToEvent], Any]) -> None:
    refused("neither 0 nor 1", lambda: estimate(TimeToEvent(DAYS, EVENT + 1)))


@pytest.mark.parametrize("written", [EVENT.astype(str), EVENT * 0.5, np.where(EVENT, "True", "False"), EVENT - 1])
def test_an_event_is_a_number_and_truths_as_text_are_none(written: Any) -> None:
    refused("event", lambda: TimeToEvent(DAYS, written))
    assert TimeToEvent(DAYS, EVENT == 1).event.tolist() == EVENT.tolist()


def test_follow_up_is_not_negative_and_an_event_on_day_zero_has_no_place_in_any_risk_set() -> None:
    refused("negative in 1 of 2", lambda: TimeToEvent([-1.0, 5.0], [0, 1]))
    refused("on day 0 in 1 of 2", lambda: TimeToEvent([0.0, 5.0], [1, 1]))
    watched, zero = TimeToEvent([3.0, 5.0], [1, 0]), TimeToEvent([0.0, 3.0, 5.0], [0, 1, 0])
    assert kaplan_meier(zero).survival[-1] == kaplan_meier(watched).survival[-1] == 0.5


def test_months_become_days_and_an_outcome_without_a_unit_is_no_outcome() -> None:
    made = cohort(protocol(), TABLE)
    assert observed(made, "os").times.time_days[0] == 365.25
    with pytest.raises(IsothermError, match="time_unit"):
        replace(OS, time_unit=None)


def test_a_follow_up_longer_than_a_human_life_is_in_another_unit() -> None:
    refused("longer than any human life in 2 of 2 rows", lambda: TimeToEvent([86_400.0 * 300, 86_400.0 * 900], [1, 0]))
    in_days = TABLE.assign(months=TABLE["months"] * 365.0)  # days in a column that is declared as months
    refused("longer than any human life", lambda: observed(cohort(protocol(), in_days), "os"))


def test_a_date_is_year_month_day_or_none() -> None:
    for written in ("03/04/2020", "3.4.2020", "20200403", "2020-13-01", 43924.0):
        refused("dates", lambda written=written: column_of([written], "day", "date", Codes.of(())))


def test_the_time_of_day_and_the_time_zone_of_a_date_change_no_count_of_days() -> None:
    table = pd.DataFrame({
        "start": pd.to_datetime(["2024-03-30 23:59", "2024-01-01 00:00"]),
        "end": pd.to_datetime(["2024-03-31 00:01", "2024-01-31 18:00"]).tz_localize("Europe/Berlin"),
    })  # fmt: skip
    assert days_between(table, "start", "end").tolist() == [1.0, 30.0]
    assert Predicate("end - start <= 30 and end == 2024-01-31").answers(table).tolist() == [0, 3]


@pytest.mark.parametrize("code", [-999.0, -99.0, -9999.0])
def test_a_code_for_not_known_is_no_number(code: float) -> None:
    left_in = np.where(np.arange(N) < 3, code, 50.0 + X)
    table = pd.DataFrame({"age": left_in, "stage": np.where(left_in < 0, f"{code:g}", np.where(ARM, "I", "II"))})
    says = f"{code:g}, a code for what is not known, in 3 of {N} rows"
    refused(says, lambda: design_matrix(table, ["age"]))
    refused(says, lambda: design_matrix(table, ["stage"]))
    refused(says, lambda: cox(TimeToEvent(DAYS, EVENT), table[["age"]]))
    for column in ("age", "months", "sex"):
        value = f"{code:g}" if column == "sex" else code
        table = with_value(column, 2, value)
        refused("in 1 of 8 rows", lambda table=table: cohort(protocol(), table))


def test_a_negative_number_among_others_is_a_number() -> None:
    values = np.where(np.arange(N) < 3, -99.0, X)
    assert design_matrix(pd.DataFrame({"x": values}), ["x"]).x.min() == -99.0


@pytest.mark.parametrize(("value", "found"), [(999.0, True), (99.0, False), (9999.0, True), (101.0, False)])
def test_a_number_such_as_999_far_above_all_others_is_shown_to_people(value: float, found: bool) -> None:
    table = TABLE.assign(age=[64.0, 70.0, 58.0, value, 55.0, value, 60.0, 61.0])
    findings = {one.key: one for one in cohort(protocol(), table).findings}
    assert ("code.age" in findings) == found
    if found:
        assert findings["code.age"].rows == 2
        assert f"Age is {value:g} in 2 rows" in findings["code.age"].says


def test_a_code_in_a_condition_does_not_decide_who_is_eligible() -> None:
    refused("a code for what is not known", lambda: cohort(protocol(), with_value("age", 0, -999.0)))


@pytest.mark.parametrize("other", ["Yes ", " Yes", "yes", "YES", "Yes\xa0"])
def test_labels_that_differ_only_in_blanks_or_capitals_are_not_two_groups(other: str) -> None:
    labels = np.where(np.arange(N) < 5, other, np.where(ARM, "Yes", "No"))
    outcome = TimeToEvent(DAYS, EVENT)
    says = "differ only in blanks or capitals"
    refused(says, lambda: kaplan_meier_arms(outcome, labels))
    refused(says, lambda: logrank(outcome, labels))
    refused(says, lambda: TimeToEvent(DAYS, EVENT, strata=labels))
    refused(says, lambda: subgroups(outcome, ARM, {"answer": labels}))
    refused(says, lambda: design_matrix(pd.DataFrame({"answer": labels}), ["answer"]))


def test_ids_may_differ_in_capitals_but_not_in_blanks() -> None:
    assert len(label_codes("cluster", ["aB", "ab"], ids=True)[1]) == 2
    refused("differ only in blanks;", lambda: TimeToEvent([1.0, 2.0], [1, 1], cluster=["p1", "p1 "]))


@pytest.mark.parametrize("column", ["id", "site", "sex"])
def test_blanks_around_a_text_make_no_new_patient_site_or_level(column: str) -> None:
    table = with_value(column, 3, f"{TABLE.loc[3, column]} ")
    refused("text with blanks around it in 1 of 8 rows", lambda: cohort(protocol(), table))
    assert column_of([" p1 ", "p1"], "id", "text", Codes.of(())).tolist() == ["p1", "p1"]


def test_a_patient_who_is_there_twice_is_refused_however_the_id_is_written() -> None:
    twice = pd.concat([TABLE.assign(id=range(8)), TABLE.assign(id=np.arange(8.0))[:1]], ignore_index=True)
    refused("1 row repeats the key", lambda: cohort(protocol(), twice), IsothermError)


def test_equal_numbers_are_one_label_whatever_their_type_and_large_ones_keep_their_names() -> None:
    codes, labels = label_codes("cluster", np.array([1, 1.0, "1", 2], dtype=object))
    assert (codes.tolist(), labels) == ([0, 0, 0, 1], ("1", "2"))
    assert label_codes("site", [1234567.0, 1234568.0])[1] == ("1234567", "1234568")


@pytest.mark.parametrize("arm", [np.where(ARM, "1", "0"), np.where(ARM, "True", "False"), 2 * ARM - 1, ARM + 1])
def test_an_arm_is_zero_or_one_and_nothing_that_looks_like_it(arm: Any) -> None:
    refused("neither 0 nor 1", lambda: propensity(design_matrix(pd.DataFrame({"x": X}), ["x"]), arm))


def test_numbers_as_text_are_refused_wherever_numbers_are_wanted() -> None:
    text = np.array([f"{value:.3f}" for value in X])
    outcome = TimeToEvent(DAYS, EVENT)
    for call in (
        lambda: cox(outcome, text),
        lambda: subgroups(outcome, ARM, {"sex": np.where(X > 0, "f", "m")}, adjusted_for=text),
        lambda: design_matrix(pd.DataFrame({"x": text}), {"x": "number"}),
        lambda: TimeToEvent(text, EVENT),
        lambda: column_of(["1,5", "2,5"], "cea", "number", Codes.of(())),
    ):
        refused("", call)


def test_the_reference_arm_is_the_one_that_the_protocol_names_in_whatever_order_arms_are_listed() -> None:
    turned = replace(ARMS, arms=ARMS.arms[::-1])
    one, other = cohort(protocol(), TABLE), cohort(protocol(arms=turned), TABLE)
    assert one.treated.tolist() == other.treated.tolist() == (TABLE["drug"] == 1.0).tolist()
    swapped = cohort(protocol(arms=replace(ARMS, reference="drug")), TABLE)
    ratios = [cox(observed(made, "os").times, made.treated * 1).coefficients[0] for made in (one, other, swapped)]
    assert ratios[0] == ratios[1] == pytest.approx(-ratios[2], abs=1e-9)


def test_a_comparison_says_which_label_is_compared_with_which() -> None:
    outcome = TimeToEvent(DAYS, EVENT)
    means, difference, _ = compare_restricted_means(outcome, np.where(ARM, "ablation", "surgery"), 300.0)
    assert difference.name == "surgery v ablation"
    assert difference.estimate == pytest.approx(means[1].days - means[0].days)
    assert [mean.label for mean in means] == [
        c.label for c in kaplan_meier_arms(outcome, np.where(ARM, "ablation", "surgery"))
    ]


def test_the_reference_level_is_the_first_of_the_alphabet_and_named_or_the_one_that_is_asked_for() -> None:
    table = pd.DataFrame({"stage": np.where(X > 0.3, "III", np.where(X > -0.3, "II", "I"))})
    assert design_matrix(table, ["stage"]).terms[0].reference == "I"
    asked = design_matrix(table, ["stage"], reference={"stage": "III"})
    assert (asked.terms[0].reference, asked.columns) == ("III", ("stage=I", "stage=II"))


def test_a_level_that_one_arm_never_has_is_no_infinite_number_but_a_reason() -> None:
    only_treated = np.where((ARM == 1) & (X > 0.5), "rare", "usual")
    scores = propensity(design_matrix(pd.DataFrame({"level": only_treated, "x": X}), ["level", "x"]), ARM)
    assert scores.fits[0].method == "Firth's penalized likelihood"
    assert "separate the arms" in scores.warnings[0]
    never = TimeToEvent(DAYS, np.where(only_treated == "rare", 0, EVENT))
    refused("rises without end", lambda: cox(never, only_treated == "rare"), IsothermError)


def test_weights_of_zero_for_a_whole_arm_leave_nothing_to_compare() -> None:
    outcome = TimeToEvent(DAYS, EVENT, weight=1.0 * ARM)
    for estimate in (cox, logrank, kaplan_meier_arms, lambda o, a: compare_restricted_means(o, a, 100.0)):
        with pytest.raises(IsothermError):
            estimate(outcome, ARM)


def test_times_that_differ_by_rounding_are_one_time_also_where_they_are_asked_for() -> None:
    noisy, exact = 0.1 + 0.2, 0.3
    assert logrank(TimeToEvent([noisy, exact, 5.0, 6.0], [1, 1, 1, 0]), [0, 1, 0, 1]).chi_square == pytest.approx(
        logrank(TimeToEvent([exact, exact, 5.0, 6.0], [1, 1, 1, 0]), [0, 1, 0, 1]).chi_square
    )
    outcome = TimeToEvent([noisy, 5.0], [1, 0])
    assert kaplan_meier(outcome).survival_at(exact) == 0.5
    assert number_at_risk(TimeToEvent([exact, 5.0], [1, 0]), [noisy]).tolist() == [2.0]


def test_nothing_is_said_beyond_the_last_observation() -> None:
    outcome = TimeToEvent([10.0, 20.0], [1, 0])
    curve = kaplan_meier(outcome)
    assert (curve.survival_at(0.0), curve.survival_at(20.0)) == (1.0, 0.5)
    for day in (-1.0, 21.0, float("nan")):
        refused("the curve is known from day 0 to day 20", lambda day=day: curve.survival_at(day), BadSetting)
    assert kaplan_meier(TimeToEvent([10.0, 20.0], [1, 1])).survival_at(99.0) == 0.0
    refused("choose one within it", lambda: restricted_mean(outcome, 21.0), BadSetting)
    shorter = TimeToEvent([10.0, 20.0, 30.0, 40.0], [1, 0, 1, 0])
    refused("the longest observation has 20", lambda: compare_restricted_means(shorter, [0, 0, 1, 1], 30.0), BadSetting)


def test_a_level_of_95_is_no_level_of_an_interval() -> None:
    sample = bootstrap(lambda rows: float(X[rows].mean()), resampling(N, seed=1, replicates=30))
    for interval in (sample.normal, sample.percentile, pooled([1.0, 2.0], [1.0, 1.0]).interval):
        refused("a share between 0 and 1", lambda interval=interval: interval(level=95.0), BadSetting)


def test_a_pair_that_a_filter_has_split_is_refused_as_a_pair_and_says_nothing_as_a_stratum() -> None:
    matched = match_nearest(propensity(design_matrix(pd.DataFrame({"x": X}), ["x"]), ARM))
    inside = matched.matched & (X > -0.5)
    assert matched.set_number is not None
    sets = matched.set_number
    refused("not a pair of one treated", lambda: pairs_of(EVENT[inside], ARM[inside], sets[inside]))
    whole = inside & (np.bincount(sets[inside], minlength=sets.max() + 1)[sets] == 2)
    split, kept = (cox(TimeToEvent(DAYS[r], EVENT[r], strata=sets[r]), ARM[r]) for r in (inside, whole))
    assert split.n > kept.n
    assert split.coefficients[0] == pytest.approx(kept.coefficients[0], abs=1e-12)


def test_who_was_not_matched_is_no_cluster_of_a_fit() -> None:
    matched = match_nearest(propensity(design_matrix(pd.DataFrame({"x": X + ARM}), ["x"]), ARM))
    fit = cox(TimeToEvent(DAYS, EVENT, weight=matched.weight, cluster=matched.cluster), ARM)
    assert matched.matched.sum() < N
    assert (fit.n, fit.clusters) == (matched.matched.sum(), matched.matched.sum() // 2)


def test_an_imputation_has_to_be_told_of_the_outcome() -> None:
    table = pd.DataFrame({"x": np.where(np.arange(N) < 9, np.nan, X), "event": EVENT})
    refused("name arm and outcome", lambda: impute(table, ["x"], predictors=[], seed=1), BadSetting)


def test_replicates_with_one_arm_are_counted_and_are_not_in_the_interval() -> None:
    few = (np.arange(N) < 2).astype(int)

    def log_ratio(rows: Any) -> float:
        if few[rows].all() or not few[rows].any():
            raise NothingToCompare("One arm came.")
        return float(cox(TimeToEvent(DAYS[rows], EVENT[rows]), few[rows]).coefficients[0])

    found = bootstrap(log_ratio, resampling(N, seed=3, replicates=60))
    assert found.n_failed > 0
    assert "too few arms, events or patients" in found.failure_words
    assert np.isfinite(found.percentile()).all()


def test_a_subgroup_with_one_arm_has_a_reason_and_no_number() -> None:
    factor = np.where(ARM, "treated only", np.where(X > 0, "treated only", "mixed"))
    found = subgroups(TimeToEvent(DAYS, EVENT), ARM, {"factor": factor})[0]
    alone = next(level for level in found.levels if level.label == "mixed")
    assert alone.effect is None
    assert "the same in all" in alone.reason


def test_weights_follow_the_row_of_the_table_when_rows_are_incomplete() -> None:
    gaps = pd.DataFrame({"x": np.where(np.arange(N) % 7 == 0, np.nan, X)})
    scores = propensity(design_matrix(gaps, ["x"]), ARM)
    weights = weighted(scores, "ATE")
    assert weights.rows.tolist() == np.flatnonzero(gaps["x"].notna()).tolist()
    assert weights.treated.tolist() == (ARM[weights.rows] == 1).tolist()
