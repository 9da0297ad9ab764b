"""Parts of one sheet: a line between the rows says the unit of what follows, never of what stands above."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from forbear.intake import Accepted, Intake, IntakeError, Mapping, Rejected, open_intake
from rules.loading.loader import DEFAULT_PACK, load

VOCABULARY = load(DEFAULT_PACK).vocabulary
NAMES = "案件编号,贷款产品,困难原因,逾期天数,欠款余额"


def case(number: int, amount: object) -> str:
    return f"M-{number},信用卡,未说明,45,{amount}"


def line(text: str) -> str:
    return f"{text},,,,"


FIRST = [case(1, 12000), case(2, 5000)]


def opened(folder: Path, rows: Iterable[str], ending: str = ".csv", given: Mapping | None = None) -> Intake:
    path = folder / f"cases{ending}"
    path.write_text("\n".join(rows), encoding="utf-8")
    return open_intake(path, VOCABULARY, given)


def balances(intake: Intake) -> tuple[dict[str, object], list[Rejected]]:
    """The balance of each case in yuan, and the rows that are none."""
    found = list(intake)
    cases = [row for row in found if isinstance(row, Accepted)]
    return {row.case_ref: row.facts["balance"] for row in cases}, [row for row in found if isinstance(row, Rejected)]


@pytest.mark.parametrize(
    ("rows", "taken", "told"),
    [
        (
            [NAMES, *FIRST, line("二、信用卡（单位：万元）"), NAMES, case(3, 1.2)],
            {"M-1", "M-2"},
            "二、信用卡（单位：万元）",
        ),
        (
            [NAMES, *FIRST, line("单位：千元"), case(3, 12), line("单位：元"), case(4, 9000)],
            {"M-1", "M-2", "M-4"},
            "千元",
        ),
        ([NAMES, FIRST[0], ",,,天,万元", case(3, 1.2)], {"M-1"}, "万元"),
        ([line("单位：万元"), NAMES, case(1, 1.2), line("单位：元"), case(3, 12000)], {"M-1"}, "单位：元"),
        (
            [line("一、花呗（单位：万元）"), NAMES, case(1, 1.2), line("二、信用卡"), case(3, 1.2)],
            {"M-1"},
            "another part",
        ),
        ([line("逾期名单（单位：万元）"), NAMES, case(1, 1.2), line("二、信用卡"), case(3, 2)], {"M-1", "M-3"}, None),
        ([NAMES, *(case(n, 9000) for n in range(210)), line("单位：万元"), case(300, 1)], None, "单位：万元"),
    ],
)
def test_rows_below_a_line_in_another_unit_come_back_and_those_above_are_as_they_were(
    tmp_path: Path, rows: list[str], taken: set[str] | None, told: str | None
) -> None:
    accepted, rejected = balances(opened(tmp_path, rows))
    assert accepted.keys() == (taken or {f"M-{n}" for n in range(210)})
    assert accepted["M-1"] in (1_200_000, 900_000)
    assert [told in row.en for row in rejected if row.cells[0].startswith("M-")] == ([True] if told else [])


def test_a_line_below_all_rows_is_of_all_of_them_or_refuses_the_file(tmp_path: Path) -> None:
    signed = [NAMES, case(1, 1.2), "制表人：张三,,审核人：李四,日期：2026-10-31,单位：万元"]
    intake = opened(tmp_path, signed)
    assert balances(intake)[0] == {"M-1": 1_200_000}
    assert "欠款余额 is read in 万元, as '单位：万元' says" in " ".join(text.en for text in intake.notices)
    far_below = [NAMES, *(case(n, 9000) for n in range(210)), line("单位：万元")]
    with pytest.raises(IntakeError, match="Below the table stands '单位：万元'"):
        list(opened(tmp_path, far_below))
    far_below[0] = NAMES + "（元）"
    assert len(balances(opened(tmp_path, far_below))[0]) == 210


def test_the_unit_of_a_total_may_be_its_own(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="'欠款余额' seems to be in another unit"):
        opened(tmp_path, [NAMES, *FIRST, "合计（万元）,,,,1.7"])


def test_a_line_is_no_case_though_all_else_is_constant(tmp_path: Path) -> None:
    constant = Mapping(constants={"product": "huabei", "hardship": "none_stated", "days_overdue": "30"})
    rows = ["案件编号,欠款余额", "M-1,12000", "单位：万元,", "M-2,1.2"]
    accepted, rejected = balances(opened(tmp_path, rows, given=constant))
    assert (accepted, len(rejected)) == ({"M-1": 1_200_000}, 2)


def test_an_object_between_cases_may_say_their_unit(tmp_path: Path) -> None:
    shared = '"贷款产品": "信用卡", "困难原因": "未说明", "逾期天数": 45'
    objects = [f'{{"案件编号": "M-{number}", {shared}, "欠款余额": {owed}}}' for number, owed in ((1, 9000), (2, 9))]
    accepted, rejected = balances(opened(tmp_path, [objects[0], '{"注": "金额单位：千元"}', objects[1]], ".jsonl"))
    assert (accepted, len(rejected)) == ({"M-1": 900_000}, 2)
    assert balances(opened(tmp_path, ['{"注": "金额单位：千元"}', objects[1]], ".jsonl"))[0] == {"M-2": 900_000}
