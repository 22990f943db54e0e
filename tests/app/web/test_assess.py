"""Assess: what its pages show, what strokes answer, what is accepted; and what hostile requests get."""

from __future__ import annotations

import json
import re
from datetime import date
from html import escape
from html import unescape as html_text
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.accepting_places import places_of
from isotherm.app.outputs import RESULT
from isotherm.app.registry_tasks import make
from isotherm.app.web import assessed, turns
from isotherm.app.web.application import create_app
from isotherm.app.web.job import Job
from isotherm.app.web.job_table import OUT
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.work_assess import WORK, asked_for
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.store import open_store
from tests.app.web.assess_job import (
    OUT_OF_THE_ORGAN,
    WHO,
    copied_job,
    measured_job,
    own_table,
    pair_on_disk,
    ran,
    table_of,
)
from tests.app.web.conftest import hidden, token_on, upload
from tests.app.web.marks import POINTS, markups

DAB = {"does": "erase", "points_lps_mm": [[2.0, 0.0, 110.0]], "radius_mm": 4.0, "normal_lps": None}
ERASED = {"corrections": [{"of": "ablation", "number": 0, "strokes": [DAB]}]}

FAR_OFF = DAB | {"points_lps_mm": [[9e9, 0, 0]]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a job that has measured the small pair leaves behind; not to be changed."""
    home = tmp_path_factory.mktemp("measured")
    make(str(home / "empty.registry"))
    app = create_app(ServeSettings(registry=str(home / "empty.registry"), workspace=home / "workspace"))
    return table_of(app).folder(measured_job(app, home / "pair", "").id)


@pytest.fixture
def job(app: FastAPI, folder: Path, registry: str) -> Job:
    """The small pair, measured."""
    return copied_job(app, folder, registry)


def send(reader: TestClient, path: str, told: object) -> Any:
    token = token_on(reader.get("/who").text)
    return reader.post(path, json=told, headers={"X-CSRF-Token": token})


def form(reader: TestClient, path: str, **fields: str) -> Any:
    return reader.post(path, data={**hidden(reader), **fields})


def patient_with_lesion(registry: str) -> tuple[str, str]:
    with open_store(registry) as store:
        patients = [one.patient_id for one in store.records("patient")]
    for patient in patients:
        if lesions := places_of(registry, patient).lesions:
            return patient, lesions[0]
    raise AssertionError("no made-up patient has a lesion")


def test_whoever_looks_while_other_scans_are_read_is_told_to_come_again_and_an_open_scene_is_there(
    reader: TestClient, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAITS_S", 0.05)
    path = f"/assess/{job.id}/scene/0"
    with assessed.OPENING:
        refused = reader.get(path)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "Other scans are being read; try again in a minute." in refused.text
    assert reader.get(path).status_code == 200
    with assessed.OPENING:
        assert reader.get(path).status_code == 200


def test_beside_a_foreman_at_work_no_test_makes_a_job_of_its_own(app: FastAPI) -> None:
    assert own_table(app).of() == ()
    with TestClient(app), pytest.raises(AssertionError, match="before the app is served"):
        own_table(app)


def test_the_first_page_says_how_to_begin_and_lists_what_was_measured(reader: TestClient, job: Job) -> None:
    html = reader.get("/assess").text
    assert "Try the demo pair" in html
    assert f"/assess/{job.id}" in html
    assert "Minimal margin: 4.0 mm" in html


def test_a_measured_pair_shows_its_margin_interval_and_gates(reader: TestClient, job: Job, folder: Path) -> None:
    html = reader.get(f"/assess/{job.id}").text
    (lesion,) = json.loads((folder / "out" / "margin.json").read_text())["lesions"]
    assert f"{lesion['minimal_margin_mm']:.1f}\u00a0mm" in html
    assert f"{lesion['interval_mm']['low']:.1f} to {lesion['interval_mm']['high']:.1f}" in html
    assert "Accept into the registry" in html
    assert "Tumor volume, change" in html


def test_what_the_gates_said_stands_beside_the_margin_here_on_the_form_and_at_the_patient(
    reader: TestClient, job: Job, registry: str
) -> None:
    line = "The registration is in doubt · the transform that was given · nothing compared the two scans"
    patient, lesion = patient_with_lesion(registry)
    form_of = f"/assess/{job.id}/accept?label=1&patient_id={patient}"
    assert f'<p class="reads" data-registration>{line}</p>' in reader.get(f"/assess/{job.id}").text
    assert line in reader.get(form_of).text
    form(reader, f"/assess/{job.id}/accept", label="1", patient_id=patient, lesion_id=lesion, after_new="A9",
         after_on="2026-02-01", why="looked at")  # fmt: skip
    kept = "The registration is in doubt · a transform that was given, or of landmarks"
    assert kept in reader.get(f"/patients/{patient}").text.partition('id="margins"')[2]


def test_the_report_names_the_measurement_and_who_made_it(reader: TestClient, job: Job) -> None:
    head = reader.get(f"/jobs/{job.id}/out/report.html").text.partition("<main>")[0]
    assert re.search(r"Measurement</span> [0-9a-f]{16}</li>", head)
    assert re.search(rf"Measured</span> \d{{4}}-\d\d-\d\d with isotherm [\d.a-z]+, by {WHO}</li>", head)


def test_the_scene_and_the_answer_without_a_stroke_are_those_of_the_result(reader: TestClient, job: Job) -> None:
    scene = reader.get(f"/assess/{job.id}/scene/0").json()
    assert {layer["key"] for layer in scene["lesions"][0]["layers"]} >= {
        "after",
        "before",
        "tumor",
        "surface",
        "ablation",
    }
    answer = send(reader, f"/assess/{job.id}/margin/0", {"corrections": []}).json()
    assert answer == {"margin": scene["margin"], "finding": scene["finding"], "effect": "", "changed": "", "idle": []}


def test_a_stroke_tells_how_much_it_changes_and_one_that_changes_nothing_is_named(reader: TestClient, job: Job) -> None:
    beside = {**DAB, "points_lps_mm": [[2.0, 0.0, 106.0]]}
    told = {"corrections": [{"of": "ablation", "number": 0, "strokes": [beside, DAB, DAB]}]}
    answer = send(reader, f"/assess/{job.id}/margin/0", told).json()
    assert answer["idle"] == [{"of": "ablation", "number": 0, "strokes": [0, 2]}]
    assert re.fullmatch(r"Ablation zone: 0\.\d\d\u00a0mL erased", answer["changed"])
    before = reader.get(f"/assess/{job.id}/scene/0").json()["margin"]["minimal_margin_mm"]
    after = answer["margin"]["minimal_margin_mm"]
    assert after < before
    assert answer["effect"].startswith(f"{after - before:.2f}\u00a0mm by your strokes".replace("-", "\u2212"))


def test_strokes_on_one_slice_alone_are_told_with_the_slices_that_the_mask_has(reader: TestClient, job: Job) -> None:
    flat, higher = ({**DAB, "normal_lps": [0, 0, 1], "points_lps_mm": [[2.0, 0.0, z]]} for z in (113.0, 115.0))
    alone, each = r", on one slice of \d+", r", by 2 strokes on one slice each of \d+"
    for strokes, said in (([flat], alone), ([flat, DAB, higher], each), ([flat, flat], alone), ([DAB], "")):
        told = {"corrections": [{"of": "ablation", "number": 0, "strokes": strokes}]}
        changed = send(reader, f"/assess/{job.id}/margin/0", told).json()["changed"]
        assert re.search(rf"mL erased{said}$", changed), (strokes, changed)


def test_the_tumor_as_the_other_way_of_registering_lays_it_can_be_seen(reader: TestClient, job: Job) -> None:
    html, scene = reader.get(f"/assess/{job.id}").text, reader.get(f"/assess/{job.id}/scene/0").json()
    assert "Rigid registration alone: " in html
    assert "Show both outlines" in html
    assert "other way" in {layer["key"] for layer in scene["lesions"][0]["layers"]}


def test_the_page_reads_the_number_and_tells_where_and_how_large(reader: TestClient, job: Job) -> None:
    html = html_text(reader.get(f"/assess/{job.id}").text)
    assert "Covered everywhere: the whole interval is above 0\u00a0mm. 5\u00a0mm, asked for by ACCLAIM, is " in html
    assert re.search(r"Thinnest toward [a-z, ]+ · tumor [\d.]+\u00a0mL · zone [\d.]+\u00a0mL", html)
    assert 'alt="Margin and interval on a scale' in html


def test_a_stroke_changes_the_margin_and_undo_gives_the_number_before(reader: TestClient, job: Job) -> None:
    path = f"/assess/{job.id}/margin/0"
    start, after, undone = (send(reader, path, told).json()["margin"] for told in
                            ({"corrections": []}, ERASED, {"corrections": []}))  # fmt: skip
    assert after["minimal_margin_mm"] < start["minimal_margin_mm"] - 1.0
    assert after["interval_mm"] is not None
    assert undone == start
    drawn = send(reader, f"/assess/{job.id}/drawn/0", ERASED).json()
    keys = [layer["key"] for layer in drawn["layers"]]
    assert keys[0] == "as measured"  # below the others
    assert set(keys[1:]) == {"tumor", "ablation", "organ", "surface", "zone"}
    drawn = send(reader, f"/assess/{job.id}/drawn/0", {"corrections": []}).json()
    assert "as measured" not in {layer["key"] for layer in drawn["layers"]}


def test_the_full_measurement_of_a_stroke_is_a_job_that_says_who_and_why(
    reader: TestClient, job: Job, app: FastAPI, registry: str
) -> None:
    answer = form(reader, f"/assess/{job.id}/full", corrections=json.dumps(ERASED["corrections"]), why="over a vessel")
    assert answer.status_code == 303
    table = table_of(app)
    new = table.get(answer.headers["location"].removeprefix("/assess/"))
    assert new is not None
    assert new.title == "Small pair, corrected"
    quick = send(reader, f"/assess/{job.id}/margin/0", ERASED).json()["margin"]
    ran(table, new, registry)
    (lesion,) = json.loads((table.folder(new.id) / "out" / "margin.json").read_text())["lesions"]
    assert lesion["minimal_margin_mm"] == quick["minimal_margin_mm"]  # the transform was given
    told = json.loads((table.folder(new.id) / "out" / "corrections.json").read_text())
    assert (told["by"], told["why"], told["at"]) == (WHO, "over a vessel", "2026-03-01T12:00:00+00:00")
    page = reader.get(f"/assess/{new.id}").text
    assert "over a vessel" in page
    before = re.sub("<[^>]*>", "", page)
    assert re.search(r"Before this correction: 4\.0\u00a0mm \(2\.\d to 6\.\d\u00a0mm\)\. Corrected by", before)
    assert f'<a href="/assess/{job.id}">' in page
    # A correction of what was corrected goes on from there.
    again = send(reader, f"/assess/{new.id}/margin/0", {"corrections": []}).json()["margin"]
    assert again["minimal_margin_mm"] == lesion["minimal_margin_mm"]
    patient, of = patient_with_lesion(registry)
    form(reader, f"/assess/{new.id}/accept", label="1", patient_id=patient, lesion_id=of, after_new="A9",
         after_on="2026-02-01", why="both scans looked at")  # fmt: skip
    with open_store(registry) as store:
        assert store.history(last=1)[0].why == "both scans looked at; corrected by hand: over a vessel"


def test_no_full_measurement_without_a_stroke_or_a_reason(reader: TestClient, job: Job) -> None:
    for corrections, why in (
        ("[]", "x"),
        ("", "x"),
        ("{", "x"),
        ("[" * 100_000, "x"),
        (json.dumps(ERASED["corrections"]), ""),
    ):
        answer = form(reader, f"/assess/{job.id}/full", corrections=corrections, why=why)
        assert answer.status_code == 400, (corrections, why)


def test_a_margin_is_accepted_with_who_and_why_and_only_once_on_what_was_read(
    reader: TestClient, job: Job, registry: str
) -> None:
    patient, lesion = patient_with_lesion(registry)
    page = reader.get(f"/assess/{job.id}/accept?label=1&patient_id={patient}").text
    assert lesion in page
    fields = {"label": "1", "patient_id": patient, "lesion_id": lesion, "after_new": "A9", "after_on": "2026-02-01",
              "why": "both scans looked at"}  # fmt: skip
    answer = form(reader, f"/assess/{job.id}/accept", **fields)
    assert answer.status_code == 303
    for _ in range(2):  # the page that says so can be loaded again
        said = reader.get(answer.headers["location"]).text
        assert "The margin is in the registry" in said
        assert f"is filed for lesion {lesion} of patient {patient}, as margin A9.{lesion}, accepted by {WHO}" in said
        assert re.search(r"<b>\d\.\d\u00a0mm, 90.%[^<]* interval [\d.\u2212]+ to [\d.]+\u00a0mm,</b>", said)
        assert "It replaces" not in said
    assert places_of(registry, patient).margins[f"A9.{lesion}"].revision == 1
    told = reader.get(f"/patients/{patient}").text.partition('id="margins"')[2]
    assert re.search(r"90.% interval", told)  # calibrated, and the registry knows that it is
    kept = places_of(registry, patient).margins[f"A9.{lesion}"].record
    assert kept.get("reader") == WHO
    assert str(kept.get("result")).startswith(f"assess/{job.id}/margin.json, sha256 ")
    # Whoever saw no margin there does not overwrite it; who read it revises it.
    assert form(reader, f"/assess/{job.id}/accept", **fields).status_code == 400
    read = fields | {"revisions": f"A9.{lesion}=1", "before_new": "B9", "before_on": "2026-01-01"}
    again = form(reader, f"/assess/{job.id}/accept", **read)
    assert again.status_code == 303
    assert re.search(r"It replaces \d\.\d\u00a0mm\.", reader.get(again.headers["location"]).text)
    assert form(reader, f"/assess/{job.id}/accept", **read | {"before_new": "", "before_on": ""}).status_code == 409


def test_what_an_earlier_margin_says_besides_is_told_before_and_after_it_is_replaced(
    reader: TestClient, job: Job, registry: str
) -> None:
    patient, lesion = patient_with_lesion(registry)
    fields = {"label": "1", "patient_id": patient, "lesion_id": lesion, "after_new": "A9", "after_on": "2026-02-01",
              "why": "both scans looked at"}  # fmt: skip
    form(reader, f"/assess/{job.id}/accept", **fields)
    own = f"A9.{lesion}"
    with open_store(registry) as store:
        store.revise("margin", patient, own, {"vessel_bridging": False}, revision=1, by="berta", why="seen on MRI")
    says = "a vessel bridges the margin: no</b>. That {} not carried over"

    assert says.format("is") in reader.get(f"/assess/{job.id}/accept?label=1&patient_id={patient}").text
    answer = form(reader, f"/assess/{job.id}/accept", **fields | {"revisions": f"{own}=2"})
    assert says.format("was") in reader.get(answer.headers["location"]).text
    assert places_of(registry, patient).margins[own].record.get("vessel_bridging") is None


def test_a_zone_smaller_than_the_tumor_is_warned_of_at_the_number_and_where_it_is_accepted(
    reader: TestClient, job: Job, app: FastAPI, registry: str
) -> None:
    patient, of = patient_with_lesion(registry)
    pages = [f"/assess/{job.id}", f"/assess/{job.id}/accept?label=1&patient_id={patient}"]
    assert all("which scan is before" not in reader.get(page).text for page in pages)
    file = table_of(app).folder(job.id) / "out" / "margin.json"
    told = json.loads(file.read_text())
    lesion = told["lesions"][0]
    lesion |= {"ablation_volume_ml": 0.5 * lesion["tumor_volume_ml"], "residual_volume_ml": lesion["tumor_volume_ml"]}
    file.write_text(json.dumps(told))

    for page in pages:
        assert (
            '<p class="failure" role="note">The ablation zone is smaller than the tumor and most of the tumor lies '
            "outside of the ablation zone: check which scan is before and which is after.</p>"
        ) in reader.get(page).text, page
    asked = reader.get(pages[1]).text
    assert re.search(r'<input id="sides-why" name="sides_why" value="" required', asked)
    fields = {"label": "1", "patient_id": patient, "lesion_id": of, "after_new": "A9", "after_on": "2026-02-01",
              "why": "looked at"}  # fmt: skip
    refused = form(reader, f"/assess/{job.id}/accept", **fields)
    assert refused.status_code == 400
    assert "measure again with the right scans, or say why these are right." in refused.text
    assert f"A9.{of}" not in places_of(registry, patient).margins
    answer = form(reader, f"/assess/{job.id}/accept", **fields, sides_why="only the middle was ablated")
    assert answer.status_code == 303
    assert "the scans are right: only the middle was ablated" in reader.get(answer.headers["location"]).text


TYPED = {"after_new": "A<9", "after_on": "2026-02-01", "before_new": "B 8", "before_on": "2026-01-01",
         "why": "both & looked at"}  # fmt: skip


def test_what_was_typed_stays_in_a_form_that_is_refused(reader: TestClient, job: Job, registry: str) -> None:
    patient, lesion = patient_with_lesion(registry)
    read = {"label": "1", "patient_id": patient, "lesion_id": lesion, "revisions": f"A9.{lesion}=7"}
    answer = form(reader, f"/assess/{job.id}/accept", **read, **TYPED)
    assert answer.status_code == 400
    assert "Nothing was written, and what you typed is still here" in answer.text
    for name, value in (TYPED | {"revisions": read["revisions"]}).items():
        assert f'name="{name}" value="{escape(value)}"' in answer.text, name
    assert re.search(rf'<option value="{lesion}" [^>]*selected>{lesion}: liver', answer.text)
    assert f'href="?label=1&amp;patient_id={patient}"' in answer.text  # to begin again


def scans_of_two_patients(registry: str) -> tuple[str, str, str]:
    """Give the first patient a scan, and another one a scan of another key; return both patients and the lesion."""
    own, lesion = patient_with_lesion(registry)
    with open_store(registry) as store:
        other = next(one.patient_id for one in store.records("patient") if one.patient_id != own)
        some = ((own, "F7", {"scanned_on": date(2026, 2, 1), "purpose": "after ablation", "phase": "portal venous"}),
                (own, "B7", {"scanned_on": date(2026, 1, 1), "purpose": "baseline"}),
                (other, "X7", {"scanned_on": date(2026, 2, 1)}))  # fmt: skip
        store.add([Record(kind=RECORD_KINDS["scan"], patient_id=patient, id=key, values=values)
                   for patient, key, values in some], by="test", why="test")  # fmt: skip
    return own, other, lesion


def test_the_scans_of_the_patient_are_a_list_in_words_and_the_one_chosen_comes_back_after_a_refusal(
    reader: TestClient, job: Job, registry: str
) -> None:
    patient, other, lesion = scans_of_two_patients(registry)
    path = f"/assess/{job.id}/accept"
    page = reader.get(f"{path}?label=1&patient_id={patient}").text
    for side in ("after", "before"):
        listed = page.partition(f'<select id="{side}"')[2].partition("</select>")[0]
        assert re.search(r'<option value="F7"[^>]*>F7, 2026-02-01, after ablation, portal venous</option>', listed)
        assert '"X7"' not in listed
    assert '"X7"' in reader.get(f"{path}?label=1&patient_id={other}").text
    fields = {"label": "1", "patient_id": patient, "lesion_id": lesion, "after_id": "F7", "before_id": "B7",
              "why": "both scans looked at"}  # fmt: skip

    refused = form(reader, path, **fields | {"before_new": "B8"})

    assert refused.status_code == 400
    assert "came for the scan before ablation; choose one" in refused.text
    assert re.search(r'<select id="after"(?:(?!</select>).)*<option value="F7" selected>', refused.text)
    assert re.search(r'<select id="before"(?:(?!</select>).)*<option value="B7" selected>', refused.text)
    assert 'name="before_new" value="B8"' in refused.text
    assert form(reader, path, **fields).status_code == 303
    kept = places_of(registry, patient).margins[f"F7.{lesion}"].record
    assert (kept.get("scan_id"), kept.get("before_scan_id")) == ("F7", "B7")


@pytest.mark.parametrize("forged", [{"after_id": "X7"}, {"after_id": "X7", "after_on": "2026-02-01"},
                                    {"after_id": "F7", "before_id": "X7"},
                                    {"after_new": "F7", "after_on": "2026-02-03"}])  # fmt: skip
def test_a_scan_of_another_patient_or_of_another_day_cannot_be_forged(
    reader: TestClient, job: Job, registry: str, forged: dict[str, str]
) -> None:
    patient, _, lesion = scans_of_two_patients(registry)
    before = places_of(registry, patient)
    fields = {"label": "1", "patient_id": patient, "lesion_id": lesion, "why": "both scans looked at"}

    assert form(reader, f"/assess/{job.id}/accept", **fields | forged).status_code == 400

    assert places_of(registry, patient).scans == before.scans
    assert places_of(registry, patient).margins.keys() == before.margins.keys()


def test_a_lesion_of_another_size_has_to_be_confirmed(reader: TestClient, job: Job, registry: str) -> None:
    patient, lesion = patient_with_lesion(registry)
    with open_store(registry) as store:
        store.add([Record(kind=RECORD_KINDS[kind], patient_id=patient, id="B8", values=values) for kind, values in (
            ("scan", {"scanned_on": date(2026, 1, 1)}),
            ("reading", {"lesion_id": lesion, "scan_id": "B8", "diameter_mm": 47.0}))],
            by="test", why="test")  # fmt: skip
    fields = {"label": "1", "patient_id": patient, "lesion_id": lesion, "after_new": "A9", "after_on": "2026-02-01",
              "before_id": "B8", "why": "looked at"}  # fmt: skip
    asked = form(reader, f"/assess/{job.id}/accept", **fields)
    assert asked.status_code == 400
    assert f"is 10\u00a0mm across, and the registry has lesion {lesion} with 47\u00a0mm (2026-01-01)" in asked.text
    assert '<div class="doubt" id="size" role="status">' in asked.text
    assert '<input type="checkbox" name="size_seen" value="yes" required>' in asked.text
    assert places_of(registry, patient).margins.get(f"A9.{lesion}") is None
    answer = form(reader, f"/assess/{job.id}/accept", **fields, size_seen="yes")
    assert answer.status_code == 303
    assert "looked at; said to be this lesion: " in reader.get(answer.headers["location"]).text


def test_a_refused_form_is_overtaken_again_until_somebody_looks_anew(
    reader: TestClient, job: Job, registry: str
) -> None:
    patient, lesion = patient_with_lesion(registry)
    fields = {"label": "1", "patient_id": patient, "lesion_id": lesion, "after_new": "A9", "after_on": "2026-02-01",
              "why": "looked at"}  # fmt: skip
    assert form(reader, f"/assess/{job.id}/accept", **fields).status_code == 303
    once = form(reader, f"/assess/{job.id}/accept", **fields, revisions=f"A9.{lesion}=3")
    assert once.status_code == 409
    assert f'name="revisions" value="A9.{lesion}=3"' in once.text
    fresh = reader.get(f"/assess/{job.id}/accept?label=1&patient_id={patient}").text
    assert f"A9.{lesion}=1 " in fresh


def test_the_page_of_an_accepted_margin_tells_none_that_is_not_of_its_measurement(
    reader: TestClient, app: FastAPI, job: Job, folder: Path, registry: str
) -> None:
    patient, lesion = patient_with_lesion(registry)
    form(reader, f"/assess/{job.id}/accept", label="1", patient_id=patient, lesion_id=lesion, after_new="A9",
         after_on="2026-02-01", why="looked at")  # fmt: skip
    other = copied_job(app, folder, registry)
    query = f"accepted?patient_id={patient}&margin_id=A9.{lesion}"
    assert reader.get(f"/assess/{job.id}/{query}").status_code == 200
    for path in (f"/assess/{other.id}/{query}", f"/assess/{job.id}/{query}x", f"/assess/{job.id}/accepted",
                 f"/assess/{job.id}/accepted?patient_id=nobody&margin_id=A9.{lesion}"):  # fmt: skip
        assert reader.get(path).status_code == 400, path


def test_while_the_registry_is_read_nobody_is_told_how_many_patients_are_in_it(
    reader: TestClient, app: FastAPI, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as reading:
        reading.setattr(app.state.worklist, "_carry_on", lambda: 40)
        first, unknown = (reader.get(f"/assess/{job.id}/accept?patient_id={key}").text for key in ("", "nobody"))
        for page in (first, unknown):
            assert "Reading the registry … Keys are offered as soon as it is read" in page
            assert "0 patient" not in page
            assert "No patient has it in the key either" not in page
            assert 'hx-select="#offered"' in page
    app.state.worklist.read_all()
    whole = reader.get(f"/assess/{job.id}/accept?patient_id=").text
    assert "Reading the registry" not in whole
    assert re.search(r"\d+ patients?; type a key", whole)


def test_keys_of_patients_are_offered_as_one_types_twenty_at_most(
    reader: TestClient, app: FastAPI, job: Job, registry: str
) -> None:
    with open_store(registry) as store:
        store.add([Record(kind=RECORD_KINDS["patient"], patient_id=f"{number}-CASE", id="", values={})
                   for number in range(300)], by="test", why="made up")  # fmt: skip
    app.state.worklist.read_all()

    def offered(part: str) -> list[str]:
        answer = reader.get(f"/assess/{job.id}/accept/patients", params={"patient_id": part})
        return re.findall(r'<option value="([^"]*)"', answer.text)

    assert len(offered("")) == len(offered("case")) == 20
    assert offered("7-case")[:3] == ["7-CASE", "17-CASE", "27-CASE"]  # those first that begin with it
    assert offered("%") == offered("_") == offered("' OR 1=1") == []
    assert reader.get(f"/assess/{job.id}/accept?patient_id=").text.count("<option") == 20


def test_without_scripts_a_part_of_a_key_is_answered_with_the_keys_that_hold_it(
    reader: TestClient, app: FastAPI, job: Job
) -> None:
    app.state.worklist.read_all()
    keys = app.state.worklist.keys("", most=100).patients
    part = keys[0][:-1].lower()
    html = reader.get(f"/assess/{job.id}/accept?label=1&patient_id={part}").text
    assert "No patient has this key." in html
    assert f'<a href="?label=1&amp;patient_id={keys[0]}">{keys[0]}</a>' in html
    assert f'value="{part}"' in html
    hostile = reader.get(f"/assess/{job.id}/accept", params={"patient_id": '"><script>x'})
    assert hostile.status_code == 200
    assert "No patient has it in the key either" in hostile.text
    assert "<script>x" not in hostile.text


@pytest.mark.parametrize("page", ["", "/accept?patient_id="])
def test_a_robustness_interval_is_explained_where_one_meets_it_and_only_there(
    reader: TestClient, app: FastAPI, job: Job, page: str
) -> None:
    said = "Robustness interval: how far the margin moves when registration and outlines are wrong"
    assert said not in reader.get(f"/assess/{job.id}{page}").text
    result = table_of(app).folder(job.id) / OUT / RESULT
    told = json.loads(result.read_text(encoding="utf-8"))
    told["lesions"][0]["interval_mm"]["calibrated"] = False
    result.write_text(json.dumps(told), encoding="utf-8")
    assert reader.get(f"/assess/{job.id}{page}").text.count(said) == 1


def test_a_margin_of_simulated_scans_is_refused_before_a_form_is_filled_in(
    reader: TestClient, app: FastAPI, job: Job, registry: str
) -> None:
    result = table_of(app).folder(job.id) / OUT / RESULT
    told = json.loads(result.read_text(encoding="utf-8"))
    told["inputs"][0]["simulated"] = True
    result.write_text(json.dumps(told), encoding="utf-8")
    patient, lesion = patient_with_lesion(registry)
    role = told["inputs"][0]["role"]
    assert f"<b>Simulated data.</b> Simulated here: {role}." in reader.get(f"/assess/{job.id}").text
    asked = reader.get(f"/assess/{job.id}/accept")
    sent = form(reader, f"/assess/{job.id}/accept", label="1", patient_id=patient, lesion_id=lesion, after_new="A9",
                after_on="2026-02-01", why="looked at")  # fmt: skip
    for answer in (asked, sent):
        assert answer.status_code == 400
        assert "measured on simulated images goes into no registry of patients" in answer.text


@pytest.mark.parametrize(("fields", "status"), [
    ({"patient_id": "nobody"}, 400), ({"patient_id": "../x"}, 400), ({"lesion_id": "none"}, 400), ({"why": ""}, 400),
    ({"after_on": "1.2.2026"}, 400), ({"after_on": ""}, 400), ({"label": "9"}, 400), ({"after_new": "<script>"}, 400),
    ({"after_new": ""}, 400), ({"after_new": "", "after_on": ""}, 400), ({"before_on": "2026-01-01"}, 400),
])  # fmt: skip
def test_what_cannot_be_accepted_is_refused_with_a_sentence(
    reader: TestClient, job: Job, registry: str, fields: dict[str, str], status: int
) -> None:
    patient, lesion = patient_with_lesion(registry)
    good = {"label": "1", "patient_id": patient, "lesion_id": lesion, "after_new": "A9", "after_on": "2026-02-01",
            "why": "looked at"}  # fmt: skip
    before = dict(places_of(registry, patient).margins)
    answer = form(reader, f"/assess/{job.id}/accept", **(good | fields))
    assert answer.status_code == status
    assert "<script>" not in answer.text.replace("<script src", "")
    assert places_of(registry, patient).margins.keys() == before.keys()


def test_where_the_registration_failed_nothing_can_be_accepted(
    reader: TestClient, app: FastAPI, tmp_path: Path, registry: str
) -> None:
    failed = measured_job(app, tmp_path / "far", registry, way=OUT_OF_THE_ORGAN)
    html = reader.get(f"/assess/{failed.id}").text
    assert "withheld" in html
    assert "not to be used" in html
    assert "Accept into the registry" not in html
    patient, lesion = patient_with_lesion(registry)
    answer = form(reader, f"/assess/{failed.id}/accept", label="1", patient_id=patient, lesion_id=lesion,
                  after_new="A9", after_on="2026-02-01", why="looked at")  # fmt: skip
    assert answer.status_code == 400
    assert "failed its gates" in answer.text
    found = send(reader, f"/assess/{failed.id}/margin/0", ERASED).json()
    assert (found["margin"]["status"], found["margin"]["minimal_margin_mm"]) == ("withheld", None)


@pytest.mark.parametrize("told", [{}, [], "x", {"corrections": 3}, {"corrections": [3]}, {"corrections": [{}]},
                                  {"corrections": [{"of": "organ", "number": 0, "strokes": []}]},
                                  {"corrections": [{"of": "tumor", "number": 9, "strokes": [DAB]}]},
                                  {"corrections": [{"of": "tumor", "number": True, "strokes": [DAB]}]},
                                  {"corrections": [{"of": "tumor", "number": 0, "strokes": [{"does": "add"}]}]},
                                  {"corrections": [ERASED["corrections"][0]] * 99},
                                  {"corrections": [{"of": "ablation", "number": 0, "strokes": [FAR_OFF]}]},
])  # fmt: skip
def test_hostile_strokes_get_a_sentence_and_no_number(reader: TestClient, job: Job, told: object) -> None:
    answer = send(reader, f"/assess/{job.id}/margin/0", told)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["/assess/0123456789abcdef", "/assess/../../etc/passwd", "/assess/x/scene/0"])
def test_a_measurement_that_is_not_there_is_not_found(reader: TestClient, path: str) -> None:
    assert reader.get(path).status_code == 404


@pytest.mark.parametrize("lesion", ["1", "-1", "99999999999999999999", "x"])
def test_a_lesion_that_is_not_there_is_not_found(reader: TestClient, job: Job, lesion: str) -> None:
    assert reader.get(f"/assess/{job.id}/scene/{lesion}").status_code in (400, 404)


def test_strokes_from_elsewhere_or_from_nobody_are_refused(app: FastAPI, reader: TestClient, job: Job) -> None:
    path = f"/assess/{job.id}/margin/0"
    assert reader.post(path, json=ERASED).status_code == 403
    nobody = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    assert send(nobody, path, ERASED).status_code == 303


def test_strokes_are_kept_as_they_are_made_each_person_their_own(app: FastAPI, reader: TestClient, job: Job) -> None:
    path, empty = f"/assess/{job.id}/strokes", {"done": [], "undone": []}
    mine = {"done": [{"mask": "ablation 0", "stroke": DAB}], "undone": [{"mask": "tumor 0", "stroke": DAB}]}
    assert reader.get(path).json() == empty
    assert send(reader, path, mine).status_code == 204
    assert reader.get(path).json() == mine
    other = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    assert other.get(path).json() == empty
    assert send(other, path, mine).status_code == 303
    for hostile in ({}, {"done": 1, "undone": []}, {"done": [{"mask": "../x 0", "stroke": DAB}], "undone": []},
                    {"done": [{"mask": "tumor 0", "stroke": {}}], "undone": []}, {"done": [None], "undone": []},
                    {"done": [{"mask": "tumor 0", "stroke": DAB}] * 5000, "undone": []}):  # fmt: skip
        assert send(reader, path, hostile).status_code in (400, 413), hostile
    assert reader.get(path).json() == mine
    assert form(reader, f"/assess/{job.id}/full", corrections=json.dumps(ERASED["corrections"]), why="x").is_redirect
    assert reader.get(path).json() == empty  # they are in the correction now


def test_a_measurement_that_is_begun_from_a_lesion_is_accepted_there(
    app: FastAPI, reader: TestClient, registry: str, folder: Path
) -> None:
    patient, lesion = patient_with_lesion(registry)
    page = reader.get(f"/patients/{patient}").text
    assert f"/assess?patient={patient}&amp;lesion={lesion}" in page
    page = reader.get(f"/assess?patient={patient}&lesion={lesion}").text
    assert page.count(f'name="patient" value="{patient}"') == 1
    assert reader.get(f"/assess?patient={patient}&lesion=none-such").status_code == 400
    assert reader.get("/assess?patient=nobody").status_code == 400
    of_nothing = reader.get(f"/assess?patient={patient}").text
    assert "For patient <a" in of_nothing
    assert "asks which lesion it is" in of_nothing
    demo = form(reader, "/assess/demo", patient=patient, lesion=lesion).headers["location"]
    kept = table_of(app).get(demo.removeprefix("/assess/"))
    assert kept is not None
    assert kept.patient == ""  # the demo's pair is of nobody
    fields = {"study_before": "1.2.3", "tumor_label": "300:Tumor", "ablation_label": "301:Zone"}
    assert form(reader, "/assess", patient=patient, lesion="none-such", **fields).status_code == 400
    begun = form(reader, "/assess", patient=patient, lesion=lesion, **fields)
    new = table_of(app).get(begun.headers["location"].removeprefix("/assess/"))
    assert new is not None
    assert new.patient == patient
    asked = json.loads((table_of(app).folder(new.id) / "asked.json").read_text())["asked"]
    assert asked["place"] == {"patient": patient, "lesion": lesion}
    measured = copied_job(app, folder, registry)
    file = table_of(app).folder(measured.id) / "asked.json"
    told = json.loads(file.read_text())
    told["asked"]["place"] = asked["place"]
    file.write_text(json.dumps(told))
    page = reader.get(f"/assess/{measured.id}/accept").text
    assert f'name="patient_id" value="{patient}"' in page
    assert re.search(rf'<option value="{lesion}" [^>]*selected>{lesion}: liver', page)
    assert 'list="patients"' in reader.get(f"/assess/{measured.id}/accept?patient_id=").text


def test_a_measurement_is_headed_by_the_lesion_that_it_was_begun_for(
    app: FastAPI, reader: TestClient, job: Job, registry: str
) -> None:
    patient, _ = patient_with_lesion(registry)
    with open_store(registry) as store:
        another = next(one.patient_id for one in store.records("patient") if one.patient_id != patient)
        store.add([Record(kind=RECORD_KINDS["lesion"], patient_id=patient, id="L44", values={"organ": "liver"})],
                  by="test", why="test")  # fmt: skip
    file = table_of(app).folder(job.id) / "asked.json"
    told = json.loads(file.read_text())
    told["asked"]["place"] = {"patient": patient, "lesion": "L44"}
    file.write_text(json.dumps(told))

    assert "<h2>Lesion L44</h2>" in reader.get(f"/assess/{job.id}").text
    assert "Lesion L44 as measured" in reader.get(f"/assess/{job.id}/accept").text
    of_another = reader.get(f"/assess/{job.id}/accept?label=1&patient_id={another}").text
    assert "Lesion 1 as measured" in of_another


def test_a_pair_that_waits_shows_its_stages_and_one_that_failed_says_why(
    reader: TestClient, app: FastAPI, tmp_path: Path, registry: str
) -> None:
    table = table_of(app)
    job = table.add(WORK, "A pair", asked_for(pair_on_disk(tmp_path / "p")), who=WHO, registry=registry)
    html = reader.get(f"/assess/{job.id}").text
    assert "Judge by gates" in html
    assert 'hx-trigger="every 1s"' in html
    assert reader.get(f"/assess/{job.id}/scene/0").status_code == 404
    table.move(job.id, "failed", since=("waiting",), said="The scans do not meet; check them.")
    html = reader.get(f"/assess/{job.id}").text
    assert "The scans do not meet; check them." in html
    assert "Choose the files again" in html
    assert reader.get(f"/assess/{job.id}/part").headers["HX-Refresh"] == "true"


def test_files_that_were_sent_become_a_pair_and_missing_ones_are_named(
    reader: TestClient, app: FastAPI, tmp_path: Path, registry: str
) -> None:
    pair_on_disk(tmp_path / "p")
    token = token_on(reader.get("/who").text)
    fields: dict[str, str] = {}
    for name, file in (("before", "before"), ("after", "after"), ("tumor", "tumor"), ("ablation", "zone")):
        content = (tmp_path / "p" / f"{file}.nii.gz").read_bytes()
        came = reader.post(f"/uploads?name={file}.nii.gz", content=content, headers={"X-CSRF-Token": token})
        fields[name] = came.json()["id"]
    lacking = form(reader, "/assess", **{name: value for name, value in fields.items() if name != "tumor"})
    assert lacking.status_code == 400
    assert "tumor, drawn before" in lacking.text
    answer = form(reader, "/assess", title="<b>Trial</b>", method="rigid", confirmed="yes", **fields)
    assert answer.status_code == 303
    job = table_of(app).get(answer.headers["location"].removeprefix("/assess/"))
    assert job is not None
    asked = json.loads((table_of(app).folder(job.id) / "asked.json").read_text())["asked"]["pair"]
    assert asked["request"]["tumors"][0].startswith(str(tmp_path / "workspace" / "uploads"))
    assert asked["request"]["pair_confirmed"] is True
    assert asked["choice"]["method"] == "rigid"
    assert "&lt;b&gt;Trial" in reader.get("/assess").text
    assert form(reader, "/assess", method="magic", **fields).status_code == 400


def test_landmark_files_that_come_with_the_scans_are_used_as_on_the_command_line(
    reader: TestClient, app: FastAPI, tmp_path: Path, registry: str
) -> None:
    pair_on_disk(tmp_path / "p")
    fields: dict[str, str] = {}
    for name, file in (("before", "before"), ("after", "after"), ("tumor", "tumor"), ("ablation", "zone")):
        content = (tmp_path / "p" / f"{file}.nii.gz").read_bytes()
        fields[name] = upload(reader, (f"{file}.nii.gz", content))
    shifted = {name: (x - 2.0, y, z) for name, (x, y, z) in POINTS.items()}
    lists = upload(reader, ("F.mrk.json", markups(POINTS).encode()), ("G.mrk.json", markups(shifted).encode()))
    bad = upload(reader, ("F.mrk.json", markups(POINTS).encode()))
    for landmarks, use, says in ((bad, "check", "F.mrk.json"), (lists, "guess", "choose one of the list"),
                                 ("0" * 16, "check", "No landmark file has come")):  # fmt: skip
        answer = form(reader, "/assess", landmarks=landmarks, landmarks_use=use, **fields)
        assert answer.status_code == 400
        assert says in answer.text
    assert table_of(app).of() == ()
    for use, method, mend in (("check", "rigid", False), ("mend", "rigid", True), ("landmarks", "landmarks", False)):
        answer = form(reader, "/assess", landmarks=lists, landmarks_use=use, method="rigid", **fields)
        job = table_of(app).get(answer.headers["location"].removeprefix("/assess/"))
        assert job is not None
        choice = json.loads((table_of(app).folder(job.id) / "asked.json").read_text())["asked"]["pair"]["choice"]
        assert (choice["method"], choice["mend"], choice["landmarks_frame"]) == (method, mend, None)
        assert choice["landmarks"].endswith("000001.json")
        assert choice["landmarks_before"].endswith("000002.json")
    # The last job: they alone lay the scans on each other, and stand on the page that aligns by hand.
    done = ran(table_of(app), job, registry)
    (lesion,) = json.loads((table_of(app).folder(done.id) / OUT / RESULT).read_text())["lesions"]
    assert lesion["registration"]["method"] == "landmarks"
    assert lesion["registration"]["tumor_shift_lps_mm"] == pytest.approx([2.0, 0.0, 0.0], abs=1e-6)
    html = reader.get(f"/assess/{done.id}/align").text
    assert "&#34;name&#34;: &#34;d&#34;" in html
    assert '<option value="landmarks" selected>' in html
    assert form(reader, "/assess/landmarks", landmarks=lists).json() == {"count": 6}
    assert form(reader, "/assess/landmarks", landmarks=bad).status_code == 400
    assert form(reader, "/assess/landmarks").status_code == 400


def test_studies_of_a_pacs_stand_in_for_files_that_did_not_come(reader: TestClient, app: FastAPI) -> None:
    fields = {"study_before": "1.2.3", "study_after": "1.2.4", "tumor_label": "300:Tumor", "ablation_label": "301:Zone",
              "before_label": "2"}  # fmt: skip
    answer = form(reader, "/assess", **fields)
    job = table_of(app).get(answer.headers["location"].removeprefix("/assess/"))
    assert job is not None
    asked = json.loads((table_of(app).folder(job.id) / "asked.json").read_text())["asked"]["pair"]
    assert asked["studies"] == ["1.2.3", "1.2.4"]
    assert (asked["request"]["before"], asked["request"]["after"]) == ("pacs:2", "pacs:")
    assert (asked["request"]["tumors"], asked["request"]["organ_after"]) == (["pacs:300:Tumor"], None)
    assert form(reader, "/assess", **fields | {"study_before": "../x"}).status_code == 400
    assert form(reader, "/assess", **fields | {"tumor_label": ""}).status_code == 400
    # The address of the PACS is that of who starts the server: a page cannot send it anywhere.
    assert form(reader, "/assess", **fields | {"pacs": "http://elsewhere"}).status_code == 303


def test_masks_that_are_to_be_measured_while_other_scans_are_read_are_kept_and_measured_once(
    reader: TestClient, app: FastAPI, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAITS_S", 0.05)
    path, jobs = f"/assess/{job.id}/full", len(table_of(app).of())
    with assessed.OPENING:
        busy = form(reader, path, corrections=json.dumps(ERASED["corrections"]), why='one vessel > "zone"')
    assert (busy.status_code, int(busy.headers["Retry-After"]) > 0) == (503, True)
    assert len(table_of(app).of()) == jobs
    assert "again.js" in busy.text
    kept = dict(re.findall(r'<textarea name="([a-z_]+)" hidden>\n(.*?)</textarea>', busy.text, re.DOTALL))
    again = {name: html_text(text) for name, text in kept.items()} | {"csrf_token": token_on(busy.text)}
    assert again["why"] == 'one vessel > "zone"'

    first, second = reader.post(path, data=again), reader.post(path, data=again)

    assert first.status_code == second.status_code == 303
    assert second.headers["location"].startswith(first.headers["location"])
    assert len(table_of(app).of()) == jobs + 1
