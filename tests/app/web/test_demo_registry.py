"""The demo registry: one that an older isotherm has made is brought up to date, after a backup, and stays itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from isotherm.app.registry_tasks import make
from isotherm.app.web.demo_registry import demo_registry
from isotherm.registry.address import address_of
from isotherm.registry.backup import engine_of
from isotherm.registry.migrate import downgrade
from isotherm.registry.revisions import HEAD, REVISIONS, revision_of

TODAY = date(2026, 3, 1)


def test_a_demo_registry_of_an_older_isotherm_is_upgraded_once(tmp_path: Path) -> None:
    file = tmp_path / "demo.registry"
    make(str(file))
    with engine_of(address_of(str(file))) as engine, engine.begin() as connection:
        downgrade(connection, to=REVISIONS[-2])
    for _ in range(2):
        assert demo_registry(tmp_path, today=TODAY) == file
        with engine_of(address_of(str(file))) as engine, engine.begin() as connection:
            assert revision_of(connection) == HEAD
    assert [one.name for one in tmp_path.glob("*.before-*")] == ["demo.registry.before-2026-03-01"]
