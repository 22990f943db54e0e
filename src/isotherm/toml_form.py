"""Reading a TOML document into nouns by their shape: every problem with its line and key, all of them at once."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from isotherm.errors import BadForm
from isotherm.printable import printable
from isotherm.toml_lines import Path, lines_of

LONGEST_KEY = 60
"""Letters of a key that a message repeats."""


DEEP_KEY = re.compile(r"""(?<![\w-])(?:(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\w-]+)[ \t]*\.[ \t]*){64}""")
"""A key of more parts than any document of ours has: a.b.c and so on."""


class Wrong(Exception):
    """A value that does not fit: what is allowed, and what came where its value says too much or too little."""

    def __init__(self, allowed: str, *, came: str = "") -> None:
        super().__init__(allowed)
        self.came = came


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: how its value is read, and what the noun calls it.

    Parameters
    ----------
    read : callable
        (document, value, path) → value for the noun; raises `Wrong` with what is allowed.
    required : bool
    field : str
        Name in the noun, where it is not the key's.
    """

    read: Callable[[Document, Any, Path], Any]
    required: bool = False
    field: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of a table and the noun that they make.

    Parameters
    ----------
    noun : callable
    keys : mapping of str to Key
    allowed : str
        What is told of the keys that are allowed, where they are too many for one sentence.
    """

    noun: Callable[..., Any]
    keys: Mapping[str, Key]
    allowed: str = ""


@dataclass(slots=True)
class Document:
    """A parsed file under reading: where its keys stand, what was found wrong so far, and the error that says so.

    Parameters
    ----------
    name : str
        What errors call the file.
    lines : mapping of Path to int
    error : class
        What is raised in the end.
    private : bool
        Whether values are of a patient: no message repeats one.
    """

    name: str
    lines: Mapping[Path, int]
    error: type[BadForm]
    private: bool = False
    problems: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def problem(self, path: Path, sentence: str) -> None:
        """Note a problem at a key; where the key itself is absent, at the table that should hold it."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        line = self.lines.get(known, 1)
        self.problems.append((line, f"{self.name}, line {line}, {spelled(path)}: {sentence}"))

    def refuse(self) -> None:
        """Raise what was found wrong, in the order of the lines."""
        if self.problems:
            unique = dict.fromkeys(sorted(self.problems, key=lambda problem: problem[0]))
            raise self.error(*((str(line), sentence) for line, sentence in unique))

    def noun(self, shape: Shape, table: object, path: Path, inherited: Mapping[str, Any] | None = None) -> Any:
        """Read a table into its noun, on top of values it inherits; None where a problem was noted on the way."""
        before = len(self.problems)
        values = {**(inherited or {}), **self.given(shape, table, path)}
        for name, key in shape.keys.items():
            if key.required and (key.field or name) not in values:
                self.problem((*path, name), "it is missing; give it.")
        if len(self.problems) > before:
            return None
        return self.built(shape.noun, values, path)

    def given(self, shape: Shape, table: object, path: Path) -> dict[str, Any]:
        """Read the keys that are there, by the names of the noun; those that do not fit are noted and None."""
        if not isinstance(table, dict):
            raise Wrong("a table of keys")
        values: dict[str, Any] = {}
        for name, value in cast("dict[str, Any]", table).items():
            key = shape.keys.get(name)
            if key is None:
                allowed = shape.allowed or ", ".join(shape.keys)
                self.problem((*path, name), f"no such key{near(name, shape.keys)}; allowed: {allowed}.")
            else:
                values[key.field or name] = self.value(key, value, (*path, name))
        return values

    def value(self, key: Key, value: object, path: Path) -> Any:
        """Read one value; None where it does not fit, which is noted."""
        try:
            return key.read(self, value, path)
        except Wrong as wrong:
            came = wrong.came or (_kind(value) if self.private else _shown(value))
            self.problem(path, f"{came} came; allowed: {wrong}.")
            return None

    def built(self, noun: Callable[..., Any], values: Mapping[str, Any], path: Path) -> Any:
        """Make a noun; what it refuses is noted at its keys."""
        try:
            return noun(**values)
        except BadForm as error:
            for key, sentence in error.problems:
                parts = (int(part) if part.isdigit() else part for part in key.split(".") if part)
                self.problem((*path, *parts), sentence)
            return None


def parsed(
    text: str, name: str, error: type[BadForm], parse_float: Callable[[str], Any] = float, *, private: bool = False
) -> tuple[dict[str, Any], Document]:
    """Parse the text of a file; return its table, and the document through which to read it.

    `private` is that of the document.

    Raises
    ------
    BadForm
        As the class that was given: the text is not TOML.
    """
    try:
        table = loaded(text, parse_float)
    except tomllib.TOMLDecodeError as problem:
        sentence = str(problem).replace("\n", " ")
        raise error(("", f"{name} is not valid TOML: {sentence}.")) from problem
    except (ValueError, RecursionError) as problem:
        raise endless(name, error) from problem
    return table, Document(name, lines_of(text.replace("\r\n", "\n")), error, private)


def loaded(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Parse TOML, and refuse beforehand what would take the parser minutes: its time grows with the square of a key.

    Raises
    ------
    tomllib.TOMLDecodeError
    ValueError, RecursionError
        Numbers or lists without end.
    """
    if DEEP_KEY.search(text):
        raise ValueError
    return tomllib.loads(text, parse_float=parse_float)


def endless(name: str, error: type[BadForm]) -> BadForm:
    """Return the refusal of a file that no parser gets to the end of."""
    return error(("", f"{name} holds numbers, keys or nested lists without end; write it plainly."))


def spelled(path: Path) -> str:
    """Return a path as people write it: covariate[2].known is the key of the second covariate."""
    words = ""
    for part in path:
        key = "" if isinstance(part, int) else printable(part[:LONGEST_KEY])
        words += f"[{part + 1}]" if isinstance(part, int) else f".{key}" if words else key
    return words or "the whole file"


@dataclass(frozen=True, slots=True)
class Part:
    """Reads a table that makes one noun, or a list of such tables."""

    shape: Shape
    many: bool = False

    def __call__(self, document: Document, value: object, path: Path) -> Any:
        """Read; see `Document.noun`."""
        if not self.many:
            return document.noun(self.shape, value, path)
        return each(Part(self.shape), "a list of tables")(document, value, path)


def each(read: Callable[[Document, Any, Path], Any], allowed: str) -> Callable[[Document, Any, Path], tuple[Any, ...]]:
    """Read a list whose elements are read alike."""

    def read_list(document: Document, value: object, path: Path) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Wrong(allowed)
        elements = cast("list[Any]", value)
        return tuple(document.value(Key(read), one, (*path, place)) for place, one in enumerate(elements))

    return read_list


def text(_: Document, value: object, __: Path) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise Wrong("a text in quotes")
    return value


def flag(_: Document, value: object, __: Path) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise Wrong("true or false")
    return value


def number(_: Document, value: object, __: Path) -> float:
    """Read a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong("a number")
    return float(value)


def integer(_: Document, value: object, __: Path) -> int:
    """Read a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong("a whole number")
    return value


def scalar(_: Document, value: object, __: Path) -> float | str | bool:
    """Read a value as it may stand in a table: whole numbers are numbers."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return float(value)
    raise Wrong("a number, a text, true or false")


def choice(*allowed: str) -> Callable[[Document, Any, Path], str]:
    """Read one of several words."""

    def read(_: Document, value: object, __: Path) -> str:
        if value not in allowed:
            close = near(value, dict.fromkeys(allowed)) if isinstance(value, str) else ""
            raise Wrong(", ".join(f'"{word}"' for word in allowed) + close)
        return cast("str", value)

    return read


def number_or(word: str) -> Callable[[Document, Any, Path], float | None]:
    """Read a number, or a word that stands for none."""

    def read(document: Document, value: object, path: Path) -> float | None:
        if value == word:
            return None
        try:
            return number(document, value, path)
        except Wrong as wrong:
            raise Wrong(f'{wrong}, or "{word}"') from None

    return read


def near(name: str, names: Mapping[str, object]) -> str:
    """Return the allowed word that looks most like another one, in brackets; nothing where none does."""
    close = difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=0.6)
    return f' (near it: "{close[0]}")' if close else ""


_KINDS: dict[type[object], str] = {
    bool: "true or false",
    str: "a text",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


def _kind(value: object) -> str:
    """Return what a value is, without the value."""
    return _KINDS.get(type(value), "a date or a time")


def _shown(value: object) -> str:
    words = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    words = " ".join(words.split())
    return words if len(words) <= 60 else f"{words[:57]}..."
