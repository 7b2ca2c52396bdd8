"""Passkeys by which people sign in."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "passkeys",
        Column("credential_id", LargeBinary, primary_key=True),
        Column("user", String(64), nullable=False),
        Column("alg", Integer, nullable=False),
        Column("public_key", LargeBinary, nullable=False),
        Column("sign_count", BigInteger, nullable=False),
        Column("name", String(64), nullable=False),
        Column("added_at_ms", BigInteger, nullable=False),
        Column("used_at_ms", BigInteger),
    )
    op.create_index("passkeys_of_user", "passkeys", ["user"])
    op.create_table(
        "used_challenges",
        Column("challenge", LargeBinary, primary_key=True),
        Column("until_ms", BigInteger, nullable=False),
    )
