"""The commands `isotherm dicom` and `isotherm deidentify`: parse, call one task, print; heavy imports wait."""

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
    _add_deidentify(commands)


def _add_deidentify(commands: Any) -> None:
    clean: argparse.ArgumentParser = commands.add_parser(
        "deidentify", help="a DICOM folder, and a table, without what tells a person; intervals stay",
        epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    clean.add_argument("folder", metavar="FOLDER", help="folder or ZIP archive; nothing in it is changed")
    clean.add_argument("--out", metavar="DIR", required=True, help="a new folder for what may go out")
    clean.add_argument("--key", metavar="FILE", required=True, help="secret of your site; made where none is")
    clean.add_argument("--table", metavar="FILE.csv", help="table whose days move with the images")
    clean.add_argument("--patient-column", metavar="NAME", help="column of the patient's ID, as the images have it")
    clean.add_argument("--day-columns", metavar="NAMES", help="columns of days (2024-01-31), with commas between")
    clean.set_defaults(run=_deidentify)


def _list(options: argparse.Namespace) -> int:
    from isotherm.app.dicom_list import list_folder, list_json, list_text

    folder = list_folder(options.folder)
    print(list_json(folder) if options.json else list_text(folder))
    return 0


def _deidentify(options: argparse.Namespace) -> int:
    from isotherm.app.deidentify import TableRequest, deidentify, split_names
    from isotherm.errors import BadSetting

    table = None
    if options.table is not None:
        if not options.patient_column or not options.day_columns:
            raise BadSetting("--table came alone; name --patient-column and --day-columns, too.")
        table = TableRequest(options.table, options.patient_column, tuple(split_names(options.day_columns)))
    elif options.patient_column or options.day_columns:
        raise BadSetting("Columns came without --table; name the table.")
    print("\n".join(deidentify(options.folder, options.out, options.key, table)))
    return 0
