"""A small amount without a unit, in a column in which others say theirs, is not taken for yuan."""

import datetime as dt
from pathlib import Path

import pytest

from forbear.intake import Accepted, Rejected, open_intake
from rules.loading.loader import DEFAULT_PACK, load

VOCABULARY = load(DEFAULT_PACK).vocabulary
TODAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("header", "cells", "refused"),
    [
        ("欠款余额", ["1.2万", *["12000"] * 4, "12", "99.99", "10.5"], ["12", "99.99", "10.5"]),
        ("欠款余额", ["12k", "12"], ["12"]),
        ("欠款余额", ["5千元", "5"], ["5"]),
        ("欠款余额", ["1.2万", "100", "12000", "12元", "0", "12千", ""], []),
        ("欠款余额", ["1200元", "12"], []),  # of one scale
        ("欠款余额", ["1200", "12"], []),
        ("欠款余额（元）", ["1.2万", "12"], []),  # the file says it
        ("欠款余额（万元）", ["1.2万", "12"], []),
        ("年利率", ["18", "18.5"], []),
    ],
)
def test_a_bare_number_beside_amounts_in_ten_thousands_comes_back(
    tmp_path: Path, header: str, cells: list[str], refused: list[str]
) -> None:
    path = tmp_path / "cases.csv"
    rows = [f"S-{number},信用卡,45,失业,{cell}" for number, cell in enumerate(cells)]
    path.write_text("\n".join([f"案件编号,贷款产品,逾期天数,困难原因,{header}", *rows]), encoding="utf-8")
    found = list(open_intake(path, VOCABULARY).on(TODAY))
    assert [row.cells[-1] for row in found if isinstance(row, Rejected) and "says no unit" in row.en] == refused
    assert sum(isinstance(row, Accepted) for row in found) == len(cells) - len(refused)
