"""docs/tutorials: what the pages for study leads and physicists tell to type, typed; what they show is what came."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.app.on_disk import FAST
from tests.app.tutorial_pages import CENTERS, center, papers_of_centers, planned_and_achieved, tutorial, typed

LEAD, PHYSICIST = tutorial("lead"), tutorial("physicist")


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
    (program,), out = PHYSICIST.blocks("python"), io.StringIO()
    with contextlib.chdir(measured), contextlib.redirect_stdout(out):
        exec(compile(program, "physicist.md", "exec"), {})  # noqa: S102 (the program of the page itself)
    assert out.getvalue() == PHYSICIST.blocks("text")[0]


def test_a_phantom_of_known_margin_is_measured_as_the_page_shows(measured: Path) -> None:
    margins = pd.read_csv(measured / "planned" / "margins.csv")["minimal_margin_mm"]
    assert " ".join(f"{one:.2f}" for one in margins) + " mm\n" == PHYSICIST.blocks("text")[1]
    assert ((margins - 6.0).abs() <= 0.25).all()
