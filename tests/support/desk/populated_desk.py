"""A desk at work: sample cases decided by the pack that ships, people, reviews, outcomes, a failed chunk.

Pages are looked at on it: by axe, for words left untranslated, and for the pictures in docs/.
"""

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

from sqlmodel import Session, col, select

from forbear.accounts import teams
from forbear.accounts.accounts import Viewer, ViewerWork
from forbear.accounts.second_factor import new_secret
from forbear.accounts.teams import TeamTerms
from forbear.base.vault import Vault
from forbear.batch.recorded_decision import decision_on_desk
from forbear.batch.submission import uploads
from forbear.batch.submission.submit import Head, submit
from forbear.batch.triage import triage_chunk
from forbear.case.corrections import answer
from forbear.case.workflow import CaseContext
from forbear.conversation import agreements, attachments, contact_log, notes, tasks
from forbear.conversation.agreements import AgreedTerms
from forbear.conversation.contact_log import LoggedContact
from forbear.desk import worklist as record
from forbear.desk.review import Act, perform, take_case
from forbear.intake import open_intake
from forbear.ledger.unit_of_work import begin
from forbear.webhooks import notifications
from models.account import Account
from models.desk import WorklistItem
from models.intake.batch import Chunk, Lane
from models.webhook import Delivery, Webhook
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import engine_of, working, working_as
from tests.support.desk.desk_clients import account
from tests.support.passkey_device import invented

SAMPLE = Path(__file__).parents[3] / "samples" / "cases.csv"
_OUTCOMES = {"contacted": 9, "lender_accepted": 6, "lender_refused": 4, "plan_kept": 5, "plan_broken": 2, "closed": 4}
_STRATEGIES = (
    "instalment_restructure",
    "card_personalised_instalment",
    "short_deferral",
    "mediation",
    "mortgage_relief",
)


@dataclass(frozen=True)
class Busy:
    """Ids to look at.

    An account of each role; a batch, a file before its submission, a webhook; a case as yet untouched, and one that was
    worked on, with its two decisions.
    """

    admin: int
    supervisor: int
    counsellor: int
    submitter: int
    batch: str
    upload: str
    webhook: int
    fresh_case: int
    worked_case: int
    earlier: int
    later: int


def busy(url: str, vault: Vault, now: dt.datetime) -> Busy:
    """Fill an empty database."""
    pack = load(DEFAULT_PACK)
    people = {
        "admin": account(url, "zhao", "admin"),
        "supervisor": account(url, "li", "supervisor"),
        "counsellor": account(url, "wang", "counsellor"),
        "submitter": account(url, "anxin", "submitter", "local"),
    }
    with engine_of(url) as engine:
        intake = open_intake(SAMPLE, pack.vocabulary)
        with begin(engine, vault, now - dt.timedelta(hours=3)) as work:
            done = submit(
                work,
                intake,
                head=Head(SAMPLE.name, tuple(intake.columns), tuple(intake.unknown)),
                pack=pack,
                as_of=now.date(),
                submitter="local",
                chunk_size=100,
            )
        for wake in done.wakes:
            with begin(engine, vault, now - dt.timedelta(hours=2)) as work:
                triage_chunk(work, wake.chunk_id, lambda: now - dt.timedelta(hours=2))
        counsellor = Viewer(people["counsellor"], "wang", "counsellor", None)
        fresh, worked = _morning(url, vault, counsellor, now)
        with working_as(counsellor, url, vault, now) as mine:
            upload = uploads.keep(mine, SAMPLE.name, SAMPLE.read_bytes(), "local", now.date())
            webhook = _past(mine.session, vault, now)
            earlier = mine.session.get_one(WorklistItem, worked).decision_id or 0
        with working_as(counsellor, url, vault, now, by=pack) as mine:
            chunk_id = _answered(mine, worked)
        _said(url, vault, people, worked, now)
        _shared(url, vault, people, now)
        with begin(engine, vault, now) as work:
            triage_chunk(work, chunk_id, lambda: now)
            later = work.session.get_one(WorklistItem, worked).decision_id or 0
    return Busy(
        **people,
        batch=str(done.batch_id),
        upload=str(upload),
        webhook=webhook,
        fresh_case=fresh,
        worked_case=worked,
        earlier=earlier,
        later=later,
    )


def _morning(url: str, vault: Vault, who: Viewer, now: dt.datetime) -> tuple[int, int]:
    """A counsellor's morning on the six most urgent cases; answers an untouched case and one that was worked on."""
    order = (col(WorklistItem.urgency), col(WorklistItem.due_at), col(WorklistItem.case_id))
    planned = (
        select(WorklistItem.case_id).where(WorklistItem.strategy == "card_personalised_instalment").order_by(*order)
    )
    with working(url, vault) as work:
        fresh, worked = work.session.exec(planned.limit(2)).all()
        rest = select(WorklistItem.case_id).where(col(WorklistItem.case_id).not_in([fresh, worked]))
        others = work.session.exec(rest.order_by(*order).limit(3)).all()
    at = now - dt.timedelta(minutes=90)
    acts = [
        (worked, Act("assign", {"assignee_id": who.account_id})),
        (worked, Act("ask", {"status": "waiting"}, detail={"facts": ["income_evidence"]}, words="请补收入证明")),
        (worked, Act("resume", {"status": "open"})),
        (others[0], Act("assign", {"assignee_id": who.account_id})),
        (others[1], Act("escalate", {"status": "escalated"}, reason="legal_view", words="开庭日期不明，请主管看")),
        (others[2], Act("assign", {"assignee_id": who.account_id})),
    ]
    for number, (case_id, act) in enumerate(acts):
        with working_as(who, url, vault, at + dt.timedelta(minutes=9 * number)) as mine:
            perform(mine, take_case(mine.session, who, case_id, None), act)
    with working(url, vault) as work:  # the night before changed two
        for case_id, what in ((fresh, "deadline"), (others[1], "urgency")):
            work.session.get_one(WorklistItem, case_id).aged = [what]
    return fresh, worked


def _said(url: str, vault: Vault, people: dict[str, int], case_id: int, now: dt.datetime) -> None:
    """What was said on the case that was worked on: a note, calls, a task, an agreement, a file."""
    li = Viewer(people["supervisor"], "li", "supervisor", None)
    wang = Viewer(people["counsellor"], "wang", "counsellor", None)
    with working_as(li, url, vault, now - dt.timedelta(minutes=40)) as work:
        notes.add(work, case_id, "1", "@wang 她妹妹来过电话，说下午三点以后方便接。请先问收入证明。")
        tasks.add(work, case_id, "2", "催银行给书面答复", wang.account_id, now.date())
    with working_as(wang, url, vault, now - dt.timedelta(minutes=20)) as work:
        contact_log.log(work, case_id, "3", LoggedContact("borrower", "phone", "no_answer", None, "没人接"))
        contact_log.log(work, case_id, "4", LoggedContact("lender", "phone", "reached", None, "工号 3321，同意分期"))
        terms = AgreedTerms(
            120050, 12, now.date() + dt.timedelta(days=6), now.date(), in_writing=False, words="减免违约金"
        )
        agreements.make(work, take_case(work.session, wang, case_id, None), terms)
        attachments.add(work, case_id, "5", "失业登记.png", b"\x89PNG\r\n\x1a\n", "hardship_evidence:official", "")


def _shared(url: str, vault: Vault, people: dict[str, int], now: dt.datetime) -> None:
    """Who works with whom, who is away, where somebody is told, and how answers were given before."""
    with working(url, vault, now) as work:
        cards = TeamTerms(
            "信用卡组", ["card_personalised_instalment", "credit_card"], ["上海", "苏州"], 20, automatic=True
        )
        both = [people["counsellor"], people["supervisor"]]
        teams.save(work, None, replace(cards, members=both), {*cards.skills})
        teams.away(work, people["supervisor"], now.date(), now.date() + dt.timedelta(days=3), now.date())
        for back in range(1, 50):
            counts = {("response", "kept", "U2"): 5 + back % 4, ("response", "late", "U3"): back % 3}
            record.note(work.session, "local", counts, now.date() - dt.timedelta(days=back))
    with working_as(Viewer(people["counsellor"], "wang", "counsellor", None), url, vault, now) as mine:
        notifications.add_address(mine, "mail", "wang@example.org", private=False)


def _answered(work: ViewerWork, case_id: int) -> int:
    """The borrower told the income: a second version; answers the chunk that decides it."""
    case = take_case(work.session, work.viewer, case_id, None)
    standing = CaseContext(work.viewer, case, decision_on_desk(work.session, case, work.vault), work.now)
    act = answer(work, standing, {"income_monthly": "5200"})
    perform(work, case, act)
    return act.submitted.wakes[0].chunk_id


def _past(session: Session, vault: Vault, now: dt.datetime) -> int:
    """What was counted on earlier days, a webhook that does not answer (its id is told), and a chunk that failed."""
    for back in range(1, 30):
        day = now.date() - dt.timedelta(days=back)
        counts = {
            ("outcome", strategy, outcome): (n * (place + 2) + back) % 4
            for place, strategy in enumerate(_STRATEGIES)
            for outcome, n in _OUTCOMES.items()
        }
        counts |= {("overridden", "restructure", "facts_wrong"): back % 3 == 0, ("accepted", "restructure", ""): 4}
        record.note(session, "local", {key: int(n) for key, n in counts.items() if n}, day)
    supervisor = session.exec(select(Account).where(Account.role == "supervisor")).one()
    supervisor.second_factor = vault.seal(new_secret(), f"account.second_factor:{supervisor.id}")
    admin = session.exec(select(Account).where(Account.role == "admin")).one()
    admin.passkeys = 1
    session.add(invented(admin.id, "蓝色安全密钥", now))
    hook = Webhook(
        submitter="local",
        account_id=supervisor.id,
        url="https://hooks.example.org/forbear",
        events=["batch.complete"],
        secret=vault.seal("s" * 32, "webhook.secret:1"),
        created_at=now,
    )
    session.add(hook)
    session.flush()
    session.add(
        Delivery(
            webhook_id=hook.id,
            event="batch.complete",
            payload={},
            created_at=now,
            status="failed",
            tries=10,
            next_at=now,
            error="timeout",
        )
    )
    chunk = session.exec(select(Chunk).order_by(col(Chunk.id))).first()
    assert chunk is not None
    session.add(
        Chunk(
            batch_id=chunk.batch_id,
            submitter=chunk.submitter,
            queue="bulk",
            lane=Lane.ORDINARY,
            turn=0,
            case_version_ids=chunk.case_version_ids[:1],
            status="failed",
            tries=3,
            error="the worker process died or took too long",
            woken_at=now,
            done_at=now,
        )
    )
    return hook.id
