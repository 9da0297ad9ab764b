"""The house style of the charts: pieces of a Vega drawing, and the SVG text that is made of them.

Vega runs inside vl-convert, without a browser, in a process of its own. All looks are in attributes, which no content
security policy refuses; the dark theme's are in a sheet that an `<img>` heeds where the page around it is dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

from web.charts.drawing import drawer
from web.charts.text import LINE, SIZE, clean, width_of, wrapped

INK, SOFT, GRID, PAPER = "#1d2529", "#535f66", "#dcdfdd", "#ffffff"
GAP: Final = 8
_MONTH: Final = 44  # the least room of a month's number
# Every colour of the charts as it is on a dark page; those that are read there as they are do not occur.
_DARK: Final = {
    INK: "#e6eaea",
    SOFT: "#a6b1b5",
    GRID: "#333d42",
    PAPER: "#1c2327",
    "#1f5a63": "#5aa9b4",
    "#7b1232": "#e0557d",
    "#b3261e": "#f0706a",
    "#a4510f": "#e08a45",
    "#5b4a8a": "#a99be0",
    "#3b6ea5": "#7db8f2",
}
_SHEET: Final = "".join(
    f'[{kind}="{light}"]{{{kind}:{dark}}}' for light, dark in _DARK.items() for kind in ("fill", "stroke")
)
_FONT: Final = (
    "-apple-system, 'Segoe UI', 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans CJK SC', "
    "'Source Han Sans SC', system-ui, sans-serif"
)

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LegendKey:
    """What stands for a series: a line in its dashes, or a swatch where `dash` is None."""

    label: str
    colour: str
    dash: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Plot:
    """Where the data are drawn, in pixels from the top left of the chart."""

    x: int
    y: int
    width: int
    height: int
    axes: Sequence[Spec] = ()


def line_of(x: float, y: float, text: str, align: Literal["left", "center", "right"] = "left", fill: str = INK) -> Spec:
    """A line of text, its middle at `y`."""
    return mark("text", x=x, y=y, text=clean(text), align=align, fill=fill, baseline="middle")


def mark(kind: str, source: str | None = None, **encoding: Any) -> Spec:
    """A mark; its properties are constants, or references to fields and scales where they are objects."""
    properties = {name: value if isinstance(value, dict) else _constant(value) for name, value in encoding.items()}
    return {
        "type": kind,
        "aria": False,
        **({"from": {"data": source}} if source else {}),
        "encode": {"enter": properties},
    }


def _constant(value: Any) -> Spec:
    """A value as it is. Vega takes the text `if` for the beginning of an expression, though it stands between marks."""
    return {"signal": "'i' + 'f'"} if value == "if" else {"value": value}


def linear(name: str, highest: float, pixels: Sequence[int], *, nice: bool = True) -> Spec:
    """A scale from nought to the highest value, or to one."""
    return {"name": name, "type": "linear", "domain": [0, max(highest, 1)], "range": list(pixels), "nice": nice}


def amounts(scale: str, highest: float) -> Spec:
    """The axis at the left, with the grid: a few whole numbers."""
    count = max(1, min(4, int(highest)))  # more ticks than that would be at fractions
    return {
        "orient": "left",
        "scale": scale,
        "tickCount": count,
        "format": ",d",
        "grid": True,
        "aria": False,
        "domain": False,
        "ticks": False,
        "labelOverlap": False,
        "labelPadding": GAP,
    }


def months(scale: str, longest: int, width: int) -> Spec:
    """The axis at the foot: every month, or as few as there is room for, in years or parts of them."""
    step = next((each for each in (1, 2, 3, 6, 12, 24, 60, 120) if longest / each * _MONTH <= width), 240)
    return {
        "orient": "bottom",
        "scale": scale,
        "values": list(range(0, longest + 1, step)),
        "format": ",d",
        "aria": False,
        "labelOverlap": False,
        "labelPadding": 4,
    }


def legend(keys: Sequence[LegendKey], width: int, *, one_a_line: bool = False) -> tuple[list[Spec], int]:
    """The keys with their words, and the height they take: side by side as far as they fit, or one a line."""
    marks: list[Spec] = []
    x = y = 0
    for key in keys:
        indent = 18 if key.dash is None else 28
        lines = wrapped(key.label, width - indent)
        wide = indent + max(width_of(line) for line in lines)
        if x and (one_a_line or len(lines) > 1 or x + wide > width):
            x, y = 0, y + LINE + 2
        middle = y + LINE / 2
        if key.dash is None:
            marks.append(mark("rect", x=x, y=middle - 6, width=12, height=12, fill=key.colour))
        else:
            marks.append(
                mark("rule", x=x, x2=x + 22, y=middle, stroke=key.colour, strokeDash=key.dash, strokeWidth=2.5)
            )
        marks += [line_of(x + indent, middle + LINE * number, line) for number, line in enumerate(lines)]
        x, y = x + wide + 2 * GAP, y + LINE * (len(lines) - 1)
    return marks, y + LINE if keys else 0


def svg(
    name: str,
    size: tuple[int, int],
    plot: Plot,
    data: Iterable[tuple[str, Sequence[Spec]]],
    scales: Sequence[Spec],
    inside: Sequence[Spec],
    around: Sequence[Spec],
) -> str:
    """The drawing: `inside` are marks in the plot, `around` those on the whole chart. `name` is for screen readers."""
    group = {
        **mark("group", x=plot.x, y=plot.y, width=plot.width, height=plot.height),
        "signals": [{"name": "width", "value": plot.width}, {"name": "height", "value": plot.height}],  # of the grid
    }
    spec: Spec = {
        "$schema": "https://vega.github.io/schema/vega/v6.json",  # only a name: nothing is fetched
        "width": size[0],
        "height": size[1],
        "padding": 0,
        "autosize": "none",
        "background": PAPER,
        "config": _CONFIG,
        "data": [{"name": title, "values": list(values)} for title, values in data],
        "scales": list(scales),
        "marks": [{**group, "axes": list(plot.axes), "marks": list(inside)}, *around],
    }
    drawn = drawer.svg(spec)
    head = (
        f"<title>{escape(clean(name))}</title><style>@media screen and (prefers-color-scheme:dark){{{_SHEET}}}</style>"
    )
    return drawn.replace("<svg ", '<svg role="img" ', 1).replace(">", f">{head}", 1)


_CONFIG: Final[Spec] = {
    "text": {"font": _FONT, "fontSize": SIZE},
    "axis": {
        "labelFont": _FONT,
        "labelFontSize": SIZE,
        "labelColor": SOFT,
        "domainColor": SOFT,
        "tickColor": SOFT,
        "gridColor": GRID,
        "tickSize": 4,
    },
}
