"""What every case has is stored small: its facts compressed, and the key of its decisions.

What was stored of facts before stays the JSON that it was, and is read as such for ever: the ledger told of that text.
`case_version` is written anew once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
_KEPT = "id, case_id, number, facts, batch_id, created_at"  # of a version, but for what another key seals anew


def upgrade() -> None:
    op.create_table(
        "facts_dictionary",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON facts_dictionary "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_update()"
    )
    _facts_as("bytea", "convert_to(CAST(facts AS text), 'UTF8')")
    op.drop_constraint("uq_decision_case_version_id_pack_sha256_as_of", "decision", type_="unique")
    op.execute(
        "CREATE UNIQUE INDEX uq_decision_version_day_pack ON decision (case_version_id, as_of, left(pack_sha256, 16))"
    )
    op.drop_index("ix_desk_case_city", "desk_case")  # parts of names are compared, which it never served


def downgrade() -> None:
    op.create_index("ix_desk_case_city", "desk_case", ["city"])
    op.drop_index("uq_decision_version_day_pack", "decision")
    op.create_unique_constraint(
        "uq_decision_case_version_id_pack_sha256_as_of", "decision", ["case_version_id", "pack_sha256", "as_of"]
    )
    _facts_as("jsonb", "CAST(convert_from(facts, 'UTF8') AS jsonb)")
    op.drop_table("facts_dictionary")


def _facts_as(type_: str, made: str) -> None:
    """Another type for the column, whose trigger names it."""
    op.execute("DROP TRIGGER append_only ON case_version")
    op.execute(f"ALTER TABLE case_version ALTER COLUMN facts TYPE {type_} USING {made}")
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OF {_KEPT} ON case_version "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_update()"
    )
