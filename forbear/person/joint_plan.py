"""The plan for all debts of a person, and its letters; nothing of either while anybody may be in danger."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from forbear.accounts.accounts import ViewerWork
from forbear.batch.triage import evaluator
from forbear.desk.danger import hold_on
from forbear.person.debts import PersonDebt
from forbear.person.person import Person
from rules.decision.coordination import CoordinatedPlan, JointDebt, coordinated_plan
from rules.decision.evaluate import Evaluation
from rules.decision.safety_hold import SafetyHold
from rules.facts.cells import Value
from rules.finance.division import Way
from rules.finance.repayment_plan import RepaymentPlan
from rules.text.negotiation_pack import LetterDraft, negotiation_pack

LETTERS_BY: Final[Way] = "pro_rata"  # the letters say that all lenders are treated alike
_LEAVING_ROOM: Final = "steady_shared_instalments"  # a plan that a letter may name whole


@dataclass(frozen=True)
class DebtLetters:
    """What is written to the lender of one debt."""

    debt: PersonDebt
    letters: tuple[LetterDraft, ...]


def held_by(work: ViewerWork, person: Person) -> tuple[int, SafetyHold] | None:
    """The first case of a person in which, or beside which, there is danger that nobody has settled."""
    found = ((case, hold_on(work.session, case)) for case in person.cases)
    return next(((case, hold) for case, hold in found if hold is not None), None)


def plan_of(
    work: ViewerWork, person: Person, facts: Mapping[str, Value], debts: Sequence[PersonDebt]
) -> CoordinatedPlan | None:
    """The plan for all open debts of a person with these facts; None while anybody may be in danger."""
    if held_by(work, person) is not None:
        return None
    today = work.now.astimezone(ZoneInfo(work.pack.manifest.timezone)).date()
    joint = [JointDebt(key_of(debt), debt.facts, debt.decision.outcome) for debt in debts if debt.open]
    return coordinated_plan(work.pack, facts, joint, today)


def key_of(debt: PersonDebt) -> str:
    """What a debt is called in a plan: of two alike the one that came first is first."""
    return f"{debt.desk.case_id:020}"


def letters_of(plan: CoordinatedPlan, debts: Sequence[PersonDebt]) -> Iterator[DebtLetters]:
    """A letter for each lender that is offered a share, with what it is offered."""
    offers = plan.ways.get(LETTERS_BY, {})
    for debt in debts:
        offer = offers.get(key_of(debt))
        if offer is not None:
            yield DebtLetters(debt, _letters(debt, offer))


def _letters(debt: PersonDebt, offer: RepaymentPlan) -> tuple[LetterDraft, ...]:
    """What is written about a debt as one of several: the letters of the joint strategy, with the joint offer."""
    made = debt.decision
    chosen = evaluator(made.pack, made.as_of).chosen(Evaluation(made.facts, made.outcome), offer.strategy)
    joint = replace(chosen, plans=(replace(offer, kind=_LEAVING_ROOM),))
    found = negotiation_pack(made.pack, joint, made.facts, made.as_of, made.hold)
    return () if found is None else tuple(letter for letter in found.letters if letter.acknowledges)
