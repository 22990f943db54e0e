"""What a workspace keeps: a limit with a sentence, and clearing by a person that takes nothing still needed."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.web.application import create_app
from isotherm.app.web.clearing import ACCEPTED, clear, kept_in
from isotherm.app.web.foreman import Foreman
from isotherm.app.web.job import Job
from isotherm.app.web.job_table import JobTable
from isotherm.app.web.room import COUNTED_EVERY_S, NoRoom, Room
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.workspace import TABLES, UNFINISHED, Workspace, workspace_at
from isotherm.errors import BadSetting, OutputError
from tests.app.web.conftest import NOW, hidden, post, token_on
from tests.app.web.test_login import PASSWORD, guarded, log_in, quick, time, visitor

__all__ = ["guarded", "quick", "time", "visitor"]

LATER = NOW.replace(year=2100)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_at(tmp_path / "workspace")


@pytest.fixture
def foreman(workspace: Workspace) -> Foreman:
    return Foreman(JobTable(workspace), at_once=1)


def upload(workspace: Workspace, own: str, size: int, at: str = "2026-01-01T00:00:00.000000Z") -> Path:
    folder = workspace.uploads / own
    folder.mkdir()
    (folder / "000001.nii").write_bytes(b"x" * size)
    with workspace.connected() as connection:
        connection.execute("INSERT INTO upload VALUES (?, 1, 'a.nii', ?, 'ada', ?)", (own, size, at))
    return folder


def over(table: JobTable, *named: Path) -> Job:
    job = table.add("study", "A job", {"paths": [str(one / "000001.nii") for one in named]}, who="ada", registry="")
    table.move(job.id, "cancelled", since=("waiting",))
    return job


def test_more_than_the_workspace_may_hold_is_refused_with_what_to_do(workspace: Workspace) -> None:
    now = [0.0]
    room = Room(workspace, 1e-6, clock_s=lambda: now[0])
    upload(workspace, "0" * 16, 400)

    assert room.take(500) == 600
    with pytest.raises(NoRoom, match=r"may hold 1e-06 GB.*clear.*--room-gb"):
        room.take(200)
    now[0] += COUNTED_EVERY_S  # the 500 still come
    (workspace.uploads / ("0" * 16) / f"{UNFINISHED}1").write_bytes(b"x" * 300)
    with pytest.raises(NoRoom):
        room.take(200)
    room.over(500)  # they never came
    assert room.take(200) == 600
    room.over(200, kept=200)
    assert room.take(0) == 400


def test_neither_an_upload_nor_a_job_begins_where_there_is_no_room(settings: ServeSettings) -> None:
    app = create_app(replace(settings, room_gb=1e-7), clock=lambda: NOW)
    client = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    client.cookies.set("isotherm_who", "ada")
    headers = {"X-CSRF-Token": token_on(client.get("/who").text)}
    chunks = iter([b"x" * 90, b"x" * 90])

    assert client.post("/uploads?name=a.nii", content=b"x" * 200, headers=headers).status_code == 507
    assert client.post("/uploads?name=a.nii", content=chunks, headers=headers).status_code == 507
    assert client.post("/uploads?name=a.nii", content=b"x" * 90, headers=headers).status_code == 200
    app.state.room.look_again()
    assert client.post("/uploads?name=a.nii", content=b"x" * 20, headers=headers).status_code == 507
    app.state.room.take(10)
    answer = post(client, "/assess/demo")
    assert answer.status_code == 507
    assert "larger --room-gb" in answer.text


def test_a_job_goes_with_the_uploads_that_only_it_used(workspace: Workspace, foreman: Foreman) -> None:
    table = foreman.table
    own, shared = upload(workspace, "1" * 16, 100), upload(workspace, "2" * 16, 1000)
    first, second = over(table, own, shared), over(table, shared)

    clear(foreman, "job", first.id, accepted=False)

    assert table.get(first.id) is None
    assert not table.folder(first.id).exists()
    assert not own.exists()
    assert shared.exists()
    assert [one.id for one in kept_in(table, now=LATER)] == [second.id]
    assert kept_in(table, now=LATER)[0].bytes >= 1000


def test_what_is_still_needed_is_not_cleared(workspace: Workspace, foreman: Foreman) -> None:
    table = foreman.table
    folder = upload(workspace, "3" * 16, 10)
    running = table.add("study", "Runs", {"path": str(folder / "000001.nii")}, who="ada", registry="")
    first = over(table)
    over(table, table.folder(first.id) / "pacs-after")
    done = over(table)
    (table.folder(done.id) / ACCEPTED).write_text("M1", encoding="utf-8")

    for kind, own in (("job", running.id), ("upload", "3" * 16), ("job", first.id), ("job", done.id), ("job", "x"),
                      ("secret", "../../x"), ("job", "../../secret")):  # fmt: skip
        with pytest.raises(BadSetting):
            clear(foreman, kind, own, accepted=False)
    clear(foreman, "job", done.id, accepted=True)
    assert table.get(done.id) is None
    assert folder.exists()


def test_files_that_somebody_is_sending_are_not_offered(workspace: Workspace, foreman: Foreman) -> None:
    upload(workspace, "4" * 16, 10, at=f"{NOW:%Y-%m-%dT%H:%M:%S}.000000Z")

    assert kept_in(foreman.table, now=NOW + timedelta(minutes=30)) == []
    assert [one.kind for one in kept_in(foreman.table, now=NOW + timedelta(minutes=90))] == ["upload"]


def test_the_page_clears_what_is_ticked_and_notes_who_did(app: FastAPI, client: TestClient) -> None:
    client.cookies.set("isotherm_who", "ada")
    table = app.state.foreman.table
    jobs = [over(table) for _ in range(3)]
    assert client.get("/kept").text.count('type="checkbox" name="what"') == 3

    told = {**hidden(client), "what": [f"job:{one.id}" for one in jobs[:2]]}
    assert client.post("/kept", data=told).headers["location"] == "/kept?cleared=2"

    assert [one.id for one in table.of()] == [jobs[2].id]
    assert f"cleared job {jobs[0].id}" in client.get("/looked").text
    assert post(client, "/kept").status_code == 400


def test_only_an_administrator_clears(visitor: TestClient) -> None:
    assert log_in(visitor, "walt", PASSWORD) == 303
    assert visitor.get("/kept").status_code == 403
    assert post(visitor, "/kept", what="job:0123456789abcdef").status_code == 403


def test_a_workspace_of_another_version_is_refused_and_not_written_to(tmp_path: Path) -> None:
    for number, tables in ((1, TABLES), (0, TABLES[:1]), (7, ())):
        home = tmp_path / str(number)
        home.mkdir()
        connection = sqlite3.connect(home / "workspace.sqlite")
        for table in tables:
            connection.execute(table)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.commit()
        connection.close()
        before = (home / "workspace.sqlite").read_bytes()

        with pytest.raises(OutputError, match=r"another version of isotherm.*--workspace"):
            workspace_at(home)
        assert (home / "workspace.sqlite").read_bytes() == before
    assert workspace_at(workspace_at(tmp_path / "new").folder)


def test_an_answer_typed_before_the_name_is_kept_and_written_once_the_name_is_told(
    client: TestClient, registry: str
) -> None:
    fields = {"kind": "systemic", "key": "77", "answer.started_on": "2025-02-03", "why": 'a "letter" <b>&\nof May'}
    asked = post(client, "/patients/P01/answers", **fields)
    assert asked.status_code == 200
    assert "What you have filled in is kept" in asked.text
    assert "a &#34;letter&#34; &lt;b&gt;&amp;\nof May</textarea>" in asked.text
    assert asked.text.count("<textarea") == len(fields) + 1  # and the form's own number

    # Nothing told: asked again, and still kept.
    nothing = post(client, "/who", then="/patients/P01/answers", name=" ", **fields)
    assert nothing.status_code == 400
    assert nothing.text.count("<textarea") == len(fields) + 1

    then = post(client, "/who", then="/patients/P01/answers", name="ada", **fields | {"why": "a letter"})
    assert (then.status_code, then.headers["location"]) == (307, "/patients/P01/answers")
    answer = client.post(then.headers["location"], content=then.request.content,
                         headers={"content-type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith("/patients/P01?saved=")


def test_the_kept_form_is_sent_nowhere_else(client: TestClient) -> None:
    for then in ("//evil.example", "http://evil.example", "/\\evil.example", "javascript:x"):
        assert post(client, "/who", then=then, name="ada").headers["location"] == "/"
