"""What a file is opened by: bytes at once, and no more of it than has to be known before its first rows are read."""

import gzip
import io
import json
import sys
from collections.abc import Callable
from itertools import islice, product
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from xlsxwriter import Workbook

from forbear.intake import FORMATS, IntakeError, SourceChoice, read
from forbear.intake.formats import text_files
from forbear.intake.formats.format import Content
from forbear.intake.formats.workbooks import ods, shared_strings
from tests.support.case_files import (
    HEADER,
    good,
    lines,
    ods_cell,
    ods_content,
    ods_row,
    ods_table,
    open_source,
    write,
    write_ods,
)

MANY = 2_000


def _counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[object]:
    """What a function of a module or class was given, call by call."""
    calls: list[object] = []
    before: Callable[..., Any] = getattr(owner, name)

    def called(*given: Any, **named: Any) -> Any:
        calls.append(given[-1])
        return before(*given, **named)

    monkeypatch.setattr(owner, name, called)
    return calls


def test_an_encoding_is_known_without_decoding_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "cases.csv", lines(HEADER, *(good(number) for number in range(MANY))), "gb18030")
    decoded = _counted(monkeypatch, text_files, "_line_decodes")
    assert text_files.encoding_of(path)[0] == "gb18030"
    assert len(decoded) < 10


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("shape", ["list", "lines", "answer", "one after another"])
def test_the_keys_of_objects_are_known_without_decoding_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str, escaped: bool
) -> None:
    objects = [dict(zip(HEADER, good(number), strict=True)) for number in range(MANY)]
    objects[-1]["只在最后"] = "有"
    ending = ".jsonl" if shape == "lines" else ".json"
    indent = 2 if shape == "one after another" else None
    texts = [json.dumps(each, ensure_ascii=escaped, indent=indent) for each in objects]
    whole = {"list": f"[{','.join(texts)}]", "answer": f'{{"code": 0, "data": [{", ".join(texts)}]}}'}
    path = write(tmp_path, f"cases{ending}", whole.get(shape, "\n".join(texts)))
    decoded = _counted(monkeypatch, json.JSONDecoder, "raw_decode")
    assert open_source(path).columns == [*HEADER, "只在最后"]
    assert len(decoded) < 60


def _book(path: Path, *, backwards: bool = False) -> Path:
    """A workbook with its texts among the shared strings, in the order of its rows or the other way round."""
    with Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        rows = list(enumerate((HEADER, *(good(number) for number in range(MANY)))))
        for number, row in reversed(rows) if backwards else rows:
            sheet.write_row(number, 0, row)
    return path


def test_the_first_rows_of_a_workbook_need_the_first_shared_strings_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_strings, "_BLOCK", 2_048)
    blocks = _counted(monkeypatch, shared_strings, "_strings")
    source = read(_book(tmp_path / "cases.xlsx"))
    first = [row.cells[0] for row in islice(source, 20)]
    assert first == [f"C-{number}" for number in range(20)]
    assert 0 < len(blocks) < 5
    assert [row.cells[0] for row in source][-1] == f"C-{MANY - 1}"
    assert len(blocks) > 20


def test_shared_strings_are_held_as_bytes_whatever_their_order(tmp_path: Path) -> None:
    path = _book(tmp_path / "cases.xlsx", backwards=True)
    assert [row.cells[0] for row in islice(read(path), 3)] == ["C-0", "C-1", "C-2"]
    strings = shared_strings.SharedStrings(path, "xl/sharedStrings.xml")
    texts = [strings[number] for number in range(len(HEADER) + 3 * MANY)]
    held = vars(strings).values()
    assert sum(map(sys.getsizeof, held)) * 2 < sum(map(sys.getsizeof, texts))
    with pytest.raises(IndexError):
        _ = strings[10 * MANY]


def test_a_long_spreadsheet_is_not_read_to_its_end_before_its_first_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ods, "_BIG_BLOCK", 4_096)
    monkeypatch.setattr(ods, "_MOST_COUNTED", 8_192)
    rows = [ods_row(*map(ods_cell, row)) for row in (HEADER, *(good(number) for number in range(300)))]
    noted = ods_row(*map(ods_cell, good(300))).replace(
        "</table:table-cell>",
        "<office:annotation><text:p>他说不想活了</text:p></office:annotation></table:table-cell>",
        1,
    )
    first = ods_table(*rows, noted).replace('"S"', '"案件"')
    source = read(write_ods(tmp_path / "cases.ods", ods_content(first)))
    assert [row.cells[-1] for row in source][-1] == "他说不想活了"  # a comment that was met after all
    path = write_ods(tmp_path / "cases.ods", ods_content(first, ods_table(*rows)))
    with pytest.raises(IntakeError, match="has another sheet, 'S', behind the long '案件'"):
        list(read(path))
    assert len(list(read(path, SourceChoice("案件")))) == 301


TABLE = "案件编号,贷款产品,逾期天数,困难原因\nA-1,信用卡,45,失业\n"
OBJECT = '{"案件编号": "A-1", "贷款产品": "信用卡", "逾期天数": 45, "困难原因": "失业"}'


def _contents(tmp_path: Path) -> dict[str, bytes]:
    """What a file may be, whatever it is called."""
    table = [line.split(",") for line in TABLE.splitlines()]
    content = Content(lambda: iter([OBJECT]), lambda: (table[0], iter(table[1:])))
    found = {
        suffix: b"".join(FORMATS[suffix].write(content, tmp_path)) for suffix in (".xlsx", ".ods", ".parquet", ".json")
    }
    archive = io.BytesIO()
    with ZipFile(archive, "w") as packed:
        packed.writestr("cases.csv", TABLE)
    return found | {
        "text": TABLE.encode(),
        "gb18030": TABLE.encode("gb18030"),
        "utf-16": TABLE.encode("utf-16"),
        "letter": "您好，附件请查收。".encode(),
        "page": b"<html><table><tr><td>1",
        "old": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "pdf": b"%PDF-1.7\n1 0 obj",
        "archive": archive.getvalue(),
        "packed": gzip.compress(TABLE.encode()),
        "packed twice": gzip.compress(gzip.compress(TABLE.encode())),
        "packed workbook": gzip.compress(found[".xlsx"]),
        "nothing": bytes(700),
    }


_TEXT, _READ = "is text under the name of another file", ""
_AS = {
    (".csv", ".txt"): dict.fromkeys(("text", "gb18030", "utf-16", "packed"), _READ) | {"letter": "has no cases"},
    (".xlsx", ".ods", ".parquet"): dict.fromkeys(("text", "gb18030", "utf-16", "letter"), _TEXT),
    (".json", ".jsonl"): dict.fromkeys(("text", "gb18030", "utf-16"), _TEXT),
    (".xls", ".et", ".wps", ".zip", ".pdf"): dict.fromkeys(("text", "gb18030", "utf-16"), _TEXT),
    (".csv", ".tsv", ".xlsx", ".ods", ".json", ".xls", ".wps"): {
        "page": "web page or an XML table",
        "packed twice": "is packed twice: unpack it once",
        "packed workbook": "is an archive: unpack it",
        "nothing": "nothing but zero bytes",
    },
    (".csv", ".xlsx", ".ods", ".json", ".parquet"): {"pdf": "is a PDF"},
    (".csv", ".json", ".parquet"): {"old": "is an old or password-protected Excel workbook"},
    (".xlsx", ".ods"): {"old": "is an old .xls or has a password", "archive": "is an archive: unpack it"},
    (".csv", ".ods", ".json", ".parquet", ".xls", ".et"): {".xlsx": "is an Excel workbook: let its name end in .xlsx"},
    (".csv", ".xlsx", ".json", ".xls"): {".parquet": "is a Parquet file", ".ods": "is an OpenDocument spreadsheet"},
    (".csv", ".xlsx", ".ods", ".parquet", ".xls"): {".json": "is a JSON list: let its name end in .json"},
    (".xls", ".et"): {"old": "is a workbook of another kind"},
    (".wps",): {"old": "is a document, not a table"},
    (".txt", ".xlsm"): dict.fromkeys((".xlsx", ".json"), _READ),
}


def test_a_file_under_another_name_is_read_or_refused_by_what_it_is(tmp_path: Path) -> None:
    contents = _contents(tmp_path)
    for suffixes, sentences in _AS.items():
        for suffix, (what, sentence) in product(suffixes, sentences.items()):
            path = tmp_path / f"cases{suffix}"
            path.write_bytes(contents[what])
            if sentence == _READ:
                assert len(list(read(path))) == 1, (what, suffix)
                continue
            with pytest.raises(IntakeError) as caught:
                list(read(path))
            assert sentence in caught.value.en, (what, suffix)
