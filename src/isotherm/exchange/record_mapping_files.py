"""mapping.toml → RecordMapping: a mistake is answered with file, line, key, what came and what is allowed."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.columns import label
from isotherm.errors import BadMapping
from isotherm.exchange.record_days import day_reader
from isotherm.exchange.record_mapping import FILL_IN, PLACE, FieldSource, RecordMapping, TableMapping, Waiting
from isotherm.exchange.text_files import text_of
from isotherm.toml_form import Document, Key, Part, Shape, Wrong, choice, each, flag, near, parsed, scalar, text
from isotherm.toml_lines import Path as Place

Raw = dict[str, Any]


def read_mapping(path: str | os.PathLike[str]) -> RecordMapping:
    """Read how tables become records.

    Raises
    ------
    UnreadableFile
        The file is missing, a folder, far too long, or not UTF-8.
    BadMapping
        Every problem that was found, one line each.
    """
    file = Path(path)
    return mapping_from(text_of(file, called="mapping", example="mapping.toml"), name=file.name)


def mapping_from(text: str, *, name: str = "mapping.toml") -> RecordMapping:
    """Read a mapping from the text of a file; `name` is what errors call it."""
    table, document = parsed(text, name, BadMapping)
    raw: Raw = document.noun(_MAPPING, table, ()) or {}
    usual = {key: raw[key] for key in ("days", "decimal", "unknown", "empty") if raw.get(key) is not None}
    every: list[Raw | None] = list(raw.get("tables", ()))
    open_at = {place for place, one in enumerate(every) if one is not None and _is_open(one)}
    waiting = [_waiting(document, one, usual, ("table", place)) for place in sorted(open_at) if (one := every[place])]
    tables = [_table(document, one, usual, ("table", place)) for place, one in enumerate(every) if place not in open_at]
    if not tables and not document.problems:
        document.problem(("table",), _NOTHING_FILLED_IN if waiting else _NO_TABLE)
    document.refuse()
    return _without_astray([one for one in tables if one is not None], waiting)


def _is_open(raw: Raw) -> bool:
    return any(one.get("constant") == FILL_IN for one in raw.get("fields", {}).values())


def _without_astray(tables: Sequence[TableMapping], waiting: Sequence[Waiting]) -> RecordMapping:
    """Return a mapping in which what points to records of a kind that only waits is waiting too."""
    left: list[TableMapping] = list(tables)
    waits: list[Waiting] = list(waiting)
    while True:
        lost = {one.kind.name for one in waits} - {one.kind.name for one in left}
        astray = [one for one in left if _points_to(one, lost)]
        if not astray:
            return RecordMapping(tuple(left), tuple(waits))
        left = [one for one in left if one not in astray]
        waits += [Waiting(one.kind, one.file, _points_to(one, lost), one.sheet, one.separator, one.encoding)
                  for one in astray]  # fmt: skip


def _points_to(one: TableMapping, kinds: Collection[str]) -> str:
    return next((source.field.refers for source in one.sources if source.field.refers in kinds), "")


def _table(document: Document, raw: Raw | None, usual: Raw, place: Place) -> TableMapping | None:
    if raw is None:
        return None
    kind, fields = RECORD_KINDS[raw["kind"]], cast("Mapping[str, Raw]", raw.pop("fields", None) or {})
    before = len(document.problems)
    sources = tuple(_source(document, kind, name, one, usual, (*place, "fields", name)) for name, one in fields.items())
    if len(document.problems) > before:
        return None
    try:
        given: Raw = {"where": {}, **raw, "kind": kind, "sources": sources}
        return TableMapping(**given)
    except ValueError as error:
        document.problem(place, str(error))
        return None


def _waiting(document: Document, raw: Raw, usual: Raw, place: Place) -> Waiting:
    """Return a table that waits; a slip in what is told of it already is told now, and not once all is filled in."""
    kind, fields = RECORD_KINDS[raw["kind"]], cast("Mapping[str, Raw]", raw["fields"])
    for name, one in fields.items():
        read = _field(document, kind, name, (*place, "fields", name))
        if read is not None and one.get("constant") != FILL_IN:
            _source(document, kind, name, one, usual, (*place, "fields", name))
    return Waiting(kind, raw.get("file") or "", sheet=raw.get("sheet") or "", separator=raw.get("separator") or "",
                   encoding=raw.get("encoding") or "")  # fmt: skip


def _field(document: Document, kind: RecordKind, name: str, place: Place) -> Field | None:
    try:
        return kind.field(name)
    except KeyError:
        names = {one.name: one for one in kind.fields}
        document.problem(place, f"a {kind.name} has no such field{near(name, names)}; allowed: {', '.join(names)}.")
        return None


def _source(document: Document, kind: RecordKind, name: str, raw: Raw, usual: Raw, place: Place) -> FieldSource | None:
    field = _field(document, kind, name, place)
    if field is None:
        return None
    given = {**usual, **raw}
    words = cast("Mapping[str, Any]", given.pop("values", {}))
    try:
        values = {word.strip().casefold(): _meant(field, one) for word, one in words.items()}
        constant = given.pop("constant", None)
        if constant is not None and PLACE not in str(constant):
            constant = _meant(field, constant)
        return FieldSource(field=field, constant=constant, values=values, **given)
    except ValueError as error:
        document.problem(place, str(error))
        return None


def _meant(field: Field, value: Any) -> Value:
    try:
        return field.checked(value)
    except ValueError:
        raise ValueError(f"what it means for {field.name} has to be {field.wanted}.") from None


def _source_of(document: Document, value: object, place: Place) -> Raw:
    """Read a source: the name of a column, or a table."""
    if isinstance(value, str):
        return {"column": value}
    return document.noun(_SOURCE, value, place) or {}


def _sources(document: Document, value: object, place: Place) -> dict[str, Raw]:
    if not isinstance(value, dict):
        raise Wrong('a table of fields, as in sex = "Geschlecht"')
    pairs = cast("dict[str, Any]", value)
    return {name: document.value(Key(_source_of), one, (*place, name)) or {} for name, one in pairs.items()}


def _days(_: Document, value: object, __: Place) -> str:
    try:
        day_reader(value if isinstance(value, str) else "")
    except ValueError as error:
        raise Wrong(str(error)) from None
    return cast("str", value)


def _words(document: Document, value: object, place: Place) -> frozenset[str]:
    found = each(scalar, "a list of words")(document, value, place)
    return frozenset(label(one).strip().casefold() for one in found)


def _values(_: Document, value: object, __: Place) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong('a table of words and what they mean, as in { m = "male", w = "female" }')
    return cast("dict[str, Any]", value)


def _where(document: Document, value: object, place: Place) -> dict[str, frozenset[str]]:
    pairs = _values(document, value, place)
    return {name: document.value(Key(_words), one, (*place, name)) or frozenset[str]() for name, one in pairs.items()}


def _turns(document: Document, value: object, place: Place) -> tuple[str, ...]:
    found = each(scalar, "a list of what {n} stands for")(document, value, place)
    return tuple(label(one) for one in found)


def _separator(_: Document, value: object, __: Place) -> str:
    if not isinstance(value, str) or len(value) != 1:
        raise Wrong('one sign, as in ";"')
    return value


def _raw(**values: Any) -> Raw:
    return {name: value for name, value in values.items() if value is not None}


_NO_TABLE = "a mapping has a [[table]] for each kind of record that a table holds; add one."
_NOTHING_FILLED_IN = f'a value has to stand in place of each "{FILL_IN}", and every [[table]] has one; fill it in.'
TEXT = Key(text)
_USUAL = {"dates": Key(_days, field="days"), "decimal": Key(choice(".", ",")), "unknown": Key(_words),
          "empty": Key(_words)}  # fmt: skip
_SOURCE = Shape(_raw, {"column": TEXT, "constant": Key(scalar), "values": Key(_values), "unit": TEXT, **_USUAL})
_TABLE = Shape(_raw, {
    "kind": Key(choice(*RECORD_KINDS), required=True), "patient": Key(text, required=True), "file": TEXT, "sheet": TEXT,
    "separator": Key(_separator), "encoding": TEXT, "key": TEXT, "key_is": TEXT, "numbered": Key(flag),
    "where": Key(_where), "filled": TEXT, "repeat": Key(_turns), "fields": Key(_sources),
})  # fmt: skip
_MAPPING = Shape(_raw, {**_USUAL, "table": Key(Part(_TABLE, many=True), field="tables", required=True)})
