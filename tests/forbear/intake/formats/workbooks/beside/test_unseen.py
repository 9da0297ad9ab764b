"""What a sheet does not show is read like the rest, and told by its column."""

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.worksheet.worksheet import Worksheet

from forbear.intake.formats.workbooks.beside.unseen import same_colour
from forbear.intake.formats.workbooks.number_formats import hider
from tests.support.case_files import HEADER, good, ods_cell, ods_content, ods_row, ods_table, open_source, write_ods


def _blackened(sheet: Worksheet) -> None:
    sheet["D2"].font, sheet["D2"].fill = Font(color="FF000000"), PatternFill("solid", fgColor="FF000000")


def _white(sheet: Worksheet) -> None:
    sheet["D2"].font = Font(color="FFFFFFFF")


def _themed(sheet: Worksheet) -> None:
    sheet["D2"].font, sheet["D2"].fill = Font(color=Color(theme=4)), PatternFill("solid", fgColor=Color(theme=4))


def _formatted(sheet: Worksheet) -> None:
    sheet["D2"].number_format = ";;;"


def _readable(sheet: Worksheet) -> None:
    for cell in sheet[1]:
        cell.font, cell.fill = Font(color="FFFFFFFF"), PatternFill("solid", fgColor="FF004080")
    sheet["D2"].number_format = "#,##0.00;[Red]-#,##0.00;-"


@pytest.mark.parametrize("change", [_blackened, _white, _themed, _formatted])
def test_a_cell_that_cannot_be_seen_is_told_by_its_column(
    tmp_path: Path, change: Callable[[Worksheet], None] | None
) -> None:
    for do, told in ((change, 1), (_readable, 0)):
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        assert do is not None
        for row in (HEADER, [*good(1)[:3], 12000, "x"], [*good(2)[:3], 12000, "x"]):
            sheet.append(row)
        do(sheet)
        book.save(tmp_path / "cases.xlsx")
        source = open_source(tmp_path / "cases.xlsx")
        assert [row.cells[3] for row in source] == [12000, 12000]
        notices = [notice.en for notice in source.notices]
        assert sum("A cell of '余额' cannot be seen in the sheet" in notice for notice in notices) == told


def test_a_number_that_an_opendocument_cell_shows_as_a_blank_is_told(tmp_path: Path) -> None:
    cells = [ods_cell(text) for text in good(1)]
    cells[3] = '<table:table-cell office:value-type="float" office:value="12000"><text:p/></table:table-cell>'
    header = ods_row(*map(ods_cell, HEADER))
    path = write_ods(tmp_path / "cases.ods", ods_content(ods_table("Sheet1", header, ods_row(*cells))))
    source = open_source(path)
    assert [row.cells[3] for row in source] == [12000]
    assert any("cannot be seen in the sheet" in notice.en for notice in source.notices)


def test_a_text_of_which_an_opendocument_format_shows_nothing_is_told(tmp_path: Path) -> None:
    """As LibreOffice writes ;;; and, for the balance, a format that shows numbers and no text."""
    number = 'xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"'
    formats = "".join(
        f'<number:text-style {number} style:name="N{at}">{inside}</number:text-style>'
        f'<style:style style:name="ce{at}" style:family="table-cell" style:data-style-name="N{at}"/>'
        for at, inside in enumerate(("<number:text/>", "<number:text> </number:text><number:text-content/>"))
    )
    content = ods_content(
        ods_table(
            "Sheet1",
            ods_row(*map(ods_cell, HEADER)),
            ods_row(
                *map(ods_cell, good(1)[:3]),
                ods_cell("12000", "float", office_value="12000", table_style_name="ce0"),
                ods_cell("不想活了", table_style_name="ce0"),
            ),
            ods_row(*map(ods_cell, good(2)[:4]), ods_cell("还行", table_style_name="ce1")),
        )
    )
    content = content.replace("<office:automatic-styles>", f"<office:automatic-styles>{formats}")
    source = open_source(write_ods(tmp_path / "cases.ods", content))
    assert [row.cells[4] for row in source] == ["不想活了", "还行"]
    assert ["cannot be seen in the sheet" in each.en and "备注" in each.en for each in source.notices] == [True]


@pytest.mark.parametrize(
    ("code", "value", "hidden"),
    [
        (";;;", 1.0, True),
        (";;;", None, True),
        (";;", 1.0, True),
        (";;", None, False),
        ("0;-0;;@", 0.0, True),
        ("0;-0;;@", 1.0, False),
        ("#,###", 0.0, True),
        ("#,###", 5.0, False),
        ('[=0]"";0', 0.0, True),
    ],
)
def test_a_format_may_show_nothing_of_a_number_or_a_text(code: str, value: float | None, *, hidden: bool) -> None:
    hides = hider(code)
    assert hides is not None
    assert hides(value) is hidden


@pytest.mark.parametrize(
    "code", ["General", "0", "#,##0", "0.00;-0.00", '0;-0;"-"', "@", "yyyy-mm-dd", "#,##0_ ;-#,##0"]
)
def test_most_formats_show_every_number(code: str) -> None:
    assert hider(code) is None


def test_colours_are_compared_however_they_are_written() -> None:
    assert same_colour("#FFFFFF", None)
    assert same_colour("#ffffff", "transparent")
    assert same_colour("#0000ff", "#0000FF")
    assert not same_colour(None, None)
    assert not same_colour("#000000", "#ffffff")
