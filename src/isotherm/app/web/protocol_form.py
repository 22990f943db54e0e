"""The values of a protocol as a form shows them: what a researcher settles first, what only machines need last."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from isotherm.exchange.protocol_fields import BLOCKS, Field, fields_of
from isotherm.printable import printable
from isotherm.toml_lines import Path

MOST_LETTERS = 80
"""Of what somebody named, where it names something else: the rest has to be read as well."""

NAMES = ("label", "title", "says", "method", "column")
"""Keys whose value tells tables of a form apart."""

ORDER = ("", "arms", "outcome", "time_zero", "exposure", "eligibility", "covariate", "methods", "course", "design")
"""Tables in the order in which a study is settled; others follow, and before the technical ones."""

TECHNICAL = "technical"
MACHINE_KEYS = ("schema", "seed")
"""Keys at the top that no question of the study depends on."""

OPEN = ("", "arms")
"""Tables whose boxes are open at first."""

HINTS: Mapping[tuple[str, str], str] = {
    ("design", "replicates"): "bootstrap of this design, for its interval; methods has another, of the arms as they "
                              "became",
    ("methods", "bootstrap"): "bootstrap of the comparison of arms as they became; 0: none. Each design has replicates "
                              "of its own",
    ("methods", "reason"): "printed in the report; emptied when the method of adjustment changes",
    ("adjustment", "method"): "of the comparison of arms as they became; designs adjust by themselves",
    ("arm", "window_days"): "least, most days from start to end; below zero: the other way round",
    ("systemic", "days"): "first, last day of the window",
    ("ablation", "days"): "first, last day of the window",
    ("arm", "values"): "of the column; each on a line of its own",
    ("", "caveats"): "what these data cannot show, each on a line of its own; printed beside the main result",
    ("", "seed"): "of everything that is drawn by chance",
    ("estimation", "ph_transform"): "scale of time in the test of proportional hazards",
}  # fmt: skip
"""What a key is for, where its name does not say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The values of one table, as a form shows them; `box` names it on the page."""

    title: str
    box: str
    is_open: bool
    remove: str
    fields: tuple[tuple[Field, str, str], ...]


def groups_of(text: str, typed: Mapping[str, str]) -> list[Group] | None:
    """Return the values by tables, each with what was typed and a hint; None where the text is no TOML."""
    try:
        fields = fields_of(text)
    except (ValueError, RecursionError):
        return None
    return list(_by_table(sorted(fields, key=_rank), typed))


def _table(one: Field) -> Path:
    """Return the table that a form shows a value in."""
    machine = not one.table and one.path[-1] in MACHINE_KEYS
    return (TECHNICAL,) if machine or one.table == ("data",) else one.table


def _rank(one: Field) -> int:
    path = _table(one)
    first = str(path[0]) if path else ""
    return len(ORDER) + 1 if first == TECHNICAL else ORDER.index(first) if first in ORDER else len(ORDER)


def _by_table(fields: list[Field], typed: Mapping[str, str]) -> Iterator[Group]:
    for path, some in itertools.groupby(fields, key=_table):
        own = tuple((one, typed.get(one.name, one.value), _hint(one)) for one in some)
        named = next((value for one, value, _ in own if one.key in NAMES), "")
        is_block = len(path) == 2 and isinstance(path[1], int) and path[0] in BLOCKS
        first = str(path[0]) if path else ""
        yield Group(title=f"{_spelled(path)}{f': {named}' if named else ''}", box=".".join(map(str, path)),
                    is_open=first in OPEN, remove=f"{path[0]}:{path[1]}" if is_block else "", fields=own)  # fmt: skip


def _hint(one: Field) -> str:
    words = [part for part in one.path if isinstance(part, str)]
    return HINTS.get((words[-2] if len(words) > 1 else "", words[-1]), "")


def _spelled(path: Path) -> str:
    """Return a table as a form names it: "Covariate 2", "Arm 1: strategy"."""
    if path == (TECHNICAL,):
        return "Technical: data, form of the file, seed"
    words = ""
    for part in path[1:] if path[:2] == ("arms", "arm") else path:
        words += (
            f" {part + 1}"
            if isinstance(part, int)
            else f"{': ' if words else ''}{printable(part[:MOST_LETTERS]).replace('_', ' ')}"
        )
    return words[:1].upper() + words[1:] or "The study"
