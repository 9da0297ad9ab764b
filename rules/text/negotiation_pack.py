"""The negotiation pack of a case: what to say, to ask for and not to sign, whom to call and when, letters, plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rules.decision.outcome import Outcome
from rules.decision.reasons import withholds
from rules.decision.safety_hold import SafetyHold, for_staff, held_back, protocol_of
from rules.facts.affordability import payable, steady
from rules.facts.case_facts import Facts
from rules.finance.repayment_plan import RepaymentPlan
from rules.locale import listed, said
from rules.pack.files.negotiation import Approach, Letter, Negotiation
from rules.pack.files.schema import PRODUCT_CONTACTS, SHORT, Reference, Text
from rules.pack.pack import Pack
from rules.pack.parameters import in_force
from rules.text.budget import BudgetLine, budget_of
from rules.text.calendar import CalendarDay, days_of, follow_up_of
from rules.text.client_plan import ClientPlan, client_plan
from rules.text.english import day
from rules.text.negotiation_words import NegotiationWords, money, plan_words
from rules.text.phrases import cited
from rules.text.plan_text import sentence
from rules.text.safety_notice import safety_notice

# Who signs a letter as the borrower, and who does in the place of somebody who is not.
_BORROWER, _NOT_BORROWER = "borrower", "client"
_POINTS = ("ask", "in_writing", "not_sign")
_SEVERAL = 3  # papers for one thing that are told in one line


@dataclass(frozen=True, slots=True)
class Call:
    """Whom to call or write to. `number` is None where each lender or office has its own."""

    title: Text
    number: str | None
    purpose: Text


@dataclass(frozen=True, slots=True)
class LetterDraft:
    """A letter with the facts of the case; names, numbers and whatever is not known are blanks."""

    id: str
    title: Text
    to: Text
    paragraphs: tuple[Text, ...]
    closing: Text | None
    signature: tuple[Text, ...]
    hold: Text | None  # why it must not go out yet
    acknowledges: bool


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A repayment plan and the sentence that proposes it."""

    plan: RepaymentPlan
    title: Text
    sentence: Text


@dataclass(frozen=True, slots=True)
class NegotiationPack:
    """Everything for the talks about one case, in both languages.

    Where `staff` is true it is a protocol for staff: the borrower gets no text, and there is no letter and no plan.
    Where `withheld` is true nothing in it admits the debt, promises, pays or asks for time.
    """

    case_ref: str
    as_of: dt.date
    edition: str  # of the policy pack
    reviewed_on: dt.date
    strategy: str
    title: Text
    summary: Text | None
    plan: ClientPlan | None  # the client's page
    staff: bool
    withheld: bool
    say: tuple[Text, ...]
    ask: tuple[Text, ...]
    have: tuple[Text, ...]
    in_writing: tuple[Text, ...]
    not_sign: tuple[Text, ...]
    heed: tuple[Text, ...]  # what the client's page does not say
    calls: tuple[Call, ...]
    follow_up: CalendarDay
    days: tuple[CalendarDay, ...]  # the nearest first, the follow-up among them
    budget: tuple[BudgetLine, ...]
    offers: tuple[PlanOffer, ...]
    letters: tuple[LetterDraft, ...]
    sources: tuple[Text, ...]
    notice: Text


def negotiation_pack(
    pack: Pack, outcome: Outcome, facts: Facts, as_of: dt.date, hold: SafetyHold | None = None
) -> NegotiationPack | None:
    """The negotiation pack of a decided case; None where the policy pack has no texts for one.

    Pure: the same decision gives the same pack. `facts` are those the decision was made on, derived ones included.
    Under a safety hold it is a protocol for staff, of what is done about the danger.
    """
    found = pack.negotiation
    if found is None:
        return None
    if hold is not None:
        outcome = held_back(pack, outcome)
        if not for_staff(pack, outcome):
            protocol = protocol_of(pack, hold)
            if protocol is None:
                return None
            outcome = replace(outcome, strategy=protocol, secondary=())
    approach = found.approaches[outcome.strategy]
    staff = approach.speaker == "staff"
    as_borrower = NegotiationWords(pack, facts, as_of, True, {}).true(found.as_borrower)
    withheld = withholds(pack, outcome) or not as_borrower
    follow_up = follow_up_of(pack, approach, outcome, as_of)
    words = _words(pack, found, outcome, facts, as_of, withheld)
    strategy = pack.strategies[outcome.strategy]
    plan = None if staff else client_plan(pack, outcome, facts, as_of)
    letters = () if staff else tuple(_letters(words, found, outcome))
    points = {name: [each for each in getattr(approach, name) if words.said(found.points[each])] for name in _POINTS}
    said = {name: tuple(words.fill(found.points[each]) for each in ids) for name, ids in points.items()}
    return NegotiationPack(
        case_ref=str(facts.get("case_ref", "")),
        as_of=as_of,
        edition=f"{pack.manifest.id} {pack.manifest.version}",
        reviewed_on=pack.manifest.reviewed_on,
        strategy=outcome.strategy,
        title=strategy.title,
        summary=_summary(words, strategy.summary, staff, hold),
        plan=plan,
        staff=staff,
        withheld=withheld,
        say=(
            *_opening(words, found, approach, as_borrower),
            *_script(words, found, approach, strategy.acknowledges, withheld),
        ),
        ask=said["ask"],
        have=() if staff else tuple(_have(words, found, outcome, facts)),
        in_writing=said["in_writing"],
        not_sign=(*(_reserved(words, found) if withheld and not staff else ()), *said["not_sign"]),
        heed=() if staff else tuple(_heed(words, outcome, plan)),
        calls=tuple(_calls(pack, approach, facts)),
        follow_up=follow_up,
        days=days_of(pack, outcome, follow_up, as_of),
        budget=() if staff or withheld else _budget(pack, outcome, facts),
        offers=() if staff or words.withheld else tuple(_offers(pack, approach, outcome)),
        letters=letters,
        sources=tuple(_sources(pack, found, approach, points, letters)),
        notice=found.staff_notice if staff else pack.manifest.disclaimer,
    )


def _summary(words: NegotiationWords, summary: Text, staff: bool, hold: SafetyHold | None) -> Text | None:
    """What it is about; for staff only why nothing else is given."""
    if hold is not None:
        return safety_notice(hold)
    return None if staff else words.fill(summary)


def _words(
    pack: Pack, found: Negotiation, outcome: Outcome, facts: Facts, as_of: dt.date, withheld: bool
) -> NegotiationWords:
    extra = {"today": day(as_of), **_other_bills(facts)}
    if outcome.deadlines:
        extra["deadline"] = day(outcome.deadlines[0].date)
    reason = found.hardships.get(str(facts.get("hardship")))
    if reason is not None:
        extra |= {"reason_said": reason.say, "reason_written": reason.write}
    debt = found.debts.get(str(facts.get("product")))
    if debt is not None:
        extra["debt"] = debt
    # What is offered leaves room. The most that can be paid is for the borrower to know, and no letter names it.
    most, offer = (
        _whole(each) for each in (payable(facts), steady(facts, in_force(pack, as_of).get("steady_share", 10_000)))
    )
    plan = next(
        (each for each in outcome.plans if each.strategy == outcome.strategy and _leaves_room(each, offer)), None
    )
    if most and offer:
        extra["limit"] = money(most)
        least = _least(pack, outcome, as_of)
        # Who can just pay what the longest term needs begins lower all the same: the most is never the first word.
        extra["offer"] = money(max(offer, least) if least < most else offer)
    if plan is not None and plan.until is not None:
        extra["until"] = day(plan.until)
    # Who does not want to pay is not written for as somebody who does.
    silent = withheld or facts.get("willing_to_pay") is False
    return NegotiationWords(pack, facts, as_of, silent, extra | (plan_words(plan) if plan else {}))


def _whole(fen: int | None) -> int | None:
    """An amount in whole yuan, rounded down: nobody offers fen."""
    return None if fen is None else fen // 100 * 100


def _least(pack: Pack, outcome: Outcome, as_of: dt.date) -> int:
    """What has to be paid a month, in whole yuan, for the debt to be paid off in the longest term.

    A lender agrees to nothing less; 0 where no plan of instalments without interest is offered.
    """
    longest = in_force(pack, as_of).get(pack.strategies[outcome.strategy].plan_longest or "")
    of = [each for each in outcome.plans if each.strategy == outcome.strategy and each.kind == "instalments"]
    return -(-of[0].total // (100 * longest)) * 100 if of and longest else 0


def _other_bills(facts: Facts) -> dict[str, Text]:
    """What has to be paid first beside this debt, where its own instalment is among that."""
    bills, own = facts.get("priority_payments"), facts.get("monthly_due")
    if facts.get("own_instalment_in_budget") is True and isinstance(bills, int) and isinstance(own, int):
        return {"priority_payments": money(max(0, bills - own))}
    return {}


def _opening(words: NegotiationWords, found: Negotiation, approach: Approach, as_borrower: bool) -> tuple[Text, ...]:
    """What somebody who is not the borrower says first; a court asks for itself, and staff say what staff say."""
    return (
        ()
        if as_borrower or approach.to == "court" or approach.speaker == "staff"
        else words.lines(found.not_as_borrower)
    )


def _leaves_room(plan: RepaymentPlan, offer: int | None) -> bool:
    """Whether a plan may be named to the lender: a pause, or instalments within what is offered first."""
    if plan.until is not None:
        return True
    return plan.kind.startswith("steady") or (plan.kind != "lump_sum" and max(plan.monthly, plan.last) <= (offer or 0))


def _script(
    words: NegotiationWords, found: Negotiation, approach: Approach, acknowledges: bool, withheld: bool
) -> tuple[Text, ...]:
    """The script; a call to a lender that asks for nothing has the neutral part of greeting and farewell only."""
    said = words.lines(approach.say)
    if approach.to != "lender":
        return said
    greeting, farewell = (
        tuple(line for line in lines if acknowledges or not line.acknowledges)
        for lines in (found.greeting, found.farewell)
    )
    reserve = (found.reserve.say,) if withheld else ()
    ending = words.lines(farewell) if approach.agrees or words.withheld else ()
    return (*words.lines(greeting), *reserve, *said, *ending)


def _reserved(words: NegotiationWords, found: Negotiation) -> tuple[Text, ...]:
    """What is not signed, and not paid, where nothing may acknowledge the debt."""
    lines = () if found.reserve.not_pay is None else (found.reserve.not_pay,)
    return (found.reserve.not_sign, *words.lines(lines))


def _have(words: NegotiationWords, found: Negotiation, outcome: Outcome, facts: Facts) -> Iterator[Text]:
    """The papers; those that prove the same hardship, of which nobody has all, in one line at the end."""
    wanted = [name for name in outcome.documents if name not in found.afterwards]
    hardship = words.pack.hardships.get(str(facts.get("hardship")))
    proofs = {name for of in (hardship.documents.values() if hardship else ()) for name in of}
    texts = {name: words.fill(words.pack.documents[name].text) for name in wanted}
    alike = [texts[name] for name in wanted if name in proofs]
    yield from (texts[name] for name in wanted if name not in proofs or len(alike) < _SEVERAL)
    if len(alike) >= _SEVERAL:
        yield said("papers.any_of", papers=listed(alike))


def _budget(pack: Pack, outcome: Outcome, facts: Facts) -> tuple[BudgetLine, ...]:
    found = budget_of(pack, outcome, facts)
    return () if found is None else found.lines


def _heed(words: NegotiationWords, outcome: Outcome, plan: ClientPlan | None) -> Iterator[Text]:
    """The warnings for the client, the most important first, but for those that the client's page says already.

    A long one that it only touches on is told here at length.
    """
    said = {line.zh for line in plan.not_to_do} if plan is not None else set()
    entries = (words.pack.warnings[name] for name in outcome.warnings)
    for each in sorted((entry for entry in entries if entry.audience == "client"), key=lambda entry: entry.rank):
        line, text = words.fill(each.line), words.fill(each.text)
        if line.zh not in said or len(text.zh) > 2 * SHORT:
            yield text


def _letters(words: NegotiationWords, found: Negotiation, outcome: Outcome) -> Iterator[LetterDraft]:
    """Those of the strategy; of the others only letters on another matter, so that no two requests compete."""
    done: set[str] = set()
    for strategy in (outcome.strategy, *outcome.secondary):
        for name in found.approaches[strategy].letters:
            letter = words.pack.letters[name]
            other_matter = not letter.acknowledges and letter.hold is None
            wanted = strategy == outcome.strategy or other_matter
            if name in done or not wanted or (letter.acknowledges and words.withheld) or not words.true(letter.when):
                continue
            done.add(name)
            yield _draft(words, found, name, letter)


def _draft(words: NegotiationWords, found: Negotiation, name: str, letter: Letter) -> LetterDraft:
    """A letter filled in; who is not the borrower does not sign as one."""
    signature = found.signatures[letter.signed_by]
    if letter.signed_by == _BORROWER and not words.true(found.as_borrower):
        signature = found.signatures.get(_NOT_BORROWER, signature)
    return LetterDraft(
        id=name,
        title=letter.title,
        to=words.fill(letter.to),
        paragraphs=words.lines(letter.paragraphs),
        closing=signature.closing,
        signature=signature.lines,
        hold=letter.hold,
        acknowledges=letter.acknowledges,
    )


def _calls(pack: Pack, approach: Approach, facts: Facts) -> Iterator[Call]:
    """The contacts in calling order, those of the product where the approach says so."""
    names: list[str] = []
    product = pack.products.get(str(facts.get("product")))
    for name in approach.contacts:
        if name != PRODUCT_CONTACTS:
            names.append(name)
        elif product is not None:
            names += product.contacts_by_lender.get(str(facts.get("lender_type")), product.contacts)
    for name in dict.fromkeys(names):
        contact = pack.contacts[name]
        yield Call(contact.title, contact.number, contact.purpose)


def _offers(pack: Pack, approach: Approach, outcome: Outcome) -> Iterator[PlanOffer]:
    """The plans of the strategy; before a court, which has none of its own, those of the others."""
    own = [plan for plan in outcome.plans if plan.strategy == outcome.strategy]
    for plan in own or (outcome.plans if approach.to == "court" else ()):
        text = sentence(plan)
        yield PlanOffer(plan, pack.strategies[plan.strategy].title, text)


def _sources(
    pack: Pack, found: Negotiation, approach: Approach, points: dict[str, list[str]], letters: tuple[LetterDraft, ...]
) -> Iterator[Text]:
    """Every source behind the pack, once, with how sure we are of it."""
    entries = (
        approach.references,
        *(found.points[each].references for ids in points.values() for each in ids),
        *(pack.letters[each.id].references for each in letters),
    )
    seen: dict[Reference, None] = dict.fromkeys(reference for references in entries for reference in references)
    for reference in seen:
        yield Text(zh=cited(pack, (reference,), "zh"), en=cited(pack, (reference,), "en"))
