"""What the commands of `isotherm criteria` do: files in; document, page, cards or a table of answers out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from isotherm.answer import Answer
from isotherm.app.criteria_cards import cards_of
from isotherm.app.criteria_document import Asked, Document, document_of
from isotherm.app.criteria_page import criteria_html
from isotherm.app.criteria_words import answer_name
from isotherm.app.outputs import json_text, table_text
from isotherm.app.places import keep_inputs, new_file, new_folder, usable_file, usable_folder
from isotherm.clinical.picture import picture_of
from isotherm.criteria.library import guideline, guidelines
from isotherm.criteria.rule import Guideline
from isotherm.criteria.table import Answers, answers
from isotherm.errors import BadSetting
from isotherm.exchange.atomic import write_text
from isotherm.exchange.case_files import read_case_file
from isotherm.exchange.case_tables import Codes, read_cases
from isotherm.exchange.margin_facts import read_margins
from isotherm.printable import printable

PAGE = "criteria.html"

IMAGING_AGE_DAYS = 42

MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one call of `criteria check` asks for.

    Parameters
    ----------
    case : str
        Path of the case.
    today : date
    as_of : str or None
        The day of the rules; the case's own day unless given.
    guidelines : tuple of str
        Ids; all of them where there are none.
    margin : str or None
        Path of a margin.json.
    margin_on : str or None
        The day of the scan that it was measured on.
    imaging_age_days : int
    """

    case: str
    today: date
    as_of: str | None = None
    guidelines: tuple[str, ...] = ()
    margin: str | None = None
    margin_on: str | None = None
    imaging_age_days: int = IMAGING_AGE_DAYS


def check(asked: Check) -> Document:
    """Return what guidelines say of one case.

    Raises
    ------
    InputError
    """
    if not 0 <= asked.imaging_age_days <= MOST_DAYS:
        raise BadSetting(f"--imaging-age {asked.imaging_age_days} came; days from 0 to {MOST_DAYS} are wanted.")
    if asked.margin_on is not None and asked.margin is None:
        raise BadSetting("--margin-on came without --margin; name the margin.json that was measured on that day.")
    as_of = None if asked.as_of is None else day_of(asked.as_of, "--as-of")
    scanned = None if asked.margin_on is None else _not_later(day_of(asked.margin_on, "--margin-on"), asked.today)
    chosen = chosen_guidelines(asked.guidelines)
    case = read_case_file(asked.case, today=asked.today)
    notes: tuple[str, ...] = ()
    if asked.margin is not None:
        joined = read_margins(asked.margin, case, on=scanned)
        case, notes = joined.case, joined.left_out
    return document_of(
        Asked(case=case, picture=picture_of(case), guidelines=chosen, as_of=as_of or case.on, today=asked.today,
              imaging_age_days=asked.imaging_age_days, notes=notes)
    )  # fmt: skip


def write_check(document: Document, inputs: Iterable[str], *, json: str | None, cards: str | None, out: str | None
                ) -> Path | None:  # fmt: skip
    """Write what was asked for; return the path of the page where there is one.

    Raises
    ------
    OutputError
        A place cannot be written to, or holds what came in; nothing is written then.
    """
    files = [usable_file(path) for path in (json, cards) if path not in (None, "-")]
    page = None if out is None else usable_folder(out) / PAGE
    keep_inputs([*files, *([] if page is None else [page])], list(inputs))
    made = None if page is None else criteria_html(document)
    if json not in (None, "-"):
        write_text(json, json_text(document))
    if cards is not None:
        write_text(cards, json_text(cards_of(document)))
    if out is not None and page is not None and made is not None:
        with new_folder(out):
            write_text(page, made)
    return page


@dataclass(frozen=True, slots=True)
class TableDone:
    """What came of a table: cases, how often each answer was given to each rule, and columns that were not used."""

    cases: int
    counts: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    unused: tuple[str, ...]


def check_table(
    table: str, out: str, *, today: date, lesions: str | None = None, on: str | None = None,
    missing: Codes = (), ids: Sequence[str] = (),
) -> TableDone:  # fmt: skip
    """Write the answers of every rule for every case of a table.

    Raises
    ------
    InputError, OutputError
    """
    file = usable_file(out)
    keep_inputs([file], [path for path in (table, lesions) if path is not None])
    chosen = chosen_guidelines(ids)
    day = None if on is None else _not_later(day_of(on, "--on"), today)
    read = read_cases(table, today=today, lesions=lesions, on=day, missing=missing)
    found = answers(chosen, [picture_of(case) for case in read.cases])
    criteria = {rule.id: rule.is_criterion for one in chosen for rule in one.rules}
    words = {name: _names(column, is_criterion=criteria.get(name, True)) for name, column in found.items()}
    heads = ([printable(case.id), case.on.isoformat()] for case in read.cases)
    rows = [[*head, *row] for head, row in zip(heads, zip(*words.values(), strict=True), strict=True)]
    write_text(file, table_text(["id", "on", *words], rows))
    return TableDone(len(rows), tuple((name, _counted(column)) for name, column in words.items()), read.unused)


def _names(column: Answers, *, is_criterion: bool) -> list[str]:
    """Return the names of a column of answers."""
    names = {answer.value: answer_name(answer, is_criterion=is_criterion) for answer in Answer}
    return [names[value] for value in column.tolist()]


def _counted(column: Sequence[str]) -> tuple[tuple[str, int], ...]:
    return tuple((answer, column.count(answer)) for answer in sorted(set(column)))


def chosen_guidelines(ids: Sequence[str]) -> tuple[Guideline, ...]:
    """Return the guidelines of some ids, or all.

    Raises
    ------
    BadSetting
        There is no such guideline.
    """
    return tuple(guideline(one) for one in dict.fromkeys(ids)) if ids else guidelines()


def day_of(text: str, option: str) -> date:
    """Return a day that came with an option.

    Raises
    ------
    BadSetting
    """
    try:
        if len(text) != len("2025-03-01"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise BadSetting(f"{option} came with something that is no day; write it as 2025-03-01.") from None


def _not_later(day: date, today: date) -> date:
    if day > today:
        raise BadSetting("A day after today came for what has been seen already; give the day on which it was.")
    return day


def write_form(text: str, out: str) -> Path:
    """Write the form of a case into a file that does not exist yet.

    Raises
    ------
    OutputError
    """
    file = new_file(out)
    write_text(file, text)
    return file
