"""The draft of a mapping from the columns of tables: a commented mapping.toml in which every line is a guess."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from isotherm.app.places import new_file
from isotherm.app.registry_guess import ColumnGuess, KindGuess
from isotherm.app.registry_guess_scans import with_scans
from isotherm.app.registry_guess_tables import Came, TableGuess, guess_tables
from isotherm.app.study_guess import codes_in
from isotherm.clinical.record import Field
from isotherm.errors import BadMapping, BadSetting
from isotherm.exchange.atomic import write_text
from isotherm.exchange.protocol_text import toml
from isotherm.exchange.record_days import ISO
from isotherm.exchange.record_mapping import FILL_IN
from isotherm.exchange.record_mapping_files import mapping_from
from isotherm.exchange.tables_in import read_table
from isotherm.printable import printable

HEAD = """\
# What the columns mean, drafted from names and values: every line is a guess, so check each one. What the words of a
# column mean is left empty where nothing is near; fill it in. A [[table]] with "..." in it is not read until the value
# stands there, nor is what points to its records. Then look: "Save and look again" in the browser, or on a command line
# `isotherm registry import REGISTRY TABLE --mapping THIS_FILE --dry-run`. Both show every problem and write nothing.
#
# dates = "DD.MM.YYYY"  # where days are not written as 2025-03-01; of one column: { column = "...", dates = "..." }
"""


MAY_BE = "# Not read, may be "
"""Begins the line of a column that is near a field."""

NOTHING_WE_KEEP = "#   "
"""Begins the line of a column that is near none."""

NEEDED = "# needed, in place of the dots: "
"""Begins the remark on a value that a person has to fill in."""


def kinds_not_read(text: str) -> tuple[str, ...]:
    """Return the kinds of records that a mapping does not read yet, since something of them has to be filled in."""
    try:
        waiting = mapping_from(text).waiting
    except BadMapping:  # told where it is used
        return ()
    return tuple(dict.fromkeys(one.kind.name for one in waiting))


def columns_not_read(text: str) -> tuple[str, ...]:
    """Return the columns that a draft leaves to a person, since they may be a field and may be something else."""
    return tuple(re.findall(rf"^{MAY_BE}.*? of [a-z_]+: '(.+?)', ", text, re.MULTILINE))


def write_draft(tables: Sequence[str | os.PathLike[str]], out: str, *, today: date, sheet: str | None = None) -> Path:
    """Draft one mapping of tables that came together into a file that does not exist yet.

    Parameters
    ----------
    tables : sequence of path
        One or several, all in one folder.
    out : str
    today : date
        Tells days that cannot be yet.
    sheet : str, optional
        Of a book, where one table came.

    Raises
    ------
    InputError
        A table cannot be read, or they lie in several folders.
    OutputError
        The file exists, or cannot be written.
    """
    file = new_file(out)
    if len({Path(one).resolve().parent for one in tables}) > 1:
        raise BadSetting("The tables lie in several folders, and a mapping names files of one; put them into one.")
    came = [_came(one, sheet) for one in tables]
    codes = tuple(dict.fromkeys(code for one in came for code in one.empty))
    decimals = {one.decimal for one in came}
    usual = {
        "decimal": f"{toml(came[0].decimal if len(decimals) == 1 else '.')}  # the sign before the tenths",
        "empty": f"{toml(list(codes))}  # move a word to `unknown` where it means: asked, and not told",
        "unknown": "[]",
    }
    lines = [HEAD, *(f"{name} = {value}" for name, value in usual.items()), ""]
    lines += _lines(
        with_scans(guess_tables(came, sheet=sheet, today=today), came), sheet, own_decimal=len(decimals) > 1
    )
    write_text(file, "\n".join(lines) + "\n")
    return file


def _came(table: str | os.PathLike[str], sheet: str | None) -> Came:
    raw = read_table(table, sheet=sheet)
    codes = codes_in(raw)
    known = read_table(table, sheet=sheet, missing=codes) if codes else raw
    return Came(path=table, table=known, decimal=_decimal(raw), empty=codes)


def _decimal(raw: pd.DataFrame) -> str:
    """Return the sign before the tenths that numbers of a table have: a comma if any number has one."""
    texts = (str(one) for name in raw.columns for one in raw[name].dropna().unique())
    return "," if any(re.fullmatch(r"-?\d+,\d+", one.strip()) for one in texts) else "."


def _lines(found: Sequence[TableGuess], sheet: str | None, *, own_decimal: bool) -> Iterator[str]:
    for one in found:
        name = Path(one.path).name
        for kind in one.guess.kinds:
            yield from (*kind_lines(kind, one, sheet, decimal=one.decimal if own_decimal else ""), "")
        if not one.guess.kinds:
            yield f"# No column of {printable(name)} sounds like a field that is told nowhere else."
            yield "# The fields of a kind: isotherm registry dictionary.\n"
        for each in one.guess.may_be:
            yield f"{MAY_BE}{each.field.name} of {each.kind.name}: '{printable(each.column)}', {each.why}"
        if one.repeated:
            yield f"# Columns of {printable(name)} that are read from the table of patients: {len(one.repeated)}"
        if one.guess.unused:
            yield f"# Columns of {printable(name)} that sound like nothing we keep:"
            yield from (f"{NOTHING_WE_KEEP}{printable(column)}" for column in one.guess.unused)
        yield ""


def kind_lines(one: KindGuess, of: TableGuess, sheet: str | None, *, decimal: str) -> Iterator[str]:
    """Yield the lines of a table of a mapping; `decimal` is that of its numbers, where the head tells another one."""
    yield f"[[table]]\nkind = {toml(one.kind.name)}\nfile = {toml(Path(of.path).name)}"
    if sheet is not None:
        yield f"sheet = {toml(sheet)}"
    yield f"patient = {toml(of.guess.patient)}"
    if one.turns:
        yield f"repeat = {toml(list(one.turns))}"
    if one.kind.several:
        yield _own_key(one)
    if one.filled:
        yield f"filled = {toml(one.filled)}"
    yield "[table.fields]"
    told = {column.field.name for column in one.columns} | one.constants.keys()
    for column in one.columns:
        says = of.refused.get((one.kind.name, column.field.name), "")
        if says:
            yield f"# {says}"
        yield f"{column.field.name} = {source_text(column, decimal)}"
    yield from (f"{name} = {{ constant = {toml(value)} }}" for name, value in one.constants.items())
    yield from (f"{field.name} = {{ constant = {toml(FILL_IN)} }}  {NEEDED}{_wanted(field)}"
                + (f"; {why}" if (why := of.why_open.get((one.kind.name, field.name))) else "")
                for field in one.kind.fields if field.needed and field.name not in told)  # fmt: skip


def _wanted(field: Field) -> str:
    """Return what a field needs, in words; of a pointer, to what."""
    if field.refers:
        return f"the key of a {field.refers}: a [[table]] of that kind gives it (key_is), or a column (key)"
    return field.wanted


def _own_key(one: KindGuess) -> str:
    if one.key:
        return f"key = {toml(one.key)}"
    if one.key_is:
        return f"key_is = {toml(one.key_is)}"
    return "numbered = true  # 1, 2, 3 within the patient; a column of its own is safer: key = ..."


def source_text(one: ColumnGuess, decimal: str) -> str:
    """Return a column, and how it is written, as the value of a field in a mapping."""
    more: list[str] = []
    if decimal and one.field.is_number:
        more.append(f"decimal = {toml(decimal)}")
    if one.unit:
        more.append(f"unit = {toml(one.unit)}")
    if one.days and ISO not in one.days:
        more.append(f"dates = {toml(one.days[0])}" if len(one.days) == 1 else "")
    if one.words:
        pairs = ", ".join(f"{toml(word)} = {toml(means)}" for word, means in one.words.items())
        more.append(f"values = {{ {pairs} }}")
    told = ", ".join(one for one in more if one)
    doubt = f"  # days fit {' and '.join(one.days)}: say which, as in dates = ..." if "" in more else ""
    return (f"{{ column = {toml(one.column)}, {told} }}" if told else toml(one.column)) + doubt
