"""A transform to a DICOM Spatial Registration, or where it deforms to a Deformable Spatial Registration.

Both name the scan after (fixed) as the registered frame of reference and the scan before (moving) as the source, and
map in opposite directions (PS3.3, C.20.2.1.1 and C.20.3.1.1): the matrix of the rigid object carries a point before to
the point after, the deformable object carries a point after to the point before, as a Transform does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    DeformableSpatialRegistrationStorage,
    ExplicitVRLittleEndian,
    SpatialRegistrationStorage,
    generate_uid,
)
from pydicom.valuerep import format_number_as_ds

from isotherm import __version__
from isotherm.errors import OutputError
from isotherm.exchange.dicom_item import quietly
from isotherm.exchange.dicom_seg_out import MAKER, SERIAL
from isotherm.exchange.dicom_source import Source
from isotherm.exchange.dicom_synthetic import mark_synthetic
from isotherm.imaging.geometry import Float
from isotherm.imaging.transform import Displacement, Transform

Method = Literal["images", "landmarks", "visual"]

METHODS = {
    "images": ("125024", "Image Content-based Alignment"),
    "landmarks": ("125022", "Fiducial Alignment"),
    "visual": ("125025", "Visual Alignment"),
}
"""Codes of the standard for what a registration was made from (PS3.16, CID 7100)."""

OF_PATIENT = ("SpecificCharacterSet", "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex",
              "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence",
              "LongitudinalTemporalInformationModified", "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID",
              "AccessionNumber", "ReferringPhysicianName", "StudyDescription", "FrameOfReferenceUID",
              "PositionReferenceIndicator")  # fmt: skip
"""What the object takes over from the scan after, as far as it is there."""


def registration_of(
    transform: Transform, after: Source, before: Source, *, method: Method = "images", series_number: int = 902
) -> Any:
    """Return a transform as a DICOM object in the study of the scan after.

    Parameters
    ----------
    transform : Transform
        From a point after to the point before.
    after, before : Source
        The images that were registered.
    method : {"images", "landmarks", "visual"}
        What it was made from.
    series_number : int

    Raises
    ------
    OutputError
        A header lacks what the object takes over.
    """
    deforms = transform.displacement is not None
    try:
        with quietly():
            made = _header(after, DeformableSpatialRegistrationStorage if deforms else SpatialRegistrationStorage)
            made.SeriesNumber = series_number
            made.SeriesDescription = "Registration of the scan before onto the scan after"
            mark_synthetic(made, after.simulated or before.simulated)
            _refer(made, after, before)
            if transform.displacement is not None:
                made.DeformableRegistrationSequence = [_deformation(transform, transform.displacement, before, method)]
            else:
                back = transform.inverse()
                own = _rigid(np.eye(3), np.zeros(3), after, method)
                made.RegistrationSequence = [own, _rigid(back.rotation, back.translation_mm, before, method)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OutputError(
            "No DICOM registration can be made beside images whose headers lack or contradict what it takes over; "
            "write the transform as .tfm or .h5."
        ) from error
    return made


def _header(after: Source, sop_class: UID) -> Any:
    made, head = Dataset(), after.headers[0]
    made.preamble, made.file_meta = bytes(128), FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = sop_class
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    for keyword in OF_PATIENT:
        if keyword in head:
            setattr(made, keyword, head.get(keyword))
    made.FrameOfReferenceUID = after.frame_uid
    now = datetime.now(UTC).astimezone()
    made.ContentDate = made.SeriesDate = now.strftime("%Y%m%d")
    made.ContentTime = made.SeriesTime = now.strftime("%H%M%S")
    made.Modality, made.SeriesInstanceUID, made.InstanceNumber = "REG", generate_uid(), 1
    made.Laterality = None
    made.Manufacturer = made.ManufacturerModelName = MAKER
    made.DeviceSerialNumber, made.SoftwareVersions = SERIAL, __version__
    made.ContentLabel, made.ContentDescription, made.ContentCreatorName = "REGISTRATION", "Before onto after", None
    return made


def _refer(made: Any, after: Source, before: Source) -> None:
    """Name all objects that are referred to, by study and series (Common Instance Reference Module)."""
    own: list[Any] = []
    others: list[Any] = []
    for source in dict.fromkeys((after, before)):
        head, series = source.headers[0], Dataset()
        series.SeriesInstanceUID, series.ReferencedInstanceSequence = head.SeriesInstanceUID, _images(source)
        if head.StudyInstanceUID == made.StudyInstanceUID:
            own.append(series)
        else:
            study = Dataset()
            study.StudyInstanceUID, study.ReferencedSeriesSequence = head.StudyInstanceUID, [series]
            others.append(study)
    made.ReferencedSeriesSequence = own
    if others:
        made.StudiesContainingOtherReferencedInstancesSequence = others


def _images(source: Source) -> list[Any]:
    found: list[Any] = []
    for head in source.headers:
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = head.SOPClassUID, head.SOPInstanceUID
        found.append(image)
    return found


def _rigid(rotation: Float, shift_mm: Float, source: Source, method: Method) -> Any:
    item, registration = Dataset(), Dataset()
    item.FrameOfReferenceUID, item.ReferencedImageSequence = source.frame_uid, _images(source)
    registration.RegistrationTypeCodeSequence = [_code(method)]
    registration.MatrixSequence = [_matrix(rotation, shift_mm)]
    item.MatrixRegistrationSequence = [registration]
    return item


def _deformation(transform: Transform, displacement: Displacement, before: Source, method: Method) -> Any:
    item = Dataset()
    item.SourceFrameOfReferenceUID, item.ReferencedImageSequence = before.frame_uid, _images(before)
    item.RegistrationTypeCodeSequence = [_code(method)]
    item.PreDeformationMatrixRegistrationSequence = [_matrix(np.eye(3), np.zeros(3))]
    item.PostDeformationMatrixRegistrationSequence = [_matrix(transform.rotation, transform.translation_mm)]
    item.DeformableRegistrationGridSequence = [_grid(displacement)]
    return item


def _grid(displacement: Displacement) -> Any:
    """Return the vectors with i fastest and each as x, y, z; the third axis has to follow a right-hand screw."""
    grid, vectors = displacement.grid, displacement.vectors_lps_mm
    if np.linalg.det(grid.direction_lps[:, ::-1]) < 0:
        grid, vectors = grid.reoriented((0, 1, 2), (0,)), vectors[::-1]
    made = Dataset()
    made.ImagePositionPatient = _numbers(grid.origin_lps_mm)
    made.ImageOrientationPatient = _numbers(grid.direction_lps[:, [2, 1]].T.ravel().tolist())
    made.GridDimensions = list(grid.shape_kji[::-1])
    made.GridResolution = list(grid.spacing_kji_mm[::-1])
    made.VectorGridData = np.ascontiguousarray(vectors, dtype="<f4").tobytes()
    return made


def _matrix(rotation: Float, shift_mm: Float) -> Any:
    whole = np.eye(4)
    whole[:3, :3], whole[:3, 3] = rotation, shift_mm
    made = Dataset()
    made.FrameOfReferenceTransformationMatrixType = "RIGID"
    made.FrameOfReferenceTransformationMatrix = _numbers(whole.ravel().tolist())
    return made


def _numbers(values: Sequence[float]) -> list[str]:
    return [format_number_as_ds(float(value)) for value in values]


def _code(method: Method) -> Any:
    made = Dataset()
    made.CodeValue, made.CodeMeaning = METHODS[method]
    made.CodingSchemeDesignator = "DCM"
    return made
