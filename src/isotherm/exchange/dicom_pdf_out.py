"""A report as an Encapsulated PDF (PS3.3, A.45.1) in the study of the image that it is about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import highdicom
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from isotherm import __version__
from isotherm.errors import OutputError
from isotherm.exchange.dicom_item import quietly
from isotherm.exchange.dicom_seg_out import MAKER, SERIAL
from isotherm.exchange.dicom_source import Source
from isotherm.exchange.dicom_synthetic import mark_synthetic

REPORT = ("18748-4", "LN", "Diagnostic imaging report")
"""What the document is (LOINC): value, scheme, meaning."""


def encapsulated(pdf: bytes, source: Source, *, title: str, on: datetime, series_number: int = 903) -> Any:
    """Return a PDF as a DICOM object beside an image.

    Parameters
    ----------
    pdf : bytes
        Holds nothing that tells a person: whom it is of stands in the object's header.
    source : Source
        The image, whose patient and study it takes over.
    title : str
    on : datetime
        When it was made.

    Raises
    ------
    OutputError
        The image's header lacks what the object takes over from it.
    """
    try:
        with quietly():
            return _made(pdf, source, title, on, series_number)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OutputError(
            "No report can be put beside the DICOM image, whose header lacks or contradicts what it takes over; leave "
            "out --dicom."
        ) from error


def _made(pdf: bytes, source: Source, title: str, on: datetime, series_number: int) -> Any:
    image = source.headers[0]
    made: Any = highdicom.SOPClass(
        study_instance_uid=image.StudyInstanceUID,
        series_instance_uid=highdicom.UID(),
        series_number=series_number,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        sop_class_uid=EncapsulatedPDFStorage,
        modality="DOC",
        manufacturer=MAKER,
        manufacturer_model_name=MAKER,
        software_versions=__version__,
        device_serial_number=SERIAL,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        series_description="Ablation margin: report",
    )
    made.copy_patient_and_study_information(image)
    made.ConversionType = "WSD"
    made.ContentDate, made.ContentTime = f"{on:%Y%m%d}", f"{on:%H%M%S}"
    made.AcquisitionDateTime = None
    made.BurnedInAnnotation = "NO"
    made.DocumentTitle = title
    made.ConceptNameCodeSequence = [_code(*REPORT)]
    made.SourceInstanceSequence = [_reference(header) for header in source.headers]
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    made.EncapsulatedDocumentLength = len(pdf)
    mark_synthetic(made, source.simulated)
    return made


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _reference(header: Any) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    return item
