"""The pack and a second reading of the statutes agree, on more than a million cases together."""

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from rules.decision.derived_frame import derived_columns
from rules.facts.case_facts import Facts
from rules.facts.legal_days import deadline
from rules.finance.court_fees import Kind, court_fee, table_fee
from rules.formulas.derivation import derive
from tests.policy.law import statute
from tests.support.packs.default_pack import pack

AS_OF = dt.date(2026, 11, 28)
# Every edge of every table, with a fen and a yuan on either side.
EDGES = [
    yuan * 100 + off
    for yuan in (1_000, 10_000, 100_000, 200_000, 500_000, *(n * 1_000_000 for n in (1, 2, 5, 10, 20)))
    for off in (-100, -1, 0, 1, 100)
]
ROWS = 400_000


def _amounts(seed: int, count: int) -> list[int]:
    chance = random.Random(seed)
    return [0, 1, *EDGES, *(int(10 ** chance.uniform(1, 11)) for _ in range(count))]


def _fen(yuan: Decimal) -> int:
    assert yuan == yuan.quantize(Decimal("0.01"))
    return int(yuan * 100)


def _half_up(fen: Fraction) -> int:
    return int(fen + Fraction(1, 2))


@pytest.mark.parametrize("procedure", ["ordinary", "summary", "mediated", "withdrawn", "payment-order"])
def test_court_fees(procedure: str) -> None:
    for amount in _amounts(1, 20_000):
        fee = court_fee(pack(), Decimal(amount) / 100, AS_OF, procedure).fee
        assert _fen(fee) == _half_up(statute.fee_of(procedure, amount)), amount


@pytest.mark.parametrize(
    ("kind", "second"), [("enforcement", statute.enforcement_fee), ("preservation", statute.preservation_fee)]
)
def test_fees_of_enforcement_and_preservation(kind: Kind, second: Callable[[int], Fraction]) -> None:
    for amount in _amounts(2, 40_000):
        assert _fen(table_fee(pack(), kind, Decimal(amount) / 100, AS_OF).fee) == _half_up(second(amount)), amount


def test_legal_days() -> None:
    """Every day of two years, and every period up to sixty days that ends in them."""
    compared = 0
    day = dt.date(2024, 12, 31)
    while day.year <= statute.CALENDAR_YEARS[-1]:
        for days in range(1, 61):
            last = day + dt.timedelta(days=days)
            if last.year in statute.CALENDAR_YEARS and last <= dt.date(
                2026, 12, 25
            ):  # what follows a year is not known
                found = deadline(day, days)
                assert found.date == statute.period_of_days(day, days), (day, days)
                assert found.shifted == (found.date != last)
                compared += 1
        day += dt.timedelta(days=1)
    assert compared > 40_000


def _day(chance: random.Random, back: int, ahead: int) -> dt.date:
    return AS_OF + dt.timedelta(days=chance.randint(-back, ahead))


INSTALMENTS = ("mortgage", "car_loan", "business_personal", "student_state", "bank_consumer", "card_instalment")


def _old_debt(chance: random.Random) -> Facts:
    """A debt about whose days all is known; often about three years old, where it matters."""
    product = chance.choice((*INSTALMENTS, "credit_card", "huabei", "microloan"))
    overdue = chance.choice((chance.randint(0, 4000), chance.randint(1070, 1130)))
    case: dict[str, object] = {"product": product, "days_overdue": overdue}
    if product in INSTALMENTS:
        case["last_due_date"] = _day(chance, 2500, 4000)
    if chance.random() < 0.5:
        case |= {"accelerated": True, "accelerated_on": _day(chance, min(overdue, 2500), 0)}
    else:
        case["accelerated"] = False
    case["last_interruption"] = _day(chance, chance.choice((4000, 1130)), 0)
    return case  # type: ignore[return-value]  # built up fact by fact


def _table(cases: list[Facts]) -> pl.DataFrame:
    return derived_columns(pack(), AS_OF).derive(cases).table


def test_limitation() -> None:
    chance = random.Random(3)
    cases = [_old_debt(chance) for _ in range(ROWS)]
    found = _table(cases).select("limitation_ends", "limitation_expired").rows()
    expired = 0
    for case, (ends, over) in zip(cases, found, strict=True):
        overdue, called_in = case["days_overdue"], case.get("accelerated_on")
        assert isinstance(overdue, int)
        last = statute.limitation_ends(
            AS_OF - dt.timedelta(days=overdue),
            case.get("last_due_date"),  # type: ignore[arg-type]  # a date by its fact
            called_in if case["accelerated"] else None,  # type: ignore[arg-type]
            case["last_interruption"],  # type: ignore[arg-type]
        )
        if last.year in statute.CALENDAR_YEARS:
            last = statute.not_on_a_day_off(last)
            assert (ends, over) == (last, last < AS_OF), case
            expired += over
        else:  # far from today, where a few days off decide nothing
            assert over == (last < AS_OF), case
    assert expired > 1_000


def test_charges_above_24_percent() -> None:
    chance = random.Random(4)
    cases: list[Facts] = []
    for _ in range(ROWS):
        principal, days = int(10 ** chance.uniform(4, 9)), chance.randint(0, 2000)
        lawful = principal * days * 24 // 36_500
        claimed = chance.choice((lawful + chance.randint(-2, 2), int(lawful * chance.uniform(0, 3))))
        cases.append(
            {
                "principal": principal,
                "interest_fees": max(0, claimed),
                "interest_paid_until": AS_OF - dt.timedelta(days=days),
            }
        )
    found = _table(cases)["over_cap_amount"].to_list()
    excessive = 0
    for case, amount in zip(cases, found, strict=True):
        charges, owed, paid = case["interest_fees"], case["principal"], case["interest_paid_until"]
        assert isinstance(charges, int)
        assert isinstance(owed, int)
        assert isinstance(paid, dt.date)
        above = statute.above_24_percent(charges, owed, (AS_OF - paid).days)
        assert abs(amount - above) <= Fraction(1, 2), case
        assert amount == 0 or above > 0, case  # nothing lawful is called excessive for the sake of a rounded fen
        excessive += amount > 0
    assert 50_000 < excessive < ROWS


def test_living_costs() -> None:
    chance = random.Random(6)
    cases: list[Facts] = [
        {"local_minimum": chance.randrange(30_000, 200_000), "household_size": chance.randint(1, 9)}
        for _ in range(20_000)
    ]
    found = _table(cases)["exempt_minimum"].to_list()
    for case, amount in zip(cases, found, strict=True):
        line, persons = case["local_minimum"], case["household_size"]
        assert isinstance(line, int) and isinstance(persons, int)
        assert amount == statute.living_costs(line, persons), case


def test_charges_built_on_a_principal_that_fell_are_never_above_24_percent() -> None:
    """At most 24 % a year on what was owed each day, whenever it was repaid: lawful, and never called excessive."""
    chance = random.Random(5)
    cases: list[Facts] = []
    for _ in range(40_000):
        left, days, repayments = int(10 ** chance.uniform(4, 8)), chance.randint(1, 1500), chance.randint(1, 4)
        parts = [(chance.randint(0, days), int(10 ** chance.uniform(3, 8))) for _ in range(repayments)]
        owed_days = left * days + sum(part * since for since, part in parts)
        cases.append(
            {
                "principal": left,
                "principal_repaid_since": sum(part for _, part in parts),
                "interest_fees": statute.lawful_charges(owed_days),
                "interest_paid_until": AS_OF - dt.timedelta(days=days),
                "contract_date": AS_OF - dt.timedelta(days=days + chance.randint(0, 400)),
            }
        )
    table = _table(cases).select("over_cap_amount", "over_cap_since_contract")
    assert table.sum().rows() == [(0, 0)]


@pytest.mark.parametrize("seed", range(200))
def test_the_reading_case_by_case_says_the_same(seed: int) -> None:
    chance = random.Random(seed)
    case = _old_debt(chance)
    known, _ = derive(pack(), case, AS_OF)
    row = _table([case]).row(0, named=True)
    assert (known.get("limitation_ends"), known.get("limitation_expired")) == (
        row["limitation_ends"],
        row["limitation_expired"],
    )
