"""Person: the cases of somebody, and other cases that may be theirs.

The submitter's reference says whose a case is, unless a person said otherwise. What has the same phone or ID number is
only asked about: numbers are shared by families.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlmodel import Session, col, select

from forbear.desk.review import NoCaseError
from models.case import Case
from models.person import SaidOfPerson

MOST: Final = 50  # debts: more under one reference or number are a mistake, and not one person's
_SAID = "LEFT JOIN person p ON p.id = c.id"
_OF_HEAD = text("SELECT id FROM person WHERE head = :head ORDER BY id LIMIT :most")
_OF_REFERENCES = text(f"""
    SELECT c.id, c.borrower_ref, p.head FROM "case" c {_SAID}
    WHERE c.submitter = :submitter AND c.borrower_ref = ANY(:references) ORDER BY c.id LIMIT :most
""")  # noqa: S608 - text of ours
_ALIKE: Final = """
    SELECT other.id FROM (
        SELECT DISTINCT {column} AS key FROM "case" WHERE id = ANY(:cases) AND {column} IS NOT NULL
    ) k CROSS JOIN LATERAL (SELECT id FROM "case" WHERE {column} = k.key ORDER BY id LIMIT :most) other
    WHERE other.id <> ALL(:cases)
        AND (SELECT count(*) FROM (SELECT FROM "case" WHERE {column} = k.key LIMIT :most) shared) < :most
    ORDER BY 1
"""
_KEYS: Final = {"phone": "phone_key", "id_number": "id_key"}


@dataclass(frozen=True)
class Alike:
    """Cases of somebody who may be the same person: what is the same, and the cases."""

    cases: tuple[int, ...]
    by: tuple[str, ...]  # phone, id_number


@dataclass(frozen=True)
class Person:
    """A person's cases, the first one that came in first."""

    submitter: str
    cases: tuple[int, ...]
    crowd: bool = False  # more cases have the reference than one person can have: only the one looked at is shown

    @property
    def head(self) -> int:
        """The case that the person is known by."""
        return self.cases[0]


def person_of(session: Session, case_id: int, submitter: str | None = None) -> Person:
    """Whose a case is. Raises NoCaseError where there is no such case, or it is not that submitter's."""
    case = session.get(Case, case_id)
    if case is None or submitter not in (None, case.submitter):
        raise NoCaseError(f"There is no case {case_id}: search for its reference.")
    said = session.get(SaidOfPerson, case_id)
    head = None if said is None else said.head
    alike = _of_references(session, case.submitter, [case.borrower_ref])
    if head is None:
        heads = {each for _, _, each in alike if each is not None}
        head = heads.pop() if len(heads) == 1 else None
    if head is None:
        found = [each for each, _, other in alike if other is None] or [case_id]
    else:
        found = _of_head(session, case.submitter, head)
    if len(found) > MOST or case_id not in found:
        return Person(case.submitter, (case_id,), crowd=len(found) > MOST)
    return Person(case.submitter, tuple(sorted(found)))


def _of_head(session: Session, submitter: str, head: int) -> list[int]:
    """The cases said to be this person's, and those that came since under a reference of theirs and no one else's."""
    told = list(session.connection().execute(_OF_HEAD, {"head": head, "most": MOST + 1}).scalars())
    references = session.exec(select(Case.borrower_ref).where(col(Case.id).in_(told)).distinct()).all()
    by_reference: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
    for case, reference, other in _of_references(session, submitter, references):
        by_reference[reference].append((case, other))
    since = [
        case
        for cases in by_reference.values()
        if {other for _, other in cases if other is not None} == {head}
        for case, other in cases
        if other is None
    ]
    return [*told, *since]


def _of_references(
    session: Session, submitter: str, references: Iterable[str | None]
) -> list[tuple[int, str, int | None]]:
    """The cases under some references, each with who it was said to be of."""
    wanted = sorted({each for each in references if each is not None})
    if not wanted:
        return []
    values = {"submitter": submitter, "references": wanted, "most": MOST + 1}
    return [(row[0], row[1], row[2]) for row in session.connection().execute(_OF_REFERENCES, values)]


def maybe_same(session: Session, person: Person) -> tuple[Alike, ...]:
    """Other people's cases with a phone or ID number of this person, unless it was said that they are not the same."""
    by: dict[int, dict[str, None]] = defaultdict(dict)
    values = {"cases": list(person.cases), "most": MOST + 1}
    for name, column in _KEYS.items():
        for case in session.connection().execute(text(_ALIKE.format(column=column)), values).scalars():
            by[case][name] = None
    found: list[Alike] = []
    seen: set[int] = set()
    for case in sorted(by):
        if case in seen:
            continue
        other = person_of(session, case)
        seen |= {*other.cases}
        if not said_apart(session, person.cases, other.cases):
            kinds = dict.fromkeys(name for each in other.cases for name in by.get(each, ()))
            found.append(Alike(other.cases, tuple(kinds)))
    return tuple(found)


def said_apart(session: Session, ones: Sequence[int], others: Sequence[int]) -> bool:
    """Whether somebody said that these cases are not those others' person's."""
    rows = session.exec(select(SaidOfPerson).where(col(SaidOfPerson.id).in_((*ones, *others)))).all()
    return any(not {*row.apart}.isdisjoint(others if row.id in ones else ones) for row in rows)
