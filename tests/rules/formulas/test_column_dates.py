"""What the calendar says over columns is what it says day by day: few days or many, and where the calendar ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.facts.cells import FIRST_DAY, LAST_DAY
from rules.formulas import dates as by_the_case
from rules.formulas.bounds import NOTHING, ends, maybe_nothing
from rules.formulas.columns import column_dates
from rules.formulas.columns.column_nodes import ChunkColumns, dated, of_texts
from rules.formulas.columns.column_readings import Column, NothingColumn, Number
from rules.formulas.derivation import over
from rules.formulas.functions import FUNCTIONS
from rules.loading.loader import DEFAULT_PACK, load

PACK = load(DEFAULT_PACK)
LEGAL = FUNCTIONS["legal_deadline"]
# The ends of the calendar, of the days that a case may name and of those that are looked up, of years and of February;
# and the Spring Festival and National Day of 2026, with the Sundays worked for them.
EDGES = (dt.date.min, dt.date(1799, 12, 31), FIRST_DAY, LAST_DAY, dt.date(2158, 11, 10), dt.date.max)
NEAR = [
    day
    for first, last in (
        ("1999-12-30", "2000-03-02"),
        ("2023-12-30", "2024-01-02"),
        ("2024-02-27", "2024-03-01"),
        ("2025-02-27", "2025-03-01"),
        ("2026-02-10", "2026-03-02"),
        ("2026-09-20", "2026-10-12"),
        ("2100-02-27", "2100-03-01"),
    )
    for number in range(dt.date.fromisoformat(first).toordinal(), dt.date.fromisoformat(last).toordinal() + 1)
    for day in (dt.date.fromordinal(number),)
]
DAYS = [*EDGES, *(dt.date.fromordinal(min(dt.date.max.toordinal(), each.toordinal() + 1)) for each in EDGES), *NEAR]


def column(days: Sequence[dt.date | None]) -> pl.Series:
    return pl.Series([day and day.toordinal() for day in days], dtype=pl.Int64)


def listed(found: Column, height: int) -> list[int | None]:
    return found.to_list() if isinstance(found, pl.Series) else [found] * height


Pairwise = Callable[[Column, Column], Column]


@pytest.mark.parametrize(
    ("over_columns", "by_case"),
    [
        (column_dates.months_begun, by_the_case.months_begun),
        (column_dates.full_years, by_the_case.full_years),
    ],
)
def test_between_any_two_days_lie_the_months_and_years_of_the_case(
    over_columns: Pairwise, by_case: Callable[[dt.date, dt.date], int]
) -> None:
    pairs = [*product(DAYS, DAYS)]
    found = over_columns(column([one for one, _ in pairs]), column([other for _, other in pairs]))
    assert listed(found, len(pairs)) == [by_case(*pair) for pair in pairs]
    for day in (NEAR[60], dt.date(2024, 2, 29), dt.date.max):  # one that is the same for all, and a few cases
        some = [None, *DAYS]
        for days in (some, some[:4], some[-3:]):
            one, other = over_columns(column(days), day.toordinal()), over_columns(day.toordinal(), column(days))
            assert listed(one, len(days)) == [each and by_case(each, day) for each in days]
            assert listed(other, len(days)) == [each and by_case(day, each) for each in days]
        assert over_columns(day.toordinal(), None) is None
    assert over_columns(column([None] * 40), column(NEAR[:40])).to_list() == [None] * 40  # type: ignore[union-attr]


@pytest.mark.parametrize("years", [-(10**6), -3, -1, 0, 1, 3, 5, 10**6])
def test_years_on_are_those_of_the_case(years: int) -> None:
    after = column_dates.asked(by_the_case.years_after, True, False)
    for days in (DAYS, [None, *NEAR], NEAR[:3]):
        expected = [day and by_the_case.years_after(day, years).toordinal() for day in days]
        assert listed(after(column(days), years), len(days)) == expected
        varying = pl.Series([years] * len(days), dtype=pl.Int64)  # of each case its own number of years
        assert listed(after(column(days), varying), len(days)) == expected
    assert after(NEAR[0].toordinal(), years) == by_the_case.years_after(NEAR[0], years).toordinal()
    assert listed(after(column(NEAR), None), len(NEAR)) == [None] * len(NEAR)


@pytest.mark.parametrize("days", [0, 1, 3, 15, 36_500])
def test_a_legal_period_ends_as_it_does_by_the_case(days: int) -> None:
    assert LEGAL.of_day is not None
    of_day = column_dates.asked(LEGAL.of_day, True)
    for starts in (DAYS, [None, *NEAR], NEAR[:3]):
        found = of_day(column_dates.days_after(column(starts), days))
        assert listed(found, len(starts)) == [day and LEGAL.compute(day, days).toordinal() for day in starts]


@settings(max_examples=25)
@given(st.lists(st.none() | st.sampled_from(DAYS) | st.dates(), max_size=60))
def test_a_table_says_what_its_function_says_whatever_it_was_asked_before(days: list[dt.date | None]) -> None:
    expected = [day and day.toordinal() % 7 for day in days]
    for table in (WEEKDAYS, column_dates.DayTable(lambda day: day % 7)):
        assert listed(table.of(column(days)), len(days)) == expected


WEEKDAYS = column_dates.DayTable(lambda day: day % 7)  # that of one example goes on knowing what others asked


def test_each_day_is_asked_once() -> None:
    asked: list[int] = []
    table = column_dates.DayTable(lambda day: asked.append(day) or day)  # type: ignore[func-returns-value]
    for days in (NEAR, NEAR[::-1], [*NEAR, dt.date(2030, 1, 1)]):
        table.of(column([*days, *days]))
    assert sorted(asked) == sorted({*column(NEAR).to_list(), dt.date(2030, 1, 1).toordinal()})


@pytest.mark.parametrize("name", ["lpr_1y", "private_cap_multiple", "one_off_repair_limit"])
def test_a_figure_is_over_every_period_what_it_is_by_the_case(name: str) -> None:
    parameter = PACK.parameters[name]
    changes = {each.valid_from for each in parameter.values} | {each.valid_to for each in parameter.values}
    near = {day + dt.timedelta(days=by) for day in changes if day for by in (-1, 0, 1)} | {FIRST_DAY, LAST_DAY}
    days = sorted(near)[-40:]
    periods = [*((one, other) for one in days for other in days if one <= other), (None, None)]
    starts, lasts = column([one for one, _ in periods]), column([other for _, other in periods])
    expected = []
    for first, last in periods:
        reading = NOTHING if first is None or last is None else over(parameter, first, last)
        expected.append((None, None, True) if reading is NOTHING else (*ends(reading), maybe_nothing(reading)))
    table = pl.DataFrame({"row": range(len(periods))})

    def told(day: Number, height: int) -> list[tuple[int | None, int | None, object]]:
        found = dated(parameter, lambda _: day)(ChunkColumns(table))
        if isinstance(found, NothingColumn):
            return [(None, None, True)] * height
        assert isinstance(found, Number)
        nothing = found.nothing.to_list() if isinstance(found.nothing, pl.Series) else [found.nothing] * height
        return [*zip(listed(found.low, height), listed(found.high, height), nothing, strict=True)]

    assert told(Number(starts, lasts), len(periods)) == expected
    exact = [at for at, (first, last) in enumerate(periods) if first == last]
    day = starts.gather(exact)
    assert told(Number(day, day), len(exact)) == [expected[at] for at in exact]
    for at in (0, len(periods) // 2, -1):
        low, high = (None if each is None else each.toordinal() for each in periods[at])
        assert told(Number(low, high), 1) == [expected[at]]


def test_a_text_is_asked_for_once_and_found_in_each_of_its_cases() -> None:
    asked: list[str | None] = []

    def places(text: str | None) -> int | None:
        asked.append(text)
        return None if text is None else len(text)

    texts = ["深圳", None, "Shenzhen", "", "深圳"] * 20
    assert of_texts(pl.Series(texts), places).to_list() == [None if text is None else len(text) for text in texts]
    assert len(asked) == 4
    assert of_texts(pl.Series([None, None], dtype=pl.String), places).to_list() == [None, None]
    assert of_texts(pl.Series([], dtype=pl.String), places).to_list() == []
