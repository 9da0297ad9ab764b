"""Keys come one after the other: what is kept of former ones, and which rows were sealed anew."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


# Never changed but by another key: every column that is not sealed or hashed with it.
KEPT = {
    "case_version": "id, case_id, number, facts, batch_id, created_at",
    "rejection": "id, batch_id, row, field",
    "review": "id, case_id, decision_id, account_id, at, action, strategy, reason, detail",
}


def _append_only(table: str, columns: str) -> None:
    op.execute(f"DROP TRIGGER append_only ON {table}")
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE {columns} ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_update()"
    )


def upgrade() -> None:
    for table, columns in KEPT.items():
        _append_only(table, f"OF {columns}")
    op.drop_constraint(op.f("ck_vault_key_single"), "vault_key")
    op.add_column("vault_key", sa.Column("since", sa.BigInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column("vault_key", sa.Column("kept", sa.LargeBinary(), nullable=True))
    op.add_column("vault_key", sa.Column("done_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE vault_key SET done_at = now()")
    op.add_column("ledger_head", sa.Column("generation", sa.SmallInteger(), server_default=sa.text("1"), nullable=False))
    op.create_table(
        "resealed",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.Column("now", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_resealed")),
    )


def downgrade() -> None:
    for table in KEPT:
        _append_only(table, "")
    op.drop_table("resealed")
    op.drop_column("ledger_head", "generation")
    for column in ("done_at", "kept", "since"):
        op.drop_column("vault_key", column)
    op.execute("DELETE FROM vault_key WHERE id <> (SELECT max(id) FROM vault_key)")
    op.execute("UPDATE vault_key SET id = 1")
    op.create_check_constraint(op.f("ck_vault_key_single"), "vault_key", "id = 1")
