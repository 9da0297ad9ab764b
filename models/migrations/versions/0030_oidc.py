"""Single sign-on: an account may be linked to whom an identity provider knows, and a sign-in says that it was by one."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("account", sa.Column("oidc_issuer", sa.String()))
    op.add_column("account", sa.Column("oidc_subject", sa.String()))
    op.create_unique_constraint(op.f("uq_account_oidc_issuer_oidc_subject"), "account", ["oidc_issuer", "oidc_subject"])
    op.create_check_constraint(op.f("ck_account_oidc"), "account", "(oidc_issuer IS NULL) = (oidc_subject IS NULL)")
    op.add_column("sign_in", sa.Column("vouched", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.drop_column("sign_in", "vouched")
    op.drop_constraint(op.f("ck_account_oidc"), "account", type_="check")
    op.drop_constraint(op.f("uq_account_oidc_issuer_oidc_subject"), "account", type_="unique")
    op.drop_column("account", "oidc_subject")
    op.drop_column("account", "oidc_issuer")
