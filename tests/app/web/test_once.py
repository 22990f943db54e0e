"""A form that is sent twice writes once: double clicks, two at the same moment, after a restart, after a kill."""

from __future__ import annotations

import re
import sqlite3
import threading
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from isotherm.app.web import form_numbers, pages_patient_records
from isotherm.app.web.application import create_app
from isotherm.app.web.context import SENDING, start_job
from isotherm.app.web.foreman import Foreman
from isotherm.app.web.form_numbers import FormNumbers
from isotherm.app.web.job_table import JobTable
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.studies import studies_of
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.store import open_store
from tests.app.web.conftest import hidden, post

ADD = "/patients/X1/add"
LED = "/patients/X1?noted=added&kind=lesion&key=1"
TWICE = "This had been sent before, and was written once."
AT_ONCE = 8


@pytest.fixture
def x1(registry: str) -> str:
    """A patient of whom nothing is noted; return the address of the registry."""
    with open_store(registry) as store:
        store.add([Record(kind=RECORD_KINDS["patient"], patient_id="X1", values={})], by="test", why="test")
    return registry


def lesions(registry: str) -> list[Any]:
    with open_store(registry) as store:
        return [one.record.values["organ"] for one in store.patient("X1") if one.record.kind.name == "lesion"]


def form(client: TestClient, organ: str = "liver") -> dict[str, str]:
    """Fields of a new form, filled in."""
    return {**hidden(client), "kind": "lesion", "field.organ": organ}


def browser(app: FastAPI, of: TestClient) -> TestClient:
    """Return the same browser at an app: with all its cookies."""
    cookies = {name: value for name, value in of.cookies.items()}
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False, cookies=cookies)


def test_a_form_that_is_sent_twice_adds_one_record_and_leads_to_it(ada: TestClient, x1: str) -> None:
    told = form(ada)

    assert ada.post(ADD, data=told).headers["location"] == LED
    again = ada.post(ADD, data=told)

    assert (again.status_code, again.headers["location"]) == (303, f"{LED}&twice=1")
    assert lesions(x1) == ["liver"]
    assert TWICE in ada.get(again.headers["location"]).text
    assert TWICE not in ada.get(LED).text


def test_of_many_at_the_same_moment_one_writes_and_all_are_led_to_it(ada: TestClient, app: FastAPI, x1: str) -> None:
    told, led = form(ada), list[str]()

    def send() -> None:
        led.append(browser(app, ada).post(ADD, data=told).headers["location"])

    threads = [threading.Thread(target=send) for _ in range(AT_ONCE)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert lesions(x1) == ["liver"]
    assert sorted(led) == [LED, *[f"{LED}&twice=1"] * (AT_ONCE - 1)]


def test_a_form_is_known_after_a_restart(ada: TestClient, settings: ServeSettings, x1: str) -> None:
    told = form(ada)
    ada.post(ADD, data=told)

    with browser(create_app(settings), ada) as later:
        assert later.post(ADD, data=told).headers["location"] == f"{LED}&twice=1"
    assert lesions(x1) == ["liver"]


def test_of_a_server_that_was_killed_after_it_wrote_the_registry_tells(
    ada: TestClient, settings: ServeSettings, x1: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = form(ada)
    with monkeypatch.context() as killed:
        killed.setattr(FormNumbers, "led", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("killed")))
        ada.post(ADD, data=told)

    for _ in range(2):
        with browser(create_app(settings), ada) as later:
            assert later.post(ADD, data=told).headers["location"] == "/patients/X1/history?twice=1"
    assert lesions(x1) == ["liver"]


@pytest.mark.parametrize("path", ["/exchange/export/csv", "/study/example-real-patients/run"])
def test_a_job_that_was_started_before_a_server_was_killed_is_not_there_twice(
    ada: TestClient, app: FastAPI, settings: ServeSettings, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    assert post(ada, "/study/example").status_code == 303
    (study,) = studies_of(app.state.web.workspace)
    told = {**hidden(ada), "read": study.protocol.mark}
    with monkeypatch.context() as killed:
        killed.setattr(FormNumbers, "led", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("killed")))
        killed.setattr(Foreman, "wake", lambda _: None)
        first = ada.post(path, data=told).headers["location"]
        app.state.foreman.close()

    later = browser(create_app(settings), ada)  # which starts no job by itself
    again = [later.post(path, data=told).headers["location"] for _ in range(2)]
    assert again == [first, f"{first}?twice=1"]
    assert len(JobTable(app.state.web.workspace).of()) == 1
    assert len(study.runs) == path.count("run")
    other = later.post(path, data={**hidden(later), "read": study.protocol.mark}).headers["location"]
    assert (other == first) is ("run" in path)  # another form; a run that waits is shown instead of another one


def test_a_form_may_start_jobs_of_several_kinds_and_titles_and_each_of_them_once(ada: TestClient, app: FastAPI) -> None:
    app.state.foreman.close()
    request = Request({"type": "http", "app": app, "state": {SENDING: "0" * 32}})
    asked = [("export", "Export a"), ("export", "Export b"), ("import", "Export a"), ("export", "Export a")]
    jobs = [start_job(request, work, title, {}, who="ada") for work, title in asked]
    assert [(job.work, job.title) for job in jobs] == asked
    assert len({job.id for job in jobs}) == 3


def test_what_failed_before_anything_was_written_is_written_when_it_is_sent_again(
    ada: TestClient, x1: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = form(ada)
    with monkeypatch.context() as full:
        full.setattr(pages_patient_records, "add", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space")))
        assert ada.post(ADD, data=told).status_code == 507

    assert ada.post(ADD, data=told).headers["location"] == LED
    assert lesions(x1) == ["liver"]


def test_a_form_that_was_refused_may_be_sent_again_as_it_was_and_mended(ada: TestClient, x1: str) -> None:
    told = form(ada)
    wrong = told | {"field.organ": ""}

    assert [ada.post(ADD, data=wrong).status_code for _ in range(2)] == [400, 400]
    assert ada.post(ADD, data=told).headers["location"] == LED
    assert lesions(x1) == ["liver"]


def test_two_tabs_have_forms_of_their_own_and_what_is_typed_anew_is_written(ada: TestClient, x1: str) -> None:
    first, second = form(ada), form(ada, "lung")
    for told in (first, second, first, second):
        assert ada.post(ADD, data=told).status_code == 303
    assert lesions(x1) == ["liver", "lung"]

    ada.post(ADD, data=form(ada))  # as the first, and meant so
    ada.post(ADD, data=first | {"field.organ": "lung"})  # somebody went back and wrote something else
    assert lesions(x1) == ["liver", "lung", "liver", "lung"]


def test_a_form_of_another_browser_is_another_form(ada: TestClient, app: FastAPI, x1: str) -> None:
    told = form(ada)
    ada.post(ADD, data=told)
    bob = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False, cookies={"isotherm_who": "bob"})

    assert bob.post(ADD, data=told | hidden(bob) | {"form_number": told["form_number"]}).headers["location"] != LED
    assert lesions(x1) == ["liver", "liver"]


def test_a_form_of_another_person_in_the_same_browser_is_another_form(ada: TestClient, x1: str) -> None:
    told = form(ada)
    ada.post(ADD, data=told)
    ada.cookies.set("isotherm_who", "bob")

    assert ada.post(ADD, data=told).headers["location"] != f"{LED}&twice=1"
    assert lesions(x1) == ["liver", "liver"]


@pytest.mark.parametrize("number", [None, "", "1", "0" * 31, "G" * 32, "0" * 64, "' OR 1=1 --"])
def test_a_form_without_a_number_of_ours_is_refused(ada: TestClient, x1: str, number: str | None) -> None:
    told = form(ada)
    told.pop("form_number")
    answer = ada.post(ADD, data=told if number is None else told | {"form_number": number})

    assert answer.status_code == 403
    assert "the page is old" in answer.text
    assert lesions(x1) == []


def test_a_form_that_waits_for_a_name_is_written_once_when_the_name_is_told_twice(client: TestClient, x1: str) -> None:
    asked = client.post(ADD, data=form(client)).text
    kept = dict(re.findall(r'name="([\w.]+)" (?:value="([^"]*)"|hidden>)', asked))
    texts = dict(re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', asked, re.S))
    told = kept | texts | {"name": "ada"}

    led: list[str] = []
    for _ in range(2):
        assert client.post("/who", data=told).headers["location"] == ADD
        led.append(client.post(ADD, data=told).headers["location"])  # as the browser does by itself

    assert led == [LED, f"{LED}&twice=1"]
    assert lesions(x1) == ["liver"]


def test_an_answer_by_htmx_is_led_as_it_asks(ada: TestClient, x1: str) -> None:
    told = {**hidden(ada), "kind": "lesion", "answer.organ": "liver"}
    first, again = (ada.post("/patients/X1/answers", data=told, headers={"HX-Request": "true"}) for _ in range(2))

    path = first.headers["HX-Redirect"]
    assert (first.status_code, again.status_code) == (204, 204)
    assert again.headers["HX-Redirect"] == path.replace("#questions", "&twice=1#questions")
    assert lesions(x1) == ["liver"]


@pytest.mark.parametrize("path", ["/exchange/export/csv", "/assess/demo", "/study/example"])
def test_work_is_begun_once(ada: TestClient, app: FastAPI, path: str) -> None:
    told = hidden(ada)
    first, again = (ada.post(path, data=told).headers["location"] for _ in range(2))

    assert again == f"{first}?twice=1"
    assert len(app.state.foreman.table.of()) + len(list((app.state.web.workspace.folder / "studies").glob("*"))) == 1
    assert post(ada, path).headers["location"] != first


def test_a_script_that_asks_for_something_is_no_form(ada: TestClient) -> None:
    token = hidden(ada)["csrf_token"]
    answer = ada.post("/assess/pacs/find", data={"patient_id": "*"}, headers={"X-CSRF-Token": token})
    assert "whole and without *" in answer.text


def test_what_nobody_sends_again_is_forgotten(
    ada: TestClient, app: FastAPI, settings: ServeSettings, x1: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.post(ADD, data=form(ada))
    workspace = app.state.web.workspace

    def count() -> int:
        with workspace.connected(reads=True) as connection:
            return connection.execute("SELECT COUNT(*) FROM form").fetchone()[0]

    FormNumbers(workspace, settings.registry).open()
    assert count() == 1
    monkeypatch.setattr(form_numbers, "KEPT_FOR", -timedelta(days=1))
    FormNumbers(workspace, settings.registry).open()
    assert count() == 0


def templates() -> list[Path]:
    return sorted(Path(str(resources.files("isotherm.app") / "templates" / "web")).glob("*.jinja"))


@pytest.mark.parametrize("file", templates(), ids=lambda file: file.name)
def test_every_form_that_writes_has_the_number(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    forms = re.findall(r'<form method="post"(?! action="/(?:who|logout)").*?</form>', text, re.S)
    sent_again = "in kept %}"  # a form that came while others were at it: its own number is among its fields
    numbered = ("token(csrf)", "hidden()", sent_again)
    assert [one for one in forms if not any(number in one for number in numbered)] == []
    assert text.count('method="post"') == len(re.findall(r'<form method="post"', text))
