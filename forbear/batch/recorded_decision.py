"""RecordedDecision: one decision as the record keeps it, back in the rules' own types."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import Field
from sqlalchemy import Row, text
from sqlmodel import Session, col, select

from forbear.base.compressed.submitted_facts import facts_in
from forbear.base.packs import pack_to_name_by, stored_pack
from forbear.base.vault import Vault, private_of
from forbear.batch import decision_body
from forbear.batch.triage import evaluator, written
from forbear.desk import danger
from models.case import Case, CaseVersion
from models.decision import Decision
from models.desk import WorklistItem
from rules.decision.evaluate import Evaluation
from rules.decision.outcome import NOT_EVALUATED, Outcome, not_evaluated, read_outcome
from rules.decision.safety_hold import SafetyHold, held_back
from rules.engines.polars_engine import RuleTrace
from rules.facts import case_facts, red_flags
from rules.locale import Language
from rules.pack.files.schema import Model
from rules.pack.pack import Pack
from rules.text.decision_view import DecisionView, decision_view
from rules.text.explanation import explain
from rules.text.negotiation_pack import NegotiationPack, negotiation_pack
from rules.text.workings.formula_text import Workings, all_workings

_OF_BATCH = text(f"""
    SELECT c.id AS case_id, c.case_ref, v.private, {decision_body.COLUMNS}, d.case_version_id, d.as_of, d.valid_until,
        c.submitter, d.id AS decision_id, d.created_at AS decided_at, d.id = desk.decision_id AS current, desk.revision,
        desk.status, desk.chosen_strategy, desk.due_at, desk.follow_up_at
    FROM batch b
    JOIN batch_case bc ON bc.batch_id = b.id
    JOIN case_version v ON v.id = bc.case_version_id
    JOIN "case" c ON c.id = v.case_id
    JOIN decision d
        ON d.case_version_id = v.id AND d.pack_sha256 = coalesce(bc.pack_sha256, b.pack_sha256) AND d.as_of = b.as_of
    LEFT JOIN desk_case desk ON desk.case_id = c.id
    WHERE b.id = :batch
    ORDER BY bc.row
""")  # noqa: S608 - text of ours
_LATEST = text(f"""
    SELECT c.id AS case_id, c.case_ref, v.private, {decision_body.COLUMNS}, d.case_version_id, d.as_of, d.valid_until
    FROM "case" c
    JOIN case_version v ON v.case_id = c.id
    JOIN decision d ON d.case_version_id = v.id
    WHERE c.submitter = :submitter AND c.case_ref = :case_ref
    ORDER BY v.number DESC, d.as_of DESC, d.id DESC
    LIMIT 1
""")  # noqa: S608 - text of ours
_T = TypeVar("_T")
MOST: Final = 128  # decisions kept in memory, those that were made last
SECONDS: Final = 600  # after which one is forgotten with the next: also what is deleted from the record
_FETCH = 1000  # decisions in memory at once when a batch's are read


class DeskPlace(Model):
    """A decision of a batch in the record, and where its case stands by now."""

    submitter: str
    decision_id: int
    decided_at: dt.datetime
    current: bool = Field(description="Still the decision on the desk; false: there is a newer one, ask for the case")
    revision: int = Field(description="Of the case as it stands by now: to be sent along with a review")
    status: str
    chosen_strategy: str | None
    due_at: dt.datetime
    follow_up_at: dt.datetime | None


class ResultLine(DeskPlace, DecisionView):
    """A line of a batch's results."""


@dataclass(frozen=True)
class RecordedDecision:
    """What was decided on a case, by which pack, for which day, and on which facts."""

    case_ref: str
    pack: Pack
    as_of: dt.date
    facts: case_facts.Facts
    outcome: Outcome
    alarms: tuple[red_flags.RedFlagMatch, ...]  # with words of the notes: to be shown, not to be stored
    hold: SafetyHold | None = None  # danger that is not settled: the outcome is without what is for the talks
    valid_until: dt.date | None = None  # the first day on which time alone could change it
    place: DeskPlace | None = None  # of a line of results
    recommended: str | None = None  # by the policy, where `outcome` is that of another strategy, which a person chose
    # What follows from it, by what it is: made when it is first asked for, and nobody's to change.
    _made: dict[object, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def once(self, what: object, make: Callable[[], _T]) -> _T:
        """Something that follows from the decision and from nothing else, made once."""
        if what not in self._made:
            self._made[what] = make()
        found: _T = self._made[what]
        return found

    def view(self) -> DecisionView:
        """The decision in words."""
        return self.once("view", self._view)

    def _view(self) -> DecisionView:
        return decision_view(
            self.pack,
            self.case_ref,
            self.outcome,
            self.facts,
            self.as_of,
            self.alarms,
            self.hold,
            self.recommended,
            self.valid_until,
        )

    def line(self) -> DecisionView:
        """The same as a line of results: with where its case stands, where that was looked up."""
        view = self.view()
        return view if self.place is None else ResultLine(**dict(view), **dict(self.place))

    def as_chosen(self, desk: WorklistItem) -> RecordedDecision:
        """The decision as a person made it: with what follows from the strategy chosen, if it is another.

        A choice made before something else was recommended was about another case than this.
        """
        chosen = desk.chosen_strategy
        if self.hold is not None:  # nothing for the talks follows from any strategy
            return self
        if chosen is None or chosen == self.outcome.strategy or chosen not in self.pack.strategies or desk.changed:
            return self
        return self.once(("chosen", chosen), lambda: self._chosen(chosen))

    def _chosen(self, strategy: str) -> RecordedDecision:
        found = evaluator(self.pack, self.as_of).chosen(Evaluation(self.facts, self.outcome), strategy)
        return replace(self, outcome=found, recommended=self.outcome.strategy)

    def workings(self, language: Language) -> dict[str, Workings]:
        """How each derived fact came about."""
        return self.once(("workings", language), lambda: all_workings(self.pack, self.facts, self.as_of, language))

    def explained(self, language: Language) -> str:
        """The decision at length: why, why not, what would change it, what is still to be asked."""
        return explain(self.pack, self.view(), self.outcome, self.facts, self.trace(), language)

    def trace(self, only: Collection[str] | None = None) -> tuple[RuleTrace, ...]:
        """What each rule, condition and comparison gave on these facts; or `only` those of some rules."""
        return evaluator(self.pack, self.as_of).trace(self.facts, only)

    @property
    def evaluated(self) -> bool:
        """Whether the rules decided; else it stands in for a decision, and a person makes one."""
        return NOT_EVALUATED not in self.outcome.rules_fired

    def negotiation_pack(self) -> NegotiationPack | None:
        """The negotiation pack; None where the policy pack has no texts for one, or nothing was decided."""
        if not self.evaluated and self.hold is None:
            return None
        return self.once(
            "negotiation", lambda: negotiation_pack(self.pack, self.outcome, self.facts, self.as_of, self.hold)
        )


def restored(
    session: Session,
    case_ref: str,
    decision: Decision | Row[Any],
    submitted: bytes,
    private: bytes | None,
    vault: Vault,
    hold: SafetyHold | None,
) -> RecordedDecision:
    """A row of the record in the rules' types. What is sealed is opened only where a text raised an alarm."""
    pack = stored_pack(session, decision.pack_sha256)
    made = decision_body.recorded(session, decision, facts_in(session, submitted))
    facts = case_facts.read_facts(pack.vocabulary, made.facts)
    flags = facts.get("note_flags")
    texts = written(pack, facts, private_of(vault, decision.case_version_id, private)) if flags else ()
    found = (match for text in texts for match in red_flags.matches(pack, text))
    alarms = red_flags.red_flag_matches(pack, flags, found) if isinstance(flags, tuple) else ()
    outcome = read_outcome(made.outcome)
    if hold is not None:
        outcome = held_back(pack, outcome)
    return RecordedDecision(case_ref, pack, decision.as_of, facts, outcome, alarms, hold, decision.valid_until)


def decisions_of_batch(session: Session, batch_id: UUID, vault: Vault) -> Iterator[RecordedDecision]:
    """Every decision of a batch, in the order of its rows; streamed."""
    connection = session.connection()
    held = danger.holds_of(session, batch_id)
    rows = connection.execute(_OF_BATCH, {"batch": batch_id}, execution_options={"yield_per": _FETCH})
    for row in rows:
        place = DeskPlace(**{name: getattr(row, name) for name in DeskPlace.model_fields})
        made = restored(session, row.case_ref, row, row.submitted, row.private, vault, held.get(row.case_id))
        yield replace(made, place=place)


def facts_of(session: Session, decisions: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The facts as evaluated of some decisions, as the record has them, by decision."""
    query = (
        select(Decision, CaseVersion.facts)
        .join(CaseVersion, col(CaseVersion.id) == col(Decision.case_version_id))
        .where(col(Decision.id).in_(decisions))
    )
    return {
        made.id: decision_body.recorded(session, made, facts_in(session, given)).facts
        for made, given in session.exec(query)
    }


def latest_decision(session: Session, submitter: str, case_ref: str, vault: Vault) -> RecordedDecision | None:
    """The latest decision on a submitter's case; None if there is none."""
    row = session.connection().execute(_LATEST, {"submitter": submitter, "case_ref": case_ref}).first()
    if row is None:
        return None
    return restored(session, row.case_ref, row, row.submitted, row.private, vault, danger.hold_on(session, row.case_id))


def by_hand(session: Session, desk: WorklistItem) -> RecordedDecision:
    """What stands in for the decision on a case that could not be evaluated. Its facts may be what broke it."""
    pack, hold = pack_to_name_by(session, desk.pack_sha256), danger.hold_on(session, desk.case_id)
    return RecordedDecision(desk.case_ref, pack, desk.as_of, {}, not_evaluated(pack), (), hold)


@dataclass(frozen=True)
class _RememberedDecision:
    given: tuple[Any, ...]
    at: float
    decision: RecordedDecision


_kept: OrderedDict[int, _RememberedDecision] = OrderedDict()
_changing = threading.Lock()


def remembered(
    session: Session, case_ref: str, decision: Decision, version: CaseVersion, vault: Vault, hold: SafetyHold | None
) -> RecordedDecision:
    """A decision on a version as `restored` gives it, kept for as long as its pages are asked for.

    It never changes. It is known by all that it was restored from, compared as a whole, so that no other one can ever
    stand in its place; who may see it is asked before. One with words of somebody's notes is not kept.
    """
    given = (case_ref, hold, *(getattr(decision, name) for name in ("pack_sha256", "as_of", "valid_until", "body")))
    given = (*given, version.facts)
    known, now = _kept.get(decision.id), time.monotonic()
    if known is not None and known.given == given and now - known.at < SECONDS:
        return known.decision
    made = restored(session, case_ref, decision, version.facts, version.private, vault, hold)
    if decision.body is not None and not made.facts.get("note_flags"):
        with _changing:
            _kept.pop(decision.id, None)
            _kept[decision.id] = _RememberedDecision(given, now, made)
            while _kept and (len(_kept) > MOST or now - next(iter(_kept.values())).at >= SECONDS):
                _kept.popitem(last=False)
    return made


def decision_on_desk(session: Session, desk: WorklistItem, vault: Vault) -> RecordedDecision:
    """The decision that a row of the queue stands for."""
    if desk.decision_id is None:
        return by_hand(session, desk)
    case, version, decision = session.exec(
        select(Case, CaseVersion, Decision)
        .join(CaseVersion, col(CaseVersion.case_id) == Case.id)
        .join(Decision, col(Decision.case_version_id) == CaseVersion.id)
        .where(Decision.id == desk.decision_id)
    ).one()
    return remembered(session, case.case_ref, decision, version, vault, danger.hold_on(session, case.id))


def decision_on(session: Session, case_id: int, decision_id: int, vault: Vault) -> RecordedDecision | None:
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
    return remembered(session, case.case_ref, decision, version, vault, danger.hold_on(session, case.id))


def current_decision(
    session: Session, case_id: int, vault: Vault, submitter: str | None = None
) -> RecordedDecision | None:
    """The current decision on a case as a person made it; None if there is none, or it is not that submitter's."""
    desk = session.get(WorklistItem, case_id)
    if desk is None or submitter not in (None, desk.submitter):
        return None
    return decision_on_desk(session, desk, vault).as_chosen(desk)
