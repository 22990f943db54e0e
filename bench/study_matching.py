"""Seconds of propensity, matching and bootstrap beside pymatchit-causal and lifelines, with compile time apart."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from pymatchit import MatchIt

from bench.child import first_calls
from bench.study_data import NAMES, made_up, outcome_of, table_of
from isotherm.study.design_matrix import design_matrix
from isotherm.study.matching import match_nearest
from isotherm.study.propensity import propensity
from isotherm.study.resample import resampling
from isotherm.study.resample_matched import bootstrap_matched_cox

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PEER_SURVIVES = 10_000
"""pymatchit-causal holds all distances at once: 1e5 patients ask for more memory than a desk has."""

FORMULA = "treat ~ " + " + ".join(NAMES)
REPLICATES, PEER_REPLICATES = 1000, 10

MATCH_LIMIT_S, BOOTSTRAP_LIMIT_S = 1.0, 1.0

FIRST_CALLS = """
import time
from bench.study_data import NAMES, made_up, outcome_of, table_of
from isotherm.study.design_matrix import design_matrix
from isotherm.study.matching import match_nearest
from isotherm.study.propensity import propensity
from isotherm.study.resample_matched import bootstrap_matched_cox
data = made_up(200)
design = design_matrix(table_of(data), NAMES)
start = time.perf_counter()
scores = propensity(design, data.treated)
fitted = time.perf_counter()
match_nearest(scores)
matched = time.perf_counter()
bootstrap_matched_cox(design, data.treated, outcome_of(data), seed=0, replicates=20)
print(fitted - start, matched - fitted, time.perf_counter() - matched)
"""


def best_of(repeats: int, run: Callable[[], Any]) -> tuple[float, Any]:
    """Return the least seconds of several runs, and what the last one gave."""
    least, found = np.inf, None
    for _ in range(repeats):
        start = time.perf_counter()
        found = run()
        least = min(least, time.perf_counter() - start)
    return least, found


def peer_match(table: pd.DataFrame) -> Any:
    """Match with pymatchit-causal: nearest neighbor, caliper 0.2 SD of the logit, no replacement."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return MatchIt(table, method="nearest", distance="glm", link="linear.logit", caliper=0.2).fit(FORMULA)


def peer_bootstrap(table: pd.DataFrame, replicates: int) -> None:
    """Draw, match with pymatchit-causal and fit with lifelines, its variance clustered by rows as it comes."""
    plan = resampling(len(table), seed=0, replicates=replicates)
    for k in range(replicates):
        drawn = table.iloc[plan.rows(k)].reset_index(drop=True)
        weights = np.asarray(peer_match(drawn).weights)
        kept = drawn.assign(weight=weights)[weights > 0][["treat", "days", "event", "weight"]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            CoxPHFitter().fit(kept, "days", "event", weights_col="weight", robust=True)


def print_first_calls() -> None:
    """Print the seconds of the very first calls, with an empty cache and with a filled one."""
    for what, seconds in zip(("compiled anew", "from the cache"), first_calls(FIRST_CALLS), strict=True):
        fit, match, boot = seconds
        print(f"  first call, {what:15} propensity {fit:6.2f} s, matching {match:6.2f} s, bootstrap {boot:6.2f} s")


def print_matching(n: int) -> bool:
    """Print seconds and pairs for one size; return whether the limit is kept."""
    data = made_up(n)
    table = table_of(data)
    repeats = 5 if n <= 100_000 else 3
    read_s, design = best_of(repeats, lambda: design_matrix(table, NAMES))
    fit_s, scores = best_of(repeats, lambda: propensity(design, data.treated))
    match_s, matched = best_of(repeats, lambda: match_nearest(scores))
    peer = "       -      -"
    if n <= PEER_SURVIVES:
        peer_s, fitted = best_of(3 if n <= 1_000 else 1, lambda: peer_match(table))
        peer_pairs = int(((np.asarray(fitted.weights) > 0) & (data.treated == 1)).sum())
        peer = f"{peer_s:8.4f} {peer_pairs:6,d}"
    pairs = matched.n_matched(treated=True)
    print(f"  {n:9,d} {read_s:8.4f} {fit_s:8.4f} {match_s:8.4f} {pairs:8,d} {peer}")
    return n < SIZES[-1] or match_s < MATCH_LIMIT_S


def print_bootstrap() -> bool:
    """Print the seconds of 1000 bootstraps of everything at n = 1000; return whether the limit is kept."""
    data = made_up(1_000)
    table = table_of(data)
    design, outcome = design_matrix(table, NAMES), outcome_of(data)
    least = np.inf
    print(f"{REPLICATES} bootstraps of propensity + matching + Cox with cluster-robust error, n = 1000:")
    for workers in sorted({1, os.cpu_count() or 1}):
        seconds, found = best_of(
            5,
            lambda workers=workers: bootstrap_matched_cox(
                design, data.treated, outcome, seed=1, replicates=REPLICATES, workers=workers
            ),
        )
        least = min(least, seconds)
        low, high = found.percentile()
        print(f"  isotherm, {workers} threads              {seconds:7.2f} s   log HR {found.estimate:.4f}, percentiles "
              f"{low:.4f} to {high:.4f}, {found.failure_words}")  # fmt: skip
    peer_s, _ = best_of(1, lambda: peer_bootstrap(table, PEER_REPLICATES))
    print(f"  pymatchit-causal + lifelines     {peer_s * REPLICATES / PEER_REPLICATES:7.1f} s   "
          f"({PEER_REPLICATES} replicates, times {REPLICATES // PEER_REPLICATES})")  # fmt: skip
    return least <= BOOTSTRAP_LIMIT_S


def print_study_matching() -> bool:
    """Print all tables of matching; return whether the limits are kept."""
    print(f"Propensity and 1:1 matching, caliper 0.2 SD of the logit, no replacement, {os.cpu_count()} cores, seconds:")
    print_first_calls()
    print("          n    table propens.    match    pairs pymatchit* pairs")
    fine = all([print_matching(n) for n in SIZES])
    print("  * propensity and matching together; 1e5 and more ask for all distances in memory")
    print(f"  matching of 1e6 in less than {MATCH_LIMIT_S:g} s: {'reached' if fine else 'MISSED'}")
    print()
    quick = print_bootstrap()
    print(f"  at most {BOOTSTRAP_LIMIT_S:g} s: {'reached' if quick else 'MISSED'}")
    return fine and quick


if __name__ == "__main__":
    sys.exit(0 if print_study_matching() else 1)
