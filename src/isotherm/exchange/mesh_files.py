"""Surfaces with numbers on their points, as files for 3D Slicer and ParaView.

The file is a legacy VTK PolyData, version 3.0, binary: every VTK since 2000 reads it. VTK itself knows no patient.
3D Slicer (vtkMRMLModelStorageNode, 4.11 and later) looks for "SPACE=LPS" or "SPACE=RAS" anywhere in the title line and
turns the points into its own RAS frame accordingly; without a mark it takes LPS. ParaView shows the numbers as they
are. So LPS is written, and said.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from isotherm.exchange.atomic import write_bytes

TITLE = b"isotherm, millimeters. SPACE=LPS"
"""Second line of the file (at most 256 characters); Slicer finds the frame in it."""


def write_surface(
    path: str | os.PathLike[str],
    points_lps_mm: npt.ArrayLike,
    triangles: npt.ArrayLike,
    *,
    scalars: Mapping[str, npt.ArrayLike],
) -> None:
    """Write a triangle surface with numbers on its points as legacy VTK PolyData (.vtk).

    Parameters
    ----------
    path : path
        Where to; the name should end in ".vtk".
    points_lps_mm : array, shape (n, 3)
        Points in LPS mm; kept in single precision (0.00003 mm at 500 mm).
    triangles : array of int, shape (t, 3)
        Indices of the points at each triangle's corners.
    scalars : mapping of name to array, shape (n,)
        Numbers on the points, in single precision; the first one is what programs color by. NaN is allowed.

    Raises
    ------
    OutputError
        The place cannot be written to.
    ValueError
        Arrays that do not belong together.
    """
    points = np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3)
    corners = np.asarray(triangles, dtype=np.int64).reshape(-1, 3)
    if not np.isfinite(points).all():
        raise ValueError("points_lps_mm holds places that are not finite")
    if corners.size and not 0 <= corners.min() <= corners.max() < len(points):
        raise ValueError("triangles name points that are not there")
    write_bytes(path, b"".join(_polydata(points, corners, scalars)))


def _polydata(
    points: npt.NDArray[np.float64], corners: npt.NDArray[np.int64], scalars: Mapping[str, npt.ArrayLike]
) -> Iterable[bytes]:
    yield b"# vtk DataFile Version 3.0\n" + TITLE + b"\nBINARY\nDATASET POLYDATA\n"
    yield f"POINTS {len(points)} float\n".encode() + _big_endian_floats(points)
    if not len(corners):
        return  # VTK does not read a section of no polygons
    sized = np.insert(corners, 0, 3, axis=1)  # each polygon starts with its number of corners
    yield f"\nPOLYGONS {len(sized)} {sized.size}\n".encode() + sized.astype(">i4").tobytes()
    yield f"\nPOINT_DATA {len(points)}\n".encode()
    for place, (name, values) in enumerate(scalars.items()):
        numbers = np.asarray(values, dtype=np.float64)
        if numbers.shape != (len(points),):
            raise ValueError(f"scalars[{name!r}] has shape {numbers.shape} for {len(points)} points")
        # VTK makes SCALARS the array to color by, and reads only one of them; FIELD arrays are all kept.
        said = quote(name, safe="")
        if place == 0:
            yield f"SCALARS {said} float 1\nLOOKUP_TABLE default\n".encode()
        elif place == 1:
            yield f"FIELD FieldData {len(scalars) - 1}\n{said} 1 {len(points)} float\n".encode()
        else:
            yield f"{said} 1 {len(points)} float\n".encode()
        yield _big_endian_floats(numbers) + b"\n"


def _big_endian_floats(values: npt.NDArray[np.float64]) -> bytes:
    return values.astype(">f4").tobytes()
