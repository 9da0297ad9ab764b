"""A line through words, and one that a rule draws, say of a row what a line through its cells does."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.formatting.rule import CellIsRule, FormulaRule, Rule
from openpyxl.styles import Font
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.worksheet.worksheet import Worksheet

from forbear.intake import Accepted, open_intake
from forbear.intake.source import Unread
from tests.support.case_files import (
    HEADER,
    VOCABULARY,
    good,
    ods_cell,
    ods_content,
    ods_row,
    ods_table,
    ods_texts,
    open_source,
    sheet,
    texts,
    write_ods,
    write_xlsx,
)

LINE = Font(strike=True)


def workbook(folder: Path, change: Callable[[Worksheet], None]) -> Path:
    """Three cases, overdue for 1, 2 and 3 times ten days, changed as a test has it."""
    made = Workbook()
    table = made.active
    assert table is not None
    table.append([*HEADER, "其他"])
    for number in (1, 2, 3):
        table.append([*good(number), number * 10])
    change(table)
    made.save(folder / "cases.xlsx")
    return folder / "cases.xlsx"


def taken(path: Path) -> list[bool]:
    return [isinstance(row, Accepted) for row in open_intake(path, VOCABULARY)]


@pytest.mark.parametrize("name", ["strike", "plain"])
def test_a_cell_in_which_words_are_struck_out_has_no_value(tmp_path: Path, name: str) -> None:
    line = InlineFont(strike=name == "strike")

    def change(table: Worksheet) -> None:
        table["A2"] = CellRichText(TextBlock(line, "R-9 "), "R-1")

    first, second, _ = open_source(workbook(tmp_path, change))
    assert isinstance(first.cells[0], Unread) is (name == "strike")
    assert not isinstance(second.cells[0], Unread)
    assert not isinstance(first.cells[0], Unread) or "words in it are struck out" in first.cells[0].why.en


def test_shared_strings_know_which_of_their_words_are_struck_out(tmp_path: Path) -> None:
    strings = [
        "<si><t>甲</t></si>",
        "<si><r><rPr><strike/></rPr><t>乙</t></r><r><t>丙</t></r></si>",
        '<si><r><rPr><strike val="0"/></rPr><t>丁</t></r></si>',
        "<si><t>戊</t></si>",
    ]
    cells = "".join(f'<c t="s"><v>{at}</v></c>' for at in range(4))
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*"abcd"), [cells])], strings=strings)
    (row,) = open_source(path)
    assert [type(cell) is Unread for cell in row.cells] == [False, True, False, False]
    assert [cell for cell in row.cells if isinstance(cell, str)] == ["甲", "丁", "戊"]


RULES = {
    "a cell of the row": FormulaRule(formula=["$F2>15"], font=LINE),
    "a word": FormulaRule(formula=['=$A2<>"R-1"'], font=LINE),
    "a relative cell": FormulaRule(formula=["F2=20"], font=LINE),
    "what nobody can work out": FormulaRule(formula=['COUNTIF($A:$A,"x")>0'], font=LINE),
    "another row": FormulaRule(formula=["$F3>15"], font=LINE),
    "no line": FormulaRule(formula=["$F2>15"], font=Font(bold=True)),
}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a cell of the row", [True, False, False]),
        ("what nobody can work out", [False, False, False]),
        ("another row", [False, False, False]),
        ("no line", [True, True, True]),
    ],
)
def test_a_rule_strikes_rows_out(tmp_path: Path, name: str, found: list[bool]) -> None:
    path = workbook(tmp_path, lambda table: table.conditional_formatting.add("A2:F9", RULES[name]))
    assert taken(path) == found


def test_a_rule_of_words_strikes_the_rows_that_have_them(tmp_path: Path) -> None:
    first = good(1)[0]

    def change(table: Worksheet) -> None:
        table.conditional_formatting.add("A2:F9", FormulaRule(formula=[f'$A2<>"{first}"'], font=LINE))

    assert taken(workbook(tmp_path, change)) == [True, False, False]


@pytest.mark.parametrize(
    "rule",
    [
        CellIsRule(operator="equal", formula=["20"], font=LINE),
        Rule("containsText", operator="containsText", text=good(2)[0], formula=["x"], dxf=DifferentialStyle(font=LINE)),
    ],
)
def test_a_rule_on_cells_puts_those_out_that_it_strikes(tmp_path: Path, rule: Rule) -> None:
    path = workbook(tmp_path, lambda table: table.conditional_formatting.add("A1:F9", rule))
    rows = list(open_source(path))
    assert [any(isinstance(cell, Unread) for cell in row.cells) for row in rows] == [False, True, False]


def test_a_rule_beside_the_table_strikes_nothing(tmp_path: Path) -> None:
    path = workbook(
        tmp_path, lambda table: table.conditional_formatting.add("J2:J9", RULES["what nobody can work out"])
    )
    assert taken(path) == [True, True, True]


def document(folder: Path, condition: str) -> Path:
    line = '<style:text-properties style:text-line-through-style="solid"/>'
    styles = (
        f'<style:style style:name="gone">{line}</style:style>'
        f'<style:style style:name="span" style:family="text">{line}</style:style>'
        f'<style:style style:name="ruled"><style:map style:condition="{condition}" style:apply-style-name="gone" '
        'style:base-cell-address="S.A2"/></style:style>'
    )
    rows = [
        ods_row(
            *(ods_cell(text, table_style_name="ruled") for text in good(number)),
            ods_cell(str(number * 10), "float", office_value=str(number * 10), table_style_name="ruled"),
        )
        for number in (1, 2, 3)
    ]
    table = ods_table(ods_texts(*HEADER, "其他"), *rows)
    content = ods_content(table).replace("<office:automatic-styles>", f"<office:automatic-styles>{styles}")
    return write_ods(folder / "cases.ods", content)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("is-true-formula([.$F2]&gt;15)", [True, False, False]),
        ("is-true-formula(ISODD(ROW()))", [False, False, False]),
    ],
)
def test_a_rule_of_an_open_document_strikes_rows_out(tmp_path: Path, condition: str, found: list[bool]) -> None:
    assert taken(document(tmp_path, condition)) == found


def test_words_of_an_open_document_are_struck_out(tmp_path: Path) -> None:
    path = document(tmp_path, "cell-content()=99")
    struck = f"<text:p><text:span text:style-name='span'>R-9</text:span>{good(1)[0]}</text:p>"
    with zipfile.ZipFile(path) as archive:
        content = archive.read("content.xml").decode()
    write_ods(path, content.replace(f"<text:p>{good(1)[0]}</text:p>", struck))
    first, *_ = open_source(path)
    assert isinstance(first.cells[0], Unread) and "words in it are struck out" in first.cells[0].why.en


def test_a_style_with_a_name_strikes_out_too(tmp_path: Path) -> None:
    path = document(tmp_path, "cell-content()=99")
    names = "xmlns:style='urn:oasis:names:tc:opendocument:xmlns:style:1.0'"
    with zipfile.ZipFile(path, "a") as archive:
        line = '<style:text-properties style:text-line-through-style="solid"/>'
        archive.writestr("styles.xml", f"<s {names}><style:style style:name='ruled'>{line}</style:style></s>")
    assert taken(path) == [False, False, False]
