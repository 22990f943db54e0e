"""The text of a mapping with one more field, or one more table; comments, order and all other values stay."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
OF_FILE = re.compile(r"# (?:No column|Columns) of (.+?) (?:sounds|that) ")

WAITS = {"constant": FILL_IN}


@dataclass(frozen=True, slots=True)
class Remark:
    """What a draft says of a column that it does not read.

    Parameters
    ----------
    line : int
        From 0.
    file, sheet : str
        Of which table; empty where the mapping names none.
    column : str
    why : str
        Why it may be a field; empty of what sounds like nothing.
    """

    line: int
    file: str
    sheet: str
    column: str
    why: str

    def is_said_of(self, table: str) -> bool:
        """Say whether it is said of a table, as messages call it; a draft has its name printable, and the column's."""
        return is_of(printable(table), self.file, self.sheet)


def tables_in(text: str) -> list[dict[str, Any]]:
    """Return the tables of a mapping that is valid TOML, as they are written."""
    return loaded(text).get("table", [])


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
    fields[name] = (_read(f"x = {literal}") or {}).get("x")
    return _as_wanted(new, wanted, name)


def with_table(text: str, lines: str) -> str:
    """Return a text with one more table at its end.

    Raises
    ------
    BadSetting
        The text is written in a way in which nothing can be added to it by itself.
    """
    wanted, (table,) = loaded(text), tables_in(lines)
    wanted.setdefault("table", []).append(table)
    return _as_wanted(f"{text.rstrip()}\n\n{lines}", wanted, f"a table of kind {table['kind']}")


def remarks(text: str) -> Iterator[Remark]:
    """Yield what the draft of a mapping, which is valid TOML, says below the tables of a file of their columns."""
    tables, spans = tables_in(text), Spans(text)
    begin = {start: at for (name, at), (start, _) in spans.tables.items() if name == "table"}
    file, sheet, here = "", "", 0
    for at, line in enumerate(text.split("\n")):
        start, here = here, here + len(line) + 1
        if (its := next((begin[one] for one in range(start, here) if one in begin), None)) is not None:
            file, sheet = (printable(tables[its].get(name, "")) for name in ("file", "sheet"))
        elif not line.startswith("#") or any(first < start < end for first, end in spans.values.values()):
            continue
        elif (named := OF_FILE.match(line)) and named[1] != file:
            file, sheet = named[1], ""
        elif near := NEAR.fullmatch(line):
            yield Remark(at, file, sheet, near[3], f"may be {near[1]} of {near[2]}: {near[4]}")
        elif line.startswith(NOTHING_WE_KEEP):
            yield Remark(at, file, sheet, line.removeprefix(NOTHING_WE_KEEP), "")


def without_remark(text: str, table: str, column: str) -> str:
    """Return a text that no longer says of a column of a table that it is not read."""
    untrue = {one.line for one in remarks(text) if one.column == printable(column) and one.is_said_of(table)}
    return "\n".join(line for at, line in enumerate(text.split("\n")) if at not in untrue)


def is_of(table: str, file: str, sheet: str) -> bool:
    """Say whether a table, as messages call it, is a file, or the sheet of a book, which has the file's name in front.

    Without a sheet it is that of a book that has one.
    """
    if sheet:
        return table == f"{file} [{sheet}]" if file else table.endswith(f" [{sheet}]")
    return not file or table == file or table.startswith(f"{file} [")


def _as_wanted(new: str, wanted: Mapping[str, Any], what: str) -> str:
    if _read(new) != wanted:
        raise BadSetting(f"The text of the mapping is written so that {what} cannot be put into it by a form; write it "
                         "into the text.")  # fmt: skip
    return new


def _read(text: str) -> Mapping[str, Any] | None:
    try:
        return loaded(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return None


def _filled(text: str, at: int, name: str, literal: str) -> str:
    """Put what tells a field in place of the braces that wait for it, and of what was said of them."""
    start, end = Spans(text).values.get(("table", at, "fields", name, "constant"), (0, 0))
    opened = HOLE.search(text, 0, start)
    closed = text.find("}", end)
    if opened is None or closed < 0:
        return text
    after = re.sub(rf"\A[ \t]*{re.escape(NEEDED)}[^\n]*", "", text[closed + 1 :])
    return text[: opened.start()] + literal + after


def _added(text: str, at: int, name: str, literal: str) -> str:
    spans = Spans(text)
    if ("table", at) not in spans.tables:  # it stands in a list
        return text
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
