"""Runs the steps inside the transaction that `server.database` opened."""

from __future__ import annotations

from alembic import context

from server.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
