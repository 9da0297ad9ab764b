"""The front door of programs: what happened after a moment is found in the ledger; answers are remembered by key."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index("ix_ledger_at", "ledger", ["at"], postgresql_using="brin")
    op.alter_column("idempotency_key", "batch_id", nullable=True)
    op.add_column("idempotency_key", sa.Column("answer", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM idempotency_key WHERE batch_id IS NULL")
    op.drop_column("idempotency_key", "answer")
    op.alter_column("idempotency_key", "batch_id", nullable=False)
    op.drop_index("ix_ledger_at", "ledger")
