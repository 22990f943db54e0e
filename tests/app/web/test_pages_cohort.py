"""Cohort: conditions as fields and as text are one query, the flow adds up, what goes out is safe to open."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.registry_cohort import Asked, read_cohort
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.exchange.protocol_files import protocol_from
from isotherm.registry.store import open_store
from tests.app.web.inline import found_in, write


def where_of(address: str) -> str:
    return parse_qs(urlsplit(address).query).get("where", [""])[0]


def test_an_empty_registry_says_the_next_step(client: TestClient, registry: str) -> None:
    with open_store(registry) as store:
        for one in {kept.patient_id for kept in store.records()}:
            store.withdraw("patient", one, "", revision=1, by="test", why="none is left")

    html = client.get("/cohort").text

    assert "Import records" in html
    assert "Draft the protocol" not in html


def test_a_fact_that_nobody_knows_is_no_empty_cell_and_a_day_of_nothing_is(client: TestClient, registry: str) -> None:
    record = Record(kind=RECORD_KINDS["patient"], patient_id="0-NOTHING-KNOWN", id="", values={},
                    unknown=frozenset({"sex"}))  # fmt: skip
    with open_store(registry) as store:
        store.add([record], by="test", why="made up")

    html = client.get("/cohort").text

    heads = re.findall(r'<th scope="col" title="([^"]*)">', html)
    row = re.findall(
        r"<t[dh][^>]*>(.*?)</t[dh]>", found_in(html, r"(<tr data-row><th[^>]*><a[^>]*>0-NOTHING-KNOWN.*?</tr>)")
    )
    told = dict(zip(heads, row, strict=True))
    assert told["sex"] == "not known"
    assert told["decided_on"] == ""
    assert "not known: the registry has no value" in html


def test_hard_words_are_said_plainly(client: TestClient) -> None:
    html = client.get("/cohort").text
    assert "<summary>Definitions that differ between studies</summary>" in html
    assert "No consensus settles these." in html


def test_fields_and_text_lead_to_the_same_address(client: TestClient) -> None:
    first = client.get("/cohort", params={"column": "n_lesions", "relation": "at most", "value": "3", "add": "1"})
    second = client.get("/cohort", params={"where": where_of(first.headers["location"]), "column": "sex",
                                           "relation": "is", "value": "male", "add": "1"})  # fmt: skip

    assert where_of(second.headers["location"]) == "n_lesions <= 3 and sex == 'male'"
    html = client.get(second.headers["location"]).text
    assert "n_lesions &lt;= 3" in html
    third = client.get("/cohort", params={"where": where_of(second.headers["location"]), "drop": "0"})
    assert where_of(third.headers["location"]) == "sex == 'male'"


def test_one_more_condition_keeps_what_or_joins_together(client: TestClient) -> None:
    answer = client.get("/cohort", params={"where": "sex == 'male' or sex == 'female'", "column": "n_lesions",
                                           "relation": "at least", "value": "2", "add": "1"})  # fmt: skip

    assert where_of(answer.headers["location"]) == "(sex == 'male' or sex == 'female') and n_lesions >= 2"


@pytest.mark.parametrize("per", ["patient", "session", "tumor"])
def test_what_the_flow_keeps_is_the_cohort_of_the_command_line(client: TestClient, registry: str, per: str) -> None:
    where = "sex == 'male' and n_lesions between 1 and 3"
    kept = len(read_cohort(registry, Asked(per=per, where=where)).cohort.table)  # pyright: ignore[reportArgumentType]

    html = client.get("/cohort", params={"per": per, "where": where}).text
    rows = list(csv.reader(io.StringIO(client.get("/cohort/cohort.csv", params={"per": per, "where": where}).text)))

    assert f"number of tumors between 1 and 3: {kept} {per}" in html
    assert len(rows) == kept + 1


@pytest.mark.parametrize("asked", [
    {"where": "no_such_column > 3"}, {"where": "age_years >"}, {"per": "village"}, {"anchor": "birthday"},
    {"upfront": "soon"}, {"where": "(" * 60}, {"where": "sex == 3"},
    {"column": "n_lesions", "relation": "at most", "value": "three", "add": "1"},
    {"column": "n_lesions", "relation": "rhymes with", "value": "3", "add": "1"},
    {"column": "decided_on", "relation": "at least", "value": "1.2.2020", "add": "1"},
    {"column": "sex", "relation": "is", "value": """a'b"c""", "add": "1"}, {"column": "nothing", "add": "1"},
])  # fmt: skip
def test_what_cannot_be_asked_is_said_and_what_was_typed_stays(client: TestClient, asked: dict[str, str]) -> None:
    answer = client.get("/cohort", params=asked)

    assert answer.status_code == 400
    assert 'class="failure"' in answer.text
    assert "unforeseen" not in answer.text
    if "where" in asked:
        assert found_in(answer.text, r'<textarea id="where"[^>]*>(.*?)</textarea>').startswith(asked["where"][:3])


def test_a_condition_is_never_run_or_rendered(client: TestClient) -> None:
    bad = "sex == '<script>alert(1)</script>' and sex != '{{ 7 * 7 }}'"

    html = client.get("/cohort", params={"where": bad}).text

    assert "<script>alert" not in html
    assert "7 * 7" in html
    assert "__import__" not in client.get("/cohort", params={"where": "__import__('os')"}).headers


def test_a_condition_on_the_future_is_warned_of(client: TestClient) -> None:
    assert "which only the future tells" in client.get("/cohort", params={"where": "os_days > 100"}).text


def test_no_cell_of_the_table_begins_a_formula(client: TestClient, registry: str) -> None:
    with open_store(registry) as store:
        one = next(record for record in store.records() if record.kind.name == "ablation")
        kept = next(kept for kept in store.patient(one.patient_id) if kept.record == one)
        store.revise("ablation", one.patient_id, one.id, {"device": "=cmd|' /C calc'!A0"}, revision=kept.revision,
                     by="test", why="attack")  # fmt: skip

    text = client.get("/cohort/cohort.csv", params={"per": "tumor"}).text

    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert any("calc" in cell for cell in cells)
    assert not any(cell.startswith(("=", "@", "+")) for cell in cells)


def test_within_the_page_a_refusal_stands_where_it_was_typed(client: TestClient) -> None:
    answer = client.get("/cohort", params={"where": "age_years >"}, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert 'class="failure"' in answer.text
    assert answer.headers["hx-push-url"] == "/cohort?per=patient&where=age_years+%3E"


def test_a_study_of_the_cohort_reads_it_from_the_registry(client: TestClient, registry: str) -> None:
    write(client, "/who", name="ada")
    answer = write(
        client, "/cohort/study", query="?per=patient&where=n_lesions <= 3", title="Few tumors", compare="sex"
    )

    assert answer.headers["location"] == "/study/few-tumors"


def test_a_draft_over_a_cohort_is_a_protocol(client: TestClient, registry: str, app: FastAPI) -> None:
    write(client, "/who", name="ada")
    write(client, "/cohort/study", query="?per=tumor", title="<script>x</script>", compare="sex")

    files = list(app.state.web.workspace.folder.rglob("study.toml"))

    protocol = protocol_from(files[0].read_text(encoding="utf-8"))
    assert protocol.title == "<script>x</script>"
    assert protocol.data.file == f"registry:{registry}#tumor"


@pytest.mark.parametrize(("title", "compare"), [("", "sex"), ("x" * 201, "sex"), ("x", "os_event"), ("x", "nothing")])
def test_no_study_of_nothing(client: TestClient, title: str, compare: str) -> None:
    write(client, "/who", name="ada")
    assert write(client, "/cohort/study", query="?per=patient", title=title, compare=compare).status_code == 400


def test_what_is_written_meanwhile_is_in_the_next_answer(client: TestClient, registry: str) -> None:
    before = client.get("/cohort").text
    with open_store(registry) as store:
        one = next(record.patient_id for record in store.records())
        store.withdraw("patient", one, "", revision=1, by="test", why="gone")

    count = int(found_in(before, r"In the registry: (\d+) patients"))
    assert f"In the registry: {count - 1} patients" in client.get("/cohort").text


def test_without_scripts_a_condition_is_put_in_two_steps_and_pages_say_what_does_not_work(client: TestClient) -> None:
    page = client.get("/cohort").text
    assert "<noscript><button>Choose this column</button></noscript>" in page
    assert '<noscript><p class="note">This browser runs no scripts.' in page

    chosen = client.get("/cohort?per=patient&column=n_lesions&where=").text
    assert "Choose this column" not in chosen
    assert '<select id="relation" name="relation">' in chosen


def test_records_that_do_not_fit_are_told_by_kind_and_why_they_were_let_in(client: TestClient, registry: str) -> None:
    assert "not fit the others" not in client.get("/cohort").text
    with open_store(registry) as store:
        one = next(record for record in store.records() if record.kind.name == "lesion")
        kept = next(kept for kept in store.patient(one.patient_id) if kept.record == one)
        late = {"found_on": date(2029, 1, 1)}
        store.revise("lesion", one.patient_id, one.id, late, revision=kept.revision, by="test", why="late")
    found = read_cohort(registry, Asked(per="patient")).cohort.problems
    assert "first seen after its own ablation" in set(found["problem"])

    html = client.get("/cohort").text

    assert all(words in html for words in found["problem"].unique())
    assert "An import holds each value against the dictionary" in html
    assert "/cohort/problems.csv" in html


def test_no_swap_carries_a_style_over_which_the_policy_of_the_page_forbids(client: TestClient) -> None:
    config = found_in(client.get("/cohort").text, r"<meta name=\"htmx-config\" content='([^']+)'>")

    assert json.loads(config)["attributesToSettle"] == ["class", "width", "height"]
