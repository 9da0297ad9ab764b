"""Notifications: what somebody is told, where else than in the page, and the outbox of that; who looks at a case."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
_KINDS = "'assigned', 'mentioned', 'task_due', 'instalment_broken', 'answered', 'aged', 'no_contact'"


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notification_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_notification_case_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("account_id", "kind", "topic", name=op.f("uq_notification_account_id_kind_topic")),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_notification_kind")),
    )
    op.create_index(op.f("ix_notification_case_id"), "notification", ["case_id"])
    op.create_index(
        "ix_notification_unread", "notification", ["account_id"], postgresql_where=sa.text("read_at IS NULL")
    )
    op.create_index(op.f("ix_notification_account_id_id"), "notification", ["account_id", "id"])
    op.create_table(
        "notification_address",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_address")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notification_address_account_id")),
        sa.CheckConstraint("way IN ('mail', 'apprise')", name=op.f("ck_notification_address_way")),
    )
    op.create_index(op.f("ix_notification_address_account_id"), "notification_address", ["account_id"])
    op.create_table(
        "notification_message",
        sa.Column("notification_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("notification_id", "address_id", name=op.f("pk_notification_message")),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notification.id"],
            name=op.f("fk_notification_message_notification_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["address_id"],
            ["notification_address.id"],
            name=op.f("fk_notification_message_address_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_notification_message_next_at"), "notification_message", ["next_at"])
    op.create_index(op.f("ix_notification_message_address_id"), "notification_message", ["address_id"])
    op.create_table(
        "presence",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "account_id", name=op.f("pk_presence")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_presence_case_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_presence_account_id")),
    )
    op.create_index(op.f("ix_presence_seen_at"), "presence", ["seen_at"])


def downgrade() -> None:
    for table in ("presence", "notification_message", "notification_address", "notification"):
        op.drop_table(table)
