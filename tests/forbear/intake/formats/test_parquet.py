"""Parquet with whatever types its writer chose."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forbear.intake import IntakeError, read
from forbear.intake.source import Unread
from rules.facts.cells import date_reader
from tests.support.case_files import HEADER, good, open_source, read_all, refs


def write_parquet(path: Path, **columns: pa.Array) -> Path:
    """A file of these columns."""
    pq.write_table(pa.table(columns), path)
    return path


def cells_of(folder: Path, *values: pa.Array) -> list[object]:
    """The first value of each column as it is read."""
    columns = {f"c{number}": value for number, value in enumerate(values)}
    return next(iter(read(write_parquet(folder / "cases.parquet", **columns)))).cells


def test_cases_are_read_from_typed_columns(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "cases.parquet",
        case_ref=pa.array([1, 2, 2], pa.int64()),
        产品=pa.array(["信用卡", "房贷", "房贷"]).dictionary_encode(),
        到期日=pa.array([dt.date(2026, 2, 3), None, None], pa.date32()),
        逾期天数=pa.array([None, 30.0, 30.0], pa.float64()),
        余额=pa.array([Decimal("12000.50"), Decimal("3.00"), None], pa.decimal128(12, 2)),
        违规=pa.array([["visit", "hours"], [], None], pa.list_(pa.string())),
        愿意还款=pa.array([True, False, None]),
    )
    accepted, rejected = read_all(path)
    assert [row.facts for row in accepted] == [
        {
            "case_ref": "1",
            "product": "credit_card",
            "due_date": dt.date(2026, 2, 3),
            "balance": 1_200_050,
            "violations": ("hours", "visit"),
            "willing": True,
        },
        {
            "case_ref": "2",
            "product": "mortgage",
            "days_overdue": 30,
            "balance": 300,
            "violations": (),
            "willing": False,
        },
    ]
    assert [(row.row, row.cells) for row in rejected] == [(3, ("2", "房贷", "", "30", "", "", ""))]


def test_odd_types_become_plain_cells(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)
    cells = cells_of(
        tmp_path,
        pa.array([moment], pa.timestamp("us", "UTC")),
        pa.array([moment], pa.timestamp("ns", "Asia/Shanghai")),
        pa.array([moment.timestamp() * 1e9 + 7]).cast(pa.int64()).cast(pa.timestamp("ns")),
        pa.array([b"\xe6\x88\xbf"], pa.binary()),
        pa.array([float("nan")]),
        pa.array([{"a": 1}], pa.struct([("a", pa.int8())])),
        pa.array([dt.timedelta(days=1)]),
        pa.array([None], pa.null()),
        pa.array([2.5], pa.float32()),
    )
    assert cells == [moment, moment, moment.replace(tzinfo=None), "房", None, {"a": 1}, "1 day, 0:00:00", None, 2.5]


def test_a_value_python_has_no_place_for_costs_its_own_row_only(tmp_path: Path) -> None:
    columns = {
        name: pa.array(list(values)) for name, values in zip(HEADER, zip(good(1), good(2), strict=True), strict=True)
    }
    far = pa.array([4_000_000_000_000_000_000, 1_770_076_800_000_000], pa.timestamp("us"))
    accepted, rejected = read_all(write_parquet(tmp_path / "cases.parquet", 到期日=far, **columns))
    assert refs(accepted) == ["C-2"]
    assert [(row.row, row.field) for row in rejected] == [(1, "到期日")]


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + bytes(40) + b"PAR1", b"\x01\x02"])
def test_what_is_no_parquet_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cases.parquet"
    path.write_bytes(content)
    with pytest.raises(IntakeError, match="is not a Parquet file or is damaged") as caught:
        read(path)
    assert "\n" not in caught.value.message


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="has no cases"):
        read(write_parquet(tmp_path / "cases.parquet", case_ref=pa.array([], pa.string())))


def test_numbers_of_few_digits_are_what_they_were_or_nobody_knows(tmp_path: Path) -> None:
    exact = [12000.1, 12000.55, 0.36, 18.25, 131071.99, 500000.0, 16777216.0]
    cells = cells_of(tmp_path, *(pa.array([value], pa.float32()) for value in exact))
    assert cells == [Decimal(str(value)) for value in exact]
    lost = cells_of(tmp_path, pa.array([1234567.89], pa.float32()), pa.array([500000.12], pa.float32()))
    assert [type(cell) for cell in lost] == [Unread, Unread]
    assert cells_of(tmp_path, pa.array([float("nan")], pa.float32()), pa.array([1.5], pa.float16())) == [None, 1.5]


def test_a_moment_is_the_day_it_is_where_the_law_applies(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 11, 3, 16, 30, tzinfo=dt.UTC)
    [cell] = cells_of(tmp_path, pa.array([moment], pa.timestamp("us", "UTC")))
    assert date_reader("Asia/Shanghai")(cell) == dt.date(2026, 11, 4)


def test_what_a_file_says_of_itself_and_its_columns_is_heeded(tmp_path: Path) -> None:
    balance = pa.field("余额", pa.int64(), metadata={"comment": "单位：千元", "PARQUET:field_id": "3"})
    schema = pa.schema([pa.field("编号", pa.string()), balance], metadata={"unit": "万元", "pandas": "{}"})
    pq.write_table(pa.table([["A"], [12]], schema=schema), tmp_path / "cases.parquet")
    source = open_source(tmp_path / "cases.parquet")
    assert (source.titles, source.below) == (("unit：万元",), ((), ("comment：单位：千元",)))
