"""Seconds of Kaplan-Meier with log-rank and of Cox beside lifelines, statsmodels and R, with compile time apart.

One thread each, the same cohort in one run. A peer that would need more than a minute for ten times its last size is
not asked for the next. Limits: Cox with standard errors takes at most a third of R's time at 1e3 and 1e6 patients;
curves with log-rank are the fastest of all at 1e6.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from bench.child import first_calls
from bench.parity import r_is_here
from bench.study_data import MadeUp, made_up
from bench.study_tasks import our_cox, our_curves

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PATIENCE_S = 60.0
SHARE_OF_R = 1.0 / 3.0
HELD_AT = (1_000, 1_000_000)

PROGRAMS = ("isotherm", "R", "lifelines", "statsmodels")

FIRST_CALLS = """
import time
from bench.study_data import made_up
from bench.study_tasks import our_cox, our_curves
data = made_up(200)
start = time.perf_counter()
our_curves(data)
drawn = time.perf_counter()
our_cox(data)
print(drawn - start, time.perf_counter() - drawn)
"""

Seconds = dict[str, float | None]


def lifelines_cox(data: MadeUp) -> None:
    """Do the same in lifelines."""
    table = pd.DataFrame(data.x).assign(days=data.days, event=data.event)
    CoxPHFitter().fit(table, "days", "event")


def lifelines_curves(data: MadeUp) -> None:
    """Do the same in lifelines."""
    days_0, days_1 = (data.days[data.treated == k] for k in (0, 1))
    event_0, event_1 = (data.event[data.treated == k] for k in (0, 1))
    KaplanMeierFitter().fit(days_0, event_0)
    KaplanMeierFitter().fit(days_1, event_1)
    logrank_test(days_0, days_1, event_observed_A=event_0, event_observed_B=event_1)


def statsmodels_cox(data: MadeUp) -> None:
    """Do the same in statsmodels."""
    _ = PHReg(data.days, data.x, status=data.event, ties="efron").fit().bse


def statsmodels_curves(data: MadeUp) -> None:
    """Do the same in statsmodels."""
    for k in (0, 1):
        arm = data.treated == k
        SurvfuncRight(data.days[arm], data.event[arm])
    survdiff(data.days, data.event, data.treated)


TASKS: dict[str, dict[str, Callable[[MadeUp], None]]] = {
    "curves": {"isotherm": our_curves, "lifelines": lifelines_curves, "statsmodels": statsmodels_curves},
    "Cox": {"isotherm": our_cox, "lifelines": lifelines_cox, "statsmodels": statsmodels_cox},
}


def print_study_survival() -> bool:
    """Print the table; return whether the limits are kept."""
    compiling, loading = first_calls(FIRST_CALLS)
    print(
        "Seconds of curves of two arms with log-rank, and of Cox with ten covariates (Efron); one thread, best of some"
    )
    print(f"first call, compiling: curves {compiling[0]:.1f} s, Cox {compiling[1]:.1f} s; from the cache on disk: "
          f"curves {loading[0]:.2f} s, Cox {loading[1]:.2f} s")  # fmt: skip
    print(f"{'task':<8}{'times':<12}{'n':>9}" + "".join(f"{name:>13}" for name in PROGRAMS) + f"{'R / isotherm':>14}")
    fine = True
    for whole_days in (True, False):
        times = "whole days" if whole_days else "continuous"
        tired: set[tuple[str, str]] = set()
        for n in SIZES:
            for task, row in measure(made_up(n, whole_days=whole_days), tired).items():
                cells = "".join(f"{'-':>13}" if row[name] is None else f"{row[name]:>13.4f}" for name in PROGRAMS)
                ours, r = row["isotherm"], row["R"]
                ratio = f"{r / ours:>13.1f}x" if r and ours else f"{'-':>14}"
                missed = not kept(task, n, row)
                fine &= not missed
                print(f"{task:<8}{times:<12}{n:>9}{cells}{ratio}{'  MISSED' if missed else ''}")
    return fine


def kept(task: str, n: int, row: Seconds) -> bool:
    """Say whether a row keeps its limit; a program that is not there sets none."""
    ours = row["isotherm"]
    assert ours is not None
    if task == "Cox":
        return n not in HELD_AT or row["R"] is None or ours <= SHARE_OF_R * row["R"]
    peers = [seconds for name, seconds in row.items() if name != "isotherm" and seconds is not None]
    return n < max(SIZES) or all(ours < seconds for seconds in peers)


def measure(data: MadeUp, tired: set[tuple[str, str]]) -> dict[str, Seconds]:
    """Time every program on a cohort; who loses patience is added to `tired`."""
    rows: dict[str, Seconds] = {task: dict.fromkeys(PROGRAMS) for task in TASKS}
    for task, programs in TASKS.items():
        for name, run in programs.items():
            if (task, name) not in tired:
                rows[task][name] = seconds = _best(run, data)
                if 10.0 * seconds > PATIENCE_S:
                    tired.add((task, name))
    if r_is_here():
        rows["Cox"]["R"], rows["curves"]["R"] = _in_r(data)
    return rows


def _best(run: Callable[[MadeUp], None], data: MadeUp) -> float:
    """Return the best seconds of up to five runs, or of as many as fit in ten seconds."""
    best, begun = np.inf, time.perf_counter()
    for _ in range(20 if len(data.days) <= SIZES[0] else 5):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run(data)
        best = min(best, time.perf_counter() - start)
        if time.perf_counter() - begun > 10.0:
            break
    return float(best)


def _in_r(data: MadeUp) -> tuple[float, float]:
    script = Path(__file__).with_suffix(".R")
    rows, columns = data.x.shape
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cohort"
        np.vstack([data.x.T, data.treated, data.days, data.event]).astype("<f8").tofile(file)
        repeats = "5" if rows < SIZES[-2] else "1"
        command = ["Rscript", str(script), str(file), str(rows), str(columns), repeats]
        one_thread = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=one_thread)
    fit, curves = done.stdout.split()
    return float(fit), float(curves)
