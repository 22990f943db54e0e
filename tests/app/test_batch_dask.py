"""A list of cases on a real Dask cluster of this machine: the same results, whichever worker is lost; every refusal."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from isotherm import __version__
from isotherm.app import batch_dask
from isotherm.app.batch_attempt import Outcome
from tests.app.on_disk import FAST, Command, Ran, small_case

QUICK = """
import sys
from isotherm.app import batch_dask
from isotherm.app.cli import main
batch_dask.CONNECT_S, batch_dask.EMPTY_S = {wait_s}, 2.0
sys.exit(main(sys.argv[1:]))
"""
"""`isotherm` that gives a cluster up sooner."""

BLIND = """
import isotherm.app.batch_dask
isotherm.app.batch_dask.sees = lambda path, token: False
from distributed.cli.dask_worker import main
main()
"""
"""A worker of a machine that does not see the folder."""


class Cluster:
    """A scheduler and its workers, each a process, on the loopback."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file = home / "scheduler.json"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0")

    def worker(self, *program: str, **environment: str) -> subprocess.Popen[bytes]:
        return self._start(*(program or ("-m", "distributed.cli.dask_worker")), "--host", "127.0.0.1", "--no-nanny",
                           "--nthreads", "1", "--local-directory", str(self._home), **environment)  # fmt: skip

    def _start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *command, "--scheduler-file", str(self._file), "--no-dashboard"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._home, env=os.environ | environment,
        )  # fmt: skip
        self._processes.append(process)
        return process

    @property
    def address(self) -> str:
        while True:
            with suppress(OSError, ValueError):
                return str(json.loads(self._file.read_text())["address"])
            assert self.scheduler.poll() is None
            time.sleep(0.05)

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers."""
    (tmp_path / "cluster").mkdir()
    made = Cluster(tmp_path / "cluster")
    yield made
    made.stop()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a list of eight small cases."""
    small_case(tmp_path / "data")
    lines = [f"c{n},data/tumor.nii.gz,data/ablation.nii.gz,data/organ.nii.gz" for n in range(8)]
    (tmp_path / "list.csv").write_text("\n".join(["case,tumor,ablation,organ", *lines, ""]))
    return tmp_path


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `isotherm batch` on a cluster, in a process of its own."""
    running: list[subprocess.Popen[str]] = []

    def started(address: str, *more: str, wait_s: float = 60.0) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", QUICK.format(wait_s=wait_s), "batch", "list.csv", "--out", "dask", *FAST]
        process = subprocess.Popen(
            [*command, "--dask", address, *more], cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        running.append(process)
        return process

    yield started
    for process in running:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> Ran:
    out, err = process.communicate()
    return Ran(process.returncode, out, err)


def finished(home: Path) -> int:
    return len(list(home.glob("dask/cases/*/fingerprint.txt")))


def until_some_are_finished(home: Path, process: subprocess.Popen[str]) -> None:
    while not finished(home) and process.poll() is None:
        time.sleep(0.01)
    assert 1 <= finished(home) < 8


def statuses(home: Path) -> list[str]:
    with (home / "dask" / "cases.csv").open(newline="", encoding="utf-8") as file:
        return [row["status"] for row in csv.DictReader(file)]


def test_a_worker_that_is_killed_in_the_middle_loses_nothing_and_doubles_nothing(
    home: Path, cluster: Cluster, isotherm: Command, start: Callable[..., subprocess.Popen[str]]
) -> None:
    one, _ = cluster.worker(), cluster.worker()
    process = start(cluster.address)
    until_some_are_finished(home, process)
    one.send_signal(signal.SIGKILL)
    ran = ended(process)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("8 cases measured, 0 kept from an earlier run, 0 refused.")
    assert isotherm("batch", home / "list.csv", "--out", home / "pool", *FAST).code == 0
    for table in ("cases.csv", "margins.csv"):
        assert (home / "dask" / table).read_bytes() == (home / "pool" / table).read_bytes()
    names = [sorted(str(path.relative_to(home / way)) for path in (home / way).rglob("*")) for way in ("dask", "pool")]
    assert names[0] == names[1]
    # What was measured there is kept here.
    assert isotherm("batch", home / "list.csv", "--out", home / "dask", *FAST).out.startswith(
        "0 cases measured, 8 kept"
    )


@pytest.mark.parametrize("lost", ["every worker", "scheduler"])
def test_where_the_cluster_breaks_off_the_same_command_goes_on(
    lost: str, home: Path, cluster: Cluster, isotherm: Command, start: Callable[..., subprocess.Popen[str]]
) -> None:
    worker = cluster.worker()
    process = start(cluster.address)
    until_some_are_finished(home, process)
    (worker if lost == "every worker" else cluster.scheduler).kill()
    ran = ended(process)
    assert (ran.code, ran.out, ran.err.count("\n")) == (4, "", 1)
    assert ("has no worker left" if lost == "every worker" else "has broken off") in ran.err
    assert set(statuses(home)) <= {"measured"}
    worker.kill()
    time.sleep(1.0)  # what it was measuring has ended, too
    before = finished(home)
    ran = isotherm("batch", home / "list.csv", "--out", home / "dask", *FAST)
    assert ran.out.startswith(f"{8 - before} case")
    assert f"{before} kept from an earlier run" in ran.out
    assert statuses(home) == ["measured"] * 8


def test_without_a_scheduler_or_a_worker_a_sentence_says_so(
    home: Path, cluster: Cluster, start: Callable[..., subprocess.Popen[str]]
) -> None:
    ran = ended(start("tcp://127.0.0.1:1", wait_s=3.0))
    assert (ran.code, ran.out) == (4, "")
    assert ran.err == (
        "isotherm: No Dask scheduler answers at 'tcp://127.0.0.1:1'; start one (dask scheduler), and give its address, "
        "as in tcp://host:8786.\n"
    )
    assert not (home / "dask").exists()
    ran = ended(start("tcp://nowhere.invalid:8786", wait_s=3.0))
    assert (ran.code, ran.err.count("\n")) == (4, 1)
    ran = ended(start(cluster.address, wait_s=5.0))
    assert (ran.code, ran.err.count("\n")) == (4, 1)
    assert "has no worker; start some: dask worker tcp://127.0.0.1:" in ran.err


def test_a_worker_with_another_version_or_none_is_refused_before_anything_is_measured(
    home: Path, cluster: Cluster, start: Callable[..., subprocess.Popen[str]]
) -> None:
    for name, content in (("old", "__version__ = '0.0.9'"), ("none", "raise ImportError")):
        (home / name / "isotherm").mkdir(parents=True)
        (home / name / "isotherm" / "__init__.py").write_text(content)
        worker = cluster.worker(PYTHONPATH=str(home / name))
        ran = ended(start(cluster.address))
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert "the worker at tcp://127.0.0.1:" in ran.err
        assert ("has isotherm 0.0.9" if name == "old" else "cannot import isotherm") in ran.err
        assert f"isotherm {__version__} came; install this version there." in ran.err
        assert not (home / "dask").exists()
        worker.terminate()
        worker.wait()


def test_a_worker_that_does_not_see_the_folder_is_refused(
    home: Path, cluster: Cluster, start: Callable[..., subprocess.Popen[str]]
) -> None:
    cluster.worker("-c", BLIND)
    ran = ended(start(cluster.address))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "does not see the output folder" in ran.err
    assert "shared by all machines" in ran.err
    assert not (home / "dask").exists()


def test_a_folder_is_seen_only_with_what_was_written_into_it(tmp_path: Path) -> None:
    (tmp_path / "probe").write_text("token")
    assert batch_dask.sees(str(tmp_path / "probe"), "token")
    assert not batch_dask.sees(str(tmp_path / "probe"), "another")
    assert not batch_dask.sees(str(tmp_path / "none"), "token")


@pytest.mark.parametrize(
    "address", ["nonsense\x1b[31m", "", "host:8786", "tcp://", "tcp://host", "tcp://a b:1", "file:///x"]
)
def test_what_is_no_address_is_refused(address: str, home: Path, isotherm: Command) -> None:
    ran = isotherm("batch", home / "list.csv", "--out", home / "out", f"--dask={address}")
    assert (ran.code, ran.err.count("\n"), "\x1b" in ran.err) == (2, 1, False)
    assert "as in tcp://host:8786" in ran.err


def test_jobs_are_the_business_of_the_cluster(home: Path, isotherm: Command) -> None:
    ran = isotherm("batch", home / "list.csv", "--out", home / "out", "--dask", "tcp://127.0.0.1:1", "--jobs", "2")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--nthreads" in ran.err


def test_dask_is_imported_by_who_asks_for_it_alone_and_its_absence_is_told(home: Path) -> None:
    script = (
        "import sys; from isotherm.app import batch, batch_pool, batch_program; print('distributed' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout == b"False\n"
    script = "import sys; sys.modules['distributed'] = None; from isotherm.app.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", script, "batch", "list.csv", "--out", "out", "--dask", "tcp://127.0.0.1:1"]
    ran = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (
        2, 'isotherm: --dask came and Dask is not installed; pip install "isotherm[dask]".\n',
    )  # fmt: skip


def test_a_case_whose_worker_was_lost_before_it_told_how_it_ended_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    order = SimpleNamespace(task=SimpleNamespace(name="1"))
    told: list[object] = [TimeoutError(), Outcome("measured")]

    class Future:
        status = "finished"

        def __init__(self, key: str) -> None:
            self.key = key

        def add_done_callback(self, ended: Callable[[object], None]) -> None:
            ended(self)

        def result(self, timeout: float) -> object:
            assert timeout > 0
            now = told.pop(0)
            if isinstance(now, Exception):
                raise now
            return now

    keys: list[str] = []

    def submit(*_: object, key: str, **__: object) -> Future:
        keys.append(key)
        return Future(key)

    client = SimpleNamespace(submit=submit, close=lambda **_: None)
    for name, answer in {"_client": client, "_check_workers": None, "_check_folder": None}.items():
        owner = batch_dask.OnDask if name == "_client" else batch_dask
        monkeypatch.setattr(owner, name, lambda *_, answer=answer: answer)
    orders: list[Any] = [order]
    ran = list(batch_dask.OnDask("tcp://here:1")(orders, folder=tmp_path, alone=False, progress=lambda *_: None))
    assert ran == [(order, Outcome("measured"))]
    assert len(set(keys)) == 2
