"""Print every table, from speed and accuracy to studies and evidence; exit 1 if a limit is missed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from bench.accuracy import print_accuracy
from bench.batch import print_batch
from bench.coverage import print_coverage
from bench.criteria_table import print_criteria_table
from bench.designs import print_designs
from bench.designs_long import Plan
from bench.designs_page import print_designs_long
from bench.designs_speed import print_designs_speed
from bench.dicom import print_dicom
from bench.endpoints import print_endpoints
from bench.evidence_reconstruct import print_reconstruction
from bench.evidence_refusals import print_refusals
from bench.follow_up import print_follow_up
from bench.invariance import print_invariance
from bench.pacs import print_pacs
from bench.published import print_published
from bench.register import print_register
from bench.registry import print_registry
from bench.registry_exchange import print_registry_exchange
from bench.segment import print_segment
from bench.serve import print_serve
from bench.speed import print_speed
from bench.study_coverage import print_study_coverage
from bench.study_matching import print_study_matching
from bench.study_memory import print_study_memory
from bench.study_survival import print_study_survival
from bench.timing import print_timing

Options = argparse.Namespace

PARTS: dict[str, tuple[Callable[[Options], bool], ...]] = {
    "speed": (lambda _: print_speed(),),
    "batch": (lambda _: print_batch(),),
    "dicom": (lambda _: print_dicom(),),
    "pacs": (lambda _: print_pacs(),),
    "registry": (lambda _: print_registry(),),
    "serve": (lambda _: print_serve(),),
    "criteria": (lambda _: print_criteria_table(),),
    "study": (
        lambda _: print_study_survival(),
        lambda _: print_study_matching(),
        lambda _: print_study_memory(),
        lambda _: print_study_coverage(),
    ),
    "registry-exchange": (lambda o: print_registry_exchange(seed=o.seed),),
    "evidence": (lambda _: print_refusals(), lambda _: print_reconstruction()),
    "endpoints": (lambda _: print_endpoints(),),
    "designs": (lambda o: print_designs(seed=o.seed), lambda _: print_designs_speed()),
    "published": (lambda o: print_published(seed=o.seed),),
    "timing": (lambda o: print_timing(seed=o.seed),),
    "designs-long": (
        lambda o: print_designs_long(
            plan=Plan(seed=o.seed, cohorts=o.cohorts, bootstrapped=o.bootstrapped), jobs=o.jobs
        ),
    ),
    "invariance": (lambda o: print_invariance(max(10, o.pairs // 5), seed=o.seed, jobs=o.jobs),),
    "coverage": (lambda o: print_coverage(o.phantoms, seed=o.seed, jobs=o.jobs),),
    "register": (lambda o: print_register(o.scans, seed=o.seed, jobs=o.jobs, keep=o.keep),),
    "follow-up": (lambda o: print_follow_up(o.courses, seed=o.seed),),
    "segment": (lambda o: print_segment(o.lesions, seed=o.seed, jobs=o.jobs),),
    "accuracy": (lambda o: print_accuracy(o.pairs, seed=o.seed, jobs=o.jobs),),
}
"""What can be asked for, in the order in which it is printed: the quick parts first."""

ON_REQUEST = {"follow-up", "register", "designs-long", "published", "timing"}
"""Parts of what no command offers yet, what takes an hour, and what writes pages of docs/."""


def main() -> int:
    """Run the benches that were asked for, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=sorted(PARTS), action="append")
    parser.add_argument("--pairs", type=int, default=200, help="pairs of shapes in a row (default: %(default)s)")
    parser.add_argument("--phantoms", type=int, default=600, help="phantoms for the coverage (default: %(default)s)")
    parser.add_argument("--scans", type=int, default=30, help="pairs of scans to register (default: %(default)s)")
    parser.add_argument("--cohorts", type=int, default=1000, help="of designs-long (default: %(default)s)")
    parser.add_argument("--bootstrapped", type=int, default=200, help="of them bootstrapped (default: %(default)s)")
    parser.add_argument("--keep", type=Path, help="folder that keeps each registered pair, to go on from later")
    parser.add_argument("--lesions", type=int, default=10, help="tumors, and zones, to outline (default: %(default)s)")
    parser.add_argument("--courses", type=int, default=16, help="simulated courses (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    fine = True
    for name, tables in PARTS.items():
        asked = name not in ON_REQUEST if options.only is None else name in options.only
        for table in tables if asked else ():
            fine &= table(options)
            print()
    print("Every value that must be reached at least is reached." if fine else "At least one limit is missed.")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
