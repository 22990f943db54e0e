"""ServeSettings: what `isotherm serve` was told, checked where it comes in."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from isotherm.errors import BadSetting
from isotherm.printable import printable

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine that nobody else can take: another name that points here comes from somebody else's page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What the server was told.

    Parameters
    ----------
    registry : str
        Address of the registry.
    workspace : Path
        Folder for jobs, uploads and accounts; made where it is not there.
    host : str
        Address that is listened at.
    port : int
        0 takes a free one.
    names : frozenset of str
        Names under which browsers ask for it, beside `host`.
    login : bool
        Whether one has to log in.
    tls : bool
        Whether the server itself speaks TLS.
    behind_proxy : bool
        Whether a reverse proxy in front of it does.
    keyed : bool
        Whether the first address has to hold the workspace's key, so that other users of the machine are not let in.
    jobs : int
        How many go on at once.
    room_gb : float
        How much the workspace may hold of uploads, jobs, imports and studies.

    Raises
    ------
    BadSetting
    """

    registry: str
    workspace: Path
    host: str = "127.0.0.1"
    port: int = 0
    names: frozenset[str] = frozenset()
    login: bool = False
    tls: bool = False
    behind_proxy: bool = False
    keyed: bool = False
    jobs: int = 1
    room_gb: float = 100.0

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise BadSetting(f"--port {self.port} came; 0 (a free one) to 65535 is wanted.")
        if not 1 <= self.jobs <= 64:
            raise BadSetting(f"--jobs {self.jobs} came; 1 to 64 is wanted.")
        if not 0.0 < self.room_gb <= 1e6:
            raise BadSetting(f"--room-gb {self.room_gb:g} came; more than 0, up to 1000000 is wanted.")
        if is_loopback(self.host) and not self.behind_proxy:
            return
        where = f"--host {printable(self.host)}" if not is_loopback(self.host) else "--behind-proxy"
        if not self.login:
            raise BadSetting(f"{where} lets other machines in, and nobody has a login; give one with "
                             "isotherm serve user add NAME --role admin.")  # fmt: skip
        if not (self.tls or self.behind_proxy):
            raise BadSetting(f"{where} would send patients over the network as plain text; give --tls-cert and "
                             "--tls-key, or --behind-proxy if a proxy in front speaks TLS.")  # fmt: skip

    @property
    def encrypted(self) -> bool:
        """Whether browsers speak TLS, to us or to the proxy."""
        return self.tls or self.behind_proxy

    @property
    def allowed_names(self) -> frozenset[str]:
        """Names that a request may be for."""
        own = LOOPBACK_NAMES if is_loopback(self.host) else frozenset({self.host} - {"0.0.0.0", "::"})
        return frozenset(name.lower().strip("[]") for name in own | self.names)


def is_loopback(host: str) -> bool:
    """Return whether only this machine itself reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
