"""Results and rejects files: complete, harmless in a spreadsheet, and good to submit again as they are."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from forbear.base.errors import ForbearError
from forbear.batch.export import check_target, is_ours, write_rejects, write_results
from forbear.batch.recorded_decision import RecordedDecision
from forbear.intake import FORMATS, Rejected, open_intake, read
from forbear.intake.source import as_text
from rules.loading.loader import DEFAULT_PACK, load
from rules.text.decision_columns import columns
from rules.text.decision_view import DecisionView
from tests.support.case_files import HEADER, VOCABULARY, good, lines, read_all, refs, write
from tests.support.old.recorded import decision
from tests.support.packs.tiny_pack import tiny

EVIL = ["=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "'=1", "''@x"]
PLAIN = ["-5", "+86", "-1,234.50", "-", "12%", "a=1", "'twas", "", " =1", "#N/A"]

every_format = pytest.mark.parametrize("ending", FORMATS)


def rejected(row: int, *cells: str) -> Rejected:
    """A rejected row."""
    return Rejected(row, "balance", "余额不对。", "Balance is wrong.", cells)


def cells(path: Path) -> list[list[str]]:
    """All cells of a file as text."""
    return [[as_text(cell) for cell in row.cells] for row in read(path)]


@every_format
def test_rejects_come_back_exactly_as_they_were_submitted(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rejects{ending}"
    tricky = [*EVIL, *PLAIN, '"', 'a"b', "a,b;c\td", "两\r\n行", "\r", "_x000D_", "\x01\x1f", "\ufffe", " x ", "0012"]
    rows = [rejected(number, text, "C-1") for number, text in enumerate(tricky, 1)]
    assert write_rejects(path, ["备注", "案件编号"], iter(rows)) == len(tricky)
    assert read(path).columns == ["备注", "案件编号", "row", "field", "error"]
    assert cells(path) == [
        [text, "C-1", str(number), "balance", "余额不对。 / Balance is wrong."] for number, text in enumerate(tricky, 1)
    ]


texts = st.text(st.characters(codec="utf-8") | st.sampled_from("=+-@'\"\t\r\n,;_x0041_ ＝\ufeff\0"), max_size=12)


@every_format
@settings(max_examples=60, deadline=None)
@given(table=st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[texts] * width), min_size=1, max_size=6)))
def test_any_cells_come_back_exactly(tmp_path_factory: pytest.TempPathFactory, ending: str, table: list[Any]) -> None:
    path = tmp_path_factory.mktemp("any") / f"rejects{ending}"
    columns = [f"列{number}" for number in range(len(table[0]))]
    write_rejects(path, columns, (rejected(number, *row) for number, row in enumerate(table, 1)))
    assert [tuple(row[: len(columns)]) for row in cells(path)] == table


@every_format
def test_a_corrected_rejects_file_is_accepted_as_it_stands(tmp_path: Path, ending: str) -> None:
    bad = [[*good(1)[:3], "一万多", "=说明"], good(2), [*good(3)[:1], "房 车", *good(3)[2:]]]
    first = open_intake(
        write(tmp_path, "cases.csv", lines([*HEADER, "经办人"], *([*row, "李四"] for row in bad))), VOCABULARY
    )
    rejections = [row for row in first if isinstance(row, Rejected)]
    corrected = [
        Rejected(
            row.row, row.field, row.zh, row.en, tuple({"一万多": "1.2万", "房 车": "房贷"}.get(c, c) for c in row.cells)
        )
        for row in rejections
    ]
    path = tmp_path / f"rejects{ending}"
    write_rejects(path, first.columns, corrected)
    again = open_intake(path, VOCABULARY)
    accepted, still_rejected = read_all(path)
    assert (refs(accepted), still_rejected, again.unknown) == (["C-1", "C-3"], [], ["经办人"])
    assert accepted[0].private == {"notes": "=说明"}
    assert accepted[0].extra == {"经办人": "李四"}


@every_format
def test_rejects_of_a_rejects_file_have_one_row_field_and_error(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rejects{ending}"
    write_rejects(path, ["a", "row", "field", "error", "b"], [rejected(7, "1", "old", "old", "old", "2")])
    assert read(path).columns == ["a", "b", "row", "field", "error"]
    assert cells(path)[0][:3] == ["1", "2", "7"]


@every_format
def test_columns_of_one_name_or_none_keep_their_cells(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rejects{ending}"
    write_rejects(path, ["a;b;c;d;e;f", "", "a", "a"], [rejected(1, "1", "2", "3", "4")])
    assert cells(path)[0][:4] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
def test_text_files_begin_with_the_mark_excel_needs_and_hold_no_formula(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rejects{ending}"
    write_rejects(path, ["备注"], [rejected(1, text) for text in EVIL + PLAIN])
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = [row[0] for row in csv.reader(file, delimiter="," if ending == ".csv" else "\t")][1:]
    assert found == [f"'{text}" for text in EVIL] + PLAIN


def test_a_workbook_holds_formulas_as_marked_text(tmp_path: Path) -> None:
    path = tmp_path / "rejects.xlsx"
    write_rejects(path, ["备注"], [rejected(1, text) for text in EVIL + PLAIN])
    sheet = load_workbook(path).active
    assert sheet is not None
    for text, (cell, *_) in zip(EVIL + PLAIN, sheet.iter_rows(min_row=2), strict=True):
        assert cell.data_type == ("s" if text else "n")
        assert cell.quotePrefix == (text in EVIL)
    with ZipFile(path) as archive:
        assert b"<f" not in archive.read("xl/worksheets/sheet1.xml").replace(b"<formula", b"")


def test_a_cell_that_looks_like_the_markup_of_a_workbook_stays_text(tmp_path: Path) -> None:
    write_rejects(tmp_path / "rejects.xlsx", ["备注"], [rejected(1, "<r><t>&</r>"), rejected(2, "<b>&amp;</b>")])
    assert [row[0].strip() for row in cells(tmp_path / "rejects.xlsx")] == ["<r><t>&</r>", "<b>&amp;</b>"]


def test_more_rows_than_a_sheet_can_hold_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forbear.intake.formats.format.MAX_SHEET_ROWS", 3)
    assert write_rejects(tmp_path / "rejects.xlsx", ["备注"], [rejected(1, "x")] * 2) == 2
    with pytest.raises(ForbearError, match="at most 3 rows"):
        write_rejects(tmp_path / "more.xlsx", ["备注"], [rejected(1, "x")] * 3)
    assert not (tmp_path / "more.xlsx").exists()


def test_a_full_disk_is_told_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zipfile.ZipFile.write", full)
    with pytest.raises(ForbearError, match="No space left") as caught:
        write_rejects(tmp_path / "rejects.xlsx", ["备注"], [rejected(1, "x")])
    assert "\n" not in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_cell_longer_than_a_sheet_can_hold_is_cut_and_not_crashed_on(tmp_path: Path) -> None:
    write_rejects(tmp_path / "rejects.xlsx", ["备注"], [rejected(1, "x" * 5_000_000), rejected(2, "\r" * 40_000)])
    assert [len(row[0]) for row in cells(tmp_path / "rejects.xlsx")] == [32_767, 32_767]


@pytest.mark.parametrize("ending", [".jsonl", ".json"])
def test_results_are_whole_in_json(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"results{ending}"
    made = [decision(), decision("C-2", days_overdue=3)]
    assert write_results(path, iter(made)) == 2
    text = path.read_text(encoding="utf-8")
    found = [json.loads(line) for line in text.splitlines()] if ending == ".jsonl" else json.loads(text)
    assert found == [each.view().model_dump(mode="json") for each in made]
    assert [each["facts"]["days_overdue"] for each in found] == [120, 3]
    assert found[0]["facts"]["income_monthly"] == "5000.00"


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".xlsx", ".parquet"])
def test_results_are_flat_in_tables(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"results{ending}"
    assert write_results(path, iter([decision(), decision("C-2", served_on=None, product="mortgage")])) == 2
    assert read(path).columns == [column.name for column in columns(tiny())]
    found, other = (dict(zip(read(path).columns, row, strict=True)) for row in cells(path))
    expected = {
        "case_ref": "C-1",
        "strategy_label.zh": "个性化分期",
        "strategy_label.en": "Card plan",
        "certain": "true",
        "secondary": "",
        "reasons": "card-plan: 每月可还¥950.00，已逾期超过90天",
        "deadlines": "answer 答辩期限 2026-11-24 practice 惯例 practice primary 1 false",
        "pack.id": "tiny",
        "pack.version": "1.0.0",
        "as_of": "2026-11-23",
        "engines_agree": "true",
        "facts.product": "credit_card",
        "facts.days_overdue": "120",
        "facts.income_monthly": "5000" if ending == ".xlsx" else "5000.00",
        "facts.annual_rate_percent": "18.25",
        "facts.served_on": "2026-11-09",
        "facts.collection_violations": "visit;hours",
        "facts.debt_disputed": "false",
        "facts.due_date": "",
    }
    assert {name: found[name] for name in expected} == expected
    assert (other["case_ref"], other["facts.product"], other["facts.served_on"]) == ("C-2", "mortgage", "")


def test_numbers_among_the_facts_can_be_added_in_a_workbook(tmp_path: Path) -> None:
    write_results(tmp_path / "results.xlsx", [decision()])
    sheet = load_workbook(tmp_path / "results.xlsx").active
    assert sheet is not None
    head, row = sheet.iter_rows(values_only=True)
    found = dict(zip(head, row, strict=True))
    assert (found["facts.days_overdue"], found["facts.income_monthly"], found["facts.annual_rate_percent"]) == (
        120,
        5000,
        18.25,
    )
    assert found["facts.capacity"] == 950


def test_the_columns_are_those_of_the_view_and_no_personal_fact_is_among_them() -> None:
    names = [column.name for column in columns(load(DEFAULT_PACK))]
    assert len(names) == len(set(names))
    assert [name.split(".")[0] for name in names] == sorted(
        (name.split(".")[0] for name in names), key=list(DecisionView.model_fields).index
    )
    assert {name.split(".")[0] for name in names} == set(DecisionView.model_fields)
    assert {"facts.days_overdue", "facts.capacity", "facts.borrower_ref"} <= set(names)
    assert not {"facts.name", "facts.phone", "facts.id_number", "facts.notes", "facts.case_ref"} & set(names)


@every_format
def test_no_results_are_an_empty_file_with_its_columns(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"results{ending}"
    assert write_results(path, []) == 0
    if ending == ".csv":
        assert path.read_text(encoding="utf-8-sig").startswith("case_ref,strategy,strategy_label.zh,")
    elif ending == ".parquet":
        assert pq.read_table(path).num_rows == 0
    elif ending == ".json":
        assert json.loads(path.read_text()) == []


@every_format
def test_a_failure_halfway_leaves_the_old_file_and_nothing_else(tmp_path: Path, ending: str) -> None:
    def failing() -> Iterator[RecordedDecision]:
        yield decision()
        raise RuntimeError

    path = tmp_path / f"results{ending}"
    path.write_text("old")
    with pytest.raises(RuntimeError):
        write_results(path, failing())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "real.jsonl")
    write_results(tmp_path / "link.jsonl", [decision()])
    assert (tmp_path / "link.jsonl").is_symlink()
    assert json.loads((tmp_path / "real.jsonl").read_text())["case_ref"] == "C-1"


def test_a_place_that_cannot_be_written_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("")
    for target, sentence in [
        (tmp_path / "results.doc", "ends in none of .csv"),
        (tmp_path / "results", "ends in none of .csv"),
        (tmp_path / "folder.csv", "is not an ordinary file"),
        (tmp_path / "nowhere" / "results.csv", "does not exist: make it first"),
        (tmp_path / "file" / "results.csv", "does not exist: make it first"),
        (Path("/proc/results.csv"), "cannot be written"),
    ]:
        with pytest.raises(ForbearError, match=sentence) as caught:
            write_results(target, [decision()])
        assert "\n" not in caught.value.message
    check_target(tmp_path / "results.csv")


def test_what_is_replaced_is_what_forbear_wrote(tmp_path: Path) -> None:
    for ending in FORMATS:
        results, rejects, other = (tmp_path / f"{name}{ending}" for name in ("results", "rejects", "other"))
        assert is_ours(results)
        write_results(results, [decision()])
        write_rejects(rejects, ["案件编号"], [Rejected(1, "a", "b", "c", ("x",))])
        assert is_ours(results)
        assert is_ours(rejects)
        other.write_bytes(b"\xff not a table of anybody")
        assert not is_ours(other)
        other.write_bytes(b"mine\n")
        assert not is_ours(other)
        other.write_bytes(b"")
        assert is_ours(other)
    mine = tmp_path / "mine.csv"
    mine.write_text("case_ref,product\nA-1,huabei\n")
    assert not is_ours(mine)
