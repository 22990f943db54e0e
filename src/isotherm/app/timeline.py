"""The timeline of a patient: what happened when, in lanes, from the records of a registry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from isotherm.app.record_words import NOT_TOLD
from isotherm.clinical.record import Record

LANES = ("Decision", "Systemic therapy", "Ablation", "Scan", "Follow-up", "Other", "Death")

DAYS_KIND = {"decision": ("Decision", "decided_on"), "session": ("Ablation", "ablated_on"),
             "scan": ("Scan", "scanned_on"), "follow_up": ("Follow-up", "seen_on"),
             "complication": ("Other", "began_on"), "death": ("Death", "died_on")}  # fmt: skip
"""In which lane a record stands, and by which of its days."""

CONTACTS = {"session": "ablated_on", "follow_up": "seen_on"}
"""Days on which somebody saw the patient, as the worklist counts them."""

NEWS = ("new_in_organ", "new_elsewhere", "untreatable")
"""Fields of a follow-up that tell of progression."""

LOCAL_PROGRESSION = "local tumor progression"
"""The state of a lesion that has its own mark wherever a course is shown."""

NEAR = 0.1
"""Of the whole line: two days that lie nearer than this have one label."""

SHORTEST_DAYS = 60
"""A shorter time is drawn as if it had so many days: marks of one week would lie on each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened.

    Parameters
    ----------
    lane : str
    on : date
    until : date, optional
        Of systemic therapy whose end is noted.
    is_open : bool
        Whether it is a therapy whose end is not noted.
    words : str
    place, width : float
        Where it stands between the first day and the last, 0 to 1. What is open goes on up to death, or to the
        last contact; it is nothing wide where it began after that.
    local_progression : bool
        Whether it is a follow-up at which local tumor progression was found.
    """

    lane: str
    on: date
    until: date | None
    is_open: bool
    words: str
    place: float
    width: float
    local_progression: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened to a patient, the first day first.

    Parameters
    ----------
    events : tuple of Event
    lanes : tuple of str
        Those with an event.
    years : tuple of (words, place)
        For an axis: the beginnings of years; its first and last day where there are fewer than two of these.
    """

    events: tuple[Event, ...]
    lanes: tuple[str, ...]
    years: tuple[tuple[str, float], ...]


def timeline_of(records: Sequence[Record]) -> Timeline:
    """Return what happened to a patient; empty where nothing with a day is noted."""
    found = sorted(_found(records), key=lambda one: (one[1], LANES.index(one[0]), one[3]))
    if not found:
        return Timeline(events=(), lanes=(), years=())
    seen = _last_seen(records)
    first, last = found[0][1], max(until or on for _, on, until, *_ in found)
    days = max((last - first).days, SHORTEST_DAYS)

    def place(day: date) -> float:
        return min(1.0, (day - first).days / days)

    events = tuple(
        Event(lane=lane, on=on, until=until, is_open=is_open, words=words, place=place(on),
              width=place(max(on, seen or on) if is_open else until or on) - place(on), local_progression=progressed)
        for lane, on, until, words, is_open, progressed in found
    )  # fmt: skip
    lanes = tuple(lane for lane in LANES if any(one.lane == lane for one in events))
    years = tuple((str(year), place(date(year, 1, 1))) for year in range(first.year + 1, last.year + 1))
    if len(years) < 2:
        years = ((first.isoformat(), 0.0), (last.isoformat(), place(last)))[: 1 + (place(last) > NEAR)]
    return Timeline(events=events, lanes=lanes, years=years)


def _last_seen(records: Sequence[Record]) -> date | None:
    """Return the day of death; the last contact of somebody who did not die, None where there was none."""
    died = [_day(one.values["died_on"]) for one in records if one.kind.name == "death"]
    seen = [_day(one.values[CONTACTS[one.kind.name]]) for one in records if one.kind.name in CONTACTS]
    return max(died or seen, default=None)


def _found(records: Sequence[Record]) -> Iterator[tuple[str, date, date | None, str, bool, bool]]:
    progressed = {one.get("follow_up_id") for one in records if one.get("state") == LOCAL_PROGRESSION}
    for record in records:
        kind = record.kind.name
        if kind == "systemic":
            stopped = record.get("stopped_on")
            yield ("Systemic therapy", _day(record.values["started_on"]), None if stopped is None else _day(stopped),
                   str(record.get("regimen") or "regimen not noted"), stopped is None, False)  # fmt: skip
        elif kind in DAYS_KIND:
            lane, name = DAYS_KIND[kind]
            day = record.get(name)
            if day is not None:
                is_progression = kind == "follow_up" and record.id in progressed
                yield lane, _day(day), None, _words(record, records), False, is_progression


def _day(value: object) -> date:
    assert isinstance(value, date)
    return value


def _words(record: Record, records: Sequence[Record]) -> str:
    """Return what is worth saying of it: what was decided, how it was done, why it was scanned, what was found."""
    told = {"decision": ("strategy",), "session": ("approach", "guidance"), "scan": ("modality", "purpose"),
            "follow_up": (), "complication": ("description",), "death": ("cause",)}[record.kind.name]  # fmt: skip
    said = [str(record.values[name]) for name in told if name in record.values]
    if record.kind.name == "follow_up":
        said = [*_states(record.id, records), *_news(record)] or ["nothing is noted of what was found"]
    on = record.values[DAYS_KIND[record.kind.name][1]]
    # A key that is the day says nothing that does not stand beside it.
    name = record.kind.label if record.id == str(on) else f"{record.kind.label} {record.id}".rstrip()
    return f"{name}: {', '.join(said)}" if said else name


def _states(follow_up: str, records: Sequence[Record]) -> Iterator[str]:
    """Yield each state that was found at a follow-up, local progression first, with the lesions that were in it."""
    found: dict[str, list[str]] = {}
    for one in records:
        if one.kind.name == "finding" and one.get("follow_up_id") == follow_up:
            found.setdefault(str(one.get("state")), []).append(str(one.get("lesion_id")))
    for state, lesions in sorted(found.items(), key=lambda pair: pair[0] != LOCAL_PROGRESSION):
        yield f"lesion{'s' if len(lesions) > 1 else ''} {' and '.join(lesions)} {state}"


def _news(follow_up: Record) -> Iterator[str]:
    """Yield what was found besides of tumor, and then what was looked for: it was not found, or nobody could tell."""
    labels = {name: follow_up.kind.field(name).label for name in NEWS}
    yield from (labels[name] for name in NEWS if follow_up.get(name) is True)
    yield from (f"no {labels[name]}" for name in NEWS if follow_up.get(name) is False)
    yield from (f"{labels[name]}: {NOT_TOLD}" for name in NEWS if name in follow_up.unknown)
