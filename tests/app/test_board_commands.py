"""`isotherm case`: what cannot be is refused before anything is measured, and forms, registry and exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset

from isotherm.exchange.image_files import write_mask, write_volume
from isotherm.imaging.volume import Mask, Volume
from isotherm.registry.store import open_store
from tests.app.on_disk import GRID, MIDDLE, Command, ball
from tests.exchange.made_up_dicom import as_series

CASE = """
on = 2025-07-12
id = "P17"
lesions_complete = true
[patient]
organ = "liver"
primary = "colorectal"
[[lesion]]
id = "1"
target = true
diameter_mm = { value = 12, on = 2025-07-01, origin = "image" }
"""

COURSE = """
patient = "P17"
[[session]]
id = "S1"
on = 2025-01-10
lesions = ["1"]
modality = "MWA"
"""

SCAN = """
[[scan]]
id = "{name}"
on = {on}
image = "{image}"
{kind} = {{ "1" = "drawn.nii.gz" }}
"""


def scan(name: str, on: str, kind: str = "zones", image: str = "image.nii.gz") -> str:
    return SCAN.format(name=name, on=on, kind=kind, image=image)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "P17"
    folder.mkdir()
    (folder / "case.toml").write_text(CASE, encoding="utf-8")
    rng = np.random.default_rng(0)
    write_volume(folder / "image.nii.gz", Volume(rng.normal(size=GRID.shape_kji).astype(np.float32), GRID))
    write_mask(folder / "drawn.nii.gz", Mask(ball(MIDDLE, 5.0), GRID, "tumor"))
    return folder


def course(home: Path, *scans: str, text: str = COURSE) -> Path:
    (home / "course.toml").write_text(text + "".join(scans), encoding="utf-8")
    return home


def test_forms_are_written_filled_in_and_never_written_over(isotherm: Command, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert isotherm("case", folder, "--init").code == 0
    assert {one.name for one in folder.iterdir()} == {"case.toml", "course.toml"}
    (folder / "case.toml").write_text(CASE, encoding="utf-8")
    ran = isotherm("case", folder, "--quiet")
    assert ran.code == 2  # the form's key is another one than the case's
    assert "are both of one patient?" in ran.err
    assert isotherm("case", folder, "--init").code == 2
    (folder / "course.toml").write_text((folder / "course.toml").read_text().replace('"P1"', '"P17"'))
    assert isotherm("case", folder, "--quiet").code == 0


def test_without_a_course_the_criteria_alone_are_told(isotherm: Command, home: Path) -> None:
    ran = isotherm("case", home, "--quiet", "--json", "-")
    assert ran.code == 0
    document = json.loads(ran.out)
    assert document["margins"] == document["follow_up"] == []
    assert "there is no course.toml" in document["notes"][0]
    assert document["criteria"]["case"]["id"] == "P17"


def test_a_margin_that_the_case_notes_is_shown_as_noted(isotherm: Command, home: Path) -> None:
    (home / "case.toml").write_text(CASE + "minimal_margin_mm = { value = 4.1, low = 2.2, high = 5.9 }\n")
    ran = isotherm("case", home, "--quiet")
    assert ran.code == 0
    assert "4.1 mm  95 % interval 2.2 to 5.9 mm  as noted" in ran.out


def test_no_session_one_scan_and_scans_without_drawings_measure_nothing_and_say_why(
    isotherm: Command, home: Path
) -> None:
    bare = isotherm("case", course(home, text='patient = "P17"\n'), "--quiet")
    assert (bare.code, "No margin was measured" in bare.out) == (0, True)
    one = isotherm("case", course(home, scan("B", "2025-01-02", "tumors")), "--quiet")
    assert one.code == 0
    assert "Lesion 1, session S1: no zone is drawn on the first scan after the session" in one.out


def test_one_scan_with_a_zone_has_a_volume_and_no_growth(isotherm: Command, home: Path) -> None:
    ran = isotherm("case", course(home, scan("F1", "2025-01-11")), "--quiet", "--json", "-")
    assert ran.code == 0
    (zone,) = json.loads(ran.out)["follow_up"]
    (only,) = zone["scans"]
    assert only["volume_ml"] == pytest.approx(4 / 3 * np.pi * 5.0**3 / 1000, rel=0.05)
    assert (only["share"], only["growth"]) == (1.0, None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('lesions = ["1"]', 'lesions = ["4"]', "session[1].lesions[1]: another lesion came"),
        ("on = 2025-01-10", "on = 2099-01-10", "session[1].on: a day after today came"),
        ('patient = "P17"', 'patient = "P18"', "patient: it is another key than the id of the case"),
        ('modality = "MWA"', 'modality = "laser"', "session[1].modality"),
    ],
)
def test_mistakes_of_the_course_are_told_with_their_line(
    isotherm: Command, home: Path, old: str, new: str, said: str
) -> None:
    ran = isotherm("case", course(home, text=COURSE.replace(old, new)), "--quiet")
    assert ran.code == 2
    assert said in ran.err
    assert "line" in ran.err


def test_scans_of_another_day_than_the_course_says_are_named(isotherm: Command, home: Path) -> None:
    voxels = np.zeros((8, 16, 16), dtype=np.int16)
    for name, day in (("b", "20250102"), ("f", "20250111")):
        as_series(home / name, voxels, GRID.window((0, 0, 0), (8, 16, 16)), study=name, day=day)
    said = isotherm("case", course(home, scan("B", "2025-01-02", "tumors", "b"), scan("F", "2025-01-12", image="f")),
                    "--quiet")  # fmt: skip
    assert said.code == 2
    assert "Scan F of course.toml: its DICOM files are of another day" in said.err
    assert "Scan B" not in said.err


def test_scans_of_two_patients_are_asked_about_and_nobody_is_named(isotherm: Command, home: Path) -> None:
    voxels = np.zeros((8, 16, 16), dtype=np.int16)
    grid = GRID.window((0, 0, 0), (8, 16, 16))
    for folder, day, key, person in (("b", "20250102", "one", "Doe^Jane"), ("f", "20250111", "two", "Roe^John")):

        def change(dataset: Dataset, _: int, key: str = key, person: str = person) -> None:
            dataset.PatientID, dataset.PatientName = key, person

        as_series(home / folder, voxels, grid, study=folder, day=day, change=change)
    ran = isotherm("case", course(home, scan("B", "2025-01-02", "tumors", "b"), scan("F", "2025-01-11", image="f")),
                   "--quiet")  # fmt: skip
    assert ran.code == 2
    assert "2 different patient IDs: are they of one patient" in ran.err
    assert "Doe" not in ran.err


def test_a_folder_without_a_case_and_a_name_that_is_no_folder_are_told(isotherm: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds no case.toml" in isotherm("case", tmp_path / "empty", "--quiet").err
    nothing = isotherm("case", tmp_path / "nothing", "--quiet")
    assert (nothing.code, "is no folder" in nothing.err) == (2, True)


def test_results_never_go_into_the_case_itself(isotherm: Command, home: Path) -> None:
    assert isotherm("case", home, "--out", home, "--quiet").code == 2
    assert isotherm("case", home, "--json", home / "case.toml", "--quiet").code == 2
    assert (home / "case.toml").read_text(encoding="utf-8") == CASE


def test_what_a_run_leaves_behind_is_whole(isotherm: Command, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert isotherm("case", home, "--out", out, "--quiet").code == 0
    assert {one.name for one in out.iterdir()} == {"board.html", "board.pdf", "board.json"}
    os.chmod(out, 0o700)
    assert isotherm("case", home, "--out", out, "--quiet").code == 0


def test_a_case_goes_into_a_registry_and_comes_back_by_its_key(isotherm: Command, home: Path, tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite"
    open_store(str(registry), create=True).close()
    course(home, scan("F1", "2025-01-11"))
    first = isotherm("case", home, "--registry", registry, "--by", "nurse 3", "--quiet")
    assert first.code == 0
    assert "records added, 0 revised, 0 the same" in first.out
    again = isotherm("case", home, "--registry", registry, "--quiet")
    assert "Registry: 0 records added, 0 revised" in again.out
    (home / "case.toml").write_text(CASE.replace("value = 12", "value = 13"), encoding="utf-8")
    changed = isotherm("case", home, "--registry", registry, "--quiet")
    assert "0 records added, 1 revised" in changed.out
    assert "revised: fact diameter_mm.1.2025-07-01 (value)" in changed.out
    back = isotherm("case", "P17", "--registry", registry, "--as-of", "2025-07-12", "--json", "-", "--quiet")
    assert back.code == 0
    document = json.loads(back.out)
    assert (document["origin"], document["patient_id"], document["organ"]) == ("registry", "P17", "liver")
    assert document["criteria"]["case"]["lesions_complete"] is True
    assert document["follow_up"][0]["scans"][0]["volume_ml"] == pytest.approx(0.52, abs=0.03)
    facts = {(one["name"], one["lesion"]): one["value"] for one in document["criteria"]["facts"]}
    assert facts["diameter_mm", "1"] == 13.0
    assert facts["ablation_modality", "1"] == "MWA"


def test_the_sheet_of_a_patient_who_never_lived_says_so_from_a_folder_and_from_the_registry(
    isotherm: Command, home: Path, tmp_path: Path
) -> None:
    said = "Simulated patient: nobody in this registry ever lived."
    registry = tmp_path / "marked.registry"
    open_store(str(registry), create=True, simulated_by="test").close()
    course(home, scan("F1", "2025-01-11"))
    folder = isotherm("case", home, "--registry", registry, "--quiet", "--out", tmp_path / "out")
    kept = isotherm("case", "P17", "--registry", registry, "--quiet")
    assert said in folder.out
    assert said in kept.out
    assert said in (tmp_path / "out" / "board.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "out" / "board.json").read_text(encoding="utf-8"))["simulated"] is True
    assert said not in isotherm("case", home, "--quiet").out


def test_a_registry_that_is_not_there_and_a_patient_it_has_not_are_told_before_anything_is_measured(
    isotherm: Command, home: Path, tmp_path: Path
) -> None:
    missing = isotherm("case", course(home), "--registry", tmp_path / "none.sqlite", "--quiet")
    assert missing.code == 2
    registry = tmp_path / "registry.sqlite"
    open_store(str(registry), create=True).close()
    assert "no patient of this key" in isotherm("case", "P99", "--registry", registry, "--quiet").err
    assert "check it" in isotherm("case", "P 99; --", "--registry", registry, "--quiet").err
    (home / "course.toml").unlink()
    assert "holds the patient's key" in isotherm("case", home, "--registry", registry, "--quiet").err


def test_who_writes_is_told_only_where_something_is_written(isotherm: Command, home: Path) -> None:
    assert "--by came without --registry" in isotherm("case", home, "--by", "nurse", "--quiet").err


@pytest.mark.parametrize("option", [("--images", "."), ("--reader", "somebody"), ("--confirm-pair",), ("--by", "me")])
def test_options_of_images_are_refused_where_there_are_none(
    isotherm: Command, tmp_path: Path, option: tuple[str, ...]
) -> None:
    registry = tmp_path / "registry.sqlite"
    open_store(str(registry), create=True).close()
    ran = isotherm("case", "P17", "--registry", registry, *option, "--quiet")
    assert (ran.code, f"{option[0]} came" in ran.err) == (2, True)


def test_images_elsewhere_need_a_course_that_names_them(isotherm: Command, home: Path, tmp_path: Path) -> None:
    assert "--images came" in isotherm("case", home, "--images", tmp_path, "--quiet").err
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("image.nii.gz", "drawn.nii.gz"):
        (home / name).rename(elsewhere / name)
    course(home)
    (home / "course.toml").write_text(COURSE + scan("F1", "2025-01-11"), encoding="utf-8")
    assert "the name of no file came" in isotherm("case", home, "--quiet").err
    assert isotherm("case", home, "--images", elsewhere, "--quiet").code == 0
