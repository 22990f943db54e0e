"""Requests to a PACS: patient where trying again is safe, never led elsewhere, and bounded in all that comes back."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote, urlencode

import urllib3
from urllib3 import exceptions as faults

from isotherm import __version__
from isotherm.errors import BadAnswer, BadSetting, NoAnswer, NotAdmitted
from isotherm.exchange.dicomweb_access import PASSWORD, TOKEN, USER, Access
from isotherm.exchange.dicomweb_server import Server

T = TypeVar("T")

CONNECT_S = 10.0
"""Longest wait for a connection."""

LONGEST_WAIT_S = 30.0
"""A PACS that asks for a longer pause than this is given up for now."""

CHUNK_BYTES = 2**18

LEAST_BYTES = 4096
"""An answer that brings less than this within a timeout hangs, even if a byte drops in now and then."""

BUSY = {408, 429, 502, 503, 504}
"""Statuses that may pass."""

CERTIFICATE_FAULTS = {
    10: "has expired",
    62: "is of another name than the address",
    64: "is of another address",
}
"""What OpenSSL's codes say of a certificate; all others are of an authority that is not known here."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a PACS answers: status, type of content, and the content as it comes."""

    status: int
    content_type: str
    more: bool
    chunks: Iterator[bytes]

    def read(self, most_bytes: int) -> bytes:
        """Return the whole content.

        Raises
        ------
        BadAnswer
            It is longer than `most_bytes`.
        NoAnswer
            It broke off.
        """
        data = bytearray()
        for chunk in self.chunks:
            data += chunk
            if len(data) > most_bytes:
                raise BadAnswer(
                    f"The PACS sent more than {most_bytes // 2**20} MB where a list was asked for; ask its IT."
                )
        return bytes(data)


class Connection:
    """Connections to one PACS, kept open between requests.

    Parameters
    ----------
    server : Server
    access : Access
    pause : callable
        Waits for so many seconds.
    """

    def __init__(self, server: Server, access: Access, *, pause: Callable[[float], None] = time.sleep) -> None:
        self.server = server
        self._access = access
        self.pause = pause
        # No proxy of the environment is used, no redirect is followed: both could carry the password elsewhere.
        self._pool = urllib3.PoolManager(
            retries=False,
            timeout=urllib3.Timeout(connect=min(CONNECT_S, server.timeout_s), read=server.timeout_s),
            ssl_context=server.context() if server.url.startswith("https:") else None,
        )

    def patiently(self, action: Callable[[], T]) -> T:
        """Do what can be done again without harm, until it succeeds or the last try has failed.

        Raises
        ------
        NoAnswer
        """
        for wait_s in self.server.waits_s:
            try:
                return action()
            except NoAnswer as error:
                if error.after_s > LONGEST_WAIT_S:
                    raise
                self.pause(max(wait_s, error.after_s))
        return action()

    @contextmanager
    def opened(
        self,
        path: tuple[str, ...],
        *,
        accept: str,
        query: Iterable[tuple[str, str]] = (),
        body: Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Generator[Answer]:
        """Send one request (a GET, or with a body a POST), and give the answer while it comes.

        Raises
        ------
        NoAnswer
            The PACS is not there, hangs, is busy or breaks off.
        NotAdmitted
            It does not let us in, or its certificate is not trusted.
        BadAnswer
            It leads elsewhere, or packs what was not to be packed.
        """
        url = self.server.url.rstrip("/") + "".join(f"/{quote(part, safe='')}" for part in path)
        asked = urlencode(list(query), quote_via=quote)
        with self._faults():
            response = self._pool.request(
                "GET" if body is None else "POST",
                f"{url}?{asked}" if asked else url,
                body=body,
                headers=self._headers(accept) | dict(headers or {}),
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        try:
            self._check(response)
            more = "299" in response.headers.get("Warning", "")
            yield Answer(response.status, response.headers.get("Content-Type", ""), more, self._chunks(response))
        finally:
            response.close()  # what is left of an answer must not be taken for the next one

    def _headers(self, accept: str) -> dict[str, str]:
        # Nothing packed is asked for or taken: what a packed answer unpacks to has no bound.
        told = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": f"isotherm/{__version__}"}
        return told | ({"Authorization": self._access.authorization} if self._access.authorization else {})

    def _check(self, response: urllib3.BaseHTTPResponse) -> None:
        name, status = self.server.name, response.status
        if status in (401, 403, 407):
            raise NotAdmitted(f"The PACS {name} did not let us in ({status}); {self._what_to_check()}.")
        if 300 <= status < 400:
            raise BadAnswer(
                f"The PACS {name} leads to another address ({status}), which is not followed; give that one."
            )
        if status in BUSY:
            raise NoAnswer(f"The PACS {name} is busy or in trouble ({status}); try again later.",
                           after_s=_asked_wait_s(response.headers))  # fmt: skip
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            raise BadAnswer(
                f"The PACS {name} packed its answer though it was asked not to; ask its IT to switch that off."
            )

    def _what_to_check(self) -> str:
        kind = self._access.authorization.partition(" ")[0]
        if not kind:
            return f"set {TOKEN}, or {USER} and {PASSWORD}"
        return f"check {TOKEN}" if kind == "Bearer" else f"check {USER} and its password"

    def _chunks(self, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        since, came = time.monotonic(), 0
        while True:
            with self._faults():
                chunk = response.read1(CHUNK_BYTES)
            if not chunk:
                return
            yield chunk
            came += len(chunk)
            if came >= LEAST_BYTES:
                since, came = time.monotonic(), 0
            elif time.monotonic() - since > self.server.timeout_s:
                raise NoAnswer(f"The PACS {self.server.name} sends next to nothing; try again later.")

    @contextmanager
    def _faults(self) -> Generator[None]:
        """Turn what may happen to a connection into one sentence, without what was sent or asked for."""
        name = self.server.name
        try:
            yield
        except faults.SSLError as error:
            raise self._not_trusted(error) from None
        except faults.NameResolutionError:
            raise BadSetting(f"No machine has the name of the PACS {name}; check the address.") from None
        except faults.ReadTimeoutError:
            raise NoAnswer(f"The PACS {name} was silent for {self.server.timeout_s:g} s; try again later, or give it "
                           "longer with --timeout-s.") from None  # fmt: skip
        except faults.NewConnectionError:
            raise NoAnswer(f"The PACS {name} takes no connection; is it on, and its address right?") from None
        except faults.ConnectTimeoutError:
            raise NoAnswer(
                f"The PACS {name} did not take a connection in time; is it on and the network there?"
            ) from None
        except (faults.HTTPError, OSError):
            raise NoAnswer(f"The PACS {name} broke off; try again.") from None

    def _not_trusted(self, error: faults.SSLError) -> NoAnswer | NotAdmitted:
        cause = error.args[0] if error.args else None
        name = self.server.name
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = CERTIFICATE_FAULTS.get(cause.verify_code, "is signed by no authority known here")
            return NotAdmitted(f"The certificate of the PACS {name} {why}; nothing was sent. Give your hospital's own "
                               "authority with --ca FILE, or ask its IT.")  # fmt: skip
        return NoAnswer(f"The PACS {name} and we found no common encryption; is it an https:// address?")


def _asked_wait_s(headers: Mapping[str, str]) -> float:
    """Return for how long a PACS asks to be left alone: it names seconds, or a moment by its own clock."""
    said = headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        moment, now = (parsedate_to_datetime(one) for one in (said, headers.get("Date", "")))
        return max(0.0, (moment - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return 0.0
