"""Headers: which column holds which fact."""

from pathlib import Path

import pytest

from forbear.intake import Accepted, Guess, Intake, IntakeError, SourceFile, guess, open_intake, understand
from forbear.intake.columns import added_by_rejects
from forbear.intake.source import SourceRow, distinct
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.case_files import VOCABULARY, write


def _source(columns: list[str], *rows: list[object]) -> SourceFile:
    return SourceFile(Path("cases.csv"), columns, lambda: map(SourceRow, range(1, len(rows) + 1), rows))


def _understood(columns: list[str]) -> Intake:
    return understand(_source(columns), VOCABULARY)


def _guessed(columns: list[str]) -> Guess:
    return guess(VOCABULARY, _source(columns))


REQUIRED = ["case_ref", "product", "days_overdue"]


@pytest.mark.parametrize(
    "header",
    [
        "balance",
        "BALANCE",
        " Balance ",
        "余额",
        "欠款余额",
        "余 额",
        "余额（元）",
        "余额(元)",
        "＊余额：",
        "\ufeff余额",
        "ｂａｌａｎｃｅ",
    ],
)
def test_a_header_is_known_by_name_title_or_alias_however_it_is_typed(header: str) -> None:
    assert _understood([*REQUIRED, header]).fields == [*REQUIRED, "balance"]


def test_unknown_columns_and_derived_facts_are_told_and_map_to_nothing() -> None:
    mapping = _understood(["经办人", *REQUIRED, "分档", ""])
    assert mapping.fields == [None, *REQUIRED, None, None]
    assert mapping.unknown == ["经办人", "分档"]


def test_the_columns_of_a_rejects_file_are_passed_over_without_a_word() -> None:
    mapping = _understood([*REQUIRED, "row", "field", "error"])
    assert mapping.fields == [*REQUIRED, None, None, None]
    assert mapping.unknown == []


def test_a_missing_required_column_is_named_with_the_headers_it_may_have() -> None:
    with pytest.raises(IntakeError) as caught:
        _understood(["case_ref", "days_overdue"])
    assert caught.value.message == "A required column is missing: product (also accepted: 产品, Product)."


def test_a_column_may_be_missing_if_the_one_that_stands_in_for_it_is_there() -> None:
    assert _understood(["case_ref", "product", "到期日"]).fields == ["case_ref", "product", "due_date"]
    with pytest.raises(IntakeError, match=r"columns are missing: product .*; days_overdue \(also accepted: .*DPD\)"):
        _understood(["case_ref"])


def test_two_columns_of_one_meaning_are_refused() -> None:
    two = _source([*REQUIRED, "余额", "Balance（元）"], ["C", "房贷", "3", "1", "2"])
    with pytest.raises(IntakeError, match="'余额' and 'Balance（元）' both mean balance"):
        understand(two, VOCABULARY)


def test_columns_become_distinct_names() -> None:
    assert distinct(["a", "", "a", "a (2)", "a", "column 2"]) == [
        "a",
        "column 2",
        "a (2)",
        "a (2) (2)",
        "a (3)",
        "column 2 (2)",
    ]


def test_what_is_missing_is_told_beside_what_was_recognised() -> None:
    seen = _guessed(["案件编号", "产品", "自定义"])
    assert [each.use.fact for each in seen.columns] == ["case_ref", "product", None]
    assert seen.missing == ("days_overdue",)
    with pytest.raises(IntakeError) as caught:
        _understood(["案件编号", "产品", "自定义"])
    assert "逾期天数（表头也可以写作 Days overdue、逾期、DPD）" in caught.value.zh


def test_two_columns_of_one_name_are_one_too_many_in_both_languages() -> None:
    with pytest.raises(IntakeError) as caught:
        understand(_source(["案件编号", "产品", "逾期", "余额", "余额"], ["C", "房贷", "3", "1", "2"]), VOCABULARY)
    fault = caught.value
    assert fault.en == "The columns '余额' and '余额 (2)' both mean balance: keep one of them."
    assert fault.zh == "“余额”和“余额 (2)”两列都是余额，请只保留一列。"


@pytest.mark.parametrize(
    ("columns", "added"),
    [
        (["a", "row", "field", "error"], {"row", "field", "error"}),
        (["error", "a", "Row ", "field", "error (2)"], {"Row ", "field", "error (2)"}),
        (["a", "row", "error"], set()),
        (["error"], set()),
    ],
)
def test_only_all_three_columns_of_a_rejects_file_are_passed_over(columns: list[str], added: set[str]) -> None:
    assert added_by_rejects(columns) == added


def test_a_column_that_is_called_like_one_of_a_rejects_file_is_told_and_kept() -> None:
    intake = understand(_source([*REQUIRED, "error"], ["C-1", "房贷", "3", "不想活了"]), VOCABULARY)
    assert [case.extra for case in intake if isinstance(case, Accepted)] == [{"error": "不想活了"}]
    assert intake.unknown == ["error"]
    assert any("error" in notice.en for notice in intake.notices)


@pytest.mark.parametrize(
    ("table", "cause"),
    [
        ("A,花呗,45,失业\nB,花呗,46,失业\n", "Row 1 ('A', '花呗', '45', '失业') does not seem to be a header"),
        (
            "案件编号,A,B\n产品,花呗,借呗\n逾期天数,45,46\n困难原因,失业,疾病\n",
            "stand below each other in the first column",
        ),
        (
            "第一行,x,y\n" * 25 + "案件编号,产品,逾期天数\nA,花呗,45\n",
            "Row 1 ('第一行', 'x', 'y') does not seem to be a header",
        ),
        ("案件编号,产品,逾期天数\nA,花呗,45\n", "A required column is missing: hardship"),
    ],
)
def test_a_table_without_a_header_is_refused_by_its_cause(tmp_path: Path, table: str, cause: str) -> None:
    with pytest.raises(IntakeError) as refused:
        open_intake(write(tmp_path, "cases.csv", table), load(DEFAULT_PACK).vocabulary)
    assert cause in str(refused.value)
    assert str(refused.value).index(cause) < 60, "the cause is told first"
