"""Formats: what stands in a file of one kind and how one is written. What it means stays out."""

from forbear.intake.formats.delimited import CSV, TSV
from forbear.intake.formats.format import Format
from forbear.intake.formats.json_lines import JSON_LINES
from forbear.intake.formats.json_list import JSON_LIST
from forbear.intake.formats.ods import ODS
from forbear.intake.formats.parquet import PARQUET
from forbear.intake.formats.xlsx import XLSX

# Every format there is, in the order people are offered them. Whatever lists endings or media types reads this.
FORMATS: dict[str, Format] = {each.suffix: each for each in (CSV, TSV, XLSX, ODS, JSON_LINES, JSON_LIST, PARQUET)}
BY_MEDIA_TYPE: dict[str, Format] = {name: each for each in FORMATS.values() for name in each.media_types}
