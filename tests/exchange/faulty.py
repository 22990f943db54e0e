"""Bad networks and bad servers on this machine: a proxy that cuts, and a server that says what it is told."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType


class Proxy:
    """Passes bytes between a client and a server, until a plan for the connection says otherwise.

    Parameters
    ----------
    port : int
        Of the server.
    plan : callable
        Is given the number of the connection, from 0, and returns after how many bytes of the server's answers it is
        cut; None lets it pass whole.
    at_cut : callable
        Is called before a connection is cut.
    certificate : Path or None
        With its key in the same file; clients have to speak TLS then, as to a proxy in front of a PACS.
    """

    def __init__(
        self,
        port: int,
        plan: Callable[[int], int | None],
        *,
        at_cut: Callable[[], None] = lambda: None,
        certificate: Path | None = None,
    ) -> None:
        self._server, self._plan, self._at_cut = port, plan, at_cut
        self._tls = None if certificate is None else ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self._tls is not None and certificate is not None:
            self._tls.load_cert_chain(certificate)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listening.close()

    @property
    def url(self) -> str:
        """Base of the DICOMweb service behind it."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/dicom-web"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                left = self._plan(self.connections)
                self.connections += 1
                with suppress(OSError):  # the server behind it may be down, the client may not trust us
                    client = client if self._tls is None else self._tls.wrap_socket(client, server_side=True)
                    server = socket.create_connection(("127.0.0.1", self._server))
                    threading.Thread(target=_pass, args=(client, server, None, self._at_cut), daemon=True).start()
                    threading.Thread(target=_pass, args=(server, client, left, self._at_cut), daemon=True).start()
                    continue
                client.close()


def _pass(source: socket.socket, target: socket.socket, left: int | None, at_cut: Callable[[], None]) -> None:
    with suppress(OSError), source, target:
        while data := source.recv(2**16):
            if left is not None:
                data, left = data[:left], left - len(data[:left])
            target.sendall(data)
            if left == 0:
                at_cut()
                break
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


Reply = Callable[[http.server.BaseHTTPRequestHandler], None]
"""Writes an answer to a request, whatever it is."""


@contextmanager
def serving(reply: Reply) -> Generator[str]:
    """Run a server that answers every request as it is told; give its base."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def _answer(self) -> None:
            with suppress(OSError):
                reply(self)

        do_GET = do_POST = _answer  # noqa: N815 - named so by http.server

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/dicom-web"
    finally:
        server.shutdown()
        server.server_close()


def answer(handler: http.server.BaseHTTPRequestHandler, body: bytes, *, kind: str = "application/dicom+json",
           status: int = 200, **headers: str) -> None:  # fmt: skip
    """Send one whole answer."""
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)
