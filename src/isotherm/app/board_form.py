"""The forms that `isotherm case --init` writes: case.toml with every fact, course.toml with sessions and scans."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from isotherm.app.criteria_form import form_text
from isotherm.app.places import new_folder
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import OutputError
from isotherm.exchange.atomic import write_text
from isotherm.exchange.course_files import NAME
from isotherm.printable import printable

CASE = "case.toml"


def course_form() -> str:
    """Return the form of a course, which reads back as one in which nothing has happened yet."""
    approaches = ", ".join(RECORD_KINDS["session"].field("approach").choices)
    modalities = ", ".join(RECORD_KINDS["ablation"].field("modality").choices)
    scans = ", ".join(RECORD_KINDS["scan"].field("modality").choices)
    return f"""\
# The course of one patient: sessions, systemic lines and scans. Take away the # before what is known.
# Names of files start from this file's folder and do not lead out of it. FILE:LABEL picks a
# label, FOLDER:SERIES a series.
# The last scan with tumors before a session and the first scan with zones after it tell its margins; each later scan
# with zones is laid on the one before it.
# Then: isotherm case THIS_FOLDER --out results

patient = "P1"  # a key without meaning, the same as in the registry: no name, no date of birth

# [[session]]
# id = "S1"
# on = 2025-01-10
# lesions = ["1"]  # ids of lesions of {CASE}
# modality = "MWA"  # one of {modalities}
# approach = "percutaneous"  # one of {approaches}

# [[systemic]]
# regimen = "FOLFOX"
# started_on = 2024-09-01
# stopped_on = 2024-12-15

# [[scan]]
# id = "before"
# on = 2025-01-02
# image = "before/ct"  # a DICOM folder, or NIfTI, NRRD, MHA
# tumors = {{ "1" = "before/seg.dcm:tumor" }}  # by the lesions' ids
# organ = "before/seg.dcm:liver"
# vessels = ["before/seg.dcm:portal vein"]
# modality = "CT"  # where the file does not say it; one of {scans}

# [[scan]]
# id = "F1"
# on = 2025-01-11
# image = "after/ct"
# zones = {{ "1" = "after/seg.dcm:zone" }}
# organ = "after/seg.dcm:liver"
"""


def write_forms(folder: str, today: date) -> str:
    """Write both forms into a folder, and keep what is there already; return what is to be told.

    Raises
    ------
    OutputError
        Both are there already.
    """
    texts = {CASE: form_text(today), NAME: course_form()}
    missing = {name: text for name, text in texts.items() if not (Path(folder) / name).exists()}
    if not missing:
        raise OutputError(f"'{printable(Path(folder).name)}' holds {CASE} and {NAME} already; fill them in.")
    with new_folder(folder) as home:
        for name, text in missing.items():
            write_text(home / name, text)
    return f"Forms: {', '.join(missing)}. Fill in what is known, then: isotherm case {folder} --out results\n"
