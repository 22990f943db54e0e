"""Multiple imputation: observed values stay, gaps get values of other patients, and bias from missingness goes away."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.errors import BadColumn, BadSetting, NotConverged
from isotherm.outcome import TimeToEvent
from isotherm.study import imputation
from isotherm.study.design_matrix import design_matrix
from isotherm.study.imputation import impute, over_imputations
from isotherm.study.matching import match_nearest
from isotherm.study.propensity import propensity
from isotherm.study.survival.cox import cox
from tests.study import lalonde

NHANES = pd.read_csv(lalonde.GOLDEN / "mice_nhanes2.csv")


@cache
def gappy(n: int = 120) -> pd.DataFrame:
    """A table in which a number, a category, a yes/no and whole numbers are missing depending on what is seen."""
    random = np.random.default_rng(3)
    y = random.normal(size=n)
    x = y + 0.5 * random.normal(size=n)
    kind = np.array(["colon", "rectum", "breast"])[(np.digitize(y + random.normal(size=n), [-0.7, 0.7]))]
    yes = random.random(n) < 1 / (1 + np.exp(-2 * y))
    table = pd.DataFrame({"y": y, "x": x, "kind": kind, "yes": yes.astype(object), "count": np.rint(5 + x)})
    table["arm"] = random.integers(0, 2, n)
    high = y > 0.3
    for name, share in (("x", 0.7), ("kind", 0.4), ("yes", 0.5), ("count", 0.3)):
        table.loc[high & (random.random(n) < share), name] = None
    return table


COVARIATES = ["x", "kind", "yes", "count"]


@cache
def done() -> imputation.Imputed:
    return impute(gappy(), COVARIATES, predictors=["y", "arm"], seed=1, m=5, rounds=2)


def test_what_was_seen_stays_and_every_gap_gets_a_value_that_somebody_has() -> None:
    before = gappy()
    for table in done().tables:
        assert not table[COVARIATES].isna().any().any()
        for name in COVARIATES:
            seen = before[name].notna()
            assert table.loc[seen, name].tolist() == before.loc[seen, name].tolist()
            assert set(table[name]) <= set(before.loc[seen, name])
        assert table[["y", "arm"]].equals(before[["y", "arm"]])
        assert table.columns.tolist() == before.columns.tolist()
    assert done().filled == tuple((name, int(before[name].isna().sum())) for name in COVARIATES)
    assert done().incomplete_rows == int(before[COVARIATES].isna().any(axis=1).sum())


def test_the_data_sets_differ_and_are_those_of_the_seed() -> None:
    again = impute(gappy(), COVARIATES, predictors=["y", "arm"], seed=1, m=5, rounds=2)
    other = impute(gappy(), COVARIATES, predictors=["y", "arm"], seed=2, m=5, rounds=2)
    assert all(one.equals(two) for one, two in zip(done().tables, again.tables, strict=True))
    assert not done().tables[0].equals(done().tables[1])
    assert not done().tables[0].equals(other.tables[0])


def test_a_mean_that_missing_values_have_biased_is_found_again() -> None:
    # x is seen where y is low: its complete-case mean is about 0.4 too low, its true mean that of y.
    table = gappy()
    gone = table["x"].isna()

    def mean(completed: pd.DataFrame) -> tuple[float, float]:
        values = completed["x"].to_numpy(dtype=float)
        return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))

    found = over_imputations(done(), mean, complete_freedom=119)
    truth = table["y"].mean()
    assert table.loc[~gone, "x"].mean() < truth - 0.2
    assert found.interval()[0] < truth < found.interval()[1]
    assert found.between > 0.0
    assert found.standard_error > np.sqrt(found.within)


def test_associations_with_the_outcome_are_kept() -> None:
    slopes = [np.polyfit(table["y"], table["x"], 1)[0] for table in done().tables]
    shares = [table.loc[table["y"] > 0.3, "yes"].astype(float).mean() for table in done().tables]
    assert np.mean(slopes) == pytest.approx(1.0, abs=0.15)
    assert np.mean(shares) > 0.75


def test_matching_inside_each_data_set_is_one_function() -> None:
    random = np.random.default_rng(0)
    table = gappy().assign(days=np.ceil(random.exponential(size=120) * 100), event=random.integers(0, 2, 120))

    def matched_cox(completed: pd.DataFrame) -> tuple[float, float]:
        scores = propensity(design_matrix(completed, ["x", "y"]), completed["arm"])
        kept = match_nearest(scores, caliper=None, estimand="ATT").matched
        outcome = TimeToEvent(completed["days"].to_numpy()[kept], completed["event"].to_numpy()[kept])
        fit = cox(outcome, completed["arm"].to_numpy(dtype=float)[kept])
        return float(fit.coefficients[0]), float(fit.std_errors[0])

    filled = impute(table, ["x"], predictors=["y", "arm", "event"], seed=5, m=3, rounds=1)
    found = over_imputations(filled, matched_cox, complete_freedom=int(table["event"].sum()) - 1)
    assert found.m == 3
    assert np.isfinite(found.interval()).all()


def test_a_data_set_that_cannot_be_analyzed_is_never_left_out() -> None:
    def fails(_: pd.DataFrame) -> tuple[float, float]:
        raise NotConverged("no maximum")

    with pytest.raises(NotConverged):
        over_imputations(done(), fails)


def test_a_small_table_with_many_gaps_is_filled_and_a_warning_asks_for_more_data_sets() -> None:
    found = impute(
        NHANES.assign(row=np.arange(25)), ["bmi", "hyp", "chl"], predictors=["age", "row"], seed=0, m=5, rounds=3
    )
    assert found.incomplete_rows == 12
    assert "48 % of the rows are incomplete; 48 data sets" in found.warnings[0]
    assert set(found.tables[0]["hyp"]) == {"no", "yes"}
    assert "5 data sets, 3 rounds" in found.method


def test_without_gaps_nothing_is_filled() -> None:
    found = impute(lalonde.table(), "age", predictors=["treat"], seed=0, m=2)
    assert found.filled == ()
    assert found.warnings == ()
    assert found.tables[1].equals(lalonde.table())


def test_a_column_that_repeats_another_is_no_obstacle() -> None:
    table = gappy().assign(again=lambda t: t["y"])
    found = impute(table, ["x"], predictors=["y", "again"], seed=0, m=2, rounds=1)
    assert not found.tables[0]["x"].isna().any()


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"m": 1}, BadSetting, "m=1"),
        ({"predictors": []}, BadSetting, "none was named"),
        ({"predictors": ["x"]}, BadSetting, "'x' is a covariate as well"),
        ({"predictors": ["kind"]}, BadColumn, "'kind' is missing in"),
        ({"covariates": ["nothing"]}, BadColumn, "'nothing' is not a column"),
        ({"covariates": ["empty"]}, BadColumn, "'empty' is missing in all but 0 rows"),
    ],
)
def test_what_cannot_be_imputed_is_refused(settings: dict[str, Any], error: Any, says: str) -> None:
    table = gappy().assign(empty=np.nan)
    with pytest.raises(error, match=says):
        impute(table, **{"covariates": ["x"], "predictors": ["y"], "seed": 0, **settings})


def test_a_yes_no_that_cannot_be_predicted_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imputation, "fit_logistic", lambda *_: (1, 1000, 0.0))
    with pytest.raises(BadColumn, match="cannot be predicted"):
        impute(gappy(), ["yes"], predictors=["y"], seed=0)
