"""What came is listed in the words of the command line; what is hostile does nothing, on the boxes and in requests."""

from __future__ import annotations

import os
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from isotherm.app.web import apart, holds, turns
from isotherm.app.web.application import create_app
from isotherm.app.web.looked import looks
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.uploads import drop, files_of, listing_of
from isotherm.app.web.work_pull import study_of
from isotherm.errors import BadSetting, OutputError
from tests.app.on_disk import GRID
from tests.app.web.assess_job import WHO, table_of
from tests.app.web.conftest import hidden, token_on
from tests.app.web.story import story
from tests.exchange.made_up_dicom import as_seg, slices

HOSTILE = '<img src=x onerror="document.title=1">'


@pytest.fixture
def seg(tmp_path: Path) -> Path:
    """A SEG of two segments, one of them of a hostile name."""
    voxels = np.zeros((*GRID.shape_kji, 2), dtype=np.uint8)
    voxels[3:6, 3:6, 3:6] = 1
    return as_seg(tmp_path / "seg.dcm", voxels, ["tumor", HOSTILE],
                  slices(np.zeros(GRID.shape_kji, dtype=np.int16), GRID))  # fmt: skip


def listed(reader: TestClient, name: str, content: bytes) -> Any:
    token = token_on(reader.get("/who").text)
    came = reader.post(f"/uploads?name={name}", content=content, headers={"X-CSRF-Token": token}).json()["id"]
    return reader.get(f"/uploads/{came}/holds", headers={"HX-Request": "true"})


def form(reader: TestClient, path: str, **fields: str) -> Any:
    return reader.post(path, data={**hidden(reader), **fields})


def test_segments_are_listed_by_number_and_name_in_a_file_and_in_a_zip(reader: TestClient, seg: Path) -> None:
    masks = [{"value": "1", "says": "tumor (SEG 300)"}, {"value": "2", "says": f"{HOSTILE} (SEG 300)"}]
    assert listed(reader, "seg.dcm", seg.read_bytes()).json() == {"images": [], "masks": masks, "notes": []}
    with zipfile.ZipFile(seg.with_suffix(".zip"), "w") as archive:
        archive.write(seg, "a/b/seg.dcm")
        archive.writestr("readme.txt", "text")
    found = listed(reader, "all.zip", seg.with_suffix(".zip").read_bytes()).json()
    assert found == {"images": [], "masks": masks, "notes": ["1 file is not DICOM and was passed over."]}


def test_other_files_have_nothing_to_list_and_no_dicom_at_all_is_said(reader: TestClient) -> None:
    assert listed(reader, "a.nii.gz", b"x").json() == {"images": [], "masks": [], "notes": []}
    answer = listed(reader, "a.zip", b"PK" + b"x" * 300)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text
    assert reader.get("/uploads/" + "0" * 16 + "/holds").status_code == 400
    assert reader.get("/uploads/..%2f..%2fetc/holds").status_code in (400, 404)


def test_a_listing_that_takes_too_long_is_given_up(seg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "MOST_S", 0.01)
    with pytest.raises(BadSetting, match="could not be listed"):
        holds.held_by(seg)


def test_who_waits_for_other_listings_is_soon_told_to_come_again_and_is_then_served(
    reader: TestClient, seg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAITS_S", 0.05)
    with holds.LISTING, holds.LISTING:
        refused = listed(reader, "seg.dcm", seg.read_bytes())
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "Other files are being listed; try again in a minute" in refused.text
    assert reader.get(str(refused.request.url.path)).status_code == 200


def test_what_could_not_be_listed_is_not_tried_again_until_its_files_change(
    reader: TestClient, app: FastAPI, seg: Path, counted: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as slow:
        slow.setattr(holds, "MOST_S", 0.01)
        first = listed(reader, "seg.dcm", seg.read_bytes())
    path = str(first.request.url.path)
    again = reader.get(path, headers={"HX-Request": "true"})
    assert [one.status_code for one in (first, again)] == [400, 400]
    assert again.text == first.text
    assert "could not be listed" in first.text
    assert len(counted) == 1

    (one,) = files_of(app.state.web.workspace, path.split("/")[2])
    os.utime(one.path, ns=(1, 1))
    assert reader.get(path).status_code == 200
    assert len(counted) == 2


def test_a_server_that_stops_ends_its_listings_and_keeps_nothing_of_them(
    settings: ServeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "PROGRAM", ("-c", "import time; time.sleep(60)"))
    place, said = tmp_path / "a.dcm", list[Exception]()
    place.write_bytes(b"x")

    def ask() -> None:
        try:
            holds.held_by(place)
        except turns.Busy as error:
            said.append(error)

    asking = threading.Thread(target=ask)
    with TestClient(create_app(settings)):
        asking.start()
        until = time.monotonic() + 30
        while not apart.AT_WORK and time.monotonic() < until:
            time.sleep(0.01)
        (process,) = apart.AT_WORK
    asking.join(30)
    assert process.returncode is not None
    assert [str(one) for one in said] == [apart.STOPPED]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every run of the program that lists."""
    runs: list[object] = []
    real = holds._listed

    def run(place: Path) -> Any:
        runs.append(place)
        return real(place)

    monkeypatch.setattr(holds, "_listed", run)
    return runs


def test_an_upload_is_listed_once_until_its_files_change(
    reader: TestClient, app: FastAPI, seg: Path, counted: list[object]
) -> None:
    first = listed(reader, "seg.dcm", seg.read_bytes())
    path = str(first.request.url.path)
    upload = path.split("/")[2]
    workspace = app.state.web.workspace
    assert [reader.get(path).json() for _ in range(3)] == [first.json()] * 3
    assert len(counted) == 1

    (one,) = files_of(workspace, upload)
    told = one.path.stat()
    os.utime(one.path, ns=(told.st_atime_ns, told.st_mtime_ns + 1))  # of the same length, written later
    assert reader.get(path).json() == first.json()
    assert len(counted) == 2

    token = token_on(reader.get("/who").text)
    more = reader.post("/uploads", params={"name": "readme.txt", "into": upload}, content=b"text",
                       headers={"X-CSRF-Token": token})  # fmt: skip
    assert more.status_code == 200
    assert reader.get(path).json()["notes"] == ["1 file is not DICOM and was passed over."]
    assert len(counted) == 3


@pytest.mark.parametrize(
    "kept", ["", "{", "[]", "null", '{"of": []}', '{"holds": {}}', "\ud800".encode("utf-8", "surrogatepass")]
)
def test_a_list_that_cannot_be_used_is_made_anew(
    reader: TestClient, app: FastAPI, seg: Path, counted: list[object], kept: str | bytes
) -> None:
    first = listed(reader, "seg.dcm", seg.read_bytes())
    path = str(first.request.url.path)
    listing = listing_of(app.state.web.workspace, path.split("/")[2])
    listing.write_bytes(kept.encode() if isinstance(kept, str) else kept)
    assert reader.get(path).json() == first.json()
    assert len(counted) == 2


def test_a_refusal_is_not_kept_and_a_full_disk_hinders_no_list(
    reader: TestClient, app: FastAPI, seg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OutputError("no room")

    refused = listed(reader, "a.zip", b"PK" + b"x" * 300)
    assert refused.status_code == 400
    monkeypatch.setattr(holds, "write_text", full)
    assert listed(reader, "seg.dcm", seg.read_bytes()).status_code == 200
    assert list(app.state.web.workspace.uploads.glob("*.json")) == []


def test_a_list_goes_with_its_upload(reader: TestClient, app: FastAPI, seg: Path) -> None:
    workspace = app.state.web.workspace
    upload = str(listed(reader, "seg.dcm", seg.read_bytes()).request.url.path).split("/")[2]
    assert listing_of(workspace, upload).is_file()
    drop(workspace, upload)
    assert list(workspace.uploads.iterdir()) == []


def test_a_hostile_name_of_a_segment_is_only_text(
    settings: ServeSettings, browser: Browser, chromium: Path, seg: Path
) -> None:
    with story(settings, browser, chromium, who=WHO) as told:
        told.go("/assess")
        told.page.locator('[data-slot="tumor"] [data-files]').set_input_files(seg)
        expect(told.page.locator('[data-slot="tumor"] [data-came]')).to_have_text("seg.dcm", timeout=60_000)
        names = told.page.locator('[data-slot="tumor"] [data-choice] option').all_inner_texts()
        assert f"{HOSTILE} (SEG 300)" in names
        assert told.page.locator("main img").count() == 0
        assert (told.left, told.errors) == ([], [])


def test_a_box_asks_again_while_other_files_are_listed(
    settings: ServeSettings, browser: Browser, chromium: Path, seg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAITS_S", 0.05)
    with story(settings, browser, chromium, who=WHO) as told:
        told.go("/assess")
        with holds.LISTING, holds.LISTING, told.page.expect_response(lambda one: one.status == 503, timeout=60_000):
            told.page.locator('[data-slot="tumor"] [data-files]').set_input_files(seg)
        expect(told.page.locator('[data-slot="tumor"] [data-came]')).to_have_text("seg.dcm", timeout=60_000)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "the whole PACS is not listed"),
        ({"patient_id": "*"}, "without"),
        ({"patient_id": "a", "first": "yesterday"}, "year, month and day"),
        ({"patient_id": "a", "first": "2024-02-01", "last": "2024-01-01"}, "first day is after the last"),
        ({"patient_id": "a", "modality": "CT&limit=0"}, "one word"),
        ({"patient_id": "a"}, "No PACS came"),
    ],
)
def test_a_search_of_the_pacs_that_cannot_be_asked_is_refused(
    reader: TestClient, fields: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ISOTHERM_PACS_URL", raising=False)
    answer = form(reader, "/assess/pacs/find", **fields)
    assert answer.status_code == 400
    assert says in answer.text


def test_whom_somebody_looked_for_in_the_pacs_is_noted(
    reader: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ISOTHERM_PACS_URL", raising=False)
    form(reader, "/assess/pacs/find", patient_id="P-1")
    (look,) = looks(app.state.web.workspace, patient="P-1")
    assert (look.who, look.what) == (WHO, "studies of the PACS")


def test_only_a_study_that_was_fetched_is_taken_for_one(reader: TestClient, app: FastAPI, registry: str) -> None:
    table = table_of(app)
    assert form(reader, "/assess/pacs/pull", study="1.2; rm").status_code == 400
    other = table.add("assess", "A pair", {}, who=WHO, registry=registry)
    table.move(other.id, "done", since=("waiting",))
    waiting = table.add("pull", "A study", {"study": "1.2.3"}, who=WHO, registry=registry)
    for called in (
        f"pulled-{other.id}",
        f"pulled-{waiting.id}",
        "pulled-../../etc",
        "pulled-" + "0" * 16,
        other.id,
        "",
    ):
        assert study_of(table.workspace, called) is None
    assert reader.get(f"/assess/pacs/pull/{other.id}").status_code == 404
    assert reader.get(f"/assess/pacs/pull/{waiting.id}/holds").status_code == 404
    assert reader.get(f"/assess/pacs/pull/{waiting.id}").json()["state"] == "waiting"
    answer = form(reader, "/assess", before=f"pulled-{waiting.id}", after=f"pulled-{waiting.id}",
                  tumor=f"pulled-{other.id}", ablation="../../etc/passwd")  # fmt: skip
    assert answer.status_code == 400
    assert "Not everything has come" in answer.text
    assert len(table.of()) == 2
