"""Endpoints once more, patient by patient and tumor by tumor, slow and plain: what the fast ones have to equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from isotherm.registry.endpoints_kinds import Choices

Row = Mapping[str, Any]
Registry = Mapping[str, list[dict[str, Any]]]
"""Of each kind of record its rows; None or nothing is not known."""

UNKNOWN = None
ABLATED_STATES = ("completely ablated", "residual tumor", "local tumor progression")


@dataclass
class Course:
    """One tumor after ablation: days, and one state for each day on which something was found."""

    first: date | None
    ablations: list[date]
    states: dict[date, str]
    resected: date | None
    why: str
    undated: bool
    early: bool


class Person:
    """One patient with everything that the registry has of him or her."""

    def __init__(self, registry: Registry, patient_id: str) -> None:
        self.id = patient_id
        self.rows = {kind: [row for row in rows if row["patient_id"] == patient_id] for kind, rows in registry.items()}

    def of(self, kind: str) -> list[dict[str, Any]]:
        return self.rows.get(kind, [])

    def days(self, kind: str, name: str) -> list[date]:
        return [row[name] for row in self.of(kind) if row.get(name) is not None]

    def find(self, kind: str, own: object) -> Row | None:
        return next((row for row in self.of(kind) if own is not None and row[f"{kind}_id"] == own), None)

    @property
    def dead(self) -> bool:
        return bool(self.of("death"))

    @property
    def death(self) -> date | None:
        return earliest(self.days("death", "died_on"))

    @property
    def contact(self) -> date | None:
        alive = [
            ("decision", "decided_on"), ("scan", "scanned_on"), ("session", "ablated_on"),
            ("session", "discharged_on"), ("systemic", "started_on"), ("follow_up", "seen_on"),
            ("complication", "began_on"),
        ]  # fmt: skip
        return latest([day for kind, name in alive for day in self.days(kind, name)])

    @property
    def contradicts_death(self) -> bool:
        return self.death is not None and self.contact is not None and self.contact > self.death

    @property
    def undated_session(self) -> bool:
        return any(row.get("ablated_on") is None for row in self.of("session"))

    @property
    def first_ablation(self) -> date | None:
        return None if self.undated_session else earliest(self.days("session", "ablated_on"))

    def looks(self) -> list[Row]:
        says = ("new_in_organ", "new_elsewhere", "untreatable")
        return [
            row for row in self.of("follow_up")
            if row.get("seen_on") is not None and any(row.get(name) is not None for name in says)
        ]  # fmt: skip

    def course(self, lesion: Row) -> Course:
        own = [row for row in self.of("ablation") if row["lesion_id"] == lesion["lesion_id"]]
        sessions = [self.find("session", row["session_id"]) for row in own]
        days = [None if session is None else session.get("ablated_on") for session in sessions]
        known = sorted({day for day in days if day is not None})
        undated = None in days
        first = known[0] if known and not undated else None
        states: dict[date, str] = {}
        early, resected = False, None
        for finding in self.of("finding"):
            visit = self.find("follow_up", finding["follow_up_id"])
            day = None if visit is None else visit.get("seen_on")
            if finding["lesion_id"] != lesion["lesion_id"] or day is None:
                continue
            state = finding["state"]
            if state == "resected":
                resected = day if resected is None else min(resected, day)
            if state not in ABLATED_STATES or first is None:
                early = early or (state in ABLATED_STATES and not own)
                continue
            if day < first or (day == first and state == "local tumor progression"):
                early = True
                continue
            states[day] = max(states.get(day, state), state, key=ABLATED_STATES.index)
        why = ""
        if not own:
            why = "never ablated"
        elif undated:
            why = "an ablation without a day"
        elif early:
            why = "a finding speaks of an ablation before the first one"
        return Course(first, known, states, resected, why, undated, early)


def earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)


def latest(days: Iterable[date | None]) -> date | None:
    return max((day for day in days if day is not None), default=None)


def first_with(course: Course, *states: str, after: date | None = None) -> date | None:
    return earliest(day for day, state in course.states.items() if state in states and (after is None or day > after))


class Story(Course):
    """A tumor's course with what follows from it."""

    def __init__(self, course: Course, choices: Choices) -> None:
        super().__init__(**vars(course))
        self.complete = first_with(self, "completely ablated")
        noted = first_with(self, "local tumor progression")
        back = None if self.complete is None else first_with(self, "residual tumor", after=self.complete)
        self.progression = earliest([noted, back])
        residual = first_with(self, "residual tumor")
        self.residual = residual if residual and (self.complete is None or residual < self.complete) else None
        in_course = [
            day for day in self.ablations
            if (self.complete is None or day <= self.complete) and (noted is None or day < noted)
        ]  # fmt: skip
        end = in_course[-1] if in_course else None
        self.repeat = earliest(day for day in self.ablations if end is not None and day > end)
        self.start = self.first if choices.local_from == "first" else end
        if self.resected and self.start and self.resected < self.start:
            self.resected = None
        settled = self.complete is not None and (self.progression is None or self.complete < self.progression)
        self.never_free = bool(
            self.residual and (self.progression is None or self.residual < self.progression) and not settled
        )


Answer = tuple[float | None, float | None]
"""Days and event; both None where it cannot be told."""


def between(start: date, end: date) -> float:
    return float((end - start).days)


def ltp(person: Person, story: Story, choices: Choices) -> Answer:
    if story.why or person.contradicts_death or story.start is None or story.never_free:
        return UNKNOWN, UNKNOWN
    if person.death and person.death < story.start:
        return UNKNOWN, UNKNOWN
    progression = story.progression
    if choices.repeat == "counts":
        progression = earliest([progression, story.repeat])
    ends = story.repeat if choices.repeat == "censors" else None
    # Of one day, progression comes first, then what competes, then the end of observation.
    what_came = [(progression, 0, 1.0), (person.death, 1, 2.0), (story.resected, 1, 2.0), (ends, 2, 0.0)]
    came = [(day, order, event) for day, order, event in what_came if day is not None]
    if person.dead and person.death is None and progression is None and story.resected is None and ends is None:
        return UNKNOWN, UNKNOWN
    if person.dead and person.death is None and (not came or min(came)[2] == 0.0) and ends is None:
        return UNKNOWN, UNKNOWN
    if came:
        day, _, event = min(came)
        return between(story.start, day), event
    last = latest(day for day, state in story.states.items() if state == "completely ablated")
    return max(0.0, between(story.start, last)) if last else 0.0, 0.0


def ltp_free(person: Person, story: Story, choices: Choices) -> Answer:
    days, event = ltp(person, story, choices)
    if event != 2.0:
        return days, event
    assert story.start is not None
    by_death = person.death is not None and between(story.start, person.death) == days
    return days, 1.0 if by_death else 0.0


def local_failure(person: Person, story: Story) -> Answer:
    if story.why or person.contradicts_death or story.start is None:
        return UNKNOWN, UNKNOWN
    if person.death and person.death < story.start:
        return UNKNOWN, UNKNOWN
    rescues = [day for day, state in story.states.items() if state == "completely ablated"]
    rescues += [story.resected] if story.resected else []
    bad = [day for day, state in story.states.items() if state != "completely ablated" and day >= story.start]
    failed = earliest(day for day in bad if all(rescue < day for rescue in rescues))
    if story.resected:
        if person.death and person.death <= story.resected:
            return between(story.start, person.death), 2.0
        return between(story.start, story.resected), 0.0
    if failed and not (person.death and person.death < failed):
        return between(story.start, failed), 1.0
    if person.death:
        return between(story.start, person.death), 2.0
    if person.dead:
        return UNKNOWN, UNKNOWN
    last = latest(day for day, state in story.states.items() if state == "completely ablated")
    return max(0.0, between(story.start, last)) if last else 0.0, 0.0


def first_finding(story: Story, since: date) -> tuple[date | None, str]:
    following = earliest(day for day in story.ablations if day > since)
    day = earliest(day for day in story.states if day >= since and (following is None or day < following))
    return day, "" if day is None else story.states[day]


def residual_tumor(story: Story) -> bool | None:
    if story.why or story.first is None:
        return UNKNOWN
    state = first_finding(story, story.first)[1]
    return {"residual tumor": True, "completely ablated": False}.get(state)


def primary_efficacy(story: Story, choices: Choices) -> bool | None:
    if story.why or story.first is None:
        return UNKNOWN
    day, state = first_finding(story, story.first)
    if day is None or between(story.first, day) > choices.efficacy_days:
        return UNKNOWN
    return {"residual tumor": False, "completely ablated": True}.get(state)


def assisted_efficacy(story: Story, choices: Choices) -> bool | None:
    if story.why:
        return UNKNOWN
    for ablation in story.ablations:
        day, state = first_finding(story, ablation)
        if day is None or state != "completely ablated" or (story.progression and day >= story.progression):
            continue
        if between(ablation, day) <= choices.efficacy_days:
            return True
    return False if story.never_free else UNKNOWN


def technical_success(person: Person, lesion: Row, story: Story) -> bool | None:
    if story.why:
        return UNKNOWN
    told: list[bool | None] = []
    for row in person.of("ablation"):
        session = person.find("session", row["session_id"])
        if row["lesion_id"] == lesion["lesion_id"] and session and session.get("ablated_on") == story.first:
            told.append(row.get("technically_successful"))
    return all_of(told)


def all_of(told: list[bool | None]) -> bool | None:
    if False in told:
        return False
    return UNKNOWN if None in told or not told else True


def start_of(person: Person, choices: Choices) -> date | None:
    return {
        "decision": earliest(person.days("decision", "decided_on")),
        "ablation": person.first_ablation,
        "diagnosis": earliest(person.days("primary", "diagnosed_on")),
        "metastases": earliest(person.days("lesion", "found_on")),
    }[choices.anchor]


def of_patient(person: Person, choices: Choices) -> dict[str, Answer]:
    start = start_of(person, choices)
    stories = [Story(person.course(lesion), choices) for lesion in person.of("lesion")]
    early = any(story.early for story in stories)
    names = ("os", "pfs", "efs", "dpfs", "ttp", "ttup")
    found: dict[str, Answer] = dict.fromkeys((*names, "dfs", "ltp"), (UNKNOWN, UNKNOWN))
    if person.contradicts_death:
        return found
    if start and not (person.death and person.death < start):
        if person.death or (person.contact and person.contact >= start):
            found |= _from_start(person, stories, start, early)
    if not early:
        found["dfs"] = disease_free(person, stories, start)
        found["ltp"] = first_local(person, stories, start, choices)
    return found


def _from_start(person: Person, stories: list[Story], start: date, early: bool) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    if person.death:
        found["os"] = between(start, person.death), 1.0
    elif not person.dead:
        assert person.contact is not None
        found["os"] = between(start, person.contact), 0.0
    distant, untreatable, local = progressions(person, stories, start)
    residual = earliest(story.residual for story in stories if story.residual and story.residual > start)
    every = earliest([distant, untreatable, local])
    found["dpfs"] = or_death(person, start, distant)
    found["ttup"] = or_death(person, start, untreatable, competes=True)
    if not early:
        found["pfs"] = or_death(person, start, every)
        found["efs"] = or_death(person, start, earliest([every, residual]))
        found["ttp"] = or_death(person, start, every, competes=True)
    return found


def progressions(person: Person, stories: list[Story], start: date) -> tuple[date | None, date | None, date | None]:
    looks = [row for row in person.looks() if row["seen_on"] > start]
    distant = [row["seen_on"] for row in looks if row.get("new_in_organ") or row.get("new_elsewhere")]
    first = person.first_ablation
    new = earliest(day for day in person.days("lesion", "found_on") if first and day > first)
    distant += [new] if new and new > start else []
    untreatable = [row["seen_on"] for row in looks if row.get("untreatable")]
    local = [story.progression for story in stories if story.progression and story.progression > start]
    return earliest(distant), earliest(untreatable), earliest(local)


def or_death(person: Person, start: date, found: date | None, *, competes: bool = False) -> Answer:
    if found and not (person.death and person.death < found):
        return between(start, found), 1.0
    if person.death:
        return between(start, person.death), 2.0 if competes else 1.0
    if person.dead:
        return UNKNOWN, UNKNOWN
    last = latest(row["seen_on"] for row in person.looks())
    return max(0.0, between(start, last)) if last else 0.0, 0.0


def disease_free(person: Person, stories: list[Story], start: date | None) -> Answer:
    first = person.first_ablation
    if first is None or (start and person.death and person.death < start):
        return UNKNOWN, UNKNOWN
    decided = earliest(person.days("decision", "decided_on"))
    said = [row.get("extrahepatic_disease") for row in person.of("decision") if row.get("decided_on") == decided]
    if decided is None or True in said or False not in said:
        return UNKNOWN, UNKNOWN
    for row in person.looks():
        if decided < row["seen_on"] <= first and (row.get("new_elsewhere") or row.get("untreatable")):
            return UNKNOWN, UNKNOWN
    resections = [row.get("resected_on") for row in person.of("primary")]
    if not resections or None in resections:
        return UNKNOWN, UNKNOWN
    cleared: list[date] = []
    for lesion, story in zip(person.of("lesion"), stories, strict=True):
        if lesion.get("found_on") is not None and lesion["found_on"] > first:
            continue
        day = earliest([story.complete, story.resected])
        if day is None:
            return UNKNOWN, UNKNOWN
        cleared.append(day)
    if not cleared:
        return UNKNOWN, UNKNOWN
    free = max([first, *cleared, *(day for day in resections if day)])
    before = earliest(progressions(person, stories, first))
    if (before and before <= free) or (person.death and person.death < free):
        return UNKNOWN, UNKNOWN
    return or_death(person, free, before)


def first_local(person: Person, stories: list[Story], start: date | None, choices: Choices) -> Answer:
    first = person.first_ablation
    if first is None or any(story.undated for story in stories) or (person.death and person.death < first):
        return UNKNOWN, UNKNOWN
    at_risk = [story for story in stories if story.first and not story.never_free]
    if not at_risk:
        return UNKNOWN, UNKNOWN
    found = earliest(
        story.progression for story in at_risk
        if story.progression and not (story.resected and story.resected < story.progression)
    )  # fmt: skip
    if found and not (person.death and person.death < found):
        return between(first, found), 1.0
    if person.death:
        return between(first, person.death), 2.0
    if person.dead:
        return UNKNOWN, UNKNOWN
    watched: list[date] = []
    gone: list[date] = []
    for story in at_risk:
        assert story.first is not None
        last = latest(day for day, state in story.states.items() if state == "completely ablated")
        if story.resected:
            gone.append(max(story.resected, story.first))
        else:
            watched.append(max(last or story.first, story.first))
    return between(first, min(watched) if watched else max(gone)), 0.0
