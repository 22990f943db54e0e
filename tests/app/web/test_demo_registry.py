"""The registry of the demo says itself that nobody in it ever lived; one that does not is not taken for it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from isotherm.app.registry_mark import is_simulated
from isotherm.app.registry_tasks import make
from isotherm.app.web import demo_registry as made
from isotherm.app.web.demo_registry import demo_registry
from isotherm.errors import BadSetting
from isotherm.registry.address import address_of
from isotherm.registry.backup import engine_of
from isotherm.registry.migrate import downgrade
from isotherm.registry.revisions import REVISIONS

TODAY = date(2026, 3, 1)


def test_it_has_the_mark_and_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "PATIENTS", 4)
    file = demo_registry(tmp_path, today=TODAY)
    before = file.read_bytes()
    assert is_simulated(str(file))
    assert demo_registry(tmp_path, today=TODAY) == file
    assert file.read_bytes() == before


def test_one_without_the_mark_is_refused_and_left_alone(tmp_path: Path) -> None:
    make(str(tmp_path / "demo.registry"))
    with pytest.raises(BadSetting, match="does not say of itself that nobody in it ever lived"):
        demo_registry(tmp_path, today=TODAY)
    assert not is_simulated(str(tmp_path / "demo.registry"))


def test_one_of_an_older_isotherm_is_refused_and_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "PATIENTS", 4)
    file = demo_registry(tmp_path, today=TODAY)
    with engine_of(address_of(str(file))) as engine, engine.begin() as connection:
        downgrade(connection, to=REVISIONS[-2])
    before = file.read_bytes()
    with pytest.raises(BadSetting, match="name a new folder with --workspace"):
        demo_registry(tmp_path, today=TODAY)
    assert file.read_bytes() == before
