"""Intake: rows that became records and rows that could not, with where each of them stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Record, RecordKind
from isotherm.clinical.usual import USUAL
from isotherm.exchange.fact_values import fact_fields
from isotherm.exchange.record_passed import PassedOver
from isotherm.exchange.record_problems import Problem
from isotherm.exchange.record_unusual import Seen

AS_WRITTEN: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Noted:
    """A record, and the row in which it stood."""

    record: Record
    table: str
    row: int


@dataclass(slots=True)
class Intake:
    """What a reader has found so far; readers of all outside forms fill one, and `record_check` judges it.

    Parameters
    ----------
    noted : list of Noted
    problems : list of Problem
    rows : dict of str to int
        Rows read, by table.
    passed : list of PassedOver
        What was not read, or made no record.
    columns : dict of str to tuple of str
        Of tables that a mapping names, and of those of it that are not read yet: the header.
    one_each : dict of str to bool
        Of tables that a mapping reads: whether each row that it takes is of another patient.
    seen : dict of (table, column, field) to Seen
        Numbers of which is known what is usual.
    simulated : bool
        Whether any of it says of itself that it is of nobody who ever lived.
    """

    noted: list[Noted] = field(default_factory=list[Noted])
    problems: list[Problem] = field(default_factory=list[Problem])
    rows: dict[str, int] = field(default_factory=dict[str, int])
    passed: list[PassedOver] = field(default_factory=list[PassedOver])
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    one_each: dict[str, bool] = field(default_factory=dict[str, bool])
    seen: dict[tuple[str, str, str], Seen] = field(default_factory=dict[tuple[str, str, str], Seen])
    simulated: bool = False

    def problem(self, table: str, row: int, column: str, says: str, patient_id: str = "") -> None:
        """Note what keeps a row out."""
        self.problems.append(Problem(table=table, row=row, column=column, says=says, patient_id=patient_id))

    def counted(self, table: str) -> None:
        """Count a row that was read."""
        self.rows[table] = self.rows.get(table, 0) + 1

    def take(
        self, kind: RecordKind, keys: tuple[str, str], values: Mapping[str, Value], unknown: frozenset[str],
        *, place: tuple[str, int], columns: Mapping[str, str], factors: Mapping[str, float] = AS_WRITTEN,
    ) -> None:  # fmt: skip
        """Note a record, or why its row makes none.

        Parameters
        ----------
        kind : RecordKind
        keys : pair of str
            The patient's and its own.
        values : mapping
            Checked one by one before; what is checked here is the record as a whole.
        unknown : frozenset of str
        place : pair of str and int
            Table and row.
        columns : mapping of str to str
            What the table calls each field.
        factors : mapping of str to float
            By what numbers of a field were multiplied, where they were.
        """
        table, row = place
        try:
            fields = fact_fields(kind, values)
            record = Record(kind=kind, patient_id=keys[0], id=keys[1], values=fields, unknown=unknown)
        except ValueError as error:
            name = str(error).split(" ", 1)[0]
            self.problem(table, row, columns.get(name, ""), f"{error}.", keys[0])
        else:
            self.noted.append(Noted(record, table, row))
            self._saw(record, place, columns, factors)

    def _saw(self, record: Record, place: tuple[str, int], columns: Mapping[str, str],
             factors: Mapping[str, float]) -> None:  # fmt: skip
        table, row = place
        for name, value in record.values.items():
            column = columns.get(name, "")
            if column and name in USUAL and isinstance(value, int | float):  # what a mapping says for all has no column
                seen = self.seen.setdefault(
                    (table, column, name), Seen(table, column, record.kind.field(name), factor=factors.get(name, 1.0))
                )
                seen.values[row] = value
