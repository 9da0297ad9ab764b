"""A new case, typed in by somebody: it becomes a batch of its own, and never takes the place of another case."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import col, select

from forbear.accounts.accounts import ViewerWork
from forbear.base.errors import ForbearError
from forbear.batch.chunks import Wake
from forbear.batch.submission.danger import Lookout
from forbear.batch.submission.spelling import Spelling
from forbear.batch.submission.submit import Head, submit
from forbear.intake import Accepted, Rejected
from forbear.intake.single_case import one
from forbear.locale import said
from models.case import Case
from rules.facts.case_facts import FieldError
from rules.facts.notation.letters import one_form
from rules.pack.files.schema import Text
from rules.pack.pack import Pack


@dataclass(frozen=True)
class HandedIn:
    """The case that it is now. `wakes` are to be sent once it is committed."""

    case_id: int
    wakes: tuple[Wake, ...]


class RefusedCaseError(ForbearError):
    """What was typed is no case, by field; where it tells of danger, that comes `first`."""

    def __init__(self, *errors: FieldError, first: Text | None = None) -> None:
        super().__init__("This cannot be read as a case.")
        self.errors, self.first = errors, first


class TakenError(ForbearError):
    """The submitter has another case with this reference."""

    def __init__(self, case_id: int) -> None:
        super().__init__("There is a case with this reference already.")
        self.case_id = case_id
        self.error = FieldError.of("case_ref", said("new_case.taken"))


def read(cells: Mapping[str, object], pack: Pack, today: dt.date) -> Accepted:
    """The case as a row of a file would be read. Raises RefusedCaseError."""
    intake, row = one(cells, pack.vocabulary, today)
    if isinstance(row, Rejected):
        in_danger = Lookout(pack, intake.columns, intake.mapping).in_danger(row.cells)
        raise RefusedCaseError(*row.faults, first=said("row.danger") if in_danger else None)
    return row


def hand_in(work: ViewerWork, row: Accepted, submitter: str, today: dt.date) -> HandedIn:
    """Take a case in. The same form sent twice is the one case; other facts under a taken reference raise TakenError.

    Until the transaction ends nobody else types in this reference: of two at once the second finds the first.
    """
    session = work.session
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
    session.connection().execute(lock, {"key": f"new_case:{submitter}:{one_form(row.case_ref)}"})
    (row,) = Spelling(session, submitter).spelled([row])
    query = select(col(Case.id)).where(Case.submitter == submitter, Case.case_ref == row.case_ref)
    before = session.exec(query).first()
    name = said("new_case.name")
    head = Head(f"{name.zh} {name.en} {row.case_ref}", ("case_ref", *row.facts, *row.private))
    done = submit(work, [row], head=head, pack=work.pack, as_of=today, submitter=submitter, chunk_size=1)
    if before is None:
        return HandedIn(session.exec(query).one(), done.wakes)
    work.roll_back()
    if done.accepted:
        raise TakenError(before)
    return HandedIn(before, ())
