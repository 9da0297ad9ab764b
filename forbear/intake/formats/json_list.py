"""A JSON list, .json: decoded object by object however long the list is."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from forbear.intake.formats.format import Content, Format, encoded
from forbear.intake.formats.json_objects import read
from forbear.locale import said


def write(content: Content, _folder: Path) -> Iterator[bytes]:
    """Every object whole, one a line between the brackets."""
    items = content.objects()
    listed = (f",\n{item}" if number else f"\n{item}" for number, item in enumerate(items))
    return encoded(chain(["["], listed, ["\n]\n"]))


JSON_LIST = Format(
    suffix=".json",
    title=said("format.json"),
    media_types=("application/json",),
    read=read,
    write=write,
    signature=re.compile(rb"\s*\[\s*\{"),
    packable=True,
)
