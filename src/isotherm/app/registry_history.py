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
from isotherm.registry.audit import Entry

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
        In the order in which they were written.
    is_whole : bool
        Whether that is all that was done: of the earliest act that is read, a part may be earlier still.
    """

    at: str
    who: str
    why: str
    done: tuple[Done, ...]
    is_whole: bool

    @property
    def says(self) -> str:
        """What was done, in one line: "added death", "added 40 records"."""
        if len(self.done) == 1 and self.is_whole:
            return f"{self.done[0].verb} {self.done[0].name}"
        least = "" if self.is_whole else "at least "
        verbs = Counter(one.verb for one in self.done)
        return ", ".join(f"{verb} {least}{count:,} record{'' if count == 1 else 's'}" for verb, count in verbs.items())

    @property
    def patients(self) -> int:
        """To how many patients it was done."""
        return len({one.patient_id for one in self.done})

    @property
    def kinds(self) -> str:
        """How many records of which kind: "lesion (2), scan (4)"."""
        kinds = Counter(RECORD_KINDS[one.kind].label.lower() for one in self.done if one.patient_id)
        return ", ".join(f"{label} ({count:,})" for label, count in kinds.items())


def acts_of(entries: Sequence[Entry], *, is_cut: bool) -> tuple[Act, ...]:
    """Return what was done, the latest first; what one transaction did is one act.

    Parameters
    ----------
    entries : sequence of Entry
        In their order.
    is_cut : bool
        Whether there are earlier ones.
    """
    acts: list[Act] = []
    for _, same in groupby(entries, key=lambda one: one.transaction_id):
        own = tuple(same)
        done = tuple(Done(verb=DONE[one.action], kind=one.kind, key=one.record_id, patient_id=one.patient_id,
                          name=_name(one), changes=tuple(changes_of(one)))
                     for one in own)  # fmt: skip
        acts.append(Act(at=own[0].at[:19].replace("T", " "), who=own[0].who, why=own[0].why, done=done,
                        is_whole=bool(acts) or not is_cut))  # fmt: skip
    return tuple(reversed(acts))


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
