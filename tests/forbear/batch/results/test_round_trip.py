"""Rejected rows through the spreadsheets that people correct them in: nothing is altered on the way back."""

import shutil
import subprocess
from pathlib import Path

import pytest
from openpyxl import load_workbook

from forbear.batch.export import write_rejects
from forbear.intake import FORMATS, Rejected, SourceFile, SourceRow, open_intake, read, understand
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
