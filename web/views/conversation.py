"""The conversation about a case as its page shows it: what was said, tasks, agreements, files, and their forms."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

from fastapi import Request, Response

from forbear.accounts.accounts import ViewerWork
from forbear.batch.recorded_decision import decision_on_desk
from forbear.case import timeline
from forbear.case.timeline import Event
from forbear.case.workflow import CaseContext
from forbear.conversation import agreements, attachments, contact_log, lender_answers, notes, saying, tasks
from forbear.conversation.agreements import ListedAgreement
from forbear.conversation.attachments import ListedAttachment
from forbear.conversation.tasks import ListedTask
from forbear.desk import review
from models.desk import WorklistItem
from models.review import Review
from rules.pack.files.schema import FactValue, Text
from rules.pack.pack import Pack
from web import language
from web.views import render
from web.views.forms import Forms

FORMS: Final = ("note", "contact_log", "task", "settled", "lender", "paid", "ended", "attach", "taken")
_SAID: Final = ("note", "contact", "agreement")  # tasks and files have lists of their own
_LENDER: Final = tuple(lender_answers.OUTCOMES.values())


@dataclass(frozen=True)
class Conversation:
    """What the pages of a case show of it, for people who work here."""

    case_id: int
    case_ref: str
    revision: int
    in_danger: bool
    zone: str
    today: dt.date
    entries: tuple[Event, ...]  # notes, contact, the lender's answers and payments, the newest first
    tasks: Sequence[ListedTask]
    agreements: Sequence[ListedAgreement]
    attachments: Sequence[ListedAttachment]
    colleagues: Mapping[str, int]
    evidence: Mapping[str, tuple[Text, Text | FactValue]]  # what a file may be evidence of, and how strong it is
    may_answer: bool  # take down what the lender answered
    answers: tuple[str, ...] = tuple(lender_answers.OUTCOMES)
    results: tuple[str, ...] = contact_log.RESULTS
    channels: tuple[str, ...] = contact_log.CHANNELS
    parties: tuple[str, ...] = contact_log.WITH

    @property
    def once(self) -> str:
        """Tells one form from the next, so that the same one sent twice is done once."""
        return token_hex(8)

    @property
    def people(self) -> Mapping[int, str]:
        """The colleagues by id."""
        return {account_id: name for name, account_id in self.colleagues.items()}


def conversation_of(
    work: ViewerWork, case: WorklistItem, context: CaseContext | None = None, done: Sequence[Review] | None = None
) -> Conversation:
    """The conversation about a decided case; `context`, and what was `done`, where that is known already."""
    session, vault, case_id = work.session, work.vault, case.case_id
    at = context or CaseContext(work.viewer, case, decision_on_desk(session, case, vault), work.now)
    reviews = review.timeline(session, case_id) if done is None else done
    said = [each for each in reviews if each.action in _SAID or each.reason in _LENDER]
    return Conversation(
        case_id=case_id,
        case_ref=case.case_ref,
        revision=case.revision,
        in_danger=case.danger is not None,
        zone=work.pack.manifest.timezone,
        today=saying.today(work),
        entries=tuple(timeline.all_done(session, vault, said)),
        tasks=tasks.of_case(session, vault, case_id),
        agreements=agreements.of_case(session, vault, case_id),
        attachments=attachments.of_case(work, case_id),
        colleagues=notes.colleagues(session),
        evidence=_evidence(work.pack),
        may_answer=lender_answers.LENDER_ANSWER.allowed(at),
    )


def conversation_page(
    request: Request, work: ViewerWork, case: WorklistItem, forms: Forms | None = None, status: int = 200
) -> Response:
    """The conversation by itself; with `forms`, one of them was refused and keeps what was typed."""
    values = {
        "talk": conversation_of(work, case),
        "forms": forms or Forms(),
        "stale": status == 409,
        "talked": talked(request),
        "has": language.has,
    }
    address = f"/cases/{case.case_id}/conversation"
    return render.page(request, "conversation/page.html", values, status, address if forms else None)


def talked(request: Request) -> str | None:
    """Which form led here."""
    name = request.query_params.get("talked")
    return name if name in FORMS else None


def _evidence(pack: Pack) -> dict[str, tuple[Text, Text | FactValue]]:
    facts = pack.vocabulary.facts
    found: dict[str, tuple[Text, Text | FactValue]] = {}
    for code, (name, value) in attachments.evidence_of(pack).items():
        values = facts[name].values or {}
        found[code] = (facts[name].title, values[value])
    return found
