"""The trend of each node: what it says holds on every day that it is said for, and is said for as long as told here."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from rules.formulas.bounds import NOTHING, Choice, Interval, ends
from rules.formulas.reader import Surroundings, reader
from rules.formulas.trends import reader as trends
from rules.formulas.trends.reader import CaseState, TrendReading, remembered, sum_reader, trend_reader
from rules.formulas.trends.trend import ALWAYS, DAILY, STEADY, End, Trend, called, extreme, passes, until_met
from rules.pack import formulas as f

TODAY = dt.date(2026, 11, 23)
BACK = End(-1)
MOVING = {
    "up": Trend(5, DAILY, DAILY),
    "down": Trend(5, BACK, BACK),
    "wide": Trend(Interval(3, 9), STEADY, DAILY),
    "closing": Trend(Interval(3, 9), DAILY, BACK, 4),
    "soon": Trend(2, DAILY, DAILY, 4),
    "opening": Trend(Interval(3, 9), BACK, STEADY, 3),
    "rising": Trend(Interval(0, 9), DAILY, STEADY, 9),
    "window": Trend(Interval(dt.date(2026, 11, 14), TODAY), DAILY, DAILY),
    "day": Trend(dt.date(2026, 11, 30), DAILY, DAILY),
    "past": Trend(Interval(dt.date(2020, 1, 1), TODAY), high=DAILY),
}
STILL = {
    "three": 3,
    "seven": 7,
    "zero": 0,
    "some": Interval(2, 4),
    "gone": NOTHING,
    "maybe": Interval(2, 4, nothing=True),
    "then": dt.date(2026, 11, 28),
    "leap": dt.date(2024, 2, 29),
    "yes": True,
    "either": Choice(frozenset((True, False))),
    "word": "red",
}
AROUND = Surroundings(TODAY, {}, dated=lambda _, day: NOTHING if day is NOTHING else 7, missing={})
up, down, wide, closing, soon, opening, rising, window, day, past = map(f.FactNode, MOVING)
three, seven, zero, some, gone, maybe, then, leap, yes, either, word = map(f.FactNode, STILL)
today = f.Today()


def number(value: int) -> f.Constant:
    return f.Constant(value, "count")


def whether(left: f.Expression, operator: Any, right: f.Expression) -> f.CompareNode:
    return f.CompareNode(left, operator, right)


late, never = whether(up, "more_than", number(9)), whether(up, "less_than", three)
early = whether(down, "at_least", three)
THIRD = f.Divide(up, three, "count", "down")
TABLE = f.Buckets(up, (f.Bucket(3, number(1)), f.Bucket(8, up), f.Bucket(20, number(9))), number(7))
WORDS = (f.MatchCase(("blue",), number(1)), f.MatchCase(("red", "blue"), up))
NODES: list[tuple[f.Expression, Trend]] = [
    (f.Add((up, three, seven)), Trend(15, DAILY, DAILY)),
    (f.Add((some, up)), Trend(Interval(7, 9), DAILY, DAILY)),
    (f.Add((up, soon)), Trend(7, End(2), End(2), days=4)),
    (f.Add((wide, some)), Trend(Interval(5, 13), STEADY, DAILY)),
    (f.Add((wide, closing)), Trend(Interval(6, 18), DAILY, STEADY, days=4)),
    (f.Subtract(up, three), Trend(2, DAILY, DAILY)),
    (f.Subtract(three, up), Trend(-2, BACK, BACK)),
    (f.Subtract(some, wide), Trend(Interval(-7, 1), BACK, STEADY)),
    (f.Subtract(wide, some), Trend(Interval(-1, 7), STEADY, DAILY)),
    (f.Subtract(up, down), Trend(0, End(2), End(2))),
    (f.Subtract(up, soon), Trend(3, days=4)),
    (f.Multiply((up, three)), Trend(15, End(3), End(3))),
    (f.Multiply((three, down)), Trend(15, End(-3), End(-3), days=6)),
    (f.Multiply((up, zero)), Trend(0)),
    (f.Multiply((wide, some)), Trend(Interval(6, 36), STEADY, End(4))),
    (f.Multiply((up, soon)), Trend(10, days=1)),
    (f.Multiply((f.Subtract(three, up), three)), Trend(-6, days=1)),
    (f.Multiply((f.Subtract(three, down), three)), Trend(-6, days=1)),
    (f.Multiply((soon, some)), Trend(Interval(4, 8), End(2), End(4), days=4)),
    (THIRD, Trend(1, End(1 / 3, 1), End(1 / 3, 1))),
    (f.Divide(f.Multiply((up, number(10))), three, "count", "up"), Trend(17, End(10 / 3, 1), End(10 / 3, 1))),
    (f.Divide(seven, up, "count", "down"), Trend(1, days=1)),
    (f.Divide(up, number(30), "count", "up"), Trend(1, days=26)),
    (f.Divide(soon, number(30), "count", "up"), Trend(1, days=4)),
    (f.Divide(down, number(30), "count", "up"), Trend(1, End(-1 / 30, 1), End(-1 / 30, 1))),
    (f.Divide(wide, number(30), "count", "down"), Trend(0, STEADY, End(1 / 30, 1))),
    (f.Divide(up, some, "count", "down"), Trend(Interval(1, 2), days=1)),
    (f.Divide(up, zero, "count", "down", zero=seven), Trend(7, days=1)),
    (
        f.Divide(THIRD, three, "count", "down"),
        Trend(0, End(1 / 9, 4 / 3), End(1 / 9, 4 / 3)),
    ),
    (f.Portion(up, number(2500), "down"), Trend(1, End(1 / 4, 1), End(1 / 4, 1))),
    (f.Portion(wide, seven, "down"), Trend(0, STEADY, End(7 / 10000, 1))),
    (f.Portion(three, seven, "down"), Trend(0)),
    (f.Least((up, seven)), Trend(5, DAILY, DAILY, days=3)),
    (f.Least((down, three)), Trend(3, days=3)),
    (f.Least((up, down)), Trend(5, BACK, BACK)),
    (f.Least((wide, number(12))), Trend(Interval(3, 9), STEADY, DAILY, days=4)),
    (f.Least((up, some, seven)), Trend(Interval(2, 4))),
    (f.Least((up, gone)), Trend(NOTHING)),
    (f.Least((up, maybe)), Trend(Interval(2, 4, nothing=True))),
    (f.Least((soon, seven)), Trend(2, DAILY, DAILY, days=4)),
    (f.Greatest((up, three)), Trend(5, DAILY, DAILY)),
    (f.Greatest((up, seven)), Trend(7, days=3)),
    (f.Greatest((three, down)), Trend(5, BACK, BACK, days=3)),
    (f.Greatest((up, down)), Trend(5, DAILY, DAILY)),
    (f.Greatest((up, soon)), Trend(5, DAILY, DAILY, days=4)),
    (f.Greatest((closing, some)), Trend(Interval(3, 9), DAILY, BACK, days=4)),
    (f.Greatest((THIRD, three)), Trend(3, days=3)),
    (f.DaysBetween(then, day), Trend(2, DAILY, DAILY)),
    (f.DaysBetween(today, then), Trend(5, BACK, BACK)),
    (f.DaysBetween(past, today), Trend(Interval(0, 2518), STEADY, DAILY)),
    (f.MonthsBegun(then, today), Trend(0, days=6)),
    (f.MonthsBegun(leap, today), Trend(33, days=7)),
    (f.MonthsBegun(today, day), Trend(1, End(0, 2), End(0, 2))),
    (f.MonthsBegun(past, today), Trend(Interval(0, 83), STEADY, End(499 / 15188, 2))),
    (f.YearsFull(leap, today), Trend(2, days=97)),
    (f.YearsFull(today, leap), Trend(-3, days=98)),
    (f.YearsFull(leap, then), Trend(2)),
    (f.Shift(today, three, "days"), Trend(dt.date(2026, 11, 26), DAILY, DAILY)),
    (f.Shift(then, up, "days"), Trend(dt.date(2026, 12, 3), DAILY, DAILY)),
    (f.Shift(today, three, "years"), Trend(dt.date(2029, 11, 23), End(1, 2), End(1, 2))),
    (f.Shift(then, up, "years"), Trend(dt.date(2031, 11, 28), days=1)),
    (f.Shift(past, three, "years"), Trend(Interval(dt.date(2023, 1, 1), dt.date(2029, 11, 23)), STEADY, End(1, 2))),
    (f.FunctionCall("legal_deadline", (then, up)), Trend(dt.date(2026, 12, 3), End(1, 10), End(1, 10))),
    (f.FunctionCall("legal_deadline", (then, three)), Trend(dt.date(2026, 12, 1))),
    (late, Trend(False, days=5)),
    (never, Trend(False)),
    (early, Trend(True, days=3)),
    (whether(up, "equals", seven), Trend(False, days=2)),
    (whether(wide, "more_than", number(12)), Trend(False, days=4)),
    (whether(closing, "at_least", three), Trend(True, days=4)),
    (whether(up, "at_most", down), Trend(True, days=1)),
    (f.NotOf(late), Trend(True, days=5)),
    (f.AllOf((late, never)), Trend(False)),
    (f.AllOf((early, yes)), Trend(True, days=3)),
    (f.AllOf((late, either)), Trend(False, days=5)),
    (f.AnyOf((late, early)), Trend(True, days=3)),
    (f.AnyOf((early, yes)), Trend(True)),
    (f.AnyOf((late, either)), Trend(Choice(frozenset({False, True})), days=5)),
    (f.Exists(up), Trend(True)),
    (f.Exists(maybe), Trend(Choice(frozenset({False, True})))),
    (f.Otherwise(gone, up), Trend(5, DAILY, DAILY)),
    (f.Otherwise(up, three), Trend(5, DAILY, DAILY)),
    (f.Otherwise(maybe, up), Trend(Interval(2, 5), STEADY, DAILY)),
    (f.Otherwise(maybe, f.Add((up, three))), Trend(Interval(2, 8), STEADY, DAILY)),
    (f.If(late, three, up), Trend(5, DAILY, DAILY, days=5)),
    (f.If(early, up, three), Trend(5, DAILY, DAILY, days=3)),
    (f.If(late, three, soon), Trend(2, DAILY, DAILY, days=4)),
    (f.If(either, up, down), Trend(5, BACK, DAILY)),
    (f.If(either, up, f.Add((up, three))), Trend(Interval(5, 8), DAILY, DAILY)),
    (f.If(either, up, gone), Trend(Interval(5, 5, nothing=True), DAILY, DAILY)),
    (f.If(whether(wide, "more_than", number(8)), up, soon), Trend(Interval(2, 5), DAILY, DAILY, days=4)),
    (TABLE, Trend(5, DAILY, DAILY, days=4)),
    (f.Buckets(wide, (f.Bucket(3, number(1)), f.Bucket(10, number(2))), up), Trend(Interval(1, 2), days=1)),
    (f.Buckets(gone, (f.Bucket(3, up),), number(7)), Trend(NOTHING)),
    (f.Match(word, WORDS, three), Trend(5, DAILY, DAILY)),
    (f.Match(f.FactNode("three"), (f.MatchCase(("x",), number(1)),), up), Trend(5, DAILY, DAILY)),
    (f.Match(word, (f.MatchCase(("re",), up),), three, contains=True), Trend(5, DAILY, DAILY)),
    (f.Match(word, (f.MatchCase(("x",), up),), down, contains=True), Trend(5, BACK, BACK)),
    (f.ParameterNode("rate", day), Trend(7, days=1)),
    (f.ParameterNode("rate", past), Trend(7)),
    (f.ParameterNode("rate", then), Trend(7)),
    (f.Once(("three",), f.Add((up, three))), Trend(8, DAILY, DAILY)),
    (f.Once(("three", "unsaid"), up), Trend(Interval(5, 5, nothing=True), DAILY, DAILY)),
    (f.Share(up, three, zero, seven), Trend(2, days=1)),
    (f.Add((some, wide)), Trend(Interval(5, 13), STEADY, DAILY)),
    (f.Subtract(soon, up), Trend(-3, days=4)),
    (f.Multiply((THIRD, three)), Trend(3, End(1, 3), End(1, 3))),
    (f.Multiply((three, f.Divide(down, three, "count", "down"))), Trend(3, End(-1, 3), End(-1, 3), days=1)),
    (f.Divide(up, number(7), "count", "up"), Trend(1, End(1 / 7, 1), End(1 / 7, 1))),
    (f.Divide(up, number(8), "count", "up"), Trend(1, days=4)),
    (f.Portion(up, zero, "down"), Trend(0)),
    (f.Least((day, then)), Trend(dt.date(2026, 11, 28))),
    (f.Least((wide, some)), Trend(Interval(2, 4))),
    (f.Least((opening, some)), Trend(Interval(2, 4), days=2)),
    (f.Least((f.MonthsBegun(today, day), three)), Trend(1, End(0, 2), End(0, 2))),
    (f.Greatest((day, then)), Trend(dt.date(2026, 11, 30), DAILY, DAILY)),
    (f.Greatest((wide, some)), Trend(Interval(3, 9), STEADY, DAILY)),
    (f.Greatest((opening, number(12))), Trend(12, days=3)),
    (f.ParameterNode("rate", window), Trend(7, days=1)),
    (f.Multiply((f.Divide(rising, three, "count", "down"), three)), Trend(Interval(0, 9), End(1, 3), STEADY, days=1)),
    (f.Greatest((f.MonthsBegun(today, day), three)), Trend(3)),
    (f.If(either, early, late), Trend(Choice(frozenset({False, True})), days=3)),
    (f.MonthsBegun(today, f.Shift(today, number(31), "days")), Trend(2, End(0, 2), End(0, 2))),
    (f.MonthsBegun(today, f.Shift(today, zero, "days")), Trend(0)),
    (f.YearsFull(today, f.Shift(today, number(365), "days")), Trend(1, End(0, 2), End(0, 2))),
]


def moved(trend: Trend, days: int) -> Any:
    """A reading so many days later."""
    low, high = (
        end + (dt.timedelta(days=days * int(of.rate)) if isinstance(end, dt.date) else days * int(of.rate))
        for end, of in zip(ends(trend.reading), trend[1:3], strict=True)
    )
    return Interval(low, high) if isinstance(trend.reading, Interval) else low


def told(expression: f.Expression) -> Trend:
    state = CaseState({**STILL, **{name: each.reading for name, each in MOVING.items()}}, MOVING)
    return trend_reader(expression, TrendReading(AROUND, set(MOVING)))(state)


@pytest.mark.parametrize(("expression", "trend"), NODES)
def test_a_node_goes_on_as_told_and_so_long(expression: f.Expression, trend: Trend) -> None:
    found = told(expression)
    assert found.reading == trend.reading
    assert found.days == trend.days
    assert [*found.low, *found.high] == pytest.approx([*trend.low, *trend.high], abs=1e-4)


@pytest.mark.parametrize(("expression", "trend"), NODES)
def test_what_is_worked_out_in_one_go_is_the_same(
    expression: f.Expression, trend: Trend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trends, "in_steps", lambda expression, *_: (expression, []))
    test_a_node_goes_on_as_told_and_so_long(expression, trend)


@pytest.mark.parametrize(("expression", "trend"), NODES)
def test_what_is_remembered_for_the_same_facts_is_the_same(expression: f.Expression, trend: Trend) -> None:
    state = CaseState({**STILL, **{name: each.reading for name, each in MOVING.items()}}, MOVING)
    for rare in (frozenset({"elsewhere"}), frozenset(MOVING)):  # what reads none of the rare facts is remembered
        read = trend_reader(expression, TrendReading(AROUND, set(MOVING), rare))
        assert read(state) == read(state) == told(expression)


@pytest.mark.parametrize("each", [each for each, trend in NODES if type(ends(trend.reading)[0]) is int])
def test_a_sum_is_the_same_where_its_reading_is_known(each: f.Expression) -> None:
    readings = {**STILL, **{name: each.reading for name, each in MOVING.items()}}
    for terms in ((each, wide, three), (three, some, each), (each, each, zero), (gone, each, up)):
        expected = told(f.Add(terms))
        known = {} if expected.reading is NOTHING else {"sum": expected.reading}
        for whole in ({}, known, {"sum": Interval(0, None)}):  # what has no end is no reading of it
            state = CaseState({**readings, **whole}, MOVING)
            assert sum_reader("sum", f.Add(terms), TrendReading(AROUND, set(MOVING)))(state) == expected


@pytest.mark.parametrize(("expression", "trend"), NODES)
def test_no_day_before_the_end_of_a_trend_says_otherwise(expression: f.Expression, trend: Trend) -> None:
    lasting = min([trend.days, *(each.days for name, each in MOVING.items() if name in f.facts_of(expression)), 120])
    for days in range(lasting):
        around = replace(AROUND, today=TODAY + dt.timedelta(days=days))
        later = reader(expression, around)({**STILL, **{name: moved(each, days) for name, each in MOVING.items()}})
        if trend.steady:
            assert later == trend.reading, days
            continue
        for then, now, end in zip(ends(later), ends(trend.reading), trend[1:3], strict=True):
            gained = (then - now).days if isinstance(then, dt.date) else then - now
            assert abs(gained - end.rate * days) <= end.slack + 1e-6, days


@pytest.mark.parametrize(
    "expression", [each for each, _ in NODES if not any(isinstance(part, f.Today) for part in f.walk(each))]
)
def test_a_fact_that_could_move_and_in_this_case_does_not_leaves_everything_as_it_is(expression: f.Expression) -> None:
    readings = {**STILL, **{name: each.reading for name, each in MOVING.items()}}
    found = trend_reader(expression, TrendReading(AROUND, set(MOVING)))(CaseState(readings, {}))
    assert found == Trend(reader(expression, AROUND)(readings))


@pytest.mark.parametrize("slack", [0, 1, 2])
@pytest.mark.parametrize("rate", [-2, -1, -0.5, 0, 0.5, 1, 2])
@pytest.mark.parametrize("gap", range(-6, 7))
def test_a_number_passes_on_the_first_day_that_it_may(gap: int, rate: float, slack: int) -> None:
    def other(days: int) -> bool:
        at = gap + rate * days
        return at - slack < 0 if gap >= 0 else at + slack >= 0

    first = next((days for days in range(1, 100) if other(days)), ALWAYS)
    found = passes(gap, rate, slack)
    if other(0):  # it may be on the other side today
        assert found == 1
    else:
        assert found == first or (rate not in (-1, 0, 1) and found == first - 1)  # a rate may be a little wrong


def test_what_is_remembered_is_by_what_is_known_and_how_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends, "_KEPT", 2)
    asked: list[CaseState] = []

    def read(state: CaseState) -> Trend:
        asked.append(state)
        return Trend(len(asked))

    one, both = remembered(read, ["up"]), remembered(read, ["up", "three"])
    still, goes_on = CaseState({"up": 5, "three": 3}, {}), CaseState({"up": 5, "three": 3}, MOVING)
    assert [one(each).reading for each in (still, goes_on, still, goes_on)] == [1, 2, 1, 2]
    assert one(CaseState({"up": 6}, {})).reading == 3
    assert one(still).reading == 4  # not without end
    other = CaseState({"up": 5, "three": 4}, MOVING)
    assert [both(each).reading for each in (still, goes_on, still, other, still)] == [5, 6, 5, 7, 8]


def test_of_two_that_are_the_same_today_the_one_that_will_be_ahead_leads() -> None:
    """However little it gains a day, and whichever stands first."""
    for rate in (0.25, 1, 3):
        gaining, still = Trend(5, End(rate), End(rate)), Trend(5)
        for one, other in ((gaining, still), (still, gaining)):
            assert extreme(one, other, 1) == gaining
            assert extreme(one, other, -1) == still


def test_a_function_whose_days_nobody_bounds_may_give_others_tomorrow() -> None:
    assert called(7, [Trend(5, DAILY, DAILY)], None) == Trend(7, days=1)
    assert called(7, [Trend(5, days=9)], None) == Trend(7, days=9)
    assert called(7, [Trend(5, DAILY, DAILY), Trend(2)], 3) == Trend(7, End(1, 3), End(1, 3))


def test_bounds_that_stand_still_are_told_as_long_as_they_do() -> None:
    assert until_met(Trend(Interval(3, 10), days=9)) == 9
    assert until_met(Trend(Interval(3, 10), DAILY, STEADY, 4)) == 4
