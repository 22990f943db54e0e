"""`isotherm segment` writes an outline that says how sure it is, and `isotherm margin` takes that over."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from isotherm.app.case import Request, read_case
from isotherm.app.settings import UNTOLD, Settings
from isotherm.errors import OutputError
from isotherm.exchange.image_files import read_masks, write_mask, write_volume
from isotherm.exchange.outline_files import write_outline
from isotherm.imaging.volume import Grid, Mask, Volume
from tests.app.on_disk import FAST, ROOT, Command, ball
from tests.exchange.made_up_dicom import as_series

GRID = Grid((40, 50, 50), (1.25, 1.0, 1.0), (-20.0, -20.0, 100.0))
MIDDLE = (4.0, 5.0, 124.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image with a ball of 8 mm radius in it, and a mask of the organ around."""
    home = tmp_path_factory.mktemp("image")
    away = np.linalg.norm(GRID.centers_lps_mm() - np.array(MIDDLE), axis=1).reshape(GRID.shape_kji)
    noise = np.random.default_rng(0).normal(scale=9.0, size=GRID.shape_kji)
    hu = 105.0 - 40.0 * np.clip(0.5 + (8.0 - away) / 2.0, 0.0, 1.0) + noise
    write_volume(home / "ct.nii.gz", Volume(hu.astype(np.int16), GRID))
    write_mask(home / "liver.nii.gz", Mask(np.ones(GRID.shape_kji, dtype=bool), GRID, "organ"))
    return home


LINE = "-4,5,124:12,5,124"


def test_a_click_and_a_line_make_a_mask_that_says_how_sure_it_is(isotherm: Command, folder: Path) -> None:
    ran = isotherm("segment", folder / "ct.nii.gz", "--seed", "4.5,5,124", "--line", LINE, "--organ",
                   folder / "liver.nii.gz", "--out", folder / "tumor.nii.gz", "--quiet")  # fmt: skip
    assert ran.code == 0, ran.err
    (read,) = read_masks(folder / "tumor.nii.gz", of="tumor")
    told = json.loads((folder / "tumor.json").read_text(encoding="utf-8"))
    assert told["volume_ml"] == pytest.approx(2.145, rel=0.07)
    assert read.mask.volume_ml == pytest.approx(told["volume_ml"], rel=0.01)
    assert read.outline_error_mm == told["outline_error_mm"] > 0.0
    assert f"{told['volume_ml']:.2f} mL" in ran.out


@pytest.mark.parametrize(("frame", "seed", "line"), [("ras", "-4.5,-5,124", "4,-5,124:-12,-5,124"),
                                                     ("ijk", "24.5,25,19.2", "16,25,19.2:32,25,19.2")])  # fmt: skip
def test_the_same_place_in_other_frames(isotherm: Command, folder: Path, frame: str, seed: str, line: str) -> None:
    ran = isotherm(
        "segment", folder / "ct.nii.gz", "--seed", seed, "--line", line, "--frame", frame, "--json", "--quiet"
    )
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["volume_ml"] == pytest.approx(2.145, rel=0.07)


@pytest.mark.parametrize("seed", ["1,2", "a,b,c", "1,2,nan", "1,2,3:4,5,6", "", "1;2;3"])
def test_a_seed_that_is_no_place_is_refused_in_one_sentence(isotherm: Command, folder: Path, seed: str) -> None:
    ran = isotherm("segment", folder / "ct.nii.gz", "--seed", seed, "--quiet")
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1
    assert "X,Y,Z" in ran.err


@pytest.mark.parametrize("more", [(), ("--seed", "4,5,124", "--segmenter", "a {image} {out}"), ("--line", LINE),
                                  ("--segmenter", "a {image} {out}", "--line", LINE),
                                  ("--seed", "4,5,124", "--label", "1")])  # fmt: skip
def test_options_that_would_be_ignored_are_refused(isotherm: Command, folder: Path, more: tuple[str, ...]) -> None:
    assert isotherm("segment", folder / "ct.nii.gz", *more, "--quiet").code == 2


@pytest.mark.parametrize("out", ["mask.png", "nowhere/mask.nii.gz", "ct.nii.gz"])
def test_a_place_that_cannot_be_written_or_that_came_in_is_refused_first(
    isotherm: Command, folder: Path, out: str
) -> None:
    before = (folder / "ct.nii.gz").read_bytes()
    ran = isotherm("segment", folder / "ct.nii.gz", "--seed", "4,5,124", "--out", folder / out, "--quiet")
    assert ran.code == 2
    assert (folder / "ct.nii.gz").read_bytes() == before


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd"])
@pytest.mark.parametrize("shares", [True, False])
def test_the_error_of_an_outline_goes_out_and_comes_back(tmp_path: Path, ending: str, shares: bool) -> None:
    voxels = ball(MIDDLE, 6.0, grid=GRID)
    mask = Mask(voxels * np.float32(0.75) if shares else voxels, GRID, "tumor")
    write_outline(tmp_path / f"a{ending}", mask, 0.8125, {})
    (read,) = read_masks(tmp_path / f"a{ending}", of="tumor")
    assert read.outline_error_mm == 0.812
    assert read.grid.same_as(GRID)
    assert np.array_equal(read.mask.voxels, mask.voxels)


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd"])
@pytest.mark.parametrize("simulated", [True, False])
def test_an_outline_on_a_simulated_image_says_so_beside_its_error(
    tmp_path: Path, ending: str, *, simulated: bool
) -> None:
    mask = Mask(ball(MIDDLE, 6.0, grid=GRID), GRID, "tumor")
    write_outline(tmp_path / f"a{ending}", mask, 0.8125, {}, simulated=simulated)
    (read,) = read_masks(tmp_path / f"a{ending}", of="tumor")
    assert (read.outline_error_mm, read.simulated) == (0.812, simulated)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.nii\.gz"):
        write_outline(tmp_path / "a.png", Mask(ball(MIDDLE, 6.0, grid=GRID), GRID, "tumor"), 0.5, {})


class TestTheMarginTakesItOver:
    @pytest.fixture
    def request_of(self, tmp_path: Path) -> Request:
        write_outline(tmp_path / "tumor.nii.gz", Mask(ball(MIDDLE, 5.0, grid=GRID), GRID, "tumor"), 1.2, {})
        write_outline(tmp_path / "zone.nrrd", Mask(ball(MIDDLE, 10.0, grid=GRID), GRID, "ablation"), 0.3, {})
        return Request((str(tmp_path / "tumor.nii.gz"),), (str(tmp_path / "zone.nrrd"),))

    def test_as_the_root_of_the_mean_square_of_both_and_never_less_than_what_is_assumed(
        self, request_of: Request
    ) -> None:
        case = read_case(request_of, facts=UNTOLD)
        assert case.outline_error_mm == pytest.approx(np.sqrt((1.2**2 + 0.5**2) / 2.0))
        assert any("standard deviation of 1.20 mm" in warning for warning in case.warnings)

    def test_into_the_settings_unless_one_was_given(self) -> None:
        assert Settings().as_drawn(0.9).outline_error_mm == 0.9
        assert Settings().as_drawn(None).outline_error_mm == 0.5
        assert Settings(outline_error_mm=0.4, outline_error_given=True).as_drawn(0.9).outline_error_mm == 0.4

    def test_by_the_command(self, isotherm: Command, request_of: Request) -> None:
        files = ("--tumor", request_of.tumors[0], "--ablation", request_of.ablations[0])
        own = isotherm("margin", *files, "--json", "-", *FAST)
        given = isotherm("margin", *files, "--outline-error-mm", "0.5", "--json", "-", *FAST)
        assert own.document["settings"]["outline_error_mm"] == pytest.approx(0.919, abs=0.001)
        assert given.document["settings"]["outline_error_mm"] == 0.5

        widths = [ran.lesion["interval_mm"]["high"] - ran.lesion["interval_mm"]["low"] for ran in (own, given)]
        assert widths[0] > widths[1]

    def test_a_mask_that_says_it_was_simulated_makes_its_result_one(
        self, isotherm: Command, request_of: Request, tmp_path: Path
    ) -> None:
        zone = Mask(ball(MIDDLE, 10.0, grid=GRID), GRID, "ablation")
        write_mask(tmp_path / "simulated.nii.gz", zone, simulated=True)
        for ablation, expected in (("simulated.nii.gz", [False, True]), ("zone.nrrd", [False, False])):
            files = ("--tumor", request_of.tumors[0], "--ablation", tmp_path / ablation)
            inputs = isotherm("margin", *files, "--json", "-", *FAST).document["inputs"]
            assert [one["simulated"] for one in inputs] == expected

    def test_masks_that_say_nothing_leave_it_as_it_was(self, isotherm: Command, files: tuple[str, ...]) -> None:
        assert isotherm("margin", *files, "--json", "-", *FAST).document["settings"]["outline_error_mm"] == 0.5


def test_a_note_that_is_no_error_is_no_error(tmp_path: Path) -> None:
    for note in (
        "isotherm outline sd 9.999 mm",
        "isotherm outline sd 0.000 mm",
        "isotherm outline sd nan mm",
        "sd 0.5",
    ):
        write_outline(tmp_path / "a.nii", Mask(ball(MIDDLE, 6.0, grid=GRID), GRID, "tumor"), 0.5, {})
        data = (tmp_path / "a.nii").read_bytes()
        (tmp_path / "a.nii").write_bytes(data[:148] + note.encode().ljust(80, b"\0") + data[228:])
        assert read_masks(tmp_path / "a.nii", of="tumor")[0].outline_error_mm is None


def test_the_commands_of_the_page_run(
    isotherm: Command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "segment.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```sh\n# try\n(.*?)```", page, re.DOTALL)
    for name in ("ct.nii.gz", "liver.nii.gz"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    write_mask(tmp_path / "zone.nii.gz", Mask(ball(MIDDLE, 13.0, grid=GRID), GRID, "ablation"))
    monkeypatch.chdir(tmp_path)
    commands = [shlex.split(line) for line in block.replace("\\\n", " ").splitlines() if line.strip()]
    assert len(commands) >= 3
    for program, *arguments in commands:
        assert program == "isotherm"
        ran = isotherm(*arguments)
        assert ran.code == 0, ran.err


@pytest.mark.skipif(os.name != "posix", reason="the program is a script with a first line")
def test_a_dicom_folder_goes_to_another_program_as_nifti_and_its_mask_comes_back(
    isotherm: Command, tmp_path: Path
) -> None:
    hu = np.zeros(GRID.shape_kji, dtype=np.int16)
    hu[ball(MIDDLE, 7.0, grid=GRID)] = 100
    as_series(tmp_path / "ct", hu, GRID)
    program = tmp_path / "draw"
    program.write_text(
        f"#!{sys.executable}\nimport nibabel, numpy, sys\nimage = nibabel.load(sys.argv[1])\n"
        "labels = 2 * (image.get_fdata() > 50).astype(numpy.uint8)\n"
        "nibabel.Nifti1Image(labels, image.affine).to_filename(sys.argv[2])\n"
    )
    program.chmod(0o700)
    ran = isotherm("segment", tmp_path / "ct", "--segmenter", f"'{program}' {{image}} {{out}}", "--label", "2",
                   "--out", tmp_path / "mask.nii.gz", "--quiet")  # fmt: skip
    assert ran.code == 0, ran.err
    (read,) = read_masks(tmp_path / "mask.nii.gz", of="tumor")
    assert read.grid.same_as(GRID)
    assert np.array_equal(read.mask.voxels, hu > 50)


THICK = Grid((14, 50, 50), (3.75, 1.0, 1.0), (-20.0, -20.0, 100.0))


@pytest.mark.parametrize("grid", [GRID, THICK], ids=["thin slices", "thick slices"])
def test_an_outline_as_a_fractional_seg_is_the_same_outline(
    isotherm: Command, tmp_path: Path, grid: Grid, dciodvfy: Callable[[Path], list[str]]
) -> None:
    away = np.linalg.norm(grid.centers_lps_mm() - np.array(MIDDLE), axis=1).reshape(grid.shape_kji)
    noise = np.random.default_rng(0).normal(scale=9.0, size=grid.shape_kji)
    hu = 105.0 - 40.0 * np.clip(0.5 + (8.0 - away) / 2.0, 0.0, 1.0) + noise
    image, seg, mask = as_series(tmp_path / "ct", hu.astype(np.int16), grid), tmp_path / "o.dcm", tmp_path / "o.nii.gz"
    ran = isotherm("segment", image, "--seed", "4,5,124", "--line", LINE, "--dicom", seg, "--out", mask, "--quiet")
    assert (ran.code, f"{mask}, {seg}" in ran.out) == (0, True), ran.err
    assert dciodvfy(seg) == []

    (in_dicom,) = read_masks(f"{seg}:Tumor", of="tumor", beside=[str(image)])
    (in_nifti,) = read_masks(mask, of="tumor")
    shares = in_nifti.mask.on(grid).voxels
    assert ((shares > 0.0) & (shares < 1.0)).any()
    assert np.abs(in_dicom.mask.on(grid).voxels - shares).max() <= 1.0 / 255.0
    assert in_dicom.outline_error_mm == in_nifti.outline_error_mm
    assert in_dicom.mask.volume_ml == pytest.approx(in_nifti.mask.volume_ml, rel=0.01)


@pytest.mark.parametrize(("image", "out", "says"), [("ct.nii.gz", "o.dcm", "give IMAGE as a DICOM folder"),
                                                    ("ct.nii.gz", "o.nii", "ends with .dcm")])  # fmt: skip
def test_a_seg_needs_a_dicom_image_and_a_name_of_its_own(
    isotherm: Command, folder: Path, tmp_path: Path, image: str, out: str, says: str
) -> None:
    ran = isotherm("segment", folder / image, "--seed", "4,5,124", "--dicom", tmp_path / out, "--quiet")
    assert (ran.code, len(ran.err.strip().splitlines()), says in ran.err) == (2, 1, True)
    assert not list(tmp_path.iterdir())
