"""The commands `isotherm pacs find|pull|push`: parse, call one task, print; heavy imports wait."""

from __future__ import annotations

import argparse
import datetime
import sys
from typing import TYPE_CHECKING, Any

from isotherm.errors import BadSetting

if TYPE_CHECKING:
    from isotherm.app.pacs_tasks import PacsOptions

EXIT_CODES = """who you are is said by ISOTHERM_PACS_USER and ISOTHERM_PACS_PASSWORD (or the system's keyring), or by
ISOTHERM_PACS_TOKEN; see docs/pacs.md

exit codes:
  0  done
  2  what came in, the PACS's answer, or the place to write to, cannot be used; the message says what to do
  3  (push) at least one object was refused by the PACS, or is not there as it was sent; the others are
  4  the PACS is not there, is busy or broke off; what was finished is kept, the same command goes on later"""


def add_pacs(commands: Any) -> None:
    """Add `pacs` with its own commands to those of argparse."""
    pacs: argparse.ArgumentParser = commands.add_parser("pacs", help="a PACS over DICOMweb: find, pull, push")
    within = pacs.add_subparsers(required=True, metavar="COMMAND")
    _add_find(within)
    _add_pull(within)
    _add_push(within)


def _command(within: Any, name: str, about: str) -> argparse.ArgumentParser:
    return within.add_parser(name, help=about, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter)


def _add_find(within: Any) -> None:
    one = _command(within, "find", "which studies a PACS holds, or the series of one study")
    one.add_argument("--patient-id", metavar="ID", help="of this patient; - reads it from standard input, so that no "
                     "history of commands keeps it")  # fmt: skip
    one.add_argument(
        "--days", metavar="FIRST[..LAST]", help="days of the study, as in 2024-01-31 or 2024-01-01..2024-03-31"
    )
    one.add_argument("--modality", metavar="NAME", help="CT, MR, ...")
    one.add_argument("--study", metavar="UID", help="list the series of this study")
    one.add_argument("--names", action="store_true", help="show the patient's ID and name, too")
    one.add_argument("--most", type=int, default=100, metavar="N", help="studies to list (default: %(default)s)")
    one.add_argument("--json", action="store_true", help="as JSON")
    add_server(one)
    one.set_defaults(run=_find)


def _add_pull(within: Any) -> None:
    one = _command(within, "pull", "fetch a study into a folder; a second call fetches only what is missing")
    one.add_argument("study", metavar="STUDY", help="UID of the study, as `isotherm pacs find` shows it")
    one.add_argument("--series", metavar="UID", action="append", default=[], help="only this series, by UID or number; "
                     "may be repeated")  # fmt: skip
    one.add_argument("--out", metavar="DIR", required=True, help="a new folder, or one of the same study")
    one.add_argument("--quiet", action="store_true", help="no progress")
    add_server(one)
    one.set_defaults(run=_pull)


def _add_push(within: Any) -> None:
    one = _command(within, "push", "send DICOM objects; what is there is not sent again, and all is read back")
    one.add_argument("files", metavar="FILE|DIR", nargs="+", help="DICOM files, folders or ZIP archives")
    one.add_argument("--no-read-back", action="store_true", help="do not compare what the PACS then holds")
    one.add_argument("--quiet", action="store_true", help="no progress")
    add_server(one)
    one.set_defaults(run=_push)


def add_server(parser: argparse.ArgumentParser) -> Any:
    """Add the options that say which PACS, as every command has them that speaks to one; return their group."""
    group = parser.add_argument_group("the PACS")
    group.add_argument("--pacs", metavar="URL", help="base of its DICOMweb service, as in https://HOST/dicom-web "
                       "(default: ISOTHERM_PACS_URL)")  # fmt: skip
    group.add_argument("--ca", metavar="FILE", help="authorities to trust, in PEM (default: ISOTHERM_PACS_CA, else "
                       "those of the system)")  # fmt: skip
    group.add_argument(
        "--timeout-s", type=float, default=60.0, metavar="S", help="longest silence (default: %(default)g)"
    )
    group.add_argument("--plain-http", action="store_true", help="allow http:// to another machine, unencrypted")
    return group


def server_of(options: argparse.Namespace) -> PacsOptions:
    """Return the PACS that the options name."""
    from isotherm.app.pacs_tasks import PacsOptions

    return PacsOptions(options.pacs, options.ca, options.timeout_s, options.plain_http)


def _find(options: argparse.Namespace) -> int:
    from isotherm.app.pacs_show import series_json, series_text, studies_json, studies_text
    from isotherm.app.pacs_tasks import find, find_series
    from isotherm.exchange.dicomweb_find import Wanted

    if options.study is not None:
        if options.patient_id or options.days or options.modality or options.names:
            raise BadSetting("--study lists the series of one study; leave the other conditions out.")
        series = find_series(server_of(options), options.study)
        print(series_json(series) if options.json else series_text(series))
        return 0
    first, last = _days(options.days)
    wanted = Wanted(_patient(options.patient_id), first, last, _modality(options.modality))
    studies, more = find(server_of(options), wanted, most=options.most)
    print(studies_json(studies, more, names=options.names) if options.json
          else studies_text(studies, more, names=options.names))  # fmt: skip
    return 0


def _pull(options: argparse.Namespace) -> int:
    from isotherm.app.pacs_show import pulled_text
    from isotherm.app.pacs_tasks import pull_study
    from isotherm.app.progress import Progress

    with Progress(quiet=options.quiet) as progress:
        pulled = pull_study(server_of(options), options.study, options.out, series=options.series, tell=progress)
    print(pulled_text(pulled))
    return 0


def _push(options: argparse.Namespace) -> int:
    from isotherm.app.pacs_show import pushed_text
    from isotherm.app.pacs_tasks import push_files
    from isotherm.app.progress import Progress

    with Progress(quiet=options.quiet) as progress:
        sent = push_files(server_of(options), options.files, compare=not options.no_read_back, tell=progress)
    print(pushed_text(sent))
    return 0 if sent.pushed.whole else 3


def _patient(given: str | None) -> str | None:
    if given is None:
        return None
    said = (sys.stdin.readline() if given == "-" else given).strip()
    if not said or set(said) & set("*?\\"):
        raise BadSetting("A patient's ID is wanted, whole and without *, ? or \\; for - it comes from standard input.")
    return said


def _modality(given: str | None) -> str | None:
    if given is not None and not (given.isascii() and given.isalnum()):
        raise BadSetting("A modality is one word, as in CT or MR; give one.")
    return None if given is None else given.upper()


def _days(given: str | None) -> tuple[datetime.date | None, datetime.date | None]:
    if given is None:
        return None, None
    first, found, last = given.partition("..")
    try:
        days = [datetime.date.fromisoformat(one) if one else None for one in (first, last if found else first)]
    except ValueError:
        days = []
    if not any(days):
        raise BadSetting(
            "--days came without a day that can be read; write it as in 2024-01-31 or 2024-01-01..2024-03-31."
        )
    return days[0], days[1]
