"""Why a case got its outcome: the rules that speak for it. What they say is text."""

from __future__ import annotations

from functools import lru_cache

from rules.decision.hit_policy import DEFAULT, Ids, hit_policy
from rules.decision.outcome import DISAGREEMENT, NOT_EVALUATED, Outcome
from rules.pack.files.schema import Default, Rule
from rules.pack.pack import LoadedRule, Pack


def speaking(pack: Pack, fired: Ids) -> Ids:
    """Of the fired rules those that are not silenced, most important first."""
    if NOT_EVALUATED in fired:
        return ()
    said = hit_policy(pack).select(fired).speaking
    if DISAGREEMENT in fired:  # the engines differ: nothing was recommended, by default or otherwise
        return (DISAGREEMENT, *(rule for rule in said if rule in fired))
    return said


def decided_alone(pack: Pack, fired: Ids) -> bool:
    """Whether an exclusive rule decided: nothing but its strategy is to be talked about."""
    return hit_policy(pack).select(fired).alone


def withholds(pack: Pack, outcome: Outcome) -> bool:
    """Whether a rule has blocked whatever acknowledges the debt."""
    acknowledging = {name for name, strategy in pack.strategies.items() if strategy.acknowledges}
    return bool(acknowledging) and acknowledging <= set(outcome.blocked)


def source(pack: Pack, rule: str) -> Rule | Default:
    """What stands behind an id among the fired rules: a rule, or what the pack does without one."""
    if rule == DEFAULT:
        return pack.manifest.default
    if rule == DISAGREEMENT:
        return pack.manifest.disagreement
    return rules_of(pack)[rule].rule


@lru_cache(maxsize=16)
def rules_of(pack: Pack) -> dict[str, LoadedRule]:
    """The pack's rules by id."""
    return {loaded.rule.id: loaded for loaded in pack.rules}


@lru_cache(maxsize=16)
def recommended_by(pack: Pack) -> dict[str, str]:
    """The rules that recommend a strategy, in their order, with the first that each does."""
    wanted = (
        (loaded.rule.id, next((each.recommend for each in loaded.rule.then if each.recommend), None))
        for loaded in pack.rules
    )
    return {rule: strategy for rule, strategy in wanted if strategy is not None}
