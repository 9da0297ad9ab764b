"""The budget of a case: from the income to what is left for this debt, step by step, as the decision saw it."""

from dataclasses import dataclass
from typing import Literal

from forbear.batch.recorded_decision import RecordedDecision
from rules.decision.reasons import decided_alone
from rules.facts.affordability import means
from rules.facts.case_facts import Facts, number

LineKind = Literal["income", "essential", "priority", "buffer", "capacity"]


@dataclass(frozen=True)
class BudgetLine:
    """One step: an amount in fen, None where it is not known, and what is left after it."""

    kind: LineKind
    amount: int | None
    left: int | None


@dataclass(frozen=True)
class Budget:
    """Fen a month; None where it is not known. `share` is what of the capacity goes to this debt beside others."""

    lines: tuple[BudgetLine, ...]
    capacity: int | None
    stressed: int | None  # if the income falls as the pack's stress test says
    due: int | None  # on this debt by contract
    other: int | None  # on all other debts
    share: int | None
    ratio: int | None  # basis points of the income that all dues take
    missing: tuple[str, ...]  # facts that would complete it


def budget_of(decided: RecordedDecision) -> Budget | None:
    """The budget behind a decision; None where the income is not known, or nobody should talk of money now."""
    facts = decided.facts
    income, essential, priority = (
        number(facts, name) for name in ("income_monthly", "essential_outgoings", "priority_payments")
    )
    if income is None or decided_alone(decided.pack, decided.outcome.rules_fired):
        return None
    capacity = number(facts, "capacity")
    return Budget(
        lines=tuple(_lines(income, essential, priority, capacity)),
        capacity=capacity,
        stressed=number(facts, "capacity_stressed"),
        due=number(facts, "monthly_due"),
        other=number(facts, "other_debt_payments"),
        share=_share(facts, capacity),
        ratio=number(facts, "debt_service_ratio"),
        missing=tuple(
            name
            for name in ("essential_outgoings", "priority_payments", "monthly_due", "other_debt_payments")
            if name not in facts and name in decided.pack.vocabulary.facts
        ),
    )


def _lines(income: int, essential: int | None, priority: int | None, capacity: int | None) -> list[BudgetLine]:
    """What leaves the income, in order; the buffer is what the capacity leaves of the surplus."""
    after_essential = income - (essential or 0)
    left = after_essential - (priority or 0)
    lines = [
        BudgetLine("income", income, income),
        BudgetLine("essential", essential, after_essential),
        BudgetLine("priority", priority, left),
    ]
    if capacity is not None and left > 0:
        lines.append(BudgetLine("buffer", left - capacity, capacity))
    lines.append(BudgetLine("capacity", capacity, capacity))
    return lines


def _share(facts: Facts, capacity: int | None) -> int | None:
    found = means(facts)
    return None if found == capacity else found
