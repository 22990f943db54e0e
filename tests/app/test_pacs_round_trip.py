"""From a real Orthanc to the number and back: both series pulled, SEG, SR and PDF pushed, read back, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from isotherm.app.pacs_tasks import PacsOptions, pull_study, push_files
from isotherm.exchange.image_files import read_masks, read_volume
from tests.app.on_disk import FAST, GRID, MIDDLE, Command, ball
from tests.app.test_dicom_commands import HU
from tests.exchange.made_up_dicom import as_seg, as_series, header, read_again, save, slices, uid
from tests.exchange.orthanc import PASSWORD, USER, Orthanc

BEFORE, AFTER = uid("before"), uid("after")

PDF = b"%PDF-1.7 a report\n%%EOF\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch, orthanc: Orthanc) -> None:
    monkeypatch.setenv("ISOTHERM_PACS_URL", orthanc.url)
    monkeypatch.setenv("ISOTHERM_PACS_USER", USER)
    monkeypatch.setenv("ISOTHERM_PACS_PASSWORD", PASSWORD)
    for name in ("ISOTHERM_PACS_TOKEN", "ISOTHERM_PACS_CA"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def filled(orthanc: Orthanc, tmp_path: Path) -> Orthanc:
    """An Orthanc with a scan and its masks before ablation, and after."""
    orthanc.empty()
    whole = np.zeros(GRID.shape_kji, dtype=bool)
    whole[2:-2, 2:-2, 2:-2] = True
    zone = ball((MIDDLE[0], MIDDLE[1], MIDDLE[2] + 2.0), 10.0)
    masks = {"before": {"tumor": ball(MIDDLE, 5.0), "liver": whole}, "after": {"zone": zone}}
    for day, study in (("20240102", "before"), ("20240103", "after")):
        as_series(tmp_path / "sent" / study, HU, GRID, study=study, day=day)
        voxels = np.stack(list(masks[study].values()), axis=-1).astype(np.uint8)
        names = list(masks[study])
        as_seg(tmp_path / "sent" / f"{study}.dcm", voxels, names, slices(HU, GRID, study=study, day=day))
    orthanc.hold(tmp_path / "sent")
    return orthanc


def encapsulated(path: Path) -> Path:
    """A PDF as a DICOM object of the study after ablation."""
    dataset = header("1.2.840.10008.5.1.4.1.1.104.1", study="after", series="report", modality="DOC", number=900)
    dataset.EncapsulatedDocument, dataset.EncapsulatedDocumentLength = PDF + b"\0" * (len(PDF) % 2), len(PDF)
    dataset.MIMETypeOfEncapsulatedDocument, dataset.DocumentTitle, dataset.BurnedInAnnotation = (
        "application/pdf",
        "",
        "YES",
    )
    return save(dataset, path)


def spoken(dataset: Dataset) -> list[tuple[str, Any]]:
    """Every value of an object with its attribute, at every depth."""
    return [(one.keyword, one.value) for one in dataset.iterall() if one.VR != "SQ"]


@pytest.mark.usefixtures("filled")
def test_from_the_pacs_to_the_margin_and_back(run: Command, tmp_path: Path) -> None:
    for study, name in ((BEFORE, "before"), (AFTER, "after")):
        assert run("pacs", "pull", "--quiet", study, "--out", tmp_path / name).code == 0
    before, after = tmp_path / "before", tmp_path / "after"
    image = after / uid("after", "series")
    assert np.array_equal(read_volume(image).volume.voxels, HU)
    measured = run("margin", "--tumor", f"{before}:tumor", "--organ", f"{before}:liver", "--ablation",
                   f"{after}:zone", "--image", image, "--image-before", before / uid("before", "series"),
                   "--dicom", tmp_path / "results", "--json", "-", *FAST)  # fmt: skip
    assert measured.code == 0, measured.err
    assert measured.lesion["minimal_margin_mm"] == pytest.approx(3.0, abs=0.3)
    encapsulated(tmp_path / "results" / "report.dcm")

    ran = run("pacs", "push", "--quiet", tmp_path / "results")
    assert (ran.code, ran.err) == (0, "")
    assert "3 objects sent, 0 were there, read back and compared." in ran.out
    ran = run("pacs", "push", "--quiet", tmp_path / "results")
    assert "0 objects sent, 3 were there, read back and compared." in ran.out

    # The pulled folder grows by what is new, and only that.
    ran = run("pacs", "pull", "--quiet", AFTER, "--out", after)
    assert "3 objects fetched, 41 were here" in ran.out
    for path in (tmp_path / "results").iterdir():
        sent = read_again(path)
        back = after / str(sent.SeriesInstanceUID) / f"{sent.SOPInstanceUID}.dcm"
        assert back.read_bytes() == path.read_bytes()
        assert spoken(read_again(back)) == spoken(sent)
        if sent.Modality == "SEG":
            for number in range(1, len(sent.SegmentSequence) + 1):
                (a,), (b,) = (read_masks(f"{one}:{number}", of="structure") for one in (path, back))
                assert np.array_equal(a.mask.on(GRID).voxels, b.mask.on(GRID).voxels)
        if sent.Modality == "DOC":
            assert read_again(back).EncapsulatedDocument.startswith(PDF)
    assert {read_again(path).Modality for path in (tmp_path / "results").iterdir()} == {"SEG", "SR", "DOC"}


@pytest.mark.usefixtures("filled")
def test_what_was_refused_is_named_and_the_exit_code_says_so(run: Command, tmp_path: Path) -> None:
    run("pacs", "pull", "--quiet", AFTER, "--out", tmp_path / "after")
    path = tmp_path / "after" / uid("after", "series") / f"{uid('after', 'series', '3')}.dcm"
    changed = read_again(path)
    changed.WindowCenter, changed.PatientName = 40, "Another^Secret"
    changed.save_as(path)
    ran = run("pacs", "push", "--quiet", tmp_path / "after")
    assert (ran.code, "SECRET" in ran.out.upper()) == (3, False)
    assert f"{path.name} is there as another object under the same UID; it differs in WindowCenter" in ran.out
    assert "The PACS keeps its own PatientName in 1 of them." in ran.out
    assert run("pacs", "push", "--quiet", tmp_path / "after", "--no-read-back").code == 0


@pytest.mark.usefixtures("filled")
def test_other_commands_get_a_folder(tmp_path: Path) -> None:
    told: list[str] = []
    pulled = pull_study(PacsOptions(), AFTER, str(tmp_path / "after"), series=["3"], tell=told.append)
    assert (pulled.folder, pulled.fetched, told[-1]) == (tmp_path / "after", 40, "40 of 40 objects")
    assert read_volume(pulled.folder).volume.grid.shape_kji == GRID.shape_kji
    sent = push_files(PacsOptions(), [str(pulled.folder)])
    assert (sent.pushed.whole, len(sent.pushed.known), sent.not_dicom) == (True, 40, 0)


def test_nothing_is_pushed_when_one_file_is_bad(run: Command, orthanc: Orthanc, tmp_path: Path) -> None:
    orthanc.empty()
    as_series(tmp_path / "series", HU, GRID)
    (tmp_path / "notes.txt").write_text("mine")
    ran = run("pacs", "push", "--quiet", tmp_path / "series", tmp_path / "notes.txt")
    assert (ran.code, ran.err.count("\n"), orthanc.count()) == (2, 1, 0)
    assert "'notes.txt' is not DICOM" in ran.err
