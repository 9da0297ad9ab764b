"""The portfolio: what was given of decided cases as columns, for what-if."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "portfolio_block",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("first_decision", sa.BigInteger(), nullable=False),
        sa.Column("last_decision", sa.BigInteger(), nullable=False),
        sa.Column("columns", sa.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio_block")),
    )
    op.create_table(
        "portfolio_chunk",
        sa.Column("chunk_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chunk_id", name=op.f("pk_portfolio_chunk")),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunk.id"], name=op.f("fk_portfolio_chunk_chunk_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["block_id"], ["portfolio_block.id"], name=op.f("fk_portfolio_chunk_block_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_portfolio_chunk_block_id"), "portfolio_chunk", ["block_id"])


def downgrade() -> None:
    op.drop_table("portfolio_chunk")
    op.drop_table("portfolio_block")
