"""The timeline: what happened to a case, newest first: facts, decisions, what people did, who was given it."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from forbear.base.packs import pack_to_name_by
from forbear.base.vault import Vault
from forbear.case.decided_case import DecidedCase, DecisionSummary
from forbear.desk.review import INNER
from models.account import Account
from models.decision import Decision
from models.ledger import LedgerRow
from models.review import Review
from rules.pack.files.schema import Text
from rules.pack.pack import Pack
from rules.text.phrases import filled

_DEALT: Final = select(LedgerRow).where(LedgerRow.subject == bindparam("subject"), LedgerRow.kind == "dealt")


@dataclass(frozen=True)
class TimelineReview:
    """What a person did, with names for its codes. `words` are opened: for the page, not for logs."""

    action: str
    by: str
    whom: str | None  # was given the case
    strategy: Text | None
    reason: str | None
    detail: dict[str, Any]
    words: str | None
    facts: tuple[Text, ...]  # that were changed
    questions: tuple[Text, ...]  # that were asked
    came: tuple[Text, ...]  # papers ticked
    went: tuple[Text, ...]  # papers unticked


@dataclass(frozen=True)
class DealtEvent:
    """Nobody in particular gave the case to somebody, or took it from them because they are away."""

    whom: str
    put_back: bool


@dataclass(frozen=True)
class Event:
    """One thing that happened: exactly one of version, decision, done and dealt."""

    at: dt.datetime
    version: int | None = None
    decision: DecisionSummary | None = None
    done: TimelineReview | None = None
    dealt: DealtEvent | None = None


def events(session: Session, vault: Vault, case: DecidedCase, reviews: Iterable[Review] | None) -> tuple[Event, ...]:
    """What came in and what was decided, newest first; with `reviews`, what people did and who was given the case."""
    received = {step.version: step.received_at for step in case.history}
    found = [Event(at, version=version) for version, at in received.items()]
    found += [Event(step.decision.decided_at, decision=step.decision) for step in case.history if step.decision]
    if reviews is not None:
        found += [*all_done(session, vault, list(reviews)), *_dealt(session, case.case_id)]
    # Of one moment the later step first: a version comes in, then it is decided.
    return tuple(sorted(found, key=lambda event: (event.at, event.version is None), reverse=True))


def all_done(session: Session, vault: Vault, reviews: list[Review]) -> list[Event]:
    """Reviews with the names of people, strategies, facts and papers."""
    if not reviews:
        return []
    given = {whom for each in reviews if (whom := each.detail.get("assignee")) is not None}
    names = names_of(session, {each.account_id for each in reviews} | given)
    ids = {each.decision_id for each in reviews}
    packs = dict(session.exec(select(Decision.id, Decision.pack_sha256).where(col(Decision.id).in_(ids))).all())
    return [Event(each.at, done=_done(each, names, _pack(session, packs, each.decision_id), vault)) for each in reviews]


def _dealt(session: Session, case_id: int) -> list[Event]:
    """When the case was assigned automatically, and taken from who was away: the ledger has it."""
    rows = session.exec(_DEALT, params={"subject": f"case:{case_id}"}).all()
    whose = {row.seq: int(row.detail["from" if "from" in row.detail else "account"]) for row in rows}
    names = names_of(session, whose.values())
    return [Event(row.at, dealt=DealtEvent(names[whose[row.seq]], "from" in row.detail)) for row in rows]


def names_of(session: Session, account_ids: Iterable[int]) -> dict[int, str]:
    """The names of accounts."""
    wanted = [*account_ids]
    return (
        dict(session.exec(select(Account.id, Account.name).where(col(Account.id).in_(wanted))).all()) if wanted else {}
    )


def _pack(session: Session, packs: dict[int, str], decision_id: int | None) -> Pack | None:
    sha256 = packs.get(decision_id) if decision_id is not None else None
    return None if sha256 is None else pack_to_name_by(session, sha256)


def _done(each: Review, names: Mapping[int, str], pack: Pack | None, vault: Vault) -> TimelineReview:
    detail = {key: value for key, value in each.detail.items() if key not in INNER}
    facts = {} if pack is None else {name: fact.title for name, fact in pack.vocabulary.facts.items()}
    asked = {} if pack is None else {name: fact.question for name, fact in pack.vocabulary.facts.items()}
    strategies = {} if pack is None else {name: entry.title for name, entry in pack.strategies.items()}
    return TimelineReview(
        action=each.action,
        by=names[each.account_id],
        whom=names.get(detail.get("assignee", 0)),
        strategy=None if each.strategy is None else strategies.get(each.strategy, _as_it_is(each.strategy)),
        reason=each.reason,
        detail=detail,
        words=None if each.words is None else str(vault.open(each.words, f"review.words:{each.id}")),
        facts=tuple(facts.get(name, _as_it_is(name)) for name in detail.get("facts", ())),
        questions=tuple(asked.get(name) or _as_it_is(name) for name in detail.get("questions", ())),
        came=tuple(_paper(pack, name, each.at.date()) for name in detail.get("have", ())),
        went=tuple(_paper(pack, name, each.at.date()) for name in detail.get("lack", ())),
    )


def _paper(pack: Pack | None, name: str, on: dt.date) -> Text:
    """A paper with the figures of its day."""
    found = None if pack is None else pack.documents.get(name)
    return _as_it_is(name) if pack is None or found is None else filled(pack, found.text, {}, on)


def _as_it_is(name: str) -> Text:
    return Text(zh=name, en=name)


def ticked(reviews: Iterable[Review]) -> frozenset[str]:
    """The papers that are there, by what was ticked and unticked; reviews newest first."""
    state: dict[str, bool] = {}
    for each in reviews:
        if each.action == "document":
            for key, here in (("have", True), ("lack", False)):
                for name in each.detail.get(key, ()):
                    state.setdefault(name, here)
    return frozenset(name for name, here in state.items() if here)
