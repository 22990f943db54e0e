"""Seconds of the largest analysis that one waits for: clones of 500 patients, 500 bootstraps, on two threads."""

from __future__ import annotations

import time

import numpy as np

from bench.designs import AT, BOTH
from bench.designs_cohorts import SHARED
from isotherm.study.designs.clone_censor_weight import clone_censor_weight
from isotherm.study.simulate.core import simulate

PATIENTS, REPLICATES, WORKERS, LIMIT_S = 500, 500, 2, 60.0


def print_designs_speed() -> bool:
    """Print the seconds; return whether the limit is kept."""
    courses = simulate(SHARED, PATIENTS, np.random.default_rng(0)).courses
    clone_censor_weight(courses, BOTH, endpoint="overall survival", horizon_days=AT, seed=0, replicates=20)
    start = time.perf_counter()
    clone_censor_weight(
        courses, BOTH, endpoint="overall survival", horizon_days=AT, seed=0, replicates=REPLICATES, workers=WORKERS
    )
    seconds = time.perf_counter() - start
    print(f"Clone, censor, weight: {PATIENTS} patients, {REPLICATES} bootstraps, {WORKERS} threads: {seconds:.1f} s"
          f"{'' if seconds < LIMIT_S else '  MISSED'} (limit {LIMIT_S:g} s)")  # fmt: skip
    return seconds < LIMIT_S
