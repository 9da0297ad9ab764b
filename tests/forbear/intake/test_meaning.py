"""From a file to facts: what stands beside a number is part of it, what cannot be true comes back."""

import datetime as dt
from pathlib import Path

import pytest

from forbear.intake import Accepted, IntakeError, Rejected, open_intake
from forbear.intake.single_case import one
from rules.loading.loader import DEFAULT_PACK, load

VOCABULARY = load(DEFAULT_PACK).vocabulary
TODAY = dt.date(2026, 11, 23)
HEADER, ROW = "案件编号,贷款产品,困难原因,逾期天数", "M-{},信用卡,未说明,45"


def read(
    folder: Path, header: str, *cells: str, above: str = "", row: str = ROW
) -> tuple[list[Accepted], list[Rejected]]:
    """The rows of a file with one column more."""
    lines = [above, f"{HEADER},{header}", *(f"{row.format(number)},{cell}" for number, cell in enumerate(cells, 1))]
    path = folder / "cases.csv"
    path.write_text("\n".join(line for line in lines if line), encoding="utf-8")
    found = list(open_intake(path, VOCABULARY).on(TODAY))
    return [each for each in found if isinstance(each, Accepted)], [
        each for each in found if isinstance(each, Rejected)
    ]


@pytest.mark.parametrize(
    ("header", "above", "cell", "fact", "value"),
    [
        ("欠款余额（万元）", "", "12", "balance", 12_000_000),
        ("欠款余额(千元)", "", "12.5", "balance", 1_250_000),
        ("欠款余额", "逾期名单（单位：万元）", "1.2", "balance", 1_200_000),
        ("欠款余额（元）", "逾期名单（单位：万元）", "1.2", "balance", 120),
        ("欠款余额（万元）", "", "5000元", "balance", 500_000),
        ("年利率（小数）", "", "0.18", "annual_rate_percent", 1800),
        ("年利率（‰/年）", "", "180", "annual_rate_percent", 1800),
        ("月收入（千元/月）", "", "5", "income_monthly", 500_000),
        ("欠款餘額（萬元）", "", "1.2", "balance", 1_200_000),
    ],
)
def test_the_unit_of_a_column_is_applied(
    tmp_path: Path, header: str, above: str, cell: str, fact: str, value: int
) -> None:
    accepted, rejected = read(tmp_path, header, cell, above=above)
    assert rejected == []
    assert accepted[0].facts[fact] == value


def test_what_is_in_doubt_and_asked_for_is_left_out_kept_and_told(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(f"{HEADER},月收入\nM-1,信用卡,未说明,45,96000\nM-2,信用卡,未说明,45,4000\n", encoding="utf-8")
    file = open_intake(path, VOCABULARY)
    first, second = file.on(TODAY)
    assert isinstance(first, Accepted)
    assert "income_monthly" not in first.facts
    assert first.facts["in_doubt"] == ("income_very_high",)
    assert first.extra == {"income_monthly": "¥96,000.00"}
    assert isinstance(second, Accepted)
    assert "in_doubt" not in second.facts
    told = file.notices[-1]
    assert "income of a year" in told.en
    assert "row 1" in told.en
    assert "第 1 行" in told.zh


@pytest.mark.parametrize(
    ("header", "cell", "fact"),
    [
        ("欠款余额（美元）", "12", "balance"),
        ("月收入（年）", "60000", "income_monthly"),
        ("手机号（联系人）", "13800138000", "phone"),
        ("年利率（日）", "0.05", "annual_rate_percent"),
        ("申请日期", "2026-01-01", "prior_request_on"),
        ("到期日期", "2028-01-01", "due_date"),
    ],
)
def test_a_column_of_another_meaning_is_told_and_never_read(tmp_path: Path, header: str, cell: str, fact: str) -> None:
    try:
        accepted, rejected = read(tmp_path, header, cell)
    except IntakeError as error:
        assert header in error.zh
        return
    assert all(fact not in each.facts and fact not in each.private for each in accepted)
    path = tmp_path / "cases.csv"
    intake = open_intake(path, VOCABULARY)
    assert len(list(intake)) == len(accepted) + len(rejected) == 1
    assert any(header in text.zh for text in intake.notices)


@pytest.mark.parametrize(
    ("header", "cell", "field"),
    [
        ("应还款日", "2028-01-01", "days_overdue"),
        ("应还款日", "1900-01-01", "due_date"),
        ("合同日期", "1970-01-01", "contract_date"),
        ("年利率", "0.36", "annual_rate_percent"),
        ("年利率", "0.05%", "annual_rate_percent"),
        ("借款人编号", "1.10101E+17", "borrower_ref"),
        ("身份证号", "1.10101E+17", "id_number"),
        ("手机号", "1.38E+10", "phone"),
        ("居住城市", "#REF!", "city"),
        ("月收入", "5000+", "income_monthly"),
    ],
)
def test_a_value_that_cannot_be_true_comes_back_with_its_field(
    tmp_path: Path, header: str, cell: str, field: str
) -> None:
    accepted, rejected = read(tmp_path, header, cell)
    assert accepted == []
    assert rejected[0].field == field
    known = {"案件编号": "P-1", "贷款产品": "信用卡", "困难原因": "未说明", "逾期天数": "45", header: cell}
    assert isinstance(one(known, VOCABULARY, TODAY)[1], Rejected)  # a program's single case is read no less carefully


def test_a_column_that_seems_to_be_of_a_year_comes_back_row_by_row_unless_its_header_says_a_month(
    tmp_path: Path,
) -> None:
    accepted, rejected = read(tmp_path, "月收入", "60000", "84000", "", "120000")
    assert [each.row for each in rejected] == [1, 2, 4]
    assert [each.row for each in accepted] == [3]
    assert "income of a year" in rejected[0].en
    assert len(read(tmp_path, "月收入（元/月）", "60000", "84000", "120000")[0]) == 3


def test_two_spellings_of_one_reference_are_told(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    rows = [f"{reference},信用卡,未说明,45" for reference in ("fb-1", "FB-1", "ＦＢ-1", "FB\u200b-1", "FB-2")]
    path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    found = list(open_intake(path, VOCABULARY))
    assert [isinstance(each, Accepted) for each in found] == [True, False, False, False, True]
    assert all("spelling" in each.en for each in found if isinstance(each, Rejected))
