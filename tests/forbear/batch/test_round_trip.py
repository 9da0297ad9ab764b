"""Rejected rows through the spreadsheets that people correct them in: nothing is altered on the way back."""

import shutil
import subprocess
from pathlib import Path

import pytest
from openpyxl import load_workbook

from forbear.batch.export import write_rejects
from forbear.intake import FORMATS, Rejected, read
from forbear.intake.source import as_text

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
