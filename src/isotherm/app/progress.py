"""Progress on a terminal: says what is being done once a command has taken more than a second, then wipes it away."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType

from isotherm.printable import printable

AFTER_S = 1.0
"""Nothing is shown of what takes less."""


class Progress:
    """Call it with what is being done; as a context it shows this while it lasts and cleans up after itself."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._doing = ""
        self._shown = ""
        self._width = 0
        self._started = time.monotonic()
        self._over = threading.Event()
        # A thread of its own, since a single long step must show that it lives.
        self._clock = None if quiet else threading.Thread(target=self._tick, daemon=True)

    def __call__(self, doing: str) -> None:
        """Name what is being done."""
        self._doing = doing

    def __enter__(self) -> Progress:
        if self._clock is not None:
            self._clock.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        if self._clock is not None:
            self._clock.join()
        if self._width:
            _show("\r" + " " * self._width + "\r")

    def _tick(self) -> None:
        on_terminal = sys.stderr.isatty()
        wait = AFTER_S
        while not self._over.wait(wait):
            wait = 0.5
            # Names of cases and lesions come from files; a line that is too long could not be wiped away.
            doing = printable(self._doing)[: max(20, shutil.get_terminal_size().columns - 12)]
            text = f"{time.monotonic() - self._started:5.0f} s  {doing}"
            if on_terminal:
                _show("\r" + text.ljust(self._width))
                self._width = len(text)
            elif self._doing != self._shown:
                # Without a terminal (a log), one line per step is enough.
                _show(text + "\n")
                self._shown = self._doing


def _show(text: str) -> None:
    with suppress(OSError):  # nobody may be there to see it
        print(text, end="", file=sys.stderr, flush=True)
