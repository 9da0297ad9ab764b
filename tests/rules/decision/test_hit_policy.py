"""The hit policy step by step: what is blocked, what wins, who counts and is heard, what is given."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rules.decision.hit_policy import (
    Blocks,
    Contributors,
    Effects,
    HitPolicy,
    Winner,
    blocks_of,
    contributors_of,
    effects,
    items_of,
    winner_of,
)
from rules.pack.files.schema import ACKNOWLEDGEMENTS, LENDER_CONTACT
from rules.pack.logic import conditions as c
from tests.support.packs.pack_builder import STRATEGIES, pack_of, rule

FREE = Blocks((), frozenset())
ALPHA_BLOCKED = Blocks(("alpha",), frozenset())


def hit(name: str, *strategies: str, **what: Any) -> Effects:
    """A fired rule that recommends the first of the strategies and adds the others, unless `what` says otherwise."""
    given: dict[str, Any] = {
        "recommend": next(iter(strategies), None),
        "serves": None,
        "block": (),
        "withholds": frozenset(),
        "urgency": None,
        "withheld_by": frozenset(),
        "items": (),
    }
    return Effects(name, strategies=strategies, **{**given, **what})


def names(hits: tuple[Effects, ...]) -> list[str]:
    return [each.rule for each in hits]


def test_a_rule_is_sorted_into_what_it_wants_takes_away_and_gives() -> None:
    then = ({"add": "gamma"}, {"recommend": "alpha"}, {"exclusive": True}, {"block": ("beta",)}, {"urgency": "U2"})
    gives = ({"step": "write"}, {"deadline": "answer"}, {"flag": "task"}, {"step": "call"}, {"block": "lender_contact"})
    found = effects(rule("all", 9, c.All(()), *then, *gives), ("alpha", "beta"))
    assert found == hit(
        "all",
        *("alpha", "gamma"),
        serves="alpha",
        block=("beta",),
        withholds=frozenset({LENDER_CONTACT}),
        urgency="U2",
        items=(("step", "write"), ("deadline", "answer"), ("flag", "task"), ("step", "call")),
    )
    admits = effects(rule("stop", 9, c.All(()), {"block": "acknowledgements"}, {"add": "gamma"}), ("alpha", "beta"))
    assert (admits.block, admits.withholds) == (("alpha", "beta"), frozenset({ACKNOWLEDGEMENTS}))
    assert (admits.recommend, admits.serves, admits.strategies) == (None, None, ("gamma",))


def test_blocks_are_gathered_in_order_each_once() -> None:
    first = hit("first", block=("beta", "alpha"), withholds=frozenset({LENDER_CONTACT}))
    second = hit("second", block=("gamma", "beta"), withholds=frozenset({ACKNOWLEDGEMENTS}))
    assert blocks_of((first, second)) == Blocks(
        ("beta", "alpha", "gamma"), frozenset({LENDER_CONTACT, ACKNOWLEDGEMENTS})
    )
    assert blocks_of(()) == FREE


def test_the_first_recommendation_that_is_not_blocked_wins() -> None:
    hits = (hit("adds", "gamma", recommend=None), hit("high", "alpha"), hit("low", "beta"))
    assert winner_of(hits, FREE) == Winner("alpha", "high", alone=False)
    assert winner_of(hits, ALPHA_BLOCKED) == Winner("beta", "low", alone=False)
    assert winner_of(hits, Blocks(("alpha", "beta"), frozenset())) == Winner(None, None, alone=False)


def test_an_exclusive_rule_wins_whatever_the_priorities_unless_it_is_blocked() -> None:
    hits = (hit("high", "beta"), hit("one", "alpha", serves="alpha"), hit("two", "gamma", serves="gamma"))
    assert winner_of(hits, FREE) == Winner("alpha", "high", alone=True)
    assert winner_of(hits, ALPHA_BLOCKED) == Winner("gamma", "high", alone=True)


def test_an_exclusive_rule_leaves_only_those_that_serve_its_strategy() -> None:
    hits = (hit("other", "beta"), hit("adds", "beta", "alpha"), hit("word"), hit("only", "alpha", serves="alpha"))
    alone = contributors_of(hits, FREE, Winner("alpha", "other", alone=True))
    assert names(alone.counting) == ["adds", "only"]
    together = contributors_of(hits, FREE, Winner("alpha", "other", alone=False))
    assert names(together.counting) == ["other", "adds", "word", "only"]


def test_who_wants_the_strategy_is_heard_first_and_the_others_keep_their_order() -> None:
    hits = (hit("word"), hit("beside", "beta"), hit("serves", recommend=None, serves="alpha"), hit("wants", "alpha"))
    assert names(contributors_of(hits, FREE, Winner("alpha", "wants", alone=False)).heard) == [
        *("serves", "wants"),
        *("word", "beside"),
    ]
    only = hit("only", "gamma", serves="gamma")
    nothing = contributors_of((only, *hits), FREE, Winner(None, None, alone=False))
    assert names(nothing.heard) == ["only", "word", "beside", "serves", "wants"]


def test_who_wants_only_what_is_blocked_counts_and_is_not_heard() -> None:
    hits = (hit("blocked", "alpha"), hit("partly", "alpha", "beta"), hit("word"))
    found = contributors_of(hits, ALPHA_BLOCKED, Winner("beta", "partly", alone=False))
    assert (names(found.counting), names(found.heard)) == (["blocked", "partly", "word"], ["partly", "word"])


@pytest.mark.parametrize("kind", [ACKNOWLEDGEMENTS, LENDER_CONTACT])
def test_who_speaks_of_what_is_withheld_is_not_heard(kind: str) -> None:
    hits = (hit("speaks", "beta", withheld_by=frozenset({kind})), hit("other", "beta"))
    winner = Winner("beta", "speaks", alone=False)
    assert names(contributors_of(hits, Blocks((), frozenset({kind})), winner).heard) == ["other"]
    assert names(contributors_of(hits, FREE, winner).heard) == ["speaks", "other"]


def test_clocks_come_from_all_flags_from_those_that_count_and_the_rest_from_those_heard() -> None:
    kinds = ("deadline", "flag", "document", "right", "warning", "step")
    silent, counts, heard = (
        hit(name, items=tuple((kind, f"{kind}-{name}") for kind in kinds)) for name in ("silent", "counts", "heard")
    )
    found = items_of((silent, counts, heard), Contributors((counts, heard), (heard,)), frozenset())
    assert found == {
        "deadline": ("deadline-silent", "deadline-counts", "deadline-heard"),
        "flag": ("flag-counts", "flag-heard"),
        **{kind: (f"{kind}-heard",) for kind in ("document", "right", "warning", "step")},
    }


def test_items_are_given_once_in_the_order_of_the_rules_and_without_those_withheld() -> None:
    one = hit("one", items=(("step", "write"), ("step", "call"), ("right", "call")))
    two = hit("two", items=(("step", "wait"), ("step", "write")))
    both = Contributors((one, two), (two, one))
    assert items_of((one, two), both, frozenset())["step"] == ("wait", "write", "call")
    withheld = items_of((one, two), both, frozenset({("step", "call")}))
    assert (withheld["step"], withheld["right"]) == (("wait", "write"), ("call",))


def test_another_strategy_is_better_only_where_its_rule_comes_first_and_nothing_decides_alone() -> None:
    high = rule("high", 9, c.All(()), {"recommend": "alpha"})
    middle = rule("middle", 5, c.All(()), {"recommend": "beta"})
    low = rule("low", 1, c.All(()), {"recommend": "gamma"})
    adds = rule("adds", 8, c.All(()), {"add": "gamma"})
    crisis = rule("only", 2, c.All(()), {"recommend": "gamma"}, {"exclusive": True})
    policy = HitPolicy(pack_of(high, middle, low, adds, crisis))
    assert policy.better("high", policy.select(["middle"])) == "alpha"
    assert policy.better("low", policy.select(["middle"])) is None
    assert policy.better("middle", policy.select(["middle", "low"])) is None
    assert policy.better("adds", policy.select(["middle"])) is None
    assert policy.better("low", policy.select([])) == "gamma"
    assert policy.better("high", policy.select(["middle", "only"])) is None


def test_where_nothing_is_recommended_the_case_is_as_urgent_as_the_default_or_more() -> None:
    calm = rule("calm", 5, c.All(()), {"urgency": "U5"})
    hurry = rule("hurry", 1, c.All(()), {"urgency": "U1"})
    plan = rule("plan", 3, c.All(()), {"recommend": "alpha"})
    policy = HitPolicy(pack_of(calm, hurry, plan))  # whose default is U4
    urgencies = {fired: policy.select(fired).urgency for fired in ((), ("calm",), ("calm", "hurry"), ("calm", "plan"))}
    assert urgencies == {(): "U4", ("calm",): "U4", ("calm", "hurry"): "U1", ("calm", "plan"): "U5"}


def test_what_was_worked_out_is_kept_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules.decision.hit_policy._KEPT", 2)
    rules = [rule(name, 5, c.All(()), {"recommend": strategy}) for name, strategy in (("a", "alpha"), ("b", "beta"))]
    policy = HitPolicy(pack_of(*rules))
    first = policy.select(["a"])
    assert policy.select(["a"]) is first
    for fired, strategy in ((["b"], "beta"), (["a", "b"], "alpha"), ([], "counsellor_review"), (["a"], "alpha")):
        assert policy.select(fired).strategy == strategy
        assert len(policy._selected) <= 2
    assert policy.select(["a"]) is not first
    outlook = policy.outlook("beta", ["b"], ["a"])
    assert policy.outlook("beta", ["b"], ["a"]) is outlook
    for sure, undecided in (["a"], ["b"]), ([], ["a", "b"]), (["a"], []):
        assert policy.outlook("beta", sure, undecided) == HitPolicy(pack_of(*rules)).outlook("beta", sure, undecided)
        assert len(policy._outlooks) <= 2
    assert policy.outlook("beta", ["b"], ["a"]) is not outlook


def test_a_rule_that_did_not_fire_says_nothing_about_a_strategy_that_a_person_chose() -> None:
    fired = rule("fired", 9, c.All(()), {"recommend": "alpha"}, {"step": "write"})
    beside = rule("beside", 8, c.All(()), {"add": "gamma"})
    silent = rule("silent", 7, c.All(()), {"recommend": "beta"}, {"block": ("gamma",)}, {"step": "call"})
    found = HitPolicy(pack_of(fired, beside, silent)).chosen("beta", ["fired", "beside"])
    assert (found.strategy, found.secondary, found.blocked) == ("beta", ("gamma",), ())
    assert "call" not in found.of("step")


def test_one_rule_that_says_what_to_do_is_enough_for_a_strategy_that_a_person_chose() -> None:
    plan = rule("plan", 9, c.All(()), {"recommend": "alpha"})
    word = rule("word", 8, c.All(()), {"step": "wait"})
    other = rule("other", 7, c.All(()), {"recommend": "beta"}, {"step": "call"})
    pack = pack_of(plan, word, other)
    beta = pack.strategies["beta"].model_copy(update={"next_steps": ("write",)})
    policy = HitPolicy(replace(pack, strategies={**pack.strategies, "beta": beta}))
    assert policy.chosen("beta", ["plan", "word", "other"]).of("step") == ("call", "wait")
    assert policy.chosen("beta", ["plan", "word"]).of("step") == ("write", "wait")


_THEN: tuple[Callable[[str, str], tuple[dict[str, Any], ...]], ...] = (
    lambda one, _: ({"recommend": one},),
    lambda one, other: ({"recommend": one}, {"add": other}),
    lambda one, _: ({"recommend": one}, {"exclusive": True}),
    lambda one, _: ({"add": one}, {"exclusive": True}),
    lambda one, _: ({"block": (one,)},),
    lambda one, other: ({"recommend": one}, {"block": (other,)}),
    lambda one, other: ({"block": (one, other)},),
)


def test_certain_is_what_no_set_of_undecided_rules_changes_and_rarely_less() -> None:
    """By trying every set of them, for a few hundred small policies."""
    chance, coy = random.Random(9), 0
    for _ in range(400):
        rules = [
            rule(
                f"rule-{number}",
                chance.randrange(4),
                c.All(()),
                *chance.choice(_THEN)(chance.choice(STRATEGIES), chance.choice(STRATEGIES)),
            )
            for number in range(chance.randint(2, 6))
        ]
        idle = rule("idle", 9, c.All(()), {"step": "write"}, {"urgency": "U0"})
        policy = HitPolicy(pack_of(idle, *rules))
        sure = [each.rule.id for each in rules if chance.random() < 0.4]
        undecided = [each.rule.id for each in rules if each.rule.id not in sure and chance.random() < 0.8]
        strategy = policy.select(sure).strategy
        certain, decisive = policy.outlook(strategy, sure, undecided)
        sets = itertools.chain.from_iterable(
            itertools.combinations(undecided, count) for count in range(len(undecided) + 1)
        )
        ends = {policy.select([*sure, *more]).strategy for more in sets}
        # What is no rule, or neither recommends nor blocks, makes no difference to the strategy or its outlook.
        assert policy.telling == {each.rule.id for each in rules}
        assert policy.strategy_of(["idle", *sure, "default"]) == strategy == policy.select(["idle", *sure]).strategy
        assert policy.outlook(strategy, ["idle", *sure], undecided) == (certain, decisive)
        assert not certain or ends == {strategy}
        assert certain is not bool(decisive)
        assert {*decisive} <= {*undecided}
        coy += not certain and ends == {strategy}
    assert coy == 5  # where undecided rules block one another
