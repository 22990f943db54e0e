"""docs/tutorials: what the pages for study leads and physicists tell to type, typed; what they show is what came."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import isotherm
from tests.app.on_disk import FAST
from tests.app.tutorial_pages import CENTERS, Page, center, papers_of_centers, planned_and_achieved, tutorial, typed
from tests.app.web.portal_file import portal_file

LEAD, PHYSICIST, PORTAL = tutorial("lead"), tutorial("physicist"), tutorial("portal")
TABLES = 20


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each center sends back, after it has typed what the page tells it."""
    found: dict[str, dict[str, Any]] = {}
    for at, name in enumerate(CENTERS):
        folder = tmp_path_factory.mktemp(f"center_{name}")
        center(folder, seed=10 + at)
        (folder / "study.toml").write_text(LEAD.files["study.toml"], encoding="utf-8")
        for command in LEAD.commands[:2]:
            assert typed(folder, command)[0] == 0, command
        found[name] = json.loads((folder / "release" / "result.json").read_text(encoding="utf-8"))
    return found


def test_centers_run_one_protocol_and_release_what_the_page_says(released: dict[str, dict[str, Any]]) -> None:
    assert len({one["protocol"]["hash"] for one in released.values()}) == 1
    for name, one in released.items():
        effect = one["results"]["headline.effect"]
        row = f"| {name} | {effect['value']:g} | {effect['low']:g} | {effect['high']:g} | {effect['p']:g} |"
        assert row in LEAD.text
        assert (one["settings"]["release"], effect["n"]) == (True, None)


def test_what_centers_released_is_pooled_as_the_page_shows_and_refused_where_they_share_patients(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    papers_of_centers(tmp_path)
    (shown,) = LEAD.blocks("text")
    code, told = typed(tmp_path, LEAD.commands[2])
    assert code == 0
    assert told.startswith(shown)
    assert (tmp_path / "pooled" / "forest.svg").is_file()
    file = tmp_path / "papers" / "center_b.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("overlaps_with = []", 'overlaps_with = ["center_c"]'), encoding="utf-8")
    assert typed(tmp_path, LEAD.commands[2].replace("pooled", "again"))[0] == 2
    assert "There is an overlap of patients: Center b and Center c." in capsys.readouterr().err


def run(page: Page, folder: Path) -> str:
    """Run the program of a page in a folder; return what it prints."""
    (program,), out = page.blocks("python"), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        exec(compile(program, "a tutorial", "exec"), {})  # the program of the page itself
    return out.getvalue()


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who has measured planned and achieved zones."""
    home = tmp_path_factory.mktemp("physicist")
    planned_and_achieved(home)
    for name, text in PHYSICIST.files.items():
        (home / name).write_text(text, encoding="utf-8")
    for command in PHYSICIST.commands:
        assert typed(home, command, *FAST)[0] == 0, command
    return home


def test_achieved_beside_planned_is_what_the_page_shows(measured: Path) -> None:
    assert run(PHYSICIST, measured) == PHYSICIST.blocks("text")[0]


def test_a_phantom_of_known_margin_is_measured_as_the_page_shows(measured: Path) -> None:
    margins = pd.read_csv(measured / "planned" / "margins.csv")["minimal_margin_mm"]
    assert " ".join(f"{one:.2f}" for one in margins) + " mm\n" == PHYSICIST.blocks("text")[1]
    assert ((margins - 6.0).abs() <= 0.25).all()


def test_patients_of_a_portal_enter_on_their_own_day_in_python(tmp_path: Path) -> None:
    (tmp_path / "data_clinical_patient.txt").write_text(portal_file(), encoding="utf-8")
    assert run(PORTAL, tmp_path) == PORTAL.blocks("text")[0]


def test_time_before_sequencing_moves_the_hazard_ratio_of_a_portal_as_the_page_says() -> None:
    found = [
        _hazard_ratios(pd.read_csv(io.StringIO(portal_file(seed=seed)), sep="\t", comment="#"))
        for seed in range(1, TABLES + 1)
    ]
    diagnosis, sequencing = np.exp(np.log(found).mean(axis=0))
    assert (
        f"\n{diagnosis:.2f} on average, from sequencing {sequencing:.2f}; it was put in as {1 / 1.8:.2f}."
        in PORTAL.text
    )


def _hazard_ratios(table: pd.DataFrame) -> tuple[float, float]:
    """Return the hazard ratio of wild type from diagnosis, in everybody, and from sequencing."""
    table["days"], table["died"] = table["OS_MONTHS"] * 30.4375, table["OS_STATUS"] == "1:DECEASED"
    table["wild"] = table["KRAS_GROUP"] == "Wild type"
    later = table[table["OS_MONTHS"] > table["SEQUENCING_MONTHS"]].reset_index(drop=True)
    later["days"] -= later["SEQUENCING_MONTHS"] * 30.4375
    first, second = (isotherm.cox(one, time_days="days", event="died", covariates=["wild"]) for one in (table, later))
    return float(np.exp(first.coefficients[0])), float(np.exp(second.coefficients[0]))
