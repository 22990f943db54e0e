"""RecordMapping: how a hospital's own tables become records: which column is which field, and what its words mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isotherm.clinical.kinds import Value, unit_factor
from isotherm.clinical.record import Field, RecordKind
from isotherm.exchange.record_days import ISO

PLACE = "{n}"
"""Stands for each of `repeat` in names of columns, keys and constants."""


FILL_IN = "..."
"""A constant that a person has yet to put: a table with it is not read until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSource:
    """Where one field comes from.

    Parameters
    ----------
    field : Field
    column : str
        Of the table; empty where a constant is given.
    constant : value, optional
        The same for all records.
    values : mapping of str to value
        What the words of the column mean, letters of either case alike.
    unit : str
        That the column is written in; the field's own unless given.
    days : str
        How days are written; see `record_days.day_reader`.
    unknown, empty : frozenset of str
        Words for "asked, and not told", and for "nothing was noted".
    decimal : str
        The sign before the tenths.

    Raises
    ------
    ValueError
        What does not fit the field.
    """

    field: Field
    column: str = ""
    constant: Value | None = None
    values: Mapping[str, Value]
    unit: str = ""
    days: str = ISO
    unknown: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    decimal: str = "."

    def __post_init__(self) -> None:
        if bool(self.column) == (self.constant is not None):
            raise ValueError(f"{self.field.name} needs a column or a constant, and not both.")
        if self.unit and self.field.form != "number":
            raise ValueError(f"{self.field.name} is no number, so it has no unit.")
        if self.unit and unit_factor(self.unit, self.field.unit) is None:
            raise ValueError(f"{self.field.name} is kept in {self.field.unit or 'no unit'}; nothing is known of how "
                             "to get there from the unit that is named.")  # fmt: skip

    @property
    def factor(self) -> float:
        """What a number of the column is multiplied by."""
        return (unit_factor(self.unit, self.field.unit) if self.unit else None) or 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMapping:
    """How rows of one table become records of one kind; a table may be named several times, for several kinds.

    Parameters
    ----------
    kind : RecordKind
    patient : str
        The column with the patient's key.
    key : str
        The column with the record's own key.
    key_is : str
        In its place: the same key in every row.
    numbered : bool
        In its place: 1, 2, 3 within the patient, in the order of the rows.
    sources : tuple of FieldSource
    file, sheet, separator, encoding : str
        Which table; empty for the one that is imported, its only sheet, and what is usual.
    where : mapping of str to frozenset of str
        Only rows that hold one of these words in the column.
    filled : str
        Only rows in which this column holds something: of a table of lesions, those that were ablated.
    repeat : tuple of str
        What `{n}` stands for, one record after the other: "lesion{n}_size" with 1, 2, 3.
    """

    kind: RecordKind
    patient: str
    key: str = ""
    key_is: str = ""
    numbered: bool = False
    sources: tuple[FieldSource, ...]
    file: str = ""
    sheet: str = ""
    separator: str = ""
    encoding: str = ""
    where: Mapping[str, frozenset[str]]
    filled: str = ""
    repeat: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ways = [bool(self.key), bool(self.key_is), self.numbered]
        if self.kind.several and sum(ways) != 1:
            raise ValueError(f"how a {self.kind.name} is told from others of the patient: give one of key (a column), "
                             "key_is and numbered = true.")  # fmt: skip
        if not self.kind.several and any(ways):
            raise ValueError(f"a patient has one {self.kind.name}; leave out key, key_is and numbered.")
        if self.repeat and self.kind.several and not self.numbered and PLACE not in self.key + self.key_is:
            raise ValueError(f'repeated records need keys of their own: key_is = "{PLACE}".')
        self._check_turns()
        told = {one.field.name for one in self.sources}
        lost = next((one.name for one in self.kind.fields if one.needed and one.name not in told), None)
        if lost is not None:
            raise ValueError(f"a {self.kind.name} needs {lost}; say which column has it, or give a constant.")

    def _check_turns(self) -> None:
        """Refuse `{n}` that stands for nothing, and constants that it makes no value of."""
        if len(set(self.repeat)) < len(self.repeat):
            raise ValueError("repeat names something twice; name it once.")
        constants = [(one.field, one.constant) for one in self.sources if isinstance(one.constant, str)]
        written = [self.key, self.key_is, *(one.column for one in self.sources), *(text for _, text in constants)]
        if not self.repeat and any(PLACE in one for one in written):
            raise ValueError(f"{PLACE} stands for each of repeat; give it, as in repeat = [1, 2, 3].")
        for field, text in constants:
            for turn in self.repeat:
                try:
                    field.checked(text.replace(PLACE, turn))
                except ValueError:
                    raise ValueError(f"the constant for {field.name} has to be {field.wanted}.") from None

    @property
    def is_of_every_row(self) -> bool:
        """Whether a row makes a record even if nothing of one stands there.

        What every patient has, and of which constants tell all that it needs, is said of everybody: a primary tumor,
        and a patient, who needs nothing but the key. Of anything else a constant says how it was and not that it was: a
        modality that is the same for all makes no ablation, and no second primary tumor either.
        """
        constant = {one.field.name for one in self.sources if not one.column}
        one_each = not self.kind.several or (bool(self.key_is) and not self.repeat)
        return self.kind.of_everybody and one_each and constant.issuperset(self.kind.needed)

    @property
    def stated(self) -> tuple[str, ...]:
        """The fields that constants tell of every record; what it points to is none."""
        return tuple(one.field.name for one in self.sources if not one.column and not one.field.refers)

    def columns(self, turn: str = "") -> tuple[str, ...]:
        """Return the columns that one turn of `repeat` reads."""
        turning = [one.replace(PLACE, turn) for one in (self.key, *(source.column for source in self.sources))]
        return tuple(dict.fromkeys(name for name in (self.patient, *self.where, self.filled, *turning) if name))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A table that is not read yet: a value of it is left open, or its records point to some of a kind that waits."""

    kind: RecordKind
    file: str
    points_to: str = ""
    sheet: str = ""
    separator: str = ""
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class RecordMapping:
    """How the tables of one place become records.

    Parameters
    ----------
    tables : tuple of TableMapping
    waiting : tuple of Waiting
        Tables that are not read until a value is filled in.
    """

    tables: tuple[TableMapping, ...]
    waiting: tuple[Waiting, ...] = ()
