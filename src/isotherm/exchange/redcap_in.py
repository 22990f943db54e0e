"""An export of a REDCap project with our dictionary → an Intake of records; raw codes or labels, events or none."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadTable
from isotherm.exchange.cells_in import Sheet, open_sheet
from isotherm.exchange.record_cells import cell_text, value_of, wanted
from isotherm.exchange.record_intake import Intake
from isotherm.exchange.record_passed import Reading
from isotherm.exchange.record_tables_in import FUTURE
from isotherm.exchange.redcap_names import (
    CODES,
    EMPTY,
    EVENT,
    INSTANCE,
    INSTRUMENT,
    RECORD_ID,
    UNKNOWN,
    VARIABLES,
    Variable,
    choice_code,
    completeness,
    variables,
)
from isotherm.exchange.spreadsheet_text import unguarded
from isotherm.printable import printable
from isotherm.study.predicate import near

ADMINISTRATIVE = frozenset({"redcap_data_access_group", "redcap_survey_identifier"})
"""Columns about a project's users and surveys, which hold nothing of a patient."""

YES, NO = frozenset({"1", "yes", "true"}), frozenset({"0", "no", "false"})


def read_redcap(path: str | os.PathLike[str], *, today: date) -> Intake:
    """Read an export in one flat table, raw or with labels in its cells; its header has the names of variables.

    Parameters
    ----------
    path : path
    today : date
        A later day is a slip of the pen.

    Returns
    -------
    Intake
        A record whose own name is empty has the number of its instance for it; on a form that does not repeat, the name
        of its event, or 1.

    Raises
    ------
    UnreadableFile, BadTable
        No table, or one with columns that are no variable of the dictionary.
    """
    intake, reading = Intake(), Reading("it is of the project's users, surveys and forms")
    with open_sheet(path) as opened:
        _check_columns(opened)
        sheet = reading.counted(opened, {RECORD_ID, INSTRUMENT, INSTANCE, EVENT, *VARIABLES})
        reader = _Reader.of(sheet, intake, today)
        intake.rows[sheet.name] = 0
        for number, cells in sheet.rows:
            intake.counted(sheet.name)
            if len(cells) != len(sheet.columns):
                intake.problem(sheet.name, number, "", "it has more or fewer cells than the header")
            else:
                reader.row(number, [cell_text(cell) for cell in cells])
    intake.passed += reading.passed()
    return intake


def _check_columns(sheet: Sheet) -> None:
    if RECORD_ID not in sheet.columns:
        raise BadTable(f"The table '{sheet.name}' has no column '{RECORD_ID}'; export it raw, with the names of "
                       "variables as its header, from a project with the dictionary of `isotherm registry dictionary`; "
                       "another project needs a mapping.")  # fmt: skip
    known = {
        RECORD_ID,
        INSTRUMENT,
        INSTANCE,
        EVENT,
        *ADMINISTRATIVE,
        *VARIABLES,
        *map(completeness, RECORD_KINDS.values()),
    }
    for name in sheet.columns:
        checkbox, _, code = name.partition("___")
        gap = checkbox in VARIABLES and code.upper() in CODES
        if name in known or gap or (name.endswith("_timestamp") and name[:-10] in RECORD_KINDS):
            continue
        what = "is a box to tick" if code else "is no variable of our dictionary"
        raise BadTable(f"The column '{printable(name)}' of '{sheet.name}' {what}{near(name, tuple(known))}; leave it "
                       "out of the export, or give a mapping.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Form:
    """The columns of one kind of record."""

    kind: RecordKind
    own: int | None
    fields: tuple[tuple[int, Variable, Field], ...]

    def is_filled(self, cells: Sequence[str]) -> bool:
        """Whether a row says anything about it."""
        own = self.own is not None and bool(cells[self.own].strip())
        return own or any(cells[at] and not cells[at].isspace() for at, _, _ in self.fields)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes records out of rows."""

    name: str
    at: Mapping[str, int]
    forms: tuple[_Form, ...]
    intake: Intake
    today: date

    @classmethod
    def of(cls, sheet: Sheet, intake: Intake, today: date) -> _Reader:
        at = {name: place for place, name in enumerate(sheet.columns)}
        forms = [
            _Form(
                kind,
                at.get(variables(kind)[0].name) if kind.several else None,
                tuple((at[v.name], v, v.field) for v in variables(kind) if v.field is not None and v.name in at),
            )
            for kind in RECORD_KINDS.values()
        ]
        return cls(sheet.name, at, tuple(forms), intake, today)

    def row(self, number: int, cells: Sequence[str]) -> None:
        """Take the records of one row."""
        told = self._cell(cells, INSTRUMENT)
        patient = cells[self.at[RECORD_ID]].strip()
        instrument = _instrument(told)
        if told and instrument is None:
            self.intake.problem(self.name, number, INSTRUMENT, "no such instrument is in our dictionary", patient)
            return
        always = "patient" if instrument is None else instrument.name
        forms = [one for one in self.forms if one.kind.name == always or one.is_filled(cells)]
        if instrument is not None and len(forms) > 1:
            says = f"it is an instance of '{instrument.name}', and something of another form stands in it"
            self.intake.problem(self.name, number, INSTRUMENT, says, patient)
            return
        for form in forms:
            self._record(form, patient, cells, number, repeats=instrument is not None)

    def _record(self, form: _Form, patient: str, cells: Sequence[str], number: int, *, repeats: bool) -> None:
        values: dict[str, Value] = {}
        unknown: set[str] = set()
        before = len(self.intake.problems)
        for at, variable, field in form.fields:
            text = cells[at]
            gap = _gap(text, field)
            if not text.strip() or gap in EMPTY:
                continue
            if gap in UNKNOWN:
                unknown.add(field.name)
                continue
            try:
                values[field.name] = _value(text, field)
            except ValueError:
                self.intake.problem(self.name, number, variable.name, wanted(field), patient)
            else:
                value = values[field.name]
                if isinstance(value, date) and value > self.today:
                    self.intake.problem(self.name, number, variable.name, FUTURE, patient)
        key = self._key(form, cells, repeats=repeats) if form.kind.several else ""
        columns = {one.field.name if one.field else form.kind.key: one.name for one in variables(form.kind)}
        if len(self.intake.problems) == before:
            self.intake.take(form.kind, (patient, key), values, frozenset(unknown), place=(self.name, number),
                             columns={"patient_id": RECORD_ID, **columns})  # fmt: skip

    def _key(self, form: _Form, cells: Sequence[str], *, repeats: bool) -> str:
        own = cells[form.own].strip() if form.own is not None else ""
        event, instance = self._cell(cells, EVENT), self._cell(cells, INSTANCE) if repeats else ""
        return own or ".".join(one for one in (event, instance) if one) or "1"

    def _cell(self, cells: Sequence[str], name: str) -> str:
        return cells[self.at[name]].strip() if name in self.at else ""


def _instrument(told: str) -> RecordKind | None:
    """Return the kind that an instrument is called after, by its name or its label."""
    for kind in RECORD_KINDS.values():
        if told.casefold() in (kind.name, kind.name.replace("_", " "), kind.label.casefold()):
            return kind
    return None


def _gap(text: str, field: Field) -> str:
    """Return the missing data code that a cell holds, by its code or, where nobody writes words, by its label."""
    if text in CODES:
        return text
    if field.form in ("text", "key"):
        return ""
    return _BY_LABEL.get(text.strip().casefold(), "")


_BY_LABEL = {label.casefold(): code for code, label in {**UNKNOWN, **EMPTY}.items()}


def _value(text: str, field: Field) -> Value:
    match field.form:
        case "yes or no":
            said = text.strip().casefold()
            return field.checked(True if said in YES else False if said in NO else None)
        case "choice":
            return field.checked(_CHOICES[field.name, field.choices].get(text.strip().casefold()))
        case "text" | "key":
            return value_of(text[1:] if text.startswith("'") and text[1:] in CODES else unguarded(text), field)
        case _:
            return value_of(text, field)


def _choices(field: Field) -> dict[str, str]:
    """Return what each code, and each label, of a choice means."""
    by_label = {one.casefold(): one for one in field.choices}
    return by_label | {choice_code(one).casefold(): one for one in field.choices}


_CHOICES: Mapping[tuple[str, tuple[str, ...]], Mapping[str, str]] = {
    (field.name, field.choices): _choices(field)
    for kind in RECORD_KINDS.values() for field in kind.fields if field.form == "choice"
}  # fmt: skip
