"""What a page has done in a process of its own that can be given up, so that no file stops the server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from isotherm.app.one_thread import ONE_THREAD
from isotherm.app.web.turns import Busy
from isotherm.exchange.own_program import PYTHON

AT_WORK: set[subprocess.Popen[bytes]] = set()

STOPPED = "The server was stopped while these files were read; try again when it is there."

USERS_ERROR = 2
"""The exit code of what can be said in a sentence."""


class GivenUp(Exception):
    """It took too long."""


def told_apart(program: Sequence[str], *, most_s: float, given: bytes = b"") -> tuple[int, bytes, bytes]:
    """Run a program of ours; return its exit code, and what it wrote on both streams.

    Parameters
    ----------
    program : sequence of str
        What follows the interpreter.
    most_s : float
        After so long it is given up.
    given : bytes
        What it reads from its standard input.

    Raises
    ------
    GivenUp
    Busy
        The server is being stopped.
    """
    piped = subprocess.PIPE
    with subprocess.Popen([*PYTHON, *program], env=os.environ | ONE_THREAD, stdin=piped, stdout=piped,
                                 stderr=piped) as process:  # fmt: skip
        AT_WORK.add(process)
        try:
            out, error = process.communicate(given, timeout=most_s)
        except subprocess.TimeoutExpired:
            raise GivenUp from None
        finally:
            process.kill()
            was_stopped = process not in AT_WORK
            AT_WORK.discard(process)
    if was_stopped:  # which says nothing of the files
        raise Busy(STOPPED)
    return process.returncode, out, error


def stop_apart() -> None:
    """End all that is at work: the server is to stop, and nobody reads what it would say."""
    for one in tuple(AT_WORK):  # their threads take them away meanwhile
        AT_WORK.discard(one)
        one.kill()
