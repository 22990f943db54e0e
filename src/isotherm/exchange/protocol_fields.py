"""The values of a protocol's text, each with its place, so that a form can change one and leave the rest as it is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from isotherm.errors import BadSetting
from isotherm.exchange.protocol_text import toml
from isotherm.study import known, protocol_designs, protocol_methods, protocol_parts
from isotherm.toml_form import loaded, spelled
from isotherm.toml_lines import Path, Spans

Kind = Literal["text", "texts", "number", "numbers", "flag", "choice", "toml"]

TAIL = re.compile(r"(?:^[ \t]*(?:#[^\n]*)?\n)*\Z", re.MULTILINE)
"""Blank lines and comments at the end of a table speak of the next one."""

NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")

OF_TEXTS = ("caveats",)
"""Keys whose lists hold texts, which an empty list does not tell."""

WIDE = 100
"""Letters of a list of texts from which on each stands in a line of its own."""

CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("covariate", "kind"): get_args(protocol_parts.CovariateKind), ("covariate", "use"): ("adjust", "describe"),
    ("covariate", "known"): get_args(known.When), ("eligibility", "known"): get_args(known.When),
    ("eligibility", "unknown"): get_args(protocol_parts.Fate), ("exposure", "when"): get_args(known.Start),
    ("outcome", "kind"): ("time", "yes/no"), ("outcome", "unit"): get_args(protocol_parts.Unit),
    ("outcome", "time_unit"): get_args(protocol_parts.TimeUnit),
    ("adjustment", "method"): ("none", "matching", "coarsened", "weighting"),
    ("systemic", "after"): get_args(protocol_designs.Anchor), ("ablation", "after"): get_args(protocol_designs.Anchor),
    ("adjustment", "estimand"): get_args(protocol_methods.Estimand),
    ("propensity", "sites"): get_args(protocol_methods.Sites), ("missing", "method"):
    ("complete cases", "multiple imputation"), ("estimation", "ties"): ("efron", "breslow", "exact"),
}  # fmt: skip
"""What may be chosen, by table and key; what is not among them is written as text."""

BLOCKS: Mapping[str, str] = {
    "eligibility": '[[eligibility]]\nsays = "18 years or older"\nwhere = "age_years >= 18"\nunknown = "exclude"\n'
                   'known = "before time zero"\n',
    "covariate": '[[covariate]]\ncolumn = "COLUMN"\nlabel = "What people call it"\nkind = "number"\nunit = ""\n'
                 'known = "before time zero"\nuse = "describe"\n',
    "outcome": '[[outcome]]\nname = "outcome_name"\nlabel = "What people call it"\nevent = "COLUMN_OF_EVENTS"\n'
               'time = "COLUMN_OF_TIMES"\ntime_unit = "days"\nunit = "patient"\nprimary = false\n',
    "subgroup": '[[subgroup]]\nname = "subgroup_name"\nlabel = "What people call it"\nknown = "before exposure start"\n'
                '[[subgroup.level]]\nlabel = "low"\nwhere = "COLUMN < 3"\n'
                '[[subgroup.level]]\nlabel = "high"\nwhere = "COLUMN >= 3"\n',
    "sensitivity": '[[sensitivity]]\nname = "sensitivity_name"\nsays = "What is done otherwise"\n'
                   'where = "COLUMN is not missing"\n',
}  # fmt: skip
"""What a form can add; each is a draft that the person fills in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value of a protocol.

    Parameters
    ----------
    path : Path
        Keys from the outside in.
    table : Path
        The table that it stands in, with any braces around it.
    kind : {"text", "texts", "number", "numbers", "flag", "choice", "toml"}
        "toml": a list of another kind, written as in the file.
    value : str
        As a form shows it: texts each on a line, numbers with commas between them.
    choices : tuple of str
    start, end : int
        Where it stands in the text.
    """

    path: Path
    table: Path
    kind: Kind
    value: str
    choices: tuple[str, ...]
    start: int
    end: int

    @property
    def name(self) -> str:
        """What errors, and forms, call it: covariate[2].label."""
        return spelled(self.path)

    @property
    def key(self) -> str:
        """What it is called within its table: window_days, or systemic.days of a table in braces."""
        return spelled(self.path[len(self.table) :])


def fields_of(text: str) -> tuple[Field, ...]:
    """Return the values of a text that is valid TOML, in their order.

    Raises
    ------
    tomllib.TOMLDecodeError
    ValueError, RecursionError
        Numbers, keys or lists without end.
    """
    whole, spans = loaded(text), Spans(text)
    return tuple(_field(path, spans.homes[path], _at(whole, path), text, place) for path, place in spans.values.items())


STALE = {"methods.adjustment.method": "methods.reason"}
"""What was written for one value, and is not true of another one."""


def emptied(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of texts that other values make untrue, unless they are written anew as well."""
    had = {one.name: one.value for one in fields_of(text)}
    return tuple(
        about for name, about in STALE.items()
        if name in had and had.get(about) and values.get(name, had[name]) != had[name]
        and values.get(about, had[about]) == had[about]
    )  # fmt: skip


def changed(text: str, values: Mapping[str, str]) -> str:
    """Return a text with other values at some names; comments, order and all other values stay.

    What was said of a value that changes, and is not said anew, is emptied (see `emptied`).

    Raises
    ------
    BadSetting
        A value that does not fit its kind, with the name of its key.
    """
    values = {**values, **dict.fromkeys(emptied(text, values), "")}
    edits = [(one, literal) for one in fields_of(text) if one.name in values and values[one.name] != one.value
             for literal in (_literal(one, values[one.name]),)]  # fmt: skip
    for one, literal in sorted(edits, key=lambda edit: -edit[0].start):
        text = f"{text[: one.start]}{literal}{text[one.end :]}"
    return text


def without(text: str, name: str, place: int) -> str:
    """Return a text without the table at a place, from 0, of a list of tables, and all that belongs to it.

    Raises
    ------
    BadSetting
        There is no such table.
    """
    start, end = Spans(text).tables.get((name, place), (0, 0))
    if not end:
        raise BadSetting(f"There is no {name} {place + 1}; reload the page.")
    own = text[start:end]
    belongs_to_next = TAIL.search(own)
    return text[:start] + (belongs_to_next.group() if belongs_to_next else "") + text[end:]


def with_block(text: str, name: str) -> str:
    """Return a text with a draft of one more table at its end.

    Raises
    ------
    BadSetting
    """
    if name not in BLOCKS:
        raise BadSetting(f"A form can add {', '.join(BLOCKS)}; write others into the text.")
    return f"{text.rstrip()}\n\n{BLOCKS[name]}"


def _field(path: Path, table: Path, value: Any, text: str, place: tuple[int, int]) -> Field:
    start, end = place
    words = [part for part in path if isinstance(part, str)]
    choices = CHOICES.get((words[-2], words[-1]), ()) if len(words) > 1 else ()
    kind, shown = _kind(path, value, text[start:end], choices)
    offered = ("true", "false") if kind == "flag" else choices if isinstance(value, str) else ()
    return Field(path=path, table=table, kind=kind, value=shown, choices=offered, start=start, end=end)


def _kind(path: Path, value: Any, raw: str, choices: tuple[str, ...]) -> tuple[Kind, str]:
    """Return how a form shows a value, and what it shows."""
    if isinstance(value, str):
        return ("choice" if value in choices else "text"), value
    if isinstance(value, bool):
        return "flag", raw
    if isinstance(value, int | float):
        return "number", raw
    each = cast("list[object]", value) if isinstance(value, list) else [None]
    if (each or path[-1] in OF_TEXTS) and all(isinstance(one, str) and _is_a_line(one) for one in each):
        texts = cast("list[str]", each)
        if raw.count("#") == sum(one.count("#") for one in texts):  # a remark within a list is nothing a form shows
            return "texts", "\n".join(texts)
    shown = ", ".join(map(str, each))
    if each and not {*map(type, each)} - {int, float} and _are_numbers(shown) and "#" not in raw:
        return "numbers", shown
    return "toml", raw


def _is_a_line(text: str) -> bool:
    """Say whether a text comes back as it is when it was one line of several."""
    return text.strip() == text and text.splitlines() == [text]


def _are_numbers(text: str) -> bool:
    return all(NUMBER.fullmatch(one.strip()) for one in text.split(","))


def _literal(one: Field, value: str) -> str:
    """Return a value as TOML has it."""
    fits: Mapping[Kind, Callable[[str], bool]] = {
        "choice": lambda text: text in one.choices, "flag": lambda text: text in one.choices,
        "number": lambda text: NUMBER.fullmatch(text) is not None, "numbers": _are_numbers, "toml": _is_one_value,
        "text": lambda _: True, "texts": lambda _: True,
    }  # fmt: skip
    wanted = {
        "number": "a number, as 3 or 0.2", "numbers": "numbers with commas between them, as 0, 28",
        "toml": "a list as in the file, such as [[1, 2], [3, 4]]",
    }  # fmt: skip
    given = value if one.kind == "text" else value.strip()
    if not fits[one.kind](given):
        raise BadSetting(f"{one.name} is {wanted.get(one.kind) or 'one of ' + ', '.join(one.choices)}.")
    if one.kind == "numbers":
        return f"[{', '.join(part.strip() for part in given.split(','))}]"
    if one.kind == "texts":
        return _list_of([line.strip() for line in given.splitlines() if line.strip()])
    return toml(given) if one.kind in ("text", "choice") else given


def _list_of(texts: list[str]) -> str:
    short = toml(texts)
    return short if len(short) < WIDE else "[\n" + "".join(f"  {toml(one)},\n" for one in texts) + "]"


def _is_one_value(text: str) -> bool:
    try:
        return list(loaded(f"x = {text}\n")) == ["x"] and "\n[" not in text
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return False


def _at(whole: Any, path: Path) -> Any:
    for part in path:
        whole = whole[part]
    return whole
