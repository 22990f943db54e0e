"""A margin keeps what a tumor board asks of it: the chance of 5 mm, where it is thinnest, what was corrected by hand."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"

COLUMNS = {"calibrated": sa.Boolean, "at_least_5_percent": sa.Float, "thinnest_direction": sa.Text,
           "correction": sa.Text}  # fmt: skip


def upgrade() -> None:
    """Add the columns, which nothing is known of in older margins."""
    for name, kind in COLUMNS.items():
        op.add_column("margin", sa.Column(name, kind(), nullable=True))


def downgrade() -> None:
    """Remove the columns."""
    for name in reversed(COLUMNS):
        op.drop_column("margin", name)
