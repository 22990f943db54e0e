"""Which of the questions that are asked of a person are open for a patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isotherm.clinical.record import Field, Record, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS

IF_ANY = frozenset({"systemic", "complication", "death"})
"""Kinds of which a patient may rightly have no record: what did not happen is not asked about."""


@dataclass(frozen=True, slots=True)
class Open:
    """Questions about one record that nobody has answered yet.

    Parameters
    ----------
    kind : RecordKind
    id : str
        The record's own key; empty where a patient has only one, and where there is none yet.
    fields : tuple of Field
        What is asked, in the order of the form.
    noted : bool
        Whether there is a record at all.
    """

    kind: RecordKind
    id: str
    fields: tuple[Field, ...]
    noted: bool


def questions_of(kind: RecordKind) -> tuple[Field, ...]:
    """Return the fields of a kind that everybody is asked for."""
    return tuple(field for field in kind.fields if field.by == "question")


N_QUESTIONS = sum(len(questions_of(kind)) for kind in RECORD_KINDS.values())
"""How many there are; each may have to be answered for several lesions, sessions or visits."""


def open_questions(records: Sequence[Record]) -> tuple[Open, ...]:
    """Return what is still to be asked about a patient, in the order of the kinds.

    Parameters
    ----------
    records : sequence of Record
        All that count, of one patient.

    Notes
    -----
    A field that somebody was asked for and could not tell is answered. Of a kind without a record every question is
    open, unless it may rightly not have happened (`IF_ANY`).
    """
    found: list[Open] = []
    for kind in RECORD_KINDS.values():
        asked, own = questions_of(kind), [record for record in records if record.kind is kind]
        for record in own:
            fields = tuple(one for one in asked if one.name not in record.values and one.name not in record.unknown)
            if fields:
                found.append(Open(kind, record.id, fields, noted=True))
        if asked and not own and kind.name not in IF_ANY:
            found.append(Open(kind, "", asked, noted=False))
    return tuple(found)


def different(questions: Sequence[Open]) -> int:
    """Return how many of the `N_QUESTIONS` are open, however many records they are open for."""
    return len({(one.kind.name, field.name) for one in questions for field in one.fields})
