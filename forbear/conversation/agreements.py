"""Agreements with a lender: what was agreed, its instalments, and what becomes of each.

An instalment is kept, or its last day passes and nobody knows of a payment: then it is late, and a month later, or once
the next one is late too, broken. Either brings the case back; people say what was paid.
"""

import calendar
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, select

from forbear.accounts.accounts import ViewerWork
from forbear.base.vault import Vault
from forbear.case.workflow import RefusedError
from forbear.conversation import saying
from forbear.desk import worklist
from forbear.desk.review import Act, NoCaseError
from forbear.ledger.unit_of_work import Work
from forbear.locale import said
from forbear.webhooks import notifications
from models.conversation import Agreement, Instalment
from models.database.session import next_id
from models.desk import WorklistItem
from rules.facts import legal_days
from rules.facts.case_facts import FieldError

MOST: Final = 360  # instalments: thirty years
DEAREST: Final = 10**12  # fen of one
BROKEN_AFTER: Final = dt.timedelta(days=30)  # after its last day
FARTHEST: Final = dt.timedelta(days=366)  # that the first one may be ahead, or that an agreement may be old
AT_ONCE: Final = 200
WHY: Final = ("instalment_late", "instalment_broken")  # that a case came back
_OF_CASE: Final = select(Agreement).where(Agreement.case_id == bindparam("case")).order_by(col(Agreement.id).desc())
# From the instalments, few of which have lapsed, to their cases: never over all cases.
_LOCKED: Final = text("""
    WITH lapsed AS MATERIALIZED (
        SELECT DISTINCT a.case_id FROM instalment i JOIN agreement a ON a.id = i.agreement_id
        WHERE i.status IN ('due', 'late') AND i.last_day < :today AND a.status = 'running'
            AND (i.status = 'due' OR i.last_day + :patience < :today)
    )
    SELECT desk.case_id FROM desk_case desk JOIN lapsed USING (case_id)
    WHERE desk.status <> 'closed' ORDER BY desk.case_id LIMIT :at_once FOR UPDATE OF desk SKIP LOCKED
""")


@dataclass(frozen=True)
class AgreedTerms:
    """What was agreed: `amount` fen, `count` times, the first on a day and then monthly."""

    amount: int
    count: int
    first_due: dt.date
    agreed_on: dt.date
    in_writing: bool
    words: str = ""


@dataclass(frozen=True)
class ListedAgreement:
    """An agreement with its instalments, its terms opened."""

    agreement: Agreement
    terms: str | None
    instalments: tuple[Instalment, ...]

    @property
    def paid(self) -> int:
        """Fen that were paid."""
        return sum(each.amount for each in self.instalments if each.status == "kept")

    @property
    def total(self) -> int:
        """Fen of all instalments."""
        return sum(each.amount for each in self.instalments)

    @property
    def next(self) -> Instalment | None:
        """The first that is open."""
        return next((each for each in self.instalments if each.status != "kept"), None)


def due_days(first: dt.date, count: int) -> Iterator[dt.date]:
    """The days of monthly instalments: always that of the first, or the last of a month that has it not."""
    for months in range(first.month - 1, first.month - 1 + count):
        year, month = first.year + months // 12, months % 12 + 1
        yield dt.date(year, month, min(first.day, calendar.monthrange(year, month)[1]))


def faults(terms: AgreedTerms, today: dt.date) -> Iterator[FieldError]:
    """What cannot be of an agreement."""
    if not 0 < terms.amount <= DEAREST:
        yield FieldError.of("amount", said("agreement.amount"))
    if not 1 <= terms.count <= MOST:
        yield FieldError.of("count", said("agreement.count", most=MOST))
    if not today - FARTHEST <= terms.first_due <= today + FARTHEST:
        yield FieldError.of("first_due", said("agreement.first_due", first=today - FARTHEST, last=today + FARTHEST))
    if not today - FARTHEST <= terms.agreed_on <= today:
        yield FieldError.of("agreed_on", said("agreement.agreed_on", first=today - FARTHEST, last=today))


def make(work: ViewerWork, case: WorklistItem, terms: AgreedTerms) -> Agreement:
    """Keep an agreement on a locked case. One that was running is over with it."""
    for running in _running(work.session, case.case_id):
        running.status = "ended"
        work.session.add(running)
        work.note("agreement", f"agreement:{running.id}", {"case": case.case_id, "what": "ended"})
    agreement_id = next_id(work.session, "agreement")
    made = Agreement(
        id=agreement_id,
        case_id=case.case_id,
        account_id=work.viewer.account_id,
        made_at=work.now,
        agreed_on=terms.agreed_on,
        in_writing=terms.in_writing,
        terms=work.vault.seal(terms.words, f"agreement.terms:{agreement_id}") if terms.words else None,
    )
    work.session.add(made)
    work.session.flush()
    work.session.add_all(
        Instalment(
            agreement_id=made.id,
            number=number,
            due_on=due_on,
            last_day=legal_days.ending(due_on).date,
            amount=terms.amount,
        )
        for number, due_on in enumerate(due_days(terms.first_due, terms.count), start=1)
    )
    work.session.flush()
    work.note("agreement", f"agreement:{made.id}", {"case": case.case_id, "what": "made"})
    return made


def of_case(session: Session, vault: Vault, case_id: int) -> list[ListedAgreement]:
    """The agreements of a case, the newest first."""
    found = list(session.exec(_OF_CASE, params={"case": case_id}))
    parts = _instalments(session, [each.id for each in found])
    return [
        ListedAgreement(
            each,
            None if each.terms is None else str(vault.open(each.terms, f"agreement.terms:{each.id}")),
            tuple(parts[each.id]),
        )
        for each in found
    ]


def paid(work: ViewerWork, case_id: int, agreement_id: int, number: int, form: str, paid_on: dt.date | None) -> None:
    """Somebody knows that an instalment was paid, and when. All kept, the agreement is.

    Raises NoCaseError where there is none of it, RefusedError for a day that cannot be.
    """
    today = saying.today(work)
    if paid_on is None or not today - FARTHEST <= paid_on <= today:
        raise RefusedError(FieldError.of("paid_on", said("agreement.paid_on", last=today)))
    case = saying.opened(work, case_id, form)
    if case is None:
        return
    agreement, parts = _of(work.session, case_id, agreement_id)
    instalment = next((each for each in parts if each.number == number), None)
    if instalment is None:
        raise NoCaseError(f"Agreement {agreement_id} has no instalment {number}.")
    if instalment.status == "kept":
        return
    instalment.status, instalment.paid_on = "kept", paid_on
    work.session.add(instalment)
    whole = all(each.status == "kept" for each in parts)
    caught_up = not any(each.status in ("late", "broken") for each in parts)
    if whole or (caught_up and agreement.status == "broken"):
        agreement.status = "kept" if whole else "running"
        work.session.add(agreement)
    if caught_up:
        case.aged = [each for each in case.aged if each not in WHY]
    detail = {"agreement": agreement_id, "number": number, "paid_on": paid_on.isoformat()}
    strategy = case.chosen_strategy or case.strategy
    tally = {("outcome", strategy, "plan_kept"): 1} if whole else {}
    saying.append(
        work, case, Act("agreement", {}, reason="kept" if whole else "paid", detail=detail, tally=tally), form
    )
    work.note("agreement", f"agreement:{agreement_id}", {"case": case_id, "what": "paid", "number": number})


def end(work: ViewerWork, case_id: int, agreement_id: int, form: str, words: str) -> None:
    """An agreement is over before it was kept: another took its place, the debt was sold, the lender took it back."""
    text_ = saying.worded("words", words, "agreement.why_over")
    case = saying.opened(work, case_id, form)
    if case is None:
        return
    agreement, _ = _of(work.session, case_id, agreement_id)
    if agreement.status in ("ended", "kept"):
        return
    agreement.status = "ended"
    work.session.add(agreement)
    saying.append(
        work, case, Act("agreement", {}, reason="ended", detail={"agreement": agreement_id}, words=text_), form
    )
    work.note("agreement", f"agreement:{agreement_id}", {"case": case_id, "what": "ended"})


def follow(work: Work, today: dt.date) -> int:
    """Look at the instalments whose last day has passed, some cases at a time; answers how many cases came back.

    An agreement on a closed case is nobody's to follow; once the case is open again it is looked at.
    """
    given = {"today": today, "patience": BROKEN_AFTER.days, "at_once": AT_ONCE}
    cases = list(work.session.connection().execute(_LOCKED, given).scalars())
    for case_id in cases:
        for agreement in _running(work.session, case_id):
            _follow(work, case_id, agreement, today)
    return len(cases)


def lapsed(instalments: Sequence[Instalment], today: dt.date) -> Mapping[int, Literal["late", "broken"]]:
    """What becomes of the open instalments of an agreement on a day, by number, of those with which something does."""
    over = [each for each in instalments if each.status in ("due", "late") and each.last_day < today]
    found: dict[int, Literal["late", "broken"]] = {}
    for at, each in enumerate(over):
        broken = at + 1 < len(over) or today - each.last_day > BROKEN_AFTER
        if broken or each.status == "due":
            found[each.number] = "broken" if broken else "late"
    return found


def _follow(work: Work, case_id: int, agreement: Agreement, today: dt.date) -> None:
    parts = _instalments(work.session, [agreement.id])[agreement.id]
    changes = lapsed(parts, today)
    if not changes:
        return
    for each in parts:
        each.status = changes.get(each.number, each.status)
        work.session.add(each)
    broken = "broken" in changes.values()
    if broken:
        agreement.status = "broken"
        work.session.add(agreement)
    case = work.session.get_one(WorklistItem, case_id)
    if broken:
        count = {("outcome", case.chosen_strategy or case.strategy, "plan_broken"): 1}
        worklist.note(work.session, case.submitter, count, today)
    why = WHY[broken]
    if broken:
        topic = f"agreement:{agreement.id}:{today}"
        notifications.tell(work, "instalment_broken", case_id, [case.assignee_id], topic)
    _bring_back(work, case, why)
    work.note("agreement", f"agreement:{agreement.id}", {"case": case_id, "what": why})


def _bring_back(work: Work, case: WorklistItem, why: str) -> None:
    """On the queue, due now, with why; what a supervisor has stays there."""
    if case.status != "escalated":
        case.status = "open"
    case.follow_up_at = None
    case.respond_by = case.due_at = min(case.due_at, work.now)
    case.aged = sorted({*case.aged, why})
    case.revision += 1
    work.session.add(case)
    work.note("moved", f"case:{case.case_id}", {"why": why})


def _running(session: Session, case_id: int) -> list[Agreement]:
    query = select(Agreement).where(Agreement.case_id == case_id, Agreement.status == "running")
    return list(session.exec(query.order_by(col(Agreement.id))))


def _of(session: Session, case_id: int, agreement_id: int) -> tuple[Agreement, list[Instalment]]:
    query = select(Agreement).where(Agreement.id == agreement_id, Agreement.case_id == case_id)
    found = session.exec(query).first()
    if found is None:
        raise NoCaseError(f"There is no agreement {agreement_id} on case {case_id}.")
    return found, _instalments(session, [agreement_id])[agreement_id]


def _instalments(session: Session, agreements: Sequence[int]) -> dict[int, list[Instalment]]:
    if not agreements:
        return {}
    query = select(Instalment).where(col(Instalment.agreement_id).in_(agreements))
    found: dict[int, list[Instalment]] = {each: [] for each in agreements}
    for each in session.exec(query.order_by(col(Instalment.agreement_id), col(Instalment.number))):
        found[each.agreement_id].append(each)
    return found
