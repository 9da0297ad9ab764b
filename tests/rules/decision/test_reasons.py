"""Who speaks for an outcome: the rules that are heard, the default, and what a disagreement leaves of them."""

from dataclasses import replace

from rules.decision.outcome import not_evaluated
from rules.decision.reasons import decided_alone, rules_of, source, speaking, withholds
from rules.pack.logic import conditions as c
from tests.support.packs.pack_builder import pack_of, rule

ALWAYS = c.All(())
PACK = pack_of(
    rule("plan", 9, ALWAYS, {"recommend": "alpha"}),
    rule("other", 7, ALWAYS, {"recommend": "beta"}),
    rule("stop", 5, ALWAYS, {"block": ("alpha",)}),
    rule("only", 1, ALWAYS, {"recommend": "gamma"}, {"exclusive": True}),
)


def test_those_that_are_silenced_do_not_speak_and_the_default_does_where_it_decides() -> None:
    assert speaking(PACK, ("plan", "other")) == ("plan", "other")
    assert speaking(PACK, ("plan", "other", "stop")) == ("other", "stop")
    assert speaking(PACK, ("plan", "stop", "default")) == ("stop", "default")
    assert speaking(PACK, ("plan", "other", "only")) == ("only",)


def test_a_disagreement_speaks_first_and_nothing_is_said_by_default() -> None:
    assert speaking(PACK, ("disagreement", "plan", "other")) == ("disagreement", "plan", "other")
    assert speaking(PACK, ("disagreement", "stop")) == ("disagreement", "stop")
    assert speaking(PACK, ("disagreement",)) == ("disagreement",)


def test_what_was_not_evaluated_is_spoken_for_by_nothing() -> None:
    assert speaking(PACK, ("not_evaluated",)) == ()
    assert speaking(PACK, ()) == ("default",)


def test_only_an_exclusive_rule_decides_alone() -> None:
    assert decided_alone(PACK, ("plan", "only")) is True
    assert decided_alone(PACK, ("plan", "stop")) is False


def test_behind_an_id_stands_its_rule_or_what_the_pack_does_without_one() -> None:
    assert PACK.manifest.default.strategy == PACK.manifest.disagreement.strategy  # they differ in what they say
    assert source(PACK, "default") is PACK.manifest.default
    assert source(PACK, "disagreement") is PACK.manifest.disagreement
    assert source(PACK, "other") is rules_of(PACK)["other"].rule
    assert {name: loaded.rule.id for name, loaded in rules_of(PACK).items()} == {
        name: name for name in ("plan", "other", "stop", "only")
    }


def test_withheld_is_what_acknowledges_once_all_that_does_is_blocked() -> None:
    admitting = {"alpha": True, "beta": True, "gamma": False}
    marked = {
        name: PACK.strategies[name].model_copy(update={"acknowledges": admits}) for name, admits in admitting.items()
    }
    pack, outcome = replace(PACK, strategies=marked), not_evaluated(PACK)
    blocked = {
        (): False,
        ("alpha",): False,
        ("alpha", "gamma"): False,
        ("alpha", "beta"): True,
        ("beta", "gamma", "alpha"): True,
    }
    assert {each: withholds(pack, replace(outcome, blocked=each)) for each in blocked} == blocked
    none = replace(PACK, strategies={"gamma": marked["gamma"]})
    assert withholds(none, replace(outcome, blocked=("gamma",))) is False
