"""The way from one revision of the tables to another."""

from __future__ import annotations

from importlib import resources

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection

from isotherm.registry.revisions import HEAD


def upgrade(connection: Connection, *, to: str = HEAD) -> None:
    """Change the tables up to a revision, within the transaction of the connection."""
    context = MigrationContext.configure(connection)
    scripts = _scripts()
    now = context.get_current_revision()
    steps = list(scripts.iterate_revisions(to, now or "base"))
    for step in reversed([one for one in steps if one.revision != now]):
        _take(context, scripts, step, to=step.revision)


def downgrade(connection: Connection, *, to: str = "base") -> None:
    """Change the tables back to a revision, within the transaction of the connection."""
    context = MigrationContext.configure(connection)
    scripts = _scripts()
    for step in list(scripts.iterate_revisions(context.get_current_revision() or "base", to)):
        if step.revision != to:
            below = step.down_revision if isinstance(step.down_revision, str) else "base"
            _take(context, scripts, step, to=below)


def _take(context: MigrationContext, scripts: ScriptDirectory, step: Script, *, to: str) -> None:
    with Operations.context(context):
        (step.module.upgrade if to == step.revision else step.module.downgrade)()
    context.stamp(scripts, to)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(resources.files("isotherm.registry") / "migrations"))
