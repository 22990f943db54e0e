"""Origin of a DICOM object, read from its header."""

from __future__ import annotations

from datetime import date, datetime

from isotherm.exchange.dicom_item import Item
from isotherm.exchange.origin import SLICE_MODALITIES, Origin

ORIGIN_TAGS = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "StudyInstanceUID", "StudyDate",
               "StudyTime", "AcquisitionDate", "AcquisitionTime", "SeriesDate", "SeriesTime", "ContentDate",
               "ContentTime", "Modality", "FrameOfReferenceUID")  # fmt: skip
"""What has to be read of a file for `origin_of`."""


def origin_of(item: Item) -> Origin:
    """Read the origin of an object."""
    issuer = item.text("IssuerOfPatientID")
    patient_id = item.text("PatientID")
    modality = item.text("Modality")
    when = ("Acquisition", "Series", "Study") if modality in SLICE_MODALITIES else ()
    return Origin(
        patient_id=f"{patient_id}\\{issuer}" if patient_id else "",
        patient_name=item.text("PatientName").casefold().replace("^", " ").strip(),
        study_uid=item.text("StudyInstanceUID"),
        day=_day(item.text("StudyDate")),
        taken=next((at for name in when if (at := _moment(item, name)) is not None), None),
        modality=modality,
        frame_uid=_frame(item),
    )


def _frame(item: Item) -> str:
    own = item.text("FrameOfReferenceUID")
    of_contours = item.first("ReferencedFrameOfReferenceSequence")
    return own or (of_contours.text("FrameOfReferenceUID") if of_contours else "")


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        return None


def _moment(item: Item, name: str) -> datetime | None:
    day, time = _day(item.text(f"{name}Date")), item.text(f"{name}Time").partition(".")[0].ljust(6, "0")[:6]
    if day is None or not time.strip("0") or not time.isdecimal():
        return None
    try:
        return datetime.strptime(f"{day:%Y%m%d}{time}", "%Y%m%d%H%M%S")  # noqa: DTZ007 - compared within one hospital
    except ValueError:
        return None
