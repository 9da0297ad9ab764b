"""A small vocabulary with every type of fact, and Hypothesis strategies of conditions and cases over it."""

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from rules.engines.message import LARGEST
from rules.facts.cells import Value
from rules.formulas.bounds import Interval
from rules.pack.files.schema import Fact, FactType, FactValue, Text, Vocabulary
from rules.pack.logic import conditions as c

TITLE = Text(zh="事实", en="fact")
COLOURS = ("red", "green", "blue")
TEXTS = ("Shenzhen", "深圳", "a \"quoted\" 'text'", "back\\slash\n\t", "nul\x00nul", "😀", "1", "true", "x" * 1_000)
# Around every edge the C code has, and money of twelve digits in fen.
NUMBERS = (0, 1, -1, 2, 100, 2**31 - 1, 2**31, 2**31 + 1, -(2**31) - 1, 2**53, 2**53 + 1, 99_999_999_999_999)
DATES = (dt.date(1900, 1, 1), dt.date(2026, 2, 28), dt.date(2026, 3, 1), dt.date(2100, 12, 31))


def fact(kind: FactType, *values: str, derived: bool = False, inputs: tuple[str, ...] = ()) -> Fact:
    """A fact of a type."""
    return Fact(
        type=kind,
        title=TITLE,
        values={value: FactValue(zh=value, en=value) for value in values},
        derived=derived,
        inputs=inputs,
        question=None if derived else TITLE,
    )


VOCABULARY = Vocabulary(
    facts={
        "colour": fact("enum", *COLOURS),
        "shade": fact("enum", *COLOURS),
        "city": fact("text"),
        "quiet": fact("bool"),
        "calm": fact("bool"),
        "days": fact("int"),
        "paid": fact("money"),
        "owed": fact("money"),
        "rate": fact("rate"),
        "start": fact("date"),
        "stop": fact("date"),
        "signs": fact("list", *COLOURS),
        "left": fact("money", derived=True, inputs=("paid", "owed")),
        "share": fact("money", derived=True, inputs=("paid", "rate")),
        "ends": fact("date", derived=True, inputs=("start",)),
    },
    pairs=(
        ("paid", "owed"),
        ("start", "stop"),
        ("quiet", "calm"),
        ("colour", "shade"),
        ("left", "owed"),
        ("left", "share"),
        ("ends", "stop"),
    ),
)

_ORDERED: tuple[c.Operator, ...] = ("equals", "not_equals", "more_than", "at_least", "less_than", "at_most")
_EQUAL: tuple[c.Operator, ...] = _ORDERED[:2]
_PAIRS: tuple[c.PairOperator, ...] = (
    "equals_fact",
    "more_than_fact",
    "at_least_fact",
    "less_than_fact",
    "at_most_fact",
)


def _compare(
    facts: tuple[str, ...],
    operators: tuple[c.Operator, ...],
    values: st.SearchStrategy[c.Scalar | c.ParameterReference],
) -> st.SearchStrategy[c.Condition]:
    return st.builds(c.Compare, st.sampled_from(facts), st.sampled_from(operators), values)


def _some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(tuple)


LEAVES: st.SearchStrategy[c.Condition] = st.one_of(
    _compare(("colour", "shade"), _EQUAL, st.sampled_from(COLOURS)),
    _compare(("city",), _EQUAL, st.sampled_from(TEXTS)),
    _compare(("quiet", "calm"), _EQUAL, st.booleans()),
    _compare(
        ("days", "paid", "owed", "rate", "left", "share"),
        _ORDERED,
        st.sampled_from(NUMBERS) | st.just(c.ParameterReference("absent")),
    ),
    _compare(("start", "stop", "ends"), _ORDERED, st.sampled_from(DATES)),
    st.builds(c.OneOf, st.sampled_from(("colour", "shade")), _some(COLOURS)),
    st.builds(c.OneOf, st.just("city"), _some(TEXTS)),
    st.builds(c.Contains, st.just("signs"), st.sampled_from(COLOURS)),
    st.builds(c.Known, st.sampled_from(sorted(VOCABULARY.facts)), st.booleans()),
    st.one_of(
        [
            st.builds(c.ComparePair, st.just(one), st.sampled_from(operators), st.just(other))
            for first, second, operators in (
                ("paid", "owed", _PAIRS),
                ("start", "stop", _PAIRS),
                ("left", "owed", _PAIRS),
                ("left", "share", _PAIRS),
                ("ends", "stop", _PAIRS),
                ("quiet", "calm", _PAIRS[:1]),
                ("colour", "shade", _PAIRS[:1]),
            )
            for one, other in ((first, second), (second, first))
        ]
    ),
)


def _nested(inner: st.SearchStrategy[c.Condition]) -> st.SearchStrategy[c.Condition]:
    children = st.lists(inner, min_size=1, max_size=4).map(tuple)
    return st.builds(c.All, children) | st.builds(c.Any, children) | st.builds(c.Not, inner)


CONDITIONS: st.SearchStrategy[c.Condition] = st.recursive(LEAVES, _nested, max_leaves=10)

_VALUES: dict[str, st.SearchStrategy[Value]] = {
    "colour": st.sampled_from(COLOURS),
    "shade": st.sampled_from(COLOURS),
    "city": st.sampled_from(TEXTS) | st.text(min_size=1, max_size=5),
    "quiet": st.booleans(),
    "calm": st.booleans(),
    "days": st.sampled_from(NUMBERS),
    "paid": st.sampled_from(NUMBERS),
    "owed": st.sampled_from(NUMBERS),
    "rate": st.sampled_from(NUMBERS),
    "start": st.sampled_from(DATES),
    "stop": st.sampled_from(DATES),
    "signs": st.lists(st.sampled_from(COLOURS), unique=True).map(sorted).map(tuple),
}

CASES: st.SearchStrategy[dict[str, Value]] = st.fixed_dictionaries({}, optional=_VALUES)


def _interval(low: Any, high: Any, nothing: bool) -> Interval:
    return Interval(high, low, nothing) if None not in (low, high) and low > high else Interval(low, high, nothing)


def _intervals(ends: st.SearchStrategy[Any]) -> st.SearchStrategy[Interval]:
    return st.builds(_interval, st.none() | ends, st.none() | ends, st.sampled_from((False, False, True)))


_DERIVED: dict[str, tuple[st.SearchStrategy[Value], st.SearchStrategy[Interval]]] = {
    "left": (st.sampled_from(NUMBERS), _intervals(st.sampled_from((*NUMBERS, LARGEST, -LARGEST)))),
    "share": (st.sampled_from(NUMBERS), _intervals(st.sampled_from(NUMBERS))),
    "ends": (st.sampled_from(DATES), _intervals(st.sampled_from(DATES))),
}
# A case with derived facts: what is known, and the bounds of some that are not.
DERIVED_CASES: st.SearchStrategy[tuple[dict[str, Value], dict[str, Interval]]] = st.builds(
    lambda facts, known, bounds: (
        {**facts, **known},
        {name: interval for name, interval in bounds.items() if name not in known},
    ),
    CASES,
    st.fixed_dictionaries({}, optional={name: values for name, (values, _) in _DERIVED.items()}),
    st.fixed_dictionaries({}, optional={name: intervals for name, (_, intervals) in _DERIVED.items()}),
)
