"""Competing risks: R's numbers, the definition of the jackknife, identities that hold without rivals, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.parity_case import Family, worst
from bench.parity_competing import FAMILIES
from isotherm.errors import BadColumn, BadSetting, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.cause_specific import cause_specific_cox
from isotherm.study.survival.competing import cumulative_incidence, cumulative_incidence_arms
from isotherm.study.survival.cox import cox
from isotherm.study.survival.fine_gray import fine_gray
from isotherm.study.survival.gray import gray
from isotherm.study.survival.kaplan_meier import kaplan_meier
from tests.study.survival.made import cohort

Float = npt.NDArray[np.float64]


def rivals(seed: int, n: int = 40, **parts: Any) -> tuple[TimeToEvent, Float]:
    """Return a made-up cohort whose events are of two kinds."""
    outcome, x = cohort(seed, n, **parts)
    kind = np.random.default_rng(seed + 1).integers(1, 3, size=n)
    event = np.where(outcome.event > 0, kind, 0)
    event[:3] = 1, 2, 1
    given = (outcome.start_days, outcome.weight, outcome.cluster, outcome.strata)
    return TimeToEvent(outcome.time_days, event, *given), x


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_plain_loops_keep_the_limits_of_parity(family: Family) -> None:
    count, largest, where = worst(family)
    assert largest <= family.limit, where
    assert count > 30


def defined(outcome: TimeToEvent, cause: int) -> tuple[Float, Float]:
    """Return the curve and its standard error by the definition: influences carried forward through every step."""
    weight, time, days = outcome.weights, outcome.time_days, np.unique(outcome.time_days)
    start = np.zeros(len(outcome)) - 1.0 if outcome.start_days is None else outcome.start_days
    cluster = np.arange(len(outcome)) if outcome.cluster is None else outcome.cluster
    free, risk, in_free, in_risk = 1.0, 0.0, np.zeros(len(outcome)), np.zeros(len(outcome))
    risks, errors = [], []
    for day in days:
        here = (start < day) & (time >= day)
        n = weight[here].sum()
        own, failing = (time == day) & (outcome.event == cause), (time == day) & (outcome.event > 0)
        share, every = weight[own].sum() / n, weight[failing].sum() / n
        in_risk = in_risk + in_free * share + free * weight * (own - here * share) / n
        in_free = in_free * (1.0 - every) - free * weight * (failing - here * every) / n
        risk, free = risk + free * share, free * (1.0 - every)
        risks.append(risk)
        errors.append(np.sqrt((np.bincount(cluster, weights=in_risk) ** 2).sum()))
    return np.array(risks), np.array(errors)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("cluster", [False, True])
@pytest.mark.parametrize("weight", [False, True])
def test_the_jackknife_is_that_of_its_definition(late: bool, cluster: bool, weight: bool) -> None:
    for seed in range(8):
        parts = {"start_days": late, "cluster": cluster or late, "weight": weight}
        outcome, _ = rivals(seed, whole=True, **{name: True for name, wanted in parts.items() if wanted})
        for cause in (1, 2):
            found = cumulative_incidence(outcome, cause=cause)
            risk, error = defined(outcome, cause)
            at = np.searchsorted(np.unique(outcome.time_days), found.times_days)
            assert found.risk == pytest.approx(risk[at], abs=1e-12)
            assert found.std_error == pytest.approx(error[at], abs=1e-10)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(3, 30))
def test_risks_of_all_causes_and_the_chance_of_no_event_add_up_to_one(seed: int, n: int) -> None:
    outcome, _ = rivals(seed, n)
    one, two = (cumulative_incidence(outcome, cause=cause) for cause in (1, 2))
    assert one.risk + two.risk + one.event_free == pytest.approx(np.ones(len(one.risk)), abs=1e-12)
    for curve in (one, two):
        assert (np.diff(curve.risk) >= -1e-15).all()
        known = ~np.isnan(curve.low)
        assert (curve.low[known] <= curve.risk[known]).all()
        assert (curve.risk[known] <= curve.high[known]).all()
        assert not curve.risk.flags.writeable


def test_without_rivals_it_is_one_minus_kaplan_meier_and_without_censoring_a_share() -> None:
    outcome, _ = cohort(3, 60)
    alone, free = cumulative_incidence(outcome), kaplan_meier(outcome, robust=True)
    assert alone.risk == pytest.approx(1.0 - free.survival)
    assert alone.std_error == pytest.approx(np.nan_to_num(free.std_error), abs=1e-12)
    days = np.arange(1.0, 21.0)
    event = np.array([1, 2] * 10)
    everybody = cumulative_incidence(TimeToEvent(days, event))
    assert everybody.at(20.0)[0] == pytest.approx(0.5)
    assert everybody.at(20.0)[1] == pytest.approx(np.sqrt(0.25 / 20.0))
    assert everybody.at(500.0)[0] == pytest.approx(0.5)  # nobody is left: nothing changes any more


def test_a_curve_is_not_known_beyond_its_last_day_and_zero_before_its_first_event() -> None:
    curve = cumulative_incidence(TimeToEvent([5, 7, 9, 12], [0, 1, 2, 0]))
    assert curve.at(3.0)[:2] == (0.0, 0.0)
    assert np.isnan(curve.at(3.0)[2])
    assert np.isnan(curve.at(6.0)[2])
    for day in (12.5, -1.0):
        with pytest.raises(BadSetting, match="known from day 0 to day 12"):
            curve.at(day)


def test_arms_are_estimated_apart_and_named() -> None:
    outcome, x = rivals(5, 50)
    arms = cumulative_incidence_arms(outcome, np.where(x[:, 1] > 0.0, "late", "early"), cause=2, interval="log-log")
    assert [arm.label for arm in arms] == ["early", "late"]
    alone = cumulative_incidence(outcome.take(x[:, 1] > 0.0), cause=2, interval="log-log")
    assert arms[1].risk == pytest.approx(alone.risk)
    assert sum(arm.n for arm in arms) == 50
    with pytest.raises(BadColumn, match="all rows of 1 arm"):
        cumulative_incidence_arms(TimeToEvent([1, 2], [1, 2], weight=[1, 0]), ["a", "b"])


def test_whole_weights_count_patients_in_both_variances_of_cmprsk_and_in_grays_test() -> None:
    outcome, x = rivals(9, 40)
    times = 1 + np.arange(40) % 3
    many = outcome.take(np.repeat(np.arange(40), times))
    weighted = TimeToEvent(outcome.time_days, outcome.event, weight=times)
    by_weight, by_rows = (cumulative_incidence(one, variance="Aalen") for one in (weighted, many))
    assert by_weight.std_error == pytest.approx(by_rows.std_error)
    group = x[:, 1] > 0.0
    one, two = gray(weighted, group), gray(many, np.repeat(group, times))
    assert one.chi_square == pytest.approx(two.chi_square)
    assert one.n.tolist() == two.n.tolist()


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_grays_test_does_not_depend_on_order_labels_or_unit(seed: int) -> None:
    outcome, x = rivals(seed, 50)
    group = np.digitize(x[:, 0], [-0.4, 0.4])
    try:
        found = gray(outcome, group, rho=0.5)
    except NothingToCompare:
        return
    mixed = np.random.default_rng(seed).permutation(50)
    again = gray(outcome.take(mixed), 2 - group[mixed], rho=0.5)
    slower = gray(TimeToEvent(outcome.time_days * 7.0, outcome.event), group, rho=0.5)
    assert again.chi_square == pytest.approx(found.chi_square, rel=1e-7, abs=1e-9)
    assert slower.chi_square == pytest.approx(found.chi_square, rel=1e-9)
    assert found.score.sum() == pytest.approx(0.0, abs=1e-9)
    assert int(found.events.sum() + found.competing.sum()) == int((outcome.event > 0).sum())


def test_one_stratum_is_none_and_two_copies_of_a_stratum_double_the_statistic() -> None:
    outcome, x = rivals(21, 60)
    group = x[:, 1] > 0.0
    plain = gray(outcome, group)
    one = gray(TimeToEvent(outcome.time_days, outcome.event, strata=np.ones(60)), group)
    assert one.chi_square == pytest.approx(plain.chi_square)
    assert (one.stratified, plain.stratified) == (True, False)
    twice = outcome.take(np.tile(np.arange(60), 2))
    two = TimeToEvent(twice.time_days, twice.event, strata=np.repeat([1, 2], 60))
    assert gray(two, np.tile(group, 2)).chi_square == pytest.approx(2.0 * plain.chi_square)


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        (lambda o, g: gray(o, np.ones(len(o))), NothingToCompare, "1 arm came"),
        (lambda o, g: gray(o, g, rho=-1.0), BadSetting, "rho = -1"),
        (lambda o, g: gray(o, g, rho=np.inf), BadSetting, "rho = inf"),
        (lambda o, g: gray(o, g, cause=0), BadSetting, "cause 0"),
        (lambda o, g: gray(o, g, cause=7), NothingToCompare, "No event of this cause"),
        (lambda o, g: gray(TimeToEvent([1, 2, 3], [0, 0, 1]), [1, 1, 2]), NothingToCompare, "No event of this cause"),
        (lambda o, g: gray(TimeToEvent([1, 2], [1, 2], cluster=[1, 1]), [1, 2]), BadSetting, "independent"),
        (lambda o, g: gray(TimeToEvent([1, 2], [1, 2], [0, 1]), [1, 2]), BadSetting, "from time zero"),
        (lambda o, g: cumulative_incidence(o, cause=-1), BadSetting, "cause -1"),
        (lambda o, g: cumulative_incidence(o, variance="Gray"), BadSetting, '"Gray" came'),  # type: ignore[arg-type]
        (lambda o, g: cumulative_incidence(o, level=95), BadSetting, "level 95"),
        (lambda o, g: cumulative_incidence(o, interval="exact"), BadSetting, '"exact" came'),  # type: ignore[arg-type]
        (lambda o, g: cumulative_incidence(TimeToEvent([1, 2], [1, 2], [0, 1])), BadSetting, "without cluster"),
        (
            lambda o, g: cumulative_incidence(TimeToEvent([1, 2], [1, 2], [0, 1]), variance="Aalen"),
            BadSetting, "Use the jackknife",
        ),
        (
            lambda o, g: cumulative_incidence(TimeToEvent([1, 2], [1, 2], weight=[1, 0.5]), variance="Aalen"),
            BadSetting, "Use the jackknife",
        ),
    ],
)  # fmt: skip
def test_what_has_no_answer_is_refused(question: Any, error: type[Exception], words: str) -> None:
    outcome, x = rivals(2)
    with pytest.raises(error, match=words):
        question(outcome, x[:, 1])


def partial_likelihood(outcome: TimeToEvent, x: Float, b: Float, cause: int) -> float:
    """Return Fine and Gray's weighted log partial likelihood by its definition."""
    time, event = outcome.time_days, outcome.event

    def left(day: float) -> float:
        days = np.unique(time[event == 0])
        steps = [1.0 - ((time == u) & (event == 0)).sum() / (time >= u).sum() for u in days[days < day]]
        return float(np.prod(steps))

    total = 0.0
    for i in np.flatnonzero(event == cause):
        day, sum_of_risks = time[i], 0.0
        for j in range(len(time)):
            if time[j] >= day:
                sum_of_risks += float(np.exp(x[j] @ b))
            elif event[j] not in (0, cause):
                sum_of_risks += float(np.exp(x[j] @ b)) * left(day) / left(time[j])
        total += float(x[i] @ b) - np.log(sum_of_risks)
    return total


@pytest.mark.parametrize("seed", range(4))
def test_a_fine_gray_model_stands_at_the_maximum_of_its_likelihood(seed: int) -> None:
    outcome, x = rivals(seed, 45)
    fit = fine_gray(outcome, x, names=["size", "late"])
    assert fit.loglik == pytest.approx(partial_likelihood(outcome, x, fit.coefficients, 1))
    assert fit.loglik_null == pytest.approx(partial_likelihood(outcome, x, np.zeros(2), 1))
    for step in ([1e-3, 0.0], [0.0, -1e-3]):
        assert partial_likelihood(outcome, x, fit.coefficients + step, 1) < fit.loglik


def test_without_rivals_it_is_a_cox_model_and_so_is_a_cause_by_itself() -> None:
    outcome, x = cohort(4, 60)
    fit, plain = fine_gray(outcome, x), cox(outcome, x, ties="breslow", robust=True)
    assert fit.coefficients == pytest.approx(plain.coefficients)
    assert fit.std_errors == pytest.approx(plain.std_errors)
    outcome, x = rivals(4, 60)
    specific = cause_specific_cox(outcome, x, cause=2, ties="breslow")
    by_hand = cox(TimeToEvent(outcome.time_days, outcome.event == 2), x, ties="breslow")
    assert specific.coefficients == pytest.approx(by_hand.coefficients)


def test_effects_say_what_they_are_and_clusters_change_the_variance_only() -> None:
    outcome, x = rivals(6, 60)
    plain = fine_gray(outcome, x, names=["size", "late"])
    own = fine_gray(TimeToEvent(outcome.time_days, outcome.event, cluster=np.arange(60)), x)
    pairs = fine_gray(TimeToEvent(outcome.time_days, outcome.event, cluster=np.arange(60) // 2), x)
    assert own.covariance == pytest.approx(plain.covariance)
    assert pairs.coefficients == pytest.approx(plain.coefficients)
    assert pairs.clusters == 30
    assert not np.allclose(pairs.covariance, plain.covariance)
    effect, _ = plain.effects(endpoint="local tumor progression")
    assert (effect.measure, effect.name, effect.null, effect.n) == ("subdistribution hazard ratio", "size", 1.0, 60)
    assert effect.estimate == pytest.approx(np.exp(plain.coefficients[0]))
    assert "robust over rows" in effect.method
    assert "robust over clusters" in pairs.effects()[0].method
    assert (plain.events + plain.competing) == (outcome.event > 0).sum()
    assert plain.p_values == pytest.approx([effect.p_value for effect in plain.effects()])
    assert plain.wald_p_value(["size"])[0] == pytest.approx((plain.coefficients[0] / plain.std_errors[0]) ** 2)


def test_two_copies_of_every_patient_as_clusters_keep_the_variance() -> None:
    outcome, x = rivals(8, 60)
    one = fine_gray(outcome, x)
    rows = np.repeat(np.arange(60), 2)
    twice = outcome.take(rows)
    two = fine_gray(TimeToEvent(twice.time_days, twice.event, cluster=rows), x[rows])
    assert two.coefficients == pytest.approx(one.coefficients)
    assert two.std_errors == pytest.approx(one.std_errors)


def test_a_rival_after_the_last_event_and_a_row_of_day_zero_change_nothing() -> None:
    outcome, x = rivals(10, 60)
    last = outcome.time_days[outcome.event == 1].max()
    late = TimeToEvent(np.append(outcome.time_days, last + 5.0), np.append(outcome.event, 2))
    censored = TimeToEvent(np.append(outcome.time_days, last + 5.0), np.append(outcome.event, 0))
    added = np.vstack([x, [[0.3, 1.0]]])
    assert fine_gray(late, added).coefficients == pytest.approx(fine_gray(censored, added).coefficients)
    at_zero = TimeToEvent(np.append(outcome.time_days, 0.0), np.append(outcome.event, 0))
    assert fine_gray(at_zero, added).coefficients == pytest.approx(fine_gray(outcome, x).coefficients)


def test_groups_that_are_censored_alike_need_not_be_told_apart_where_nobody_is_censored() -> None:
    outcome, x = rivals(12, 60)
    failed = outcome.event > 0
    all_failed = outcome.take(failed)
    group = np.arange(int(failed.sum())) % 2
    apart, together = fine_gray(all_failed, x[failed], censoring_group=group), fine_gray(all_failed, x[failed])
    assert apart.coefficients == pytest.approx(together.coefficients)
    early = np.where(outcome.time_days <= np.median(outcome.time_days), 0, 1)
    assert np.isfinite(fine_gray(outcome, x, censoring_group=early).std_errors).all()


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        (lambda o, x: fine_gray(TimeToEvent(o.time_days, o.event, strata=x[:, 1]), x), BadSetting, "strata"),
        (lambda o, x: fine_gray(TimeToEvent(o.time_days, o.event, weight=x[:, 1] + 1), x), BadSetting, "Weights"),
        (lambda o, x: fine_gray(TimeToEvent(o.time_days + 1, o.event, [1.0] * len(o)), x), BadSetting, "late entries"),
        (lambda o, x: fine_gray(o, x, cause=9), NothingToCompare, "No event of cause 9"),
        (lambda o, x: fine_gray(o, x, cause=0), BadSetting, "cause 0"),
        (lambda o, x: fine_gray(o, x[:5]), BadColumn, "shape"),
        (lambda o, x: fine_gray(o, x, censoring_group=[1, 2]), BadColumn, "censoring_group"),
        (
            lambda o, x: fine_gray(TimeToEvent(o.time_days, o.event, cluster=x[:, 1]), x),
            NothingToCompare, "2 clusters came for the coefficients of x1, x2",
        ),
        (lambda o, x: cause_specific_cox(o, x, cause=9), NothingToCompare, "No event"),
    ],
)  # fmt: skip
def test_models_without_an_answer_are_refused(question: Any, error: type[Exception], words: str) -> None:
    outcome, x = rivals(2)
    with pytest.raises(error, match=words):
        question(outcome, x)


@pytest.mark.parametrize("rho", [0.0, 0.7])
def test_an_arm_that_comes_to_its_end_leaves_the_others_to_be_compared(rho: float) -> None:
    # All of arm a have the event on day 1 or 2: the pooled risk passes 1 while b and c are still observed.
    days = [1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 3, 4, 5, 6, 8, 9]
    event = [1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 2, 1, 1, 0, 1]
    arm = list("aaaabbbbbbcccccc")
    found = gray(TimeToEvent(days, event), arm, rho=rho)
    assert np.isfinite(found.chi_square)
    assert 0.0 <= found.p_value <= 1.0


def test_events_after_the_pooled_risk_has_reached_one_count_as_in_cmprsk() -> None:
    found = gray(TimeToEvent([1, 1, 2, 3], [1, 1, 1, 1]), list("aabb"))
    assert found.chi_square == pytest.approx(3.0, abs=1e-12)  # cmprsk 2.2.11
