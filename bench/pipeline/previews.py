"""`python -m bench.pipeline.previews`: how long a file of 200,000 rows takes to be previewed, in each format.

Each is looked at in a process of its own, as a page does it; what is printed besides is the memory that this took.
"""

import argparse
import csv
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from xlsxwriter import Workbook

from bench.pipeline import cases
from forbear.batch.submission.preview import look
from forbear.intake import FORMATS
from forbear.intake.formats.format import Content
from rules.loading import loader

# By the name of each file, its encoding; a workbook has its texts in its cells or among the shared strings.
_TEXTS = {"utf-8.csv": "utf-8-sig", "gb18030.csv": "gb18030", "utf-16.tsv": "utf-16"}


def main() -> None:
    """Write the files, look at each, print a line of each."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipeline.previews", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="rows of each file (200000)")
    parser.add_argument("--look", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.look is not None:
        return _look(options.look)
    folder = Path(tempfile.mkdtemp(prefix="forbear-previews-"))
    try:
        for path in _files(folder, options.rows):
            subprocess.run([sys.executable, "-m", "bench.pipeline.previews", "--look", str(path)], check=True)
            path.unlink()
    finally:
        shutil.rmtree(folder)


def _look(path: Path) -> None:
    pack = loader.load(loader.DEFAULT_PACK)
    look(cases.SAMPLES, pack, pack.manifest.reviewed_on, time.monotonic)  # a server has seen a file before
    before, began, spent = _memory(), time.monotonic(), time.process_time()
    seen = look(path, pack, pack.manifest.reviewed_on, time.monotonic)
    took, worked, grown = time.monotonic() - began, time.process_time() - spent, _memory() - before
    print(f"{path.name:16} {took:5.2f} s ({worked:.2f} s of a core) {grown:4} MB, {seen.rows} rows read", flush=True)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _files(folder: Path, count: int) -> Iterator[Path]:
    """The same rows in each format, one file at a time."""
    table = folder / "rows.csv"
    cases.write(table, count, "LOOK", "sample")
    header = next(_rows(table))
    for name, encoding in _TEXTS.items():
        with (folder / name).open("w", encoding=encoding, errors="replace", newline="") as file:
            csv.writer(file, delimiter="\t" if name.endswith(".tsv") else ",").writerows(_rows(table))
        yield folder / name

    def objects() -> Iterator[str]:
        rows = _rows(table)
        next(rows)
        return (json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) for row in rows)

    def body() -> tuple[list[str], Iterator[list[str]]]:
        rows = _rows(table)
        return next(rows), rows

    content = Content(objects, body)
    for suffix in (".xlsx", ".ods", ".jsonl", ".json", ".parquet"):
        path = folder / f"rows{suffix}"
        with path.open("wb") as written:
            written.writelines(FORMATS[suffix].write(content, folder))
        yield path
    for name, step in (("shared.xlsx", 1), ("sorted.xlsx", -1)):
        with Workbook(folder / name) as workbook:
            sheet = workbook.add_worksheet()
            for number, row in list(enumerate(_rows(table)))[::step]:
                sheet.write_row(number, 0, row)
        yield folder / name
    with (folder / "answer.json").open("w", encoding="utf-8") as text:
        text.write('{"code": 0, "data": [')
        text.writelines(f"{',' if number else ''}{each}" for number, each in enumerate(objects()))
        text.write("]}")
    yield folder / "answer.json"


def _rows(table: Path) -> Iterator[list[str]]:
    with table.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


if __name__ == "__main__":
    main()
