"""Which key the personal data is sealed with."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "vault_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_vault_key_single")),
        sa.PrimaryKeyConstraint("id", name="pk_vault_key"),
    )


def downgrade() -> None:
    op.drop_table("vault_key")
