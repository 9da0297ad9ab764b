"""What formulas are read in: what a fact may be that is not given, figures of any day or period, packs of old."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from rules.facts.cells import FIRST_DAY, LAST_DAY, Value
from rules.formulas.bounds import EITHER, ENDLESS, NOTHING, Choice, Interval, Reading, with_nothing
from rules.formulas.derivation import DatedParameters, Derivation, anytime, derivation, missing, over
from rules.formulas.derivation import derive as derive_by
from rules.pack.files.schema import Fact, Parameter, ParameterValue, Reference, Vocabulary
from rules.pack.pack import Pack
from tests.support.packs.pack_builder import formulas_of, pack_of
from tests.support.packs.vocabulary import COLOURS, TITLE, fact

TODAY = dt.date(2026, 11, 23)
DESIGN = (Reference(id="practice", status="design"),)


def figure(*values: tuple[int, str, str | None]) -> Parameter:
    dated = tuple(
        ParameterValue(
            value=Decimal(value),
            valid_from=dt.date.fromisoformat(first),
            valid_to=dt.date.fromisoformat(last) if last else None,
            status="design",
            references=DESIGN,
        )
        for value, first, last in values
    )
    return Parameter(title=TITLE, unit="percent", values=dated)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


# Two values without a gap, then one with a gap of a day before it; written in another order than they follow.
FIGURE = figure((7, "2024-01-02", "2024-12-31"), (3, "2020-01-01", "2020-12-31"), (5, "2021-01-01", "2023-12-31"))
OPEN = figure((3, "2020-01-01", "2020-12-31"), (5, "2021-01-01", None))


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2020-01-01", "2020-12-31", 300),
        ("2020-01-01", "2021-01-01", Interval(300, 500)),
        ("2020-12-31", "2023-12-31", Interval(300, 500)),
        ("2021-01-01", "2023-12-31", 500),
        ("2019-12-31", "2020-01-01", Interval(300, 300, nothing=True)),
        ("2020-01-01", "2024-01-01", Interval(300, 500, nothing=True)),
        ("2023-12-31", "2024-01-02", Interval(500, 700, nothing=True)),
        ("2024-01-01", "2024-01-01", NOTHING),
        ("2024-01-02", "2024-12-31", 700),
        ("2024-12-31", "2025-01-01", Interval(700, 700, nothing=True)),
        ("2018-01-01", "2019-12-31", NOTHING),
        ("2025-01-01", "2030-01-01", NOTHING),
    ],
)
def test_a_figure_over_a_period_is_all_its_values_and_perhaps_nothing(first: str, last: str, told: Reading) -> None:
    assert over(FIGURE, day(first), day(last)) == told
    assert over(FIGURE, day(first), day(last), nothing=True) == with_nothing(told)


def test_a_figure_without_an_end_holds_to_the_last_day() -> None:
    assert over(OPEN, day("2021-01-01"), LAST_DAY) == 500
    assert over(OPEN, day("2020-12-31"), LAST_DAY) == Interval(300, 500)


def test_a_figure_is_read_on_a_day_a_period_or_on_none_each_of_its_own_name() -> None:
    read = DatedParameters({"one": FIGURE, "other": OPEN}).read
    for _ in range(2):  # what was read is kept
        assert [read(name, day("2021-01-01")) for name in ("one", "other")] == [500, 500]
        assert [read(name, day("2024-01-01")) for name in ("one", "other")] == [NOTHING, 500]
        assert read("one", day("2020-12-31")) == 300
        assert read("one", NOTHING) is NOTHING
        assert read("one", Interval(day("2020-12-31"), day("2021-01-01"))) == Interval(300, 500)
        assert read("one", Interval(day("2021-01-01"), day("2021-01-02"), nothing=True)) == Interval(500, 500, True)
        assert read("other", Interval(day("2021-01-01"), day("2030-01-01"))) == 500


FACTS: dict[str, Fact] = {
    "count": fact("int").model_copy(update={"minimum": -2, "maximum": 9}),
    "rate": fact("rate").model_copy(update={"maximum": 36}),
    "past": fact("date").model_copy(update={"past": True}),
    "day": fact("date"),
    "quiet": fact("bool"),
    "colour": fact("enum", *COLOURS),
    "city": fact("text"),
    "told": fact("int", derived=True).model_copy(update={"given": True, "minimum": 0, "maximum": 5}),
    "sum": fact("int", derived=True, inputs=("count",)),
}


def test_what_is_not_given_may_be_all_that_its_cells_allow() -> None:
    assert missing(FACTS, TODAY) == {
        "count": Interval(-2, 9),
        "rate": Interval(0, 3699),
        "past": Interval(FIRST_DAY, TODAY),
        "day": Interval(FIRST_DAY, LAST_DAY),
        "quiet": EITHER,
        "colour": Choice(frozenset(COLOURS)),
        "city": Choice(None),
    }
    assert missing(FACTS, dt.date(2101, 1, 1))["past"] == Interval(FIRST_DAY, LAST_DAY)
    assert missing(FACTS, dt.date(1899, 1, 1))["past"] == dt.date(1899, 1, 1)  # a day before all that cells may name
    assert missing(FACTS, FIRST_DAY)["past"] == FIRST_DAY


def test_at_any_time_there_is_any_day_any_value_and_what_is_given_or_not() -> None:
    around = anytime(FACTS, {"one": FIGURE, "always": figure((4, "1900-01-01", None))}.items())
    assert around.today == Interval(FIRST_DAY, LAST_DAY)
    assert around.parameters == {"one": Interval(300, 700, nothing=True), "always": 400}
    assert around.dated("one", TODAY) == Interval(300, 700, nothing=True)
    assert around.missing == {**missing(FACTS, LAST_DAY), "told": Interval(0, 5, nothing=True)}


def _pack(**formulas: object) -> Pack:
    vocabulary = Vocabulary(
        facts={
            **FACTS,
            **{name: fact("int", derived=True, inputs=("count",)) for name in formulas if name not in FACTS},
        }
    )
    return pack_of(vocabulary=vocabulary, parameters={}, formulas=formulas_of(vocabulary, **formulas))


PLAIN = _pack(
    sum={"add": [{"fact": "count"}, {"count": 1}]},
    never="nothing",
    twice={"add": [{"fact": "sum"}, {"fact": "sum"}]},
    times={"divide": {"of": {"count": 6}, "by": {"fact": "count"}, "gives": "count", "round": "up", "zero": "endless"}},
)


def test_what_follows_is_a_value_a_bound_or_neither() -> None:
    derived = derive_by(PLAIN, {"count": 2}, TODAY)
    assert derived == ({"count": 2, "sum": 3, "twice": 6, "times": 3}, {})
    unknown = derive_by(PLAIN, {}, TODAY)
    assert unknown.facts == {}
    assert unknown.bounds == {"sum": Interval(-1, 10), "twice": Interval(-2, 20), "times": Interval(-6, None)}
    endless = derive_by(PLAIN, {"count": 0}, TODAY)
    assert endless.facts == {"count": 0, "sum": 1, "twice": 2}
    assert endless.bounds == {"times": Interval(ENDLESS, None)}


def test_what_is_endless_whatever_is_given_is_no_value() -> None:
    none = {"subtract": [{"count": 1}, {"count": 1}]}
    pack = _pack(
        ever={"divide": {"of": {"count": 6}, "by": none, "gives": "count", "round": "up", "zero": "endless"}},
        sum={"add": [{"fact": "count"}, {"count": 1}]},
    )
    assert derive_by(pack, {"count": 2}, TODAY) == ({"count": 2, "sum": 3}, {"ever": Interval(ENDLESS, None)})


def test_what_is_given_already_is_kept_whatever_its_formula_says() -> None:
    assert derive_by(PLAIN, {"count": 2, "sum": 7}, TODAY).facts == {"count": 2, "sum": 7, "twice": 14, "times": 3}
    assert derive_by(PLAIN, {"count": 2, "times": ENDLESS}, TODAY).facts["times"] == ENDLESS
    assert derive_by(PLAIN, {"sum": 7}, TODAY).bounds.keys() == {"times"}


def test_a_pack_of_old_does_not_look_at_bounds_and_its_values_stay() -> None:
    old = replace(PLAIN, form=3)
    assert derive_by(old, {"count": 2}, TODAY).facts == derive_by(PLAIN, {"count": 2}, TODAY).facts
    for facts in ({}, {"count": 0}):
        assert derive_by(old, facts, TODAY) == (derive_by(PLAIN, facts, TODAY).facts, {})


def test_one_formula_is_read_by_itself() -> None:
    formulas = Derivation(PLAIN, TODAY)
    assert formulas.read("sum", {"count": 2}) == 3
    assert formulas.read("twice", {"sum": 4}) == 8
    assert formulas.read("sum", {}) == Interval(-1, 10)
    assert formulas.read("never", {"count": 2}) is None
    assert formulas.read("times", {}) == Interval(-6, None)
    assert formulas.read("times", {"count": 0}) == Interval(ENDLESS, None)
    assert formulas.state({"count": 2, "sum": 7})["twice"] == 14
    facts: dict[str, Value] = {"count": 2}
    formulas.derive(facts)
    formulas.state(facts)
    assert facts == {"count": 2}  # the case itself is left as it was


def test_formulas_are_made_ready_once_a_day() -> None:
    assert derivation(PLAIN, TODAY) is derivation(PLAIN, TODAY)
    assert derivation(PLAIN, TODAY) is not derivation(PLAIN, dt.date(2026, 11, 24))
