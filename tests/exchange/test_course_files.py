"""course.toml: sessions, scans and lines are read; every mistake has file, line and key, and none repeats a value."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isotherm.clinical.course import Course
from isotherm.errors import BadCourse, InputError, UnreadableFile
from isotherm.exchange.course_files import course_from, read_course

TODAY = date(2025, 6, 1)
WHOLE = """
patient = "P17"

[[session]]
id = "S1"
on = 2025-01-10
approach = "percutaneous"
modality = "MWA"
lesions = ["1", "2"]

[[systemic]]
regimen = "FOLFOX"
started_on = 2024-09-01
stopped_on = 2024-12-15

[[scan]]
id = "before"
on = 2025-01-02
image = "ct.nii.gz"
tumors = { "1" = "drawn.nii.gz:1", "2" = "drawn.nii.gz:2" }
organ = "liver.nii.gz"
vessels = ["vein.nii.gz"]

[[scan]]
id = "after"
on = 2025-01-11
image = "ct.nii.gz"
zones = { 1 = "drawn.nii.gz:3" }
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("ct", "drawn", "liver", "vein"):
        (tmp_path / f"{name}.nii.gz").touch()
    return tmp_path


def read(text: str, home: Path, case_id: str = "") -> Course:
    return course_from(text, today=TODAY, lesions=("1", "2"), root=home, case_id=case_id)


def problems(text: str, home: Path, case_id: str = "") -> list[str]:
    with pytest.raises(BadCourse) as caught:
        read(text, home, case_id)
    return str(caught.value).splitlines()


def test_a_course_is_read_with_its_files_in_the_folder(home: Path) -> None:
    found = read(WHOLE, home)
    assert (found.patient_id, [one.id for one in found.scans]) == ("P17", ["before", "after"])
    assert found.sessions[0].lesions == ("1", "2")
    assert found.systemic[0].stopped_on == date(2024, 12, 15)
    assert found.scans[0].tumors["2"] == f"{home}/drawn.nii.gz:2"
    assert found.scans[1].zones["1"] == f"{home}/drawn.nii.gz:3"


def test_every_mistake_is_told_at_once_with_line_and_key(home: Path) -> None:
    text = WHOLE.replace('"MWA"', '"laser"').replace("on = 2025-01-11", "on = 2026-01-11").replace('"2"]', '"7"]')
    text = text.replace('organ = "liver.nii.gz"', 'organs = "liver.nii.gz"').replace('id = "after"', 'id = "before"')
    found = problems(text, home)
    assert [line.split(": ")[0] for line in found] == [
        "course.toml, line 8, session[1].modality", "course.toml, line 9, session[1].lesions[2]",
        "course.toml, line 21, scan[1].organs", "course.toml, line 26, scan[2].on",
    ]  # fmt: skip
    assert '(near it: "organ")' in found[2]
    assert "a day after today came" in found[3]
    assert not any(value in line for line in found for value in ("laser", "2026", '"7"'))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('image = "ct.nii.gz"\ntumors', 'image = "/etc/passwd"\ntumors', "scan[1].image: a name that leads out"),
        ('image = "ct.nii.gz"\ntumors', 'image = "a/../../ct.nii.gz"\ntumors', "a name that leads out"),
        ('image = "ct.nii.gz"\ntumors', 'image = "C:\\\\ct.nii.gz"\ntumors', "a name that leads out"),
        ('image = "ct.nii.gz"\ntumors', 'image = "~/ct.nii.gz"\ntumors', "a name that leads out"),
        ('organ = "liver', 'organ = "spleen', "scan[1].organ: the name of no file came"),
        ('"1" = "drawn', '"3" = "drawn', "scan[1].tumors.3: another lesion came"),
        ('id = "after"', 'id = "before"', "scan[2].id: scan[1] has this id already"),
        ('lesions = ["1", "2"]', 'lesions = ["1", "1"]', "session[1].lesions: none, or one twice, came"),
        ('lesions = ["1", "2"]', "lesions = []", "session[1].lesions: none, or one twice, came"),
        ("stopped_on = 2024-12-15", "stopped_on = 2024-01-15", "systemic[1].stopped_on: it is before started_on"),
        ('patient = "P17"', 'patient = "Doe, Jane"', "patient: a text came; allowed: a short name"),
        ('patient = "P17"', "", "patient: it is missing"),
        ('regimen = "FOLFOX"', 'regimen = ""', "systemic[1].regimen"),
        ("zones = { 1 =", "zones = [ 1, 2 ] # ", "scan[2].zones: a list came; allowed: files by the ids"),
        ('vessels = ["vein.nii.gz"]', 'vessels = "vein.nii.gz"', "scan[1].vessels: a text came"),
    ],
)
def test_what_cannot_be_is_refused(home: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    found = problems(WHOLE.replace(old, new, 1), home)
    assert any(said in line for line in found), found


def test_a_link_that_leads_out_of_the_folder_is_refused(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.nii.gz"
    outside.touch()
    (home / "liver.nii.gz").unlink()
    os.symlink(outside, home / "liver.nii.gz")
    assert "a link that leads out of it came" in problems(WHOLE, home)[0]


def test_a_key_that_is_not_the_id_of_the_case_is_a_question(home: Path) -> None:
    assert "are both of one patient?" in problems(WHOLE, home, case_id="P18")[0]
    assert read(WHOLE, home, case_id="P17").patient_id == "P17"


def test_a_file_is_read_from_where_it_lies_and_images_from_where_somebody_said(home: Path, tmp_path: Path) -> None:
    (home / "course.toml").write_text(WHOLE, encoding="utf-8")
    assert read_course(home / "course.toml", today=TODAY, lesions=("1", "2")).scans[0].image == f"{home}/ct.nii.gz"
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "course.toml").write_text(WHOLE, encoding="utf-8")
    with pytest.raises(BadCourse):
        read_course(other / "course.toml", today=TODAY, lesions=("1", "2"))
    assert read_course(other / "course.toml", today=TODAY, lesions=("1", "2"), root=home).scans


def test_no_file_an_empty_one_and_one_that_is_no_toml_are_told(home: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"The course 'course\.toml' cannot be read"):
        read_course(home / "course.toml", today=TODAY, lesions=())
    assert "isotherm case --init DIR" in problems(" \n", home)[0]
    assert "is not valid TOML" in problems("patient = ", home)[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=60), st.integers(0, len(WHOLE)))
def test_whatever_is_written_is_read_or_refused(home: Path, inserted: str, at: int) -> None:
    with suppress(InputError):
        assert isinstance(read(WHOLE[:at] + inserted + WHOLE[at:], home), Course)
