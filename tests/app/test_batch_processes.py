"""Cases in processes of their own: whatever ends one of them, the others are measured, and the same run goes on."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from isotherm.app import batch_process
from isotherm.app.batch import run_batch
from isotherm.app.batch_attempt import Order
from isotherm.app.batch_pool import OnThisMachine, cores
from isotherm.app.batch_process import Measurer
from isotherm.app.batch_task import fingerprint
from isotherm.app.manifest import read_manifest
from isotherm.app.settings import UNTOLD, Settings
from isotherm.errors import OutputError
from tests.app.on_disk import FAST, Command, small_case

PROGRAM = """
import os, sys, time, signal
from pathlib import Path
from isotherm.app import batch_attempt, batch_program, outputs
outputs.report_html = lambda assessment, made: "report"
real = batch_attempt.measure

def odd(task, home, key, *, progress):
    count = Path(home).parent.parent.parent / f"tries-{task.name}"
    with count.open("a") as file:
        file.write("x")
    tries = len(count.read_text())
    if task.name.startswith("crash") or (task.name.startswith("once") and tries == 1):
        os.kill(os.getpid(), signal.SIGSEGV if "segv" in task.name else signal.SIGKILL)
    if task.name.startswith("exit"):
        os._exit(7)
    if task.name.startswith("noise"):
        print("printed by a library", flush=True)
        os.write(1, b"written by one in C")
    if task.name.startswith("child"):
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(home).parent.parent.parent.joinpath("child").write_text(str(child.pid))
    if task.name.startswith(("hang", "child")):
        home.mkdir(parents=True)
        (home / "report.html").write_text("half of a report")
        progress("hanging")
        time.sleep(600)
    return real(task, home, key, progress=progress)

batch_attempt.measure = odd
if __name__ == "__main__":
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    batch_program.serve(sys.stdin.buffer, out)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of one small case, and a program in which some cases end their process."""
    small_case(tmp_path / "data")
    (tmp_path / "odd_program.py").write_text(PROGRAM)
    monkeypatch.setattr(batch_process, "PROGRAM", (str(tmp_path / "odd_program.py"),))
    return tmp_path


def listed(home: Path, *names: str) -> Path:
    lines = [f"{name},data/tumor.nii.gz,data/ablation.nii.gz,data/organ.nii.gz" for name in names]
    path = home / "list.csv"
    path.write_text("\n".join(["case,tumor,ablation,organ", *lines, ""]))
    return path


def cases(home: Path) -> dict[str, dict[str, str]]:
    with (home / "out" / "cases.csv").open(newline="", encoding="utf-8") as file:
        return {row["case"]: row for row in csv.DictReader(file)}


def gone(pid: int) -> bool:
    """Say whether a process has ended, within some seconds; one that nobody waits for counts as ended."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_case_that_ends_its_process_never_stops_the_rest(home: Path, isotherm: Command) -> None:
    path = listed(home, "crash-segv", "a", "once", "noise")
    ran = isotherm("batch", path, "--out", home / "out", "--jobs", "2", *FAST)
    assert (ran.code, ran.err) == (3, "")
    found = cases(home)
    assert [(name, row["status"]) for name, row in found.items()] == [
        ("crash-segv", "refused"), ("a", "measured"), ("once", "measured"), ("noise", "measured"),
    ]  # fmt: skip
    assert "signal 11; it was tried twice: run it alone with `isotherm margin`." in found["crash-segv"]["why"]
    tries = {name: len((home / f"tries-{name}").read_text()) for name in found}
    assert tries == {"crash-segv": 2, "once": 2, "a": 1, "noise": 1}


def order(home: Path, name: str) -> Order:
    (task,) = read_manifest(str(listed(home, name)), Settings(samples=100), UNTOLD)
    return Order(task, str(home / "out" / "cases" / name), fingerprint(task))


@pytest.mark.parametrize(("name", "says"), [("crash-kill", "signal 9, as a system without memory"), ("exit", "code 7")])
def test_how_a_process_ended_is_told(name: str, says: str, home: Path) -> None:
    measurer = Measurer()
    outcome = measurer.measure(order(home, name), timeout_s=None, progress=lambda _: None)
    measurer.close()
    assert (outcome.ending, outcome.document) == ("died", None)
    assert says in outcome.why


def test_after_a_case_that_hangs_the_next_one_gets_a_new_process(home: Path) -> None:
    measurer = Measurer()
    told: list[str] = []
    hung = measurer.measure(order(home, "hang"), timeout_s=1.0, progress=told.append)
    assert (hung.ending, told) == ("late", ["hanging"])
    assert measurer.measure(order(home, "a"), timeout_s=None, progress=told.append).ending == "measured"
    measurer.close()
    assert measurer.measure(order(home, "a"), timeout_s=None, progress=told.append).ending == "died"


def test_a_case_that_hangs_is_given_up_with_all_that_it_has_started(home: Path, isotherm: Command) -> None:
    ran = isotherm("batch", listed(home, "child"), "--out", home / "out", "--timeout-s", "2", *FAST)
    assert ran.code == 3
    assert "longer than --timeout-s 2" in cases(home)["child"]["why"]
    assert len((home / "tries-child").read_text()) == 1
    assert gone(int((home / "child").read_text()))
    assert list((home / "out" / "cases").iterdir()) == []


@pytest.fixture
def started(home: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start `isotherm batch` in a process of its own, with the odd program."""
    (home / "run.py").write_text(
        textwrap.dedent(f"""
        import signal, sys
        from isotherm.app import batch_process
        signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may ignore it
        from isotherm.app.cli import main
        batch_process.PROGRAM = ({str(home / "odd_program.py")!r},)
        sys.exit(main(sys.argv[1:]))
        """)
    )
    running: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(home / "run.py"), "batch", str(home / "list.csv"), "--out", str(home / "out"),
                   *FAST, *arguments]  # fmt: skip
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def until(there: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None and not there():
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_what_measures_ends_with_the_run_and_what_is_finished_is_kept(
    how: signal.Signals, home: Path, isotherm: Command, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    listed(home, "a", "child")
    process = started("--jobs", "1")
    until(lambda: (home / "child").exists(), process)
    process.send_signal(how)
    _, err = process.communicate()
    assert gone(int((home / "child").read_text()))
    if how == signal.SIGINT:
        assert (process.returncode, err) == (130, b"isotherm: stopped; what was finished is kept.\n")
        assert [row["status"] for row in cases(home).values()] == ["measured"]
        assert [path.name for path in (home / "out" / "cases").iterdir()] == ["a"]
    listed(home, "a", "b")
    ran = isotherm("batch", home / "list.csv", "--out", home / "out", *FAST)
    assert ran.out.startswith("1 case measured, 1 kept from an earlier run, 0 refused.")


def test_a_second_run_into_the_same_folder_is_refused_while_the_first_one_lasts(
    home: Path, isotherm: Command, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    listed(home, "hang")
    process = started()
    until(lambda: (home / "tries-hang").exists(), process)
    ran = isotherm("batch", home / "list.csv", "--out", home / "out", *FAST)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "Another run is writing" in ran.err
    process.kill()
    process.communicate()
    listed(home, "a")
    assert isotherm("batch", home / "list.csv", "--out", home / "out", *FAST).code == 0
    assert sorted(path.name for path in (home / "out").iterdir()) == ["cases", "cases.csv", "margins.csv"]


def test_results_do_not_depend_on_how_many_are_measured_side_by_side(home: Path, isotherm: Command) -> None:
    path = listed(home, *"abc")
    for jobs in ("1", "3"):
        assert isotherm("batch", path, "--out", home / jobs, "--jobs", jobs, *FAST).code == 0
    for table in ("cases.csv", "margins.csv"):
        assert (home / "1" / table).read_bytes() == (home / "3" / table).read_bytes()


def test_files_that_change_after_the_list_was_read_are_noticed(home: Path) -> None:
    path = listed(home, "a")

    class Late(OnThisMachine):
        def __call__(self, orders, **others):  # type: ignore[no-untyped-def]
            os.utime(home / "data" / "tumor.nii.gz", (1, 1))
            return super().__call__(orders, **others)

    summary = run_batch(
        str(path), str(home / "out"), Settings(samples=100), UNTOLD, way=Late(), progress=lambda _: None
    )
    assert summary.refused == 1
    assert "they have changed since" in cases(home)["a"]["why"]


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_measured(home: Path) -> None:
    path = listed(home, "a")
    (home / "out").mkdir()
    (home / "out" / "cases.csv").write_text("my,own,cases\n")
    with pytest.raises(OutputError, match="is not a table of isotherm"):
        run_batch(str(path), str(home / "out"), Settings(), UNTOLD, way=OnThisMachine(), progress=lambda _: None)


@pytest.mark.parametrize(
    ("option", "value"), [("--jobs", "0"), ("--jobs", "-1"), ("--jobs", "9999"), ("--timeout-s", "0"),
                          ("--timeout-s", "nan"), ("--timeout-s", "-5")],
)  # fmt: skip
def test_numbers_that_make_no_sense_are_refused(option: str, value: str, home: Path, isotherm: Command) -> None:
    ran = isotherm("batch", listed(home, "a"), "--out", home / "out", f"{option}={value}")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert f"{option} {value} came" in ran.err


def test_the_old_name_says_the_new_one(isotherm: Command) -> None:
    ran = isotherm("margins", "list.csv", "--out", "out")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "isotherm: `isotherm margins` is now `isotherm batch`, which takes the same list and options.\n"


def test_as_many_are_measured_side_by_side_as_there_are_cores_for_this_process() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
