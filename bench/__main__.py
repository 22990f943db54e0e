"""Print every table: speed, DICOM, invariance, coverage of the interval, accuracy; exit 1 if a limit is missed."""

from __future__ import annotations

import argparse
import os
import sys

from bench.accuracy import print_accuracy
from bench.coverage import print_coverage
from bench.dicom import print_dicom
from bench.invariance import print_invariance
from bench.speed import print_speed
from bench.study_coverage import print_study_coverage
from bench.study_matching import print_study_matching
from bench.study_memory import print_study_memory
from bench.study_survival import print_study_survival


def main() -> int:
    """Run the benches that were asked for, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=("accuracy", "coverage", "dicom", "invariance", "speed", "study"),
                        action="append")  # fmt: skip
    parser.add_argument("--pairs", type=int, default=200, help="pairs of shapes in a row (default: %(default)s)")
    parser.add_argument("--phantoms", type=int, default=600, help="phantoms for the coverage (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    chosen = options.only or ["speed", "dicom", "study", "invariance", "coverage", "accuracy"]
    fine = True
    if "speed" in chosen:
        fine &= print_speed()
        print()
    if "dicom" in chosen:
        fine &= print_dicom()
        print()
    if "study" in chosen:
        fine &= print_study_survival()
        print()
        fine &= print_study_matching()
        print()
        fine &= print_study_memory()
        print()
        fine &= print_study_coverage()
        print()
    if "invariance" in chosen:
        fine &= print_invariance(max(10, options.pairs // 5), seed=options.seed, jobs=options.jobs)
        print()
    if "coverage" in chosen:
        fine &= print_coverage(options.phantoms, seed=options.seed, jobs=options.jobs)
        print()
    if "accuracy" in chosen:
        fine &= print_accuracy(options.pairs, seed=options.seed, jobs=options.jobs)
    print("\nEvery value that must be reached at least is reached." if fine else "\nAt least one limit is missed.")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
