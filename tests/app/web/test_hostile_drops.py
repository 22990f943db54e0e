"""What people drop on Assess besides a clean series: each is listed, or refused in a sentence that says what to do."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect
from pydicom.dataset import Dataset

from isotherm.app.assess_task import PairAsked
from isotherm.app.pair import PairRequest
from isotherm.app.web.holds import held_by
from isotherm.app.web.job import Doing, work_called
from isotherm.app.web.place_of import place_of
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.uploads import files_of
from isotherm.app.web.work_assess import WORK, asked_for
from isotherm.errors import BadGeometry, BadSetting
from isotherm.imaging.volume import Grid
from tests.app.web.assess_job import WHO
from tests.app.web.conftest import token_on
from tests.app.web.story import story
from tests.exchange.made_up_dicom import as_seg, as_series, header, save, slices

GRID = Grid((8, 16, 16), (2.0, 1.0, 1.0), (-8.0, -8.0, 100.0))
HU = np.random.default_rng(0).integers(-100, 200, GRID.shape_kji).astype(np.int16)
CLASS = "1.2.840.10008.5.1.4.1.1."


def one(home: Path, name: str, sop_class: str, **told: Any) -> None:
    """An object without pixels."""
    save(header(sop_class, series=name, instance=name, **told), home / name)


def of_another(dataset: Dataset, _k: int) -> None:
    dataset.PatientID = "ANOTHER-7731"


def test_a_disc_is_listed_without_its_directory_and_a_directory_alone_is_refused(tmp_path: Path) -> None:
    as_series(tmp_path / "disc" / "S1", HU, GRID)
    one(tmp_path / "disc", "DICOMDIR", "1.2.840.10008.1.3.10")
    assert [each["value"] for each in held_by(tmp_path / "disc")["images"]] == ["3"]
    assert held_by(tmp_path / "disc")["notes"] == []
    one(tmp_path / "alone", "DICOMDIR", "1.2.840.10008.1.3.10")
    with pytest.raises(BadSetting, match=r"^What came holds a DICOMDIR, which only lists files.* name the folder"):
        held_by(tmp_path / "alone")


@pytest.mark.parametrize("ending", ["", ".dcm"])
def test_what_a_mac_or_windows_adds_to_a_zip_or_a_folder_is_not_counted(tmp_path: Path, ending: str) -> None:
    as_series(tmp_path / "ct", HU, GRID)
    with zipfile.ZipFile(tmp_path / "ct.zip", "w") as archive:
        for file in sorted((tmp_path / "ct").iterdir()):
            archive.write(file, f"ct/{file.stem}{ending}")
            archive.writestr(f"__MACOSX/ct/._{file.stem}{ending}", b"\0\5\x16\7\0\2\0\0Mac OS X" + bytes(300))
        archive.writestr("ct/.DS_Store", b"\0\0\0\1Bud1" + bytes(300))
        archive.writestr("ct/Thumbs.db", bytes(300))
        archive.writestr("ct/report.pdf", b"%PDF-1.4")
    found = held_by(tmp_path / "ct.zip")
    assert len(found["images"]) == 1
    assert found["notes"] == ["1 file is not DICOM and was passed over."]


def test_reports_between_the_images_and_a_scout_are_left_out_by_their_names(tmp_path: Path) -> None:
    as_series(tmp_path / "ct", HU, GRID)
    as_series(tmp_path / "scout", HU[:1], Grid((1, 16, 16), (2.0, 1.0, 1.0), (-8.0, -8.0, 90.0)), series="s", number=1)
    one(tmp_path, "sr", f"{CLASS}88.33", modality="SR", number=600)
    one(tmp_path, "pdf", f"{CLASS}104.1", modality="DOC", number=601)
    one(tmp_path, "shot", f"{CLASS}7", modality="OT", number=602)
    found = held_by(tmp_path)
    assert [each["value"] for each in found["images"]] == ["3"]
    assert found["notes"] == [
        "Series 1 (CT) is left out: it has only 1 plane, as a scout has, where a volume takes at least 3.",
        "Series 600 (SR) is left out: it is no image of slices and no mask.",
        "Series 601 (PDF) is left out: it is no image of slices and no mask.",
        "Series 602 (screen capture) is left out: it is no image of slices and no mask.",
    ]


def test_two_patients_in_one_drop_are_said_and_told_apart_without_a_name(tmp_path: Path) -> None:
    as_series(tmp_path / "a", HU, GRID)
    as_series(tmp_path / "b", HU, GRID, study="another", series="another", change=of_another)
    found = held_by(tmp_path)
    assert sorted(each["says"].rpartition(", ")[2] for each in found["images"]) == ["patient 1", "patient 2"]
    assert found["notes"] == ["The files are of 2 patients; take all from one, and leave the files of the others out."]
    assert "ANOTHER" not in str(found)


def test_a_time_series_is_refused_with_the_scan_that_it_came_as_and_without_its_number(
    reader: TestClient, app: FastAPI, tmp_path: Path
) -> None:
    nib.save(nib.Nifti1Image(np.zeros((4, 4, 4, 3), np.int16), np.eye(4)), tmp_path / "phases.nii.gz")  # type: ignore[attr-defined]
    came = reader.post("/uploads?name=phases.nii.gz", content=(tmp_path / "phases.nii.gz").read_bytes(),
                       headers={"X-CSRF-Token": token_on(reader.get("/who").text)}).json()["id"]  # fmt: skip
    place = str(place_of(files_of(app.state.web.workspace, came)))
    asked = asked_for(PairAsked(request=PairRequest(place, place, (place,), (place,))))
    (tmp_path / "job" / "out").mkdir(parents=True)
    doing = Doing(id="0" * 16, folder=tmp_path / "job" / "out", registry="", workspace=tmp_path, who=WHO,
                  tell=lambda _: None)  # fmt: skip
    with pytest.raises(
        BadGeometry, match=r"^The file of “Scan before ablation” is a time series \(4 x 4 x 4 x 3\); one 3-D image"
    ):
        work_called(WORK).run(asked, doing)


def test_a_file_of_its_own_takes_the_place_of_a_mask_that_lay_with_a_scan_and_a_refusal_stays(
    settings: ServeSettings, browser: Browser, chromium: Path, tmp_path: Path
) -> None:
    as_series(tmp_path / "ct", HU, GRID)
    voxels = np.zeros((*GRID.shape_kji, 1), dtype=np.uint8)
    voxels[2:5, 4:9, 4:9] = 1
    as_seg(tmp_path / "ct" / "seg.dcm", voxels, ["tumor"], slices(HU, GRID))
    nib.save(nib.Nifti1Image(voxels[..., 0], np.eye(4)), tmp_path / "drawn.nii.gz")  # type: ignore[attr-defined]
    (tmp_path / "alone.raw").write_bytes(b"voxels")
    with story(settings, browser, chromium, who=WHO) as told:
        page = told.page
        told.go("/assess")

        def give(slot: str, *files: Path, came: str) -> None:
            page.locator(f'[data-slot="{slot}"] [data-files]').first.set_input_files(list(files))
            expect(page.locator(f'[data-slot="{slot}"] [data-came]')).to_contain_text(came, timeout=60_000)

        give("before", *sorted((tmp_path / "ct").iterdir()), came="9 files")
        assert page.input_value('[name="tumor_label"]') == "1"
        # A file without a list of its own is what is meant, not the segment that was offered before.
        give("tumor", tmp_path / "drawn.nii.gz", came="drawn.nii.gz")
        assert page.input_value('[name="tumor_label"]') == ""
        own = page.input_value('[data-slot="tumor"] input[type=hidden]')
        assert own not in ("", page.input_value('[data-slot="before"] input[type=hidden]'))
        # What was said of a file that cannot be used is not wiped away by what comes onto another box.
        give("ablation", tmp_path / "alone.raw", came="without its header")
        give("after", *sorted((tmp_path / "ct").iterdir()), came="9 files")
        expect(page.locator('[data-slot="ablation"] [data-came]')).to_contain_text("without its header")
        assert page.input_value('[data-slot="ablation"] input[type=hidden]') == ""
        assert page.inner_text("#missing") == "Still missing: the ablation zone."
        assert page.input_value('[data-slot="tumor"] input[type=hidden]') == own
        page.locator('[data-slot="ablation"] [data-choice]').select_option(index=1)
        assert page.inner_text('[data-slot="ablation"] [data-came]') == "from the files of a scan"
        assert page.inner_text("#missing") == ""
        told.errors = [each for each in told.errors if "400" not in each]  # the refused file
        assert (told.left, told.errors) == ([], [])
