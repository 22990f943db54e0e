"""Who looked at whom: at a patient alone, at many at once, often within minutes, and what is no look."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.web.context_time import stamp
from isotherm.app.web.looked import Look, in_lines, looks
from tests.app.web.test_patient_records import text_of


def look(at: str, what: str, *, who: str = "ada", patient: str = "") -> Look:
    return Look(entry=1, at=f"2026-03-01T{at}:00.000000Z", who=who, patient=patient, what=what)


def test_a_patient_whom_a_cohort_may_have_shown_is_not_said_to_be_looked_at_by_nobody(ada: TestClient) -> None:
    ada.get("/cohort/cohort.csv")
    ada.get("/worklist")

    page = text_of(ada.get("/looked?patient=P01").text)

    assert "Nobody opened this patient alone." in page
    assert "2 looks that name no single patient" in page
    assert "may have included this one" in page
    assert "cohort per patient, table" in page
    assert "Nobody has looked" not in page


def test_what_was_opened_alone_stands_apart_from_looks_at_many(ada: TestClient) -> None:
    ada.get("/patients/P01")
    ada.get("/patients/P02")
    ada.get("/cohort")

    alone, _, many = text_of(ada.get("/looked?patient=P01").text).partition("At many patients at once")

    assert "patient page" in alone
    assert "P02" not in alone + many
    assert "1 look that names no single patient" in many


def test_the_log_keeps_the_condition_of_a_cohort_and_only_one_that_was_carried_out(
    ada: TestClient, app: FastAPI
) -> None:
    ada.get("/cohort?where=n_lesions > 1")
    ada.get("/cohort/cohort.csv?where=n_lesions > 2")
    ada.get("/cohort?where=nothing of that kind")

    assert [one.what for one in looks(app.state.web.workspace)] == [
        "cohort per patient, first rows", "cohort per patient, table, where n_lesions > 2",
        "cohort per patient, first rows, where n_lesions > 1"]  # fmt: skip


def test_looks_of_one_person_at_one_thing_within_minutes_are_one_line_and_stay_in_the_log(
    ada: TestClient, app: FastAPI
) -> None:
    for least in (1, 2, 2, 3):
        ada.get(f"/cohort?where=n_lesions > {least}")

    page = ada.get("/looked").text

    assert page.count("<tr data-row>") == 1
    assert "4 times since" in text_of(page)
    assert "3 conditions" in text_of(page)
    assert "n_lesions &gt; 3" in page
    assert len(looks(app.state.web.workspace)) == 4


@pytest.mark.parametrize("before", [
    look("11:49", "worklist"), look("11:59", "cohort"), look("11:59", "worklist", who="eve"),
    look("11:59", "worklist", patient="P01"),
])  # fmt: skip
def test_looks_far_apart_of_others_or_at_other_things_are_lines_of_their_own(before: Look) -> None:
    lines = list(in_lines([look("12:05", "worklist"), look("12:00", "worklist"), before]))

    assert [one.times for one in lines] == [2, 1]
    assert (lines[0].first_at[11:16], lines[0].last_at[11:16]) == ("12:00", "12:05")


def test_what_was_cleared_is_noted_and_showed_nobody(ada: TestClient, app: FastAPI) -> None:
    with app.state.web.workspace.connected() as connection:
        connection.execute("INSERT INTO looked (at, who, patient, what) VALUES (?, 'ada', '', 'cleared job 1')",
                           (stamp(),))  # fmt: skip

    assert "cleared job 1" in ada.get("/looked").text
    assert "Nobody looked at many patients at once." in ada.get("/looked?patient=P01").text


@pytest.mark.parametrize(("margin_mm", "is_look"), [("", False), ("4.5", True)])
def test_a_figure_of_what_is_published_is_a_look_only_with_a_patient_in_it(
    ada: TestClient, app: FastAPI, margin_mm: str, is_look: bool
) -> None:
    table = app.state.foreman.table
    job = table.add("evidence", "Margin and recurrence as published", {"margin_mm": margin_mm}, who="ada", registry="")
    file: Path = table.folder(job.id) / "out" / "margin.html"
    file.write_text("drawn")

    assert ada.get(f"/jobs/{job.id}/out/margin.html").status_code == 200
    assert bool(looks(app.state.web.workspace)) == is_look
