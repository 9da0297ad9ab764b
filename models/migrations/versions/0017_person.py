"""Persons: whose a case is where somebody said so, household budgets, and a keyed hash of the name to search by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    cases = sa.ARRAY(sa.BigInteger())
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("head", sa.BigInteger(), nullable=True),
        sa.Column("apart", cases, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("head_before", sa.BigInteger(), nullable=True),
        sa.Column("apart_before", cases, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("change", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_person_account_id")),
        sa.CheckConstraint("what IN ('merge', 'split', 'apart', 'undo')", name=op.f("ck_person_what")),
    )
    op.create_index("ix_person_head", "person", ["head"], postgresql_where=sa.text("head IS NOT NULL"))
    op.create_index("ix_person_change", "person", ["change"])
    op.create_table(
        "household_budget",
        sa.Column("id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("lines", JSONB(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_budget")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_household_budget_account_id")),
    )
    op.add_column("case", sa.Column("name_key", sa.LargeBinary(), nullable=True))
    op.create_index("ix_case_name_key", "case", ["name_key"], postgresql_where=sa.text("name_key IS NOT NULL"))
    op.execute('UPDATE "case" SET keyed = false')  # the hashes of names are worked out in time


def downgrade() -> None:
    op.drop_index("ix_case_name_key", "case")
    op.drop_column("case", "name_key")
    op.drop_table("household_budget")
    op.drop_table("person")
