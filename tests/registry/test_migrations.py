"""Revisions of the tables: the frozen ones make the same tables as the kinds of record say, up and down."""

from __future__ import annotations

from importlib import resources

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.address import address_of
from isotherm.registry.backup import engine_of
from isotherm.registry.migrate import downgrade, upgrade
from isotherm.registry.revisions import REVISIONS, revision_of
from isotherm.registry.tables import METADATA


def test_the_newest_revision_is_what_the_kinds_of_record_say(address: str) -> None:
    """If this fails, a kind of record has changed: the next revision has to make old registries like new ones."""
    with engine_of(address_of(address)) as engine, engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA)
        look = inspect(connection)
        ties = [one.get("options") for kind in RECORD_KINDS for one in look.get_foreign_keys(kind)]
    assert found == []
    assert ties
    assert all(one == {"deferrable": True, "initially": "DEFERRED"} for one in ties)


def test_every_revision_goes_up_and_down_again(new_address: str) -> None:
    with engine_of(address_of(new_address)) as engine, engine.begin() as connection:
        assert revision_of(connection) is None
        for one in REVISIONS:
            upgrade(connection, to=one)
            assert revision_of(connection) == one
        for one in reversed(("base", *REVISIONS[:-1])):
            downgrade(connection, to=one)
            assert revision_of(connection) == (None if one == "base" else one)
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
        upgrade(connection)
        assert revision_of(connection) == REVISIONS[-1]
        downgrade(connection)


def test_margins_of_an_older_registry_stay_as_they_were_and_know_nothing_of_newer_fields(new_address: str) -> None:
    with engine_of(address_of(new_address)) as engine, engine.begin() as connection:
        upgrade(connection, to="0002")
        connection.execute(text("INSERT INTO patient (patient_id, unknown, revision, withdrawn) "
                                "VALUES ('P', '', 1, :no)"), {"no": False})  # fmt: skip
        for table, names, values in (
            ("lesion", "lesion_id, organ", "'1', 'liver'"), ("scan", "scan_id, scanned_on", "'S', '2025-01-01'"),
            ("margin", "margin_id, lesion_id, scan_id, status, minimal_margin_mm", "'M', '1', 'S', 'measured', 3.0"),
        ):  # fmt: skip
            connection.execute(text(f"INSERT INTO {table} (patient_id, {names}, unknown, revision, withdrawn) "
                                    f"VALUES ('P', {values}, '', 1, :no)"), {"no": False})  # fmt: skip
    with engine_of(address_of(new_address)) as engine, engine.begin() as connection:
        upgrade(connection)
        found = connection.execute(text("SELECT minimal_margin_mm, calibrated, at_least_5_percent, thinnest_direction, "
                                        "correction FROM margin")).one()  # fmt: skip
        assert tuple(found) == (3.0, None, None, None, None)
        downgrade(connection)


def test_the_revisions_that_are_known_are_those_that_ship() -> None:
    scripts = ScriptDirectory(str(resources.files("isotherm.registry") / "migrations"))
    assert tuple(one.revision for one in reversed(list(scripts.walk_revisions()))) == REVISIONS
