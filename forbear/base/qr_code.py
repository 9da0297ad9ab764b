"""QR codes, as drawings that stand in a page and in print."""

from typing import Final

import segno

_QUIET: Final = 4  # modules around it (ISO/IEC 18004)


def svg(content: str | bytes, pixels: int, level: str = "m") -> str:
    """A QR code, dark on white whatever colours the page has; `level` of correction: l, m, q or h.

    Raises ValueError where there is more than a QR code has room for.
    """
    code = segno.make_qr(content, error=level, boost_error=False)
    drawn: str = code.svg_inline(border=_QUIET, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None)
    return drawn.replace("<svg ", f'<svg width="{pixels}" height="{pixels}" shape-rendering="crispEdges" ', 1)
