"""Formulas as columns give what the reading case by case gives: every value, and the ends of what is not known."""

import datetime as dt
import random
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import polars as pl
import pytest

from forbear import intake
from forbear.intake import Accepted
from rules.decision.derived_frame import DerivedFrame, FrameDeriver
from rules.engines.frame import end
from rules.facts.case_facts import Facts
from rules.facts.cells import Value
from rules.formulas import dates as by_the_case
from rules.formulas.columns import column_bounds, column_dates, column_readings
from rules.formulas.derivation import Derived, derivation
from rules.formulas.ends import bounded, ends
from rules.loading.loader import load_files
from rules.pack import formulas as f
from rules.pack.files.schema import Fact, Vocabulary
from rules.pack.pack import Pack
from tests.support.packs import random_formulas
from tests.support.packs.derivation import PACK, TODAY
from tests.support.packs.pack_builder import formulas_of, pack_of
from tests.support.packs.tiny_pack import tiny
from tests.support.packs.vocabulary import fact as word

SAMPLES = Path(__file__).parents[3] / "samples" / "cases.csv"
_BASE = [name for name, fact in PACK.vocabulary.facts.items() if not fact.private and (not fact.derived or fact.given)]


def _same(pack: Pack, as_of: dt.date, cases: Sequence[Facts]) -> list[Derived]:
    """Both readings of the cases, once they are shown to be the same."""
    read = [derivation(pack, as_of).derive(case) for case in cases]
    deriver = FrameDeriver(pack, as_of)
    frame = deriver.derive(cases)
    assert frame.differing(read) == {}
    assert [(each.facts, each.bounds) for each in deriver.rows(cases, frame)] == [tuple(each) for each in read]
    for name in pack.formulas:
        if bounded(pack.vocabulary, name):
            told = zip(*(frame.table[end(name, side)].to_list() for side in ("low", "high")), strict=True)
            assert list(told) == [ends(each.facts.get(name), each.bounds.get(name)) for each in read], name
    _alone(pack, as_of, cases, frame)
    return read


def _alone(pack: Pack, as_of: dt.date, cases: Sequence[Facts], whole: DerivedFrame) -> None:
    """A frame of a few facts has the same of them as the one of all."""
    few = sorted(pack.formulas)[:: max(1, len(pack.formulas) // 5)]
    part = FrameDeriver(pack, as_of, few).derive(cases)
    assert {*few} <= part.values.keys() <= whole.values.keys()
    assert part.table.equals(whole.table.select(part.table.columns))


def _value(name: str, fact: Fact, dice: random.Random) -> Value:
    match fact.type:
        case "enum":
            return dice.choice(list(fact.values))
        case "list":
            return ()
        case "bool":
            return dice.random() < 0.5
        case "date":
            day = TODAY - dt.timedelta(days=dice.randint(-60, 1_500))
            return dice.choice((day, dt.date(dice.randint(1900, 2100), dice.randint(1, 12), 28), dt.date(2024, 2, 29)))
        case "text":
            return dice.choice(("深圳", "厦门市", "北京", "SHENZHEN"))
        case "int":
            return dice.choice((0, 1, 2, 3, 16, 17, 18, 19, 30, 31, 61, 91, 400, 1_200, 36_500))
    return dice.choice((0, 1, 3, 1_200, 9_950, 50_000, 300_000, 2_000_000, 10**13 + 7, 10**14 - 1))


@pytest.mark.parametrize("as_of", [TODAY, dt.date(2017, 3, 1), dt.date(2020, 8, 20), dt.date(2028, 2, 29)])
def test_columns_are_the_values_of_cases_with_all_sorts_of_gaps(as_of: dt.date) -> None:
    dice = random.Random(as_of.toordinal())
    cases = []
    for _ in range(700):
        gap = dice.choice((0, 0.1, 0.3, 0.6, 0.9))
        cases.append({name: _value(name, PACK.vocabulary.facts[name], dice) for name in _BASE if dice.random() > gap})
    read = _same(PACK, as_of, cases)
    assert sum(len(each.bounds) for each in read) > 1_000  # or there was little to be found out
    assert sum(len(each.facts) for each in read) > 1_000


def test_columns_are_the_values_of_the_samples() -> None:
    rows = [row for row in intake.rows(SAMPLES, PACK.vocabulary) if isinstance(row, Accepted)]
    read = _same(PACK, TODAY, [{**row.facts, "note_flags": ()} for row in rows])
    assert len(read) == 354


def test_a_derived_fact_that_is_given_is_kept_in_its_case_alone() -> None:
    poor: Facts = {"income_monthly": 100_000, "essential_outgoings": 100_000, "priority_payments": 0}
    cases: list[Facts] = [poor, {**poor, "capacity": 5_000}, {"income_monthly": 0}, {}]
    assert [each.facts.get("capacity") for each in _same(PACK, TODAY, cases)] == [0, 5_000, 0, None]


def test_no_case_and_one_case() -> None:
    assert _same(PACK, TODAY, []) == []
    assert _same(PACK, TODAY, [{}])[0].facts == {}


@pytest.mark.parametrize("seed", range(60))
def test_columns_are_the_values_of_formulas_made_by_chance(seed: int) -> None:
    dice = random.Random(seed)
    pack = random_formulas.pack_with(random_formulas.formulas(dice))
    as_of, cases = dice.choice(random_formulas.DAYS), [random_formulas.case(dice) for _ in range(60)]
    _same(pack, as_of, cases)
    for case in cases[:5]:  # what is the same for all cases of a chunk is read in ways of its own
        _same(pack, as_of, [case])


# A hundredth of what 64 bits hold, more than half of it, more than all of it, and more than half of what 128 bits hold.
_SMALL = "{multiply: [{fact: income_monthly}, {count: 900}]}"
_HALF = "{multiply: [{fact: income_monthly}, {count: 50000}]}"
_WIDE = "{multiply: [{fact: income_monthly}, {count: 100000}]}"
_HUGE = "{multiply: [{fact: income_monthly}, {count: 900000000000}, {count: 900000000000}]}"
_CONSTANT = "{multiply: [{yuan: 900000000000}, {count: 900000000000}]}"
_DAYS = "{subtract: [{days: 3}, {fact: days_overdue}]}"
_BELOW = f"{{subtract: [{{yuan: 0}}, {_HALF}]}}"


def _shared(of: str, balance: str, before: str, total: str) -> str:
    return f"{{share: {{of: {of}, balance: {balance}, before: {before}, total: {total}}}}}"


@pytest.mark.parametrize(
    "formula",
    [
        f"{{add: [{_HALF}, {_HALF}]}}",
        f"{{add: [{_SMALL}, {_WIDE}, {_HALF}]}}",
        f"{{subtract: [{{subtract: [{{yuan: 0}}, {_HALF}]}}, {_HALF}]}}",
        _HUGE,
        _CONSTANT,
        f"{{add: [{_CONSTANT}, {_SMALL}]}}",
        f"{{portion: {{of: {_WIDE}, percent: {{percent: 90}}, round: half_up}}}}",
        f"{{divide: {{of: {_HALF}, by: {{count: 3}}, gives: yuan, round: half_up}}}}",
        f"{{divide: {{of: {{multiply: [{_WIDE}, {{days: 1}}]}}, by: {_DAYS}, gives: yuan, round: up, zero: nothing}}}}",
        _shared(_HALF, _HALF, _HALF, _WIDE),
        _shared(_WIDE, _SMALL, _WIDE, _SMALL),
        _shared(_BELOW, _HALF, _HALF, "{fact: essential_outgoings}"),
        _shared(_HALF, _BELOW, _SMALL, "{fact: essential_outgoings}"),
    ],
)
def test_columns_have_room_for_what_comes_up_on_the_way(formula: str) -> None:
    """A number may pass 64 bits before a formula limits it again, in sums and differences as in products."""
    limited = f"{{max: [{{yuan: -90000000000}}, {{min: [{formula}, {{yuan: 90000000000}}]}}]}}"
    entry = f"""type: money
title: {{zh: 某, en: One}}
how: {{zh: 某, en: So}}
formula: {limited}
references: [{{id: practice, status: design}}]
tests:
  - {{name: one, facts: {{}}, unknown: true}}
"""
    pack = tiny({"facts/derived/extra.yaml": entry})
    money: list[Facts] = [
        {"income_monthly": income, "essential_outgoings": outgoings, "days_overdue": days}
        for income in (0, 1, 3, 10_000, 10**14 - 1)
        for outgoings in (0, 1, 10**14 - 1)
        for days in (0, 3, 36_500)
    ]
    for cases in (money, [*money, {}, *({"income_monthly": each["income_monthly"]} for each in money)], money[-1:]):
        _same(pack, TODAY, cases)


def test_what_is_known_to_fit_is_reckoned_with_in_64_bits_again() -> None:
    """In more it would come to the same, at several times the cost."""
    for values, kept in (([1, None, 2**63 - 1], [1, None, 2**63 - 1]), ([2**63], [None])):
        narrow = column_readings.narrow(pl.Series(values, dtype=pl.Int128))
        assert isinstance(narrow, pl.Series)
        assert (str(narrow.dtype), narrow.to_list()) == ("Int64", kept)
    assert [column_readings.narrow(each) for each in (7, None)] == [7, None]


def test_a_number_too_large_for_any_column_is_refused_before_the_first_case() -> None:
    product: f.Expression = f.FactNode("two")
    for _ in range(5):
        product = f.Multiply((product, product))
    with pytest.raises(ValueError, match="128 bits"):
        FrameDeriver(random_formulas.pack_with({"much": ("number", f.Least((product, f.Constant(1, "count"))))}), TODAY)


def test_a_fact_that_has_one_word_is_that_word_where_nobody_gave_it() -> None:
    vocabulary = Vocabulary(
        facts={
            "only": word("enum", "one"),
            "either": word("enum", "one", "two"),
            **{name: word("bool", derived=True) for name in ("is_only", "is_either")},
        }
    )
    is_one = {name: {"equals": ["one", {"fact": name}]} for name in ("only", "either")}
    pack = pack_of(
        vocabulary=vocabulary,
        parameters={},
        formulas=formulas_of(vocabulary, is_only=is_one["only"], is_either=is_one["either"]),
    )
    blank: list[Facts] = [{}]
    some: list[Facts] = [{"only": "one", "either": "one"}, {}, {"either": "two"}]
    for cases in (blank, some):
        read = _same(pack, TODAY, cases)
        assert {each.facts.get("is_only") for each in read} == {True}
    assert [each.facts.get("is_either") for each in read] == [True, None, False]


def test_texts_and_words_compare_as_they_do_case_by_case() -> None:
    """A text that nobody gave may be any word, and a text of its own may be the same as another."""
    facts = {"city": word("text"), "town": word("text"), "colour": word("enum", "red", "blue")}
    city, town, colour = ({"fact": name} for name in facts)
    pairs: list[list[object]] = [[city, town], [city, colour], [colour, city], [city, "red"], ["red", city]]
    pairs.append([{"otherwise": ["nothing", city]}, "red"])
    told = {f"told{number}": {"equals": pair} for number, pair in enumerate(pairs)}
    told |= {name.replace("told", "other"): {"not_equals": each["equals"]} for name, each in told.items()}
    vocabulary = Vocabulary(facts={**facts, **{name: word("bool", derived=True) for name in told}})
    pack = pack_of(vocabulary=vocabulary, parameters={}, formulas=formulas_of(vocabulary, **told))
    values = {"city": (None, "red", "blue", "green"), "town": (None, "red", "green"), "colour": (None, "red", "blue")}
    cases: list[Facts] = [
        {name: value for name, value in zip(values, each, strict=True) if value is not None}
        for each in product(*values.values())
    ]
    read = _same(pack, TODAY, cases)
    assert {each.facts.get("told1") for each in read} == {True, False, None}
    for case in cases:
        _same(pack, TODAY, [case])


def test_a_figure_on_a_day_that_there_is_not_in_every_case_is_nothing_there() -> None:
    day = f.If(f.FactNode("quiet"), f.FactNode("begun"), f.NothingNode())
    figure = f.ParameterNode("sometimes", f.FactNode("day"))
    pack = random_formulas.pack_with({"day": ("date", day), "figure": ("number", figure)})
    cases: list[Facts] = [
        {"quiet": quiet, "begun": begun}
        for quiet in (True, False)
        for begun in (dt.date(2015, 1, 1), dt.date(2024, 2, 29), dt.date(2025, 1, 1))
    ]
    read = _same(pack, TODAY, [*cases, {"quiet": True}, {"begun": TODAY}, {}])
    assert [each.facts.get("figure") for each in read[:6]] == [3, None, 12, None, None, None]
    for case in cases:
        _same(pack, TODAY, [case])


def test_what_stands_in_for_a_fact_counts_as_given() -> None:
    """Days overdue worked out from the due date are as good as days overdue: packs of the past count on it."""
    entry = """type: money
title: {zh: 某, en: One}
how: {zh: 某, en: So}
formula: {once: {given: [days_overdue], then: {fact: balance}}}
references: [{id: practice, status: design}]
tests:
  - {name: none, facts: {}, unknown: true}
"""
    pack = load_files(
        {**PACK.files, "facts/derived/extra.yaml": entry.replace("practice", "design-matrix").encode()}, "x"
    )
    owed: Facts = {"balance": 100_000}
    cases: list[Facts] = [{**owed, "due_date": TODAY - dt.timedelta(days=40)}, {**owed, "days_overdue": 4}, owed]
    assert [each.facts.get("extra") for each in _same(pack, TODAY, cases)] == [100_000, 100_000, None]
    for case in cases:
        _same(pack, TODAY, [case])


@pytest.mark.parametrize("days", [-(10**9), -2, -1, 0, 1, 2, 10**9])
def test_days_on_and_back_end_with_the_calendar_as_by_the_case(days: int) -> None:
    starts = [dt.date.min, dt.date(1, 1, 2), TODAY, dt.date(9999, 12, 30), dt.date.max]
    found = column_dates.days_after(pl.Series([start.toordinal() for start in starts]), days)
    assert isinstance(found, pl.Series)
    assert found.to_list() == [by_the_case.days_after(start, days).toordinal() for start in starts]


def test_an_end_that_is_one_for_all_bounds_each_row() -> None:
    number = column_readings.Number(pl.Series([3]), pl.Series([5]))
    found = dict(column_bounds.bounds_of(number, word("int"), (0, 2), 3))
    assert list(found) == [0, 2]
    assert found[0] == found[2]
