"""Once: a form that is sent twice writes once, and leads the second time to what the first one wrote."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import sqlite3
import time
from contextlib import ExitStack, suppress

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from isotherm.app.web.admission import person_of
from isotherm.app.web.context import SENDING, web_of
from isotherm.app.web.csrf import FIELD, HEADER, NUMBER, REFUSED, SAFE, is_form
from isotherm.app.web.form_numbers import Begun, FormNumbers
from isotherm.registry.audit import written_as

DRAWN = re.compile(r"[0-9a-f]{32}")

COOKIES_ONLY = frozenset({"/who", "/login", "/logout"})
"""Forms that write nothing but a cookie of the browser that sends them."""

WAITS_S, LOOKS_EVERY_S = 90.0, 0.05
"""Longer than a write waits for another program that writes to the registry."""

UNDER_WAY = "The same form was sent before and is still being worked on; look in a minute whether it is written."


class Led(Exception):
    """A form was sent that has been done: the browser goes to where it led."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


async def once(request: Request) -> None:
    """Let a form be done by one request alone, and by no other after it.

    Raises
    ------
    Led
        It has been done.
    HTTPException
        403: a form without a number; 409: it is still being done.
    """
    number = await _number_of(request)
    if number is None:
        return
    numbers = request.app.state.form_numbers
    assert isinstance(numbers, FormNumbers)
    until = time.monotonic() + WAITS_S
    while (begun := await run_in_threadpool(numbers.begin, number)) is Begun.ELSEWHERE:
        if time.monotonic() > until:
            raise HTTPException(409, UNDER_WAY)
        await asyncio.sleep(LOOKS_EVERY_S)
    if isinstance(begun, str):
        raise Led(begun)
    setattr(request.state, SENDING, number)
    request.state.numbered.enter_context(written_as(number))


async def _number_of(request: Request) -> str | None:
    """Return what stands for a person's form in one browser with what is typed in it; None for what is no form of ours.

    What is typed counts: whoever goes back, and sends something else, wants that written too.
    """
    if request.method in SAFE or request.url.path in COOKIES_ONLY or not is_form(request):
        return None
    form = await request.form()
    number = form.get(NUMBER)
    if number is None and HEADER in request.headers:
        return None  # a script that asks for something
    if not (isinstance(number, str) and DRAWN.fullmatch(number)):
        raise HTTPException(403, REFUSED)
    typed = [(name, text) for name, text in form.multi_items() if isinstance(text, str) and name != FIELD]
    web = web_of(request)
    told = json.dumps([web.settings.registry, request.state.session, person_of(request).name, request.url.path,
                       request.url.query, typed])  # fmt: skip
    return hmac.new(web.workspace.secret, f"form {told}".encode(), hashlib.sha256).hexdigest()[:32]


class NotesWhereItLed:
    """Notes where a form has led before its answer goes out."""

    def __init__(self, app: ASGIApp, *, numbers: FormNumbers) -> None:
        self._app, self._numbers = app, numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and note what came of a form."""
        if scope["type"] != "http" or scope["method"] in SAFE:
            return await self._app(scope, receive, send)
        state = scope.setdefault("state", {})

        async def noting(message: Message) -> None:
            if SENDING in state and message["type"] == "http.response.start":
                await run_in_threadpool(self._note, state[SENDING], message["status"], Headers(raw=message["headers"]))
            await send(message)

        with ExitStack() as state["numbered"]:
            try:
                await self._app(scope, receive, noting)
            finally:
                if SENDING in state:
                    self._numbers.over(state[SENDING])

    def _note(self, number: str, status: int, headers: Headers) -> None:
        path = headers.get("hx-redirect") or headers.get("location")
        with suppress(sqlite3.Error):  # then the registry is asked when the form comes again
            if path:
                self._numbers.led(number, path)
            elif status < 500:
                self._numbers.refused(number)
