"""Whether intervals of clones are wide enough: standard errors of bootstrap and jackknife beside what cohorts show.

Few replicates of many cohorts tell a standard error from the spread between cohorts far better than many replicates of
few. What is done is kept in a file of JSON lines, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import t
from threadpoolctl import threadpool_limits

from bench.designs import AT, BOTH, ENDPOINTS, clones_of
from bench.designs_cohorts import BOOTSTRAPPED, WORLDS
from isotherm.errors import FitError, InputError
from isotherm.study.designs.clone_estimates import estimate_clones
from isotherm.study.designs.clone_result import final_weights
from isotherm.study.designs.courses import Courses, Endpoint
from isotherm.study.resample import resampling
from isotherm.study.simulate.core import simulate

KEPT, PAGE = Path("designs-intervals.jsonl"), Path("docs/study-designs.md")
START, END = "<!-- made by python -m bench --only designs-intervals -->", "<!-- end -->"

REPLICATES = 40
"""Of the bootstrap in each cohort, and groups of patients that the jackknife leaves out."""

COHORTS = {100: 100, 200: 100, 400: 200}
"""By patients in each."""

SPREAD = {100: 2500, 200: 2500, 400: 3000}
"""Cohorts that are estimated only, by patients in each: their standard deviation is what a standard error is about."""

MEASURES = ("risk difference", "RMST difference", "log hazard ratio")

Float = npt.NDArray[np.float64]
Found = dict[str, Any]


def cohort(size: int, number: int, *, weighted: bool = True) -> Found:
    """Return one cohort's estimates, their variances by bootstrap and jackknife, and its smallest effective size."""
    seed = np.random.SeedSequence(78, spawn_key=(size, number))
    courses = simulate(WORLDS[BOOTSTRAPPED], size, np.random.default_rng(seed)).courses
    plan = resampling(size, seed=int(seed.generate_state(1)[0]), replicates=REPLICATES)
    group = np.random.default_rng(number).permutation(size) % REPLICATES
    found: Found = {}
    for short, endpoint in ENDPOINTS.items():
        estimate = _estimate(courses, endpoint, weighted=weighted)
        if estimate is None:
            found[short] = {"estimate": None}
            continue
        drawn = [_estimate(courses.take(plan.rows(k)), endpoint, weighted=weighted) for k in range(REPLICATES)]
        less = [_estimate(courses.take(np.flatnonzero(group != k)), endpoint, weighted=weighted)
                for k in range(REPLICATES)]  # fmt: skip
        bootstrap, jackknife = (np.array([one for one in part if one is not None]) for part in (drawn, less))
        clones = clones_of(courses, BOTH, endpoint, weighted=weighted)
        found[short] = {
            "estimate": estimate,
            "bootstrap": bootstrap.var(axis=0, ddof=1).tolist(),
            "jackknife": ((len(jackknife) - 1.0) * jackknife.var(axis=0)).tolist(),
            "effective": min(final_weights(one).effective for one in clones),
        }
    return found


def spread(size: int, cohorts: int) -> Found:
    """Return mean and standard deviation of the estimates over many cohorts, and how many had none."""
    values: dict[str, list[list[float]]] = {short: [] for short in ENDPOINTS}
    for number in range(cohorts):
        seed = np.random.SeedSequence(80, spawn_key=(size, number))
        courses = simulate(WORLDS[BOOTSTRAPPED], size, np.random.default_rng(seed)).courses
        for short, endpoint in ENDPOINTS.items():
            one = _estimate(courses, endpoint)
            values[short] += [] if one is None else [one]
    return {short: {"mean": np.mean(own, axis=0).tolist(), "sd": np.std(own, axis=0, ddof=1).tolist(), "n": len(own)}
            for short, own in values.items()}  # fmt: skip


def _estimate(courses: Courses, endpoint: Endpoint, *, weighted: bool = True) -> list[float] | None:
    try:
        contrasts = estimate_clones(clones_of(courses, BOTH, endpoint, weighted=weighted), AT).contrasts
    except (FitError, InputError):
        return None
    return contrasts[:, 0].tolist()


def run(file: Path = KEPT) -> dict[str, Found]:
    """Do what is not yet done, keep it, and return everything by its key."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    found: dict[str, Found] = dict(map(json.loads, lines))
    for key, task in _tasks():
        if key not in found:
            with threadpool_limits(1):
                found[key] = task()
            with file.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps([key, found[key]]) + "\n")
    return found


def _tasks() -> Iterator[tuple[str, Any]]:
    for size, cohorts in SPREAD.items():
        yield f"spread {size}", lambda s=size, c=cohorts: spread(s, c)
    for size, cohorts in COHORTS.items():
        for number in range(cohorts):
            yield f"weighted {size} {number}", lambda s=size, k=number: cohort(s, k)
    for number in range(COHORTS[200]):
        yield f"unweighted 400 {number}", lambda k=number: cohort(400, k, weighted=False)


def rows(found: dict[str, Found], size: int) -> Iterator[str]:
    """Yield a row of the table for each estimate of cohorts of a size."""
    own = _estimated(found, f"weighted {size}", COHORTS[size])
    for short in ENDPOINTS:
        for place, measure in enumerate(MEASURES):
            every = [one[short] for one in own]
            off = np.array([one["estimate"][place] for one in every]) - found[f"spread {size}"][short]["mean"][place]
            sd, sizes = found[f"spread {size}"][short]["sd"][place], np.array([one["effective"] for one in every])
            errors = {name: np.sqrt([one[name][place] for one in every]) for name in ("bootstrap", "jackknife")}
            plain = np.full(len(every), t.ppf(0.975, REPLICATES - 1))
            wider = plain * t.ppf(0.975, sizes - 1.0) / t.ppf(0.975, math.inf) * np.sqrt(sizes / (sizes - 1.0))
            covered = (_covered(off, plain, errors["bootstrap"]), _covered(off, wider, errors["bootstrap"]),
                       _covered(off, plain, errors["jackknife"]))  # fmt: skip
            ratios = [math.sqrt(float(np.mean(errors[name] ** 2))) / sd for name in ("bootstrap", "jackknife")]
            cells = [f"{size}", f"{short}, {measure}", *(f"{one:.2f}" for one in ratios), *covered]
            yield f"| {' | '.join(cells)} |"


def _covered(off: Float, quantile: Float, error: Float) -> str:
    return f"{100.0 * float(np.mean(np.abs(off) <= quantile * error)):.1f} %"


def unweighted_ratio(found: dict[str, Found]) -> float:
    """Return the jackknife's standard error over the bootstrap's where clones have no weights, mean over estimates."""
    own = [one[short] for one in _estimated(found, "unweighted 400", COHORTS[200]) for short in ENDPOINTS]
    squares = [np.mean([one[name] for one in own], axis=0) for name in ("jackknife", "bootstrap")]
    return float(np.sqrt(squares[0] / squares[1]).mean())


def _estimated(found: dict[str, Found], name: str, cohorts: int) -> list[Found]:
    """Return the cohorts that have an estimate."""
    own = [found[f"{name} {number}"] for number in range(cohorts)]
    return [one for one in own if all(one[short]["estimate"] is not None for short in ENDPOINTS)]


def table(found: dict[str, Found]) -> str:
    """Return what stands between the marks of the page."""
    effective = {
        size: np.mean([one["PFS"]["effective"] for one in _estimated(found, f"weighted {size}", cohorts)])
        for size, cohorts in COHORTS.items()
    }
    named = ", ".join(f"{value:.0f} of {size} patients" for size, value in effective.items())
    head = ["| patients | estimate | SE of the bootstrap / SD | SE of the jackknife / SD | coverage, bootstrap "
            "| coverage, t by effective size | coverage, jackknife |", "|---|---|---|---|---|---|---|"]  # fmt: skip
    done = ", ".join(f"{cohorts} of {size} patients" for size, cohorts in COHORTS.items())
    whole = ", ".join(f"{cohorts} of {size} patients" for size, cohorts in SPREAD.items())
    words = (
        f"Cohorts: {done}, with {REPLICATES} replicates and {REPLICATES} groups left out in each (t quantile for as "
        f"many); SD and mean, which intervals are to hold, from further cohorts ({whole}). Effective size of the "
        f"smaller strategy: {named}. Without weights the jackknife's standard error is "
        f"{unweighted_ratio(found):.2f} times the bootstrap's."
    )
    body = [row for size in COHORTS for row in rows(found, size)]
    return "\n".join([START, "", *head, *body, "", fill(words, 120), "", END])


def print_designs_intervals() -> bool:
    """Do the run, print its table and write it into its page; no limit hangs on it."""
    words = table(run())
    print(words)
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    PAGE.write_text(before + words + rest.partition(END)[2], encoding="utf-8")
    return True
