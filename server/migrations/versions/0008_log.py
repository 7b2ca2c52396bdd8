"""The log's Merkle tree in tiles, the registry of devices, directories and law, checkpoints, the chain of keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_tiles",
        sa.Column("tree", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("level", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("n", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "level", "n"),
    )
    op.create_table(
        "registry",
        sa.Column("n", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("n"),
    )
    op.create_index("registry_of_subject", "registry", ["kind", "subject"])
    op.create_table(
        "checkpoints",
        sa.Column("acts_size", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("registry_size", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("acts_size", "registry_size"),
    )
    op.create_table(
        "record_keys",
        sa.Column("n", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("n"),
    )
