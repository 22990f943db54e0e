"""Attacks on the local app: hostile forms, addresses, cookies and files are refused in words, and reach nothing."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.web.application import create_app
from isotherm.app.web.context import Web
from isotherm.app.web.gate import launch_key
from isotherm.app.web.workspace import Workspace
from isotherm.registry.store import open_store
from tests.app.web.conftest import NOW, token_on
from tests.app.web.inline import found_in, jobs_inline, settled, write
from tests.app.web.test_pages_exchange import THEIRS, field, send, where

SECRET = "isotherm-secret-of-another-file"


@pytest.fixture
def ada(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A browser whose user may write; jobs run in this process."""
    jobs_inline(monkeypatch)
    assert write(client, "/who", name="ada").status_code == 303
    return client


def web(app: FastAPI) -> Web:
    found = app.state.web
    assert isinstance(found, Web)
    return found


def is_refused(answer: Any, what: object) -> None:
    assert 400 <= answer.status_code < 500, (answer.status_code, what)
    assert "unforeseen" not in answer.text, what


def test_a_full_disk_is_said_on_every_page_and_nothing_is_shown_that_is_not_noted(
    ada: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Workspace._open

    def full(self: Workspace) -> sqlite3.Connection:
        connection = whole(self)
        connection.execute("PRAGMA max_page_count = 1")  # no more pages than there are
        return connection

    monkeypatch.setattr(Workspace, "_open", full)
    # Until a page of its file is full, looks still fit.
    answer = next(each for each in (ada.get("/patients/P01") for _ in range(400)) if each.status_code != 200)

    assert answer.status_code == 507
    assert "The disk that the workspace lies on is full" in answer.text
    assert "Lesions" not in answer.text


def test_what_else_the_system_refuses_is_unforeseen(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Workspace) -> sqlite3.Connection:
        raise PermissionError(13, "of somebody else")

    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    monkeypatch.setattr(Workspace, "_open", refused)
    answer = client.get("/patients/P01")
    assert answer.status_code == 500
    assert "unforeseen" in answer.text
    assert "somebody else" not in answer.text


def test_a_mapping_that_names_another_file_of_the_machine_is_never_read(ada: TestClient, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(f"MRN;Date of birth;Sex\n{SECRET};03.02.1950;female\n", encoding="utf-8")
    html = send(ada, ("theirs.csv", THEIRS))
    for name in (str(other), "../../../../other.csv", "registry:/etc/passwd"):
        mapping = f'[[table]]\nkind = "patient"\nfile = "{name}"\npatient = "MRN"\n[table.fields]\nsex = "Sex"\n'
        read = field(ada.get(where(html)).text, "read")
        is_refused(write(ada, f"{where(html)}/mapping", read=read, text=mapping), name)
        is_refused(write(ada, f"{where(html)}/look"), name)  # it was saved to be mended, and must not be used
        assert SECRET not in settled(ada, where(html))


FILES = ["/etc/passwd", "../../secret", "registry:/etc/passwd", "registry:postgresql://evil.example/x", " registry:x",
         "registry:\\u0000", "registry:http://evil.example", "\\u0000", "study.toml", "runs.json", ".", "", "registry:",
         "registry:#patient", "registry:sqlite:///etc/passwd", "REGISTRY:x", "//evil.example/share/x.csv"]  # fmt: skip


def test_a_protocol_opens_no_file_but_its_own_table(ada: TestClient, app: FastAPI) -> None:
    place = write(ada, "/study/example").headers["location"]
    file = web(app).workspace.folder / place.removeprefix("/").replace("study/", "studies/") / "study.toml"
    good = file.read_text(encoding="utf-8")
    for name in FILES:
        read = found_in(ada.get(f"{place}?as=text").text, r'name="read" value="([0-9a-f]{64})"')
        told, count = re.subn(r'(?m)^file = ".*"', lambda _, name=name: f'file = "{name}"', good)
        assert count == 1
        is_refused(write(ada, f"{place}/text", read=read, text=told), name)
        assert "cannot be read" not in ada.get(f"{place}/audit").text, name
        read = found_in(ada.get(f"{place}?as=text").text, r'name="read" value="([0-9a-f]{64})"')
        is_refused(write(ada, f"{place}/run", read=read), name)


TEXTS = ["[" * 100_000, "a = " + "[" * 50_000, "a = " + "{a=" * 20_000, "a." * 50_000 + "a = 1", "\x00",
         "a = 1\n" * 20_000, "a = 9" + "9" * 5000, "[a]\n[a]", "\ufeff", "a = 0001-01-01"]  # fmt: skip


def test_no_text_of_a_protocol_or_a_mapping_breaks_its_page(ada: TestClient) -> None:
    place = write(ada, "/study/example").headers["location"]
    sent = where(send(ada, ("theirs.csv", THEIRS)))
    for text in TEXTS:
        read = found_in(ada.get(f"{place}?as=text").text, r'name="read" value="([0-9a-f]{64})"')
        is_refused(write(ada, f"{place}/text", read=read, text=text), text[:20])
        for page in (place, f"{place}?as=text", f"{place}/audit", "/study"):
            assert ada.get(page).status_code == 200, (page, text[:20])
        is_refused(write(ada, f"{sent}/mapping", read=field(ada.get(sent).text, "read"), text=text), text[:20])
        assert ada.get(sent).status_code == 200, text[:20]


CONDITIONS = ["(" * 1999, "not " * 499, "a == 1 and " * 150 + "a == 1", "\x00", "`" * 3, "age >= 1e999", "²>1",
              "1 + " * 400 + "1 > 2", "in ('" + "x" * 1900, "decided_on + 99999999999 > 2020-01-01"]  # fmt: skip
CHOICES = [("efficacy_days", "9" * 40), ("complication_days", "9" * 1900), ("upfront", f"1..{'9' * 400}"),
           ("upfront", "30..2"), ("delayed", "\u0663..\u0664"), ("synchronous", "-1"), ("anchor", "x" * 2000),
           ("per", "' OR 1=1"), ("local_from", "\x00")]  # fmt: skip


def test_no_condition_and_no_choice_breaks_the_cohort(client: TestClient) -> None:
    for name, text in [*(("where", text) for text in CONDITIONS), *CHOICES]:
        for path in ("/cohort", "/cohort/cohort.csv"):
            assert client.get(path, params={name: text}).status_code in (200, 400), (name, text[:30])


ANSWERS: list[dict[str, str]] = [
    {"revision": "9" * 30}, {"revision": "-1"}, {"revision": "1e3"}, {"kind": "nothing"}, {"key": "../x"},
    {"key": "x" * 5000}, {"answer.sex": "x" * 100_000}, {"answer.": "x"}, {"answer.<b>": "x"}, {"why": "x" * 900_000},
    {"why": "a\x00b"}, {"answer.born_on": "9999-12-31"}, {"answer.born_on": "\U0001f600"}, {"kind": "patient\x00"},
    {"answer.patient_id": "P9"},
]  # fmt: skip


def test_no_answer_of_a_form_breaks_the_registry_or_gets_into_it(ada: TestClient, registry: str) -> None:
    with open_store(registry) as store:
        own = next(iter(store.records("patient"))).patient_id
        entries = store.identity()["entries"]
    for fields in ANSWERS:
        told = {"kind": "patient", "answer.sex": "male", "revision": "1"} | fields
        is_refused(write(ada, f"/patients/{own}/answers", **told), {name: text[:20] for name, text in fields.items()})
    with open_store(registry) as store:
        assert store.identity()["entries"] == entries


PATHS = ["/patients/..%2F..%2Fetc", "/patients/%00", "/patients/%F0%9F%98%80", "/patients/P1%22%3E%3Cb%3E",
         "/patients/" + "P" * 5000, "/jobs/..%2F..", "/jobs/0123456789abcdeF", "/jobs/" + 10 * "\u0661" + "abcdef",
         "/jobs/0123456789abcdef%0A", "/assess/x/scene/0", "/exchange/..%2Fstudies", "/study/..%2Fimports",
         "/study/a%00b", "/evidence/result/..%2F", "/evidence/paper/%00", "/evidence/beside/x/..%2F..",
         "/evidence/margin/%2e%2e", "/worklist?page=-1", "/worklist?page=99999999999999999999", "/worklist?days=0",
         "/worklist?sort=patient;drop", "/evidence?page=0", "/assess/0123456789abcdef/accept",
         "/assess?patient=..%2F&lesion=1", "/assess?patient=%00&lesion=x"]  # fmt: skip


def test_no_address_breaks_a_page(client: TestClient) -> None:
    for path in PATHS:
        is_refused(client.get(path), path)


def test_no_json_breaks_the_viewer_or_a_full_measurement(ada: TestClient) -> None:
    headers = {"X-CSRF-Token": token_on(ada.get("/who").text), "content-type": "application/json"}
    for text in ("[" * 100_000, "NaN", "1" * 5000, '"\\ud800"', "{", "null", "[[1]]"):
        is_refused(ada.post("/assess/0123456789abcdef/margin/0", content=text, headers=headers), text[:20])


def test_no_header_lets_a_write_in_or_breaks_it(client: TestClient) -> None:
    token = token_on(client.get("/who").text)
    for headers in (
        {"origin": "http://["}, {"origin": "null"}, {"origin": "http://localhost:9"}, {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"}, {"content-type": "multipart/form-data"}, {"content-type": "text/plain"},
        {"content-type": "multipart/form-data; boundary="},
        {"content-type": "multipart/form-data; boundary=x; charset=nothing"},
    ):  # fmt: skip
        sent = {"content-type": "application/x-www-form-urlencoded"} | headers
        is_refused(client.post("/who", content=f"csrf_token={token}&name=eve", headers=sent), headers)


def test_cookies_of_other_programs_of_this_machine_lock_nobody_out(app: FastAPI) -> None:
    one = create_app(replace(web(app).settings, keyed=True), clock=lambda: NOW)
    secret, mark = web(one).workspace.secret, web(one).workspace.mark
    with TestClient(one, base_url="http://127.0.0.1", follow_redirects=False) as client:
        for odd in ('theirs={"a": "b c"}', 'q="', "=x", "a b=c", "x=\xc3\xa9"):
            told = f"{odd}; isotherm_key_{mark}={launch_key(secret)}".encode("latin-1")
            assert client.get("/worklist", headers={b"cookie": told}).status_code == 200, odd


def test_whoever_runs_a_job_again_is_who_did_it(ada: TestClient, app: FastAPI) -> None:
    html = send(ada, ("theirs.csv", THEIRS))
    job = found_in(ada.get("/jobs").text, r'href="/jobs/([0-9a-f]{16})"')
    write(ada, "/who", name="eve")

    assert write(ada, f"/jobs/{job}/again").status_code == 303
    settled(ada, where(html))

    assert json.loads((web(app).workspace.jobs / job / "asked.json").read_text(encoding="utf-8"))["who"] == "eve"
