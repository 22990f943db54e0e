"""What a form can say in a mapping: which column, or which value, a field waits for; which field a column is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from isotherm.app.registry_draft import kind_lines, source_text
from isotherm.app.registry_guess import ColumnGuess, KindGuess, MappingGuess, told_unit
from isotherm.app.registry_guess_names import ONCE_A_ROW
from isotherm.app.registry_guess_rows import OF_A_TUMOR, ONE, linked
from isotherm.app.registry_guess_tables import TableGuess
from isotherm.app.registry_mapping_edit import is_hole, is_of_file, remarks, with_field, without_remark
from isotherm.clinical.record import Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadMapping, BadSetting
from isotherm.exchange.protocol_text import toml
from isotherm.exchange.record_mapping import PLACE
from isotherm.exchange.record_mapping_files import mapping_from
from isotherm.printable import printable
from isotherm.study.simulate.synthetic import COLUMN
from isotherm.toml_form import loaded

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A choice: a field of the table at a place is a column, or the same in every row."""

    at: int
    field: str
    column: str = ""
    constant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAs:
    """A choice: a column of a table is a field of a kind."""

    table: str
    column: str
    kind: str
    field: str


def holes(text: str, columns: Columns) -> tuple[Hole, ...]:
    """Return what a valid mapping waits for, in its order."""
    blocks = _blocks(text)
    return tuple(
        Hole(at=at, kind=(kind := RECORD_KINDS[one["kind"]]), field=(field := kind.field(name)),
             columns=tuple(name for table, names in columns.items() if _is_of(one, table) for name in names
                           if name and name != one["patient"]),
             constants=_constants(field, blocks))
        for at, one in enumerate(blocks) for name, source in one.get("fields", {}).items() if is_hole(source)
    )  # fmt: skip


def unread(text: str, columns: Columns) -> tuple[Unread, ...]:
    """Return the columns that nothing in a valid mapping names, those first that are near a field."""
    blocks, said = _blocks(text), list(remarks(text))
    found = [
        Unread(table=table, column=name,
               near=next((why for _, file, of, why in said if of == printable(name) and is_of_file(table, file)), ""))
        for table, names in columns.items()
        for used in ({each for one in blocks if _is_of(one, table) for each in _used(one)},)
        for name in names if name and name not in used and name != COLUMN
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: not one.near))


def offered(text: str, table: str) -> tuple[tuple[RecordKind, tuple[Field, ...]], ...]:
    """Return the fields that a column of a table can be, by kind: those that nothing of the table tells yet.

    Of a kind of which a row makes several records, a column by itself can be none: of which of them is not known.
    """
    blocks = _blocks(text)
    found = ((kind, tuple(field for field in kind.fields if not own or _free(own, field.name) is not None))
             for kind in RECORD_KINDS.values()
             for own in ([one for _, one in _of_kind(blocks, kind.name, table)],))  # fmt: skip
    return tuple((kind, fields) for kind, fields in found if fields)


def with_choices(text: str, fills: Sequence[Fill], reads: Sequence[ReadAs]) -> str:
    """Return a mapping in which choices are written down; comments, order and all other values stay.

    Raises
    ------
    BadSetting
        A choice that cannot be, or that makes no mapping.
    """
    for one in fills:
        text = with_field(text, one.at, one.field, _literal(one, _blocks(text)))
    for one in reads:
        text = without_remark(_with_column(text, one), one.table, one.column)
    try:
        mapping_from(text)
    except BadMapping as error:
        raise BadSetting(f"What was chosen makes no mapping: {error.problems[0][1]}") from error
    return text


def _literal(one: Fill, blocks: Sequence[Raw]) -> str:
    if one.constant:
        return f"{{ constant = {one.constant if one.constant in ('true', 'false') else toml(one.constant)} }}"
    own = blocks[one.at]
    beside = [block for block in blocks if block.get("file") == own.get("file")]
    return source_text(_as_column(RECORD_KINDS[own["kind"]].field(one.field), one.column, beside), _decimal(beside))


def _as_column(field: Field, column: str, beside: Sequence[Raw]) -> ColumnGuess:
    """Return a column, written as others of its table: days that are written otherwise are told once it is read."""
    days = _one_of(beside, "dates") if field.form == "date" else ()
    return ColumnGuess(field, column, told_unit(field, column), days, {})


def _decimal(beside: Sequence[Raw]) -> str:
    return "".join(_one_of(beside, "decimal"))


def _with_column(text: str, one: ReadAs) -> str:
    blocks, kind = _blocks(text), RECORD_KINDS[one.kind]
    field = kind.field(one.field)
    beside = [block for block in blocks if _is_of(block, one.table)]
    own = _of_kind(blocks, kind.name, one.table)
    free = _free([block for _, block in own], field.name)
    if own and free is None:
        raise BadSetting(f"The {field.label} of a {kind.name.replace('_', ' ')} is told in the mapping already, or a "
                         "row makes several of these; choose one column, or write it into the text.")  # fmt: skip
    if not beside:
        raise BadSetting("Of a table that the mapping does not name it is not known whose its rows are; write it into "
                         "the text.")  # fmt: skip
    guess, decimal = _as_column(field, one.column, beside), _decimal(beside)
    if free is not None:
        return with_field(text, own[free][0], field.name, source_text(guess, decimal))
    return f"{text.rstrip()}\n\n{_new_table(kind, guess, one.table, beside, decimal)}"


def _new_table(kind: RecordKind, column: ColumnGuess, table: str, beside: Sequence[Raw], decimal: str) -> str:
    """Return a table of a mapping, written as a draft would, with what it points to where another one has the keys."""
    like = beside[0]
    file = like.get("file") or re.sub(r" \[[^\]]*\]\Z", "", table)
    keys = {one["kind"]: one["key"] for one in beside if one.get("key") and PLACE not in one["key"]}
    own = keys.get("lesion", "") if kind.name in OF_A_TUMOR else ""
    guess = linked(KindGuess(kind, own, (column,), (), key_is=ONE if kind.name in ONCE_A_ROW else ""), keys)
    of = TableGuess(path=file, guess=MappingGuess(like["patient"], (guess,), (), (), {}), refused={}, repeated=(),
                    decimal="", of_patients=False)  # fmt: skip
    first, *others = kind_lines(guess, of, like.get("sheet") or None, decimal=decimal)
    same = [f"{name} = {toml(like[name])}" for name in ("separator", "encoding") if like.get(name)]
    return "\n".join([first, *same, *others]) + "\n"


def _blocks(text: str) -> list[dict[str, Any]]:
    return loaded(text).get("table", [])


def _is_of(block: Raw, table: str) -> bool:
    """Say whether a table of a mapping reads a table that came."""
    file, sheet = block.get("file", ""), block.get("sheet", "")
    if not file and sheet:
        return table.endswith(f" [{sheet}]")
    return table == f"{file} [{sheet}]" if sheet else is_of_file(table, file)


def _of_kind(blocks: Sequence[dict[str, Any]], kind: str, table: str) -> list[tuple[int, dict[str, Any]]]:
    return [(at, one) for at, one in enumerate(blocks) if one["kind"] == kind and _is_of(one, table)]


def _free(blocks: Sequence[Raw], field: str) -> int | None:
    """Return the place of the first table that makes one record of a row and does not tell a field."""
    return next((place for place, one in enumerate(blocks) if not one.get("repeat")
                 and (field not in one.get("fields", {}) or is_hole(one["fields"][field]))), None)  # fmt: skip


def _used(block: Raw) -> Iterator[str]:
    sources = block.get("fields", {}).values()
    named = [source if isinstance(source, str) else source.get("column", "") for source in sources]
    for one in (block["patient"], block.get("key", ""), block.get("filled", ""), *block.get("where", {}), *named):
        yield from (one.replace(PLACE, str(turn)) for turn in block.get("repeat", ("",)))


def _constants(field: Field, blocks: Sequence[Raw]) -> tuple[str, ...]:
    if field.form == "yes or no":
        return ("true", "false")
    keys = (one.get("key_is", "") for one in blocks if field.refers and one["kind"] == field.refers)
    return field.choices or tuple(dict.fromkeys(one for one in keys if one and PLACE not in one))


def _one_of(blocks: Sequence[Raw], name: str) -> tuple[str, ...]:
    """Return how the columns of a table are written, where those that say it say the same."""
    sources = (cast("Mapping[str, str]", source) for one in blocks for source in one.get("fields", {}).values()
               if isinstance(source, dict))  # fmt: skip
    said = {source[name] for source in sources if name in source}
    return tuple(said) if len(said) == 1 else ()
