"""Workbooks as Excel, WPS and exporting programs write them, and what only pretends to be one."""

import datetime as dt
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font

from forbear.intake import IntakeError, SeveralTablesError, read
from forbear.intake.formats.workbooks.xlsx_package import _BLOCK
from forbear.intake.source import Unread, as_text
from tests.support.case_files import HEADER, good, number, open_source, read_all, refs, sheet, texts, write_xlsx

SHEET = "xl/worksheets/sheet1.xml"
ONE_CASE = sheet(texts(*HEADER), texts(*good(1)))


def cells_of(path: Path) -> list[object]:
    """The cells of the first row below the header."""
    return next(iter(read(path))).cells


def test_a_workbook_of_openpyxl_is_read(tmp_path: Path) -> None:
    workbook = Workbook()
    table = workbook.active
    assert table is not None
    table.append(["案件编号", "产品", "到期日", "余额", "愿意还款", "备注"])
    table.append([1001, "信用卡", dt.date(2026, 2, 3), 12000.5, True, "第一行\n第二行"])
    table.merge_cells("A4:C4")
    table.row_dimensions[2].height = 40
    table.column_dimensions["B"].hidden = True
    workbook.save(tmp_path / "cases.xlsx")
    accepted, rejected = read_all(tmp_path / "cases.xlsx")
    assert not rejected
    assert accepted[0].facts == {
        "case_ref": "1001",
        "product": "credit_card",
        "due_date": dt.date(2026, 2, 3),
        "balance": 1_200_050,
        "willing": True,
    }
    assert accepted[0].private == {"notes": "第一行\n第二行"}


def test_numbers_come_without_point_nought_or_binary_dust_and_percentages_as_shown(tmp_path: Path) -> None:
    row = [number("45.0"), number("45"), number("0.1"), number("0.30000000000000004"), number("0.1825", 1)]
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abcde"), row)], formats=["0.00%"])
    assert [as_text(cell) for cell in cells_of(path)] == ["45", "45", "0.1", "0.3", "18.25%"]


def test_an_id_number_typed_as_a_number_is_rejected_because_its_last_digits_are_lost(tmp_path: Path) -> None:
    header, row = texts(*HEADER, "phone"), [*texts(*good(1)), number("1.10101199003070E+17")]
    _, rejected = read_all(write_xlsx(tmp_path / "cases.xlsx", [sheet(header, row)]))
    assert (rejected[0].field, rejected[0].cells[-1]) == ("phone", "110101199003070000")


@pytest.mark.parametrize("code", ["yyyy-mm-dd", 'yyyy"年"m"月"d"日";@', "[$-804]yyyy/m/d", "m/d/yy h:mm"])
def test_dates_are_dates_in_any_date_format(tmp_path: Path, code: str) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abc"), [number("46056", 1)])], formats=[code])
    assert cells_of(path)[0] == dt.date(2026, 2, 3)


@pytest.mark.parametrize("code", ['yyyy"年"m"月"', "mmm-yy", "[$-804]yyyy\\-mm", 'yyyy"day"mm;@'])
def test_a_date_that_is_shown_without_its_day_is_no_day(tmp_path: Path, code: str) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abc"), [number("46054", 1)])], formats=[code])
    found = cells_of(path)[0]
    assert isinstance(found, Unread)
    assert found.text == "2026-02"
    assert "no day" in found.why.en


@pytest.mark.parametrize("code", ["General", "0.00", "¥#,##0.00;[Red]-¥#,##0.00", '_ * #,##0.00_ ;_ * "-"??_ ;_ @_ '])
def test_numbers_in_other_formats_are_no_dates(tmp_path: Path, code: str) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abc"), [number("46056", 1)])], formats=[code])
    assert cells_of(path)[0] == 46056


def test_dates_counted_from_1904_dates_in_iso_and_impossible_dates(tmp_path: Path) -> None:
    row = [number("44594", 1), '<c t="d"><v>2026-02-03T00:00:00Z</v></c>', number("99999999999", 1)]
    path = write_xlsx(
        tmp_path / "cases.xlsx", [sheet(texts(*"abc"), row)], formats=["yyyy-mm-dd"], settings='date1904="1"'
    )
    assert cells_of(path) == [dt.date(2026, 2, 3), dt.date(2026, 2, 3), "#VALUE!"]


def test_a_built_in_chinese_date_format_is_a_date(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abc"), [number("46056", 1)])], formats=["x"])
    _replace(path, "xl/styles.xml", b'<xf numFmtId="164"/>', b'<xf numFmtId="31"/>')
    assert cells_of(path)[0] == dt.date(2026, 2, 3)
    _replace(path, "xl/styles.xml", b'<xf numFmtId="31"/>', b'<xf numFmtId="57"/>')
    assert as_text(cells_of(path)[0]) == "2026-02"


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ('0.0"万元"', "1.2", "1.2万元"),
        ('0"个月"', "3", "3个月"),
        ("0个月", "3", "3个月"),
        ('General"期"', "3", "3期"),
        ('0.00"元"', "5.5", "5.5元"),
        ('#,##0" days"', "3", "3days"),
        ("0.00%", "18", "1800%"),
        ('0.0"‰"', "5.5", "5.5‰"),
        ('0"+"', "5000", "5000+"),
        ("0+", "5000", "5000+"),
        ("+0;-0", "5000", "5000"),
        ("[$¥-411]#,##0", "5000", "JPY5000"),
        ("[$¥-ja-JP]#,##0", "5000", "JPY5000"),
        ("#,##0\\ [$元-404]", "5000", "5000TWD"),
        ("[$¥-804]#,##0.00", "5000", "5000"),
        ("[$-404]0", "5000", "5000"),
        ("00000000", "12", "00000012"),
        ('"FB-"0000', "13", "FB-0013"),
        (r"FB\-0000", "13", "FB-0013"),
        (r"000\-0000\-0000", "13812345678", "138-1234-5678"),
        ("[$$-409]#,##0.00", "5", "$5"),
        ('0"万元";(0"万元")', "-1.2", "-1.2万元"),
        # Shown in ten thousands, with a point that is drawn: the value is in yuan.
        (r'0\.0,"万"', "12345", "1.2345万"),
        ('0.0,"万"', "12000", "12万≠12000"),  # in thousands, and called ten thousands
        ('0.0,"千"', "12000", "12千"),
        (r'[>=10000]0\.0,"万元";0', "12000", "1.2万元"),
        (r'[>=10000]0\.0,"万元";0', "300", "300"),
        ('"是";;"否"', "0", "否"),
        # In thousands, and nothing says so: no cell may take it for a plain number.
        ("#,##0,", "12000000", "12000×1000"),
        # More digits than a number keeps: refused for that, not shown as if they were there.
        ("0" * 18, "1.10101199003070E+17", "110101199003070000"),
    ],
)
def test_a_number_comes_with_what_its_format_says(tmp_path: Path, code: str, value: str, shown: str) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abc"), [number(value, 1)])], formats=[code])
    assert as_text(cells_of(path)[0]) == shown


def test_a_formula_gives_its_last_value_and_without_one_none(tmp_path: Path) -> None:
    row = [
        "<c><f>40+5</f><v>45</v></c>",
        '<c t="str"><f>A1</f><v>文字</v></c>',
        "<c><f>cmd|'/c calc'!A1</f></c>",
        '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        '<c t="str"><f>IF(A1="","",A1)</f><v></v></c>',
        '<c><f t="array" ref="F2">SUM(A1:A2)</f><v/></c>',
    ]
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abcdef"), row)])
    cells = cells_of(path)
    assert [as_text(cell) for cell in cells] == ["45", "文字", "=cmd|'/c calc'!A1", "#DIV/0!", "", "=SUM(A1:A2)"]
    assert [isinstance(cell, Unread) for cell in cells] == [False, False, True, False, False, True]


def test_a_formula_that_was_never_calculated_is_refused_in_any_fact(tmp_path: Path) -> None:
    row = ['<c><f>"FB-"&amp;ROW()</f></c>', *texts(*good(1)[1:])]
    _, rejected = read_all(write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*HEADER), row)]))
    assert [(each.field, each.cells[0]) for each in rejected] == [("case_ref", '#UNREAD! ="FB-"&ROW()')]
    assert "open the file in Excel or WPS, save it and submit it again" in rejected[0].en


def test_shared_rich_and_phonetic_strings_are_read_as_people_see_them(tmp_path: Path) -> None:
    strings = [
        "<si><r><t>信用</t></r><r><t>卡</t></r></si>",
        "<si><t>課</t><rPh sb='0' eb='1'><t>カ</t></rPh></si>",
        "<si><t>一_x000D_\n二</t></si>",
        "<si/>",
    ]
    row = [f'<c t="s"><v>{index}</v></c>' for index in range(4)]
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abcd"), row)], strings=strings)
    assert cells_of(path) == ["信用卡", "課", "一\r\n二", ""]


def test_cells_are_placed_by_their_reference_and_missing_ones_are_blank(tmp_path: Path) -> None:
    row = ['<c r="A2"><v>1</v></c>', '<c r="C2"><v>3</v></c>']
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abcd"), row)])
    assert cells_of(path) == [1, None, 3, ""]


def test_a_wrong_dimension_cuts_nothing(tmp_path: Path) -> None:
    xml = sheet(texts(*HEADER), texts(*good(1)), texts(*good(2))).replace(
        "<sheetData>", '<dimension ref="A1:B2"/><sheetData>'
    )
    assert refs(read_all(write_xlsx(tmp_path / "cases.xlsx", [xml]))[0]) == ["C-1", "C-2"]


def test_the_only_visible_sheet_of_cases_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    other, filler = sheet(texts(*HEADER), texts(*good(9))), sheet(texts("填写说明"), texts("每件案件一行"))
    path = write_xlsx(
        tmp_path / "cases.xlsx",
        [other, sheet(), filler, sheet(texts("", " ")), ONE_CASE],
        states=["hidden", "visible", "visible", "visible", "visible"],
    )
    assert refs(read_all(path)[0]) == ["C-1"]
    source = open_source(path)
    assert (source.sheet, [text.en for text in source.notices]) == (
        "S5",
        ["The sheet 'S5' was read.", "Other sheets were not read: 'S1', 'S3'."],
    )


def test_two_sheets_of_cases_are_refused_until_one_is_chosen(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [ONE_CASE, sheet(texts(*HEADER), texts(*good(9)))])
    with pytest.raises(SeveralTablesError, match=r"several sheets .* 'S1', 'S2'.*--sheet 'S1'") as refused:
        open_source(path)
    assert refused.value.sheets == ("S1", "S2")
    assert next(iter(open_source(path, sheet="s2 "))).cells[0] == "C-9"
    with pytest.raises(IntakeError, match="no sheet called 'S3': it has 'S1', 'S2'"):
        open_source(path, sheet="S3")


def test_merged_cells_are_filled_down_and_what_is_hidden_is_told(tmp_path: Path) -> None:
    merged = ['<c r="A2" t="inlineStr"><is><t>甲</t></is></c>']
    merges = '<mergeCells><mergeCell ref="A2:A4"/><mergeCell ref="B6:D6"/></mergeCells>'
    rows: tuple[list[str], ...] = (
        texts("借款人编号", *HEADER),
        [*merged, *texts(*good(1))],
        texts("", *good(2)),
        [],
        texts("乙", *good(3)),
    )
    xml = (
        sheet(*rows)
        .replace('<row r="5"', '<row r="5" hidden="1"')
        .replace("<sheetData>", '<cols><col min="2" max="2" hidden="1"/></cols><sheetData>')
        .replace("</sheetData>", f"</sheetData>{merges}")
    )
    source = open_source(write_xlsx(tmp_path / "cases.xlsx", [xml]))
    assert [(row.number, row.cells[0]) for row in source] == [(1, "甲"), (2, "甲"), (4, "乙")]
    assert [text.en for text in source.notices] == [
        "A hidden column was read like the others: '案件编号'.",
        "A hidden row was read like the others (row 5 of the file).",
        "Cells of '借款人编号' are merged: a row took the value of the merged cell.",
    ]


def test_strict_open_xml_and_names_with_a_backslash_are_read(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [ONE_CASE])
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(path, "w") as archive:
        for name, content in parts.items():
            strict = content.replace(
                b"http://schemas.openxmlformats.org/spreadsheetml/2006", b"http://purl.oclc.org/ooxml/spreadsheetml"
            ).replace(
                b"http://schemas.openxmlformats.org/officeDocument/2006", b"http://purl.oclc.org/ooxml/officeDocument"
            )
            archive.writestr(name.replace("/", "\\"), strict)
    assert refs(read_all(path)[0]) == ["C-1"]
    assert refs(read_all(path.rename(tmp_path / "cases.xlsm"))[0]) == ["C-1"]


def test_what_is_broken_beside_the_sheets_is_no_hindrance(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "cases.xlsx", [ONE_CASE.replace("</worksheet>", "<autoFilter><x/></autoFilter></worksheet>")]
    )
    with ZipFile(path, "a") as archive:
        archive.writestr("docProps/core.xml", "<coreProperties><created>2026/11/3 8:00</created></coreProperties>")
    assert refs(read_all(path)[0]) == ["C-1"]


def test_a_binary_workbook_is_refused_by_what_it_is(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [ONE_CASE])
    with ZipFile(path, "a") as archive:
        archive.writestr("xl/workbook.bin", b"\x83\x01")
    with pytest.raises(IntakeError, match=r"binary workbook .*save it as \.xlsx"):
        read(_replace(path, "_rels/.rels", b"xl/workbook.xml", b"xl/workbook.bin"))


def test_rows_count_from_the_header_as_the_sheet_shows_them(tmp_path: Path) -> None:
    table = sheet([], texts("逾期案件表"), [], texts(*HEADER), texts(*good(1)), [], texts(*good(3)))
    accepted, _ = read_all(write_xlsx(tmp_path / "cases.xlsx", [table]))
    assert [(row.row, row.case_ref) for row in accepted] == [(1, "C-1"), (3, "C-3")]


def test_a_note_beside_the_table_is_not_lost_in_silence(tmp_path: Path) -> None:
    accepted, rejected = read_all(
        write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*HEADER), texts(*good(1), "", "旁注"), texts(*good(2), ""))])
    )
    assert refs(accepted) == ["C-2"]
    assert rejected[0].cells[-1] == "说明1  旁注"
    assert "header" in rejected[0].en


def test_a_cell_of_5_mb_is_rejected_with_its_field(tmp_path: Path) -> None:
    long = [*good(1)[:4], "长话" * 2_500_000]
    _, rejected = read_all(write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*HEADER), texts(*long), texts(*good(2)))]))
    assert [row.field for row in rejected] == ["notes"]


def test_a_prefix_on_every_element_is_no_hindrance(tmp_path: Path) -> None:
    prefixed = ONE_CASE.replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")
    assert refs(read_all(write_xlsx(tmp_path / "cases.xlsx", [prefixed]))[0]) == ["C-1"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [ONE_CASE])
    with ZipFile(path, "a", ZIP_DEFLATED) as archive, archive.open("xl/bomb.xml", "w") as bomb:
        for _ in range(64):
            bomb.write(bytes(1024 * 1024))
    with pytest.raises(IntakeError, match="would unpack to 64 MB"):
        read(path)


def test_parts_that_overlap_are_refused(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [ONE_CASE])
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 20 : entry + 24] = (10**6).to_bytes(4, "little")  # the compressed size of the first part
    path.write_bytes(content)
    with pytest.raises(IntakeError):
        read(path)


def test_entities_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + ONE_CASE.replace("C-1", "&b;")
    far = f"<!--{'x' * (_BLOCK - 10)}-->{bomb}"
    wide = f'<?xml version="1.0" encoding="UTF-16"?>{bomb}'
    for xml in (bomb, far, wide):
        with pytest.raises(IntakeError, match="is damaged"):
            read(_replace(write_xlsx(tmp_path / "cases.xlsx", [ONE_CASE]), SHEET, _encoded(ONE_CASE), _encoded(xml)))


def test_what_openpyxl_warns_of_is_nothing_to_worry_about(tmp_path: Path) -> None:
    extension = '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>'
    path = write_xlsx(tmp_path / "cases.xlsx", [ONE_CASE.replace("</worksheet>", extension)])
    assert refs(read_all(path)[0]) == ["C-1"]


def test_a_missing_style_is_no_hindrance(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abc"), [number("46056", 99)])])
    assert cells_of(path)[0] == 46056


def test_a_workbook_without_sheets_that_can_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="damaged"):
        read(write_xlsx(tmp_path / "cases.xlsx", []))


@pytest.mark.parametrize("row", ['r="99999999999"', 'r="x"'])
def test_a_row_no_sheet_can_have_is_refused(tmp_path: Path, row: str) -> None:
    with pytest.raises(IntakeError, match="damaged"):
        read(write_xlsx(tmp_path / "cases.xlsx", [ONE_CASE.replace('r="1"', row)]))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old .xls or has a password"),
        (b"<html><table></table></html>", "is a web page"),
        (b"PK\x05\x06" + bytes(18), "not an .xlsx workbook"),
    ],
)
def test_another_file_with_the_name_of_a_workbook_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "cases.xlsx"
    path.write_bytes(content)
    with pytest.raises(IntakeError, match=sentence):
        read(path)


def test_an_empty_workbook_and_one_with_a_header_only_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="is empty"):
        read(write_xlsx(tmp_path / "cases.xlsx", [sheet()]))
    with pytest.raises(IntakeError, match="has no cases"):
        read(write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*HEADER))]))


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [ONE_CASE])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(IntakeError, match="damaged"):
        read(path)


def _encoded(xml: str) -> bytes:
    return xml.encode("utf-16" if "UTF-16" in xml else "utf-8")


def _replace(path: Path, part: str, old: bytes, new: bytes) -> Path:
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    with ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(old, new) if name == part else content)
    return path


def test_comments_on_cells_are_a_column_and_told(tmp_path: Path) -> None:
    workbook = Workbook()
    table = workbook.active
    assert table is not None
    table.append(HEADER)
    table.append(good(1))
    table.append(good(2))
    for cell in ("A2", "E2"):
        table[cell].comment = Comment("客户说不想活了", "x")
    workbook.save(tmp_path / "cases.xlsx")
    source = open_source(tmp_path / "cases.xlsx")
    assert source.columns[-1] == "批注"
    assert [row.cells[-1] for row in source] == ["客户说不想活了\n客户说不想活了", ""]
    assert "2 cells have comments: those of cases are read as a column" in source.notices[-1].en


def test_what_is_said_beside_the_cells_of_a_sheet_is_heeded(tmp_path: Path) -> None:
    """Comments on names and titles, what is printed on each page, lines through cells, cells merged sideways."""
    workbook = Workbook()
    table = workbook.active
    assert table is not None
    for row in (["名单"], HEADER, *map(good, range(1, 6))):
        table.append(row)
    table["A1"].comment = Comment("单位：万元", "x")
    table["C2"].comment = Comment("不含宽限期", "x")
    table["D3"].comment = Comment("张三：\n单位：千元", "x")
    table.oddHeader.center.text = '&"宋体,Bold"&14金额单位：元'
    table.evenFooter.left.text = "第 &P 页 千元"
    for cell in (*table[4], table["D5"]):
        cell.font = Font(strike=True)
    table.merge_cells("D6:E6")
    table.merge_cells("A1:E1")
    workbook.save(tmp_path / "cases.xlsx")
    source = open_source(tmp_path / "cases.xlsx")
    assert source.titles == ("名单", "单位：万元", "金额单位：元")
    assert source.aside == ("第  页 千元",)
    assert source.below == ((), (), ("不含宽限期",), (), ())
    commented, out, partly, merged, plain = source
    assert isinstance(commented.cells[3], Unread) and "a comment on the cell says" in commented.cells[3].why.en
    assert out.error is not None and "struck out and was not taken as a case" in out.error.en
    assert [as_text(cell) for cell in out.cells] == [*good(2), ""]
    assert isinstance(out.cells[0], Unread)  # it is none either when it comes again as it is
    assert isinstance(partly.cells[3], Unread) and "struck out" in partly.cells[3].why.en
    assert (partly.error, merged.error, plain.error) == (None, None, None)
    told = " ".join(text.en for text in source.notices)
    assert (
        "A cell of '余额' is merged with those to the right: its value was taken for it alone, and '备注' read" in told
    )


@pytest.mark.parametrize("code", ["[$-804]aaaa;@", "aaa", "dddd"])
def test_a_day_that_is_shown_as_a_weekday_is_that_day(tmp_path: Path, code: str) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abc"), [number("46054", 1)])], formats=[code])
    assert cells_of(path)[0] == dt.date(2026, 2, 1)
