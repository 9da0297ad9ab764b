"""What was confirmed of a submitter's files is remembered by their headers, learned from, sealed, told and undone."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from openpyxl import Workbook

from forbear.base.vault import Vault
from forbear.batch.submission import mappings
from forbear.intake import ColumnUse, Intake, Mapping, Remembered, SeveralTablesError, open_intake
from models.database.session import session
from tests.support.case_files import HEADER, VOCABULARY, good, lines, write
from tests.support.desk.cases import engine_of, working

NAMED = {"列甲": ColumnUse(fact="balance"), "列乙": ColumnUse(fact=None)}
COLUMNS = [*HEADER[:3], "列甲", "列乙"]


def _file(folder: Path, columns: list[str] = COLUMNS, uses: dict[str, ColumnUse] | None = None) -> Intake:
    path = write(folder, "八月.csv", lines(columns, good(1)[: len(columns)]))
    return open_intake(path, VOCABULARY, Mapping(columns=NAMED if uses is None else uses))


def _remember(url: str, vault: Vault, file: Intake, submitter: str = "us") -> int:
    with working(url, vault) as work:
        return mappings.remember(work, submitter, file)


def _recall(url: str, vault: Vault, columns: list[str], submitter: str = "us") -> Remembered:
    with engine_of(url) as engine, session(engine) as opened:
        return mappings.recall(opened, vault, submitter, columns)


def _entries(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT kind, subject, detail FROM ledger WHERE kind LIKE 'mapping%' ORDER BY seq"
        ).fetchall()


def test_a_mapping_is_recalled_for_the_same_headers_in_any_order_and_for_nobody_else(
    database_url: str, vault: Vault, tmp_path: Path
) -> None:
    _remember(database_url, vault, _file(tmp_path))
    again = [" 列乙", *COLUMNS[:4], "row", "field", "error"]
    whole = _recall(database_url, vault, again).whole
    assert whole is not None
    assert whole.columns["列甲"].fact == "balance"
    assert whole.columns["列乙"].fact is None
    assert whole.header_row is None, "where the header stood was found before it could be recalled"
    assert _recall(database_url, vault, COLUMNS[:4]).whole is None
    assert _recall(database_url, vault, COLUMNS, "them") == Remembered()


def test_a_rejects_file_is_read_as_the_file_that_it_is_from(database_url: str, vault: Vault, tmp_path: Path) -> None:
    kept = _remember(database_url, vault, _file(tmp_path))
    columns = [*COLUMNS[:3], "列甲 [万元]", "列乙", "", "row", "field", "error"]
    past = _recall(database_url, vault, columns)
    with working(database_url, vault) as work:
        found = mappings.kept_for(work.session, vault, "us", columns)
        assert found is not None
        assert found.id == kept
        assert mappings.kept_for(work.session, vault, "us", columns[:5]) is None, "its marks are its own"
    wrong = ["C-1", "信用卡", "很久", "一百多", "x", "", "1", "balance", "x"]
    back = open_intake(write(tmp_path, "back.csv", lines(columns, wrong)), VOCABULARY, None, past)
    assert back.mapping.columns["列甲 [万元]"] == ColumnUse(fact="balance", unit="万元")
    back.guess.check_confirmed()


def test_what_was_confirmed_is_learned_for_other_files_unless_it_differs_from_one_to_the_next(
    database_url: str, vault: Vault, tmp_path: Path
) -> None:
    _remember(database_url, vault, _file(tmp_path))
    learned = _recall(database_url, vault, ["案件编号", "列甲"]).columns
    assert (learned["列甲"].use.fact, learned["列甲"].shape) == ("balance", "number")
    assert "列乙" not in learned, "that a column is not used in one file says nothing of the next"
    other = _file(tmp_path, [*COLUMNS, "列丙"], {**NAMED, "列甲": ColumnUse(fact="rate")})
    _remember(database_url, vault, other)
    assert "列甲" not in _recall(database_url, vault, ["案件编号", "列甲"]).columns


def test_a_mapping_is_told_to_the_ledger_once_shown_replaced_and_undone(
    database_url: str, vault: Vault, tmp_path: Path
) -> None:
    first = _remember(database_url, vault, _file(tmp_path))
    assert _remember(database_url, vault, _file(tmp_path)) == first, "the same again is no news"
    changed = _file(tmp_path, uses={**NAMED, "列甲": ColumnUse(fact="balance", unit="万元")})
    assert _remember(database_url, vault, changed) == first
    with working(database_url, vault) as work:
        (kept,) = mappings.listed(work.session, vault, "us")
        assert (kept.id, kept.file, kept.columns) == (first, "八月.csv", tuple(COLUMNS))
        assert kept.mapping.columns["列甲"].unit == "万元"
        assert mappings.kept_for(work.session, vault, "us", COLUMNS) == kept
        assert mappings.listed(work.session, vault, "them") == []
        assert not mappings.forget(work, "them", first), "somebody else's"
        assert mappings.forget(work, "us", first)
        assert not mappings.forget(work, "us", first)
    assert _recall(database_url, vault, COLUMNS) == Remembered()
    assert _entries(database_url) == [
        ("mapping_confirmed", f"mapping:{first}", {"submitter": "us", "columns": 5}),
        ("mapping_confirmed", f"mapping:{first}", {"submitter": "us", "columns": 5}),
        ("mapping_forgotten", f"mapping:{first}", {"submitter": "us"}),
    ]


def test_headers_are_sealed(database_url: str, vault: Vault, tmp_path: Path) -> None:
    _remember(database_url, vault, _file(tmp_path))
    with psycopg.connect(database_url) as connection:
        (row,) = connection.execute("SELECT m::text FROM confirmed_mapping m").fetchall()
    assert "列甲".encode().hex() not in row[0]


def test_of_several_sheets_the_one_that_was_confirmed_is_read_again(
    database_url: str, vault: Vault, tmp_path: Path
) -> None:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name in ("1月", "2月"):
        table = workbook.create_sheet(name)
        for row in (COLUMNS, good(1)):
            table.append(row)
    workbook.save(tmp_path / "cases.xlsx")
    chosen = Mapping(sheet="2月", columns=NAMED)

    def open_again(submitter: str) -> str | None:
        with engine_of(database_url) as engine, session(engine) as found:
            source, place = mappings.opened(found, vault, submitter, tmp_path / "cases.xlsx", VOCABULARY, None)
            assert place is not None
            return source.sheet

    with pytest.raises(SeveralTablesError):
        open_again("us")
    _remember(database_url, vault, open_intake(tmp_path / "cases.xlsx", VOCABULARY, chosen))
    assert open_again("us") == "2月"
    with pytest.raises(SeveralTablesError):
        open_again("them")


def _amounts(folder: Path, *cells: str, above: str = "", unit: str | None = None) -> Path:
    rows = [[*good(number)[:3], cell] for number, cell in enumerate(cells, 1)]
    return write(folder, "八月.csv", (f"{above}\n" if above else "") + lines([*HEADER[:3], "列甲"], *rows))


@pytest.mark.parametrize(
    ("unit", "before", "now", "above", "certain"),
    [
        (None, ("12000", "34000", "50000"), ("120", "340", "500"), "", False),  # in 万元 now?
        ("万元", ("1.2", "3.4", "5"), ("120", "340", "500"), "", False),  # in yuan now?
        ("万元", ("1.2", "3.4", "5"), ("2.2", "33.4", "15"), "", True),
        (None, ("12000", "34000", "50000"), ("1.2", "3.4", "5"), "单位：万元", True),  # it says so
        (None, ("12000", "34000", "50000"), ("900", "34000", "150000"), "", True),
    ],
)
def test_numbers_of_another_size_than_were_confirmed_are_asked_about(
    database_url: str,
    vault: Vault,
    tmp_path: Path,
    unit: str | None,
    before: tuple[str, ...],
    now: tuple[str, ...],
    above: str,
    certain: bool,
) -> None:
    given = Mapping(columns={"列甲": ColumnUse(fact="balance", unit=unit)})
    _remember(database_url, vault, open_intake(_amounts(tmp_path, *before), VOCABULARY, given))
    past = _recall(database_url, vault, [*HEADER[:3], "列甲"])
    again = open_intake(_amounts(tmp_path, *now, above=above), VOCABULARY, None, past)
    assert (again.mapping.columns["列甲"].fact == "balance") is certain
    told = " ".join(notice.en for notice in again.notices)
    assert (
        "列甲 is not used: its numbers are fifty times larger or smaller than when it was confirmed" in told
    ) is not certain


def test_numbers_of_another_size_that_are_confirmed_are_what_is_remembered_then(
    database_url: str, vault: Vault, tmp_path: Path
) -> None:
    given = Mapping(columns={"列甲": ColumnUse(fact="balance")})
    for cells in (("12000", "34000"), ("120", "340")):
        _remember(database_url, vault, open_intake(_amounts(tmp_path, *cells), VOCABULARY, given))
    past = _recall(database_url, vault, [*HEADER[:3], "列甲"])
    assert (
        open_intake(_amounts(tmp_path, "90", "400"), VOCABULARY, None, past).mapping.columns["列甲"].fact == "balance"
    )
