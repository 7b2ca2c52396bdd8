"""Which number a quarantined act has, so that its device is not taken for one that lost it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.submitted import own_number

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("quarantine", sa.Column("device_seq", sa.BigInteger()))
    held = sa.table("quarantine", *(sa.column(name) for name in ("id", "device", "raw", "device_seq")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(held.c.id, held.c.device, held.c.raw)).all():
        number = own_number(row.device, bytes(row.raw))
        if number is not None:
            connection.execute(sa.update(held).where(held.c.id == row.id).values(device_seq=number))
