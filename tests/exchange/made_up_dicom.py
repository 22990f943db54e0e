"""DICOM for the tests: series, multi-frame images and RTSTRUCT by pydicom, SEG by highdicom, all on grids of ours."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import numpy.typing as npt
import pydicom
from highdicom.seg import Segmentation, SegmentationTypeValues, SegmentDescription
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    RTStructureSetStorage,
    generate_uid,
)

from isotherm.imaging.volume import Grid

Voxels = npt.NDArray[Any]
Change = Callable[[Dataset, int], None]

GRID = Grid((6, 10, 12), (2.5, 0.8, 0.7), (-30.0, 12.5, 400.0))

PATIENT_ID, PATIENT_NAME = "MRN-4711-SECRET", "Doe^Jane^Secret"
"""What no message may ever show."""


def uid(*of: object) -> str:
    """A UID that is the same in every run."""
    return str(generate_uid(entropy_srcs=[repr(one) for one in of]))


def header(sop_class: str, *, study: str = "study", series: str = "series", instance: str = "0", modality: str = "CT",
           number: int = 3, day: str = "20240102") -> Dataset:  # fmt: skip
    """What every object says of patient, study and series."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = UID(sop_class), UID(uid(study, series, instance))
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.PatientID, dataset.PatientName = PATIENT_ID, PATIENT_NAME
    dataset.PatientBirthDate, dataset.PatientSex = "19500203", "F"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid(study), uid(study, series)
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = day
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = "101500"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = modality, number, 1
    dataset.FrameOfReferenceUID = uid(study, "frame")
    dataset.StudyID, dataset.AccessionNumber, dataset.ReferringPhysicianName = "1", "ACC-SECRET", "Roe^Rick^Secret"
    dataset.Manufacturer, dataset.PositionReferenceIndicator = "isotherm tests", ""
    return dataset


def pixels(dataset: Dataset, plane: Voxels) -> None:
    """Put numbers of 16 bits into a dataset."""
    signed = plane.dtype.kind == "i"
    dataset.Rows, dataset.Columns = plane.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, int(signed)
    dataset.PixelData = plane.astype("<i2" if signed else "<u2").tobytes()


def slices(voxels: Voxels, grid: Grid = GRID, *, change: Change = lambda _dataset, _k: None, modality: str = "CT",
           **told: Any) -> list[Dataset]:  # fmt: skip
    """Return one dataset for each slice: HU stored as unsigned numbers with an intercept, as scanners do."""
    made: list[Dataset] = []
    for k, plane in enumerate(voxels):
        dataset = header(CTImageStorage if modality == "CT" else MRImageStorage, instance=str(k), modality=modality,
                         **told)  # fmt: skip
        dataset.InstanceNumber = len(voxels) - k  # against the order of positions, as many scanners do
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.ImagePositionPatient = [round(float(x), 6) for x in grid.to_lps([[k, 0, 0]])[0]]
        dataset.ImageOrientationPatient = [round(float(x), 10) for x in grid.direction_lps[:, [2, 1]].T.ravel()]
        dataset.PixelSpacing = list(grid.spacing_kji_mm[1:])
        dataset.SliceThickness = grid.spacing_kji_mm[0] * 1.25  # a trap: it is not the distance between slices
        dataset.AcquisitionNumber, dataset.KVP = 1, 120
        if modality == "CT":
            dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, -1024, "HU"
        pixels(dataset, (plane.astype(np.int64) + (1024 if modality == "CT" else 0)).astype(np.uint16))
        change(dataset, k)
        made.append(dataset)
    return made


def save(dataset: Dataset, path: Path) -> Path:
    """Write one object, whatever it holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    implicit = dataset.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
    dataset.save_as(path, implicit_vr=implicit, little_endian=True, enforce_file_format=True)
    return path


def as_series(folder: Path, voxels: Voxels, grid: Grid = GRID, **told: Any) -> Path:
    """Write a classic series, its file names in no order."""
    names = np.random.default_rng(0).permutation(len(voxels))
    for name, dataset in zip(names, slices(voxels, grid, **told), strict=True):
        save(dataset, folder / f"IM{name:04d}")
    return folder


def as_multiframe(path: Path, voxels: Voxels, grid: Grid = GRID, *, order: Sequence[int] | None = None) -> Path:
    """Write an enhanced MR of several frames, in any order, with a scale of its own for each."""
    dataset = header(EnhancedMRImageStorage, modality="MR")
    order = range(len(voxels)) if order is None else order
    pixels(dataset, voxels[list(order)].astype(np.uint16))
    dataset.NumberOfFrames = len(voxels)
    shared, turned, measures = Dataset(), Dataset(), Dataset()
    turned.ImageOrientationPatient = [round(float(x), 10) for x in grid.direction_lps[:, [2, 1]].T.ravel()]
    measures.PixelSpacing, measures.SliceThickness = list(grid.spacing_kji_mm[1:]), grid.spacing_kji_mm[0]
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [turned], [measures]
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames: list[Dataset] = []
    for k in order:
        frame, place, scale = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [round(float(x), 6) for x in grid.to_lps([[k, 0, 0]])[0]]
        scale.RescaleSlope, scale.RescaleIntercept, scale.RescaleType = 2, k, "US"
        frame.PlanePositionSequence, frame.PixelValueTransformationSequence = [place], [scale]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = frames
    return save(dataset, path)


def segment(number: int, name: str) -> SegmentDescription:
    """Describe one segment."""
    return SegmentDescription(
        segment_number=number,
        segment_label=name,
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
    )


def as_seg(path: Path, masks: Voxels, names: Sequence[str], source: Sequence[Dataset], *, kind: str = "BINARY",
           syntax: str = ExplicitVRLittleEndian, **told: Any) -> Path:  # fmt: skip
    """Write a SEG with highdicom: masks of shape (k, j, i, segment), on the slices of `source` in their order."""
    seg = Segmentation(
        source_images=list(source),
        pixel_array=masks,
        segmentation_type=SegmentationTypeValues(kind),
        segment_descriptions=[segment(n, name) for n, name in enumerate(names, start=1)],
        series_instance_uid=uid("seg series", kind, source[0].StudyInstanceUID),
        series_number=300,
        sop_instance_uid=uid("seg", kind, names),
        instance_number=1,
        manufacturer="isotherm tests",
        manufacturer_model_name="tests",
        software_versions="1",
        device_serial_number="1",
        transfer_syntax_uid=syntax,
        **told,
    )
    seg.save_as(path)
    return path


def as_rtstruct(path: Path, structures: dict[str, list[npt.NDArray[np.float64]]], *, kind: str = "CLOSED_PLANAR",
                source: Sequence[Dataset] = ()) -> Path:  # fmt: skip
    """Write an RTSTRUCT: for each structure its contours, each of shape (n, 3), LPS mm."""
    dataset = header(RTStructureSetStorage, series="rtstruct", modality="RTSTRUCT", number=500)
    dataset.StructureSetLabel = "tests"
    if source:
        series, study, frame = Dataset(), Dataset(), Dataset()
        series.SeriesInstanceUID = source[0].SeriesInstanceUID
        study.RTReferencedSeriesSequence, study.ReferencedSOPInstanceUID = [series], source[0].StudyInstanceUID
        frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = source[0].FrameOfReferenceUID, [study]
        dataset.ReferencedFrameOfReferenceSequence = [frame]
        for name in ("StudyInstanceUID", "StudyDate"):
            setattr(dataset, name, getattr(source[0], name))
    rois: list[Dataset] = []
    drawn: list[Dataset] = []
    for number, (name, contours) in enumerate(structures.items(), start=1):
        roi, contour_set = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, dataset.FrameOfReferenceUID
        roi.ROIGenerationAlgorithm = "MANUAL"
        contour_set.ReferencedROINumber, contour_set.ContourSequence = number, []
        for points in contours:
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points)
            contour.ContourData = [f"{x:.4f}" for x in points.ravel()]
            contour_set.ContourSequence.append(contour)
        rois.append(roi)
        drawn.append(contour_set)
    dataset.StructureSetROISequence, dataset.ROIContourSequence = rois, drawn
    return save(dataset, path)


def sphere_contours(center: tuple[float, float, float], radius: float, heights: Sequence[float],
                    corners: int = 120) -> list[npt.NDArray[np.float64]]:  # fmt: skip
    """Return axial contours of a sphere at the given heights, as one would draw them without a hand's error."""
    turn = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
    made: list[npt.NDArray[np.float64]] = []
    for z in heights:
        if abs(z - center[2]) < radius:
            r = np.sqrt(radius**2 - (z - center[2]) ** 2)
            made.append(np.stack([center[0] + r * np.cos(turn), center[1] + r * np.sin(turn),
                                  np.full(corners, z)], axis=1))  # fmt: skip
    return made


def every_nth(values: Sequence[Any], n: int) -> list[Any]:
    """Return every nth one."""
    return list(itertools.islice(values, 0, None, n))


def read_again(path: Path) -> Dataset:
    """Read an object with pydicom."""
    return pydicom.dcmread(path)
