"""Whatever bytes come over the wire, a request ends within its bounds: in a result, or in one sentence."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isotherm.errors import IsothermError
from isotherm.exchange.dicomweb_access import Access
from isotherm.exchange.dicomweb_find import Wanted, find_studies
from isotherm.exchange.dicomweb_http import Connection
from isotherm.exchange.dicomweb_outgoing import Outgoing, outgoing_in
from isotherm.exchange.dicomweb_readback import read_back
from isotherm.exchange.dicomweb_server import Server
from isotherm.imaging.volume import Grid
from tests.exchange.made_up_dicom import PATIENT_ID, as_series

LIST = json.dumps(
    [{"0020000D": {"vr": "UI", "Value": ["1.2.3"]}, "00100020": {"vr": "LO", "Value": [PATIENT_ID]}}]
).encode()


class Wire:
    """A server that sends the same bytes to everybody, and hangs up."""

    def __init__(self) -> None:
        wire = self
        self.says = b""

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(wire.says)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def connection(self) -> Connection:
        port = self.server.server_address[1]
        return Connection(Server(f"http://127.0.0.1:{port}", timeout_s=0.5, waits_s=()), Access("Bearer token-SECRET"))


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Outgoing:
    folder: Path = as_series(
        tmp_path_factory.mktemp("scan"), np.zeros((1, 4, 4), np.int16), Grid((1, 4, 4), (1.0, 1.0, 1.0))
    )
    return outgoing_in([str(folder)])[0][0]


def whole(body: bytes, kind: bytes, *, chunked: bool) -> bytes:
    """An answer of HTTP, by its length or in chunks."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\n"
    if not chunked:
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    pieces = [body[at : at + 100] for at in range(0, len(body), 100)]
    return (
        head + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in [*pieces, b""])
    )


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[float, bytes, bool]]:
    """Bytes put in, or put in place of others, at shares of the length; mostly within the first lines."""
    where = st.floats(0.0, 0.3) | st.floats(0.0, 1.0, exclude_max=True)
    what = st.binary(min_size=1, max_size=3) | st.sampled_from([b"\r\n", b"-", b"99999999999", b"\0", b":", b"chunked"])
    return draw(st.lists(st.tuples(where, what, st.booleans()), min_size=1, max_size=4))


def changed(data: bytes, how: list[tuple[float, bytes, bool]]) -> bytes:
    for share, piece, instead in how:
        at = int(share * len(data))
        data = data[:at] + piece + data[at + (len(piece) if instead else 0) :]
    return data


def ends(action: object) -> None:
    """Do it; a refusal is one sentence without a secret."""
    try:
        assert callable(action)
        action()
    except IsothermError as refused:
        said = str(refused)
    else:
        return
    assert "\n" not in said
    assert "SECRET" not in said


MANY = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY
@given(changes(), st.booleans())
def test_a_list(wire: Wire, how: list[tuple[float, bytes, bool]], chunked: bool) -> None:
    wire.says = changed(whole(LIST, b"application/dicom+json", chunked=chunked), how)
    ends(lambda: find_studies(wire.connection, Wanted(), most=10))


@MANY
@given(changes(), st.booleans())
def test_an_object(wire: Wire, sent: Outgoing, how: list[tuple[float, bytes, bool]], chunked: bool) -> None:
    body = b"--abc\r\nContent-Type: application/dicom\r\n\r\n" + sent.whole() + b"\r\n--abc--\r\n"
    answer = whole(body, b'multipart/related; type="application/dicom"; boundary=abc', chunked=chunked)
    wire.says = changed(answer, how)
    ends(lambda: read_back(wire.connection, sent))
