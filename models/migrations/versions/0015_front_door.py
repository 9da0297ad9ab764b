"""The front door of programs: what happened after a moment is found in the ledger."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index("ix_ledger_at", "ledger", ["at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_ledger_at", "ledger")
