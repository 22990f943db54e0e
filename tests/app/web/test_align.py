"""Align by hand: what its page shows, what landmarks and a nudge make of a registration, what hostile requests get."""

from __future__ import annotations

import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.registry_tasks import make
from isotherm.app.web import open_pairs, pages_align, turns
from isotherm.app.web.application import create_app
from isotherm.app.web.job import Job
from isotherm.app.web.job_table import OUT
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.exchange.landmark_files import read_landmarks
from tests.app.pair_in_memory import AFTER, SHIFT
from tests.app.web.assess_job import OUT_OF_THE_ORGAN, WHO, copied_job, measured_job, ran, table_of
from tests.app.web.conftest import hidden, token_on, upload
from tests.app.web.marks import csv_of, markups
from tests.app.web.test_last_opened import waiting

AWAY = (
    (0.0, 0.0, 0.0),
    (20.0, 0.0, 0.0),
    (-20.0, 8.0, 0.0),
    (0.0, 22.0, 8.0),
    (0.0, -23.0, -10.0),
    (8.0, 4.0, 20.0),
)
"""Where landmarks lie around the tumor on the scan after, mm."""


def pairs(count: int = 6, shift: tuple[float, float, float] = SHIFT) -> list[dict[str, Any]]:
    """Pairs that lie as the scans do."""
    places = np.array(AFTER) + np.array(AWAY[:count])
    return [{"name": str(number), "after": place.tolist(), "before": (place + shift).tolist()}
            for number, place in enumerate(places, start=1)]  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What two jobs leave behind: the small pair as it lies, and 15 mm beside it, which no gate lets pass."""
    home = tmp_path_factory.mktemp("measured")
    make(str(home / "empty.registry"))
    app = create_app(ServeSettings(registry=str(home / "empty.registry"), workspace=home / "workspace"))
    table = table_of(app)
    return {"well": table.folder(measured_job(app, home / "well", "").id),
            "far": table.folder(measured_job(app, home / "far", "", way=OUT_OF_THE_ORGAN).id)}  # fmt: skip


@pytest.fixture
def well(app: FastAPI, folders: dict[str, Path], registry: str) -> Job:
    return copied_job(app, folders["well"], registry)


@pytest.fixture
def far(app: FastAPI, folders: dict[str, Path], registry: str) -> Job:
    return copied_job(app, folders["far"], registry)


def form(reader: TestClient, path: str, **fields: str) -> Any:
    return reader.post(path, data={**hidden(reader), **fields})


def send(reader: TestClient, path: str, told: object) -> Any:
    return reader.post(path, json=told, headers={"X-CSRF-Token": token_on(reader.get("/who").text)})


def again(reader: TestClient, app: FastAPI, registry: str, job: Job, **fields: str) -> tuple[Job, dict[str, Any]]:
    """Register again by hand and do the job; return it, and its only lesion."""
    answer = form(reader, f"/assess/{job.id}/align", **{"use": "mend", "pairs": "[]", "why": "shifted"} | fields)
    assert answer.status_code == 303, answer.text
    table = table_of(app)
    new = table.get(answer.headers["location"].removeprefix("/assess/"))
    assert new is not None
    new = ran(table, new, registry)
    (lesion,) = json.loads((table.folder(new.id) / OUT / "margin.json").read_text())["lesions"]
    return new, lesion


def test_a_withheld_pair_leads_to_the_page_where_it_is_aligned(reader: TestClient, far: Job) -> None:
    html = reader.get(f"/assess/{far.id}").text
    assert f"/assess/{far.id}/align" in html
    page = reader.get(f"/assess/{far.id}/align")
    assert page.status_code == 200
    assert '<option value="mend" selected>' in page.text


def test_both_scans_are_shown_and_linked_by_the_motion_near_the_lesion(reader: TestClient, well: Job) -> None:
    scene = reader.get(f"/assess/{well.id}/align/scene/0").json()
    keys = {side: [layer["key"] for layer in scene[side]["lesions"][0]["layers"]] for side in ("before", "after")}
    assert keys == {"before": ["before", "tumor"], "after": ["after", "carried", "zone", "tumor"]}
    rotation, translation = np.array(scene["link"]["rotation"]), np.array(scene["link"]["translation"])
    start = {side: np.array(scene[side]["lesions"][0]["start_ras"]) for side in ("before", "after")}
    assert rotation @ start["after"] + translation == pytest.approx(start["before"], abs=0.2)
    assert start["after"] == pytest.approx(np.array(AFTER) * (-1, -1, 1), abs=0.2)
    assert scene["about"] == pytest.approx(start["after"].tolist())


def test_scans_are_read_for_one_request_at_a_time_and_another_is_told_to_come_again(
    reader: TestClient, well: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAITS_S", 0.05)
    path = f"/assess/{well.id}/align/scene/0"
    with pages_align.READING:
        refused = reader.get(path, headers={"HX-Request": "true"})
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "Other scans are being read; try again in a minute." in refused.text
    assert reader.get(f"/assess/{well.id}/align/scene/99").status_code == 404  # which gives its turn back
    assert reader.get(path).status_code == 200


def test_of_several_who_look_at_one_scene_the_first_reads_it_for_all(
    reader: TestClient, well: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, reads = f"/assess/{well.id}/align/scene/0", list[int]()

    def slow(_: object, lesion: int) -> dict[str, str]:
        reads.append(lesion)
        while waiting(pages_align.SCENES) < 3:
            time.sleep(0.005)
        return {"read": "once"}

    monkeypatch.setattr(pages_align, "_scene", slow)
    with ThreadPoolExecutor(4) as several:
        answers = [several.submit(reader.get, path) for _ in range(4)]
        assert [one.result(30).json() for one in answers] == [{"read": "once"}] * 4
    assert reads == [0]


def test_whoever_aligns_while_other_pairs_are_opened_is_told_to_come_again(
    reader: TestClient, well: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAITS_S", 0.05)
    path, told = f"/assess/{well.id}/align/pair", {"pair": pairs()[0], "nudge": ""}
    headers = {"X-CSRF-Token": token_on(reader.get("/who").text)}
    with open_pairs.OPENING:
        refused = reader.post(path, json=told, headers=headers)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "Other pairs are being opened; try again in a minute." in refused.text
    assert reader.post(path, json=told, headers=headers).status_code != 503


def test_landmarks_bring_back_the_margin_that_a_wrong_transform_had_lost(
    reader: TestClient, app: FastAPI, registry: str, well: Job, far: Job
) -> None:
    before = json.loads((table_of(app).folder(far.id) / OUT / "margin.json").read_text())["lesions"][0]
    assert before["status"] == "withheld"
    new, lesion = again(reader, app, registry, far, pairs=json.dumps(pairs()))
    truth = json.loads((table_of(app).folder(well.id) / OUT / "margin.json").read_text())["lesions"][0]
    assert lesion["minimal_margin_mm"] == pytest.approx(truth["minimal_margin_mm"], abs=0.1)
    (gate,) = [one for one in lesion["registration"]["gates"] if one["name"] == "landmarks"]
    assert gate["verdict"] == "pass"
    # The file is kept, can be downloaded, and is what the command line would be given.
    told = reader.get(f"/jobs/{new.id}/out/landmarks.csv")
    assert told.text.startswith("# frame: LPS\nname,after_x_mm,")
    kept = read_landmarks(table_of(app).folder(new.id) / OUT / "landmarks.csv")
    assert kept.after_lps_mm.tolist() == [one["after"] for one in pairs()]
    by_hand = json.loads((table_of(app).folder(new.id) / OUT / "by-hand.json").read_text())
    assert (by_hand["by"], by_hand["why"], by_hand["landmarks"], by_hand["use"]) == (WHO, "shifted", 6, "mend")
    page = reader.get(f"/assess/{new.id}").text
    assert "6 landmarks mended the registration" in page
    # What was set is there to go on from.
    assert "&#34;after&#34;: [22.0, 0.0, 120.0]" in reader.get(f"/assess/{new.id}/align").text


def test_a_nudge_brings_it_back_as_well_and_another_one_replaces_it(
    reader: TestClient, app: FastAPI, registry: str, well: Job, far: Job
) -> None:
    truth = json.loads((table_of(app).folder(well.id) / OUT / "margin.json").read_text())["lesions"][0]
    nudge = "0,0,-17,0,0,0"  # the tumor was laid 17 mm too far up
    new, lesion = again(reader, app, registry, far, nudge=nudge, pairs=json.dumps(pairs()), use="check")
    assert lesion["minimal_margin_mm"] == pytest.approx(truth["minimal_margin_mm"], abs=0.1)
    scene = reader.get(f"/assess/{new.id}/align/scene/0").json()
    start = scene["after"]["lesions"][0]["start_ras"]
    assert np.subtract(scene["about"], start) == pytest.approx([0, 0, 17])  # it turned about where it was
    newer, other = again(reader, app, registry, new, nudge="0,0,-14", pairs=json.dumps(pairs()), use="check")
    assert other["minimal_margin_mm"] == pytest.approx(
        lesion["minimal_margin_mm"] - 1.0, abs=0.1
    )  # 2 mm above the middle of the zone, not 1 below
    assert "Nudged by 0,0,-14" in reader.get(f"/assess/{newer.id}").text


def test_landmarks_alone_make_the_registration_where_there_was_none(
    reader: TestClient, app: FastAPI, registry: str, folders: dict[str, Path], well: Job
) -> None:
    table = table_of(app)
    job = copied_job(app, folders["far"], registry)
    (table.folder(job.id) / "kept" / "kept.json").unlink()
    failed = table.add("assess", "Not registered", {}, who=WHO, registry=registry)
    for name in ("asked.json", "pair.json"):
        (table.folder(failed.id) / name).write_bytes((table.folder(job.id) / name).read_bytes())
    table.move(failed.id, "failed", since=("waiting",), said="The scans do not meet; check them.")
    assert f"/assess/{failed.id}/align" in reader.get(f"/assess/{failed.id}").text
    assert '<option value="landmarks" selected>' in reader.get(f"/assess/{failed.id}/align").text
    scene = reader.get(f"/assess/{failed.id}/align/scene/0").json()
    assert scene["link"]["rotation"] == np.eye(3).tolist()
    _, lesion = again(reader, app, registry, failed, pairs=json.dumps(pairs()), use="landmarks")
    truth = json.loads((table.folder(well.id) / OUT / "margin.json").read_text())["lesions"][0]
    assert lesion["registration"]["method"] == "landmarks"
    assert lesion["minimal_margin_mm"] == pytest.approx(truth["minimal_margin_mm"], abs=0.1)


def test_what_is_set_is_kept_for_each_person_until_it_is_registered_with(
    reader: TestClient, app: FastAPI, registry: str, well: Job
) -> None:
    told = {"pairs": pairs(2), "nudge": "1,0,0,0,0,5"}
    assert send(reader, f"/assess/{well.id}/align/kept", told).status_code == 204
    html = reader.get(f"/assess/{well.id}/align").text
    assert "&#34;name&#34;: &#34;2&#34;" in html
    assert 'value="5" data-nudge' in html
    again(reader, app, registry, well, pairs=json.dumps(pairs(3, (-2.0, 0.5, 0.0))))
    assert "&#34;name&#34;" not in reader.get(f"/assess/{well.id}/align").text


def test_a_landmark_file_is_read_as_on_the_command_line(reader: TestClient, well: Job) -> None:
    text = csv_of("fork: 1,1,2,103,4,5,106", frame="# frame: RAS")
    for content, status, says in ((text, 200, "fork"), ("a,b\n1,2\n", 400, "frame")):
        answer = form(reader, f"/assess/{well.id}/align/file", landmarks=upload(reader, ("a.csv", content)))
        assert answer.status_code == status
        assert says in answer.text
        if status == 200:  # under a name that the page takes back
            assert answer.json()["pairs"] == [{"name": "fork_ 1", "after": [-1, -2, 103], "before": [-4, -5, 106]}]
    assert form(reader, f"/assess/{well.id}/align/file", landmarks="../../etc/passwd").status_code == 400
    assert form(reader, f"/assess/{well.id}/align/file").status_code == 400


def test_lists_of_slicer_come_as_two_files_first_of_the_scan_after(reader: TestClient, well: Job) -> None:
    after = markups({"a": (2.0, 0.0, 120.0), "b": (12.0, 3.0, 118.0)})
    before = "# CoordinateSystem = RAS\n# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label\n" + (
        "1,-10.5,-3,118,0,0,0,1,1,1,0,b\n2,0.5,0,120,0,0,0,1,1,1,0,a\n")  # fmt: skip
    answer = form(reader, f"/assess/{well.id}/align/file",
                  landmarks=upload(reader, ("F.mrk.json", after), ("F.fcsv", before)))  # fmt: skip
    assert answer.json()["pairs"] == [
        {"name": "a", "after": [2, 0, 120], "before": [-0.5, 0, 120]},
        {"name": "b", "after": [12, 3, 118], "before": [10.5, 3, 118]},
    ]


@pytest.mark.parametrize(
    ("files", "frame", "says"),
    [
        ([("F.mrk.json", markups({"a": (2, 0, 120)}))], "", "F.mrk.json&#39; holds the points of one scan at most"),
        ([("A.mrk.json", markups({"a": (2, 0, 120)}, None)), ("B.mrk.json", markups({"a": (0, 0, 120)}))], "",
         "A.mrk.json&#39; of the scan after does not say in which frame"),
        ([("A.mrk.json", markups({"a": (2, 0, 120)})), ("B.mrk.json", markups({"a": (0, 0, 120)}, "IJK"))], "",
         "B.mrk.json&#39; of the scan before is in no frame of a patient"),
        ([("A.mrk.json", markups({"a": (2, 0, 120)})), ("B.mrk.json", markups({"a": (0, 0, 120)}))], "RAS",
         "A.mrk.json&#39; of the scan after says LPS where RAS was named"),
        ([("A.mrk.json", markups({"a": (2, 0, 120)})), ("B.mrk.json", markups({"c": (0, 1, 120), "a": (0, 0, 120)}))],
         "", "Landmarks that do not pair came, 1 on the scan after and 2 on the scan before"),
        ([("A.mrk.json", markups({"a": (2, 0, -120)})), ("B.mrk.json", markups({"a": (0, 0, 120)}))], "",
         "lie beside the scan after ablation"),
        ([("A.mrk.json", markups({"a": (2, 0, 120)})), ("B.mrk.json", markups({"a": (0, 0, 120)}))], "",
         "This landmark repeats only the registration"),
        ([("a.csv", csv_of("a,2,0,120,0,1,120"))] * 3, "", "more than two have"),
        ([("a.csv", csv_of("a,2,0,120,0,1,120"))], "IJK", "choose LPS or RAS"),
        ([("a.csv", csv_of(*(f"{n},{n * 0.1},0,{100 + n * 0.1},0,{n * 0.1},{100 + n * 0.15}" for n in range(201))))],
         "", "less than 0.5 mm apart"),
        ([("a.csv", csv_of(*(f"{n},{n % 20},{n // 20},105,{n % 20},{n // 20},106" for n in range(201))))], "",
         "201 landmarks came; give 200 at most."),
    ],
)  # fmt: skip
def test_landmark_files_that_cannot_be_used_are_refused_in_a_sentence_with_their_name_and_scan(
    reader: TestClient, well: Job, files: list[tuple[str, str]], frame: str, says: str
) -> None:
    answer = form(reader, f"/assess/{well.id}/align/file", landmarks=upload(reader, *files), landmarks_frame=frame)
    assert answer.status_code == 400
    assert says in answer.text
    assert "00000" not in answer.text


def test_a_pair_that_only_follows_what_is_shown_is_refused_by_the_server(
    reader: TestClient, app: FastAPI, well: Job
) -> None:
    path = f"/assess/{well.id}/align/pair"
    (followed,) = pairs(1)
    answer = send(reader, path, {"pair": followed, "nudge": "0,0,0,0,0,0"})
    assert answer.status_code == 400
    assert "This landmark repeats only the registration that is there" in answer.text
    # While a nudge is shown, the crosshair before follows that.
    nudged = followed | {"before": np.subtract(followed["before"], (3, 0, -2)).tolist()}
    assert send(reader, path, {"pair": nudged, "nudge": "0,0,0,0,0,0"}).status_code == 200
    assert send(reader, path, {"pair": nudged, "nudge": "3,0,-2,0,0,0"}).status_code == 400
    assert send(reader, path, {"pair": nudged, "nudge": "3,0,-2,0,0,40"}).status_code == 200
    turned = followed | {"before": [-3.0 * math.cos(math.radians(40)), 3.0 * math.sin(math.radians(40)), 122.0]}
    assert send(reader, path, {"pair": turned, "nudge": "3,0,-2,0,0,40"}).status_code == 400
    beside = followed | {"before": [0.0, 0.0, -500.0]}
    assert "beside the scan before" in send(reader, path, {"pair": beside, "nudge": ""}).text
    for told in ({}, {"pair": 1, "nudge": ""}, {"pair": followed}, {"pair": followed, "nudge": "x"},
                 {"pair": followed, "nudge": "0" * 500}):  # fmt: skip
        assert send(reader, path, told).status_code == 400
    # Nor is it registered with, whoever sends it.
    known = len(table_of(app).of())
    for use in ("mend", "check", "landmarks"):
        refused = form(reader, f"/assess/{well.id}/align", pairs=json.dumps(pairs()), use=use, why="shifted")
        assert refused.status_code == 400
        assert "6 of 6 landmarks repeat only" in refused.text
    assert len(table_of(app).of()) == known


def test_pairs_that_made_a_registration_may_be_used_again_on_it(
    reader: TestClient, app: FastAPI, registry: str, far: Job
) -> None:
    new, _ = again(reader, app, registry, far, pairs=json.dumps(pairs(1)))
    second = pairs(2, (-2.0, 0.5, 0.0))[1:]
    newer, _ = again(reader, app, registry, new, pairs=json.dumps(pairs(1) + second))
    assert "2 landmarks mended the registration" in reader.get(f"/assess/{newer.id}").text


@pytest.mark.parametrize(
    "fields",
    [
        {"pairs": "[]"},
        {"pairs": "{"},
        {"pairs": "[" * 5000},
        {"pairs": json.dumps([1])},
        {"pairs": json.dumps(pairs(1) * 2)},
        {"pairs": json.dumps(pairs() * 40)},
        {"pairs": json.dumps([pairs(1)[0] | {"after": [1, 2]}])},
        {"pairs": json.dumps([pairs(1)[0] | {"after": [1, 2, "3"]}])},
        {"pairs": json.dumps([pairs(1)[0] | {"after": [1, 2, True]}])},
        {"pairs": '[{"name": "1", "after": [NaN, 0, 0], "before": [0, 0, 0]}]'},
        {"pairs": '[{"name": "1", "after": [1e999, 0, 0], "before": [0, 0, 0]}]'},
        {"pairs": json.dumps([pairs(1)[0] | {"after": [10**400, 0, 0]}])},
        {"pairs": json.dumps([pairs(1)[0] | {"name": "=HYPERLINK(1)"}])},
        {"pairs": json.dumps([pairs(1)[0] | {"name": "# frame: RAS"}])},
        {"pairs": json.dumps([pairs(1)[0] | {"name": "a\nb"}])},
        {"pairs": json.dumps(pairs()), "why": ""},
        {"pairs": json.dumps(pairs()), "use": "guess"},
        {"pairs": json.dumps(pairs()), "nudge": "1,2"},
        {"pairs": json.dumps(pairs()), "nudge": "nan,0,0"},
        {"pairs": json.dumps(pairs()), "nudge": "0,0,900"},
        {"nudge": "0,0,3", "use": "landmarks", "pairs": "[]"},
    ],
)
def test_what_is_no_alignment_is_refused_in_a_sentence_and_starts_nothing(
    reader: TestClient, app: FastAPI, well: Job, fields: dict[str, str]
) -> None:
    known = len(table_of(app).of())
    answer = form(reader, f"/assess/{well.id}/align", **{"use": "mend", "why": "shifted"} | fields)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text
    assert len(table_of(app).of()) == known


def test_a_pair_that_is_still_measured_or_not_there_has_nothing_to_align(
    reader: TestClient, app: FastAPI, registry: str
) -> None:
    waiting = table_of(app).add("assess", "Waiting", {}, who=WHO, registry=registry)
    for job_id in (waiting.id, "0" * 16):
        assert reader.get(f"/assess/{job_id}/align").status_code == 404
        assert reader.get(f"/assess/{job_id}/align/scene/0").status_code == 404
    assert reader.post(f"/assess/{waiting.id}/align", data={"pairs": "[]"}).status_code == 403


def test_there_is_no_scene_of_a_lesion_that_is_not_there(reader: TestClient, well: Job) -> None:
    assert reader.get(f"/assess/{well.id}/align/scene/7").status_code == 404
