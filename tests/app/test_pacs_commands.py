"""`isotherm pacs` against a real Orthanc: what it holds is found, comes whole, and nothing says a patient's name."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from isotherm.exchange.image_files import read_volume
from isotherm.imaging.volume import Grid
from tests.app.on_disk import Command
from tests.exchange.made_up_dicom import PATIENT_ID, PATIENT_NAME, as_series, uid
from tests.exchange.orthanc import PASSWORD, USER, Orthanc

GRID = Grid((12, 16, 20), (2.5, 0.8, 0.7), (-30.0, 12.5, 400.0))
HU = np.random.default_rng(0).normal(40.0, 15.0, GRID.shape_kji).astype(np.int16)

BEFORE, AFTER = uid("before"), uid("after")


@pytest.fixture(scope="module")
def pacs(orthanc: Orthanc, tmp_path_factory: pytest.TempPathFactory) -> Orthanc:
    """An Orthanc with a CT before, and one with two series after."""
    scans = tmp_path_factory.mktemp("scans")
    as_series(scans / "before", HU, GRID, study="before", day="20240102")
    as_series(scans / "after", HU + 7, GRID, study="after", day="20240103")
    as_series(scans / "thin", HU[:5] + 9, GRID, study="after", series="thin", number=4, day="20240103", modality="MR")
    orthanc.hold(scans)
    return orthanc


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch, pacs: Orthanc) -> None:
    monkeypatch.setenv("ISOTHERM_PACS_URL", pacs.url)
    monkeypatch.setenv("ISOTHERM_PACS_USER", USER)
    monkeypatch.setenv("ISOTHERM_PACS_PASSWORD", PASSWORD)
    for name in ("ISOTHERM_PACS_TOKEN", "ISOTHERM_PACS_CA"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def found(run: Command, *arguments: str) -> list[str]:
    ran = run("pacs", "find", "--json", *arguments)
    assert (ran.code, ran.err) == (0, "")
    return [one["study_uid"] for one in json.loads(ran.out)["studies"]]


def test_the_table_shows_studies_the_newest_first_and_no_patient(run: Command) -> None:
    ran = run("pacs", "find")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert lines[0].split() == ["day", "modality", "series", "objects", "description", "study", "UID"]
    assert lines[2].split()[0] == "2024-01-03"
    assert set(lines[2].split()[1].split(",")) == {"CT", "MR"}
    assert lines[2].split()[2:] == ["2", "17", "-", AFTER]
    assert lines[3].split() == ["2024-01-02", "CT", "1", "12", "-", BEFORE]
    assert PATIENT_ID not in ran.out
    assert PATIENT_NAME not in ran.out


def test_names_are_shown_when_they_are_asked_for(run: Command) -> None:
    told = run("pacs", "find", "--names").out
    assert PATIENT_ID in told
    assert PATIENT_NAME in told
    (first, _) = json.loads(run("pacs", "find", "--names", "--json").out)["studies"]
    assert (first["patient_id"], first["patient_name"]) == (PATIENT_ID, PATIENT_NAME)


@pytest.mark.parametrize(("conditions", "studies"), [
    (["--days", "2024-01-02"], [BEFORE]),
    (["--days", "2024-01-03.."], [AFTER]),
    (["--days", "..2024-01-02"], [BEFORE]),
    (["--days", "2023-01-01..2024-01-31"], [AFTER, BEFORE]),
    (["--days", "2025-01-01.."], []),
    (["--modality", "MR"], [AFTER]),
    (["--modality", "mr"], [AFTER]),
    (["--modality", "PT"], []),
    (["--patient-id", PATIENT_ID], [AFTER, BEFORE]),
    (["--patient-id", "somebody else"], []),
])  # fmt: skip
def test_conditions(run: Command, conditions: list[str], studies: list[str]) -> None:
    assert found(run, *conditions) == studies


def test_the_patients_id_can_come_without_standing_in_the_history(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PATIENT_ID}\n"))
    assert found(run, "--patient-id", "-") == [AFTER, BEFORE]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run("pacs", "find", "--patient-id", "-").code == 2


def test_more_than_are_listed(run: Command) -> None:
    assert "There are more" in run("pacs", "find", "--most", "1").out
    assert json.loads(run("pacs", "find", "--most", "1", "--json").out)["more"] is True
    assert "There are more" not in run("pacs", "find", "--most", "2").out
    assert run("pacs", "find", "--most", "0").code == 2


def test_the_series_of_a_study(run: Command) -> None:
    lines = run("pacs", "find", "--study", AFTER).out.splitlines()
    assert [line.split()[:3] for line in lines[2:]] == [["3", "CT", "12"], ["4", "MR", "5"]]
    told = json.loads(run("pacs", "find", "--study", AFTER, "--json").out)
    assert [(one["number"], one["modality"], one["objects"]) for one in told["series"]] == [(3, "CT", 12), (4, "MR", 5)]


def test_a_pulled_series_is_the_one_that_was_sent(run: Command, tmp_path: Path) -> None:
    ran = run("pacs", "pull", "--quiet", AFTER, "--out", tmp_path / "after")
    assert (ran.code, ran.err) == (0, "")
    assert "17 objects fetched" in ran.out
    ct = read_volume(tmp_path / "after" / uid("after", "series"))
    assert np.array_equal(ct.volume.voxels, HU + 7)
    assert PATIENT_ID not in ran.out


def test_a_second_pull_fetches_only_what_is_missing(run: Command, tmp_path: Path) -> None:
    run("pacs", "pull", "--quiet", AFTER, "--out", tmp_path / "after")
    files = sorted((tmp_path / "after").rglob("*.dcm"))
    before = {path: path.stat().st_mtime_ns for path in files}
    whole = files[3].read_bytes()
    files[3].write_bytes(whole[:-10])  # somebody cut it short
    files[5].unlink()
    assert "2 objects fetched, 15 were here" in run("pacs", "pull", "--quiet", AFTER, "--out", tmp_path / "after").out
    assert files[3].read_bytes() == whole
    assert [path for path in files if path.stat().st_mtime_ns == before[path]] == files[:3] + files[4:5] + files[6:]


def test_one_series_by_its_number_or_its_uid(run: Command, tmp_path: Path) -> None:
    assert "5 objects fetched" in run("pacs", "pull", "--quiet", AFTER, "--series", "4", "--out", tmp_path / "a").out
    thin = uid("after", "thin")
    assert "5 objects fetched" in run("pacs", "pull", "--quiet", AFTER, "--series", thin, "--out", tmp_path / "b").out
    ran = run("pacs", "pull", "--quiet", AFTER, "--series", "77", "--out", tmp_path / "c")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "holds no series 77" in ran.err
    assert not (tmp_path / "c").exists()


def test_series_come_one_after_the_other_and_the_list_grows(run: Command, tmp_path: Path) -> None:
    for number in ("4", "3"):
        run("pacs", "pull", "--quiet", AFTER, "--series", number, "--out", tmp_path / "after")
    told = json.loads((tmp_path / "after" / "pull.json").read_text())["series"]
    assert {one: len(of["objects"]) for one, of in told.items()} == {
        uid("after", "series"): 12,
        uid("after", "thin"): 5,
    }


def test_what_the_pacs_does_not_list_is_told(run: Command, tmp_path: Path) -> None:
    run("pacs", "pull", "--quiet", BEFORE, "--out", tmp_path / "before")
    series = tmp_path / "before" / uid("before", "series")
    (series / "1.2.3.dcm").write_bytes(b"left over")
    assert (
        "1 file here not listed by the PACS" in run("pacs", "pull", "--quiet", BEFORE, "--out", tmp_path / "before").out
    )


def test_a_folder_of_something_else_is_left_alone(run: Command, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    ran = run("pacs", "pull", "--quiet", AFTER, "--out", tmp_path)
    assert (ran.code, "not empty" in ran.err) == (2, True)
    run("pacs", "pull", "--quiet", BEFORE, "--out", tmp_path / "before")
    ran = run("pacs", "pull", "--quiet", AFTER, "--out", tmp_path / "before")
    assert (ran.code, "another study" in ran.err) == (2, True)


def test_an_unknown_study(run: Command, tmp_path: Path) -> None:
    for arguments in (["find", "--study", "1.2.3"], ["pull", "1.2.3", "--quiet", "--out", tmp_path / "out"]):
        ran = run("pacs", *arguments)
        assert (ran.code, ran.err.count("\n"), ran.out) == (2, 1, "")
        assert "holds no study of this UID" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_wrong_password_is_named_and_not_shown(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOTHERM_PACS_PASSWORD", "wrong-SECRET")
    ran = run("pacs", "find")
    assert (ran.code, ran.err.count("\n"), ran.out) == (2, 1, "")
    assert "did not let us in (401); check ISOTHERM_PACS_USER and its password" in ran.err
    assert "SECRET" not in ran.err


def test_no_password_and_a_wrong_token(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ISOTHERM_PACS_USER")
    assert "set ISOTHERM_PACS_TOKEN, or ISOTHERM_PACS_USER" in run("pacs", "find").err
    monkeypatch.setenv("ISOTHERM_PACS_TOKEN", "token-SECRET")
    ran = run("pacs", "find")
    assert (ran.code, "check ISOTHERM_PACS_TOKEN" in ran.err, "SECRET" in ran.err) == (2, True, False)


@pytest.mark.parametrize(("arguments", "said"), [
    (["find", "--days", "31.1.2024"], "can be read"),
    (["find", "--days", ".."], "can be read"),
    (["find", "--patient-id", ""], "A patient's ID is wanted"),
    (["find", "--patient-id", "MRN*"], "A patient's ID is wanted"),
    (["find", "--modality", "C*"], "A modality is one word"),
    (["find", "--days", "2024-02-01..2024-01-01"], "after the last"),
    (["find", "--study", "1.2.3", "--modality", "CT"], "leave the other conditions out"),
    (["find", "--study", "../../etc"], "The UID of the study is none"),
    (["find", "--timeout-s", "0"], "timeout"),
    (["find", "--timeout-s", "nan"], "timeout"),
    (["find", "--ca", "/nowhere.pem"], "no certificate"),
    (["pull", "..", "--quiet", "--out", "x"], "The UID of the study is none"),
])  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_one_sentence(run: Command, arguments: list[str], said: str) -> None:
    ran = run("pacs", *arguments)
    assert (ran.code, ran.err.count("\n"), ran.out) == (2, 1, "")
    assert said in ran.err


@pytest.mark.parametrize(("url", "said"), [
    ("", "No PACS came"),
    ("pacs.example", "https://HOST/dicom-web"),
    ("ftp://pacs.example", "https://HOST/dicom-web"),
    ("https://", "https://HOST/dicom-web"),
    ("https://pacs.example:port/", "https://HOST/dicom-web"),
    ("https://pacs.example/a b", "https://HOST/dicom-web"),
    ("https://me:pass-SECRET@pacs.example", "a user or a password"),
    ("https://pacs.example/dicom-web?key=1", "holds ?"),
    ("https://pacs.example/../dicom-web", "holds ?"),
    ("http://pacs.example/dicom-web", "everybody on the way"),
    ("https://pacs.invalid/dicom-web", "No machine has the name"),
])  # fmt: skip
def test_an_address_that_is_none_is_refused_in_one_sentence(
    run: Command, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("ISOTHERM_PACS_URL", url)
    ran = run("pacs", "find")
    assert (ran.code, ran.err.count("\n"), ran.out) == (2, 1, "")
    assert said in ran.err
    assert "SECRET" not in ran.err
