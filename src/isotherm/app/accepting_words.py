"""Where of a patient a margin may go, in words: lesions with size and ablation, the margins there, scans that fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from isotherm.app.accepting_places import Places
from isotherm.app.patient_view import LesionLine, lesion_lines, margin_lines
from isotherm.app.record_words import state_words
from isotherm.app.report_words import margin_mm
from isotherm.app.size_doubts import Filing, size_doubt
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import MARGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionPlace:
    """A lesion of the registry that a margin may be of.

    Parameters
    ----------
    id, says : str
    ablation, after, before : str
        Keys of its ablation, and of the scan after and before that, where the registry holds exactly one; else empty.
    doubt : str
        That the tumor that was measured is not as large as this lesion was; "" where nothing is odd.
    """

    id: str
    says: str
    ablation: str
    after: str
    before: str
    doubt: str


def lesion_places(places: Places, measured_mm: float) -> tuple[LesionPlace, ...]:
    """Return the lesions of a patient, each told apart from the others, with what follows from it.

    Parameters
    ----------
    places : Places
    measured_mm : float
        The longest axial diameter of the tumor that was measured.
    """
    days = _days_of_ablations(places.records)
    return tuple(_place(line, places, days, measured_mm) for line in lesion_lines(places.records))


def ablation_says(places: Places) -> dict[str, str]:
    """Return each ablation in words, by its key."""
    days = _days_of_ablations(places.records)
    return {key: ", ".join(filter(None, [key, f"lesion {lesion}" if lesion else "", str(days.get(key, ""))]))
            for key, lesion in places.ablations}  # fmt: skip


def scan_says(places: Places) -> dict[str, str]:
    """Return each scan in words, by its key: its day, what it was taken for, and in which phase of contrast."""
    told = {one.id: [str(one.get(name) or "") for name in ("purpose", "phase")]
            for one in places.records if one.kind.name == "scan"}  # fmt: skip
    return {key: ", ".join(filter(None, [key, "" if key == str(on) else str(on), *told[key]]))
            for key, on in places.scans}  # fmt: skip


def margins_there(places: Places) -> tuple[str, ...]:
    """Return the latest margin of each lesion, as the registry holds it now."""
    return tuple(", ".join(filter(None, [f"lesion {one['lesion']}: {one['margin']}", one["interval"],
                                         f"margin {one['key']}"]))
                 for one in margin_lines(places.records))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A margin of a lesion that may be replaced, and what it says that the new measurement has nothing to say about."""

    key: str
    lesion: str
    says: tuple[str, ...]


def would_drop(places: Places, values: Mapping[str, Any]) -> tuple[Dropped, ...]:
    """Return the margins of a patient that say something which a new one would not, were it to replace them.

    Parameters
    ----------
    places : Places
    values : mapping
        Of the new margin; None for what it does not tell.
    """
    every = [Dropped(key=key, lesion=str(kept.record.get("lesion_id")),
                     says=not_carried_over({**kept.record.values, **dict.fromkeys(kept.record.unknown)}, values))
             for key, kept in places.margins.items()]  # fmt: skip
    return tuple(one for one in every if one.says)


def not_carried_over(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the state of a margin says that the one in its place does not: label and value of each fact.

    What it is of (lesion, scans, ablation) and who accepted it are no facts about the margin.
    """
    return tuple(f"{field.label}: {words}" for field in MARGIN.fields
                 if not field.refers and field.by != "signature" and new.get(field.name) is None
                 and (words := state_words(field, old or {})))  # fmt: skip


def replaced_words(old: Mapping[str, object] | None) -> str:
    """Return the margin that stood there before, from its state in the audit; empty where none stood there."""
    if old is None:
        return ""
    value = old.get("minimal_margin_mm")
    return margin_mm(value) if isinstance(value, float) else str(old.get("status", "")).replace("_", " ")


def _place(line: LesionLine, places: Places, days: Mapping[str, date], measured_mm: float) -> LesionPlace:
    own = [key for key, lesion in places.ablations if lesion == line.id]
    ablated = sorted(str(days[key]) for key in own if key in days)
    told = [line.place, line.size, f"ablated {', '.join(ablated)}" if ablated else ""]
    only = own[0] if len(own) == 1 else ""
    after, before = _around(places.scans, days.get(only))
    scanned = dict(places.scans)
    filing = Filing(lesion_id=line.id, ablation_id=only, after_on=scanned.get(after), before_on=scanned.get(before))
    return LesionPlace(id=line.id, says=f"{line.id}: {'; '.join(filter(None, told))}" if any(told) else line.id,
                       ablation=only, after=after, before=before,
                       doubt=size_doubt(places.records, filing, measured_mm))  # fmt: skip


def _around(scans: Sequence[tuple[str, date]], ablated_on: date | None) -> tuple[str, str]:
    """Return the only scan from the day of an ablation on, and the only one before it."""
    if ablated_on is None:
        return "", ""
    after = [key for key, on in scans if on >= ablated_on]
    before = [key for key, on in scans if on < ablated_on]
    return (after[0] if len(after) == 1 else ""), (before[0] if len(before) == 1 else "")


def _days_of_ablations(records: Sequence[Record]) -> dict[str, date]:
    sessions = {one.id: one.get("ablated_on") for one in records if one.kind.name == "session"}
    return dict(_dated(records, sessions))


def _dated(records: Sequence[Record], sessions: Mapping[str, object]) -> Iterator[tuple[str, date]]:
    for one in records:
        if one.kind.name == "ablation" and isinstance(day := sessions.get(str(one.get("session_id"))), date):
            yield one.id, day
