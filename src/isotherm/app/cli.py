"""The commands: parse, call one task, print. Heavy imports wait until a command needs them."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from isotherm import __version__
from isotherm.app.batch_commands import add_batch
from isotherm.app.board_commands import add_case
from isotherm.app.criteria_commands import add_criteria
from isotherm.app.dicom_commands import add_dicom
from isotherm.app.evidence_commands import add_evidence
from isotherm.app.evidence_making_commands import add_making
from isotherm.app.margin_options import add_choices, facts_of, settings_of, structures_of
from isotherm.app.pacs_commands import add_pacs
from isotherm.app.registration_commands import add_registration
from isotherm.app.registry_cohort_commands import add_cohort
from isotherm.app.registry_commands import add_registry
from isotherm.app.registry_exchange_commands import add_exchange
from isotherm.app.segment_commands import add_segment
from isotherm.app.serve_commands import add_serve
from isotherm.app.study_commands import add_study
from isotherm.errors import BadSetting, InputError, IsothermError, OutputError

if TYPE_CHECKING:
    from isotherm.app.case import Request

EXIT_CODES = """exit codes:
  0    every lesion was measured, or found bounded, not ablated or not assessable (each is a result)
  1    something unforeseen; please report it
  2    what came in, or the place to write to, cannot be used; the message says what to do
  3    not all is to be used: (batch) a case could not be measured; (register, assess, batch) a registration failed
  4    (pacs, batch) the PACS or the scheduler is not there, is busy or broke off; the same command goes on later
  130  stopped by Ctrl-C; what was finished is kept
  141  whoever read the output has stopped reading it"""


DEMO_DATA = "Real abdominal CT (TotalSegmentator example, Apache-2.0); lesions and ablation zones are simulated."
STUDY_DATA = "197 real patients (The Cancer Imaging Archive, doi:10.7937/QXK2-QG03, CC BY 4.0):"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows few letters shows a question mark, and nothing stops.
            stream.reconfigure(errors="replace")
    try:
        return _run(arguments)
    except IsothermError as error:
        _tell(f"isotherm: {error}")
        return error.exit_code
    except MemoryError:
        _tell("isotherm: There is not enough memory for these images; crop them around the lesions.")
        return InputError.exit_code
    except BrokenPipeError:
        return 141  # as a shell counts a program that the hung-up pipe has ended
    except KeyboardInterrupt:
        _tell("isotherm: stopped; what was finished is kept.")
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    if list(sys.argv[1:] if arguments is None else arguments)[:1] == ["margins"]:
        raise BadSetting("`isotherm margins` is now `isotherm batch`, which takes the same list and options.")
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options))
    finally:
        _print("")  # help may still wait in the buffer


def _print(text: str) -> None:
    """Print and flush here, where a failure can be answered: at the end of the process nobody could."""
    if text and sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] - closed before we came
        raise OutputError("Standard output is closed; send it somewhere, or give --json FILE or --out DIR.")
    try:
        print(text, end="", flush=True)
    except OSError as error:
        # Whatever is left in the buffer goes nowhere, or Python would complain of it at the end.
        with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        why = (error.strerror or "the system refused").lower()
        raise OutputError(f"Standard output cannot be written: {why}; send it elsewhere.") from None


def _tell(text: str) -> None:
    """Say something on standard error, where it may be that nobody listens."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


class _Once(argparse.Action):
    """An option that takes one value: a second one would silently replace the first."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
                 option_string: str | None = None) -> None:  # fmt: skip
        """Keep the value, or refuse a second one."""
        came: set[str] = vars(namespace).setdefault("came", set())
        if self.dest in came:
            parser.error(f"{option_string} came twice; give it once")
        came.add(self.dest)
        setattr(namespace, self.dest, values)


class _Parser(argparse.ArgumentParser):
    """A parser that answers a mistake in one line and takes nothing for what it only begins like."""

    def __init__(self, **others: Any) -> None:
        super().__init__(allow_abbrev=False, **others)
        self.register("action", None, _Once)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command, and where help is."""
        self.exit(2, f"isotherm: {message}; see `{self.prog} --help`.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="isotherm",
        description="Measure the ablation margin. Research use only; not a medical device.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"isotherm {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser(
        "margin", help="measure the margins of one case", epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    _files(one)
    add_choices(one)
    one.add_argument("--json", metavar="FILE", help="write margin.json to FILE, or to standard output with -")
    one.add_argument("--pdf", metavar="FILE", help="write the report on paper (A4) to FILE")
    one.add_argument("--dicom", metavar="DIR", help="folder for segments (SEG) and measurements (SR) in DICOM, beside "
                     "--image as DICOM; with --pdf the report, too")  # fmt: skip
    one.set_defaults(run=_margin)
    add_batch(commands, _print)
    add_registration(commands, _print)
    add_dicom(commands)
    add_pacs(commands)
    add_segment(commands)
    add_study(commands)
    add_criteria(commands, _print)
    add_case(commands, _print)
    add_making(add_evidence(commands))
    registry = add_registry(commands)
    add_cohort(registry)
    add_exchange(registry)
    add_serve(commands, _print)
    demo = commands.add_parser(
        "demo", help="the bundled data: margins of simulated lesions in a real CT, a study of real patients"
    )
    demo.add_argument("--out", metavar="DIR", default="isotherm-demo", help="folder for results (default: %(default)s)")
    demo.add_argument("--quiet", action="store_true", help="no progress")
    demo.set_defaults(run=_demo)
    return parser


def _files(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "files (NIfTI, NRRD, MHA, Slicer .seg.nrrd, DICOM SEG, RTSTRUCT; FILE:LABEL or FILE:NAME "
        "picks one; images also as DICOM folders, FOLDER:SERIES picks one)"
    )
    group.add_argument("--tumor", metavar="FILE[:LABEL]", action="append", required=True,
                       help="tumor mask; repeat for several lesions")  # fmt: skip
    group.add_argument("--ablation", metavar="FILE[:LABEL]", action="append", required=True,
                       help="ablation zone; repeated zones are united")  # fmt: skip
    group.add_argument("--organ", metavar="FILE[:LABEL]", help="organ mask: margins are restricted to it")
    group.add_argument("--vessels", metavar="FILE[:LABEL]", action="append", default=[], help="vessels in the organ")
    group.add_argument("--structure", metavar="NAME=FILE", action="append", default=[],
                       help="report distances from lesion and zone; may be repeated")  # fmt: skip
    group.add_argument("--old-scar", metavar="FILE[:LABEL]", action="append", default=[],
                       help="zone of an earlier ablation, not to be counted; may be repeated")  # fmt: skip
    group.add_argument("--image", metavar="FILE", help="image after ablation: field of view, pictures")
    group.add_argument("--image-before", metavar="FILE", help="image before ablation, in the same frame")
    group.add_argument("--confirm-pair", action="store_true",
                       help="the DICOM objects are of one patient and in order, whatever they say")  # fmt: skip


def _request(options: argparse.Namespace) -> Request:
    from isotherm.app.case import Request

    return Request(tuple(options.tumor), tuple(options.ablation), options.organ, tuple(options.vessels),
                   structures_of(options.structure), tuple(options.old_scar), options.image, options.image_before,
                   options.confirm_pair)  # fmt: skip


def _margin(options: argparse.Namespace) -> int:
    from isotherm.app.case import read_case
    from isotherm.app.outputs import TABLE, TABLE_HEADS, json_text, keep_tables, results_in, write_results
    from isotherm.app.paper import report_on_paper
    from isotherm.app.places import keep_inputs, new_folder, usable_file
    from isotherm.app.progress import Progress
    from isotherm.app.provenance import Provenance
    from isotherm.app.tasks import assess_margin
    from isotherm.app.terminal import margin_table, terminal_columns
    from isotherm.exchange.atomic import write_bytes, write_text

    request, settings, facts = _request(options), settings_of(options), facts_of(options)
    if options.json not in (None, "-"):
        keep_inputs([usable_file(options.json)], request.files)
    if options.pdf is not None:
        keep_inputs([usable_file(options.pdf)], request.files)
    write_dicom = None
    if options.dicom:
        # Only who wants DICOM waits for what writes it.
        from isotherm.app.dicom_results import check_dicom_results, results_in_dicom, write_dicom_results

        check_dicom_results(request.image)
        keep_inputs(results_in_dicom(options.dicom), request.files)
        write_dicom = write_dicom_results
    if options.out:
        keep_inputs(results_in(Path(options.out)), request.files)
        keep_tables(Path(options.out), {TABLE: TABLE_HEADS})
    out: AbstractContextManager[Path | None] = nullcontext() if options.out is None else new_folder(options.out)
    with out as folder, Progress(quiet=options.quiet) as progress:
        progress("reading")
        case = read_case(request, facts=facts)
        assessment = assess_margin(case, settings, progress=progress)
        report, made = None, Provenance.now()
        if folder is not None:
            progress("writing the report")
            report = write_results(folder, assessment, made)
        paper = None
        if options.pdf is not None:
            progress("typesetting the report")
            paper = report_on_paper(assessment, made)
            write_bytes(options.pdf, paper.pdf)
        if write_dicom is not None:
            progress("writing DICOM")
            write_dicom(options.dicom, str(request.image), case, assessment, paper=paper)
    if options.json == "-":
        _print(json_text(assessment.document))
        return 0
    if options.json is not None:
        write_text(options.json, json_text(assessment.document))
    _print(
        margin_table(assessment.document, terminal_columns()) + "\n" + ("" if report is None else f"Report: {report}\n")
    )
    return 0


def _demo(options: argparse.Namespace) -> int:
    from isotherm.app.demo import run_demo
    from isotherm.app.progress import Progress
    from isotherm.app.study_tasks import headline, run_study_demo
    from isotherm.app.terminal import margin_table, terminal_columns

    with Progress(quiet=options.quiet) as progress:
        assessment, report = run_demo(options.out, progress=progress)
        study, folder = run_study_demo(str(Path(options.out) / "study"), progress)
    _print(f"{DEMO_DATA}\n\n{margin_table(assessment.document, terminal_columns())}\n\n{STUDY_DATA}\n\n")
    _print(f"{headline(study, brief=True)}\n\n")
    _print(f"Report of the margins: {report}\nReport of the study:   {folder / 'report.html'}\n\n")
    called = sys.argv[0] if Path(sys.argv[0]).name == "isotherm" else "isotherm"
    _print(f"All of it in a browser, on simulated patients: {called} serve\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
