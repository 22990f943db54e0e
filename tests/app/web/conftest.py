"""What the tests of the local app may ask for: an app over a small registry, and a browser without a browser."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from bench.registry_data import made_up_records
from isotherm.app.web.application import create_app
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.registry.store import open_store
from tests.app.web.assess_job import WHO

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATIENTS = 30


@pytest.fixture
def registry(tmp_path: Path) -> str:
    """Address of a registry with 30 made-up patients, which does not say so."""
    return made_up_registry(tmp_path / "made-up.registry")


def made_up_registry(file: Path, *, simulated_by: str | None = None) -> str:
    """Make a registry with 30 made-up patients; return its address."""
    file.write_bytes(_made_up(simulated_by))
    return str(file)


@cache
def _made_up(simulated_by: str | None) -> bytes:
    """Return what a registry's file holds: it takes a second to make, and every test has one of its own."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "made-up.registry"
        with open_store(str(file), create=True, simulated_by=simulated_by) as store:
            store.add(made_up_records(PATIENTS, seed=1), by="test", why="made up")
        return file.read_bytes()


@pytest.fixture
def settings(registry: str, tmp_path: Path) -> ServeSettings:
    """What a server over the registry is told."""
    return ServeSettings(registry=registry, workspace=tmp_path / "workspace")


@pytest.fixture
def app(settings: ServeSettings) -> FastAPI:
    """The app; its jobs start when a client enters it."""
    return create_app(settings, clock=lambda: NOW)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A browser that asks as pages of this machine do."""
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as found:
        yield found


@pytest.fixture
def ada(client: TestClient) -> TestClient:
    """A browser whose user has told her name."""
    client.cookies.set("isotherm_who", "ada")
    return client


@pytest.fixture
def reader(app: FastAPI) -> Iterator[TestClient]:
    """Somebody who has said who works; no job is started by itself."""
    client = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    client.post("/who", data={"csrf_token": token_on(client.get("/who").text), "name": WHO})
    yield client
    client.close()


def token_on(html: str) -> str:
    """Return the token that a page sends back with what it writes."""
    found = re.search(r'<meta name="csrf-token" content="([0-9a-f]{64})">', html)
    assert found is not None
    return found.group(1)


def hidden(client: TestClient) -> dict[str, str]:
    """Return the hidden fields of a new form of ours: the token, and the form's own number."""
    return {"csrf_token": token_on(client.get("/who").text), "form_number": secrets.token_hex(16)}


def post(client: TestClient, path: str, **fields: str | list[str]) -> Response:
    """Send a form from a page of ours; return the answer."""
    return client.post(path, data={**hidden(client), **fields})


def upload(client: TestClient, *files: tuple[str, str | bytes]) -> str:
    """Upload files as a page's script does; return what names them."""
    headers, into = {"X-CSRF-Token": token_on(client.get("/who").text)}, ""
    for name, content in files:
        answer = client.post("/uploads", params={"name": name, "into": into}, content=content, headers=headers)
        assert answer.status_code == 200, answer.text
        into = answer.json()["id"]
    return into
