"""Where the results of a pair go, and what is written: registration, margins, report, and both in DICOM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from isotherm.app.assess_pair import PairAssessment
from isotherm.app.dicom_results import check_dicom_results, results_in_dicom, write_dicom_results
from isotherm.app.outputs import TABLE, TABLE_HEADS, keep_tables, results_in, write_results
from isotherm.app.pair import Pair, PairRequest
from isotherm.app.paper import Paper, report_on_paper
from isotherm.app.places import keep_inputs, usable_file, usable_folder
from isotherm.app.provenance import Provenance
from isotherm.app.registration_document import registration_document
from isotherm.app.registration_outputs import (
    objects_in,
    registration_in,
    write_registration,
    write_registration_objects,
)
from isotherm.errors import BadGeometry
from isotherm.exchange.dicom_files import is_dicom
from isotherm.exchange.segments import split_spec

DICOM = "dicom"
"""Folder of the results in DICOM, in that of the results."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Places:
    """Where results go; None where they are not wanted."""

    out: Path | None
    dicom: Path | None
    json: Path | None
    dicom_asked: bool = False

    @classmethod
    def of(cls, out: str | None, dicom: str | None, json: str | None, after: str) -> Places:
        """Check what was named, before anything is computed.

        Raises
        ------
        OutputError, BadSetting
        """
        asked = dicom is not None
        if asked:
            check_dicom_results(after)
        elif out is not None and is_dicom(split_spec(after)[0]):
            dicom = str(Path(out) / DICOM)
        return cls(
            None if out is None else usable_folder(out),
            None if dicom is None else usable_folder(dicom),
            None if json in (None, "-") else usable_file(str(json)),
            asked,
        )

    def keep(self, inputs: Sequence[str]) -> None:
        """Refuse to write over what came in, and over a table that is none of ours.

        Raises
        ------
        OutputError
        """
        written = [] if self.json is None else [self.json]
        if self.out is not None:
            written += [*results_in(self.out), *registration_in(self.out)]
            keep_tables(self.out, {TABLE: TABLE_HEADS})
        if self.dicom is not None:
            written += [*results_in_dicom(str(self.dicom)), *objects_in(self.dicom)]
        keep_inputs(written, inputs)


def write_pair_assessment(
    places: Places, request: PairRequest, pair: Pair, found: PairAssessment, made: Provenance, *, progress: Progress
) -> list[str]:
    """Write what is wanted; return what is to be told of it.

    Raises
    ------
    OutputError
    """
    told: list[str] = []
    if places.out is None and places.dicom is None:
        return told
    progress("typesetting the report")
    paper = report_on_paper(found.assessment, made)
    if places.out is not None:
        progress("writing the report")
        write_registration(places.out, pair, found.registered, registration_document(pair, found.registered))
        told.append(f"Report: {write_results(places.out, found.assessment, made, pdf=paper.pdf)}")
    if places.dicom is not None:
        progress("writing DICOM")
        told.append(f"DICOM: {_write_dicom(places.dicom, places.dicom_asked, request, found, paper)}")
    return told


def _write_dicom(folder: Path, asked: bool, request: PairRequest, found: PairAssessment, paper: Paper) -> str:
    for path in [*results_in_dicom(str(folder)), *objects_in(folder)]:
        path.unlink(missing_ok=True)  # what an earlier run said must not stand beside a margin that is withheld
    if all(lesion.withheld for lesion in found.case.lesions):
        return "nothing was written: no margin may be told"
    try:
        write_dicom_results(str(folder), request.after, found.case, found.assessment, paper=paper)
    except BadGeometry as error:
        if asked:
            raise
        return f"nothing was written: {error}"
    none = write_registration_objects(folder, request, found.registered)
    return f"{folder} (no registration object: {none})" if none else str(folder)
