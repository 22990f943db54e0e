"""What a registry holds, for a terminal and as JSON: a patient, open questions, what was done, whether all is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from isotherm.app.record_words import record_name, told_fields
from isotherm.app.registry_history import DONE, THE_REGISTRY, changes_of, loaded
from isotherm.app.terminal import folded
from isotherm.clinical.kinds import Value
from isotherm.clinical.questions import N_QUESTIONS, Open, different
from isotherm.clinical.record import Field
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.printable import printable
from isotherm.registry.audit import Entry
from isotherm.registry.rows import Kept
from isotherm.registry.verifying import Verified
from isotherm.study.simulate.synthetic import NOBODY_LIVED


def patient_text(patient_id: str, kept: Sequence[Kept], width: int | None, *, simulated: bool = False) -> str:
    """Return everything about a patient, a block for each record; `simulated`: nobody in the registry ever lived."""
    lines = [f"Patient {printable(patient_id)}: {_many(len(kept), 'record')}"]
    lines += folded(NOBODY_LIVED, width) if simulated else []
    for one in kept:
        lines += ["", _title(one)]
        lines += _aligned(_fields(one), width)
    return "\n".join(lines)


def patient_json(patient_id: str, kept: Sequence[Kept], *, simulated: bool = False) -> str:
    """Return the same as JSON."""
    told = [{"kind": one.record.kind.name, "id": one.record.id or None, "revision": one.revision,
             "withdrawn": one.withdrawn, "values": {name: _plain(value) for name, value in one.record.values.items()},
             "unknown": sorted(one.record.unknown)} for one in kept]  # fmt: skip
    return _json({"schema": "isotherm.registry-patient/1", "patient_id": patient_id, "simulated": simulated,
                  "records": told})  # fmt: skip


def questions_text(patient_id: str, questions: Sequence[Open], width: int | None) -> str:
    """Return what is still to be asked, a block for each record."""
    if not questions:
        return f"Patient {printable(patient_id)}: none of the {N_QUESTIONS} questions is open."
    lines = [f"Patient {printable(patient_id)}: {different(questions)} of the {N_QUESTIONS} questions are open."]
    for one in questions:
        lines += ["", record_name(one.kind, one.id) if one.noted else f"{one.kind.label}: none is noted yet"]
        labels = max(len(field.label) for field in one.fields)
        asked = [(f"{field.label:{labels}}  {field.name}=", _wanted(field)) for field in one.fields]
        lines += _aligned(asked, width)
    return "\n".join([*lines, "", *_how_to_answer(patient_id, questions)])


def _wanted(field: Field) -> str:
    return "yes or no" if field.form == "yes or no" else field.wanted


def _how_to_answer(patient_id: str, questions: Sequence[Open]) -> Iterator[str]:
    first = questions[0]
    which = " ".join(["REGISTRY", printable(patient_id), first.kind.name, *([printable(first.id)] if first.id else [])])
    verb, why = ("set", " --why WHY") if first.noted else ("add", "")
    yield f"Answer the first of them with: isotherm registry {verb} {which} {first.fields[0].name}=...{why}"
    yield "NAME=unknown says that nobody can tell; it is not asked again then."


def questions_json(patient_id: str, questions: Sequence[Open]) -> str:
    """Return the same as JSON."""
    told = [{"kind": one.kind.name, "id": one.id or None, "noted": one.noted,
             "fields": [{"name": field.name, "label": field.label, "wanted": field.wanted} for field in one.fields]}
            for one in questions]  # fmt: skip
    return _json({"schema": "isotherm.registry-questions/1", "patient_id": patient_id, "of": N_QUESTIONS,
                  "open": different(questions), "records": told})  # fmt: skip


def history_text(entries: Sequence[Entry], more: bool, width: int | None) -> str:
    """Return what was done, the latest last."""
    if not entries:
        return "Nothing was done to it."
    lines = [f"The last {len(entries)}; earlier ones come with a larger --last.", ""] if more else []
    for one in entries:
        at = one.at[:19].replace("T", " ")
        lines.append(printable(f"{one.entry}  {at} UTC  {one.who} {DONE[one.action]} {_what(one)}"))
        for said in (*_changes(one), f"why: {one.why}"):
            lines += folded(said, width)
    return "\n".join(lines)


def history_json(entries: Sequence[Entry], more: bool) -> str:
    """Return the same as JSON."""
    told = [{name: getattr(one, name) for name in Entry.__slots__}
            | {"old": loaded(one.old), "new": loaded(one.new)} for one in entries]  # fmt: skip
    return _json({"schema": "isotherm.registry-audit/1", "entries": told, "more": more})


def verified_text(verified: Verified, width: int | None) -> str:
    """Say whether a registry is whole."""
    looked = f"{_many(verified.records, 'record')} and {_many(verified.entries, 'entry', 'entries')} of the audit"
    if verified.problems:
        said = [line for one in verified.problems for line in folded(one, width)]
        head = f"NOT WHOLE: {_many(len(verified.problems), 'problem')} in {looked}."
        return "\n".join([head, *said, "Nothing was repaired; isotherm registry restore goes back to the last backup."])
    marked = f"{NOBODY_LIVED}\n" if verified.simulated else ""
    return (f"Whole: {looked} fit together.\n{marked}The audit ends with {verified.hash}\n"
            "Noted elsewhere, it shows later that nothing before it was changed: verify --noted HASH")  # fmt: skip


def _title(one: Kept) -> str:
    return record_name(one.record.kind, one.record.id) + (" - withdrawn" if one.withdrawn else "")


def _fields(one: Kept) -> list[tuple[str, str]]:
    return [(field.label, words) for field, words in told_fields(one.record)] or [("", "nothing else is noted")]


def _aligned(pairs: Sequence[tuple[str, str]], width: int | None) -> Iterator[str]:
    """Yield labels and values in two columns; a long value goes on below its own beginning."""
    indent = max(len(label) for label, _ in pairs) + 4
    for label, value in pairs:
        first, *rest = _broken(value, None if width is None else max(20, width - indent))
        yield f"  {label.ljust(indent - 4)}  {first}".rstrip()
        yield from (" " * indent + one for one in rest)


def _broken(text: str, width: int | None) -> list[str]:
    return [text] if width is None else [line.strip() for line in folded(text, width + 2)] or [""]


def _what(one: Entry) -> str:
    if one.action == "marked":
        return THE_REGISTRY
    if one.kind == "patient":
        return f"patient {one.patient_id}"
    return f"{RECORD_KINDS[one.kind].label.lower()} {one.record_id}".rstrip() + f" of patient {one.patient_id}"


def _changes(one: Entry) -> Iterator[str]:
    """Yield one line for each field that is another one now."""
    if one.action == "withdrawn":
        return
    for change in changes_of(one):
        was = f" (was: {change.before or 'empty'})" if one.action == "revised" else ""
        yield f"{change.label}: {change.after or 'empty'}{was}"


def _plain(value: Value) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _many(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def _json(told: Mapping[str, Any]) -> str:
    return json.dumps(told, indent=1, ensure_ascii=False)
