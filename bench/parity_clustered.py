"""Clustered outcomes and agreement beside R: GEE and its corrections, kappa, Fisher, proportions, ranks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from bench.parity_case import Family, Pair, golden
from bench.parity_survival import colon, lung
from isotherm.study.accuracy import area_under_curve
from isotherm.study.agreement import cohen_kappa
from isotherm.study.binary import TwoArms, risk
from isotherm.study.fisher import fisher
from isotherm.study.gee import GeeFit, gee
from isotherm.study.rank_sum import rank_sum

CORRECTIONS: dict[str, Any] = {
    "none": "none",
    "mancl_derouen": "Mancl-DeRouen",
    "kauermann_carroll": "Kauermann-Carroll",
    "morel": "Morel",
}


def gee_fits() -> Iterable[tuple[str, GeeFit]]:
    """Yield every fit of make_competing.R under each correction."""
    d = lung()
    d = d.assign(year=1 * ((d.status == 1) & (d.time <= 365)), one=2 - d.sex).dropna(subset=["inst", "wt.loss"])
    both = colon()
    three = ((both.status == 1) & (both.time <= 1095)).astype(int)
    fits: dict[str, Any] = {
        f"{name}_{working}": (d[outcome], d[columns], d.inst, link, working)
        for name, outcome, columns, link in (
            ("logit", "year", ["one", "age", "ph.karno"], "logit"),
            ("log", "year", ["one", "age"], "log"),
            ("identity", "year", ["one", "age"], "identity"),
        )
        for working in ("independence", "exchangeable")
    } | {
        "number_independence": (d["wt.loss"], d[["one", "age"]], d.inst, "identity", "independence"),
        "pairs": (three, both[["obstruct", "age"]], both.id, "logit", "exchangeable"),
        "number_pairs": (both.time / 365.25, both[["obstruct", "age"]], both.id, "identity", "exchangeable"),
    }
    for name, (outcome, x, cluster, link, working) in fits.items():
        for key, correction in CORRECTIONS.items():
            yield f"{name} {key}", gee(outcome, x, cluster, link=link, working=working, correction=correction)


def gee_pairs() -> Iterable[Pair]:
    """Yield coefficients, correlation, scale and covariance."""
    reference = golden("ref_competing.json")["gee"]
    for where, fit in gee_fits():
        name, key = where.split()
        theirs = reference[name]
        yield f"{where} coefficients", fit.coefficients, theirs["coef"]
        yield f"{where} correlation, scale", [fit.correlation, fit.scale], [theirs["alpha"], theirs["phi"]]
        yield f"{where} covariance", fit.covariance, np.array(theirs["corrected"][key])
        if key == "none":
            yield f"{where} standard errors", fit.std_errors, theirs["se"]
        if name == "logit_independence" and key in reference["club_sandwich"]:
            yield f"{where} clubSandwich", fit.covariance, np.array(reference["club_sandwich"][key])


def kappa_pairs() -> Iterable[Pair]:
    """Yield kappa under three weights, its standard error and limits."""
    for number, case in enumerate(golden("ref_competing.json")["kappa"]):
        counts = np.array(case["table"], dtype=int)
        first, second = (np.repeat(part.ravel(), counts.ravel()) for part in np.indices(counts.shape))
        for theirs in case["kappas"]:
            found = cohen_kappa(first, second, weights=theirs["weights"], order=range(len(counts)))
            low, high = theirs["limits"]
            ours = [found.estimate, found.low, found.high]
            yield f"table {number} {theirs['weights']}", ours, [theirs["value"], max(low, -1.0), min(high, 1.0)]


def count_pairs() -> Iterable[Pair]:
    """Yield Fisher's test of the cryoablation paper, and limits of proportions."""
    reference = golden("ref_competing.json")
    for name, theirs in reference["paper"].items():
        a, b, c, d = theirs["counts"]
        yield f"{name} Fisher", fisher(TwoArms(a, a + b, c, c + d)).p_value, theirs["p"]
    for theirs in reference["proportion"]:
        events, n = theirs["counts"]
        for found in (risk(events, n), risk(events, n, interval="Clopper-Pearson")):
            key = "wilson" if found.method.startswith("Wilson") else "clopper_pearson"
            yield f"{events} of {n} {key}", [found.low, found.high], theirs[key]


def rank_pairs() -> Iterable[Pair]:
    """Yield rank sum tests, exact and approximate, and areas under the curve with DeLong's variance."""
    reference = golden("ref_competing.json")
    for name, theirs in reference["wilcoxon"].items():
        values, event = np.array([*theirs["x"], *theirs["y"]]), np.repeat([1, 0], [len(theirs["x"]), len(theirs["y"])])
        found = rank_sum(values, event)
        yield name, [found.statistic, found.p_value], [theirs["W"], theirs["p"]]
        if name in reference["auc"]:
            area, theirs = area_under_curve(values, event), reference["auc"][name]
            yield f"{name} area", [area.estimate, area.std_error], [theirs["auc"], math.sqrt(theirs["variance"])]
    d, theirs = lung(), golden("ref_tests.json")["wilcoxon_lung_age_sex"]
    found = rank_sum(d.age, d.sex == 1)
    yield "lung", [found.statistic, found.p_value], [theirs["W"], theirs["p"]]


FAMILIES = (
    Family("GEE: links, correlations, four sandwiches", 1e-8, gee_pairs),
    Family("kappa: three weights, limits", 1e-10, kappa_pairs),
    Family("Fisher's test, Wilson and Clopper-Pearson", 1e-10, count_pairs),
    Family("rank sum tests; areas with DeLong's variance", 1e-10, rank_pairs),
)
"""Against the files of make_reference.R and make_competing.R."""
