"""An act whose number its device had used already can be let in by a decision of the centre: a number is unique no more."""

from alembic import op

revision = "0018"
down_revision = "0017"

_UNNAMED = {"uq": "%(table_name)s_%(column_0_N_name)s_key"}  # as PostgreSQL names them; SQLite names none


def upgrade() -> None:
    with op.batch_alter_table("changes", naming_convention=_UNNAMED) as changes:
        changes.drop_constraint("changes_device_device_seq_key", type_="unique")
        changes.create_index("changes_of_device", ["device", "device_seq"])
