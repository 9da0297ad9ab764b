"""Rows of totals in whatever words, and cases that only sound like them."""

from pathlib import Path

import pytest

from forbear.intake import Accepted, Mapping, open_intake
from forbear.intake.formats.tables.totals import is_label, is_total
from rules.loading.loader import DEFAULT_PACK, load

VOCABULARY = load(DEFAULT_PACK).vocabulary
CONSTANTS = {"product": "huabei", "hardship": "none_stated", "days_overdue": "30"}


CHINESE = (
    "合计 总计：2笔 共2户 共计5笔 2户合计 平均 平均逾期天数 本页小计 花呗小计 户数：2 笔数=5 合计金额 合计（元） "
    "小计（信用卡） 以上共计3件 總計 【合计】 记录数:200"
)
WITH_BLANKS = (
    *("合 计", "招商银行 汇总", "共 2 户，合计 24000 元", "合计 12,000.00"),
    *("Grand Total", "Credit card Total", "Count: 5", "Total: 5 cases"),
)
NONE = "FB-001 SUM123 COUNT1 MAX001 Total-001 张三 2026-001 王总 汇总贷 5号 100 共享单车 累计授信 3家"


def test_a_row_is_a_total_by_its_first_words() -> None:
    labels = (*CHINESE.split(), *WITH_BLANKS, "Sub-total", "Average", "TOTAL(RMB)", "Sum")
    assert [label for label in labels if not is_total(["", label, "", 12_000])] == []
    assert [text for text in NONE.split() if is_total([text, 12_000])] == []


def test_a_word_alone_says_it_anywhere_and_a_count_where_nothing_is_counted() -> None:
    assert is_total([3, "", 24_000, "合计"])
    assert is_total([3, ["x"], "小计"])  # of JSON
    assert not is_total(["FB-1", "合计欠款5万"])
    assert is_label("2户", bare=True) and not is_label("2户")


@pytest.mark.parametrize("ending", [".csv", ".json"])
def test_no_total_becomes_a_case_though_all_else_is_constant(tmp_path: Path, ending: str) -> None:
    rows = [("A-1", "张三"), ("共2户", ""), ("平均", ""), ("3", "合计"), ("2户", ""), ("4", "小计：2")]
    text = "\n".join(["案件编号,姓名", *map(",".join, rows)])
    if ending == ".json":
        text = "[" + ",".join(f'{{"案件编号": "{ref}", "姓名": "{name}"}}' for ref, name in rows) + "]"
    path = tmp_path / f"cases{ending}"
    path.write_text(text, encoding="utf-8")
    found = list(open_intake(path, VOCABULARY, Mapping(constants=CONSTANTS)))
    assert [each.case_ref for each in found if isinstance(each, Accepted)] == ["A-1"]
    assert all("looks like a total" in each.en for each in found if not isinstance(each, Accepted))
