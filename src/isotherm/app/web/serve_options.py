"""What `isotherm serve` does with its options: the registry or the demo's, the certificate, then the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from isotherm.app.web.accounts import Accounts
from isotherm.app.web.demo_registry import demo_registry
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.server import serve
from isotherm.app.web.workspace import workspace_at
from isotherm.errors import BadSetting
from isotherm.registry.store import open_store


def served(
    registry: str | None, workspace: Path, *, today: date, demo: bool, host: str, port: int,
    names: Sequence[str], tls_cert: str | None, tls_key: str | None, behind_proxy: bool, browser: bool, jobs: int,
    room_gb: float, say: Callable[[str], None], progress: Callable[[str], None],
) -> None:  # fmt: skip
    """Serve a registry, or the demo's where none is named, until it is stopped.

    Raises
    ------
    BadSetting, OutputError, StoreError, NoAnswer
    """
    if demo and registry is not None:
        raise BadSetting("--demo came beside a registry; give one of them.")
    certificate = _certificate(tls_cert, tls_key)
    place = workspace_at(workspace)
    login = bool(Accounts(place).all())
    settings = ServeSettings(
        registry=registry or str(place.folder / "demo.registry"), workspace=place.folder,
        host=host, port=port, names=frozenset(names), login=login, tls=certificate is not None,
        behind_proxy=behind_proxy, keyed=not login, jobs=jobs, room_gb=room_gb,
    )  # fmt: skip
    if registry is None:
        demo_registry(place.folder, today=today, progress=progress)
    open_store(settings.registry).close()  # what is wrong with it is said here, not on the first page
    serve(settings, certificate=certificate, browser=browser, say=say)


def _certificate(tls_cert: str | None, tls_key: str | None) -> tuple[Path, Path] | None:
    if (tls_cert is None) != (tls_key is None):
        raise BadSetting("--tls-cert and --tls-key belong together; give both.")
    if tls_cert is None or tls_key is None:
        return None
    for name, path in (("--tls-cert", Path(tls_cert)), ("--tls-key", Path(tls_key))):
        if not path.is_file():
            raise BadSetting(f"{name} names no file that is there; give a file in PEM.")
    return Path(tls_cert), Path(tls_key)
