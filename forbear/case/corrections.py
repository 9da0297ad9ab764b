"""Answers: facts that a person fills in or corrects make a new version of the case, which is triaged at once."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from forbear.accounts.accounts import ViewerWork
from forbear.base.compressed.submitted_facts import facts_in
from forbear.base.vault import private_of
from forbear.batch.submission.submit import Head, Submitted, submit
from forbear.case.workflow import CaseContext, RefusedError
from forbear.desk.danger import SETTLED
from forbear.desk.review import Act, StaleError
from forbear.intake import Accepted, ahead, past_of
from forbear.locale import said
from models.case import Case, CaseVersion
from models.intake.batch import Batch
from rules.decision.ageing import DAYS, with_days_gone_on
from rules.decision.safety_hold import denied_kinds
from rules.facts.case_facts import Facts, FieldError, Parser, read_facts
from rules.facts.cells import Value
from rules.facts.doubts import RowDoubts, asked_fact
from rules.pack.files.doubts import IN_DOUBT
from rules.pack.files.schema import Fact
from rules.pack.pack import Pack


def asked_of(pack: Pack) -> tuple[str, ...]:
    """The facts that a person may fill in on a case: submitted ones, neither private nor what names the case."""
    return tuple(
        name
        for name, fact in pack.vocabulary.facts.items()
        if not fact.derived and not fact.private and name != "case_ref"
    )


def cell(fact: Fact, value: Value) -> str | tuple[str, ...]:
    """A value as a form holds it: what the reader of its fact reads as the same value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if fact.type in ("money", "rate") and isinstance(value, int):
        return f"{value // 100}.{value % 100:02}".removesuffix(".00")
    return value if isinstance(value, tuple) else str(value)


@dataclass(frozen=True, kw_only=True)
class Correction(Act):
    """An action that handed in new facts."""

    submitted: Submitted


def answer(work: ViewerWork, context: CaseContext, cells: Mapping[str, object], words: str = "") -> Correction:
    """Hand in a version of a locked case with these cells in place of what stood there; blank means not known.

    What the cells do not name stays as it is, the private facts among it. Raises RefusedError with a sentence for each
    bad field, StaleError where newer facts wait to be decided.
    """
    session, pack = work.session, work.pack
    case = _locked(session, context)
    version = session.exec(
        select(CaseVersion).where(CaseVersion.case_id == case.id).order_by(col(CaseVersion.number).desc()).limit(1)
    ).one()
    if version.number != context.case.version_number:
        raise StaleError("Newer facts came in and are being triaged: look at them first.")
    before = _known(pack, facts_in(session, version.facts))
    facts, changed = _changed(pack, before, case.case_ref, cells, context.today)
    if DAYS not in changed:  # counted on the day the version was handed in; they have gone on since
        told_on = session.get_one(Batch, version.batch_id).as_of
        facts = with_days_gone_on(pack.vocabulary, facts, told_on, context.today)
    if doubts := [*RowDoubts(pack.vocabulary, context.today).of(facts, among=changed)]:
        raise RefusedError(*doubts)
    opened = private_of(work.vault, version.id, version.private)
    borrower = facts.get("borrower_ref")
    row = Accepted(
        1, case.case_ref, None if borrower is None else str(borrower), facts, opened["facts"], opened["extra"]
    )
    name = said("correction.name")
    head = Head(f"{name.zh} {name.en} {case.case_ref}", ("case_ref", *changed))
    submitted = submit(work, [row], head=head, pack=pack, as_of=context.today, submitter=case.submitter, chunk_size=1)
    return _act(context, changed, submitted, words, denied=_denies(context, pack, facts, changed))


def _locked(session: Session, context: CaseContext) -> Case:
    """The case, so that no submission makes a version of it until ours is there."""
    query = select(Case).where(Case.id == context.case.case_id).with_for_update(key_share=True)
    return session.exec(query).one()


def _known(pack: Pack, submitted: Mapping[str, Any]) -> Facts:
    """The facts of a version that today's vocabulary still knows."""
    kept = {name: value for name, value in submitted.items() if name in pack.vocabulary.facts}
    return read_facts(pack.vocabulary, kept)


def _changed(
    pack: Pack, before: Facts, case_ref: str, cells: Mapping[str, object], today: dt.date
) -> tuple[Facts, tuple[str, ...]]:
    """The facts with the cells filled in, and which of them are others than before."""
    allowed = asked_of(pack)
    known = pack.vocabulary.facts
    raw: dict[str, object] = {name: cell(known[name], value) for name, value in before.items()}
    raw |= {name: each for name, each in cells.items() if name in allowed} | {"case_ref": case_ref}
    facts, errors = Parser(pack.vocabulary).parse(raw)
    untouched = {error.field for error in errors if error.field in before and error.field not in cells}
    doubted = before.get(IN_DOUBT, ())
    if isinstance(doubted, tuple):  # given, not typed; what is answered is in doubt no more
        left = tuple(name for name in doubted if asked_fact(pack.vocabulary, name) not in facts)
        facts |= {IN_DOUBT: left} if left else {}
    facts |= {name: before[name] for name in untouched}  # what was taken once is doubted no more
    errors = [error for error in errors if error.field not in untouched]
    errors.extend(ahead(past_of(pack.vocabulary), facts, today))
    if errors:
        raise RefusedError(*errors)
    changed = tuple(name for name in allowed if facts.get(name) != before.get(name))
    if not changed:
        raise RefusedError(FieldError.of("answer", said("correction.nothing")))
    return facts, changed


def _denies(context: CaseContext, pack: Pack, facts: Facts, changed: tuple[str, ...]) -> bool:
    """Whether these answers say no to all danger that was only possible."""
    asked = {flag.danger.asks for flag in pack.red_flags.values() if flag.danger is not None}
    denied = {*denied_kinds(pack, facts)}
    return (
        context.case.danger == "possible" and not asked.isdisjoint(changed) and {*context.case.danger_kinds} <= denied
    )


def _act(
    context: CaseContext, changed: tuple[str, ...], submitted: Submitted, words: str, *, denied: bool
) -> Correction:
    case, viewer = context.case, context.viewer
    changes: dict[str, Any] = dict(SETTLED) if denied else {}
    if case.assignee_id is None and (case.status != "escalated" or context.supervises):
        changes["assignee_id"] = viewer.account_id
    if case.status == "waiting":  # this is what it waited for
        changes |= {"status": "open", "follow_up_at": None}
    detail = {"facts": list(changed), "batch": str(submitted.batch_id)}
    return Correction(action="answer", changes=changes, detail=detail, words=words.strip() or None, submitted=submitted)
