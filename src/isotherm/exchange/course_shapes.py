"""The keys of course.toml and the `Course` that they make; names of files that lead out of the folder are refused."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

from isotherm.clinical.course import Course, DrawnScan, Session, SystemicLine
from isotherm.clinical.kinds import KEY, LONGEST_KEY
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadCourse
from isotherm.exchange.case_facts import Read, day_until
from isotherm.exchange.segments import split_spec
from isotherm.toml_form import Document, Key, Part, Shape, Wrong, choice, each, near, text
from isotherm.toml_lines import Path as KeyPath

SCHEMA = "isotherm.course/1"

LONGEST_REGIMEN = 100

Problem = tuple[str, str]


def course_shape(today: date, lesions: Collection[str], root: Path, case_id: str = "") -> Shape:
    """Return the keys of a course file.

    Parameters
    ----------
    today : date
        No day may be later.
    lesions : collection of str
        Ids of the lesions of the case.
    root : Path
        Folder that file names are relative to, and that none leads out of.
    case_id : str
        Id of the case, or "".
    """
    day, lesion, file = Key(day_until(today), required=True), _lesion(lesions), _file(root)
    session = Shape(Session, {
        "id": Key(_key, required=True), "on": day, "lesions": Key(_lesions(lesion), required=True),
        "approach": Key(choice(*_choices("session", "approach"))),
        "modality": Key(choice(*_choices("ablation", "modality"))),
    })  # fmt: skip
    line = Shape(_line, {"regimen": Key(_regimen), "started_on": day, "stopped_on": Key(day_until(today))})
    scan = Shape(DrawnScan, {
        "id": Key(_key, required=True), "on": day, "image": Key(file, required=True),
        "tumors": Key(_by_lesion(lesion, file)), "zones": Key(_by_lesion(lesion, file)),
        "organ": Key(file), "vessels": Key(each(file, "a list of files")),
        "modality": Key(choice(*_choices("scan", "modality"))),
    })  # fmt: skip
    return Shape(_course, {
        "schema": Key(choice(SCHEMA)), "patient": Key(_patient(case_id), required=True, field="patient_id"),
        "session": Key(Part(session, many=True), field="sessions"),
        "systemic": Key(Part(line, many=True), field="systemic"),
        "scan": Key(Part(scan, many=True), field="scans"),
    })  # fmt: skip


def _choices(kind: str, name: str) -> tuple[str, ...]:
    return RECORD_KINDS[kind].field(name).choices


def _course(*, schema: str = SCHEMA, **others: Any) -> Course:
    del schema  # read and checked; a course in memory has no form
    problems = [*_twice("session", others.get("sessions", ())), *_twice("scan", others.get("scans", ()))]
    if problems:
        raise BadCourse(*problems)
    return Course(**others)


def _twice(what: str, several: tuple[Session | DrawnScan, ...]) -> Iterator[Problem]:
    ids = [one.id for one in several]
    for place, one in enumerate(ids):
        if one in ids[:place]:
            yield f"{what}.{place}.id", f"{what}[{ids.index(one) + 1}] has this id already; give each {what} its own."


def _line(*, started_on: date, stopped_on: date | None = None, regimen: str = "") -> SystemicLine:
    if stopped_on is not None and stopped_on < started_on:
        raise BadCourse(("stopped_on", "it is before started_on; correct one of them."))
    return SystemicLine(started_on=started_on, regimen=regimen, stopped_on=stopped_on)


def _key(_: Document, value: object, __: KeyPath) -> str:
    words = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(words, str) or not KEY.fullmatch(words):
        raise Wrong(f"a short name of letters, digits and . _ : -, at most {LONGEST_KEY} characters")
    return words


def _patient(case_id: str) -> Read:
    def read(document: Document, value: object, path: KeyPath) -> str:
        found = _key(document, value, path)
        if case_id and found != case_id:
            document.problem(path, "it is another key than the id of the case; are both of one patient? Correct one.")
        return found

    return read


def _regimen(_: Document, value: object, __: KeyPath) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_REGIMEN or not value.isprintable():
        raise Wrong(f"a regimen in at most {LONGEST_REGIMEN} letters")
    return value.strip()


def _lesion(lesions: Collection[str]) -> Read:
    def read(document: Document, value: object, path: KeyPath) -> str:
        words = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(words, str) or words not in lesions:
            close = near(words, dict.fromkeys(lesions)) if isinstance(words, str) else ""
            raise Wrong(f"the id of a lesion of the case{close}", came="another lesion")
        return _key(document, words, path)

    return read


def _lesions(lesion: Read) -> Read:
    def read(document: Document, value: object, path: KeyPath) -> tuple[str, ...]:
        before = len(document.problems)
        found = each(lesion, "a list of lesions")(document, value, path)
        # What was not read is None, and told already.
        if not found or (len(document.problems) == before and len(set(found)) < len(found)):
            raise Wrong("at least one lesion, each once", came="none, or one twice,")
        return found

    return read


def _by_lesion(lesion: Read, file: Read) -> Read:
    def read(document: Document, value: object, path: KeyPath) -> Mapping[str, str]:
        if not isinstance(value, dict):
            raise Wrong('files by the ids of lesions, as in { "1" = "tumor-1.nii.gz" }')
        found: dict[str, str] = {}
        for name, spec in cast("dict[str, Any]", value).items():
            known = document.value(Key(lesion), name, (*path, name))
            found[str(known)] = document.value(Key(file), spec, (*path, name))
        return found

    return read


_AWAY = re.compile(r"^(?:[/\\~]|[A-Za-z]:[/\\])|(?:^|[/\\])\.\.(?:[/\\]|$)|\x00")


def _file(root: Path) -> Read:
    """Return how the name of a file is read: relative to a folder, never out of it, and there."""

    def read(document: Document, value: object, path: KeyPath) -> str:
        words = text(document, value, path)
        if not words or _AWAY.search(words):
            raise Wrong("a file in the folder of the case, by a relative name without ..", came="a name that leads out")
        spec = os.path.join(root, words)
        there = split_spec(spec)[0]
        if not os.path.exists(there):
            raise Wrong("FILE, or FILE:LABEL, of a file that is there", came="the name of no file")
        if not Path(os.path.realpath(there)).is_relative_to(os.path.realpath(root)):
            raise Wrong("a file that lies in the folder of the case", came="a link that leads out of it")
        return spec

    return read
