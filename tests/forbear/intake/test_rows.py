"""Rows become cases or rejections: nothing is lost, nothing private is left among the facts."""

import datetime as dt
from pathlib import Path

import pytest

from forbear.intake import Accepted, IntakeError, Rejected, open_intake, rows
from forbear.intake.rows import _Met
from rules.pack.files.schema import Text
from tests.support.case_files import HEADER, VOCABULARY, good, lines, read_all, refs, write


def test_a_case_has_typed_facts_with_private_data_and_unknown_columns_apart(tmp_path: Path) -> None:
    header = [
        "经办人",
        "case_ref",
        "借款人编号",
        "product",
        "到期日",
        "年利率",
        "违规",
        "willing",
        "phone",
        "notes",
        "",
    ]
    cells = ["李四", "C-1", "B-1", "按揭", "2026年2月3日", "18.25%", "上门;hours", "是", "13800000000", "-", "x"]
    intake = open_intake(write(tmp_path, "cases.csv", lines([*header, "末"], [*cells, " "])), VOCABULARY)
    assert list(intake) == [
        Accepted(
            row=1,
            case_ref="C-1",
            borrower_ref="B-1",
            facts={
                "case_ref": "C-1",
                "borrower_ref": "B-1",
                "product": "mortgage",
                "due_date": dt.date(2026, 2, 3),
                "rate": 1825,
                "violations": ("hours", "visit"),
                "willing": True,
            },
            private={"phone": "13800000000"},
            extra={"经办人": "李四", "column 11": "x"},
        )
    ]
    assert intake.unknown == ["经办人", "末"]


def test_a_row_with_several_bad_fields_is_one_rejection_that_names_them_all(tmp_path: Path) -> None:
    _, rejected = read_all(
        write(tmp_path, "cases.csv", lines(HEADER, ["C-1", "房 车", "-3", "1.234", "说明"], good(2)))
    )
    assert [(row.row, row.field, row.cells) for row in rejected] == [
        (1, "product;days_overdue;balance", ("C-1", "房 车", "-3", "1.234", "说明"))
    ]
    assert rejected[0].zh.count("。") == 3
    assert rejected[0].error == f"{rejected[0].zh} / {rejected[0].en}"


def test_the_first_of_two_equal_case_references_is_taken_and_the_others_name_its_row(tmp_path: Path) -> None:
    again = ["C-1", *good(9)[1:]]
    accepted, rejected = read_all(write(tmp_path, "cases.csv", lines(HEADER, good(5), good(1), again, again, good(2))))
    assert refs(accepted) == ["C-5", "C-1", "C-2"]
    assert [(row.row, row.field, "row 2" in row.en, "第 2 行" in row.zh) for row in rejected] == [
        (3, "case_ref", True, True),
        (4, "case_ref", True, True),
    ]


def test_a_reference_on_a_rejected_row_is_free_for_a_later_one(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, ["C-1", "?!", "3", "", ""], good(1)))
    accepted, rejected = read_all(path)
    assert (refs(accepted), len(rejected)) == (["C-1"], 1)


PAST = VOCABULARY.model_copy(
    update={
        "facts": {
            **VOCABULARY.facts,
            "served_on": VOCABULARY.facts["due_date"].model_copy(
                update={"title": Text(zh="文书送达日期", en="Date of service"), "past": True}
            ),
        }
    }
)


def test_what_has_happened_cannot_lie_after_the_day_of_triage(tmp_path: Path) -> None:
    header = ["case_ref", "product", "days_overdue", "due_date", "served_on"]
    today, tomorrow = "2026-11-24", "2026-11-25"
    table = [["C-1", "信用卡", "3", tomorrow, today], ["C-2", "信用卡", "3", today, tomorrow]]
    intake = open_intake(write(tmp_path, "cases.csv", lines(header, *table)), PAST)
    accepted, rejected = list(intake.on(dt.date(2026, 11, 24)))
    assert isinstance(accepted, Accepted)  # a day that may lie ahead
    assert isinstance(rejected, Rejected)
    assert rejected.field == "served_on"
    assert rejected.zh == "文书送达日期（2026-11-25）晚于评估日期2026-11-24，请核对年份。"
    assert rejected.en == "Date of service: 2026-11-25 is after the day of triage, 2026-11-24; check the year."
    assert all(isinstance(row, Accepted) for row in intake)  # nobody said which day it is


def test_many_references_are_told_apart() -> None:
    met = _Met()
    assert all(met.first(f"C-{number}", number) is None for number in range(1, 20_001))
    assert all(met.first(f"C-{number}", 0) == (number, True) for number in range(1, 20_001))
    assert all(met.first(f"c-{number}", 0) == (number, False) for number in range(1, 20_001))


def test_an_unknown_column_too_long_to_keep_is_rejected_by_its_name(tmp_path: Path) -> None:
    table = [[*HEADER, "附注"], [*good(1), "x" * 32_767], [*good(2), "x" * 32_768]]
    accepted, rejected = read_all(write(tmp_path, "cases.csv", lines(*table)))
    assert refs(accepted) == ["C-1"]
    assert (rejected[0].field, "32767" in rejected[0].en) == ("附注", True)


def test_a_missing_required_column_stops_before_the_first_row(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="product"):
        rows(write(tmp_path, "cases.csv", lines(["case_ref", "days_overdue"], ["C-1", "3"])), VOCABULARY)


def test_every_row_comes_out_once_as_accepted_or_rejected(tmp_path: Path) -> None:
    table = [good(number) if number % 3 else ["", *good(number)[1:]] for number in range(1, 100)]
    found = list(rows(write(tmp_path, "cases.csv", lines(HEADER, *table)), VOCABULARY))
    assert [row.row for row in found] == list(range(1, 100))
    assert sum(isinstance(row, Rejected) for row in found) == 33
