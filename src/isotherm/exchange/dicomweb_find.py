"""What a PACS holds (QIDO-RS): studies that fit, the series of a study, and the objects of a series, page by page."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from unicodedata import normalize

from isotherm.errors import BadAnswer, NoSuchStudy
from isotherm.exchange.dicomweb_http import Connection
from isotherm.exchange.dicomweb_json import JSON, MOST_BYTES, Object, read_objects, text, texts, whole
from isotherm.exchange.dicomweb_server import is_uid

PAGE = 500
"""Rows asked for at a time; a PACS may give fewer."""

MOST_OBJECTS = 100_000
"""A study of more objects is none."""

STUDY_UID, SERIES_UID, SOP_UID, SOP_CLASS = "0020000D", "0020000E", "00080018", "00080016"
STUDY_DATE, MODALITIES, MODALITY, STUDY_WORDS, SERIES_WORDS = "00080020", "00080061", "00080060", "00081030", "0008103E"
PATIENT_NAME, PATIENT_ID, SERIES_NUMBER = "00100010", "00100020", "00200011"
SERIES_IN_STUDY, OBJECTS_IN_STUDY, OBJECTS_IN_SERIES = "00201206", "00201208", "00201209"

Path = tuple[str, ...]
Query = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which studies are looked for; what is absent does not matter."""

    patient_id: str | None = field(default=None, repr=False)
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None
    modality: str | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """A study as the PACS lists it; None and "" where it does not say."""

    uid: str
    day: datetime.date | None
    modalities: tuple[str, ...]
    description: str
    series: int | None
    objects: int | None
    patient_id: str = field(repr=False)
    patient_name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Series:
    """A series as the PACS lists it."""

    study: str
    uid: str
    number: int | None
    modality: str
    description: str
    objects: int | None


def find_studies(connection: Connection, wanted: Wanted, *, most: int) -> tuple[list[Study], bool]:
    """Return studies, the newest first, and whether there may be more than `most`.

    A PACS that does not know a condition leaves it out: what does not fit is therefore left out here. Some, Orthanc
    among them, find no ID that has other letters than those of ASCII; all IDs are then gone through here.

    Raises
    ------
    NoAnswer, NotAdmitted, BadAnswer
    """
    found = _fitting(connection, _query(wanted), wanted, most + 1)
    if not found and wanted.patient_id is not None and not wanted.patient_id.isascii():
        found = _fitting(connection, _query(replace(wanted, patient_id=None)), wanted, most + 1)
    ordered = sorted(found[:most], key=lambda one: (one.day or datetime.date.min, one.uid), reverse=True)
    return ordered, len(found) > most


def _fitting(connection: Connection, query: Query, wanted: Wanted, most: int) -> list[Study]:
    rows = _rows(connection, ("studies",), query, STUDY_UID)
    return list(islice((one for one in map(_study, rows) if _fits(one, wanted)), most))


def series_of(connection: Connection, study: str) -> list[Series]:
    """Return the series of a study in the order of their numbers.

    Raises
    ------
    NoSuchStudy
        The PACS does not hold it, or none of its series.
    NoAnswer, NotAdmitted, BadAnswer
    """
    asked: Query = [("includefield", OBJECTS_IN_SERIES), ("includefield", SERIES_WORDS)]
    rows = _rows(connection, ("studies", study, "series"), asked, SERIES_UID)
    found = [
        Series(study, text(one, SERIES_UID), whole(one, SERIES_NUMBER), text(one, MODALITY), text(one, SERIES_WORDS),
               whole(one, OBJECTS_IN_SERIES))
        for one in rows
    ]  # fmt: skip
    if not found:
        raise NoSuchStudy(f"The PACS {connection.server.name} holds no study of this UID; `isotherm pacs find` lists "
                          "what it holds.")  # fmt: skip
    return sorted(found, key=lambda one: (one.number is None, one.number, one.uid))


def objects_of(connection: Connection, study: str, series: str) -> list[str]:
    """Return the SOP instance UIDs of a series, none where it is not there.

    Raises
    ------
    NoAnswer, NotAdmitted, BadAnswer
    """
    rows = _rows(connection, ("studies", study, "series", series, "instances"), [], SOP_UID)
    return [text(one, SOP_UID) for one in rows]


def _query(wanted: Wanted) -> Query:
    first, last = ("" if day is None else f"{day:%Y%m%d}" for day in (wanted.first_day, wanted.last_day))
    asked: Query = [("includefield", tag) for tag in (STUDY_WORDS, MODALITIES, SERIES_IN_STUDY, OBJECTS_IN_STUDY)]
    conditions = {
        "PatientID": wanted.patient_id,
        "StudyDate": (first if first == last else f"{first}-{last}") or None,
        "ModalitiesInStudy": wanted.modality,
    }
    return asked + [(name, value) for name, value in conditions.items() if value]


def _study(row: Object) -> Study:
    return Study(text(row, STUDY_UID), _day(text(row, STUDY_DATE)), texts(row, MODALITIES), text(row, STUDY_WORDS),
                 whole(row, SERIES_IN_STUDY), whole(row, OBJECTS_IN_STUDY), text(row, PATIENT_ID),
                 text(row, PATIENT_NAME))  # fmt: skip


def _day(said: str) -> datetime.date | None:
    try:
        return (
            datetime.date(int(said[:4]), int(said[4:6]), int(said[6:8])) if len(said) == 8 and said.isascii() else None
        )
    except ValueError:
        return None


def _fits(study: Study, wanted: Wanted) -> bool:
    return (
        (wanted.patient_id is None or normalize("NFC", study.patient_id) == normalize("NFC", wanted.patient_id))
        and (wanted.first_day is None or (study.day is not None and study.day >= wanted.first_day))
        and (wanted.last_day is None or (study.day is not None and study.day <= wanted.last_day))
        and (wanted.modality is None or not study.modalities or wanted.modality in study.modalities)
    )


def _rows(connection: Connection, path: Path, query: Query, key: str) -> Iterator[Object]:
    """Give rows page by page, each once by the UID under `key`, until a page brings none: counts may be out of date."""
    seen: set[str] = set()
    offset = 0
    while True:
        page, more = _page(connection, path, [*query, ("limit", str(PAGE)), ("offset", str(offset))])
        fresh = [one for one in page if text(one, key) not in seen]
        for one in fresh:
            uid = text(one, key)
            if not is_uid(uid):
                raise BadAnswer(f"The PACS {connection.server.name} lists an object whose UID is none; ask its IT.")
            if uid not in seen:
                seen.add(uid)
                yield one
        if len(seen) > MOST_OBJECTS:
            raise BadAnswer(f"The PACS {connection.server.name} lists more than {MOST_OBJECTS} objects; ask for less.")
        if not fresh:
            if more and page:
                raise BadAnswer(f"The PACS {connection.server.name} lists only a part, and knows no pages; ask "
                                "for less.")  # fmt: skip
            return
        offset += len(page)


def _page(connection: Connection, path: Path, query: Iterable[tuple[str, str]]) -> tuple[list[Object], bool]:
    def ask() -> tuple[list[Object], bool]:
        with connection.opened(path, accept=JSON, query=query) as answer:
            data = answer.read(MOST_BYTES)
            if answer.status in (204, 404):
                return [], False
            if answer.status not in (200, 206):
                raise BadAnswer(f"The PACS {connection.server.name} does not list this ({answer.status}); is the "
                                "address its DICOMweb service, as in https://HOST/dicom-web?")  # fmt: skip
            return read_objects(data), answer.more

    return connection.patiently(ask)
