"""What a file is opened by: bytes at once, and no more of it than has to be known before its first rows are read."""

import json
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from xlsxwriter import Workbook

from forbear.intake import read
from forbear.intake.formats import text_files
from forbear.intake.formats.workbooks import shared_strings
from tests.support.case_files import HEADER, good, lines, open_source, write

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
