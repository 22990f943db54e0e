"""A folder for one run at a time: the second is refused, the next one is not, and no lock outlives its process."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from isotherm.errors import OutputError
from isotherm.exchange import folder_lock
from isotherm.exchange.folder_lock import one_at_a_time

HOLD = """
import sys, time
from pathlib import Path
from isotherm.exchange.folder_lock import one_at_a_time
with one_at_a_time(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_run_is_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with one_at_a_time(tmp_path), pytest.raises(OutputError, match="Another run is writing"), one_at_a_time(tmp_path):
        raise AssertionError
    with one_at_a_time(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(OutputError, match="Another run"), one_at_a_time(tmp_path):
            raise AssertionError
        process.send_signal(signal.SIGKILL)
    with one_at_a_time(tmp_path):
        pass


def test_a_folder_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="no such file or directory; name another one"),
        one_at_a_time(tmp_path / "no"),
    ):
        raise AssertionError


def test_a_lock_that_was_taken_away_while_it_was_waited_for_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = folder_lock._lock  # pyright: ignore[reportPrivateUsage]
    taken: list[int] = []

    def slow(handle: int) -> None:
        if not taken:
            (tmp_path / folder_lock.NAME).unlink()
        taken.append(handle)
        real(handle)

    monkeypatch.setattr(folder_lock, "_lock", slow)
    with one_at_a_time(tmp_path):
        assert len(taken) == 2
        assert (tmp_path / folder_lock.NAME).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there, every file system knows locks")
def test_where_the_file_system_knows_no_locks_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(folder_lock.fcntl, "flock", none)
    with one_at_a_time(tmp_path):
        assert (tmp_path / folder_lock.NAME).exists()
