"""Jobs and audits without a process each: what the tests of pages need of one is what comes of it, at once."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from isotherm.app.study_data import study_of
from isotherm.app.web import audits, foreman, job_program
from isotherm.app.web.apart import USERS_ERROR
from isotherm.app.web.audit_program import audit_shown
from isotherm.app.web.job_table import DONE, FAILED, SAID
from isotherm.errors import InputError
from isotherm.exchange.protocol_files import protocol_from
from tests.app.web.conftest import post

PATIENCE_S = 60.0


class _Over:
    """A process that has ended."""

    pid = 0

    def poll(self) -> int:
        return 0


def _start(folder: Path) -> _Over:
    for name in (DONE, FAILED, SAID):
        (folder / name).unlink(missing_ok=True)
    assert job_program.main(folder) == 0
    return _Over()


def _told(program: Sequence[str], *, given: bytes, **_: object) -> tuple[int, bytes, bytes]:
    file, name = program[-2:]
    try:
        shown = audit_shown(study_of(protocol_from(given.decode(), name=name), file))
    except InputError as error:
        return USERS_ERROR, b"", str(error).encode()
    return 0, json.dumps(shown).encode(), b""


def jobs_inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs, and audits of tables, run in this process."""
    monkeypatch.setattr(audits, "told_apart", _told)
    monkeypatch.setattr(foreman, "start", _start)
    monkeypatch.setattr(job_program, "limit_memory", lambda most_mb: None)


def settled(client: TestClient, path: str) -> str:
    """Return a page once the job on it is over."""
    end_at = time.monotonic() + PATIENCE_S
    while "every 1s" in (html := client.get(path).text):
        assert time.monotonic() < end_at, "the job did not end"
        time.sleep(0.02)
    assert "csrf-token" in html
    return html


def write(client: TestClient, path: str, **fields: str | list[str]) -> Any:
    """Send a form from a page of ours; return the answer."""
    return post(client, path, **fields)


def found_in(html: str, pattern: str) -> str:
    """Return what a pattern captures in a page."""
    found = re.search(pattern, html, re.DOTALL)
    assert found is not None, pattern
    return str(found.group(1))
