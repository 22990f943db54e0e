"""Jobs: a process each, a few at once, cancelled, lost, gone on with by the next server; what pages show of them."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app import web
from isotherm.app.web.foreman import Foreman
from isotherm.app.web.job import INTAKE, SHORT, Job, work_called
from isotherm.app.web.job_process import end, is_at_work
from isotherm.app.web.job_table import OUT, PID, JobTable
from isotherm.app.web.workspace import workspace_at
from tests.app.web.conftest import post

WORKS = Path(__file__).parent / "works"
PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process and those of jobs find the works of the tests."""
    monkeypatch.setattr(web, "__path__", [*web.__path__, str(WORKS)])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(WORKS), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def table(tmp_path: Path) -> JobTable:
    return JobTable(workspace_at(tmp_path / "workspace"))


@pytest.fixture
def foreman(table: JobTable) -> Iterator[Foreman]:
    found = Foreman(table, at_once=1)
    found.open()
    yield found
    found.close()


def counting(table: JobTable, **asked: Any) -> Job:
    return table.add("counts", "Counting", {"to": 3} | asked, who="ada", registry="none")


def wait_for(holds: Callable[[], bool]) -> None:
    end_at = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_at, "it did not come to that"
        time.sleep(0.05)


def now(table: JobTable, job: Job) -> Job:
    found = table.get(job.id)
    assert found is not None
    return found


def counted(table: JobTable, job: Job) -> int:
    file = table.folder(job.id) / OUT / "counted.txt"
    return len(file.read_text().split()) if file.exists() else 0


def test_a_job_is_done_in_the_background_and_says_what_came_of_it(table: JobTable, foreman: Foreman) -> None:
    job = counting(table)
    foreman.wake()

    wait_for(lambda: now(table, job).is_over)
    found = now(table, job)
    assert (found.state, found.said, found.attempts) == ("done", "Counted to 3.", 1)
    assert found.link.endswith("counted.txt")


@pytest.mark.parametrize(("ends", "said"), [
    ("refused", "That cannot be counted; give a number."), ("by mistake", "jobs/{}/log.txt"),
    ("memory", "not enough memory"), ("killed", "ended twice by something else"),
])  # fmt: skip
def test_a_job_that_fails_says_why_in_a_sentence_and_never_a_value(
    table: JobTable, foreman: Foreman, ends: str, said: str
) -> None:
    job = counting(table, ends=ends)
    foreman.wake()

    wait_for(lambda: now(table, job).is_over)
    assert now(table, job).state == "failed"
    assert said.format(job.id) in now(table, job).said
    assert "secret" not in now(table, job).said


def test_only_so_many_jobs_run_at_once_and_the_first_comes_first(table: JobTable, foreman: Foreman) -> None:
    jobs = [counting(table, to=2, each_s=0.1) for _ in range(3)]
    foreman.wake()
    most = 0

    def all_over() -> bool:
        nonlocal most
        most = max(most, len(table.of("running")))
        return all(now(table, job).is_over for job in jobs)

    wait_for(all_over)
    assert most == 1
    started = [now(table, job).started_at for job in jobs]
    assert started == sorted(started)


def fetching(table: JobTable, **asked: Any) -> Job:
    return table.add("fetches", "Fetching", {"to": 3} | asked, who="ada", registry="none")


def test_a_job_of_another_lane_waits_for_none_of_the_common_one(table: JobTable, foreman: Foreman) -> None:
    slow = counting(table, to=10_000, each_s=0.05)
    behind = counting(table)
    foreman.wake()
    wait_for(lambda: counted(table, slow) > 0)

    fetched = fetching(table)
    foreman.wake()

    wait_for(lambda: now(table, fetched).is_over)
    assert now(table, fetched).state == "done"
    assert (now(table, slow).state, now(table, behind).state) == ("running", "waiting")
    foreman.cancel(now(table, slow))
    wait_for(lambda: now(table, behind).state == "done")


def test_jobs_of_the_common_lane_wait_for_none_of_another_and_two_of_those_run_at_once(
    table: JobTable, foreman: Foreman
) -> None:
    fetched = [fetching(table, to=10_000, each_s=0.05) for _ in range(3)]
    foreman.wake()
    wait_for(lambda: len(table.of("running")) == 2)

    job = counting(table)
    foreman.wake()

    wait_for(lambda: now(table, job).state == "done")
    assert sorted(now(table, one).state for one in fetched) == ["running", "running", "waiting"]
    for one in fetched:
        foreman.cancel(now(table, one))
    assert {now(table, one).state for one in fetched} == {"cancelled"}


def test_the_next_server_goes_on_with_the_jobs_of_every_lane(table: JobTable) -> None:
    first = Foreman(table, at_once=1)
    first.open()
    jobs = [counting(table, to=30, each_s=0.05), fetching(table, to=30, each_s=0.05)]
    first.wake()
    wait_for(lambda: all(counted(table, job) > 2 for job in jobs))
    first.close()
    assert [now(table, job).state for job in jobs] == ["waiting", "waiting"]

    second = Foreman(table, at_once=1)
    second.open()
    wait_for(lambda: all(now(table, job).state == "done" for job in jobs))
    second.close()

    assert [counted(table, job) for job in jobs] == [30, 30]


def test_a_job_is_not_passed_over_when_hundreds_were_asked_for_after_it(table: JobTable, foreman: Foreman) -> None:
    first = fetching(table)
    busy = [counting(table, to=10_000, each_s=0.05) for _ in range(201)]
    foreman.wake()
    wait_for(lambda: now(table, first).state == "done")
    for job in busy:
        foreman.cancel(now(table, job))


def test_a_study_from_a_pacs_has_a_lane_of_its_own() -> None:
    assert work_called("pull").lane
    assert {work_called(name).lane for name in ("assess", "study")} == {""}


def test_imports_wait_for_each_other_and_for_no_study(table: JobTable, foreman: Foreman) -> None:
    assert work_called("import").lane == INTAKE
    slow = counting(table, to=10_000, each_s=0.05)
    imports = [table.add("takes_in", "Import", {"to": 10_000, "each_s": 0.05}, who="ada", registry="none")
               for _ in range(2)]  # fmt: skip
    foreman.wake()

    wait_for(lambda: counted(table, slow) > 0 and counted(table, imports[0]) > 0)
    assert [now(table, one).state for one in imports] == ["running", "waiting"]
    foreman.cancel(now(table, imports[0]))
    wait_for(lambda: counted(table, imports[1]) > 0)
    assert now(table, slow).state == "running"


def test_what_takes_seconds_waits_for_no_study_that_runs_for_minutes() -> None:
    assert {work_called(name).lane for name in ("draft", "evidence", "export")} == {SHORT}
    assert work_called("pull").lane != SHORT != work_called("study").lane


@pytest.mark.parametrize(
    ("work", "asked", "place"),
    [
        ("study", {"study": "sex"}, "/study/sex/run/{}"),
        ("assess", {}, "/assess/{}"),
        ("study", {}, "/jobs/{}"),
        ("export", {"form": "csv"}, "/jobs/{}"),
    ],
)
def test_a_job_that_runs_again_is_watched_on_the_page_that_shows_its_steps(
    reader: TestClient, app: FastAPI, work: str, asked: dict[str, str], place: str
) -> None:
    job = app.state.foreman.table.add(work, "Again", asked, who="ada", registry="none")
    app.state.foreman.cancel(job)

    answer = post(reader, f"/jobs/{job.id}/again")

    assert answer.headers["location"] == place.format(job.id)


def test_a_cancelled_job_ends_at_once_with_its_process(table: JobTable, foreman: Foreman) -> None:
    job = counting(table, to=10_000, each_s=0.05)
    foreman.wake()
    wait_for(lambda: counted(table, job) > 0)
    pid = int((table.folder(job.id) / PID).read_text())

    foreman.cancel(now(table, job))

    assert now(table, job).state == "cancelled"
    wait_for(lambda: not is_at_work(table.folder(job.id)))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_cancelled_job_can_be_run_again_and_goes_on_where_it_was(table: JobTable, foreman: Foreman) -> None:
    job = counting(table, to=40, each_s=0.05)
    foreman.wake()
    wait_for(lambda: counted(table, job) > 2)
    foreman.cancel(now(table, job))
    kept = counted(table, job)

    foreman.again(now(table, job), who="ada")

    wait_for(lambda: now(table, job).state == "done")
    assert kept >= 2
    assert counted(table, job) == 40


def test_a_process_that_is_killed_is_started_once_more(table: JobTable, foreman: Foreman) -> None:
    job = counting(table, to=30, each_s=0.05)
    foreman.wake()
    wait_for(lambda: counted(table, job) > 2)

    os.kill(int((table.folder(job.id) / PID).read_text()), signal.SIGKILL)

    wait_for(lambda: now(table, job).is_over)
    assert (now(table, job).state, now(table, job).attempts) == ("done", 2)
    assert counted(table, job) == 30


def test_a_server_that_stops_in_order_leaves_its_jobs_to_the_next_one(table: JobTable) -> None:
    first = Foreman(table, at_once=1)
    first.open()
    job = counting(table, to=30, each_s=0.05)
    first.wake()
    wait_for(lambda: counted(table, job) > 2)
    first.close()
    assert now(table, job).state == "waiting"
    assert not is_at_work(table.folder(job.id))

    second = Foreman(table, at_once=1)
    second.open()
    wait_for(lambda: now(table, job).state == "done")
    second.close()

    assert counted(table, job) == 30


def test_a_job_outlives_a_server_that_is_killed_and_the_next_one_takes_it_over(table: JobTable) -> None:
    pid = os.fork()
    if pid == 0:  # the server that is killed
        doomed = Foreman(table, at_once=1)
        doomed.open()
        counting(table, to=60, each_s=0.05)
        doomed.wake()
        time.sleep(PATIENCE_S)
        os._exit(0)
    wait_for(lambda: bool(table.of("running")) and counted(table, table.of("running")[0]) > 2)
    job = table.of("running")[0]
    worker = int((table.folder(job.id) / PID).read_text())
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert is_at_work(table.folder(job.id))

    second = Foreman(table, at_once=1)
    second.open()
    wait_for(lambda: now(table, job).is_over)
    second.close()

    assert (now(table, job).state, now(table, job).attempts) == ("done", 1)
    assert int((table.folder(job.id) / PID).read_text()) == worker
    assert counted(table, job) == 60


def test_a_job_of_a_killed_server_can_be_cancelled_by_the_next_one(table: JobTable) -> None:
    first = Foreman(table, at_once=1)
    first.open()
    job = counting(table, to=10_000, each_s=0.05)
    first.wake()
    wait_for(lambda: counted(table, job) > 0)

    second = Foreman(table, at_once=1)  # knows nothing of the process but its folder
    second.cancel(now(table, job))

    assert now(table, job).state == "cancelled"
    first.close()
    end(table.folder(job.id), None)


def test_a_work_that_is_none_is_not_kept(table: JobTable) -> None:
    for name in ("nothing", "../job", "os", "Counts", ""):
        with pytest.raises(KeyError):
            table.add(name, "x", {}, who="ada", registry="none")
    assert table.of() == ()


def test_the_page_of_jobs_says_where_they_come_from_when_there_are_none(client: TestClient) -> None:
    assert "appears here and goes on when the tab is closed" in client.get("/jobs").text


def test_a_job_is_shown_watched_cancelled_and_run_again(client: TestClient, app: FastAPI) -> None:
    client.cookies.set("isotherm_who", "ada")
    foreman: Foreman = app.state.foreman
    job = counting(foreman.table, to=10_000, each_s=0.05)
    foreman.wake()
    wait_for(lambda: counted(foreman.table, job) > 1)

    page = client.get(f"/jobs/{job.id}").text
    assert 'hx-trigger="every 1s"' in page
    part = client.get(f"/jobs/{job.id}/part").text
    assert "counted to" in part
    assert f'<button id="cancel-{job.id}">' in part  # by which the focus stays on it when the part comes anew
    assert "Counting" in client.get("/jobs").text

    post(client, f"/jobs/{job.id}/cancel")
    page = client.get(f"/jobs/{job.id}/part").text
    assert "It was cancelled." in page
    assert "hx-trigger" not in page
    assert client.get(f"/jobs/{job.id}/out/counted.txt").text.startswith("1\n2\n")


def test_a_page_that_waits_for_a_job_is_loaded_anew_and_shows_nothing_of_its_end_before(
    client: TestClient, app: FastAPI
) -> None:
    client.cookies.set("isotherm_who", "ada")
    foreman: Foreman = app.state.foreman
    job = counting(foreman.table, to=10_000, each_s=0.05)
    foreman.wake()
    wait_for(lambda: counted(foreman.table, job) > 1)

    asked = f"/jobs/{job.id}/part?waited=true"
    assert f'hx-get="{asked}"' in client.get(asked).text  # it goes on waiting
    post(client, f"/jobs/{job.id}/cancel")

    answer = client.get(asked)
    assert answer.headers["HX-Refresh"] == "true"
    assert answer.text == ""


@pytest.mark.parametrize("name", [
    "../asked.json", "..%2fasked.json", "%2e%2e/asked.json", "/etc/passwd", "..%2f..%2f..%2fsecret", "a%00b",
    "....//asked.json", "..\\asked.json", "link",
])  # fmt: skip
def test_no_file_outside_of_what_came_of_a_job_is_given(client: TestClient, app: FastAPI, name: str) -> None:
    foreman: Foreman = app.state.foreman
    job = counting(foreman.table)
    (foreman.table.folder(job.id) / OUT / "link").symlink_to(foreman.table.folder(job.id) / "asked.json")

    answer = client.get(f"/jobs/{job.id}/out/{name}")

    assert answer.status_code in (404, 400)
    assert "counts" not in answer.text


@pytest.mark.parametrize("job_id", ["0" * 16, "0123", "x" * 16, "%2e%2e%2f"])
def test_a_job_that_is_none_is_answered_with_a_sentence(client: TestClient, job_id: str) -> None:
    answer = client.get(f"/jobs/{job_id}")

    assert answer.status_code == 404
    assert "There is no such" in answer.text


def test_a_page_that_came_of_a_job_cannot_reach_the_app(client: TestClient, app: FastAPI) -> None:
    foreman: Foreman = app.state.foreman
    job = counting(foreman.table)
    (foreman.table.folder(job.id) / OUT / "report.html").write_text("<script>1</script>")

    policy = client.get(f"/jobs/{job.id}/out/report.html").headers["content-security-policy"]

    assert policy.startswith("sandbox ")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy


def test_a_server_that_stops_on_a_full_disk_leaves_no_process_behind(
    table: JobTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    found = Foreman(table, at_once=1)
    found.open()
    job = counting(table, to=10_000)
    found.wake()
    wait_for(lambda: (table.folder(job.id) / PID).is_file())
    own = found._own[job.id]
    monkeypatch.setattr(JobTable, "of", full)
    monkeypatch.setattr(JobTable, "move", full)
    found.close()
    assert own.poll() is not None
