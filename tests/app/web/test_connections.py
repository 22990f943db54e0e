"""Connections on which nobody asks, or asks by halves: they end, and nobody else has to wait for that."""

from __future__ import annotations

import logging.config
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient

from isotherm.app.web import gate
from isotherm.app.web.connections import Connection
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.server import LOG_BYTES, LOGS_BEFORE, _log_of, serve
from isotherm.app.web.workspace import workspace_at
from tests.app.web.conftest import token_on
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


def test_whoever_reads_nothing_of_an_answer_is_left(app: FastAPI) -> None:
    app.get("/large")(lambda: PlainTextResponse(b"x" * LARGE))
    with listening(app, Quick) as port, closing(opened(port, HEAD % b"large" + b"\r\n")) as deaf:
        time.sleep(4 * Quick.patience_s)
        assert len(heard(deaf)) < LARGE


class Written:
    """The time and the other side of a connection: how much of an answer is not read yet, whenever that is asked."""

    def __init__(self, *unread: int) -> None:
        self._unread, self.asked_again, self.ended = list(unread), 0, False

    def call_later(self, *_: object) -> None:
        self.asked_again += 1

    def get_write_buffer_size(self) -> int:
        return self._unread.pop(0)

    def abort(self) -> None:
        self.ended = True


@pytest.mark.parametrize(
    ("unread", "ends_at"), [((900, 800, 1, 0), 4), ((900, 900), 2), ((900, 800, 800), 3), ((0,), 1)]
)
def test_whoever_reads_slowly_is_not_left(unread: tuple[int, ...], ends_at: int) -> None:
    one = Connection.__new__(Connection)
    other: Any = Written(*unread)
    one.loop = one.transport = other
    one.__dict__["cycle"] = None
    for turn in range(1, ends_at + 1):
        one._give_up()
        assert other.ended is (turn == ends_at)
    assert other.asked_again == ends_at - 1


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
    assert seen[0].log_level == "error"
    assert gate.SILENT_S <= 60.0
    assert Connection.patience_s <= gate.FORM_S <= 60.0
    assert Connection.most <= 200


def head_of_upload(app: FastAPI, declared: int) -> bytes:
    client = TestClient(app, base_url="http://127.0.0.1", cookies={"isotherm_who": "ada"})
    token = token_on(client.get("/who").text)
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return (f"POST /uploads?name=ct.nii HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\nX-CSRF-Token: {token}\r\n"
            f"Content-Length: {declared}\r\n\r\n").encode()  # fmt: skip


@pytest.mark.parametrize("drips", [False, True])
def test_a_file_of_which_nothing_more_comes_is_refused_and_its_room_is_free(
    app: FastAPI, port: int, monkeypatch: pytest.MonkeyPatch, drips: bool
) -> None:
    monkeypatch.setattr(gate, "SILENT_S", 0.4)
    room = app.state.room
    before = room.take(0)
    with closing(opened(port, head_of_upload(app, 50_000_000) + b"x")) as one:
        one.settimeout(0.05)
        told, end_at = b"", time.monotonic() + PATIENCE_S
        while not told:
            assert time.monotonic() < end_at, "it is waited for for ever"
            with suppress(TimeoutError):
                told = one.recv(65536)
            if drips and not told:
                one.sendall(b"x")
        one.settimeout(PATIENCE_S)
        told += heard(one)
    assert told.startswith(b"HTTP/1.1 408")
    assert gate.FILE_TOO_SLOW.encode() in told
    assert room.take(0) == before
    assert list(app.state.web.workspace.uploads.iterdir()) == []


def test_a_file_that_comes_slowly_is_kept(app: FastAPI, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "SILENT_S", 1.5)
    piece, number = b"x" * gate.LEAST_BYTES, 8
    with closing(opened(port, head_of_upload(app, number * len(piece)))) as one:
        for _ in range(number):
            one.sendall(piece)
            time.sleep(0.3)
        assert one.recv(20).startswith(b"HTTP/1.1 200")


def test_of_too_many_connections_one_that_is_idle_is_ended_and_then_half_a_head_before_any_answer(app: FastAPI) -> None:
    class Few(Quick):
        patience_s, most = PATIENCE_S, 3

    app.get("/large")(lambda: PlainTextResponse(b"x" * LARGE))
    with listening(app, Few) as port, ExitStack() as stack:

        def one_more(sent: bytes) -> socket.socket:
            found = stack.enter_context(closing(opened(port, sent)))
            time.sleep(0.2)  # it is there, before the next one comes
            return found

        paused = one_more(HEAD % b"large" + b"\r\n")
        half = one_more(HEAD % b"who")
        idle = one_more(HEAD % b"who" + b"\r\n")
        assert idle.recv(20).startswith(b"HTTP/1.1 200")
        one_more(HEAD % b"large" + b"\r\n")
        assert heard(idle)[-1:] != b""  # what was answered, and the end
        one_more(HEAD % b"large" + b"\r\n")
        assert heard(half) == b""
        assert answered(port)  # the longest of three who do not read goes for one who asks
        assert len(heard(paused)) < LARGE


def test_a_flood_of_requests_that_are_none_fills_no_disk(settings: ServeSettings) -> None:
    workspace = workspace_at(settings.workspace)
    logging.config.dictConfig(_log_of(workspace))
    logger = logging.getLogger("uvicorn.error")
    logger.setLevel(logging.NOTSET)
    try:
        for _ in range(1000):
            logger.warning("Invalid HTTP request received.")  # as uvicorn does at each
        assert list(workspace.folder.glob("server.log*")) == []
        for _ in range(40):
            logger.error("x" * 1_000_000)
        kept = list(workspace.folder.glob("server.log*"))
        assert len(kept) == 1 + LOGS_BEFORE
        assert sum(one.stat().st_size for one in kept) <= (1 + LOGS_BEFORE) * LOG_BYTES
    finally:
        for handler in logging.getLogger("uvicorn").handlers[:]:
            handler.close()
            logging.getLogger("uvicorn").removeHandler(handler)
        logging.getLogger("uvicorn").propagate = True
