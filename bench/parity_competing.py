"""Competing risks beside R: cumulative incidence and its two variances, Gray's test, Fine and Gray's model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from bench.parity_case import GOLDEN, Family, Pair, golden
from bench.parity_survival import ARMS, RX, colon
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.cause_specific import cause_specific_cox
from isotherm.study.survival.competing import cumulative_incidence, cumulative_incidence_arms
from isotherm.study.survival.fine_gray import FineGrayFit, fine_gray
from isotherm.study.survival.gray import GrayTest, gray

FIVE = [*RX, "age", "sex", "nodes"]


@cache
def both_events() -> pd.DataFrame:
    """Return one row per patient of the colon trial: 1 recurrence, 2 death without one; columns of make_competing.R."""
    d = colon()
    death = d[d.etype == 2].set_index("id")
    two = d[d.etype == 1].set_index("id").join(death[["time", "status"]].add_prefix("d")).sort_index().reset_index()
    two["ev"] = np.where(two.status == 1, 1, np.where(two.dstatus == 1, 2, 0))
    two["et"] = np.minimum(np.where(two.status == 1, two.time, two.dtime), two.dtime)
    k = np.arange(1, len(two) + 1)
    two["w"] = 0.3 + ((37 * k) % 101) / 50
    two["start"] = np.minimum((53 * k) % 400, two.et - 1)
    two["group"] = (7 * k) % 150
    two["month"] = np.ceil(two.et / 30.4375)
    return two


def later() -> pd.DataFrame:
    """Return those whose first day is not their last: the rows of make_competing.R."""
    two = both_events()
    return two[two.et > 1]


def melanoma() -> pd.DataFrame:
    """Return the melanoma cohort, state 1 death of melanoma, 2 of another cause."""
    d = pd.read_csv(GOLDEN / "MASS_Melanoma.csv")
    d["state"] = d.status.map({1: 1, 2: 0, 3: 2})
    return d


def at_times(where: str, outcome: TimeToEvent, theirs: dict[str, Any], **settings: Any) -> Iterable[Pair]:
    """Yield both causes at the times of R's summary."""
    for cause in (1, 2):
        curve = cumulative_incidence(outcome, cause=cause, **settings)
        found = np.array([curve.at(day) for day in theirs["time"]])
        for column, name in enumerate(("risk", "std_error", "low", "high")):
            if name in theirs:
                yield f"{where} cause {cause} {name}", found[:, column], [row[cause - 1] for row in theirs[name]]


def incidence_pairs() -> Iterable[Pair]:
    """Yield cumulative incidence with the jackknife: arms, intervals, weights, clusters, late entries."""
    two, theirs = both_events(), golden("ref_colon.json")["aalen_johansen"]
    curves = cumulative_incidence_arms(TimeToEvent(two.et, two.ev), two.rx.map(ARMS), cause=1)
    others = cumulative_incidence_arms(TimeToEvent(two.et, two.ev), two.rx.map(ARMS), cause=2)
    for k, pair in enumerate(zip(curves, others, strict=True), start=0):
        rows = range(4 * k, 4 * k + 4)
        for cause, curve in enumerate(pair, start=1):
            found = np.array([curve.at(theirs["time"][row]) for row in rows])
            for column, name in enumerate(("pstate", "std.err", "lower", "upper")):
                yield f"arm {k} cause {cause} {name}", found[:, column], [theirs[name][row][cause] for row in rows]
    two, reference = later(), golden("ref_competing.json")["incidence"]
    plain = TimeToEvent(two.et, two.ev)
    for kind in ("log", "log-log", "plain", "logit"):
        yield from at_times(kind, plain, reference[f"plain_{kind}"], interval=kind)
    outcomes = {
        "weights": TimeToEvent(two.et, two.ev, weight=two.w),
        "weights_cluster": TimeToEvent(two.et, two.ev, weight=two.w, cluster=two.group),
        "late": TimeToEvent(two.et, two.ev, two.start, cluster=two.id),
        "late_weights": TimeToEvent(two.et, two.ev, two.start, two.w, two.id),
        "late_weights_cluster": TimeToEvent(two.et, two.ev, two.start, two.w, two.group),
        "months": TimeToEvent(two.month, two.ev),
        "split": plain,
    }
    for name, outcome in outcomes.items():
        yield from at_times(name, outcome, reference[name])
    small = TimeToEvent([1, 2, 2, 3, 4, 4, 5, 6, 6], [1, 2, 1, 0, 2, 2, 1, 1, 2])
    yield from at_times("to zero", small, reference["to_zero"])


def cuminc_pairs() -> Iterable[Pair]:
    """Yield cumulative incidence with the variance of cmprsk."""
    for name, column in (("days", "et"), ("months", "month")):
        theirs = golden("ref_competing.json")["cuminc"][name]
        yield from cuminc_of(name, [(later()[column], later().ev)], theirs["time"], theirs["risk"], theirs["variance"])
    two, theirs = both_events(), golden("ref_colon.json")["gray"]["timepoints"]
    groups = [(two.et[two.rx == arm], two.ev[two.rx == arm]) for arm in ARMS]
    times = [365, 730, 1095, 1825]
    yield from cuminc_of("arm", groups, times, theirs["est"]["values"], theirs["var"]["values"])
    d, theirs = melanoma(), golden("ref_melanoma.json")["cif"]
    groups = [(d.time[d.ulcer == k], d.state[d.ulcer == k]) for k in (0, 1)]
    # cmprsk carries a curve on beyond its last observation: those with an ulcer are followed to day 3667 or so.
    times = [1000, 2000, 3000]
    est, var = ([row[:3] for row in theirs[name]["values"]] for name in ("est", "var"))
    yield from cuminc_of("melanoma", groups, times, est, var)


def cuminc_of(
    where: str, groups: Sequence[tuple[Any, Any]], times: Sequence[float], risks: Any, variances: Any
) -> Iterable[Pair]:
    """Yield each cause (outer loop) of each group at some times."""
    for cause in (1, 2):
        for k, (time, event) in enumerate(groups):
            curve = cumulative_incidence(TimeToEvent(time, event), cause=cause, variance="Aalen")
            found = np.array([curve.at(day)[:2] for day in times])
            row = (cause - 1) * len(groups) + k
            yield f"{where} {k} cause {cause} risk", found[:, 0], risks[row]
            yield f"{where} {k} cause {cause} variance", found[:, 1] ** 2, variances[row]


def gray_test(where: str, test: GrayTest, theirs: dict[str, Any], cause: int) -> Iterable[Pair]:
    """Yield a test's numbers."""
    ours = [test.chi_square, test.df, test.p_value]
    yield f"{where} cause {cause}", ours, [theirs[name][cause - 1] for name in ("tests", "df", "p")]


def gray_pairs() -> Iterable[Pair]:
    """Yield Gray's test: plain, tied, with rho, among four groups, in few and many strata, of three causes."""
    two, theirs = later(), golden("ref_competing.json")["gray"]
    days, months = TimeToEvent(two.et, two.ev), TimeToEvent(two.month, two.ev)
    by_sex = TimeToEvent(two.month, two.ev, strata=two.sex)
    three = TimeToEvent(two.month, np.where((two.ev == 1) & (two.sex == 1), 3, two.ev))
    many = TimeToEvent(two.month, two.ev, strata=two.extent + 10 * two.obstruct)
    for cause in (1, 2):
        yield from gray_test("days", gray(days, two.rx, cause=cause), theirs["days"], cause)
        yield from gray_test("months", gray(months, two.rx, cause=cause), theirs["months"], cause)
        yield from gray_test("rho 1", gray(days, two.rx, cause=cause, rho=1.0), theirs["rho1"], cause)
        four = gray(months, two.sex + 2 * two.obstruct, cause=cause)
        yield from gray_test("four groups", four, theirs["four"], cause)
        yield from gray_test("strata", gray(by_sex, two.rx, cause=cause, rho=0.5), theirs["strata_rho"], cause)
        yield from gray_test("many strata", gray(many, two.sex, cause=cause), theirs["many_strata"], cause)
    for cause in (1, 2, 3):
        yield from gray_test("three causes", gray(three, two.rx, cause=cause), theirs["three_causes"], cause)
    every, reference = both_events(), golden("ref_colon.json")
    plain, by_sex = TimeToEvent(every.et, every.ev), TimeToEvent(every.et, every.ev, strata=every.sex)
    d = melanoma()
    for cause in (1, 2):
        for name, test, row in (
            ("colon", gray(plain, every.rx, cause=cause), reference["gray"]["tests"][cause - 1]),
            ("colon by sex", gray(by_sex, every.rx, cause=cause), reference["gray_strat_sex"][cause - 1]),
            ("melanoma", gray(TimeToEvent(d.time, d.state), d.ulcer, cause=cause),
             golden("ref_melanoma.json")["gray"][cause - 1]),
        ):  # fmt: skip
            yield f"{name} cause {cause}", [test.chi_square, test.p_value], [row["stat"], row["pv"]]


def fine_gray_numbers(where: str, fit: FineGrayFit, theirs: dict[str, Any]) -> Iterable[Pair]:
    """Yield a fit's numbers."""
    yield f"{where} coefficients", fit.coefficients, theirs["coef"]
    yield f"{where} standard errors", fit.std_errors, theirs["se"]
    yield f"{where} covariance", fit.covariance, np.array(theirs["covariance"])
    yield f"{where} log-likelihoods", [fit.loglik_null, fit.loglik], [theirs["loglik_null"], theirs["loglik"]]


def fine_gray_pairs() -> Iterable[Pair]:
    """Yield subdistribution hazards of both events: days, heavy ties, censoring by group, no censoring, one cause."""
    two, theirs = later().dropna(subset=["nodes"]), golden("ref_competing.json")["fine_gray"]
    x = two[FIVE].to_numpy(float)
    days, months = TimeToEvent(two.et, two.ev), TimeToEvent(two.month, two.ev)
    failed = (two.ev > 0).to_numpy()
    d = melanoma()
    fits = {
        "recurrence": fine_gray(days, x),
        "death": fine_gray(days, x, cause=2),
        "months": fine_gray(months, x),
        "months_death": fine_gray(months, x, cause=2),
        "no_censoring": fine_gray(months.take(failed), x[failed]),
        "no_competing": fine_gray(months.of_cause(1), x),
        "melanoma": fine_gray(TimeToEvent(d.time, d.state), d[["sex", "age", "thickness", "ulcer"]]),
    }
    for name, fit in fits.items():
        yield from fine_gray_numbers(name, fit, theirs[name])


def censoring_group_pairs() -> Iterable[Pair]:
    """Yield a fit with censoring by group, in whose variance cmprsk 2.2.11 leaves out events of the other groups."""
    two, theirs = later().dropna(subset=["nodes"]), golden("ref_competing.json")["fine_gray"]["censoring_groups"]
    fit = fine_gray(TimeToEvent(two.month, two.ev), two[FIVE], censoring_group=two.sex)
    yield from fine_gray_numbers("censoring groups", fit, theirs)


def default_stop_pairs() -> Iterable[Pair]:
    """Yield fits beside those of crr as it stops by default, and cause-specific models."""
    two, reference = both_events().dropna(subset=["nodes"]), golden("ref_colon.json")
    outcome = TimeToEvent(two.et, two.ev)
    for cause, name in ((1, "finegray_recur"), (2, "finegray_death")):
        fit, theirs = fine_gray(outcome, two[FIVE], cause=cause), reference[name]
        yield f"{name} coefficients", fit.coefficients, list(theirs["coef"].values())
        yield f"{name} standard errors", fit.std_errors, list(theirs["se"].values())
        specific, theirs = cause_specific_cox(outcome, two[FIVE], cause=cause), reference[f"cause_specific_{cause}"]
        yield f"cause-specific {cause} coefficients", specific.coefficients, list(theirs["coef"].values())
        yield f"cause-specific {cause} standard errors", specific.std_errors, list(theirs["se"].values())
    d, theirs = melanoma(), golden("ref_melanoma.json")["finegray"]
    fit = fine_gray(TimeToEvent(d.time, d.state), d[["sex", "age", "thickness", "ulcer"]])
    yield "melanoma coefficients", fit.coefficients, list(theirs["coef"].values())
    yield "melanoma standard errors", fit.std_errors, list(theirs["se"].values())


FAMILIES = (
    Family("cumulative incidence, jackknife (survfit)", 1e-8, incidence_pairs),
    Family("cumulative incidence, variance of cmprsk", 1e-8, cuminc_pairs),
    Family("Gray's test: rho, strata, causes", 1e-8, gray_pairs),
    Family("Fine-Gray, fully converged", 1e-8, fine_gray_pairs),
    Family("Fine-Gray, censoring by group (cmprsk's variance differs)", 1e-5, censoring_group_pairs),
    Family("Fine-Gray as crr stops; cause-specific Cox", 1e-6, default_stop_pairs),
)
"""Against the files of make_reference.R and make_competing.R."""
