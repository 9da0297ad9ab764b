"""The main job on a spreadsheet somebody else made: 2,000 rows, odd columns, gaps; every row a decision or a reject."""

import csv
import datetime as dt
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import Workbook

from forbear.base.settings import child_environment

ROWS = 2_000
HEADERS = [
    *(
        "序号",
        "客户编号",
        " 案件编号 ",
        "姓名",
        "联系电话",
        "贷款类型",
        "平台",
        "逾期（天）",
        "欠款金额（元）",
        "未还本金",
    ),
    *("息费", "月供", "月收入", "必要支出", "逾期原因", "困难持续时间", "困难证明", "收入证明", "诉讼阶段", "送达日期"),
    *("年龄", "城市", "是否愿意还款", "跟进人", "备注"),
]


def _row(number: int, chance: random.Random) -> list[object]:
    def some(*values: object) -> object:
        return chance.choice(values)

    owed = chance.randrange(1, 300) * 1000
    principal = owed * chance.randrange(5, 10) // 10
    stage = chance.choice(("无", "无", "无", "律师函", "支付令", "起诉", "执行", ""))
    day = dt.date(2026, 11, 1) + dt.timedelta(days=chance.randrange(22))
    # That papers were served where there is no procedure is doubted, and would send a fifth of the rows back.
    served = ("", day, day.isoformat(), f"{day.year}年{day.month}月{day.day}日") if stage != "无" else ("",)
    return [
        number,
        f"K{chance.randrange(3000)}",
        f"AJ-{number:05}",
        f"测试{number}",
        f"1380000{number % 10000:04}",
        some("花呗", "借呗", "信用卡", "网贷", "房贷", "车贷", "消费金融", "小贷", "助学贷款", "民间借贷"),
        some("支付宝", "某银行", "", "省呗"),
        some(chance.randrange(0, 1500), f"{chance.randrange(1, 200)}天", chance.randrange(0, 120)),
        some(owed, f"{owed / 10_000}万", f"{owed:,}.00", ""),
        some(principal, "", ""),
        some(owed - principal, "", ""),
        some(chance.randrange(100, 9_000), ""),
        some(chance.randrange(0, 20_000), 0, ""),
        some(chance.randrange(500, 6_000), ""),
        some("失业", "收入下降", "生病", "经营失败", "离婚", "忘记还款", "多头债务", "无"),
        some("短期", "长期", "", "中期", "不详"),
        some("官方", "第三方", "自述", "无", ""),
        some("官方", "第三方", "自述", "无", ""),
        stage,
        some(*served),
        some(chance.randrange(18, 75), ""),
        some("深圳", "厦门", "成都", ""),
        some("是", "否", "", "愿意"),
        some("小王", "小李"),
        some("", "", "已经沟通过", "对方说要上门堵我", "不想活了", "=1+1" if number % 10 == 0 else "-2+3"),
    ]


@pytest.fixture(scope="module")
def spreadsheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sheet") / "导出数据(最终版).xlsx"
    chance = random.Random(20261123)
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Sheet1")
    sheet.append(["2026年11月逾期客户清单"])
    sheet.append(HEADERS)
    for number in range(1, ROWS + 1):
        sheet.append(_row(number, chance))
    workbook.save(path)
    return path


def test_every_row_of_a_foreign_spreadsheet_ends_as_a_decision_or_a_reject(
    spreadsheet: Path, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    environment = child_environment(
        FORBEAR_DATABASE_URL=database_url, FORBEAR_REDIS_URL=redis_url, FORBEAR_HOME=str(tmp_path / "home")
    )
    command = [sys.executable, "-m", "forbear", "triage", str(spreadsheet), "--as-of", "2026-11-23"]
    command += ["--out", "results.jsonl", "--rejects", "rejects.csv"]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rejected = {int(row["row"]) for row in csv.DictReader(file)}
    decided = {}
    with (tmp_path / "results.jsonl").open(encoding="utf-8") as file:
        for line in file:
            decision = json.loads(line)
            decided[int(decision["case_ref"].removeprefix("AJ-"))] = decision
    assert not rejected & decided.keys()
    assert rejected | decided.keys() == set(range(1, ROWS + 1))
    assert all(decision["engines_agree"] for decision in decided.values())
    assert all(decision["reasons"] for decision in decided.values())
    assert len({decision["strategy"] for decision in decided.values()}) > 10
    assert len(decided) > ROWS * 0.7, "gaps and odd wordings are not a reason to refuse a case"
