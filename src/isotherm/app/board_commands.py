"""The command `isotherm case`: parse, call one task, print. Heavy imports wait until it is called."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isotherm.app.margin_options import whole_number
from isotherm.errors import BadSetting

if TYPE_CHECKING:
    from isotherm.app.board_tasks import Boarded

EXIT_CODES = """exit codes:
  0  done: every margin that could be measured was, or is a result of another kind
  1  something unforeseen
  2  what came in, or the place to write to, cannot be used; the message says what to do
  3  the margin of a lesion, or how its zone has changed, is withheld, since a registration failed"""

WITHHELD = 3

OF_IMAGES = ("images", "reader", "confirm_pair", "by")
"""Options that say nothing of a patient of a registry."""

KEPT = "registry:"
"""Before a patient's key: it is one, even where a folder has its name."""

Print = Callable[[str], None]


def add_case(commands: Any, say: Print) -> None:
    """Add `case` to the commands of argparse; `say` prints."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "case", help="one patient: margins, zones over time, criteria and evidence on one page for the tumor board",
        epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("case", metavar="DIR|ID", help="folder with case.toml and course.toml, or a patient's key in a "
                        "registry (registry:KEY where a folder has its name)")  # fmt: skip
    parser.add_argument("--init", action="store_true", help="write the forms case.toml and course.toml into DIR")
    parser.add_argument("--images", metavar="DIR", help="folder that the file names of course.toml start from "
                        "(default: the case's own)")  # fmt: skip
    parser.add_argument("--registry", metavar="FILE", help="read the patient ID from this registry; with DIR, write "
                        "what was measured and noted into it")  # fmt: skip
    parser.add_argument("--by", metavar="NAME", help="who writes into the registry (default: isotherm case)")
    parser.add_argument("--as-of", metavar="DATE", help="the day of the rules; of a registry, the day asked about "
                        "(default: the case's, or today)")  # fmt: skip
    parser.add_argument("--confirm-pair", action="store_true",
                        help="the DICOM scans are of one patient and in order, whatever they say")  # fmt: skip
    parser.add_argument("--reader", metavar="TEXT", help="who drew the masks; it travels with the result")
    parser.add_argument("--samples", type=whole_number, default=1000, metavar="N", help="draws (default: %(default)s)")
    parser.add_argument("--seed", type=whole_number, default=0, metavar="N", help="default: %(default)s")
    parser.add_argument("--out", metavar="DIR", help="folder for board.html, board.pdf, board.json and the report of "
                        "each session")  # fmt: skip
    parser.add_argument("--no-annex", action="store_true", help="board.pdf is the sheet alone: one page")
    parser.add_argument("--json", metavar="FILE", help="write board.json to FILE, or to standard output with -")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=partial(_case, say=say))


def _case(options: argparse.Namespace, say: Print) -> int:
    from isotherm.app.board_outputs import check_places, write_board
    from isotherm.app.board_terminal import board_text
    from isotherm.app.outputs import json_text
    from isotherm.app.progress import Progress
    from isotherm.app.terminal import terminal_columns

    if options.init:
        from isotherm.app.board_form import write_forms

        say(write_forms(options.case, _today()))
        return 0
    folder = Path(options.case)
    if options.case.startswith(KEPT):
        options.case, folder = options.case.removeprefix(KEPT), Path(os.devnull)
    if not folder.is_dir() and options.registry is None:
        raise BadSetting(f"'{folder.name[:60]}' is no folder; give the folder of a case, or --registry FILE beside "
                         "a patient's key.")  # fmt: skip
    if options.by is not None and options.registry is None:
        raise BadSetting("--by came without --registry; name the registry that is written into.")
    places = check_places(options.out, options.json, folder if folder.is_dir() else None,
                          annex=not options.no_annex)  # fmt: skip
    with Progress(quiet=options.quiet) as progress:
        boarded, told = _boarded(options, folder, progress)
        progress("writing the page")
        written = write_board(places, boarded)
    if options.json == "-":
        say(json_text(boarded.document))
    else:
        say("\n".join([board_text(boarded.document, terminal_columns()), *told, *written]) + "\n")
    return WITHHELD if boarded.withheld else 0


def _boarded(options: argparse.Namespace, folder: Path, progress: Callable[[str], None]) -> tuple[Boarded, list[str]]:
    """Return the board, and what was told of the registry."""
    from isotherm.app.board_registry import PatientAsked, board_of_registry, tracking_of, write_to_registry
    from isotherm.app.board_tasks import FolderAsked, board_of_folder, patient_of
    from isotherm.app.registry_mark import is_simulated
    from isotherm.app.settings import Settings

    if not folder.is_dir():
        given = [name for name in OF_IMAGES if getattr(options, name)]
        if given:
            raise BadSetting(f"--{given[0].replace('_', '-')} came, and a registry has no images; leave it out.")
        progress("reading the registry")
        return board_of_registry(PatientAsked(address=options.registry, patient_id=options.case, today=_today(),
                                              as_of=options.as_of)), []  # fmt: skip
    asked = FolderAsked(
        folder=folder, today=_today(), as_of=options.as_of, images=None if options.images is None else
        Path(options.images), out=None if options.out is None else Path(options.out),
        settings=Settings(samples=options.samples, seed=options.seed), confirmed=options.confirm_pair,
        reader=options.reader,
    )  # fmt: skip
    if options.registry is None:
        return board_of_folder(asked, progress=progress), []
    # A registry that cannot be opened, and a folder without a key, are told before anything is measured.
    asked = replace(asked, tracking=tracking_of(options.registry, patient_of(asked)),
                    simulated=is_simulated(options.registry))  # fmt: skip
    boarded = board_of_folder(asked, progress=progress)
    progress("writing into the registry")
    return boarded, write_to_registry(options.registry, boarded, by=options.by)


def _today() -> Any:
    from datetime import datetime

    return datetime.now().astimezone().date()
