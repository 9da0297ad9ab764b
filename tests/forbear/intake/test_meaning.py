"""From a file to facts: what stands beside a number is part of it, what cannot be true comes back."""

import datetime as dt
import json
from pathlib import Path

import pytest

from forbear.intake import (
    Accepted,
    ColumnUse,
    IntakeError,
    Mapping,
    Rejected,
    SourceChoice,
    SourceFile,
    guess,
    open_intake,
)
from forbear.intake.columns import naming
from forbear.intake.formats.table import Sheet, TableRow
from forbear.intake.formats.workbooks.sheets import open_sheets
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
        ("欠款余额", "Amounts in 000s", "12", "balance", 1_200_000),
        ("欠款余额", "All figures in 1,000s of yuan", "12", "balance", 1_200_000),
        ("欠款余额(000s)", "", "12", "balance", 1_200_000),
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


@pytest.mark.parametrize(
    ("header", "cells", "told"),
    [
        ("欠款余额,单位", "1.2,万元", "says '万元'"),
        ("欠款余额,金额单位", "2300,千元", "says '千元'"),
        ("欠款余额,币种", "2300,USD", "says 'USD'"),
        ("年利率,利率类型", "1.5,月利率", "says '月利率'"),
        ("欠款余额,单位", "2300,元", None),
        ("欠款余额,欠款1", "2300,100", None),
        ("欠款余额,姓", "2300,万", None),
        ("欠款余额,金额单位", "2300,万", "says '万'"),
        ("欠款余额,币种", "2300,人民币", None),
        *(("欠款余额,币种", f"2300,{code}", told) for code, told in (("840", "says '840'"), ("156", None))),
        ("欠款余额,借贷方向", "2300,贷", "says '贷', and Balance"),
        ("欠款余额,借贷方向", "2300,借", None),
        *(("欠款余额,案件状态", f"2300,{word}", f"says '{word}': this case") for word in ("作废", "已结清", "Deleted")),
        ("欠款余额,催收标志", "2300,正常", None),
        ("欠款余额,单位", "2300,某某公司", None),
        ("欠款余额,还款频率", "2300,月", None),
        ("月收入,发薪周期", "2300,周", "says '周', and Monthly income"),
        ("月收入,收入频率", "2300,每周", "says '每周'"),
        ("月收入,pay frequency", "2300,biweekly", "says 'biweekly'"),
        ("月收入,收入频率", "2300,每月", None),
        ("月收入,账期", "2300,30", None),
        ("欠款余额,还款周期", "2300,周", None),  # nothing that comes every month is beside it
        ("月收入,每月应还,还款周期", "8000,900,季", "says '季', and Due per month"),
        ("年利率,利率类型", "15,年利率", None),
    ],
)
def test_a_column_that_says_another_unit_is_heeded(tmp_path: Path, header: str, cells: str, told: str | None) -> None:
    accepted, rejected = read(tmp_path, header, cells)
    assert (len(accepted), len(rejected)) == ((1, 0) if told is None else (0, 1))
    assert told is None or told in rejected[0].error


def test_days_in_months_by_a_column_beside_are_no_days(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(
        "案件编号,贷款产品,困难原因,逾期天数,逾期单位\nM-1,信用卡,未说明,3,月\nM-2,信用卡,未说明,3,天\n",
        encoding="utf-8",
    )
    months, days = open_intake(path, VOCABULARY).on(TODAY)
    assert isinstance(months, Rejected) and isinstance(days, Accepted)


def _of_json(folder: Path, around: str) -> Accepted:
    path = folder / "cases.json"
    case = '{"案件编号": "M-1", "贷款产品": "信用卡", "困难原因": "未说明", "逾期天数": 45, "欠款余额": 1.2}'
    path.write_text(around.replace("CASES", f"[{case}]"), encoding="utf-8")
    (row,) = open_intake(path, VOCABULARY).on(TODAY)
    assert isinstance(row, Accepted)
    return row


@pytest.mark.parametrize(
    "around",
    [
        '{"data": {"unit": "万元", "list": CASES}}',
        '{"amount_unit": "万元", "data": CASES}',
        '{"data": {"list": CASES, "remark": "以上金额单位为万元"}}',
    ],
)
def test_a_unit_beside_a_list_is_applied(tmp_path: Path, around: str) -> None:
    assert _of_json(tmp_path, around).facts["balance"] == 1_200_000


def test_a_unit_that_may_be_of_something_else_refuses_what_it_may_be_of(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="what it is said of is not understood"):
        _of_json(tmp_path, '{"summary": {"unit": "万元", "total": 12}, "data": CASES}')
    of_total = _of_json(tmp_path, '{"summary": {"unit": "元", "total": 12}, "data": CASES}').facts
    assert ("balance" in of_total, of_total["in_doubt"]) == (False, ("balance_very_low",))


def _of_sheets(*others: tuple[str, list[list[object]]]) -> tuple[SourceFile, IntakeError | None]:
    """A table beside other sheets, and why it cannot be read."""
    table: list[list[object]] = [[*HEADER.split(","), "欠款余额"], ["M-1", "信用卡", "未说明", 45, 1.2]]

    def sheet(name: str, cells: list[list[object]]) -> Sheet:
        return Sheet(lambda _width: (TableRow(number, list(row)) for number, row in enumerate(cells, 1)), name)

    choice = SourceChoice(known=naming(VOCABULARY))
    source = open_sheets(Path("cases.xlsx"), [*(sheet(*other) for other in others), sheet("明细", table)], choice)
    return source, guess(VOCABULARY, source).fault


@pytest.mark.parametrize(
    "cover", [[["逾期名单"], ["单位：万元"]], [["金额单位", "万元"]], [["1. 金额以万元计"], ["2. 日期写全"]]]
)
def test_the_unit_of_a_cover_is_that_of_the_table_and_told(cover: list[list[object]]) -> None:
    source, fault = _of_sheets(("封面", cover))
    assert fault is None
    assert "万元" in (guess(VOCABULARY, source).columns[-1].use.unit or "")
    assert any("the table is read by that" in notice.en for notice in source.notices)


@pytest.mark.parametrize(
    ("sheet", "refused"),
    [
        ([["欠款余额（万元）：填写最新余额"]], True),
        ([["单位：万元"], ["信用卡", 12]], True),
        ([["产品", "金额（万元）"], ["信用卡", 12]], False),
        ([["产品", "金额（万元）", "户数"], ["信用卡", 12, 3]], False),
    ],
)
def test_a_unit_on_another_sheet_that_may_be_said_of_a_part_is_never_applied(
    sheet: list[list[object]], refused: bool
) -> None:
    assert (_of_sheets(("汇总", sheet))[1] is not None) == refused


def test_a_unit_far_below_the_rows_that_were_read_without_it_stops_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    rows = [f"{ROW.format(number)},5000" for number in range(210)]
    for footer, stops in (("注：以上金额单位为万元,,,,", True), ("注：以上金额单位为元,,,,", False)):
        path.write_text("\n".join([f"{HEADER},欠款余额", *rows, footer]), encoding="utf-8")
        file = open_intake(path, VOCABULARY)
        if stops:
            with pytest.raises(IntakeError, match="Balance was read in another unit"):
                list(file.on(TODAY))
        else:
            assert len(list(file.on(TODAY))) == 211


@pytest.mark.parametrize(
    "above", ["数据截止日期：2026-10-31", "截至2026年10月31日的逾期名单", "Data as of 2026/10/31", "统计日期 20261031"]
)
def test_the_day_that_a_file_says_to_be_of_is_told(tmp_path: Path, above: str) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(f"{above}\n{HEADER},欠款余额\n{ROW.format(1)},5000", encoding="utf-8")
    assert any("that it is of 2026-10-31" in notice.en for notice in open_intake(path, VOCABULARY).notices)


@pytest.mark.parametrize(
    ("cell", "value"), [("愿意", True), ("愿意还款", True), ("不愿意", False), ("没有还款意愿", False)]
)
def test_a_yes_or_no_may_be_said_in_the_words_of_its_fact(tmp_path: Path, cell: str, value: bool) -> None:
    accepted, rejected = read(tmp_path, "是否愿意还款", cell)
    assert rejected == []
    assert accepted[0].facts["willing_to_pay"] is value


def test_a_reason_that_is_a_sentence_goes_on_without_its_stop(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(f"{HEADER},申请日期,收入（年）\n{ROW.format(1)},2026-01-01,60000", encoding="utf-8")
    told = open_intake(path, VOCABULARY).notices
    assert told
    assert not any("。；" in notice.zh or ".;" in notice.en for notice in told)


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
    assert "yearly income" in told.en
    assert "row 2 of the file" in told.en
    assert "文件的第 2 行" in told.zh


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
    assert "yearly income" in rejected[0].en
    assert len(read(tmp_path, "月收入（元/月）", "60000", "84000", "120000")[0]) == 3


def test_two_spellings_of_one_reference_are_told(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    rows = [f"{reference},信用卡,未说明,45" for reference in ("fb-1", "FB-1", "ＦＢ-1", "FB\u200b-1", "FB-2")]
    path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    found = list(open_intake(path, VOCABULARY))
    assert [isinstance(each, Accepted) for each in found] == [True, False, False, False, True]
    assert all("spelling" in each.en for each in found if isinstance(each, Rejected))


@pytest.mark.parametrize(
    ("above", "header", "told"),
    [
        ("逾期名单（单位：万元）", "欠款余额", "欠款余额 is read in 万元, as '逾期名单（单位：万元）' says"),
        ("单位：元", "欠款余额", "欠款余额 is read in 元, as '单位：元' says"),
        ("单位：万元", "欠款余额（万元）", None),
        ("", "欠款余额（万元）", None),
    ],
)
def test_a_unit_that_stands_elsewhere_than_in_the_header_is_told(
    tmp_path: Path, above: str, header: str, told: str | None
) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(f"{above}\n{HEADER},{header}\n{ROW.format(1)},1.2", encoding="utf-8")
    notices = [text.en for text in open_intake(path, VOCABULARY).notices]
    assert [(told or "?") in text for text in notices if "is read in" in text] == ([True] if told else [])


def test_garbled_text_is_no_text_in_any_column_nor_in_a_header(tmp_path: Path) -> None:
    for header in ("备注", "居住城市", "自己的一列"):
        accepted, rejected = read(tmp_path, header, "客户\ufffd\ufffd", "锟斤拷", "瀹㈡埛璇存兂姝", "????", "一切正常")
        assert [each.row for each in accepted] == [5]
        assert len(rejected) == 4
    with pytest.raises(IntakeError, match="holds letters that were lost"):
        read(tmp_path, "备\ufffd注", "x")


def test_long_numbers_of_a_column_that_lost_their_last_digit_come_back(tmp_path: Path) -> None:
    cards = ("6222021234567890", "6222021234567110", "6222021234561230", "KH-1")
    accepted, rejected = read(tmp_path, "借款人编号", *cards)
    assert ([each.row for each in rejected], [each.row for each in accepted]) == ([1, 2, 3], [4])
    assert rejected[0].field == "borrower_ref"


@pytest.mark.parametrize(
    ("cells", "taken"),
    [
        (["13/01/2025"] * 230 + ["24-11-03"], False),
        (["13/01/2025"] * 230 + ["05.03.2025"], False),
        (["13/01/2025"] * 230 + ["05/03/2025"], True),
        (["13/01/2025"] * 230 + ["31.03.2025"], True),  # it can be read in one way only
        (["2025-03-05"] * 230 + ["05/03/2025"], False),
    ],
)
def test_a_date_in_another_form_far_below_is_not_read_like_those_above(
    tmp_path: Path, cells: list[str], taken: bool
) -> None:
    accepted, rejected = read(tmp_path, "合同日期", *cells)
    assert isinstance(accepted + rejected, list) and len(accepted) + len(rejected) == len(cells)
    assert (cells.index(cells[-1]) + 1 not in {row.row for row in rejected}) is taken


def test_an_order_that_is_said_holds_for_years_of_four_digits(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    dates = ("03/04/2025", "03-04-2025", "25-04-03")
    rows = (f"{ROW.format(number)},{date}" for number, date in enumerate(dates))
    path.write_text("\n".join([f"{HEADER},合同日期", *rows]), encoding="utf-8")
    one_day, same_day, other = open_intake(path, VOCABULARY, Mapping(date_order="dmy")).on(TODAY)
    assert isinstance(one_day, Accepted) and one_day.facts["contract_date"] == dt.date(2025, 4, 3)
    assert isinstance(same_day, Accepted) and same_day.facts["contract_date"] == dt.date(2025, 4, 3)
    assert isinstance(other, Rejected) and "is not written like the other dates of its column" in other.en


def test_a_constant_does_not_cover_a_column(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(f"{HEADER}\n{ROW.format(1)}\n", encoding="utf-8")
    with pytest.raises(IntakeError, match=r"hardship has a constant and the column '困难原因': keep one of them\."):
        open_intake(path, VOCABULARY, Mapping(constants={"hardship": "unemployment"}))
    unused = Mapping(constants={"hardship": "unemployment"}, columns={"困难原因": ColumnUse(fact=None)})
    (row,) = open_intake(path, VOCABULARY, unused).on(TODAY)
    assert isinstance(row, Accepted) and row.facts["hardship"] == "unemployment"


def test_a_mapping_does_not_talk_dollars_in_a_header_away(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(f"{HEADER},余额USD\n{ROW.format(1)},3000\n", encoding="utf-8")
    yuan = Mapping(columns={"余额USD": ColumnUse(fact="balance", unit="元")})
    with pytest.raises(IntakeError, match="seems to be in USD"):
        open_intake(path, VOCABULARY, yuan)


def test_notes_that_are_a_list_of_texts_are_one_text(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    case = {"案件编号": "A", "产品": "花呗", "逾期天数": 45, "困难原因": "失业", "备注": ["来过电话", "说想死"]}
    path.write_text(json.dumps(case, ensure_ascii=False), encoding="utf-8")
    (row,) = open_intake(path, VOCABULARY).on(TODAY)
    assert isinstance(row, Accepted) and row.private["notes"] == "来过电话\n说想死"


def test_a_column_of_units_is_none_of_the_amount_that_it_is_named_after(tmp_path: Path) -> None:
    accepted, rejected = read(tmp_path, "欠款余额,欠款余额单位", "120,千元", "120,元")
    assert [row.row for row in accepted] == [2]
    assert "says '千元'" in rejected[0].error


@pytest.mark.parametrize(("cells", "told"), [("1.2", 1), ("12000", 0), ("0", 0)])
def test_one_row_in_ten_thousands_is_asked_about(tmp_path: Path, cells: str, told: int) -> None:
    accepted, _ = read(tmp_path, "欠款余额", cells)
    assert ("balance" not in accepted[0].facts) is bool(told)
    said_in_yuan, _ = read(tmp_path, "欠款余额（元）", cells)
    assert "balance" in said_in_yuan[0].facts


@pytest.mark.parametrize("reference", ["Y", "年", "%", "万元"])
def test_a_single_case_has_no_line_in_which_a_unit_stands(reference: str) -> None:
    intake, row = one({"case_ref": reference, "逾期天数": None}, VOCABULARY, TODAY)
    assert isinstance(row, Rejected)
    assert [use.unit for use in intake.mapping.columns.values() if use.unit] == []


def test_a_row_with_nothing_but_one_letter_says_no_unit(tmp_path: Path) -> None:
    accepted, rejected = read(tmp_path, "欠款余额", "2300", row="M-{},信用卡,未说明,45")
    path = tmp_path / "cases.csv"
    path.write_text(path.read_text("utf-8") + "\nY,,,,\nK,,,,", "utf-8")
    rows = list(open_intake(path, VOCABULARY).on(TODAY))
    assert (len(accepted), len(rejected)) == (1, 0)
    assert [isinstance(row, Accepted) for row in rows] == [True, False, False]
