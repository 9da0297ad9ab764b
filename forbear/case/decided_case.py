"""A case as its page shows it: DecidedCase, looked at by one decision on it, or PendingCase, before the first one."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from forbear.base.compressed.submitted_facts import facts_in
from forbear.base.packs import edition_of, title_of
from forbear.base.vault import Vault
from forbear.batch.recorded_decision import RecordedDecision, by_hand, remembered
from forbear.desk import danger
from forbear.desk.queue import QueueRow, beside
from models.case import Case, CaseVersion
from models.decision import Decision
from models.desk import WorklistItem
from rules.facts import case_facts
from rules.locale import Language
from rules.pack.files.schema import Text
from rules.pack.logic.normal_form import facts_of, leaves
from rules.pack.pack import LoadedRule
from rules.text.decision_view import DecisionView, public_facts

_DECIDED: Final = (
    select(CaseVersion, Decision)
    .join(Decision, col(Decision.case_version_id) == CaseVersion.id, isouter=True)
    .where(CaseVersion.case_id == bindparam("case"))
    .order_by(col(CaseVersion.number).desc(), col(Decision.as_of).desc(), col(Decision.id).desc())
)


@dataclass(frozen=True)
class DecisionSummary:
    """A decision as the history shows it."""

    id: int
    decided_at: dt.datetime
    as_of: dt.date
    urgency: str
    title: Text
    pack_version: str


@dataclass(frozen=True)
class HistoryStep:
    """One decision in the history of a case; without one, a version that waits for it."""

    version: int
    received_at: dt.datetime
    decision: DecisionSummary | None


@dataclass(frozen=True)
class PendingCase:
    """A case whose first decision is being made."""

    case_id: int
    case_ref: str


@dataclass(frozen=True)
class DecidedCase:
    """A case by one decision on it: that decision, its facts told apart, and what else is known of the case."""

    case_id: int
    case_ref: str
    row: Case  # held, so that the session knows it and asks once
    desk: WorklistItem  # as the queue has it: by the current decision
    history: tuple[HistoryStep, ...]  # newest first
    beside: tuple[QueueRow, ...]  # the borrower's other cases
    decision_id: int | None  # looked at; None where it could not be evaluated, and never was
    decision: RecordedDecision  # as the policy made it
    course: RecordedDecision  # the same, or what follows from the strategy that a person chose instead
    view: DecisionView  # of the course, in words
    used: dict[str, tuple[str, ...]]  # the known facts that each rule that fired looked at
    submitted: tuple[str, ...]  # names of facts, in the vocabulary's order
    derived: tuple[str, ...]

    @property
    def latest(self) -> int | None:
        """The newest decision."""
        return next((step.decision.id for step in self.history if step.decision is not None), None)

    @property
    def is_current(self) -> bool:
        """Whether the decision looked at is the newest one."""
        return self.decision_id == self.latest

    @property
    def outdated(self) -> bool:
        """Whether newer facts came in that are not decided yet."""
        return self.history[0].decision is None and self.desk.failed_at is None

    def before(self, decision_id: int | None) -> int | None:
        """The decision that came before this one."""
        made = [step.decision.id for step in self.history if step.decision is not None]
        later = made[made.index(decision_id) + 1 :] if decision_id in made else []
        return later[0] if later else None

    def shown(self, fact: str, language: Language) -> str:
        """A known fact for people."""
        return case_facts.display(self.decision.pack.vocabulary, fact, self.decision.facts[fact], language)


LookedAt: TypeAlias = DecidedCase | PendingCase


def open_case(
    session: Session, case_id: int, vault: Vault, decision_id: int | None = None, submitter: str | None = None
) -> LookedAt | None:
    """A case at a decision on it or at its newest one; None if there is no such case or decision.

    With a submitter, a case of anybody else is no case.
    """
    case = session.get(Case, case_id)
    if case is None or submitter not in (None, case.submitter):
        return None
    rows = session.exec(_DECIDED, params={"case": case_id}).all()
    looked_at = [(version, made) for version, made in rows if made is not None and decision_id in (None, made.id)]
    history = tuple(_step(session, version, made) for version, made in rows)
    if looked_at:
        version, made = looked_at[0]
        hold = danger.hold_on(session, case.id)
        decision = remembered(session, case.case_ref, made, version, vault, hold)
        return _decided(session, case, history, version, made.id, decision)
    if decision_id is not None:
        return None
    desk = session.get(WorklistItem, case_id)
    if desk is None:
        return PendingCase(case_id, case.case_ref)
    return _decided(session, case, history, rows[0][0], None, by_hand(session, desk))


def is_outdated(session: Session, desk: WorklistItem) -> bool:
    """Whether newer facts of a decided case came in that are not decided yet."""
    newest = session.exec(select(func.max(CaseVersion.number)).where(CaseVersion.case_id == desk.case_id)).one()
    return newest > desk.version_number and desk.failed_at is None


def _step(session: Session, version: CaseVersion, decision: Decision | None) -> HistoryStep:
    if decision is None:
        return HistoryStep(version.number, version.created_at, None)
    title = title_of(session, decision.pack_sha256, decision.strategy)
    edition = edition_of(session, decision.pack_sha256)
    summary = DecisionSummary(decision.id, decision.created_at, decision.as_of, decision.urgency, title, edition)
    return HistoryStep(version.number, version.created_at, summary)


def _decided(
    session: Session,
    case: Case,
    history: tuple[HistoryStep, ...],
    version: CaseVersion,
    decision_id: int | None,
    decision: RecordedDecision,
) -> DecidedCase:
    pack, facts = decision.pack, decision.facts
    desk = session.get_one(WorklistItem, case.id)
    course = decision.as_chosen(desk) if decision_id is not None and desk.decision_id == decision_id else decision
    shown, submitted = [name for name in public_facts(pack) if name in facts], facts_in(session, version.facts)
    return DecidedCase(
        case_id=case.id,
        case_ref=case.case_ref,
        row=case,
        desk=desk,
        history=history,
        beside=beside(session, case),
        decision_id=decision_id,
        decision=decision,
        course=course,
        view=course.view(),
        used=decision.once("used", lambda: _all_used(decision)),
        submitted=tuple(name for name in shown if name in submitted),
        derived=tuple(name for name in shown if name not in submitted),
    )


def _all_used(decision: RecordedDecision) -> dict[str, tuple[str, ...]]:
    fired = {*decision.outcome.rules_fired}
    return {loaded.rule.id: _used(loaded, decision.facts) for loaded in decision.pack.rules if loaded.rule.id in fired}


def _used(rule: LoadedRule, facts: case_facts.Facts) -> tuple[str, ...]:
    looked_at = dict.fromkeys(name for leaf in leaves(rule.when) for name in facts_of(leaf))
    return tuple(name for name in looked_at if name in facts)
