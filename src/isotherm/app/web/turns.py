"""Turns: what takes much is done by a few requests at once; another one waits a little, and is told to come again."""

from __future__ import annotations

import threading

from isotherm.errors import InputError

WAITS_S = 4.0
"""A request that waits holds one of the threads that answer all pages."""

AGAIN_AFTER_S = 5
"""When a script asks again."""


class Busy(InputError):
    """Others are at it, and nothing was done; scripts and forms ask again by themselves."""


class Turns:
    """Turns of something that only a few requests do at once: `with TURNS:`.

    Parameters
    ----------
    most : int
        At once.
    busy : str
        What is said to who has waited in vain.
    """

    def __init__(self, most: int, busy: str) -> None:
        self._free, self._busy = threading.Semaphore(most), busy

    def __enter__(self) -> None:
        """Wait a little for a turn.

        Raises
        ------
        Busy
        """
        if not self._free.acquire(timeout=WAITS_S):
            raise Busy(self._busy)

    def __exit__(self, *_: object) -> None:
        """Give the turn back."""
        self._free.release()
