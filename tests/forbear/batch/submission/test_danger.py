"""Danger in what becomes no case is told first, whatever it stands in."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from forbear.batch.submission.danger import Lookout, beside_rows, notices_of, told_in_refusal
from forbear.batch.submission.new_case import RefusedCaseError, read
from forbear.intake import (
    ColumnUse,
    IntakeError,
    Mapping,
    SeveralTablesError,
    SourceFile,
    SourceRow,
    open_intake,
    understand,
)
from forbear.intake.layouts.tied import tied
from forbear.intake.mapping import Persons
from rules.loading.loader import DEFAULT_PACK, load

PACK = load(DEFAULT_PACK)
TODAY = dt.date(2026, 11, 23)
READ = Mapping(
    columns={
        "甲": ColumnUse(fact="self_harm_signal"),
        "乙": ColumnUse(fact="notes"),
        "丙": ColumnUse(fact="household_size"),
        "自杀风险": ColumnUse(fact=None),
    }
)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (("是", "", "", ""), True),
        (("否", "", "", ""), False),
        (("", "说活着没意思，想死", "", ""), True),
        (("", "没有还款能力", "1", "无"), False),
        (("", "", "", "高"), True),
        (("", "", "", "低"), False),
    ],
)
def test_a_yes_counts_for_what_its_column_asks(cells: tuple[str, ...], told: bool) -> None:
    assert Lookout(PACK, list(READ.columns), READ).in_danger(cells) == told


def _sheet(name: str, columns: list[str], *rows: list[object]) -> SourceFile:
    found = [SourceRow(number, row) for number, row in enumerate(rows, 1)]
    return SourceFile(Path("cases.xlsx"), columns, lambda: iter(found), name)


def test_persons_without_a_debt_who_are_in_danger_are_told_first() -> None:
    debts = _sheet(
        "债务", ["案件编号", "客户号", "贷款产品", "逾期天数", "困难原因"], ["F-1", "K1", "信用卡", "45", "失业"]
    )
    persons = _sheet(
        "客户",
        ["客户号", "轻生信号", "备注"],
        ["K1", "否", "不想活了"],  # has a debt: its case tells
        ["K2", "否", "按时还款"],
        ["K3", "否", "他说不想活了"],
        ["K4", "是", ""],
        ["", "否", "想自杀"],
    )
    file = understand(tied(debts, persons, Persons(sheet="客户", key="客户号")), PACK.vocabulary)
    assert len(list(file.on(TODAY))) == 1
    assert "3 rows of the sheet of persons (rows 3, 4, 5) became no case" in notices_of(file, PACK)[0].en


@pytest.mark.parametrize(("notes", "danger"), [("不想活了", True), ("已失业", False)])
def test_a_case_that_is_refused_tells_of_danger_first(notes: str, danger: bool) -> None:
    with pytest.raises(RefusedCaseError) as caught:
        read({"case_ref": "F-1", "notes": notes}, PACK, TODAY)
    assert (caught.value.first is not None) == danger


def _table(**more: Any) -> SourceFile:
    return SourceFile(Path("八月.csv"), ["案件编号"], lambda: iter(()), **more)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (_table(titles=("名单", "客户张三说今晚要跳楼")), "above, below or beside the table, a comment or a text box"),
        (_table(below=(("客户说要割腕自杀",),)), "above, below or beside the table, a comment or a text box"),
        (_table(sheet="要自杀的客户"), "the sheet's name '要自杀的客户'"),
        (_table(sheet="八月", sheets=("八月", "不想活了")), "the sheet's name '不想活了'"),
        (replace(_table(), path=Path("客户要自杀.csv")), "the name of the file"),
        (_table(titles=("单位：万元",), sheet="八月"), None),
    ],
)
def test_danger_beside_the_rows_is_told_with_its_place(source: SourceFile, place: str | None) -> None:
    told = [text.en for text in beside_rows(source.remarks, PACK)]
    assert told == [] if place is None else [f"({place})" in text for text in told] == [True]


def test_danger_in_a_sheet_that_is_not_read_and_beside_a_list_is_told(tmp_path: Path) -> None:
    made = Workbook()
    table = made.active
    assert table is not None
    table.append(["案件编号", "产品", "逾期天数", "困难原因"])
    table.append(["A-1", "花呗", 45, "失业"])
    other = made.create_sheet("沟通记录")
    for _ in range(30):
        other.append(["客户按时接听"])
    other.append([None, "王五说不想活了"])
    made.save(tmp_path / "cases.xlsx")
    first = notices_of(open_intake(tmp_path / "cases.xlsx", PACK.vocabulary), PACK)[0]
    assert "(the sheet '沟通记录', which was not read)" in first.en
    path = tmp_path / "cases.json"
    case = '{"案件编号": "A-1", "产品": "花呗", "逾期天数": 45, "困难原因": "失业"}'
    path.write_text(f'{{"remark": {{"more": "客户说要自杀"}}, "items": [{case}]}}', encoding="utf-8")
    first = notices_of(open_intake(path, PACK.vocabulary), PACK)[0]
    assert "'remark.more' beside the list" in first.en


CRY = "我不想活了"


@pytest.mark.parametrize(
    ("name", "content", "places"),
    [
        ("without-a-fact.csv", f"编号,产品,备注\nA,花呗,{CRY}\nB,花呗,还行\n", "row 2"),
        ("named-twice.csv", f"说明\n案件编号,案件号,备注\nA,A,还行\nB,B,{CRY}\n", "row 4"),
        ("no-header.csv", f"锟斤拷,b\n1,{CRY}\n", "row 2"),
        ("page.xls", f"<html><table>\n<td>{CRY}</td></table>", "row 2"),
        ("broken.json", f'[{{"a": 1}},\n{{"备注": {json.dumps(CRY)}}},\n{{"b":]', "row 2"),
        ("two-encodings.csv", f"编号,备注\nA,{CRY}\n".encode("gb18030") + f"B,{CRY}，你好\n".encode(), "row 2, row 3"),
        ("many.csv", "编号,备注\n" + f"A,{CRY}\n" * 7, "row 2, row 3, row 4, row 5, row 6, …"),
        ("calm.csv", "编号,备注\nA,还行\n", None),
        ("picture.csv", b"\x89PNG" + CRY.encode(), None),
    ],
)
def test_a_file_that_is_refused_whole_tells_of_danger_by_its_rows_and_never_by_their_words(
    tmp_path: Path, name: str, content: str | bytes, places: str | None
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(IntakeError) as caught, told_in_refusal(path, PACK):
        open_intake(path, PACK.vocabulary)
    first = "[Call the person first] Nothing of this file was taken as a case, and words "
    assert caught.value.en.startswith(first) == (caught.value.danger is not None) == (places is not None)
    assert places is None or f"({places})" in caught.value.en
    assert CRY not in caught.value.en + caught.value.zh


def test_of_several_tables_each_is_looked_through_and_the_question_stays(tmp_path: Path) -> None:
    made = Workbook()
    for name, notes in (("一月", "还行"), ("二月", CRY)):
        sheet = made.create_sheet(name)
        sheet.append(["案件编号", "产品", "逾期天数", "困难原因", "备注"])
        sheet.append(["A-1", "花呗", 45, "失业", notes])
    made.save(tmp_path / "cases.xlsx")
    with pytest.raises(SeveralTablesError, match=r"\(row 2 of the sheet '二月'\).*several sheets") as caught:
        with told_in_refusal(tmp_path / "cases.xlsx", PACK):
            open_intake(tmp_path / "cases.xlsx", PACK.vocabulary)
    assert caught.value.sheets == ("一月", "二月")
