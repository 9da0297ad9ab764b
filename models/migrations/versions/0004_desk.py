"""The desk: accounts, the queue as one row a case, reviews, the ledger, webhooks, uploads and tallies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"

IN_STATUS = ["status", "urgency", "due_at", "decision_id"]
FILTERED = [
    "case_id", "certain", "engines_agree", "changed", "received_at", "batch_id", "product", "overdue_bucket",
    "strategy", "submitter", "case_ref", "assignee_id",
]  
MOMENT = sa.DateTime(timezone=True)
# Where rows are looked for that refer to one about to be deleted: a purge would read whole tables for each.
DELETED_WITH = (
    ("case_version", "batch_id"), ("batch_case", "case_version_id"), ("decision", "chunk_id"),
    ("desk_case", "decision_id"), ("review", "decision_id"), ("idempotency_key", "batch_id"),
)  
# Changes are appended, never added to a shared row: writers would queue up behind one another.
TALLY = """
    CREATE FUNCTION tally_queue() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO queue_tally (submitter, status, urgency, strategy, cases)
            SELECT submitter, status, urgency, strategy, count(*) FROM fresh GROUP BY 1, 2, 3, 4;
        ELSIF TG_OP = 'DELETE' THEN
            INSERT INTO queue_tally (submitter, status, urgency, strategy, cases)
            SELECT submitter, status, urgency, strategy, -count(*) FROM stale GROUP BY 1, 2, 3, 4;
        ELSE
            INSERT INTO queue_tally (submitter, status, urgency, strategy, cases)
            SELECT submitter, status, urgency, strategy, sum(n) FROM (
                SELECT submitter, status, urgency, strategy, 1 AS n FROM fresh
                UNION ALL
                SELECT submitter, status, urgency, strategy, -1 FROM stale
            ) changes GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0;
        END IF;
        RETURN NULL;
    END $$
"""
EVENTS = {
    "INSERT": "NEW TABLE AS fresh",
    "UPDATE": "OLD TABLE AS stale NEW TABLE AS fresh",
    "DELETE": "OLD TABLE AS stale",
}
# Cases decided before there was a desk: nobody knows what they were answered within, so a fortnight is as good as any.
DECIDED = """
    INSERT INTO desk_case (
        case_id, submitter, case_ref, batch_id, received_at, decision_id, version_number, as_of, pack_sha256, strategy,
        urgency, certain, engines_agree, deadline, respond_by, due_at, product, days_overdue, overdue_bucket, status,
        changed, revision
    )
    SELECT DISTINCT ON (c.id) c.id, c.submitter, c.case_ref, v.batch_id, v.created_at, d.id, v.number, d.as_of,
        d.pack_sha256, d.strategy, d.urgency, d.certain, d.engines_agree,
        CAST(d.outcome #>> '{deadlines,0,date}' AS date), d.created_at + interval '14 days',
        least(
            d.created_at + interval '14 days',
            CAST(d.outcome #>> '{deadlines,0,date}' AS timestamp) AT TIME ZONE 'Asia/Shanghai'
        ),
        d.facts ->> 'product', CAST(d.facts ->> 'days_overdue' AS integer), d.facts ->> 'overdue_bucket', 'open',
        false, 1
    FROM "case" c JOIN case_version v ON v.case_id = c.id JOIN decision d ON d.case_version_id = v.id
    ORDER BY c.id, v.number DESC, d.as_of DESC, d.id DESC
"""


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("submitter", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.CheckConstraint("role <> 'submitter' OR submitter IS NOT NULL", name=op.f("ck_account_submitter")),
        sa.CheckConstraint("role IN ('submitter', 'counsellor', 'supervisor', 'admin')", name=op.f("ck_account_role")),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("name", name="uq_account_name"),
    )
    op.create_table(
        "daily_tally",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("submitter", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_daily_tally"),
    )
    op.create_index("ix_daily_tally_measure_day_subject", "daily_tally", ["measure", "day", "subject"])
    op.create_table(
        "ledger",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", JSONB(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger"),
    )
    op.create_index("ix_ledger_subject_seq", "ledger", ["subject", "seq"])
    op.create_index("ix_ledger_kind_seq", "ledger", ["kind", "seq"], postgresql_where=sa.text("kind <> 'decision'"))
    op.create_index("ix_ledger_seq", "ledger", ["seq"], postgresql_where=sa.text("kind <> 'decision'"))
    op.create_index("ix_ledger_actor_seq", "ledger", ["actor", "seq"], postgresql_where=sa.text("actor <> 'system'"))
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_head_single")),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_head"),
    )
    op.create_table(
        "queue_tally",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("submitter", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_queue_tally"),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_attempt"),
    )
    op.create_index("ix_sign_in_attempt_address_at", "sign_in_attempt", ["address", "at"])
    op.create_index("ix_sign_in_attempt_name_at", "sign_in_attempt", ["name", "at"])
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_saved_filter_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_filter"),
        sa.UniqueConstraint("account_id", "name", name="uq_saved_filter_account_id_name"),
    )
    op.create_table(
        "sign_in",
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_sign_in_account_id"),
        sa.PrimaryKeyConstraint("secret_hash", name="pk_sign_in"),
    )
    op.create_index("ix_sign_in_account_id", "sign_in", ["account_id"])
    op.create_index("ix_sign_in_expires_at", "sign_in", ["expires_at"])
    op.create_table(
        "token",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_token_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("secret_hash", name="uq_token_secret_hash"),
    )
    op.create_index("ix_token_account_id", "token", ["account_id"])
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("submitter", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_upload_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
    )
    op.create_index("ix_upload_account_id_created_at", "upload", ["account_id", "created_at"])
    op.create_index("ix_upload_created_at", "upload", ["created_at"])
    op.drop_index("ix_batch_created_at", "batch")
    op.create_index("ix_batch_created_at_id", "batch", ["created_at", "id"])
    op.create_index("ix_batch_submitter_created_at_id", "batch", ["submitter", "created_at", "id"])
    op.create_table(
        "webhook",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("submitter", sa.String(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("events", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_webhook_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_submitter", "webhook", ["submitter"])
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("payload", JSONB(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.CheckConstraint("status IN ('pending', 'delivered', 'failed')", name=op.f("ck_delivery_status")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_delivery_webhook_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
    )
    op.create_index(
        "ix_delivery_webhook_id_status_next_at", "delivery", ["webhook_id", "status", "next_at"],
        postgresql_where=sa.text("status <> 'delivered'"),
    )
    op.create_index("ix_delivery_webhook_id_id", "delivery", ["webhook_id", "id"])
    op.create_table(
        "idempotency_key",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_mac", sa.LargeBinary(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_idempotency_key_account_id"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_idempotency_key_batch_id"),
        sa.PrimaryKeyConstraint("account_id", "key", name="pk_idempotency_key"),
    )
    op.create_table(
        "desk_case",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("submitter", sa.String(), nullable=False),
        sa.Column("case_ref", sa.String(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("pack_sha256", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.Column("engines_agree", sa.Boolean(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("respond_by", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("product", sa.String(), nullable=True),
        sa.Column("days_overdue", sa.Integer(), nullable=True),
        sa.Column("overdue_bucket", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("chosen_strategy", sa.String(), nullable=True),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("follow_up_at", MOMENT, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'escalated', 'reviewed', 'waiting', 'snoozed', 'closed')",
            name=op.f("ck_desk_case_status"),
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["account.id"], name="fk_desk_case_assignee_id"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_desk_case_batch_id"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_desk_case_case_id"),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name="fk_desk_case_decision_id"),
        sa.ForeignKeyConstraint(["pack_sha256"], ["pack.sha256"], name="fk_desk_case_pack_sha256"),
        sa.PrimaryKeyConstraint("case_id", name="pk_desk_case"),
    )
    op.create_index("ix_desk_case_queue", "desk_case", IN_STATUS, postgresql_include=FILTERED)
    op.create_index(
        "ix_desk_case_submitter_status_urgency_due_at_decision_id", "desk_case", ["submitter", *IN_STATUS]
    )
    op.create_index("ix_desk_case_batch_id_status_urgency_due_at_decision_id", "desk_case", ["batch_id", *IN_STATUS])
    op.create_index(
        "ix_desk_case_status_strategy_urgency_due_at_decision_id",
        "desk_case",
        ["status", "strategy", "urgency", "due_at", "decision_id"],
    )
    op.create_index(
        "ix_desk_case_assigned",
        "desk_case",
        ["assignee_id", *IN_STATUS],
        postgresql_where=sa.text("assignee_id IS NOT NULL"),
    )
    op.create_index("ix_desk_case_changed", "desk_case", IN_STATUS, postgresql_where=sa.text("changed"))
    op.create_index("ix_desk_case_disagreed", "desk_case", IN_STATUS, postgresql_where=sa.text("NOT engines_agree"))
    op.create_index("ix_desk_case_product", "desk_case", ["product"])
    op.create_index("ix_desk_case_overdue_bucket", "desk_case", ["overdue_bucket"])
    op.create_index(
        "ix_desk_case_follow_up_at", "desk_case", ["follow_up_at"], postgresql_where=sa.text("follow_up_at IS NOT NULL")
    )
    op.create_table(
        "review",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("detail", JSONB(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "action IN ('accept', 'override', 'answer', 'ask', 'escalate', 'snooze', 'resume', 'outcome', 'document', 'assign', 'release', 'reveal', 'consent')",
            name=op.f("ck_review_action"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_review_account_id"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_review_case_id"),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name="fk_review_decision_id"),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
    )
    op.create_index("ix_review_at_action", "review", ["at", "action"])
    op.create_index("ix_review_case_id_id", "review", ["case_id", "id"])
    op.add_column("case", sa.Column("ref_grams", sa.ARRAY(sa.Text()), nullable=True))
    op.execute(
        'UPDATE "case" SET ref_grams = ARRAY(SELECT DISTINCT substr(lower(case_ref), start, size) '
        "FROM generate_series(1, 3) size, generate_series(1, length(case_ref) - size + 1) start)"
    )
    op.alter_column("case", "ref_grams", nullable=False)
    op.add_column("case", sa.Column("consent", sa.ARRAY(sa.Text()), nullable=True))
    op.add_column("case", sa.Column("retain_until", sa.Date(), nullable=True))
    for table, column in DELETED_WITH:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index("ix_case_ref_grams", "case", ["ref_grams"], postgresql_using="gin")

    op.create_index("ix_chunk_done_at", "chunk", ["done_at"], postgresql_where=sa.text("status = 'failed'"))
    op.drop_index("ix_decision_urgency_due_id", "decision")
    op.drop_column("decision", "due")
    op.execute("INSERT INTO ledger_head (id, seq, mac, seal) VALUES (1, 0, '', '')")
    op.execute("CREATE TRIGGER append_only BEFORE UPDATE ON review FOR EACH STATEMENT EXECUTE FUNCTION refuse_update()")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_update()"
    )
    op.execute(TALLY)
    for event, tables in EVENTS.items():
        op.execute(
            f"CREATE TRIGGER tally_{event.lower()} AFTER {event} ON desk_case REFERENCING {tables} "
            "FOR EACH STATEMENT EXECUTE FUNCTION tally_queue()"
        )
    op.execute(DECIDED)
