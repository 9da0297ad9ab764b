"""Questions: in which order the missing facts are asked, and which strategies each of them would settle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from rules.decision.hit_policy import Ids
from rules.decision.outcome import Outcome
from rules.decision.outlook.unanswered import doubted, unanswered
from rules.facts.case_facts import Facts
from rules.facts.doubts import asked_about
from rules.pack.formulas import first_facts_of
from rules.pack.logic.fact_inputs import sources
from rules.pack.logic.normal_form import facts_of, leaves
from rules.pack.pack import LoadedRule, Pack

_WEIGHTIEST: Final = 4  # facts beside the urgent ones that are asked first of a case that nobody knows yet
FIRST: Final = 5  # asked at first; nobody answers thirty questions at once


def ranked(pack: Pack, outcome: Outcome, given: Facts) -> Ids:
    """The questions of a decision, what decides most first.

    Danger comes before everything, then what was given and is in doubt, then the court, then what the notes tell and
    no fact answers; then by how many open rules a fact could settle, then as they stand.
    """
    weights = {name: len(_open(pack, outcome, name)) for name in outcome.questions}
    facts, in_doubt = pack.vocabulary.facts, asked_about(pack.vocabulary, given)
    first = {flag.danger.asks for flag in pack.red_flags.values() if flag.danger is not None} if in_doubt else ()
    told = doubted(pack, unanswered(pack, given))

    def rank(name: str) -> tuple[bool, bool, bool, bool, int]:
        return name not in first, name not in in_doubt, not facts[name].urgent, name not in told, -weights[name]

    return tuple(sorted(outcome.questions, key=rank))


@lru_cache(maxsize=16)
def weightiest(pack: Pack) -> Ids:
    """What to ask first of a case that nobody knows yet: the urgent facts, then those that most rules look at.

    What a rule looks at only once another fact is known (the day of service, of a payment order) counts when it is.
    """
    facts = pack.vocabulary.facts
    weights = {name: sum(name in names for names in _looked_at_first(pack)) for name in facts}
    asked = [name for name, fact in facts.items() if fact.question and not fact.derived and not fact.given]
    urgent = [name for name in asked if facts[name].urgent]
    others = [
        name
        for name in asked
        if name not in urgent and not (facts[name].required or facts[name].required_unless) and weights[name]
    ]
    return (*urgent, *sorted(others, key=lambda name: -weights[name])[:_WEIGHTIEST])


def settles(pack: Pack, outcome: Outcome, fact: str) -> Ids:
    """The strategies other than the present one that an answer could bring or rule out, most important first."""
    wanted = (_recommends(pack)[rule] for rule in _open(pack, outcome, fact))
    return tuple(dict.fromkeys(each for each in wanted if each is not None and each != outcome.strategy))


def _open(pack: Pack, outcome: Outcome, fact: str) -> list[str]:
    """The open rules that could change the strategy and look at a fact, most important first."""
    looked_at = _looked_at(pack)
    unknown = set(outcome.rules_unknown)
    return [rule for rule, names in looked_at.items() if rule in unknown and fact in names]


@lru_cache(maxsize=16)
def _looked_at(pack: Pack) -> dict[str, frozenset[str]]:
    """The submitted facts that each rule which recommends or blocks comes down to, by priority."""
    return {
        loaded.rule.id: _asked(pack, (name for leaf in leaves(loaded.when) for name in facts_of(leaf)))
        for loaded in _deciding(pack)
    }


def _asked(pack: Pack, names: Iterable[str]) -> frozenset[str]:
    return frozenset(source for name in names for source in sources(pack.vocabulary, name))


def _looked_at_first(pack: Pack) -> Iterator[frozenset[str]]:
    """The submitted facts that each rule which recommends or blocks comes down to while nothing is known."""
    for loaded in _deciding(pack):
        names = (name for leaf in leaves(loaded.when) for name in facts_of(leaf))
        yield frozenset(source for name in names for source in _first_sources(pack, name))


def _first_sources(pack: Pack, fact: str) -> Iterator[str]:
    """As `sources`, but of a formula only what it reads while nothing is known."""
    facts = pack.vocabulary.facts
    if not facts[fact].inputs:
        yield fact
        return
    formula = pack.formulas.get(fact)
    for name in facts[fact].inputs if formula is None else first_facts_of(formula.expression):
        if facts[name].inputs or not facts[name].derived:
            yield from _first_sources(pack, name)


def _deciding(pack: Pack) -> Iterator[LoadedRule]:
    """The rules that recommend or block, by priority."""
    return (each for each in pack.rules if any(effect.recommend or effect.block for effect in each.rule.then))


@lru_cache(maxsize=16)
def _recommends(pack: Pack) -> dict[str, str | None]:
    """What each rule recommends."""
    return {
        loaded.rule.id: next((effect.recommend for effect in loaded.rule.then if effect.recommend), None)
        for loaded in pack.rules
    }
