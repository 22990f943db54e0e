"""The pairs of scans that a server has measured of a patient, and which of them the registry has a margin of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
    kept_as : str
        Keys of the margins of the registry that it stands in; empty for none.
    """

    job: Job
    number: int
    label: str
    name: str
    margin: str
    interval: str
    withheld: bool
    kept_as: str

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
    margins = [one for one in records if one.kind.name == "margin"]
    for number, (lesion, row) in enumerate(zip(document["lesions"], lesion_rows(document), strict=True)):
        # Neither another result, nor one that somebody changed since.
        told = as_kept(margin_values(document, lesion, folder=folder_of(job.id)))
        kept = [one.id for one in margins if all(_agree(one, name, value) for name, value in told.items())]
        yield MeasuredLesion(
            job=job, number=number, label=row["label"], name=row["name"], margin=row["margin"],
            interval=row["interval"], withheld=row["status"] == "withheld", kept_as=", ".join(kept),
        )  # fmt: skip


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
