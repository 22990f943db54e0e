"""Survival beside R: Kaplan-Meier, log-rank, Cox, its residuals, the test of proportional hazards, restricted means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from bench.parity_case import GOLDEN, Family, Pair, golden
from isotherm.outcome import Curve, TimeToEvent
from isotherm.study.survival.baseline import baseline
from isotherm.study.survival.concordance import concordance
from isotherm.study.survival.cox import CoxFit, cox
from isotherm.study.survival.cox_residuals import deviance, dfbeta, martingale, schoenfeld
from isotherm.study.survival.kaplan_meier import kaplan_meier, kaplan_meier_arms, quantile
from isotherm.study.survival.logrank import LogRank, logrank
from isotherm.study.survival.nelson_aalen import nelson_aalen
from isotherm.study.survival.proportional_hazards import proportional_hazards
from isotherm.study.survival.rmst import restricted_mean

INTERVALS = ("log", "log-log", "plain", "logit", "arcsin")
ARMS = {"Obs": "0 Obs", "Lev": "1 Lev", "Lev+5FU": "2 Lev+5FU"}
RX = ["rxLev", "rx5FU"]


def colon() -> pd.DataFrame:
    """Return the colon trial, two rows per patient; Obs is the reference of rx."""
    d = pd.read_csv(GOLDEN / "survival_colon.csv")
    d["rxLev"], d["rx5FU"] = (d.rx == "Lev") * 1.0, (d.rx == "Lev+5FU") * 1.0
    d["arm"] = d.rx.map(ARMS)
    return d


def colon_deaths() -> pd.DataFrame:
    """Return the rows of deaths: one for each patient."""
    d = colon()
    return d[d.etype == 2]


def lung() -> pd.DataFrame:
    """Return the lung trial, status 1 for a death."""
    d = pd.read_csv(GOLDEN / "survival_lung.csv")
    d["status"] -= 1
    return d


def weighted_colon() -> pd.DataFrame:
    """Return the colon trial with the weights, entries and offsets of make_weighted.R."""
    d = colon().dropna(subset=["nodes"])
    k = np.arange(1, len(d) + 1)
    d["w"] = 0.3 + ((37 * k) % 101) / 50
    d["start"] = np.minimum((53 * k) % 400, d.time - 1)
    d["shift"] = ((17 * k) % 23) / 23 - 0.5
    d["month"] = np.ceil(d.time / 30.4375)
    return d[(d.time > 1) & (d.start >= 0)]


def curve_pairs(where: str, ours: Sequence[Curve], theirs: dict[str, Any]) -> Iterable[Pair]:
    """Yield the columns of Kaplan-Meier curves; R's names in make_reference.R and make_weighted.R differ."""
    for attribute, names in (
        ("times_days", ("time",)),
        ("survival", ("surv",)),
        ("std_error", ("std.err", "std_error")),
        ("low", ("lower", "low")),
        ("high", ("upper", "high")),
        ("at_risk", ("n.risk", "at_risk")),
    ):
        key = next(name for name in names if name in theirs)
        yield f"{where} {attribute}", np.concatenate([getattr(curve, attribute) for curve in ours]), theirs[key]


def kaplan_meier_pairs() -> Iterable[Pair]:
    """Yield the curves of both trials under each kind of interval, and the quantiles."""
    reference, d = golden("ref_colon.json"), colon_deaths()
    outcome = TimeToEvent(d.time, d.status)
    for kind in INTERVALS:
        curves = kaplan_meier_arms(outcome, d.arm, interval=kind)
        yield from curve_pairs(f"colon {kind}", curves, reference[f"km_rx_{kind}"])
    curves = kaplan_meier_arms(outcome, d.arm)
    for share, row in zip((0.25, 0.5, 0.75), reference["quantiles"], strict=True):
        for k, name in enumerate(("quantile", "lower", "upper")):
            theirs = [value[0] for value in row[name]["values"]]
            yield f"colon quantile {share} {name}", [quantile(curve, share)[k] for curve in curves], theirs
    reference, d = golden("ref_lung.json"), lung()
    for kind in INTERVALS[:3]:
        curves = kaplan_meier_arms(TimeToEvent(d.time, d.status), d.sex, interval=kind)
        yield from curve_pairs(f"lung {kind}", curves, reference[f"km_sex_{kind}"])


def logrank_pairs_of(where: str, ours: LogRank, theirs: dict[str, Any]) -> Iterable[Pair]:
    """Yield a test's statistic and what went into it."""
    yield f"{where} chi-square", ours.chi_square, theirs.get("chisq", theirs.get("chi_square"))
    if "p" in theirs:
        yield f"{where} p", ours.p_value, theirs["p"]
    if "var" in theirs:
        yield f"{where} variance", ours.variance, np.array(theirs["var"])
    for name, keys in (("observed", ("obs", "observed")), ("expected", ("exp", "expected"))):
        for key in keys:
            if key in theirs:
                yield f"{where} {name}", getattr(ours, name), theirs[key]


def logrank_golden_pairs() -> Iterable[Pair]:
    """Yield the plain, the stratified and the weighted test."""
    reference, d = golden("ref_colon.json"), colon_deaths()
    plain, by_sex = TimeToEvent(d.time, d.status), TimeToEvent(d.time, d.status, strata=d.sex)
    yield from logrank_pairs_of("colon", logrank(plain, d.arm), reference["logrank"])
    yield from logrank_pairs_of("colon rho 1", logrank(plain, d.arm, rho=1.0), reference["peto_rho1"])
    yield from logrank_pairs_of("colon by sex", logrank(by_sex, d.arm), reference["logrank_strat_sex"])
    reference, d = golden("ref_lung.json"), lung()
    yield from logrank_pairs_of("lung", logrank(TimeToEvent(d.time, d.status), d.sex), reference["logrank_sex"])
    d = d.dropna(subset=["inst"])
    by_site = logrank(TimeToEvent(d.time, d.status, strata=d.inst), d.sex)
    yield from logrank_pairs_of("lung by site", by_site, reference["logrank_strat_inst"])


def cox_pairs(where: str, fit: CoxFit, theirs: dict[str, Any]) -> Iterable[Pair]:
    """Yield everything that a fit prints, but the tests: they are a family of their own."""
    flat = {k: list(v.values()) if isinstance(v, dict) else v for k, v in theirs.items()}
    yield f"{where} n", fit.n, flat["n"]
    yield f"{where} coefficients", fit.coefficients, flat["coef"]
    yield f"{where} standard errors", fit.std_errors, flat["se"]
    if "naive_se" in flat:
        yield f"{where} model standard errors", np.sqrt(np.diag(fit.model_covariance)), flat["naive_se"]
    log_likelihoods = flat["loglik"] if isinstance(flat["loglik"], list) else [fit.loglik_null, flat["loglik"]]
    yield f"{where} log-likelihoods", [fit.loglik_null, fit.loglik], log_likelihoods
    yield f"{where} score test", fit.score_test, flat["score_test"]
    if fit.ties != "exact":
        index = flat["concordance"][0] if isinstance(flat["concordance"], list) else flat["concordance"]
        yield f"{where} concordance", concordance(fit), index


def cox_of(
    d: pd.DataFrame, columns: list[str], *, time: str = "time", event: str = "status", **settings: Any
) -> CoxFit:
    """Fit a model to the rows that are complete in all that it uses."""
    roles = ("start_days", "weight", "cluster", "strata")
    parts = {role: settings.pop(role) for role in roles if role in settings}
    d = d.dropna(subset=[*columns, time, *parts.values()])
    outcome = TimeToEvent(d[time], d[event], **{role: d[name] for role, name in parts.items()})
    if "offset" in settings:
        settings["offset"] = d[settings["offset"]]
    return cox(outcome, d[columns], **settings)


def cox_fits() -> Iterable[tuple[str, CoxFit, dict[str, Any]]]:
    """Yield every unweighted fit of both trials."""
    reference, d = golden("ref_colon.json"), colon_deaths()
    every = [*RX, "sex", "age", "obstruct", "perfor", "adhere", "nodes", "extent"]
    for ties in ("efron", "breslow", "exact"):
        yield f"colon {ties}", cox_of(d, every, ties=ties), reference[f"cox_{ties}"]
    for row in reference["cox_univariable"]:
        yield f"colon {row['var']}", cox_of(d, RX if row["var"] == "rx" else [row["var"]]), row
    four = [*RX, "age", "nodes"]
    yield "colon strata", cox_of(d, four, strata="sex"), reference["cox_strata_sex"]
    both = cox_of(colon(), four, strata="etype", cluster="id")
    yield "colon strata cluster", both, reference["cox_cluster_id_bothevents"]
    yield "colon robust", cox_of(d, four, robust=True), reference["cox_robust"]
    d = d.assign(a=d.rxLev * d.sex, b=d.rx5FU * d.sex)
    yield "colon interaction", cox_of(d, [*RX, "sex", "age", "a", "b"]), reference["cox_interaction_rx_sex"]
    yield "colon start-stop", start_stop_fit(), reference["cox_timedep_recurrence"]
    reference, d = golden("ref_lung.json"), lung()
    for ties in ("efron", "breslow", "exact"):
        fit = cox_of(d, ["sex", "age", "ph.ecog", "ph.karno", "wt.loss"], ties=ties)
        yield f"lung {ties}", fit, reference[f"cox_{ties}"]
    yield "lung cluster", cox_of(d, ["sex", "age", "ph.ecog"], cluster="inst"), reference["cox_cluster_inst"]
    yield "lung strata", cox_of(d, ["sex", "age"], strata="inst"), reference["cox_strata_inst"]


def start_stop_fit() -> CoxFit:
    """Fit death on recurrence, which splits a patient's row at its day."""
    d = colon()
    death = d[d.etype == 2].set_index("id")
    recurrence = d[d.etype == 1].set_index("id")
    days, relapsed = recurrence.time.loc[death.index], recurrence.status.loc[death.index] == 1
    split = relapsed & (days < death.time)
    before = death.assign(
        start=0.0, stop=np.where(split, days, death.time), died=np.where(split, 0, death.status), recur=0.0
    )
    after = death[split].assign(start=days[split], stop=death.time[split], died=death.status[split], recur=1.0)
    rows = pd.concat([before, after]).reset_index()
    settings = {"start_days": "start", "cluster": "id"}
    return cox_of(rows, ["recur", "age", "nodes", *RX], time="stop", event="died", **settings)


def cox_golden_pairs() -> Iterable[Pair]:
    """Yield all fits of the reference."""
    for where, fit, theirs in cox_fits():
        yield from cox_pairs(where, fit, theirs)


def wald_pairs() -> Iterable[Pair]:
    """Yield the Wald tests: R's stop early shows most in them, since small standard errors divide it."""
    for where, fit, theirs in cox_fits():
        yield f"{where} Wald", fit.wald_test, theirs["wald_test"]


def zph_pairs() -> Iterable[Pair]:
    """Yield the score test of proportional hazards under two transforms, a factor as one term."""
    reference = golden("ref_colon.json")
    names = ["sex", "age", "obstruct", "nodes"]
    fit = cox_of(colon_deaths(), [*RX, *names])
    terms = {"rx": RX} | {name: [name] for name in names}
    for transform in ("km", "identity"):
        tests = proportional_hazards(fit, transform=transform, terms=terms)
        for ours, theirs in zip(tests, reference[f"zph_{transform}"], strict=True):
            yield f"colon {transform} {ours.term}", [ours.chi_square, ours.df, ours.p_value], [
                theirs["chisq"], theirs["df"], theirs["p"]
            ]  # fmt: skip


def baseline_pairs() -> Iterable[Pair]:
    """Yield the baseline hazard at some times, and restricted means."""
    reference, d = golden("ref_colon.json"), colon_deaths()
    found = baseline(cox_of(d, [*RX, "age", "nodes"]))
    for row in reference["baseline_cumhaz_uncentered"]:
        at = int(np.searchsorted(found.days, row["time"], side="right")) - 1
        yield f"colon baseline day {row['time']}", found.hazard[at], row["hazard"]
    for arm, row in zip(ARMS, reference["rmst_tau1825"], strict=True):
        mean = restricted_mean(TimeToEvent(d.time, d.status).take((d.rx == arm).to_numpy()), 1825.0)
        yield f"colon restricted mean {arm}", [mean.days, mean.std_error], [row["rmean"], row["se(rmean)"]]


FAMILIES = (
    Family("Kaplan-Meier, five intervals, quantiles", 1e-8, kaplan_meier_pairs),
    Family("log-rank: plain, stratified, rho", 1e-8, logrank_golden_pairs),
    Family("Cox: ties, strata, robust, cluster, start-stop", 1e-8, cox_golden_pairs),
    Family("Cox: Wald tests (R stops at 1e-9 of the log-likelihood)", 1e-6, wald_pairs),
    Family("proportional hazards, km and identity", 1e-6, zph_pairs),
    Family("baseline hazard, restricted means", 1e-8, baseline_pairs),
)
"""Against the files of make_reference.R."""


def weighted_families(reference: dict[str, Any]) -> tuple[Family, ...]:
    """Return the families of make_weighted.R, against its golden file or against fresh results."""
    d = weighted_colon()
    one = d[d.etype == 2]
    fits, tests = reference["cox"], reference["logrank"]
    return (
        Family("weighted Kaplan-Meier, clusters, late entries", 1e-8, lambda: weighted_curves(d, one, reference)),
        Family("quantiles on flat steps", 1e-8, lambda: flat_quantiles(reference["quantiles"])),
        Family("log-rank: rho 0.5, strata and rho, pairs", 1e-8, lambda: weighted_logrank(d, one, tests)),
        Family("Cox: ties x weights x strata x start-stop x cluster", 1e-8, lambda: combinations(d, fits)),
        Family("Cox: offset, exact with late entries and strata", 1e-8, lambda: special_fits(d, one, fits)),
        Family("Cox, fully converged: Wald tests", 1e-8, lambda: combination_wald(d, fits)),
        Family("proportional hazards: all combinations x transforms", 1e-6, lambda: combination_zph(d, fits)),
        Family("residuals and baseline, weighted start-stop", 1e-8, lambda: residual_pairs(one, reference)),
    )


def weighted_curves(d: pd.DataFrame, one: pd.DataFrame, reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield weighted curves with the jackknife over rows and clusters."""
    rows = TimeToEvent(one.time, one.status, weight=one.w)
    clusters = TimeToEvent(d.month, d.status, weight=d.w, cluster=d.id)
    late = TimeToEvent(one.time, one.status, one.start)
    late_clusters = TimeToEvent(d.time, d.status, d.start, d.w, d.id)
    theirs = reference["curve"]
    for kind in INTERVALS:
        yield from curve_pairs(f"weights {kind}", [kaplan_meier(rows, interval=kind)], theirs[f"weights_{kind}"])
        ours = [kaplan_meier(clusters, interval=kind)]
        yield from curve_pairs(f"weights cluster {kind}", ours, theirs[f"weights_cluster_{kind}"])
    for where, outcome in (("late", late), ("late_weights_cluster", late_clusters)):
        yield from curve_pairs(where, [kaplan_meier(outcome)], theirs[where])
    for where, outcome in (("weights_log", rows), ("weights_cluster_log", clusters), ("late", late)):
        hazard = nelson_aalen(outcome)
        yield f"{where} cumulative hazard", hazard.hazard, theirs[where]["cumhaz"]
        yield f"{where} its standard error", hazard.std_error, theirs[where]["std_cumhaz"]


def flat_quantiles(reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield quantiles where a curve lies on their level."""
    days, status = [1, 2, 3, 4, 4, 7, 9, 12], {"s": [1, 1, 0, 1, 1, 1, 0, 0], "always": [1] * 8}
    for name, theirs in reference.items():
        curve = kaplan_meier(TimeToEvent(np.array(days), np.array(status[name])))
        for k, side in enumerate(("quantile", "lower", "upper")):
            ours = [quantile(curve, share)[k] for share in (0.1, 0.25, 0.5, 0.75, 0.9)]
            yield f"{name} {side}", ours, theirs[side]


def weighted_logrank(d: pd.DataFrame, one: pd.DataFrame, reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield log-rank tests beyond make_reference.R; R sorts the arms by name."""
    plain = TimeToEvent(one.time, one.status)
    yield from logrank_pairs_of("rho 0.5", logrank(plain, one.rx.map(str), rho=0.5), reference["rho05"])
    strata = TimeToEvent(one.month, one.status, strata=2 * one.sex + one.adhere)
    test = logrank(strata, one.rx.map(str), rho=1.0)
    yield from logrank_pairs_of("strata rho 1", test, reference["strata_rho1"])
    pairs = logrank(TimeToEvent(d.time, d.status, strata=d.id), d.etype)
    yield from logrank_pairs_of("pairs", pairs, reference["pairs"])


def combination_fits(d: pd.DataFrame, reference: dict[str, Any]) -> Iterable[tuple[str, CoxFit, dict[str, Any]]]:
    """Yield a fit for each of the 32 combinations."""
    roles = {"weights": ("weight", "w"), "strata": ("strata", "etype"), "late": ("start_days", "start"),
             "cluster": ("cluster", "id")}  # fmt: skip
    for ties, chosen in product(("efron", "breslow"), product((False, True), repeat=len(roles))):
        names = [name for name, is_chosen in zip(roles, chosen, strict=True) if is_chosen]
        settings = dict(roles[name] for name in names)
        fit = cox_of(d, [*RX, "age", "nodes"], ties=ties, robust="cluster" in names, **settings)
        where = "_".join([ties, *names])
        yield where, fit, reference[where]


def combinations(d: pd.DataFrame, reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield what each combination prints."""
    for where, fit, theirs in combination_fits(d, reference):
        yield from cox_pairs(where, fit, theirs)


def combination_wald(d: pd.DataFrame, reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield the Wald test of each combination."""
    for where, fit, theirs in combination_fits(d, reference):
        yield f"{where} Wald", fit.wald_test, theirs["wald_test"]


def combination_zph(d: pd.DataFrame, reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield the tests of proportional hazards of each combination."""
    for where, fit, theirs in combination_fits(d, reference):
        for transform in ("km", "identity", "log", "rank"):
            ours = [test.chi_square for test in proportional_hazards(fit, transform=transform)]
            yield f"{where} {transform}", ours, theirs["zph"][transform]


def special_fits(d: pd.DataFrame, one: pd.DataFrame, reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield fits that are no combination."""
    four = [*RX, "age", "nodes"]
    yield from cox_pairs("robust weights", cox_of(one, four, weight="w", robust=True), reference["robust_weights"])
    yield from cox_pairs("offset", cox_of(one, four, offset="shift"), reference["offset"])
    months = cox_of(d, four, time="month", weight="w", cluster="id")
    yield from cox_pairs("months, weights, cluster", months, reference["months_weights_cluster"])
    exact = cox_of(one, [*RX, "age"], ties="exact", strata="sex")
    yield from cox_pairs("exact strata", exact, reference["exact_strata"])
    late = lung()
    late["start"] = np.minimum((53 * np.arange(1, len(late) + 1)) % 90, late.time - 1)
    exact = cox_of(late, ["sex", "age"], ties="exact", start_days="start")
    yield from cox_pairs("exact late", exact, reference["exact_late"])
    theirs = reference["by_inverse_probability"]
    fit = cox_of(one.assign(ipw=theirs["weights"]), ["adhere"], weight="ipw", robust=True)
    yield from cox_pairs("inverse probability weights", fit, theirs)


def residual_pairs(one: pd.DataFrame, reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield residuals of a weighted, stratified start-stop fit, its baseline, and Schoenfeld residuals."""
    fit = cox_of(one, [*RX, "age", "nodes"], start_days="start", weight="w", strata="sex", robust=False)
    theirs, rows = reference["residuals"], slice(0, 60)
    yield "martingale", martingale(fit)[rows], theirs["martingale"]
    yield "deviance", deviance(fit)[rows], theirs["deviance"]
    yield "dfbeta", dfbeta(fit)[rows], np.array(theirs["dfbeta"])
    found, theirs = baseline(fit), reference["baseline"]
    for time, hazard, stratum in zip(theirs["time"], theirs["hazard"], theirs["strata"], strict=True):
        own = found.hazard[(found.stratum == int(stratum[-1])) & (found.days <= time)]
        yield f"baseline {stratum} day {time}", own[-1], hazard
    residuals = schoenfeld(cox_of(one, ["rxLev", "age", "nodes"]))
    theirs = reference["schoenfeld"]
    yield "Schoenfeld", residuals.residuals[rows], np.array(theirs["raw"])
    yield "Schoenfeld, scaled", residuals.scaled[rows], np.array(theirs["scaled"])
