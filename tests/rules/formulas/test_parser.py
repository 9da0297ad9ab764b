"""Formulas read from YAML: every operator becomes its node, with the unit of what it gives."""

from __future__ import annotations

import datetime as dt

import pytest

from rules.formulas.operands import FormulaError
from rules.formulas.parser import Parsed, parse_formula
from rules.formulas.units import QUANTITIES, Kind
from rules.pack import formulas as f
from rules.pack import strict_yaml
from tests.support.packs.tiny_pack import tiny

CAPACITY, DUE, OVERDUE, PRODUCT, SERVED, DISPUTED = (
    f.FactNode(name) for name in ("capacity", "due_date", "days_overdue", "product", "served_on", "debt_disputed")
)
YUAN, COUNT, DAYS, PERCENT = (QUANTITIES[unit] for unit in ("yuan", "count", "days", "percent"))
ONE, TWO = f.Constant(100, "yuan"), f.Constant(200, "yuan")
WEEK = f.Constant(7, "days")
COMPARISONS: tuple[f.Comparison, ...] = ("more_than", "at_least", "less_than", "at_most", "equals", "not_equals")


def _parsed(text: str) -> Parsed:
    return parse_formula(strict_yaml.read(text.encode()), tiny().vocabulary.facts, tiny().parameters)


def _refused(text: str) -> str:
    with pytest.raises(FormulaError) as refused:
        _parsed(text)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "expression", "kind"),
    [
        # leaves
        ("{fact: capacity}", CAPACITY, YUAN),
        ("{fact: product}", PRODUCT, "word"),
        ("{parameter: npl_days}", f.ParameterNode("npl_days"), DAYS),
        ("{parameter: npl_days, on: {fact: due_date}}", f.ParameterNode("npl_days", DUE), DAYS),
        ("{yuan: 1}", ONE, YUAN),
        ("{percent: 5}", f.Constant(500, "percent"), PERCENT),
        ("true", f.Constant(True, "bool"), "bool"),
        ("today", f.Today(), "date"),
        ("nothing", f.NothingNode(), None),
        ("red", f.Constant("red", "word"), "word"),
        ("2026-11-23", f.Constant(dt.date(2026, 11, 23), "date"), "date"),
        # arithmetic
        ("{add: [{yuan: 1}, {yuan: 2}, {fact: capacity}]}", f.Add((ONE, TWO, CAPACITY)), YUAN),
        ("{subtract: [{yuan: 1}, {yuan: 2}]}", f.Subtract(ONE, TWO), YUAN),
        ("{multiply: [{yuan: 1}, {count: 3}]}", f.Multiply((ONE, f.Constant(3, "count"))), YUAN),
        (
            "{divide: {of: {yuan: 1}, by: {count: 3}, gives: yuan, round: half_up}}",
            f.Divide(ONE, f.Constant(3, "count"), "yuan", "half_up"),
            YUAN,
        ),
        (
            "{divide: {of: {yuan: 1}, by: {fact: capacity}, gives: count, round: up, zero: endless}}",
            f.Divide(ONE, CAPACITY, "count", "up", f.Endless()),
            COUNT,
        ),
        (
            "{divide: {of: {yuan: 1}, by: {fact: capacity}, gives: percent, round: down, zero: {percent: 1}}}",
            f.Divide(ONE, CAPACITY, "percent", "down", f.Constant(100, "percent"), 4),
            PERCENT,
        ),
        (
            "{portion: {of: {yuan: 1}, percent: {percent: 5}, round: down}}",
            f.Portion(ONE, f.Constant(500, "percent"), "down"),
            YUAN,
        ),
        (
            "{share: {of: {yuan: 1}, balance: {yuan: 2}, before: {yuan: 1}, total: {fact: capacity}}}",
            f.Share(ONE, TWO, ONE, CAPACITY),
            YUAN,
        ),
        ("{min: [{yuan: 1}, {fact: capacity}]}", f.Least((ONE, CAPACITY)), YUAN),
        ("{max: [{fact: due_date}, today]}", f.Greatest((DUE, f.Today())), "date"),
        # dates
        ("{days_between: [{fact: due_date}, today]}", f.DaysBetween(DUE, f.Today()), DAYS),
        ("{months_begun: [{fact: due_date}, today]}", f.MonthsBegun(DUE, f.Today()), QUANTITIES["months"]),
        ("{full_years: [{fact: due_date}, today]}", f.YearsFull(DUE, f.Today()), QUANTITIES["years"]),
        ("{shift: {date: {fact: due_date}, days: {days: 7}}}", f.Shift(DUE, WEEK, "days"), "date"),
        (
            "{shift: {date: {fact: due_date}, years: {years: 3}}}",
            f.Shift(DUE, f.Constant(3, "years"), "years"),
            "date",
        ),
        (
            "{call: {function: legal_deadline, with: [{fact: served_on}, {days: 7}]}}",
            f.FunctionCall("legal_deadline", (SERVED, WEEK)),
            "date",
        ),
        # conditions
        *((f"{{{word}: [{{yuan: 1}}, {{yuan: 2}}]}}", f.CompareNode(ONE, word, TWO), "bool") for word in COMPARISONS),
        *(
            (
                f"{{{word}: [{{fact: product}}, mortgage]}}",
                f.CompareNode(PRODUCT, word, f.Constant("mortgage", "word")),
                "bool",
            )
            for word in COMPARISONS[4:]
        ),
        ("{all: [{fact: debt_disputed}, true]}", f.AllOf((DISPUTED, f.Constant(True, "bool"))), "bool"),
        ("{any: [{fact: debt_disputed}, true]}", f.AnyOf((DISPUTED, f.Constant(True, "bool"))), "bool"),
        ("{not: {fact: debt_disputed}}", f.NotOf(DISPUTED), "bool"),
        ("{exists: {fact: capacity}}", f.Exists(CAPACITY), "bool"),
        # choices
        (
            "{if: {when: {fact: debt_disputed}, then: {yuan: 1}, else: nothing}}",
            f.If(DISPUTED, ONE, f.NothingNode()),
            YUAN,
        ),
        (
            "{if: {when: {fact: debt_disputed}, then: nothing, else: {yuan: 1}}}",
            f.If(DISPUTED, f.NothingNode(), ONE),
            YUAN,
        ),
        ("{otherwise: [{fact: capacity}, {yuan: 1}]}", f.Otherwise(CAPACITY, ONE), YUAN),
        (
            "{once: {given: [product, due_date], then: {yuan: 1}}}",
            f.Once(("product", "due_date"), ONE),
            YUAN,
        ),
        (
            "{buckets: {of: {fact: days_overdue}, table: [{up_to: {days: 7}, gives: {yuan: 1}}], above: {yuan: 2}}}",
            f.Buckets(OVERDUE, (f.Bucket(7, ONE),), TWO),
            YUAN,
        ),
        (
            "{match: {of: {fact: product}, cases: [{words: [credit_card], gives: {yuan: 1}}], otherwise: {yuan: 2}}}",
            f.Match(PRODUCT, (f.MatchCase(("credit_card",), ONE),), TWO, False),
            YUAN,
        ),
        (
            (
                "{match: {of: {fact: product}, contains: true, "
                "cases: [{words: [card, loan], gives: {yuan: 1}}], otherwise: {yuan: 2}}}"
            ),
            f.Match(PRODUCT, (f.MatchCase(("card", "loan"), ONE),), TWO, True),
            YUAN,
        ),
        (
            (
                "{match: {of: {otherwise: [{fact: product}, Other]}, "
                "cases: [{words: [Other], gives: red}], otherwise: blue}}"
            ),
            f.Match(
                f.Otherwise(PRODUCT, f.Constant("Other", "word")),
                (f.MatchCase(("Other",), f.Constant("red", "word")),),
                f.Constant("blue", "word"),
                False,
            ),
            "word",
        ),
    ],
)
def test_every_operator_becomes_its_node_with_the_unit_of_what_it_gives(
    text: str, expression: f.Expression, kind: Kind
) -> None:
    found = _parsed(text)
    assert (found.expression, found.kind) == (expression, kind)


def _table(rows: str, of: str = "{fact: days_overdue}") -> str:
    return f"{{buckets: {{of: {of}, table: [{rows}], above: {{yuan: 9}}}}}}"


def _match(words: str, more: str = "") -> str:
    return f"{{match: {{of: {{fact: product}}, cases: [{words}], otherwise: {{yuan: 9}}{more}}}}}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{yuan: 1, days: 2}", "formula: must be one operator with what it works on, not ['days', 'yuan']"),
        ("{}", "formula: must be one operator with what it works on, not []"),
        ("[{yuan: 1}]", "formula: must be one operator with what it works on, not [{'yuan': 1}]"),
        ("{yuan: true}", "formula.yuan: must be a number, not True"),
        ("{yuan: [1]}", "formula.yuan: must be a number, not [1]"),
        ("{fact: [product]}", "formula.fact: unknown fact ['product']; "),
        ("{parameter: [npl_days]}", "formula.parameter: unknown parameter ['npl_days']; "),
        (
            "{call: {function: [legal_deadline], with: []}}",
            "formula.call.function: unknown function ['legal_deadline']",
        ),
        ("{call: {function: legal_deadline, with: [today]}}", "formula.call.with: must be a list of 2, not 1"),
        (
            "{call: {function: legal_deadline, with: [today, {months: 1}]}}",
            "formula.call.with[1]: is in months, not in",
        ),
        ("{parameter: npl_days, on: {fact: due_date, of: 1}}", "formula: beside parameter only on: {fact: a date} may"),
        ("{parameter: npl_days, on: {fact: due_date}, of: 1}", "formula: beside parameter only on: {fact: a date} may"),
        ("{months_begun: [{fact: due_date}, {days: 1}]}", "formula.months_begun[1]: is in days, not in a date"),
        ("{days_between: [{days: 1}, {days: 2}]}", "formula.days_between: is in days, not in a date"),
        ("{shift: {date: {days: 1}, days: {days: 1}}}", "formula.shift.date: is in days, not in a date"),
        ("{shift: {date: today, years: {years: 1}, days: {days: 1}}}", "formula.shift: unknown key 'days'"),
        ("{more_than: [{fact: debt_disputed}, true]}", "formula.more_than: true or false has no order"),
        ("{equals: [car, {fact: product}]}", "formula.equals[0]: 'car' is no value of product"),
        ("{not: {yuan: 1}}", "formula.not: is in yuan, not in true or false"),
        ("{any: [{fact: debt_disputed}, {yuan: 1}]}", "formula.any[1]: is in yuan, not in true or false"),
        ("{all: [{yuan: 1}]}", "formula.all[0]: is in yuan, not in true or false"),
        ("{if: {when: true, then: {yuan: 1}, else: {days: 1}}}", "formula.if.else: is in days, not in yuan"),
        ("{otherwise: [{yuan: 1}, {days: 1}]}", "formula.otherwise[1]: is in days, not in yuan"),
        ("{once: {given: [product, no_fact], then: {yuan: 1}}}", "formula.once.given[1]: unknown fact 'no_fact'"),
        (
            "{divide: {of: {yuan: 1}, by: {fact: capacity}, gives: count, round: up, zero: {days: 1}}}",
            "formula.divide.zero: is in days, not in count",
        ),
        (
            "{share: {of: {yuan: 1}, balance: {yuan: 2}, before: {days: 1}, total: {yuan: 1}}}",
            "formula.share.before: is in days, not in yuan",
        ),
        (_table("{up_to: {yuan: 7}, gives: {yuan: 1}}"), "formula.buckets.table[0].up_to: is in yuan, not in days"),
        (
            _table("{up_to: {fact: days_overdue}, gives: {yuan: 1}}"),
            "formula.buckets.table[0].up_to: must be a number w",
        ),
        (_table("{up_to: {days: 7}, gives: {days: 1}}"), "formula.buckets.above: is in yuan, not in days"),
        (_table("{up_to: {days: 7}, gives: {yuan: 1}}", of="today"), "formula.buckets.of: is a date, not a number"),
        (_match("{words: [5], gives: {yuan: 1}}"), "formula.match.cases[0].words[0]: must be a word, not 5; put it in"),
        (
            _match("{words: [''], gives: {yuan: 1}}"),
            "formula.match.cases[0].words[0]: must be a word, not ''; put it in",
        ),
        (
            _match("{words: [mortgage], gives: {yuan: 1}}, {words: [credit_card, mortgage], gives: {yuan: 2}}"),
            "formula.match.cases[1].words[1]: 'mortgage' is there twice; keep one",
        ),
        (
            _match("{words: [card, Loan], gives: {yuan: 1}}", ", contains: true"),
            "formula.match.cases[0].words[1]: is looked for in small letters; write 'loan'",
        ),
        (
            _match("{words: [mortgage], gives: {yuan: 1}}", ", contains: 1"),
            "formula.match.contains: must be true or fal",
        ),
        ("{match: {of: {yuan: 1}, cases: [], otherwise: nothing}}", "formula.match.of: is in yuan, not in a word"),
    ],
)
def test_what_an_operator_does_not_take_is_told_with_its_place(text: str, told: str) -> None:
    assert _refused(text).startswith(told), _refused(text)


def test_every_operator_is_told_with_its_place_the_inner_ones_first() -> None:
    text = "{add: [{min: [{yuan: 1}, {yuan: 2}]}, {max: [{fact: capacity}, {yuan: 1}]}]}"
    found = _parsed(text)
    least, greatest = f.Least((ONE, TWO)), f.Greatest((CAPACITY, ONE))
    assert [each for each in found.operators if not isinstance(each[1], f.FactNode)] == [
        ("formula.add[0].min", least),
        ("formula.add[1].max", greatest),
        ("formula.add", f.Add((least, greatest))),
    ]
