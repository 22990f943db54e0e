"""The form that says what columns mean: what it offers, and what came of it; what is chosen is named by its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isotherm.app.registry_choose import Hole, Unread, holes, offered, unread
from isotherm.app.registry_chosen import Fill, ReadAs, with_choices
from isotherm.clinical.record import Field, RecordKind
from isotherm.errors import BadSetting

MOST = 40
"""Columns that are offered at once: each has a list of all fields."""

STALE = "What was chosen is not on offer any more; reload the page and choose again."


@dataclass(frozen=True, slots=True)
class Choices:
    """What a form offers.

    Parameters
    ----------
    holes : tuple of Hole
    near, others : tuple of (value, Unread)
        Columns that nothing reads, each with what names it in the form.
    fields : mapping of str to sequence
        By table: kinds with the fields that a column of it can be.
    left : int
        How many columns have no room.
    """

    holes: tuple[Hole, ...]
    near: tuple[tuple[str, Unread], ...]
    others: tuple[tuple[str, Unread], ...]
    fields: Mapping[str, Sequence[tuple[RecordKind, tuple[Field, ...]]]]
    left: int


def choices(text: str, found: Mapping[str, Any]) -> Choices:
    """Return what can be chosen in a valid mapping after a look."""
    columns = _columns(found)
    every = tuple((str(at), one) for at, one in enumerate(unread(text, columns)))
    shown = every[:MOST]
    return Choices(
        holes=holes(text, columns), near=tuple(one for one in shown if one[1].near),
        others=tuple(one for one in shown if not one[1].near), left=len(every) - len(shown),
        fields={table: offered(text, table) for table in {one.table for _, one in shown}},
    )  # fmt: skip


def chosen(text: str, found: Mapping[str, Any] | None, fills: Sequence[str], reads: Sequence[str]) -> str:
    """Return a mapping with what a form says.

    Parameters
    ----------
    text : str
        Of a valid mapping.
    found : mapping, optional
        What the look has found whose page had the form.
    fills : sequence of str
        "PLACE.column.N" or "PLACE.constant.N" of what waits; empty where nothing is chosen.
    reads : sequence of str
        "PLACE.KIND.FIELD" of what is not read; empty where it stays so.

    Raises
    ------
    BadSetting
        Nothing was chosen, it is not on offer, or makes no mapping.
    """
    if not any((*fills, *reads)):
        raise BadSetting("Nothing was chosen; choose what at least one column is, or change the text.")
    columns = _columns(found or {})
    waits, left = holes(text, columns), unread(text, columns)
    try:
        filled = [_fill(waits, one) for one in fills if one]
        read = [_read(left, one) for one in reads if one]
    except (ValueError, IndexError) as error:
        raise BadSetting(STALE) from error
    if any(one.field not in {field.name for kind, fields in offered(text, one.table) if kind.name == one.kind
                             for field in fields} for one in read):  # fmt: skip
        raise BadSetting(STALE)
    return with_choices(text, filled, read, one_each=(found or {}).get("one_each", ()))


def _columns(found: Mapping[str, Any]) -> dict[str, list[str]]:
    return dict(found.get("columns", ()))  # a look that was kept from before has none


def _fill(waits: Sequence[Hole], value: str) -> Fill:
    place, what, number = value.split(".")
    one = waits[_at(place)]
    if what == "column":
        return Fill(at=one.at, field=one.field.name, column=one.columns[_at(number)])
    return Fill(at=one.at, field=one.field.name, constant=one.constants[_at(number)])


def _read(left: Sequence[Unread], value: str) -> ReadAs:
    place, kind, field = value.split(".")
    one = left[_at(place)]
    return ReadAs(table=one.table, column=one.column, kind=kind, field=field)


def _at(text: str) -> int:
    """Return a place; none is counted from the end."""
    if not text.isdecimal():
        raise ValueError
    return int(text)
