"""The pairs of scans that a server has measured of a patient, and which of them the registry has a margin of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException

from isotherm.app.records_of_case import SINCE_REVISION_3, as_kept, margin_values
from isotherm.app.web.assess_words import lesion_rows
from isotherm.app.web.assessed import Assessed
from isotherm.app.web.job import Job
from isotherm.app.web.job_table import JobTable
from isotherm.app.web.work_assess import WORK
from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Record

NO_SUCH_LOOK = "No such pair was measured of this patient; the patient's page lists those there are."


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredLesion:
    """One lesion of a measured pair.

    Parameters
    ----------
    job : Job
        The measurement.
    number : int
        Of the lesion in it, from 0.
    label, name : str
        What the result and people call it.
    margin, interval : str
        In the words of the pair's page.
    withheld : bool
        Whether the registration failed its gates.
    margins : tuple of str
        Keys of the margins of the registry that it stands in.
    """

    job: Job
    number: int
    label: str
    name: str
    margin: str
    interval: str
    withheld: bool
    margins: tuple[str, ...]

    @property
    def key(self) -> str:
        """Names it in an address."""
        return f"{self.job.id}-{self.number}"


def folder_of(job_id: str) -> str:
    """Return where the result of a measurement lies, as the registry names it."""
    return f"assess/{job_id}"


def measured_of(table: JobTable, jobs: Sequence[Job], records: Sequence[Record]) -> list[MeasuredLesion]:
    """Return every lesion of the pairs that were measured of a patient, the latest first."""
    return [one for job in jobs if job.work == WORK and job.state == "done" for one in _measured(table, job, records)]


def _measured(table: JobTable, job: Job, records: Sequence[Record]) -> Iterator[MeasuredLesion]:
    document = Assessed(job, table.folder(job.id)).document
    kept = margins_in(job.id, document, records)
    for number, (row, margins) in enumerate(zip(lesion_rows(document), kept, strict=True)):
        yield MeasuredLesion(
            job=job, number=number, label=row["label"], name=row["name"], margin=row["margin"],
            interval=row["interval"], withheld=row["status"] == "withheld",
            margins=tuple(one.id for one in margins),
        )  # fmt: skip


def margins_in(job_id: str, document: Mapping[str, Any], records: Sequence[Record]) -> list[list[Record]]:
    """Return for each lesion of a result the margins among the records that it stands in."""
    margins = [one for one in records if one.kind.name == "margin"]
    # Neither another result, nor one that somebody changed since.
    told = [as_kept(margin_values(document, one, folder=folder_of(job_id))) for one in document["lesions"]]
    return [[one for one in margins if all(_agree(one, name, value) for name, value in values.items())]
            for values in told]  # fmt: skip


def _agree(margin: Record, name: str, value: Value) -> bool:
    kept = margin.get(name)
    return kept == value or (kept is None and name in SINCE_REVISION_3)


def looked_for(pairs: Sequence[MeasuredLesion], key: str) -> MeasuredLesion | None:
    """Return the one that an address names; None where it names none.

    Raises
    ------
    HTTPException
        404: there is no such one.
    """
    if not key:
        return None
    found = next((one for one in pairs if one.key == key), None)
    if found is None:
        raise HTTPException(404, NO_SUCH_LOOK)
    return found
