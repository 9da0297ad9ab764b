"""Court fees: the values everybody can check, the brackets' edges, and tables that are refused."""

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.finance.court_fees import DIVISORS, PROCEDURES, TABLES, Kind, NotInForceError, court_fee, table_fee
from rules.lint.check import LintFinding, check
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.packs.tiny_pack import errors, tiny, write

PACK = load(DEFAULT_PACK)
TODAY = dt.date(2026, 11, 24)
AMOUNTS = st.decimals(0, 10**9, places=2)
FEN = Decimal("0.01")


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        (5_000, 50),
        (10_000, 50),
        (20_000, 300),
        (30_000, 550),
        (50_000, 1_050),
        (80_000, 1_800),
        (100_000, 2_300),
        (150_000, 3_300),
        (200_000, 4_300),
        (500_000, 8_800),
        (1_000_000, 13_800),
        (2_000_000, 22_800),
        (5_000_000, 46_800),
        (10_000_000, 81_800),
        (20_000_000, 141_800),
        (30_000_000, 191_800),
    ],
)
def test_the_court_fee_is_that_of_the_measures(amount: int, fee: int) -> None:
    assert court_fee(PACK, Decimal(amount), TODAY).fee == fee


@pytest.mark.parametrize(
    ("amount", "fee"),
    [(10_000, 50), (50_000, 650), (100_000, 1_400), (500_000, 7_400), (5_000_000, 52_400), (10_000_000, 77_400)],
)
def test_the_enforcement_fee_is_that_of_the_measures(amount: int, fee: int) -> None:
    assert table_fee(PACK, "enforcement", Decimal(amount), TODAY).fee == fee


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        ("1000", "30"),
        ("1000.01", "30"),
        ("2000", "40"),
        ("100000", "1020"),
        ("895999", "4999.995"),
        ("896000", "5000"),
        ("900000", "5000"),
    ],
)
def test_the_preservation_fee_ends_at_its_maximum(amount: str, fee: str) -> None:
    found = table_fee(PACK, "preservation", Decimal(amount), TODAY)
    assert abs(found.fee - Decimal(fee)) <= Decimal("0.005")
    assert (found.maximum is not None) is (Decimal(amount) > 896_000)


@pytest.mark.parametrize(
    ("procedure", "fee"),
    [("ordinary", "1050"), ("summary", "525"), ("mediated", "525"), ("withdrawn", "525"), ("payment-order", "350")],
)
def test_a_procedure_divides_the_ordinary_fee(procedure: str, fee: str) -> None:
    assert court_fee(PACK, Decimal(50_000), TODAY, procedure).fee == Decimal(fee)


def test_a_third_of_a_fen_is_rounded_half_up() -> None:
    assert court_fee(PACK, Decimal(5_000), TODAY, "payment-order").fee == Decimal("16.67")


@pytest.mark.parametrize("kind", TABLES)
def test_at_every_edge_the_fee_runs_on(kind: Kind) -> None:
    (schedule,) = PACK.fees[kind].values
    for bracket, behind in pairwise(schedule.brackets):
        assert bracket.up_to is not None
        assert behind.percent is not None
        below, at, above = (table_fee(PACK, kind, bracket.up_to + step, TODAY) for step in (-FEN, Decimal(0), FEN))
        assert len(at.slices) == len(below.slices) == len(above.slices) - 1
        assert above.slices[-1].amount == FEN
        assert 0 <= at.fee - below.fee <= FEN
        assert 0 <= above.fee - at.fee <= FEN


@given(AMOUNTS, AMOUNTS, st.sampled_from(TABLES))
def test_more_never_costs_less(one: Decimal, other: Decimal, kind: Kind) -> None:
    fees = [table_fee(PACK, kind, amount, TODAY).fee for amount in sorted((one, other))]
    assert fees[0] <= fees[1]


@given(AMOUNTS, st.sampled_from(TABLES))
def test_the_slices_are_the_whole_amount_and_the_fee_their_sum(amount: Decimal, kind: Kind) -> None:
    found = table_fee(PACK, kind, amount, TODAY)
    assert sum(each.amount for each in found.slices) == amount
    exact = sum(each.fee for each in found.slices)
    assert abs(found.fee - min(exact, found.maximum or exact)) <= Decimal("0.005")


@given(AMOUNTS, st.sampled_from(PROCEDURES))
def test_no_procedure_costs_more_than_the_ordinary_one(amount: Decimal, procedure: str) -> None:
    assert court_fee(PACK, amount, TODAY, procedure).fee <= court_fee(PACK, amount, TODAY).fee


@pytest.mark.parametrize(("on", "known"), [(dt.date(2007, 3, 31), False), (dt.date(2007, 4, 1), True)])
def test_a_fee_has_its_first_day(on: dt.date, known: bool) -> None:
    if known:
        assert court_fee(PACK, Decimal(1), on).fee == 50
    else:
        with pytest.raises(NotInForceError, match="court fee has no table in force on 2007-03-31"):
            court_fee(PACK, Decimal(1), on)


@pytest.mark.parametrize("procedure", sorted(DIVISORS))
def test_a_pack_without_the_divisor_says_so(procedure: str) -> None:
    pack = tiny({"fees.yaml": COURT})
    with pytest.raises(NotInForceError, match=DIVISORS[procedure]):
        court_fee(pack, Decimal(1), TODAY, procedure)
    with pytest.raises(NotInForceError, match="enforcement"):
        table_fee(pack, "enforcement", Decimal(1), TODAY)


COURT = """
court:
  title: {zh: 受理费, en: Court fee}
  values:
    - valid_from: 2007-04-01
      valid_to: 2026-11-22
      status: primary
      references: [{id: practice, status: primary}]
      brackets: [{up_to: 100, flat: 5}, {up_to: 1000, percent: 2.5}, {percent: 0.5}]
      maximum: 90
    - valid_from: 2026-11-23
      status: primary
      references: [{id: practice, status: primary}]
      brackets: [{percent: 1}]
"""


@pytest.mark.parametrize(("on", "fee"), [(dt.date(2026, 11, 22), "27.50"), (dt.date(2026, 11, 23), "10.00")])
def test_the_table_of_the_day_counts(on: dt.date, fee: str) -> None:
    assert table_fee(tiny({"fees.yaml": COURT}), "court", Decimal(1000), on).fee == Decimal(fee)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{up_to: 1000, percent", "{up_to: 100, percent", "values[0].brackets[1].up_to: 100 is not above 100"),
        ("{up_to: 100, flat", "{up_to: 0, flat", "values[0].brackets[0].up_to: 0 is not above 0"),
        ("{percent: 0.5}", "{up_to: 2000, percent: 0.5}", "values[0].brackets: the last one ends at 2000"),
        ("{up_to: 1000, percent", "{percent", "values[0].brackets[2]: stands behind a bracket without an end"),
        ("flat: 5}", "flat: 5, percent: 1}", "values[0].brackets[0]: has exactly one of flat (yuan) and percent"),
        (", flat: 5}", "}", "values[0].brackets[0]: has exactly one of flat (yuan) and percent"),
        ("flat: 5}", "flat: 5.005}", "values[0].brackets[0].flat: 5.005 has too many decimals: yuan takes 2"),
        ("percent: 2.5", "percent: -2.5", "values[0].brackets[1].percent: -2.5 is below 0"),
        ("maximum: 90", "maximum: 90.001", "values[0].maximum: 90.001 has too many decimals: yuan takes 2"),
        ("2026-11-22", "2026-11-23", "values: two values are in force on 2026-11-23"),
        ("valid_to: 2026-11-22", "valid_to: 2007-03-31", "valid_to: 2007-03-31 is before valid_from 2007-04-01"),
        (
            "references: [{id: practice, status: primary}]\n      brackets: [{percent: 1}]",
            "brackets: [{percent: 1}]",
            "values[1].references: is missing",
        ),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(old: str, new: str, told: str) -> None:
    assert COURT.count(old) == 1
    found = errors({"fees.yaml": COURT.replace(old, new)})
    assert [line for line in found if line.startswith("fees.yaml: court.") and told in line], found


def test_a_reference_of_a_table_must_exist() -> None:
    found = errors({"fees.yaml": COURT.replace("practice", "practise")})
    assert "fees.yaml: court.values[0].references[0].id: unknown reference 'practise'" in found[0]


def test_a_table_that_has_ended_or_is_not_used_is_told(tmp_path: Path) -> None:
    ended = COURT[: COURT.index("    - valid_from: 2026-11-23")]
    folder = write(tmp_path, {"fees.yaml": ended + ended.replace("\ncourt:", "\nspare:")})
    told = "no value is in force on 2026-11-23 (the last value ended on 2026-11-22); add a dated value"
    found = [each for each in check(folder) if each.where == "fees.yaml"]
    assert found == [
        LintFinding("error", "fees.yaml", f"court: {told}"),
        LintFinding("error", "fees.yaml", f"spare: {told}"),
        LintFinding("warning", "fees.yaml", "spare: nothing uses it; use it in a rule or remove it"),
    ]
