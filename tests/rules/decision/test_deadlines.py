"""Clocks of a case: when each ends, what is assumed of it, and in which order they are told."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from rules.decision.outcome import DeadlineDue, EngineDisagreement, differences, due
from rules.facts.cells import Value
from rules.pack.files.schema import LegalDeadline, Reference, Text
from rules.pack.pack import Pack
from tests.support.packs.tiny_pack import tiny

TODAY = dt.date(2026, 11, 23)
TITLE = Text(zh="期限", en="LegalDeadline")
DESIGN = (Reference(id="practice", status="design"),)
FIGURES = {"answer_days": 15, "npl_days": 90, "set_aside_months": 3}


def clock(starts_from: str, days: str | None) -> LegalDeadline:
    return LegalDeadline(title=TITLE, starts_from=starts_from, days=days, references=DESIGN)


def pack() -> Pack:
    """A pack with two clocks that count days and two that are a day themselves."""
    clocks = {
        "answer": clock("served_on", "answer_days"),
        "review": clock("due_date", "npl_days"),
        "auction": clock("due_date", None),
        "hearing": clock("served_on", None),
    }
    return replace(tiny(), deadlines=clocks)


def told(*clocks: str, **facts: Value) -> list[tuple[str, str]]:
    found = due(pack(), clocks, facts, TODAY, FIGURES)
    return [(each.id, each.date.isoformat()) for each in found]


def test_a_clock_without_a_day_count_is_its_day_even_a_day_off_or_past() -> None:
    saturday, past = dt.date(2026, 11, 28), dt.date(2025, 1, 1)
    assert due(pack(), ["auction"], {"due_date": saturday}, TODAY, FIGURES) == (DeadlineDue("auction", saturday),)
    assert told("auction", due_date=past) == [("auction", "2025-01-01")]
    assert not DeadlineDue("auction", saturday).assumed


def test_a_day_that_nobody_knows_is_no_deadline_where_it_is_the_day_itself() -> None:
    assert told("auction", "hearing", served_on=dt.date(2026, 12, 1)) == [("hearing", "2026-12-01")]


def test_the_nearest_deadline_comes_first_whatever_the_order_of_the_rules() -> None:
    facts = {"served_on": dt.date(2026, 11, 16), "due_date": dt.date(2026, 11, 25)}
    in_order = [
        ("hearing", "2026-11-16"),
        ("auction", "2026-11-25"),
        ("answer", "2026-12-01"),
        ("review", "2027-02-23"),
    ]
    assert told("review", "auction", "answer", "hearing", **facts) == in_order
    assert told("hearing", "answer", "auction", "review", **facts) == in_order


def test_deadlines_of_one_day_are_told_by_name() -> None:
    facts = {"served_on": dt.date(2026, 11, 25), "due_date": dt.date(2026, 11, 25)}
    assert told("hearing", "auction", **facts) == [("auction", "2026-11-25"), ("hearing", "2026-11-25")]


def test_a_clock_whose_start_or_length_is_unknown_is_taken_to_end_today_and_that_is_said() -> None:
    (unstarted,) = due(pack(), ["answer"], {}, TODAY, FIGURES)
    assert unstarted == DeadlineDue("answer", TODAY, start_known=False)
    assert unstarted.assumed
    (endless,) = due(pack(), ["answer"], {"served_on": TODAY}, TODAY, {"npl_days": 90})
    assert endless == DeadlineDue("answer", TODAY, start_known=False)


def test_a_date_beyond_the_published_holidays_is_marked_as_assumed_and_one_within_is_not() -> None:
    far, near = dt.date(2031, 5, 6), dt.date(2026, 11, 2)
    (beyond,) = due(pack(), ["answer"], {"served_on": far}, TODAY, FIGURES)
    assert beyond == DeadlineDue("answer", dt.date(2031, 5, 21), calendar_known=False)
    assert (beyond.start_known, beyond.assumed) == (True, True)
    (within,) = due(pack(), ["answer"], {"served_on": near}, TODAY, FIGURES)
    assert (within.calendar_known, within.assumed) == (True, False)


def test_only_the_clocks_of_the_case_are_told() -> None:
    facts = {"served_on": dt.date(2026, 11, 16), "due_date": dt.date(2026, 11, 25)}
    assert told(**facts) == []
    assert told("auction", **facts) == [("auction", "2026-11-25")]


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ({"b", "c"}, []),
        ({"b"}, [("c", "no_hit", "hit")]),
        ({"a", "b", "c", "d"}, [("a", "hit", "unknown"), ("d", "hit", "no_hit")]),
        ({"a"}, [("a", "hit", "unknown"), ("b", "no_hit", "hit"), ("c", "no_hit", "hit")]),
    ],
)
def test_the_rules_that_differ_are_told_in_order_with_what_each_engine_said(
    hits: set[str], expected: list[tuple[str, str, str]]
) -> None:
    found = differences(frozenset(hits), ("c", "b"), ("a",))
    assert [(each.rule, each.engine, each.twin) for each in found] == expected


def test_differences_come_in_the_order_of_rule_ids_whatever_the_order_of_the_set() -> None:
    """So many that a set gives them in this order by itself hardly ever."""
    names = tuple(f"r{number:02}" for number in range(20))
    assert [each.rule for each in differences(frozenset(names[::2]), names[1::2], ())] == list(names)


def test_an_engine_that_failed_agrees_with_nothing() -> None:
    assert differences(None, ("c", "b"), ("a",)) == (
        EngineDisagreement("b", "error", "hit"),
        EngineDisagreement("c", "error", "hit"),
    )
    assert differences(None, (), ("a",)) == (EngineDisagreement("*", "error", "no_hit"),)


@pytest.mark.parametrize(
    ("served", "last"),
    [
        ("2026-11-09", "2027-02-09"),  # the same day of the month, which is not counted itself
        ("2026-11-30", "2027-03-01"),  # February has no 30th: its last day, a Sunday, then the working day after it
        ("2026-08-31", "2026-11-30"),  # nor has November a 31st
        ("2026-08-21", "2026-11-23"),  # a Saturday moves to Monday
        ("2026-08-20", "2026-11-20"),
    ],
)
def test_a_clock_of_months_ends_on_the_same_day_of_the_month(served: str, last: str) -> None:
    months = LegalDeadline(title=TITLE, starts_from="served_on", months="set_aside_months", references=DESIGN)
    case = replace(pack(), deadlines={"set_aside": months})
    facts: dict[str, Value] = {"served_on": dt.date.fromisoformat(served)}
    assert [each.date.isoformat() for each in due(case, ["set_aside"], facts, TODAY, FIGURES)] == [last]
    assert due(case, ["set_aside"], {}, TODAY, FIGURES)[0].assumed


def test_a_clock_counts_in_days_or_in_months() -> None:
    with pytest.raises(ValueError, match="in days or in months"):
        LegalDeadline(title=TITLE, starts_from="served_on", days="answer_days", months="npl_days", references=DESIGN)
