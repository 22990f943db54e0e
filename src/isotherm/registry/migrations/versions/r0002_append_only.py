"""The audit is only added to, and no record is ever deleted: the database itself refuses it."""

from alembic import op

revision, down_revision = "0002", "0001"

RECORDS = ("patient", "primary", "decision", "lesion", "scan", "reading", "session", "ablation", "margin", "systemic",
           "follow_up", "finding", "complication", "death", "fact")  # fmt: skip


def upgrade() -> None:
    """Set the triggers."""
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def downgrade() -> None:
    """Remove the triggers."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in RECORDS:
        op.execute(f"DROP TRIGGER keep_{table}" + ("" if sqlite else f' ON "{table}"'))
    names = ("audit_no_update", "audit_no_delete", "audit_no_replace") if sqlite else ("audit_no_change",)
    for name in names:
        op.execute(f"DROP TRIGGER {name}" + ("" if sqlite else " ON audit"))
    if not sqlite:
        for table in ("audit", *RECORDS):
            op.execute(f'DROP TRIGGER keep_whole_{table} ON "{table}"')
        op.execute("DROP FUNCTION isotherm_refuse()")


def _sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, '{} is only added to'); END"
    audit = refuse.format("the audit")
    op.execute(f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit {audit}")
    op.execute(f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit {audit}")
    op.execute("CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
               f"WHEN NEW.entry <= (SELECT max(entry) FROM audit) {audit}")  # fmt: skip
    for table in RECORDS:
        op.execute(f'CREATE TRIGGER keep_{table} BEFORE DELETE ON "{table}" {refuse.format("the registry")}')


def _postgresql() -> None:
    op.execute("CREATE FUNCTION isotherm_refuse() RETURNS trigger LANGUAGE plpgsql AS "
               "$$ BEGIN RAISE EXCEPTION '% is only added to', TG_TABLE_NAME; END $$")  # fmt: skip
    refuse = "EXECUTE FUNCTION isotherm_refuse()"
    op.execute(f"CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW {refuse}")
    for table in RECORDS:
        op.execute(f'CREATE TRIGGER keep_{table} BEFORE DELETE ON "{table}" FOR EACH ROW {refuse}')
    for table in ("audit", *RECORDS):
        op.execute(f'CREATE TRIGGER keep_whole_{table} BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT {refuse}')
