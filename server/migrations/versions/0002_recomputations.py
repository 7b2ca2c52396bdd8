"""Which acts of the city document have been counted through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recomputations",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("done_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
