"""Why a unit is in a case, lines of a feed that let a unit go, decisions about quarantine, what devices told.

Units that are in a case already keep it until `shouwen rebuild` has counted from the log.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_units", sa.Column("reasons", sa.String(128), nullable=False, server_default="concerned"))
    op.add_column("feed", sa.Column("kind", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("quarantine", sa.Column("decided_at_ms", sa.BigInteger()))
    op.add_column("quarantine", sa.Column("decided_by", sa.String(64)))
    op.add_column("quarantine", sa.Column("decision", sa.String(16)))
    op.add_column("quarantine", sa.Column("why", sa.Text()))
    op.add_column("devices", sa.Column("revoked_why", sa.Text()))
    op.create_table(
        "device_contacts",
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("app", sa.String(64), nullable=False),
        sa.Column("waiting", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("storage_used", sa.BigInteger()),
        sa.Column("storage_quota", sa.BigInteger()),
        sa.Column("storage_kept", sa.Integer()),
        sa.Column("clock_offset_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("device"),
    )
    op.create_table(
        "purges",
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("first_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", "case_id"),
    )
