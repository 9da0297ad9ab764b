"""Bounds: what functions, comparisons and choices make of what is not known exactly."""

import datetime as dt
import operator
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.formulas.bounds import (
    EITHER,
    ENDLESS,
    NOTHING,
    Choice,
    Interval,
    Reading,
    all_of,
    any_of,
    carried,
    choice,
    compared,
    ends,
    interval,
    join,
    maybe_nothing,
    negated,
    outer,
    truth,
    values_of,
    with_nothing,
    without_nothing,
)
from rules.pack.formulas import Comparison

DAY = dt.date(2026, 11, 23)
_NUMBERS = st.integers(-6, 6)
_MAYBE = st.booleans()


@st.composite
def _intervals(draw: st.DrawFn) -> tuple[Reading, int]:
    """A bound, and a value in it."""
    low, value, high = sorted(draw(st.lists(_NUMBERS, min_size=3, max_size=3)))
    return interval(low, high), value


@given(_intervals(), _intervals(), st.sampled_from([operator.add, operator.sub, operator.mul, min, max]))
def test_a_function_of_values_is_in_the_bounds_of_the_function(
    one: tuple[Reading, int], other: tuple[Reading, int], function: Any
) -> None:
    bound = carried(function, (one[0], other[0]))
    value = function(one[1], other[1])
    low, high = (bound.low, bound.high) if isinstance(bound, Interval) else (bound, bound)
    assert low <= value <= high


_COMPARISONS: dict[Comparison, Any] = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "more_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
}


@given(_intervals(), _intervals(), st.sampled_from(sorted(_COMPARISONS)))
def test_a_comparison_of_bounds_says_what_every_pair_of_values_says(
    one: tuple[Reading, int], other: tuple[Reading, int], word: Comparison
) -> None:
    sides = [range(each.low, each.high + 1) if isinstance(each, Interval) else (each,) for each, _ in (one, other)]
    answers = {_COMPARISONS[word](left, right) for left in sides[0] for right in sides[1]}
    assert compared(one[0], word, other[0]) == (EITHER if len(answers) == 2 else next(iter(answers)))


_TRUTHS = st.sampled_from([True, False, EITHER, NOTHING, with_nothing(True), with_nothing(False), with_nothing(EITHER)])


def _members(reading: Reading) -> set[object]:
    if not isinstance(reading, Choice):
        return {reading}
    return {*(reading.values or ()), *(["nothing"] if reading.nothing else [])}


@given(st.lists(_TRUTHS, min_size=1, max_size=3), st.booleans())
def test_logic_over_bounds_is_that_of_all_they_may_be(members: list[Reading], any_: bool) -> None:
    """One member that decides does so whatever the others are; else one that is nothing makes nothing of it."""
    possible: set[object] = set()

    def fill(rest: list[Reading], chosen: list[object]) -> None:
        if rest:
            for value in _members(rest[0]):
                fill(rest[1:], [*chosen, value])
        else:
            possible.add(any_ if any_ in chosen else "nothing" if "nothing" in chosen else not any_)

    fill(members, [])
    assert _members((any_of if any_ else all_of)(members)) == possible


@pytest.mark.parametrize(
    ("readings", "joined"),
    [
        ([1, 1], 1),
        ([1, 3], Interval(1, 3)),
        ([1, NOTHING], Interval(1, 1, nothing=True)),
        ([Interval(1, 2), Interval(5, 6, nothing=True)], Interval(1, 6, nothing=True)),
        ([DAY, dt.date(2027, 1, 1)], Interval(DAY, dt.date(2027, 1, 1))),
        (["a", "b"], Choice(frozenset(("a", "b")))),
        (["a", Choice(None)], Choice(None)),
        ([True, False], EITHER),
        ([NOTHING, NOTHING], NOTHING),
        ([True, NOTHING], Choice(frozenset((True,)), nothing=True)),
    ],
)
def test_any_of_several_readings(readings: list[Reading], joined: Reading) -> None:
    assert join(readings) == joined


def test_a_bound_of_one_value_is_that_value_unless_it_may_be_nothing() -> None:
    assert interval(4, 4) == 4
    assert interval(4, 4, nothing=True) == Interval(4, 4, nothing=True)
    assert without_nothing(Interval(4, 4, nothing=True)) == 4
    assert without_nothing(with_nothing("a")) == "a"
    assert with_nothing(NOTHING) is NOTHING
    assert negated(Choice(frozenset((True,)), nothing=True)) == Choice(frozenset((False,)), nothing=True)


def test_nothing_spreads_through_functions_and_comparisons() -> None:
    assert carried(operator.add, (1, NOTHING)) is NOTHING
    assert carried(operator.add, (1, Interval(1, 1, nothing=True))) == Interval(2, 2, nothing=True)
    assert compared(NOTHING, "equals", NOTHING) is NOTHING
    assert compared(Interval(1, 1, nothing=True), "at_least", 1) == Choice(frozenset((True,)), nothing=True)


@pytest.mark.parametrize(
    ("bound", "told"),
    [
        (Interval(0, 5), Interval(0, 5)),
        (Interval(527, ENDLESS), Interval(527, None)),
        (Interval(-(2**70), 2**70), Interval(None, None)),
        (Interval(2**70, 2**71), Interval(ENDLESS, None)),
        (Interval(DAY, DAY, nothing=True), Interval(DAY, DAY, nothing=True)),
        (Interval(1 - ENDLESS, ENDLESS - 1), Interval(1 - ENDLESS, ENDLESS - 1)),
        (Interval(-ENDLESS, ENDLESS - 1), Interval(None, ENDLESS - 1)),
        (Interval(1 - ENDLESS, ENDLESS), Interval(1 - ENDLESS, None)),
        (Interval(-ENDLESS, 5, nothing=True), Interval(None, 5, nothing=True)),
        (Interval(5, ENDLESS, nothing=True), Interval(5, None, nothing=True)),
        (ENDLESS, Interval(ENDLESS, None)),
        (Choice(None, nothing=True), Choice(None, nothing=True)),
        (EITHER, EITHER),
    ],
)
def test_beyond_62_bits_a_bound_has_no_limit(bound: Interval, told: Interval) -> None:
    assert outer(bound) == told


_SOME: list[Reading] = [
    *("a", "b", Choice(frozenset(("a", "b"))), Choice(frozenset(("b", "c"))), Choice(None), NOTHING),
    *(Choice(frozenset(("a",)), nothing=True), Choice(frozenset(("a", "b")), nothing=True), Choice(None, nothing=True)),
]


def _words(reading: Reading) -> set[str | None]:
    """All that a word may be; any text is a few more than the rest know of. None is nothing."""
    if reading.__class__ is not Choice:
        return {reading}
    values = {"a", "b", "c", "d"} if reading.values is None else set(reading.values)
    return {*values, *([None] if reading.nothing else [])}


@pytest.mark.parametrize("word", ["equals", "not_equals"])
@pytest.mark.parametrize("one", _SOME)
def test_words_are_equal_different_or_nothing_as_every_pair_of_them_is(one: Reading, word: Comparison) -> None:
    for other in _SOME:
        pairs = product(_words(one), _words(other))
        answers = {None if None in pair else (pair[0] == pair[1]) is (word == "equals") for pair in pairs}
        found = compared(one, word, other)
        assert _members(found) == {"nothing" if each is None else each for each in answers}, (other, found)


@pytest.mark.parametrize("one", _SOME)
def test_what_words_may_be_together(one: Reading) -> None:
    for other in _SOME:
        joined = join((one, other))
        assert _words(joined) == _words(one) | _words(other), (other, joined)
        assert (joined is NOTHING) is (one is NOTHING and other is NOTHING)


@pytest.mark.parametrize("one", [1, Interval(1, 3), Interval(1, 1, nothing=True), Interval(0, 2, nothing=True)])
@pytest.mark.parametrize("other", [1, 2, Interval(1, 2), Interval(3, 4), Interval(2, 2, nothing=True)])
def test_a_comparison_may_be_nothing_where_either_side_may(one: Reading, other: Reading) -> None:
    for word, holds in _COMPARISONS.items():
        (low, high), (least, most) = ends(one), ends(other)
        answers = {holds(left, right) for left in range(low, high + 1) for right in range(least, most + 1)}
        found = compared(one, word, other)
        assert _members(found) == {*answers, *(["nothing"] if maybe_nothing(one) or maybe_nothing(other) else [])}


def test_days_are_compared_and_joined_like_numbers() -> None:
    later, latest = DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=2)
    assert compared(DAY, "less_than", Interval(later, latest)) is True
    assert compared(Interval(DAY, latest), "more_than", later) == EITHER
    assert compared(Interval(DAY, later), "equals", latest) is False
    assert join([Interval(later, latest), DAY]) == Interval(DAY, latest)
    assert ends(DAY) == (DAY, DAY)


def test_a_choice_of_nothing_is_nothing_and_of_one_is_that_one() -> None:
    assert choice([]) is NOTHING
    assert choice([], nothing=True) is NOTHING
    assert choice(["a"]) == "a"
    assert choice(["a"], nothing=True) == Choice(frozenset(("a",)), nothing=True)
    assert choice(["a", "b"]) == Choice(frozenset(("a", "b")))
    assert (truth(True, False), truth(False, True)) == (True, False)
    assert truth(True, True) == EITHER
    assert truth(False, False) is NOTHING
    assert truth(True, False, nothing=True) == with_nothing(True)


@pytest.mark.parametrize("reading", [0, 5, DAY, "a", True, False, EITHER, Interval(1, 2), Choice(None)])
def test_nothing_is_added_once_and_taken_away_again(reading: Reading) -> None:
    maybe = with_nothing(reading)
    assert (maybe_nothing(reading), maybe_nothing(maybe)) == (False, True)
    assert with_nothing(maybe) is maybe
    assert without_nothing(reading) == reading
    if values_of(reading) is not None:
        assert without_nothing(maybe) == reading


def test_nothing_stays_nothing_without_itself() -> None:
    assert without_nothing(NOTHING) is NOTHING


@pytest.mark.parametrize("function", [min, max, operator.add])
def test_a_function_of_days_and_of_several_arguments_lies_between_its_corners(function: Any) -> None:
    sides = (Interval(1, 4), Interval(2, 3, nothing=True), 3)
    corners = [function(function(a, b), c) for a, b, c in product((1, 4), (2, 3), (3,))]
    found = carried(lambda a, b, c: function(function(a, b), c), sides)
    assert found == Interval(min(corners), max(corners), nothing=True)


def test_logic_of_nothing_but_nothing_is_nothing() -> None:
    assert all_of([NOTHING, NOTHING]) is NOTHING
    assert any_of([NOTHING]) is NOTHING
    assert all_of([NOTHING, False]) is False
    assert any_of([NOTHING, True]) is True
    assert [negated(each) for each in (True, False, EITHER, NOTHING)] == [False, True, EITHER, NOTHING]


def test_endless_is_the_greatest_power_of_two_that_a_column_holds() -> None:
    assert ENDLESS < 2**63 <= 2 * ENDLESS
