"""Sign-ins: when somebody last did something in each."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    seen = sa.text("now()")  # nobody is thrown out in the middle of something
    op.add_column("sign_in", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=seen))


def downgrade() -> None:
    op.drop_column("sign_in", "seen_at")
