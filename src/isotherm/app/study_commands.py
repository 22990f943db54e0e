"""The commands of `isotherm study`: parse, call one task, print. Heavy imports wait until a command needs them."""

from __future__ import annotations

import argparse
from typing import Any

from isotherm.app.simulate_commands import add_simulate

EXIT_CODES = """exit codes:
  0  done
  1  the data came in whole, but cannot carry the estimate; or something unforeseen
  2  the protocol, the table or the place to write to cannot be used; the message says what to do;
     check, run, multiverse: every design is barred"""


def add_study(commands: Any) -> None:
    """Add `study` with its own commands to those of argparse."""
    study: argparse.ArgumentParser = commands.add_parser(
        "study",
        help="from a cohort table to its matched comparison: init, check, flow, run; multiverse, readers, simulate",
    )
    within = study.add_subparsers(required=True, metavar="COMMAND")
    init = within.add_parser("init", help="draft a commented protocol from the columns of a table", epilog=EXIT_CODES,
                             formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    init.add_argument("table", metavar="TABLE", help="CSV, Parquet or Excel file, one row per patient or tumor")
    init.add_argument("--out", metavar="FILE", default="study.toml", help="default: %(default)s; never overwritten")
    init.set_defaults(run=_init)
    check = within.add_parser("check", help="what the design itself does to the comparison, before any estimate",
                              epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    check.add_argument("protocol", metavar="STUDY.toml", help="the protocol; its table is found from its own folder")
    check.add_argument("--json", metavar="FILE", help="write the audit to FILE, or to standard output with -")
    check.add_argument("--release", action="store_true", help="withhold small counts, and counts within sentences")
    check.set_defaults(run=_check)
    flow = within.add_parser("flow", help="who stays and who leaves, at which step and why", epilog=EXIT_CODES,
                             formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    flow.add_argument("protocol", metavar="STUDY.toml", help="the protocol; its table is found from its own folder")
    flow.set_defaults(run=_flow)
    run = within.add_parser("run", help="everything: flow, matching, estimates, tables, report", epilog=EXIT_CODES,
                            formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    run.add_argument("protocol", metavar="STUDY.toml", help="the protocol; its table is found from its own folder")
    run.add_argument("--out", metavar="DIR", required=True, help="folder for result.json, tables and reports")
    run.add_argument(
        "--release", action="store_true", help="withhold counts from 1 to 9, and all that would reveal one"
    )
    run.add_argument("--workers", type=int, metavar="N", help="threads (default: as many as the machine has); "
                     "the result does not depend on it")  # fmt: skip
    run.add_argument("--quiet", action="store_true", help="no progress")
    run.set_defaults(run=_run)
    _add_multiverse(within)
    _add_readers(within)
    add_simulate(within)


def _add_multiverse(within: Any) -> None:
    many: argparse.ArgumentParser = within.add_parser(
        "multiverse", help="every analysis of the protocol's [multiverse], in one figure", epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    many.add_argument("protocol", metavar="STUDY.toml", help="the protocol; its table is found from its own folder")
    many.add_argument("--out", metavar="DIR", required=True, help="folder for numbers, figure and protocols")
    many.add_argument("--workers", type=int, metavar="N", help="threads (default: as many as the machine has)")
    many.add_argument("--quiet", action="store_true", help="no progress")
    many.set_defaults(run=_multiverse)


def _add_readers(within: Any) -> None:
    readers: argparse.ArgumentParser = within.add_parser(
        "readers", help="features of readers beside an outcome, and how far the readers agree", epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    readers.add_argument("table", metavar="TABLE", help="CSV, Parquet or Excel file, one row per tumor (and reader)")
    readers.add_argument("--outcome", metavar="COLUMN", required=True, help="0 and 1, or true and false")
    readers.add_argument("--feature", metavar="COLUMN", action="append", required=True,
                         help='a column, or "NAME: PREDICATE" as in "thin margin: margin_mm <= 3"; repeat')  # fmt: skip
    readers.add_argument("--tumor", metavar="COLUMN", help="which tumor; without it each row is one")
    readers.add_argument("--reader", metavar="COLUMN", help="who read; needs --tumor")
    readers.add_argument(
        "--patient", metavar="COLUMN", help="whose tumor: intervals and p values then respect patients"
    )
    readers.add_argument("--order", metavar="COLUMN=LOW<HIGH", action="append", default=[],
                         help="categories of a feature in their order; repeat")  # fmt: skip
    readers.add_argument("--missing", metavar="CODE", action="append", default=[],
                         help="how the table writes what was not assessable or is not known; repeat")  # fmt: skip
    readers.add_argument("--level", type=float, default=0.95, metavar="X", help="of intervals (default: %(default)s)")
    readers.add_argument("--out", metavar="DIR", help="folder for readers.json and readers.csv")
    readers.set_defaults(run=_readers)


def _init(options: argparse.Namespace) -> int:
    from isotherm.app.study_draft import write_draft

    file = write_draft(options.table, options.out)
    print(f"Draft: {file}. Check every GUESS in it, then: isotherm study flow {file}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from isotherm.app.places import keep_inputs, usable_file
    from isotherm.app.study_check import check_study, check_text, exit_code
    from isotherm.app.study_data import read_study
    from isotherm.app.terminal import terminal_columns
    from isotherm.exchange.atomic import write_text
    from isotherm.study.document import document_text

    data = read_study(options.protocol)
    if options.json not in (None, "-"):
        keep_inputs([usable_file(options.json)], data.inputs)
    document, rows = check_study(data, data.cohort(), released=options.release)
    if options.json not in (None, "-"):
        write_text(options.json, document_text(document))
    print(document_text(document).rstrip() if options.json == "-" else check_text(document, terminal_columns(), rows))
    return exit_code(document)


def _flow(options: argparse.Namespace) -> int:
    from isotherm.app.study_data import read_study
    from isotherm.app.study_flow import flow_text

    print(flow_text(read_study(options.protocol).cohort()))
    return 0


def _run(options: argparse.Namespace) -> int:
    from isotherm.app.progress import Progress
    from isotherm.app.study_tasks import headline, run_study
    from isotherm.printable import printable

    workers = _workers(options.workers)
    with Progress(quiet=options.quiet) as progress:
        document, folder = run_study(
            options.protocol, options.out, released=options.release, workers=workers, progress=progress
        )
    print("\n".join(printable(line) for line in headline(document).splitlines()))
    print(f"Results: {folder}")
    return 0


def _multiverse(options: argparse.Namespace) -> int:
    from isotherm.app.progress import Progress
    from isotherm.app.study_multiverse import multiverse_text, run_multiverse
    from isotherm.printable import printable

    workers = _workers(options.workers)
    with Progress(quiet=options.quiet) as progress:
        document, folder = run_multiverse(options.protocol, options.out, workers=workers, progress=progress)
    print("\n".join(printable(line) for line in multiverse_text(document).splitlines()))
    print(f"Results: {folder}")
    return 0


def _workers(asked: int | None) -> int:
    import os

    from isotherm.errors import BadSetting

    workers = (os.cpu_count() or 1) if asked is None else asked
    if workers < 1:
        raise BadSetting(f"--workers {workers} came; 1 or more are wanted.")
    return workers


def _readers(options: argparse.Namespace) -> int:
    from isotherm.app.study_readers import Question, orders, run_readers

    question = Question(
        outcome=options.outcome, features=tuple(options.feature), tumor=options.tumor, reader=options.reader,
        patient=options.patient, order=orders(options.order), level=options.level, missing=tuple(options.missing),
    )  # fmt: skip
    print(run_readers(options.table, question, options.out))
    return 0
