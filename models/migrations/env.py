"""Alembic's environment: runs migrations on the connection that models.database.migrate hands over."""

from alembic import context

from models.database.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
