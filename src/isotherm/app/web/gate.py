"""The gate that every request passes: the name it asks for, the key, its size; and the headers of every answer."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from isotherm.app.web.csrf import UPLOADS
from isotherm.app.web.leading_page import leading_page
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.way_back import BACK, led_back
from isotherm.app.web.workspace import Workspace
from isotherm.errors import InputError

MOST_FORM_BYTES = 1_000_000
"""Of a form; what is larger is uploaded."""

FORM_S = 60.0
"""In which a form has to have come: whoever sends half of one holds a connection."""

SILENT_S, LEAST_BYTES = 60.0, 60_000
"""Of a file so much has to come while it is waited for so long: whoever sends less holds a connection, and room."""

STATIC = "/static/"

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
          "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-src 'self'; "
          "frame-ancestors 'none'; object-src 'none'")  # fmt: skip
"""What our pages may do: nothing comes from elsewhere, and no script or style stands in a page itself."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers then hide the origin of a write, which we look at.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=()",
}

KEY_WANTED = "Open the address that isotherm serve printed: it holds a key, so that only you are let in.\n"
STRANGE_NAME = "This server is not asked for under this name; open the address that isotherm serve printed.\n"
TOO_LARGE = "More came than a form holds; nothing was kept.\n"


TOO_SLOW = "The form came too slowly, and nothing of it was kept; send it again."
FILE_TOO_SLOW = "Next to nothing of the file came for a minute, and nothing of it was kept; send it again."


class TooLarge(InputError):
    """More came than is allowed."""


class TooSlow(InputError):
    """A form did not come in time, or a file no further."""


class Gate:
    """What stands before all pages."""

    def __init__(self, app: ASGIApp, *, settings: ServeSettings, workspace: Workspace) -> None:
        self._app, self._settings = app, settings
        self._names = settings.allowed_names
        self._secret, self._key = workspace.secret, launch_key(workspace.secret)
        self.session_cookie, self.key_cookie = session_cookie(workspace), f"isotherm_key_{workspace.mark}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        cookies = _cookies(headers)
        session = cookies.get(self.session_cookie, "")
        fresh = not _is_session(session)
        session = new_session() if fresh else session
        scope.setdefault("state", {})["session"] = session
        answer = _Answer(send, scope["path"], [self._cookie(self.session_cookie, session)] if fresh else [])
        if not self._is_for_us(headers):
            return await PlainTextResponse(STRANGE_NAME, 421)(scope, receive, answer)
        if scope["path"] == BACK:  # it comes without cookies, and gets none: those that are there stay
            back = led_back(self._secret, scope["query_string"].decode("latin-1"))
            return await back(scope, receive, _Answer(send, BACK, []))
        if self._settings.keyed and (first := self._at_the_door(scope, headers, cookies)) is not None:
            # Whoever comes from elsewhere brings no cookies: those that are there stay, with the forms of other tabs.
            return await first(scope, receive, _Answer(send, scope["path"], []))
        if scope["path"] == UPLOADS:
            return await self._app(scope, _Heard(receive), answer)
        # What is too large is refused at its first byte, by a page that says so.
        limit = 0 if _declared(headers) > MOST_FORM_BYTES else MOST_FORM_BYTES
        await self._app(scope, _Counted(receive, limit), answer)

    def _is_for_us(self, headers: Headers) -> bool:
        """Return whether the name in the request is ours; another one that leads here is somebody's trick."""
        told = headers.getlist("host")
        if len(told) != 1:
            return False
        host = told[0].lower()
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        return name in self._names

    def _at_the_door(self, scope: Scope, headers: Headers, cookies: dict[str, str]) -> Response | None:
        """Return what whoever has no key is told, or how one who brings it goes on without it; None for one inside."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        told = next((value for name, value in query if name == "key"), "")
        if scope["method"] not in ("GET", "HEAD") or not self._is_key(told):
            inside = self._is_key(cookies.get(self.key_cookie, ""))
            return None if inside else PlainTextResponse(KEY_WANTED, 403)
        rest = urlencode([(name, value) for name, value in query if name != "key"])
        path = "/" + scope["path"].lstrip("/\\")
        to = f"{quote(path)}?{rest}" if rest else quote(path)
        # From a file, or another site, a redirect goes on without the new cookie; a page of ours that leads on has it.
        typed = headers.get("sec-fetch-site") in ("none", "same-origin")
        first = RedirectResponse(to, 303) if typed else HTMLResponse(leading_page(to))
        first.headers["Set-Cookie"] = self._cookie(self.key_cookie, self._key)
        return first

    def _is_key(self, told: str) -> bool:
        return hmac.compare_digest(told.encode(), self._key.encode())

    def _cookie(self, name: str, value: str) -> str:
        secure = "; Secure" if self._settings.encrypted else ""
        return f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}"


def session_cookie(workspace: Workspace) -> str:
    """Return what the cookie of a browser's session is called; the token of its forms hangs on it."""
    return f"isotherm_session_{workspace.mark}"


def new_session() -> str:
    """Return a session that no browser has had."""
    return secrets.token_urlsafe(32)


def launch_key(secret: bytes) -> str:
    """Return the key that the first address of a workspace holds; it stays, so that open pages outlive a restart."""
    return hmac.new(secret, b"launch key", hashlib.sha256).hexdigest()[:40]


class _Answer:
    """Sends an answer with the headers that every one has; a page may tighten or change the policy, never drop it."""

    def __init__(self, send: Send, path: str, cookies: list[str]) -> None:
        self._send, self._path, self.cookies = send, path, cookies

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            is_static = self._path.startswith(STATIC)
            protect(headers, is_static=is_static)
            if 300 <= message["status"] < 400:
                del headers[
                    "Referrer-Policy"
                ]  # that of the page which asks holds on: a page with the key tells nothing
            for cookie in [] if is_static else self.cookies:
                headers.append("Set-Cookie", cookie)
        await self._send(message)


def protect(headers: MutableHeaders, *, is_static: bool = False) -> None:
    """Add the headers that every answer has."""
    for name, value in HEADERS.items():
        headers[name] = value
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Frame-Options", "DENY")
    headers["Cache-Control"] = "no-cache" if is_static else "no-store"


class _Counted:
    """Receives a body up to a limit, whatever was declared, and for so long."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._left = receive, most
        self._until, self._comes = 0.0, True

    async def __call__(self) -> Message:
        self._until = self._until or asyncio.get_running_loop().time() + FORM_S
        try:
            async with asyncio.timeout_at(self._until if self._comes else None):  # then it is told who hangs up
                message = await self._receive()
        except TimeoutError:
            raise TooSlow(TOO_SLOW) from None
        self._comes = message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise TooLarge(TOO_LARGE.strip())
        return message


class _Heard:
    """Receives a file of any size for as long as enough of it comes; what we do with it takes none of that time."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._comes = receive, True
        self._left_s, self._came = SILENT_S, 0

    async def __call__(self) -> Message:
        time = asyncio.get_running_loop().time
        began = time()
        try:
            async with asyncio.timeout(self._left_s if self._comes else None):  # then it is told who hangs up
                message = await self._receive()
        except TimeoutError:
            raise TooSlow(FILE_TOO_SLOW) from None
        self._comes = message.get("more_body", False)
        self._left_s, self._came = self._left_s - (time() - began), self._came + len(message.get("body", b""))
        if self._came >= LEAST_BYTES:
            self._left_s, self._came = SILENT_S, 0
        return message


def _cookies(headers: Headers) -> dict[str, str]:
    """Return the cookies; those of another program of this machine may follow no rule, and hide none of ours."""
    return cookie_parser("; ".join(headers.getlist("cookie")))


def _is_session(text: str) -> bool:
    return 40 <= len(text) <= 50 and all(letter.isalnum() or letter in "-_" for letter in text) and text.isascii()


def _declared(headers: Headers) -> int:
    told = headers.get("content-length", "0")
    return int(told) if told.isdecimal() and len(told) < 20 else MOST_FORM_BYTES + 1
