"""Until when a decision is valid, to the day: packs of one rule, each with the first day on which it says otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from rules.decision.ageing import aged
from rules.decision.evaluate import Evaluation, Evaluator
from rules.decision.outlook.validity import LONGEST
from rules.facts.cells import FIRST_DAY, Value
from rules.pack.files.schema import LegalDeadline, Parameter, Product, Text, Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.pack import LoadedRule, Pack
from tests.support.packs.pack_builder import formulas_of, pack_of, rule
from tests.support.packs.vocabulary import VOCABULARY, fact

TODAY = dt.date(2026, 11, 23)
DESIGN = ({"id": "practice", "status": "design"},)
WORDS = Text(zh="某", en="Some")
MOST_DAYS = 100
SINCE_EVER = (TODAY - FIRST_DAY).days  # the most that the days since a day of the past may be today


def _derived(kind: Any, *inputs: str) -> Any:
    return fact(kind, derived=True, inputs=inputs)


FACTS = {
    **VOCABULARY.facts,
    "days_overdue": fact("int").model_copy(update={"maximum": MOST_DAYS}),
    "due_date": fact("date"),
    "age": fact("int"),
    "told_on": fact("date"),
    "seen": fact("date").model_copy(update={"past": True}),
    "since": _derived("int", "seen"),
    "twice": _derived("int", "since"),
    "old": _derived("bool", "seen"),
    "days_left": _derived("int", "stop"),
    "recalled": _derived("date", "seen"),
}
FORMULAS: dict[str, object] = {
    "since": {"days_between": [{"fact": "seen"}, "today"]},
    "twice": {"multiply": [{"fact": "since"}, {"count": 2}]},
    "days_left": {"days_between": ["today", {"fact": "stop"}]},
    "recalled": {"shift": {"date": "today", "days": {"days": 10}}},
}
OLD: dict[str, object] = {
    "old": {"more_than": [{"days_between": [{"fact": "seen"}, "today"]}, {"days": SINCE_EVER + 3}]}
}
PAIRS = (("since", "days"), ("days", "since"))


def later(days: int) -> dt.date:
    return TODAY + dt.timedelta(days=days)


def pack(
    *whens: c.Condition, parameters: dict[str, Parameter] | None = None, formulas: Mapping[str, object] | None = None
) -> Pack:
    """A pack with a rule for each condition."""
    rules = [rule(f"rule{number}", 9 - number, when, {"recommend": "alpha"}) for number, when in enumerate(whens)]
    vocabulary = Vocabulary(facts=FACTS, pairs=PAIRS)
    return pack_of(
        *rules,
        vocabulary=vocabulary,
        parameters=parameters or {},
        formulas=formulas_of(vocabulary, parameters, **(FORMULAS if formulas is None else formulas)),
    )


def evaluated(of: Pack, facts: dict[str, Value], day: dt.date = TODAY) -> Evaluation:
    return Evaluator(of, day).evaluate([aged(of.vocabulary, facts, TODAY, day)])[0]


def days(of: Pack, **facts: Value) -> int | None:
    """For how many days a case is decided the same."""
    until = evaluated(of, facts).valid_until
    return None if until is None else (until - TODAY).days


def verdicts(of: Pack, facts: dict[str, Value], day: dt.date) -> tuple[object, ...]:
    outcome = evaluated(of, facts, day).outcome
    return outcome.rules_fired, outcome.rules_unknown


def compared(name: str, operator: Any, value: Any) -> c.Compare:
    return c.Compare(name, operator, value)


def pair(left: str, operator: Any, right: str) -> c.ComparePair:
    return c.ComparePair(left, operator, right)


AGO = {"seen": later(-20)}


@pytest.mark.parametrize(
    ("when", "facts", "told"),
    [
        (compared("days_overdue", "at_least", 30), {"days_overdue": 10}, 20),
        (compared("days_overdue", "more_than", 30), {"days_overdue": 10}, 21),
        (compared("days_overdue", "less_than", 30), {"days_overdue": 10}, 20),
        (compared("days_overdue", "equals", 30), {"days_overdue": 10}, 20),
        (compared("days_overdue", "equals", 10), {"days_overdue": 10}, 1),
        (compared("days_overdue", "at_least", 1), {"days_overdue": 0, "due_date": later(5)}, 6),
        (compared("since", "at_least", 30), AGO, 10),
        (compared("since", "more_than", 30), AGO, 11),
        (compared("twice", "at_least", 50), AGO, 5),
        (compared("days_left", "less_than", 0), {"stop": later(5)}, 6),
        (compared("recalled", "at_least", later(17)), {}, 7),
        (compared("recalled", "more_than", later(17)), {}, 8),
        (pair("since", "at_least_fact", "days"), {**AGO, "days": 24}, 4),
        (pair("since", "more_than_fact", "days"), {**AGO, "days": 24}, 5),
        (pair("days", "less_than_fact", "since"), {**AGO, "days": 24}, 5),
        (pair("days", "at_least_fact", "since"), {**AGO, "days": 24}, 5),
        (compared("since", "more_than", SINCE_EVER + 3), {}, 4),  # no day that a case may name is so long ago yet
        (compared("twice", "more_than", 2 * (SINCE_EVER + 3)), {}, 4),
    ],
)
def test_it_ends_with_the_first_day_on_which_the_rule_says_otherwise(
    when: c.Condition, facts: dict[str, Value], told: int
) -> None:
    of = pack(when)
    assert days(of, **facts) == told
    now = verdicts(of, facts, TODAY)
    assert [verdicts(of, facts, later(day)) == now for day in (told - 1, told)] == [True, False]


@pytest.mark.parametrize(
    ("when", "facts"),
    [
        (compared("days_overdue", "at_least", 30), {"days_overdue": 0}),  # nobody said when it falls due
        (compared("days_overdue", "at_least", 30), {}),
        (compared("days_overdue", "at_least", MOST_DAYS + 1), {"days_overdue": MOST_DAYS}),
        (compared("since", "at_least", 30), {**AGO, "since": 20}),  # given, and not derived
        (compared("since", "more_than", SINCE_EVER + 3), {"since": 20}),
        (compared("since", "more_than", 20), {}),
        (pair("since", "at_least_fact", "days"), AGO),
        (pair("since", "at_least_fact", "days"), {**AGO, "days": 20}),
        (compared("days", "at_least", 30), {"days": 10}),
        (compared("start", "at_least", later(10)), {"start": TODAY}),
    ],
)
def test_where_time_alone_changes_nothing_it_is_looked_at_again_after_a_year(
    when: c.Condition, facts: dict[str, Value]
) -> None:
    assert days(pack(when), **facts) == LONGEST


def test_it_ends_with_the_first_of_all_that_change() -> None:
    of = pack(compared("since", "at_least", 40), compared("since", "at_least", 30), compared("twice", "at_least", 90))
    assert days(of, **AGO) == 10
    assert days(of, seen=later(-30)) == 10
    assert days(of, seen=later(-35)) == 5
    assert days(of, seen=later(-42)) == 3
    assert days(of, seen=later(-45)) == LONGEST
    overdue = pack(compared("days_overdue", "at_least", 60), compared("since", "at_least", 30))
    assert days(overdue, days_overdue=53, **AGO) == 7
    assert days(overdue, days_overdue=43, **AGO) == 10


def test_days_overdue_that_are_counted_from_the_due_date_go_on_from_it() -> None:
    counted = {"days_overdue": {"max": [{"days": 0}, {"days_between": [{"fact": "due_date"}, "today"]}]}}
    of = pack(compared("days_overdue", "at_least", 30), formulas=counted)
    assert [days(of, due_date=later(day)) for day in (-10, -29, -30)] == [20, 1, LONGEST]
    assert days(of, due_date=later(5)) == 6  # from then on they rise: looked at again then
    assert days(of, days_overdue=25, due_date=later(-10)) == 5


def test_days_overdue_go_on_no_further_than_they_may() -> None:
    of = pack(compared("days_overdue", "at_least", 30))
    assert [days(of, days_overdue=number) for number in (30, MOST_DAYS - 1, MOST_DAYS)] == [MOST_DAYS - 30, 1, LONGEST]


def test_a_condition_that_no_day_fulfils_yet_ends_with_the_first_day_on_which_one_may() -> None:
    of = pack(compared("old", "equals", True), formulas=OLD)
    assert days(of) == 4
    assert [verdicts(of, {}, later(day)) == verdicts(of, {}, TODAY) for day in (3, 4)] == [True, False]
    assert days(of, seen=TODAY) == LONGEST
    assert days(of, seen=FIRST_DAY) == 4


def test_how_long_an_order_may_be_objected_to_counts_though_no_rule_asks() -> None:
    of = pack(c.All(()))
    assert [days(of, stop=later(day)) for day in (-1, 0, 5)] == [LONGEST, 1, 6]


def test_it_ends_with_the_next_birthday_of_an_age() -> None:
    of = pack(compared("age", "at_least", 18))
    assert days(of, age=17, told_on=later(-360)) == 5
    assert days(of, age=17, told_on=later(-365)) == 365
    assert days(of, age=17) == 365
    assert days(of, told_on=later(-360)) == LONGEST


def figure(*values: tuple[int, dt.date, dt.date | None], unit: str = "days") -> Parameter:
    dated = [
        {"value": str(value), "valid_from": first, "valid_to": last, "status": "design", "references": DESIGN}
        for value, first, last in values
    ]
    return Parameter.model_validate({"title": WORDS, "unit": unit, "values": dated})


LONG_AGO = dt.date(2020, 1, 1)
LIMIT = c.Compare("days", "at_least", c.ParameterReference("limit"))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([(5, LONG_AGO, later(9))], 10),
        ([(5, LONG_AGO, TODAY)], 1),
        ([(5, LONG_AGO, later(-1))], LONGEST),
        ([(5, TODAY, None)], LONGEST),
        ([(5, later(1), None)], 1),
        ([(5, LONG_AGO, later(9)), (6, later(12), None)], 10),
        ([(5, later(12), None), (6, LONG_AGO, later(-9)), (7, later(-8), later(11))], 12),
    ],
)
def test_it_ends_with_the_day_on_which_a_figure_is_another_or_none(
    values: list[tuple[int, dt.date, dt.date | None]], told: int
) -> None:
    assert days(pack(LIMIT, parameters={"limit": figure(*values)}), days=7) == told


def test_of_figures_that_decide_something_the_next_to_change_counts_and_no_other() -> None:
    other = c.Compare("days", "at_least", c.ParameterReference("other"))
    figures = {name: figure((5, LONG_AGO, later(last))) for name, last in {"idle": 4, "limit": 19, "other": 9}.items()}
    assert days(pack(LIMIT, other, parameters=figures), days=7) == 10
    assert days(pack(other, LIMIT, parameters=figures), days=7) == 10
    assert days(pack(LIMIT, parameters=figures), days=7) == 20
    assert days(pack(c.All(()), parameters=figures), days=7) == LONGEST


def _in_formula(of: Pack) -> Pack:
    formulas = formulas_of(of.vocabulary, of.parameters, left={"min": [{"fact": "paid"}, {"parameter": "one"}]})
    return replace(of, formulas=formulas)


def _of_strategy(of: Pack) -> Pack:
    alpha = of.strategies["alpha"].model_copy(update={"plan_longest": "one"})
    return replace(of, strategies={**of.strategies, "alpha": alpha})


def _of_product(of: Pack) -> Pack:
    product = {"code": "P_ONE", "title": WORDS, "lender": WORDS, "note": WORDS, "contacts": ["line"]}
    some = Product.model_validate({**product, "plan_longest": "one", "references": DESIGN})
    return replace(of, products={"some": some})


def _clock(of: Pack, **length: str) -> Pack:
    clock = {"title": WORDS, "starts_from": "start", "references": DESIGN, **length}
    return replace(of, deadlines={"clock": LegalDeadline.model_validate(clock)})


@pytest.mark.parametrize(
    "use",
    [_in_formula, _of_strategy, _of_product, lambda of: _clock(of, days="one"), lambda of: _clock(of, months="one")],
)
def test_a_figure_decides_in_a_formula_as_the_longest_term_of_a_plan_and_as_the_length_of_a_clock(use: Any) -> None:
    one = figure((5, LONG_AGO, later(9)), unit="yuan")
    unused = pack(c.All(()), parameters={"one": one}, formulas={})
    assert days(unused) == LONGEST
    assert days(use(unused)) == 10
    of_plans = pack(c.All(()), parameters={"steady_share": one}, formulas={})
    assert days(of_plans) == 10


def test_a_figure_that_only_words_name_counts_where_they_are_said() -> None:
    figures = {"said": figure((5, LONG_AGO, later(9))), "other": figure((5, LONG_AGO, later(4)))}

    def speaking(name: str, colour: str) -> LoadedRule:
        when = c.Compare("colour", "equals", colour)
        return rule(colour, 5, when, {"recommend": "alpha"}, because=f"{{{name}}}")

    of = pack_of(
        speaking("said", "red"),
        speaking("other", "blue"),
        vocabulary=Vocabulary(facts=FACTS, pairs=PAIRS),
        parameters=figures,
    )
    assert [days(of, colour=colour) for colour in ("red", "blue", "green")] == [10, 5, LONGEST]
