"""Logins: who is logged in, in which browser, for how long."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable

from fastapi import Request
from starlette.responses import Response

from isotherm.app.web.accounts import Account, Accounts
from isotherm.app.web.admission import Person
from isotherm.app.web.attempts import Attempts
from isotherm.app.web.gate import new_session, session_cookie
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.workspace import Workspace

IDLE_S, LONGEST_S = 30 * 60.0, 12 * 3600.0
"""After so long without a request, and after so long at the most, one has to log in again."""

NOTED_EVERY_S = 30.0


class TooOften(Exception):
    """A name, or from an address, was tried in vain too often."""


class Logins:
    """Who is logged in."""

    def __init__(
        self, workspace: Workspace, settings: ServeSettings, *, clock_s: Callable[[], float] = time.time
    ) -> None:
        self._workspace, self._settings, self._clock_s = workspace, settings, clock_s
        self.cookie = f"isotherm_login_{workspace.mark}"
        self.accounts, self.attempts = Accounts(workspace), Attempts(clock_s)
        self._looking = threading.Lock()

    def checked(self, name: str, password: str, address: str) -> Account | None:
        """Return the account of a name and its password; None where they do not fit.

        One after the other: a hundred guesses at once are counted all the same, and do not take all the memory.

        Raises
        ------
        TooOften
        """
        with self._looking:
            if self.attempts.must_wait(name, address):
                raise TooOften
            account = self.accounts.checked(name, password)
            if account is None:
                self.attempts.failed(name, address)
            else:
                self.attempts.succeeded(name)
            return account

    def person(self, request: Request) -> Person | None:
        """Return who asks; None where nobody is logged in in that browser."""
        token = request.cookies.get(self.cookie, "")
        if not token:
            return None
        now = self._clock_s()
        with self._workspace.connected() as connection:
            row = connection.execute(
                "SELECT login.name, role, login.made_at, seen_at FROM login JOIN account ON account.name = login.name "
                "WHERE token = ?", (_kept(token),),
            ).fetchone()  # fmt: skip
            if row is None:
                return None
            if now - row["seen_at"] > IDLE_S or now - row["made_at"] > LONGEST_S:
                connection.execute("DELETE FROM login WHERE token = ?", (_kept(token),))
                return None
            if now - row["seen_at"] > NOTED_EVERY_S:
                connection.execute("UPDATE login SET seen_at = ? WHERE token = ?", (now, _kept(token)))
        return Person(row["name"], row["role"])

    def log_in(self, request: Request, answer: Response, name: str) -> None:
        """Let a browser be logged in, and whoever was before be out: forms and logins of one are none of the next."""
        token, now = secrets.token_urlsafe(32), self._clock_s()
        with self._workspace.connected() as connection:
            connection.execute("DELETE FROM login WHERE token = ? OR seen_at < ? OR made_at < ?",
                               (self._sent(request), now - IDLE_S, now - LONGEST_S))  # fmt: skip
            connection.execute("INSERT INTO login VALUES (?, ?, ?, ?)", (_kept(token), name, now, now))
        self._put(answer, self.cookie, token)
        self._put(answer, session_cookie(self._workspace), new_session())

    def log_out(self, request: Request, answer: Response) -> None:
        """Let a browser be logged out."""
        with self._workspace.connected() as connection:
            connection.execute("DELETE FROM login WHERE token = ?", (self._sent(request),))
        answer.delete_cookie(self.cookie, httponly=True, samesite="strict", secure=self._settings.encrypted)
        self._put(answer, session_cookie(self._workspace), new_session())

    def _sent(self, request: Request) -> str:
        """Return what is kept of the token that a request came with."""
        return _kept(request.cookies.get(self.cookie, ""))

    def _put(self, answer: Response, cookie: str, value: str) -> None:
        answer.set_cookie(cookie, value, httponly=True, samesite="strict", secure=self._settings.encrypted)

    def address(self, request: Request) -> str:
        """Return where a request comes from: what the proxy in front of us says last, if there is one."""
        if self._settings.behind_proxy:
            # A proxy may add a line of its own below the one that the browser made up.
            told = ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
            if told:
                return told[:60]
        return request.client.host if request.client else ""


def _kept(token: str) -> str:
    """Return what is kept of a token: who reads the workspace cannot log in with it."""
    return hashlib.sha256(token.encode()).hexdigest()
