"""Formulas read for a case: each node against plain arithmetic, and what is unknown against all it may become."""

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from rules.finance.pro_rata import offer
from rules.formulas.bounds import ENDLESS, NOTHING, Choice, Interval, Reading
from rules.formulas.reader import Surroundings, reader, rounded, share
from rules.pack import formulas as f

TODAY = dt.date(2026, 11, 23)
# All that each fact may be; `told` is given by the application, or never is.
VALUES: dict[str, tuple[Any, ...]] = {
    "one": (-2, -1, 0, 1, 2, 3),
    "two": (0, 1, 2, 3, 4),
    "big": (10, 11, 12),
    "quiet": (True, False),
    "calm": (True, False),
    "colour": ("red", "green", "blue"),
}
MISSING: dict[str, Reading] = {
    "one": Interval(-2, 3),
    "two": Interval(0, 4),
    "big": Interval(10, 12),
    "quiet": Choice(frozenset((True, False))),
    "calm": Choice(frozenset((True, False))),
    "colour": Choice(frozenset(("red", "green", "blue"))),
}
AROUND = Surroundings(
    today=TODAY,
    parameters={"rate": 2_500},
    dated=lambda name, day: NOTHING if name == "gone" else day if day is NOTHING else 7,
    missing=MISSING,
)
ONE, TWO, BIG, QUIET, CALM, COLOUR = (f.FactNode(name) for name in VALUES)
NEVER = f.NothingNode()


def number(value: int) -> f.Constant:
    return f.Constant(value, "count")


def positive(value: f.Expression = ONE) -> f.CompareNode:
    return f.CompareNode(value, "more_than", number(0))


def _quotient(dividend: f.Expression, divisor: f.Expression, rounding: f.Rounding, **more: Any) -> f.Divide:
    return f.Divide(dividend, divisor, "count", rounding, **more)


def _bucket(number: int) -> int:
    return 20 if number <= 0 else 10 if number <= 2 else 30


BUCKETS = (f.Bucket(0, number(20)), f.Bucket(2, number(10)))
COLOURS = (f.MatchCase(("red", "blue"), number(5)), f.MatchCase(("blue",), number(6)))


def _coloured(quiet: bool, colour: str, one: int) -> int | None:
    return None if not quiet else one if colour == "green" else 5


def _bucketed(quiet: bool, one: int, two: int) -> int | None:
    return None if not quiet else two if one > 2 else _bucket(one)


def _chosen(quiet: bool, one: int, two: int, big: int) -> int | None:
    return None if not quiet else two if one > 0 else big


# An expression, what it is by plain arithmetic, and whether its bounds say no more than they must.
CASES: list[tuple[f.Expression, Callable[..., Any], bool]] = [
    (f.Add((ONE, TWO, BIG)), lambda one, two, big, **_: one + two + big, True),
    (f.Subtract(ONE, TWO), lambda one, two, **_: one - two, True),
    (f.Multiply((ONE, TWO, BIG)), lambda one, two, big, **_: one * two * big, True),
    (f.Least((ONE, TWO, number(2))), lambda one, two, **_: min(one, two, 2), True),
    (f.Greatest((ONE, TWO, number(1))), lambda one, two, **_: max(one, two, 1), True),
    (_quotient(BIG, ONE, "down", zero=number(99)), lambda big, one, **_: big // one if one else 99, True),
    (_quotient(BIG, ONE, "up", zero=NEVER), lambda big, one, **_: -(-big // one) if one else None, True),
    (_quotient(ONE, TWO, "up"), lambda one, two, **_: -(-one // two) if two else None, True),
    (_quotient(ONE, BIG, "down", scale=2), lambda one, big, **_: one * 100 // big, True),
    (_quotient(BIG, number(1), "up", scale=-1), lambda big, **_: -(-big // 10), True),
    (_quotient(TWO, f.Subtract(number(-1), TWO), "down"), lambda two, **_: two // (-1 - two), False),
    (f.Portion(BIG, f.Constant(2_500, "percent"), "half_up"), lambda big, **_: (big * 2_500 + 5_000) // 10_000, True),
    (f.Portion(BIG, f.ParameterNode("rate"), "down"), lambda big, **_: big * 2_500 // 10_000, True),
    (f.Portion(BIG, f.ParameterNode("lost"), "down"), lambda **_: None, True),
    (f.CompareNode(ONE, "at_least", TWO), lambda one, two, **_: one >= two, True),
    (f.AllOf((QUIET, positive(), CALM)), lambda quiet, one, calm, **_: quiet and one > 0 and calm, True),
    (f.AnyOf((QUIET, positive(), CALM)), lambda quiet, one, calm, **_: quiet or one > 0 or calm, True),
    (f.NotOf(QUIET), lambda quiet, **_: not quiet, True),
    (f.If(QUIET, ONE, BIG), lambda quiet, one, big, **_: one if quiet else big, True),
    (f.If(QUIET, ONE, NEVER), lambda quiet, one, **_: one if quiet else None, True),
    (f.Otherwise(f.If(QUIET, ONE, NEVER), BIG), lambda quiet, one, big, **_: one if quiet else big, True),
    (f.Otherwise(ONE, BIG), lambda one, **_: one, True),
    (f.Otherwise(NEVER, BIG), lambda big, **_: big, True),
    (f.Exists(f.If(QUIET, ONE, NEVER)), lambda quiet, **_: quiet, True),
    (f.Exists(NEVER), lambda **_: False, True),
    (f.Exists(ONE), lambda **_: True, True),
    (f.Buckets(ONE, BUCKETS, number(30)), lambda one, **_: _bucket(one), True),
    (f.Buckets(NEVER, BUCKETS, number(30)), lambda **_: None, True),
    (f.Match(COLOUR, COLOURS, number(7)), lambda colour, **_: 7 if colour == "green" else 5, True),
    (f.Match(f.If(QUIET, COLOUR, NEVER), COLOURS, ONE), _coloured, True),
    (f.Buckets(f.If(QUIET, ONE, NEVER), BUCKETS, TWO), _bucketed, True),
    (f.If(positive(f.If(QUIET, ONE, NEVER)), TWO, BIG), _chosen, True),
    (f.Share(BIG, TWO, ONE, number(6)), lambda big, two, one, **_: max(0, min(big, offer(big, one, two, 6))), False),
]


def completions(state: dict[str, Any], needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    open_ = [name for name in needed if name not in state]
    for values in product(*(VALUES[name] for name in open_)):
        yield {**state, **dict(zip(open_, values, strict=True))}


def partial(needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Every way to know some of these facts."""
    for state in product(*((*VALUES[name], None) for name in needed)):
        yield {name: value for name, value in zip(needed, state, strict=True) if value is not None}


def possible(reading: Reading) -> tuple[set[Any], bool]:
    """All the values of a reading, and whether it may be nothing."""
    if isinstance(reading, Choice):
        return set(reading.values or ()), reading.nothing
    if isinstance(reading, Interval):
        return set(range(reading.low, reading.high + 1)), reading.nothing
    return {reading}, False


@pytest.mark.parametrize(("expression", "plain", "tight"), CASES)
def test_a_value_is_that_of_plain_arithmetic_and_a_bound_is_all_it_may_become(
    expression: f.Expression, plain: Callable[..., Any], tight: bool
) -> None:
    read, needed = reader(expression, AROUND), f.facts_of(expression)
    for state in partial(needed):
        results = {plain(**each) for each in completions(state, needed)}
        values, nothing = possible(read(dict(state)))
        assert results - {None} <= values, (state, results, values)
        assert nothing or None not in results, state
        if len(state) == len(needed) and None not in results:
            assert {type(each) for each in results} == {type(each) for each in values}
        if tight:
            assert nothing is (None in results), state
            known = results - {None}
            if known and not isinstance(next(iter(known)), bool | str):
                assert (min(values), max(values)) == (min(known), max(known)), state
            else:
                assert values == known, state


def test_one_that_decides_ends_the_reading_of_the_rest() -> None:
    def fails(state: Any) -> Any:
        raise AssertionError

    around = Surroundings(TODAY, {}, lambda _, day: fails(day), MISSING)
    dated = f.CompareNode(f.ParameterNode("x", f.FactNode("begun")), "more_than", number(0))
    assert reader(f.AllOf((QUIET, dated)), around)({"quiet": False}) is False
    assert reader(f.AnyOf((QUIET, dated)), around)({"quiet": True}) is True


def test_what_reads_no_fact_is_read_once() -> None:
    days: list[Reading] = []

    def dated(name: str, day: Reading) -> Reading:
        days.append(day)
        return 7

    around = Surroundings(TODAY, {}, dated, {})
    read = reader(f.ParameterNode("x", f.Today()), around)  # type: ignore[arg-type] # any expression of a day is read
    assert [read({}), read({"one": 1}), days] == [7, 7, [TODAY]]


def test_a_figure_is_that_of_its_name_and_nothing_where_none_is_in_force() -> None:
    assert reader(f.ParameterNode("rate"), AROUND)({}) == 2_500
    assert reader(f.ParameterNode("lost"), AROUND)({}) is NOTHING
    on = f.FactNode("begun")
    assert reader(f.ParameterNode("gone", on), AROUND)({"begun": TODAY}) is NOTHING
    assert reader(f.ParameterNode("there", on), AROUND)({"begun": TODAY}) == 7
    assert reader(f.ParameterNode("there", on), AROUND)({}) is NOTHING


def test_a_fact_that_nobody_can_give_any_more_is_nothing() -> None:
    assert reader(f.FactNode("told"), AROUND)({}) is NOTHING
    assert reader(f.FactNode("told"), AROUND)({"told": 4}) == 4
    assert reader(ONE, AROUND)({"one": 0}) == 0


def test_once_all_that_is_named_is_known_it_counts_and_before_it_may_be_nothing() -> None:
    once = reader(f.Once(("one", "two"), number(5)), AROUND)
    maybe = Interval(5, 5, nothing=True)
    assert once({"one": 1, "two": 2}) == 5
    assert [once({}), once({"one": 1}), once({"two": 1}), once({"one": 1, "two": NOTHING})] == [maybe] * 4
    assert once({"one": Interval(0, 1), "two": 1}) == maybe


def test_days_months_and_years_from_a_day_to_another() -> None:
    begun, ended = f.FactNode("begun"), f.FactNode("ended")
    state = {"begun": dt.date(2024, 2, 29), "ended": dt.date(2025, 3, 1)}
    nodes = (f.DaysBetween(begun, ended), f.MonthsBegun(begun, ended), f.YearsFull(begun, ended))
    assert [reader(each, AROUND)(state) for each in nodes] == [366, 13, 1]
    assert reader(f.DaysBetween(begun, f.Today()), AROUND)(state) == (TODAY - state["begun"]).days
    assert reader(f.Shift(begun, number(1), "days"), AROUND)(state) == dt.date(2024, 3, 1)
    assert reader(f.Shift(begun, number(1), "years"), AROUND)(state) == dt.date(2025, 2, 28)
    call = f.FunctionCall("legal_deadline", (begun, number(15)))
    assert reader(call, AROUND)({"begun": dt.date(2026, 11, 13)}) == dt.date(2026, 11, 30)  # the 28th is a Saturday
    period = {"begun": Interval(dt.date(2026, 11, 9), dt.date(2026, 11, 13))}
    assert reader(call, AROUND)(period) == Interval(dt.date(2026, 11, 24), dt.date(2026, 11, 30))


def test_a_word_is_looked_up_whole_or_found_in_a_text_the_first_that_fits() -> None:
    city = f.FactNode("city")
    cases = (f.MatchCase(("shen", "深圳"), number(1)), f.MatchCase(("shenzhen", "厦门"), number(2)))
    within = reader(f.Match(city, cases, number(3), contains=True), AROUND)
    assert [within({"city": each}) for each in ("SHENZHEN", "广东深圳市", "厦门市", "北京")] == [1, 1, 2, 3]
    whole = reader(f.Match(city, cases, number(3)), AROUND)
    assert [whole({"city": each}) for each in ("shenzhen", "SHENZHEN", "深圳", "深圳市")] == [2, 3, 1, 3]
    anything = Surroundings(TODAY, {}, AROUND.dated, {"city": Choice(None)})
    assert reader(f.Match(city, cases, number(3)), anything)({}) == Interval(1, 3)
    assert reader(f.Match(f.If(QUIET, city, NEVER), cases, number(3)), anything)({"quiet": False}) is NOTHING


def test_quotients_are_rounded_as_is_said() -> None:
    up, down, half = (rounded(each) for each in ("up", "down", "half_up"))
    pairs = [(6, 4), (5, 4), (7, 4), (8, 4), (-5, 4), (-6, 4)]
    assert [up(*pair) for pair in pairs] == [2, 2, 2, 2, -1, -1]
    assert [down(*pair) for pair in pairs] == [1, 1, 1, 2, -2, -2]
    assert [half(*pair) for pair in pairs] == [2, 1, 2, 2, -1, -1]


def test_a_share_is_neither_below_nothing_nor_above_the_whole() -> None:
    assert share(50, 30, 0, 60) == 25
    assert share(40, 100, 0, 60) == 40  # whatever the sums say of each other
    assert share(100, 30, 0, 60) == 30
    assert share(100, -5, 0, 60) == 0
    assert share(-100, 30, 0, 60) == 0
    assert share(100, 30, 0, 0) == 0


@pytest.mark.parametrize(
    ("amount", "balance", "total", "told"),
    [
        (100, Interval(30, 60), 120, Interval(25, 50)),
        (100, 40, Interval(40, 120), Interval(33, 40)),
        (Interval(50, 100), 40, 80, Interval(25, 40)),
        (100, Interval(0, 60), 120, Interval(0, 50)),
        (100, 30, Interval(0, 120), Interval(0, 30)),
        (0, Interval(0, 60), Interval(1, 120), 0),
        (100, 2, Interval(1, 4), 2),
        (100, 2, Interval(0, 4), Interval(0, 2)),
        (100, Interval(31, 31, nothing=True), 90, Interval(31, 31, nothing=True)),
        (100, NOTHING, 90, NOTHING),
    ],
)
def test_a_share_lies_between_its_parts_of_the_least_and_of_the_most(
    amount: Reading, balance: Reading, total: Reading, told: Reading
) -> None:
    read = reader(f.Share(*(f.FactNode(name) for name in ("a", "b", "before", "t"))), AROUND)
    assert read({"a": amount, "b": balance, "before": 0, "t": total}) == told


def test_endless_is_more_than_any_number_only_where_the_divisor_may_be_nothing() -> None:
    divide = reader(_quotient(number(6), ONE, "up", zero=f.Endless()), AROUND)
    assert divide({"one": 0}) == ENDLESS
    assert divide({"one": 4}) == 2
    assert divide({"one": Interval(0, 3)}) == Interval(2, ENDLESS)
    assert divide({"one": Interval(1, 3)}) == Interval(2, 6)
    assert divide({"one": Interval(-3, -1)}) == Interval(-6, -2)
