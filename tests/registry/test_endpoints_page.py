"""The page of endpoints says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from isotherm.app.registry_cohort import asked
from isotherm.registry.derive import Windows
from isotherm.registry.endpoints import endpoints
from isotherm.registry.endpoints_kinds import ENDPOINTS, TIMED, Choices, Endpoint
from isotherm.registry.frames import frames

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "endpoints.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: f"{one.unit}-{one.name}")
def test_each_definition_stands_on_the_page(one: Endpoint) -> None:
    columns = f"`{one.name}_*`" if one.is_timed else f"`{one.name}`"
    row = f"| {one.label}, per {one.unit} | {columns} | {one.start} | {one.event} | {one.competing} | {one.censored} |"
    assert f"{row} {one.source} | {one.ours} |" in PAGE


def test_what_is_declared_is_what_is_measured() -> None:
    found = endpoints(frames(()))
    assert set(TIMED["patient"]) == found.patients.times.keys()
    assert set(TIMED["tumor"]) == found.tumor_times.keys()
    told = {"patient": found.patients.answers, "tumor": found.tumor_answers, "session": found.sessions.answers}
    for unit, answers in told.items():
        names = {one.name for one in ENDPOINTS if one.unit == unit and not one.is_timed} - {"stay_days"}
        assert names == answers.keys()


def test_each_choice_is_explained_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| `?([\w.]+)`? \|", PAGE, flags=re.MULTILINE))
    assert rows.keys() == Choices.__dataclass_fields__.keys() | Windows.__dataclass_fields__.keys()
    told = asked("patient", rows, "")
    assert (told.choices, told.windows) == (Choices(), Windows())
