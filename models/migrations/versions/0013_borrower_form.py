"""A borrower is known by the reference in whatever spelling, as a case is."""

from alembic import op

revision = "0013"
down_revision = "0012"
# As rules.facts.notation.letters.one_form has it, but for traditional letters; the next submission puts these right.
_PARTING = r"[\s_\u00af\u02d7\u2010-\u2015\u2043\u2212\u2500\u2501\ufe58\ufe63\uff0d-]+"
FORM = f"regexp_replace(lower(normalize(borrower_ref, NFKC)), '{_PARTING}', '-', 'g')"


def upgrade() -> None:
    op.execute(f'UPDATE "case" SET borrower_ref = {FORM} WHERE borrower_ref <> {FORM}')  # noqa: S608 - text of ours


def downgrade() -> None:
    """The spelling that was handed in stands in the facts of the case's versions."""
