"""History: entries of a registry's audit as acts, each with who, when and why, and what it did to which fields."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from isotherm.app.record_words import state_words
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.printable import printable
from isotherm.registry.audit import Counted, Entry

DONE = {"added": "added", "revised": "changed", "withdrawn": "withdrew", "reinstated": "reinstated",
        "marked": "marked"}  # fmt: skip
"""What was done, as one says it of somebody."""

THE_REGISTRY = "this registry as simulated"
"""What alone is marked: it is no record, and has no patient."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that is another one now: its label, what it said before and says after; empty where it said nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an act did to one record.

    Parameters
    ----------
    verb : str
        One of those in `DONE`.
    kind, key, patient_id : str
        Which record.
    name : str
        What people call it.
    changes : tuple of FieldChange
        Of a record that was withdrawn: what it had said.
    """

    verb: str
    kind: str
    key: str
    patient_id: str
    name: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody did at one moment: one record in a form, or thousands in an import.

    Parameters
    ----------
    at : str
        UTC, as in 2026-03-01 12:00:00.
    who, why : str
    done : tuple of Done
        In the order in which they were written; of the earliest act that is read, the last ones.
    counted : Counted
        How much was done, whole.
    """

    at: str
    who: str
    why: str
    done: tuple[Done, ...]
    counted: Counted

    @property
    def says(self) -> str:
        """What was done, in one line: "added death", "added 40 records"."""
        if self.records == 1:
            return f"{self.done[0].verb} {self.done[0].name}"
        verbs: Counter[str] = Counter()
        for (action, _), count in self.counted.records.items():
            verbs[DONE[action]] += count
        return ", ".join(f"{verb} {count:,} record{'' if count == 1 else 's'}" for verb, count in verbs.items())

    @property
    def records(self) -> int:
        """To how many records something was done."""
        return sum(self.counted.records.values())

    @property
    def patients(self) -> int:
        """To how many patients it was done."""
        return self.counted.patients

    @property
    def kinds(self) -> str:
        """How many records of which kind: "lesion (2), scan (4)"."""
        kinds: Counter[str] = Counter()
        for (_, kind), count in self.counted.records.items():
            if kind in RECORD_KINDS:
                kinds[RECORD_KINDS[kind].label.lower()] += count
        return ", ".join(f"{label} ({count:,})" for label, count in kinds.items())


def acts_of(entries: Sequence[Entry], earliest: Counted | None = None) -> tuple[Act, ...]:
    """Return what was done, the latest first; what one transaction did is one act.

    Parameters
    ----------
    entries : sequence of Entry
        In their order.
    earliest : Counted, optional
        How much was done in the first of them, where earlier entries of it may be left out.
    """
    acts: list[Act] = []
    for _, same in groupby(entries, key=lambda one: one.transaction_id):
        own = tuple(same)
        done = tuple(Done(verb=DONE[one.action], kind=one.kind, key=one.record_id, patient_id=one.patient_id,
                          name=_name(one), changes=tuple(changes_of(one)))
                     for one in own)  # fmt: skip
        counted = _counted(own) if acts or earliest is None else earliest
        acts.append(Act(at=own[0].at[:19].replace("T", " "), who=own[0].who, why=own[0].why, done=done,
                        counted=counted))  # fmt: skip
    return tuple(reversed(acts))


def _counted(entries: Sequence[Entry]) -> Counted:
    records = Counter((one.action, one.kind) for one in entries)
    return Counted(records, len({one.patient_id for one in entries} - {""}))


def _name(one: Entry) -> str:
    if one.action == "marked":
        return THE_REGISTRY
    return printable(f"{RECORD_KINDS[one.kind].label.lower()} {one.record_id}".rstrip())


def changes_of(entry: Entry) -> Iterator[FieldChange]:
    """Yield each field that an entry left another one than it found; of a record withdrawn, what it had said."""
    if entry.action == "marked":
        return
    old, new = (loaded(state) or {} for state in (entry.old, entry.new))
    for field in RECORD_KINDS[entry.kind].fields:
        before, after = state_words(field, old), state_words(field, new)
        if before != after:
            yield FieldChange(field.label, before, after)


def loaded(state: str | None) -> dict[str, Any] | None:
    """Return a record's state in the audit; None where it did not count."""
    return None if state is None else json.loads(state)
