"""Danger on the case page: why nothing else is shown, whom to call, what to say, and the form that records it."""

from dataclasses import dataclass

from forbear.accounts.accounts import ViewerWork
from forbear.case.contact import CALLS
from forbear.case.decided_case import DecidedCase
from forbear.case.personal_data import Personal, numbers
from forbear.case.workflow import CaseContext
from forbear.desk import queue, review
from rules.decision.safety_hold import SafetyHold
from rules.pack.files.schema import Text
from rules.text.negotiation_pack import NegotiationPack
from rules.text.safety_notice import safety_notice
from web.views.forms import Input, inputs


@dataclass(frozen=True)
class CrisisCard:
    """What the page of a case in danger leads with. `protocol` is for staff; None where the policy has none."""

    kind: str  # explicit, possible, or beside: in another case of the borrower
    notice: Text
    kinds: tuple[str, ...]
    beside: tuple[int, str] | None  # the other case, by id and reference
    protocol: NegotiationPack | None
    may_call: bool
    name: str | None  # shown to whoever calls, once
    phones: tuple[tuple[str, str], ...] | None
    questions: tuple[Input, ...]  # whose no answers what is only possible
    calls: tuple[int, ...] = CALLS


def crisis_card(
    work: ViewerWork,
    case: DecidedCase,
    context: CaseContext | None,
    kit: NegotiationPack | None,
    seen: Personal | None,
) -> CrisisCard | None:
    """The card of a case under a safety hold; None of any other."""
    hold = case.decision.hold
    if hold is None:
        return None
    other = None
    if hold.beside is not None:
        found = queue.find(work.session, hold.beside, case.desk.submitter)
        other = (found[0], hold.beside) if found else None
    return CrisisCard(
        kind="beside" if hold.beside is not None else hold.grade,
        notice=safety_notice(hold),
        kinds=hold.kinds,
        beside=other,
        protocol=kit,
        may_call=context is not None and context.in_danger and review.may_act(context.viewer, context.case),
        name=None if seen is None else seen.facts.get("name"),
        questions=_questions(work, case, hold) if context is not None and context.in_danger else (),
        phones=None if seen is None else numbers(seen.facts.get("phone", "")),
    )


def _questions(work: ViewerWork, case: DecidedCase, hold: SafetyHold) -> tuple[Input, ...]:
    """What to ask about danger that is only possible."""
    if hold.grade != "possible":
        return ()
    signs = (flag.danger for flag in work.pack.red_flags.values() if flag.danger is not None)
    asked = dict.fromkeys(sign.asks for sign in signs if sign.kind in hold.kinds)
    return inputs(work.pack, asked, case.decision.facts)
