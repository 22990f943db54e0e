"""The commands of `isotherm criteria`: parse, call one task, print. Heavy imports wait until a command needs them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

EXIT_CODES = """exit codes:
  0  done: every answer is a result, unknown among them
  1  something unforeseen
  2  the case, the table or the place to write to cannot be used; the message says what to do"""

Print = Callable[[str], None]


def add_criteria(commands: Any, say: Print) -> None:
    """Add `criteria` with its own commands to those of argparse.

    Parameters
    ----------
    commands : argparse's subparsers
    say : callable
        Prints a text, and answers where that fails.
    """
    criteria: argparse.ArgumentParser = commands.add_parser(
        "criteria",
        help="what guidelines say of a case, and which missing fact would change it: check, table, init, ...",
    )
    within = criteria.add_subparsers(required=True, metavar="COMMAND")
    _add_check(_command(within, "check", "what each guideline says of one case"), say)
    _add_table(_command(within, "table", "the answers of every rule for a table of cases"), say)
    listed = _command(within, "list", "the guidelines that ship")
    listed.set_defaults(run=partial(_list, say=say))
    show = _command(within, "show", "one guideline, or one rule with its source and conditions")
    show.add_argument("id", metavar="ID", help="of a guideline or a rule, as `list` and `check` print it")
    show.set_defaults(run=partial(_show, say=say))
    init = _command(within, "init", "write the form of a case, with every fact that may be filled in")
    init.add_argument("--out", metavar="FILE", default="case.toml", help="default: %(default)s; never overwritten")
    init.set_defaults(run=partial(_init, say=say))


def _command(within: Any, name: str, words: str) -> argparse.ArgumentParser:
    return within.add_parser(name, help=words, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter)


def _add_check(check: argparse.ArgumentParser, say: Print) -> None:
    check.add_argument("case", metavar="CASE", help="case.toml or case.json; `init` writes a form")
    check.add_argument("--as-of", metavar="DATE", help="tell which rules were in force that day (default: the case's)")
    _add_guidelines(check)
    check.add_argument("--margin", metavar="FILE", help="take in a margin.json, by the labels of lesions")
    check.add_argument("--margin-on", metavar="DATE", help="the day of the scan that it was measured on")
    check.add_argument("--imaging-age", metavar="DAYS", type=int, default=42,
                       help="flag older imaging (default: %(default)s; no source asks for it)")  # fmt: skip
    check.add_argument("--json", metavar="FILE", help="write the answers to FILE, or to standard output with -")
    check.add_argument("--cards", metavar="FILE", help="write CDS Hooks cards to FILE")
    check.add_argument("--out", metavar="DIR", help="folder for criteria.html, the page for the tumor board")
    check.set_defaults(run=partial(_check, say=say))


def _add_table(table: argparse.ArgumentParser, say: Print) -> None:
    table.add_argument("table", metavar="CASES", help="CSV, Parquet or Excel: a row per case, columns named like facts")
    table.add_argument("--lesions", metavar="FILE", help="a row per lesion: case, id, and facts of lesions")
    table.add_argument("--out", metavar="FILE", required=True, help="CSV: a row per case, a column per rule")
    table.add_argument("--on", metavar="DATE", help="the day asked about, where the table has no column of that name")
    table.add_argument("--missing", metavar="CODE", action="append", default=[],
                       help="a code for not known, as in --missing -999; may be repeated")  # fmt: skip
    _add_guidelines(table)
    table.set_defaults(run=partial(_table, say=say))


def _add_guidelines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--guideline", metavar="ID", action="append", default=[],
                        help="ask this one only; may be repeated (default: all)")  # fmt: skip


def _check(options: argparse.Namespace, say: Print) -> int:
    from isotherm.app.criteria_tasks import Check, check, write_check
    from isotherm.app.criteria_terminal import check_text
    from isotherm.app.outputs import json_text
    from isotherm.app.terminal import terminal_columns

    document = check(Check(
        case=options.case, today=_today(), as_of=options.as_of, guidelines=tuple(options.guideline),
        margin=options.margin, margin_on=options.margin_on, imaging_age_days=options.imaging_age,
    ))  # fmt: skip
    inputs = [path for path in (options.case, options.margin) if path is not None]
    page = write_check(document, inputs, json=options.json, cards=options.cards, out=options.out)
    if options.json == "-":
        say(json_text(document))
        return 0
    say(check_text(document, terminal_columns()) + "\n" + ("" if page is None else f"Page: {page}\n"))
    return 0


def _table(options: argparse.Namespace, say: Print) -> int:
    from isotherm.app.criteria_tasks import check_table
    from isotherm.app.criteria_terminal import table_done_text

    done = check_table(options.table, options.out, today=_today(), lesions=options.lesions, on=options.on,
                       missing=tuple(_code(one) for one in options.missing), ids=options.guideline)  # fmt: skip
    say(table_done_text(done) + f"\nAnswers: {options.out}\n")
    return 0


def _code(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _list(_: argparse.Namespace, say: Print) -> int:
    from isotherm.app.criteria_show import list_text
    from isotherm.criteria.library import guidelines

    say(list_text(guidelines()) + "\n")
    return 0


def _show(options: argparse.Namespace, say: Print) -> int:
    from isotherm.app.criteria_show import show_text

    say(show_text(options.id) + "\n")
    return 0


def _init(options: argparse.Namespace, say: Print) -> int:
    from isotherm.app.criteria_form import form_text
    from isotherm.app.criteria_tasks import write_form

    file = write_form(form_text(_today()), options.out)
    say(f"Form: {file}. Fill in what is known, then: isotherm criteria check {file}\n")
    return 0


def _today() -> Any:
    from datetime import datetime

    return datetime.now().astimezone().date()
