"""An upload keeps how its owner chose it to be read, between its preview and its submission."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("upload", sa.Column("mapping", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("upload", "mapping")
