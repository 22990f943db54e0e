"""The commands of `isotherm dicom`: parse, call one task, print. Heavy imports wait until a command needs them."""

from __future__ import annotations

import argparse
from typing import Any

EXIT_CODES = """exit codes:
  0  done
  2  what came in, or the place to write to, cannot be used; the message says what to do"""


def add_dicom(commands: Any) -> None:
    """Add `dicom` with its own commands to those of argparse."""
    dicom: argparse.ArgumentParser = commands.add_parser("dicom", help="what a DICOM folder holds: list")
    within = dicom.add_subparsers(required=True, metavar="COMMAND")
    listed = within.add_parser("list", help="the series of a folder or ZIP archive, and which can be read",
                               epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    listed.add_argument("folder", metavar="FOLDER", help="folder, ZIP archive or file; nothing in it is changed")
    listed.add_argument("--json", action="store_true", help="as JSON")
    listed.set_defaults(run=_list)


def _list(options: argparse.Namespace) -> int:
    from isotherm.app.dicom_list import list_folder, list_json, list_text

    folder = list_folder(options.folder)
    print(list_json(folder) if options.json else list_text(folder))
    return 0
