"""Which rows of a batch another pack decided than the one the batch was for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("batch_case", sa.Column("pack_sha256", sa.String(), nullable=True))
    op.create_foreign_key("fk_batch_case_pack_sha256", "batch_case", "pack", ["pack_sha256"], ["sha256"])


def downgrade() -> None:
    op.drop_constraint("fk_batch_case_pack_sha256", "batch_case")
    op.drop_column("batch_case", "pack_sha256")
