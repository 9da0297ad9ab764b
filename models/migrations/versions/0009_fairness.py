"""Failed sign-ins are counted by name and place; chunks have a lane, and a turn in it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
PENDING = sa.text("status = 'pending'")


def upgrade() -> None:
    _count_by("address", "place")
    op.create_index("ix_sign_in_attempt_name_place_at", "sign_in_attempt", ["name", "place", "at"])
    op.create_index("ix_sign_in_attempt_place_at", "sign_in_attempt", ["place", "at"])
    op.add_column("chunk", sa.Column("submitter", sa.String(), nullable=True))
    op.add_column("chunk", sa.Column("lane", sa.SmallInteger(), nullable=True))
    op.add_column("chunk", sa.Column("turn", sa.BigInteger(), nullable=True))
    # What waits goes on in the order it came in: what of it was handed in alone is not known any more.
    op.execute("""
        UPDATE chunk SET submitter = batch.submitter, lane = CASE queue WHEN 'urgent' THEN 3 ELSE 4 END, turn = 0
        FROM batch WHERE batch.id = chunk.batch_id
    """)
    for column in ("submitter", "lane", "turn"):
        op.alter_column("chunk", column, nullable=False)
    op.drop_constraint("ck_chunk_queue", "chunk")
    op.create_check_constraint("queue", "chunk", "queue = CASE lane WHEN 4 THEN 'bulk' ELSE 'urgent' END")
    op.create_check_constraint("lane", "chunk", "lane BETWEEN 0 AND 4")
    op.create_index("ix_chunk_queue_lane_turn_id", "chunk", ["queue", "lane", "turn", "id"], postgresql_where=PENDING)
    op.create_index("ix_chunk_submitter_lane_turn", "chunk", ["submitter", "lane", "turn"], postgresql_where=PENDING)


def downgrade() -> None:
    op.drop_constraint("ck_chunk_queue", "chunk")
    for column in ("turn", "lane", "submitter"):
        op.drop_column("chunk", column)
    op.create_check_constraint("queue", "chunk", "queue IN ('urgent', 'bulk')")
    _count_by("place", "address")
    op.create_index("ix_sign_in_attempt_name_at", "sign_in_attempt", ["name", "at"])
    op.create_index("ix_sign_in_attempt_address_at", "sign_in_attempt", ["address", "at"])


def _count_by(before: str, after: str) -> None:
    """Failures count for minutes: those from before are forgotten, and with the column its indexes go."""
    op.execute("DELETE FROM sign_in_attempt")
    op.execute("DROP INDEX IF EXISTS ix_sign_in_attempt_name_at")
    op.drop_column("sign_in_attempt", before)
    op.add_column("sign_in_attempt", sa.Column(after, sa.String(), nullable=False))
