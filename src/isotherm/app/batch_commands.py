"""The command `isotherm batch`: parse, call one task, print; heavy imports wait."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from isotherm.app.margin_options import add_choices, facts_of, number, settings_of, whole_number
from isotherm.errors import BadSetting

if TYPE_CHECKING:
    from isotherm.app.batch import Way

EXIT_CODES = """exit codes:
  0    every case was measured; lesions may be bounded, not ablated or not assessable (each is a result)
  1    something unforeseen; please report it
  2    the list, or the place to write to, cannot be used; the message says what to do
  3    at least one case was refused, or a registration failed its gates and a margin is withheld; the others are done
  4    (--dask) the scheduler is not there, has no worker or broke off; the same command goes on later
  130  stopped by Ctrl-C; what was finished is kept, the same command goes on"""

INCOMPLETE = 3

MOST_JOBS = 1024

Print = Callable[[str], None]


def add_batch(commands: Any, out: Print) -> None:
    """Add `batch` to the commands of argparse; `out` prints."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "batch", help="measure many cases from one list, side by side; resumable", epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("manifest", metavar="MANIFEST", help="a row for each case (CSV, Excel, Parquet): masks in one "
                        "frame, with columns named like the options of `isotherm margin`, or the scans before and "
                        "after, with those of `isotherm assess`; see docs/batch.md")  # fmt: skip
    where = parser.add_argument_group("where it runs")
    where.add_argument("--jobs", type=whole_number, metavar="N", help="cases side by side, each in its own process "
                       "(default: one for each core)")  # fmt: skip
    where.add_argument("--timeout-s", type=number, metavar="X", help="give a case up after so long (default: never)")
    where.add_argument("--dask", metavar="ADDRESS", help="on the workers of a Dask scheduler, as in tcp://host:8786; "
                       "they must see the same folders under the same names")  # fmt: skip
    add_choices(parser)
    parser.set_defaults(run=partial(_batch, out=out))


def _batch(options: argparse.Namespace, out: Print) -> int:
    from isotherm.app.batch import run_batch
    from isotherm.app.progress import Progress
    from isotherm.app.terminal import terminal_columns

    if options.out is None:
        raise BadSetting("No --out came; name the folder for the results of all cases.")
    if options.timeout_s is not None and not 1.0 <= options.timeout_s <= 1e6:
        raise BadSetting(f"--timeout-s {options.timeout_s:g} came; give 1 to 1000000 s.")
    if options.jobs is not None and not 1 <= options.jobs <= MOST_JOBS:
        raise BadSetting(f"--jobs {str(options.jobs)[:24]} came; give 1 to {MOST_JOBS}.")
    with Progress(quiet=options.quiet) as progress:
        summary = run_batch(options.manifest, options.out, settings_of(options), facts_of(options), way=_way(options),
                            progress=progress)  # fmt: skip
    out(summary.text(terminal_columns()) + "\n")
    return INCOMPLETE if summary.incomplete else 0


def _way(options: argparse.Namespace) -> Way:
    if options.dask is None:
        from isotherm.app.batch_pool import OnThisMachine

        return OnThisMachine(options.jobs, options.timeout_s)
    if options.jobs is not None:
        raise BadSetting("--jobs came with --dask; there, each thread of a worker takes a case: start workers with the "
                         "--nthreads that you want.")  # fmt: skip
    try:
        from isotherm.app.batch_dask import OnDask
    except ImportError:
        raise BadSetting('--dask came and Dask is not installed; pip install "isotherm[dask]".') from None
    return OnDask(options.dask, options.timeout_s)
