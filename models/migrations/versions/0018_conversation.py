"""The conversation: mentions, tasks, agreements with their instalments, attachments; notes among the reviews."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

MOMENT = sa.DateTime(timezone=True)
BEFORE = ("accept", "override", "contact", "answer", "ask", "escalate", "snooze", "resume", "outcome", "document", "assign", "release", "reveal", "consent")
INTERNAL = ("note", "task", "agreement", "attachment")


def _actions(names: tuple[str, ...]) -> None:
    op.drop_constraint("ck_review_action", "review")
    listed = ", ".join(f"'{name}'" for name in names)
    op.create_check_constraint(op.f("ck_review_action"), "review", f"action IN ({listed})")


def _id(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _of(column: str, table: str, name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{name}.id"], name=f"fk_{table}_{column}")


def upgrade() -> None:
    _actions((*BEFORE, *INTERNAL))
    op.create_table(
        "mention",
        _id("review_id"),
        _id("account_id"),
        _id("case_id"),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("review_id", "account_id", name="pk_mention"),
        _of("review_id", "mention", "review"),
        _of("account_id", "mention", "account"),
        _of("case_id", "mention", "case"),
    )
    op.create_index("ix_mention_case_id", "mention", ["case_id"])
    op.create_index(
        "ix_mention_unseen", "mention", ["account_id", "review_id"], postgresql_where=sa.text("seen_at IS NULL")
    )
    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        _id("case_id"),
        _id("account_id"),
        _id("owner_id"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        _of("case_id", "task", "case"),
        _of("account_id", "task", "account"),
        _of("owner_id", "task", "account"),
    )
    op.create_index("ix_task_case_id", "task", ["case_id"])
    op.create_index("ix_task_open", "task", ["owner_id", "due_on"], postgresql_where=sa.text("done_at IS NULL"))
    op.create_table(
        "agreement",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        _id("case_id"),
        _id("account_id"),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("in_writing", sa.Boolean(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agreement"),
        sa.CheckConstraint("status IN ('running', 'broken', 'kept', 'ended')", name=op.f("ck_agreement_status")),
        _of("case_id", "agreement", "case"),
        _of("account_id", "agreement", "account"),
    )
    op.create_index("ix_agreement_case_id", "agreement", ["case_id"])
    op.create_table(
        "instalment",
        _id("agreement_id"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("agreement_id", "number", name="pk_instalment"),
        sa.CheckConstraint("status IN ('due', 'late', 'broken', 'kept')", name=op.f("ck_instalment_status")),
        _of("agreement_id", "instalment", "agreement"),
    )
    op.create_index(
        "ix_instalment_open", "instalment", ["last_day"], postgresql_where=sa.text("status IN ('due', 'late')")
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        _id("case_id"),
        _id("account_id"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("fact", sa.String(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_attachment"),
        _of("case_id", "attachment", "case"),
        _of("account_id", "attachment", "account"),
    )
    op.create_index("ix_attachment_case_id", "attachment", ["case_id"])


def downgrade() -> None:
    for table in ("attachment", "instalment", "agreement", "task", "mention"):
        op.drop_table(table)
    op.execute(f"DELETE FROM review WHERE action IN ({', '.join(repr(name) for name in INTERNAL)})")
    _actions(BEFORE)
