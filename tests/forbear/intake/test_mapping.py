"""A mapping: how it is written and read, what is wrong with one, and what following it makes of a file's cells."""

import json
from pathlib import Path

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from forbear.intake import Accepted, ColumnUse, IntakeError, Mapping, Rejected, open_intake
from forbear.intake.mapping import Persons, of_data, parse
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.case_files import HEADER, VOCABULARY, good, lines, write

SHIPPED = load(DEFAULT_PACK).vocabulary
_WORDS = st.text(max_size=12)
_USES = st.builds(
    ColumnUse,
    fact=st.none() | st.sampled_from(sorted(VOCABULARY.facts)),
    unit=st.none() | st.sampled_from(["万元", "%", "天"]),
    debt=st.none() | st.integers(1, 99),
)
MAPPINGS = st.builds(
    Mapping,
    sheet=st.none() | _WORDS,
    header_row=st.none() | st.integers(1, 9),
    date_order=st.none() | st.sampled_from(["ymd", "dmy", "mdy"]),
    columns=st.dictionaries(_WORDS, _USES, max_size=6),
    constants=st.dictionaries(_WORDS, _WORDS, max_size=3),
    values=st.dictionaries(_WORDS, st.dictionaries(_WORDS, _WORDS, max_size=3), max_size=2),
    debts=st.dictionaries(st.integers(1, 99), st.dictionaries(_WORDS, _WORDS, max_size=2), max_size=3),
    persons=st.none() | st.builds(Persons, sheet=_WORDS, key=_WORDS),
)


@any_of(MAPPINGS)
def test_a_mapping_that_is_written_and_read_is_equal(mapping: Mapping) -> None:
    assert parse(mapping.written(), "map.json") == mapping


def test_a_mapping_is_written_as_people_would_write_it() -> None:
    mapping = Mapping(
        header_row=2,
        columns={"余额（万元）": ColumnUse(fact="balance", unit="万元"), "序号": ColumnUse(fact=None)},
        constants={"product": "mortgage"},
    )
    assert json.loads(mapping.written()) == {
        "header_row": 2,
        "columns": {"余额（万元）": {"fact": "balance", "unit": "万元"}, "序号": {"fact": None}},
        "constants": {"product": "mortgage"},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("columns: {}", "map.json is not valid JSON"),
        ('{"columns": {}, "columns": {}}', "has the key 'columns' twice"),
        ("[]", "A mapping is a JSON object"),
        ('{"colums": {}}', "has no key colums; its keys are sheet, header_row, date_order, columns"),
        ('{"columns": {"余额": {"field": "balance"}}}', "has no key columns.余额.field; its keys are fact, unit, debt"),
        ('{"columns": {"余额": "balance"}}', "value of columns.余额 is not one"),
        ('{"date_order": "yyyy"}', "value of date_order is not one"),
        ('{"header_row": 0}', "value of header_row is not one"),
    ],
)
def test_what_is_no_mapping_is_told_by_its_key(text: str, told: str) -> None:
    with pytest.raises(IntakeError) as caught:
        parse(text, "map.json")
    assert told in caught.value.en


def _read(folder: Path, header: list[str], *rows: list[str], **mapping: object) -> list[Accepted | Rejected]:
    path = write(folder, "cases.csv", lines(header, *rows))
    return list(open_intake(path, VOCABULARY, of_data(mapping)))


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({"columns": {"金额": {"fact": "balance"}}}, "no column '金额'"),
        (
            {"columns": {"余额": {"fact": "balanse"}}},
            "'余额' the fact balanse, and there is none: use one such as balance",
        ),
        ({"columns": {"余额": {"fact": "bucket"}}}, "the fact bucket, and there is none"),
        ({"columns": {"余额": {"fact": "balance", "unit": "天"}}}, "unit of '余额', 天, is none of Balance"),
        ({"columns": {"余额": {"fact": "balance", "unit": "打"}}}, "unit of '余额', 打, is none of Balance"),
        (
            {"columns": {"余额": {"fact": "balance"}, "备注": {"fact": "balance"}}},
            "'余额' and '备注' both mean balance",
        ),
        ({"columns": {"余额": {"fact": None}}, "constants": {"balance": "viel"}}, "The constant balance: "),
        ({"constants": {"willing": "-"}}, "The constant willing says nothing"),
        (
            {"columns": {"余额": {"fact": "balance"}}, "constants": {"balance": "1"}},
            "has a constant and the column '余额'",
        ),
        ({"values": {"balance": {"x": "y"}}}, "balance has no list of values"),
        (
            {"values": {"product": {"卡": "card"}}},
            "takes '卡' of product for card, which is not one of its values",
        ),
        ({"columns": {"产品": {"fact": None}}}, "A required column is missing: product"),
    ],
)
def test_a_mapping_that_cannot_be_followed_is_told_by_its_key(
    tmp_path: Path, mapping: dict[str, object], told: str
) -> None:
    with pytest.raises(IntakeError) as caught:
        _read(tmp_path, HEADER, good(1), **mapping)
    assert told in caught.value.en


def test_headers_of_any_name_are_read_as_the_mapping_has_them(tmp_path: Path) -> None:
    header = ["流水", "种类", "拖了多久", "欠多少(万元)", "备用"]
    (row,) = _read(
        tmp_path,
        header,
        ["C-1", "借的钱", "30", "1.2", "x"],
        columns={
            "流水": {"fact": "case_ref"},
            "种类": {"fact": "product"},
            "拖了多久": {"fact": "days_overdue"},
            "欠多少(万元)": {"fact": "balance"},
        },
        values={"product": {"借的钱": "mortgage"}},
        constants={"willing": "是"},
    )
    assert isinstance(row, Accepted)
    assert row.facts == {
        "case_ref": "C-1",
        "product": "mortgage",
        "days_overdue": 30,
        "balance": 1_200_000,
        "willing": True,
    }, "the unit beside a header counts whatever is said of its fact"
    assert row.extra == {"备用": "x"}


def test_a_column_in_a_unit_that_its_fact_is_not_in_is_refused_whoever_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="美元"):
        _read(tmp_path, [*HEADER[:3], "欠款(美元)"], good(1)[:4], columns={"欠款(美元)": {"fact": "balance"}})


def test_several_columns_of_notes_are_one_text_each_with_its_header(tmp_path: Path) -> None:
    rows = [[*good(1)[:4], "先说", "再说"], [*good(2)[:4], "", "只有这个"], [*good(3)[:4], "", ""]]
    read = _read(tmp_path, [*HEADER[:4], "备注1", "催收记录"], *rows, columns={"催收记录": {"fact": "notes"}})
    notes = [row.private.get("notes") for row in read if isinstance(row, Accepted)]
    assert notes == ["备注1: 先说\n催收记录: 再说", "催收记录: 只有这个", None]


@pytest.mark.parametrize(
    ("order", "day"), [("dmy", "2026-04-03"), ("mdy", "2026-03-04"), (None, "which part of"), ("ymd", "not a day")]
)
def test_a_date_that_reads_both_ways_is_read_as_it_is_said(tmp_path: Path, order: str | None, day: str) -> None:
    mapping = {} if order is None else {"date_order": order}
    (row,) = _read(tmp_path, ["案件编号", "产品", "到期日"], ["C-1", "信用卡", "03/04/2026"], **mapping)
    if isinstance(row, Accepted):
        assert str(row.facts["due_date"]) == day
    else:
        assert day in row.en
        assert row.field == "due_date", "and nothing is told missing that was given"


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("15-Jan-24", "2024-01-15"),
        ("Jan 15, 2024", "2024-01-15"),
        ("3 November 2026", "2026-11-03"),
        ("Aug-2015", "names a month and no day"),
        ("2015年8月", "names a month and no day"),
        ("31-Feb-2024", "not a day in the calendar"),
    ],
)
def test_a_month_that_is_named_is_no_question(tmp_path: Path, cell: str, day: str) -> None:
    (row,) = _read(tmp_path, ["案件编号", "产品", "到期日"], ["C-1", "信用卡", f'"{cell}"'])
    assert str(row.facts["due_date"]) == day if isinstance(row, Accepted) else day in row.en


def test_a_day_that_reads_one_way_says_the_order_of_the_column(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "cases.csv",
        lines(["案件编号", "产品", "到期日"], ["C-1", "信用卡", "03/04/2026"], ["C-2", "信用卡", "31/03/2026"]),
    )
    intake = open_intake(path, VOCABULARY)
    assert [str(row.facts["due_date"]) for row in intake if isinstance(row, Accepted)] == ["2026-04-03", "2026-03-31"]
    assert "Dates of 到期日 are read as day, month, year." in [notice.en for notice in intake.notices]


def test_each_column_of_dates_has_an_order_of_its_own(tmp_path: Path) -> None:
    header = ["案件编号", "产品", "困难原因", "应还款日", "合同日期", "开庭日期"]
    rows = [
        ["C-1", "信用卡", "失业", "03/04/2026", "02/01/2025", "01/02/2027"],
        ["C-2", "信用卡", "失业", "31/03/2026", "12/31/2024", ""],
    ]
    path = write(tmp_path, "cases.csv", lines(header, *rows))
    first, second = open_intake(path, SHIPPED)
    assert isinstance(first, Rejected), "nothing says how its hearing is to be read"
    assert first.field == "hearing_date"
    assert isinstance(second, Accepted)
    chosen, _ = open_intake(path, SHIPPED, of_data({"date_order": "dmy"}))
    assert isinstance(chosen, Accepted)
    told = [str(chosen.facts[name]) for name in ("due_date", "contract_date", "hearing_date")]
    assert told == ["2026-04-03", "2025-02-01", "2027-02-01"]


@pytest.mark.parametrize(
    ("cells", "doubted"),
    [
        (("2026-03-11", "25/03/2026"), True),  # a spreadsheet has taken 11/03/2026 for the 3rd of November
        (("2026/3/11", "25.3.2026", "2026/4/5"), True),
        (("2026-03-11", "25/03/26"), True),
        (("2026-03-11", "2026-03-25"), False),
        (("03/11/2026", "25/03/2026"), False),
        (("2026-03-25", "2026-03-11", "2026-04-30", "25/03/2026"), False),  # dates of the 25th: nothing was turned
    ],
)
def test_a_column_of_dates_that_a_spreadsheet_has_half_converted_is_doubted(
    tmp_path: Path, cells: tuple[str, ...], doubted: bool
) -> None:
    rows = _read(
        tmp_path,
        ["案件编号", "产品", "到期日"],
        *([f"C-{at}", "信用卡", cell] for at, cell in enumerate(cells)),
    )
    told = [row for row in rows if isinstance(row, Rejected) and "a spreadsheet has converted a part" in row.en]
    assert bool(told) == doubted
    assert all(isinstance(row, Rejected) == doubted for row in rows)
