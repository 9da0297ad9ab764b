"""Lines beside the rows that say what a column is in, and objects of JSON: applied or refused, never passed over."""

import datetime as dt
import json
from pathlib import Path

import pytest

from forbear.intake import Accepted, IntakeError, open_intake
from forbear.intake.guessing.legends import columns_at
from rules.loading.loader import DEFAULT_PACK, load

VOCABULARY = load(DEFAULT_PACK).vocabulary
TODAY = dt.date(2026, 11, 23)
CASE = {"案件编号": "L-1", "贷款产品": "信用卡", "逾期天数": 45, "困难原因": "失业"}
HEADER = [*CASE, "欠款余额", "年利率", "月收入"]
OF_DAYS, OF_RATE, OF_INCOME = "'逾期天数' seems to be", "'年利率' seems to be", "'月收入' seems to be"


def _balances(path: Path) -> list[object]:
    """The balances of the rows that are cases; or the sentence that refuses the file."""
    try:
        rows = list(open_intake(path, VOCABULARY).on(TODAY))
    except IntakeError as error:
        return [error.en]
    return [row.facts.get("balance") for row in rows if isinstance(row, Accepted)]


def _table(folder: Path, *lines: str, rows: int = 2) -> Path:
    cases = [f"L-{number},信用卡,{number % 40},失业,12000,18,9000" for number in range(rows)]
    path = folder / "cases.csv"
    path.write_text("\n".join([",".join(HEADER), *cases, *(f"{line},,,,,," for line in lines)]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("第3列为逾期期数", OF_DAYS),
        ("注：第三列为逾期月数", OF_DAYS),
        ("C列填写的是期数", OF_DAYS),
        ("column C: months", OF_DAYS),
        ("Col. 3 counts instalments", OF_DAYS),
        ("说明：逾期天数一列实为逾期期数", OF_DAYS),
        ("注：逾期天数，按期数填", OF_DAYS),
        ("注：年利率列填的是月利率", OF_RATE),
        ("G列为全年收入", OF_INCOME),
        ("第5列单位：万元", "'欠款余额' seems to be"),
        ("第4列为期数", None),  # of a column that is none of days
        ("第30列为期数", None),
        ("注：每月5日更新，逾期天数按天计", None),
        ("逾期天数单位：天", None),
        ("第5列单位：元", None),
    ],
)
def test_a_legend_below_or_above_a_table_is_heeded(tmp_path: Path, line: str, told: str | None) -> None:
    below = _table(tmp_path, line)
    cases = _balances(below)
    lines = below.read_text(encoding="utf-8").splitlines()
    below.write_text("\n".join([lines[-1], *lines[:-1]]), encoding="utf-8")
    for found in (cases, _balances(below)):
        assert found == [1_200_000] * 2 if told is None else told in str(found[0])


def test_a_legend_far_below_stops_the_file_and_one_between_the_rows_its_part(tmp_path: Path) -> None:
    legend = "第3列为逾期期数"
    assert "Below the table stands '第3列为逾期期数', and Days overdue was read" in str(
        _balances(_table(tmp_path, legend, rows=300))[0]
    )
    path = _table(tmp_path, legend, rows=300)
    path.write_text(path.read_text(encoding="utf-8") + "\nL-last,信用卡,3,失业,12000,18,9000", encoding="utf-8")
    assert len(_balances(path)) == 300


def test_a_column_by_its_place() -> None:
    assert [columns_at(text) for text in ("第十二列和AA列", "column 2", "columns", "本列", "系列")] == [
        frozenset((11, 26)),
        frozenset((1,)),
        *[frozenset[int]()] * 3,
    ]


UNCLEAR = "'欠款余额' seems to be in another unit"


@pytest.mark.parametrize(
    ("heads", "found"),
    [
        ([{"单位": "万元"}], [12_000_000]),
        ([{"meta": {"单位": "万元"}}], [12_000_000]),
        ([{"meta": {"table": {"金额单位": "千元"}}}], [1_200_000]),
        ([{"欠款余额": {"单位": "万元"}}], UNCLEAR),
        ([{"units": {"欠款余额": "CNY 10,000"}}], UNCLEAR),
        ([{"columns": [{"name": "欠款余额", "unit": "万元"}]}], UNCLEAR),
        ([{"授信": {"万元": 12}}], UNCLEAR),
        ([{"units": {"欠款余额": "元", "逾期天数": "天"}}], [1_200]),
        ([{"meta": {"source": "催收系统", "count": 2}}], [1_200]),
        ([{**CASE, "案件编号": "L-2", "欠款余额": {"万元": 12}}], [1_200]),  # a value that cannot be read: its row
        ([{**CASE, "案件编号": "L-2", "欠款余额": 12, "meta": {"currency": "HKD", "by": "系统"}}], [1_200]),
        ([{**CASE, "案件编号": "L-2", "欠款余额": 12, "备注": "金额单位为万元"}], [1_200]),
        ([{**CASE, "案件编号": "L-2", "欠款余额": 12, "loan": {"termUnit": "月", "term": 12}}], [1_200, 1_200]),
    ],
)
def test_what_objects_of_json_say_of_units_is_heeded(tmp_path: Path, heads: list[object], found: object) -> None:
    path = tmp_path / "cases.jsonl"
    objects = [*heads, {**CASE, "欠款余额": 12}]
    path.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in objects), encoding="utf-8")
    balances = _balances(path)
    assert balances == found if isinstance(found, list) else str(found) in str(balances[0])
