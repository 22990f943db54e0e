"""Study: one protocol as a form and as text, never lost, never overwritten unseen; run once, as it was seen."""

from __future__ import annotations

import hashlib
import html as entities
import json
import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app import registry_since
from isotherm.app.study_draft import write_draft
from isotherm.app.study_report_headline import headline_of, headline_text
from isotherm.app.study_report_parts import text_of
from isotherm.app.study_tasks import RESULT
from isotherm.app.web import job_program, pages_study_one, work_study
from isotherm.app.web.application import create_app
from isotherm.app.web.job import Came, Doing, Work
from isotherm.app.web.job_table import OUT
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.studies import Study, new_study, problems_of, studies_of
from isotherm.errors import NoAnswer
from isotherm.exchange.protocol_files import protocol_from
from isotherm.exchange.text_files import hash_of
from isotherm.registry.store import open_store
from isotherm.study.result import Record
from tests.app.made_up_study import result_of
from tests.app.web.conftest import NOW, hidden, made_up_registry
from tests.app.web.inline import found_in, jobs_inline, settled, write

TABLE = "id,arm,died,months,age\n" + "".join(
    f"P{k},{k % 2},{k % 3 % 2},{3 + k % 17},{40 + k % 30}\n" for k in range(80)
)


@pytest.fixture(autouse=True)
def _named(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs_inline(monkeypatch)
    assert write(client, "/who", name="ada").status_code == 303


@pytest.fixture
def study(client: TestClient, app: FastAPI) -> Study:
    """A study over a cohort of the registry."""
    write(client, "/cohort/study", query="?per=patient", title="Sex", compare="sex")
    return studies_of(app.state.web.workspace)[0]


def text_on(page: str) -> str:
    return entities.unescape(found_in(page, r'<textarea id="text"[^>]*>\n(.*?)</textarea>'))


def read_on(page: str) -> str:
    return found_in(page, r'name="read" value="([0-9a-f]{64})"')


def as_text(client: TestClient, study: Study) -> str:
    return str(client.get(f"/study/{study.name}?as=text").text)


def test_without_a_study_the_page_says_the_next_step(client: TestClient) -> None:
    assert "Choose a cohort" in client.get("/study").text


def test_the_form_and_the_text_are_one_file(client: TestClient, study: Study) -> None:
    page = client.get(f"/study/{study.name}").text
    assert 'name="field.arms.column"' in page

    answer = write(client, f"/study/{study.name}/form", read=read_on(page), **{"field.title": 'A "new" title'})

    assert answer.status_code == 303
    text = text_on(as_text(client, study))
    assert 'title = "A \\"new\\" title"' in text
    assert text.count("#") == study.protocol.text.count("#")
    write(client, f"/study/{study.name}/text", read=read_on(as_text(client, study)), text=text.replace("new", "newer"))
    assert "A &#34;newer&#34; title" in client.get(f"/study/{study.name}").text


def test_a_mistake_is_kept_with_its_line_and_cannot_be_run(client: TestClient, study: Study) -> None:
    text = text_on(as_text(client, study)).replace('kind = "number"', 'kind = "numbr"', 1)
    answer = write(client, f"/study/{study.name}/text", read=read_on(as_text(client, study)), text=text)

    line = text.split("\n").index('kind = "numbr"') + 1
    assert answer.status_code == 400
    assert f"study.toml, line {line}" in answer.text
    assert text_on(as_text(client, study)) == text
    assert write(client, f"/study/{study.name}/run", read=read_on(answer.text)).status_code == 400


@pytest.mark.parametrize("text", ["not toml [", "", "x = 1", "[" * 500, "a = " + "[" * 400, "\x00", "x" * 100_000])
def test_whatever_is_typed_is_kept_and_said_to_be_no_protocol(client: TestClient, study: Study, text: str) -> None:
    answer = write(client, f"/study/{study.name}/text", read=read_on(as_text(client, study)), text=text)

    assert answer.status_code in (303, 400)
    assert "problem" in client.get(f"/study/{study.name}").text
    assert study.protocol.text == text


def test_a_value_that_does_not_fit_is_refused_and_nothing_typed_is_lost(client: TestClient, study: Study) -> None:
    before = study.protocol.text
    page = client.get(f"/study/{study.name}").text

    answer = write(client, f"/study/{study.name}/form", read=read_on(page),
                   **{"field.seed": "one", "field.title": "Typed meanwhile"})  # fmt: skip

    assert answer.status_code == 400
    assert "seed is a number" in answer.text
    assert "Typed meanwhile" in answer.text
    assert study.protocol.text == before


def test_of_two_tabs_the_second_overwrites_nothing_and_loses_nothing(client: TestClient, study: Study) -> None:
    page = as_text(client, study)
    first, second = (text_on(page).replace('title = "Sex"', f'title = "{name}"') for name in ("First", "Second"))
    write(client, f"/study/{study.name}/text", read=read_on(page), text=first)

    answers = [write(client, f"/study/{study.name}/text", read=read_on(page), text=second),
               write(client, f"/study/{study.name}/form", read=read_on(page), **{"field.title": "Second"})]  # fmt: skip

    for answer in answers:
        assert answer.status_code == 409
        assert "Somebody saved this protocol meanwhile" in answer.text
        assert "Second" in answer.text
    assert study.protocol.text == first


def test_many_who_save_at_once_lose_no_text(client: TestClient, study: Study) -> None:
    read, text = study.protocol.mark, study.protocol.text
    won: list[str] = []

    def save(name: str) -> None:
        if study.protocol.replace(f"{text}# {name}\n", read=read):
            won.append(name)

    threads = [threading.Thread(target=save, args=(str(k),)) for k in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1
    assert study.protocol.text.endswith(f"# {won[0]}\n")


def test_parts_are_added_and_taken_away(client: TestClient, study: Study) -> None:
    page = client.get(f"/study/{study.name}").text
    count = study.protocol.text.count("[[covariate]]")

    write(client, f"/study/{study.name}/form", read=read_on(page), remove="covariate:0")
    assert study.protocol.text.count("[[covariate]]") == count - 1
    write(client, f"/study/{study.name}/form", read=study.protocol.mark, more="eligibility")
    assert 'says = "18 years or older"' in study.protocol.text
    for bad in ({"remove": "data:0"}, {"remove": "covariate:x"}, {"more": "data"}):
        assert write(client, f"/study/{study.name}/form", read=study.protocol.mark, **bad).status_code == 400


def test_several_are_taken_away_at_once_and_what_was_saved_is_said(client: TestClient, study: Study) -> None:
    page = client.get(f"/study/{study.name}").text
    assert "Take the ticked ones away" in page
    assert "Saved." not in page
    before = study.protocol.text
    labels = re.findall(r'\[\[covariate\]\][^\[]*?label = "([^"]*)"', before)
    ticked = {"gone.covariate:0": "1", "gone.covariate:1": "1"}

    write(client, f"/study/{study.name}/form", read=read_on(page), **ticked)
    assert study.protocol.text == before  # ticked, and only saved
    answer = write(client, f"/study/{study.name}/form", read=read_on(page), ticked="1", **ticked)

    left = re.findall(r'\[\[covariate\]\][^\[]*?label = "([^"]*)"', study.protocol.text)
    assert left == labels[2:]
    assert "Saved." in client.get(answer.headers["location"]).text


def test_the_form_begins_with_what_a_researcher_settles_and_ends_with_what_machines_need(
    client: TestClient, study: Study
) -> None:
    page = client.get(f"/study/{study.name}").text
    order = ("title", "question", "arms.column", "outcome[1].label", "time_zero.says", "schema", "data.file")
    places = [page.index(f'name="field.{one}"') for one in order]
    assert places == sorted(places)
    assert "methods has another" in page or "bootstrap of the comparison" in page


def test_the_audit_says_the_arms_in_words_and_the_designs_before_the_findings(client: TestClient) -> None:
    page = client.get(f"{write(client, '/study/example').headers['location']}/audit").text
    assert page.index("What is compared") < page.index("What can answer it") < page.index("What was found")
    assert "(reference)" in page


def test_titles_and_labels_do_nothing_on_a_page(client: TestClient, study: Study) -> None:
    bad = "<img src=x onerror=alert(1)></textarea><script>alert(1)</script>"
    write(client, f"/study/{study.name}/form", read=study.protocol.mark, **{"field.title": bad, "field.question": bad})

    for path in (f"/study/{study.name}", f"/study/{study.name}?as=text", "/study"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


@pytest.mark.parametrize("file", [
    "../../../../etc/passwd", "/etc/hostname.csv", "registry:/somewhere/else.registry#patient", "runs.json",
    "registry:postgresql://other@host/db#patient", "study.toml", "../other/table.csv",
])  # fmt: skip
def test_a_protocol_opens_no_other_file_than_its_own(
    client: TestClient, study: Study, file: str, registry: str
) -> None:
    text = re.sub(r'^file = ".*"$', f'file = "{file}"', study.protocol.text, flags=re.MULTILINE)

    assert problems_of(text, study, registry)
    write(client, f"/study/{study.name}/text", read=study.protocol.mark, text=text)
    assert write(client, f"/study/{study.name}/run", read=study.protocol.mark).status_code == 400
    assert "Mend the protocol first" in client.get(f"/study/{study.name}/audit").text


def test_the_audit_is_that_of_the_command_line(client: TestClient) -> None:
    page = client.get(f"{write(client, '/study/example').headers['location']}/audit").text

    for level, words in (("stop", "to stop at"), ("warn", "warnings?"), ("note", "notes?")):
        count = int(found_in(page, rf">(\d+) {words}</"))
        assert ('<a class="tag' in found_in(page, rf"(<[^<]*>)\d+ {words}</")) is (count > 0)
        assert page.count(f'href="#found-{level}"') == page.count(f'id="found-{level}"') == (count > 0)
    assert "Who stays, and who leaves" in page


@pytest.mark.parametrize("answers", ["landmark", ""])
def test_what_stops_is_told_at_the_button_with_what_it_bars_and_what_a_run_gives_then(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, answers: str
) -> None:
    made = pages_study_one._audited

    def stopped(study: Study, text: str) -> dict[str, Any]:
        shown = made(study, text)
        stop = {"id": "late", "level": "stop", "says": "Late.", "do": "", "bars": ["naive"], "counts": []}
        designs = [
            one | {"planned": one["name"] in ("naive", answers), "barred_by": ["late"] * (one["name"] == "naive")}
            for one in shown["audit"]["designs"]
        ]
        return shown | {"audit": shown["audit"] | {"findings": [stop], "designs": designs}}

    monkeypatch.setattr(pages_study_one, "_audited", stopped)
    place = write(client, "/study/example").headers["location"]
    assert '<p id="stops" hidden>' in client.get(place).text

    within = client.get(f"{place}/audit", headers={"hx-request": "true"}).text
    line = found_in(within, r'<p id="stops" hx-swap-oob="true"([^<]*)')
    gives = (
        "naive; a run answers by landmark." if answers else "every design of this protocol (naive), so a run would be"
    )
    assert f"1 finding to stop at: it bars {gives}" in line
    assert ("data-refused" in line) is ("a run shows it only beside the answer" not in within) is (not answers)
    assert 'id="stops"' not in client.get(f"{place}/audit").text  # the part by itself has no button beside it


def test_a_table_that_cannot_be_studied_is_said_in_the_audit(client: TestClient, study: Study) -> None:
    assert "holds no event" in client.get(f"/study/{study.name}/audit").text  # nobody dies in the made-up registry


def test_a_table_that_came_becomes_a_study_and_runs(client: TestClient, app: FastAPI) -> None:
    token = {"X-CSRF-Token": found_in(client.get("/who").text, 'name="csrf-token" content="([0-9a-f]+)"')}
    upload = client.post("/uploads", params={"name": "../x/table.csv"}, content=TABLE, headers=token).json()["id"]
    page = settled(client, write(client, "/study", upload=upload, title="Of a table").headers["location"])
    assert "drafted" in page
    study = studies_of(app.state.web.workspace)[0]
    assert study.tables() == ("table.csv",)

    path = write(client, f"/study/{study.name}/run", read=study.protocol.mark).headers["location"]
    page = settled(client, path)

    assert "Download the report (DOCX)" in page
    assert "hazard ratio" in page
    assert "Interval without a bootstrap: not adjusted: Cox model" in page
    assert "registry is as this run read it" not in page  # it read a table
    out = found_in(page, r'href="(/jobs/[0-9a-f]+/out/)report.docx"')
    taken = client.get(f"{out}report.docx")
    assert taken.content[:2] == b"PK"
    assert f"report-{study.name}.docx" in taken.headers["content-disposition"]
    assert "Back to the run" in client.get(found_in(page, r'href="(/study/[a-z0-9/-]+/report)"')).text
    report = client.get(f"{out}report.html")
    assert "sandbox" in report.headers["content-security-policy"]
    assert report.headers["x-frame-options"] == "SAMEORIGIN"


def run_of(app: FastAPI, study: Study, result: dict[str, Any]) -> str:
    """Put down a run that has ended with a result; return the path of its page."""
    table = app.state.foreman.table
    job = table.add("study", "Study: made up", {}, who="ada", registry="")
    (table.folder(job.id) / OUT / RESULT).write_text(json.dumps(result), encoding="utf-8")
    assert table.move(job.id, "done", since=("waiting", "running"), said="Done.")
    study.ran(job.id)
    return f"/study/{study.name}/run/{job.id}"


def test_the_three_gravest_limits_of_the_report_stand_beside_the_headline(
    client: TestClient, app: FastAPI, study: Study
) -> None:
    result = result_of("designs")
    limits = [text_of(one) for one in headline_of(result).caveats]

    page = client.get(run_of(app, study, result)).text

    shown = re.findall(r"<li>(.*?)</li>", found_in(page, r"What this estimate cannot show</h2>\s*(<ul.*?</ul>)"))
    assert [entities.unescape(one) for one in shown] == limits[:3]
    rest = found_in(page, rf"{len(limits) - 3} more limits?</summary>(<ul.*?</ul>)")
    assert [entities.unescape(one) for one in re.findall(r"<li>(.*?)</li>", rest)] == limits[3:]
    assert "Interval from a bootstrap of 20 replicates" in page
    assert page.count(limits[0]) == 1


def test_that_few_were_still_followed_stands_beside_the_headline(
    client: TestClient, app: FastAPI, study: Study
) -> None:
    result = result_of("designs")
    for part, value in (("followed", 7), ("n", 60), ("risk", 0.3)):
        result["results"][f"design.clone_censor_weight.os.delayed.{part}"]["value"] = value

    page = client.get(run_of(app, study, result)).text
    words = ("<b>Few were still followed, and in line with a strategy, at 12 months (each patient in every arm): with "
             "“Delayed ablation” 7 of 60.")  # fmt: skip
    assert words in entities.unescape(page)


def test_a_study_without_limits_has_no_heading_for_them(client: TestClient, app: FastAPI, study: Study) -> None:
    result = result_of("unadjusted")
    result["findings"] = []
    result["results"] = {key: one for key, one in result["results"].items() if "caveat" not in key}

    page = client.get(run_of(app, study, result)).text

    assert "hazard ratio" in page
    assert "cannot show" not in page


def test_a_run_says_what_was_done_to_the_registry_since(
    client: TestClient, app: FastAPI, study: Study, registry: str
) -> None:
    result = result_of("designs")
    with open_store(registry) as store:
        result["data"]["registry"] = {name: store.identity()[name] for name in ("registry_id", "entries", "hash")}
    path = run_of(app, study, result)
    assert "The registry is as this run read it." in client.get(path).text

    with open_store(registry) as store:
        (first, *_) = (one for one in store.records("lesion"))
        store.revise("lesion", first.patient_id, first.id, {"place": "V"}, revision=1, by="eve", why="seen again")

    page = client.get(path).text
    assert "Since this run, 1 record was corrected in the registry" in page
    assert f'<a href="/study/{study.name}">To the protocol, to run it again</a>' in page


def test_a_run_can_be_read_when_its_registry_cannot(
    client: TestClient, app: FastAPI, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(address: str, read: object) -> None:
        raise NoAnswer("The database does not answer; start it.")

    monkeypatch.setattr(registry_since, "registry_since", away)
    result = result_of("designs")
    result["data"]["registry"] = {"registry_id": "x", "entries": 1, "hash": "y"}

    page = client.get(run_of(app, study, result)).text

    assert "cannot be said. The database does not answer; start it." in page
    assert "Download the report (DOCX)" in page


def with_protocol(app: FastAPI, path: str, text: str) -> str:
    """Let a run that was put down have used a protocol; return the path of its page."""
    home = app.state.foreman.table.folder(path.rpartition("/")[2]) / OUT
    result = json.loads((home / RESULT).read_text(encoding="utf-8"))
    result["results"]["protocol.file_hash"] = Record(kind="text", label="SHA-256", text=hash_of(text.encode())).plain()
    (home / RESULT).write_text(json.dumps(result), encoding="utf-8")
    (home / "study.toml").write_bytes(text.encode())
    return path


def test_a_run_says_that_its_protocol_has_changed_since_and_gives_the_one_that_it_used(
    client: TestClient, app: FastAPI, study: Study
) -> None:
    old = study.protocol.text
    path = with_protocol(app, run_of(app, study, result_of("unadjusted")), old)
    page = client.get(path).text
    assert "has changed since this run" not in page
    taken = client.get(found_in(page, r'href="([^"]*study.toml)"'))
    assert taken.text == old
    assert 'filename="study' in taken.headers["content-disposition"]

    assert study.protocol.replace(old.replace("seed = 1", "seed = 2"), read=study.protocol.mark)

    page = entities.unescape(client.get(path).text)
    assert "The protocol has changed since this run</b>, in 2 lines" in page
    assert "-seed = 1\n+seed = 2" in page


def test_a_protocol_whose_lines_end_in_two_signs_is_run_as_its_file_is_and_a_change_of_that_is_told(
    client: TestClient, app: FastAPI, study: Study
) -> None:
    file = study.folder / "study.toml"
    two = file.read_bytes().replace(b"\n", b"\r\n")
    file.write_bytes(two)
    assert study.protocol.mark == hashlib.sha256(two).hexdigest()
    started = write(client, f"/study/{study.name}/run", read=read_on(client.get(f"/study/{study.name}").text))
    job = app.state.foreman.table.folder(started.headers["location"].rpartition("/")[2])
    assert json.loads((job / "asked.json").read_text(encoding="utf-8"))["asked"]["protocol"].encode() == two
    settled(client, started.headers["location"])
    path = with_protocol(app, run_of(app, study, result_of("unadjusted")), two.decode())
    assert "has changed since this run" not in client.get(path).text

    file.write_bytes(two.replace(b"\r\n", b"\n"))

    assert "has changed since this run</b>, in nothing but how its lines end" in client.get(path).text
    file.write_bytes(two)
    page = client.get(f"/study/{study.name}?as=text").text
    saved = write(client, f"/study/{study.name}/text", read=read_on(page), text=text_on(page))
    assert saved.status_code == 303
    assert file.read_bytes() == two.replace(b"\r\n", b"\n")


def test_runs_of_a_study_stand_side_by_side_with_what_changed_between_them(
    client: TestClient, app: FastAPI, study: Study
) -> None:
    assert "No run of this study" in client.get(f"/study/{study.name}/runs").text
    old, new = study.protocol.text, study.protocol.text.replace("seed = 1", "seed = 2")
    with_protocol(app, run_of(app, study, result_of("unadjusted")), new)
    assert f"/study/{study.name}/runs" not in client.get(f"/study/{study.name}").text
    with_protocol(app, run_of(app, study, result_of("weights")), old)
    assert f"/study/{study.name}/runs" in client.get(f"/study/{study.name}").text

    page = entities.unescape(client.get(f"/study/{study.name}/runs").text)

    latest, first = page.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr data-row>")[1:]
    assert f"{hash_of(old.encode())[:8]}</code> as it is now" in latest
    assert "2 lines differ from the run before" in latest
    assert f"{hash_of(new.encode())[:8]}</code> changed since" in first
    assert "lines differ" not in first
    for name, row in (("weights", latest), ("unadjusted", first)):
        assert headline_text(headline_of(result_of(name))) in row
        assert "120 in the table; " in row
    assert "-seed = 2\n+seed = 1" in page


def test_a_run_for_release_gives_no_data_of_patients_away(client: TestClient, app: FastAPI, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(TABLE)
    draft = new_study(app.state.web.workspace.folder, "x", "", table=table)
    (draft.folder / "study.toml").unlink()
    write_draft(str(draft.folder / "table.csv"), str(draft.folder / "study.toml"))
    path = write(client, f"/study/{draft.name}/run", read=draft.protocol.mark, release="true").headers["location"]
    settled(client, path)

    job = app.state.foreman.table.of()[0]
    assert job.state == "done", job.said
    names = {one.name for one in (app.state.web.workspace.jobs / job.id / "out").rglob("*")}
    assert not names & {"adjusted.csv", "table.csv"}
    assert client.get(f"/jobs/{job.id}/out/../given/table.csv").status_code == 404
    assert client.get(f"/jobs/{job.id}/out/..%2fgiven%2ftable.csv").status_code == 404


def test_a_study_that_runs_already_is_not_run_twice_and_can_be_cancelled(
    client: TestClient, app: FastAPI, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(asked: object, doing: Doing) -> Came:
        begun.set()
        assert go_on.wait(30.0)
        return Came(said="Done.")

    monkeypatch.setattr(work_study, "RUNS", Work(slow))
    monkeypatch.setattr(job_program, "work_called", lambda name: work_study.RUNS)
    places = {write(client, f"/study/{study.name}/run", read=study.protocol.mark).headers["location"] for _ in range(3)}
    assert len(places) == 1
    assert len(app.state.foreman.table.of()) == 1
    assert begun.wait(30.0)

    other = write(client, f"/study/{study.name}/run", read=study.protocol.mark, release="true").headers["location"]
    assert other not in places
    go_on.set()
    assert write(client, f"/jobs/{other.rpartition('/')[2]}/cancel").status_code == 303


def test_what_was_changed_meanwhile_is_not_run_unseen(client: TestClient, study: Study) -> None:
    page = client.get(f"/study/{study.name}").text
    write(client, f"/study/{study.name}/form", read=read_on(page), **{"field.seed": "2"})

    answer = write(client, f"/study/{study.name}/run", read=read_on(page))

    assert answer.status_code == 400
    assert "changed since this page was loaded" in answer.text


@pytest.mark.parametrize("path", ["/study/none", "/study/..", "/study/%2e%2e%2fjobs", "/study/none/audit",
                                  "/study/none/run/0123456789abcdef", "/study/Upper"])  # fmt: skip
def test_a_study_that_is_not_there_is_said(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (303, 404)


def test_a_run_of_another_study_is_not_shown_as_its_own(client: TestClient, study: Study) -> None:
    assert client.get(f"/study/{study.name}/run/0123456789abcdef").status_code == 404


def test_the_example_is_a_whole_study(client: TestClient, app: FastAPI) -> None:
    place = write(client, "/study/example").headers["location"]

    assert "problem" not in client.get(place).text
    assert "Who stays, and who leaves" in client.get(f"{place}/audit").text
    assert write(client, "/study/example").headers["location"] != place


def test_many_who_start_a_study_at_once_start_it_once(
    client: TestClient, app: FastAPI, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(
        job_program, "work_called", lambda name: Work(lambda asked, doing: Came(said=str(go_on.wait(30))))
    )
    told = [{**hidden(client), "read": study.protocol.mark} for _ in range(8)]
    threads = [threading.Thread(target=client.post, args=(f"/study/{study.name}/run",), kwargs={"data": one})
               for one in told]  # fmt: skip
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    go_on.set()

    assert len(app.state.foreman.table.of()) == 1


def test_many_studies_of_one_name_have_folders_of_their_own(app: FastAPI) -> None:
    made: list[str] = []

    def make() -> None:
        made.append(new_study(app.state.web.workspace.folder, "Ähnlich!", "x").name)

    threads = [threading.Thread(target=make) for _ in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len(set(made)) == 12
    assert sorted(made)[0] == "ahnlich"


@pytest.mark.parametrize("fields", [2000, 200_000])
def test_a_form_with_thousands_of_fields_is_refused(client: TestClient, study: Study, fields: int) -> None:
    before = study.protocol.text

    answer = write(client, f"/study/{study.name}/form", read=study.protocol.mark,
                   **{f"field.{k}": "x" for k in range(fields)})  # fmt: skip

    assert answer.status_code in (400, 413)
    assert study.protocol.text == before


@pytest.mark.parametrize("by", ["test", None])
def test_a_study_of_simulated_patients_says_so_beside_its_result(
    settings: ServeSettings, tmp_path: Path, by: str | None
) -> None:
    registry = made_up_registry(tmp_path / "other.registry", simulated_by=by)
    app = create_app(replace(settings, registry=registry), clock=lambda: NOW)
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        write(client, "/who", name="ada")
        write(client, "/cohort/study", query="?per=patient", title="Sex", compare="sex")
        (made,) = studies_of(app.state.web.workspace)
        text = text_on(as_text(client, made))
    protocol = protocol_from(text)
    assert protocol.caveats == (("Simulated patients: nobody in this registry ever lived.",) if by else ())
