"""Prints the revision that brings the newest tables of a registry to what the kinds of record say now.

    .venv/bin/python scripts/registry_revision.py > src/isotherm/registry/migrations/versions/r0003_WHAT.py

Read it, give it its words and its number, and name that in isotherm.registry.revisions; a new kind of record needs its
triggers as well (r0002_append_only.py). With --from-nothing it prints what makes every table.
"""

from __future__ import annotations

import sys

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import DowngradeOps, UpgradeOps
from sqlalchemy import create_engine

from isotherm.registry.migrate import upgrade
from isotherm.registry.revisions import HEAD
from isotherm.registry.tables import METADATA

FORM = '''"""WHAT changes."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "{revision}", {before}


def upgrade() -> None:
    """Change the tables."""
    {up}


def downgrade() -> None:
    """Change them back."""
    {down}
'''


def main(from_nothing: bool) -> str:
    """Return the text of the revision."""
    with create_engine("sqlite://").begin() as connection:
        if not from_nothing:
            upgrade(connection)
        found = produce_migrations(MigrationContext.configure(connection), METADATA)
        if found.upgrade_ops is None or found.downgrade_ops is None:
            raise AssertionError("Alembic compares in both directions")
        up, down = _code(found.upgrade_ops), _code(found.downgrade_ops)
    revision, before = ("0001", None) if from_nothing else (f"{int(HEAD) + 1:04d}", f'"{HEAD}"')
    return FORM.format(revision=revision, before=before, up=up, down=down)


def _code(operations: UpgradeOps | DowngradeOps) -> str:
    lines = render_python_code(operations).splitlines()
    return "\n".join(line for line in lines if not line.strip().startswith("#")).strip()


if __name__ == "__main__":
    sys.stdout.write(main("--from-nothing" in sys.argv[1:]))
