"""The commands of `isotherm evidence` that compute and draw: parse, call one task, print."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from isotherm.app.evidence_commands import EXIT_CODES, printed_width

MODELS = ("common", "REML", "DL", "PM")
HARTUNG_KNAPP = ("modified", "yes", "no")


def add_making(within: Any) -> None:
    """Add `pool`, `reconstruct`, `margin` and `beside` to the commands of `evidence`."""
    _pool_options(_command(within, "pool", "one effect out of several published ones", _pool))


def _command(within: Any, name: str, says: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = within.add_parser(
        name, help=says, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(run=run)
    return parser


def _pool_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", metavar="ID", nargs="+", help="published results, as `isotherm evidence table` has them")
    parser.add_argument("--model", choices=MODELS, default="REML", help="the main model; both always stand side by "
                        "side (default: %(default)s)")  # fmt: skip
    parser.add_argument("--hartung-knapp", choices=HARTUNG_KNAPP, default="modified",
                        help="interval of random effects: modified (never narrower than the normal one), as published, "
                        "or normal (default: %(default)s)")  # fmt: skip
    parser.add_argument("--level", metavar="X", type=float, default=0.95, help="of intervals (default: %(default)s)")
    parser.add_argument("--despite", metavar="RULE=REASON", action="append", default=[],
                        help="set a rule aside with a reason, which is recorded and printed")  # fmt: skip
    parser.add_argument("--papers", metavar="DIR", help="read publications of your own too")
    parser.add_argument("--out", metavar="DIR", help="folder for pool.json and figures (SVG and PNG)")
    parser.add_argument("--json", metavar="FILE", nargs="?", const="-", help="JSON, to FILE or to standard output")


def _pool(options: argparse.Namespace) -> int:
    from isotherm.app.evidence_document import json_text
    from isotherm.app.evidence_outputs import check_folder, figure_files, figure_names, write_files
    from isotherm.app.evidence_pool import pooled, reasons
    from isotherm.app.evidence_pool_document import document_of
    from isotherm.app.evidence_pool_terminal import pool_text
    from isotherm.app.evidence_tasks import open_library

    ours = [*figure_names(("forest", "funnel", "leave_one_out")), "pool.json"]
    check_folder(options.out, ours)
    _check_json(options.json)
    found = pooled(open_library(options.papers), options.ids, model=options.model, level=options.level,
                   hartung_knapp=options.hartung_knapp, despite=reasons(options.despite))  # fmt: skip
    text = json_text(document_of(found))
    if options.out is not None:
        from isotherm.app.evidence_pool_drawn import pool_figures

        files = {**figure_files(pool_figures(found)), "pool.json": text.encode()}
        write_files(options.out, files, ours)
    return _give(options, text, pool_text(found, printed_width()))


def _check_json(place: str | None) -> None:
    from isotherm.app.places import usable_file

    if place not in (None, "-"):
        usable_file(place)


def _give(options: argparse.Namespace, document: str, text: str) -> int:
    """Print the text, or the document where it was asked for; write it where a file was named."""
    from isotherm.exchange.atomic import write_text

    if options.json not in (None, "-"):
        write_text(options.json, document)
    print(document if options.json == "-" else text, end="")
    if options.out is not None and options.json != "-":
        print(f"Results: {options.out}")
    return 0
