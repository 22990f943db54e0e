"""The bootstrap: the same by seed for any number of workers, failures counted, and equal to the analysis by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.errors import BadColumn, BadSetting, NoOverlap, NotConverged, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study import pipeline_kernels
from isotherm.study.design_matrix import DesignMatrix, design_matrix
from isotherm.study.matched import Caliper
from isotherm.study.matching import match_nearest
from isotherm.study.propensity import propensity
from isotherm.study.resample import Bootstrap, bootstrap, resampling
from isotherm.study.resample_matched import bootstrap_matched_cox
from isotherm.study.survival.cox import cox

FEW = 24


@cache
def cohort(n: int = 90) -> pd.DataFrame:
    random = np.random.default_rng(7)
    x = random.normal(size=(n, 2))
    treated = random.random(n) < 1 / (1 + np.exp(0.9 - x @ [0.6, -0.4]))
    days = np.ceil(random.exponential(size=n) * np.exp(-0.4 * x[:, 0]) * 30)
    return pd.DataFrame(
        {"a": x[:, 0], "b": x[:, 1], "treat": treated.astype(int), "days": days, "event": (random.random(n) < 0.7) * 1,
         "site": random.integers(0, 3, n)}
    )  # fmt: skip


def design(table: pd.DataFrame | None = None) -> DesignMatrix:
    return design_matrix(cohort() if table is None else table, ["a", "b"])


def outcome(table: pd.DataFrame | None = None) -> TimeToEvent:
    table = cohort() if table is None else table
    return TimeToEvent(table["days"].to_numpy(), table["event"].to_numpy())


def run(**settings: Any) -> Bootstrap:
    return bootstrap_matched_cox(design(), cohort()["treat"], outcome(), **{"seed": 3, "replicates": FEW, **settings})


def by_hand(rows: Any, *, adjust: bool, settings: dict[str, Any]) -> tuple[float, float]:
    """One replicate through the doors that everybody uses."""
    table = cohort().iloc[rows]
    own = {**settings, "exact": table["site"]} if "exact" in settings else settings
    matched = match_nearest(propensity(design(table), table["treat"]), **own)
    kept = matched.matched
    whole = TimeToEvent(
        table["days"].to_numpy()[kept],
        table["event"].to_numpy()[kept],
        weight=matched.weight[kept],
        cluster=matched.cluster[kept],
    )
    fit = cox(whole, table[["treat", "b"] if adjust else ["treat"]].to_numpy(dtype=float)[kept], robust=True)
    return float(fit.coefficients[0]), float(fit.std_errors[0])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"scale": "probability", "caliper": Caliper(0.3, "pooled sd"), "order": "smallest"},
        {"caliper": None, "ratio": 2, "order": "data"},
        {"caliper": Caliper(0.4, "absolute"), "ratio": 2, "replace": True},
        {"estimand": "ATC", "replace": True},
        {"caliper": Caliper(0.6), "exact": cohort()["site"]},
    ],
)
@pytest.mark.parametrize("adjust", [False, True])
def test_every_replicate_is_the_analysis_done_by_hand(settings: dict[str, Any], adjust: bool) -> None:
    more = {"adjust": cohort()[["b"]].to_numpy()} if adjust else {}
    found = run(**settings, **more)
    plan = resampling(len(cohort()), seed=3, replicates=FEW)
    assert found.estimate == pytest.approx(by_hand(np.arange(90), adjust=adjust, settings=settings)[0], abs=1e-10)
    for k in range(6):
        estimate, error = by_hand(plan.rows(k), adjust=adjust, settings=settings)
        assert found.values[k] == pytest.approx(estimate, abs=1e-8)
        assert found.std_errors[k] == pytest.approx(error, abs=1e-8)
    assert any("not valid" in remark for remark in found.remarks) == settings.get("replace", False)


def test_the_result_depends_on_the_seed_and_not_on_the_number_of_workers() -> None:
    one, three = run(workers=1), run(workers=3)
    assert one.values.tobytes() == three.values.tobytes()
    assert one.std_errors.tobytes() == three.std_errors.tobytes()
    assert run(seed=4).values.tobytes() != one.values.tobytes()


def test_a_replicate_draws_from_the_child_that_spawning_gives_at_its_place() -> None:
    plan = resampling(50, seed=11, replicates=3)
    for k, child in enumerate(np.random.SeedSequence(11).spawn(3)):
        drawn = np.random.Generator(np.random.PCG64(child)).integers(0, 50, 50)
        assert np.array_equal(plan.rows(k), np.sort(drawn))


def test_within_strata_every_stratum_keeps_its_size() -> None:
    site = cohort()["site"].to_numpy()
    plan = resampling(90, seed=0, replicates=5, strata=site)
    for k in range(5):
        assert np.array_equal(np.bincount(site[plan.rows(k)]), np.bincount(site))
    assert run(strata=site).values.tobytes() != run().values.tobytes()


def test_clusters_are_drawn_with_all_their_rows() -> None:
    patient = np.repeat(np.arange(30), 3)
    plan = resampling(90, seed=0, replicates=4, cluster=patient, strata=np.repeat([0, 1], 45))
    for k in range(4):
        rows = plan.rows(k)
        assert len(rows) == 90
        counts = np.bincount(rows, minlength=90).reshape(30, 3)
        assert (counts == counts[:, :1]).all()


def test_a_cluster_lies_in_one_stratum() -> None:
    with pytest.raises(BadSetting, match="two strata"):
        resampling(4, seed=0, cluster=[0, 0, 1, 1], strata=[0, 1, 1, 1])


@pytest.mark.parametrize("settings", [{"n": 0}, {"seed": -1}, {"replicates": 0}])
def test_a_bootstrap_needs_rows_a_seed_and_replicates(settings: Any) -> None:
    with pytest.raises(BadSetting, match="wanted"):
        resampling(**{"n": 5, "seed": 0, "replicates": 5, **settings})


def test_the_mean_of_normal_values_has_its_standard_error_and_intervals() -> None:
    values = np.random.default_rng(0).normal(size=200)
    found = bootstrap(lambda rows: float(values[rows].mean()), resampling(200, seed=1, replicates=800), workers=2)
    assert found.estimate == values.mean()
    assert found.standard_error == pytest.approx(values.std() / np.sqrt(200), rel=0.1)
    low, high = found.percentile()
    assert low == pytest.approx(found.normal()[0], abs=0.03)
    assert high == pytest.approx(found.normal()[1], abs=0.03)
    assert low == pytest.approx(np.quantile(found.values, 0.025))
    assert np.isnan(found.std_errors).all()
    assert found.failure_words == "no failure"


def test_failures_are_counted_by_their_reason_and_never_skipped_silently() -> None:
    def sometimes(rows: Any) -> float:
        if rows[0] == 0 and len(set(rows.tolist())) < 5:
            raise NotConverged("no maximum")
        if rows[-1] == 4 and rows[0] == 1:
            raise BadColumn("constant")
        return float(rows.mean())

    found = bootstrap(sometimes, resampling(5, seed=5, replicates=200))
    reasons = dict(found.failures)
    assert set(reasons) == {BadColumn.in_short, NotConverged.in_short}
    assert sum(reasons.values()) == np.isnan(found.values).sum() == found.n_failed
    assert found.n_worked + found.n_failed == 200
    assert found.many_failed_words.startswith(f"{found.n_failed} of 200 bootstrap replicates failed (")
    assert f"a fit without a finite maximum: {reasons[NotConverged.in_short]}" in found.failure_words
    assert np.isfinite(found.percentile()).all()


def test_too_few_replicates_that_worked_give_no_interval() -> None:
    with pytest.raises(NothingToCompare, match="19 of 19 replicates worked"):
        run(replicates=19)
    with pytest.raises(ValueError, match="its reason"):
        Bootstrap(0.0, np.full(30, np.nan), np.full(30, np.nan), (), 0)


def test_an_analysis_that_fails_on_the_data_themselves_fails() -> None:
    with pytest.raises(NoOverlap, match="within the caliper"):
        run(caliper=Caliper(1e-12, "absolute"))


def test_a_bug_in_an_analysis_is_no_failure_of_the_data() -> None:
    with pytest.raises(ZeroDivisionError):
        bootstrap(lambda rows: float(1 // (0 if rows[0] else 1)), resampling(5, seed=5, replicates=50))


def test_workers_are_one_or_more() -> None:
    with pytest.raises(BadSetting, match="0 workers"):
        run(workers=0)


def test_rare_patients_make_failures_of_the_pipeline_that_are_counted_by_kind() -> None:
    # Four treated among sixteen, few events: drawn samples lack an arm, an event, or anybody within the caliper.
    random = np.random.default_rng(10)
    table = pd.DataFrame({"a": random.normal(size=16).round(1), "b": random.integers(0, 2, 16)})
    table["treat"] = [*([1] * 4), *([0] * 12)]
    table["days"], table["event"] = random.integers(1, 9, 16), (random.random(16) < 0.45) * 1
    found = bootstrap_matched_cox(
        design(table), table["treat"], outcome(table), seed=1, replicates=400, caliper=Caliper(0.1, "absolute"),
        replace=True, ratio=2,
    )  # fmt: skip
    assert set(dict(found.failures)) == {NoOverlap.in_short, NotConverged.in_short, NothingToCompare.in_short}
    assert "Firth's" in found.remarks[0]


def test_a_propensity_without_a_maximum_is_a_failure_of_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run()
    monkeypatch.setattr(pipeline_kernels, "fit_logistic", lambda *_: (1, 50, 0.0))
    with pytest.raises(NothingToCompare, match=f"a fit without a finite maximum: {FEW}"):
        run()
    assert whole.n_failed == 0
    assert whole.many_failed_words == ""


def test_an_outcome_has_a_row_per_row_of_the_table_and_nothing_that_the_pipeline_ignores() -> None:
    treat = cohort()["treat"]
    with pytest.raises(BadColumn, match="89 rows"):
        bootstrap_matched_cox(design(), treat, outcome(cohort().iloc[1:]), seed=0)
    weighted = TimeToEvent(cohort()["days"].to_numpy(), cohort()["event"].to_numpy(), weight=np.ones(90))
    with pytest.raises(BadSetting, match="no late entries"):
        bootstrap_matched_cox(design(), treat, weighted, seed=0)


def test_incomplete_rows_are_left_out_of_every_replicate() -> None:
    table = cohort().copy()
    table.loc[[2, 5], "a"] = np.nan
    found = bootstrap_matched_cox(design(table), table["treat"], outcome(table), seed=3, replicates=FEW)
    fewer = cohort().drop(index=[2, 5])
    again = bootstrap_matched_cox(design(fewer), fewer["treat"], outcome(fewer), seed=3, replicates=FEW)
    assert found.values.tobytes() == again.values.tobytes()
