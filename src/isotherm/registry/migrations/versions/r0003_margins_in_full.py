"""A margin keeps what a tumor board asks: the chance of 5 mm, where it is thinnest, what was corrected by hand."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    """Add the columns, of which older margins know nothing."""
    op.add_column("margin", sa.Column("calibrated", sa.Boolean(), nullable=True))
    op.add_column("margin", sa.Column("at_least_5_percent", sa.Float(), nullable=True))
    op.add_column("margin", sa.Column("thinnest_direction", sa.Text(), nullable=True))
    op.add_column("margin", sa.Column("correction", sa.Text(), nullable=True))


def downgrade() -> None:
    """Remove the columns."""
    for name in ("correction", "thinnest_direction", "at_least_5_percent", "calibrated"):
        op.drop_column("margin", name)
