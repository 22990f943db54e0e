"""What takes long to open and was looked at last stays in memory; who looks at it again waits for nobody."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

from isotherm.app.web import turns
from isotherm.app.web.turns import Busy, Turns

Thing = TypeVar("Thing")


class LastOpened(Generic[Thing]):
    """The things that were opened last; of several who ask for one, the first opens it for all.

    Parameters
    ----------
    most : int
        Things that are kept.
    turns : Turns
        Only so many are opened at once, and who waits for that does not wait long.
    coming : str
        What is said to who has waited in vain for what another one opens.
    """

    def __init__(self, most: int, turns: Turns, *, coming: str) -> None:
        self._most, self._turns, self._says, self._one = most, turns, coming, threading.Lock()
        self._open: OrderedDict[Hashable, Thing] = OrderedDict()
        self._coming: dict[Hashable, Future[Thing]] = {}

    def of(self, key: Hashable, opened: Callable[[], Thing]) -> Thing:
        """Return the thing of a key; `opened` opens it where it is not there.

        What `opened` raises goes to all that wait for it, and is not kept.

        Raises
        ------
        Busy
            It, or others, are being opened.
        """
        with self._one:
            if key in self._open:
                self._open.move_to_end(key)
                return self._open[key]
            is_first = key not in self._coming
            coming = self._coming.setdefault(key, Future())
        if is_first:
            return self._made(key, opened, coming)
        try:
            return coming.result(turns.WAITS_S)
        except TimeoutError:
            if coming.done():  # whoever opened it has raised that
                raise
            raise Busy(self._says) from None

    def _made(self, key: Hashable, opened: Callable[[], Thing], coming: Future[Thing]) -> Thing:
        try:
            with self._turns:
                made = opened()
        except BaseException as error:
            with self._one:
                del self._coming[key]
            coming.set_exception(error)
            raise
        with self._one:
            del self._coming[key]
            self._open[key] = made
            while len(self._open) > self._most:
                self._open.popitem(last=False)
        coming.set_result(made)
        return made
