"""A lender's answer: what it says, what it makes of the facts, and the agreement it may come with.

The facts decide what is next: a refusal is handed in as one, stops the clock of the answer and leads on; what was
agreed stops it as well, and is followed. Danger and what a supervisor has stay where they are.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from forbear.accounts.accounts import ViewerWork
from forbear.case import corrections
from forbear.case.action_fields import WORDS, Field
from forbear.case.actions import ALSO_MEANWHILE, Action
from forbear.case.workflow import CRISIS, CaseContext
from forbear.conversation import agreements
from forbear.conversation.agreements import AgreedTerms
from forbear.desk.review import Act
from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.pack.pack import Pack

# What is noted as the outcome, by the answer.
OUTCOMES: Final = {
    "accepted": "lender_accepted",
    "counter_offer": "lender_countered",
    "refused": "lender_refused",
    "eligibility_disputed": "eligibility_disputed",
    "debt_sold": "debt_sold",
}
WITH_TERMS: Final = ("accepted", "counter_offer")
_LONGEST_NAME: Final = 200
# What each makes of the facts. Whoever buys a debt was asked nothing yet.
_FACTS: Final[Mapping[str, Mapping[str, str]]] = {
    "accepted": {"prior_request": "accepted"},
    "counter_offer": {"prior_request": "countered"},
    "refused": {"prior_request": "refused"},
    "eligibility_disputed": {"prior_request": "refused"},
    "debt_sold": {"prior_request": "none", "prior_request_on": "", "lender_type": "assignee"},
}


def new_facts(pack: Pack, answer: str, sold_to: str = "") -> dict[str, object]:
    """The cells that an answer comes to, of those that the pack has a place for."""
    cells = {**_FACTS[answer], **({"lender": sold_to} if sold_to else {})}
    known = pack.vocabulary.facts
    return {
        name: value
        for name, value in cells.items()
        if name in known and (not value or not known[name].values or value in known[name].values)
    }


def _received(context: CaseContext, day: dt.date | None) -> FieldError | None:
    first, today = context.today - agreements.FARTHEST, context.today
    if day is not None and first <= day <= today:
        return None
    return FieldError.of("received_on", said("agreement.agreed_on", first=first, last=today))


def _faults(
    context: CaseContext, answer: str, sold_to: str, terms: Mapping[str, Any], **_: Any
) -> Iterator[FieldError]:
    if answer == "debt_sold" and not 0 < len(sold_to.strip()) <= _LONGEST_NAME:
        yield FieldError.of("sold_to", said("lender.whom_sold"))
    if answer in WITH_TERMS and any(value is not None for value in terms.values()):
        if terms["in_writing"] is None:
            yield FieldError.of("in_writing", said("agreement.written"))
        yield from agreements.faults(_terms(terms, context.today), context.today)


def _terms(given: Mapping[str, Any], agreed_on: dt.date, words: str = "") -> AgreedTerms:
    """Terms as they were typed; what is missing is none that can be."""
    return AgreedTerms(
        given["amount"] or 0,
        given["count"] or 0,
        given["first_due"] or dt.date.min,
        agreed_on,
        bool(given["in_writing"]),
        words,
    )


def _answered(
    context: CaseContext,
    work: ViewerWork,
    answer: str,
    received_on: dt.date,
    sold_to: str,
    terms: Mapping[str, Any],
    words: str,
) -> Act:
    """Hand in the facts, keep the agreement, and let the case go on from there."""
    case = context.case
    told: dict[str, Any] = {"received_on": received_on.isoformat()}
    there = answer in WITH_TERMS and terms["amount"] is not None
    agreed = answer == "accepted" and there
    if agreed:
        told["agreement"] = agreements.make(work, case, _terms(terms, received_on, words.strip())).id
    elif there:
        told |= {"amount": terms["amount"], "count": terms["count"], "first_due": terms["first_due"].isoformat()}
    act = _act(work, context, new_facts(work.pack, answer, sold_to.strip()), words)
    outcome = OUTCOMES[answer]
    return replace(
        act,
        action="outcome",
        reason=outcome,
        changes={**act.changes, **_place(context, agreed=agreed)},
        detail={**(act.detail or {}), **told},
        said=(sold_to,),
        tally={("outcome", case.chosen_strategy or case.strategy, outcome): 1},
    )


def _act(work: ViewerWork, context: CaseContext, cells: Mapping[str, object], words: str) -> Act:
    """A correction where the answer says something new."""
    known, vocabulary = context.decided.facts, work.pack.vocabulary.facts
    new = {
        name: value
        for name, value in cells.items()
        if value != (corrections.cell(vocabulary[name], known[name]) if name in known else "")
    }
    if new:
        return corrections.answer(work, context, new, words)
    changes: dict[str, Any] = {}
    if context.case.assignee_id is None and (context.case.status != "escalated" or context.supervises):
        changes["assignee_id"] = work.viewer.account_id
    return Act("outcome", changes, words=words.strip() or None)


def _place(context: CaseContext, *, agreed: bool) -> dict[str, Any]:
    """Where the case stands then: done with while its instalments are paid, else to be gone on with."""
    if context.case.status == "escalated" or context.in_danger or context.case.urgency == CRISIS:
        return {}
    if agreed:
        return {"status": "reviewed", "chosen_strategy": context.course.outcome.strategy, "follow_up_at": None}
    return {"status": "open", "follow_up_at": None}


LENDER_ANSWER: Final = Action(
    name="outcome",
    about="What the lender answered.",
    choose=_answered,
    fields=(
        Field("answer", "choice", required=True, codes=tuple(OUTCOMES)),
        Field("received_on", "day", check=_received),
        WORDS,
    ),
    example={},
    when=ALSO_MEANWHILE,
    on_bar=False,
    together=_faults,
)
