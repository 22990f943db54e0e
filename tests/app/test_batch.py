"""Many cases from one list: each for itself, resumed where it was stopped, and slips in the list told by line."""

from __future__ import annotations

import csv
import errno
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isotherm.app import batch, outputs
from isotherm.app.assessment import Assessment
from isotherm.app.batch import fingerprint
from isotherm.app.case import Case
from isotherm.app.manifest import COLUMNS, Row, read_manifest
from isotherm.app.progress import Progress
from isotherm.app.settings import UNTOLD, Settings
from isotherm.errors import BadManifest
from isotherm.exchange.atomic import replacing
from tests.app.on_disk import FAST, GRID, MARGIN_MM, MIDDLE, ROOT, Command, Ran, ball, checked, small_case, write
from tests.exchange.made_up import as_itk

MEASURED: dict[int, Assessment] = {}
"""By the number of lesions: all cases of these tests are alike in the rest."""

HEAD = "case,tumor,ablation,organ"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with the files of one small case in `data`."""
    small_case(tmp_path / "data")
    return tmp_path


def line(name: str, tumor: str = "data/tumor.nii.gz", ablation: str = "data/ablation.nii.gz", more: str = "") -> str:
    return f"{name},{tumor},{ablation},data/organ.nii.gz{more}"


def listed(home: Path, *lines: str, head: str = HEAD, encoding: str = "utf-8", end: str = "\n") -> Path:
    path = home / "list.csv"
    path.write_bytes(end.join([head, *lines, ""]).encode(encoding))
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure what is alike once, and leave out the report, which has tests of its own: a list is what matters here."""
    real = batch.assess_margin

    def once(case: Case, settings: Settings, *, progress: Callable[[str], None]) -> Assessment:
        progress("measuring")
        if len(case.lesions) not in MEASURED:
            MEASURED[len(case.lesions)] = real(case, settings)
        return MEASURED[len(case.lesions)]

    monkeypatch.setattr(batch, "assess_margin", once)
    monkeypatch.setattr(outputs, "report_html", lambda assessment: "report")


@pytest.fixture
def margins(isotherm: Command, home: Path) -> Callable[..., Ran]:
    """Run `isotherm margins` on the list into `out`."""
    return lambda *more: isotherm("margins", home / "list.csv", "--out", home / "out", *FAST, *more)


@pytest.fixture
def counted(quick: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one for each case that is measured."""
    calls: list[str] = []
    real = batch.assess_margin

    def counting(*arguments: Any, **others: Any) -> Any:
        calls.append("one more")
        return real(*arguments, **others)

    monkeypatch.setattr(batch, "assess_margin", counting)
    return calls


def test_every_case_has_its_rows_in_one_table_and_its_own_folder(home: Path, margins: Callable[..., Ran]) -> None:
    both = ball((-8.0, 0.0, 120.0), 3.0).astype("uint8") + 2 * ball((8.0, 0.0, 120.0), 3.0).astype("uint8")
    write(home / "data" / "two.nii.gz", both)
    listed(home, line("first"), "", line("Ä/2"), ",,,", line("two lesions", "data/two.nii.gz"))
    ran = margins()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("3 cases measured, 0 kept from an earlier run, 0 failed.")
    table = rows_of(home / "out" / "margins.csv")
    assert [(row["case"], row["lesion"]) for row in table] == [
        ("first", "1"), ("Ä/2", "1"), ("two lesions", "1"), ("two lesions", "2"),
    ]  # fmt: skip
    assert float(table[0]["minimal_margin_mm"]) == pytest.approx(MARGIN_MM, abs=0.3)
    for folder in ("first", "Ä-2", "two-lesions"):
        text = (home / "out" / "cases" / folder / "margin.json").read_text(encoding="utf-8")
        assert checked(text)
        assert (home / "out" / "cases" / folder / "report.html").is_file()
    assert rows_of(home / "out" / "failed.csv") == []


def test_a_second_run_keeps_everything_and_only_what_is_missing_is_done_again(
    home: Path, margins: Callable[..., Ran], counted: list[str]
) -> None:
    listed(home, line("a"), line("b"))
    margins()
    table = (home / "out" / "margins.csv").read_bytes()
    ran = margins()
    assert ran.out.startswith("0 cases measured, 2 kept")
    assert len(counted) == 2
    (home / "out" / "cases" / "b" / "margin.json").unlink()
    assert margins().out.startswith("1 case measured, 1 kept")
    assert len(counted) == 3
    assert (home / "out" / "margins.csv").read_bytes() == table


def test_a_case_is_done_again_when_a_file_or_a_setting_has_changed(
    home: Path, margins: Callable[..., Ran], counted: list[str]
) -> None:
    listed(home, line("a", tumor="data/tumor.nii.gz:1"))
    margins()
    margins("--seed", "4")
    assert len(counted) == 2
    os.utime(home / "data" / "tumor.nii.gz", (1, 1))
    margins("--seed", "4")
    assert len(counted) == 3
    margins("--seed", "4")
    assert len(counted) == 3


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["margin.json", "fingerprint.txt"])
def test_a_damaged_result_is_done_again(
    damage: bytes, name: str, home: Path, margins: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(home, line("a"))
    folder = home / "out" / "cases" / "a"
    folder.mkdir(parents=True)
    (row,) = read_manifest(str(home / "list.csv"), Settings(samples=100), UNTOLD)
    (folder / "fingerprint.txt").write_text(fingerprint(row))
    (folder / "margin.json").write_text("{}")
    (folder / name).write_bytes(damage)
    monkeypatch.setattr(batch, "read_case", lambda *a, **k: pytest.raises(RuntimeError))
    ran = margins()
    assert "unforeseen" in ran.out
    assert ran.code == 3


def test_one_bad_case_never_stops_the_rest(home: Path, margins: Callable[..., Ran]) -> None:
    (home / "data" / "letter.nii.gz").write_text("This is a letter.")
    listed(home, line("gone", "data/gone.nii.gz"), line("letter", "data/letter.nii.gz"),
           line("long", 300 * "x" + ".nii.gz"), line("good"))  # fmt: skip
    ran = margins()
    assert ran.code == 3
    assert ran.out.startswith("1 case measured, 0 kept from an earlier run, 3 failed.")
    failed = rows_of(home / "out" / "failed.csv")
    assert [row["case"] for row in failed] == ["gone", "letter", "long"]
    assert "gone.nii.gz" in failed[0]["why"]
    assert home.name not in " ".join(row["why"] for row in failed)
    assert [row["case"] for row in rows_of(home / "out" / "margins.csv")] == ["good"]
    assert not (home / "out" / "cases" / "gone").exists()


def test_an_unforeseen_error_in_one_case_never_stops_the_rest(
    home: Path, margins: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = batch.read_case

    def odd(request: Any, **others: Any) -> Any:
        if "odd" in request.tumors[0]:
            raise MemoryError
        return real(request, **others)

    monkeypatch.setattr(batch, "read_case", odd)
    listed(home, line("odd", "data/odd.nii.gz"), line("good"))
    ran = margins()
    assert ran.code == 3
    assert [row["case"] for row in rows_of(home / "out" / "margins.csv")] == ["good"]
    assert "MemoryError" in rows_of(home / "out" / "failed.csv")[0]["why"]


def test_a_run_stopped_in_the_middle_leaves_whole_tables_and_is_resumed(
    home: Path, margins: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = batch.write_results

    def stopped(folder: Path, assessment: Any) -> Any:
        if folder.name == "c":
            raise KeyboardInterrupt
        return real(folder, assessment)

    listed(home, line("a"), line("b", "data/none.nii.gz"), line("c"), line("d"))
    with monkeypatch.context() as patch:
        patch.setattr(batch, "write_results", stopped)
        assert margins().code == 130
    assert [row["case"] for row in rows_of(home / "out" / "margins.csv")] == ["a"]
    assert [row["case"] for row in rows_of(home / "out" / "failed.csv")] == ["b"]
    assert margins().out.startswith("2 cases measured, 1 kept from an earlier run, 1 failed.")
    assert [row["case"] for row in rows_of(home / "out" / "margins.csv")] == ["a", "c", "d"]


def test_a_list_is_resumed_from_wherever_it_is_started(
    home: Path, margins: Callable[..., Ran], counted: list[str], isotherm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(home, line("a"))
    margins()
    monkeypatch.chdir(home / "data")
    ran = isotherm("margins", "../list.csv", "--out", "../out", *FAST)
    assert ran.out.startswith("0 cases measured, 1 kept")
    assert len(counted) == 1


def test_a_case_is_done_again_when_the_voxels_beside_its_header_have_changed(
    home: Path, margins: Callable[..., Ran], counted: list[str]
) -> None:
    as_itk(home / "data" / "t.mhd", ball(MIDDLE, 5.0).astype("uint8"), GRID, packed=False)
    listed(home, line("a", "data/t.mhd"))
    margins()
    margins()
    assert len(counted) == 1
    os.utime(home / "data" / "t.raw", (1, 1))
    margins()
    assert len(counted) == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_is_full_stops_the_list_at_once_and_what_was_finished_is_kept(
    number: int, home: Path, margins: Callable[..., Ran], counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = outputs.write_surface

    def full(path: Path, *arguments: Any, **others: Any) -> None:
        if path.parent.name == "b":
            with replacing(path):
                raise OSError(number, os.strerror(number))
        real(path, *arguments, **others)

    listed(home, line("a"), line("b"), line("c"), line("d"))
    with monkeypatch.context() as patch:
        patch.setattr(outputs, "write_surface", full)
        ran = margins()
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert os.strerror(number).lower() in ran.err
    assert len(counted) == 2
    assert [row["case"] for row in rows_of(home / "out" / "margins.csv")] == ["a"]
    assert not (home / "out" / "cases" / "b").exists()
    assert margins().out.startswith("3 cases measured, 1 kept")


def test_two_hundred_failures_are_counted_the_first_are_told_and_all_are_listed(
    home: Path, margins: Callable[..., Ran]
) -> None:
    listed(home, *(line(f"n{number}", "data/none.nii.gz") for number in range(200)), line("good"))
    ran = margins()
    assert ran.code == 3
    first, lesions, *failures, more, where, table = ran.out.splitlines()
    assert first == "1 case measured, 0 kept from an earlier run, 200 failed."
    assert lesions == "Lesions: 1 measured."
    assert (len(failures), more) == (10, "  and 190 more")
    assert where == f"Failures: {home / 'out' / 'failed.csv'}"
    assert table == f"Table: {home / 'out' / 'margins.csv'}"
    assert len(rows_of(home / "out" / "failed.csv")) == 200


def test_progress_tells_which_of_how_many_and_how_many_failed(
    home: Path, margins: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(Progress, "__call__", lambda self, doing: told.append(doing))
    listed(home, line("a", "data/none.nii.gz"), line("b"), line("c"))
    margins()
    assert told[0] == "case 1 of 3: a: reading"
    assert "case 2 of 3, 1 failed: b: measuring" in told
    assert any(re.fullmatch(r"case 3 of 3, 1 failed, \d+ s left: c: reading", one) for one in told)


def test_the_list_is_never_written_over(isotherm: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("margins.csv", "failed.csv"):
        path = listed(home, line("a")).rename(home / name)
        before = path.read_bytes()
        monkeypatch.chdir(home)
        ran = isotherm("margins", name, "--out", ".", *FAST)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "came in" in ran.err
        assert path.read_bytes() == before


def test_a_run_that_was_killed_in_the_middle_is_resumed(home: Path, margins: Callable[..., Ran]) -> None:
    listed(home, *(line(f"c{number}") for number in range(6)))
    out = home / "out"
    command = [sys.executable, "-m", "isotherm.app.cli", "margins", str(home / "list.csv"), "--out", str(out), *FAST]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not (out / "cases" / "c1" / "margin.json").exists():
            time.sleep(0.005)
        process.kill()
    done = len(list(out.glob("cases/*/fingerprint.txt")))
    assert 1 <= done < 6
    ran = margins()
    assert ran.out.startswith(f"{6 - done} cases measured, {done} kept from an earlier run, 0 failed.")
    assert len(rows_of(out / "margins.csv")) == 6
    assert not [path for path in out.rglob("*") if path.name.startswith(".")]


def test_the_table_never_mixes_results_of_this_run_with_those_of_another(
    home: Path, margins: Callable[..., Ran]
) -> None:
    listed(home, line("a"), line("b"))
    margins()
    (home / "data" / "ablation.nii.gz").unlink()
    ran = margins()
    assert ran.code == 3
    assert rows_of(home / "out" / "margins.csv") == []


def test_text_that_a_spreadsheet_would_run_is_defused(home: Path, margins: Callable[..., Ran]) -> None:
    evil = '"=HYPERLINK(""http://x"")"'
    listed(home, line(evil), line("+1", "data/none.nii.gz"), line("@SUM(1)", more=",=cmd()"), head=HEAD + ",reader")
    assert margins().code == 3
    table = rows_of(home / "out" / "margins.csv")
    assert [row["case"] for row in table] == ['\'=HYPERLINK("http://x")', "'@SUM(1)"]
    assert [row["case"] for row in rows_of(home / "out" / "failed.csv")] == ["'+1"]
    assert not any(cell[:1] in "=+@" for row in table for cell in row.values() if cell)


def requests(path: Path) -> list[Row]:
    return read_manifest(str(path), Settings(), UNTOLD)


def test_a_list_from_a_spreadsheet_is_read_as_it_is_meant(home: Path) -> None:
    path = listed(
        home,
        'a, data/x.nii.gz ; data/y.nii.gz:2,"/abs/a, b.nii.gz",bowel=c.nii.gz; duct = d.nrrd:1 ,,1.2,30',
        ",,,,,,", "b,t,a,,,,",
        head="Case,tumor,ablation,structure,,registration-error-mm,days_after_ablation",
        encoding="utf-8-sig", end="\r\n",
    )  # fmt: skip
    first, second = requests(path)
    assert first.request.tumors == (str(home / "data/x.nii.gz"), str(home / "data/y.nii.gz:2"))
    assert first.request.ablations == ("/abs/a, b.nii.gz",)
    assert first.request.structures == (("bowel", str(home / "c.nii.gz")), ("duct", str(home / "d.nrrd:1")))
    assert first.settings.registration_error_mm == 1.2
    assert first.facts.days_after_ablation == 30.0
    assert second.settings.registration_error_mm is None
    assert second.request.organ is None


def test_the_list_in_the_documentation_is_read_and_all_columns_are_named(home: Path) -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    example = re.search(r"```\n(case,.*?)```", page, re.DOTALL)
    assert example is not None
    (home / "list.csv").write_text(example[1], encoding="utf-8")
    first, second = requests(home / "list.csv")
    assert first.request.organ == str(home / "P001/organs.nii.gz:5")
    assert second.request.tumors == (str(home / "P002/tumors.seg.nrrd:Tumor 1"),)
    assert len(second.request.ablations) == 2
    assert all(f"`{column}`" in page for column in COLUMNS)


def test_several_tumor_files_in_one_cell_are_several_lesions(home: Path, margins: Callable[..., Ran]) -> None:
    listed(home, line("a", "data/tumor.nii.gz;data/tumor.nii.gz"))
    assert margins().code == 0
    assert [row["lesion"] for row in rows_of(home / "out" / "margins.csv")] == ["1", "2"]


SLIPS = {
    "a column is missing": ("case,tumor", ["a,t"], ["no column ablation"]),
    "an unknown column": (HEAD + ",tumour", ["a,t,b,c,d"], ["'tumour'", "known are"]),
    "a column twice": (HEAD + ",Tumor", ["a,t,b,c,d"], ["tumor twice"]),
    "no name": (HEAD, ["a,t,b,", "", ",t,b,c"], ["Line 4", "column case"]),
    "no tumor": (HEAD, ["a,t,b,", "b,,b,c"], ["Line 3", "column tumor"]),
    "no ablation": (HEAD, ["a,t"], ["Line 2", "column ablation"]),
    "one name twice": (HEAD, ["a,t,b,", "x,t,b,", "A,t,b,"], ["Lines 2 and 4"]),
    "a comma in a path": (HEAD, ["a,t,final.nii,b,c"], ["Line 2", "more cells"]),
    "two organs": (HEAD, ["a,t,b,c;d"], ["Line 2", "organ", "2 files"]),
    "a word for a number": (HEAD + ",registration_error_mm", ["a,t,b,,1,5 mm"], ["Line 2", "more cells"]),
    "a unit": (HEAD + ",registration_error_mm", ["a,t,b,,1.5 mm"], ["Line 2", "registration_error_mm", "'1.5 mm'"]),
    "out of range": (HEAD + ",registration_error_mm", ["a,t,b,,-1"], ["Line 2", "registration-error-mm -1"]),
    "not finite": (HEAD + ",days_after_ablation", ["a,t,b,,nan"], ["Line 2", "days-after-ablation"]),
    "a structure without a name": (HEAD + ",structure", ["a,t,b,,=x"], ["Line 2", "structure", "NAME=FILE"]),
    "no case": (HEAD, ["", ",,,"], ["holds no case"]),
    "semicolons": (HEAD.replace(",", ";"), ["a;t;b;c"], ["save it with commas"]),
    "an open quote": (HEAD, ["a,t,b,", 'b,"t,b,', "c,t,b,"], ["from line 3 on", "quote"]),
    "a cell of megabytes": (HEAD, ["a,t,b,", f"b,{200_000 * 'x'},b,"], ["from line 3 on"]),
    "a byte of zero": (HEAD, ["a,t,b,", "b,\0,b,"], ["list.csv"]),
    "tabs": (HEAD.replace(",", "\t"), ["a\tt\tb\tc"], ["save it with commas"]),
}  # fmt: skip


@pytest.mark.parametrize(("head", "lines", "says"), SLIPS.values(), ids=SLIPS)
def test_a_slip_in_a_list_is_told_by_line_and_column_before_anything_is_measured(
    head: str, lines: list[str], says: list[str], home: Path, margins: Callable[..., Ran]
) -> None:
    listed(home, *lines, head=head)
    ran = margins()
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert all(word in ran.err for word in says), ran.err
    assert home.name not in ran.err
    assert not (home / "out").exists()


@pytest.mark.parametrize("content", [b"", b"\n\n", b"PK\x03\x04\xff\xfe", "case,tumor\n\xe4".encode("latin-1"),
                                     HEAD.encode("utf-16"), b'case,"tumor\n' + 200_000 * b"x"])  # fmt: skip
def test_what_is_no_list_is_refused(content: bytes, home: Path) -> None:
    (home / "list.csv").write_bytes(content)
    with pytest.raises(BadManifest, match=r"^The list list\.csv .*\.$"):
        requests(home / "list.csv")


def test_a_list_that_is_not_there_or_a_folder_is_refused(home: Path) -> None:
    for path in (home / "none.csv", home / "data"):
        with pytest.raises(BadManifest, match="cannot be read"):
            requests(path)


def test_an_output_folder_must_be_named_and_usable(isotherm: Command, home: Path) -> None:
    path = listed(home, line("a"))
    assert "--out" in isotherm("margins", path).err
    assert isotherm("margins", path, "--out", path).code == 2
