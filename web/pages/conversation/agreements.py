"""What the lender answered, what was agreed, and which instalments were paid: forms of the conversation."""

import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import APIRouter, Response

from forbear.accounts.accounts import work_by
from forbear.case import acting
from forbear.case.corrections import Correction
from forbear.case.workflow import CaseContext, RefusedError
from forbear.conversation import agreements
from forbear.conversation.lender_answers import LENDER_ANSWER
from forbear.desk import review
from forbear.desk.review import StaleError
from forbear.ledger.unit_of_work import begin
from web.auth import OurForm
from web.pages.case import patience
from web.pages.case.case import RowId
from web.pages.conversation.sending import SendingDep
from web.views.forms import Sent
from workers.wake import wake

router = APIRouter(dependencies=[OurForm])
_YES = {"yes": True, "no": False}


@router.post("/cases/{case_id}/lender-answers")
def take_answer(sending: SendingDep) -> Response:
    """Take down what the lender answered: the facts and the agreement follow, and the case is triaged again.

    In a unit of work of its own: a worker is woken, and waited for, only once the facts are committed.
    """
    state, work, sent = sending.request.app.state, sending.work, sending.sent
    work.session.close()  # nobody holds a connection while waiting
    try:
        with begin(state.engine, work.vault, work.now) as begun:
            own = work_by(work.viewer, begun, work.pack)
            noted = {"form": sending.once}
            revision = sent.number("revision") or 0
            done = acting.act(own, sending.case_id, revision, LENDER_ANSWER, lambda at: _given(sent, at), noted)
            wakes = done.act.submitted.wakes if isinstance(done.act, Correction) else ()
    except StaleError as error:
        if review.done_already(work.session, work.viewer, sending.case_id, sending.once):
            return sending.back()
        return sending.again(error)
    except RefusedError as error:
        return sending.again(error)
    if wakes:
        wake(wakes, state.redis_url)
        patience.wait(state.engine, wakes)
    return sending.back()


@router.post("/cases/{case_id}/agreements/{agreement_id}/instalments/{number}")
def take_payment(sending: SendingDep, agreement_id: RowId, number: RowId) -> Response:
    """An instalment was paid."""
    work, sent = sending.work, sending.sent
    return sending.done(
        lambda: agreements.paid(work, sending.case_id, agreement_id, number, sending.once, sent.date("paid_on"))
    )


@router.post("/cases/{case_id}/agreements/{agreement_id}/end")
def end_agreement(sending: SendingDep, agreement_id: RowId) -> Response:
    """An agreement counts no longer."""
    words = sending.sent.text("words")
    return sending.done(lambda: agreements.end(sending.work, sending.case_id, agreement_id, sending.once, words))


def _given(sent: Sent, _at: CaseContext) -> dict[str, Any]:
    """A value for each field of the lender's answer."""
    terms = {
        "amount": _fen(sent.text("amount")),
        "count": sent.number("count"),
        "first_due": sent.date("first_due"),
        "in_writing": _YES.get(sent.text("in_writing")),
    }
    return {
        "answer": sent.text("answer"),
        "received_on": sent.date("received_on"),
        "sold_to": sent.text("sold_to"),
        "terms": terms,
        "words": sent.text("words"),
    }


def _fen(text: str) -> int | None:
    """Yuan as they are typed, in fen; 0 for what is no amount; None if nothing was typed."""
    typed = unicodedata.normalize("NFKC", text).replace(",", "").strip()
    if not typed:
        return None
    try:
        fen = Decimal(typed) * 100
    except InvalidOperation:
        return 0
    return int(fen) if fen.is_finite() and fen == fen.to_integral_value() else 0
