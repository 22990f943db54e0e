"""The commands of `isotherm evidence` that compute and draw: parse, call one task, print."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from isotherm.app.evidence_commands import EXIT_CODES, printed_width

MODELS = ("common", "REML", "DL", "PM")
HARTUNG_KNAPP = ("modified", "yes", "no")


def add_making(within: Any) -> None:
    """Add `pool`, `reconstruct`, `margin` and `beside` to the commands of `evidence`."""
    _pool_options(_command(within, "pool", "one effect out of several published ones", _pool))
    _reconstruct_options(_command(within, "reconstruct", "patients' rows out of a printed survival curve",
                                  _reconstruct))  # fmt: skip


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


def _reconstruct_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("curve", metavar="CURVE.csv", nargs="?",
                        help="points of one arm's curve: time_days (or _weeks, _months, _years) and survival or "
                        "survival_percent; may be left out where TABLE.csv has events")  # fmt: skip
    parser.add_argument("--at-risk", metavar="TABLE.csv", required=True,
                        help="the table below it: time_..., at_risk, and events up to then if printed")  # fmt: skip
    parser.add_argument("--events", metavar="N", type=int, help="all events of the arm, if printed")
    parser.add_argument("--reading", choices=("line", "steps"), default="line",
                        help="points anywhere on the line, or at the feet of steps (default: %(default)s)")  # fmt: skip
    parser.add_argument("--cut", action="store_true", help="the drawing ends while patients are still watched")
    parser.add_argument("--out", metavar="DIR", help="folder for the rows, the report and its figure")
    parser.add_argument("--json", metavar="FILE", nargs="?", const="-", help="JSON, to FILE or to standard output")


def _reconstruct(options: argparse.Namespace) -> int:
    from isotherm.app.evidence_document import json_text
    from isotherm.app.evidence_outputs import check_folder, figure_files, figure_names, write_files
    from isotherm.app.evidence_reconstruct import document_of, figure_of, rebuilt, report_text, rows_text
    from isotherm.errors import BadSetting

    if options.curve is None and (options.cut or options.reading != "line"):
        raise BadSetting("--cut and --reading say how a curve was read, and no curve came; leave them out.")
    ours = [*figure_names(("reconstruction",)), "reconstructed.csv", "reconstruction.json"]
    came = [one for one in (options.curve, options.at_risk) if one is not None]
    check_folder(options.out, ours, came)
    _check_json(options.json, came)
    one = rebuilt(options.curve, options.at_risk, total_events=options.events, reading=options.reading,
                  cut=options.cut)  # fmt: skip
    text = json_text(document_of(one))
    if options.out is not None:
        files = {**figure_files({"reconstruction": figure_of(one)}), "reconstructed.csv": rows_text(one).encode(),
                 "reconstruction.json": text.encode()}  # fmt: skip
        write_files(options.out, files, ours)
    return _give(options, text, report_text(one, printed_width()))


def _check_json(place: str | None, inputs: Sequence[str] = ()) -> None:
    from isotherm.app.places import keep_inputs, usable_file

    if place not in (None, "-"):
        keep_inputs([usable_file(place)], inputs)


def _give(options: argparse.Namespace, document: str, text: str) -> int:
    """Print the text, or the document where it was asked for; write it where a file was named."""
    from isotherm.exchange.atomic import write_text

    if options.json not in (None, "-"):
        write_text(options.json, document)
    print(document if options.json == "-" else text, end="")
    if options.out is not None and options.json != "-":
        print(f"Results: {options.out}")
    return 0
