"""An Intake judged as a whole: rows of one key, what points to nothing, and which patients can be imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from isotherm.clinical.record import PATIENT_KEY, Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.exchange.record_intake import Intake, Noted
from isotherm.exchange.record_passed import PassedOver
from isotherm.exchange.record_problems import Problem
from isotherm.exchange.record_unusual import Unusual, unusual

RecordKey = tuple[str, str, str]
"""Kind, patient's key, own key: what finds a record."""

Known = Callable[[RecordKey], bool]

_REFERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    name: tuple((field.name, field.refers) for field in kind.fields if field.refers)
    for name, kind in RECORD_KINDS.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What may be imported, and what keeps the rest out.

    Parameters
    ----------
    good : tuple of Noted
        Of patients without any problem.
    left_out : tuple of Noted
        Right by themselves, but another row of the same patient is not. A patient whose death could not be read would
        live on in every analysis: patients come whole, or not at all.
    problems : tuple of Problem
        In the order of tables and rows.
    repeated : int
        Rows that said again, or added to, what another row says of the same thing.
    rows : mapping of str to int
        Rows read, by table.
    passed : tuple of PassedOver
        What was not read, or made no record.
    unusual : tuple of Unusual
        What is possible, and so unusual that somebody should look; it keeps nothing out.
    columns : mapping of str to tuple of str
        The headers of tables that a mapping names.
    one_each : mapping of str to bool
        Of tables that a mapping reads: whether each row that it takes is of another patient.
    """

    good: tuple[Noted, ...]
    left_out: tuple[Noted, ...]
    problems: tuple[Problem, ...]
    repeated: int
    rows: Mapping[str, int]
    passed: tuple[PassedOver, ...] = ()
    unusual: tuple[Unusual, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    one_each: Mapping[str, bool] = field(default_factory=dict[str, bool])

    @property
    def left_out_patients(self) -> int:
        """How many patients have a problem."""
        return len({one.patient_id for one in self.problems if one.patient_id})

    @property
    def nobodys(self) -> int:
        """How many rows with a problem are there of which cannot be told whose they are."""
        return len({(one.table, one.row) for one in self.problems if not one.patient_id})


def key_of(record: Record) -> RecordKey:
    """Return what finds a record."""
    return (record.kind.name, record.patient_id, record.id)


def check(intake: Intake, known: Known) -> Checked:
    """Judge what was read.

    Parameters
    ----------
    intake : Intake
    known : callable
        Says whether the registry holds a record already.

    Notes
    -----
    What records of a patient point to is looked up where the patient's rows could all be read: a row that could not
    would be missed everywhere.
    """
    merged, contradictions, repeated = _merged(intake.noted)
    problems = list(dict.fromkeys((*intake.problems, *contradictions)))  # a row may be read for several kinds
    bad = {one.patient_id for one in problems if one.patient_id}
    problems += _astray(merged, known, bad)
    bad = {one.patient_id for one in problems if one.patient_id}
    order = {table: place for place, table in enumerate(intake.rows)}
    return Checked(
        good=tuple(one for one in merged.values() if one.record.patient_id not in bad),
        left_out=tuple(one for one in merged.values() if one.record.patient_id in bad),
        problems=tuple(sorted(problems, key=lambda one: (order.get(one.table, -1), one.row))),
        repeated=repeated, rows=dict(intake.rows), passed=tuple(intake.passed),
        unusual=tuple(unusual(intake.seen.values())), columns=dict(intake.columns), one_each=dict(intake.one_each),
    )  # fmt: skip


def _merged(noted: Iterable[Noted]) -> tuple[dict[RecordKey, Noted], list[Problem], int]:
    """Put rows of one key together where they do not contradict each other."""
    found: dict[RecordKey, Noted] = {}
    problems: list[Problem] = []
    repeated = 0
    for one in noted:
        first = found.setdefault(key_of(one.record), one)
        if first is one:
            continue
        repeated += 1
        told, other = first.record.values, one.record.values
        apart = [name for name in told.keys() & other.keys() if told[name] != other[name]]
        if apart:
            problems.append(Problem(table=one.table, row=one.row, says=_contradiction(first, sorted(apart)),
                                    patient_id=one.record.patient_id))  # fmt: skip
        elif one.record != first.record:
            found[key_of(one.record)] = Noted(_both(first.record, one.record), first.table, first.row)
    return found, problems, repeated


def _both(first: Record, second: Record) -> Record:
    values = {**first.values, **second.values}
    return Record(kind=first.kind, patient_id=first.patient_id, id=first.id, values=values,
                  unknown=(first.unknown | second.unknown) - values.keys())  # fmt: skip


def _contradiction(first: Noted, fields: list[str]) -> str:
    return (f"row {first.row} of '{first.table}' has the same {first.record.kind.key} and tells another "
            f"{', '.join(fields)}; a {first.record.kind.name} has one")  # fmt: skip


def _astray(merged: Mapping[RecordKey, Noted], known: Known, bad: set[str]) -> list[Problem]:
    """Return problems of records that point to what is neither in these tables nor in the registry."""
    problems: list[Problem] = []
    for noted in merged.values():
        record = noted.record
        if record.patient_id in bad:
            continue
        targets = [(PATIENT_KEY, "patient", "")] if record.kind.name != "patient" else []
        targets += [
            (name, of, str(record.values[name])) for name, of in _REFERS[record.kind.name] if name in record.values
        ]
        for name, of, key in targets:
            wanted = (of, record.patient_id, key)
            if wanted not in merged and not known(wanted):
                says = f"its {name} points to a {of} that is neither in these tables nor in the registry"
                problems.append(Problem(table=noted.table, row=noted.row, says=says, patient_id=record.patient_id))
    return problems
