"""Several lesions and zones aligned by hand: each is shown where it lies, and what is set holds for all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from isotherm.app.registry_tasks import make
from isotherm.app.web.application import create_app
from isotherm.app.web.job import Job
from isotherm.app.web.job_table import OUT
from isotherm.app.web.serve_settings import ServeSettings
from tests.app.pair_in_memory import SHIFT
from tests.app.web.assess_job import OUT_OF_THE_ORGAN, TWO_AFTER, WHO, measured_job, ran, table_of
from tests.app.web.conftest import hidden, token_on
from tests.app.web.marks import POINTS
from tests.app.web.test_align import far, well

__all__ = ["far", "well"]  # fixtures, of the folders below

RAS = np.array([-1.0, -1.0, 1.0])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What two jobs leave behind: two lesions as they lie, and off by 15 mm."""
    home = tmp_path_factory.mktemp("measured")
    make(str(home / "empty.registry"))
    app = create_app(ServeSettings(registry=str(home / "empty.registry"), workspace=home / "workspace"))
    table = table_of(app)
    return {"well": table.folder(measured_job(app, home / "well", "", two=True).id),
            "far": table.folder(measured_job(app, home / "far", "", way=OUT_OF_THE_ORGAN, two=True).id)}  # fmt: skip


def margins(app: FastAPI, job: Job) -> list[Any]:
    return json.loads((table_of(app).folder(job.id) / OUT / "margin.json").read_text())["lesions"]


def pairs(shift: tuple[float, float, float] = SHIFT) -> list[dict[str, Any]]:
    return [{"name": name, "after": list(place), "before": np.add(place, shift).tolist()}
            for name, place in POINTS.items()]  # fmt: skip


def send(reader: TestClient, path: str, told: object) -> Any:
    return reader.post(path, json=told, headers={"X-CSRF-Token": token_on(reader.get("/who").text)})


def again(reader: TestClient, app: FastAPI, registry: str, job: Job, **fields: str) -> Job:
    given = {"use": "mend", "pairs": "[]", "why": "shifted", **hidden(reader)}
    answer = reader.post(f"/assess/{job.id}/align", data=given | fields)
    assert answer.status_code == 303, answer.text
    new = table_of(app).get(answer.headers["location"].removeprefix("/assess/"))
    assert new is not None
    return ran(table_of(app), new, registry)


def start(reader: TestClient, job: Job, lesion: int, side: str) -> Any:
    """Where the page begins to look, in LPS."""
    scene = reader.get(f"/assess/{job.id}/align/scene/{lesion}").json()
    return RAS * scene[side]["lesions"][0]["start_ras"]


def test_each_lesion_is_looked_at_where_it_lies_on_either_scan(reader: TestClient, well: Job) -> None:
    html = reader.get(f"/assess/{well.id}/align").text
    assert '<option value="0">Lesion 1</option><option value="1">Lesion 2</option>' in html
    for lesion, middle in enumerate(TWO_AFTER):
        assert start(reader, well, lesion, "after") == pytest.approx(middle, abs=0.3)
        assert start(reader, well, lesion, "before") == pytest.approx(np.add(middle, SHIFT), abs=0.3)
    assert reader.get(f"/assess/{well.id}/align/scene/2").status_code == 404


def test_landmarks_bring_back_the_margins_of_both(
    reader: TestClient, app: FastAPI, registry: str, well: Job, far: Job
) -> None:
    assert {one["status"] for one in margins(app, far)} <= {"withheld", "not_ablated"}
    new = again(reader, app, registry, far, pairs=json.dumps(pairs()))
    for one, truth in zip(margins(app, new), margins(app, well), strict=True):
        assert one["minimal_margin_mm"] == pytest.approx(truth["minimal_margin_mm"], abs=0.1)
        (gate,) = [each for each in one["registration"]["gates"] if each["name"] == "landmarks"]
        assert gate["verdict"] == "pass"


def test_a_nudge_moves_each_lesion_about_itself_and_by_the_same_way(
    reader: TestClient, app: FastAPI, registry: str, well: Job, far: Job
) -> None:
    new = again(reader, app, registry, far, nudge="0,0,-17,0,0,0", pairs=json.dumps(pairs()), use="check")
    for lesion, (one, truth) in enumerate(zip(margins(app, new), margins(app, well), strict=True)):
        assert one["minimal_margin_mm"] == pytest.approx(truth["minimal_margin_mm"], abs=0.1)
        assert start(reader, new, lesion, "after") == pytest.approx(TWO_AFTER[lesion], abs=0.3)


def test_a_pair_that_follows_the_registration_of_any_lesion_is_refused(reader: TestClient, well: Job) -> None:
    # While the second lesion is turned about itself, the crosshair follows another way than at the first.
    for middle in TWO_AFTER:
        pair = {"name": "1", "after": list(middle), "before": np.add(middle, SHIFT).tolist()}
        answer = send(reader, f"/assess/{well.id}/align/pair", {"pair": pair, "nudge": "0,0,0,0,0,30"})
        assert answer.status_code == 400
        assert "repeats only" in answer.text


def test_where_nothing_was_registered_each_lesion_begins_in_the_zone_that_fits(
    reader: TestClient, app: FastAPI, registry: str, far: Job, well: Job
) -> None:
    table = table_of(app)
    failed = table.add("assess", "Not registered", {}, who=WHO, registry=registry)
    for name in ("asked.json", "pair.json"):
        (table.folder(failed.id) / name).write_bytes((table.folder(far.id) / name).read_bytes())
    table.move(failed.id, "failed", since=("waiting",), said="The scans do not meet; check them.")
    html = reader.get(f"/assess/{failed.id}/align").text
    assert '<option value="1">Lesion 2</option>' in html
    for lesion, middle in enumerate(TWO_AFTER):
        assert start(reader, failed, lesion, "after") == pytest.approx(middle, abs=0.5)
        assert start(reader, failed, lesion, "before") == pytest.approx(np.add(middle, SHIFT), abs=0.3)
    new = again(reader, app, registry, failed, pairs=json.dumps(pairs((-2.0, 0.5, 0.0))), use="landmarks")
    assert [one["registration"]["method"] for one in margins(app, new)] == ["landmarks", "landmarks"]
