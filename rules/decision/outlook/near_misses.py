"""Near misses: other strategies that one condition stands in the way of, and how things stand with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rules.decision.outcome import Outcome
from rules.decision.reasons import recommended_by
from rules.engines.polars_engine import RuleTrace
from rules.pack.logic import conditions as c
from rules.pack.logic.fact_inputs import sources
from rules.pack.logic.normal_form import facts_of, leaves
from rules.pack.pack import Pack

_MOST: Final = 3
_ENOUGH: Final = 3  # conditions a rule must have so that missing one of them is near
_MEASURED: Final = ("int", "money", "rate", "date")


@dataclass(frozen=True)
class NearMiss:
    """A strategy, the rule that comes nearest to recommending it, the condition that fails, and what it looks at."""

    strategy: str
    rule: str
    lacking: c.Condition
    facts: tuple[str, ...]


def near_misses(pack: Pack, outcome: Outcome, trace: Sequence[RuleTrace]) -> tuple[NearMiss, ...]:
    """For each other strategy the rule with most conditions of which all but one hold, most important first.

    Only where the condition is a matter of degree or in the borrower's hands: that a card is no mortgage explains
    nothing.
    """
    recommending = recommended_by(pack)
    taken = {outcome.strategy, *outcome.secondary, *outcome.blocked}
    nearest: dict[str, NearMiss] = {}
    for each in sorted(trace, key=lambda each: -len(each.parts)):  # otherwise as the rules are: most important first
        wanted = recommending.get(each.rule)
        failed = _only_failure(each)
        if failed is not None and wanted is not None and wanted not in taken and _a_matter_of_degree(pack, failed):
            facts = tuple(dict.fromkeys(name for leaf in leaves(failed) for name in facts_of(leaf)))
            nearest.setdefault(wanted, NearMiss(wanted, each.rule, failed, facts))
    ranks = {rule: rank for rank, rule in enumerate(recommending)}
    return tuple(sorted(nearest.values(), key=lambda miss: ranks[miss.rule])[:_MOST])


def _only_failure(trace: RuleTrace) -> c.Condition | None:
    values = [value for _, value in trace.parts]
    if len(values) < _ENOUGH or values.count(False) != 1 or None in values:
        return None
    return next(part for part, value in trace.parts if value is False)


def _a_matter_of_degree(pack: Pack, condition: c.Condition) -> bool:
    """Whether a condition is a matter of degree or in the borrower's hands, and more than a blank to be filled in."""
    if any(isinstance(leaf, c.Known) for leaf in leaves(condition)):
        return False
    facts = pack.vocabulary.facts
    return any(
        facts[name].type in _MEASURED or any(facts[source].actionable for source in sources(pack.vocabulary, name))
        for leaf in leaves(condition)
        for name in facts_of(leaf)
    )
