"""Rows that hold several debts, and debts whose persons are in another sheet, become a case a debt."""

import json
from pathlib import Path

import pytest

from forbear.intake import Accepted, IntakeError, Rejected, guess, open_intake, open_source
from forbear.intake.layouts.tied import proposed
from forbear.intake.mapping import Mapping, Persons, of_data
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.case_files import lines, sheet, texts, write, write_xlsx

SHIPPED = load(DEFAULT_PACK).vocabulary
HEADER = ["客户编号", "姓名", "困难原因", "欠款1(万元)", "平台1", "逾期天数1", "欠款2", "平台2", "逾期天数2"]
ROWS = [
    ["K1", "甲", "失业", "1.2", "借呗", "30", "", "", ""],
    ["K2", "乙", "失业", "0.5", "借呗", "30", "200", "花呗", "3"],
    ["K3", "丙", "失业", "0.5", "借呗", "30", "200", "花呗", "很多"],
    ["K4", "丁", "失业", "", "", "", "", "", ""],
]


def _confirmed(path: Path) -> Mapping:
    return guess(SHIPPED, open_source(path, SHIPPED)).mapping


def test_the_debts_of_a_row_are_proposed_and_taken_only_when_that_is_confirmed(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, *ROWS))
    seen = guess(SHIPPED, open_source(path, SHIPPED))
    held = {each.header: (each.use.fact, each.use.unit, each.use.debt, each.sure) for each in seen.columns}
    assert held["欠款1(万元)"] == ("balance", "万元", 1, "likely")
    assert held["平台2"] == ("product", None, 2, "likely"), (
        "the platforms are all products, and nothing else says which"
    )
    assert held["困难原因"] == ("hardship", None, None, "certain")
    assert seen.missing == ()
    with pytest.raises(IntakeError, match="It may be '平台1' for Product"):
        open_intake(path, SHIPPED)


def test_each_debt_of_a_row_is_a_case_of_one_borrower(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, *ROWS))
    intake = open_intake(path, SHIPPED, _confirmed(path))
    read = list(intake)
    cases = [row for row in read if isinstance(row, Accepted)]
    assert [(row.row, row.case_ref, row.borrower_ref, row.facts["balance"], row.facts["product"]) for row in cases] == [
        (101, "K1-1", "K1", 1_200_000, "jiebei"),
        (201, "K2-1", "K2", 500_000, "jiebei"),
        (202, "K2-2", "K2", 20_000, "huabei"),
        (301, "K3-1", "K3", 500_000, "jiebei"),
    ]
    assert all(row.private == {"name": name} for row, name in zip(cases, "甲乙乙丙", strict=True))
    first, second = (row for row in read if isinstance(row, Rejected))
    assert (first.row, first.field) == (302, "days_overdue")
    assert first.cells == ("K3", "丙", "失业", "", "", "", "200", "花呗", "很多"), (
        "the debts that were taken are not in it"
    )
    assert second.row == 401, "a row without any debt comes back"
    assert "debt 2 of row 7 is counted as row 702" in " ".join(notice.en for notice in intake.notices)


def test_a_debt_that_came_back_is_corrected_alone_and_keeps_its_reference(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, *ROWS))
    mapping = _confirmed(path)
    back = next(row for row in open_intake(path, SHIPPED, mapping) if isinstance(row, Rejected))
    again = write(tmp_path, "again.csv", lines(HEADER, [cell.replace("很多", "9") for cell in back.cells]))
    (case,) = open_intake(again, SHIPPED, mapping)
    assert isinstance(case, Accepted)
    assert (case.case_ref, case.facts["days_overdue"]) == ("K3-2", 9)


def test_a_product_in_the_header_says_what_the_debt_is(tmp_path: Path) -> None:
    header = ["案件编号", "困难原因", "花呗余额", "借呗余额", "逾期天数"]
    path = write(tmp_path, "cases.csv", lines(header, ["A", "失业", "100", "200", "30"], ["B", "失业", "", "50", "3"]))
    cases = [row for row in open_intake(path, SHIPPED, _confirmed(path)) if isinstance(row, Accepted)]
    assert [(row.case_ref, row.facts["product"], row.facts["balance"]) for row in cases] == [
        ("A-1", "huabei", 10_000),
        ("A-2", "jiebei", 20_000),
        ("B-2", "jiebei", 5_000),
    ]


@pytest.mark.parametrize(
    "header", [["备注1", "备注2"], ["联系电话1", "联系电话2"], ["欠款1", "网点2"], ["逾期30天", "逾期60天"]]
)
def test_numbers_in_headers_of_other_things_make_no_debts(tmp_path: Path, header: list[str]) -> None:
    path = write(
        tmp_path,
        "cases.csv",
        lines(["案件编号", "产品", "逾期天数", "困难原因", *header], ["A", "花呗", "3", "失业", "1", "2"]),
    )
    assert guess(SHIPPED, open_source(path, SHIPPED)).mapping.numbers == ()


def _workbook(folder: Path, *persons: list[str]) -> Path:
    rows = (["1", "D1", "花呗", "100", "3"], ["1", "D2", "借呗", "5", "4"], ["9", "D3", "借呗", "5", "4"])
    debts = [["客户号", "债务编号", "产品", "余额", "逾期天数"], *rows]
    people = [["客户号", "姓名", "困难原因"], *persons]
    return write_xlsx(folder / "cases.xlsx", [sheet(*(texts(*row) for row in each)) for each in (people, debts)])


TIE = {
    "sheet": "S2",
    "persons": {"sheet": "S1", "key": "客户号"},
    "columns": {"债务编号": {"fact": "case_ref"}, "客户号": {"fact": "borrower_ref"}},
}


def test_persons_and_debts_of_two_sheets_are_tied_by_their_number(tmp_path: Path) -> None:
    path = _workbook(tmp_path, ["1", "甲", "失业"], ["2", "乙", "疾病"])
    intake = open_intake(path, SHIPPED, of_data(TIE))
    read = list(intake)
    cases = [row for row in read if isinstance(row, Accepted)]
    assert [(row.case_ref, row.borrower_ref, row.facts["hardship"], row.private) for row in cases] == [
        ("D1", "1", "unemployment", {"name": "甲"}),
        ("D2", "1", "unemployment", {"name": "甲"}),
    ]
    (alone,) = (row for row in read if isinstance(row, Rejected))
    assert "nobody with the number 9" in alone.en
    told = [notice.en for notice in intake.notices]
    assert "Persons are read from S1, tied by 客户号." in told
    assert "A person of S1 has no debt and became no case." in told
    assert not any("left out" in each for each in told), "both sheets are read"


def test_persons_and_debts_of_two_lists_are_tied_by_their_number(tmp_path: Path) -> None:
    persons = [{"客户号": 1, "姓名": "甲", "困难原因": "失业"}, {"客户号": 2, "姓名": "乙", "困难原因": "疾病"}]
    debts = [
        {"客户号": person, "债务编号": f"D{at}", "产品": "花呗", "余额": 100, "逾期天数": 3}
        for at, person in enumerate((1, 1, 2))
    ]
    path = write(tmp_path, "cases.json", json.dumps({"客户": persons, "债务": debts}, ensure_ascii=False))
    one, other = (open_source(path, SHIPPED, Mapping(sheet=name)) for name in ("客户", "债务"))
    tie = proposed(one, other)
    assert tie == Mapping(sheet="债务", persons=Persons(sheet="客户", key="客户号"))
    intake = open_intake(path, SHIPPED, of_data({**TIE, **tie.data()}))
    cases = [row for row in intake if isinstance(row, Accepted)]
    assert [(row.case_ref, row.borrower_ref, row.facts["hardship"], row.private["name"]) for row in cases] == [
        ("D0", "1", "unemployment", "甲"),
        ("D1", "1", "unemployment", "甲"),
        ("D2", "2", "illness_injury", "乙"),
    ]
    told = [notice.en for notice in intake.notices]
    assert "Persons are read from 客户, tied by 客户号." in told
    assert not any("not used" in each for each in told), "both lists are read"


def test_two_sheets_are_proposed_as_persons_and_debts_where_every_debt_has_its_person(tmp_path: Path) -> None:
    path = _workbook(tmp_path, ["1", "甲", "失业"], ["9", "乙", "疾病"])
    one, other = (open_source(path, SHIPPED, Mapping(sheet=name)) for name in ("S1", "S2"))
    tie = Mapping(sheet="S2", persons=Persons(sheet="S1", key="客户号"))
    assert proposed(one, other) == proposed(other, one) == tie
    path = _workbook(tmp_path, ["1", "甲", "失业"])
    assert proposed(open_source(path, SHIPPED, Mapping(sheet="S1")), other) is None, "nobody is number 9"


def test_persons_of_one_number_that_differ_tie_nothing(tmp_path: Path) -> None:
    path = _workbook(tmp_path, ["1", "甲", "失业"], ["1", "乙", "疾病"], ["9", "丙", "失业"], ["9", "丙", "失业"])
    read = list(open_intake(path, SHIPPED, of_data(TIE)))
    assert ["different rows with the number 1" in row.en for row in read if isinstance(row, Rejected)] == [True, True]
    assert [row.case_ref for row in read if isinstance(row, Accepted)] == ["D3"]


def test_a_sheet_without_the_number_is_refused(tmp_path: Path) -> None:
    tie = {**TIE, "persons": {"sheet": "S1", "key": "证件号"}}
    with pytest.raises(IntakeError, match="no column '证件号'"):
        open_intake(_workbook(tmp_path, ["1", "甲", "失业"]), SHIPPED, of_data(tie))


def test_a_unit_above_one_of_two_sheets_is_not_taken_for_both(tmp_path: Path) -> None:
    people = [["单位：万元", "", "", ""], ["客户号", "姓名", "困难原因", "月收入"], ["1", "甲", "失业", "1.2"]]
    debts = [["客户号", "债务编号", "产品", "余额", "逾期天数"], ["1", "D1", "花呗", "100", "3"]]
    path = tmp_path / "cases.xlsx"
    write_xlsx(path, [sheet(*(texts(*row) for row in each)) for each in (people, debts)])
    with pytest.raises(IntakeError, match="different units above"):
        open_intake(path, SHIPPED, of_data(TIE))


def test_a_total_beside_the_debts_of_a_row_is_used_only_where_a_row_is_one_debt(tmp_path: Path) -> None:
    header = ["案件编号", "产品", "困难原因", "逾期天数", "欠款余额", "欠款1", "欠款2"]
    path = write(tmp_path, "cases.csv", lines(header, ["A", "花呗", "失业", "3", "300", "100", "200"]))
    (one,) = open_intake(path, SHIPPED)
    assert isinstance(one, Accepted)
    assert one.facts["balance"] == 30_000, "nobody said that the row holds two debts"
    cases = [row for row in open_intake(path, SHIPPED, _confirmed(path)) if isinstance(row, Accepted)]
    assert [row.facts["balance"] for row in cases] == [10_000, 20_000]


def test_notes_of_the_row_and_of_its_debts_are_all_read(tmp_path: Path) -> None:
    header = ["案件编号", "产品", "困难原因", "逾期天数", "备注", "欠款1", "欠款2", "甲", "乙"]
    path = write(
        tmp_path, "cases.csv", lines(header, ["A", "花呗", "失业", "3", "说要自杀", "100", "200", "已谈", "待谈"])
    )
    uses = {"欠款1": ("balance", 1), "欠款2": ("balance", 2), "甲": ("notes", 1), "乙": ("notes", 2)}
    columns = {name: {"fact": fact, "debt": debt} for name, (fact, debt) in uses.items()}
    cases = [row for row in open_intake(path, SHIPPED, of_data({"columns": columns})) if isinstance(row, Accepted)]
    assert [row.private["notes"] for row in cases] == ["备注: 说要自杀\n甲: 已谈", "备注: 说要自杀\n乙: 待谈"]


@pytest.mark.parametrize(
    "mapping",
    [
        {"columns": {"欠款余额": {"fact": "balance"}, "欠款1": {"fact": "balance", "debt": 1}}},
        {"columns": {"欠款1": {"fact": "balance", "debt": 1}, "欠款余额": {"fact": "balance", "debt": 1}}},
        {"columns": {"产品": {"fact": "product"}}, "debts": {"1": {"product": "huabei"}}},
    ],
)
def test_what_each_debt_has_itself_stands_nowhere_else(tmp_path: Path, mapping: dict[str, object]) -> None:
    header = ["案件编号", "产品", "困难原因", "逾期天数", "欠款余额", "欠款1"]
    path = write(tmp_path, "cases.csv", lines(header, ["A", "花呗", "失业", "3", "300", "100"]))
    with pytest.raises(IntakeError, match="keep one"):
        open_intake(path, SHIPPED, of_data(mapping))
