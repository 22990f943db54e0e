"""From two DICOM folders, as a hospital exports them, to the report, SEG, SR and PDF: one command."""

from __future__ import annotations

import contextlib
import csv
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from isotherm.app.cli import main
from isotherm.exchange.transform_files import read_transform, write_transform
from isotherm.imaging.transform import Transform
from tests.app.on_disk import FAST, GRID, MIDDLE, ROOT, Command, ball, checked, write
from tests.app.scans_on_disk import MARGIN_MM, Folders, pair
from tests.app.test_register_command import SCHEMA, squeezed
from tests.browser import Tab
from tests.exchange.made_up_dicom import PATIENT_ID, as_seg, as_series, read_again, slices

DOC = ROOT / "docs" / "assess.md"

pytestmark = pytest.mark.usefixtures("once")


@dataclass(frozen=True)
class Assessed:
    """What one run of `isotherm assess` left behind."""

    out: Path
    code: int

    @property
    def document(self) -> dict[str, Any]:
        return checked((self.out / "margin.json").read_text(encoding="utf-8"))

    @property
    def lesion(self) -> dict[str, Any]:
        (lesion,) = self.document["lesions"]
        return lesion


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def documented() -> list[list[str]]:
    """Return the commands of docs/assess.md, without the name of the program."""
    blocks = re.findall(r"^```sh\n(.*?)^```", DOC.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line.removeprefix("isotherm ")) for line in lines]


@pytest.fixture(scope="module")
def followed(scans: Folders, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """What a newcomer has who has typed every command of docs/assess.md: the folder, and the exit codes."""
    home = tmp_path_factory.mktemp("followed")
    (home / "before").symlink_to(scans.before)
    (home / "after").symlink_to(scans.after)
    with contextlib.chdir(home):
        return home, [main([*words, *(FAST if words[0] == "assess" else ())]) for words in documented()]


@pytest.fixture(scope="module")
def assessed(followed: tuple[Path, list[int]]) -> Assessed:
    """The run of docs/assess.md for all tests that look at it."""
    home, codes = followed
    return Assessed(home / "results", codes[2])


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Both scans of one still patient, a tumor and its zone: what a transform that is given is tried on."""
    home = tmp_path_factory.mktemp("small")
    noise = np.random.default_rng(0).integers(-100, 200, GRID.shape_kji).astype(np.int16)
    organ = np.zeros(GRID.shape_kji, dtype=bool)
    organ[2:-2, 2:-2, 2:-2] = True
    for name, day, masks in (
        ("before", "20240102", {"tumor": ball(MIDDLE, 5.0), "liver": organ}),
        ("after", "20240103", {"zone": ball(MIDDLE, 10.0), "liver": organ}),
    ):
        as_series(home / name / "ct", noise, GRID, study=name, day=day)
        pixels = np.stack(list(masks.values()), axis=-1).astype(np.uint8)
        as_seg(home / name / "seg.dcm", pixels, list(masks), slices(noise, GRID, study=name, day=day))
    write_transform(Transform(), home / "still.tfm")
    write_transform(Transform(translation_mm=np.array([2.0, 0.0, 0.0])), home / "shifted.tfm")
    write_transform(squeezed(0.7), home / "squeezed.h5")
    before, after = home / "before", home / "after"
    return [str(before / "ct"), str(after / "ct"), "--tumor", f"{before}/seg.dcm:tumor", "--ablation",
            f"{after}/seg.dcm:zone", "--organ-after", f"{after}/seg.dcm:liver", "--confirm-pair",
            "--transform", str(home)]  # fmt: skip


def with_transform(small: list[str], name: str) -> list[str]:
    return [*small[:-1], f"{small[-1]}/{name}"]


def test_the_commands_of_the_manual_do_what_it_says(followed: tuple[Path, list[int]], assessed: Assessed) -> None:
    home, codes = followed
    assert codes == [0, 0, 0, 0]
    nudged = json.loads((home / "nudged" / "registration.json").read_text(encoding="utf-8"))["lesions"][0]
    assert nudged["by_hand"] == "nudged by 2.0 mm and up to 0.0 degrees"
    found = assessed.lesion["registration"]["tumor_shift_lps_mm"]
    assert np.subtract(nudged["tumor_shift_lps_mm"], found) == pytest.approx([0.0, 0.0, -2.0], abs=0.1)


def test_everything_is_written_by_one_command(assessed: Assessed) -> None:
    assert assessed.code == 0
    assert sorted(path.name for path in assessed.out.iterdir()) == [
        "dicom", "lesion-tumor-margin.vtk", "lesion-tumor-residual.nii.gz", "lesion-tumor-transform.h5",
        "lesion-tumor-uncovered.nii.gz", "margin.json", "margins.csv", "registration.json", "report.html", "report.pdf",
    ]  # fmt: skip
    assert sorted(path.name for path in (assessed.out / "dicom").iterdir()) == [
        "lesion-tumor-registration.dcm", "measurements.dcm", "report.dcm", "segments.dcm",
    ]  # fmt: skip


def test_the_margin_comes_near_the_truth_and_its_interval_holds_it(assessed: Assessed) -> None:
    lesion = assessed.lesion
    assert lesion["minimal_margin_unrestricted_mm"] == pytest.approx(MARGIN_MM, abs=1.5)
    assert lesion["interval_mm"]["low"] <= MARGIN_MM <= lesion["interval_mm"]["high"]
    assert lesion["registration"]["verdict"] in ("pass", "warn")


def test_both_ways_of_registering_are_told_with_their_margins(assessed: Assessed) -> None:
    lesion = assessed.lesion
    told = lesion["registration"]
    assert told["method"] == "deformable"
    assert told["minimal_margin_deformable_mm"] == lesion["minimal_margin_mm"]
    assert told["minimal_margin_rigid_mm"] != told["minimal_margin_deformable_mm"]
    row = next(csv.DictReader((assessed.out / "margins.csv").read_text(encoding="utf-8").splitlines()))
    assert row["registration"] == told["verdict"]
    assert float(row["minimal_margin_rigid_mm"]) == told["minimal_margin_rigid_mm"]


def test_registration_json_follows_its_schema(assessed: Assessed) -> None:
    document = json.loads((assessed.out / "registration.json").read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(document)


def test_the_transforms_that_were_written_carry_the_tumor_to_its_true_place(assessed: Assessed) -> None:
    scans = pair()
    center = np.array([scans.tumor_shape.center_lps_mm])
    files = [assessed.out / "lesion-tumor-transform.h5", assessed.out / "dicom" / "lesion-tumor-registration.dcm"]
    places = [read_transform(file).back(center) for file in files]
    assert np.linalg.norm(places[0] - scans.warp.back(center)) < 1.5
    assert places[1] == pytest.approx(places[0], abs=0.01)


def test_objects_in_dicom_are_valid_and_of_the_study_after(
    assessed: Assessed, scans: Folders, dciodvfy: Callable[[Path], list[str]]
) -> None:
    image = read_again(next((scans.after / "ct").iterdir()))
    for path in (assessed.out / "dicom").iterdir():
        assert dciodvfy(path) == [], path.name
        made = read_again(path)
        assert made.StudyInstanceUID == image.StudyInstanceUID, path.name
        assert made.PatientID == PATIENT_ID


def test_the_report_in_dicom_is_the_one_on_paper(assessed: Assessed) -> None:
    made = read_again(assessed.out / "dicom" / "report.dcm")
    assert made.MIMETypeOfEncapsulatedDocument == "application/pdf"
    pdf = (assessed.out / "report.pdf").read_bytes()
    assert made.EncapsulatedDocument[: made.EncapsulatedDocumentLength] == pdf
    assert made.SourceInstanceSequence[0].ReferencedSOPInstanceUID


def test_the_report_says_how_the_scans_were_laid_on_each_other(assessed: Assessed, tab: Tab) -> None:
    tab.page.goto((assessed.out / "report.html").as_uri())
    section = tab.page.locator("#registration")
    assert "How the scans were laid on each other" in section.inner_text()
    assert section.locator("img").count() == 4  # both scans to blink between, checkerboard, deformation
    assert section.locator(".gates tbody tr").count() == len(assessed.lesion["registration"]["gates"])
    assert (tab.left, tab.errors) == ([], [])


def test_both_scans_are_blinked_between_by_button_and_by_key(assessed: Assessed, tab: Tab) -> None:
    tab.page.goto((assessed.out / "report.html").as_uri())
    before = tab.page.locator("[data-frame=before]")
    toggle = tab.page.locator("[data-blink-toggle]")
    assert not before.is_visible()
    toggle.click()
    assert before.is_visible()
    assert toggle.get_attribute("aria-pressed") == "true"
    tab.page.keyboard.press("b")
    assert not before.is_visible()
    tab.page.locator("[data-blink-run]").click()
    before.wait_for(state="visible")
    assert (tab.left, tab.errors) == ([], [])


def test_no_page_or_message_names_the_patient(assessed: Assessed) -> None:
    for path in assessed.out.iterdir():
        if path.suffix in (".json", ".csv", ".html"):
            assert "SECRET" not in path.read_text(encoding="utf-8"), path.name


def test_paper_holds_its_fonts_and_few_pages(assessed: Assessed, poppler: Callable[..., str]) -> None:
    pdf = assessed.out / "report.pdf"
    fonts = poppler("pdffonts", pdf).splitlines()[2:]
    assert fonts
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts)
    told = poppler("pdfinfo", pdf)
    assert 2 <= int(told.split("Pages:")[1].split()[0]) <= 4
    assert "A4" in told
    words = poppler("pdftotext", pdf, "-")
    assert f"{assessed.lesion['minimal_margin_mm']:.1f}" in words
    assert "Way there and back" in words
    assert "SECRET" not in words


def test_a_transform_that_is_given_is_measured_with_and_nothing_is_registered(run: Command, small: list[str]) -> None:
    still = run("assess", *with_transform(small, "still.tfm"), "--json", "-", *FAST)
    shifted = run("assess", *with_transform(small, "shifted.tfm"), "--json", "-", *FAST)
    assert (still.code, shifted.code) == (0, 0)
    assert still.lesion["minimal_margin_unrestricted_mm"] == pytest.approx(5.0, abs=0.15)
    assert shifted.lesion["minimal_margin_unrestricted_mm"] == pytest.approx(3.0, abs=0.15)
    assert still.lesion["registration"]["method"] == "given"


def test_a_still_patient_measures_as_without_a_registration(run: Command, small: list[str]) -> None:
    before, after = small[0].removesuffix("/ct"), small[1].removesuffix("/ct")
    plain = run("margin", "--tumor", f"{before}/seg.dcm:tumor", "--ablation", f"{after}/seg.dcm:zone", "--organ",
                f"{after}/seg.dcm:liver", "--organ-frame", "after", "--json", "-", *FAST)  # fmt: skip
    still = run("assess", *with_transform(small, "still.tfm"), "--json", "-", *FAST)
    for key in ("minimal_margin_mm", "interval_mm", "probability", "percentiles_mm", "tumor_volume_ml"):
        assert still.lesion[key] == plain.lesion[key], key


def test_a_registration_that_fails_withholds_the_margin_everywhere(
    run: Command, small: list[str], tmp_path: Path, tab: Tab
) -> None:
    ran = run("assess", *with_transform(small, "squeezed.h5"), "--out", tmp_path / "out", *FAST)
    lesion = checked((tmp_path / "out" / "margin.json").read_text())["lesions"][0]
    assert ran.code == 3
    assert "NOT TO BE USED" in ran.out
    assert lesion["status"] == "withheld"
    assert lesion["reasons"][0].startswith("the registration failed")
    numbers = ("minimal_margin_mm", "minimal_margin_unrestricted_mm", "minimal_margin_qam_mm", "interval_mm",
               "probability", "thinnest_point_lps_mm", "residual_volume_ml", "tissue_at_risk_ml")  # fmt: skip
    assert [lesion[key] for key in numbers] == [None] * len(numbers)
    assert set(lesion["shell_coverage"].values()) == set(lesion["surface_fraction"].values()) == {None}
    row = next(csv.DictReader((tmp_path / "out" / "margins.csv").read_text(encoding="utf-8").splitlines()))
    assert (row["status"], row["minimal_margin_mm"]) == ("withheld", "")
    tab.page.goto((tmp_path / "out" / "report.html").as_uri())
    assert "NOT TO BE USED" in tab.page.locator(".banner.fail").inner_text()
    assert tab.page.locator(".number strong").inner_text() == "withheld"
    assert not (tmp_path / "out" / "dicom").exists()


def test_a_failed_run_takes_away_what_an_earlier_one_said(run: Command, small: list[str], tmp_path: Path) -> None:
    assert run("assess", *with_transform(small, "still.tfm"), "--out", tmp_path, *FAST).code == 0
    assert (tmp_path / "dicom" / "measurements.dcm").exists()
    assert run("assess", *with_transform(small, "squeezed.h5"), "--out", tmp_path, *FAST).code == 3
    assert list((tmp_path / "dicom").iterdir()) == []
    assert not list(tmp_path.glob("*margin.vtk"))


def test_paper_of_a_failed_registration_is_marked_on_every_page(
    run: Command, small: list[str], tmp_path: Path, poppler: Callable[..., str]
) -> None:
    run("assess", *with_transform(small, "squeezed.h5"), "--out", tmp_path, *FAST)
    pages = poppler("pdftotext", tmp_path / "report.pdf", "-").split("\f")[:-1]
    assert len(pages) >= 2
    assert all("NOT TO BE USED" in page for page in pages)


def test_landmarks_are_a_gate_of_their_own(run: Command, small: list[str], tmp_path: Path) -> None:
    rows = ["# frame: LPS", "name,after_x,after_y,after_z,before_x,before_y,before_z", "a,0,0,120,0,1,120",
            "b,5,0,120,5,2,120"]  # fmt: skip
    (tmp_path / "marks.csv").write_text("\n".join(rows) + "\n")
    ran = run(
        "assess", *with_transform(small, "still.tfm"), "--landmarks", tmp_path / "marks.csv", "--json", "-", *FAST
    )
    gate = next(one for one in ran.lesion["registration"]["gates"] if one["name"] == "landmarks")
    assert (gate["figure"], gate["verdict"]) == (1.5, "pass")


def test_landmarks_that_only_repeat_the_registration_confirm_nothing(
    run: Command, small: list[str], tmp_path: Path
) -> None:
    rows = ["# frame: LPS", "name,after_x,after_y,after_z,before_x,before_y,before_z", "a,0,0,120,0,0.04,120",
            "b,5,0,120,5,2,120"]  # fmt: skip
    (tmp_path / "marks.csv").write_text("\n".join(rows) + "\n")
    for mend in ([], ["--mend"]):
        ran = run("assess", *with_transform(small, "still.tfm"), "--landmarks", tmp_path / "marks.csv", *mend, *FAST)
        assert ran.code == 2
        assert "1 of 2 landmarks repeat only the registration that is there" in ran.err


def test_landmarks_of_the_other_scan_or_frame_are_refused(run: Command, small: list[str], tmp_path: Path) -> None:
    header = "name,after_x,after_y,after_z,before_x,before_y,before_z"
    (tmp_path / "marks.csv").write_text(f"# frame: LPS\n{header}\na,0,0,120,0,0,-120\nb,5,0,120,5,2,120\n")
    ran = run("assess", *with_transform(small, "still.tfm"), "--landmarks", tmp_path / "marks.csv", *FAST)
    assert ran.code == 2
    assert "1 of 2 landmarks lie beside the scan before ablation; check which file is of which scan" in ran.err


def test_landmarks_alone_lay_the_scans_on_each_other(run: Command, small: list[str], tmp_path: Path) -> None:
    rows = ["# frame: LPS", "name,after_x,after_y,after_z,before_x,before_y,before_z"]
    places = [(-20, 0, 120), (20, 0, 120), (0, 20, 125), (0, -20, 115), (0, 0, 140), (5, 5, 100)]
    rows += [f"{n},{x},{y},{z},{x - 2},{y},{z}" for n, (x, y, z) in enumerate(places)]
    (tmp_path / "marks.csv").write_text("\n".join(rows) + "\n")
    ran = run(
        "assess", *small[:-2], "--method", "landmarks", "--landmarks", tmp_path / "marks.csv", "--json", "-", *FAST
    )
    told = ran.lesion["registration"]
    assert (told["method"], told["tumor_shift_lps_mm"]) == ("landmarks", [2.0, 0.0, 0.0])
    assert ran.lesion["minimal_margin_unrestricted_mm"] == pytest.approx(3.0, abs=0.15)


def test_a_nudge_moves_the_tumor_and_is_told(run: Command, small: list[str]) -> None:
    ran = run("assess", *with_transform(small, "still.tfm"), "--nudge=2,0,0", "--json", "-", *FAST)
    told = ran.lesion["registration"]
    assert told["tumor_shift_lps_mm"] == [2.0, 0.0, 0.0]
    assert told["by_hand"] == "nudged by 2.0 mm and up to 0.0 degrees"
    assert ran.lesion["minimal_margin_unrestricted_mm"] == pytest.approx(3.0, abs=0.15)


def test_a_zone_that_shrank_is_an_assumption_beside_the_finding(run: Command, small: list[str]) -> None:
    ran = run("assess", *with_transform(small, "still.tfm"), "--zone-shrinkage", "0.271", "--json", "-", *FAST)
    told = ran.lesion["zone_shrinkage"]
    assert ran.lesion["minimal_margin_unrestricted_mm"] == pytest.approx(5.0, abs=0.15)
    assert told["minimal_margin_mm"] == pytest.approx(5.0 + 10.0 * (1.0 / 0.9 - 1.0), abs=0.2)  # 0.9 ** 3 is 0.729
    refused = run("assess", *with_transform(small, "still.tfm"), "--zone-shrinkage", "0.9", "--json", "-", *FAST)
    assert (refused.code, refused.err.count("\n")) == (2, 1)


def test_a_shared_frame_of_reference_is_said_to_be_no_registration(
    run: Command, small: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "after"
    noise = np.zeros(GRID.shape_kji, dtype=np.int16)
    as_series(folder / "ct", noise, GRID, study="before", series="later", day="20240102")
    arguments = with_transform(small, "still.tfm")
    arguments[1] = str(folder / "ct")
    said = " ".join(run("assess", *arguments, "--confirm-pair", "--json", "-", *FAST).document["warnings"])
    assert "share a frame of reference, which is not a registration" in said


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--dicom", "{here}"], ""),
        (["--landmarks-before", "x.csv"], "without --landmarks"),
        (["--landmarks", "nowhere.csv"], "cannot be read"),
        (["--mend"], "none came"),
        (["--method", "rigid"], "one of them"),
        (["--nudge=1,2"], "three mm"),
        (["--nudge=a,b,c"], "three mm"),
        (["--nudge=nan,0,0"], "A nudge that is none"),
        (["--nudge=0,0,900"], "A nudge that is none"),
    ],
)
def test_options_that_do_not_fit_are_refused_in_one_sentence(
    run: Command, small: list[str], tmp_path: Path, more: list[str], says: str
) -> None:
    ran = run("assess", *with_transform(small, "still.tfm"), *[one.format(here=tmp_path) for one in more], *FAST)
    assert ran.code == (2 if says else 0), ran.err
    assert says in ran.err


def test_results_in_dicom_need_a_scan_after_in_dicom(run: Command, tmp_path: Path) -> None:
    image = write(tmp_path / "image.nii.gz", np.zeros(GRID.shape_kji, dtype=np.int16))
    tumor = write(tmp_path / "tumor.nii.gz", ball(MIDDLE, 5.0))
    ran = run("assess", image, image, "--tumor", tumor, "--ablation", tumor, "--dicom", tmp_path / "dicom", *FAST)
    assert ran.code == 2
    assert "as DICOM" in ran.err


def test_an_input_is_never_written_over(run: Command, small: list[str], tmp_path: Path) -> None:
    write_transform(Transform(), tmp_path / "lesion-tumor-transform.h5")
    arguments = [*small[:-1], str(tmp_path / "lesion-tumor-transform.h5")]
    ran = run("assess", *arguments, "--out", tmp_path, *FAST)
    assert ran.code == 2
    assert "would be overwritten" in ran.err


def test_margin_writes_its_report_on_paper_and_beside_the_image(
    run: Command, small: list[str], tmp_path: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    before, after = small[0].removesuffix("/ct"), small[1].removesuffix("/ct")
    ran = run("margin", "--tumor", f"{before}/seg.dcm:tumor", "--ablation", f"{after}/seg.dcm:zone", "--image",
              small[1], "--pdf", tmp_path / "report.pdf", "--dicom", tmp_path / "dicom", *FAST)  # fmt: skip
    assert ran.code == 0, ran.err
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert dciodvfy(tmp_path / "dicom" / "report.dcm") == []
