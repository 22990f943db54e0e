"""The Cox model: likelihoods by hand, identities of every combination of options, refusals, hostile input."""

from __future__ import annotations

import math
import os
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from isotherm.errors import BadColumn, BadSetting, NotConverged, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.survival import newton_kernels
from isotherm.study.survival.cox import CoxFit, cox
from isotherm.study.survival.exact_kernels import exact_sums
from tests.study.survival.made import cohort, cut_at

OPTIONS = [dict.fromkeys(names, True) for k in range(5) for names in combinations(
    ("weight", "strata", "start_days", "cluster"), k
)]  # fmt: skip


def same(a: CoxFit, b: CoxFit, *, rel: float = 1e-8) -> None:
    assert a.coefficients == pytest.approx(b.coefficients, rel=rel, abs=1e-9)
    assert a.std_errors == pytest.approx(b.std_errors, rel=rel)


def log_likelihood(days: list[int], event: list[int], x: list[float], b: float, ties: str) -> float:
    """Write the partial likelihood down term by term, for one covariate."""
    total = 0.0
    for t in sorted({day for day, died in zip(days, event, strict=True) if died}):
        at_risk = [math.exp(b * v) for day, v in zip(days, x, strict=True) if day >= t]
        dying = [v for day, died, v in zip(days, event, x, strict=True) if day == t and died]
        risks = [math.exp(b * v) for v in dying]
        m = len(dying)
        total += b * sum(dying)
        if ties == "exact":
            total -= math.log(sum(math.prod(chosen) for chosen in combinations(at_risk, m)))
        else:
            shares = [k / m if ties == "efron" else 0.0 for k in range(m)]
            total -= sum(math.log(sum(at_risk) - share * sum(risks)) for share in shares)
    return total


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
def test_the_likelihood_is_the_one_written_down_term_by_term(ties: str) -> None:
    days, event, x = [1, 2, 2, 2, 3, 4, 4, 6], [1, 1, 1, 0, 1, 1, 1, 0], [0.2, 1.5, -0.3, 0.8, 0.1, -1.0, 0.9, 0.4]
    fit = cox(TimeToEvent(days, event), x, ties=ties)  # type: ignore[arg-type]
    best = minimize_scalar(lambda b: -log_likelihood(days, event, x, b, ties), bracket=(-1, 1), tol=1e-12)
    assert fit.coefficients[0] == pytest.approx(float(best.x), abs=1e-6)
    assert fit.loglik == pytest.approx(-float(best.fun), abs=1e-10)
    assert fit.loglik_null == pytest.approx(log_likelihood(days, event, x, 0.0, ties), abs=1e-12)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "+".join(o) or "plain")
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_what_never_changes_a_fit(options: dict[str, Any], ties: Any) -> None:
    outcome, x = cohort(11, 45, **options)
    fit = cox(outcome, x, ties=ties, robust="cluster" in options)
    order = np.random.default_rng(0).permutation(len(outcome))
    same(cox(outcome.take(order), x[order], ties=ties, robust="cluster" in options), fit)
    start = None if outcome.start_days is None else outcome.start_days * 3.7
    longer = TimeToEvent(outcome.time_days * 3.7, outcome.event, start, outcome.weight, outcome.cluster, outcome.strata)
    same(cox(longer, x, ties=ties, robust="cluster" in options), fit)
    mirrored = cox(outcome, x * [1, -1] + [5, 1], ties=ties, robust="cluster" in options)
    assert mirrored.coefficients == pytest.approx(fit.coefficients * [1, -1], abs=1e-8)
    assert mirrored.loglik == pytest.approx(fit.loglik, abs=1e-8)
    if "strata" not in options:
        one = TimeToEvent(
            outcome.time_days, outcome.event, outcome.start_days, outcome.weight, outcome.cluster, np.ones(len(outcome))
        )
        same(cox(one, x, ties=ties, robust="cluster" in options), fit)


@pytest.mark.parametrize("options", [{}, {"strata": True}, {"start_days": True}, {"weight": True, "strata": True}])
@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
def test_a_row_split_at_any_day_is_the_row(options: dict[str, Any], ties: Any) -> None:
    if ties == "exact" and "weight" in options:
        options = {"strata": True}
    outcome, x = cohort(12, 30, **options)
    split, rows = cut_at(outcome, 5.0)
    robust = "weight" in options
    same(cox(split, x[rows], ties=ties, robust=robust), cox(outcome, x, ties=ties, robust=robust))


@pytest.mark.parametrize("options", [{}, {"strata": True}, {"start_days": True, "cluster": True}])
def test_whole_weights_are_copies_under_breslow(options: dict[str, Any]) -> None:
    outcome, x = cohort(13, **options)
    counts = np.random.default_rng(1).integers(1, 4, size=len(outcome))
    rows = np.repeat(np.arange(len(outcome)), counts)
    weighted = TimeToEvent(
        outcome.time_days, outcome.event, outcome.start_days, counts, outcome.cluster, outcome.strata
    )
    a, b = cox(weighted, x, ties="breslow"), cox(outcome.take(rows), x[rows], ties="breslow")
    same(a, b)
    assert a.loglik == pytest.approx(b.loglik)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_weights_of_two_keep_coefficients_and_robust_errors_and_double_the_gain(ties: Any) -> None:
    outcome, x = cohort(14)
    ones, twos = (
        cox(TimeToEvent(outcome.time_days, outcome.event, weight=np.full(len(outcome), w)), x, ties=ties, robust=True)
        for w in (1.0, 2.0)
    )
    same(ones, twos)
    assert twos.likelihood_ratio_test == pytest.approx(2.0 * ones.likelihood_ratio_test)
    outcome, _ = cohort(14, weight=True)
    scaled = TimeToEvent(outcome.time_days, outcome.event, weight=outcome.weights * 7.3)
    same(cox(outcome, x, ties=ties), cox(scaled, x, ties=ties))


def test_rows_of_weight_zero_are_not_there() -> None:
    outcome, x = cohort(15)
    keep = np.arange(len(outcome)) % 5 > 0
    weighted = cox(TimeToEvent(outcome.time_days, outcome.event, weight=keep), x, offset=np.arange(len(x)) / 50)
    left = cox(outcome.take(keep), x[keep], offset=np.arange(len(x))[keep] / 50)
    same(weighted, left)
    assert (weighted.n, weighted.events) == (left.n, left.events)


def test_an_offset_is_a_coefficient_that_is_known() -> None:
    outcome, x = cohort(16)
    fit = cox(outcome, x)
    rest = cox(outcome, x[:, 1], offset=x[:, 0] * fit.coefficients[0] + 100.0)
    assert rest.coefficients[0] == pytest.approx(fit.coefficients[1], abs=1e-9)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_late_entry_into_an_almost_empty_risk_set_keeps_its_digits(ties: Any) -> None:
    # Going back in time, hundreds of high risks leave the sums, and few patients of low risk stay in them.
    outcome, x = cohort(22, 200, cluster=True)
    early, rows = cohort(23, 12)
    time = np.concatenate([early.time_days, early.time_days.max() + outcome.time_days])
    event, start = np.concatenate([early.event, outcome.event]), np.repeat([0.0, early.time_days.max()], [12, 200])
    risk, cluster = np.repeat([0.0, 25.0], [12, 200]), np.concatenate([np.arange(12), 12 + outcome.cluster])  # type: ignore[operator]
    both, half = np.concatenate([rows, x]), np.repeat([0, 1], [12, 200])
    together = cox(TimeToEvent(time, event, start, cluster=cluster), both, offset=risk, ties=ties)
    apart = cox(TimeToEvent(time, event, start, cluster=cluster, strata=half), both, offset=risk, ties=ties)
    same(together, apart, rel=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from(["efron", "breslow"]))
def test_at_the_maximum_the_score_is_zero_and_the_gain_positive(seed: int, ties: Any) -> None:
    outcome, x = cohort(seed, 30)
    fit = cox(outcome, x, ties=ties)
    assert fit.loglik >= fit.loglik_null
    for k in (0, 1):
        for shift in (-1e-3, 1e-3):
            moved = fit.coefficients.copy()
            moved[k] += shift
            there = cox(outcome, np.random.default_rng(0).normal(size=len(x)), offset=x @ moved, ties=ties)
            assert there.loglik_null <= fit.loglik + 1e-9


def test_a_table_lends_its_names_and_effects_read_as_hazard_ratios() -> None:
    outcome, x = cohort(17, 200)
    fit = cox(outcome, pd.DataFrame(x, columns=["size", "upfront"]))
    first, second = fit.effects(level=0.9, endpoint="overall survival")
    assert (first.name, second.name, first.measure) == ("size", "upfront", "hazard ratio")
    assert second.estimate == pytest.approx(math.exp(fit.coefficients[1]))
    assert (first.n, first.events, first.level) == (200, fit.events, 0.9)
    assert "Efron" in first.method
    assert "model-based" in first.method
    statistic, df, p = fit.wald_p_value(["size", "upfront"])
    assert (statistic, df) == (pytest.approx(fit.wald_test), 2)
    assert fit.wald_p_value(["upfront"])[2] == pytest.approx(second.p_value)
    assert 0.0 <= p <= 1.0


def test_a_coefficient_beyond_all_numbers_has_an_infinite_limit() -> None:
    outcome, x = cohort(18)
    fit = cox(outcome, x * 1e-4)
    assert fit.effects()[0].high == math.inf


def test_the_variance_says_what_it_is() -> None:
    for options, words in (
        ({}, "model-based"),
        ({"weight": True}, "robust over rows"),
        ({"cluster": True}, "robust over clusters"),
    ):
        outcome, x = cohort(19, **options)
        assert cox(outcome, x).variance == words
    outcome, x = cohort(19, cluster=True)
    assert cox(outcome, x, robust=False).variance == "model-based"


DAYS, DIED = [1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0, 1]


@pytest.mark.parametrize(
    ("outcome", "x", "changes", "error", "words"),
    [
        (TimeToEvent(DAYS, [0] * 6), range(6), {}, NothingToCompare, "No event came in 6 rows"),
        (TimeToEvent(DAYS, DIED), [3] * 6, {}, BadColumn, "x1 is the same in all 6 rows"),
        (TimeToEvent(DAYS, DIED), [[1e9 + 1, 1]] * 6, {}, BadColumn, "x1 is the same"),
        (TimeToEvent(DAYS, DIED), [1, 2, None, 4, 5, 6], {}, BadColumn, "x1 is missing or infinite in 1 of 6"),
        (TimeToEvent(DAYS, DIED), list("abcdef"), {}, BadColumn, "text or empty fields"),
        (TimeToEvent(DAYS, DIED), [1e300, 2, 3, 4, 5, 6], {}, BadColumn, "larger units"),
        (TimeToEvent(DAYS, DIED), [1, 2], {}, BadColumn, "shape"),
        (TimeToEvent(DAYS, DIED), np.zeros((6, 0)), {}, BadColumn, "at least one column"),
        (TimeToEvent(DAYS, [1, 1, 2, 0, 0, 1]), range(6), {}, BadColumn, "neither 0 nor 1"),
        (TimeToEvent(DAYS, DIED), range(6), {"names": ["a", "b"]}, BadSetting, "2 different names came for 1"),
        (TimeToEvent(DAYS, DIED), range(6), {"ties": "Efron"}, BadSetting, '"Efron" came'),
        (TimeToEvent(DAYS, DIED), range(6), {"ties": "exact", "robust": True}, BadSetting, "exact rule"),
        (TimeToEvent(DAYS, DIED, weight=DAYS), range(6), {"ties": "exact"}, BadSetting, "exact rule"),
        (TimeToEvent(DAYS, DIED, [0] * 6), range(6), {"robust": True}, BadSetting, "without cluster"),
        (TimeToEvent(DAYS, DIED, cluster=[1] * 6), [1, 0, 1, 0, 0, 1], {}, NothingToCompare, "1 clusters came"),
        (TimeToEvent(DAYS, DIED, strata=[1, 1, 2, 2, 3, 3]), [1, 1, 2, 2, 3, 3], {}, NothingToCompare, "does not vary"),
        (TimeToEvent(DAYS, DIED, strata=DAYS), range(6), {}, NothingToCompare, "does not vary"),
        (TimeToEvent([3], [1]), [2], {}, BadColumn, "the same in all 1 rows"),
        (TimeToEvent(DAYS, DIED), [[k, k * k, 3 * k - k * k] for k in range(6)], {}, NotConverged, "x3 follows from"),
        (TimeToEvent(DAYS, [1, 1, 1, 0, 0, 0]), [1, 1, 1, 0, 0, 0], {}, NotConverged, "rises without end along x1"),
        (TimeToEvent(DAYS, DIED), [6, 5, 4, 3, 2, 1], {}, NotConverged, "separation"),
        (TimeToEvent(DAYS, DIED), range(6), {"offset": [0, 0, 0, 0, 0, 9999]}, NotConverged, "offsets too far apart"),
        (TimeToEvent(DAYS, DIED), [1, 0, 1, 0, 0, 1], {"offset": [0, 0, 0, 0, 0, -999]}, NotConverged, "offsets"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_refused_with_its_reason(
    outcome: TimeToEvent, x: Any, changes: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        cox(outcome, list(x) if isinstance(x, range) else x, **changes)


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
def test_separation_is_never_a_number_whatever_the_rest(ties: Any) -> None:
    outcome, x = cohort(20, 30)
    event = np.where(x[:, 1] == 1, outcome.event, 0)  # nobody without x2 has the event
    with pytest.raises(NotConverged, match=r"without end along x2:"):
        cox(TimeToEvent(outcome.time_days, event), x, ties=ties)
    event = np.where(x[:, 1] == 1, 0, outcome.event)
    with pytest.raises(NotConverged, match=r"without end along x2:"):
        cox(TimeToEvent(outcome.time_days, event), x, ties=ties)


@pytest.mark.parametrize("risks", [[1.0, 0.0, 1.0], [1e200, 1e200, 1e200]])
def test_the_exact_rule_says_so_where_its_sums_leave_the_numbers(risks: list[float]) -> None:
    x, sums = np.array([[1.0], [0.0], [1.0]]), np.zeros((1, 1))
    dies, stop, start = np.array([True, True, False]), np.ones(3, np.int64), np.zeros(3, np.int64)
    with np.errstate(over="ignore", invalid="ignore"):
        found = exact_sums(
            x, np.array(risks), dies, stop, start, np.array([True]), np.zeros(0, np.int64), np.zeros(1), sums
        )
    assert found == -math.inf


def test_a_step_that_goes_too_far_is_halved() -> None:
    # A few enormous values of a skewed covariate throw the first step far beyond the maximum.
    rng = np.random.default_rng(18)
    rng.choice([1, 2])
    x = np.exp(rng.choice([1, 3, 5]) * rng.normal(size=8))
    days = np.argsort(np.argsort(rng.exponential(size=8) / (1 + x))) + 1
    event = (rng.uniform(size=8) < 0.8).astype(int)
    event[0] = 1
    fit = cox(TimeToEvent(days, event), x)
    best = minimize_scalar(
        lambda b: -log_likelihood(days.tolist(), event.tolist(), x.tolist(), b, "efron"), bracket=(0, 0.02), tol=1e-12
    )
    assert fit.loglik == pytest.approx(-float(best.fun), abs=1e-9)
    assert fit.coefficients[0] == pytest.approx(float(best.x), rel=1e-5)


def test_without_a_maximum_in_reach_of_its_steps_there_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.environ["NUMBA_DISABLE_JIT"] != "1":
        pytest.skip("a compiled loop keeps its constants")
    monkeypatch.setattr(newton_kernels, "MOST_STEPS", 2)
    outcome, x = cohort(24)
    with pytest.raises(NotConverged, match="No maximum was reached"):
        cox(outcome, x)


@pytest.mark.parametrize(("ties", "weight"), list(product(["efron", "breslow"], [False, True])))
def test_events_at_the_very_end_and_everybody_failing_are_no_trouble(ties: Any, weight: bool) -> None:
    outcome, x = cohort(21, weight=True)
    all_fail = TimeToEvent(outcome.time_days, np.ones(len(x)), weight=outcome.weight if weight else None)
    fit = cox(all_fail, x, ties=ties)
    assert np.isfinite(fit.std_errors).all()
    one_day = TimeToEvent(np.ones(len(x)), outcome.event)
    assert np.isfinite(cox(one_day, x, ties=ties).std_errors).all()
