"""The cases that a device held when its outbox file was made."""

from alembic import op
from sqlalchemy import Column, LargeBinary

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("carried_files", Column("held", LargeBinary))
