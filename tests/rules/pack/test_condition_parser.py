"""A rule's condition is read into the AST, or each mistake in it is told with its place and what is allowed."""

import datetime as dt

import pytest

from rules.pack.logic import conditions as c
from tests.support.packs.tiny_pack import edited, errors, tiny

RULE = "strategy/card-plan.yaml"
WHEN = "{fact: product, equals: credit_card}"


def error(path: str, old: str, new: str) -> str:
    """The one error that a change to one place gives."""
    (only,) = errors(edited(path, old, new))
    return only


def test_a_condition_is_parsed_with_parameters_left_in() -> None:
    (_, rule) = tiny().rules
    assert isinstance(rule.when, c.All)
    assert c.Compare("days_overdue", "more_than", c.ParameterReference("npl_days")) in rule.when.children
    assert c.ComparePair("capacity", "less_than_fact", "monthly_due") in rule.when.children


def test_a_date_stands_in_a_condition_as_it_is() -> None:
    pack = tiny(edited(RULE, WHEN, "{fact: due_date, at_most: 2026-03-31}"))
    assert isinstance(pack.rules[1].when, c.All)
    assert pack.rules[1].when.children[0] == c.Compare("due_date", "at_most", dt.date(2026, 3, 31))


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("{fact: prodct, equals: credit_card}", "when.all[0].fact: unknown fact 'prodct'; did you mean 'produ"),
        ("{fact: product, equals: card}", "when.all[0].equals: unknown value 'card'; did you mean 'credit_c"),
        ("{fact: product, one_of: [mortgage, x]}", "when.all[0].one_of[1]: unknown value 'x'"),
        ("{fact: product, one_of: []}", "when.all[0].one_of: must be a list of at least one value"),
        ("{fact: product, more_than: 0}", "'more_than' does not fit product, a fact of type enum; allowed:"),
        ("{fact: product, equal: mortgage}", "when.all[0]: 'equal' is no operator; did you mean 'equals'?"),
        ("{fact: product}", "when.all[0]: product needs exactly one operator"),
        ("{fact: name, known: true}", "when.all[0].fact: name is never shown to rules"),
        ("{fact: debt_disputed, equals: maybe}", "when.all[0].equals: must be true or false, not 'maybe'"),
        ("{fact: debt_disputed, known: 1}", "when.all[0].known: must be true or false, not 1"),
        ("{fact: collection_violations, equals: hours}", "'equals' does not fit collection_violations"),
        ("{fact: collection_violations, contains: x}", "unknown value 'x'; allowed: hours, visit"),
        ("{fact: due_date, at_most: soon}", "when.all[0].at_most: must be a date such as 2026-03-31"),
        ("{fact: case_ref, equals: 12}", "when.all[0].equals: must be text, not 12; put it in quotes"),
        ("{fact: income_monthly, more_than_fact: monthly_due}", "the pair income_monthly, monthly_due is not"),
        ("{fact: capacity, more_than_fact: monthly}", "unknown fact 'monthly'; did you mean 'monthly_due'?"),
        ("{fact: days_overdue, at_least: 90}", "90 is a policy number; put it into parameters.yaml"),
        ("{fact: days_overdue, at_least: 90.5}", "when.all[0].at_least: 90.5 is a policy number"),
        ("{fact: days_overdue, at_least: false}", "False is a policy number"),
        ("{fact: days_overdue, at_least: {parameter: npl}}", "unknown parameter 'npl'; did you mean 'npl_days"),
        ("{fact: capacity, at_least: {parameter: npl_days}}", "npl_days is in days, capacity needs yuan"),
        ("{fact: product, equals: {parameter: npl_days}}", "does not fit product, a fact of type enum"),
        ("{always: []}", "when.all[0]: a condition names a fact, or is one of all, any, not; not ['always']"),
        ("{any: []}", "when.all[0].any: must be a list of at least one condition"),
        ("{any: [{fact: x, equals: 1}]}", "when.all[0].any[0].fact: unknown fact 'x'"),
        ("7", "when.all[0]: a condition names a fact, or is one of all, any, not; not 7"),
    ],
)
def test_a_mistake_in_a_condition_is_told_with_its_place(condition: str, told: str) -> None:
    assert told in error(RULE, WHEN, condition)


def test_every_mistake_of_one_condition_is_told() -> None:
    told = errors(edited(RULE, WHEN, "{fact: x, equals: 1}\n    - {fact: y, equals: 1}\n    - {any: 3}"))
    assert [line.partition(": ")[2].partition(":")[0] for line in told] == [
        "when.all[0].fact",
        "when.all[1].fact",
        "when.all[2].any",
    ]
