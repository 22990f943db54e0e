"""What a page shows of a patient of a registry: timeline, lesions with their latest margin, open questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from isotherm.app.board_kept import margins_of_records
from isotherm.app.board_margins import latest_margins, margin_rows
from isotherm.app.board_words import acceptance_words
from isotherm.app.record_form import Blank, blank_of
from isotherm.app.timeline import CONTACTS, Timeline, timeline_of
from isotherm.clinical.questions import N_QUESTIONS, Open, different, open_questions
from isotherm.clinical.record import Record
from isotherm.registry.rows import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionLine:
    """One lesion: where it lies, how large it was last, what was done, and how it was found last."""

    id: str
    place: str
    size: str
    ablations: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Open questions about one record, and the revision that an answer has to name; None where there is none yet."""

    open: Open
    revision: int | None
    blanks: tuple[Blank, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOfKind:
    """All open questions about the records of one kind; `labels` names each question once."""

    kind: str
    labels: tuple[str, ...]
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientView:
    """What a page shows of a patient.

    Parameters
    ----------
    head : str
        What is known of the patient, in one line.
    life : str
        Whether the patient lives, as far as is known.
    timeline : Timeline
    lesions : tuple of LesionLine
    margins : sequence of mapping
        The latest of each lesion, in the words of the board's page, as `margin_lines` has them.
    earlier : sequence of mapping
        Earlier ones that nobody has accepted, alike.
    asked : tuple of AskedOfKind
        Their labels are `open` in number.
    open, of : int
        How many questions are open, and how many there are.
    forms : int
        How many records they are open for.
    died : bool
    """

    head: str
    life: str
    timeline: Timeline
    lesions: tuple[LesionLine, ...]
    margins: Sequence[dict[str, Any]]
    earlier: Sequence[dict[str, Any]]
    asked: tuple[AskedOfKind, ...]
    open: int
    of: int
    forms: int
    died: bool


def patient_view(kept: Sequence[Kept]) -> PatientView:
    """Return what a page shows of everything that is noted of a patient."""
    records = [one.record for one in kept]
    revisions = {(one.record.kind.name, one.record.id): one.revision for one in kept}
    questions = open_questions(records)
    asked = [Asked(open=one, revision=revisions.get((one.kind.name, one.id)) if one.noted else None,
                   blanks=_blanks(one, records)) for one in questions]  # fmt: skip
    return PatientView(
        head=_head(records), life=life_words(records), timeline=timeline_of(records),
        lesions=tuple(lesion_lines(records)), margins=margin_lines(records),
        earlier=_earlier_to_accept(records), asked=tuple(_by_kind(asked)),
        open=different(questions), of=N_QUESTIONS, forms=len(asked),
        died=any(one.kind.name == "death" for one in records),
    )  # fmt: skip


def _blanks(one: Open, records: Sequence[Record]) -> tuple[Blank, ...]:
    """Return what is asked; of a record that is not there yet, what it cannot be without, too."""
    asked = {field.name for field in one.fields}
    needed = [field for field in one.kind.fields if not one.noted and field.needed and field.name not in asked]
    return tuple(blank_of(field, (), records) for field in (*needed, *one.fields))


def _by_kind(asked: Sequence[Asked]) -> Iterator[AskedOfKind]:
    """Yield the questions kind by kind: twenty visits that lack one answer each are one line to open, not twenty."""
    for kind, own in groupby(asked, key=lambda one: one.open.kind.label):
        all_of_it = tuple(own)
        labels = dict.fromkeys(field.label for one in all_of_it for field in one.open.fields)
        yield AskedOfKind(kind=kind, labels=tuple(labels), asked=all_of_it)


def _head(records: Sequence[Record]) -> str:
    said: list[str] = []
    for record in records:
        told = {"patient": ("sex", "born_on"), "primary": ("primary", "n_stage")}
        before = {"born_on": "born "}
        said += [before.get(name, "") + str(record.values[name]) for name in told.get(record.kind.name, ())
                 if name in record.values]  # fmt: skip
    return " · ".join(said)


def margin_lines(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return the latest margin of each lesion in the words of the board's page.

    Each has the `key` of its record, whether it is `to_accept`, and its `acceptance` in words.
    """
    return _lines(latest_margins(margins_of_records(records)))


def margin_line(records: Sequence[Record], key: str) -> dict[str, Any]:
    """Return one margin as `margin_lines` has the latest ones."""
    return _lines([one for one in margins_of_records(records) if one["key"] == key])[0]


def _earlier_to_accept(records: Sequence[Record]) -> list[dict[str, Any]]:
    margins = margins_of_records(records)
    latest = {one["key"] for one in latest_margins(margins)}
    earlier = [one for one in margins if one["key"] not in latest]
    return [line for line in _lines(earlier) if line["to_accept"]]


def _lines(margins: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        row | {"key": one["key"], "to_accept": one["to_accept"], "acceptance": acceptance_words(one)}
        for row, one in zip(margin_rows(margins), margins, strict=True)
    ]


def life_words(records: Sequence[Record]) -> str:
    """Return whether a patient lives, as far as the records tell."""
    for record in records:
        if record.kind.name == "death":
            cause = record.get("cause")
            return f"Died {record.values['died_on']}" + (f", of: {cause}" if cause else "")
    days = [str(one.values[CONTACTS[one.kind.name]]) for one in records if one.kind.name in CONTACTS]
    return f"Alive when last seen, {max(days)}" if days else "No death is noted, and no contact"


def lesion_lines(records: Sequence[Record]) -> list[LesionLine]:
    """Return each lesion in a line."""
    return [_lesion(one, records) for one in records if one.kind.name == "lesion"]


def _lesion(lesion: Record, records: Sequence[Record]) -> LesionLine:
    own = [one for one in records if one.get("lesion_id") == lesion.id]
    days = {(one.kind.name, one.id): one.get("scanned_on") or one.get("seen_on") for one in records}

    def latest(kind: str, field: str, refers: str, by: str) -> tuple[str, str] | None:
        """Return a field of the latest record of a kind about the lesion, and its day."""
        told = [(str(days.get((by, str(one.get(refers)))) or ""), str(one.get(field))) for one in own
                if one.kind.name == kind and one.get(field) is not None]  # fmt: skip
        return max(told, default=None, key=lambda pair: pair[0])

    size, state = (
        latest("reading", "diameter_mm", "scan_id", "scan"),
        latest("finding", "state", "follow_up_id", "follow_up"),
    )
    place = [str(lesion.get(name)) for name in ("organ", "place") if lesion.get(name) is not None]
    return LesionLine(
        id=lesion.id, place=", ".join(place), size=f"{float(size[1]):.0f} mm, {size[0]}" if size else "",
        ablations=sum(one.kind.name == "ablation" for one in own), state=f"{state[1]}, {state[0]}" if state else "",
    )  # fmt: skip
