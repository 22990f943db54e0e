"""The text of a mapping with one more field in one of its tables; comments, order and all other values stay."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from isotherm.app.registry_draft import MAY_BE, NEEDED, NOTHING_WE_KEEP
from isotherm.errors import BadSetting
from isotherm.exchange.record_mapping import FILL_IN
from isotherm.printable import printable
from isotherm.toml_form import loaded
from isotherm.toml_lines import Path, Spans

HEADER = re.compile(r"^[ \t]*\[table\.fields\][^\n]*$", re.MULTILINE)
IN_BRACES = re.compile(r"^[ \t]*fields[ \t]*=[ \t]*\{[ \t]*", re.MULTILINE)
HOLE = re.compile(r"\{[ \t]*constant[ \t]*=[ \t]*\Z")

NEAR = re.compile(rf"{re.escape(MAY_BE)}(.*?) of ([a-z_]+): '(.+?)', (.*)")
OF_FILE = re.compile(r'file = "(.+)"|# (?:No column|Columns) of (.+?) (?:sounds|that) ')

WAITS = {"constant": FILL_IN}


def is_hole(source: object) -> bool:
    """Say whether what stands for a field has yet to be filled in."""
    return source == WAITS


def with_field(text: str, at: int, name: str, literal: str) -> str:
    """Return a text in which a field of one table is told.

    Parameters
    ----------
    text : str
        Of a mapping that is valid TOML.
    at : int
        The place of the table, from 0.
    name : str
        The field, which is not told yet or waits to be filled in.
    literal : str
        What tells it, in TOML.

    Raises
    ------
    BadSetting
        The text is written in a way in which nothing can be added to it by itself.
    """
    wanted = loaded(text)
    fields: dict[str, Any] = wanted["table"][at].setdefault("fields", {})
    new = _filled(text, at, name, literal) if is_hole(fields.get(name)) else _added(text, at, name, literal)
    fields[name] = loaded(f"x = {literal}")["x"]
    if _read(new) != wanted:
        raise BadSetting(f"The text of the mapping is written so that {name} cannot be put into it by a form; write it "
                         "into the text.")  # fmt: skip
    return new


def remarks(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield what a draft says of columns that it does not read: the line, from 0, the file, the column, and why.

    A draft says it below the tables of the file; why is empty of what sounds like nothing.
    """
    file = ""
    for at, line in enumerate(text.splitlines()):
        if named := OF_FILE.match(line):
            file = named[1] or named[2]
        elif near := NEAR.fullmatch(line):
            yield at, file, near[3], f"may be {near[1]} of {near[2]}: {near[4]}"
        elif line.startswith(NOTHING_WE_KEEP):
            yield at, file, line.removeprefix(NOTHING_WE_KEEP), ""


def without_remark(text: str, table: str, column: str) -> str:
    """Return a text that no longer says of a column of a table that it is not read."""
    untrue = {at for at, file, name, _ in remarks(text) if name == printable(column) and is_of_file(table, file)}
    return "".join(line for at, line in enumerate(text.splitlines(keepends=True)) if at not in untrue)


def is_of_file(table: str, file: str) -> bool:
    """Say whether a table, as messages call it, is of a file: the sheet of a book has the file's name in front."""
    return not file or table == file or table.startswith(f"{file} [")


def _read(text: str) -> Mapping[str, Any] | None:
    try:
        return loaded(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return None


def _filled(text: str, at: int, name: str, literal: str) -> str:
    """Put what tells a field in place of the braces that wait for it, and of what was said of them."""
    start, end = Spans(text).values["table", at, "fields", name, "constant"]
    opened = HOLE.search(text, 0, start)
    closed = text.find("}", end)
    if opened is None or closed < 0:
        return text
    after = re.sub(rf"\A[ \t]*{re.escape(NEEDED)}[^\n]*", "", text[closed + 1 :])
    return text[: opened.start()] + literal + after


def _added(text: str, at: int, name: str, literal: str) -> str:
    spans = Spans(text)
    start, end = spans.tables["table", at]
    braces, header = IN_BRACES.search(text, start, end), HEADER.search(text, start, end)
    if braces is not None:
        comma = "" if text[braces.end()] == "}" else ", "
        return f"{text[: braces.end()]}{name} = {literal}{comma}{text[braces.end() :]}"
    of_fields: Path = ("table", at, "fields")
    if header is not None:
        ends = [place[1] for path, place in spans.values.items() if path[:3] == of_fields]
        return _line_after(text, max([header.end(), *ends]), f"{name} = {literal}")
    last = max(place[1] for path, place in spans.values.items() if path[:2] == of_fields[:2])
    return _line_after(text, last, f"[table.fields]\n{name} = {literal}")


def _line_after(text: str, at: int, line: str) -> str:
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return f"{text[:end]}\n{line}{text[end:]}"
