"""Spelling: a reference that a submitter's case has already, written in another way, is that case."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlmodel import Session

from forbear.intake import Accepted, Rejected
from forbear.locale import said
from models.database import staging
from rules.facts.notation.letters import one_form
from rules.locale import listed
from rules.pack.files.schema import Text

_SHOWN = 3  # references that a sentence names


class Spelling:
    """Reads references as the submitter's cases have them, and keeps which it read so."""

    def __init__(self, session: Session, submitter: str) -> None:
        self._session, self._submitter = session, submitter
        self._found: dict[str, str] = {}
        self._count = 0

    def known(self, rows: Sequence[Accepted | Rejected]) -> list[Accepted | Rejected]:
        """The rows, with the references that are there in the spelling that is there."""
        accepted = iter(self.spelled([row for row in rows if isinstance(row, Accepted)]))
        return [next(accepted) if isinstance(row, Accepted) else row for row in rows]

    def spelled(self, rows: list[Accepted]) -> list[Accepted]:
        """The same of rows that are all cases."""
        forms = {row.case_ref: one_form(row.case_ref) for row in rows}
        before = staging.spelled(self._session, self._submitter, forms) if forms else {}
        if not before:
            return rows
        self._count += len(before)
        self._found |= dict(list(before.items())[: max(0, _SHOWN - len(self._found))])
        return [
            row
            if (known := before.get(row.case_ref)) is None
            else replace(row, case_ref=known, facts={**row.facts, "case_ref": known})
            for row in rows
        ]

    def told(self) -> Iterator[Text]:
        """The sentence on them."""
        if self._count:
            pairs = (said("notice.spelled", given=given, known=known) for given, known in self._found.items())
            yield said("notice.other_spelling", n=self._count, pairs=listed(pairs))
