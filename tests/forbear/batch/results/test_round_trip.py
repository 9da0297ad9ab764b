"""Rejected rows through the spreadsheets that people correct them in: nothing is altered on the way back."""

import datetime as dt
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from forbear.batch.export import write_rejects
from forbear.batch.rejects import head_of
from forbear.intake import FORMATS, Accepted, Rejected, SourceFile, SourceRow, open_intake, read, understand
from forbear.intake.source import Unread, as_text
from forbear.locale import said
from rules.loading.loader import DEFAULT_PACK, load

VOCABULARY = load(DEFAULT_PACK).vocabulary
COLUMNS = ["案件编号", "身份证号", "日期", "利率", "金额", "备注", "空"]
HARD = [
    ("00012", "110101199003070018", "2026-03-01", "18.25%", "12,000.50", "=1+1", ""),
    ("1E5", "13800001234", "3/4/2026", "0.36", "1.2万", "'引号", " "),
    ("2026-1", "0", "20260301", "１８％", "-5", "@甲\n乙  丙", "TRUE"),
    ("+86", "6222020200112233445", "2026年3月1日", "18.250", "(1,234.50)", "<b>a</b>", "1-2"),
]


def written(path: Path) -> Path:
    """A rejects file of cells that spreadsheets like to change."""
    write_rejects(path, COLUMNS, (Rejected(at, "日期", "错", "wrong", row) for at, row in enumerate(HARD, 1)))
    return path


def cells(path: Path) -> list[tuple[str, ...]]:
    """What comes back, as text."""
    return [tuple(as_text(cell) for cell in row.cells[: len(COLUMNS)]) for row in read(path)]


@pytest.mark.parametrize("ending", list(FORMATS))
def test_every_format_gives_back_what_was_written(tmp_path: Path, ending: str) -> None:
    assert cells(written(tmp_path / f"rejects{ending}")) == HARD


@pytest.mark.parametrize("field", ["案件编号", "备注", "批注", "余额", "应还款日"])
@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_what_could_not_be_read_is_refused_again_until_it_is_corrected(tmp_path: Path, field: str, ending: str) -> None:
    cells = {"案件编号": "A-1", "贷款产品": "信用卡", "困难原因": "失业", "逾期天数": "45", "备注": "x", "批注": "y"}
    given: dict[str, object] = {**cells, "余额": "500", "应还款日": "2026-10-09"}
    unread = {**given, field: Unread("=B1+1", said("unread.uncalculated"))}
    rows = [SourceRow(at, list(each.values())) for at, each in enumerate((given, unread), 1)]
    _, row = understand(SourceFile(Path("cases.xlsx"), list(given), lambda: iter(rows)), VOCABULARY)
    assert isinstance(row, Rejected)
    assert "never calculated" in row.en
    write_rejects(tmp_path / f"back{ending}", list(given), [row])
    (again,) = open_intake(tmp_path / f"back{ending}", VOCABULARY)
    assert isinstance(again, Rejected)
    assert "had no value that could be read" in again.en


def test_a_workbook_that_openpyxl_corrects_is_otherwise_unaltered(tmp_path: Path) -> None:
    path = written(tmp_path / "rejects.xlsx")
    workbook = load_workbook(path)
    table = workbook.active
    assert table is not None
    table.cell(2, 3).value = "2026-03-02"
    workbook.save(path)
    assert cells(path) == [(*HARD[0][:2], "2026-03-02", *HARD[0][3:]), *HARD[1:]]


def test_a_workbook_that_libreoffice_saves_is_unaltered(tmp_path: Path) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed: its round trip is tried where it is")
    path, saved = written(tmp_path / "rejects.xlsx"), tmp_path / "saved"
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [office, profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(saved)]
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=120)
    assert cells(saved / "rejects.xlsx") == HARD


@pytest.mark.parametrize("ending", [".xlsx", ".csv", ".jsonl"])
def test_rejects_say_what_a_column_was_taken_as_where_that_stood_elsewhere(tmp_path: Path, ending: str) -> None:
    header = ["案件编号", "产品", "逾期天数", "欠款余额", "本金（元）", "困难原因", "合同日期"]
    rows = [
        ["A-1", "信用卡", "100", "12", "90000", "失业", "31/03/2020"],
        ["A-2", "信用卡", "很久", "3.5", "30000", "失业", "03/04/2020"],
    ]
    (tmp_path / "cases.csv").write_text("\n".join(map(",".join, (["单位：万元"], header, *rows))), encoding="utf-8")
    intake = open_intake(tmp_path / "cases.csv", VOCABULARY)
    (rejected,) = (row for row in intake if isinstance(row, Rejected))
    head = head_of(VOCABULARY, intake.columns, intake.mapping)
    marked = ["欠款余额 [万元]", "合同日期 [dd/mm/yyyy]"]
    assert head == [*header[:3], marked[0], *header[4:6], marked[1]]
    corrected = replace(rejected, cells=(*rejected.cells[:2], "45", *rejected.cells[3:]))
    write_rejects(tmp_path / f"back{ending}", head, [corrected])
    (again,) = open_intake(tmp_path / f"back{ending}", VOCABULARY)
    assert isinstance(again, Accepted)
    assert (again.facts["balance"], again.facts["principal"]) == (3_500_000, 3_000_000)
    assert again.facts["contract_date"] == dt.date(2020, 4, 3)


def test_a_column_in_which_all_cells_came_back_is_still_what_its_name_says() -> None:
    header = ["案件编号", "产品", "逾期天数", "困难原因", "row", "field", "error"]
    rows: list[list[object]] = [
        [f"A-{at}", "信用卡", "去年就没还过了，一直联系不上本人", "失业", at, "days_overdue", "x"] for at in (1, 2)
    ]
    source = SourceFile(Path("back.xlsx"), header, lambda: iter(SourceRow(at, row) for at, row in enumerate(rows, 1)))
    assert [row.field for row in understand(source, VOCABULARY) if isinstance(row, Rejected)] == ["days_overdue"] * 2
