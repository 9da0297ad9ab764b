"""One body a decision, one tree of decisions a chunk; rows that are written by the thousand have no foreign keys."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

# Table, column, and what it names: `forbear.ledger.dangling` looks now.
FOREIGN_KEYS = (
    ("decision", "case_version_id", "case_version", "id"),
    ("decision", "pack_sha256", "pack", "sha256"),
    ("decision", "chunk_id", "chunk", "id"),
    ("case_version", "case_id", "case", "id"),
    ("case_version", "batch_id", "batch", "id"),
    ("batch_case", "batch_id", "batch", "id"),
    ("batch_case", "case_version_id", "case_version", "id"),
    ("batch_case", "pack_sha256", "pack", "sha256"),
    ("desk_case", "case_id", "case", "id"),
    ("desk_case", "batch_id", "batch", "id"),
    ("desk_case", "decision_id", "decision", "id"),
    ("desk_case", "pack_sha256", "pack", "sha256"),
)


def upgrade() -> None:
    for table, column, *_ in FOREIGN_KEYS:
        op.drop_constraint(f"fk_{table}_{column}", table, type_="foreignkey")
    op.add_column("pack", sa.Column("dictionary", sa.LargeBinary(), nullable=True))
    op.alter_column("decision", "facts", nullable=True)
    op.alter_column("decision", "outcome", nullable=True)
    op.add_column("decision", sa.Column("body", sa.LargeBinary(), nullable=True))
    op.add_column("decision", sa.Column("last_deadline", sa.Date(), nullable=True))
    op.execute("ALTER TABLE decision ALTER COLUMN body SET STORAGE EXTERNAL")  # compressed already
    op.create_table(
        "decision_tree",
        sa.Column("chunk_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
    )
    op.execute("ALTER TABLE decision_tree ALTER COLUMN digests SET STORAGE EXTERNAL")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_tree "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_update()"
    )


def downgrade() -> None:
    op.drop_table("decision_tree")
    op.drop_column("decision", "last_deadline")
    op.drop_column("decision", "body")
    op.alter_column("decision", "outcome", nullable=False)
    op.alter_column("decision", "facts", nullable=False)
    op.drop_column("pack", "dictionary")
    for table, column, other, key in FOREIGN_KEYS:
        op.create_foreign_key(f"fk_{table}_{column}", table, other, [column], [key])
