"""Connections: how long one may wait for the head of a request, or read nothing, and how many there are at once."""

from __future__ import annotations

import asyncio
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class Connection(H11Protocol):
    """A connection of a browser, which ends where nothing is asked or nothing is read; uvicorn would wait for ever.

    Attributes
    ----------
    patience_s : float
        How long the whole head of a request may take, from when the connection is there or has been answered; and how
        long whoever is answered may read nothing.
    most : int
        Connections at once: of one more, that is ended which has waited longest among those that were answered and are
        asked nothing more; else among those without a whole head; else among those that do not read their answer.
        Below the 256 files that macOS gives a program.
    """

    patience_s, most = 60.0, 200
    _waits: asyncio.TimerHandle | None = None
    _unread: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Give the first head its time, and make room."""
        super().connection_made(transport)
        self._look()
        if len(self.connections) > self.most:
            every = cast("set[Connection]", self.connections)
            waiting = [(one is self, one._costs(), one._waits.when(), one.transport) for one in every
                       if one._waits is not None and not one.transport.is_closing()]  # fmt: skip
            min(waiting, key=lambda each: each[:3])[-1].abort()  # the new one itself where all others are at work

    def data_received(self, data: bytes) -> None:
        """Wait no more where a head is there."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Give the next head its time: what is left of a body that nobody wants takes of it."""
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        """Give whoever does not read its time."""
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing."""
        super().connection_lost(exc)
        self._stop()

    @property
    def _is_answered(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete

    def _costs(self) -> int:
        """Return how much is lost with the connection: 0 nothing, 1 a request that may come, 2 an answer."""
        if self._is_answered or self.transport.get_write_buffer_size():  # of a whole answer, some is not read yet
            return 2
        was_answered = bool(self.cycle) and self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]
        return 0 if was_answered else 1

    def _look(self) -> None:
        """Have the time run while it is the other side's turn; once it runs, half a head does not stop it."""
        if self._is_answered and not self.flow.write_paused:
            self._stop()
        elif self._waits is None:
            self._waits = self.loop.call_later(self.patience_s, self._give_up)

    def _give_up(self) -> None:
        """End the connection, unless some of what was written has been read in this time."""
        self._waits, before, self._unread = None, self._unread, self.transport.get_write_buffer_size()
        if self._unread and (before is None or self._unread < before):
            self._look()
        else:
            self.transport.abort()

    def _stop(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
        self._waits = self._unread = None
