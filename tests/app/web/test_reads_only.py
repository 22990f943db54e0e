"""A login that only reads is shown no form and no way to one: one sentence says what such a login may not do."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.registry_tasks import make
from isotherm.app.web import accounts
from isotherm.app.web.accounts import Accounts
from isotherm.app.web.application import create_app
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.workspace import workspace_at
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.store import open_store
from tests.app.web.assess_job import OUT_OF_THE_ORGAN, copied_job, measured_job, table_of
from tests.app.web.conftest import post, token_on, upload

PASSWORD = "four words are enough"

SAYS = 'Only a login with the role "write" may bring records in and take them out.'


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What two jobs leave behind: two lesions that were measured, and one that no gate lets pass."""
    home = tmp_path_factory.mktemp("measured")
    make(str(home / "empty.registry"))
    app = create_app(ServeSettings(registry=str(home / "empty.registry"), workspace=home / "workspace"))
    jobs = [
        measured_job(app, home / "two", "", two=True),
        measured_job(app, home / "far", "", way=OUT_OF_THE_ORGAN),
    ]
    return [table_of(app).folder(job.id) for job in jobs]


@pytest.fixture
def app(settings: ServeSettings, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """An app with a login that reads and one that writes."""
    monkeypatch.setattr(accounts, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    kept = Accounts(workspace_at(settings.workspace))
    kept.put("rita", "read", PASSWORD)
    kept.put("walt", "write", PASSWORD)
    return create_app(replace(settings, login=True))


def logged_in(app: FastAPI, name: str) -> TestClient:
    client = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    token = token_on(client.get("/login").text)
    client.post("/login", data={"csrf_token": token, "name": name, "password": PASSWORD})
    return client


@pytest.fixture
def pages(app: FastAPI, folders: list[Path], registry: str) -> list[str]:
    """Addresses of all kinds of page on which something could be done."""
    walt = logged_in(app, "walt")
    well, far = (copied_job(app, folder, registry) for folder in folders)
    waits = table_of(app).add("export", "Export", {"form": "csv"}, who="walt", registry=registry)
    study = post(walt, "/study/example").headers["location"]
    came = post(walt, "/exchange", upload=upload(walt, ("t.csv", "a;b\n1;2\n"))).headers["location"]
    with open_store(registry) as store:
        store.add([Record(kind=RECORD_KINDS["lesion"], patient_id="P02", id="99", values={"organ": "liver"})],
                  by="test", why="test")  # fmt: skip
        store.withdraw("lesion", "P02", "99", revision=1, by="test", why="test")
    return [
        "/patients/P01", "/patients/P01/records", "/patients/P01/record?kind=patient", "/patients/P01/add?kind=lesion",
        "/patients/P02/record?kind=lesion&key=99",
        "/assess", "/assess?patient=P01", f"/assess/{well.id}", f"/assess/{well.id}?lesion=1", f"/assess/{far.id}",
        f"/assess/{well.id}/align", f"/assess/{well.id}/accept", f"/assess/{well.id}/accept?patient_id=P01",
        "/exchange", came, "/study", study, f"{study}?as=text", "/cohort", "/evidence/margin",
        "/worklist", "/jobs", f"/jobs/{waits.id}", f"/jobs/{waits.id}/part", f"/jobs/{well.id}", "/history",
        "/evidence",
    ]  # fmt: skip


def test_no_page_shows_a_form_or_a_way_to_one_to_somebody_who_only_reads(app: FastAPI, pages: list[str]) -> None:
    app.state.worklist.read_all()
    rita, walt = logged_in(app, "rita"), logged_in(app, "walt")
    said: list[str] = []
    for path in pages:
        page = rita.get(path)
        assert page.status_code == 200, path
        assert set(re.findall(r'<form method="post"[^>]*?action="([^"]*)"', page.text)) <= {"/logout"}, path
        assert page.text.count('method="post"') == ("/part" not in path), path
        ways = re.findall(r'href="[^"]*(?:/add\?|/align"|/accept\?|#add|/kept|/assess\?)', page.text)
        assert ways == [], path
        assert 'id="brush"' not in page.text, path
        said += [path] * ("data-may-not" in page.text)
        assert "data-may-not" not in walt.get(path).text, path

    quiet = {"/worklist", "/jobs", "/history", "/evidence"}
    assert [one for one in pages if one not in said and one not in quiet and "/jobs/" not in one] == []


def test_who_reads_sees_what_is_there_all_the_same(app: FastAPI, pages: list[str]) -> None:
    rita = logged_in(app, "rita")
    text = {path: rita.get(path).text for path in pages}

    assert "Open questions:" in text["/patients/P01"]
    well = next(path for path in pages if path.endswith("?lesion=1"))
    assert 'data-lesion="1"' in text[well]
    assert "/static/web/patient.js" in text[well]
    study = next(path for path in pages if path.startswith("/study/") and "as=" not in path)
    assert "[data]" in text[study]
    assert SAYS in text["/exchange"].replace("&#34;", '"')


def test_a_registry_without_patients_sends_nobody_to_an_import_who_may_not(
    tmp_path: Path, settings: ServeSettings, app: FastAPI
) -> None:
    make(str(tmp_path / "empty.registry"))
    empty = create_app(replace(settings, registry=str(tmp_path / "empty.registry"), login=True))
    empty.state.worklist.read_all()
    for path in ("/worklist", "/cohort"):
        assert "is in the registry yet" in (page := logged_in(empty, "rita").get(path).text)
        assert "Import records" not in page
        assert "Import records" in logged_in(empty, "walt").get(path).text
