"""Failed sign-ins are counted by name and place."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"


def upgrade() -> None:
    _count_by("address", "place")
    op.create_index("ix_sign_in_attempt_name_place_at", "sign_in_attempt", ["name", "place", "at"])
    op.create_index("ix_sign_in_attempt_place_at", "sign_in_attempt", ["place", "at"])


def downgrade() -> None:
    _count_by("place", "address")
    op.create_index("ix_sign_in_attempt_name_at", "sign_in_attempt", ["name", "at"])
    op.create_index("ix_sign_in_attempt_address_at", "sign_in_attempt", ["address", "at"])


def _count_by(before: str, after: str) -> None:
    """Failures count for minutes: those from before are forgotten, and with the column its indexes go."""
    op.execute("DELETE FROM sign_in_attempt")
    op.execute("DROP INDEX IF EXISTS ix_sign_in_attempt_name_at")
    op.drop_column("sign_in_attempt", before)
    op.add_column("sign_in_attempt", sa.Column(after, sa.String(), nullable=False))
