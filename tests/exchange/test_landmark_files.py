"""Landmarks are read from a CSV of pairs and from lists of 3D Slicer and elastix, and no frame is guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isotherm.errors import BadLandmarks, InputError, UnreadableFile
from isotherm.exchange.landmark_files import read_landmarks
from isotherm.imaging.landmarks import Landmarks

AFTER = np.array([[10.0, -20.0, 300.0], [40.5, -25.0, 310.0], [12.0, 8.0, 290.25]])
BEFORE = AFTER + np.array([5.0, -1.0, 2.0])
NAMES = ("hilum", "cyst", "tip of VI")
RAS = np.array([-1.0, -1.0, 1.0])


def table(path: Path, *, frame: str | None = "LPS", separator: str = ",", signs: Any = 1.0) -> Path:
    head = separator.join(["name", "after_x", "after_y", "after_z", "before_x", "before_y", "before_z"])
    rows = [separator.join([name, *map(str, one), *map(str, other)])
            for name, one, other in zip(NAMES, AFTER * signs, BEFORE * signs, strict=True)]  # fmt: skip
    path.write_text("\n".join([*([f"# frame: {frame}"] if frame else []), head, *rows, ""]))
    return path


def fcsv(path: Path, points: Any, names: Any = NAMES, *, frame: str = "LPS") -> Path:
    rows = [f"vtkMRMLMarkupsFiducialNode_{n},{p[0]},{p[1]},{p[2]},0,0,0,1,1,1,0,{name},,"
            for n, (p, name) in enumerate(zip(points.tolist(), names, strict=True))]  # fmt: skip
    head = ["# Markups fiducial file version = 4.11", f"# CoordinateSystem = {frame}",
            "# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID"]  # fmt: skip
    path.write_text("\n".join([*head, *rows, ""]))
    return path


def markups(path: Path, points: Any, names: Any = NAMES, *, frame: str = "LPS", **more: Any) -> Path:
    listed = [{"label": name, "position": p, **more} for name, p in zip(names, points.tolist(), strict=True)]
    path.write_text(json.dumps({"markups": [{"type": "Fiducial", "coordinateSystem": frame, "controlPoints": listed}]}))
    return path


def elastix(path: Path, points: Any) -> Path:
    path.write_text("\n".join(["point", str(len(points)), *(" ".join(map(str, p)) for p in points.tolist())]))
    return path


def same(found: Landmarks, names: tuple[str, ...] = NAMES) -> None:
    assert found.names == names
    assert found.after_lps_mm == pytest.approx(AFTER)
    assert found.before_lps_mm == pytest.approx(BEFORE)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_of_pairs_says_its_frame_above_its_header(separator: str, tmp_path: Path) -> None:
    same(read_landmarks(table(tmp_path / "pairs.csv", separator=separator)))
    same(read_landmarks(table(tmp_path / "pairs.csv", frame="RAS", separator=separator, signs=np.tile(RAS, 1))))


def test_a_frame_may_be_named_beside_a_csv_and_must_not_contradict_it(tmp_path: Path) -> None:
    same(read_landmarks(table(tmp_path / "pairs.csv", frame=None), frame="LPS"))
    same(read_landmarks(table(tmp_path / "pairs.csv", frame=None, signs=RAS), frame="RAS"))
    with pytest.raises(BadLandmarks, match="in which frame"):
        read_landmarks(table(tmp_path / "pairs.csv", frame=None))
    with pytest.raises(BadLandmarks, match="says LPS where RAS"):
        read_landmarks(table(tmp_path / "pairs.csv"), frame="RAS")


def test_names_of_columns_may_carry_their_unit_and_points_need_no_name(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(
        "# frame = lps\nafter_x_mm,after_y_mm,after_z_mm,before_x_mm,before_y_mm,before_z_mm\n1,2,3,4,5,6\n"
    )
    found = read_landmarks(tmp_path / "pairs.csv")

    assert found.names == ("1",)
    assert found.before_lps_mm.tolist() == [[4.0, 5.0, 6.0]]


@pytest.mark.parametrize("write", [fcsv, markups])
def test_two_lists_of_slicer_are_paired_by_name_each_in_its_own_frame(write: Any, tmp_path: Path) -> None:
    ending = ".fcsv" if write is fcsv else ".mrk.json"
    one = write(tmp_path / f"after{ending}", AFTER)
    other = write(tmp_path / f"before{ending}", BEFORE[::-1] * RAS, NAMES[::-1], frame="RAS")

    same(read_landmarks(one, other))


def test_slicers_old_numbers_of_frames_are_known(tmp_path: Path) -> None:
    same(
        read_landmarks(fcsv(tmp_path / "a.fcsv", AFTER * RAS, frame="0"), fcsv(tmp_path / "b.fcsv", BEFORE, frame="1"))
    )


def test_lists_that_share_no_name_are_paired_by_their_order(tmp_path: Path) -> None:
    one = markups(tmp_path / "a.mrk.json", AFTER, ("after-1", "after-2", "after-3"))
    other = markups(tmp_path / "b.mrk.json", BEFORE, ("before-1", "before-2", "before-3"))

    same(read_landmarks(one, other), ("after-1", "after-2", "after-3"))


def test_points_of_elastix_are_lps_and_paired_by_their_order(tmp_path: Path) -> None:
    same(read_landmarks(elastix(tmp_path / "a.txt", AFTER), elastix(tmp_path / "b.txt", BEFORE)), ("1", "2", "3"))


def test_a_real_list_of_elastix_is_read_whole(tmp_path: Path) -> None:
    # The first two of 100 points of elastix' own lung data (Apache-2.0), as they stand in its file.
    text = "point\n2\n-36.351000 -36.974000 -1204.500000\n98.883000 -26.046000 -1324.500000\n"
    (tmp_path / "a.txt").write_text(text)
    found = read_landmarks(tmp_path / "a.txt", tmp_path / "a.txt")

    assert found.after_lps_mm.tolist() == [[-36.351, -36.974, -1204.5], [98.883, -26.046, -1324.5]]


def refused(error: type[InputError], match: str, *files: Path) -> None:
    with pytest.raises(error, match=match) as caught:
        read_landmarks(*files)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "lacks one of the columns"),
        ("name,after_x\n1,2\n", "lacks one of the columns"),
        ("after_x,after_y,after_z,before_x,before_y,before_z\n", "no point"),
        ("after_x,after_y,after_z,before_x,before_y,before_z\n1,2,3,4,5\n", "different lengths"),
        ("after_x,after_y,after_z,before_x,before_y,before_z\n1,2,3,4,5,nan\n1,2,3,4,5,6\n", "1 of 2"),
        ("after_x;after_y;after_z;before_x;before_y;before_z\n1,5;2;3;4;5;6\n", "decimal point"),
        ("after_x,after_y,after_z,before_x,before_y,before_z\n1,2,3,4,5,6\n1,2,3.1,4,5,9\n", "0.5 mm apart"),
        ("after_x,after_y,after_z,before_x,before_y,before_z\n1,2,30000,4,5,6\n", "unit"),
        ("name,after_x,after_y,after_z,before_x,before_y,before_z\na,1,2,3,4,5,6\na,9,2,3,4,5,9\n", "one name"),
    ],
)
def test_a_csv_that_cannot_be_used_has_one_sentence(text: str, match: str, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(f"# frame: LPS\n{text}")
    refused(BadLandmarks, match, tmp_path / "pairs.csv")


def test_lists_that_do_not_pair_are_refused(tmp_path: Path) -> None:
    one = markups(tmp_path / "a.mrk.json", AFTER)
    refused(BadLandmarks, "do not pair", one, markups(tmp_path / "b.mrk.json", BEFORE[:2], NAMES[:2]))
    refused(BadLandmarks, "do not pair", one, markups(tmp_path / "b.mrk.json", BEFORE, ("hilum", "x", "y")))
    refused(BadLandmarks, "do not pair", one, markups(tmp_path / "b.mrk.json", BEFORE, ("hilum", "hilum", "y")))


def test_lists_of_points_that_cannot_be_used_have_one_sentence(tmp_path: Path) -> None:
    good, bad = elastix(tmp_path / "a.txt", AFTER), tmp_path / "bad.txt"
    bad.write_text("index\n1\n1 2 3\n")
    refused(BadLandmarks, "indices", good, bad)
    for text in ("point\n3\n1 2 3\n", "point\n", "point\nx\n1 2 3", "point\n99999999999999999999\n1 2 3"):
        bad.write_text(text)
        refused(UnreadableFile, "cut short", good, bad)
    bad.write_text("point\n1\n1 2 inf\n")
    refused(BadLandmarks, "not numbers", good, bad)
    refused(BadLandmarks, "not placed", good, markups(tmp_path / "b.mrk.json", BEFORE, positionStatus="undefined"))
    refused(BadLandmarks, "no frame", good, markups(tmp_path / "b.mrk.json", BEFORE, frame="IJK"))
    refused(BadLandmarks, "no frame", good, fcsv(tmp_path / "b.fcsv", BEFORE, frame="2"))
    for text in ("[" * 100_000, "{}", '{"markups": [5]}', '{"markups": []}', '{"markups": [{"controlPoints": [5]}]}'):
        (tmp_path / "b.json").write_text(text)
        refused(UnreadableFile, "one list of points", good, tmp_path / "b.json")
    (tmp_path / "b.fcsv").write_text("# CoordinateSystem = LPS\n1,2\n")
    refused(BadLandmarks, "without x, y and z", good, tmp_path / "b.fcsv")
    refused(UnreadableFile, "of no known kind", good, tmp_path / "b.docx")
    refused(UnreadableFile, "points of one scan", good)
    refused(UnreadableFile, "cannot be read", good, tmp_path / "none.fcsv")
