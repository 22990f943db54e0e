"""Evidence: every number with its source and its warnings; nothing is pooled that must not be; never beside ours."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.evidence_tasks import Choice, chosen, effects_first
from isotherm.app.web.evidence_library import library
from isotherm.app.web.job_table import OUT
from isotherm.app.web.studies import new_study
from tests.app.made_up_study import result_of
from tests.app.web.inline import jobs_inline, settled, write

TWO = "id=meijerink_2024.os&id=ruers_2017.os"


@pytest.fixture(autouse=True)
def _named(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs_inline(monkeypatch)
    assert write(client, "/who", name="ada").status_code == 303


def test_the_list_holds_what_the_command_line_finds(client: TestClient) -> None:
    found = chosen(library(), Choice(organ="liver", status="published"), ["margin", "progression"])
    asked = {"q": "margin progression", "organ": "liver", "status": "published"}

    html = client.get("/evidence", params=asked).text
    rows = list(csv.DictReader(io.StringIO(client.get("/evidence/results.csv", params=asked).text)))

    assert f"<b>{len(found)} results</b>" in html
    assert [row["id"] for row in rows] == [one.id for one in found]


def test_pages_hold_each_result_once(client: TestClient) -> None:
    seen: list[str] = []
    for number in range(1, 40):
        html = client.get("/evidence", params={"page": number}).text
        seen += re.findall(r'href="/evidence/result/([^"]+)"', html)
        if re.search(rf"page {number} of {number}\b", html):
            break

    assert seen == [one.id for one in effects_first(list(library().results.values()))]
    assert sorted(seen) == sorted(library().results)


def test_effects_with_an_interval_come_first_unless_a_publication_is_chosen(client: TestClient) -> None:
    first = re.findall(r'href="/evidence/result/([^"]+)"', client.get("/evidence").text)
    assert all(library().results[one].has_interval for one in first)

    paper = next(one for one in library().papers if sum(each.paper == one for each in library().results.values()) > 3)
    own = re.findall(r'href="/evidence/result/([^"]+)"', client.get("/evidence", params={"paper": paper}).text)
    assert own == [one.id for one in library().results.values() if one.paper == paper][: len(own)]


@pytest.mark.parametrize("asked", [
    {"q": "<script>alert(1)</script>"}, {"paper": "<b>"}, {"endpoint": "nothing like it"}, {"q": "x" * 200},
    {"organ": "moon"}, {"page": "9999"},
])  # fmt: skip
def test_what_is_not_there_is_said_and_the_next_step_too(client: TestClient, asked: dict[str, str]) -> None:
    html = client.get("/evidence", params=asked).text

    assert "<script>alert" not in html
    assert any(words in html for words in ("Show all", 'class="failure"', "page 19 of 19"))


def test_every_result_and_every_publication_has_a_page(client: TestClient) -> None:
    for name in list(library().results)[::40]:
        html = client.get(f"/evidence/result/{name}").text
        assert "<b>Source:</b>" in html
    for name in list(library().papers)[::6]:
        assert client.get(f"/evidence/paper/{name}").status_code == 200
    assert client.get("/evidence/result/none").status_code == 404
    assert client.get("/evidence/paper/..%2f..").status_code == 404


def test_a_recalled_number_says_so_first(client: TestClient) -> None:
    recalled = next(one for one in library().results.values() if one.status == "recalled")

    assert "confirm" in client.get(f"/evidence/result/{recalled.id}").text


def test_chosen_effects_are_drawn_side_by_side_before_anything_is_pooled(client: TestClient) -> None:
    html = client.get(f"/evidence/forest?{TWO}").text

    assert 'alt="Forest of 2 published effects, none pooled' in html
    assert "Not pooled." not in html
    assert "Forest plot of" not in html


def test_what_must_not_be_pooled_is_not_until_a_reason_is_given(client: TestClient) -> None:
    refused = client.get(f"/evidence/forest?{TWO}&pool=yes").text
    assert "Not pooled." in refused
    assert "Pool although they compare different arms, because" in refused
    assert 'alt="Forest plot of' not in refused
    assert "none pooled" in refused  # what was printed is drawn all the same

    html = client.get(f"/evidence/forest?{TWO}&pool=yes&because.comparison=<i>a try</i>").text

    assert "Set aside: comparison" in html
    assert "<i>a try" not in html
    assert 'alt="Forest plot of 2 studies' in html


@pytest.mark.parametrize("query", ["", "id=none", "id=meijerink_2024.os", f"{TWO}&model=magic", f"{TWO}&because.x=",
                                   f"{TWO}&because.nothing=of+the+kind", f"{TWO}&{TWO}"])  # fmt: skip
def test_a_forest_of_nothing_is_refused_in_a_sentence(client: TestClient, query: str) -> None:
    html = client.get(f"/evidence/forest?pool=yes&{query}").text

    assert "Not pooled." in html or "No result was chosen" in html


def test_margin_and_recurrence_are_drawn_in_the_background(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Draw what was published" in client.get("/evidence/margin").text
    monkeypatch.setattr("isotherm.app.evidence_margin.ABOUT", ())  # a quarter of a minute of drawing

    html = settled(client, write(client, "/evidence/margin", margin_mm="4", organ="liver").headers["location"])

    assert 'class="report"' in html
    assert 'name="margin_mm" value="4"' in html
    assert 'class="report"' in client.get("/evidence/margin").text
    job = app.state.foreman.table.of()[0]
    drawn = app.state.foreman.table.folder(job.id) / OUT / "margin-evidence.html"
    assert "Minimal margin of patient: 4.0" in drawn.read_text(encoding="utf-8")


@pytest.mark.parametrize("told", [
    {"margin_mm": "four"}, {"margin_mm": "nan"}, {"margin_mm": "1e99"}, {"low": "1"}, {"size_mm": "-3"},
    {"organ": "liver"}, {"margin_mm": "4", "organ": "<b>"}, {"margin_mm": "inf"},
])  # fmt: skip
def test_lengths_that_are_none_are_refused(client: TestClient, told: dict[str, str]) -> None:
    html = settled(client, write(client, "/evidence/margin", **told).headers["location"])

    assert "<b>Failed.</b>" in html
    assert "unforeseen" not in html


def test_a_study_that_did_not_run_stands_beside_nothing(client: TestClient, app: FastAPI) -> None:
    study = new_study(app.state.web.workspace.folder, "x", "schema = 1\n")
    other = app.state.foreman.table.add("export", "of another", {}, who="ada", registry="none")

    for job_id in ("0123456789abcdef", "..", other.id):
        assert client.get(f"/evidence/beside/{study.name}/{job_id}").status_code == 404


def test_a_result_that_is_none_is_said(client: TestClient, app: FastAPI) -> None:
    study = new_study(app.state.web.workspace.folder, "x", "schema = 1\n")
    job = app.state.foreman.table.add("export", "a run", {}, who="ada", registry="none")
    study.ran(job.id)
    (app.state.foreman.table.folder(job.id) / OUT / "result.json").write_text(
        json.dumps({"protocol": {"outcomes": []}})
    )

    assert "is no result of" in client.get(f"/evidence/beside/{study.name}/{job.id}").text


def test_rates_of_arms_by_the_same_names_stand_beside_a_study_on_its_page(client: TestClient, app: FastAPI) -> None:
    study = new_study(app.state.web.workspace.folder, "x", "schema = 1\n")
    job = app.state.foreman.table.add("export", "a run", {}, who="ada", registry="none")
    study.ran(job.id)
    (app.state.foreman.table.folder(job.id) / OUT / "result.json").write_text(json.dumps(result_of("designs")))

    html = client.get(f"/evidence/beside/{study.name}/{job.id}").text

    assert "Same arm names as in this study: Li 2023 (first in the table)." in html
    rates = html.partition('id="by-arm"')[2].partition("</table>")[0]
    first = rates.partition("Li 2023")[2].partition("MIRA")[0]
    assert "ablation first, then systemic therapy: <b>64 %</b>" in first
    assert "none: its curve ends at 29 months" in first
    assert "0.85" not in first


def test_what_is_recalled_or_derived_says_so_in_every_list_and_is_found_by_that_status(client: TestClient) -> None:
    """A publication that is known from memory only makes each of its results recalled, whatever is noted of it."""
    recalled = chosen(library(), Choice(status="recalled"))
    of_recalled = [one for one in library().results.values()
                   if library().papers[one.paper].identification == "recalled"]  # fmt: skip
    assert {one.id for one in of_recalled} <= {one.id for one in recalled}
    assert not {one.id for one in chosen(library(), Choice(status="published"))} & {one.id for one in recalled}
    for one in (
        next(one for one in of_recalled if one.status == "derived"),
        next(one for one in of_recalled if one.status == "published"),
    ):
        html = client.get("/evidence", params={"paper": one.paper, "status": "recalled"}).text
        row = html[html.index(f'value="{one.id}"') :].partition("</tr>")[0]
        assert "recalled: confirm in the publication before use" in row
        assert ("derived: computed here" in row) == (one.status == "derived")
    assert "as they printed it; what was computed here says derived." in html


def test_the_margin_without_local_progression_is_found_by_that_endpoint() -> None:
    found = {one.id for one in chosen(library(), Choice(endpoint="local tumor progression"), ["margin"])}
    assert {"laimer_2025.cutoff-a", "laimer_2025.cutoff-b", "laimer_2020.cutoff"} <= found
