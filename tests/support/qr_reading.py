"""QR codes in a page, read by another library than the one that draws them."""

import re

import zxingcpp

_SVG = re.compile(r'<svg width[^>]*viewBox="0 0 (\d+) \1"[^>]*><path fill="#fff"[^>]*/><path stroke="#000" d="([^"]*)"')
_MOVE = re.compile(r"([Mmh])\s*(-?[\d.]+)(?:\s+(-?[\d.]+))?")
_SCALE = 4  # pixels of a module


def read(page: str) -> list[str]:
    """What each QR code of a page says."""
    return [_said(int(side), path) for side, path in _SVG.findall(page)]


def _said(side: int, path: str) -> str:
    dark = set(_modules(path))
    rows = [bytes(0 if (x // _SCALE, y) in dark else 255 for x in range(side * _SCALE)) for y in range(side)]
    pixels = b"".join(row * _SCALE for row in rows)
    image = memoryview(pixels).cast("B", (side * _SCALE, side * _SCALE))
    (found,) = zxingcpp.read_barcodes(image)
    return str(found.text)


def _modules(path: str) -> list[tuple[int, int]]:
    """The dark modules that a path of horizontal strokes draws."""
    x, y, dark = 0.0, 0.0, []
    for move, first, second in _MOVE.findall(path):
        if move == "h":
            dark += [(int(x) + step, int(y)) for step in range(int(first))]
            x += int(first)
        else:
            x, y = (float(first), float(second)) if move == "M" else (x + float(first), y + float(second))
    return dark
