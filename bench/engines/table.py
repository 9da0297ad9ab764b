"""The equal table: rules drawn by a seed over facts of the policy pack, and cases in which none of these is missing.

Every rule is a conjunction of comparisons with figures and with the values of closed lists. That is less than our
conditions can say: what others say otherwise, or not at all, is left out (missing facts, lists, pairs, negation).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any, Final, TypeAlias

from rules.engines.compiler import Rules
from rules.loading import loader
from rules.pack.files.schema import Vocabulary
from rules.pack.logic import conditions as c
from tests.support.packs import random_cases

Case: TypeAlias = dict[str, int | str]
NUMBERS: Final = (
    *("days_overdue", "age", "creditors_overdue", "annual_rate_percent", "income_monthly", "essential_outgoings"),
    *("monthly_due", "other_debt_payments", "principal", "interest_fees", "balance"),
)
LISTS: Final = ("product", "hardship", "lender_type", "legal_stage", "hardship_evidence")
BLOCK: Final = 10_000  # cases drawn at once
_ORDERED: Final[tuple[c.Operator, ...]] = ("more_than", "at_least", "less_than", "at_most")
_SAMPLED: Final = 2_000  # random cases that give the values, each as often as it is drawn there
_LARGEST: Final = 2**31 - 1  # what openfisca-core and Drools count with


def vocabulary() -> Vocabulary:
    """That of the policy pack."""
    return loader.load(loader.DEFAULT_PACK).vocabulary


@lru_cache(maxsize=1)
def _values() -> Mapping[str, list[int | str]]:
    """The values that random cases give each fact."""
    known = list(random_cases.cases(1, _SAMPLED))
    found = {name: [case[name] for case in known if name in case] for name in (*NUMBERS, *LISTS)}
    if max(value for name in NUMBERS for value in found[name]) > _LARGEST:
        raise ValueError("a figure is larger than all engines count")
    return found


def rules(seed: int, count: int) -> Rules:
    """So many rules of two to four comparisons, each of another fact. Fewer are the first of more."""
    draw = random.Random(f"rules {seed}")
    return [(f"r{number:03}", _rule(draw)) for number in range(count)]


def _rule(draw: random.Random) -> c.Condition:
    facts = draw.sample((*NUMBERS, *LISTS), draw.randint(2, 4))
    return c.All(tuple(_leaf(draw, fact) for fact in facts))


def _leaf(draw: random.Random, fact: str) -> c.Leaf:
    values = _values()[fact]
    if fact in NUMBERS:
        return c.Compare(fact, draw.choice(_ORDERED), draw.choice(values))
    if draw.random() < 0.5:
        return c.OneOf(fact, tuple(draw.sample(sorted({str(value) for value in values}), draw.randint(2, 3))))
    return c.Compare(fact, draw.choice(("equals", "not_equals")), draw.choice(values))


def cases(seed: int, count: int) -> Iterator[list[Case]]:
    """So many cases, a block at a time. Fewer are the first of more."""
    values = _values()
    for first in range(0, count, BLOCK):
        draw = random.Random(f"cases {seed} {first}")
        columns = [draw.choices(values[name], k=BLOCK) for name in values]
        drawn = (dict(zip(values, row, strict=True)) for row in zip(*columns, strict=True))
        yield [case for case, _ in zip(drawn, range(min(BLOCK, count - first)), strict=False)]


def asked(table: Rules, drawn: Sequence[Case], rounds: int) -> dict[str, Any]:
    """What others are told: rules in the pack's form of conditions, the kinds of facts, cases, and how many rounds."""
    return {
        "rules": [{"id": rule, "all": [_written(leaf) for leaf in _conjunction(when)]} for rule, when in table],
        "numbers": NUMBERS,
        "lists": {name: sorted({str(value) for value in _values()[name]}) for name in LISTS},
        "cases": drawn,
        "rounds": rounds,
    }


def _conjunction(condition: c.Condition) -> tuple[c.Condition, ...]:
    if not isinstance(condition, c.All):
        raise TypeError("a rule of the table is a conjunction")
    return condition.children


def _written(leaf: c.Condition) -> dict[str, Any]:
    match leaf:
        case c.Compare(fact, word, value):
            return {"fact": fact, word: value}
        case c.OneOf(fact, values):
            return {"fact": fact, "one_of": values}
    raise TypeError(f"the table has no {asdict(leaf)}")
