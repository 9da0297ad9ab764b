"""Danger on the desk: its grade, calls about it, crises first, one person's cases, and cases that cannot be evaluated."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime(timezone=True)
ACTIONS = ("accept", "override", "answer", "ask", "escalate", "snooze", "resume", "outcome", "document", "assign", "release", "reveal", "consent")
URGENCY = """LEAST(decided_urgency, raised_urgency,
    (CASE WHEN (crisis_beside OR failed_at IS NOT NULL) THEN 'U1'::text ELSE NULL::text END)::character varying)"""
CALM = "NOT (COALESCE(danger::text = 'explicit'::text, false) OR crisis_beside)"
IN_STATUS = ["status", "calm", "urgency", "due_at", "case_id"]
FILTERED = [
    "decision_id", "certain", "engines_agree", "changed", "received_at", "batch_id", "product", "overdue_bucket",
    "strategy", "submitter", "case_ref", "assignee_id",
]
BEFORE = ["status", "urgency", "due_at", "decision_id"]
FILTERED_BEFORE = ["case_id", *FILTERED[1:]]
# Whoever was in danger stays so until somebody says that they were reached: what was accepted unseen comes back.
IN_DANGER = """
    UPDATE desk_case SET danger = 'explicit',
        danger_kinds = ARRAY[CASE strategy WHEN 'safety_police' THEN 'violence' ELSE 'self_harm' END],
        status = CASE WHEN status = 'escalated' THEN status ELSE 'open' END, follow_up_at = NULL,
        revision = revision + 1
    WHERE status <> 'closed' AND (decided_urgency = 'U0' OR strategy IN ('crisis_support', 'safety_police'))
"""


def _indexes(in_status: list[str], filtered: list[str]) -> None:
    rest = "_".join(in_status)
    op.create_index("ix_desk_case_queue", "desk_case", in_status, postgresql_include=filtered)
    op.create_index(f"ix_desk_case_submitter_{rest}", "desk_case", ["submitter", *in_status])
    op.create_index(f"ix_desk_case_batch_id_{rest}", "desk_case", ["batch_id", *in_status])
    strategy = ["status", "strategy", *in_status[1:]]
    op.create_index(f"ix_desk_case_{'_'.join(strategy)}", "desk_case", strategy)
    for name, columns, where in (
        ("assigned", ["assignee_id", *in_status], "assignee_id IS NOT NULL"),
        ("changed", in_status, "changed"),
        ("disagreed", in_status, "NOT engines_agree"),
    ):
        op.create_index(f"ix_desk_case_{name}", "desk_case", columns, postgresql_where=sa.text(where))


def _drop_indexes(in_status: list[str]) -> None:
    rest = "_".join(in_status)
    strategy = "_".join(["status", "strategy", *in_status[1:]])
    for name in ("queue", f"submitter_{rest}", f"batch_id_{rest}", strategy, "assigned", "changed", "disagreed"):
        op.drop_index(f"ix_desk_case_{name}", "desk_case")


def upgrade() -> None:
    names = ", ".join(f"'{name}'" for name in ("accept", "override", "contact", *ACTIONS[2:]))
    op.drop_constraint("ck_review_action", "review")
    op.create_check_constraint(op.f("ck_review_action"), "review", f"action IN ({names})")
    _drop_indexes(BEFORE)
    op.alter_column("desk_case", "decision_id", nullable=True)
    op.alter_column("desk_case", "urgency", new_column_name="decided_urgency")
    op.execute("ALTER TABLE desk_case RENAME CONSTRAINT desk_case_urgency_not_null TO desk_case_decided_urgency_not_null")
    op.add_column("desk_case", sa.Column("failed_at", MOMENT, nullable=True))
    op.add_column("desk_case", sa.Column("danger", sa.String(), nullable=True))
    op.add_column("desk_case", sa.Column("danger_kinds", sa.ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.add_column("desk_case", sa.Column("danger_mac", sa.LargeBinary(), nullable=True))
    op.add_column("desk_case", sa.Column("raised_urgency", sa.String(), nullable=True))
    op.add_column("desk_case", sa.Column("crisis_beside", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("desk_case", sa.Column("contacted_at", MOMENT, nullable=True))
    op.add_column("desk_case", sa.Column("call_at", MOMENT, nullable=True))
    op.alter_column("desk_case", "danger_kinds", server_default=None)
    op.alter_column("desk_case", "crisis_beside", server_default=None)
    op.add_column("desk_case", sa.Column("urgency", sa.String(), sa.Computed(URGENCY, persisted=True), nullable=False))
    op.add_column("desk_case", sa.Column("calm", sa.Boolean(), sa.Computed(CALM, persisted=True), nullable=False))
    op.create_check_constraint(op.f("ck_desk_case_danger"), "desk_case", "danger IN ('explicit', 'possible')")
    _indexes(IN_STATUS, FILTERED)
    op.create_index(
        "ix_desk_case_danger", "desk_case", ["submitter"],
        postgresql_where=sa.text("danger IS NOT NULL OR crisis_beside"),
    )
    op.create_index(
        "ix_desk_case_failed", "desk_case", IN_STATUS, postgresql_where=sa.text("failed_at IS NOT NULL")
    )
    op.execute(IN_DANGER)
    op.add_column("case", sa.Column("phone_key", sa.LargeBinary(), nullable=True))
    op.add_column("case", sa.Column("id_key", sa.LargeBinary(), nullable=True))
    op.add_column("case", sa.Column("keyed", sa.Boolean(), nullable=False, server_default="false"))
    for name in ("phone_key", "id_key"):
        op.create_index(f"ix_case_{name}", "case", [name], postgresql_where=sa.text(f"{name} IS NOT NULL"))
    op.create_index("ix_case_unkeyed", "case", ["id"], postgresql_where=sa.text("NOT keyed"))


def downgrade() -> None:
    op.drop_index("ix_case_unkeyed", "case")
    for name in ("id_key", "phone_key"):
        op.drop_index(f"ix_case_{name}", "case")
    for name in ("keyed", "id_key", "phone_key"):
        op.drop_column("case", name)
    op.execute("DELETE FROM review WHERE action = 'contact'")
    names = ", ".join(f"'{name}'" for name in ACTIONS)
    op.drop_constraint("ck_review_action", "review")
    op.create_check_constraint(op.f("ck_review_action"), "review", f"action IN ({names})")
    op.drop_index("ix_desk_case_failed", "desk_case")
    op.drop_index("ix_desk_case_danger", "desk_case")
    _drop_indexes(IN_STATUS)
    op.execute("DELETE FROM desk_case WHERE decision_id IS NULL")
    for name in ("calm", "urgency"):
        op.drop_column("desk_case", name)
    op.drop_constraint("ck_desk_case_danger", "desk_case")
    for name in (
        "failed_at", "danger", "danger_kinds", "danger_mac", "raised_urgency", "crisis_beside", "contacted_at", "call_at",
    ):
        op.drop_column("desk_case", name)
    op.alter_column("desk_case", "decided_urgency", new_column_name="urgency")
    op.execute("ALTER TABLE desk_case RENAME CONSTRAINT desk_case_decided_urgency_not_null TO desk_case_urgency_not_null")
    op.alter_column("desk_case", "decision_id", nullable=False)
    _indexes(BEFORE, FILTERED_BEFORE)
