"""Small cases on disk: balls whose margin follows from geometry, written as a user would have them; and the command."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from jsonschema import Draft202012Validator

from isotherm.app.cli import main
from isotherm.exchange.image_files import write_mask, write_volume
from isotherm.imaging.volume import Grid, Mask, Role, Volume

ROOT = Path(__file__).resolve().parents[2]
SCHEMA_FILE = ROOT / "src" / "isotherm" / "app" / "schemas" / "margin-1.schema.json"

GRID = Grid((40, 40, 40), (1.0, 1.0, 1.0), (-20.0, -20.0, 100.0))
MIDDLE = (0.0, 0.0, 120.0)
"""LPS mm, of the tumor of `small_case`."""

MARGIN_MM = 3.0
"""Of `small_case`: a tumor of 5 mm radius in a zone of 10 mm radius whose center is 2 mm off, toward cranial."""

FAST = ("--samples", "100", "--quiet")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Of a command with `--json -`, held to the schema."""
        return checked(self.out)

    @property
    def lesion(self) -> dict[str, Any]:
        """The only lesion of the document."""
        (lesion,) = self.document["lesions"]
        return lesion


class Command:
    """`isotherm` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Ran:
        self._capsys.readouterr()
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as stop:  # argparse ends the process by itself
            code = int(stop.code or 0)
        out, err = self._capsys.readouterr()
        return Ran(code, out, err)


@cache
def schema() -> Draft202012Validator:
    """The schema that is shipped."""
    return Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def checked(text: str) -> dict[str, Any]:
    """Read a margin.json that follows the schema and holds no number that JSON does not know."""
    document = json.loads(text, parse_constant=_refuse)
    schema().validate(document)
    return document


def _refuse(constant: str) -> float:
    raise AssertionError(f"{constant} is no JSON")


def ball(center_lps_mm: tuple[float, float, float], radius_mm: float, *, grid: Grid = GRID) -> npt.NDArray[np.bool_]:
    """Draw a ball by voxel centers, shape (k, j, i)."""
    places = grid.centers_lps_mm()
    return (np.linalg.norm(places - np.array(center_lps_mm), axis=1) <= radius_mm).reshape(grid.shape_kji)


def write(path: Path, voxels: npt.NDArray[Any], *, grid: Grid = GRID, of: Role = "tumor") -> Path:
    """Write a mask (bool, or shares as float), or a label map or an image (whole numbers)."""
    if voxels.dtype == np.bool_ or voxels.dtype.kind == "f":
        write_mask(path, Mask(voxels, grid, of))
    else:
        write_volume(path, Volume(voxels, grid))
    return path


def small_case(folder: Path, *, grid: Grid = GRID) -> tuple[str, ...]:
    """Write tumor, zone and organ into a folder; return the arguments that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    zone_center = (MIDDLE[0], MIDDLE[1], MIDDLE[2] + 2.0)
    whole = np.zeros(grid.shape_kji, dtype=bool)
    whole[2:-2, 2:-2, 2:-2] = True
    tumor = write(folder / "tumor.nii.gz", ball(MIDDLE, 5.0))
    zone = write(folder / "ablation.nii.gz", ball(zone_center, 10.0))
    organ = write(folder / "organ.nii.gz", whole)
    return ("--tumor", str(tumor), "--ablation", str(zone), "--organ", str(organ))
