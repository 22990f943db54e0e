"""Starts the process of a job, looks whether one is at work, whoever started it, and ends it with its children."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from isotherm.app.one_thread import ONE_THREAD
from isotherm.app.web.job_table import DONE, FAILED, LOG, PID, SAID
from isotherm.errors import OutputError
from isotherm.exchange.folder_lock import one_at_a_time
from isotherm.exchange.own_program import PYTHON

PROGRAM = ("-m", "isotherm.app.web.job_program")


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start the process of a job, in a session of its own: Ctrl-C and the end of the server do not reach it."""
    for name in (DONE, FAILED, SAID, PID):
        (folder / name).unlink(missing_ok=True)
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen([*PYTHON, *PROGRAM, str(folder)], stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, env=os.environ | ONE_THREAD, start_new_session=True)  # fmt: skip


def is_at_work(folder: Path) -> bool:
    """Return whether a process does the job of a folder: it holds the folder's lock for as long as it lives."""
    if not folder.is_dir():
        return False
    try:
        with one_at_a_time(folder):
            return False
    except OutputError:
        return True


def end(folder: Path, own: subprocess.Popen[bytes] | None) -> None:
    """End the process of a job, and what it has started."""
    if own is not None:
        if own.poll() is None:
            _kill(own.pid)
            own.wait()
    elif is_at_work(folder):  # only then is the number that of the job's process, and of no other one
        with suppress(OSError, ValueError):
            _kill(int((folder / PID).read_text(encoding="utf-8")))


def _kill(pid: int) -> None:
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
