"""Files of any size are read and written in the same memory."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from xlsxwriter import Workbook

from forbear.intake import FORMATS
from tests.support.case_files import HEADER, good, lines, ods_content, ods_table, ods_texts, write_ods

MANY = 45_000
NOTE = "客户表示下个月可以恢复还款" * 36
ROOM = 32 * 1024  # kB

MEASURE = """
import sys, threading, time
from pathlib import Path
from forbear.batch.export import write_rejects
from forbear.intake import Rejected, open_intake
from tests.support.case_files import VOCABULARY

def held():
    for line in open("/proc/self/status"):
        if line.startswith("RssAnon:"):
            return int(line.split()[1])

def watch():
    global highest
    while True:
        highest = max(highest, held())
        time.sleep(0.002)

def work(path, out):
    intake = open_intake(path, VOCABULARY)
    write_rejects(out, intake.columns, (row for row in counted(intake) if isinstance(row, Rejected)))

def counted(intake):
    global count
    count = 0
    for row in intake:
        count += 1
        yield row

small, big, out = map(Path, sys.argv[1:])
highest = 0
threading.Thread(target=watch, daemon=True).start()
work(small, out)
before = highest
work(big, out)
print(count, highest - before)
"""


def rows(count: int) -> Iterator[list[str]]:
    """Rows of which every second one is rejected, each with a note of its own."""
    for number in range(count):
        cells = good(number)
        yield [*cells[:3], "?!" if number % 2 else cells[3], f"{number}{NOTE}"]


def write_many(path: Path, count: int) -> Path:
    """A file of so many rows, by other means than Forbear's own."""
    match path.suffix:
        case ".csv" | ".tsv":
            separator = "," if path.suffix == ".csv" else "\t"
            path.write_text(lines(HEADER, *rows(count), separator=separator), encoding="gb18030")
        case ".jsonl":
            path.write_text("".join(json.dumps(dict(zip(HEADER, row, strict=True))) + "\n" for row in rows(count)))
        case ".json":
            path.write_text(json.dumps([dict(zip(HEADER, row, strict=True)) for row in rows(count)]))
        case ".parquet":
            columns = zip(*rows(count), strict=True)
            table = pa.table([pa.array(column, pa.string()) for column in columns], HEADER)
            pq.write_table(table, path, row_group_size=10_000)
        case ".xlsx":
            write_big_workbook(path, count)
        case ".ods":
            write_ods(path, ods_content(ods_table(*(ods_texts(*row) for row in (HEADER, *rows(count))))))
    return path


def write_big_workbook(path: Path, count: int) -> None:
    """With the text in the cells, as programs export it: openpyxl keeps all of Excel's shared strings."""
    workbook = Workbook(path, {"constant_memory": True})
    table = workbook.add_worksheet()
    for number, row in enumerate((HEADER, *rows(count))):
        table.write_row(number, 0, row)
    workbook.close()


@pytest.mark.parametrize("ending", [ending for ending in FORMATS if ending != ".tsv"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, ending: str) -> None:
    small, big = write_many(tmp_path / f"small{ending}", 12_000), write_many(tmp_path / f"big{ending}", MANY)
    command = [sys.executable, "-c", MEASURE, str(small), str(big), str(tmp_path / f"out{ending}")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[3], check=True)
    count, grown = map(int, done.stdout.split())
    assert count == MANY
    assert grown < ROOM


def test_the_rows_would_not_fit_if_they_were_kept() -> None:
    kept = list(rows(MANY))
    assert sum(sys.getsizeof(cell) for row in kept for cell in row) > 1024 * ROOM * 1.5
