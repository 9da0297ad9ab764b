"""Page texts: what is printed above and below each page of a sheet, where offices put the unit of its amounts."""

import re
from dataclasses import dataclass, field
from html import unescape

_TEXT = re.compile(rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)(?:\s[^<>]*)?>([^<]{1,4000})<")
# &C and the like part left, middle and right; fonts, sizes, colours, page numbers and dates say nothing.
_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d+|[A-Za-z])|&(&)')
_PARTS = re.compile(r"&[LCR]")
OVERLAP = 5000  # bytes, longer than one such element
_MOST = 20


@dataclass
class PageTextFinder:
    """Finds them in the XML of a sheet, piece by piece."""

    found: dict[str, None] = field(default_factory=dict)

    def look(self, text: bytes) -> None:
        """Search one piece, which overlaps the one before."""
        if (b"Header" not in text and b"Footer" not in text) or len(self.found) > _MOST:
            return
        for raw in _TEXT.findall(text):
            for part in _PARTS.split(unescape(raw.decode("utf-8", "replace"))):
                if plain := _CODE.sub(r"\1", part).strip():
                    self.found[plain] = None
