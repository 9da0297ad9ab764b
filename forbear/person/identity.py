"""Same person: cases of two people said to be one's, a case said to be somebody else's, and either taken back.

Nothing is lost by it: no fact of a case is changed. Each change is one entry of the ledger for each case it touches.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlmodel import col, select

from forbear.accounts.accounts import ViewerWork
from forbear.case.workflow import RefusedError
from forbear.desk import siblings
from forbear.locale import said
from forbear.person.person import Person, person_of
from models.case import Case
from models.person import SaidOfPerson
from rules.facts.case_facts import FieldError


@dataclass(frozen=True)
class IdentityChange:
    """A change that can be taken back: what was said, of which cases, by whom and when."""

    change: UUID
    what: str
    cases: tuple[int, ...]
    account_id: int
    at: object


def merge(work: ViewerWork, case_id: int, other_id: int) -> Person:
    """Say that two people are one. Raises NoCaseError, RefusedError where they are one already."""
    person, other = _people(work, case_id, other_id)
    cases = sorted({*person.cases, *other.cases})
    change, head = uuid4(), cases[0]
    for row in _rows(work, cases):
        apart = [each for each in row.apart if each not in cases]
        _change(work, row, change, "merge", head, apart)
    _tell(work, cases)
    return person_of(work.session, case_id)


def apart(work: ViewerWork, case_id: int, other_id: int) -> None:
    """Say that two people are not one: it is not asked again. Raises NoCaseError, RefusedError where they are one."""
    person, other = _people(work, case_id, other_id)
    (row,) = _rows(work, [person.head])
    _change(work, row, uuid4(), "apart", row.head, sorted({*row.apart, *other.cases}))


def split(work: ViewerWork, case_id: int) -> Person:
    """Say that a case is somebody else's than the others with it.

    Raises NoCaseError, RefusedError where it is alone.
    """
    person = person_of(work.session, case_id, work.viewer.submitter)
    rest = [each for each in person.cases if each != case_id]
    if not rest:
        raise RefusedError(FieldError.of("split", said("person.alone")))
    change = uuid4()
    for row in _rows(work, person.cases):
        if row.id == case_id:
            _change(work, row, change, "split", case_id, sorted({*row.apart, *rest}))
        else:
            _change(work, row, change, "split", rest[0], row.apart)
    _tell(work, person.cases)
    return person_of(work.session, case_id)


def undo(work: ViewerWork, case_id: int, change: UUID) -> Person:
    """Take back the last change: everything it touched is as it was before.

    Raises NoCaseError, RefusedError where something was said of a case since.
    """
    person_of(work.session, case_id, work.viewer.submitter)
    query = select(SaidOfPerson.id).where(SaidOfPerson.change == change).order_by(col(SaidOfPerson.id))
    cases = work.session.exec(query).all()
    rows = [row for row in _rows(work, cases) if row.change == change]
    whole = rows and len(rows) == len(cases) and rows[0].what != "undo"
    ours = {person_of(work.session, row.id, work.viewer.submitter).submitter for row in rows}
    if not whole or len(ours) > 1 or not _same_change(rows):
        raise RefusedError(FieldError.of("undo", said("person.changed_since")))
    new = uuid4()
    for row in rows:
        _change(work, row, new, "undo", row.head_before, row.apart_before)
    _tell(work, cases)
    return person_of(work.session, case_id)


def last_changes(work: ViewerWork, cases: Sequence[int]) -> tuple[IdentityChange, ...]:
    """What was said of these cases last, the newest first."""
    mine = select(SaidOfPerson.change).where(col(SaidOfPerson.id).in_(cases)).distinct()
    rows = work.session.exec(select(SaidOfPerson).where(col(SaidOfPerson.change).in_(mine))).all()
    found: dict[UUID, list[SaidOfPerson]] = {}
    for row in rows:
        found.setdefault(row.change, []).append(row)
    changes = [
        IdentityChange(change, of[0].what, tuple(sorted(row.id for row in of)), of[0].account_id, of[0].at)
        for change, of in found.items()
    ]
    return tuple(sorted(changes, key=lambda each: str(each.at), reverse=True))


def _same_change(rows: Iterable[SaidOfPerson]) -> bool:
    return len({(row.what, row.at) for row in rows}) == 1


def _people(work: ViewerWork, case_id: int, other_id: int) -> tuple[Person, Person]:
    """Two people of one submitter; a case of another submitter is none that could be theirs."""
    person = person_of(work.session, case_id, work.viewer.submitter)
    other = person_of(work.session, other_id, person.submitter)
    if other_id in person.cases:
        raise RefusedError(FieldError.of("merge", said("person.same_already")))
    return person, other


def _rows(work: ViewerWork, cases: Iterable[int]) -> list[SaidOfPerson]:
    """What is said of these cases, each a row, with the cases locked in one order for all."""
    ids = sorted(cases)
    work.session.exec(
        select(Case.id).where(col(Case.id).in_(ids)).order_by(col(Case.id)).with_for_update(key_share=True)
    ).all()
    query = select(SaidOfPerson).where(col(SaidOfPerson.id).in_(ids)).execution_options(populate_existing=True)
    known = {row.id: row for row in work.session.exec(query)}
    return [
        known.get(each)
        or SaidOfPerson(id=each, change=uuid4(), what="undo", account_id=work.viewer.account_id, at=work.now)
        for each in ids
    ]


def _change(
    work: ViewerWork, row: SaidOfPerson, change: UUID, what: str, head: int | None, apart: Sequence[int]
) -> None:
    row.head_before, row.apart_before = row.head, list(row.apart)
    row.head, row.apart = head, list(apart)
    row.change, row.what, row.account_id, row.at = change, what, work.viewer.account_id, work.now
    work.session.add(row)
    told = {"what": what, "case": row.id, "head": row.head, "was": row.head_before, "change": str(change)}
    work.note("person", f"person:{row.id}", told)


def _tell(work: ViewerWork, cases: Iterable[int]) -> None:
    """A crisis stands over all cases of whoever it is."""
    work.session.flush()
    siblings.spread(work, cases)
