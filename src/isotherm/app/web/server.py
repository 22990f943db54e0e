"""serve: listen, open the browser, and stop in order."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from isotherm.app.web.application import create_app
from isotherm.app.web.connections import Connection
from isotherm.app.web.gate import launch_key
from isotherm.app.web.opening_file import opening_file
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.workspace import Workspace, held, workspace_at
from isotherm.errors import BadSetting

PATIENCE_S = 5
"""How long open answers may take when the server is to stop."""

LOG_BYTES, LOGS_BEFORE = 5_000_000, 2
"""Size of a log, and how many full ones are kept beside it."""


def serve(settings: ServeSettings, *, certificate: tuple[Path, Path] | None, browser: bool, say: Callable[[str], None]
          ) -> None:  # fmt: skip
    """Serve until it is stopped.

    Parameters
    ----------
    settings : ServeSettings
    certificate : (certificate, key), optional
        Files for TLS.
    browser : bool
        Whether to open one.
    say : callable
        Told where it listens.

    Raises
    ------
    BadSetting
        The port is taken, or the address is none of this machine.
    OutputError
        The workspace cannot be used, or another server has it.
    """
    workspace = workspace_at(settings.workspace)
    with held(workspace), _listening(settings) as listener:
        settings = replace(settings, port=int(listener.getsockname()[1]))
        app = create_app(settings)
        address = address_of(settings)
        full = f"{address}?key={launch_key(workspace.secret)}" if settings.keyed else address
        # No log of requests: addresses hold keys of patients.
        config = uvicorn.Config(app, http=Connection, ws="none", log_config=_log_of(workspace), log_level="error",
                                access_log=False, server_header=False, proxy_headers=False, lifespan="on",
                                timeout_graceful_shutdown=PATIENCE_S,
                                ssl_certfile=certificate[0] if certificate else None,
                                ssl_keyfile=certificate[1] if certificate else None)  # fmt: skip
        with opening_file(workspace, full) if browser and settings.keyed else nullcontext(full) as opened:
            say(full)
            if browser:
                # Connections wait in the listener until the server takes them.
                threading.Thread(target=webbrowser.open, args=(opened,), daemon=True).start()
            with suppress(KeyboardInterrupt):  # which it hands on when everything is in order
                uvicorn.Server(config).run(sockets=[listener])


def address_of(settings: ServeSettings) -> str:
    """Return the address of the first page."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{'https' if settings.tls else 'http'}://{host}:{settings.port}/"


def _log_of(workspace: Workspace) -> dict[str, Any]:
    """Return where it is written what was unforeseen: only the owner may read it, since nobody knows what is in it.

    No warnings: uvicorn warns at every request that is none, and whoever sends them would fill the log.
    """
    handler = {"class": "logging.handlers.RotatingFileHandler", "filename": str(workspace.folder / "server.log"),
               "formatter": "plain", "maxBytes": LOG_BYTES, "backupCount": LOGS_BEFORE, "delay": True,
               "encoding": "utf-8"}  # fmt: skip
    return {"version": 1, "disable_existing_loggers": False, "handlers": {"file": handler},
            "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(message)s"}},
            "loggers": {"uvicorn": {"handlers": ["file"], "level": "ERROR", "propagate": False}}}  # fmt: skip


def _listening(settings: ServeSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(128)
        listener.set_inheritable(False)
    except OSError as error:
        listener.close()
        why = (error.strerror or "the system refused").lower()
        raise BadSetting(f"--port {settings.port} of that address cannot be listened at: {why}; give another --port, "
                         "or 0 for a free one.") from None  # fmt: skip
    return listener
