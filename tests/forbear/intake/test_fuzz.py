"""Whatever the bytes, intake gives rows or one sentence, and never another error."""

import random
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forbear.batch.export import write_rejects
from forbear.intake import FORMATS, Accepted, IntakeError, Rejected, rows
from tests.support.case_files import (
    HEADER,
    VOCABULARY,
    good,
    lines,
    ods_cell,
    ods_content,
    ods_row,
    ods_table,
    ods_texts,
    sheet,
    texts,
    write_ods,
    write_xlsx,
)

every_format = pytest.mark.parametrize("ending", FORMATS)
thorough = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Text that looks enough like a file of cases to get deep into the readers.
CSV_PIECES = st.sampled_from(
    [*HEADER, *good(1), ",", ",", ";", "\t", '"', '""', "\n", "\r\n", "\r", "'", "=", "\0", " ", "\ufeff", "sep=;\n"]
)
JSON_PIECES = st.sampled_from(
    [
        '{"case_ref": 1, ',
        '"product": "房贷"',
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "\\",
        "\\ud83d",
        "NaN",
        "-",
        "1e9",
        "\n",
        " ",
        "null",
    ]
)
XML_PIECES = st.sampled_from(
    [
        "<row>",
        "</row>",
        "<c>",
        "</c>",
        '<c t="s">',
        '<c t="d">',
        '<c r="B2" s="1">',
        '<c r="1A">',
        "<v>",
        "</v>",
        "1",
        "45.5",
        "x",
        "1e999",
        "<f>",
        "</f>",
        "<is>",
        "</is>",
        "<t>",
        "</t>",
        "<rPh>",
        "</rPh>",
        '<row r="3">',
        "_x0000_",
        "&amp;",
        "&x;",
    ]
)

XML_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff")
XML_TEXT = st.text(XML_CHARACTERS, max_size=3).map(escape)
ODS_KINDS = ["string", "float", "date", "boolean", "percentage", "currency", "time", "", "?"]
ODS_PIECES = st.sampled_from(
    [
        ods_row(),
        ods_row(ods_cell("x")),
        ods_cell("1", "float", office_value="1e999"),
        ods_cell("", "date"),
        ods_cell("2", "float", office_value="nan"),
        "<table:table-row>",
        "</table:table-row>",
        "<text:s/>",
        "x",
        ods_row(ods_cell("y"), times=3),
        ods_row(ods_cell("z", table_number_columns_repeated="99999")),
        ods_table(ods_row(ods_cell("in"))),
        "</table:table>",
        "<table:table>",
        "&amp;",
        "&x;",
        "<!-- c -->",
        "<?p i?>",
        '<table:table-row table:number-rows-repeated="x"/>',
        "<table:covered-table-cell/>",
        "<style:style/>",
    ]
)


def take_in(path: Path) -> list[Accepted | Rejected]:
    """All rows, none if the file is refused."""
    try:
        found = list(rows(path, VOCABULARY))
    except IntakeError as error:
        assert "\n" not in error.message
        return []
    assert all(len(row.cells) >= 1 and row.zh and row.en for row in found if isinstance(row, Rejected))
    for row in found:
        repr(row).encode()
    return found


@every_format
@thorough
@given(content=st.binary(max_size=400))
@example(content=b"PAR1\x00\x00\x00\x00PAR1")
@example(content=b"\xff\xfea")
@example(content=b"\x00")
def test_any_bytes(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"cases{ending}"
    path.write_bytes(content)
    take_in(path)


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
@thorough
@given(pieces=st.lists(CSV_PIECES, max_size=60), encoding=st.sampled_from(["utf-8", "gb18030", "utf-16"]))
def test_pieces_of_a_table(tmp_path: Path, ending: str, pieces: list[str], encoding: str) -> None:
    path = tmp_path / f"cases{ending}"
    path.write_bytes((lines(HEADER, good(9)) + "".join(pieces)).encode(encoding))
    assert take_in(path)


@pytest.mark.parametrize("ending", [".json", ".jsonl"])
@thorough
@given(pieces=st.lists(JSON_PIECES, max_size=40))
def test_pieces_of_json(tmp_path: Path, ending: str, pieces: list[str]) -> None:
    path = tmp_path / f"cases{ending}"
    path.write_text(("[" if ending == ".json" else "") + "".join(pieces))
    take_in(path)


@thorough
@given(pieces=st.lists(XML_PIECES, max_size=40), strings=st.lists(XML_PIECES, max_size=6))
def test_pieces_of_a_sheet(tmp_path: Path, pieces: list[str], strings: list[str]) -> None:
    xml = sheet(texts(*HEADER), texts(*good(1))).replace("</sheetData>", "".join(pieces) + "</sheetData>")
    take_in(write_xlsx(tmp_path / "cases.xlsx", [xml], formats=["yyyy", "0%"], strings=strings))


@thorough
@given(pieces=st.lists(ODS_PIECES, max_size=40))
def test_pieces_of_an_open_document(tmp_path: Path, pieces: list[str]) -> None:
    known = ods_texts(*HEADER), ods_texts(*good(1))
    take_in(write_ods(tmp_path / "cases.ods", ods_content(ods_table(*known, *pieces))))


@thorough
@given(cells=st.lists(st.builds(ods_cell, XML_TEXT, st.sampled_from(ODS_KINDS)), max_size=9))
def test_well_formed_open_documents_give_rows(tmp_path: Path, cells: list[str]) -> None:
    # A word first, for a row with nothing but units belongs to the header.
    table = ods_table(ods_texts(*HEADER), ods_row(ods_cell("甲", "string"), *cells), ods_texts(*good(1)))
    assert take_in(write_ods(tmp_path / "cases.ods", ods_content(table)))


@thorough
@given(pieces=st.lists(XML_PIECES | st.sampled_from(['<c r="AB9">', "</c>", "<v>1</v>"]), max_size=12))
def test_well_formed_sheets_give_rows(tmp_path: Path, pieces: list[str]) -> None:
    values = {"n": "1e999", "s": "1", "b": "1", "e": "3", "str": "4", "d": "2026-02-03", "?": "6"}
    cells = "".join(f'<c t="{kind}"><v>{value}</v></c>' for kind, value in values.items())
    text = "".join(piece for piece in pieces if "<" not in piece and "&" not in piece)
    xml = sheet(texts(*HEADER, *"abc"), [cells], texts(*good(1), text))
    assert take_in(write_xlsx(tmp_path / "cases.xlsx", [xml], strings=["<si><t>x</t></si>"] * 2))


@pytest.mark.parametrize("ending", [".xlsx", ".ods", ".parquet"])
@thorough
@given(seed=st.integers(0, 10**9), count=st.integers(1, 8))
def test_damaged_bytes_of_a_real_file(tmp_path: Path, ending: str, seed: int, count: int) -> None:
    path = tmp_path / f"cases{ending}"
    write_rejects(path, HEADER, [Rejected(1, "", "", "", tuple(good(1)))])
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(count):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content)
    take_in(path)


@thorough
@given(
    part=st.sampled_from(["_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"]),
    seed=st.integers(0, 10**9),
)
def test_damaged_parts_of_a_workbook(tmp_path: Path, part: str, seed: int) -> None:
    path = write_xlsx(tmp_path / "cases.xlsx", [sheet(texts(*HEADER), texts(*good(1)))], formats=["yyyy"])
    with ZipFile(path) as archive:
        parts = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    chance = random.Random(seed)
    start = chance.randrange(len(parts[part]))
    parts[part][start : start + chance.randrange(1, 12)] = bytes(chance.choices(b'<>"/=ax1&: ', k=chance.randrange(4)))
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, bytes(content))
    take_in(path)
