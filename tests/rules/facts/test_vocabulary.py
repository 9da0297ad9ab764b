"""The facts of a pack against each other: every contradiction is told with its place, and only that."""

from __future__ import annotations

from typing import Any

import pytest

from rules.facts.vocabulary import check_vocabulary
from rules.pack.files import doubts as d
from rules.pack.files.household import HouseholdLine, HouseholdPart
from rules.pack.files.schema import Fact, FactGroup, FactValue, Text, Vocabulary


def title(name: str) -> Text:
    return Text(zh=f"事{name}", en=f"Title of {name}")


def value(name: str, *aliases: str) -> FactValue:
    return FactValue(zh=f"值{name}", en=f"Value {name}", aliases=aliases)


def told(pairs: tuple[tuple[str, str], ...] = (), **facts: dict[str, Any]) -> list[str]:
    known = {name: Fact(**{"title": title(name), **fact}) for name, fact in facts.items()}
    return list(check_vocabulary(Vocabulary(facts=known, pairs=pairs)))


TEXT = Text(zh="如何", en="How")
TWO = {"one": value("one"), "two": value("two")}


@pytest.mark.parametrize(
    "fact",
    [
        {"type": "int", "unit": "days"},
        {"type": "enum", "values": TWO, "urgent": ("two",)},
        {"type": "list", "values": TWO, "urgent": ("one", "two")},
        {"type": "enum", "values_from": "products"},
        {"type": "list", "values_from": "red_flags", "derived": True, "given": True, "how": TEXT},
        {"type": "bool", "urgent": (True,)},
        {"type": "bool", "urgent": (False,)},
        {"type": "bool", "values": {"true": value("yes"), "false": value("no")}},
        {"type": "bool", "values": {"true": value("yes")}},
        {"type": "money", "derived": True, "how": TEXT},
        {"type": "text", "required": True},
        {"type": "date", "required_unless": "other"},
    ],
)
def test_a_sound_fact_has_nothing_told_of_it(fact: dict[str, Any]) -> None:
    assert told(a=fact, b={"type": "text"}) == []


@pytest.mark.parametrize(
    ("fact", "line"),
    [
        ({"type": "money", "how": TEXT}, "how: only a given or derived fact comes about by itself; remove the key "),
        ({"type": "text", "given": True, "required": True}, "required: the application gives this fact, nobody "),
        ({"type": "text", "given": True, "required_unless": "a"}, "required: the application gives this fact, nobody "),
        ({"type": "money", "unit": "days"}, "unit: a fact of type money has its own; remove the key"),
        ({"type": "enum"}, "values: is missing; a fact of type enum lists its values"),
        ({"type": "list"}, "values: is missing; a fact of type list lists its values"),
        ({"type": "bool", "values": TWO}, "values: ['one', 'two'] are not the values of a bool; allowed: true, false"),
        (
            {"type": "bool", "values": {"zwei": value("two"), "eins": value("one")}},
            "values: ['eins', 'zwei'] are not the values of a bool; allowed: true, false",
        ),
        ({"type": "int", "unit": "days", "code": "reference"}, "code: a fact of type int is no text; remove the key"),
        ({"type": "money", "values": TWO}, "values: a fact of type money has no list of values; remove it"),
        ({"type": "text", "values": TWO}, "values: a fact of type text has no list of values; remove it"),
        (
            {"type": "enum", "values": {"one": value("one", "Same  word"), "two": value("two", "same-word")}},
            "values: 'sameword' stands for one and two; leave it to one of them",
        ),
        ({"type": "enum", "values": TWO, "urgent": ("one", "six")}, "urgent: 'six' is not a value of b"),
        ({"type": "enum", "values": TWO, "urgent": (True,)}, "urgent: True is not a value of b"),
        ({"type": "bool", "urgent": ("true",)}, "urgent: 'true' is not a value of b"),
        ({"type": "list", "values": TWO, "urgent": ("six",)}, "urgent: 'six' is not a value of b"),
    ],
)
def test_a_contradiction_is_told_of_its_own_fact_alone(fact: dict[str, Any], line: str) -> None:
    (only,) = told(a={"type": "text"}, b=fact, c={"type": "text"})
    assert only.startswith(f"facts.b.{line}")


_WIDE = "is more than a whole number of 64 bits holds; write one of fewer digits"
_YUAN = 2**63 // 100  # of which 99 fen more are too many


@pytest.mark.parametrize(
    ("fact", "keys"),
    [
        ({"type": "int", "minimum": 1 - 2**63, "maximum": 2**63 - 1}, []),
        ({"type": "int", "maximum": 2**63}, ["maximum"]),
        ({"type": "int", "minimum": -(2**63)}, ["minimum"]),
        ({"type": "int", "minimum": -(2**63), "maximum": 2**63}, ["minimum", "maximum"]),
        ({"type": "money", "maximum": _YUAN - 1}, []),
        ({"type": "money", "maximum": _YUAN}, ["maximum"]),
        ({"type": "rate", "minimum": -_YUAN, "maximum": 1}, []),
        ({"type": "rate", "minimum": -_YUAN - 1, "maximum": 1}, ["minimum"]),
    ],
)
def test_the_limits_of_a_number_are_those_that_a_column_holds(fact: dict[str, Any], keys: list[str]) -> None:
    assert told(a={"type": "text"}, b=fact) == [f"facts.b.{key}: {_WIDE}" for key in keys]


def test_every_contradiction_of_a_fact_is_told() -> None:
    fact = {"type": "money", "how": TEXT, "given": True, "required": True, "unit": "days", "values": TWO}
    assert [line.split(":")[0] for line in told(a={**fact, "urgent": ("one",)}, b={"type": "int", "how": TEXT})] == [
        "facts.a.how",
        "facts.a.required",
        "facts.a.unit",
        "facts.a.values",
        "facts.a.urgent",
        "facts.b.how",
    ]


def test_two_facts_that_may_be_compared_are_different_and_of_one_type_that_can_be() -> None:
    facts: dict[str, dict[str, Any]] = {
        "a": {"type": "money"},
        "b": {"type": "money"},
        "c": {"type": "rate"},
        "d": {"type": "list", "values": TWO},
        "e": {"type": "list", "values": TWO},
        "f": {"type": "text"},
        "g": {"type": "text"},
    }
    assert told((("a", "b"), ("g", "f")), **facts) == []
    wrong = (("a", "b"), ("a", "a"), ("a", "c"), ("d", "e"), ("f", "g"))
    assert told(wrong, **facts) == [
        f"pairs[{number}]: {one} and {other} cannot be compared; a pair is two facts of one type"
        for number, (one, other) in enumerate(wrong)
        if 0 < number < 4
    ]


def test_a_pair_of_what_is_no_fact_is_told_elsewhere_and_does_not_hide_the_next() -> None:
    facts: dict[str, dict[str, Any]] = {"a": {"type": "money"}, "b": {"type": "rate"}}
    (only,) = told((("x", "a"), ("a", "x"), ("a", "b")), **facts)
    assert only.startswith("pairs[2]: a and b ")


@pytest.mark.parametrize("header", ["a", "A", "事a", "title-of A", "ａ"])
def test_a_header_leads_to_one_fact_by_its_name_title_or_any_word_for_it(header: str) -> None:
    lines = told(a={"type": "text"}, b={"type": "text", "aliases": (header,)}, c={"type": "text", "aliases": ("C",)})
    assert [line.split(" already")[1] for line in lines] == [" means a; remove it from one"]
    assert lines[0].startswith("facts.b.aliases: the header ")


def test_a_derived_fact_has_no_headers() -> None:
    assert told(a={"type": "text"}, b={"type": "text", "derived": True, "aliases": ("a",)}) == []
    assert told(b={"type": "text", "derived": True, "aliases": ("a",)}, a={"type": "text"}) == []
    assert told(a={"type": "text", "derived": True}, b={"type": "text"}, c={"type": "text", "title": title("b")}), (
        "the facts after a derived one are looked at too"
    )


def test_a_form_asks_for_a_fact_once_and_for_none_that_nobody_submits() -> None:
    known = {
        "a": Fact(type="text", title=title("a")),
        "b": Fact(type="text", title=title("b"), derived=True),
        "c": Fact(type="text", title=title("c"), given=True),
    }
    groups = (
        FactGroup(title=TEXT, facts=("a", "elsewhere")),
        FactGroup(title=TEXT, facts=("b",)),
        FactGroup(title=TEXT, facts=("c", "a")),
    )
    assert list(check_vocabulary(Vocabulary(facts=known, groups=groups))) == [
        "groups[1].facts: nobody submits b; remove it",
        "groups[2].facts: nobody submits c; remove it",
        "groups[2].facts: a stands in a group already; leave it in one of them",
    ]


def test_what_is_of_the_person_is_for_a_person_to_say_and_a_line_of_a_budget_stands_once() -> None:
    known = {
        "a": Fact(type="money", title=title("a")),
        "b": Fact(type="money", title=title("b"), private=True),
        "c": Fact(type="money", title=title("c"), given=True),
    }
    line = HouseholdLine(title=TEXT)
    household = (
        HouseholdPart(fact="a", title=TEXT, lines={"rent": line}),
        HouseholdPart(fact="d", title=TEXT, lines={"food": line, "rent": line}),
    )
    vocabulary = Vocabulary(facts=known, of_person=("a", "b", "c", "elsewhere"), household=household)
    assert list(check_vocabulary(vocabulary)) == [
        "of_person: b is not for a person to say of all debts; remove it",
        "of_person: c is not for a person to say of all debts; remove it",
        "household[1].fact: d is not among of_person; add it there",
        "household[1].lines: rent stands in another part already; leave it in one of them",
    ]


def doubts_of(*doubts: d.Doubt, **facts: dict[str, Any]) -> list[str]:
    known = {name: Fact(**{"title": title(name), **fact}) for name, fact in facts.items()}
    named = {f"doubt{number}": each for number, each in enumerate(doubts)}
    lines = check_vocabulary(Vocabulary(facts=known, doubts=named))
    return [line.removeprefix("doubts.") for line in lines]


NUMBERS: dict[str, dict[str, Any]] = {
    **{kind: {"type": kind} for kind in ("int", "money", "rate", "text", "bool")},
    "word": {"type": "enum", "values": TWO},
    "listed": {"type": "list", "values": TWO},
}


def test_only_numbers_are_beyond_something() -> None:
    beyond = [d.Beyond(kind="beyond", facts=(fact,), above=9, text=TEXT) for fact in (*NUMBERS, "elsewhere")]
    assert doubts_of(*beyond, **NUMBERS) == [
        f"doubt{number}.facts: {fact} is no number; remove it"
        for number, fact in enumerate(NUMBERS)
        if fact not in ("int", "money", "rate")
    ]
    (only,) = doubts_of(d.Beyond(kind="beyond", facts=("int",), text=TEXT), **NUMBERS)
    assert only == "doubt0.below: is missing; a doubt of this kind says below or above"


@pytest.mark.parametrize(
    ("fact", "value", "held"),
    [
        ("word", "one", True),
        ("word", "three", False),
        ("word", True, False),
        ("bool", False, True),
        ("bool", "one", False),
        ("listed", "one", False),
        ("text", "one", False),
        ("elsewhere", "one", True),  # told by the references
    ],
)
def test_what_denies_is_a_value_of_its_fact(fact: str, value: bool | str, held: bool) -> None:
    denied = d.Denied(kind="denied", fact=fact, value=value, by=("int",), text=TEXT)
    assert doubts_of(denied, **NUMBERS) == ([] if held else [f"doubt0.value: '{value}' is no value of {fact}"])


@pytest.mark.parametrize(
    ("fact", "given", "faults"),
    [
        ({"question": TEXT}, {"given": True}, []),
        ({}, {"given": True}, ["question"]),
        ({"question": TEXT, "private": True}, {"given": True}, ["question"]),
        ({"question": TEXT, "required": True}, {"given": True}, ["required"]),
        ({"question": TEXT, "required_unless": "word"}, {"given": True}, ["required"]),
        ({"question": TEXT}, {}, ["in_doubt"]),
        ({"question": TEXT}, {"given": True, "values": TWO}, ["in_doubt"]),
        ({"question": TEXT}, None, ["in_doubt"]),
    ],
)
def test_a_doubt_that_asks_has_a_question_and_its_place(
    fact: dict[str, Any], given: dict[str, Any] | None, faults: list[str]
) -> None:
    named = {"type": "list", "values": {"doubt0": value("doubt")}}
    facts = {**NUMBERS, "int": {"type": "int", **fact}, **({} if given is None else {"in_doubt": {**named, **given}})}
    lines = doubts_of(d.Above(kind="above", fact="int", above=9, asks=True, text=TEXT), **facts)
    told_of = {
        "question": "has no question",
        "required": "is required",
        "in_doubt": "the given fact in_doubt has to name",
    }
    assert len(lines) == len(faults)
    assert all(
        line.startswith("doubt0.asks: ") and told_of[fault] in line for line, fault in zip(lines, faults, strict=True)
    )


def test_a_header_that_may_mean_a_fact_means_no_other_one() -> None:
    (only,) = told(a={"type": "text"}, b={"type": "text", "asks": ("A", "other")})
    assert only == "facts.b.asks: the header 'A' already means a; remove it from one"
