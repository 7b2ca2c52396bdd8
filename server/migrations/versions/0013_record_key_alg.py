"""The record's keys name their algorithm."""

from alembic import op
from sqlalchemy import Column, Integer

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("record_keys", Column("alg", Integer, nullable=False, server_default="1"))
