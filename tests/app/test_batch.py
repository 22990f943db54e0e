"""Many cases from one list: each for itself, resumed where it was stopped, and slips in the list told by line."""

from __future__ import annotations

import csv
import errno
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from isotherm.app import batch_task, outputs
from isotherm.app.assessment import Assessment
from isotherm.app.batch_attempt import Order, Outcome, attempt
from isotherm.app.batch_pool import OnThisMachine
from isotherm.app.batch_task import fingerprint
from isotherm.app.case import Case
from isotherm.app.manifest import read_manifest
from isotherm.app.progress import Progress
from isotherm.app.settings import UNTOLD, Settings
from isotherm.exchange.atomic import replacing
from tests.app.on_disk import FAST, GRID, MARGIN_MM, MIDDLE, Command, Ran, ball, checked, small_case, write
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


def measured(home: Path) -> list[str]:
    """Return the cases whose lesions were measured, by the table of lesions."""
    return [row["case"] for row in rows_of(home / "out" / "margins.csv") if row["status"] != "refused"]


def refused(home: Path) -> dict[str, str]:
    """Return why each case was refused that was, by the table of cases."""
    return {row["case"]: row["why"] for row in rows_of(home / "out" / "cases.csv") if row["status"] == "refused"}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure in this process, what is alike once, and without the report: a list is what matters here."""
    real = batch_task.assess_margin

    def once(case: Case, settings: Settings, *, progress: Callable[[str], None]) -> Assessment:
        progress("measuring")
        if len(case.lesions) not in MEASURED:
            MEASURED[len(case.lesions)] = real(case, settings)
        return MEASURED[len(case.lesions)]

    monkeypatch.setattr(batch_task, "assess_margin", once)
    monkeypatch.setattr(outputs, "report_html", lambda assessment, made: "report")
    monkeypatch.setattr(OnThisMachine, "__call__", in_this_process)


def in_this_process(
    self: OnThisMachine, orders: list[Order], *, folder: Path, alone: bool, progress: Callable[[str, str], None]
) -> Generator[tuple[Order, Outcome]]:
    for order in orders:
        yield order, attempt(order, progress=partial(progress, order.task.name))


@pytest.fixture
def batch(isotherm: Command, home: Path) -> Callable[..., Ran]:
    """Run `isotherm batch` on the list into `out`."""
    return lambda *more: isotherm("batch", home / "list.csv", "--out", home / "out", *FAST, *more)


@pytest.fixture
def counted(quick: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one for each case that is measured."""
    calls: list[str] = []
    real = batch_task.assess_margin

    def counting(*arguments: Any, **others: Any) -> Any:
        calls.append("one more")
        return real(*arguments, **others)

    monkeypatch.setattr(batch_task, "assess_margin", counting)
    return calls


def test_every_case_has_its_rows_in_one_table_and_its_own_folder(home: Path, batch: Callable[..., Ran]) -> None:
    both = ball((-8.0, 0.0, 120.0), 3.0).astype("uint8") + 2 * ball((8.0, 0.0, 120.0), 3.0).astype("uint8")
    write(home / "data" / "two.nii.gz", both)
    listed(home, line("first"), "", line("Ä/2"), ",,,", line("two lesions", "data/two.nii.gz"))
    ran = batch()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("3 cases measured, 0 kept from an earlier run, 0 refused.")
    table = rows_of(home / "out" / "margins.csv")
    assert [(row["case"], row["lesion"]) for row in table] == [
        ("first", "1"), ("Ä/2", "1"), ("two lesions", "1"), ("two lesions", "2"),
    ]  # fmt: skip
    assert float(table[0]["minimal_margin_mm"]) == pytest.approx(MARGIN_MM, abs=0.3)
    for folder in ("first", "Ä-2", "two-lesions"):
        text = (home / "out" / "cases" / folder / "margin.json").read_text(encoding="utf-8")
        assert checked(text)
        assert (home / "out" / "cases" / folder / "report.html").is_file()
    assert [(row["case"], row["status"], row["why"]) for row in rows_of(home / "out" / "cases.csv")] == [
        ("first", "measured", ""), ("Ä/2", "measured", ""), ("two lesions", "measured", ""),
    ]  # fmt: skip
    assert (home / "out" / rows_of(home / "out" / "cases.csv")[1]["report"]).is_file()


def test_a_second_run_keeps_everything_and_only_what_is_missing_is_done_again(
    home: Path, batch: Callable[..., Ran], counted: list[str]
) -> None:
    listed(home, line("a"), line("b"))
    batch()
    table = (home / "out" / "margins.csv").read_bytes()
    ran = batch()
    assert ran.out.startswith("0 cases measured, 2 kept")
    assert len(counted) == 2
    (home / "out" / "cases" / "b" / "margin.json").unlink()
    assert batch().out.startswith("1 case measured, 1 kept")
    assert len(counted) == 3
    assert (home / "out" / "margins.csv").read_bytes() == table


def test_a_case_is_done_again_when_a_file_or_a_setting_has_changed(
    home: Path, batch: Callable[..., Ran], counted: list[str]
) -> None:
    listed(home, line("a", tumor="data/tumor.nii.gz:1"))
    batch()
    batch("--seed", "4")
    assert len(counted) == 2
    os.utime(home / "data" / "tumor.nii.gz", (1, 1))
    batch("--seed", "4")
    assert len(counted) == 3
    batch("--seed", "4")
    assert len(counted) == 3


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["margin.json", "fingerprint.txt"])
def test_a_damaged_result_is_done_again(
    damage: bytes, name: str, home: Path, batch: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(home, line("a"))
    folder = home / "out" / "cases" / "a"
    folder.mkdir(parents=True)
    (row,) = read_manifest(str(home / "list.csv"), Settings(samples=100), UNTOLD)
    (folder / "fingerprint.txt").write_text(fingerprint(row))
    (folder / "margin.json").write_text("{}")
    (folder / name).write_bytes(damage)
    monkeypatch.setattr(batch_task, "read_case", lambda *a, **k: pytest.raises(RuntimeError))
    ran = batch()
    assert "unforeseen" in ran.out
    assert ran.code == 3


def test_one_bad_case_never_stops_the_rest(home: Path, batch: Callable[..., Ran]) -> None:
    (home / "data" / "letter.nii.gz").write_text("This is a letter.")
    listed(home, line("gone", "data/gone.nii.gz"), line("letter", "data/letter.nii.gz"),
           line("long", 300 * "x" + ".nii.gz"), line("good"))  # fmt: skip
    ran = batch()
    assert ran.code == 3
    assert ran.out.startswith("1 case measured, 0 kept from an earlier run, 3 refused.")
    why = refused(home)
    assert list(why) == ["gone", "letter", "long"]
    assert "gone.nii.gz" in why["gone"]
    assert home.name not in " ".join(why.values())
    # Whose margin is missing is still in the table that a study reads.
    assert [(row["case"], row["status"], row["reasons"]) for row in rows_of(home / "out" / "margins.csv")] == [
        *((name, "refused", says) for name, says in why.items()),
        ("good", "measured", rows_of(home / "out" / "margins.csv")[-1]["reasons"]),
    ]
    assert not (home / "out" / "cases" / "gone").exists()


@pytest.mark.parametrize(
    ("error", "says"),
    [(MemoryError(), "not enough memory"), (ZeroDivisionError("of P4711"), "unforeseen ZeroDivisionError came; run"),
     (RecursionError(), "RecursionError")],
)  # fmt: skip
def test_an_unforeseen_error_in_one_case_never_stops_the_rest(
    error: Exception, says: str, home: Path, batch: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = batch_task.read_case

    def odd(request: Any, **others: Any) -> Any:
        if "odd" in request.tumors[0]:
            raise error
        return real(request, **others)

    monkeypatch.setattr(batch_task, "read_case", odd)
    listed(home, line("odd", "data/odd.nii.gz"), line("good"))
    ran = batch()
    assert ran.code == 3
    assert measured(home) == ["good"]
    assert says in refused(home)["odd"]


def test_a_run_stopped_in_the_middle_leaves_whole_tables_and_is_resumed(
    home: Path, batch: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = batch_task.write_results

    def stopped(folder: Path, assessment: Any, made: Any) -> Any:
        if folder.name == "c":
            raise KeyboardInterrupt
        return real(folder, assessment, made)

    listed(home, line("a"), line("b", "data/none.nii.gz"), line("c"), line("d"))
    with monkeypatch.context() as patch:
        patch.setattr(batch_task, "write_results", stopped)
        assert batch().code == 130
    assert measured(home) == ["a"]
    assert list(refused(home)) == ["b"]
    assert batch().out.startswith("2 cases measured, 1 kept from an earlier run, 1 refused.")
    assert measured(home) == ["a", "c", "d"]


def test_a_list_is_resumed_from_wherever_it_is_started(
    home: Path, batch: Callable[..., Ran], counted: list[str], isotherm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(home, line("a"))
    batch()
    monkeypatch.chdir(home / "data")
    ran = isotherm("batch", "../list.csv", "--out", "../out", *FAST)
    assert ran.out.startswith("0 cases measured, 1 kept")
    assert len(counted) == 1


def test_a_case_is_done_again_when_the_voxels_beside_its_header_have_changed(
    home: Path, batch: Callable[..., Ran], counted: list[str]
) -> None:
    as_itk(home / "data" / "t.mhd", ball(MIDDLE, 5.0).astype("uint8"), GRID, packed=False)
    listed(home, line("a", "data/t.mhd"))
    batch()
    batch()
    assert len(counted) == 1
    os.utime(home / "data" / "t.raw", (1, 1))
    batch()
    assert len(counted) == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_is_full_stops_the_list_at_once_and_what_was_finished_is_kept(
    number: int, home: Path, batch: Callable[..., Ran], counted: list[str], monkeypatch: pytest.MonkeyPatch
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
        ran = batch()
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert os.strerror(number).lower() in ran.err
    assert len(counted) == 2
    assert measured(home) == ["a"]
    assert not (home / "out" / "cases" / "b").exists()
    assert batch().out.startswith("3 cases measured, 1 kept")


def test_two_hundred_refused_cases_are_counted_the_first_are_told_and_all_are_listed(
    home: Path, batch: Callable[..., Ran]
) -> None:
    listed(home, *(line(f"n{number}", "data/none.nii.gz") for number in range(200)), line("good"))
    ran = batch()
    assert ran.code == 3
    first, lesions, *failures, more, where, table = ran.out.splitlines()
    assert first == "1 case measured, 0 kept from an earlier run, 200 refused."
    assert lesions == "Lesions: 1 measured."
    assert (len(failures), more) == (10, "  and 190 more")
    assert where == f"Cases:   {home / 'out' / 'cases.csv'}"
    assert table == f"Lesions: {home / 'out' / 'margins.csv'}"
    assert len(refused(home)) == 200


def test_progress_tells_how_many_of_all_are_done_and_how_many_were_refused(
    home: Path, batch: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(Progress, "__call__", lambda self, doing: told.append(doing))
    listed(home, line("a", "data/none.nii.gz"), line("b"), line("c"))
    batch()
    assert told[:2] == ["reading the list", "0 of 3 done: a: reading"]
    assert any(re.fullmatch(r"1 of 3 done, 1 refused, \d+ s left: b: measuring", one) for one in told)
    assert any(re.fullmatch(r"2 of 3 done, 1 refused, \d+ s left: c: reading", one) for one in told)


def test_the_list_is_never_written_over(isotherm: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("margins.csv", "cases.csv"):
        path = listed(home, line("a")).rename(home / name)
        before = path.read_bytes()
        monkeypatch.chdir(home)
        ran = isotherm("batch", name, "--out", ".", *FAST)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "came in" in ran.err
        assert path.read_bytes() == before


def test_a_run_that_was_killed_in_the_middle_is_resumed(home: Path, batch: Callable[..., Ran]) -> None:
    listed(home, *(line(f"c{number}") for number in range(6)))
    out = home / "out"
    command = [sys.executable, "-m", "isotherm.app.cli", "batch", str(home / "list.csv"), "--out", str(out), *FAST]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not (out / "cases" / "c1" / "margin.json").exists():
            time.sleep(0.005)
        process.kill()
    time.sleep(1.0)  # what measured for it has ended, too, and writes no more
    done = len(list(out.glob("cases/*/fingerprint.txt")))
    assert 1 <= done < 6
    ran = batch()
    assert ran.out.startswith(f"{6 - done} cases measured, {done} kept from an earlier run, 0 refused.")
    assert len(rows_of(out / "margins.csv")) == 6
    assert not [path for path in out.rglob("*") if path.name.startswith(".")]


def test_the_table_never_mixes_results_of_this_run_with_those_of_another(home: Path, batch: Callable[..., Ran]) -> None:
    listed(home, line("a"), line("b"))
    batch()
    (home / "data" / "ablation.nii.gz").unlink()
    ran = batch()
    assert ran.code == 3
    assert measured(home) == []


def test_text_that_a_spreadsheet_would_run_is_defused(home: Path, batch: Callable[..., Ran]) -> None:
    evil = '"=HYPERLINK(""http://x"")"'
    listed(home, line(evil), line("+1", "data/none.nii.gz"), line("@SUM(1)", more=",=cmd()"), head=HEAD + ",reader")
    assert batch().code == 3
    table = rows_of(home / "out" / "margins.csv")
    assert [row["case"] for row in table] == ['\'=HYPERLINK("http://x")', "'+1", "'@SUM(1)"]
    assert list(refused(home)) == ["'+1"]
    for row in [*table, *rows_of(home / "out" / "cases.csv")]:
        assert not any(cell[:1] in "=+@" for cell in row.values() if cell)


def test_several_tumor_files_in_one_cell_are_several_lesions(home: Path, batch: Callable[..., Ran]) -> None:
    listed(home, line("a", "data/tumor.nii.gz;data/tumor.nii.gz"))
    assert batch().code == 0
    assert [row["lesion"] for row in rows_of(home / "out" / "margins.csv")] == ["1", "2"]


def test_an_output_folder_must_be_named_and_usable(isotherm: Command, home: Path) -> None:
    path = listed(home, line("a"))
    assert "--out" in isotherm("batch", path).err
    assert isotherm("batch", path, "--out", path).code == 2
