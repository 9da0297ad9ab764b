"""The queue's order: a decision knows its earliest deadline, and an index holds urgency and deadline."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

DUE = "COALESCE(outcome #>> '{deadlines,0,date}', '9999-12-31')"


def upgrade() -> None:
    op.add_column("decision", sa.Column("due", sa.String(), sa.Computed(DUE, persisted=True), nullable=False))
    op.drop_index("ix_decision_urgency_id", "decision")
    op.create_index("ix_decision_urgency_due_id", "decision", ["urgency", "due", "id"])


def downgrade() -> None:
    op.drop_index("ix_decision_urgency_due_id", "decision")
    op.create_index("ix_decision_urgency_id", "decision", ["urgency", "id"])
    op.drop_column("decision", "due")
