"""The front door of programs: a moment in the ledger, answers by key, secrets that overlap, cancelled batches."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
_STATUS = "status IN ('pending', 'done', 'failed', 'split'{})"


def upgrade() -> None:
    op.create_index("ix_ledger_at", "ledger", ["at"], postgresql_using="brin")
    op.alter_column("idempotency_key", "batch_id", nullable=True)
    op.add_column("idempotency_key", sa.Column("answer", sa.LargeBinary(), nullable=True))
    op.add_column("webhook", sa.Column("old_secret", sa.LargeBinary(), nullable=True))
    op.add_column("webhook", sa.Column("old_until", sa.DateTime(timezone=True), nullable=True))

    op.add_column("batch", sa.Column("cancelled", sa.Integer(), nullable=False, server_default="0"))
    op.drop_constraint("ck_chunk_status", "chunk")
    op.create_check_constraint(op.f("ck_chunk_status"), "chunk", _STATUS.format(", 'cancelled'"))


def downgrade() -> None:
    op.execute("UPDATE chunk SET status = 'done' WHERE status = 'cancelled'")
    op.drop_constraint("ck_chunk_status", "chunk")
    op.create_check_constraint(op.f("ck_chunk_status"), "chunk", _STATUS.format(""))
    op.drop_column("batch", "cancelled")
    op.drop_column("webhook", "old_until")
    op.drop_column("webhook", "old_secret")
    op.execute("DELETE FROM idempotency_key WHERE batch_id IS NULL")
    op.drop_column("idempotency_key", "answer")
    op.alter_column("idempotency_key", "batch_id", nullable=False)
    op.drop_index("ix_ledger_at", "ledger")
