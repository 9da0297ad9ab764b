"""A comma in a number is taken for one between thousands only where nothing in the file speaks against it."""

import datetime as dt
from pathlib import Path

import pytest

from forbear.intake import Accepted, Rejected, open_intake
from rules.loading.loader import DEFAULT_PACK, load

VOCABULARY = load(DEFAULT_PACK).vocabulary
TODAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("cells", "taken", "told"),
    [
        (["12,345", "13,500"], [1_234_500, 1_350_000], False),
        (["12,345", "3,5"], [], False),
        (["12,345", "1.234,56"], [], False),
        (["12,345", "0,345"], [], False),
        (["12,345", "1234,5678"], [], False),
        (["12,345", "3,5", "1,234,567"], [1_234_500, 123_456_700], True),  # the others are thousands for certain
        (["12,345", "3,5", "1,234.50"], [1_234_500, 123_450], True),
        ([*["12,345"] * 10, "3,5"], [], False),
        ([*["12,345"] * 11, "3,5"], [1_234_500] * 11, True),  # a slip of the pen
        ([*["12,345"] * 600, "3,5"], [1_234_500] * 600, True),  # below the rows by which columns are judged
    ],
)
def test_a_comma_reads_both_ways_beside_decimal_ones(
    tmp_path: Path, cells: list[str], taken: list[int], told: bool
) -> None:
    path = tmp_path / "cases.csv"
    rows = [f"C-{number};信用卡;45;失业;{cell}" for number, cell in enumerate(cells)]
    path.write_text("\n".join(["案件编号;贷款产品;逾期天数;困难原因;欠款余额", *rows]), encoding="utf-8")
    file = open_intake(path, VOCABULARY)
    for _ in range(2):  # each reading counts anew
        found = list(file.on(TODAY))
        assert [row.facts["balance"] for row in found if isinstance(row, Accepted)] == taken
        notices = [text.en for text in file.notices if "were read as thousands" in text.en or "was read as" in text.en]
        assert len(notices) == told
    refused = [row.en for row in found if isinstance(row, Rejected) and "may stand between thousands" in row.en]
    assert len(refused) == (0 if taken else cells.count("12,345"))
