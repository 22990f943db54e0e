"""Audits of studies whose table was sent: read apart from the server, made once, given up where they must be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app import study_data
from isotherm.app.web import audits, turns
from isotherm.app.web.studies import Study, new_study, studies_of
from isotherm.exchange.protocol_text import protocol_text
from tests.app.web.conftest import post
from tests.app.web.inline import jobs_inline
from tests.study.guard.made import registry
from tests.study.guard.made import study as protocol_of

ABORTS = ("-c", "import os; print('a secret value', file=__import__('sys').stderr, flush=True); os.abort()")
SLEEPS = ("-c", "import time; time.sleep(60)")


@pytest.fixture
def study(ada: TestClient, app: FastAPI) -> Study:
    """The study that comes along, with a table of its own."""
    assert post(ada, "/study/example").status_code == 303
    return studies_of(app.state.web.workspace)[0]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every audit that is made, in this process: what is kept of it is looked at here."""
    runs: list[Path] = []

    def run(file: Path, text: str) -> Any:
        runs.append(file)
        return audits._Kept(None, f"Said of {len(runs)}.")

    monkeypatch.setattr(audits, "_made", run)
    return runs


def test_no_table_is_read_in_the_process_of_the_server(
    ada: TestClient, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        raise AssertionError("the server reads a table")

    monkeypatch.setattr(study_data, "read_records", read)
    page = ada.get(f"/study/{study.name}/audit").text
    assert "What can answer it" in page
    assert 'src="data:image/' in page


def test_the_page_names_the_rows_of_those_who_may_be_the_same_people(
    ada: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs_inline(monkeypatch)
    table = registry()
    both = pd.concat([table, table[table["site"] == "A"].head(6).assign(site="B", id="Q")], ignore_index=True)
    made = new_study(app.state.web.workspace.folder, "twice", protocol_text(protocol_of()))
    both.assign(id=[f"P{k}" for k in range(len(both))]).to_csv(made.folder / "cohort.csv", index=False)

    page = ada.get(f"/study/{made.name}/audit").text

    assert "Rows of cohort.csv, its head being row 1 and empty rows not counted: " in page
    assert " and 247." in page


def test_what_is_wrong_with_a_table_is_said_in_the_words_of_the_command_line(ada: TestClient, study: Study) -> None:
    (table,) = study.tables()
    (study.folder / table).write_text("a,b\n1,2\n")
    page = ada.get(f"/study/{study.name}/audit").text
    assert 'role="alert"' in page
    assert "column" in page
    assert "Traceback" not in page


@pytest.mark.parametrize("program", [ABORTS, SLEEPS])
def test_a_table_that_stops_whoever_reads_it_does_not_stop_the_server(
    ada: TestClient, study: Study, monkeypatch: pytest.MonkeyPatch, program: tuple[str, ...],
) -> None:  # fmt: skip
    monkeypatch.setattr(audits, "PROGRAM", program)
    monkeypatch.setattr(audits, "MOST_S", 1.0)
    page = ada.get(f"/study/{study.name}/audit").text
    assert audits.NOT_AUDITED in page
    assert "secret" not in page
    assert ada.get(f"/study/{study.name}").status_code == 200


def test_an_audit_is_made_again_only_where_the_protocol_or_the_table_is_another(
    ada: TestClient, study: Study, made: list[Path]
) -> None:
    path = f"/study/{study.name}/audit"
    assert {ada.get(path).text for _ in range(3)} == {ada.get(path).text}
    assert len(made) == 1
    with (study.folder / study.tables()[0]).open("a") as table:
        table.write("\n")
    assert "Said of 2." in ada.get(path).text
    study.protocol.replace(study.protocol.text + "\n", read=study.protocol.mark)
    assert "Said of 3." in ada.get(path).text


def test_who_waits_for_other_audits_is_told_so_and_the_page_asks_again(
    ada: TestClient, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAITS_S", 0.05)
    path = f"/study/{study.name}/audit"
    with audits.AUDITING, audits.AUDITING:
        part, whole = ada.get(path, headers={"HX-Request": "true"}), ada.get(path)
    assert f'hx-get="{path}" hx-trigger="load delay:5s"' in part.text
    assert "Other studies are being audited; try again in a minute. This page does so by itself." in part.text
    assert (part.status_code, whole.status_code, whole.headers["Retry-After"]) == (200, 503, "5")
    assert "Other studies are being audited" in whole.text
    assert "asks again by itself" in whole.text
    assert whole.headers["Refresh"] == "5"
