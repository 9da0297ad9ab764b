"""Clocks, limitation, evidence, age and place: true, false, or not known yet."""

import datetime as dt

import pytest

from rules.formulas.dates import years_after
from tests.support.packs.derivation import derived, value


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (0, "B0"),
        (1, "B1"),
        (3, "B1"),
        (4, "B2"),
        (30, "B2"),
        (31, "B3"),
        (60, "B3"),
        (61, "B4"),
        (90, "B4"),
        (91, "B5"),
        (180, "B5"),
        (181, "B6"),
        (360, "B6"),
        (361, "B7"),
        (1095, "B7"),
        (1096, "B8"),
        (20_000, "B8"),
    ],
)
def test_both_ends_belong_to_a_bucket(days: int, bucket: str) -> None:
    assert value("overdue_bucket", days_overdue=days) == bucket


@pytest.mark.parametrize(
    ("hardship", "income", "outgoings", "level", "enough"),
    [
        ("none", "none", None, "none", False),
        ("self_declared", "none", None, "weak", False),
        ("none", "self_declared", 1, "weak", False),
        ("third_party", "none", 1, "partial", True),
        ("self_declared", "official", 1, "partial", True),
        ("third_party", "official", 0, "ready", True),
        ("third_party", "official", None, None, True),
        ("official", None, 1, None, True),
        (None, "none", 1, None, None),
        (None, None, 1, None, None),
    ],
)
def test_the_level_of_evidence_waits_while_a_blank_could_raise_it(
    hardship: str | None, income: str | None, outgoings: int | None, level: str | None, enough: bool | None
) -> None:
    facts = derived({"hardship_evidence": hardship, "income_evidence": income, "essential_outgoings": outgoings})
    assert (facts.get("evidence_level"), facts.get("evidence_sufficient")) == (level, enough)


@pytest.mark.parametrize(
    ("stage", "served", "left"),
    [
        ("payment_order", "2026-11-09", 1),  # the golden case: served 14 days ago
        ("payment_order", "2026-11-08", 0),
        ("payment_order", "2026-11-05", -3),
        ("complaint_served", "2026-11-13", 7),  # the 28th is a Saturday, so Monday the 30th
        ("complaint_served", "2026-11-16", 8),
        ("judgment", "2026-11-23", 15),
        ("enforcement", "2026-11-23", None),
        ("payment_order", None, None),
        (None, "2026-11-23", None),
    ],
)
def test_days_left_follow_the_clock_of_the_stage(stage: str | None, served: str | None, left: int | None) -> None:
    assert value("days_left", legal_stage=stage, served_on=served) == left


@pytest.mark.parametrize(
    ("overdue", "interruption", "expired"),
    [
        (1500, "2023-11-20", True),  # ended on a Friday
        (1500, "2023-11-21", False),  # a Saturday: until Monday the 23rd, which is today
        (1500, "2023-11-23", False),
        (1500, "2022-11-23", True),
        (1500, None, None),  # something may have interrupted it
        (40, None, False),  # younger than the period
        (1098, None, False),  # due on 2023-11-21
        (1099, None, None),
        (1099, "2020-01-01", True),
        (40, "2020-01-01", False),  # a promise before the debt was due interrupts nothing
        (None, "2026-01-01", False),
        (None, "2020-01-01", None),
        (None, None, None),
        (36_500, "1900-01-01", True),
    ],
)
def test_limitation_runs_three_years_from_the_due_date_or_the_last_interruption(
    overdue: int | None, interruption: str | None, expired: bool | None
) -> None:
    assert (
        value("limitation_expired", product="microloan", days_overdue=overdue, last_interruption=interruption)
        is expired
    )


def test_a_period_of_years_from_29_february_ends_on_the_28th() -> None:
    assert years_after(dt.date(2024, 2, 29), 3) == dt.date(2027, 2, 28)
    assert years_after(dt.date(2024, 2, 29), 4) == dt.date(2028, 2, 29)


@pytest.mark.parametrize(
    ("rate", "contract", "above"),
    [
        (15.4, "2021-05-01", False),
        (15.41, "2021-05-01", True),
        (12, "2025-06-01", False),
        (12.01, "2025-06-01", True),
        (12.4, "2025-05-19", False),  # the day before the rate fell
        (36, "2020-08-20", True),
        (36, "2020-08-19", None),  # the older rule: a counsellor looks
        (36, None, None),
        (None, "2025-06-01", None),
    ],
)
def test_the_private_cap_is_that_of_the_day_of_the_contract(
    rate: float | None, contract: str | None, above: bool | None
) -> None:
    assert value("rate_above_private_cap", annual_rate_percent=rate, contract_date=contract) is above


@pytest.mark.parametrize(("contract", "old"), [("2020-08-19", True), ("2020-08-20", False), (None, None)])
def test_a_contract_is_old_before_the_cap_began(contract: str | None, old: bool | None) -> None:
    assert value("private_contract_old", contract_date=contract) is old


@pytest.mark.parametrize(("repaid", "inside"), [("2026-03-31", True), ("2026-04-01", False), ("2019-12-31", False)])
def test_the_repair_window_ended_with_march_2026(repaid: str, inside: bool) -> None:
    assert value("repaid_in_repair_window", repaid_on=repaid) is inside


@pytest.mark.parametrize(
    ("request_", "on", "stuck"),
    [
        ("refused", None, True),
        ("none", None, False),
        ("pending", "2026-11-08", True),  # fifteen days
        ("pending", "2026-11-09", False),
        ("pending", None, None),
        (None, "2026-01-01", None),
    ],
)
def test_a_request_unanswered_for_fifteen_days_is_stuck(
    request_: str | None, on: str | None, stuck: bool | None
) -> None:
    assert value("refused_or_unanswered", prior_request=request_, prior_request_on=on) is stuck


@pytest.mark.parametrize(
    ("city", "years", "met"),
    [
        ("深圳", 3, True),
        ("广东省深圳市南山区", 2, False),
        ("Shenzhen", None, None),
        ("厦门市", 5, True),
        ("厦门市", 4, False),
        ("成都", None, False),
        (None, 2, False),  # not enough anywhere
        (None, 3, None),
        (None, None, None),
    ],
)
def test_insolvency_is_a_matter_of_city_and_years(city: str | None, years: int | None, met: bool | None) -> None:
    assert value("insolvency_city", city=city, social_insurance_years_local=years) is met


@pytest.mark.parametrize(
    ("age", "contract", "minor"),
    [
        (17, "2026-01-01", True),
        (18, "2026-11-23", False),  # signed today
        (18, "2026-11-22", None),  # yesterday: the birthday may have been today
        (19, "2025-11-24", False),
        (20, "2023-11-23", True),  # three years ago to the day, at 17
        (20, "2024-11-23", False),
        (30, "2027-01-01", None),  # a contract in the future tells nothing
    ],
)
def test_being_a_minor_at_the_contract_is_left_open_where_the_birthday_decides(
    age: int, contract: str, minor: bool | None
) -> None:
    assert value("minor_at_contract", age=age, contract_date=contract) is minor


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("minor", {"age": 17}, True),
        ("minor", {"age": 18}, False),
        ("resume_date_in_future", {"resume_date": "2026-11-24"}, True),
        ("resume_date_in_future", {"resume_date": "2026-11-23"}, False),
        ("days_until_due", {"due_date": "2026-11-30"}, 7),
        ("days_until_due", {"due_date": "2026-11-22"}, -1),
        ("prior_request_days", {"prior_request_on": "2026-10-24"}, 30),
        ("prior_request_days", {"prior_request_on": "2026-12-24"}, 0),
        ("clock_critical", {"days_left": 3}, True),
        ("clock_critical", {"days_left": 4}, False),
        ("clock_critical", {"days_left": 0}, True),
        ("clock_critical", {"days_left": -1}, False),
        ("clock_critical", {}, None),
        ("record_until", {"repaid_on": "2026-04-10"}, dt.date(2031, 4, 10)),
        ("record_until", {"repaid_on": "2024-02-29"}, dt.date(2029, 2, 28)),
        ("limitation_days_left", {"product": "microloan", "days_overdue": 1200, "last_interruption": "2023-11-23"}, 0),
        ("limitation_days_left", {"product": "microloan", "days_overdue": 1200, "last_interruption": "2023-11-20"}, -3),
        (
            "limitation_ends",
            {"product": "microloan", "days_overdue": 1200, "last_interruption": "2023-12-01"},
            dt.date(2026, 12, 1),
        ),
        ("limitation_ends", {"days_overdue": 1200}, None),  # a later demand would move it
        ("limitation_ends", {"last_interruption": "2023-12-01"}, None),
    ],
)
def test_simple_facts_of_the_day(name: str, cells: dict[str, object], expected: object) -> None:
    assert value(name, **cells) == expected


@pytest.mark.parametrize(
    ("as_of", "served_on", "critical"),
    [
        (dt.date(2026, 1, 1), "2025-12-17", True),  # the last day
        (dt.date(2026, 1, 1), "2025-12-01", False),  # over
        (dt.date(2025, 12, 31), "2025-12-16", None),
        (dt.date(2025, 12, 31), "2025-12-01", None),  # over, and no figure says what would have been critical
    ],
)
def test_no_clock_is_called_critical_or_not_before_the_figure(
    as_of: dt.date, served_on: str, critical: bool | None
) -> None:
    facts = derived({"legal_stage": "payment_order", "served_on": served_on}, as_of)
    assert "days_left" in facts
    assert facts.get("clock_critical") is critical
