"""Unseen: cells whose text is as if it were not there, in the colour of what it stands on."""

from typing import Any, Final

_WHITE, _BLACK = "ffffff", "000000"
_INDEXED: Final = {"0": _BLACK, "1": _WHITE, "8": _BLACK, "9": _WHITE, "64": _BLACK, "65": _WHITE}
_THEME: Final = {"0": _WHITE, "1": _BLACK}
_CLEAR: Final = ("none", "gray125")  # patterns with nothing to see behind a text
_SLIGHT: Final = 0.01  # by which a colour may be lighter or darker and is still the same


def unseen_styles(styles: Any, most: int) -> frozenset[str]:
    """The styles of an Excel workbook whose letters have the colour of their cell."""
    fonts, fills, cells = (styles.find(f"{{*}}{name}") for name in ("fonts", "fills", "cellXfs"))
    if fonts is None or cells is None:
        return frozenset()
    letters = [_colour(each.find("{*}color"), _BLACK) for each in fonts[:most]]
    behind = [] if fills is None else [_fill(each) for each in fills[:most]]
    return frozenset(
        str(at)
        for at, each in enumerate(cells[:most])
        if _at(letters, each.get("fontId"), _BLACK) == _at(behind, each.get("fillId"), _WHITE)
    )


def same_colour(letters: str | None, behind: str | None) -> bool:
    """Whether letters of an OpenDocument style have the colour of their cell; without one it is white."""
    if letters is None:
        return False
    back = _WHITE if behind in (None, "transparent") else behind.lstrip("#").lower()
    return letters.lstrip("#").lower() == back


def _at(colours: list[str], number: str | None, otherwise: str) -> str:
    at = int(number) if number and number.isdigit() else 0
    return colours[at] if at < len(colours) else otherwise


def _fill(fill: Any) -> str:
    pattern = fill.find("{*}patternFill")
    if pattern is None or pattern.get("patternType", "none") in _CLEAR:
        return _WHITE if fill.find("{*}gradientFill") is None else "gradient"
    return _colour(pattern.find("{*}fgColor"), _BLACK) if pattern.get("patternType") == "solid" else "pattern"


def _colour(colour: Any, otherwise: str) -> str:
    """A colour by its letters or by what it is called; one of a theme other than its first two by its number."""
    if colour is None:
        return otherwise
    if (letters := colour.get("rgb")) is not None:
        return str(letters[-6:]).lower()
    tint = float(colour.get("tint", "0"))
    known = _THEME if colour.get("theme") is not None else _INDEXED
    name = colour.get("theme") or colour.get("indexed") or ""
    plain = known.get(name, f"{'theme' if known is _THEME else 'indexed'} {name}") if name else otherwise
    return plain if abs(tint) < _SLIGHT else f"{plain} {tint:.2f}"
