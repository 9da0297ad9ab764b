"""The frame of a chunk: its own readings beside those of the first engine, and each difference in its own case."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import polars as pl

from rules.decision.derived_frame import DerivedFrame, FrameDeriver, derived_columns
from rules.decision.outcome import EngineDisagreement
from rules.engines.frame import end
from rules.facts.case_facts import Facts
from rules.formulas.derivation import Derived
from tests.support.packs.tiny_pack import FILES, tiny

TODAY = dt.date(2026, 11, 23)
FACTS: Facts = {"income_monthly": 500_000, "essential_outgoings": 400_000, "priority_payments": 0}


def _differing(one: list[int | None], other: list[int | None], *derived: dict[str, int]) -> object:
    """What differs where the columns of two facts hold these values and the first engine derived those."""
    frame = DerivedFrame(pl.DataFrame(), {"one": pl.Series("one", one), "other": pl.Series("other", other)})
    return frame.differing([Derived(dict(facts), {}) for facts in derived])


def test_each_difference_is_told_of_its_own_case_and_fact() -> None:
    assert _differing([1, 2, 3], [4, 5, 6], *({"one": n, "other": n + 3} for n in (1, 2, 3))) == {}
    assert _differing([1, 2, 3], [4, 5, 6], {"one": 1, "other": 4}, {"one": 9, "other": 8}, {"one": 3, "other": 7}) == {
        1: (EngineDisagreement("one", "value", "other_value"), EngineDisagreement("other", "value", "other_value")),
        2: (EngineDisagreement("other", "value", "other_value"),),
    }


def test_a_value_that_only_one_engine_has_is_told_as_such() -> None:
    assert _differing([None, 2], [0, None], {"one": 1, "other": 0}, {}) == {
        0: (EngineDisagreement("one", "value", "no_value"),),
        1: (EngineDisagreement("one", "no_value", "value"),),
    }


def _ends(frame: DerivedFrame, fact: str) -> list[tuple[int | None, int | None]]:
    return list(zip(*(frame.table[end(fact, side)].to_list() for side in ("low", "high")), strict=True))


def test_a_fact_of_a_chunk_has_a_column_and_one_for_either_end() -> None:
    pack = tiny()
    frame = FrameDeriver(pack, TODAY).derive([FACTS, {}, {"income_monthly": 0}])
    assert frame.values.keys() == {"capacity"}
    assert frame.table["capacity"].to_list() == [95_000, None, 0]
    assert _ends(frame, "capacity")[::2] == [(95_000, 95_000), (0, 0)]
    low, high = _ends(frame, "capacity")[1]
    assert (low, high is not None and high > 95_000) == (0, True)


def test_a_pack_that_does_not_decide_by_bounds_compares_values_alone() -> None:
    pack = replace(tiny(), form=3)
    assert (pack.decides_by_bounds, tiny().decides_by_bounds) == (False, True)
    frame = FrameDeriver(pack, TODAY).derive([FACTS, {}])
    assert frame.table["capacity"].to_list() == [95_000, None]
    assert _ends(frame, "capacity") == [(95_000, 95_000), (None, None)]
    told = FrameDeriver(pack, TODAY).rows([FACTS, {}], frame)
    assert told == [Derived({**FACTS, "capacity": 95_000}, {}), Derived({}, {})]
    bounded = FrameDeriver(tiny(), TODAY)
    assert list(bounded.rows([FACTS, {}], bounded.derive([FACTS, {}]))[1].bounds) == ["capacity"]


def test_a_derived_fact_that_is_given_is_kept_and_has_its_ends() -> None:
    frame = FrameDeriver(tiny(), TODAY).derive([FACTS, {**FACTS, "capacity": 7}, {"capacity": 8}, {}])
    assert frame.table["capacity"].to_list() == [95_000, 7, 8, None]
    assert _ends(frame, "capacity")[:3] == [(95_000, 95_000), (7, 7), (8, 8)]


def test_what_the_application_gives_is_there_with_its_ends_and_what_is_private_is_not() -> None:
    given = "  name: {type: text, title: {zh: 姓名, en: Name}, private: true}"
    more = "  asked_on: {type: date, title: {zh: 询问日, en: Asked on}, given: true}\n"
    pack = tiny({"facts.yaml": FILES["facts.yaml"].replace(given, more + given)})
    table = FrameDeriver(pack, TODAY).derive([{"asked_on": TODAY, "name": "甲", "note_flags": ("scam",)}, {}]).table
    assert table["asked_on"].to_list() == [TODAY, None]
    assert [table[end("asked_on", side)].to_list() for side in ("low", "high")] == [[TODAY.toordinal(), None]] * 2
    assert table["note_flags"].to_list() == [["scam"], None]
    assert not {"name", "name.low", end("note_flags", "low"), end("monthly_due", "low")} & set(table.columns)
    assert table["monthly_due"].to_list() == [None, None]


def test_what_is_known_is_taken_and_what_it_comes_from_is_not_looked_for() -> None:
    whole = FrameDeriver(tiny(), TODAY, ["capacity"]).derive([FACTS, {}, {"income_monthly": 0}])
    known = DerivedFrame(whole.table.select("$row"), whole.values, whole.readings)
    deriver = FrameDeriver(tiny(), TODAY, ["capacity"], ["capacity"])
    assert deriver.reads == ([], [])
    assert deriver.complete(known.table, known).table.columns == ["$row"]
    assert deriver.complete(known.table, known).values == {}


def test_the_columns_of_a_day_are_made_once_and_are_of_that_day() -> None:
    pack = tiny()
    cases: list[Facts] = [{**FACTS, "income_monthly": 100}]
    assert derived_columns(pack, TODAY) is derived_columns(pack, TODAY)
    assert derived_columns(pack, TODAY) is not derived_columns(pack, TODAY + dt.timedelta(days=1))
    # Before 2020 the share that is put by had no value: there was no capacity.
    assert derived_columns(pack, dt.date(2019, 12, 31)).derive([FACTS]).table["capacity"].to_list() == [None]
    assert derived_columns(pack, dt.date(2020, 1, 1)).derive([FACTS]).table["capacity"].to_list() == [95_000]
    assert derived_columns(pack, TODAY).derive(cases).table["capacity"].to_list() == [0]
