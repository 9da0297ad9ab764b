"""Why not: the strategies that nearly came to a case, and those that only a missing fact stands before."""

from dataclasses import dataclass

from forbear.batch.recorded_decision import RecordedDecision
from rules.decision.outlook.near_misses import near_misses
from rules.decision.reasons import decided_alone, recommended_by
from rules.engines.polars_engine import RuleTrace
from rules.pack.files.schema import Text
from rules.pack.logic.fact_inputs import sources
from rules.pack.logic.normal_form import facts_of
from rules.text.phrases import phrase, used


@dataclass(frozen=True)
class NearAlternative:
    """A strategy, the rule that comes nearest to it, the condition that fails, and how things stand with it."""

    strategy: Text
    rule: str
    lacking: Text
    present: Text


@dataclass(frozen=True)
class OpenAlternative:
    """A strategy that cannot be judged yet, and the facts that are missing for it."""

    strategy: Text
    rule: str
    missing: tuple[Text, ...]


@dataclass(frozen=True)
class Alternatives:
    """Both; empty where a rule decided alone and nothing else is to be talked about."""

    near: tuple[NearAlternative, ...] = ()
    open: tuple[OpenAlternative, ...] = ()


def alternatives(decided: RecordedDecision) -> Alternatives:
    """What else might have been recommended, and what it lacked."""
    return decided.once("alternatives", lambda: _alternatives(decided))


def _alternatives(decided: RecordedDecision) -> Alternatives:
    alone = decided_alone(decided.pack, decided.outcome.rules_fired) or decided.hold is not None
    if alone or not decided.evaluated or not decided.outcome.engines_agree:
        return Alternatives()
    trace = decided.trace(recommended_by(decided.pack))
    misses = near_misses(decided.pack, decided.outcome, trace)
    named = {miss.strategy for miss in misses}
    near = []
    for miss in misses:
        lacking = {lang: phrase(decided.pack, miss.lacking, lang) for lang in ("zh", "en")}
        present = {
            lang: used(decided.pack, miss.facts, decided.facts, lang, bounds_on=decided.as_of) for lang in ("zh", "en")
        }
        if all(present.values()):  # that something unknown is not enough explains nothing
            title = decided.pack.strategies[miss.strategy].title
            near.append(NearAlternative(title, miss.rule, Text(**lacking), Text(**present)))
    return Alternatives(tuple(near), tuple(_open(decided, trace, named)))


def _open(decided: RecordedDecision, trace: tuple[RuleTrace, ...], named: set[str]) -> list[OpenAlternative]:
    """Of each strategy not mentioned elsewhere the undecided rule that lacks fewest facts, as important as it comes."""
    pack, outcome, recommending = decided.pack, decided.outcome, recommended_by(decided.pack)
    taken = {outcome.strategy, *outcome.secondary, *outcome.blocked, *named}
    fewest: dict[str, tuple[str, tuple[str, ...]]] = {}
    for each in trace:
        wanted = recommending[each.rule]
        if each.value is not None or wanted in taken:
            continue
        missing = _missing(decided, each)
        if missing and (wanted not in fewest or len(missing) < len(fewest[wanted][1])):
            fewest[wanted] = (each.rule, missing)
    facts = pack.vocabulary.facts
    return [
        OpenAlternative(pack.strategies[strategy].title, rule, tuple(facts[name].title for name in missing))
        for strategy, (rule, missing) in fewest.items()
    ]


def _missing(decided: RecordedDecision, trace: RuleTrace) -> tuple[str, ...]:
    vocabulary = decided.pack.vocabulary
    unknown = dict.fromkeys(
        source
        for leaf in trace.leaves
        if leaf.value is None
        for fact in facts_of(leaf.leaf)
        for source in sources(vocabulary, fact)
    )
    return tuple(name for name in unknown if name not in decided.facts and not vocabulary.facts[name].derived)
