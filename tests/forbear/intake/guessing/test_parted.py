"""Two tables side by side: what stands beyond an empty column is proposed, and never taken unasked."""

from pathlib import Path

from openpyxl import Workbook

from forbear.intake import Accepted, ColumnUse, Mapping, guess, open_intake, open_source
from rules.loading.loader import DEFAULT_PACK, load

VOCABULARY = load(DEFAULT_PACK).vocabulary
LEFT = ["案件编号", "贷款产品", "逾期天数", "困难原因"]
ROW = ["A-1", "信用卡", 45, "失业"]


def _saved(folder: Path, rows: list[list[object]], *, merged: str = "") -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if merged:
        sheet.merge_cells(merged)
    book.save(folder / "cases.xlsx")
    return folder / "cases.xlsx"


def test_a_table_beside_the_cases_is_proposed_and_taken_once_it_is_confirmed(tmp_path: Path) -> None:
    path = _saved(tmp_path, [[*LEFT, None, "客户号", "余额"], [*ROW, None, "B-9", 9000]])
    (row,) = open_intake(path, VOCABULARY)
    assert isinstance(row, Accepted)
    assert (row.borrower_ref, row.facts.get("balance"), row.extra["余额"]) == (None, None, "9000")
    seen = {each.header: each.sure for each in guess(VOCABULARY, open_source(path, VOCABULARY)).columns}
    assert (seen["余额"], seen["客户号"], seen["逾期天数"]) == ("likely", "likely", "certain")
    columns = {"余额": ColumnUse(fact="balance"), "客户号": ColumnUse(fact="borrower_ref")}
    (row,) = open_intake(path, VOCABULARY, Mapping(columns=columns))
    assert isinstance(row, Accepted)
    assert (row.borrower_ref, row.facts["balance"]) == ("B-9", 900_000)


def test_a_name_that_is_merged_over_two_columns_parts_nothing(tmp_path: Path) -> None:
    path = _saved(tmp_path, [[*LEFT, None, "余额"], [*ROW, None, 9000]], merged="D1:E1")
    (row,) = open_intake(path, VOCABULARY)
    assert isinstance(row, Accepted)
    assert row.facts["balance"] == 900_000
