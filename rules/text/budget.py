"""The budget of a case: from the income to what is left for this debt, step by step, as the decision saw it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from rules.decision.outcome import Outcome
from rules.decision.reasons import decided_alone
from rules.facts.affordability import means
from rules.facts.case_facts import Facts, number
from rules.locale import said
from rules.pack.files.schema import Text
from rules.pack.pack import Pack
from rules.text.negotiation_words import money

LineKind: TypeAlias = Literal[
    "income", "essential", "priority", "own_instalment", "home_dues", "surplus", "deficit", "buffer", "capacity"
]
_SUMS: Final = ("income", "surplus", "deficit", "capacity")
_COMPLETING: Final = ("essential_outgoings", "priority_payments", "monthly_due", "other_debt_payments")


@dataclass(frozen=True)
class BudgetLine:
    """One step: an amount in fen, None where it is not known, and what is left after it. A deficit is below 0."""

    kind: LineKind
    amount: int | None
    left: int | None = None

    @property
    def title(self) -> Text:
        """What it is called."""
        return said(f"budget.{self.kind}")

    @property
    def is_sum(self) -> bool:
        """Whether it is what comes in or what is left, and not what is taken off or added back."""
        return self.kind in _SUMS

    @property
    def sign(self) -> str:
        """How its amount enters: taken off, added back, or lacking."""
        if self.kind == "own_instalment":
            return "+"
        return "−" if self.kind == "deficit" or not self.is_sum else ""

    @property
    def shown(self) -> Text:
        """Its amount with its sign; what is not known is said so."""
        if self.amount is None:
            return said("budget.unknown")
        amount = money(abs(self.amount))
        return Text(zh=f"{self.sign}{amount.zh}", en=f"{self.sign}{amount.en}")


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


def budget_of(pack: Pack, outcome: Outcome, facts: Facts) -> Budget | None:
    """The budget behind a decision; None where the income is not known, or nobody should talk of money now."""
    income = number(facts, "income_monthly")
    if income is None or decided_alone(pack, outcome.rules_fired):
        return None
    capacity = number(facts, "capacity")
    return Budget(
        lines=tuple(_lines(facts, income, capacity)),
        capacity=capacity,
        stressed=number(facts, "capacity_stressed"),
        due=number(facts, "monthly_due"),
        other=number(facts, "other_debt_payments"),
        share=_share(facts, capacity),
        ratio=number(facts, "debt_service_ratio"),
        missing=tuple(name for name in _missing(facts) if name in pack.vocabulary.facts),
    )


def _lines(facts: Facts, income: int, capacity: int | None) -> Iterator[BudgetLine]:
    """What leaves the income, in order; the buffer is what the capacity leaves of the surplus.

    An instalment of this debt that the priority payments hold is added back, so that it is taken once; a home loan of
    the borrower that they do not hold is taken off.
    """
    essential, priority = number(facts, "essential_outgoings"), number(facts, "priority_payments")
    left = income
    yield BudgetLine("income", income, left)
    left -= essential or 0
    yield BudgetLine("essential", essential, left)
    left -= priority or 0
    yield BudgetLine("priority", priority, left)
    due = number(facts, "monthly_due")
    if facts.get("own_instalment_in_budget") is True and due and priority:
        left += min(due, priority)
        yield BudgetLine("own_instalment", min(due, priority), left)
    home = number(facts, "home_dues_beside")
    if home:
        left -= home
        yield BudgetLine("home_dues", home, left)
    surplus = number(facts, "surplus")
    yield BudgetLine("deficit" if surplus is not None and surplus < 0 else "surplus", surplus, surplus)
    if capacity is not None and surplus is not None and surplus > 0:
        yield BudgetLine("buffer", surplus - capacity, capacity)
    yield BudgetLine("capacity", capacity, capacity)


def _missing(facts: Facts) -> Iterator[str]:
    yield from (name for name in _COMPLETING if name not in facts)
    if facts.get("priority_payments") and "own_instalment_in_budget" not in facts:
        yield "own_instalment_in_budget"


def _share(facts: Facts, capacity: int | None) -> int | None:
    found = means(facts)
    return None if found == capacity else found
