"""Peak memory of the study engine at 1e5 and 1e6 patients: it may grow in proportion to them, and no faster.

What is measured is resident memory above that of a warm process that holds the cohort (10 covariates, 104 bytes each
patient), at its highest, in a process of its own for every task and size; Linux only.
"""

from __future__ import annotations

import sys

from bench.child import printed
from bench.study_data import made_up
from bench.study_tasks import our_cox, our_curves, our_matching

SIZES = (100_000, 1_000_000)
MOST_GROWTH = 11.0
"""Ten times the patients need at most this many times the memory: 10, and a little for rounding up."""

MOST_BYTES = {"Cox": 400.0, "curves and log-rank": 100.0, "propensity and matching": 400.0}
"""Bytes for each patient, at most."""

TASKS = {"Cox": our_cox, "curves and log-rank": our_curves, "propensity and matching": our_matching}

AT_ONCE = {"MALLOC_MMAP_THRESHOLD_": "65536"}
"""An array that is freed goes back to the system at once, so that none is filled again unseen."""

MEASURE = """
import sys
from bench.study_memory import added_bytes
print(added_bytes(sys.argv[1], int(sys.argv[2])))
"""


def status_bytes(name: str) -> int:
    """Return an entry of this process's memory: VmRSS now, VmHWM at its highest."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(name))


def added_bytes(task: str, n: int) -> int:
    """Return what a task adds to this process at its highest."""
    run = TASKS[task]
    run(made_up(1_000))
    data = made_up(n)
    with open("/proc/self/clear_refs", "w", encoding="ascii") as peak:
        peak.write("5")  # the highest so far is forgotten
    before = status_bytes("VmRSS")
    run(data)
    return status_bytes("VmHWM") - before


def print_study_memory() -> bool:
    """Print the table; return whether the limits are kept."""
    if not sys.platform.startswith("linux"):
        print("Peak memory of the study engine: measured on Linux only.")
        return True
    print("Peak memory above the cohort's own, MB; for each patient, bytes; times as much for ten times the patients:")
    print(f"{'task':<26}" + "".join(f"{n:>12,}" for n in SIZES) + f"{'each':>9}{'limit':>8}{'times':>9}{'limit':>8}")
    fine = True
    for task in TASKS:
        peaks = [printed(MEASURE, task, str(n), **AT_ONCE)[0] for n in SIZES]
        each, growth = peaks[-1] / SIZES[-1], peaks[-1] / peaks[0]
        kept = growth <= MOST_GROWTH and each <= MOST_BYTES[task]
        fine &= kept
        print(f"{task:<26}" + "".join(f"{peak / 1e6:>12.1f}" for peak in peaks)
              + f"{each:>9.0f}{MOST_BYTES[task]:>8.0f}{growth:>8.1f}x{MOST_GROWTH:>7.0f}x"
              + ("" if kept else "  MISSED"))  # fmt: skip
    return fine


if __name__ == "__main__":
    sys.exit(0 if print_study_memory() else 1)
