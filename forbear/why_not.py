"""Why not: the strategies that nearly came to a case, and those that only a missing fact stands before."""

from dataclasses import dataclass

from forbear.triage import Decided
from rules.lineage import sources
from rules.near_misses import near_misses
from rules.normal import facts_of
from rules.phrases import phrase, used
from rules.reasons import decided_alone, rules_of
from rules.schema import Text
from rules.twin import RuleTrace


@dataclass(frozen=True)
class Miss:
    """A strategy, the rule that comes nearest to it, the condition that fails, and how things stand with it."""

    strategy: Text
    rule: str
    lacking: Text
    present: Text


@dataclass(frozen=True)
class Open:
    """A strategy that cannot be judged yet, and the facts that are missing for it."""

    strategy: Text
    rule: str
    missing: tuple[Text, ...]


@dataclass(frozen=True)
class WhyNot:
    """Both; empty where a rule decided alone and nothing else is to be talked about."""

    near: tuple[Miss, ...] = ()
    open: tuple[Open, ...] = ()


def why_not(decided: Decided) -> WhyNot:
    """What else might have been recommended, and what it lacked."""
    if decided_alone(decided.pack, decided.outcome.rules_fired) or not decided.outcome.engines_agree:
        return WhyNot()
    trace = decided.trace()
    misses = near_misses(decided.pack, decided.outcome, trace)
    named = {miss.strategy for miss in misses}
    near = []
    for miss in misses:
        lacking = {lang: phrase(decided.pack, miss.lacking, lang) for lang in ("zh", "en")}
        present = {lang: used(decided.pack, miss.facts, decided.facts, lang) for lang in ("zh", "en")}
        title = decided.pack.strategies[miss.strategy].title
        near.append(Miss(title, miss.rule, Text(**lacking), Text(**present)))
    return WhyNot(tuple(near), tuple(_open(decided, trace, named)))


def _open(decided: Decided, trace: tuple[RuleTrace, ...], named: set[str]) -> list[Open]:
    """Of each strategy not mentioned elsewhere the undecided rule that lacks fewest facts, as important as it comes."""
    pack, outcome, rules = decided.pack, decided.outcome, rules_of(decided.pack)
    taken = {outcome.strategy, *outcome.secondary, *outcome.blocked, *named}
    fewest: dict[str, tuple[str, tuple[str, ...]]] = {}
    for each in trace:
        wanted = next((effect.recommend for effect in rules[each.rule].rule.then if effect.recommend), None)
        if each.value is not None or wanted is None or wanted in taken:
            continue
        missing = _missing(decided, each)
        if missing and (wanted not in fewest or len(missing) < len(fewest[wanted][1])):
            fewest[wanted] = (each.rule, missing)
    facts = pack.vocabulary.facts
    return [
        Open(pack.strategies[strategy].title, rule, tuple(facts[name].title for name in missing))
        for strategy, (rule, missing) in fewest.items()
    ]


def _missing(decided: Decided, trace: RuleTrace) -> tuple[str, ...]:
    vocabulary = decided.pack.vocabulary
    unknown = dict.fromkeys(
        source
        for leaf in trace.leaves
        if leaf.value is None
        for fact in facts_of(leaf.leaf)
        for source in sources(vocabulary, fact)
    )
    return tuple(name for name in unknown if name not in decided.facts and not vocabulary.facts[name].derived)
