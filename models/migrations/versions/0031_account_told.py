"""People are told of changes to their own account: a notification that is of no case.

Everybody signs in again: from here on each sign-in that lasts has an entry of the ledger that tells of it.
"""

from alembic import op

revision = "0031"
down_revision = "0030"
_BEFORE = (
    "'assigned', 'mentioned', 'task_due', 'instalment_broken', 'answered', 'aged', 'no_contact', 'escalated', "
    "'put_back', 'decided', 'task_left'"
)
_OF_CASE = "(case_id IS NULL) = (kind = 'account')"


def upgrade() -> None:
    _kinds(f"{_BEFORE}, 'account'")
    op.alter_column("notification", "case_id", nullable=True)
    op.create_check_constraint(op.f("ck_notification_of_case"), "notification", _OF_CASE)
    op.execute("DELETE FROM sign_in")


def downgrade() -> None:
    op.execute("DELETE FROM notification WHERE case_id IS NULL")
    op.drop_constraint(op.f("ck_notification_of_case"), "notification", type_="check")
    op.alter_column("notification", "case_id", nullable=False)
    _kinds(_BEFORE)


def _kinds(kinds: str) -> None:
    name = op.f("ck_notification_kind")
    op.drop_constraint(name, "notification", type_="check")
    op.create_check_constraint(name, "notification", f"kind IN ({kinds})")
