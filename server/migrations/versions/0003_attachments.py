"""Contents of photographs and papers, in chunks, and which acts name them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("complete_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "attachment_uploads",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("complete_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("sha256", "user"),
    )
    op.create_index("attachment_uploads_of_user", "attachment_uploads", ["user", "started_at_ms"])
    op.create_table(
        "attachment_chunks",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "user", "at"),
    )
    op.create_table(
        "attachment_names",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "case_id", "user"),
    )
