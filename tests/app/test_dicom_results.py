"""Segments and measurements in DICOM are valid, in place, and say to other programs what margin.json says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from pydicom.dataset import Dataset

from isotherm.exchange.dicom_codes import OWN, SCHEME
from isotherm.exchange.image_files import read_masks, write_mask
from isotherm.imaging.volume import Grid
from tests.app.on_disk import GRID, MIDDLE, Command, ball
from tests.app.test_dicom_commands import HU, arguments
from tests.exchange.made_up_dicom import PATIENT_ID, as_multiframe, as_seg, as_series, read_again, slices

DOCS = Path(__file__).resolve().parents[2] / "docs"

SHORT = ball((MIDDLE[0], MIDDLE[1], MIDDLE[2] + 2.0), 6.0)
"""A zone that leaves a part of the tumor untreated, so that there is something residual and under-covered."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    whole = np.zeros(GRID.shape_kji, dtype=bool)
    whole[2:-2, 2:-2, 2:-2] = True
    masks = {"before": {"tumor": ball(MIDDLE, 5.0), "liver": whole}, "after": {"zone": SHORT}}
    for day, study in (("20240102", "before"), ("20240103", "after")):
        as_series(tmp_path / study / "image", HU, GRID, study=study, day=day)
        voxels = np.stack(list(masks[study].values()), axis=-1).astype(np.uint8)
        as_seg(tmp_path / study / "seg.dcm", voxels, list(masks[study]), slices(HU, GRID, study=study, day=day))
    return tmp_path


@pytest.fixture
def written(run: Command, case: Path) -> tuple[Path, dict[str, Any]]:
    ran = run("margin", *arguments(case), "--dicom", case / "dicom", "--out", case / "out")
    assert ran.code == 0, ran.err
    return case / "dicom", ran.lesion


def dcmqi(name: str) -> str:
    """Return the path of a program of dcmqi, which shares no code with what writes our objects."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("dcmqi has no wheel for this machine")
    return found


def test_both_are_valid(written: tuple[Path, dict[str, Any]], dciodvfy: Callable[[Path], list[str]]) -> None:
    folder, _ = written
    assert sorted(path.name for path in folder.iterdir()) == ["measurements.dcm", "segments.dcm"]
    for path in folder.iterdir():
        assert dciodvfy(path) == []


def test_what_comes_of_a_simulated_scan_says_so_whatever_it_is_and_is_known_when_it_is_read(
    run: Command, case: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    as_series(case / "after" / "image", HU, GRID, study="after", day="20240103", change=made_up)
    ran = run("margin", *arguments(case), "--dicom", case / "dicom", "--out", case / "out", "--pdf", case / "r.pdf")
    assert ran.code == 0, ran.err
    told = json.loads((case / "out" / "margin.json").read_text())
    assert {one["role"]: one["simulated"] for one in told["inputs"]}["image after ablation"] is True
    assert "Simulated data." in (case / "out" / "report.html").read_text()
    names = ("segments.dcm", "measurements.dcm", "report.dcm")
    for name in names:
        assert read_again(case / "dicom" / name).SyntheticData == "YES"
        assert dciodvfy(case / "dicom" / name) == []
    (mask,) = read_masks(f"{case / 'dicom' / 'segments.dcm'}:2", of="structure")
    assert mask.simulated
    assert "says of itself that it is simulated" in run("dicom", "list", case / "dicom").out


def test_where_only_a_mask_was_simulated_the_results_say_so_too_and_else_they_say_nothing(
    run: Command, case: Path, written: tuple[Path, dict[str, Any]]
) -> None:
    folder, _ = written
    assert all("SyntheticData" not in read_again(path) for path in folder.iterdir())
    (zone,) = read_masks(case / "after" / "seg.dcm", of="ablation")
    write_mask(case / "zone.nii.gz", zone.mask, simulated=True)
    told = [str(case / "zone.nii.gz") if one.endswith("after/seg.dcm") else one for one in arguments(case)]
    assert run("margin", *told, "--dicom", case / "again").code == 0
    assert all(read_again(path).SyntheticData == "YES" for path in (case / "again").iterdir())


def made_up(dataset: Dataset, k: int) -> None:
    """Let one slice of a series say that it was made."""
    if k == 3:
        dataset.SyntheticData = "YES"


def test_another_program_reads_the_same_voxels_in_the_same_place(
    written: tuple[Path, dict[str, Any]], case: Path, tmp_path: Path
) -> None:
    folder, _ = written
    (tmp_path / "read").mkdir()
    subprocess.run(
        [dcmqi("segimage2itkimage"), "--inputDICOM", folder / "segments.dcm", "--outputDirectory", tmp_path / "read",
         "-t", "nrrd"], check=True, capture_output=True,
    )  # fmt: skip
    names = [str(one.SegmentLabel) for one in read_again(folder / "segments.dcm").SegmentSequence]
    assert names == ["Ablation zone", "Tumor tumor", "Residual tumor tumor", "Under-covered region tumor"]
    residual = read_masks(case / "out" / "lesion-tumor-residual.nii.gz", of="structure")[0].mask.on(GRID).inside
    uncovered = read_masks(case / "out" / "lesion-tumor-uncovered.nii.gz", of="structure")[0].mask.on(GRID).inside
    wanted = [SHORT, ball(MIDDLE, 5.0), residual, uncovered]
    for number, (name, voxels) in enumerate(zip(names, wanted, strict=True), start=1):
        (read,) = read_masks(tmp_path / "read" / f"{number}.nrrd", of="structure")
        assert np.array_equal(read.mask.on(GRID).voxels, voxels), name
        (own,) = read_masks(f"{folder / 'segments.dcm'}:{number}", of="structure")
        assert np.array_equal(own.mask.on(GRID).voxels, voxels), name
    image = SimpleITK.ReadImage(str(tmp_path / "read" / "1.nrrd"))
    assert image.GetSpacing() == pytest.approx(GRID.spacing_kji_mm[::-1])


def test_another_program_reads_the_numbers_of_margin_json(written: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, lesion = written
    subprocess.run([dcmqi("tid1500reader"), "--inputDICOM", folder / "measurements.dcm", "--outputMetadata",
                    tmp_path / "sr.json"], check=True, capture_output=True)  # fmt: skip
    groups = json.loads((tmp_path / "sr.json").read_text())["Measurements"]
    values = [{one["quantity"]["CodeValue"]: float(one["value"]) for one in group["measurementItems"]}
              for group in groups if "ReferencedSegment" in group]  # fmt: skip
    assert values[0] == pytest.approx({
        "MAM": lesion["minimal_margin_mm"],
        "MAMLOW": lesion["interval_mm"]["low"],
        "MAMHIGH": lesion["interval_mm"]["high"],
        "MARGINP5": lesion["percentiles_mm"]["p5"],
        "MARGINP50": lesion["percentiles_mm"]["p50"],
        "BELOW0": lesion["surface_fraction"]["below_0_mm"],
        "PBELOW0": lesion["probability"]["below_0_mm"],
        "PBELOW5": lesion["probability"]["below_5_mm"],
        "118565006": lesion["tumor_volume_ml"],
        "ZONEVOL": lesion["ablation_volume_ml"],
        "RESVOL": lesion["residual_volume_ml"],
        "RISKVOL": lesion["tissue_at_risk_ml"],
    })  # fmt: skip
    assert [one["MAM"] for one in values[1:]] == [
        lesion["minimal_margin_unrestricted_mm"],
        lesion["minimal_margin_qam_mm"],
    ]
    assert {group["TrackingIdentifier"] for group in groups if "ReferencedSegment" in group} == {"Lesion tumor"}
    assert all(group["ReferencedSegment"] == 2 for group in groups if "ReferencedSegment" in group)


def test_the_thinnest_point_is_a_point_of_the_report(written: tuple[Path, dict[str, Any]]) -> None:
    folder, lesion = written
    report = read_again(folder / "measurements.dcm")
    points = [item for item in report.iterall() if item.keyword == "GraphicData"]
    assert [list(map(float, one.value)) for one in points] == [pytest.approx(lesion["thinnest_point_lps_mm"])]


def test_they_belong_to_the_study_of_the_image_and_to_its_frame(
    written: tuple[Path, dict[str, Any]], case: Path
) -> None:
    folder, _ = written
    image = read_again(next((case / "after" / "image").iterdir()))
    for name in ("segments", "measurements"):
        made = read_again(folder / f"{name}.dcm")
        assert made.StudyInstanceUID == image.StudyInstanceUID
        assert made.PatientID == PATIENT_ID
        assert made.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == SCHEME
    assert read_again(folder / "segments.dcm").FrameOfReferenceUID == image.FrameOfReferenceUID


def test_a_lesion_has_the_same_tracking_uid_when_it_is_measured_again(run: Command, case: Path) -> None:
    uids = []
    for name in ("one", "two"):
        assert run("margin", *arguments(case), "--dicom", case / name).code == 0
        uids.append([str(one.TrackingUID) for one in read_again(case / name / "segments.dcm").SegmentSequence])
    assert uids[0] == uids[1]
    assert len(set(uids[0])) == 2


def test_beside_an_image_of_several_frames(run: Command, case: Path, dciodvfy: Callable[[Path], list[str]]) -> None:
    as_multiframe(case / "mr.dcm", np.abs(HU), GRID)
    named = [str(case / "mr.dcm") if one == f"{case}/after/image" else one for one in arguments(case)]
    ran = run("margin", *named, "--dicom", case / "dicom", "--confirm-pair")
    assert ran.code == 0, ran.err
    (zone,) = read_masks(f"{case}/dicom/segments.dcm:Ablation zone", of="ablation")
    assert np.array_equal(zone.mask.on(GRID).voxels, SHORT)
    assert dciodvfy(case / "dicom" / "segments.dcm") == []


def test_masks_of_another_grid_are_sampled_on_the_image(run: Command, case: Path) -> None:
    coarse = Grid((24, 40, 40), (5.0 / 3.0, 1.0, 1.0), GRID.origin_lps_mm)
    as_series(case / "coarse", HU[:24], coarse, study="after", day="20240103")
    named = [one.replace(f"{case}/after/image", f"{case}/coarse") for one in arguments(case)]
    assert run("margin", *named, "--dicom", case / "dicom").code == 0
    (zone,) = read_masks(f"{case}/dicom/segments.dcm:Ablation zone", of="ablation")
    assert zone.grid.spacing_kji_mm[0] == pytest.approx(5.0 / 3.0)
    assert zone.mask.volume_ml == pytest.approx(SHORT.sum() / 1000.0, rel=0.1)


def test_without_an_image_in_dicom_it_is_refused_before_anything_is_measured(run: Command, case: Path) -> None:
    named = [one for one in arguments(case) if not one.startswith("--image") and "/image" not in one]
    ran = run("margin", *named, "--dicom", case / "dicom")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "give the image after ablation as a DICOM folder" in ran.err
    assert not (case / "dicom").exists()


def test_an_image_whose_header_says_too_little_is_refused_in_one_sentence(run: Command, case: Path) -> None:
    for path in (case / "after" / "image").iterdir():
        dataset = read_again(path)
        del dataset.FrameOfReferenceUID
        dataset.save_as(path)
    ran = run("margin", *arguments(case), "--dicom", case / "dicom")
    assert ran.code == 2
    assert "no frame of reference" in ran.err
    assert not (case / "dicom").exists()


def test_every_private_word_is_in_the_documentation_and_fits_into_dicom() -> None:
    page = (DOCS / "dicom.md").read_text(encoding="utf-8")
    for word in OWN:
        assert f"| {word.value} | {word.meaning} | {word.says} |" in page
        assert len(word.value) <= 16
        assert len(word.meaning) <= 64
    assert len({word.value for word in OWN}) == len(OWN)
