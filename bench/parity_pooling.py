"""Pooling beside R's metafor: estimates, intervals, heterogeneity, prediction and Q-profile limits, leave-one-out."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from bench.parity_case import GOLDEN, Family, Pair, golden
from isotherm.evidence.pooling import MetaAnalysis, Summary, leave_one_out, pool
from isotherm.evidence.study_effect import StudyEffect

METHODS = {"DL": "DerSimonian-Laird", "REML": "REML", "PM": "Paule-Mandel"}
INTERVALS = {"z": "normal", "knha": "Hartung-Knapp", "adhoc": "modified Hartung-Knapp"}
LEVELS = (95, 90)


def studies(entry: dict[str, Any]) -> list[StudyEffect]:
    """Return the trials of an entry as studies."""
    rows = zip(entry["yi"], entry["vi"], strict=True)
    words: dict[str, Any] = {
        "measure": "mean difference",
        "compared": "BCG",
        "reference": "none",
        "endpoint": "tuberculosis",
    }
    return [StudyEffect(name=f"{k}", value=y, variance=v, **words) for k, (y, v) in enumerate(rows)]


def entries(reference: dict[str, Any]) -> Iterable[tuple[str, int, dict[str, Any]]]:
    """Yield each set of trials at each level."""
    for key, entry in reference.items():
        name, _, level = key.rpartition("_")
        if level in map(str, LEVELS):
            yield f"{name} {level} %", int(level), entry


def analyses(reference: dict[str, Any]) -> Iterable[tuple[str, MetaAnalysis, dict[str, Any]]]:
    """Yield each analysis of random effects with the normal interval, beside R's."""
    for where, level, entry in entries(reference):
        for short, method in METHODS.items():
            found = pool(studies(entry), tau2_method=method, interval="normal", level=level / 100)  # pyright: ignore[reportArgumentType]
            yield f"{where} {short}", found, entry[short]


def summary_pairs(where: str, ours: Summary, theirs: dict[str, Any]) -> Iterable[Pair]:
    """Yield an estimate with its interval and its test."""
    for attribute, name in (("value", "estimate"), ("std_error", "std_error"), ("low", "low"), ("high", "high"),
                            ("statistic", "statistic"), ("p_value", "p")):  # fmt: skip
        yield f"{where} {attribute}", getattr(ours, attribute), theirs[name]


def common_pairs(reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield the common effect, Cochran's Q, and I2 and H2 from Q."""
    for where, level, entry in entries(reference):
        found, theirs = pool(studies(entry), level=level / 100), entry["common"]
        yield from summary_pairs(f"{where} common", found.common, theirs)
        scatter = found.heterogeneity
        yield f"{where} Q", [scatter.q, scatter.p_value], [theirs["Q"], theirs["Q_p"]]
        yield f"{where} I2, H2 from Q", [100 * scatter.i2_from_q, scatter.h2_from_q], [theirs["I2"], theirs["H2"]]


def random_pairs(reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield random effects under the three kinds of interval, and their weights."""
    for where, level, entry in entries(reference):
        for (short, method), (test, interval) in product(METHODS.items(), INTERVALS.items()):
            settings: dict[str, Any] = {"tau2_method": method, "interval": interval, "level": level / 100}
            found = pool(studies(entry), **settings)
            yield from summary_pairs(f"{where} {short} {test}", found.random, entry[short][test])
            yield f"{where} {short} {test} weights", list(found.random.weights), entry[short]["weights"]


def scatter_pairs(reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield tau2, I2 in percent and H2."""
    for where, found, theirs in analyses(reference):
        scatter = found.heterogeneity
        yield where, [scatter.tau2, 100 * scatter.i2, scatter.h2], [theirs["tau2"], theirs["I2"], theirs["H2"]]


def profile_pairs(reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield the Q-profile limits of tau2, I2 in percent and H2; above 1 in units of the limit."""
    for where, found, theirs in analyses(reference):
        scatter, profile = found.heterogeneity, theirs["profile"]
        if profile is None or scatter.tau2_limits is None:
            yield f"{where} empty", float(scatter.tau2_limits is None), float(profile is None)
            continue
        h2 = scatter.h2_limits or (np.nan, np.nan)
        i2 = tuple(100 * limit for limit in scatter.i2_limits or (np.nan, np.nan))
        for name, ours in (("tau2", scatter.tau2_limits), ("I2", i2), ("H2", h2)):
            unit = np.maximum(1.0, profile[name])
            yield f"{where} {name}", np.array(ours) / unit, np.array(profile[name]) / unit


def prediction_pairs(reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield prediction intervals by the interval's own distribution, and by t with k - 2 degrees of freedom."""
    for where, level, entry in entries(reference):
        for (short, method), (test, interval) in product(METHODS.items(), INTERVALS.items()):
            settings: dict[str, Any] = {"tau2_method": method, "interval": interval, "level": level / 100}
            own = pool(studies(entry), prediction="as the interval", **settings)
            yield f"{where} {short} {test}", list(own.prediction or ()), entry[short][test]["prediction"]
            if len(entry["yi"]) > 2:
                higgins = pool(studies(entry), prediction="t, k - 2", **settings)
                theirs = entry[short][test]["prediction_riley"]
                yield f"{where} {short} {test} k - 2", list(higgins.prediction or ()), theirs


def leave_one_out_pairs(reference: dict[str, Any]) -> Iterable[Pair]:
    """Yield every analysis without one trial."""
    trials = studies(reference["RR_95"])
    for short, rows in reference["leave_one_out"].items():
        settings: dict[str, Any] = {"tau2_method": METHODS.get(short, "REML"), "interval": "normal"}
        for (name, found), theirs in zip(leave_one_out(pool(trials, **settings)).items(), rows, strict=True):
            ours = found.common if short == "EE" else found.random
            yield from summary_pairs(f"{short} without {name}", ours, theirs)
            yield f"{short} without {name} Q", found.heterogeneity.q, theirs["Q"]
            if short != "EE":
                scatter = found.heterogeneity
                yield f"{short} without {name} tau2", [scatter.tau2, 100 * scatter.i2], [theirs["tau2"], theirs["I2"]]
    left = leave_one_out(pool(trials, interval="Hartung-Knapp"))
    for (name, found), theirs in zip(left.items(), reference["leave_one_out_knha"], strict=True):
        yield from summary_pairs(f"Hartung-Knapp without {name}", found.random, theirs)


def pooling_families(reference: dict[str, Any]) -> tuple[Family, ...]:
    """Return the families of make_pooling.R, against its golden file or against fresh results."""
    return (
        Family("pooling: common effect, Q", 1e-8, lambda: common_pairs(reference)),
        Family("pooling: random effects, three tau2 x three intervals", 1e-8, lambda: random_pairs(reference)),
        Family("pooling: tau2, I2, H2", 1e-8, lambda: scatter_pairs(reference)),
        Family("pooling: Q-profile limits", 1e-8, lambda: profile_pairs(reference)),
        Family("pooling: prediction intervals", 1e-8, lambda: prediction_pairs(reference)),
        Family("pooling: leave-one-out", 1e-8, lambda: leave_one_out_pairs(reference)),
    )


FAMILIES = pooling_families(golden("ref_pooling.json"))
"""Against the file of make_pooling.R."""


def live_pooling() -> dict[str, Any] | None:
    """Run make_pooling.R in the R that is installed; None where there is none, or no metafor."""
    asks = ["Rscript", "-e", 'quit(status = !all(sapply(c("metafor", "jsonlite"), requireNamespace, quietly = TRUE)))']
    if shutil.which("Rscript") is None or subprocess.run(asks, capture_output=True, check=False).returncode:
        return None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "ref_pooling.json"
        subprocess.run(["Rscript", str(GOLDEN / "make_pooling.R"), str(out), str(GOLDEN)], check=True)
        return json.loads(out.read_text())
