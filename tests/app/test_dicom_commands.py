"""`isotherm dicom list` shows what a folder holds; `isotherm margin` measures DICOM as it measures NIfTI."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from isotherm.imaging.volume import Grid
from tests.app.on_disk import FAST, GRID, MARGIN_MM, MIDDLE, Command, ball, small_case
from tests.exchange.made_up_dicom import PATIENT_ID, Dataset, as_seg, as_series, slices, uid

HU = np.random.default_rng(0).integers(-100, 200, GRID.shape_kji).astype(np.int16)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """Both examinations as a hospital exports them: an image before with the tumor, one after with the zone."""
    whole = np.zeros(GRID.shape_kji, dtype=bool)
    whole[2:-2, 2:-2, 2:-2] = True
    masks = {"before": {"tumor": ball(MIDDLE, 5.0), "liver": whole},
             "after": {"zone": ball((MIDDLE[0], MIDDLE[1], MIDDLE[2] + 2.0), 10.0)}}  # fmt: skip
    for day, study in (("20240102", "before"), ("20240103", "after")):
        as_series(tmp_path / study / "image", HU, GRID, study=study, day=day)
        voxels = np.stack(list(masks[study].values()), axis=-1).astype(np.uint8)
        as_seg(tmp_path / study / "seg.dcm", voxels, list(masks[study]), slices(HU, GRID, study=study, day=day))
    return tmp_path


def arguments(case: Path) -> tuple[str, ...]:
    before, after = case / "before", case / "after"
    return ("--tumor", f"{before}/seg.dcm:tumor", "--organ", f"{before}/seg.dcm:liver",
            "--ablation", f"{after}/seg.dcm", "--image-before", f"{before}/image", "--image", f"{after}/image",
            "--json", "-", *FAST)  # fmt: skip


def test_the_table_shows_each_series_and_what_it_is(run: Command, case: Path) -> None:
    ran = run("dicom", "list", case / "before")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].split()[:3] == ["series", "kind", "planes"]
    assert lines[2].split()[:6] == ["3", "CT", "40", "40", "x", "40"]
    assert lines[3].split()[:2] == ["300", "SEG"]
    assert PATIENT_ID not in ran.out


def test_the_table_as_json(run: Command, case: Path) -> None:
    told = json.loads(run("dicom", "list", case / "before", "--json").out)
    assert [(one["label"], one["kind"], one["readable_as"]) for one in told["series"]] == [
        ("3", "CT", "image"),
        ("300", "SEG", "mask"),
    ]
    assert told["series"][0]["shape_kji"] == [40, 40, 40]
    assert told["series"][0]["study_day"] == "2024-01-02"
    assert told["series"][0]["simulated"] is False


def test_a_folder_that_is_not_there(run: Command, tmp_path: Path) -> None:
    ran = run("dicom", "list", tmp_path / "nowhere")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "is not there" in ran.err


def test_a_margin_from_dicom_is_the_one_from_nifti(run: Command, case: Path, tmp_path: Path) -> None:
    from_dicom = run("margin", *arguments(case)).lesion
    from_nifti = run("margin", *small_case(tmp_path / "nifti"), "--json", "-", *FAST).lesion
    assert from_dicom["minimal_margin_mm"] == pytest.approx(MARGIN_MM, abs=0.3)
    assert from_dicom["minimal_margin_mm"] == from_nifti["minimal_margin_mm"]
    assert from_dicom["status"] == from_nifti["status"]


def test_what_the_headers_say_of_frames_travels_with_the_result(run: Command, case: Path) -> None:
    told = " ".join(run("margin", *arguments(case)).document["warnings"])
    assert "different frames of reference" in told
    assert PATIENT_ID not in told


def test_scans_the_wrong_way_around_are_a_question(run: Command, case: Path) -> None:
    (case / "before").rename(case / "x")
    (case / "after").rename(case / "before")
    (case / "x").rename(case / "after")
    swapped = [one.replace("seg.dcm:tumor", "seg.dcm:1").replace("seg.dcm:liver", "seg.dcm:1") if "before" in one
               else one.replace("seg.dcm", "seg.dcm:tumor") for one in arguments(case)]  # fmt: skip
    ran = run("margin", *swapped)
    assert ran.code == 2
    assert "1 days older than the one before: are both the right way around; if so, add --confirm-pair" in ran.err


def test_two_patients_are_a_question_that_can_be_answered(run: Command, case: Path) -> None:
    def another(dataset: Dataset, k: int) -> None:
        dataset.PatientID, dataset.SOPInstanceUID = "ANOTHER-SECRET", uid("another", k)

    as_series(case / "other", HU, GRID, study="after", day="20240103", change=another)
    named = [one.replace(f"{case}/after/image", f"{case}/other") for one in arguments(case)]
    ran = run("margin", *named)
    assert (ran.code, "2 different patient IDs" in ran.err, "SECRET" in ran.err) == (2, True, False)
    assert "it was confirmed" in " ".join(run("margin", *named, "--confirm-pair").document["warnings"])


def test_a_list_of_cases_measures_a_folder_again_only_if_it_changed(run: Command, case: Path, tmp_path: Path) -> None:
    row = ",".join(["one", "before/seg.dcm:tumor", "after/seg.dcm:zone", "after/image"])
    (case / "cases.csv").write_text(f"case,tumor,ablation,image\n{row}\n")
    out = tmp_path / "out"
    assert "1 case measured" in run("batch", case / "cases.csv", "--out", out, *FAST).out
    assert "1 kept" in run("batch", case / "cases.csv", "--out", out, *FAST).out
    changed = sorted((case / "after" / "image").iterdir())[0]
    changed.write_bytes(changed.read_bytes() + b"\0\0")
    assert "1 case measured" in run("batch", case / "cases.csv", "--out", out, *FAST).out


def test_a_question_about_one_case_of_a_list_is_answered_in_its_row(run: Command, case: Path, tmp_path: Path) -> None:
    head = "case,tumor,ablation,image,confirm_pair"
    swapped = "after/seg.dcm:zone,before/seg.dcm:tumor,before/image"
    (case / "cases.csv").write_text(f"{head}\none,{swapped},\ntwo,{swapped},yes\n")
    ran = run("batch", case / "cases.csv", "--out", tmp_path / "out", *FAST)
    assert (ran.code, "1 case measured" in ran.out, "1 refused" in ran.out) == (3, True, True)
    assert "confirm_pair, yes" in (tmp_path / "out" / "cases.csv").read_text()
    (case / "cases.csv").write_text(f"{head}\none,{swapped},perhaps\n")
    assert "yes or no is wanted" in run("batch", case / "cases.csv", "--out", tmp_path / "out", *FAST).err


def test_an_image_of_another_place_is_refused(run: Command, case: Path) -> None:
    away = Grid(GRID.shape_kji, GRID.spacing_kji_mm, (-20.0, -20.0, 900.0))
    as_series(case / "away", HU, away, study="after", day="20240103")
    ran = run("margin", *[one.replace(f"{case}/after/image", f"{case}/away") for one in arguments(case)])
    assert ran.code == 2
    assert "do not meet" in ran.err
