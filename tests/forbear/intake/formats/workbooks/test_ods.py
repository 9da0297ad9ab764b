"""OpenDocument spreadsheets as LibreOffice, Excel and WPS write them, and what only pretends to be one."""

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import pytest
from odfdo import Cell, Document, Table
from odfdo import Row as OdfRow

from forbear.batch.export import write_rejects
from forbear.intake import IntakeError, Rejected, SeveralTablesError, read
from forbear.intake.source import Unread, as_text
from tests.support.case_files import (
    HEADER,
    good,
    ods_cell,
    ods_content,
    ods_row,
    ods_table,
    ods_texts,
    open_source,
    read_all,
    refs,
    write_ods,
)

ONE_CASE = ods_content(ods_table(ods_texts(*HEADER), ods_texts(*good(1))))


def written(folder: Path, *rows: str) -> Path:
    """A spreadsheet of one sheet with a header of ten columns and these rows."""
    return write_ods(folder / "cases.ods", ods_content(ods_table(ods_texts(*"abcdefghij"), *rows)))


def cells_of(folder: Path, *cells: str) -> list[object]:
    """What the cells of a row are read as."""
    return next(iter(read(written(folder, ods_row(*cells))))).cells[: len(cells)]


def test_a_spreadsheet_of_another_program_is_read(tmp_path: Path) -> None:
    document = Document("spreadsheet")
    document.body.clear()
    table = Table("案件")
    rows: list[list[Any]] = [
        ["案件编号", "产品", "到期日", "余额", "年利率", "愿意还款", "备注"],
        [1001, "信用卡", dt.date(2026, 2, 3), 12000.5, None, True, "第一行\n第二行"],
    ]
    for values in rows:
        row = OdfRow()
        for value in values:
            row.append_cell(Cell(value))
        table.append_row(row)
    table.set_cell((4, 1), Cell(0.1825, cell_type="percentage"))
    table.set_cell((3, 1), Cell(12000.5, cell_type="currency", currency="CNY"))
    document.body.append(table)
    document.save(tmp_path / "cases.ods")
    accepted, rejected = read_all(tmp_path / "cases.ods")
    assert not rejected
    assert accepted[0].facts == {
        "case_ref": "1001",
        "product": "credit_card",
        "due_date": dt.date(2026, 2, 3),
        "balance": 1_200_050,
        "rate": 1825,
        "willing": True,
    }
    assert accepted[0].private == {"notes": "第一行\n第二行"}


def test_another_program_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "rejects.ods"
    texts = ["a  b\tc", " x ", "两\n行", "=1+1", "<&>", "甲@乙.cn"]
    write_rejects(path, ["备注"], [Rejected(number, "", "", "", (text,)) for number, text in enumerate(texts, 1)])
    table = Document(path).body.get_table(0)
    assert table is not None
    assert [row.get_values()[:2] for row in table.rows] == [
        ["备注", "row"],
        *map(list, zip(texts, range(1, 7), strict=True)),
    ]
    with zipfile.ZipFile(path) as archive:
        assert b"table:formula" not in archive.read("content.xml")
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED


def test_every_type_of_cell_is_read_as_it_is_meant(tmp_path: Path) -> None:
    found = cells_of(
        tmp_path,
        ods_cell("45", "float", office_value="45"),
        ods_cell("0.3", "float", office_value="0.30000000000000004"),
        ods_cell("18.25%", "percentage", office_value="0.1825"),
        ods_cell("1.5%/月", "percentage", office_value="0.015"),
        ods_cell("¥12,000.50", "currency", office_value="12000.5", office_currency="CNY"),
        ods_cell("3.2.26", "date", office_date_value="2026-02-03"),
        ods_cell("3.2.26", "date", office_date_value="2026-02-03T00:00:00"),
        ods_cell("WAHR", "boolean", office_boolean_value="true"),
        ods_cell("03:30", "time", office_time_value="PT03H30M00S"),
        ods_cell("text", ""),
    )
    assert [as_text(cell) for cell in found] == [
        "45",
        "0.3",
        "18.25%",
        "1.5%/月",
        "12000.5",
        "2026-02-03",
        "2026-02-03",
        "true",
        "03:30",
        "text",
    ]


@pytest.mark.parametrize(
    ("shown", "day", "read_as"),
    [
        ("2026年2月", "2026-02-01", "2026-02"),
        ("2026-01", "2026-01-01", "2026-01"),
        ("Mar-26", "2026-03-01", "2026-03"),
        ("2026年2月2日", "2026-02-02", "2026-02-02"),
        ("3-Mar", "2026-03-03", "2026-03-03"),
        ("20260201", "2026-02-01", "2026-02-01"),
        ("", "2026-02-01", "2026-02-01"),
    ],
)
def test_a_date_that_is_shown_without_its_day_is_no_day(tmp_path: Path, shown: str, day: str, read_as: str) -> None:
    assert as_text(cells_of(tmp_path, ods_cell(shown, "date", office_date_value=day))[0]) == read_as


def test_money_that_is_not_yuan_is_no_number_of_yuan(tmp_path: Path) -> None:
    header = ods_texts("案件编号", "产品", "逾期天数", "余额")
    row = [ods_cell(text) for text in ("C-1", "信用卡", "3")]
    money = ods_cell("$12,000.00", "currency", office_value="12000", office_currency="USD")
    path = write_ods(tmp_path / "cases.ods", ods_content(ods_table(header, ods_row(*row, money))))
    _, rejected = read_all(path)
    assert [(each.field, each.cells[-1]) for each in rejected] == [("balance", "12000 USD")]


def test_what_is_not_what_it_says_is_taken_as_it_is_shown(tmp_path: Path) -> None:
    found = cells_of(
        tmp_path,
        ods_cell("some", "float", office_value="x"),
        ods_cell("some", "float"),
        ods_cell("soon", "date", office_date_value="2026-02-31"),
        ods_cell("maybe", "boolean", office_boolean_value="maybe"),
        ods_cell("odd", "matrix"),
        ods_cell("many", "float", office_value="1E999999999"),
    )
    assert [as_text(cell) for cell in found] == ["some", "some", "soon", "maybe", "odd", "inf"]


def test_a_formula_gives_its_last_value_its_error_or_none(tmp_path: Path) -> None:
    formula = {"table_formula": "of:=[.A1]+1"}
    found = cells_of(
        tmp_path,
        ods_cell("45", "float", office_value="45", **formula),
        ods_cell("文字", "string", **formula),
        ods_cell("#DIV/0!", "string", office_string_value="", calcext_value_type="error", **formula),
        ods_cell("Err:502", "float", office_value="0", **formula),  # as older programs wrote it
        ods_cell("", "", **formula),
        ods_cell("", "string", office_string_value="", **formula),
        ods_cell("end"),
    )
    never = found.pop(4)
    assert isinstance(never, Unread)
    assert never.text == "=[.A1]+1"
    assert found == [45, "文字", "#DIV/0!", "Err:502", None, "end"]


@pytest.mark.parametrize(
    ("shown", "value", "read_as"),
    [
        ("1.2万元", "1.2", "1.2万元"),
        ("1,2万元", "1.2", "1.2万元"),
        ("1万元", "1.2", "1.2万元"),
        ("3个月", "3", "3个月"),
        ("00000012", "12", "00000012"),
        ("FB-0013", "13", "FB-0013"),
        ("138-1234-5678", "13812345678", "138-1234-5678"),
        ("¥12,000.50", "12000.5", "12000.5"),
        ("12.000,50", "12000.5", "12000.5"),
        ("1.2万", "12345", "1.2345万"),
        ("12.0万", "12000", "12万≠12000"),
        ("12,000", "12000000", "12000×1000"),
        ("否", "0", "否"),
        ("-", "0", "0"),
        ("-1.2万元", "-1.2", "-1.2万元"),
    ],
)
def test_a_number_comes_with_what_is_shown_beside_it(tmp_path: Path, shown: str, value: str, read_as: str) -> None:
    assert [as_text(cell) for cell in cells_of(tmp_path, ods_cell(shown, "float", office_value=value))] == [read_as]


def test_merged_cells_are_filled_down_and_what_is_hidden_is_told(tmp_path: Path) -> None:
    merged = ods_cell("甲", "string", table_number_rows_spanned="2")
    rows = (
        ods_texts("借款人编号", *HEADER),
        ods_row(merged, *(ods_cell(text) for text in good(1))),
        ods_row("<table:covered-table-cell/>", *(ods_cell(text) for text in good(2))),
        ods_row("<table:covered-table-cell/>"),
        ods_row(ods_cell("乙"), *(ods_cell(text) for text in good(3))).replace(
            "<table:table-row>", '<table:table-row table:visibility="filter">'
        ),
    )
    table = ods_table(*rows).replace(
        "<table:table-column/>", '<table:table-column/><table:table-column table:visibility="collapse"/>'
    )
    source = open_source(write_ods(tmp_path / "cases.ods", ods_content(table)))
    assert [(row.number, row.cells[0]) for row in source] == [(1, "甲"), (2, "甲"), (4, "乙")]
    assert [text.en for text in source.notices] == [
        "A hidden column was read like the others: '案件编号'.",
        "A hidden row was read like the others (row 5 of the file).",
        "Cells of '借款人编号' are merged: a row took the value of the merged cell.",
    ]


def test_the_sheet_of_cases_is_found_behind_others(tmp_path: Path) -> None:
    many = [ods_texts(str(number)) for number in range(40)]
    cases = [ods_texts(*HEADER), *(ods_texts(*good(number)) for number in range(40))]
    content = ods_content(ods_table(*many), ods_table(*cases).replace('"S"', '"案件"'), ods_table(*many))
    source = open_source(write_ods(tmp_path / "cases.ods", content))
    assert (source.sheet, source.header_row) == ("案件", 1)
    assert [row.number for row in source] == list(range(1, 41))
    assert [text.zh for text in source.notices] == ["读取的是工作表“案件”。", "没有读取其他工作表：“S”、“S”。"]


def test_two_sheets_of_cases_are_refused_until_one_is_chosen(tmp_path: Path) -> None:
    sheets = [ods_table(ods_texts(*HEADER), ods_texts(*good(number))) for number in (1, 2)]
    path = write_ods(tmp_path / "cases.ods", ods_content(sheets[0], sheets[1].replace('"S"', '"2月"')))
    with pytest.raises(SeveralTablesError):
        open_source(path)
    assert next(iter(open_source(path, sheet="2月"))).cells[0] == "C-2"


def test_text_is_read_as_people_see_it(tmp_path: Path) -> None:
    found = cells_of(
        tmp_path,
        ods_cell('a<text:s text:c="2"/>b<text:tab/>c<text:line-break/>d'),
        ods_cell("信用<text:span>卡</text:span>\n第二行"),
        ods_cell('<text:a xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="mailto:a@b.cn">a@b.cn</text:a>'),
        ods_cell("<text:ruby><text:ruby-base>課</text:ruby-base><text:ruby-text>カ</text:ruby-text></text:ruby>"),
        ods_cell("shown", office_string_value="whole"),
        "<table:table-cell office:value-type='string'><office:annotation><text:p>a comment</text:p></office:annotation>"
        "<text:p>seen<!-- no --></text:p></table:table-cell>",
        ods_cell("\t  so\r\n  written ".replace("\n", "&#10;")),
    )
    assert [str(cell).strip() for cell in found] == [
        "a  b\tc\nd",
        "信用卡\n第二行",
        "a@b.cn",
        "課",
        "whole",
        "seen",
        "so written",
    ]


def test_merged_cells_are_read_where_people_see_them(tmp_path: Path) -> None:
    covered = (
        '<table:covered-table-cell office:value-type="string"><text:p>under it</text:p></table:covered-table-cell>'
    )
    found = cells_of(tmp_path, ods_cell("over", table_number_columns_spanned="2"), covered, ods_cell("end"))
    assert found == ["over", None, "end"]


def test_repeated_cells_and_rows_stand_in_their_places(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        ods_row(ods_cell("", "", table_number_columns_repeated="2"), ods_cell("x", table_number_columns_repeated="3")),
        ods_row(times=4),
        ods_row(ods_cell("y"), ods_cell("", "", table_number_columns_repeated="16383"), times=2),
        ods_row(ods_cell("", "", table_number_columns_repeated="16384"), times=1_048_568),
    )
    assert [(row.number, as_text(row.cells[0]), as_text(row.cells[2])) for row in read(path)] == [
        (1, "", "x"),
        (6, "y", ""),
        (7, "y", ""),
    ]


def test_a_row_repeated_down_the_whole_sheet_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, ods_texts("x"), ods_row(ods_cell("0"), times=1_048_574))
    with pytest.raises(IntakeError, match="repeats row 3 1048574 times: delete the copies"):
        list(read(path))


def test_copies_are_counted_together(tmp_path: Path) -> None:
    path = written(tmp_path, *(ods_row(ods_cell(str(number)), times=5_000) for number in range(20)))
    with pytest.raises(IntakeError, match="delete the copies"):
        list(read(path))


def test_copies_of_a_long_row_are_fewer(tmp_path: Path) -> None:
    long = ods_cell("长话" * 500_000)
    assert len(list(read(written(tmp_path, ods_row(long, times=8))))) == 8
    with pytest.raises(IntakeError, match="repeats row 2 20 times"):
        read(written(tmp_path, ods_row(long, times=20)))


@pytest.mark.parametrize("times", ["1000000000", "0", "-1", "x", "9" * 5000])
@pytest.mark.parametrize("what", ["columns", "rows"])
def test_no_number_of_copies_fills_the_memory(tmp_path: Path, what: str, times: str) -> None:
    cell = ods_cell("x", **({"table_number_columns_repeated": times} if what == "columns" else {}))
    row = (
        ods_row(cell)
        if what == "columns"
        else f'<table:table-row table:number-rows-repeated="{times}">{cell}</table:table-row>'
    )
    with pytest.raises(IntakeError):
        list(read(written(tmp_path, row)))


def test_no_number_of_spaces_fills_the_memory(tmp_path: Path) -> None:
    (cell,) = cells_of(tmp_path, ods_cell('x<text:s text:c="2000000000"/>'))
    assert len(str(cell)) == 32_768


def test_a_long_text_repeated_across_a_row_is_rejected_and_cut(tmp_path: Path) -> None:
    cell = ods_cell("长话" * 50_000, table_number_columns_repeated="1000")
    (row, following) = list(read(written(tmp_path, ods_row(cell), ods_texts("next"))))
    assert row.error is not None and "8388608" in row.error.en
    assert sum(len(str(each)) for each in row.cells) <= 10 * 32_767
    assert following.cells[0] == "next"


def test_a_cell_of_5_mb_is_rejected_with_its_field(tmp_path: Path) -> None:
    long = [*good(1)[:4], "长话" * 2_500_000]
    path = write_ods(
        tmp_path / "cases.ods", ods_content(ods_table(*(ods_texts(*row) for row in (HEADER, long, good(2)))))
    )
    accepted, rejected = read_all(path)
    assert ([row.field for row in rejected], refs(accepted)) == (["notes"], ["C-2"])


def test_the_only_visible_sheet_of_cases_is_read(tmp_path: Path) -> None:
    other = (ods_texts(*HEADER), ods_texts(*good(9)))
    content = ods_content(
        ods_table(*other, style="off"),
        ods_table(),
        ods_table(ods_texts("", " ")),
        ods_table(ods_texts(*HEADER), ods_texts(*good(1))),
    )
    assert refs(read_all(write_ods(tmp_path / "cases.ods", content))[0]) == ["C-1"]


def test_rows_in_groups_and_headers_count_from_the_header_as_the_sheet_shows_them(tmp_path: Path) -> None:
    table = ods_table(
        ods_row(),
        ods_texts("逾期案件表"),
        ods_row(times=2),
        f"<table:table-header-rows>{ods_texts(*HEADER)}</table:table-header-rows>",
        f"<table:table-row-group>{ods_texts(*good(1))}{ods_row()}</table:table-row-group>",
        ods_texts(*good(3)),
    )
    accepted, _ = read_all(write_ods(tmp_path / "cases.ods", ods_content(table)))
    assert [(row.row, row.case_ref) for row in accepted] == [(1, "C-1"), (3, "C-3")]


def test_a_table_within_a_cell_is_no_row_of_the_sheet(tmp_path: Path) -> None:
    inner = f"<table:table-cell>{ods_table(ods_texts('inside'))}</table:table-cell>"
    path = written(tmp_path, ods_row(ods_cell("x"), inner, ods_cell("y")), ods_texts("z"))
    assert [[as_text(cell) for cell in row.cells[:3]] for row in read(path)] == [["x", "", "y"], ["z", "", ""]]


def test_a_note_beside_the_table_is_not_lost_in_silence(tmp_path: Path) -> None:
    content = ods_content(ods_table(ods_texts(*HEADER), ods_texts(*good(1), "", "旁注"), ods_texts(*good(2), "")))
    accepted, rejected = read_all(write_ods(tmp_path / "cases.ods", content))
    assert refs(accepted) == ["C-2"]
    assert rejected[0].cells[-1] == "说明1  旁注"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = write_ods(tmp_path / "cases.ods", ONE_CASE)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.xml", "w") as bomb:
        for _ in range(64):
            bomb.write(bytes(1024 * 1024))
    with pytest.raises(IntakeError, match="would unpack to 64 MB"):
        read(path)


def test_entities_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + ONE_CASE.replace("C-1", "&b;")
    far = f"<!--{'x' * (64 * 1024 - 8)}-->{bomb}"
    wide = f'<?xml version="1.0" encoding="UTF-16"?>{bomb}'.encode("utf-16")
    hidden = f'<?xml version="1.0" encoding="cp037"?>{bomb}'.encode("cp037", "xmlcharrefreplace")
    for content in (bomb, far, wide, hidden):
        with pytest.raises(IntakeError, match="is damaged"):
            read(write_ods(tmp_path / "cases.ods", content))
    assert refs(read_all(write_ods(tmp_path / "cases.ods", f"<!-- x -->{ONE_CASE}"))[0]) == ["C-1"]


@pytest.mark.parametrize(
    "junk",
    ["<office:x/>" * 600_000, f"<office:x>{'random ' * 5_000_000}</office:x>", "<office:x>" * 100_000],
    ids=["elements", "text", "depth"],
)
def test_nothing_between_two_rows_fills_the_memory(tmp_path: Path, junk: str) -> None:
    path = tmp_path / "cases.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # so that it is no bomb
        archive.writestr("content.xml", ods_content(ods_table(ods_texts(*HEADER), junk, ods_texts(*good(1)))))
    with pytest.raises(IntakeError, match="is damaged"):
        list(read(path))


def test_a_password_is_told(tmp_path: Path) -> None:
    manifest = "<manifest:file-entry manifest:full-path='content.xml'><manifest:encryption-data/></manifest:file-entry>"
    with pytest.raises(IntakeError, match="has a password"):
        read(write_ods(tmp_path / "cases.ods", b"\x17" * 100, manifest))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "save it as an .ods workbook"),
        (b"PK\x05\x06" + bytes(18), "not an .ods workbook"),
    ],
)
def test_another_file_with_the_name_of_a_spreadsheet_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "cases.ods"
    path.write_bytes(content)
    with pytest.raises(IntakeError, match=sentence):
        read(path)


def test_an_empty_spreadsheet_and_one_with_a_header_only_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="is empty"):
        read(write_ods(tmp_path / "cases.ods", ods_content(ods_table())))
    with pytest.raises(IntakeError, match="has no cases"):
        read(write_ods(tmp_path / "cases.ods", ods_content(ods_table(ods_texts(*HEADER)))))


def test_a_truncated_spreadsheet_is_refused(tmp_path: Path) -> None:
    path = write_ods(tmp_path / "cases.ods", ONE_CASE)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(IntakeError, match="damaged"):
        read(path)
    with pytest.raises(IntakeError, match="damaged"):
        list(read(write_ods(tmp_path / "cases.ods", ONE_CASE[:-40])))


@pytest.mark.parametrize("grouped", [False, True])
def test_a_sheet_is_found_behind_one_that_is_long(tmp_path: Path, grouped: bool) -> None:
    long = [ods_texts(f"说明{number}" * 20) for number in range(3_000)]
    if grouped:
        long = ["<table:table-row-group>", *long, "</table:table-row-group>"]
    cases = [ods_texts(*HEADER), *(ods_texts(*good(number)) for number in range(900))]
    content = ods_content(ods_table(*long), ods_table(*cases).replace('"S"', '"案件"'), ods_table(*long))
    source = open_source(write_ods(tmp_path / "cases.ods", content))
    assert (source.sheet, [row.number for row in source]) == ("案件", list(range(1, 901)))


def test_comments_on_cells_are_a_column_and_told(tmp_path: Path) -> None:
    inside = "<office:annotation><text:p>不想活了</text:p></office:annotation><text:p>x</text:p>"
    comment = f"<table:table-cell office:value-type='string'>{inside}</table:table-cell>"
    source = read(written(tmp_path, ods_row(comment)))
    assert source.columns[-1] == "批注"
    assert [row.cells[-1] for row in source] == ["不想活了"]
    assert "one of a case is read as a column" in source.notices[-1].en


def test_what_is_said_beside_the_cells_of_a_sheet_is_heeded(tmp_path: Path) -> None:
    """Comments on names, what is printed on each page, lines through cells, cells merged sideways."""
    note = "<office:annotation><text:p>单位：万元</text:p></office:annotation>"
    header = [ods_cell(name) for name in HEADER]
    header[3] = header[3].replace("<text:p>", f"{note}<text:p>")
    out = [ods_cell(text, table_style_name="out") for text in good(2)]
    partly = [ods_cell(text, table_style_name="out" if at == 3 else "") for at, text in enumerate(good(3))]
    merged = [
        ods_cell(text, table_number_columns_spanned="2" if at == 3 else "1") for at, text in enumerate(good(4)[:4])
    ]
    table = ods_table(ods_row(*header), ods_texts(*good(1)), ods_row(*out), ods_row(*partly), ods_row(*merged))
    styles = (
        '<style:style style:name="ta1" style:family="table" style:master-page-name="ours"/>'
        '<style:style style:name="out"><style:text-properties style:text-line-through-style="solid"/></style:style>'
    )
    path = write_ods(
        tmp_path / "cases.ods",
        ods_content(table).replace("<office:automatic-styles>", f"<office:automatic-styles>{styles}"),
    )
    pages = "".join(
        f'<style:master-page style:name="{name}"><style:header><text:p>{text}</text:p></style:header>'
        "</style:master-page>"
        for name, text in (("ours", "金额单位：元"), ("theirs", "金额单位：亿元"))
    )
    names = " ".join(f'xmlns:{each}="urn:oasis:names:tc:opendocument:xmlns:{each}:1.0"' for each in ("style", "text"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("styles.xml", f"<styles {names}>{pages}</styles>")
    source = open_source(path)
    assert (source.titles, source.below[3]) == (("金额单位：元",), ("单位：万元",))
    _, struck, one_cell, _ = source
    assert struck.error is not None and "struck out" in struck.error.en
    assert isinstance(one_cell.cells[3], Unread) and one_cell.error is None
    assert any("A cell of '余额' is merged with those to the right" in text.en for text in source.notices)
