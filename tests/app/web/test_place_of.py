"""What is read of an upload: header and voxels find each other among what came, and nothing else is ever opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.web.place_of import one_of, place_of
from isotherm.app.web.uploads import files_of
from isotherm.errors import BadSetting
from isotherm.exchange.image_files import read_volume
from tests.app.web.assess_job import table_of
from tests.app.web.conftest import hidden, upload
from tests.exchange.made_up import as_itk

VOXELS = np.arange(60, dtype=np.int16).reshape(3, 4, 5)


def holds(reader: TestClient, came: str) -> Any:
    return reader.get(f"/uploads/{came}/holds", headers={"HX-Request": "true"})


def two_files(home: Path, name: str, *, packed: bool = False) -> list[tuple[str, bytes]]:
    home.mkdir()
    as_itk(home / name, VOXELS, packed=packed)
    return [(one.name, one.read_bytes()) for one in sorted(home.iterdir())]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["CT Läsion.mhd", "ct.nhdr"])
def test_header_and_voxels_that_come_together_are_one_image(
    reader: TestClient, app: FastAPI, tmp_path: Path, name: str, packed: bool
) -> None:
    files = two_files(tmp_path / "x", name, packed=packed)
    for order, folder in ((files, ""), (files[::-1], "scans/"), (files, "C:\\scans\\")):
        came = upload(reader, *[(folder + one, content) for one, content in order])
        for _ in range(2):  # the page asks what came, and the form comes later
            assert holds(reader, came).json() == {"images": [], "masks": [], "notes": []}
        place = place_of(files_of(app.state.web.workspace, came))
        assert np.array_equal(read_volume(place).volume.voxels, VOXELS)


def test_a_pair_of_such_files_becomes_a_job_that_names_the_header(
    reader: TestClient, app: FastAPI, tmp_path: Path
) -> None:
    came = upload(reader, *two_files(tmp_path / "x", "ct.mhd"))
    fields = dict.fromkeys(("before", "after", "tumor", "ablation"), came)
    answer = reader.post("/assess", data={**hidden(reader), **fields})
    assert answer.status_code == 303
    job = answer.headers["location"].rpartition("/")[2]
    asked = json.loads((table_of(app).folder(job) / "asked.json").read_text())["asked"]["pair"]["request"]
    assert asked["before"].endswith(f"uploads/{came}/000001.mhd")


@pytest.mark.parametrize("ending", [".mha", ".mhd", ".nrrd", ".nhdr", ".seg.nrrd"])
@pytest.mark.parametrize(
    "named", ["/etc/hostname", "../other/000001.raw", "..\\x.raw", "secret.raw", "LIST", "a%03d.raw 1 2 1"]
)
def test_a_header_that_names_a_file_of_the_machine_reads_nothing_of_it(
    reader: TestClient, app: FastAPI, named: str, ending: str
) -> None:
    (app.state.web.workspace.folder / "secret.raw").write_bytes(VOXELS.tobytes())
    nrrd = f"NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: {named}\n\n"
    meta = f"ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_SHORT\nElementDataFile = {named}\n"
    text = meta if ending in (".mha", ".mhd") else nrrd
    came = upload(reader, (f"x{ending}", text.encode()))
    answer = holds(reader, came)
    assert answer.status_code == 400
    assert "save" in answer.text
    assert ".nii.gz" in answer.text
    fields = dict.fromkeys(("before", "after", "tumor", "ablation"), came)
    began = reader.post("/assess", data={**hidden(reader), **fields})
    assert began.status_code == 400
    assert table_of(app).of() == ()


def test_what_does_not_belong_together_is_said_with_what_to_do(reader: TestClient, tmp_path: Path) -> None:
    header, voxels = two_files(tmp_path / "a", "a.mhd")
    other, its_voxels = two_files(tmp_path / "b", "b.nhdr")
    mha = ("c.mha", as_itk(tmp_path / "c.mha", VOXELS).read_bytes())
    for files, says in [
        ([voxels], "without its header"),
        ([header], "without the file of voxels"),
        ([header, its_voxels], "without the file of voxels"),
        ([header, voxels, ("readme.txt", b"text")], "came with other files"),
        ([header, voxels, voxels], "without the file of voxels"),
        ([header, voxels, other, its_voxels], "Several images came at once"),
        ([mha, mha], "Several images came at once"),
    ]:
        answer = holds(reader, upload(reader, *files))
        assert answer.status_code == 400
        assert says in answer.text
    assert holds(reader, upload(reader, mha)).status_code == 200


def test_several_images_of_a_folder_are_listed_to_choose_from_and_the_chosen_one_is_read(
    reader: TestClient, app: FastAPI
) -> None:
    came = upload(reader, ("P17/scan.nii.gz", b"x"), ("P17/tumor.nii.gz", b"y"))
    told = holds(reader, came).json()
    assert told["images"] == told["masks"]
    assert [(one["value"], one["says"]) for one in told["masks"]] == [
        ("P17/scan.nii.gz", "scan.nii.gz"), ("P17/tumor.nii.gz", "tumor.nii.gz")]  # fmt: skip
    files = files_of(table_of(app).workspace, came)
    for typed, left in (("P17/tumor.nii.gz", ""), ("P17/tumor.nii.gz:2", "2")):
        chosen, label = one_of(files, typed)
        assert (place_of(chosen).read_bytes(), label) == (b"y", left)
    with pytest.raises(BadSetting, match="choose from the list"):
        one_of(files, "")
