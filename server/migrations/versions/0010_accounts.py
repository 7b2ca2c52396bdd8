"""Second factors, one-time codes, sessions that can be listed, the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("one_time_until_ms", sa.BigInteger()))
    op.execute("DELETE FROM sessions")  # those of before have no limits of their own: everybody signs in once more
    op.add_column("sessions", sa.Column("stage", sa.String(16), nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("idle_ms", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("sessions", sa.Column("life_ms", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("sessions", sa.Column("address", sa.String(64), nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("agent", sa.String(200), nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("ended_at_ms", sa.BigInteger()))
    op.create_table(
        "second_factors",
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at_ms", sa.BigInteger()),
        sa.Column("last_step", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("user"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user", "code_hash"),
    )
    op.create_table(
        "audit",
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("about", sa.String(128), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("n"),
    )
    op.create_index("audit_about", "audit", ["about", "n"])
