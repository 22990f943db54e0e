"""What is left behind: tables for a spreadsheet, surfaces for a viewer, masks on a grid, each whole or absent."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from isotherm.app import outputs
from isotherm.app.outputs import COLUMNS, csv_text, json_text, safe_name, table_text
from isotherm.app.places import new_folder, usable_file, usable_folder
from isotherm.app.terminal import margin_table
from isotherm.errors import OutputError
from isotherm.exchange.image_files import read_masks, write_mask
from isotherm.exchange.spreadsheet_text import SIGNS
from tests.app.on_disk import FAST, MIDDLE, Command, ball, write


@pytest.fixture(scope="module")
def results(files: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a case whose zone leaves out some of the tumor."""
    folder = tmp_path_factory.mktemp("results")
    zone = write(folder / "zone.nii.gz", ball((0.0, 0.0, 127.0), 7.0))
    arguments = ["margin", *files[:2], "--ablation", str(zone), *files[4:], *FAST, "--out", str(folder / "out")]
    assert outputs_main(arguments) == 0
    return folder / "out"


def outputs_main(arguments: list[str]) -> int:
    from isotherm.app.cli import main  # noqa: PLC0415 - under the name that says what it is for

    return main(arguments)


def document(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "margin.json").read_text(encoding="utf-8"))


def test_the_surface_carries_the_margin_at_every_point(results: Path) -> None:
    lines = (results / "lesion-1-margin.vtk").read_bytes()
    assert b"margin_mm" in lines
    assert b"margin_unrestricted_mm" in lines


def test_a_zone_cropped_to_itself_does_not_crop_what_it_left_out(
    files: tuple[str, ...], results: Path, tmp_path: Path
) -> None:
    (zone,) = read_masks(results.parent / "zone.nii.gz", of="ablation")
    cropped = tmp_path / "zone.nii.gz"
    write_mask(cropped, zone.mask.cropped())
    assert outputs_main(["margin", *files[:2], "--ablation", str(cropped), *files[4:], *FAST, "--out",
                         str(tmp_path / "out")]) == 0  # fmt: skip
    for kind in ("residual", "uncovered"):
        whole, cut = (read_masks(folder / f"lesion-1-{kind}.nii.gz", of="structure")[0] for folder in
                      (results, tmp_path / "out"))  # fmt: skip
        assert np.array_equal(cut.mask.on(whole.grid).voxels, whole.mask.voxels)


def test_the_residual_mask_holds_the_residual_volume_where_it_lies(results: Path) -> None:
    (lesion,) = document(results)["lesions"]
    (read,) = read_masks(results / "lesion-1-residual.nii.gz", of="tumor")
    assert lesion["residual_volume_ml"] > 0.05
    assert read.mask.volume_ml == pytest.approx(lesion["residual_volume_ml"], rel=0.1)
    middle = read.mask.grid.to_lps(np.argwhere(read.mask.inside)).mean(axis=0)
    assert middle[2] < MIDDLE[2]
    assert middle[:2] == pytest.approx([0.0, 0.0], abs=0.7)


def test_masks_lie_on_the_grid_of_the_ablation(results: Path) -> None:
    for name in ("residual", "uncovered"):
        written = SimpleITK.ReadImage(str(results / f"lesion-1-{name}.nii.gz"))
        drawn = SimpleITK.ReadImage(str(results.parent / "zone.nii.gz"))
        for fact in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
            assert getattr(written, fact)() == pytest.approx(getattr(drawn, fact)()), fact


def test_the_table_has_one_row_per_lesion_with_the_numbers_of_the_document(results: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((results / "margins.csv").read_text(encoding="utf-8"))))
    (row,) = rows
    (lesion,) = document(results)["lesions"]
    assert tuple(row) == COLUMNS
    assert float(row["minimal_margin_mm"]) == lesion["minimal_margin_mm"]
    assert float(row["p_at_most_3_mm"]) == lesion["probability"]["at_most_3_mm"]
    assert [float(row[f"thinnest_{axis}_mm"]) for axis in "lps"] == lesion["thinnest_point_lps_mm"]
    assert row["warnings"] == " ".join(document(results)["warnings"])
    assert row["minimal_margin_lumen_neutral_mm"] == ""
    assert row["interval_calibrated"] in ("yes", "no")


def test_a_table_defuses_formulas(results: Path) -> None:
    told = document(results)
    told["lesions"][0]["label"] = "=1+1"
    told["lesions"][0]["flags"] = ["two\nlines", 'a "quote", and a comma']
    (row, *_) = csv.DictReader(io.StringIO(csv_text(told)))
    assert row["lesion"] == "'=1+1"
    assert row["flags"] == 'two\nlines; a "quote", and a comma'
    assert float(row["thinnest_p_mm"]) == told["lesions"][0]["thinnest_point_lps_mm"][1]  # a number stays one


@pytest.mark.parametrize("sign", [*sorted(SIGNS), "\t", "\n", " "])
def test_neither_a_head_nor_a_cell_begins_like_a_formula(sign: str) -> None:
    text = sign + "cmd()"
    assert list(csv.reader(io.StringIO(table_text((text,), [(text,)])))) == [["'" + text]] * 2


def test_a_carriage_return_never_cuts_a_row() -> None:
    assert table_text(("why",), [("\r=1",), ("a\r\nb",)]) == 'why\n"\'\n=1"\n"a\nb"\n'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_know_is_a_bug_and_never_written(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_text({"minimal_margin_mm": value})


@pytest.mark.parametrize(
    ("label", "name"),
    [("1", "1"), ("Tumor 2", "Tumor-2"), ("../../etc/passwd", "etc-passwd"), ("..", "lesion"), ("", "lesion"),
     ("a/b\\c:d*e?", "a-b-c-d-e"), ("肝 1", "肝-1"), ("x" * 200, "x" * 60),
     ("𠀀" * 60, "𠀀" * 45), (".hidden", "hidden")],
)  # fmt: skip
def test_a_label_becomes_a_harmless_file_name(label: str, name: str) -> None:
    assert safe_name(label) == name


def test_lesions_whose_labels_look_alike_do_not_overwrite_each_other(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "report_html", lambda assessment, made: "report")
    monkeypatch.setattr(outputs, "safe_name", lambda label: "same")
    ran = isotherm("margin", *files, "--tumor", files[1], *FAST, "--out", tmp_path)
    assert ran.code == 0
    assert len(list(tmp_path.glob("lesion-*-margin.vtk"))) == 2


def test_a_folder_that_is_used_again_holds_nothing_of_the_earlier_case(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "report_html", lambda assessment, made: "report")
    (tmp_path / "notes.txt").write_text("mine")
    isotherm("margin", *files, "--tumor", files[1], *FAST, "--out", tmp_path)
    assert (tmp_path / "lesion-2-margin.vtk").is_file()
    isotherm("margin", *files, *FAST, "--out", tmp_path)
    assert not list(tmp_path.glob("lesion-2-*"))
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_margin_json_is_written_last_and_an_earlier_one_does_not_outlive_a_failure(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    isotherm("margin", *files, *FAST, "--out", tmp_path)

    def full(*arguments: object) -> str:
        raise OutputError("The disk is full.")

    monkeypatch.setattr(outputs, "report_html", full)
    assert isotherm("margin", *files, *FAST, "--out", tmp_path).code == 2
    assert not (tmp_path / "margin.json").exists()


def test_a_folder_for_results_is_checked_without_being_made(tmp_path: Path) -> None:
    assert usable_folder(str(tmp_path / "a" / "b")) == tmp_path / "a" / "b"
    assert list(tmp_path.iterdir()) == []
    with new_folder(str(tmp_path / "a" / "b")) as folder:
        assert folder.is_dir()
    (tmp_path / "file").write_text("mine")
    for path in ("", str(tmp_path / "file"), str(tmp_path / "file" / "below"), str(tmp_path / ("x" * 300))):
        with pytest.raises(OutputError) as error:
            usable_folder(path)
        assert tmp_path.name not in str(error.value)


@pytest.mark.parametrize("error", [OutputError, ZeroDivisionError, KeyboardInterrupt])
def test_a_new_folder_goes_away_with_its_new_parents_where_it_stayed_empty(
    error: type[BaseException], tmp_path: Path
) -> None:
    def fail(path: Path, *, after: bool) -> None:
        with new_folder(str(path)) as folder:
            if after:
                (folder / "result").write_text("whole")
            raise error

    (tmp_path / "known").mkdir()
    for path in ("a/b/c", "known", "known/new"):
        with pytest.raises(error):
            fail(tmp_path / path, after=False)
    assert [path.name for path in tmp_path.rglob("*")] == ["known"]
    with pytest.raises(error):
        fail(tmp_path / "a" / "b", after=True)
    assert (tmp_path / "a" / "b" / "result").read_text() == "whole"


def test_leftovers_of_a_run_that_was_killed_are_cleared_away(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "report_html", lambda assessment, made: "report")
    for name in (f".isotherm-{16 * '0'}", f".isotherm-{16 * '0'}.nii.gz", "lesion-2-margin.vtk"):
        (tmp_path / name).write_text("half")
    (tmp_path / ".isotherm-mine").write_text("mine")
    assert isotherm("margin", *files, *FAST, "--out", tmp_path).code == 0
    assert not list(tmp_path.glob("*00000000*"))
    assert not list(tmp_path.glob("lesion-2-*"))
    assert (tmp_path / ".isotherm-mine").read_text() == "mine"


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Asked of the system in place of a real folder: the superuser may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(OutputError, match="no permission"):
        usable_folder(str(tmp_path / "x"))


def test_a_file_is_checked_before_it_is_written(tmp_path: Path) -> None:
    assert usable_file(str(tmp_path / "x.json")) == tmp_path / "x.json"
    for path in ("", str(tmp_path), str(tmp_path / "none" / "x.json")):
        with pytest.raises(OutputError):
            usable_file(path)


def test_results_can_be_read_by_whom_the_folder_lets(results: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)
    for path in results.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask, path.name


def test_the_terminal_shows_the_bound_and_its_reason(results: Path) -> None:
    told = document(results)
    lesion = told["lesions"][0]
    lesion |= {"status": "bounded", "minimal_margin_mm": 7.74, "interval_mm": None, "probability": None,
               "reasons": ["an image ends near the lesion"], "flags": ["slices of 5.0 mm"]}  # fmt: skip
    text = margin_table(told)
    assert "<= 7.7" in text
    assert "1: an image ends near the lesion" in text
    assert "1: slices of 5.0 mm" in text


def test_an_interval_that_is_not_calibrated_is_not_called_one(results: Path) -> None:
    told = document(results)
    told["lesions"][0]["interval_mm"] |= {"calibrated": False}
    assert "90 % interval" not in margin_table(told)
    assert "robustness interval" in margin_table(told)


@pytest.mark.parametrize(("below", "words"), [(0.0, "< 1 %"), (1.0, "> 99 %"), (0.25, "25.0 %")])
def test_a_chance_of_so_many_draws_is_told_as_on_the_pages(below: float, words: str, results: Path) -> None:
    told = document(results)
    told["lesions"][0]["probability"] |= {"below_5_mm": below}
    row = margin_table(told).splitlines()[2]
    assert f"  {words}  " in row
    assert "  0 %" not in row
    assert "100 %" not in row


LONG = "hepatic metastasis of segment VII, treated in 2024"


@pytest.mark.parametrize("width", [None, 120, 80, 60, 40, 20])
def test_no_line_of_the_table_is_wider_than_the_terminal_and_nothing_is_lost(width: int | None, results: Path) -> None:
    told = document(results)
    told["lesions"][0] |= {"label": LONG, "thinnest_direction": "cranial-posterior-left, toward the capsule",
                           "flags": ["a flag of many words " * 9]}  # fmt: skip
    told["lesions"].append(told["lesions"][0] | {"label": "2", "status": "bounded"})
    text = margin_table(told, width)
    lines = text.splitlines()
    if width is None:
        assert any(line.count("a flag of many words") == 9 for line in lines)
    else:
        broad = 64 if width < 64 else width  # the numbers of a row stay on one line
        assert max(map(len, lines)) <= broad
        assert max(map(len, lines[len(lines) // 2 :])) <= max(width, 40)
    flat = "".join(text.split())
    for words in ("cranial-posterior-left, toward the capsule", "<= ", "bounded", *told["warnings"], LONG):
        assert "".join(words.split()) in flat
    assert flat.count("aflagofmanywords") == 18


def test_no_letter_of_a_label_can_disturb_the_terminal(results: Path) -> None:
    told = document(results)
    told["lesions"][0] |= {"label": "\x1b[31mred\nrow", "flags": ["reader: \x1b]0;title\x07"]}
    text = margin_table(told)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\nrow" not in text
