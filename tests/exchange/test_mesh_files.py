"""A surface file is read back by its published format, word by word."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from isotherm.errors import OutputError
from isotherm.exchange.mesh_files import write_surface

POINTS = np.array([[0.0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, -400.25]])
TRIANGLES = np.array([[0, 1, 2], [0, 3, 1], [1, 3, 2]])


class Reader:
    """Legacy VTK, binary: lines of words, and big-endian numbers straight after them (VTK file formats 3.0)."""

    def __init__(self, path: Path) -> None:
        self.rest = path.read_bytes()

    def line(self) -> str:
        line, _, self.rest = self.rest.lstrip(b"\n").partition(b"\n")
        return line.decode("ascii")

    def numbers(self, dtype: str, count: int) -> np.ndarray:
        size = np.dtype(dtype).itemsize * count
        taken, self.rest = self.rest[:size], self.rest[size:]
        return np.frombuffer(taken, dtype)


def test_points_triangles_and_scalars_come_back(tmp_path: Path) -> None:
    margin = np.array([1.5, -2.0, np.nan, 10.0])
    write_surface(
        tmp_path / "s.vtk", POINTS, TRIANGLES, scalars={"margin_mm": margin, "free %": margin * 2, "c": margin}
    )
    file = Reader(tmp_path / "s.vtk")
    assert file.line() == "# vtk DataFile Version 3.0"
    assert "SPACE=LPS" in file.line()  # where 3D Slicer looks for the frame
    assert [file.line(), file.line(), file.line()] == ["BINARY", "DATASET POLYDATA", "POINTS 4 float"]
    assert np.array_equal(file.numbers(">f4", 12).reshape(4, 3), POINTS)
    assert file.line() == "POLYGONS 3 12"
    assert np.array_equal(file.numbers(">i4", 12).reshape(3, 4), np.insert(TRIANGLES, 0, 3, axis=1))
    assert [file.line(), file.line(), file.line()] == [
        "POINT_DATA 4",
        "SCALARS margin_mm float 1",
        "LOOKUP_TABLE default",
    ]
    assert np.array_equal(file.numbers(">f4", 4), margin, equal_nan=True)
    assert [file.line(), file.line()] == ["FIELD FieldData 2", "free%20%25 1 4 float"]
    assert np.array_equal(file.numbers(">f4", 4), margin * 2, equal_nan=True)
    assert file.line() == "c 1 4 float"
    assert np.array_equal(file.numbers(">f4", 4), margin, equal_nan=True)
    assert file.rest == b"\n"


def test_a_surface_without_triangles_is_a_file_without_polygons(tmp_path: Path) -> None:
    write_surface(tmp_path / "s.vtk", np.empty((0, 3)), np.empty((0, 3), int), scalars={"margin_mm": []})
    assert (tmp_path / "s.vtk").read_bytes().endswith(b"POINTS 0 float\n")


@pytest.mark.parametrize("triangles", [[[0, 1, 4]], [[-1, 1, 2]]])
def test_triangles_of_points_that_are_not_there_are_refused(tmp_path: Path, triangles: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="points that are not there"):
        write_surface(tmp_path / "s.vtk", POINTS, triangles, scalars={})


def test_scalars_of_another_length_and_points_without_a_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="for 4 points"):
        write_surface(tmp_path / "s.vtk", POINTS, TRIANGLES, scalars={"a": [1, 2, 3]})
    with pytest.raises(ValueError, match="not finite"):
        write_surface(tmp_path / "s.vtk", POINTS * np.nan, TRIANGLES, scalars={})
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_surface(tmp_path / "nowhere" / "s.vtk", POINTS, TRIANGLES, scalars={})
