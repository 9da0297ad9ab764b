"""CSV and TSV as spreadsheets and people really write them."""

import gzip
import io
import os
from pathlib import Path

import pytest

from forbear.intake import IntakeError, read
from forbear.intake.formats.delimited import _records
from forbear.intake.formats.text_files import encoding_of
from tests.support.case_files import HEADER, good, lines, open_source, read_all, refs, write

TABLE = lines(HEADER, good(1), good(2))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_encoding_and_separator_of_a_spreadsheet_is_read(tmp_path: Path, encoding: str, separator: str) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, good(1), good(2), separator=separator), encoding)
    accepted, rejected = read_all(path)
    assert refs(accepted) == ["C-1", "C-2"]
    assert not rejected
    assert accepted[1].facts == {
        "case_ref": "C-2",
        "product": "credit_card",
        "days_overdue": 2,
        "balance": 1_200_050,
    }
    assert accepted[1].private == {"notes": "说明2"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(tmp_path: Path, end: str) -> None:
    path = write(tmp_path, "cases.csv", TABLE.replace("\r\n", end))
    assert refs(read_all(path)[0]) == ["C-1", "C-2"]


def test_gb18030_is_seen_though_only_the_last_of_many_rows_is_chinese(tmp_path: Path) -> None:
    rows = [[f"C-{number}", "mortgage", "3"] for number in range(30_000)]
    text = lines(["case_ref", "product", "days_overdue"], *rows, ["C-最后", "房贷", "3"])
    accepted, rejected = read_all(write(tmp_path, "cases.csv", text, "gb18030"))
    assert (len(accepted), accepted[-1].case_ref, rejected) == (30_001, "C-最后", [])


def test_half_a_character_spoils_its_own_row_only(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(
        lines(HEADER, good(1), good(2), good(3)).encode("gb18030").replace("说明2".encode("gb18030"), b"\xcb")
    )
    accepted, rejected = read_all(path)
    assert refs(accepted) == ["C-1", "C-3"]
    assert [(row.row, row.field, row.cells[-1]) for row in rejected] == [(2, "notes", "\ufffd")]


def test_words_that_cannot_be_read_are_lost_in_no_column_in_silence(tmp_path: Path) -> None:
    text = lines([*HEADER, "回访"], [*good(1), "好"], [*good(2), "好"], [*good(3), "好"]).encode()
    path = tmp_path / "cases.csv"
    path.write_bytes(text + ",".join([*good(4), "不想活了"]).encode("gb18030"))
    accepted, rejected = read_all(path)
    assert (refs(accepted), [row.field for row in rejected]) == (["C-1", "C-2", "C-3"], ["product;notes;回访"])


def test_quoted_cells_may_hold_separators_quotes_and_line_breaks(tmp_path: Path) -> None:
    cell = '他说"再等等",\r\n下月还\n\n完'
    quoted = '"' + cell.replace('"', '""') + '"'
    path = write(tmp_path, "cases.csv", lines(HEADER, [*good(1)[:4], quoted], good(2)))
    accepted, _ = read_all(path)
    assert [row.private["notes"] for row in accepted] == [cell, "说明2"]


@pytest.mark.parametrize("bad", ['"没有关上', '"关上了"又写', '"'])
def test_a_wrong_quote_costs_its_own_line_only(tmp_path: Path, bad: str) -> None:
    broken = [*good(2)[:4], bad]
    path = write(tmp_path, "cases.csv", lines(HEADER, good(1), broken, *map(good, range(3, 1_000))))
    accepted, rejected = read_all(path)
    assert refs(accepted) == ["C-1", *(f"C-{number}" for number in range(3, 1_000))]
    assert [(row.row, row.field) for row in rejected] == [(2, "")]
    assert "引号" in rejected[0].zh
    assert "quotation mark" in rejected[0].en
    assert rejected[0].cells == tuple(broken)


def test_a_quote_opened_in_one_row_and_closed_in_another_does_not_take_the_rows_between(tmp_path: Path) -> None:
    rows = [good(1), [*good(2)[:4], '"开'], good(3), good(4), [*good(5)[:4], '关"'], good(6)]
    accepted, rejected = read_all(write(tmp_path, "cases.csv", lines(HEADER, *rows)))
    assert refs(accepted) == ["C-1", "C-3", "C-4", "C-5", "C-6"]
    assert [row.row for row in rejected] == [2]


@pytest.mark.parametrize(
    ("width", "rows"),
    [
        (6, ['A1,花呗,45,失业,12000,"联系不上', 'A2,花呗,45,失业,13000,不想活了"']),  # in the last line
        (6, ['A1,花呗,45,失业,12000,"联系不上', 'A2,花呗,45,失业,不想活了"']),  # that lacks a cell
        (5, ['A1,花呗,"45', "A2,花呗,46,失业,不想活了", 'A3,花呗,",失业,x']),
        (3, ['A1,45,"联系不上', 'A2,50,不想活了"']),  # in narrow tables
        (3, ['A1,45,"联系不上', "A2,,不想活了", 'A3,50,x"']),
        (2, ['A1,"联系不上', 'A12,不想活了"']),
    ],
)
def test_no_quote_swallows_the_row_of_another_case(width: int, rows: list[str]) -> None:
    records = list(_records(io.StringIO("\n".join(rows) + "\n"), ",", width))
    assert len(records) == len(rows)
    assert records[0][1].error is not None


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (6, 'A1,花呗,45,失业,12000,"第一次联系不上\n第二次已接"'),
        (6, 'A1,花呗,45,失业,12000,"he called\nlost his job, wife is ill, cannot pay, two kids, rent, food"'),
        (4, '"A\n1",花呗,45,失业'),
        (4, 'A1,"花\n呗",45,失业'),
        (2, 'A1,"一,\n二,三"'),
        (2, '1,"联系不上\n下月再打"'),
    ],
)
def test_a_cell_of_several_lines_is_one(width: int, text: str) -> None:
    [(_, record)] = _records(io.StringIO(text + "\n"), ",", width)
    assert (len(record.cells), record.error) == (width, None)


def test_a_comma_of_thousands_is_no_separator_whatever_blank_ends_the_row(tmp_path: Path) -> None:
    header = ["case_ref", "product", "days_overdue", "balance", "monthly_due"]
    text = lines(header) + "A1,房贷,45,12,000,\r\nA2,房贷,45,12000,800,\r\nA3,房贷,45,12000,,\r\n"
    accepted, rejected = read_all(write(tmp_path, "cases.csv", text))
    assert (refs(accepted), [(row.row, row.cells[-1]) for row in rejected]) == (["A2", "A3"], [(1, "000,")])


def test_nothing_but_wrong_quotes_still_costs_no_good_row(tmp_path: Path) -> None:
    rows = [good(number) if number % 50 else [*good(number)[:4], '"开'] for number in range(1, 3_001)]
    rows.append([*good(7_000)[:4], '"' + "一行\r\n" * 30 + '"'])
    accepted, rejected = read_all(write(tmp_path, "cases.csv", lines(HEADER, *rows)))
    assert (len(accepted), len(rejected), accepted[-1].case_ref) == (2_941, 60, "C-7000")


def test_a_quote_inside_an_unquoted_cell_is_a_character(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, [*good(1)[:4], '5" 屏']))
    assert read_all(path)[0][0].private == {"notes": '5" 屏'}


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        (["C-1", "信用卡", "3"], ("C-1", "信用卡", "3", "", "")),
        (["C-1", "信用卡", "3", "12", "000", "说明"], ("C-1", "信用卡", "3", "12", "000,说明")),
    ],
)
def test_a_ragged_row_is_rejected_with_all_its_cells(tmp_path: Path, cells: list[str], kept: tuple[str, ...]) -> None:
    accepted, rejected = read_all(write(tmp_path, "cases.csv", lines(HEADER, cells, good(2))))
    assert refs(accepted) == ["C-2"]
    assert rejected[0].cells == kept
    assert rejected[0].en == f"This row has {len(cells)} cells, the header 5: look for a separator too many or missing."


def test_empty_trailing_columns_rows_above_and_rows_between_do_no_harm(tmp_path: Path) -> None:
    empty = [""] * 7
    path = write(
        tmp_path, "cases.csv", lines(empty, [*HEADER, "", ""], [*good(1), "", ""], empty, [*good(3), ""], good(4))
    )
    accepted, rejected = read_all(path)
    assert [(row.row, row.case_ref) for row in accepted] == [(1, "C-1"), (3, "C-3"), (4, "C-4")]
    assert not rejected


def test_a_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", lines(["2026年逾期案件登记表", "", "", "", ""], HEADER, good(1)))
    accepted, _ = read_all(path)
    assert [(row.row, row.case_ref) for row in accepted] == [(1, "C-1")]


def test_the_line_by_which_excel_names_the_separator_is_obeyed(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", "sep=;\r\n" + lines(HEADER, good(1), separator=";"))
    assert refs(read_all(path)[0]) == ["C-1"]


def test_formulas_stay_text_and_the_apostrophe_of_an_export_is_taken_off(tmp_path: Path) -> None:
    cells = [[*good(1)[:4], "=cmd|'/c calc'!A1"], [*good(2)[:4], "'=1+1"], [*good(3)[:4], "'twas"]]
    accepted, _ = read_all(write(tmp_path, "cases.csv", lines(HEADER, *cells)))
    assert [row.private["notes"] for row in accepted] == ["=cmd|'/c calc'!A1", "=1+1", "'twas"]


def test_a_nul_byte_spoils_its_own_row_only(tmp_path: Path) -> None:
    accepted, rejected = read_all(write(tmp_path, "cases.csv", lines(HEADER, [*good(1)[:4], "a\0b"], good(2))))
    assert refs(accepted) == ["C-2"]
    assert [(row.row, row.field) for row in rejected] == [(1, "notes")]


def test_a_cell_of_5_mb_is_rejected_with_its_field_and_its_limit(tmp_path: Path) -> None:
    accepted, rejected = read_all(write(tmp_path, "cases.csv", lines(HEADER, [*good(1)[:4], "x" * 5_000_000], good(2))))
    assert refs(accepted) == ["C-2"]
    assert rejected[0].field == "notes"
    assert "2000" in rejected[0].en


def test_a_row_too_long_to_hold_is_passed_over_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, [*good(1)[:4], '"x,' * 6_000_000], good(2)))
    accepted, rejected = read_all(path)
    assert refs(accepted) == ["C-2"]
    assert [row.row for row in rejected] == [1]
    assert "8388608" in rejected[0].en


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\r\n\r\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        ("案件编号,产品,逾期天数\r\n".encode(), "has no cases"),
        ("案件编号,产品,逾期天数\r\n,,\r\n \r\n".encode(), "has no cases"),
        (b"PK\x03\x04 and so on", "let its name end in .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture"),
        (bytes(range(128, 256)) * 40, "neither UTF-8 nor GB18030"),
        (b"\x7fELF\x02\x01\x01\0\0,\0,\0\n\0\0", "does not begin with column names"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(content)
    with pytest.raises(IntakeError, match=sentence) as caught:
        read(path)
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message


def test_a_missing_file_a_folder_and_an_unknown_ending_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name, sentence in [("nothing.csv", "does not exist"), ("folder.csv", "is a folder"), ("cases.doc", r"\.xlsx")]:
        with pytest.raises(IntakeError, match=sentence):
            read(tmp_path / name)


def test_a_file_that_goes_away_while_it_is_read_ends_in_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.csv", TABLE)
    source = read(path)
    path.unlink()
    with pytest.raises(IntakeError, match="was changed while it was read"):
        list(source)


def test_a_pipe_and_a_link_to_itself_are_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(IntakeError, match="not an ordinary file"):
        read(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    with pytest.raises(IntakeError, match="cannot be read"):
        read(tmp_path / "loop.csv")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "^", "，", "；", "; "])
@pytest.mark.parametrize("first", ["", "sep=", "逾期名单,一,二,三\n"])
def test_every_separator_is_found_by_the_names(tmp_path: Path, separator: str, first: str) -> None:
    first = f"{first}{separator}\n" if first == "sep=" else first
    for ending in (".csv", ".txt", ".tsv"):
        text = first + lines(HEADER, good(1), [*good(2)[:4], f'"甲{separator}乙"'], separator=separator)
        accepted, rejected = read_all(write(tmp_path, f"cases{ending}", text))
        assert (refs(accepted), rejected) == (["C-1", "C-2"], [])
        assert accepted[1].private == {"notes": f"甲{separator}乙".strip()}


def test_columns_with_only_blanks_between_are_refused_by_that(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="Only blanks stand between the columns"):
        open_source(write(tmp_path, "cases.txt", lines(HEADER, good(1), separator="  ")))


def test_the_marks_of_mysql_are_read(tmp_path: Path) -> None:
    rows = [HEADER, [*good(1)[:3], r"\N", r'"他说 \"不还\", 走了"'], good(2)]
    accepted, rejected = read_all(write(tmp_path, "cases.csv", lines(*rows)))
    assert (refs(accepted), rejected) == (["C-1", "C-2"], [])
    assert "balance" not in accepted[0].facts
    assert accepted[0].private == {"notes": '他说 "不还", 走了'}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_encoding_is_known_packed_or_not(tmp_path: Path, encoding: str, packed: bool) -> None:
    content = lines(HEADER, *(good(number) for number in range(1, 40))).encode(encoding)
    path = tmp_path / ("cases.csv.gz" if packed else "cases.csv")
    path.write_bytes(gzip.compress(content) if packed else content)
    accepted, rejected = read_all(path)
    assert (len(accepted), rejected) == (39, [])


def test_big5_is_told_from_gb18030(tmp_path: Path) -> None:
    header, row = "案件編號,產品,逾期天數,餘額,備註", "C-1,信用卡,3,5,客戶表示下個月可以恢復還款"
    for encoding in ("cp950", "gb18030"):
        source = open_source(write(tmp_path, "cases.csv", f"{header}\n{row}\n", encoding))
        assert source.columns == header.split(",")
        assert next(iter(source)).cells == row.split(",")


def test_a_header_in_another_encoding_than_the_rows_is_named(tmp_path: Path) -> None:
    rows = lines(*(good(number) for number in range(5)))
    for one, other in (("gb18030", "utf-8"), ("utf-8", "gb18030")):
        path = tmp_path / "cases.csv"
        path.write_bytes(lines(HEADER).encode(one) + rows.encode(other))
        with pytest.raises(IntakeError, match=f"line 1 is {one.upper()}, the rest {other.upper()}"):
            open_source(path)


def test_a_line_in_another_encoding_than_the_rest_is_named(tmp_path: Path) -> None:
    rows = [good(number) for number in range(1, 5)]
    for rest, other in (("gb18030", "utf-8"), ("cp950", "utf-8"), ("gb18030", "cp1252")):
        text = [line.encode(rest, "replace") for line in lines(HEADER, *rows).splitlines(keepends=True)]
        stray = "C-9,房貸,3,1,他說不想活了\r\n" if other == "utf-8" else "C-9,mortgage,3,1,life isn’t worth it\r\n"
        path = tmp_path / "cases.csv"
        path.write_bytes(b"".join([*text[:3], stray.encode(other), *text[3:]]))
        with pytest.raises(IntakeError, match=r"in two encodings: line 4 is (UTF-8|Windows-1252), the rest"):
            encoding_of(path)


@pytest.mark.parametrize("text", ["life isn’t worth living", "“no”… he said – owes £500", "café Müller", "naïve"])
def test_english_of_windows_is_read_as_it_was_written(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "cases.csv", lines(["case_ref", "notes"], ["A1", text], ["A2", "ok"]), "cp1252")
    assert encoding_of(path) == ("cp1252", "strict")


@pytest.mark.parametrize("content", [b"a,b\nA1,life isn\xd5t worth it\n", b"a,b\nA1,caf\x8e\n", b"a,b\nA1,x\x81y\n"])
def test_single_bytes_of_nobody_knows_what_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(content)
    with pytest.raises(IntakeError, match="neither UTF-8 nor GB18030"):
        encoding_of(path)


@pytest.mark.parametrize("words", [["女", "张伟"], ["镕张", "朱镕基"], ["𬱖", "王"], ["堃", "李", "喆喆"]])
def test_rare_chinese_letters_are_no_english(tmp_path: Path, words: list[str]) -> None:
    path = write(tmp_path, "cases.csv", lines(["case_ref", "name"], *(["A", word] for word in words)), "gb18030")
    assert encoding_of(path)[0] == "gb18030"


def test_a_packed_file_is_no_bomb_and_not_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv.gz"
    path.write_bytes(gzip.compress(lines(HEADER).encode() + bytes(64 * 1024 * 1024)))
    with pytest.raises(IntakeError, match="would unpack to more than"):
        open_source(path)
    path.write_bytes(gzip.compress(lines(HEADER, good(1)).encode())[:-12])
    with pytest.raises(IntakeError, match="cannot be unpacked to its end"):
        open_source(path)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("cases.xls", b"\xd0\xcf\x11\xe0", r"another kind \(\.xls\): open it in Excel or WPS and save it as \.xlsx"),
        ("cases.et", b"\xd0\xcf\x11\xe0", r"\(\.et\)"),
        ("cases.xlsb", b"PK\x03\x04", r"\(\.xlsb\)"),
        ("cases.numbers", b"PK\x03\x04", "export it from Numbers"),
        ("cases.xls", b"<html><table><tr>", "is a web page or an XML table"),
        ("cases.csv", b"\xef\xbb\xbf <table border=1>", "is a web page or an XML table"),
        ("cases.xls", b"<?xml version='1.0'?><Workbook>", "is a web page or an XML table"),
        ("cases.csv", "<html>".encode("utf-16"), "is a web page or an XML table"),
        ("cases.pdf", b"%PDF", "picture or a PDF"),
        ("cases.xlsx.gz", gzip.compress(b"PK", mtime=0), "unpack it"),
        ("cases.zip", b"PK\x03\x04", "unpack it"),
        ("cases.docx", b"PK\x03\x04", "is a document"),
        ("cases.csv", b'[{"case_ref": 1}]', r"let its name end in \.json\."),
        ("cases", b"x", "ends in none of"),
    ],
)
def test_what_is_not_read_is_refused_by_its_cause(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(IntakeError, match=sentence) as caught:
        open_source(path)
    assert name in caught.value.zh


def test_objects_under_an_ending_that_says_little_are_read(tmp_path: Path) -> None:
    text = '{"案件编号": "C-1", "产品": "信用卡", "逾期天数": 3}\n'
    for name in ("cases.txt", "cases.ndjson"):
        assert refs(read_all(write(tmp_path, name, text))[0]) == ["C-1"]
