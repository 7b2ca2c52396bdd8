"""The record's tables, step by step (alembic); run by `server.database` at every start."""
