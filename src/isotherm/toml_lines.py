"""The line on which each key of a TOML or JSON file stands, so that an error can point there."""

from __future__ import annotations

import json
from bisect import bisect_left

Path = tuple[str | int, ...]
"""Keys from the outside in; a number is the place in a list, from 0."""


def lines_of(text: str) -> dict[Path, int]:
    r"""Return the line, from 1, of every table, key and element of a text that is valid TOML.

    Examples
    --------
    >>> lines_of('[[arm]]\nname = "a"')
    {('arm', 0): 1, ('arm', 0, 'name'): 2}
    """
    scan = _Scan(text)
    scan.document()
    return scan.found


def json_lines_of(text: str) -> dict[Path, int]:
    r"""Return the same of a text that is valid JSON.

    Examples
    --------
    >>> json_lines_of('{"arm": [\n{"name": "a"}]}')
    {('arm',): 1, ('arm', 0): 2, ('arm', 0, 'name'): 2}
    """
    scan = _JsonScan(text)
    scan.skip()
    scan.value(())
    return scan.found


class _Scan:
    """A walk over valid TOML that only remembers where things begin."""

    assign, between = "=", " \t"
    """What stands between a key and its value, and the blanks that may stand around it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, int] = {}
        self.lengths: dict[Path, int] = {}
        self.ends = [at for at, sign in enumerate(text) if sign == "\n"]

    def document(self) -> None:
        table: Path = ()
        while self.skip():
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def mark(self, path: Path, at: int) -> None:
        self.found.setdefault(path, bisect_left(self.ends, at) + 1)

    def skip(self) -> bool:
        """Go past blanks, commas and comments; say whether anything follows."""
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n,#":
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                self.at += 1
        return self.at < len(self.text)

    def header(self) -> Path:
        """Read [table] or [[list]]; return where the keys below it belong."""
        many = self.text.startswith("[[", self.at)
        line_at = self.at
        self.at += 1 + many
        inside: list[str | int] = []
        names = self.names()
        for depth, name in enumerate(names):
            inside.append(name)
            path: Path = tuple(inside)
            if many and depth == len(names) - 1:
                self.lengths[path] = self.lengths.get(path, 0) + 1
            if path in self.lengths:
                inside.append(self.lengths[path] - 1)
        path = tuple(inside)
        self.at = self.text.index("]", self.at) + 1 + many
        self.mark(path, line_at)
        return path

    def names(self) -> list[str]:
        """Read a key, dotted or not."""
        names: list[str] = []
        while True:
            self.blanks()
            quote = self.text[self.at]
            start = self.at
            if quote in "\"'":
                self.string()
                raw = self.text[start : self.at]
                names.append(json.loads(raw) if quote == '"' and "\\U" not in raw else raw[1:-1])
            else:
                while self.text[self.at].isalnum() or self.text[self.at] in "_-":
                    self.at += 1
                names.append(self.text[start : self.at])
            self.blanks()
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def blanks(self) -> None:
        while self.text[self.at] in self.between:
            self.at += 1

    def pair(self, table: Path) -> None:
        path = table
        line_at = self.at
        for name in self.names():
            path = (*path, name)
            self.mark(path, line_at)
        self.at = self.text.index(self.assign, self.at) + 1
        self.value(path)

    def value(self, path: Path) -> None:
        self.blanks()
        sign = self.text[self.at]
        if sign in "\"'":
            self.string()
        elif sign == "[":
            self.at += 1
            place = 0
            while self.skip() and self.text[self.at] != "]":
                self.mark((*path, place), self.at)
                self.value((*path, place))
                place += 1
            self.at += 1
        elif sign == "{":
            self.at += 1
            while self.skip() and self.text[self.at] != "}":
                self.pair(path)
            self.at += 1
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.at += 1

    def string(self) -> None:
        quote = self.text[self.at]
        long = self.text.startswith(quote * 3, self.at)
        end = quote * 3 if long else quote
        self.at += len(end)
        while not self.text.startswith(end, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(end)
        while long and self.text.startswith(quote, self.at):  # up to two quotes may stand before the closing three
            self.at += 1


class Spans(_Scan):
    """Where in a text, which is valid TOML, each value begins and ends, and each table of a list of tables.

    Parameters
    ----------
    text : str
        Its lines end in one sign.

    Attributes
    ----------
    values : mapping of Path to (start, end)
        Of the keys of tables, those within braces as well; what stands within a list is part of it.
    homes : mapping of Path to Path
        The table in which it stands, with the braces around it.
    tables : mapping of (name, place) to (start, end)
        Of tables in lists at the outside, with the tables below them.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.values: dict[Path, tuple[int, int]] = {}
        self.tables: dict[tuple[str, int], tuple[int, int]] = {}
        self._open: tuple[str, int] | None = None
        self.homes: dict[Path, Path] = {}
        self._home: Path = ()
        self._lists = 0
        self._braces = 0
        self.document()
        self._close(len(text))

    def header(self) -> Path:
        """Read [table] or [[list]], and note where a table of a list begins, and the one before it ends."""
        start = self.at
        path = super().header()
        if self._open is None or path[:2] != self._open:
            self._close(start)
            if len(path) == 2 and isinstance(path[0], str) and isinstance(path[1], int):
                self._open = (path[0], path[1])
                self.tables[self._open] = (start, start)
        return path

    def value(self, path: Path) -> None:
        """Go past a value, and note where it stands unless it is a table or within a list."""
        self.blanks()
        start, sign = self.at, self.text[self.at]
        if not self._lists + self._braces:
            self._home = path[:-1]
        self._lists += sign == "["
        self._braces += sign == "{"
        super().value(path)
        self._lists -= sign == "["
        self._braces -= sign == "{"
        if not self._lists and sign != "{":
            self.values[path] = (start, start + len(self.text[start : self.at].rstrip()))
            self.homes[path] = self._home

    def _close(self, at: int) -> None:
        if self._open is not None:
            self.tables[self._open] = (self.tables[self._open][0], at)
        self._open = None


class _JsonScan(_Scan):
    """The same over valid JSON, of which TOML's inline tables are near kin."""

    assign, between = ":", " \t\r\n"
