"""Enrolment records, signed by device and record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("devices", sa.Column("enrolment", sa.Text()))
    op.add_column("devices", sa.Column("enrolment_sig", sa.LargeBinary()))
