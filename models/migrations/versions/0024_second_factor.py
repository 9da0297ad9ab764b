"""Accounts: a second factor with recovery codes, and first passwords that are to be changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("account", sa.Column("first_password", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("account", sa.Column("second_factor", sa.LargeBinary(), nullable=True))
    op.add_column("account", sa.Column("recovery", ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("account", sa.Column("code_step", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for column in ("code_step", "recovery", "second_factor", "first_password"):
        op.drop_column("account", column)
