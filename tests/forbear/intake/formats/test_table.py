"""Where the header of a table is, and which of its rows are no cases: in text and in sheets alike."""

from dataclasses import replace
from pathlib import Path

import pytest

from forbear.intake import IntakeError, SourceChoice, SourceFile, guess
from forbear.intake.formats.table import Sheet, TableRow, open_table
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.case_files import (
    HEADER,
    good,
    lines,
    ods_content,
    ods_table,
    ods_texts,
    open_source,
    read_all,
    refs,
    sheet,
    texts,
    write,
    write_ods,
    write_xlsx,
)

Rows = list[list[str]]
ENDINGS = (".csv", ".xlsx", ".ods")
every_ending = pytest.mark.parametrize("ending", ENDINGS)
CASES = [good(1), good(2)]


def table(folder: Path, ending: str, rows: Rows) -> Path:
    """The same rows as text and as sheets."""
    path = folder / f"cases{ending}"
    if ending == ".csv":
        return write(folder, path.name, lines(*rows))
    if ending == ".xlsx":
        return write_xlsx(path, [sheet(*(texts(*row) for row in rows))])
    return write_ods(path, ods_content(ods_table(*(ods_texts(*row) for row in rows))))


@every_ending
@pytest.mark.parametrize(
    ("above", "titles"),
    [
        ([["逾期名单（单位：万元）"]], ("逾期名单（单位：万元）",)),
        (
            [["制表单位：某银行", "制表日期：2026-11-01", "单位：元", ""]],
            ("制表单位：某银行", "制表日期：2026-11-01", "单位：元"),
        ),
        ([[f"第{number}条说明"] for number in range(7)], tuple(f"第{number}条说明" for number in range(7))),
        ([["a", "b", "c", "d"], [], ["x"]], ("a", "b", "c", "d", "x")),
    ],
)
def test_the_header_is_the_row_that_names_most_facts(
    tmp_path: Path, ending: str, above: Rows, titles: tuple[str, ...]
) -> None:
    source = open_source(table(tmp_path, ending, [*above, HEADER, *CASES]))
    assert (source.columns, source.titles, source.header_row) == (HEADER, titles, len(above) + 1)
    assert [row.number for row in source] == [1, 2]
    assert [text.en for text in source.notices] == [
        f"Row {len(above) + 1} was taken as the header; what is above it is not a case."
    ]


@every_ending
def test_a_row_of_groups_above_the_names_tells_those_of_one_name_apart(tmp_path: Path, ending: str) -> None:
    groups = ["基本信息", "", "债务", "", "联系人", ""]
    names = ["案件编号", "产品", "逾期天数", "余额", "电话", "余额"]
    source = open_source(table(tmp_path, ending, [groups, names, ["C-1", "信用卡", "3", "100", "1", "2"]]))
    assert source.columns == ["案件编号", "产品", "逾期天数", "债务 余额", "联系人 电话", "联系人 余额"]
    assert source.groups == ("基本信息", "基本信息", "债务", "债务", "联系人", "联系人")


@every_ending
def test_names_that_only_the_upper_row_has_are_taken_from_it(tmp_path: Path, ending: str) -> None:
    rows = [["案件编号", "产品", "情况", "", "备注"], ["", "", "逾期天数", "余额", ""], *CASES]
    assert open_source(table(tmp_path, ending, rows)).columns == HEADER


@every_ending
def test_a_row_of_units_belongs_to_the_names_above(tmp_path: Path, ending: str) -> None:
    source = open_source(table(tmp_path, ending, [HEADER, ["", "", "天", "（万元）", ""], *CASES]))
    assert source.columns == ["案件编号", "产品", "逾期天数(天)", "余额(万元)", "备注"]
    assert [row.cells[0] for row in source] == ["C-1", "C-2"]


@every_ending
def test_totals_signatures_examples_and_headers_once_more_are_told_as_such(tmp_path: Path, ending: str) -> None:
    english = ["case_ref", "product", "days_overdue", "balance", "notes"]
    rows = [
        HEADER,
        english,
        ["必填", "必填", "必填", "选填", "选填"],
        ["例如：FB-1", "信用卡", "3", "5", ""],
        good(1),
        HEADER,
    ]
    rows += [
        good(2),
        ["合 计", "", "3", "24001.00", ""],
        ["总计：", "", "", "1", ""],
        ["制表人：张三", "", "审核：李四"],
    ]
    rows = [[*row, *[""] * (5 - len(row))] for row in rows]
    accepted, rejected = read_all(table(tmp_path, ending, rows))
    assert refs(accepted) == ["C-1", "C-2"]
    assert [(row.row, row.en.split("looks like ")[-1].split(",")[0].split(" once")[0]) for row in rejected] == [
        (1, "This row is the header"),
        (2, "a note on how to fill in"),
        (3, "an example of how to fill in"),
        (5, "This row is the header"),
        (7, "a total"),
        (8, "a total"),
        (9, "a signature"),
    ]


@every_ending
def test_cells_without_a_header_are_told(tmp_path: Path, ending: str) -> None:
    rows = [
        ["案件编号", "产品", "", "逾期天数", "余额"],
        ["C-1", "信用卡", "什么", "3", "5"],
        ["C-2", "信用卡", "", "3", "5"],
    ]
    source = open_source(table(tmp_path, ending, rows))
    assert list(source)
    assert [text.en for text in source.notices] == ["Column C has no header: a filled cell of it was not used."]


@every_ending
def test_the_header_row_can_be_chosen(tmp_path: Path, ending: str) -> None:
    path = table(tmp_path, ending, [HEADER, good(1), ["a", "b", "c", "d", "e"], good(2)])

    def chosen(row: int) -> SourceFile:
        return open_source(path, header_row=row)

    assert (chosen(3).columns, [row.cells[0] for row in chosen(3)]) == (["a", "b", "c", "d", "e"], ["C-2"])
    with pytest.raises(IntakeError, match=r"Row 9 of .* is empty or not there"):
        chosen(9)


def test_what_a_file_does_not_have_cannot_be_chosen(tmp_path: Path) -> None:
    text = write(tmp_path, "cases.csv", lines(HEADER, good(1)))
    with pytest.raises(IntakeError, match="has no sheets"):
        open_source(text, sheet="S")
    objects = write(tmp_path, "cases.json", '[{"案件编号": "C-1"}]')
    with pytest.raises(IntakeError, match="has no header row"):
        open_source(objects, header_row=1)


@every_ending
@pytest.mark.parametrize(
    ("groups", "columns"),
    [
        (["", "", "债务", "", "配偶情况", ""], ["逾期天数", "余额", "配偶情况 月收入", "配偶情况 手机号"]),
        (["", "", "", "", "担保人：", ""], ["逾期天数", "余额", "担保人 月收入", "担保人 手机号"]),
        (["Loan", "", "", "", "Spouse", ""], ["逾期天数", "余额", "Spouse 月收入", "Spouse 手机号"]),
        (["案件", "", "债务", "", "借款人", ""], ["逾期天数", "余额", "月收入", "手机号"]),
    ],
)
def test_what_stands_under_somebody_else_is_called_by_them(
    tmp_path: Path, ending: str, groups: list[str], columns: list[str]
) -> None:
    names = ["案件编号", "产品", "逾期天数", "余额", "月收入", "手机号"]
    row = ["C-1", "信用卡", "3", "100", "9000", "13812345678"]
    source = open_source(table(tmp_path, ending, [groups, names, row]))
    assert source.columns[2:] == columns


def test_a_second_row_of_groups_counts_too(tmp_path: Path) -> None:
    groups = [["借款人", "", "", "", "配偶", ""], ["案件", "", "债务", "", "收入", "联系"]]
    names = ["案件编号", "产品", "逾期天数", "余额", "月收入", "手机号"]
    row = ["C-1", "信用卡", "3", "100", "9000", "13812345678"]
    source = open_source(table(tmp_path, ".csv", [*groups, names, row]))
    assert source.columns[4:] == ["配偶 收入 月收入", "配偶 联系 手机号"]


PACK = load(DEFAULT_PACK).vocabulary
WITH_MONEY = ["案件编号", "产品", "逾期天数", "余额", "月收入"]


def units(folder: Path, *rows: list[str], ending: str = ".csv") -> dict[str | None, str | None]:
    """The unit of each fact of a table, as it is guessed. Raises IntakeError."""
    guessed = guess(PACK, open_source(table(folder, ending, list(rows))))
    if guessed.fault is not None:
        raise guessed.fault
    return {each.use.fact: each.use.unit for each in guessed.columns if each.use.fact in ("balance", "income_monthly")}


FIRST = ["C-1", "信用卡", "3", "120", "50"]


@every_ending
@pytest.mark.parametrize(
    "row",
    [
        ["—", "—", "天", "万元", "—"],
        ["文本", "文本", "数字", "万元", "元"],
        ["必填", "必填", "必填", "必填，万元", "选填"],
        ["", "", "", "单位：万元", ""],
        ["请填写编号", "请填写产品", "请填写天数", "请填写金额，单位万元", "请填写"],
        ["case_ref", "product", "days_overdue", "balance (CNY 10000)", "income_monthly"],
        ["(ref)", "(type)", "(days)", "(CNY 10000)", ""],
    ],
)
def test_a_unit_in_a_row_below_the_names_is_that_of_its_column(tmp_path: Path, ending: str, row: list[str]) -> None:
    found = units(tmp_path, WITH_MONEY, row, FIRST, ending=ending)
    assert found["balance"] in ("万元", "必填,万元", "cny 10000", "单位：万元")
    assert found["income_monthly"] in (None, "元")
    example = ["示例", "信用卡", "1", "1", "1"]
    assert units(tmp_path, WITH_MONEY, example, row, FIRST, ending=ending)["balance"] is not None


def test_a_unit_below_that_is_not_understood_or_is_another_refuses_the_column(tmp_path: Path) -> None:
    for row in (
        ["说明", "", "", "按多少万元填", ""],
        ["case_ref", "product", "days_overdue", "balance (USD)", "income"],
    ):
        with pytest.raises(IntakeError, match="'余额' seems to be in"):
            units(tmp_path, WITH_MONEY, row, FIRST)
    with pytest.raises(IntakeError, match="several units at once"):
        units(tmp_path, [*WITH_MONEY[:3], "余额（元）", "月收入"], ["", "", "天", "万元", ""], FIRST)


@every_ending
def test_the_unit_of_a_group_is_that_of_its_columns_alone(tmp_path: Path, ending: str) -> None:
    groups = ["案件", "", "债务（万元）", "", "家庭情况"]
    assert units(tmp_path, groups, WITH_MONEY, FIRST, ending=ending) == {"balance": "万元", "income_monthly": None}
    whole = ["债务清单（万元）", "", "2026年11月", "", ""]  # in whose columns no amount is: it is a title
    assert set(units(tmp_path, whole, WITH_MONEY, FIRST, ending=ending).values()) == {"万元"}
    above = ["", "", "天", "万元", "元"]
    found = units(tmp_path, above, WITH_MONEY, FIRST, ending=ending)
    assert (found["balance"], found["income_monthly"] in (None, "元")) == ("万元", True)


@every_ending
def test_what_stands_below_a_header_of_another_order_is_refused(tmp_path: Path, ending: str) -> None:
    other = [HEADER[0], HEADER[1], HEADER[3], HEADER[2], HEADER[4]]
    without_first = [*HEADER[1:], HEADER[0]]
    rows = [HEADER, good(1), good(2), good(3), HEADER, good(4), other, good(5), HEADER, good(6), without_first, good(7)]
    accepted, rejected = read_all(table(tmp_path, ending, rows))
    assert refs(accepted) == ["C-1", "C-2", "C-3", "C-4", "C-6"]
    assert [row.row for row in rejected if "has other columns, other units or another order" in row.en] == [7, 11]


def test_a_header_once_more_in_other_units_is_another_one_as_soon_as_a_case_stands_above_it(tmp_path: Path) -> None:
    in_ten_thousands = [name + "（万元）" if name == "余额" else name for name in HEADER]
    accepted, rejected = read_all(table(tmp_path, ".csv", [HEADER, good(1), in_ten_thousands, good(2)]))
    assert (refs(accepted), [row.row for row in rejected]) == (["C-1"], [2, 3])


def test_a_header_once_more_in_another_language_or_in_two_rows_has_the_same_order(tmp_path: Path) -> None:
    english = ["case_ref", "product", "days_overdue", "balance", "remarks of ours"]
    groups, names = ["案件编号", "产品", "债务", "", "备注"], ["", "", "逾期天数", "余额", ""]
    rows = [groups, names, english, good(1), groups, names, good(2)]
    assert refs(read_all(table(tmp_path, ".csv", rows))[0]) == ["C-1", "C-2"]
    swapped = ["case_ref", "product", "balance", "days_overdue", "notes"]
    accepted, rejected = read_all(table(tmp_path, ".csv", [HEADER, swapped, good(1)]))
    assert (refs(accepted), len(rejected)) == ([], 2)


def test_a_unit_below_the_table_or_in_the_name_of_the_file_or_sheet_counts(tmp_path: Path) -> None:
    rows = [WITH_MONEY, FIRST, ["C-2", "信用卡", "3", "300", "60"]]
    blank = [""] * 4
    assert set(units(tmp_path, *rows, ["注：以上金额单位为万元", *blank]).values()) == {"万元"}
    assert set(units(tmp_path, *rows, ["以上金额均以万元计", *blank]).values()) <= {"万元", "万元计"}
    with pytest.raises(IntakeError, match="'余额' seems to be in several units"):
        units(tmp_path, ["单位：元", *blank], *rows, ["注：金额单位：万元", *blank])
    named = write(tmp_path, "欠款清单（万元）.csv", lines(*rows))
    assert {each.use.unit for each in guess(PACK, open_source(named)).columns if each.use.fact == "balance"} == {"万元"}
    initial = write(tmp_path, "K.csv", lines(*rows))
    assert {each.use.unit for each in guess(PACK, open_source(initial)).columns} == {None}, "no thousands"
    book = write_xlsx(tmp_path / "x.xlsx", [sheet(*(texts(*row) for row in rows))])
    source = replace(open_source(book), sheet="明细(万元)")
    assert {each.use.unit for each in guess(PACK, source).columns if each.use.fact == "balance"} == {"万元"}


def test_a_header_once_more_in_other_units_is_another_table(tmp_path: Path) -> None:
    plain, thousands, yuan = ([*HEADER[:3], f"余额{unit}", HEADER[4]] for unit in ("", "（千元）", "（元，截至10月）"))
    rows = [good(1), good(2), good(3)]
    for first, second in ((plain, thousands), (thousands, plain), (thousands, yuan), (yuan, thousands)):
        accepted, rejected = read_all(table(tmp_path, ".csv", [first, *rows, first, good(4), second, good(5)]))
        assert refs(accepted) in (["C-1", "C-2", "C-3", "C-4"], [])
        assert "other units" in rejected[-1].en
    apart = [HEADER, ["", "", "", "元", ""], *rows, HEADER, good(4)]  # the units stand in a row of their own
    assert refs(read_all(table(tmp_path, ".csv", apart))[0]) == ["C-1", "C-2", "C-3", "C-4"]


def test_groups_that_are_called_by_their_units_are_groups(tmp_path: Path) -> None:
    names = ["案件编号", "产品", "逾期天数", "余额", "月收入"]
    groups = ["基本信息", "", "", "金额（万元）", "收入（元）"]
    assert units(tmp_path, groups, names, FIRST) == {"balance": "万元", "income_monthly": "元"}
    with pytest.raises(IntakeError, match="'月收入' seems to be in another unit"):
        units(tmp_path, ["基本信息", "", "", "金额（万元）", "其他"], names, FIRST)  # a title at the right, or a group
    title = ["逾期名单", "", "", "", "金额（万元）"]
    assert set(units(tmp_path, title, names, FIRST).values()) == {"万元"}


@pytest.mark.parametrize(
    ("cell", "comment", "known"),
    [
        (34, "这笔是美元", False),
        ("1,200.50", "HKD", False),
        ("R-3", "客户还欠着美元债", True),  # said of the case, not of its reference
        (34, "客户答应下月还", True),
    ],
)
def test_a_figure_whose_comment_names_a_currency_is_none(cell: object, comment: str, known: bool) -> None:
    names: list[object] = ["编号", "余额", "备注"]
    rows = [TableRow(1, names), TableRow(2, ["R-1", cell, "x"], comments={1: comment})]
    sheet = Sheet(lambda _width: iter(rows), "数据", commented=True)
    (row,) = open_table(Path("cases.xlsx"), sheet, SourceChoice())
    assert (row.cells[1] == cell) is known
