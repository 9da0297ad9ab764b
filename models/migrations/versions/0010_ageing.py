"""Nightly ageing: until when a decision is valid, which cases of a batch time alone brought, what it changed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

# Nobody knows until when what was decided before is valid: it is due at the first nightly run. A default that is there
# when the column comes costs nothing, however many rows there are; it is taken away at once.
LONG_AGO = "2000-01-01"


def upgrade() -> None:
    op.add_column("decision", sa.Column("valid_until", sa.Date(), nullable=True))
    op.add_column("batch", sa.Column("ageing", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("desk_case", sa.Column("valid_until", sa.Date(), nullable=True, server_default=LONG_AGO))
    op.alter_column("desk_case", "valid_until", server_default=None)
    op.add_column("desk_case", sa.Column("aged", sa.ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.create_index(
        "ix_desk_case_valid_until", "desk_case", ["valid_until", "case_id"],
        postgresql_where=sa.text("status <> 'closed'"),
    )


def downgrade() -> None:
    op.drop_index("ix_desk_case_valid_until", "desk_case")
    op.drop_column("desk_case", "aged")
    op.drop_column("desk_case", "valid_until")
    op.drop_column("batch", "ageing")
    op.drop_column("decision", "valid_until")
