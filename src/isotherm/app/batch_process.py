"""Cases are measured in a process of their own: one that crashes, hangs or runs out of memory ends nothing else."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress

from isotherm.app.batch_attempt import Order, Outcome
from isotherm.app.batch_program import DOING, READY
from isotherm.app.one_thread import ONE_THREAD
from isotherm.exchange.dicom_decode import send, take
from isotherm.exchange.own_program import PYTHON

PROGRAM = ("-m", "isotherm.app.batch_program")

Progress = Callable[[str], None]


class Measurer:
    """A process that measures one case after the other, started with the first one and anew after one that ended it."""

    def __init__(self) -> None:
        self._program: subprocess.Popen[bytes] | None = None
        self._new = True
        self._ended = threading.Event()

    def measure(self, order: Order, *, timeout_s: float | None, progress: Progress) -> Outcome:
        """Measure one case.

        Parameters
        ----------
        order : Order
        timeout_s : float, optional
            After so long it is given up.
        progress : callable
            Told in words what is being done.
        """
        if self._ended.is_set():
            return Outcome("died", "The run was stopped.")
        late = threading.Event()
        try:
            program = self._started()
        except OSError as error:
            return Outcome("died", f"No process could be started for it ({(error.strerror or 'unknown').lower()})")
        timer = threading.Timer(timeout_s or 0.0, lambda: (late.set(), _kill(program)))
        try:
            if self._new:
                self._new = take(program.stdout) != READY  # to start it is not the fault of any case
            if timeout_s is not None:
                timer.start()
            return _ask(program, order, progress)
        except (EOFError, OSError, pickle.UnpicklingError):
            self._put_away()
            if late.is_set():
                return Outcome("late", f"It took longer than --timeout-s {timeout_s:g} and was given up; run it alone "
                               f"with `{order.task.command}`, or allow more time.")  # fmt: skip
            return Outcome("died", _end_of(program.returncode))
        finally:
            timer.cancel()

    def end(self) -> None:
        """End the process, in the middle of a case as well; nothing is measured after that."""
        self._ended.set()
        if (program := self._program) is not None:
            _kill(program)

    def close(self) -> None:
        """End the process and wait for it; nobody may be measuring with it."""
        self._ended.set()
        self._put_away()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._program is not None and self._program.poll() is None:
            return self._program
        self._put_away()
        # In a session of its own, so that Ctrl-C comes here alone, and what it starts can be ended with it.
        self._program = subprocess.Popen(
            [*PYTHON, *PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=os.environ | ONE_THREAD, start_new_session=True,
        )  # fmt: skip
        self._new = True
        if self._ended.is_set():
            _kill(self._program)
        return self._program

    def _put_away(self) -> None:
        program, self._program = self._program, None
        if program is None:
            return
        _kill(program)
        for pipe in (program.stdin, program.stdout):
            with suppress(OSError):  # what is left in a pipe belongs to nobody
                if pipe is not None:
                    pipe.close()
        program.wait()


def _ask(program: subprocess.Popen[bytes], order: Order, progress: Progress) -> Outcome:
    send(program.stdin, pickle.dumps(order))
    while take(program.stdout) == DOING:
        progress(take(program.stdout).decode())
    return pickle.loads(take(program.stdout))


def _kill(program: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started."""
    if program.poll() is not None:
        return
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(program.pid, signal.SIGKILL)
        else:
            program.kill()


def _end_of(code: int) -> str:
    """Say how a process ended that should not have."""
    memory = ", as a system without memory left does; give fewer --jobs" if code == -9 else ""
    how = f"was ended by signal {-code}{memory}" if code < 0 else f"ended by itself with code {code}"
    return f"The process that measured it {how}"
