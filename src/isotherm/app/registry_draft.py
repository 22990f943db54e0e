"""The draft of a mapping from a table's columns: a commented mapping.toml in which every line is a guess."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from isotherm.app.places import new_file
from isotherm.app.registry_draft_tried import tried
from isotherm.app.registry_guess import ColumnGuess, KindGuess, MappingGuess, guess_mapping
from isotherm.app.study_guess import codes_in
from isotherm.exchange.atomic import write_text
from isotherm.exchange.protocol_text import toml
from isotherm.exchange.record_days import ISO
from isotherm.exchange.record_mapping import PLACE
from isotherm.exchange.tables_in import read_table
from isotherm.printable import printable

HEAD = """\
# What the columns of a table mean, drafted from their names: every line is a guess, so check each one. What the words
# of a column mean is left empty where nothing is near; fill it in. `isotherm registry import REGISTRY TABLE --mapping
# THIS_FILE --dry-run` then shows every problem and writes nothing.
#
# dates = "DD.MM.YYYY"  # where days are not written as 2025-03-01; of one column: { column = "...", dates = "..." }
"""


LACKS = "# Not read yet, "
"""Begins the line above a kind that lacks something, so that the draft as a whole can be read as it is."""


MAY_BE = "# Not read, may be "
"""Begins the line of a column that is near a field."""


def kinds_not_read(text: str) -> tuple[str, ...]:
    """Return the kinds of records that a draft holds as a remark only, since something of them has to be filled in."""
    return tuple(re.findall(rf"^{LACKS}([a-z_]+):", text, re.MULTILINE))


def columns_not_read(text: str) -> tuple[str, ...]:
    """Return the columns that a draft leaves to a person, since they may be a field and may be something else."""
    return tuple(re.findall(rf"^{MAY_BE}.*? of [a-z_]+: '(.+?)', ", text, re.MULTILINE))


def write_draft(table: str | os.PathLike[str], out: str, *, today: date, sheet: str | None = None) -> Path:
    """Draft the mapping of a table into a file that does not exist yet; `today` tells days that cannot be yet.

    Raises
    ------
    InputError
        The table cannot be read.
    OutputError
        The file exists, or cannot be written.
    """
    file = new_file(out)
    raw = read_table(table, sheet=sheet)
    codes = codes_in(raw)
    known = read_table(table, sheet=sheet, missing=codes) if codes else raw
    decimal = _decimal(raw)
    found, refused = tried(guess_mapping(known), table, sheet=sheet, decimal=decimal, empty=codes, today=today)
    usual = {
        "decimal": f"{toml(decimal)}  # the sign before the tenths",
        "empty": f"{toml(list(codes))}  # move a word to `unknown` where it means: asked, and not told",
        "unknown": "[]",
    }
    lines = [HEAD, *(f"{name} = {value}" for name, value in usual.items()), ""]
    lines += _lines(found, refused, Path(table).name, sheet)
    write_text(file, "\n".join(lines) + "\n")
    return file


def _decimal(raw: pd.DataFrame) -> str:
    """Return the sign before the tenths that numbers of a table have: a comma if any number has one."""
    texts = (str(one) for name in raw.columns for one in raw[name].dropna().unique())
    return "," if any(re.fullmatch(r"-?\d+,\d+", one.strip()) for one in texts) else "."


Refusals = Mapping[tuple[str, str], str]
"""By kind and field, what of its column an import would refuse."""


def _lines(found: MappingGuess, refused: Refusals, table: str, sheet: str | None) -> Iterator[str]:
    for kind in found.kinds:
        yield from _kind(kind, refused, found.patient, table, sheet)
    if not found.kinds:
        yield "# No column has a name that sounds like a field. The fields of a kind: isotherm registry dictionary.\n"
    for one in found.may_be:
        yield f"{MAY_BE}{one.field.name} of {one.kind.name}: '{printable(one.column)}', {one.why}"
    if found.unused:
        yield "# Columns that sound like nothing we keep:"
        yield from (f"#   {printable(name)}" for name in found.unused)


def _kind(one: KindGuess, refused: Refusals, patient: str, table: str, sheet: str | None) -> Iterator[str]:
    """Yield the lines of a kind; as a remark where it lacks what no record of it can be without."""
    told = {column.field.name for column in one.columns}
    lacking = [field for field in one.kind.fields if field.needed and field.name not in told]
    lines = _table_lines(one, refused, patient, table, sheet)
    if not lacking:
        yield from (*lines, "")
        return
    yield f"{LACKS}{one.kind.name}: it needs what no column sounds like. Fill in the ..., and take these # away:"
    more = (f'{field.name} = {{ constant = "..." }}  # needed: {field.wanted}' for field in lacking)
    yield from (f"# {line}" for text in (*lines, *more) for line in text.split("\n"))
    yield ""


def _table_lines(one: KindGuess, refused: Refusals, patient: str, table: str, sheet: str | None) -> Iterator[str]:
    yield f"[[table]]\nkind = {toml(one.kind.name)}\nfile = {toml(table)}"
    if sheet is not None:
        yield f"sheet = {toml(sheet)}"
    yield f"patient = {toml(patient)}"
    if one.turns:
        yield f"repeat = {toml(list(one.turns))}"
    if one.kind.several:
        yield _own_key(one)
    yield "[table.fields]"
    for column in one.columns:
        says = refused.get((one.kind.name, column.field.name), "")
        if says:
            yield f"# {says}"
        yield f"{column.field.name} = {_source(column)}"


def _own_key(one: KindGuess) -> str:
    if one.key:
        return f"key = {toml(one.key)}"
    if one.turns:
        return f"key_is = {toml(PLACE)}"
    return "numbered = true  # 1, 2, 3 within the patient; a column of its own is safer: key = ..."


def _source(one: ColumnGuess) -> str:
    more: list[str] = []
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
