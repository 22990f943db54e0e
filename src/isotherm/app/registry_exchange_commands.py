"""The commands of `isotherm registry` that bring records in and out; heavy imports wait."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isotherm.app.registry_commands import REGISTRY_HELP

if TYPE_CHECKING:
    from isotherm.app.registry_exchange_tasks import OutForm

EXIT_CODES = """exit codes:
  0  done; (import) everything is in the registry, or could be
  1  something unforeseen; please report it
  2  what came in, the registry, or the place to write to, cannot be used; (import) there are problems, and nothing
     was written
  3  (import --partial) some patients were left out
  4  the database is not there, is busy or broke off; try again later"""

OUT_FORMS = ("csv", "excel", "parquet", "redcap", "fhir")
SUFFIXES: dict[str, OutForm] = {".xlsx": "excel", ".json": "fhir"}
ENDINGS = {"excel": ".xlsx", "redcap": ".csv", "fhir": ".json"}


def add_exchange(within: Any) -> None:
    """Add `import`, `export`, `dictionary` and `mapping` to the commands of `isotherm registry`."""
    _import_options(_command(within, "import", "records out of tables, REDCap or FHIR; all of them or none", _import))
    _export_options(_command(within, "export", "every record as tables, for REDCap, or as a FHIR bundle", _export))
    one = _command(within, "dictionary", "a REDCap project ready to upload, and our declarations for FHIR", _dictionary)
    one.add_argument("--out", metavar="DIR", required=True, help="a new folder")
    one.add_argument(
        "--registry", metavar="REGISTRY", help="say on the first form if nobody in this registry ever lived"
    )
    one = _command(within, "mapping", "draft what the columns of a hospital's tables mean", _mapping)
    one.add_argument("tables", metavar="TABLE", nargs="+", help="CSV, Excel or Parquet; all in one folder")
    one.add_argument("--sheet", metavar="NAME", help="of a book with several")
    one.add_argument("--out", metavar="FILE.toml", required=True, help="a new file")


def _command(within: Any, name: str, says: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = within.add_parser(
        name, help=says, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(run=run)
    return parser


def _import_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("registry", metavar="REGISTRY", help=REGISTRY_HELP)
    parser.add_argument("path", metavar="PATH", help="a folder of tables named after kinds of record (lesion.csv), a "
                        "book with sheets named so, one table, a REDCap export, or a FHIR bundle (.json)")  # fmt: skip
    parser.add_argument("--mapping", metavar="FILE.toml", help="what the columns of tables mean that are not our own")
    parser.add_argument(
        "--redcap", action="store_true", help="PATH is an export of a REDCap project with our dictionary"
    )
    parser.add_argument("--dry-run", action="store_true", help="list every problem and every change; write nothing")
    parser.add_argument("--partial", action="store_true",
                        help="import the patients without problems, and leave out the others with everything of "
                        "theirs")  # fmt: skip
    parser.add_argument("--update", action="store_true",
                        help="change records of which the table tells something else; an empty cell changes "
                        "nothing")  # fmt: skip
    parser.add_argument("--problems", metavar="FILE.csv", help="write every problem there, row by row")
    parser.add_argument("--by", metavar="NAME", help="who does this, for the audit (default: the system's user)")
    parser.add_argument("--why", metavar="WORDS", help="why, for the audit (default: import of PATH)")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def _import(options: argparse.Namespace) -> int:
    from isotherm.app.progress import Progress
    from isotherm.app.registry_exchange_tasks import Wish, import_records, write_problems
    from isotherm.app.registry_exchange_terminal import import_text
    from isotherm.app.registry_tasks import me
    from isotherm.app.terminal import terminal_columns
    from isotherm.printable import printable

    file = Path(options.path)
    form = "redcap" if options.redcap else "fhir" if file.suffix.lower() == ".json" else "tables"
    wish = Wish(path=options.path, form=form, mapping=options.mapping, dry_run=options.dry_run,
                partial=options.partial, update=options.update)  # fmt: skip
    with Progress(quiet=options.quiet) as progress:
        found = import_records(options.registry, wish, today=datetime.now().astimezone().date(), by=me(options.by),
                               why=options.why or f"import of {printable(file.name)}", progress=progress)  # fmt: skip
    print(import_text(found, terminal_columns()))
    if options.problems is not None:
        print(f"Every problem, row by row: {printable(str(write_problems(found.checked, options.problems)))}")
    return 2 if found.is_held_up else 3 if found.checked.problems else 0


def _export_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("registry", metavar="REGISTRY", help=REGISTRY_HELP)
    parser.add_argument("--out", metavar="PATH", required=True, help="a new folder (csv, parquet) or file")
    parser.add_argument("--as", dest="form", choices=OUT_FORMS,
                        help="default: excel for .xlsx, fhir for .json, otherwise csv")  # fmt: skip
    parser.add_argument("--patient", metavar="ID", action="append", default=[], help="only this one; may be repeated")


def _export(options: argparse.Namespace) -> int:
    from isotherm.app.registry_exchange_tasks import export_records
    from isotherm.app.registry_exchange_terminal import counts_text
    from isotherm.errors import BadSetting
    from isotherm.printable import printable

    suffix = Path(options.out).suffix.lower()
    form: OutForm = options.form or SUFFIXES.get(suffix, "csv")
    if suffix != ENDINGS.get(form, suffix):
        raise BadSetting(f"A file for {form} ends in {ENDINGS[form]}; name it so.")
    counts = export_records(options.registry, options.out, form, patients=options.patient)
    print(f"Written to {printable(options.out)}: {counts_text(counts)}.")
    return 0


def _dictionary(options: argparse.Namespace) -> int:
    from isotherm.app.registry_exchange_tasks import write_dictionary
    from isotherm.printable import printable

    for file in write_dictionary(options.out, options.registry):
        print(printable(str(file)))
    return 0


def _mapping(options: argparse.Namespace) -> int:
    from isotherm.app.registry_draft import columns_not_read, kinds_not_read, write_draft
    from isotherm.errors import BadSetting
    from isotherm.printable import printable

    if options.sheet is not None and len(options.tables) > 1:
        raise BadSetting("A sheet is of one book; draft its mapping alone, or leave --sheet out.")
    file = write_draft(options.tables, options.out, today=datetime.now().astimezone().date(), sheet=options.sheet)
    first = options.tables[0]
    name, table = printable(str(file)), printable(first if len(options.tables) == 1 else str(Path(first).parent))
    print(f"Drafted: {name}. Every line is a guess; check each. Next:\n"
          f"  isotherm registry import REGISTRY {table} --mapping {name} --dry-run")  # fmt: skip
    text = file.read_text(encoding="utf-8")
    if lacking := kinds_not_read(text):
        print(f'Not read until you fill in the "..." there: {", ".join(lacking)}.')
    if left := columns_not_read(text):
        print(f"Near a field, and left to you, with the reason there: {', '.join(left)}.")
    return 0
