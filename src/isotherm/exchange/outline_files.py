"""An outline to a mask file that says how sure it is: in its header for programs, in a file beside it for people."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isotherm.errors import OutputError
from isotherm.exchange.atomic import write_text
from isotherm.exchange.itk_files import write_nrrd
from isotherm.exchange.nifti_files import write_nifti
from isotherm.exchange.voxel_source import SIMULATED_NOTE, outline_note
from isotherm.imaging.volume import Mask

ENDING = re.compile(r"\.(nii|nii\.gz|nrrd)$", re.IGNORECASE)


def write_outline(path: str | os.PathLike[str], mask: Mask, outline_error_mm: float, told: Mapping[str, Any], *,
                  simulated: bool = False) -> Path:  # fmt: skip
    """Write a mask as NIfTI or NRRD with its outline error, and what is told of it as JSON beside; return that path.

    Where the image was `simulated`, the mask says so as well.

    Raises
    ------
    OutputError
        Another ending, or a place that cannot be written to.
    """
    name = os.fspath(path)
    beside = beside_of(name)
    note = f"{outline_note(outline_error_mm)}; {SIMULATED_NOTE}" if simulated else outline_note(outline_error_mm)
    if name.lower().endswith(".nrrd"):
        write_nrrd(name, mask.voxels, mask.grid, note)
    else:
        write_nifti(name, mask.voxels, mask.grid, note=note)
    write_text(beside, json.dumps({**told, "outline_error_mm": round(outline_error_mm, 3)}, indent=2) + "\n")
    return beside


def beside_of(path: str) -> Path:
    """Return the JSON file beside a mask: tumor.nii.gz has tumor.json.

    Raises
    ------
    OutputError
    """
    if ENDING.search(path) is None:
        raise OutputError("--out wants a name that ends with .nii.gz, .nii or .nrrd; give one.")
    return Path(ENDING.sub(".json", path))
