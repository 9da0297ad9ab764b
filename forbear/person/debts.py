"""The debts of a person: each case with its current decision, and what is known of the person from all of them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from forbear.base.vault import Vault
from forbear.batch.recorded_decision import RecordedDecision, decision_on_desk
from forbear.case.personal_data import of_case
from forbear.desk.queue import QueueRow, rows
from forbear.person.person import Person
from models.case import CaseVersion
from models.desk import WorklistItem
from rules.facts.case_facts import Facts, number
from rules.facts.cells import Value
from rules.pack.pack import Pack

CLOSED: Final = "closed"


@dataclass(frozen=True)
class PersonDebt:
    """One debt: where it stands on the desk, and what was decided on it."""

    row: QueueRow
    decision: RecordedDecision

    @property
    def desk(self) -> WorklistItem:
        """Where it stands."""
        return self.row.case

    @property
    def facts(self) -> Facts:
        """What is known of it."""
        return self.decision.facts

    @property
    def open(self) -> bool:
        """Whether it is still worked on."""
        return self.desk.status != CLOSED

    def amount(self, fact: str) -> int | None:
        """One of its amounts, in fen."""
        return number(self.facts, fact)


@dataclass(frozen=True)
class KnownFact:
    """A fact of the person: what is said of it last, and what the debts say that differ."""

    value: Value
    case_ref: str  # the debt that says so, the newest that says anything
    differing: tuple[tuple[str, Value | None], ...] = ()  # other open debts, by reference; None: nothing is said


@dataclass(frozen=True)
class Household:
    """What is known of a person beside the debts, from the newest facts of those that are open."""

    known: Mapping[str, KnownFact]

    @property
    def facts(self) -> dict[str, Value]:
        """The facts alone."""
        return {name: each.value for name, each in self.known.items()}

    @property
    def at_odds(self) -> tuple[str, ...]:
        """The facts that two debts say differently."""
        return tuple(name for name, each in self.known.items() if any(value is not None for _, value in each.differing))


def debts_of(session: Session, vault: Vault, person: Person) -> tuple[PersonDebt, ...]:
    """The decided debts of a person, in the order they came."""
    return tuple(PersonDebt(row, decision_on_desk(session, row.case, vault)) for row in rows(session, person.cases))


def household_of(session: Session, pack: Pack, debts: Sequence[PersonDebt]) -> Household:
    """What the open debts say of the person: of what was handed in, the newest counts."""
    open_ = [debt for debt in debts if debt.open]
    told = _told_at(session, [debt.desk.case_id for debt in open_])
    newest = sorted(open_, key=lambda debt: (told[debt.desk.case_id], debt.desk.case_id), reverse=True)
    known: dict[str, KnownFact] = {}
    for name in pack.vocabulary.of_person:
        said = [(debt.desk.case_ref, debt.facts.get(name)) for debt in newest]
        first = next(((ref, value) for ref, value in said if value is not None), None)
        if first is not None:
            others = tuple((ref, value) for ref, value in said if value != first[1])
            known[name] = KnownFact(first[1], first[0], others)
    return Household(known)


def _told_at(session: Session, cases: Sequence[int]) -> dict[int, dt.datetime]:
    """When the newest facts of each case were handed in."""
    query = select(CaseVersion.case_id, CaseVersion.created_at).where(col(CaseVersion.case_id).in_(cases))
    found: dict[int, dt.datetime] = {}
    for case, at in session.exec(query):
        found[case] = max(at, found.get(case, at))
    return found


def masked_names(session: Session, vault: Vault, cases: Sequence[int]) -> dict[str, tuple[str, ...]]:
    """Name, phone and ID number of a person as every page may show them, each way they are written in these cases."""
    found: dict[str, dict[str, None]] = {}
    for case in cases:
        for name, shown in of_case(session, vault, case).masked().items():
            if shown is not None:
                found.setdefault(name, {})[shown] = None
    return {name: tuple(values) for name, values in found.items()}
