"""Measurements to a Comprehensive 3D SR (TID 1500): one group for each lesion and each definition of the margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import highdicom
import numpy as np
from highdicom import sr

from isotherm import __version__
from isotherm.errors import OutputError
from isotherm.exchange.dicom_codes import CT_PROCEDURE, MR_PROCEDURE, STATUS, Word, declare_scheme
from isotherm.exchange.dicom_item import quietly
from isotherm.exchange.dicom_seg_out import MAKER, SERIAL
from isotherm.exchange.dicom_source import Source
from isotherm.exchange.dicom_synthetic import mark_synthetic

DEVICE_UID = "1.2.826.0.1.3680043.8.498.20893463013107953526240817498026407301"
"""Of the program as the observer: the same in all reports."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One number: what it is, its value and its unit."""

    word: Word
    value: float
    unit: Word


@dataclass(frozen=True, slots=True)
class Group:
    """What was measured of one lesion by one definition, over all of it or at one point.

    Parameters
    ----------
    tracking_id, tracking_uid : str
        Of the lesion, the same in all objects and over time.
    place : int or tuple of float
        Number of the lesion's tumor in the SEG, or the point, LPS mm.
    finding, method, status : Word
        What was measured, by which definition, and what can be said of it.
    numbers : tuple of Measured
    """

    tracking_id: str
    tracking_uid: str
    place: int | tuple[float, float, float]
    finding: Word
    method: Word
    status: Word
    numbers: tuple[Measured, ...]


def report_of(groups: Sequence[Group], segmentation: Any, source: Source, *, series_number: int = 901) -> Any:
    """Return the groups as a Comprehensive 3D SR that refers to the segments.

    Raises
    ------
    OutputError
        The image's header lacks what a report takes over from it.
    """
    try:
        with quietly():
            report = _made(groups, segmentation, source, series_number)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OutputError(
            "No SR can be made beside the DICOM image, whose header lacks or contradicts what it takes over; leave out "
            "--dicom."
        ) from error
    declare_scheme(report)
    mark_synthetic(report, source.simulated)
    return report


def _made(groups: Sequence[Group], segmentation: Any, source: Source, series_number: int) -> Any:
    observer = sr.ObserverContext(
        observer_type=highdicom.sr.CodedConcept("121007", "DCM", "Device"),
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=DEVICE_UID, name=MAKER, manufacturer_name=MAKER, model_name=MAKER, serial_number=SERIAL
        ),
    )
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=(MR_PROCEDURE if source.modality == "MR" else CT_PROCEDURE).concept,
        imaging_measurements=[_group(one, segmentation, source) for one in groups],
    )
    return sr.Comprehensive3DSR(
        evidence=[segmentation, *source.headers],
        content=content,
        series_instance_uid=highdicom.UID(),
        series_number=series_number,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer=MAKER,
        is_complete=True,
        series_description="Ablation margin: measurements",
    )


def _group(one: Group, segmentation: Any, source: Source) -> Any:
    told: dict[str, Any] = {
        "tracking_identifier": sr.TrackingIdentifier(uid=one.tracking_uid, identifier=one.tracking_id),
        "finding_type": one.finding.concept,
        "method": one.method.concept,
        "algorithm_id": sr.AlgorithmIdentification(name=MAKER, version=__version__),
        "measurements": [sr.Measurement(n.word.concept, n.value, n.unit.concept) for n in one.numbers],
        "qualitative_evaluations": [sr.QualitativeEvaluation(STATUS.concept, one.status.concept)],
    }
    if isinstance(one.place, tuple):
        point = sr.ImageRegion3D(sr.GraphicTypeValues3D.POINT, np.array([one.place]), source.frame_uid)
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=point, **told)
    segment = sr.ReferencedSegment(
        sop_class_uid=segmentation.SOPClassUID,
        sop_instance_uid=segmentation.SOPInstanceUID,
        segment_number=one.place,
        source_series=sr.SourceSeriesForSegmentation(str(source.headers[0].SeriesInstanceUID)),
    )
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=segment, **told)
