"""People are told of escalations, what became of them, and what was put back; filters of the queue may be shared."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0023"
_BEFORE = "'assigned', 'mentioned', 'task_due', 'instalment_broken', 'answered', 'aged', 'no_contact'"


def upgrade() -> None:
    _kinds(f"{_BEFORE}, 'escalated', 'put_back', 'decided', 'task_left'")
    op.add_column("saved_filter", sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.drop_column("saved_filter", "shared")
    op.execute("DELETE FROM notification WHERE kind IN ('escalated', 'put_back', 'decided', 'task_left')")
    _kinds(_BEFORE)


def _kinds(kinds: str) -> None:
    name = op.f("ck_notification_kind")
    op.drop_constraint(name, "notification", type_="check")
    op.create_check_constraint(name, "notification", f"kind IN ({kinds})")
