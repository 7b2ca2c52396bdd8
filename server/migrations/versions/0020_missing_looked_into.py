"""That somebody looked into what never came of a device: up to which number, when, who, and what was found."""

from alembic import op
from sqlalchemy import BigInteger, Column, String, Text

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("devices", Column("missing_to", BigInteger))
    op.add_column("devices", Column("missing_at_ms", BigInteger))
    op.add_column("devices", Column("missing_by", String(64)))
    op.add_column("devices", Column("missing_why", Text))
