"""Figures are dated, cited and written in one place; what nobody has confirmed is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from rules.decision.evaluate import Evaluator
from rules.facts.cells import Value
from rules.lint.check import LintFinding, check, lock
from rules.loading.loader import DEFAULT_PACK, Pack, load
from rules.pack.files.schema import Reference
from rules.pack.parameters import in_force, value_on
from tests.support.packs.tiny_pack import FILES, edited, errors, write

TODAY = dt.date(2026, 11, 23)
DAY = dt.timedelta(days=1)
# The figures of the fact base, transcribed: parameter, value on the day of its writing.
FACTS = {
    # constants
    "lpr_1y": "3.00",
    "lpr_5y": "3.50",
    "private_cap_multiple": "4",
    "financial_loan_judicial_cap": "24",
    "microloan_new_cap_now": "24",
    "microloan_new_cap_2027": "4",
    "microloan_short_cap": "24",
    "penalty_uplift_minimum": "30",
    "penalty_uplift_maximum": "50",
    "card_art70_max_months": "60",
    "card_instalment_max_years": "5",
    "card_cash_instalment_limit": "50000",
    "card_cash_instalment_years": "2",
    "consumer_loan_max_months": "60",
    "consumer_loan_max_months_temporary": "84",
    "quiet_hours_from": "22",
    "quiet_hours_until": "8",
    "collect_notice_calls_per_day": "3",
    "collect_unanswered_attempts": "6",
    "collect_record_years": "2",
    "credit_bad_record_years": "5",
    "credit_dispute_days": "20",
    "credit_pboc_complaint_days": "30",
    "credit_free_reports": "2",
    "lender_complaint_days": "15",
    "lender_complaint_days_complex": "30",
    "lender_complaint_days_special": "60",
    "limitation_years": "3",
    "limitation_years_longest": "20",
    "enforcement_apply_years": "2",
    "answer_days": "15",
    "payment_order_days": "15",
    "appeal_days": "15",
    "ruling_appeal_days": "10",
    "card_fraud_threshold": "50000",
    "one_off_repair_limit": "0",
    # litigation and enforcement
    "missed_clock_days": "10",
    "notarised_objection_days": "15",
    "small_claims_wage_share": "50",
    "small_claims_agreed_multiple": "2",
    "small_claims_months": "2",
    "small_claims_extension_months": "1",
    "small_claims_evidence_days": "7",
    "home_rent_years_minimum": "5",
    "home_rent_years_maximum": "8",
    "home_grace_months": "3",
    "dishonest_list_years": "2",
    "dishonest_list_extension_minimum": "1",
    "dishonest_list_extension_maximum": "3",
    "dishonest_removal_days": "3",
    "card_fraud_large": "500000",
    "card_fraud_huge": "5000000",
    "card_fraud_demands": "2",
    "card_fraud_interval_days": "30",
    "card_fraud_unpaid_months": "3",
    "shenzhen_insurance_years": "3",
    "shenzhen_creditor_claim": "500000",
    "xiamen_residence_years": "5",
    # negotiation, collection, credit record, channels, groups
    "liquidated_damages_excess": "130",
    "internet_loan_limit": "300000",
    "self_payment_limit": "500000",
    "harassment_detention_days": "5",
    "harassment_detention_days_serious": "10",
    "harassment_fine": "1000",
    "card_grace_days": "3",
    "card_grace_shortfall": "10",
    "mortgage_auction_risk_days": "90",
    "asset_doubtful_days": "270",
    "asset_loss_days": "360",
    "mortgage_consecutive_defaults": "3",
    "mortgage_total_defaults": "6",
    "regulator_complaint_days": "15",
    "judicial_confirmation_days": "30",
    "adult_age": "18",
    "limited_capacity_age": "8",
}
# When the one-year LPR changed, and four times it: what a private loan of that day may cost.
CAPS = [
    ("2019-08-20", 1700),
    ("2019-09-20", 1680),
    ("2019-11-20", 1660),
    ("2020-02-20", 1620),
    ("2020-04-20", 1540),
    ("2021-12-20", 1520),
    ("2022-01-20", 1480),
    ("2022-08-22", 1460),
    ("2023-06-20", 1420),
    ("2023-08-21", 1380),
    ("2024-07-22", 1340),
    ("2024-10-21", 1240),
    ("2025-05-20", 1200),
]


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


@pytest.mark.parametrize("name", FACTS)
def test_a_figure_is_what_the_fact_base_says(name: str) -> None:
    value = value_on(pack().parameters[name], TODAY)
    assert value is not None
    assert value.value == type(value.value)(FACTS[name])


@pytest.mark.parametrize(("day", "cap"), CAPS)
def test_the_private_cap_changes_with_the_lpr_on_its_day(day: str, cap: int) -> None:
    on = dt.date.fromisoformat(day)
    before = [cap for earlier, cap in CAPS if earlier < day]
    assert 4 * in_force(pack(), on)["lpr_1y"] == cap
    assert 4 * in_force(pack(), on - DAY).get("lpr_1y", 0) == (before[-1] if before else 0)


@pytest.mark.parametrize(
    ("contract", "rate", "above"),
    [("2021-12-19", 1540, False), ("2021-12-19", 1541, True), ("2021-12-20", 1520, False), ("2021-12-20", 1521, True)],
)
def test_a_private_contract_is_measured_by_the_rate_of_its_day(contract: str, rate: int, above: bool) -> None:
    facts: dict[str, Value] = {
        "product": "private",
        "annual_rate_percent": rate,
        "contract_date": dt.date.fromisoformat(contract),
    }
    (evaluation,) = Evaluator(pack(), TODAY).evaluate([facts])
    assert evaluation.facts["rate_above_private_cap"] is above


@pytest.mark.parametrize("name", ["lpr_1y", "lpr_5y", "consumer_loan_max_months_temporary"])
def test_an_unconfirmed_figure_is_carried_on_and_marked(name: str) -> None:
    *confirmed, carried = sorted(pack().parameters[name].values, key=lambda value: value.valid_from)
    assert (carried.carried, carried.value, carried.status) == (True, confirmed[-1].value, "own_knowledge")
    assert not any(value.carried for value in confirmed)
    assert any(name in point.parameters for point in pack().open_points.values())


@given(st.dates(dt.date(1991, 1, 1), dt.date(2040, 1, 1)))
def test_a_day_has_at_most_one_value_of_a_figure(day: dt.date) -> None:
    for parameter in pack().parameters.values():
        found = [v for v in parameter.values if v.valid_from <= day and (v.valid_to is None or day <= v.valid_to)]
        assert len(found) <= 1


@pytest.mark.parametrize(
    ("name", "day", "value"),
    [
        ("card_daily_rate_cap", "2020-12-31", 5),
        ("card_daily_rate_cap", "2021-01-01", None),
        ("student_loan_deferral_years", "2025-12-31", 1),
        ("student_loan_deferral_years", "2026-01-01", None),
        ("one_off_repair_limit", "2026-03-31", 1_000_000),
        ("one_off_repair_limit", "2026-04-01", 0),
        ("internet_loan_limit", "2025-03-13", 20_000_000),
        ("internet_loan_limit", "2025-03-14", 30_000_000),
    ],
)
def test_a_figure_made_for_a_time_ends_with_it(name: str, day: str, value: int | None) -> None:
    assert in_force(pack(), dt.date.fromisoformat(day)).get(name) == value


def test_every_claim_of_law_that_was_read_points_to_a_text_that_was_read() -> None:
    used = [(field.name, each) for field in fields(pack()) for each in _cited(getattr(pack(), field.name))]
    used += [(rule.path, each) for rule in pack().rules for each in _cited(rule.rule)]
    assert {"manifest", "parameters", "fees", "negotiation", "letters"} < {where for where, _ in used}
    assert len(used) > 1000
    assert [(where, each.id) for where, each in used if each.status == "primary" and _read(each) != "text"] == []
    assert [(where, each.id) for where, each in used if (each.status == "design") != (_layer(each) == "design")] == []
    assert [(where, each.id) for where, each in used if each.status == "official" and _read(each) == "nothing"] == []


def _cited(value: object) -> Iterator[Reference]:
    """Every reference in a part of the pack."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, BaseModel):
        yield from (found for _, inner in value for found in _cited(inner))
    elif isinstance(value, dict | tuple):
        yield from (
            found for inner in (value.values() if isinstance(value, dict) else value) for found in _cited(inner)
        )


def _read(reference: Reference) -> str | None:
    return pack().references[reference.id].read


def _layer(reference: Reference) -> str:
    return pack().references[reference.id].layer


@pytest.mark.parametrize(
    ("source", "day"),
    [
        ("assisted-loan-notice-2025", "2025-10-01"),
        ("apr-disclosure-2026", "2026-08-01"),
        ("gbt-45251-2025", "2025-02-28"),
        ("public-security-law", "2026-01-01"),
        ("consumer-finance-measures-2024", "2024-04-18"),
        ("personal-loan-measures-2024", "2024-07-01"),
        ("private-lending-scope-reply", "2021-01-01"),
    ],
)
def test_a_source_is_in_force_from_its_day(source: str, day: str) -> None:
    assert pack().references[source].in_force_from == dt.date.fromisoformat(day)


def test_every_source_says_what_was_read_of_it_and_links_nowhere() -> None:
    for name, source in pack().references.items():
        assert (source.read is None) == (source.layer == "design"), name
        assert "http" not in source.title.zh + source.title.en, name
        if (
            source.published
            and source.in_force_from
            and name not in ("seizure-provisions", "enforcement-settlement-provisions")
        ):
            assert source.published <= source.in_force_from, name


NPL = "    - {value: 90, valid_from: 2020-01-01, status: official, references: [{id: practice, status: official}]}"
POINT = "npl: {text: {zh: 待核实, en: To be checked}, parameters: [npl_days], references: [practice]}"


def found(folder: Path, changes: Mapping[str, str | None], on: dt.date = TODAY) -> list[LintFinding]:
    """What the linter says of the figures of the tiny pack, changed."""
    write(folder, changes)
    (folder / "pack.lock").write_text(lock(load(folder)))
    return [each for each in check(folder, on) if each.where == "parameters.yaml"]


def test_a_carried_figure_is_an_error_until_an_open_point_names_it(tmp_path: Path) -> None:
    changes = edited("parameters.yaml", NPL, NPL.replace("status: official,", "carried: true, status: official,"))
    problem = "npl_days: the last confirmed value is carried on since 2020-01-01"
    told = f"{problem}; add a dated value, or name the figure in open_points.yaml"
    assert found(tmp_path, changes) == [LintFinding("error", "parameters.yaml", told)]
    told = f"{problem}; open point: npl"
    assert found(tmp_path, {**changes, "open_points.yaml": POINT}) == [LintFinding("warning", "parameters.yaml", told)]
    before = found(tmp_path, {**changes, "open_points.yaml": POINT}, dt.date(2019, 12, 31))
    assert not any(each.message.startswith("npl_days") for each in before)


@pytest.mark.parametrize(("on", "level"), [("2020-12-31", None), ("2021-01-01", "warning")])
def test_an_ended_figure_with_an_open_point_is_a_warning(tmp_path: Path, on: str, level: str | None) -> None:
    ended = edited(
        "parameters.yaml", NPL, NPL.replace("valid_from: 2020-01-01,", "valid_from: 2020-01-01, valid_to: 2020-12-31,")
    )
    told = [each.level for each in found(tmp_path, {**ended, "open_points.yaml": POINT}, dt.date.fromisoformat(on))]
    assert told == ([level] if level else [])


def test_an_abolished_figure_is_no_finding(tmp_path: Path) -> None:
    dates = "valid_from: 2020-01-01, valid_to: 2020-12-31, final: true,"
    assert found(tmp_path, edited("parameters.yaml", NPL, NPL.replace("valid_from: 2020-01-01,", dates))) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("status: official, ref", "status: primary, ref", "values[1].status: is primary, but no reference"),
        ("status: official, ref", "final: true, status: official, ref", "values[1].final: is for a last value with a"),
    ],
)
def test_a_figure_that_contradicts_itself_is_refused(old: str, new: str, told: str) -> None:
    (error,) = errors(edited("parameters.yaml", NPL, NPL.replace(old, new)))
    assert error.startswith(f"parameters.yaml: npl_days.{told}")


def test_only_the_last_value_is_carried_on() -> None:
    (error,) = errors(edited("parameters.yaml", "valid_to: 2019-12-31,", "valid_to: 2019-12-31, carried: true,"))
    assert error.startswith("parameters.yaml: npl_days.values[0].carried: only the last value is carried on")


SPARE = """
spare:
  title: {zh: 备, en: S}
  unit: days
  background: {zh: 供查阅, en: for reference}
  values: [{value: 1, valid_from: 2020-01-01, status: design, references: [{id: practice, status: design}]}]
"""


def test_a_figure_kept_as_background_need_not_be_used_but_must_not_be(tmp_path: Path) -> None:
    spare = {"parameters.yaml": FILES["parameters.yaml"] + SPARE}
    assert found(tmp_path, spare) == []
    right = FILES["rights.yaml"].replace("{zh: 异议权, en: Right to dispute}", '{zh: "{spare}日", en: "{spare} days"}')
    used = {**spare, "rights.yaml": right}
    told = "spare.background: it is used; remove the key"
    assert found(tmp_path, used) == [LintFinding("warning", "parameters.yaml", told)]


def test_an_open_point_about_nothing_known_is_refused() -> None:
    told = errors({"open_points.yaml": POINT.replace("npl_days", "x").replace("[practice]", "[y]")})
    assert [each.split(";")[0] for each in told] == [
        "open_points.yaml: npl.parameters[0]: unknown parameter 'x'",
        "open_points.yaml: npl.references[0]: unknown reference 'y'",
    ]
