"""Results in DICOM beside the image after ablation: segments (SEG), measurements (SR), and the report as a PDF."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isotherm.app.assessment import Assessment, LesionView
from isotherm.app.case import Case
from isotherm.app.paper import Paper
from isotherm.app.places import new_folder, usable_folder
from isotherm.app.report_words import bound_of
from isotherm.errors import BadSetting
from isotherm.exchange import dicom_codes as words
from isotherm.exchange.dicom_codes import Word
from isotherm.exchange.dicom_files import is_dicom
from isotherm.exchange.dicom_pdf_out import encapsulated
from isotherm.exchange.dicom_seg_out import NamedSegment, segmentation_of, write_object
from isotherm.exchange.dicom_source import Source, read_source
from isotherm.exchange.dicom_sr_out import Group, Measured, report_of
from isotherm.exchange.segments import split_spec

SEGMENTS, MEASUREMENTS, REPORT = "segments.dcm", "measurements.dcm", "report.dcm"

TITLE = "Ablation margin"
"""Of the report as a document of the study."""

UID_ROOT = "2.25."
"""Root of UIDs that are made of a number of 128 bits (PS3.5, annex B.2)."""


def check_dicom_results(image: str | None) -> None:
    """Say before anything is measured that results can go beside an image in DICOM.

    Raises
    ------
    BadSetting
    """
    if image is None or not is_dicom(split_spec(image)[0]):
        raise BadSetting("--dicom came without --image as DICOM; give the image after ablation as a DICOM folder.")


def results_in_dicom(folder: str) -> list[Path]:
    """Return the files that would be written, once it is said that the folder can be written to.

    Raises
    ------
    OutputError
    """
    return [usable_folder(folder) / name for name in (SEGMENTS, MEASUREMENTS, REPORT)]


def write_dicom_results(
    folder: str, image: str, case: Case, assessment: Assessment, *, paper: Paper | None = None
) -> list[Path]:
    """Write the SEG and the SR of a case into a folder, which is made, and the report on paper; return their paths.

    Raises
    ------
    OutputError, BadGeometry, EmptyMask
    """
    source = read_source(image)
    source = replace(source, simulated=source.simulated or any(one.simulated for one in case.inputs))
    with new_folder(folder) as home:
        told = _Told(case, assessment, source)
        objects = [segmentation_of(told.segments(), source)]
        written = [str(one.SegmentLabel) for one in objects[0].SegmentSequence]
        objects.append(report_of(told.groups(written), objects[0], source))
        names = [SEGMENTS, MEASUREMENTS]
        if paper is not None:
            objects.append(encapsulated(paper.pdf, source, title=TITLE, on=paper.on))
            names.append(REPORT)
        for name, dataset in zip(names, objects, strict=True):
            write_object(home / name, dataset)
    return [home / name for name in names]


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What is said of the lesions in DICOM."""

    case: Case
    assessment: Assessment
    source: Source

    def segments(self) -> list[NamedSegment]:
        """Return tumor, zone, residual tumor and under-covered region of each lesion that may be told; a zone once."""
        made: list[NamedSegment] = []
        zones = [*self.case.ablations]
        for number, mask in enumerate(zones, start=1):
            name = "Ablation zone" if len(zones) == 1 else f"Ablation zone {number}"
            made.append(NamedSegment(name, words.ZONE, mask, name, self._uid(name), drawn=True))
        for view, lesion in zip(self.assessment.lesions, self.case.lesions, strict=True):
            if lesion.withheld:
                continue  # its tumor lies in a place that is not to be used
            tracking = self._tracking(view)
            made.append(NamedSegment(_tumor(view), words.TUMOR, lesion.mask, *tracking, drawn=True))
            for name, word, mask in (("Residual tumor", words.RESIDUAL, view.residual),
                                     ("Under-covered region", words.UNCOVERED, view.uncovered)):  # fmt: skip
                if mask is not None:
                    made.append(NamedSegment(f"{name} {view.label}", word, mask, *tracking, drawn=False))
        return made

    def groups(self, written: Sequence[str]) -> list[Group]:
        """Return the measurements of each lesion whose tumor was written, by each definition of the margin."""
        made: list[Group] = []
        for view, lesion in zip(self.assessment.lesions, self.assessment.document["lesions"], strict=True):
            if _tumor(view) not in written:
                continue
            status, segment = words.STATUSES[lesion["status"]], written.index(_tumor(view)) + 1
            found = _numbers(lesion)
            made += [Group(*self._tracking(view), segment, words.TUMOR, method, status, tuple(numbers))
                     for method, numbers in found]  # fmt: skip
            if lesion["thinnest_point_lps_mm"] is not None:
                x_mm, y_mm, z_mm = map(float, lesion["thinnest_point_lps_mm"])
                name = f"Lesion {view.label}, thinnest point"
                place = x_mm, y_mm, z_mm
                made.append(Group(name, self._uid(name), place, words.THINNEST, words.ORGAN_RESTRICTED, status,
                                  (found[0][1][0],)))  # fmt: skip
        return made

    def _tracking(self, view: LesionView) -> tuple[str, str]:
        name = f"Lesion {view.label}"
        known = next((one.tracking_uid for one in self.case.lesions if one.label == view.label), "")
        return name, known or self._uid(name)

    def _uid(self, name: str) -> str:
        """Return the same UID for the same lesion of the same examination, whenever it is measured."""
        return uid_of(f"isotherm {self.source.headers[0].StudyInstanceUID} {name}")


def uid_of(seed: str) -> str:
    """Return the UID that always follows from the same words."""
    return UID_ROOT + str(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "big"))


def lesion_uid(patient_id: str, lesion: str) -> str:
    """Return the tracking UID of a lesion of a patient's key: the same one on every scan, in every year."""
    return uid_of(f"isotherm patient {patient_id} lesion {lesion}")


def _tumor(view: LesionView) -> str:
    return f"Tumor {view.label}"[:64]


def _numbers(lesion: Mapping[str, Any]) -> list[tuple[Word, list[Measured]]]:
    """Return for each definition of the margin what is known of it; what is null is left out."""
    interval: Mapping[str, Any] = lesion["interval_mm"] or {}
    chance: Mapping[str, Any] = lesion["probability"] or {}
    mam = {"at most": words.MAM_AT_MOST, "at least": words.MAM_AT_LEAST}.get(bound_of(lesion), words.MAM)
    main = [
        (mam, lesion["minimal_margin_mm"], words.MILLIMETER),
        (words.LOW, interval.get("low"), words.MILLIMETER),
        (words.HIGH, interval.get("high"), words.MILLIMETER),
        (words.P5, lesion["percentiles_mm"]["p5"], words.MILLIMETER),
        (words.P50, lesion["percentiles_mm"]["p50"], words.MILLIMETER),
        (words.BELOW_0, lesion["surface_fraction"]["below_0_mm"], words.SHARE),
        (words.CHANCE_BELOW_0, chance.get("below_0_mm"), words.SHARE),
        (words.CHANCE_BELOW_5, chance.get("below_5_mm"), words.SHARE),
        (words.VOLUME, lesion["tumor_volume_ml"], words.MILLILITER),
        (words.ZONE_VOLUME, lesion["ablation_volume_ml"], words.MILLILITER),
        (words.RESIDUAL_VOLUME, lesion["residual_volume_ml"], words.MILLILITER),
        (words.AT_RISK_VOLUME, lesion["tissue_at_risk_ml"], words.MILLILITER),
    ]
    others = ((words.UNRESTRICTED, lesion["minimal_margin_unrestricted_mm"]),
              (words.QAM_COMPATIBLE, lesion["minimal_margin_qam_mm"]))  # fmt: skip
    first = [Measured(word, float(value), unit) for word, value, unit in main if value is not None]
    rest = [(method, [Measured(words.MAM, float(value), words.MILLIMETER)]) for method, value in others
            if value is not None and mam is words.MAM]  # fmt: skip
    return [(words.ORGAN_RESTRICTED, first), *rest]
