"""A tree over the entries of the ledger; those of before get their nodes with the next one that is added."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "ledger_node",
        sa.Column("level", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_node "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_update()"
    )


def downgrade() -> None:
    op.drop_table("ledger_node")
