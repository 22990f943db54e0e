"""Choices of a form, written into the text of a mapping; what would have to be guessed is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from isotherm.app.registry_choose import Raw, free_at, is_table, of_kind
from isotherm.app.registry_draft import kind_lines, source_text
from isotherm.app.registry_guess import ColumnGuess, KindGuess, MappingGuess, told_unit
from isotherm.app.registry_guess_names import ONCE_A_ROW
from isotherm.app.registry_guess_rows import OF_A_TUMOR, ONE, linked
from isotherm.app.registry_guess_tables import TableGuess
from isotherm.app.registry_mapping_edit import tables_in, with_field, with_table, without_remark
from isotherm.clinical.record import Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadMapping, BadSetting
from isotherm.exchange.protocol_text import toml
from isotherm.exchange.record_mapping import PLACE
from isotherm.exchange.record_mapping_files import mapping_from
from isotherm.printable import printable


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


def with_choices(text: str, fills: Sequence[Fill], reads: Sequence[ReadAs], *, one_each: Collection[str]) -> str:
    """Return a mapping in which choices are written down; comments, order and all other values stay.

    Parameters
    ----------
    text : str
    fills : sequence of Fill
    reads : sequence of ReadAs
    one_each : collection of str
        Tables of which it is known that each row that the mapping takes is of another patient.

    Raises
    ------
    BadSetting
        A choice that cannot be, or that makes no mapping.
    """
    text = _sound(text)
    for one in fills:
        text = _sound(with_field(text, one.at, one.field, _literal(one, tables_in(text))))
    for one in reads:
        text = _sound(without_remark(_with_column(text, one, one_each), one.table, one.column))
    return text


def _sound(text: str) -> str:
    try:
        mapping_from(text)
    except BadMapping as error:
        raise BadSetting(f"What was chosen makes no mapping: {error.problems[0][1]}") from error
    return text


def _literal(one: Fill, blocks: Sequence[Raw]) -> str:
    if one.constant:
        return f"{{ constant = {one.constant if one.constant in ('true', 'false') else toml(one.constant)} }}"
    own = blocks[one.at]
    beside = [each for each in blocks if all(each.get(name) == own.get(name) for name in ("file", "sheet"))]
    return source_text(_as_column(RECORD_KINDS[own["kind"]].field(one.field), one.column, beside), _decimal(beside))


def _as_column(field: Field, column: str, beside: Sequence[Raw]) -> ColumnGuess:
    """Return a column, written as others of its table: days that are written otherwise are told once it is read."""
    days = _one_of(beside, "dates") if field.form == "date" else ()
    return ColumnGuess(field, column, told_unit(field, column), days, {})


def _decimal(beside: Sequence[Raw]) -> str:
    return "".join(_one_of(beside, "decimal"))


def _with_column(text: str, one: ReadAs, one_each: Collection[str]) -> str:
    blocks, kind = tables_in(text), RECORD_KINDS[one.kind]
    field = kind.field(one.field)
    beside = [block for block in blocks if is_table(block, one.table)]
    own = of_kind(blocks, kind.name, one.table)
    guess, decimal = _as_column(field, one.column, beside), _decimal(beside)
    if not own:
        return with_table(text, _new_table(kind, guess, one.table, blocks, one_each))
    free = free_at(own, field.name)
    if free is None:
        raise BadSetting(f"The {field.label} of a {_told(kind)} is told in the mapping already, or it is of one of "
                         "several that a row or the mapping makes; choose one column, or write it into the text."
                         )  # fmt: skip
    return with_field(text, free, field.name, source_text(guess, decimal))


def _new_table(kind: RecordKind, column: ColumnGuess, table: str, blocks: Sequence[Raw], one_each: Collection[str]
               ) -> str:  # fmt: skip
    """Return a table of a mapping, written as a draft would, with what it points to where another one has the keys.

    It takes the rows that the others take (where). In which of them something of another kind stands (filled) says
    nothing of this one: its own column does, also where a key stands in every row, as a tumor's that was not ablated.
    """
    beside = [block for block in blocks if is_table(block, table)]
    like = _like(kind, beside)
    file = like.get("file") or re.sub(r" \[[^\]]*\]\Z", "", table)
    keys = {one["kind"]: one["key"] for one in beside if one.get("key") and PLACE not in one["key"]}
    own = keys.get("lesion", "") if kind.name in OF_A_TUMOR else ""
    if kind.several and not own:
        _refuse_unknown_keys(kind, table, blocks, one_each)
    guess = linked(KindGuess(kind, own, (column,), (), key_is="" if own else ONE), keys)
    if own or len(guess.columns) > 1:
        guess = replace(guess, filled=guess.filled or column.column)
    of = TableGuess(path=file, guess=MappingGuess(like["patient"], (guess,), (), (), {}), refused={}, repeated=(),
                    decimal="", of_patients=False)  # fmt: skip
    first, *others = kind_lines(guess, of, like.get("sheet") or None, decimal=_decimal(beside))
    same = [f"{name} = {toml(like[name])}" for name in ("separator", "encoding") if like.get(name)]
    words = [f"{toml(name)} = {toml(taken)}" for name, taken in like.get("where", {}).items()]
    where = [f"where = {{ {', '.join(words)} }}"] if words else []
    return "\n".join([first, *same, *where, *others]) + "\n"


def _like(kind: RecordKind, beside: Sequence[Raw]) -> Raw:
    """Return the table whose rows a new one takes: that there is none, or which one, is not guessed."""
    if not beside:
        raise BadSetting("Of a table that the mapping does not name it is not known whose its rows are; write it into "
                         "the text.")  # fmt: skip
    if any(one.get(name) != beside[0].get(name) for one in beside for name in ("where", "patient")):
        raise BadSetting("The tables of the mapping take different rows of this file (where, patient), and which of "
                         f"them tell a {_told(kind)} is not known; write it into the text.")  # fmt: skip
    return beside[0]


def _refuse_unknown_keys(kind: RecordKind, table: str, blocks: Sequence[Raw], one_each: Collection[str]) -> None:
    """Refuse records of which it is not known that a patient has one of them, and that it is no other one's namesake.

    Of what a row tells once, rows that tell the same are one, and those that do not are told when they are read.
    """
    others = [one for one in blocks if one["kind"] == kind.name]
    if kind.name in ONCE_A_ROW:
        if any(one.get("key_is") != ONE for one in others):
            raise BadSetting(_elsewhere(kind))
    elif others:
        raise BadSetting(_elsewhere(kind))
    elif table not in one_each:
        raise BadSetting(f"Several rows of {printable(table)} may be of one patient, and whether each of them "
                         f"tells another {_told(kind)} is not known; write a [[table]] with its key, or with "
                         "numbered = true, into the text.")  # fmt: skip


def _elsewhere(kind: RecordKind) -> str:
    return (f"Another table of the mapping makes each {_told(kind)}, and which of these a row of this one tells of is "
            "not known; write it into the text.")  # fmt: skip


def _told(kind: RecordKind) -> str:
    return kind.name.replace("_", " ")


def _one_of(blocks: Sequence[Raw], name: str) -> tuple[str, ...]:
    """Return how the columns of a table are written, where those that say it say the same."""
    sources = (cast("Mapping[str, str]", source) for one in blocks for source in one.get("fields", {}).values()
               if isinstance(source, dict))  # fmt: skip
    said = {source[name] for source in sources if name in source}
    return tuple(said) if len(said) == 1 else ()
