"""A PACS: its address, how its certificate is trusted, and how long we wait for it."""

from __future__ import annotations

import ipaddress
import math
import os
import re
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from isotherm.errors import BadSetting

WAITS_S = (0.5, 1.0, 2.0, 4.0)
"""Seconds between one try and the next, where trying again cannot do harm."""

TIMEOUT_S = 60.0
"""A PACS that sends nothing for so long hangs; one that has to fetch from a slow archive may need more."""

LONGEST_TIMEOUT_S = 3600.0

UID = re.compile(r"[0-9]+(?:\.[0-9]+)*")
LONGEST_UID = 64
"""Characters of a UID (PS3.5, section 9.1)."""


@dataclass(frozen=True, slots=True)
class Server:
    """A PACS that speaks DICOMweb.

    Parameters
    ----------
    url : str
        Base of its DICOMweb service, as in https://pacs.example/dicom-web.
    ca_file : str or None
        Authorities whose certificates are trusted, in PEM; those of the system if absent.
    timeout_s : float
        Longest silence.
    plain_http : bool
        Whether data of patients may travel unencrypted to another machine.
    waits_s : tuple of float
        Seconds before each further try.

    Raises
    ------
    BadSetting
    """

    url: str
    ca_file: str | None = None
    timeout_s: float = TIMEOUT_S
    plain_http: bool = False
    waits_s: tuple[float, ...] = WAITS_S

    def __post_init__(self) -> None:
        parts = _split(self.url)
        if parts.scheme == "http" and not (self.plain_http or _is_here(parts.hostname or "")):
            raise BadSetting(
                "The address of the PACS begins with http://, so that everybody on the way could read the images and "
                "the password; give its https:// address, or say --plain-http where the network is closed."
            )
        if not (math.isfinite(self.timeout_s) and 0.0 < self.timeout_s <= LONGEST_TIMEOUT_S):
            raise BadSetting(f"A timeout of more than 0 and at most {LONGEST_TIMEOUT_S:.0f} s is wanted; give seconds.")
        if self.ca_file is not None and parts.scheme == "http":
            raise BadSetting(
                "A file of authorities came, but an address with http:// has no certificate; use https://."
            )
        self.context()

    @property
    def name(self) -> str:
        """Host and port, for messages."""
        return _split(self.url).netloc

    def context(self) -> ssl.SSLContext:
        """Return how certificates are checked: always, and with the name of the host."""
        if self.ca_file is None:
            return ssl.create_default_context()
        if not os.path.isfile(self.ca_file):
            raise BadSetting("The file of authorities (--ca) is not there; give the PEM file that your IT keeps.")
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except (ssl.SSLError, OSError, ValueError):
            raise BadSetting(
                "The file of authorities (--ca) holds no certificate in PEM; ask your IT for it."
            ) from None


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        whole, parts = False, SplitResult("", "", "", "", "")
    if not whole or not url.isprintable() or " " in url or "\\" in url:
        raise BadSetting("The address of the PACS is none; give it as https://HOST/dicom-web, as your IT names it.")
    if parts.username is not None or parts.password is not None:
        raise BadSetting(
            "The address of the PACS holds a user or a password, which a command line shows to everybody; set "
            "ISOTHERM_PACS_USER and ISOTHERM_PACS_PASSWORD in its place."
        )
    if parts.query or parts.fragment or ".." in parts.path.split("/"):
        raise BadSetting("The address of the PACS holds ?, # or ..; give only the base, as in https://HOST/dicom-web.")
    return parts


def _is_here(host: str) -> bool:
    """Say whether a host is this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_uid(text: str) -> bool:
    """Say whether a text is a UID: nothing else becomes part of a path, on a server or on a disk."""
    return len(text) <= LONGEST_UID and UID.fullmatch(text) is not None


def checked_uid(text: str, of: str) -> str:
    """Return a UID that a user gave.

    Raises
    ------
    BadSetting
    """
    if not is_uid(text):
        raise BadSetting(f"The UID of the {of} is none: numbers with points between them are wanted; copy it whole.")
    return text
