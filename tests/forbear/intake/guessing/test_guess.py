"""Guesses: certain only where header and cells agree, and nothing else is taken before somebody has said so."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as any_of
from hypothesis import strategies as st

from forbear.intake import Accepted, Guess, IntakeError, Remembered, guess, open_intake, open_source
from forbear.intake.guessing.remembered import Confirmed
from forbear.intake.mapping import ColumnUse, Mapping
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.case_files import HEADER, VOCABULARY, good, lines, write

SHIPPED = load(DEFAULT_PACK).vocabulary
REQUIRED = {"案件编号": "C-1", "产品": "信用卡", "逾期天数": "30", "困难原因": "失业"}


def _guessed(folder: Path, cells: dict[str, str], remembered: Remembered | None = None) -> Guess:
    row = REQUIRED | cells
    path = write(folder, "cases.csv", lines(list(row), [f'"{cell}"' for cell in row.values()]))
    return guess(SHIPPED, open_source(path, SHIPPED), None, remembered)


def _one(folder: Path, header: str, cell: str, remembered: Remembered | None = None) -> tuple[str | None, str]:
    each = next(each for each in _guessed(folder, {header: cell}, remembered).columns if each.header == header)
    return each.use.fact, each.sure


@pytest.mark.parametrize(
    ("header", "cell", "fact", "sure"),
    [
        ("欠款余额", "12000", "balance", "certain"),
        ("欠款余额", "2026-01-03", None, "open"),
        ("欠款余额", "13800000001", None, "open"),
        ("应还款日", "15", None, "open"),
        ("应还款日", "2026-01-15", "due_date", "certain"),
        ("手机号", "13800000001", "phone", "certain"),
        ("手机号", "110101199001011237", None, "open"),
        ("还款日", "2026-01-15", "due_date", "likely"),
        ("还款日", "15", None, "open"),
        ("备注2", "见上次", "notes", "certain"),
        ("走访情况", "客户说最近失业，没有收入，下月再联系", "notes", "likely"),
        ("备用手机号", "13800000001", "phone", "likely"),
        ("联系人电话", "13900000001", None, "certain"),
        ("紧急联系方式", "13900000001", None, "certain"),
        ("配偶月收入", "5000", None, "certain"),
        ("网点", "城东", None, "certain"),
        ("逾期本金", "3000", "principal", "likely"),
        ("承诺还款金额", "3000", None, "certain"),
        ("反馈日期", "2026-01-15", None, "certain"),  # a day, and no notes
        ("反馈", "下月还", "notes", "certain"),
        ("当前逾期", "3000.50", None, "certain"),  # no reference has decimals
    ],
)
def test_a_column_is_certain_only_where_its_header_and_its_cells_agree(
    tmp_path: Path, header: str, cell: str, fact: str | None, sure: str
) -> None:
    assert _one(tmp_path, header, cell) == (fact, sure)


def test_nothing_that_is_not_certain_is_taken_without_a_word(tmp_path: Path) -> None:
    row = REQUIRED | {"备用手机号": "13800000001", "应还款日": "15", "网点": "城东"}
    path = write(tmp_path, "cases.csv", lines(list(row), list(row.values())))
    intake = open_intake(path, SHIPPED)
    (case,) = intake
    assert isinstance(case, Accepted)
    assert set(case.facts) == {"case_ref", "product", "days_overdue", "hardship"}
    told = " ".join(notice.en for notice in intake.notices)
    assert "备用手机号 is not used" in told
    assert "应还款日 is not used: its header means Due date, but its cells are numbers" in told
    assert "Kept but not used, because no fact has such a name: 网点." in told
    with pytest.raises(IntakeError, match="Not confirmed yet: 备用手机号, 应还款日"):
        intake.guess.check_confirmed()


def test_two_columns_of_one_fact_are_open_and_refused_unless_they_say_the_same(tmp_path: Path) -> None:
    one = write(tmp_path, "one.csv", lines([*HEADER, "Balance"], [*good(1), "7"]))
    seen = guess(VOCABULARY, open_source(one, VOCABULARY))
    assert [each.sure for each in seen.columns if each.header in ("余额", "Balance")] == ["open", "open"]
    with pytest.raises(IntakeError, match="'余额' and 'Balance' both mean balance"):
        open_intake(one, VOCABULARY)
    same = write(tmp_path, "same.csv", lines([*HEADER, "Balance"], [*good(1), good(1)[3]]))
    assert open_intake(same, VOCABULARY).fields[3:] == ["balance", "notes", None]


def test_a_missing_fact_is_told_with_the_column_that_may_be_it(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", lines(["编号", *list(REQUIRED)[1:]], list(REQUIRED.values())))
    with pytest.raises(IntakeError, match=r"missing: case_ref .* It may be '编号' for Case reference. Confirm it"):
        open_intake(path, SHIPPED)


def test_a_missing_fact_is_told_with_the_column_that_is_called_so_and_holds_something_else(tmp_path: Path) -> None:
    row = {name: cell for name, cell in REQUIRED.items() if name != "逾期天数"} | {"应还款日": "46296"}
    path = write(tmp_path, "cases.csv", lines(list(row), list(row.values())))
    with pytest.raises(
        IntakeError, match="'应还款日' was not taken: its header means Due date, but its cells are numbers"
    ):
        open_intake(path, SHIPPED)


def test_a_column_behind_somebody_else_with_the_same_number_is_theirs(tmp_path: Path) -> None:
    cells = {"手机号": "13800000001"} | {
        f"{name}{number}": cell
        for number in (1, 2)
        for name, cell in (("联系人", "赵一"), ("手机号", "13900000001"), ("年龄", "30"))
    }
    found = {each.header: (each.use.fact, each.sure) for each in _guessed(tmp_path, cells).columns}
    assert found["手机号"] == ("phone", "certain")
    assert {found[name] for name in ("手机号1", "年龄1", "手机号2", "年龄2")} == {(None, "certain")}


def test_what_was_confirmed_for_the_same_headers_is_certain_unless_the_cells_contradict_it(tmp_path: Path) -> None:
    past = Remembered(Mapping(columns={"乙": ColumnUse(fact="balance"), "丙": ColumnUse(fact=None)}, date_order="dmy"))
    assert _one(tmp_path, "乙", "300", past) == ("balance", "certain")
    assert _one(tmp_path, "乙", "2026-01-03", past) == (None, "certain")
    assert _guessed(tmp_path, {"丙": "x"}, past).mapping.date_order == "dmy"


def test_a_column_that_was_confirmed_in_another_file_is_certain_with_cells_of_the_same_shape(tmp_path: Path) -> None:
    past = Remembered(columns={"乙": Confirmed(ColumnUse(fact="balance"), "number")})
    assert _one(tmp_path, "乙", "300", past) == ("balance", "certain")
    assert _one(tmp_path, "乙", "三百", past) == ("balance", "likely")
    assert _one(tmp_path, "乙", "13800000001", past)[0] != "balance"


def test_the_order_of_dates_is_open_where_they_read_both_ways(tmp_path: Path) -> None:
    seen = _guessed(tmp_path, {"应还款日": "03/04/2026"})
    assert seen.date_orders == ("dmy", "mdy")
    with pytest.raises(IntakeError, match="order of the dates"):
        seen.check_confirmed()


_CELLS = {
    "产品": st.sampled_from(["信用卡", "房贷", "按揭"]),
    "逾期天数": st.integers(0, 900).map(str),
    "余额": st.sampled_from(["1.2万", "300", "12,000.50"]),
    "年利率": st.sampled_from(["18%", "15.4"]),
    "到期日": st.sampled_from(["2026-01-03", "2026/4/5"]),
    "备注": st.sampled_from(["说明", ""]),
    "愿意还款": st.sampled_from(["是", "否"]),
}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@any_of(st.lists(st.fixed_dictionaries(_CELLS), min_size=1, max_size=4), st.permutations(list(_CELLS)))
def test_a_guess_that_is_certain_understands_the_same_once_written(
    tmp_path: Path, rows: list[dict[str, str]], order: list[str]
) -> None:
    header = ["案件编号", *order]
    table = [[f"C-{n}", *(f'"{row[name]}"' for name in order)] for n, row in enumerate(rows)]
    path = write(tmp_path, "cases.csv", lines(header, *table))
    without = open_intake(path, VOCABULARY)
    assert not without.guess.unconfirmed
    again = open_intake(path, VOCABULARY, without.guess.mapping)
    assert list(again) == list(without)
    assert again.mapping == without.mapping


def test_a_unit_that_the_file_shows_is_not_overruled_by_what_was_confirmed(tmp_path: Path) -> None:
    past = Remembered(Mapping(columns={"金额": ColumnUse(fact="balance", unit="万元")}))
    assert _one(tmp_path, "金额", "300", past) == ("balance", "certain")
    row = REQUIRED | {"金额": "300"}
    path = write(tmp_path, "above.csv", lines(["单位：元", *[""] * 4], list(row), list(row.values())))
    seen = guess(SHIPPED, open_source(path, SHIPPED), None, past)
    assert [(each.use.fact, each.sure) for each in seen.columns if each.header == "金额"] == [(None, "open")]
    with pytest.raises(IntakeError, match="mapping says that '金额' is in 万元, the file says"):
        open_intake(path, SHIPPED, past.whole)
