"""A device's word that the log does not continue what it has seen of it."""

from alembic import op
from sqlalchemy import BigInteger, Column, Text

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("device_contacts", Column("forked", Text))
    op.add_column("device_contacts", Column("forked_at_ms", BigInteger))
