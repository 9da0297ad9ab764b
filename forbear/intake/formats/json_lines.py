"""JSON lines, .jsonl: one object a line; a broken line is one rejected row."""

import re
from collections.abc import Iterator
from pathlib import Path

from forbear.intake.formats.format import Content, Format, encoded
from forbear.intake.formats.json_objects import read
from forbear.locale import said


def write(content: Content, _folder: Path) -> Iterator[bytes]:
    """Every object whole, on a line of its own."""
    return encoded(item + "\n" for item in content.objects())


JSON_LINES = Format(
    suffix=".jsonl",
    also=(".ndjson",),
    title=said("format.jsonl"),
    media_types=("application/jsonl", "application/x-ndjson"),
    read=read,
    write=write,
    signature=re.compile(rb'\s*\{\s*"'),
    packable=True,
)
