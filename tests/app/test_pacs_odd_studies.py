"""Studies as they are in real archives: two series of one number, an ID with umlauts; found, pulled, pushed, chosen."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isotherm.errors import NoSuchSeries
from isotherm.exchange.image_files import read_volume
from isotherm.imaging.volume import Grid
from tests.app.on_disk import Command
from tests.exchange.made_up_dicom import as_series, uid
from tests.exchange.orthanc import PASSWORD, USER, Orthanc

GRID = Grid((5, 16, 20), (2.5, 0.8, 0.7), (-30.0, 12.5, 400.0))
HU = np.random.default_rng(0).normal(40.0, 15.0, GRID.shape_kji).astype(np.int16)

STUDY, FIRST, SECOND = uid("odd"), uid("odd", "series"), uid("odd", "second")

PATIENT = "MÜL-ß-4711"


def umlauts(dataset: Any, _k: int) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.PatientID, dataset.PatientName = PATIENT, "Müller^Jörg"


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("scans")
    as_series(home / "one", HU, GRID, study="odd", change=umlauts)
    as_series(home / "two", HU + 9, GRID, study="odd", series="second", change=umlauts)
    return home


@pytest.fixture(autouse=True)
def pacs(orthanc: Orthanc, scans: Path, monkeypatch: pytest.MonkeyPatch) -> Orthanc:
    orthanc.empty()
    orthanc.hold(scans)
    monkeypatch.setenv("ISOTHERM_PACS_URL", orthanc.url)
    monkeypatch.setenv("ISOTHERM_PACS_USER", USER)
    monkeypatch.setenv("ISOTHERM_PACS_PASSWORD", PASSWORD)
    for name in ("ISOTHERM_PACS_TOKEN", "ISOTHERM_PACS_CA"):
        monkeypatch.delenv(name, raising=False)
    return orthanc


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def test_two_series_of_one_number_both_come_and_each_is_chosen_by_its_uid(run: Command, tmp_path: Path) -> None:
    rows = run("pacs", "find", "--study", STUDY).out.splitlines()[2:]
    assert {(row.split()[0], row.split()[-1]) for row in rows} == {("3", FIRST), ("3", SECOND)}
    folder = tmp_path / "pulled"
    assert run("pacs", "pull", STUDY, "--series", "3", "--out", folder).code == 0
    for series, hu in ((FIRST, HU), (SECOND, HU + 9)):
        assert np.array_equal(read_volume(f"{folder}:{series}").volume.voxels, hu)
        assert np.array_equal(read_volume(folder / series).volume.voxels, hu)


def test_their_number_is_asked_about_and_the_answer_can_be_given(run: Command, tmp_path: Path) -> None:
    folder = tmp_path / "pulled"
    assert run("pacs", "pull", STUDY, "--out", folder).code == 0
    with pytest.raises(NoSuchSeries) as asked:
        read_volume(f"{folder}:3")
    listed = [row.split()[0] for row in run("dicom", "list", folder).out.splitlines()[2:] if not row.startswith(" ")]
    assert listed == ["3.1", "3.2"]
    assert all(label in str(asked.value) for label in listed)
    one, other = (read_volume(f"{folder}:{label}").volume.voxels for label in listed)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_patient_with_umlauts_is_found(run: Command, form: Any) -> None:
    ran = run("pacs", "find", "--json", "--patient-id", unicodedata.normalize(form, PATIENT))
    assert (ran.code, [one["study_uid"] for one in json.loads(ran.out)["studies"]]) == (0, [STUDY])
    assert run("pacs", "find", "--names").out.count(PATIENT) == 1
    assert json.loads(run("pacs", "find", "--json", "--patient-id", "MUL-ß-4711").out)["studies"] == []


def test_objects_with_umlauts_come_and_go_byte_by_byte(
    run: Command, orthanc: Orthanc, scans: Path, tmp_path: Path
) -> None:
    assert run("pacs", "pull", STUDY, "--out", tmp_path / "pulled").code == 0
    sent = sorted(path.read_bytes() for path in scans.rglob("IM*"))
    assert sorted(path.read_bytes() for path in (tmp_path / "pulled").rglob("*.dcm")) == sent
    orthanc.empty()
    ran = run("pacs", "push", tmp_path / "pulled")
    assert (ran.code, ran.out.split(",")[0]) == (0, "10 objects sent")
    assert orthanc.count() == 10
