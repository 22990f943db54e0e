"""The form of a record: every field with what may be written, what is there already, and what it can point to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from isotherm.app.record_words import at_a_glance, plain, record_name
from isotherm.app.registry_findings import OF_LESION, next_key
from isotherm.app.registry_tasks import UNKNOWN
from isotherm.clinical.record import Field, Record, RecordKind
from isotherm.clinical.record_kinds import FACT, FINDING, FOLLOW_UP, RECORD_KINDS
from isotherm.errors import BadSetting
from isotherm.exchange.fact_values import bare_fact
from isotherm.registry.rows import Kept

Typed = Mapping[str, Sequence[str]]
"""What was typed, by the name of the field: no text for one that was left empty, no name for one that was not asked."""

FIRST = ("follow_up", "death", "scan", "lesion", "systemic", "complication", "session", "ablation", "reading")
"""Kinds that are written by hand most often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """One field of a form.

    Parameters
    ----------
    name : str
        As it is written in NAME=VALUE.
    label, unit, note : str
    form : str
        As of a field; "choice" for all that are chosen.
    choices : tuple of (str, str)
        What may be written, and how people say it.
    needed : bool
    text : str
        What stands there.
    may_be_unknown, is_unknown : bool
        Whether one may say that nobody can tell, and whether that is said.
    """

    name: str
    label: str
    unit: str
    note: str
    form: str
    choices: tuple[tuple[str, str], ...]
    needed: bool
    text: str
    may_be_unknown: bool
    is_unknown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordForm:
    """The form of a record: what is asked of everybody, what one may tell besides, what isotherm reads off scans."""

    kind: RecordKind
    name: str
    asked: tuple[Blank, ...]
    besides: tuple[Blank, ...]
    of_images: tuple[Blank, ...]
    lesions: tuple[Blank, ...]
    lacking: str


def new_form(kind: RecordKind, kept: Sequence[Kept], typed: Typed) -> RecordForm:
    """Return the form of a record that is to be added, with what was typed before.

    Parameters
    ----------
    kind : RecordKind
    kept : sequence of Kept
        All of the patient, with what was withdrawn.
    typed : mapping
    """
    counting = [one.record for one in kept if not one.withdrawn]
    key = next_key(kind, [one.record for one in kept])
    found = tuple(_lesions(counting, typed)) if kind is FOLLOW_UP else ()
    return _form(kind, key, typed, counting, lesions=found)


def kept_form(record: Record, kept: Sequence[Kept], typed: Typed) -> RecordForm:
    """Return the form of a record that is to be corrected: as it is, with what was typed over it."""
    counting = [one.record for one in kept if not one.withdrawn]
    return _form(record.kind, record.id, {**as_typed(record), **typed}, counting)


def as_typed(record: Record) -> dict[str, tuple[str, ...]]:
    """Return what one types to say what a record says; of a fact plain words, where it says no more than a value."""
    told = {name: (plain(value),) for name, value in record.values.items()} | dict.fromkeys(record.unknown, (UNKNOWN,))
    fact = bare_fact(record.values) if record.kind is FACT else None
    return told if fact is None else told | {"value": (UNKNOWN if fact.value is None else plain(fact.value),)}


def corrections(record: Record, typed: Typed) -> list[str]:
    """Return what was typed otherwise than a record says, as NAME=VALUE; NAME= for what was emptied."""
    before, told = as_typed(record), list[str]()
    for name, texts in typed.items():
        if tuple(texts) != tuple(one.strip() for one in before.get(name, ())):
            told += [f"{name}={text}" for text in texts or ("",)]
    return told


def refuse_signatures(kind: RecordKind, told: Sequence[str]) -> None:
    """Refuse the name of somebody else as a signature: it is taken from who works, and may only be taken back.

    Raises
    ------
    BadSetting
    """
    for name, _, text in (one.partition("=") for one in told):
        if text and name in kind.by_name and kind.field(name).by == "signature":
            raise BadSetting(f"A name came for: {kind.field(name).label}. It is whoever works and is never typed; "
                             'leave it as it is, and use "Accept this margin" on the patient\'s page.')  # fmt: skip


def in_words(said: str, kind: RecordKind) -> str:
    """Return a refusal of the registry with the labels of the form in the place of names that nobody says."""
    words = {one.name: one.label.lower() for one in RECORD_KINDS.values()}
    words |= {f"{one}_id": label for one, label in words.items()} | {one.name: one.label for one in kind.fields}
    for name in sorted(words, key=len, reverse=True):
        if "_" in name:
            said = re.sub(rf"\b{name}\b", words[name], said)
    return said


def kinds_to_add(kept: Sequence[Kept]) -> tuple[RecordKind, ...]:
    """Return the kinds of which a patient may have another record, those written most often first."""
    there = {one.record.kind.name for one in kept}
    rest = [name for name in RECORD_KINDS if name not in (*FIRST, FINDING.name)]
    return tuple(RECORD_KINDS[name] for name in (*FIRST, *rest, FINDING.name)
                 if RECORD_KINDS[name].several or name not in there)  # fmt: skip


def _form(kind: RecordKind, key: str, typed: Typed, counting: Sequence[Record],
          lesions: tuple[Blank, ...] = ()) -> RecordForm:  # fmt: skip
    parts: dict[str, list[Blank]] = {"asked": [], "besides": [], "of_images": []}
    lacking = ""
    for field in kind.fields:
        blank = blank_of(field, typed.get(field.name, ()), counting)
        if field.by == "signature":
            parts["besides"] += _signature(blank)
            continue
        first = field.needed or field.by == "question"
        parts["asked" if first else "of_images" if field.by == "image" else "besides"].append(blank)
        if field.needed and field.refers and not blank.choices:
            lacking = lacking or field.refers
    return RecordForm(kind=kind, name=record_name(kind, key), lesions=lesions, lacking=lacking,
                      **{name: tuple(some) for name, some in parts.items()})  # fmt: skip


def blank_of(field: Field, texts: Sequence[str], counting: Sequence[Record]) -> Blank:
    """Return a field of a form.

    Parameters
    ----------
    field : Field
    texts : sequence of str
        What stands in it.
    counting : sequence of Record
        Those of the patient, which it may point to.
    """
    can_be_unknown = not field.needed and UNKNOWN not in field.choices
    choices = tuple(_choices(field, counting))
    is_unknown = can_be_unknown and UNKNOWN in texts
    text = next((one for one in texts if not (is_unknown and one == UNKNOWN)), "")
    if not text and field.needed and len(choices) == 1:
        text = choices[0][0]
    return Blank(name=field.name, label=field.label, unit=field.unit, note=field.note, choices=choices,
                 form="choice" if field.form in ("choice", "yes or no") or field.refers else field.form,
                 needed=field.needed, text=text, may_be_unknown=can_be_unknown, is_unknown=is_unknown)  # fmt: skip


def _signature(blank: Blank) -> Iterator[Blank]:
    """Yield a field in which a signature that is there can be taken back, and no other one be written."""
    if blank.text or blank.is_unknown:
        only = ((blank.text, blank.text),) if blank.text else ()
        yield replace(blank, form="choice", choices=only, may_be_unknown=blank.is_unknown)


def _choices(field: Field, counting: Sequence[Record]) -> Iterator[tuple[str, str]]:
    if field.refers:
        for record in counting:
            if record.kind.name == field.refers:
                yield record.id, f"{record.id}: {at_a_glance(record)}"
    else:
        yield from ((one, one) for one in (field.choices or (("yes", "no") if field.form == "yes or no" else ())))


def _lesions(counting: Sequence[Record], typed: Typed) -> Iterator[Blank]:
    """Yield a field for the state of each lesion."""
    state = FINDING.field("state")
    for lesion in counting:
        if lesion.kind.name == "lesion":
            name = OF_LESION + lesion.id
            yield Blank(name=name, label=f"lesion {lesion.id}", unit="", note=at_a_glance(lesion), form="choice",
                        choices=tuple((one, one) for one in state.choices), needed=False,
                        text=next(iter(typed.get(name, ())), ""), may_be_unknown=False, is_unknown=False)  # fmt: skip
