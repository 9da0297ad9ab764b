"""The preview tells what a file would come to, stops in time, and shows nothing personal."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from forbear.batch.rejects import shown
from forbear.batch.submission.preview import FIRST, look
from forbear.intake import Accepted, ColumnUse, IntakeError, Mapping, open_intake
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.case_files import HEADER, VOCABULARY, good, lines, write
from tests.support.desk.cases import AS_OF

PACK = replace(load(DEFAULT_PACK), vocabulary=VOCABULARY)


def _still() -> float:
    return 0.0


def test_a_preview_says_what_intake_will_say(tmp_path: Path) -> None:
    rows = [good(1), [*good(2)[:3], "很多", "说明"], good(1), good(4)]
    path = write(tmp_path, "cases.csv", lines(HEADER, *rows))
    seen = look(path, PACK, AS_OF, _still)
    taken = list(open_intake(path, VOCABULARY))
    assert list(seen.first) == taken
    assert seen.accepted == sum(isinstance(row, Accepted) for row in taken) == 2
    assert seen.rejected == 2
    assert [(problem.first.row, problem.rows) for problem in seen.problems] == [(2, 1), (3, 1)]
    assert seen.whole


def test_the_same_problem_is_told_once_with_the_number_of_its_rows(tmp_path: Path) -> None:
    rows = [[f"C-{n}", "信用卡", "3", "很多" if n % 2 else "更多", ""] for n in range(1, 100)]
    seen = look(write(tmp_path, "cases.csv", lines(HEADER, *rows)), PACK, AS_OF, _still)
    assert [(problem.first.row, problem.rows) for problem in seen.problems] == [(1, 50), (2, 49)]


def test_rows_that_are_refused_and_tell_of_danger_come_first(tmp_path: Path) -> None:
    rows = [[f"C-{n}", "信用卡", "3", f"很多{n}", ""] for n in range(1, 40)]
    path = write(tmp_path, "cases.csv", lines(HEADER, *rows, ["C-40", "信用卡", "3", "很多", "客户说不想活了"]))
    seen = look(path, PACK, AS_OF, _still)
    assert seen.problems[0].first.row == 40
    assert seen.problems[0].first.zh.startswith("【先联系本人】")
    assert "call this person first" in seen.notices[0].en
    assert seen.danger == seen.notices[:1]


def test_danger_in_rows_that_nobody_can_read_yet_is_told(tmp_path: Path) -> None:
    rows = [[*good(1)[:4], "客户说不想活了"], good(2)]
    path = write(tmp_path, "cases.csv", lines(["流水", *HEADER[1:], ""], *([*row, ""] for row in rows)))
    seen = look(path, PACK, AS_OF, _still)
    assert seen.fault is not None
    assert seen.danger[0].zh.startswith("【先联系本人】") and "第 2 行" in seen.danger[0].zh
    assert [column.header for column in seen.columns] == ["流水", *HEADER[1:]]  # without an empty one at the end


def test_no_more_than_twenty_problems_are_told(tmp_path: Path) -> None:
    rows = [[f"C-{n}", "信用卡", "3", f"很多{n}", ""] for n in range(1, 100)]
    seen = look(write(tmp_path, "cases.csv", lines(HEADER, *rows)), PACK, AS_OF, _still)
    assert len(seen.problems) == FIRST
    assert seen.rejected == 99


def test_columns_are_shown_with_their_fact_and_the_first_value_understood_in_them(tmp_path: Path) -> None:
    header = [*HEADER, "跟进人", "row", "field", "error"]
    path = write(tmp_path, "cases.csv", lines(header, [*good(1), "小王", "7", "余额", "…"]))
    columns = {column.header: column for column in look(path, PACK, AS_OF, _still).columns}
    assert columns["余额"].fact == "balance"
    assert columns["余额"].example == 1_200_050
    assert columns["备注"].fact == "notes"
    assert columns["备注"].example is None, "personal"
    assert columns["跟进人"].fact is None
    assert not columns.keys() & {"row", "field", "error"}, "a rejects file added them"


def test_a_missing_column_is_told_beside_those_that_were_recognised(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", lines(["案件编号", "余额"], ["C-1", "1"]))
    seen = look(path, PACK, AS_OF, _still)
    assert [column.fact for column in seen.columns] == ["case_ref", "balance"]
    assert seen.fault is not None
    assert "缺少必需的列：产品" in seen.fault.zh
    assert seen.rows == 0


@pytest.mark.parametrize(("rows", "whole"), [(5_000, True), (5_001, False)])
def test_a_preview_reads_at_most_five_thousand_rows(tmp_path: Path, rows: int, whole: bool) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, *map(good, range(1, rows + 1))))
    seen = look(path, PACK, AS_OF, _still)
    assert seen.rows == 5_000
    assert seen.whole is whole
    assert len(seen.first) == FIRST


def test_a_preview_ends_when_its_time_is_over(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, *map(good, range(1, 1001))))
    ticks = itertools.count()
    seen = look(path, PACK, AS_OF, lambda: next(ticks) * 0.7)  # so many seconds pass between looks
    assert seen.rows == 300
    assert not seen.whole


def test_a_file_that_breaks_behind_the_first_rows_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, *map(good, range(1, 3000))))

    looks = itertools.count()

    def clock() -> float:
        if next(looks):  # not before the reading began
            content = path.read_bytes()
            path.write_bytes(content[:50_000] + b"\xff" * (len(content) - 50_000))
        return 0.0

    seen = look(path, PACK, AS_OF, clock)
    assert seen.fault is not None
    assert "请重新提交" in seen.fault.zh
    assert 0 < seen.rows < 3000
    assert not seen.whole


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IntakeError):
        look(write(tmp_path, "cases.csv", ""), PACK, AS_OF, _still)


def test_rejects_show_the_cell_at_fault_and_hide_personal_ones(tmp_path: Path) -> None:
    long = "电话" * 2000
    rows = [["C-1", "不知道", "3", "很多", long], ["C-2", "信用卡", "", "1", ""]]
    path = write(tmp_path, "cases.csv", lines(HEADER, *rows))
    seen = look(path, PACK, AS_OF, _still)
    first, second = shown(VOCABULARY, seen.headers, (each.first for each in seen.problems), seen.mapping)
    cells = {fault.field: fault.cell for fault in first.faults}
    assert cells == {"product": "不知道", "balance": "很多", "notes": None}
    assert first.case_ref == "C-1"
    assert long not in first.why.zh
    assert {fault.field: fault.cell for fault in second.faults} == {"days_overdue": ""}


@pytest.mark.parametrize(
    ("product", "balance", "seen"),
    [
        ("张三丰", "1.2.3.4", (None, "1.2.3.4")),  # who the case is of stands in the column beside
        ("0571-87654321", "一千多，打 13812345678", (None, None)),
        ("信用卡", "-5.5万", ("-5.5万",)),
        ("张" * 40, "1", (None,)),
    ],
)
def test_who_did_not_hand_it_in_sees_no_cell_that_may_be_somebodys(
    tmp_path: Path, product: str, balance: str, seen: tuple[str | None, ...]
) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, ["C-1", product, "3", balance, ""]))
    looked = look(path, PACK, AS_OF, _still)
    rows = [each.first for each in looked.problems]
    (reject,) = shown(VOCABULARY, looked.headers, rows, looked.mapping, whole=False)
    assert tuple(fault.cell for fault in reject.faults) == seen
    hidden = [cell for cell in (product, balance) if cell not in (*seen, "信用卡")]
    assert not [cell for cell in hidden if cell[:30] in f"{reject.why.zh} {reject.why.en}"]


def test_of_a_column_that_nobody_knows_nothing_is_shown(tmp_path: Path) -> None:
    secret = "住址" * 20_000
    path = write(tmp_path, "cases.csv", lines([*HEADER, "家庭住址"], [*good(1), secret]))
    unused = Mapping(columns={"家庭住址": ColumnUse(fact=None)})
    seen = look(path, PACK, AS_OF, _still, unused)
    (reject,) = shown(VOCABULARY, seen.headers, (each.first for each in seen.problems), seen.mapping)
    assert [(fault.field, fault.cell) for fault in reject.faults] == [("家庭住址", None)]
