"""Formats: what stands in a file of one kind and how one is written. What it means stays out."""

from pathlib import PurePath

from forbear.intake.formats.delimited import CSV, TSV
from forbear.intake.formats.format import Format
from forbear.intake.formats.json_lines import JSON_LINES
from forbear.intake.formats.json_list import JSON_LIST
from forbear.intake.formats.parquet import PARQUET
from forbear.intake.formats.workbooks.ods import ODS
from forbear.intake.formats.workbooks.xlsx import XLSX

# Every format there is, in the order people are offered them. Whatever lists endings or media types reads this.
FORMATS: dict[str, Format] = {each.suffix: each for each in (CSV, TSV, XLSX, ODS, JSON_LINES, JSON_LIST, PARQUET)}
BY_MEDIA_TYPE: dict[str, Format] = {name: each for each in FORMATS.values() for name in each.media_types}
# What is read besides, under these endings.
READ_AS: dict[str, Format] = {ending: each for each in FORMATS.values() for ending in (each.suffix, *each.also)}
PACKED = ".gz"  # of the formats that may come packed


def ending(name: str) -> str:
    """The ending that says how a file is read, in lower case: that of what is packed, and that it is packed."""
    path = PurePath(name.lower())
    inner = PurePath(path.stem).suffix
    return inner + path.suffix if path.suffix == PACKED and inner else path.suffix


def format_of(name: str) -> Format | None:
    """The format of a file by its name; None where we read none of that name."""
    last = ending(name)
    inner = last.removesuffix(PACKED)
    kind = READ_AS.get(inner)
    return None if kind is None or (inner != last and not kind.packable) else kind
