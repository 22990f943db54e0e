"""The commands of `isotherm evidence`: parse, call one task, print. Heavy imports wait until a command needs them."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from isotherm.app.evidence_tasks import Choice
    from isotherm.evidence.library import Library

EXIT_CODES = """exit codes:
  0  done; `reproduce`: every mismatch is explained by a discrepancy note
  1  `reproduce`: a mismatch that no discrepancy note explains; an estimate that does not exist; something unforeseen
  2  what came in, or the place to write to, cannot be used; the message says what to do"""

ORGANS = ("liver", "lung")
MODALITIES = ("RFA", "MWA", "RFA and MWA", "cryoablation", "IRE", "several", "not printed", "none")
STATUSES = ("published", "derived", "recalled")


def add_evidence(commands: Any) -> Any:
    """Add `evidence` with the commands that show what is there; return what further commands of its own go into."""
    evidence: argparse.ArgumentParser = commands.add_parser(
        "evidence", help="published results as data: show, check, pool, draw, lay beside your own"
    )
    within = evidence.add_subparsers(required=True, metavar="COMMAND")
    _command(within, "list", "the publications, and how many results each has", _list)
    _command(within, "table", "the results, each with its number, its words and its warnings", _table)
    search = _command(within, "search", "the results that hold all of some words", _table)
    search.add_argument("words", metavar="WORD", nargs="+", help="in labels, endpoints, populations, titles, notes")
    show = _command(within, "show", "everything about one publication or one result", _show, filters=False)
    show.add_argument("id", metavar="ID", help="a publication (wang_2013) or a result (wang_2013.margin-slope)")
    _command(within, "reproduce", "recompute what can be recomputed from printed numbers", _reproduce)
    return within


def _command(within: Any, name: str, says: str, run: Any, *, filters: bool = True) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = within.add_parser(
        name, help=says, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if filters:
        parser.add_argument("--organ", choices=ORGANS)
        parser.add_argument("--endpoint", metavar="TEXT", help="part of an endpoint's name, as in 'local tumor'")
        parser.add_argument("--modality", choices=MODALITIES)
        parser.add_argument("--status", choices=STATUSES)
        parser.add_argument("--paper", metavar="ID", help="one publication")
    parser.add_argument("--papers", metavar="DIR", help="read publications of your own too; a file with the name "
                        "of one that comes along takes its place")  # fmt: skip
    out = parser.add_mutually_exclusive_group()
    for form in ("json", "csv"):
        out.add_argument(f"--{form}", metavar="FILE", nargs="?", const="-",
                         help=f"{form.upper()}, to FILE or to standard output")  # fmt: skip
    parser.set_defaults(run=run)
    return parser


def _list(options: argparse.Namespace) -> int:
    from isotherm.app import evidence_document as document
    from isotherm.app.evidence_tasks import chosen
    from isotherm.app.evidence_terminal import list_text

    library = _library(options)
    records = chosen(library, _choice(options))
    names = {record.paper for record in records}
    papers = [document.paper_fields(paper, library) for paper in library.papers.values() if paper.id in names]
    _give(options, {"papers": papers}, papers, document.PAPER_COLUMNS, list_text(library, records, printed_width()))
    return 0


def _table(options: argparse.Namespace) -> int:
    from isotherm.app import evidence_document as document
    from isotherm.app.evidence_tasks import chosen
    from isotherm.app.evidence_terminal import table_text

    library = _library(options)
    records = chosen(library, _choice(options), getattr(options, "words", ()))
    rows = [document.result_fields(record, library.papers[record.paper]) for record in records]
    _give(options, {"results": rows}, rows, document.RESULT_COLUMNS,
          table_text(library, records, printed_width()))  # fmt: skip
    return 0


def _show(options: argparse.Namespace) -> int:
    from isotherm.app import evidence_document as document
    from isotherm.app.evidence_terminal import paper_text, result_text
    from isotherm.evidence.reproduce import reproduce

    library = _library(options)
    paper = library.papers.get(options.id)
    if paper is not None:
        records = [one for one in library.results.values() if one.paper == paper.id]
        own = [document.result_fields(one, paper) for one in records]
        whole = {**document.paper_with_arms(paper, library), "results": own}
        _give(options, whole, own, document.RESULT_COLUMNS, paper_text(library, paper, printed_width()))
        return 0
    record = library.result(options.id)
    checks = reproduce(library, {record.id})
    row = document.result_fields(record, library.papers[record.paper])
    whole = {**row, "checks": [document.check_fields(one) for one in checks]}
    _give(options, whole, [row], document.RESULT_COLUMNS, result_text(library, record, checks, printed_width()))
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    from isotherm.app import evidence_document as document
    from isotherm.app.evidence_tasks import outcomes, recomputed
    from isotherm.app.evidence_terminal import reproduce_text

    rows = recomputed(_library(options), _choice(options))
    fields = [document.check_fields(row) for row in rows]
    counts = outcomes(rows)
    _give(options, {"counts": dict(counts), "checks": fields}, fields, document.CHECK_COLUMNS,
          reproduce_text(rows, printed_width()))  # fmt: skip
    return 1 if counts["MISMATCH"] else 0


def _library(options: argparse.Namespace) -> Library:
    from isotherm.app.evidence_tasks import open_library
    from isotherm.app.places import usable_file

    for place in (options.json, options.csv):
        if place not in (None, "-"):
            usable_file(place)
    return open_library(options.papers)


def _choice(options: argparse.Namespace) -> Choice:
    from isotherm.app.evidence_tasks import Choice

    given = {name: getattr(options, name) or "" for name in ("organ", "endpoint", "modality", "status", "paper")}
    return Choice(**given)


def printed_width() -> int | None:
    """Return how wide the terminal is; None where what is printed goes elsewhere and must not be broken."""
    from shutil import get_terminal_size

    return get_terminal_size().columns if sys.stdout.isatty() else None


def _give(options: argparse.Namespace, document: Mapping[str, Any], rows: Sequence[Mapping[str, Any]],
          columns: Sequence[str], text: str) -> None:  # fmt: skip
    """Print the text, or give the same as JSON or CSV to where it was asked for."""
    from isotherm.app.evidence_document import csv_text, json_text
    from isotherm.exchange.atomic import write_text

    place = options.json or options.csv
    if place is not None:
        text = csv_text(rows, columns) if options.csv else json_text(document)
    if place in (None, "-"):
        print(text, end="")
    else:
        write_text(place, text)
