"""`isotherm register` carries the scan before onto the scan after, says how well, and refuses in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from scipy import ndimage

from isotherm.app.case import Lesion
from isotherm.app.cli import main
from isotherm.app.pair import Pair
from isotherm.app.registering import Choice, register_pair
from isotherm.app.registration_document import registration_document
from isotherm.app.registration_terminal import registration_text, verdict_text
from isotherm.app.registration_words import GATES, NOT_TAKEN, gate_name
from isotherm.errors import BadSetting
from isotherm.exchange.transform_files import write_transform
from isotherm.imaging.register import Registration
from isotherm.imaging.register_gates import LIMITS
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Grid, Mask, Volume
from tests.app.on_disk import GRID, MIDDLE, ROOT, Command, Ran, ball, write
from tests.app.scans_on_disk import MARGIN_MM, Folders

pytestmark = pytest.mark.usefixtures("once")

SCHEMA = json.loads((ROOT / "src" / "isotherm" / "app" / "schemas" / "registration-1.schema.json").read_text())

TURN = Transform(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.array([120.0, 0.0, 0.0]))
"""A quarter turn about the patient's long axis, and a shift."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def checked(text: str) -> dict[str, Any]:
    document = json.loads(text)
    Draft202012Validator(SCHEMA).validate(document)
    return document


def pair(*, zone_center: tuple[float, float, float] = MIDDLE, tumor_radius: float = 5.0) -> Pair:
    """Two images of nothing: a transform that is given needs no more."""
    image = Volume(np.zeros(GRID.shape_kji, dtype=np.int16), GRID)
    tumor = Lesion("1", None, Mask(ball(MIDDLE, tumor_radius), GRID, "tumor"))
    return Pair(image, image, (tumor,), (Mask(ball(zone_center, 10.0), GRID, "ablation"),))


def squeezed(share: float) -> Transform:
    """A deformation that brings the tumor to a share of its diameter, toward its middle."""
    nodes = GRID.centers_lps_mm()
    away = (nodes - np.array(MIDDLE)) * (1.0 / share - 1.0)
    return Transform(displacement=Displacement(away.reshape(*GRID.shape_kji, 3).astype(np.float32), GRID))


@pytest.fixture(scope="module")
def registered(scans: Folders, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """One registration of the scans for all tests that look at it."""
    out = tmp_path_factory.mktemp("registered")
    code = main(["register", *arguments(scans), "--out", str(out), "--quiet"])
    return out, code


def arguments(scans: Folders) -> list[str]:
    before, after = scans.before, scans.after
    return ["--before", f"{before}/ct", "--after", f"{after}/ct", "--before-tumor", f"{before}/seg.dcm:tumor",
            "--before-organ", f"{before}/seg.dcm:liver", "--after-ablation", f"{after}/rtstruct.dcm:zone",
            "--after-organ", f"{after}/seg.dcm:liver"]  # fmt: skip


def test_two_dicom_scans_are_registered_and_the_margin_comes_near_the_truth(registered: tuple[Path, int]) -> None:
    out, code = registered
    (lesion,) = checked((out / "registration.json").read_text())["lesions"]
    assert code == 0
    assert lesion["verdict"] in ("pass", "warn")
    assert lesion["minimal_margin_deformable_mm"] == pytest.approx(MARGIN_MM, abs=1.5)
    assert lesion["minimal_margin_rigid_mm"] is not None
    assert {gate["name"] for gate in lesion["gates"]} == set(LIMITS)


def test_a_scan_that_is_said_to_be_mr_beside_ct_is_withheld(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = Transform()
    found = Registration(still, still, still, still, np.array(MIDDLE))
    monkeypatch.setattr("isotherm.app.registering.register", lambda *_: found)
    monkeypatch.setattr("isotherm.app.registering.way_back", lambda *_: still)
    image = write(tmp_path / "image.nii.gz", np.ones(GRID.shape_kji, dtype=np.int16))
    tumor, zone = (
        write(tmp_path / "tumor.nii.gz", ball(MIDDLE, 5.0)),
        write(tmp_path / "zone.nii.gz", ball(MIDDLE, 9.0)),
    )
    files = ("--before", image, "--after", image, "--before-tumor", tumor, "--after-ablation", zone)
    for said, code, verdict in ((("--mr", "after"), 3, "fail"), (("--mr", "both"), 0, "warn"), ((), 0, "pass")):
        ran = run("register", *files, *said, "--json", "-")
        (lesion,) = checked(ran.out)["lesions"]
        (gate,) = (one for one in lesion["gates"] if one["name"] == "modality")
        assert (ran.code, gate["verdict"]) == (code, verdict), ran.err


def test_transform_object_and_pictures_lie_beside_it(
    registered: tuple[Path, int], dciodvfy: Callable[[Path], list[str]]
) -> None:
    out, _ = registered
    assert sorted(path.name for path in out.iterdir()) == [
        "lesion-tumor-after.png", "lesion-tumor-before.png", "lesion-tumor-checkerboard.png",
        "lesion-tumor-deformation.png", "lesion-tumor-registration.dcm", "lesion-tumor-transform.h5",
        "registration.json",
    ]  # fmt: skip
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in out.glob("*.png"))
    assert dciodvfy(out / "lesion-tumor-registration.dcm") == []


def test_a_rigid_transform_that_is_given_moves_the_tumor_exactly() -> None:
    there = Transform(translation_mm=np.array([3.0, 0.0, 0.0]))  # the tumor comes to lie 3 mm to the right
    (one,) = register_pair(pair(), Choice("given", there))
    document = registration_document(pair(), [one])
    (lesion,) = checked(json.dumps(document))["lesions"]
    assert lesion["tumor_shift_lps_mm"] == [-3.0, 0.0, 0.0]
    assert (lesion["tumor_turn_degrees"], lesion["tumor_bend_mm"]) == (0.0, 0.0)
    assert lesion["minimal_margin_rigid_mm"] == pytest.approx(2.0, abs=0.15)
    assert lesion["minimal_margin_deformable_mm"] is None
    assert lesion["verdict"] == "warn"
    assert "nothing compared the two scans" in lesion["doubt"]


def test_a_quarter_turn_is_told_as_ninety_degrees() -> None:
    (one,) = register_pair(pair(), Choice("given", TURN))
    assert registration_document(pair(), [one])["lesions"][0]["tumor_turn_degrees"] == pytest.approx(90.0, abs=0.01)


def test_a_tumor_squeezed_into_the_zone_fails_and_no_margin_is_told() -> None:
    (one,) = register_pair(pair(), Choice("given", squeezed(0.7)))
    document = registration_document(pair(), [one])
    (lesion,) = checked(json.dumps(document))["lesions"]
    assert document["verdict"] == lesion["verdict"] == "fail"
    assert lesion["minimal_margin_deformable_mm"] is lesion["minimal_margin_rigid_mm"] is None
    assert "tumor's volume" in lesion["withheld"]
    shown = registration_text(document)
    assert "FAIL" in shown
    assert "nothing here is to be used" in shown
    assert "minimal margin:" not in shown


def test_a_deformation_that_folds_at_the_tumor_fails_without_a_crash() -> None:
    nodes = GRID.centers_lps_mm()
    waves = np.zeros_like(nodes)
    waves[:, 0] = 6.0 * np.sin((nodes[:, 0] - MIDDLE[0]) * 1.5)
    folding = Transform(displacement=Displacement(waves.reshape(*GRID.shape_kji, 3).astype(np.float32), GRID))
    (one,) = register_pair(pair(), Choice("given", folding))
    document = registration_document(pair(), [one])
    assert document["verdict"] == "fail"
    # A gate that has no figure says why, in place of what it would have measured.
    assert "too steep at the tumor to be followed" in document["lesions"][0]["withheld"]
    assert "Folding near the lesion: the deformation is too steep" in verdict_text(in_margin_json(document))


def in_margin_json(document: dict[str, Any]) -> dict[str, Any]:
    """The lesions as margin.json holds them."""
    return {"lesions": [{"label": one["label"], "registration": one} for one in document["lesions"]]}


def test_every_gate_has_a_short_name_and_one_that_was_not_taken_says_why() -> None:
    (one,) = register_pair(pair(), Choice("given", TURN))
    document = registration_document(pair(), [one])
    gates = {gate["name"]: gate for gate in document["lesions"][0]["gates"]}
    assert all(gate_name(name, limit.says) for name, limit in LIMITS.items())
    assert set(GATES) | set(NOT_TAKEN) <= set(LIMITS)
    assert gates["landmarks"]["verdict"] is None
    assert gates["landmarks"]["reason"] == "no landmarks were given"


def test_lines_fit_into_a_narrow_terminal() -> None:
    (one,) = register_pair(pair(), Choice("given", TURN))
    text = registration_text(registration_document(pair(), [one]), 80)
    assert max(map(len, text.splitlines())) <= 80


def test_a_transform_beside_a_method_is_refused() -> None:
    with pytest.raises(BadSetting, match="one of them"):
        Choice("rigid", TURN)
    with pytest.raises(BadSetting, match="one of them"):
        Choice("given")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda told: told | {"--before": "nowhere.nii.gz"}, "is not there"),
        (lambda told: told | {"--before-tumor": "nowhere.nii.gz"}, "is not there"),
        (lambda told: {key: value for key, value in told.items() if key != "--before-tumor"}, "draw it"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(
    run: Command, tmp_path: Path, change: Callable[[dict[str, str]], dict[str, str]], says: str
) -> None:
    told = {
        "--before": str(write(tmp_path / "before.nii.gz", np.zeros(GRID.shape_kji, dtype=np.int16))),
        "--after": str(write(tmp_path / "after.nii.gz", np.zeros(GRID.shape_kji, dtype=np.int16))),
        "--before-tumor": str(write(tmp_path / "tumor.nii.gz", ball(MIDDLE, 5.0))),
    }
    ran = run("register", *[word for pair in change(told).items() for word in pair], "--quiet")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert says in ran.err


def test_scans_without_anything_in_them_are_not_registered(run: Command, tmp_path: Path) -> None:
    ran: Ran = run(
        "register", "--before", write(tmp_path / "before.nii.gz", np.zeros(GRID.shape_kji, dtype=np.int16)),
        "--after", write(tmp_path / "after.nii.gz", np.zeros(GRID.shape_kji, dtype=np.int16)),
        "--before-tumor", write(tmp_path / "tumor.nii.gz", ball(MIDDLE, 5.0)), "--quiet",
    )  # fmt: skip
    assert ran.code in (1, 2)
    assert ran.err.count("\n") == 1


def test_a_mask_that_was_drawn_on_another_image_is_refused(run: Command, tmp_path: Path) -> None:
    far = Grid(GRID.shape_kji, GRID.spacing_kji_mm, (500.0, 0.0, 0.0))
    tumor = write(tmp_path / "tumor.nii.gz", ball((520.0, 20.0, 20.0), 5.0, grid=far), grid=far)
    ran = run(
        "register", "--before", write(tmp_path / "before.nii.gz", np.zeros(GRID.shape_kji, dtype=np.int16)),
        "--after", write(tmp_path / "after.nii.gz", np.zeros(GRID.shape_kji, dtype=np.int16)),
        "--before-tumor", tumor, "--quiet",
    )  # fmt: skip
    assert ran.code == 2
    assert "do not meet" in ran.err


@pytest.mark.parametrize(
    ("tumor_mm", "scan_mm", "says"),
    [(0.1, 1.0, "of another size (mm beside cm?)"), (0.1, 0.1, "if its header is in cm")],
)
def test_centimeters_in_a_header_are_refused(
    run: Command, tmp_path: Path, tumor_mm: float, scan_mm: float, says: str
) -> None:
    scan, drawn = (Grid(GRID.shape_kji, (mm, mm, mm), MIDDLE) for mm in (scan_mm, tumor_mm))
    nothing = np.zeros(GRID.shape_kji, dtype=np.int16)
    ran = run(
        "register", "--before", write(tmp_path / "before.nii.gz", nothing, grid=scan),
        "--after", write(tmp_path / "after.nii.gz", nothing, grid=scan),
        "--before-tumor", write(tmp_path / "tumor.nii.gz", ball(MIDDLE, 5.0), grid=drawn), "--quiet",
    )  # fmt: skip
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert says in ran.err


def test_a_tumor_with_the_voxels_of_the_scan_after_is_asked_about(run: Command, tmp_path: Path) -> None:
    moved = Grid(GRID.shape_kji, GRID.spacing_kji_mm, (-17.0, -20.0, 100.0))
    nothing = np.zeros(GRID.shape_kji, dtype=np.int16)
    words = (
        "register", "--before", write(tmp_path / "before.nii.gz", nothing),
        "--after", write(tmp_path / "after.nii.gz", nothing, grid=moved),
        "--before-tumor", write(tmp_path / "tumor.nii.gz", ball(MIDDLE, 5.0), grid=moved), "--quiet",
    )  # fmt: skip
    ran = run(*words)
    assert ran.code == 2
    assert "voxels of the scan after ablation, not of the one before" in ran.err
    assert "--confirm-pair" in ran.err
    assert "voxels of the scan" not in run(*words, "--confirm-pair").err


@pytest.mark.parametrize("change", ["nothing", "rounded to 2 HU", "an offset", "a header that was moved"])
def test_one_scan_given_twice_is_asked_about(run: Command, tmp_path: Path, change: str) -> None:
    seen = ndimage.gaussian_filter(np.random.default_rng(3).normal(scale=400.0, size=GRID.shape_kji), 1.0)
    hu = np.rint(seen + np.random.default_rng(4).normal(scale=12.0, size=GRID.shape_kji)).astype(np.int16)
    voxels = {"rounded to 2 HU": hu // 2 * 2, "an offset": hu + np.int16(3)}.get(change, hu)
    grid = Grid(GRID.shape_kji, GRID.spacing_kji_mm, (-17.0, -20.0, 100.0)) if "moved" in change else GRID
    other = np.rint(seen + np.random.default_rng(5).normal(scale=12.0, size=GRID.shape_kji)).astype(np.int16)
    before, tumor = write(tmp_path / "before.nii.gz", hu), write(tmp_path / "tumor.nii.gz", ball(MIDDLE, 5.0))
    write_transform(Transform(), tmp_path / "still.tfm")
    words = ("register", "--before", before, "--before-tumor", tumor, "--quiet", "--transform", tmp_path / "still.tfm",
             "--after")  # fmt: skip
    same, apart = write(tmp_path / "same.nii.gz", voxels, grid=grid), write(tmp_path / "apart.nii.gz", other)
    ran = run(*words, same)
    assert ran.code == 2
    assert "are the same image" in ran.err
    assert ran.err.count("\n") == 1
    assert "are the same image" not in run(*words, apart).err
    confirmed = run(*words, same, "--confirm-pair", "--json", "-")
    assert any("it was confirmed" in warning for warning in checked(confirmed.out)["warnings"])


@pytest.mark.parametrize(("said", "asked"), [((), True), (("--mr", "after"), False), (("--confirm-pair",), False)])
def test_a_scan_that_holds_nothing_below_zero_is_asked_about(
    run: Command, tmp_path: Path, said: tuple[str, ...], asked: bool
) -> None:
    rng = np.random.default_rng(6)
    ct, mr = (rng.integers(low, low + 600, GRID.shape_kji).astype(np.int16) for low in (-200, 0))
    write_transform(Transform(), tmp_path / "still.tfm")
    ran = run(
        "register", "--before", write(tmp_path / "ct.nii.gz", ct), "--after", write(tmp_path / "mr.nii.gz", mr),
        "--before-tumor", write(tmp_path / "tumor.nii.gz", ball(MIDDLE, 5.0)), "--transform", tmp_path / "still.tfm",
        "--quiet", *said,
    )  # fmt: skip
    assert ("The scan after ablation holds no value below 0" in ran.err) == asked
    assert (ran.code == 2) == asked


def test_a_transform_of_the_wrong_direction_is_found_out_by_the_scans() -> None:
    rng = np.random.default_rng(2)
    large = Grid((40, 40, 40), (2.5, 2.5, 2.5), (-50.0, -50.0, -50.0))
    before = ndimage.gaussian_filter(rng.normal(scale=300.0, size=large.shape_kji), 1.5).astype(np.float32)
    after = np.roll(before, 4, axis=0)
    tumor = Mask(ball((0.0, 0.0, 0.0), 6.0, grid=large), large, "tumor")
    zone = Mask(ball((0.0, 0.0, 10.0), 9.0, grid=large), large, "ablation")
    whole = Pair(Volume(before, large), Volume(after, large), (Lesion("1", None, tumor),), (zone,))
    forth = Transform(translation_mm=np.array([0.0, 0.0, -10.0]))
    for way, verdict in ((forth, "pass"), (forth.inverse(), "fail")):
        (one,) = register_pair(whole, Choice("given", given=way))
        (gate,) = (gate for gate in one.quality.gates if gate.name == "look_alike")
        assert gate.verdict == verdict
