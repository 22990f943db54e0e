"""Connections on which nobody asks, or asks by halves: they end, and nobody else has to wait for that."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from isotherm.app.web import gate
from isotherm.app.web.connections import Connection
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.server import serve
from tests.app.web.story import listening

PATIENCE_S = 30.0
HEAD = b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
LARGE = 30_000_000


class Quick(Connection):
    """Has short limits."""

    patience_s, most = 0.5, 6


@pytest.fixture
def port(app: FastAPI) -> Iterator[int]:
    with listening(app, Quick) as found:
        yield found


def opened(port: int, sent: bytes = b"") -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    one.sendall(sent)
    return one


def heard(one: socket.socket) -> bytes:
    """Return all that comes until the server ends it."""
    told = b""
    try:
        while some := one.recv(65536):
            told += some
    except ConnectionResetError:
        return told
    return told


def is_ended_though_fed(one: socket.socket) -> bool:
    """Send a letter now and then; return whether the server ends it all the same."""
    with suppress(ConnectionError):
        for _ in range(int(PATIENCE_S / 0.05)):
            one.sendall(b"x")
            time.sleep(0.05)
        return False
    return True


def answered(port: int, path: str = "who") -> bool:
    with closing(opened(port, HEAD % path.encode() + b"Connection: close\r\n\r\n")) as one:
        return heard(one).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [b"", b"G", HEAD % b"who", b"POST /who HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "])
def test_a_connection_without_the_whole_head_of_a_request_is_ended(port: int, sent: bytes) -> None:
    began = time.monotonic()
    with closing(opened(port, sent)) as one:
        assert heard(one) == b""
        assert time.monotonic() - began < PATIENCE_S


@pytest.mark.parametrize("first", [b"", HEAD % b"who" + b"\r\n"])
def test_a_head_that_comes_letter_by_letter_is_ended_all_the_same(port: int, first: bytes) -> None:
    with closing(opened(port, first + HEAD % b"who")) as one:
        assert is_ended_though_fed(one)
        assert answered(port)


def test_a_body_that_goes_on_after_the_answer_is_ended(port: int) -> None:
    head = b"POST /nothing HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 100000\r\n\r\n"
    with closing(opened(port, head)) as one:
        assert one.recv(20).startswith(b"HTTP/1.1 421")
        assert is_ended_though_fed(one)


def test_half_a_form_is_refused_in_a_sentence(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "FORM_S", 0.3)
    head = (b"POST /who HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname=")  # fmt: skip
    with closing(opened(port, head)) as one:
        told = heard(one)
    assert told.startswith(b"HTTP/1.1 408")
    assert gate.TOO_SLOW.encode() in told


def test_whoever_reads_nothing_is_left_and_whoever_reads_slowly_is_not(app: FastAPI) -> None:
    class Calm(Quick):
        patience_s = 1.5

    app.get("/large")(lambda: PlainTextResponse(b"x" * LARGE))
    asks = HEAD % b"large" + b"Connection: close\r\n\r\n"
    with listening(app, Calm) as port, closing(opened(port, asks)) as deaf, closing(opened(port, asks)) as slow:
        told, began = 0, time.monotonic()
        while time.monotonic() < began + 2 * Calm.patience_s:
            told += len(slow.recv(400_000))
            time.sleep(0.05)
        assert told + len(heard(slow)) > LARGE
        assert len(heard(deaf)) < LARGE


def test_a_request_that_takes_long_is_answered(app: FastAPI) -> None:
    app.get("/slow")(lambda: time.sleep(3 * Quick.patience_s))
    with listening(app, Quick) as port:
        assert answered(port, "slow")


def test_hundreds_who_ask_nothing_keep_nobody_out(app: FastAPI) -> None:
    class Full(Quick):
        patience_s = PATIENCE_S

    with listening(app, Full) as port, ExitStack() as stack:
        idle = [stack.enter_context(closing(opened(port, HEAD % b"who"))) for _ in range(20 * Full.most)]
        assert answered(port)
        for one in idle[: -Full.most]:
            assert heard(one) == b""


def test_the_server_has_these_limits(settings: ServeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[uvicorn.Config] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: seen.append(self.config))

    serve(settings, certificate=None, browser=False, say=lambda _: None)

    seen[0].load()
    assert seen[0].http_protocol_class is Connection
    assert Connection.patience_s <= gate.FORM_S <= 60.0
    assert Connection.most <= 200
