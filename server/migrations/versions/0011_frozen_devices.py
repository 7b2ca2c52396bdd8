"""Devices of which two acts bear one number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("devices", sa.Column("frozen_at_ms", sa.BigInteger()))
    op.add_column("devices", sa.Column("frozen_seq", sa.BigInteger()))
