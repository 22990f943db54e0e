"""What a form can offer of a mapping: which column, or value, a field waits for; which fields a column can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isotherm.app.registry_mapping_edit import is_hole, is_of, remarks, tables_in
from isotherm.clinical.record import Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.columns import label
from isotherm.exchange.record_mapping import PLACE
from isotherm.printable import printable
from isotherm.study.simulate.synthetic import COLUMN

Raw = Mapping[str, Any]
Columns = Mapping[str, Sequence[str]]
"""The columns of each table that came, by what messages call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A field that waits to be filled in: the place of its table in the mapping, what may tell it, and in which words.

    Parameters
    ----------
    at : int
    kind : RecordKind
    field : Field
    columns : tuple of str
        With `{n}` where a row makes several records, each of which has to have one of its own.
    constants : tuple of str
        What may be said of every row alike, as the mapping has it.
    """

    at: int
    kind: RecordKind
    field: Field
    columns: tuple[str, ...]
    constants: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A column that nothing reads.

    Parameters
    ----------
    table, column : str
    near : str
        Why it may be a field, in words; empty where its name is near none.
    """

    table: str
    column: str
    near: str


def holes(text: str, columns: Columns) -> tuple[Hole, ...]:
    """Return what a valid mapping waits for, in its order."""
    blocks = tables_in(text)
    return tuple(
        Hole(at=at, kind=(kind := RECORD_KINDS[one["kind"]]), field=(field := kind.field(name)),
             columns=tuple(column for table, names in columns.items() if is_table(one, table)
                           for column in _that_tell(one, names)),
             constants=_constants(field, blocks))
        for at, one in enumerate(blocks) for name, source in one.get("fields", {}).items() if is_hole(source)
    )  # fmt: skip


def unread(text: str, columns: Columns) -> tuple[Unread, ...]:
    """Return the columns that nothing in a valid mapping names, those first that are near a field."""
    blocks, said = tables_in(text), list(remarks(text))
    found = [
        Unread(table=table, column=name, near=near.get(printable(name), ""))
        for table, names in columns.items()
        for near in ({one.column: one.why for one in reversed(said) if one.is_said_of(table)},)
        for used in ({each for one in blocks if is_table(one, table) for each in _used(one)},)
        for name in names if name and name not in used and name != COLUMN
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: not one.near))


def offered(text: str, table: str) -> tuple[tuple[RecordKind, tuple[Field, ...]], ...]:
    """Return the fields that a column of a table can be, by kind: those that nothing of the table tells yet.

    Where a row, or several tables of the mapping, make several records of a kind, a column by itself can be none: of
    which of them is not known.
    """
    blocks = tables_in(text)
    found = ((kind, tuple(field for field in kind.fields if not own or free_at(own, field.name) is not None))
             for kind in RECORD_KINDS.values() for own in (of_kind(blocks, kind.name, table),))  # fmt: skip
    return tuple((kind, fields) for kind, fields in found if fields)


def is_table(block: Raw, table: str) -> bool:
    """Say whether a table of a mapping reads a table that came."""
    return is_of(table, block.get("file", ""), block.get("sheet", ""))


def of_kind(blocks: Sequence[dict[str, Any]], kind: str, table: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the tables of a mapping that make records of a kind of a table that came, each with its place."""
    return [(at, one) for at, one in enumerate(blocks) if one["kind"] == kind and is_table(one, table)]


def free_at(own: Sequence[tuple[int, Raw]], field: str) -> int | None:
    """Return the place of the one table that makes one record of a row and does not tell a field."""
    free = [at for at, one in own if field not in one.get("fields", {}) or is_hole(one["fields"][field])]
    return free[0] if len(free) == 1 and not dict(own)[free[0]].get("repeat") else None


def _that_tell(block: Raw, names: Sequence[str]) -> Iterator[str]:
    """Yield what may stand for the columns of a field: one, or `{n}` in it where each of repeat has one."""
    able = [name for name in names if name and name != block["patient"] and PLACE not in name]
    turns = [label(one) for one in block.get("repeat", ())]
    if not any(turns):
        yield from able
        return
    turn = max(turns, key=len)
    patterns = dict.fromkeys(each for name in able for each in _patterns(name, turn))
    yield from (each for each in patterns if all(each.replace(PLACE, one) in able for one in turns))


def _patterns(name: str, turn: str) -> Iterator[str]:
    """Yield a name with `{n}` in place of what it stands for: once, wherever that may be, or everywhere."""
    parts = name.split(turn)
    yield from (f"{turn.join(parts[:at])}{PLACE}{turn.join(parts[at:])}" for at in range(1, len(parts)))
    if len(parts) > 2:
        yield PLACE.join(parts)


def _used(block: Raw) -> Iterator[str]:
    sources = block.get("fields", {}).values()
    named = [source if isinstance(source, str) else source.get("column", "") for source in sources]
    for one in (block["patient"], block.get("key", ""), block.get("filled", ""), *block.get("where", {}), *named):
        yield from (one.replace(PLACE, label(turn)) for turn in block.get("repeat") or ("",))


def _constants(field: Field, blocks: Sequence[Raw]) -> tuple[str, ...]:
    if field.form == "yes or no":
        return ("true", "false")
    keys = (one.get("key_is", "") for one in blocks if field.refers and one["kind"] == field.refers)
    return field.choices or tuple(dict.fromkeys(one for one in keys if one and PLACE not in one))
