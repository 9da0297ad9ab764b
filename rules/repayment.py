"""Repayment plans a borrower can really keep: whole fen, never above the monthly capacity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rules.message import Facts
from rules.schema import Strategy


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to pay: so many equal months and a last one with the rest, or a pause until a day. Money in fen."""

    strategy: str
    kind: str
    total: int  # what is paid in all
    months: int = 0
    monthly: int = 0
    last: int = 0
    until: dt.date | None = None  # the pause ends

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {**asdict(self), "until": self.until and self.until.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """What `to_json` wrote."""
        return cls(**{**data, "until": dt.date.fromisoformat(data["until"]) if data["until"] else None})


def plans(
    strategies: Mapping[str, Strategy],
    chosen: Iterable[str],
    facts: Facts,
    as_of: dt.date,
    parameters: Mapping[str, int],
) -> tuple[Plan, ...]:
    """A plan for each chosen strategy that asks for one, where the facts allow to work it out."""
    found = []
    for name in chosen:
        strategy = strategies[name]
        if strategy.plan != "none" and (plan := _KINDS[strategy.plan](name, strategy, facts, as_of, parameters)):
            found.append(plan)
    return tuple(found)


def shares(capacity: int, balances: Sequence[int]) -> tuple[int, ...]:
    """The capacity divided pro rata over several debts: whole fen, nobody above their part, the sum never above it."""
    total = sum(balances)
    return tuple(capacity * balance // total if total else 0 for balance in balances)


def instalments(balance: int, capacity: int) -> tuple[int, int, int] | None:
    """Months, level amount and last amount that pay a balance within a monthly capacity; None where nothing can."""
    if balance <= 0 or capacity <= 0:
        return None
    months = -(-balance // capacity)
    level = -(-balance // months)
    return months, level, balance - level * (months - 1)


def _instalments(
    name: str, strategy: Strategy, facts: Facts, as_of: dt.date, parameters: Mapping[str, int]
) -> Plan | None:
    return _level(name, strategy, _amount(facts, "balance"), _amount(facts, "capacity"), parameters)


def _shared(name: str, strategy: Strategy, facts: Facts, as_of: dt.date, parameters: Mapping[str, int]) -> Plan | None:
    """A case is one debt: its part of the capacity is its part of all that is due in a month."""
    due, other = facts.get("monthly_due"), facts.get("other_debt_payments")
    if not isinstance(due, int) or not isinstance(other, int):
        return None
    share = shares(_amount(facts, "capacity"), (due, other))[0]
    return _level(name, strategy, _amount(facts, "balance"), share, parameters)


def _level(name: str, strategy: Strategy, balance: int, capacity: int, parameters: Mapping[str, int]) -> Plan | None:
    found = instalments(balance, capacity)
    if found is None:
        return None
    months, monthly, last = found
    if strategy.plan_longest and months > parameters.get(strategy.plan_longest, 0):
        return None
    return Plan(name, strategy.plan, balance, months, monthly, last)


def _deferral(
    name: str, strategy: Strategy, facts: Facts, as_of: dt.date, parameters: Mapping[str, int]
) -> Plan | None:
    until = facts.get("resume_date")
    if not isinstance(until, dt.date) or until <= as_of:
        return None
    return Plan(name, strategy.plan, 0, until=until)


def _lump_sum(
    name: str, strategy: Strategy, facts: Facts, as_of: dt.date, parameters: Mapping[str, int]
) -> Plan | None:
    balance = _amount(facts, "balance")
    paid = min(_amount(facts, "lump_sum_available"), balance)
    return Plan(name, strategy.plan, paid, 1, paid, paid) if paid > 0 else None


def _amount(facts: Facts, name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) else 0


_KINDS: Mapping[str, Callable[[str, Strategy, Facts, dt.date, Mapping[str, int]], Plan | None]] = {
    "instalments": _instalments,
    "shared_instalments": _shared,
    "deferral": _deferral,
    "lump_sum": _lump_sum,
}
