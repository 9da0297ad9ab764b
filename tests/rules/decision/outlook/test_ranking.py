"""The order of questions and what an answer would settle, on a policy of four rules."""

from dataclasses import replace
from typing import Any

import pytest

from rules.decision.outcome import Outcome, not_evaluated
from rules.decision.outlook.questions import ranked, settles, weightiest
from rules.pack.files.doubts import Above
from rules.pack.files.red_flags import DangerSign, RedFlag
from rules.pack.files.schema import Text
from rules.pack.logic import conditions as c
from rules.pack.pack import Pack
from tests.support.packs.pack_builder import pack_of, rule
from tests.support.packs.vocabulary import TITLE, VOCABULARY


def made(**facts: dict[str, Any]) -> Pack:
    """The policy, with facts changed: three rules look at days, two at paid, by way of what is left, one at rate."""
    known = {name: fact.model_copy(update=facts.get(name, {})) for name, fact in VOCABULARY.facts.items()}
    doubts = {
        f"{name}_high": Above(kind="above", fact=name, above=9, asks=True, text=TITLE) for name in ("rate", "owed")
    }
    vocabulary = VOCABULARY.model_copy(update={"facts": known, "doubts": doubts})
    return replace(
        pack_of(
            rule("one", 9, c.Compare("days", "more_than", 3), {"step": "write"}, {"recommend": "alpha"}),
            rule(
                "two", 7, c.All((c.Compare("days", "more_than", 9), c.Compare("left", "more_than", 3))), {"add": "beta"}
            ),
            rule("three", 5, c.Compare("left", "more_than", 3), {"block": ("beta",)}),
            rule(
                "four",
                3,
                c.Any((c.Compare("days", "less_than", 1), c.Compare("rate", "more_than", 3))),
                {"recommend": "gamma"},
            ),
            rule("five", 1, c.Compare("days", "more_than", 3), {"recommend": "alpha"}),
            vocabulary=vocabulary,
        ),
        red_flags={
            "beaten": RedFlag(
                title=TITLE,
                danger=DangerSign(kind="violence", grade="explicit", asks="quiet"),
                answered_by=("city",),
            ),
            "court": RedFlag(title=TITLE, answered_by=("shade",)),
        },
    )


def unknown(*questions: str, rules: tuple[str, ...] = ("one", "two", "three", "four", "five")) -> Outcome:
    return replace(not_evaluated(pack_of()), questions=questions, rules_unknown=rules)


EVERY = ("colour", "shade", "paid", "days", "calm", "rate", "quiet", "owed")


@pytest.mark.parametrize(
    ("given", "order"),
    [
        # What is urgent; then by how many open rules wait for it: three, one by what is left of it, one.
        ({}, ("calm", "days", "paid", "rate", "owed", "colour", "shade", "quiet")),
        # What the notes tell comes before that.
        ({"note_flags": ("court",)}, ("calm", "shade", "days", "paid", "rate", "owed", "colour", "quiet")),
        # What is in doubt comes before what is urgent, and danger before everything, but only then.
        ({"in_doubt": ("rate_high",)}, ("quiet", "rate", "calm", "days", "paid", "owed", "colour", "shade")),
        (
            {"in_doubt": ("owed_high", "rate_high"), "note_flags": ("court",)},
            ("quiet", "rate", "owed", "calm", "shade", "days", "paid", "colour"),
        ),
    ],
)
def test_what_decides_most_is_asked_first(given: dict[str, Any], order: tuple[str, ...]) -> None:
    assert ranked(made(calm={"urgent": (True,)}), unknown(*EVERY), given) == order


def test_rules_that_are_decided_weigh_nothing() -> None:
    assert ranked(made(), unknown("days", "rate", "paid", rules=("three", "four")), {}) == ("days", "rate", "paid")
    assert ranked(made(), unknown("rate", "paid", "days", rules=("three",)), {}) == ("paid", "rate", "days")
    assert ranked(made(), unknown("paid", "days", "rate", rules=()), {}) == ("paid", "days", "rate")


def test_an_answer_settles_the_other_strategies_of_the_open_rules_that_look_at_it() -> None:
    pack, outcome = made(), replace(unknown("days"), strategy="counsellor_review")
    assert settles(pack, outcome, "days") == ("alpha", "gamma")
    assert settles(pack, replace(outcome, strategy="alpha"), "days") == ("gamma",)
    assert settles(pack, replace(outcome, rules_unknown=("four", "five")), "days") == ("gamma", "alpha")
    assert settles(pack, outcome, "rate") == ("gamma",)
    assert settles(pack, outcome, "paid") == ()  # the rule that looks at it only blocks
    assert settles(pack, outcome, "city") == ()


def test_of_an_unknown_case_what_most_rules_look_at_is_asked_but_nothing_that_is_asked_anyway() -> None:
    asked = {"question": Text(zh="问", en="Ask")}
    assert weightiest(made()) == ("days", "paid", "owed", "rate")
    assert weightiest(made(shade={"urgent": ("red",)}, paid={"urgent": (True,)})) == (
        *("shade", "paid"),
        *("days", "owed", "rate"),
    )
    assert weightiest(made(days={"required": True})) == ("paid", "owed", "rate")
    assert weightiest(made(days={"required_unless": "start"})) == ("paid", "owed", "rate")
    assert weightiest(made(days={"question": None}, left=asked)) == ("paid", "owed", "rate")
    assert weightiest(made(days={"given": True})) == ("paid", "owed", "rate")


def test_no_more_than_four_are_asked_beside_what_is_urgent() -> None:
    looks = [rule(f"looks-{name}", 5, c.Compare(name, "equals", True), {"recommend": "alpha"}) for name in EVERY]
    twice = rule("twice", 5, c.Compare("quiet", "equals", True), {"recommend": "alpha"})
    assert weightiest(pack_of(*looks, twice)) == ("quiet", "colour", "shade", "calm")
