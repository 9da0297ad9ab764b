"""What a sheet asks for when a cell is filled in, and what stands in its text boxes, says units like a header does."""

import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.datavalidation import DataValidation

from forbear.intake.formats.workbooks.beside.sheet_texts import PromptFinder
from tests.support.case_files import (
    HEADER,
    good,
    ods_cell,
    ods_content,
    ods_row,
    ods_table,
    ods_texts,
    open_source,
    write_ods,
)

NAMES = " ".join(
    f'xmlns:{name}="http://schemas.openxmlformats.org/drawingml/2006/{part}"'
    for name, part in (("xdr", "spreadsheetDrawing"), ("a", "main"))
)


@pytest.mark.parametrize("said", [{"prompt": "请以万元为单位填写"}, {"error": "请以万元为单位填写"}])
def test_what_is_said_when_a_cell_is_filled_in_is_said_of_its_column(tmp_path: Path, said: dict[str, str]) -> None:
    made = Workbook()
    table = made.active
    assert table is not None
    table.append([*HEADER, "余额"])
    table.append([*good(1), 12])
    rule = DataValidation(type="decimal", **said)
    table.add_data_validation(rule)
    rule.add("F2:F99")
    made.save(tmp_path / "cases.xlsx")
    assert open_source(tmp_path / "cases.xlsx").below[-2:] == ((), ("请以万元为单位填写",))


def test_a_prompt_of_a_newer_excel_is_found_in_whatever_piece_it_stands() -> None:
    rule = (
        '<x14:dataValidation type="list" promptTitle="金额" prompt="千元&amp;整数"><x14:formula1><xm:f>B!$A$1</xm:f>'
        "</x14:formula1><xm:sqref>C2:D9 F2</xm:sqref></x14:dataValidation>"
    ).encode()
    finder = PromptFinder()
    finder.look(b'<dataValidation type="list" sqref="A1"/>' + rule)
    assert [(each.text, each.columns) for each in finder.found] == [
        ("金额", ((2, 3), (5, 5))),
        ("千元&整数", ((2, 3), (5, 5))),
    ]


def test_what_stands_in_a_text_box_is_said_of_the_table(tmp_path: Path) -> None:
    made = Workbook()
    table = made.active
    assert table is not None
    table.append(HEADER)
    table.append(good(1))
    made.save(tmp_path / "plain.xlsx")
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    link = f'<Relationship Id="d" Type="{office}/drawing" Target="../drawings/drawing1.xml"/>'
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    runs = "<a:r><a:t>金额单位：</a:t></a:r><a:r><a:t>万元</a:t></a:r>"
    box = f"<xdr:sp><xdr:txBody><a:p>{runs}</a:p></xdr:txBody></xdr:sp><xdr:pic/><xdr:pic/>"
    path = tmp_path / "cases.xlsx"
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr("xl/worksheets/_rels/sheet1.xml.rels", f'<Relationships xmlns="{package}">{link}</Relationships>')
        new.writestr("xl/drawings/drawing1.xml", f"<xdr:wsDr {NAMES}>{box}</xdr:wsDr>")
    source = open_source(path)
    assert source.titles == ("金额单位：万元",)
    assert "2 pictures stand on the sheet" in source.notices[-1].en
    assert ("金额单位：万元", True) in [(remark.text, "a text box" in remark.place.en) for remark in source.remarks]


@pytest.mark.parametrize("where", ["sheet", "cell"])
def test_an_open_document_says_the_same(tmp_path: Path, where: str) -> None:
    picture = "<draw:frame><draw:image /></draw:frame>"
    box = f"<draw:custom-shape><text:p>单位：万元</text:p></draw:custom-shape>{picture}"
    rule = (
        '<table:content-validations><table:content-validation table:name="v"><table:help-message table:title="填写">'
        "<text:p>按千元填写</text:p></table:help-message></table:content-validation></table:content-validations>"
    )
    cells = [ods_cell(text, table_content_validation_name="v" if at == 3 else "") for at, text in enumerate(good(1))]
    if where == "cell":
        cells[0] = cells[0].replace("</table:table-cell>", f"{box}</table:table-cell>")
    table = ods_table(ods_texts(*HEADER), ods_row(*cells))
    if where == "sheet":
        table = table.replace("<table:table-column/>", f"<table:shapes>{box}</table:shapes><table:table-column/>")
    content = ods_content(table).replace("<office:spreadsheet>", f"<office:spreadsheet>{rule}")
    draw = 'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
    content = content.replace("<office:document-content", f"<office:document-content {draw}")
    source = open_source(write_ods(tmp_path / "cases.ods", content))
    assert source.titles == ("单位：万元",)
    assert "A picture stands on the sheet" in source.notices[-1].en
    assert source.below[3] == ("填写", "按千元填写")
