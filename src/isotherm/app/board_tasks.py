"""What `isotherm case` does: a folder or a patient of a registry in; margins, zones, answers, one page out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from isotherm.app.board_document import Document, Shown, document_of, shown_of
from isotherm.app.board_evidence import evidence_beside
from isotherm.app.board_kept import noted_margins
from isotherm.app.board_measure import MeasuredCourse, folder_of, measure_course
from isotherm.app.criteria_document import Asked
from isotherm.app.criteria_document import document_of as criteria_of
from isotherm.app.criteria_tasks import IMAGING_AGE_DAYS, day_of
from isotherm.app.facts_of_records import Unread
from isotherm.app.places import usable_folder
from isotherm.app.settings import Settings
from isotherm.clinical.case import Case, Lesion
from isotherm.clinical.course import Course, session_pairs
from isotherm.clinical.fact import Fact
from isotherm.clinical.picture import picture_of
from isotherm.criteria.library import guidelines
from isotherm.errors import BadSetting, UnreadableFile
from isotherm.evidence.library import read_library
from isotherm.exchange.case_files import read_case_file
from isotherm.exchange.course_files import NAME, read_course
from isotherm.exchange.margin_facts import with_margins
from isotherm.printable import printable

CASE_NAMES = ("case.toml", "case.json")

IMAGING = {"CT": "CT", "MR": "MRI", "MRI": "MRI", "PT": "CT", "PET/CT": "CT"}
"""What a scan is, as publications and facts call it, by what DICOM or the course says."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderAsked:
    """What is asked of a folder.

    Parameters
    ----------
    folder : Path
    today : date
    as_of : str, optional
        The day of the rules.
    images : Path, optional
        Folder that holds the images, where it is not the case's own.
    out : Path, optional
    settings : Settings
        The organ's name is taken from the case.
    confirmed : bool
    reader : str, optional
    tracking : mapping of str to str
        What lesions are called in DICOM already, by their ids.
    simulated : bool
        Whether nobody ever lived in the registry that it goes into.
    """

    folder: Path
    today: date
    as_of: str | None = None
    images: Path | None = None
    out: Path | None = None
    settings: Settings
    confirmed: bool = False
    reader: str | None = None
    tracking: Mapping[str, str] = field(default_factory=dict[str, str])
    simulated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Boarded:
    """The document of a board, and what it was made of, where that was measured here; the case as it was noted.

    `unread` are the fact records of a registry that cannot be read; the document's notes tell them too.
    """

    document: Document
    case: Case | None = None
    measured: MeasuredCourse | None = None
    unread: tuple[Unread, ...] = ()

    @property
    def withheld(self) -> bool:
        """Whether the margin of at least one lesion, or how a zone has changed, is withheld."""
        growths = (scan["growth"] for zone in self.document["follow_up"] for scan in zone["scans"])
        return any(one["status"] == "withheld" for one in self.document["margins"]) or any(
            one is not None and one["says"] == "withheld" for one in growths
        )


def board_of_folder(asked: FolderAsked, *, progress: Progress = lambda _: None) -> Boarded:
    """Measure and judge what a folder holds; the reports of its sessions are written on the way.

    Raises
    ------
    InputError, OutputError
    """
    as_of = None if asked.as_of is None else day_of(asked.as_of, "--as-of")
    noted = case = read_case_file(_case_file(asked.folder), today=asked.today)
    course = _course(asked, case)
    measured, shown = None, Shown()
    notes: list[str] = []
    if course is None:
        notes.append(f"there is no {NAME}: nothing was measured, and only the criteria are told")
    else:
        settings = replace(asked.settings, organ_name=_organ(case) or asked.settings.organ_name)
        if asked.out is not None:
            for pair in session_pairs(course):
                usable_folder(str(asked.out / folder_of(pair)))
        measured = measure_course(course, settings, out=asked.out, confirmed=asked.confirmed, reader=asked.reader,
                                  tracking=asked.tracking, progress=progress)  # fmt: skip
        shown = shown_of(measured)
        case, left_out = with_measured(case, measured)
        notes += left_out
    shown = shown.beside(noted_margins(noted, shown.margins))
    progress("asking the criteria")
    return Boarded(
        judged(shown, case, patient_id=course.patient_id if course else case.id, today=asked.today, as_of=as_of,
               origin="folder", notes=notes, imaging={} if measured is None else imaging_of(measured),
               simulated=asked.simulated),
        noted, measured,
    )  # fmt: skip


def patient_of(asked: FolderAsked) -> str:
    """Return the patient's key of a folder.

    Raises
    ------
    BadSetting
        There is no course, which holds it.
    InputError
    """
    course = _course(asked, read_case_file(_case_file(asked.folder), today=asked.today))
    if course is None:
        raise BadSetting(f"The folder has no {NAME}, which holds the patient's key; nothing can be written without it.")
    return course.patient_id


def judged(
    shown: Shown, case: Case, *, patient_id: str, today: date, as_of: date | None, origin: str,
    notes: Sequence[str], imaging: dict[str, str], simulated: bool = False,
) -> Document:  # fmt: skip
    """Return the document of what is shown, with the answers of all guidelines and the evidence beside it.

    `simulated` says that nobody in the registry ever lived that the patient is of. Of somebody who died no question is
    asked.
    """
    criteria = criteria_of(
        Asked(case=case, picture=picture_of(case), guidelines=guidelines(), as_of=as_of or case.on, today=today,
              imaging_age_days=IMAGING_AGE_DAYS)
    )  # fmt: skip
    if shown.died_on is not None:  # what is missing can change nothing any more
        criteria |= {"questions": [], "changes": []}
    beside = evidence_beside(read_library(), shown.margins, organ=_organ(case), imaging=imaging)
    return document_of(shown, patient_id=patient_id, on=case.on, today=today, origin=origin, criteria=criteria,
                       evidence=beside, notes=notes, simulated=simulated)  # fmt: skip


def with_measured(case: Case, measured: MeasuredCourse) -> tuple[Case, list[str]]:
    """Return the case with the facts of every session's margins, each of the day of its scan; and what was not taken.

    Raises
    ------
    BadCase
    """
    notes: list[str] = []
    imaging = imaging_of(measured)
    for one in measured.sessions:
        before, after = one.pair.before, one.pair.after
        if one.found is None or before is None or after is None:
            continue
        joined = with_margins(one.found.assessment.document, case, name=f"session {one.pair.session.id}", on=after.on,
                              before_on=before.on)  # fmt: skip
        case, notes = joined.case, [*notes, *joined.left_out]
        if after.id in imaging:
            seen = Fact(value=imaging[after.id], on=after.on, origin="image")
            lesions = (_noted(lesion, seen) if lesion.id in one.pair.lesions else lesion for lesion in case.lesions)
            case = replace(case, lesions=tuple(lesions))
    return case, notes


def _noted(lesion: Lesion, seen: Fact) -> Lesion:
    return Lesion(lesion.id, {**lesion.facts, "margin_scan": (*lesion.facts.get("margin_scan", ()), seen)})


def imaging_of(measured: MeasuredCourse) -> dict[str, str]:
    """Return what each scan is, CT or MRI, by its id, where its file or the course says it."""
    told = {one.id: one.modality or (measured.origins[one.id].modality if one.id in measured.origins else "")
            for one in measured.course.scans}  # fmt: skip
    return {name: IMAGING[kind] for name, kind in told.items() if kind in IMAGING}


def _organ(case: Case) -> str:
    reading = picture_of(case).reading("organ")
    return "" if reading is None or reading.value is None else str(reading.value)


def _case_file(folder: Path) -> Path:
    found = [folder / name for name in CASE_NAMES if (folder / name).is_file()]
    if not found:
        raise UnreadableFile(
            f"The folder '{printable(folder.name)}' holds no {CASE_NAMES[0]}; `isotherm case --init DIR` writes a form."
        )
    if len(found) > 1:
        raise BadSetting("The folder holds case.toml and case.json; keep the one that is meant.")
    return found[0]


def _course(asked: FolderAsked, case: Case) -> Course | None:
    file = asked.folder / NAME
    if not file.exists():
        if asked.images is not None:
            raise BadSetting(f"--images came, and the folder has no {NAME} that would name any; leave it out.")
        return None
    return read_course(file, today=asked.today, lesions=[one.id for one in case.lesions], case_id=case.id,
                       root=asked.images)  # fmt: skip
