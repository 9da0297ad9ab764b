"""A case is known by its reference in whatever spelling."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
# As rules.facts.notation.letters.one_form has it, but for traditional letters; the next submission puts these right.
_PARTING = r"[\s_\u00af\u02d7\u2010-\u2015\u2043\u2212\u2500\u2501\ufe58\ufe63\uff0d-]+"
FORM = f"regexp_replace(lower(normalize(case_ref, NFKC)), '{_PARTING}', '-', 'g')"


def upgrade() -> None:
    op.add_column("case", sa.Column("ref_form", sa.String(), nullable=False, server_default=""))
    op.execute(f'UPDATE "case" SET ref_form = {FORM}')  # noqa: S608 - text of ours
    op.create_index("ix_case_submitter_ref_form", "case", ["submitter", "ref_form"])


def downgrade() -> None:
    op.drop_column("case", "ref_form")
