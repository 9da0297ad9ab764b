"""Operation: batches have a trace, and when a queue's work was finished last is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("batch", sa.Column("trace", sa.String(), nullable=True))
    op.create_index(
        "ix_chunk_queue_done_at", "chunk", ["queue", "done_at"], postgresql_where=sa.text("done_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_chunk_queue_done_at", "chunk")
    op.drop_column("batch", "trace")
