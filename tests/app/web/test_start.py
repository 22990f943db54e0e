"""The start of the server: it answers before what measurements and statistics need is there, and nobody notices."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from argon2 import extract_parameters
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Match, Route
from starlette.types import Scope

from isotherm.app.web import page_files
from isotherm.app.web.accounts import HASHER, NOBODYS
from isotherm.app.web.navigation import NAVIGATION
from isotherm.app.web.page_files import FIRST, page_names, routers_of

HEAVY = {"numpy", "scipy", "skimage", "pandas", "numba", "SimpleITK", "nibabel", "pydicom", "highdicom", "matplotlib",
         "docx", "typst", "pyarrow", "openpyxl"}  # fmt: skip

PROGRAM = """
import json, sys
from pathlib import Path
from fastapi.testclient import TestClient
from isotherm.app.web.application import create_app
from isotherm.app.web.serve_options import served
from isotherm.app.web.serve_settings import ServeSettings
def there(): return sorted({name.partition('.')[0] for name in sys.modules})
app = create_app(ServeSettings(registry=sys.argv[1], workspace=Path(sys.argv[2])))
made = there()
client = TestClient(app, base_url='http://127.0.0.1')
statuses = [client.get('/worklist').status_code]
seen = there()
statuses.append(client.get('/study').status_code)
print(json.dumps([made, seen, there(), statuses]))
"""


def test_neither_the_server_nor_its_first_page_imports_what_only_measurements_and_statistics_need(
    registry: str, tmp_path: Path
) -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM, registry, str(tmp_path / "workspace")], capture_output=True,
                          text=True, check=True)  # fmt: skip
    made, first, later, statuses = json.loads(told.stdout)
    assert HEAVY.isdisjoint(made)
    assert HEAVY.isdisjoint(first)
    assert set(later) >= {"numpy", "pandas"}, "the study's page needs them, or this test looks at nothing"
    assert statuses == [200, 200]


def asked(names: Iterable[str]) -> list[Scope]:
    """Return requests that the pages of some files answer."""
    routes = [route for router in routers_of(names) for route in router.routes]
    return [{"type": "http", "path": route.path, "method": method, "root_path": "", "headers": []}
            for route in routes if isinstance(route, Route) for method in route.methods or ()]  # fmt: skip


LATER = [name for name in page_names() if name not in FIRST]


def test_a_running_server_has_all_pages_soon_though_nobody_asks_for_one(app: FastAPI) -> None:
    async def behind() -> None:
        await app.state.pages._task

    def there() -> list[bool]:
        return [any(route.matches(one)[0] is Match.FULL for route in app.routes) for one in asked(page_names())]

    assert len(asked(LATER)) > 30
    assert there().count(False) == len(asked(LATER))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert client.portal is not None
        client.portal.call(behind)
        assert all(there())


def test_no_page_that_is_there_first_takes_the_requests_of_one_that_comes_later() -> None:
    first = [route for router in routers_of(sorted(FIRST)) for route in router.routes]
    assert [one["path"] for one in asked(LATER) if any(route.matches(one)[0] is Match.FULL for route in first)] == []


def test_a_page_that_cannot_be_imported_says_so_and_the_others_are_there(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(page_files, "import_module", broken)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        answer = client.get("/study")
        assert answer.status_code == 500
        assert "Something unforeseen happened" in answer.text
        assert client.get("/worklist").status_code == 200


def test_a_server_that_stops_while_it_imports_stops_at_once(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[str] = []
    real = page_files.import_module

    def slow(name: str) -> object:
        came.append(name)
        app.state.pages._closing.set()
        return real(name)

    monkeypatch.setattr(page_files, "import_module", slow)
    with TestClient(app, base_url="http://127.0.0.1"):
        pass
    assert len(came) <= 1


def test_every_entry_of_the_navigation_leads_to_a_page(client: TestClient) -> None:
    assert [client.get(one.path).status_code for one in NAVIGATION] == [200] * len(NAVIGATION)
    assert len({one.letter for one in NAVIGATION}) == len(NAVIGATION)


def test_a_name_that_nobody_has_takes_as_much_work_as_one_that_somebody_has() -> None:
    assert extract_parameters(NOBODYS) == extract_parameters(HASHER.hash("a password of somebody"))
