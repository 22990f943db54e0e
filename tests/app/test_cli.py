"""The command: what it prints, what it writes, how it ends, and one clear sentence for whatever it cannot use."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isotherm.app import cli, outputs, progress, tasks
from isotherm.errors import BadSetting
from isotherm.imaging.volume import Grid
from tests.app.on_disk import FAST, GRID, MARGIN_MM, MIDDLE, ROOT, Command, Ran, ball, checked, small_case, write

HEAVY = {"numpy", "scipy", "skimage", "SimpleITK", "nibabel", "matplotlib", "jinja2"}


@pytest.mark.parametrize("arguments", [("--help",), ("margin", "--help"), ("batch", "--help"), ("--version",)])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys\nfrom isotherm.app.cli import main\n"
         "try:\n    main(sys.argv[1:])\nexcept SystemExit as stop:\n    print('ended', stop.code)\n"
         "print(sorted({name.partition('.')[0] for name in sys.modules}))", *arguments],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    *_, ended, modules = told.stdout.splitlines()
    assert ended == "ended 0"
    assert HEAVY.isdisjoint(json.loads(modules.replace("'", '"')))


def test_help_says_what_the_exit_codes_mean(isotherm: Command) -> None:
    assert all(f"\n  {code:<3}  " in isotherm("margin", "--help").out for code in (0, 1, 2, 3, 130, 141))


def test_the_documentation_says_the_same_of_exit_codes() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    codes = [line.split()[0] for line in cli.EXIT_CODES.splitlines()[1:]]
    assert codes == re.findall(r"^\| (\d+) \|", page, re.MULTILINE)


def test_the_table_gives_number_interval_place_and_status_and_nothing_is_written(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = isotherm("margin", *files, *FAST)
    head, _, row, *_ = ran.out.splitlines()
    assert ran.code == 0
    assert head.split("  ")[0] == "lesion"
    label, margin, low, to, high, *_, status = row.split()
    assert (label, to, status) == ("1", "to", "measured")
    assert float(margin) == pytest.approx(MARGIN_MM, abs=0.3)
    assert float(low) < float(margin) < float(high)
    assert "caudal" in row
    assert "Research use only" in ran.out
    assert list(tmp_path.iterdir()) == []


def test_json_to_standard_output_is_exactly_the_file_and_nothing_else(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    ran = isotherm("margin", *files, *FAST, "--json", "-", "--out", tmp_path / "out")
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out == (tmp_path / "out" / "margin.json").read_text(encoding="utf-8")
    assert ran.lesion["minimal_margin_mm"] == pytest.approx(MARGIN_MM, abs=0.3)


def test_json_to_a_file_leaves_the_table_on_the_terminal(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    ran = isotherm("margin", *files, *FAST, "--json", tmp_path / "result.json")
    assert "Research use only" in ran.out
    assert checked((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_out_holds_report_tables_surface_and_masks_and_no_leftovers(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "results of today"
    ran = isotherm("margin", *files, *FAST, "--out", out)
    assert ran.code == 0
    assert f"Report: {out / 'report.html'}" in ran.out
    assert sorted(path.name for path in out.iterdir()) == [
        "lesion-1-margin.vtk", "lesion-1-residual.nii.gz", "lesion-1-uncovered.nii.gz", "margin.json", "margins.csv",
        "report.html",
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_bytes_and_another_one_the_same_margin(
    isotherm: Command, files: tuple[str, ...]
) -> None:
    first, again, other = (isotherm("margin", *files, *FAST, "--json", "-", "--seed", seed) for seed in ("7", "7", "8"))
    assert first.out == again.out
    assert first.lesion["minimal_margin_mm"] == other.lesion["minimal_margin_mm"]


def test_progress_goes_to_standard_error_only_and_quiet_silences_it(
    isotherm: Command, files: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*arguments: object, **others: object) -> None:
        time.sleep(1.2)
        raise BadSetting("slow")

    monkeypatch.setattr(tasks, "assess_margin", slow)
    assert "reading" in isotherm("margin", *files).err
    assert isotherm("margin", *files, "--quiet").err == "isotherm: slow\n"


def refused(ran: Ran, *words: str, folder: Path | None = None) -> None:
    """Hold a command to the form of a refusal: exit code 2, one line, no traceback, no folder in it."""
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("isotherm: ")
    assert ran.err.endswith(".\n")
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err
    if folder is not None:
        assert folder.name not in ran.err


def _nothing(path: Path) -> None:
    return


def _text(path: Path) -> None:
    path.write_text("This is a letter.")


def _time_series(path: Path) -> None:
    _raw(path, np.zeros((2, 8, 8, 8), np.uint8))


def _flat(path: Path) -> None:
    _raw(path, np.zeros((8, 8), np.uint8))


def _raw(path: Path, voxels: np.ndarray, spacing_mm: float = 1.0) -> None:
    import nibabel as nib  # noqa: PLC0415 - only here: writes what our own writer refuses

    nib.Nifti1Image(voxels.T, np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])).to_filename(path)


def _empty(path: Path) -> None:
    write(path, np.zeros(GRID.shape_kji, bool))


def _all_ones(path: Path) -> None:
    write(path, np.ones(GRID.shape_kji, bool))


def _absurd_spacing(path: Path) -> None:
    _raw(path, ball(MIDDLE, 5.0).astype(np.uint8), spacing_mm=500.0)


def _nan(path: Path) -> None:
    voxels = ball(MIDDLE, 5.0).astype(np.float32)
    voxels[0, 0, 0] = np.nan
    _raw(path, voxels)


def _truncated(path: Path) -> None:
    write(path, np.random.default_rng(0).random(GRID.shape_kji) > 0.5)
    path.write_bytes(path.read_bytes()[:2000])


def _no_bytes(path: Path) -> None:
    path.write_bytes(b"")


def _packed_letter(path: Path) -> None:
    path.write_bytes(gzip.compress(b"This is a letter."))


def _folder(path: Path) -> None:
    path.mkdir()


def _organ_map(path: Path) -> None:
    write(path, (np.arange(40**3).reshape(GRID.shape_kji) // 1600).astype(np.uint8))


BROKEN = {
    "a map of organs": (_organ_map, "39 labels"),
    "missing": (_nothing, "is not there"),
    "not an image": (_text, "NIfTI"),
    "a packed letter": (_packed_letter, "NIfTI"),
    "no bytes": (_no_bytes, "0 bytes"),
    "2-D": (_flat, "2-D"),
    "time series": (_time_series, "time series"),
    "absurd spacing": (_absurd_spacing, "Voxels of 500"),
    "NaN": (_nan, "NaN"),
    "truncated": (_truncated, "cut short"),
    "folder": (_folder, "holds no DICOM object"),
}


@pytest.mark.parametrize("role", ["tumor", "ablation", "organ"])
@pytest.mark.parametrize(("make", "says"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence_and_nothing_is_written(
    role: str, make: Callable[[Path], None], says: str, isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.nii.gz"
    make(broken)
    arguments = list(files)
    arguments[arguments.index(f"--{role}") + 1] = str(broken)
    out = tmp_path / "out"
    ran = isotherm("margin", *arguments, *FAST, "--out", out, "--json", tmp_path / "x.json")
    refused(ran, says, "broken.nii.gz", folder=tmp_path)
    assert not out.exists()
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize(("make", "says"), [(_empty, "no voxel"), (_all_ones, "fills its whole image")])
def test_a_tumor_that_is_nothing_or_everything_is_refused(
    make: Callable[[Path], None], says: str, isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    make(tmp_path / "tumor.nii.gz")
    refused(isotherm("margin", *FAST, *files[2:], "--tumor", tmp_path / "tumor.nii.gz"), says, folder=tmp_path)


def test_masks_without_an_image_that_lie_far_apart_are_refused(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    grid = Grid(GRID.shape_kji, GRID.spacing_kji_mm, (320.0, -20.0, 100.0))
    far = write(tmp_path / "far.nii.gz", ball((340.0, 0.0, 120.0), 10.0, grid=grid), grid=grid)
    refused(isotherm("margin", *files[:2], "--ablation", far, *FAST), "300 mm apart", folder=tmp_path)


def test_an_image_that_does_not_meet_the_masks_is_refused(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    grid = Grid(GRID.shape_kji, GRID.spacing_kji_mm, (30.0, -20.0, 100.0))
    image = write(tmp_path / "image.nii.gz", np.zeros(grid.shape_kji, np.int16), grid=grid)
    for option in ("--image", "--image-before"):
        refused(isotherm("margin", *files, option, image, *FAST), "10 mm apart", "do not meet", folder=tmp_path)


def test_a_tumor_larger_than_its_organ_is_refused_as_a_mix_up(isotherm: Command, files: tuple[str, ...]) -> None:
    _, tumor, _, zone, _, organ = files
    ran = isotherm("margin", "--tumor", organ, "--ablation", zone, "--organ", tumor, *FAST)
    refused(ran, "as large as the organ", "swapped")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--samples", "5"), ("--samples", "-1"), ("--samples", "many"), ("--samples", "1.5"), ("--seed", "-1"),
     ("--seed", "1" + 400 * "0"), ("--target-margin-mm", "0"), ("--target-margin-mm", "nan"),
     ("--registration-error-mm", "-1"), ("--registration-error-mm", "inf"), ("--outline-error-mm", "99"),
     ("--capsule-tolerance-mm", "4"), ("--days-after-ablation", "-3"), ("--structure", "bowel"),
     ("--structure", "=bowel.nii.gz"), ("--organ-name", "spleen"), ("--organ-frame", "during"), ("--out", "")],
)  # fmt: skip
def test_a_setting_out_of_its_range_is_refused_by_its_name(
    option: str, value: str, isotherm: Command, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = isotherm("margin", *files, "--quiet", option, value)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "output folder" in ran.err or option in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("short", ["--tum", "--sampl=100", "--regis=1"])
def test_an_option_is_written_out_so_that_no_other_one_is_ever_meant(
    short: str, isotherm: Command, files: tuple[str, ...]
) -> None:
    for command in ("margin", "batch", "demo"):
        assert isotherm(command, *files, short, "x").code == 2
    assert isotherm("margin", *files, "--samp", "100").code == 2
    assert isotherm("--vers").code == 2


@pytest.mark.parametrize("option", ["--organ", "--image", "--seed", "--json", "--out", "--reader"])
def test_an_option_of_one_value_that_came_twice_is_refused_and_not_replaced(
    option: str, isotherm: Command, files: tuple[str, ...]
) -> None:
    ran = isotherm("margin", *files, option, "1", option, "2")
    assert ran.code == 2
    assert f"{option} came twice" in ran.err


@pytest.mark.parametrize("arguments", [(), ("margin",), ("margin", "--tumor", "x.nii"), ("measure",), ("batch",)])
def test_an_incomplete_command_is_refused_in_one_line(arguments: tuple[str, ...], isotherm: Command) -> None:
    ran = isotherm(*arguments)
    assert ran.code == 2
    assert ran.err.count("\n") == 1


def test_an_output_folder_that_cannot_be_is_refused_before_anything_is_computed(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    for out in (taken, taken / "below"):
        refused(
            isotherm("margin", *files, "--out", out, "--quiet"), "output folder", "name another one", folder=tmp_path
        )
    assert taken.read_text() == "mine"


def test_a_json_file_that_cannot_be_is_refused_before_anything_is_computed(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "assess_margin", lambda *a, **k: pytest.fail("was computed"))
    refused(isotherm("margin", *files, "--json", tmp_path / "no" / "x.json", "--quiet"), "x.json", folder=tmp_path)
    for path in (tmp_path, os.devnull, ""):
        refused(isotherm("margin", *files, "--json", path, "--quiet"), "cannot be written")


def test_names_with_spaces_colons_and_letters_of_the_world_work(isotherm: Command, tmp_path: Path) -> None:
    folder = tmp_path / "Śląsk: Лёгкое 肝 1"
    ran = isotherm("margin", *small_case(folder), *FAST, "--reader", "Łukasz 肝", "--out", folder / "aus gabe")
    assert ran.code == 0
    assert "Łukasz 肝" in ran.out
    document = checked((folder / "aus gabe" / "margin.json").read_text(encoding="utf-8"))
    assert document["settings"]["reader"] == "Łukasz 肝"


def test_words_that_no_file_can_hold_are_shown_as_question_marks(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    not_utf8 = os.fsdecode(b"M\xfcller")
    ran = isotherm("margin", *files, *FAST, "--reader", not_utf8, "--modality", "RFA\x1b[31m\n",
                   "--drawn-boundary", " ", "--structure", f"{not_utf8}={files[5]}", "--out", tmp_path)  # fmt: skip
    assert ran.code == 0
    document = checked((tmp_path / "margin.json").read_text(encoding="utf-8"))
    told = [document["settings"][key] for key in ("reader", "modality", "drawn_boundary")]
    assert told == ["M?ller", "RFA?[31m?", None]
    assert list(document["lesions"][0]["structures_mm"]) == ["M?ller"]


@pytest.mark.parametrize("json_too", [False, True])
def test_a_terminal_that_knows_few_letters_stops_nothing(json_too: bool, files: tuple[str, ...]) -> None:
    arguments = ["margin", *files, *FAST, "--reader", "肝", *(["--json", "-"] if json_too else [])]
    ran = subprocess.run(
        [sys.executable, "-m", "isotherm.app.cli", *arguments], capture_output=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, b"")
    if json_too:  # margin.json is in UTF-8 wherever it goes
        assert checked(ran.stdout.decode("utf-8"))["settings"]["reader"] == "肝"


def test_results_and_messages_hold_no_folder_of_the_machine(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path
) -> None:
    isotherm("margin", *files, *FAST, "--out", tmp_path)
    folder = str(Path(files[1]).parent)
    for path in tmp_path.iterdir():
        told = path.read_bytes()
        told = gzip.decompress(told) if path.suffix == ".gz" else told
        for word in (folder, "tumor.nii.gz", str(tmp_path), str(Path.home()) + "/"):
            assert word.encode() not in told, path.name


def test_a_stop_by_the_keyboard_ends_in_one_line_without_a_trace_on_disk(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*arguments: object, **others: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tasks, "assess_margin", stop)
    ran = isotherm("margin", *files, "--out", tmp_path / "out", "--quiet")
    assert (ran.code, ran.out, ran.err.count("\n")) == (130, "", 1)
    assert not (tmp_path / "out").exists()


def test_a_stop_while_results_are_written_leaves_no_file_half_done(files: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "isotherm.app.cli", "margin", *files, *FAST, "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while process.poll() is None and not list(out.glob("*")):
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode in (0, 130)
    assert not [path.name for path in out.glob("*") if path.name.startswith(".")]
    assert (out / "margin.json").exists() == (process.returncode == 0)


def run(arguments: Sequence[str | Path], **others: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    return subprocess.run([sys.executable, "-m", "isotherm.app.cli", *map(str, arguments)], check=False,
                          stderr=subprocess.PIPE, **others)  # fmt: skip


@pytest.mark.parametrize("arguments", [("--help",), ("margin", "--help"), ("margin",), ("margin", "--json", "-")])
def test_a_reader_that_hangs_up_ends_the_command_quietly(arguments: tuple[str, ...], files: tuple[str, ...]) -> None:
    more = (*files, *FAST) if arguments[0] == "margin" and "--help" not in arguments else ()
    reading, writing = os.pipe()
    os.close(reading)
    ran = run([*arguments, *more], stdout=writing)
    os.close(writing)
    assert ran.stderr == b""
    assert ran.returncode == 141 or "--help" in arguments  # argparse does not say that its help was not read


def test_nobody_who_listens_to_progress_is_no_failure(files: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run([sys.executable, "-m", "isotherm.app.cli", "margin", *files, "--samples", "3000"], check=False,
                         stdout=subprocess.PIPE, stderr=writing)  # fmt: skip
    refusal = subprocess.run([sys.executable, "-m", "isotherm.app.cli", "margin", *files, "--seed", "-1"], check=False,
                             stdout=subprocess.PIPE, stderr=writing)  # fmt: skip
    os.close(writing)
    assert ran.returncode == 0
    assert b"measured" in ran.stdout
    assert refusal.returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("more", [(), ("--json", "-")])
def test_a_table_that_cannot_be_printed_is_told(more: tuple[str, ...], files: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        ran = run(["margin", *files, *FAST, *more], stdout=full)
    assert ran.returncode == 2
    assert ran.stderr.startswith(b"isotherm: Standard output cannot be written")
    assert ran.stderr.count(b"\n") == 1


def test_an_output_that_is_closed_is_told(files: tuple[str, ...]) -> None:
    ran = subprocess.run(["sh", "-c", '"$@" >&-', "sh", sys.executable, "-m", "isotherm.app.cli", "margin", *files,
                          *FAST, "--json", "-"], check=False, stderr=subprocess.PIPE)  # fmt: skip
    assert ran.returncode == 2
    assert ran.stderr.startswith(b"isotherm: Standard output is closed")


LIMITED = """
import resource, sys
from isotherm.app.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of this kind")
@pytest.mark.parametrize("known", [False, True])
def test_a_disk_that_is_full_leaves_nothing_half_written(known: bool, files: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    if known:
        out.mkdir(parents=True)
        (out / "notes.txt").write_text("mine")
    ran = subprocess.run([sys.executable, "-c", LIMITED, "margin", *files, *FAST, "--out", str(out)], check=False,
                         capture_output=True, text=True)  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "cannot be written" in ran.stderr
    assert "Traceback" not in ran.stderr
    if known:
        assert [path.name for path in out.iterdir()] == ["notes.txt"]
    else:
        assert list(tmp_path.iterdir()) == []


def test_bad_input_leaves_no_folder_behind(isotherm: Command, files: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for out in ("a/b/c", "there/b", "there"):
        refused(isotherm("margin", *files[2:], "--tumor", "none.nii.gz", "--out", tmp_path / out, *FAST))
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert list((tmp_path / "there").iterdir()) == []


def test_nothing_is_ever_written_over_what_came_in(
    isotherm: Command, files: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = small_case(tmp_path / "mine")
    before = Path(mine[1]).read_bytes()
    refused(isotherm("margin", *mine, *FAST, "--json", mine[1]), "came in", folder=tmp_path)
    monkeypatch.chdir(tmp_path / "mine")
    refused(isotherm("margin", *mine, *FAST, "--json", "tumor.nii.gz"), "came in", folder=tmp_path)
    assert Path(mine[1]).read_bytes() == before
    # A table of somebody else's (a list of cases, perhaps) that has the name of a result.
    for command, name in (("margin", "margins.csv"), ("batch", "margins.csv"), ("batch", "cases.csv")):
        folder = tmp_path / f"{command} {name}"
        folder.mkdir()
        (folder / name).write_text("case,tumor,ablation\n")
        (tmp_path / "list.csv").write_text(f"case,tumor,ablation\na,{mine[1]},{mine[3]}\n")
        given = mine if command == "margin" else (tmp_path / "list.csv",)
        ran = isotherm(command, *given, *FAST, "--out", folder)
        refused(ran, f"'{name}'", "not a table of isotherm", folder=tmp_path)
        assert [path.name for path in folder.iterdir()] == [name]
    # A mask of an earlier case, measured again into the same folder, would be taken away.
    isotherm("margin", *files, *FAST, "--out", tmp_path / "out")
    uncovered = tmp_path / "out" / "lesion-1-uncovered.nii.gz"
    refused(isotherm("margin", *files[2:], "--tumor", uncovered, *FAST, "--out", tmp_path / "out"), "came in")
    assert uncovered.is_file()
    assert (tmp_path / "out" / "margin.json").is_file()


def test_too_little_memory_is_told_with_what_helps(
    isotherm: Command, files: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def huge(*arguments: object, **others: object) -> None:
        raise MemoryError

    monkeypatch.setattr(tasks, "assess_margin", huge)
    refused(isotherm("margin", *files, "--quiet"), "not enough memory", "crop")


def test_standard_output_holds_the_json_alone_while_progress_is_told(
    isotherm: Command, files: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "AFTER_S", 0.001)
    ran = isotherm("margin", *files, "--samples", "3000", "--json", "-")
    assert " s  lesion 1 (1 of 1)\n" in ran.err
    assert ran.out == outputs.json_text(ran.document)


def test_an_unforeseen_error_is_never_taken_for_a_result(
    isotherm: Command, files: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **others: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(tasks, "assess_margin", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["margin", *files, "--quiet"])
