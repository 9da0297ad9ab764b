"""How a submitter's files are to be read, as somebody confirmed it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "confirmed_mapping",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("submitter", sa.String(), nullable=False),
        sa.Column("headers_mac", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_confirmed_mapping"),
        sa.UniqueConstraint("submitter", "headers_mac", name="uq_confirmed_mapping_submitter_headers_mac"),
    )


def downgrade() -> None:
    op.drop_table("confirmed_mapping")
