"""The commands of `isotherm evidence` that compute and draw: parse, call one task, print."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from isotherm.app.evidence_commands import EXIT_CODES, printed_width

if TYPE_CHECKING:
    from isotherm.app.evidence_patient import Patient

MODELS = ("common", "REML", "DL", "PM")
HARTUNG_KNAPP = ("modified", "yes", "no")
METHODS = ("2D", "3D", "3D rigid", "3D non-rigid")
MODALITIES = ("RFA", "MWA", "cryoablation", "IRE")
LONGEST_DAYS = 36525.0
"""No image of the zone is made later."""


def add_making(within: Any) -> None:
    """Add `forest`, `pool`, `reconstruct`, `margin` and `beside` to the commands of `evidence`."""
    _forest_options(_command(within, "forest", "published effects side by side in a forest, none pooled", _forest))
    _pool_options(_command(within, "pool", "one effect out of several published ones", _pool))
    _reconstruct_options(_command(within, "reconstruct", "patients' rows out of a printed survival curve",
                                  _reconstruct))  # fmt: skip
    _margin_options(_command(within, "margin", "margin, size and recurrence as published, a patient beside them",
                             _margin))  # fmt: skip
    _beside_options(_command(within, "beside", "a study's own effect beside published ones, never pooled", _beside))


def _command(within: Any, name: str, says: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = within.add_parser(
        name, help=says, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(run=run)
    return parser


def _forest_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", metavar="ID", nargs="+", help="published results, as `isotherm evidence table` has them")
    parser.add_argument("--papers", metavar="DIR", help="read publications of your own too")
    parser.add_argument("--out", metavar="DIR", help="folder for the figures (SVG and PNG)")


def _forest(options: argparse.Namespace) -> int:
    from isotherm.app.evidence_apart import apart, apart_figures, apart_text
    from isotherm.app.evidence_outputs import check_folder, figure_files, figure_names, write_files
    from isotherm.app.evidence_tasks import open_library

    ours = figure_names(("forest-ratios", "forest-differences"))
    check_folder(options.out, ours)
    found = apart(open_library(options.papers), options.ids)
    print(apart_text(found, printed_width()), end="")
    if options.out is not None:
        write_files(options.out, figure_files(apart_figures(found)), ours)
        print(f"Results: {options.out}")
    return 0


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


def _margin_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--result", metavar="margin.json", help="of `isotherm margin`: margins, intervals, sizes")
    parser.add_argument("--lesion", metavar="LABEL", action="append", default=[], help="only this one; may be repeated")
    parser.add_argument("--margin-mm", metavar="X", type=float, help="in place of a result: the minimal margin")
    parser.add_argument("--low", metavar="X", type=float, help="lower end of its interval")
    parser.add_argument("--high", metavar="X", type=float, help="upper end of its interval")
    parser.add_argument("--size-mm", metavar="X", type=float, help="in place of a result: the tumor's largest diameter")
    parser.add_argument("--day", metavar="N", type=float, help="days from ablation to the image of the zone")
    parser.add_argument("--imaging", choices=("CT", "MRI"), help="of the zone")
    parser.add_argument("--method", choices=METHODS, help="how the margin was measured (of a result: 3D)")
    parser.add_argument("--modality", choices=MODALITIES, help="how the tumor was ablated")
    parser.add_argument("--organ", choices=("liver", "lung"))
    parser.add_argument("--papers", metavar="DIR", help="read publications of your own too")
    parser.add_argument("--out", metavar="DIR", help="folder for the page and the figures (SVG and PNG)")


def _margin(options: argparse.Namespace) -> int:
    from isotherm.app.evidence_margin import PAGE, laid_beside, page_of, relations_text
    from isotherm.app.evidence_outputs import check_folder, figure_files, stale_figures, write_files
    from isotherm.app.evidence_tasks import open_library

    patient = _patient(options)
    check_folder(options.out, [PAGE], [options.result] if options.result else [])
    found = laid_beside(open_library(options.papers), patient, draw=options.out is not None)
    if options.out is not None:
        drawings = {name: one for drawn in found.drawings.values() for name, one in drawn.items()}
        files = {**figure_files(drawings), PAGE: page_of(found).encode()}
        write_files(options.out, files, stale_figures(options.out, ("margin-", "size-")))
    print(relations_text(found, printed_width()), end="")
    if options.out is not None:
        print(f"Results: {options.out}")
    return 0


def _patient(options: argparse.Namespace) -> Patient | None:
    from isotherm.app.evidence_patient import from_options, from_result
    from isotherm.errors import BadSetting
    from isotherm.evidence.relations import HowMeasured

    numbers = {name: getattr(options, name) for name in ("margin_mm", "low", "high", "size_mm")}
    words = {name: getattr(options, name) or "" for name in ("organ", "modality", "method", "imaging")}
    if options.day is not None and not 0.0 <= options.day < LONGEST_DAYS:
        raise BadSetting(f"--day {options.day:g} came; days from ablation to the image of the zone are wanted.")
    how = HowMeasured(days_after=options.day, **words)
    came = any(value is not None for value in numbers.values())
    if options.result is not None:
        if came:
            raise BadSetting("--result came with numbers of its own beside it; give one or the other.")
        return from_result(options.result, options.lesion, how)
    if options.lesion:
        raise BadSetting("--lesion picks from a result, and none came; give --result margin.json.")
    if not came and how != HowMeasured():
        raise BadSetting("How a margin was measured came, and no margin; give --result, --margin-mm or --size-mm.")
    return from_options(how, **numbers) if came else None


def _beside_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("result", metavar="result.json", help="of `isotherm study run`")
    parser.add_argument("--outcome", metavar="NAME", help="of the study's protocol (default: its primary one)")
    parser.add_argument("--with", metavar="ID", nargs="+", default=[], dest="ids",
                        help="published results (default: all that compare arms, same endpoint)")  # fmt: skip
    parser.add_argument("--papers", metavar="DIR", help="read publications of your own too")
    parser.add_argument("--out", metavar="DIR", help="folder for beside.json and the figure (SVG and PNG)")
    parser.add_argument("--json", metavar="FILE", nargs="?", const="-", help="JSON, to FILE or to standard output")


def _beside(options: argparse.Namespace) -> int:
    from isotherm.app.evidence_beside import beside, document_of
    from isotherm.app.evidence_beside_drawn import beside_figure, beside_text
    from isotherm.app.evidence_document import json_text
    from isotherm.app.evidence_outputs import check_folder, figure_files, figure_names, write_files
    from isotherm.app.evidence_tasks import open_library

    ours = [*figure_names(("beside",)), "beside.json"]
    check_folder(options.out, ours, [options.result])
    _check_json(options.json, [options.result])
    found = beside(open_library(options.papers), options.result, outcome=options.outcome, ids=options.ids)
    text = json_text(document_of(found))
    if options.out is not None:
        files = {**figure_files({"beside": beside_figure(found)}), "beside.json": text.encode()}
        write_files(options.out, files, ours)
    return _give(options, text, beside_text(found, printed_width()))


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
