"""Teams: who works with whom, on which cases and how many, who is away, and where borrowers live."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0022"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "team",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("skills", ARRAY(sa.Text()), nullable=False),
        sa.Column("cities", ARRAY(sa.Text()), nullable=False),
        sa.Column("load_limit", sa.Integer(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.CheckConstraint("load_limit BETWEEN 1 AND 500", name=op.f("ck_team_load_limit")),
    )
    op.create_index("uq_team_name", "team", ["name"], unique=True, postgresql_where=sa.text("closed_at IS NULL"))
    op.create_table(
        "team_member",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_team_member")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_team_member_account_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_team_member_team_id")),
    )
    op.create_index(op.f("ix_team_member_team_id"), "team_member", ["team_id"])
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_absence_account_id")),
        sa.CheckConstraint("first <= last", name=op.f("ck_absence_days")),
    )
    op.create_index(op.f("ix_absence_account_id_last"), "absence", ["account_id", "last"])
    op.add_column("desk_case", sa.Column("city", sa.String(), nullable=True))
    op.create_index(op.f("ix_desk_case_city"), "desk_case", ["city"])


def downgrade() -> None:
    op.drop_column("desk_case", "city")
    op.drop_table("absence")
    op.drop_table("team_member")
    op.drop_table("team")
