"""The program that measures cases for `batch_process.Measurer`: orders on standard input, outcomes on standard output.

It ends with whoever started it, and takes along what it has started itself; it ends, too, when nobody asks for a while.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
from typing import Any

from isotherm.app.batch_attempt import attempt
from isotherm.exchange.dicom_decode import send, take

IDLE_S = 60.0
"""After so long without an order nobody needs it any more, and its memory is given back."""

READY, DOING, DONE = b"ready", b"doing", b"done"


def serve(stdin: Any, stdout: Any) -> None:
    """Measure cases until nobody asks any more."""
    orders: queue.Queue[bytes] = queue.Queue()
    send(stdout, READY)
    threading.Thread(target=_listen, args=(stdin, orders), daemon=True).start()
    while True:
        try:
            order = pickle.loads(orders.get(timeout=IDLE_S))
        except queue.Empty:
            return
        outcome = attempt(order, progress=lambda doing: send(stdout, DOING, doing.encode()))
        send(stdout, DONE, pickle.dumps(outcome))


def _listen(stdin: Any, orders: queue.Queue[bytes]) -> None:
    """Hand on what comes, and end everything when the other side is gone: nobody would see what is measured."""
    try:
        while True:
            orders.put(take(stdin))
    except (EOFError, OSError):
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(0)


if __name__ == "__main__":
    # What libraries print must not come between the messages.
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        serve(sys.stdin.buffer, out)
    os._exit(0)  # the listener still waits for standard input
