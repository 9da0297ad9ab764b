"""The coordinated plan: what a person offers all creditors together, or why nothing fits.

The home and what the household pays first come first. What remains is divided among the debts that may be offered
anything, each within what it is owed and the longest term there is for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from rules.decision.outcome import NOT_EVALUATED, Outcome
from rules.decision.reasons import withholds
from rules.decision.repayment import may_be_objected_to
from rules.engines.interpreter import is_true
from rules.facts.affordability import payable, steady
from rules.facts.case_facts import Facts, number
from rules.facts.cells import Value
from rules.finance import amortisation
from rules.finance.division import WAYS, DebtClaim, Way, divide
from rules.finance.repayment_plan import RepaymentPlan
from rules.formulas.derivation import derivation
from rules.pack.files.household import HouseholdLine
from rules.pack.logic.condition_parser import parse, resolve
from rules.pack.pack import Pack
from rules.pack.parameters import in_force

# Why a debt gets no offer. `home` and `paid_first` are paid, before the others.
NoOffer: TypeAlias = Literal[
    "undecided", "settled", "not_owed", "role", "home", "paid_first", "illegal", "objection", "withheld", "unwilling"
]
# What a plan for all fails by.
Constraint: TypeAlias = Literal["unknown", "no_debts", "deficit", "nothing_left", "term"]
USES: Final = ("plan_longest_months", "steady_share")  # parameters of the pack
_KIND: Final = "shared_instalments"
_PAID_FIRST: Final = ("home", "paid_first")


@dataclass(frozen=True, slots=True)
class JointDebt:
    """One debt of the person: its case, the facts as evaluated, and what was decided."""

    key: str
    facts: Facts
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Binding:
    """What stands in the way of a plan for all debts: how many fen a month are lacking, or which facts are."""

    constraint: Constraint
    lacking: int = 0
    unknown: tuple[tuple[str, str | None], ...] = ()  # facts, each with the debt it is unknown of; None: the person


@dataclass(frozen=True, slots=True)
class JointDebtPart:
    """A debt that shares: what is owed on it, and the least a month that repays that within its longest term."""

    key: str
    owed: int
    least: int
    longest: int


@dataclass(frozen=True)
class CoordinatedPlan:
    """What is there a month, in fen, what each debt is offered of it, and by which of the ways to divide."""

    income: int | None
    essential: int | None
    priority: int | None
    beside: int  # instalments that are paid first and stand in no line of the budget
    surplus: int | None  # below 0: a deficit
    capacity: int | None  # what can be paid to all
    elsewhere: int  # due on debts that are none of these
    share: int | None  # what of the capacity is for these debts, by what is due
    divided: int  # what is divided: what leaves room, where that repays all in time
    binding: Binding | None
    shares: tuple[JointDebtPart, ...] = ()
    first: Mapping[str, int] = field(default_factory=dict)  # what is paid first on which debts
    left_out: Mapping[str, NoOffer] = field(default_factory=dict)
    ways: Mapping[Way, Mapping[str, RepaymentPlan]] = field(default_factory=dict)

    @property
    def least(self) -> int:
        """What would have to be there to repay every debt within its longest term."""
        return sum(each.least for each in self.shares)

    @property
    def leaves_room(self) -> bool:
        """Whether less is divided than could be paid."""
        return self.divided < (self.share or 0)


def coordinated_plan(
    pack: Pack, person: Mapping[str, Value], debts: Sequence[JointDebt], as_of: dt.date
) -> CoordinatedPlan:
    """The plan of a person with these facts for these debts."""
    figures = in_force(pack, as_of)
    refused = {debt.key: why_no_offer(pack, debt, as_of) for debt in debts}
    first = [debt for debt in debts if refused[debt.key] in _PAID_FIRST]
    sharing = [debt for debt in debts if refused[debt.key] is None]
    household = derivation(pack, as_of).derive(_household(person, first, sharing)).facts
    capacity, elsewhere = payable(household), _elsewhere(debts)
    due = sum(map(_due, sharing))
    share = _share(capacity, due, elsewhere)
    room = _share(steady(household, figures.get("steady_share", 10_000)), due, elsewhere)
    shares = _parts(pack, sharing, figures)
    unknown = tuple(_unknown(person, first, sharing, elsewhere))
    found = CoordinatedPlan(
        income=number(household, "income_monthly"),
        essential=number(household, "essential_outgoings"),
        priority=number(household, "priority_payments"),
        beside=_beside(first),
        surplus=number(household, "surplus"),
        capacity=capacity,
        elsewhere=elsewhere,
        share=share,
        divided=_divided(share, room, shares),
        binding=_binding(unknown, number(household, "surplus"), share, shares),
        shares=shares,
        first={debt.key: _due(debt) for debt in first},
        left_out=_left_out(refused),
    )
    return replace(found, ways=dict(_ways(pack, found, debts)))


def _left_out(refused: Mapping[str, NoOffer | None]) -> dict[str, NoOffer]:
    return {key: why for key, why in refused.items() if why is not None and why not in _PAID_FIRST}


def _due(debt: JointDebt) -> int:
    """What is due on a debt a month, as far as that is told."""
    return number(debt.facts, "monthly_due") or 0


def _divided(share: int | None, room: int | None, shares: Iterable[JointDebtPart]) -> int:
    """What is divided: what leaves room, where that repays all in time."""
    least = sum(each.least for each in shares)
    return (room if room is not None and room >= least else share) or 0


def why_no_offer(pack: Pack, debt: JointDebt, as_of: dt.date) -> NoOffer | None:
    """Why nothing is offered on a debt; None where it may be."""
    facts, outcome = debt.facts, debt.outcome
    line = _held_by(pack).get(str(facts.get("product")))
    conditions: tuple[tuple[NoOffer, bool], ...] = (
        ("undecided", NOT_EVALUATED in outcome.rules_fired or not outcome.engines_agree),
        ("settled", facts.get("legal_stage") == "settled" or number(facts, "balance") == 0),
        ("not_owed", facts.get("not_my_loan") is True),
        ("role", not _as_borrower(pack, facts, as_of)),
        ("home", line is not None and line.first),
        ("paid_first", line is not None and facts.get("own_instalment_in_budget") is True),
        ("illegal", facts.get("product") == "illegal"),
        ("objection", may_be_objected_to(facts)),
        ("withheld", withholds(pack, outcome)),
        ("unwilling", facts.get("willing_to_pay") is False),
    )
    return next((name for name, holds in conditions if holds), None)


def _as_borrower(pack: Pack, facts: Facts, as_of: dt.date) -> bool:
    if pack.negotiation is None:
        return True
    condition = parse(pack.negotiation.as_borrower, pack.vocabulary, pack.parameters)
    return is_true(resolve(condition, in_force(pack, as_of)), facts)


@lru_cache(maxsize=16)
def _held_by(pack: Pack) -> dict[str, HouseholdLine]:
    """The line of a budget that instalments of a product stand in."""
    lines = [line for part in pack.vocabulary.household for line in part.lines.values()]
    return {product: line for line in lines for product in line.holds}


def _household(
    person: Mapping[str, Value], first: Iterable[JointDebt], sharing: Iterable[JointDebt]
) -> dict[str, Value]:
    """The facts that the pack's formulas tell the household's surplus and capacity by.

    Instalments of debts that share, where they stand in the priority payments, are divided with the rest.
    """
    inside = sum(_due(debt) for debt in sharing if _inside(debt))
    told = {"monthly_due": inside, "own_instalment_in_budget": inside > 0, "home_dues_beside": _beside(first)}
    return {**person, **told}


def _beside(first: Iterable[JointDebt]) -> int:
    """What is due a month on debts that are paid first and stand in no line of the budget."""
    return sum(_due(debt) for debt in first if not _inside(debt))


def _inside(debt: JointDebt) -> bool:
    return debt.facts.get("own_instalment_in_budget") is True


def _elsewhere(debts: Sequence[JointDebt]) -> int:
    """What is due a month on debts that are none of these, as far as any of them tells: of a due not told, nothing."""
    dues = {debt.key: _due(debt) for debt in debts}
    together = sum(dues.values())
    told = ((number(debt.facts, "other_debt_payments") or 0) - (together - dues[debt.key]) for debt in debts)
    return max([0, *told])  # of no debts nothing is told


def _share(whole: int | None, due: int, elsewhere: int) -> int | None:
    """What of an amount is for debts with so much due, beside others."""
    return whole if whole is None or elsewhere == 0 else whole * due // (due + elsewhere)


def _unknown(
    person: Mapping[str, Value], first: Iterable[JointDebt], sharing: Iterable[JointDebt], elsewhere: int
) -> Iterable[tuple[str, str | None]]:
    """What has to be known before there is a plan: of the person, of what is paid first, of what shares."""
    yield from (
        (name, None)
        for name in ("income_monthly", "essential_outgoings", "priority_payments")
        if person.get(name) is None
    )
    for debt in first:
        inside = debt.facts.get("own_instalment_in_budget")
        if inside is None:
            yield "own_instalment_in_budget", debt.key
        if inside is not True and number(debt.facts, "monthly_due") is None:
            yield "monthly_due", debt.key
    for debt in sharing:
        if number(debt.facts, "balance") is None:
            yield "balance", debt.key
        if elsewhere and number(debt.facts, "monthly_due") is None:
            yield "monthly_due", debt.key


def _parts(pack: Pack, sharing: Iterable[JointDebt], figures: Mapping[str, int]) -> tuple[JointDebtPart, ...]:
    """Of debts of which it is known what is owed."""
    return tuple(_part(pack, debt, figures) for debt in sharing if number(debt.facts, "balance") is not None)


def _part(pack: Pack, debt: JointDebt, figures: Mapping[str, int]) -> JointDebtPart:
    """What instalments have to repay of a debt, in no more months than any plan and its product allow."""
    owed = max(0, (number(debt.facts, "balance") or 0) - (number(debt.facts, "excess_charges") or 0))
    product = pack.products.get(str(debt.facts.get("product")))
    names = ("plan_longest_months", *((product.plan_longest,) if product and product.plan_longest else ()))
    longest = max(1, min((figures[name] for name in names if name in figures), default=1))
    return JointDebtPart(debt.key, owed, -(-owed // longest), longest)


def _binding(
    unknown: tuple[tuple[str, str | None], ...],
    surplus: int | None,
    capacity: int | None,
    shares: tuple[JointDebtPart, ...],
) -> Binding | None:
    """The first thing that a plan for all fails by."""
    least = sum(each.least for each in shares)
    if surplus is not None and surplus < 0:  # whatever else is not known
        return Binding("deficit", -surplus)
    if unknown or capacity is None:
        return Binding("unknown", unknown=unknown)
    if not shares:
        return Binding("no_debts")
    if capacity == 0:
        return Binding("nothing_left", least)
    return Binding("term", least - capacity) if capacity < least else None


def _ways(
    pack: Pack, found: CoordinatedPlan, debts: Iterable[JointDebt]
) -> Iterable[tuple[Way, Mapping[str, RepaymentPlan]]]:
    """What each debt is offered by each way; where no way repays all in time, pro rata as far as that goes."""
    if found.binding is not None and found.binding.constraint != "term":
        return
    strategy = next((name for name, each in pack.strategies.items() if _KIND in each.plans), "")
    of = {debt.key: debt for debt in debts}
    for way in WAYS if found.binding is None else WAYS[:1]:
        given = divide(found.divided, [DebtClaim(each.owed, each.key, each.least) for each in found.shares], way)
        yield (
            way,
            {
                each.key: _offer(strategy, of[each.key].facts, each, given[each.key])
                for each in found.shares
                if given[each.key]
            },
        )


def _offer(strategy: str, facts: Facts, part: JointDebtPart, monthly: int) -> RepaymentPlan:
    terms, repaid = amortisation.as_far_as(part.owed, monthly, part.longest)
    return RepaymentPlan(
        strategy=strategy,
        kind=_KIND,
        total=repaid,
        months=terms.months,
        monthly=terms.first,
        last=terms.last,
        balance=number(facts, "balance"),
        rate=0,
        interest=0,
        share=monthly,
        excess=number(facts, "excess_charges") or None,
        personal=facts.get("product") == "private",
    )
