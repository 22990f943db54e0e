"""The command `isotherm study simulate`: parse, call one task, print. Heavy imports wait until it is called."""

from __future__ import annotations

import argparse
from typing import Any

EXIT_CODES = """exit codes:
  0  done
  1  something unforeseen
  2  the scenario or the place to write to cannot be used; the message says what to do"""


def add_simulate(within: Any) -> None:
    """Add `simulate` to the commands of `isotherm study`."""
    simulate: argparse.ArgumentParser = within.add_parser(
        "simulate", help="a registry of simulated patients whose truth is known", epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    simulate.add_argument("--scenario", metavar="NAME|FILE.toml", default="ajr-2022",
                          help="ajr-2022 (default), radiology-2023, annals-2026, or one of your own")  # fmt: skip
    simulate.add_argument("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
    simulate.add_argument("--patients", type=int, metavar="N", help="default: as many as the scenario says")
    simulate.add_argument("--truth", type=int, default=1_000_000, metavar="N",
                          help="to how many patients the strategies are applied (default: %(default)s)")  # fmt: skip
    simulate.add_argument("--out", metavar="DIR", required=True,
                          help="folder for the tables, truth.json and protocol.toml")  # fmt: skip
    simulate.add_argument("--quiet", action="store_true", help="no progress")
    simulate.set_defaults(run=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    from isotherm.app.progress import Progress
    from isotherm.app.study_simulate import PROTOCOL, simulate_study
    from isotherm.printable import printable

    with Progress(quiet=options.quiet) as progress:
        folder = simulate_study(options.scenario, options.out, seed=options.seed, patients=options.patients,
                                truth_patients=options.truth, progress=progress)  # fmt: skip
    where = printable(str(folder))
    print(f"Synthetic tables and their truth: {where}. Nothing in them was ever seen in a patient.")
    print(f"Next: isotherm study run {where}/{PROTOCOL} --out {where}/results")
    return 0
