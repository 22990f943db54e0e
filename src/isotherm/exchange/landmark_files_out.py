"""Landmarks into a file: one CSV of pairs, which `read_landmarks` reads to the same places."""

from __future__ import annotations

import csv
import io
import os

from isotherm.exchange.atomic import write_text
from isotherm.exchange.landmark_files import COLUMNS
from isotherm.imaging.landmarks import Landmarks

DECIMALS = 3
"""Of a coordinate in mm: a thousandth of what a hand can point at."""


def write_landmarks(path: str | os.PathLike[str], landmarks: Landmarks) -> None:
    """Write pairs of points in mm, left-posterior-superior (LPS), with their names.

    Raises
    ------
    OutputError
    """
    lines = io.StringIO()
    lines.write("# frame: LPS\n")
    rows = csv.writer(lines, lineterminator="\n")
    rows.writerow(["name", *(f"{column}_mm" for column in COLUMNS)])
    for name, after, before in zip(landmarks.names, landmarks.after_lps_mm, landmarks.before_lps_mm, strict=True):
        rows.writerow([name, *(f"{mm:.{DECIMALS}f}" for mm in (*after, *before))])
    write_text(path, lines.getvalue())
