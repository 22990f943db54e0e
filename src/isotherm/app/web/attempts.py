"""Attempts: how often a login was tried in vain, by name and by address; too many, and both have to wait."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable

MOST_OF_A_NAME, MOST_OF_AN_ADDRESS = 5, 20
WITHIN_S = 15 * 60.0
MOST_KEPT = 10_000
"""Names that somebody makes up must not fill the memory."""


class Attempts:
    """Counts what was tried in vain in the last quarter of an hour.

    Parameters
    ----------
    clock_s : callable
        Tells seconds that only grow.
    """

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s, self._lock = clock_s, threading.Lock()
        self._failed: dict[tuple[str, str], deque[float]] = defaultdict(_few)

    def must_wait(self, name: str, address: str) -> bool:
        """Return whether a name or an address has been tried in vain too often."""
        with self._lock:
            return (self._count("name", name) >= MOST_OF_A_NAME
                    or self._count("address", address) >= MOST_OF_AN_ADDRESS)  # fmt: skip

    def failed(self, name: str, address: str) -> None:
        """Note that it was in vain."""
        with self._lock:
            if len(self._failed) > MOST_KEPT:
                self._forget()
            for key in (("name", name), ("address", address)):
                self._failed[key].append(self._clock_s())

    def succeeded(self, name: str) -> None:
        """Note that it was not; the address has its count still, or one good login would let a thousand guesses in."""
        with self._lock:
            self._failed.pop(("name", name), None)

    def _count(self, kind: str, value: str) -> int:
        times = self._failed.get((kind, value))
        if times is None:
            return 0
        while times and times[0] < self._clock_s() - WITHIN_S:
            times.popleft()
        if not times:
            del self._failed[kind, value]
        return len(times)

    def _forget(self) -> None:
        """Let go of what is over; where all is fresh, of the names, since the addresses go on counting."""
        for kind, value in list(self._failed):
            self._count(kind, value)
        if len(self._failed) > MOST_KEPT:
            self._failed = defaultdict(_few, {key: times for key, times in self._failed.items() if key[0] == "address"})


def _few() -> deque[float]:
    return deque(maxlen=max(MOST_OF_A_NAME, MOST_OF_AN_ADDRESS))
