"""What takes long to open and was looked at last stays in memory; who looks at it again waits for nobody."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from isotherm.app.web.turns import Turns

Thing = TypeVar("Thing")


class LastOpened(Generic[Thing]):
    """The things that were opened last.

    Parameters
    ----------
    most : int
        Things that are kept.
    turns : Turns
        Only so many are opened at once, and who waits for that does not wait long.
    """

    def __init__(self, most: int, turns: Turns) -> None:
        self._most, self._turns, self._one = most, turns, threading.Lock()
        self._open: OrderedDict[Hashable, Thing] = OrderedDict()

    def of(self, key: Hashable, opened: Callable[[], Thing]) -> Thing:
        """Return the thing of a key; `opened` opens it where it is not there.

        Raises
        ------
        Busy
            Others are being opened.
        """
        if (there := self._there(key)) is not None:
            return there
        with self._turns:
            if (there := self._there(key)) is not None:  # opened by another one, while this one waited
                return there
            made = opened()
            with self._one:
                self._open[key] = made
                while len(self._open) > self._most:
                    self._open.popitem(last=False)
            return made

    def _there(self, key: Hashable) -> Thing | None:
        with self._one:
            if key in self._open:
                self._open.move_to_end(key)
            return self._open.get(key)
