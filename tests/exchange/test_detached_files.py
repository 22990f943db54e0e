"""Headers that name a file of their own for the voxels: told before anything is read, and kept to one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isotherm.errors import UnreadableFile
from isotherm.exchange.detached_files import data_file, name_voxels, voxels_named
from isotherm.exchange.image_files import read_volume
from tests.exchange.made_up import as_itk

VOXELS = np.arange(60, dtype=np.int16).reshape(3, 4, 5)

META = "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_SHORT\n"
NRRD = "NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 2\nendian: little\nencoding: raw\n"


def written(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("name", ["x.mhd", "x.nhdr"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_header_is_read_with_the_voxels_that_it_is_made_to_name(tmp_path: Path, name: str, packed: bool) -> None:
    header = as_itk(tmp_path / name, VOXELS, packed=packed)
    named = voxels_named(header)
    assert named is not None
    (tmp_path / named).rename(tmp_path / "000002")
    name_voxels(header, "000002")
    assert voxels_named(header) == "000002"
    assert data_file(str(header)) == tmp_path / "000002"
    assert np.array_equal(read_volume(header).volume.voxels, VOXELS)


@pytest.mark.parametrize("name", ["x.mha", "x.nrrd"])
@pytest.mark.parametrize("packed", [False, True])
def test_voxels_that_follow_their_header_are_in_no_other_file(tmp_path: Path, name: str, packed: bool) -> None:
    assert voxels_named(as_itk(tmp_path / name, VOXELS, packed=packed)) is None
    assert voxels_named(written(tmp_path / "x.nii", "anything")) is None


@pytest.mark.parametrize(
    "text",
    [
        META + "ElementDataFile = /etc/hostname\n",
        META + "ElementDataFile=/etc/hostname",
        META + "\tElementDataFile : /etc/hostname \r\n",
        NRRD + "data file: /etc/hostname\n\n",
        NRRD + "datafile:/etc/hostname\n",
        NRRD.replace("\n", "\r\n") + "Data File: /etc/hostname\r\n\r\n",
    ],
)
@pytest.mark.parametrize("ending", [".mha", ".nrrd"])
def test_another_file_is_seen_whatever_the_header_is_called(tmp_path: Path, text: str, ending: str) -> None:
    assert voxels_named(written(tmp_path / f"x{ending}", text)) == "/etc/hostname"


@pytest.mark.parametrize(
    "text",
    [
        META + "Comment = ElementDataFile = LOCAL\nElementDataFile = /etc/hostname\n",
        META + "ELEMENTDATAFILE = /etc/hostname\n",
        META,
        META + "ElementDataFile =\n",
        META + "ElementDataFile = LIST\na.raw\n",
        META + "ElementDataFile = LIST 2D\na.raw\n",
        META + "ElementDataFile = slice%03d.raw 1 10 1\n",
        "NRRD = 1\n" + META + "ElementDataFile = /etc/hostname\n",
        "NRRD0004 = 1\n" + META + "ElementDataFile = /etc/hostname\n",
        NRRD + META + "ElementDataFile = /etc/hostname\n",
        NRRD + "\n" + META + "ElementDataFile = /etc/hostname\n",
        NRRD + "data file: LIST\na.raw\n",
        NRRD + "data file: slice%03d.raw 1 10 1\n\n",
        NRRD + "data file: a.raw\ndatafile: /etc/hostname\n\n",
        NRRD + "".join(f"# {number:060d}\n" for number in range(20_000)) + "data file: /etc/hostname\n\n",
    ],
)
def test_a_header_that_could_be_read_in_two_ways_or_names_several_files_is_refused(tmp_path: Path, text: str) -> None:
    file = written(tmp_path / "x.mhd", text)
    with pytest.raises(UnreadableFile, match=r"save it as"):
        voxels_named(file)
    assert data_file(str(file)) is None  # what is wrong with it is said by whoever reads it


def test_free_text_of_a_header_names_no_file(tmp_path: Path) -> None:
    text = (
        NRRD + "# data file: /etc/hostname\nnote:=data file: /etc/hostname\ndata file:=/etc/hostname\n\ndata file: x\n"
    )
    assert voxels_named(written(tmp_path / "x.nrrd", text)) is None
    assert voxels_named(written(tmp_path / "x.mha", META + "ElementDataFile = LOCAL\nElementDataFile = x\n")) is None
