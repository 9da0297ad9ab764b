"""The words of a chart: how much room they will need, and where they break.

The fonts are the reader's, so widths are estimates on the safe side: a Chinese character is one em, a Latin one about
half. No font of this machine is asked, so that a chart is the same wherever it is drawn.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

SIZE: Final = 13  # of all words, in CSS pixels
LINE: Final = 18  # from one line to the next

# What stays together: a Latin word, or one Chinese character with the punctuation that must not begin a line.
_PIECE: Final = re.compile(r"[^\s⺀-￿]{1,24}\s*|[⺀-￿\s][、。，．：；！？）】》」』”’%]*\s*")


def clean(text: str) -> str:
    """The text in one line, without what XML cannot hold."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def width_of(text: str) -> int:
    """The room of a line, in pixels, rounded up."""
    return int(sum(_ems(each) for each in text) * SIZE) + 1


def wrapped(text: str, width: int) -> list[str]:
    """The clean text in lines of at most this width; a single word may be longer."""
    return list(_wrapped(clean(text), width))


def _wrapped(text: str, width: int) -> Iterator[str]:
    line = ""
    for piece in _PIECE.findall(text):
        if line and width_of((line + piece).rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()


def _ems(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WFA":
        return 1.0
    return 0.33 if character in " .,:;'!|()ijl" else 0.58
