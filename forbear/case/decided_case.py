"""The file of one case: a decision with its reasons and sources, the facts it rests on, and its history."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from forbear.base.packs import title_of
from forbear.base.vault import Vault
from forbear.batch.triage import Decided, restored
from forbear.desk.queue import QueueRow, beside
from models.case import Case, CaseVersion
from models.decision import Decision
from models.desk import WorklistItem
from models.pack import StoredPack
from rules.facts import case_facts
from rules.locale import Language
from rules.pack.normal_form import facts_of, leaves
from rules.pack.pack import LoadedRule
from rules.pack.schema import Text


@dataclass(frozen=True)
class Summary:
    """A decision as the history shows it."""

    id: int
    decided_at: dt.datetime
    as_of: dt.date
    urgency: str
    title: Text
    pack_version: str


@dataclass(frozen=True)
class Step:
    """One decision in the history of a case; without one, a version that waits for it."""

    version: int
    received_at: dt.datetime
    decision: Summary | None


@dataclass(frozen=True)
class Judgement:
    """One decision, ready to be shown."""

    decision_id: int
    decided: Decided
    words: dict[str, Any]  # the contract's object
    used: dict[str, tuple[str, ...]]  # the known facts that each rule with a reason looked at
    submitted: tuple[str, ...]  # names of facts, in the vocabulary's order
    derived: tuple[str, ...]

    def shown(self, fact: str, language: Language) -> str:
        """A known fact for people."""
        return case_facts.display(self.decided.pack.vocabulary, fact, self.decided.facts[fact], language)


@dataclass(frozen=True)
class CaseFile:
    """A case, its history newest first, and the decision looked at; None while the first one is being made."""

    case_id: int
    case_ref: str
    desk: WorklistItem | None  # as the queue has it; None before the first decision
    history: tuple[Step, ...]
    beside: tuple[QueueRow, ...]  # the borrower's other cases
    judgement: Judgement | None

    @property
    def latest(self) -> int | None:
        """The current decision."""
        return next((step.decision.id for step in self.history if step.decision is not None), None)

    @property
    def is_current(self) -> bool:
        """Whether the decision looked at is the current one."""
        return self.judgement is not None and self.judgement.decision_id == self.latest

    def before(self, decision_id: int) -> int | None:
        """The decision that came before this one."""
        made = [step.decision.id for step in self.history if step.decision is not None]
        later = made[made.index(decision_id) + 1 :] if decision_id in made else []
        return later[0] if later else None

    @property
    def outdated(self) -> bool:
        """Whether newer facts came in that are not decided yet."""
        return bool(self.history) and self.history[0].decision is None


def open_file(
    session: Session, case_id: int, vault: Vault, decision_id: int | None = None, submitter: str | None = None
) -> CaseFile | None:
    """The file of a case, at a decision of it or at its current one; None if there is no such case or decision.

    With a submitter, a case of anybody else is no case.
    """
    case = session.get(Case, case_id)
    if case is None or submitter not in (None, case.submitter):
        return None
    rows = session.exec(
        select(CaseVersion, Decision)
        .join(Decision, col(Decision.case_version_id) == CaseVersion.id, isouter=True)
        .where(CaseVersion.case_id == case_id)
        .order_by(col(CaseVersion.number).desc(), col(Decision.as_of).desc(), col(Decision.id).desc())
    ).all()
    decided = [(version, decision) for version, decision in rows if decision is not None]
    looked_at = [pair for pair in decided if decision_id in (None, pair[1].id)]
    if decision_id is not None and not looked_at:
        return None
    return CaseFile(
        case_id,
        case.case_ref,
        session.get(WorklistItem, case_id),
        tuple(_step(session, version, decision) for version, decision in rows),
        beside(session, case),
        _judgement(session, case.case_ref, *looked_at[0], vault) if looked_at else None,
    )


def current(session: Session, case_id: int, vault: Vault, submitter: str | None = None) -> Decided | None:
    """The current decision on a case alone; None if there is none, or with a submitter if it is somebody else's."""
    desk = session.get(WorklistItem, case_id)
    if desk is None or submitter not in (None, desk.submitter):
        return None
    return decided_on(session, case_id, desk.decision_id, vault)


def decided_on(session: Session, case_id: int, decision_id: int, vault: Vault) -> Decided | None:
    """One decision on a case; None if it is none on this case."""
    found = session.exec(
        select(Case, CaseVersion, Decision)
        .join(CaseVersion, col(CaseVersion.case_id) == Case.id)
        .join(Decision, col(Decision.case_version_id) == CaseVersion.id)
        .where(Case.id == case_id, Decision.id == decision_id)
    ).first()
    if found is None:
        return None
    case, version, decision = found
    return restored(session, case.case_ref, decision, version.private, vault)


def _step(session: Session, version: CaseVersion, decision: Decision | None) -> Step:
    if decision is None:
        return Step(version.number, version.created_at, None)
    title = title_of(session, decision.pack_sha256, decision.strategy)
    edition = session.get_one(StoredPack, decision.pack_sha256).version
    summary = Summary(decision.id, decision.created_at, decision.as_of, decision.urgency, title, edition)
    return Step(version.number, version.created_at, summary)


def _judgement(session: Session, case_ref: str, version: CaseVersion, decision: Decision, vault: Vault) -> Judgement:
    decided = restored(session, case_ref, decision, version.private, vault)
    pack, facts = decided.pack, decided.facts
    hidden = {"case_ref"} | {name for name, fact in pack.vocabulary.facts.items() if fact.private}
    shown = [name for name in pack.vocabulary.facts if name in facts and name not in hidden]
    return Judgement(
        decision_id=decision.id,
        decided=decided,
        words=decided.in_words(),
        used={
            loaded.rule.id: _used(loaded, facts)
            for loaded in pack.rules
            if loaded.rule.id in decided.outcome.rules_fired
        },
        submitted=tuple(name for name in shown if name in version.facts),
        derived=tuple(name for name in shown if name not in version.facts),
    )


def _used(rule: LoadedRule, facts: case_facts.Facts) -> tuple[str, ...]:
    looked_at = dict.fromkeys(name for leaf in leaves(rule.when) for name in facts_of(leaf))
    return tuple(name for name in looked_at if name in facts)
