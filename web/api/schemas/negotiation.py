"""What the API hands out for the talks: the client's page and the negotiation pack, amounts in yuan."""

import datetime as dt
from typing import Any

from pydantic import Field

from forbear.batch.recorded_decision import RecordedDecision
from forbear.case.negotiation import negotiation_files
from rules.pack.files.schema import Text
from rules.pack.pack import Pack
from rules.text.budget import BudgetLine
from rules.text.client_plan import ClientPlan
from rules.text.decision_view import PlanView, SafetyHoldView, plan_view
from rules.text.negotiation_pack import LetterDraft, NegotiationPack, PlanOffer
from rules.text.plan_text import yuan
from web.api.schemas.cases import Shape


class ClientPage(Shape):
    """What a client is told about a case, on one page."""

    case_ref: str
    as_of: dt.date
    strategy: str
    plan_for_client: ClientPlan


class ReceiptView(Shape):
    """Proof that a decision is in the signed ledger: written in one way only, so keep the answer byte for byte."""

    receipt: int = Field(description="Version of the form")
    decision: int
    row: dict[str, str | int | bool | None] = Field(
        description="What was decided, by which policy and day; facts and outcome as hashes"
    )
    chunk: dict[str, int | str] = Field(description="The way from it to the root of its chunk's tree")
    entry: list[int | str | dict[str, Any]] = Field(description="The entry of the ledger that has this root")
    log: dict[str, int | str] = Field(description="The way from the entry to the root of the ledger")
    signed: list[str] = Field(description="Who signed that root, and the signature")


class CallView(Shape):
    """Whom to call or write to."""

    title: Text
    number: str | None = Field(description="null: each lender or office has its own")
    purpose: Text


class DayView(Shape):
    """A day to keep."""

    id: str
    date: dt.date
    title: Text
    detail: Text
    assumed: bool = Field(description="It is not certain to be this day")


class BudgetLineView(Shape):
    """A step from the income to what is left, in yuan."""

    kind: str
    title: Text
    amount: str | None = Field(description="null: not known")
    left: str | None = Field(description="After it; below zero: a deficit")


class OfferView(Shape):
    """A plan and the sentence that proposes it."""

    title: Text
    sentence: Text
    plan: PlanView


class LetterView(Shape):
    """A letter filled in for the case; what is not known is blank. The Chinese one is the one to send."""

    id: str
    title: Text
    to: Text
    text: Text = Field(description="The whole letter, ready to be copied")
    hold: Text | None = Field(description="Why it must not go out yet")
    acknowledges: bool = Field(description="It admits the debt, which may start the limitation period anew")


class NegotiationPackView(Shape):
    """Everything for the talks about a case. Under a safety hold a protocol for staff: no script, plan or letter."""

    case_ref: str
    as_of: dt.date
    edition: str
    strategy: str
    title: Text
    summary: Text | None
    staff: bool = Field(description="It is for staff: what is done about danger")
    withheld: bool = Field(description="Nothing in it admits the debt, promises, pays or asks for time")
    safety_hold: SafetyHoldView | None
    plan_for_client: ClientPlan | None
    say: list[Text]
    ask: list[Text]
    have: list[Text]
    in_writing: list[Text]
    not_sign: list[Text]
    heed: list[Text]
    calls: list[CallView]
    days: list[DayView]
    budget: list[BudgetLineView]
    offers: list[OfferView]
    letters: list[LetterView]
    sources: list[Text]
    notice: Text


def pack_view(decided: RecordedDecision, found: NegotiationPack, hold: SafetyHoldView | None) -> NegotiationPackView:
    """A negotiation pack as the API answers it."""
    same = ("case_ref", "as_of", "edition", "strategy", "title", "summary", "staff", "withheld", "notice")
    lists = ("say", "ask", "have", "in_writing", "not_sign", "heed", "sources")
    return NegotiationPackView(
        **{name: getattr(found, name) for name in same},
        **{name: list(getattr(found, name)) for name in lists},
        safety_hold=hold,
        plan_for_client=found.plan,
        calls=[CallView(title=each.title, number=each.number, purpose=each.purpose) for each in found.calls],
        days=[DayView(**{name: getattr(each, name) for name in DayView.model_fields}) for each in found.days],
        budget=[_budget(each) for each in found.budget],
        offers=[_offer(decided.pack, each) for each in found.offers],
        letters=[_letter(each) for each in found.letters],
    )


def _budget(line: BudgetLine) -> BudgetLineView:
    return BudgetLineView(
        kind=line.kind,
        title=line.title,
        amount=None if line.amount is None else yuan(line.amount),
        left=None if line.left is None else yuan(line.left),
    )


def _offer(pack: Pack, offer: PlanOffer) -> OfferView:
    return OfferView(title=offer.title, sentence=offer.sentence, plan=plan_view(pack, offer.plan))


def _letter(draft: LetterDraft) -> LetterView:
    return LetterView(
        id=draft.id,
        title=draft.title,
        to=draft.to,
        text=Text(zh=negotiation_files.letter(draft, "zh"), en=negotiation_files.letter(draft, "en")),
        hold=draft.hold,
        acknowledges=draft.acknowledges,
    )
