"""The commands `isotherm registry ...`: parse, call one task, print; heavy imports wait."""

from __future__ import annotations

import argparse
from datetime import date, datetime
from typing import Any

REGISTRY_HELP = "the registry: a file, or postgresql://USER@HOST/DATABASE (password in PGPASSWORD or ~/.pgpass)"

EXIT_CODES = """exit codes:
  0  done
  1  something unforeseen; please report it
  2  the registry, what came in, or the place to write to, cannot be used; the message says what to do
  3  (verify) the registry is not whole
  4  the database is not there, is busy or broke off; try again later"""


def add_registry(commands: Any) -> Any:
    """Add `registry` with its own commands to those of argparse; return where more can be added."""
    registry: argparse.ArgumentParser = commands.add_parser(
        "registry", help="the record: patients, lesions, what was done and what became of it, with an audit"
    )
    within = registry.add_subparsers(required=True, metavar="COMMAND")
    _add_init(within)
    _add_reading(within)
    _add_writing(within)
    _add_keeping(within)
    return within


def _command(within: Any, name: str, about: str) -> argparse.ArgumentParser:
    return within.add_parser(name, help=about, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter)


def _add_init(within: Any) -> None:
    one = _command(within, "init", "make a new registry")
    _registry(one)
    one.add_argument("--simulated", action="store_true",
                     help="one in which nobody ever lived: marked for good, and everything that is read from it says "
                     "so; only such a registry takes margins of simulated images")  # fmt: skip
    one.add_argument("--by", metavar="NAME", help="(--simulated) who says so, for the audit (default: the system's "
                     "user)")  # fmt: skip
    one.set_defaults(run=_init)


def _add_reading(within: Any) -> None:
    one = _command(within, "show", "everything about one patient")
    _registry(one)
    _patient(one)
    one.add_argument("--withdrawn", action="store_true", help="show what was withdrawn, too")
    one.add_argument("--json", action="store_true", help="as JSON")
    one.set_defaults(run=_show)
    one = _command(within, "questions", "which of the 25 questions are open for a patient")
    _registry(one)
    _patient(one)
    one.add_argument("--json", action="store_true", help="as JSON")
    one.set_defaults(run=_questions)
    one = _command(within, "audit", "what was done, by whom, when and why")
    _registry(one)
    one.add_argument("patient", metavar="PATIENT", nargs="?", help="only to this patient")
    one.add_argument("kind", metavar="KIND", nargs="?", help="only to records of this kind")
    one.add_argument("key", metavar="ID", nargs="?", help="only to this one of them")
    one.add_argument("--last", type=int, default=50, metavar="N", help="how many entries (default: %(default)s)")
    one.add_argument("--json", action="store_true", help="as JSON")
    one.set_defaults(run=_audit)


def _add_writing(within: Any) -> None:
    one = _command(within, "add", "add one record, as in: add FILE P1 lesion 2 organ=liver place=IVa; with a "
                   "follow_up, what was found of lesions, as in: lesion.2='completely ablated'")  # fmt: skip
    _registry(one)
    _record(one, "its key; the next free number where it is left out, and none for patient and death")
    _fields(one)
    _author(one, why="first entry")
    one.set_defaults(run=_add)
    one = _command(within, "set", "change fields of one record, as in: set FILE P1 lesion 2 place=unknown --why ...")
    _registry(one)
    _record(one, "its key; none for patient and death")
    _fields(one)
    _author(one)
    _revision(one)
    one.set_defaults(run=_set)
    one = _command(within, "withdraw", "let a record count no more; it is kept, and can be brought back")
    _registry(one)
    _record(one, "its key; none for patient and death; a patient is withdrawn with everything")
    one.add_argument("--undo", action="store_true", help="bring it back")
    _author(one)
    _revision(one)
    one.set_defaults(run=_withdraw)


def _add_keeping(within: Any) -> None:
    one = _command(within, "backup", "write everything into a new file, while others go on working")
    _registry(one)
    one.add_argument("out", metavar="BACKUP", help="a new file")
    one.set_defaults(run=_backup)
    one = _command(within, "restore", "make a registry out of a backup, in a file or in PostgreSQL")
    one.add_argument("backup", metavar="BACKUP", help="a file that isotherm registry backup has written")
    _registry(one)
    one.set_defaults(run=_restore)
    one = _command(within, "verify", "look whether everything is whole, and nothing was changed behind the audit")
    _registry(one)
    one.add_argument("--noted", metavar="HASH", default="", help="the end of the audit as it was noted earlier")
    one.set_defaults(run=_verify)
    one = _command(within, "upgrade", "bring a registry of an older isotherm up to date, after a backup")
    _registry(one)
    one.add_argument("--backup", metavar="FILE", help="a new file for the backup (default: FILE.before-upgrade)")
    one.set_defaults(run=_upgrade)


def _registry(one: argparse.ArgumentParser) -> None:
    one.add_argument("registry", metavar="REGISTRY", help=REGISTRY_HELP)


def _patient(one: argparse.ArgumentParser) -> None:
    one.add_argument("patient", metavar="PATIENT", help="the patient's key; no name")


def _record(one: argparse.ArgumentParser, key: str) -> None:
    _patient(one)
    one.add_argument("kind", metavar="KIND", help="patient, primary, decision, lesion, scan, reading, session, "
                     "ablation, margin, systemic, follow_up, finding, complication, death, fact")  # fmt: skip
    one.add_argument("key", metavar="ID", nargs="?", default="", help=key)


def _fields(one: argparse.ArgumentParser) -> None:
    one.add_argument("fields", metavar="NAME=VALUE", nargs="*", help="NAME=unknown if nobody can tell, NAME= to empty")


def _author(one: argparse.ArgumentParser, *, why: str | None = None) -> None:
    one.add_argument("--by", metavar="NAME", help="who does this, for the audit (default: the system's user)")
    one.add_argument("--why", metavar="WORDS", required=why is None, default=why, help="why, for the audit"
                     + (" (default: %(default)s)" if why else ""))  # fmt: skip


def _revision(one: argparse.ArgumentParser) -> None:
    one.add_argument("--revision", type=int, metavar="N", help="only if the record is still as in this revision of "
                     "show --json (default: as it is now)")  # fmt: skip


def _split(options: argparse.Namespace) -> tuple[str, list[str]]:
    """Return the record's key and its fields: a key has no =, so that it can be left out."""
    if "=" in options.key:
        return "", [options.key, *options.fields]
    return options.key, options.fields


def _init(options: argparse.Namespace) -> int:
    from isotherm.app.registry_tasks import make, me
    from isotherm.errors import BadSetting

    if options.by is not None and not options.simulated:
        raise BadSetting("--by came without --simulated; a registry without that mark begins without an entry.")
    made = make(options.registry, simulated_by=me(options.by) if options.simulated else None)
    marked = ", in which nobody ever lived" if options.simulated else ""
    print(f"Made: {made}{marked}. Next: isotherm registry add, or isotherm registry import.")
    return 0


def _show(options: argparse.Namespace) -> int:
    from isotherm.app.registry_mark import is_simulated
    from isotherm.app.registry_show import patient_json, patient_text
    from isotherm.app.registry_tasks import patient
    from isotherm.app.terminal import terminal_columns

    found = patient(options.registry, options.patient, withdrawn=options.withdrawn)
    simulated = is_simulated(options.registry)
    print(patient_json(options.patient, found, simulated=simulated) if options.json
          else patient_text(options.patient, found, terminal_columns(), simulated=simulated))  # fmt: skip
    return 0


def _questions(options: argparse.Namespace) -> int:
    from isotherm.app.registry_show import questions_json, questions_text
    from isotherm.app.registry_tasks import patient
    from isotherm.app.terminal import terminal_columns
    from isotherm.clinical.questions import open_questions

    found = open_questions([one.record for one in patient(options.registry, options.patient)])
    print(questions_json(options.patient, found) if options.json
          else questions_text(options.patient, found, terminal_columns()))  # fmt: skip
    return 0


def _audit(options: argparse.Namespace) -> int:
    from isotherm.app.registry_show import history_json, history_text
    from isotherm.app.registry_tasks import history
    from isotherm.app.terminal import terminal_columns

    entries, more = history(options.registry, patient_id=options.patient, kind=options.kind, key=options.key,
                            last=options.last)  # fmt: skip
    print(history_json(entries, more) if options.json else history_text(entries, more, terminal_columns()))
    return 0


def _add(options: argparse.Namespace) -> int:
    from isotherm.app.registry_tasks import add, me, which

    key, fields = _split(options)
    one = which(options.patient, options.kind, key)
    made = add(options.registry, one, fields, today=_today(), by=me(options.by), why=options.why)
    print(f"Added: {options.kind} {made}".rstrip() + ".")
    return 0


def _set(options: argparse.Namespace) -> int:
    from isotherm.app.registry_tasks import change, me, which

    key, fields = _split(options)
    one = which(options.patient, options.kind, key)
    changed = change(options.registry, one, fields, revision=options.revision, today=_today(), by=me(options.by),
                     why=options.why)  # fmt: skip
    print("Changed." if changed else "Nothing to change: the record says so already.")
    return 0


def _today() -> date:
    return datetime.now().astimezone().date()


def _withdraw(options: argparse.Namespace) -> int:
    from isotherm.app.registry_tasks import me, which, withdraw

    one = which(options.patient, options.kind, options.key)
    count = withdraw(options.registry, one, undo=options.undo, revision=options.revision, by=me(options.by),
                     why=options.why)  # fmt: skip
    records = "1 record" if count == 1 else f"{count} records"
    print(f"Brought back: {records}." if options.undo else f"Withdrawn: {records}; kept, and shown with --withdrawn.")
    return 0


def _backup(options: argparse.Namespace) -> int:
    from isotherm.app.registry_tasks import back_up
    from isotherm.printable import printable

    print(f"Backup: {printable(str(back_up(options.registry, options.out)))}")
    return 0


def _restore(options: argparse.Namespace) -> int:
    from isotherm.app.registry_tasks import restore

    restore(options.backup, options.registry)
    print("Restored. Look at it with isotherm registry verify.")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from isotherm.app.registry_show import verified_text
    from isotherm.app.registry_tasks import verify
    from isotherm.app.terminal import terminal_columns

    verified = verify(options.registry, noted=options.noted)
    print(verified_text(verified, terminal_columns()))
    return 3 if verified.problems else 0


def _upgrade(options: argparse.Namespace) -> int:
    from isotherm.app.registry_tasks import upgrade
    from isotherm.printable import printable

    backup = upgrade(options.registry, options.backup)
    print("It is up to date; nothing was done." if backup is None
          else f"Up to date. As it was before: {printable(str(backup))}")  # fmt: skip
    return 0
