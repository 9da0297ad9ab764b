"""Charts as SVG text, drawn without a browser or a network: what is owed over time, counts as bars and as columns.

They are shown by `<img>` beside the table that says the same, in two widths, for phones of 360 pixels and for desks.
The same data give the same bytes. All texts come from the caller, in one language; `name` is for screen readers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil
from typing import Final, Literal

from rules.finance.repayment_plan import RepaymentPlan
from rules.finance.repayment_plan import rows as payments_of
from web.charts import style
from web.charts.style import GAP, INK, PAPER, SOFT, LegendKey, Plot, Spec, mark, words
from web.charts.text import LINE, width_of, wrapped

WIDE: Final = 720  # CSS pixels: on a desk
NARROW: Final = 300  # inside a card on a phone of 360
Tone = Literal["u0", "u1", "u2", "u3", "u4", "u5", "accent", "calm", "plain"]

# A fill, and what can be read upon it. The urgencies are those of forbear.css.
TONES: Final[Mapping[Tone, tuple[str, str]]] = {
    "u0": ("#7b1232", "#ffffff"),
    "u1": ("#b3261e", "#ffffff"),
    "u2": ("#d26a1b", "#111111"),
    "u3": ("#b98e00", "#111111"),
    "u4": ("#3d8a69", "#111111"),
    "u5": ("#7c8a97", "#111111"),
    "accent": ("#1f5a63", "#ffffff"),
    "calm": ("#4f9298", "#111111"),
    "plain": ("#838d8c", "#111111"),
}
# Lines are told apart by colour, by dashes and by the number upon them.
_STROKES: Final[Sequence[tuple[str, Sequence[int]]]] = (
    ("#1f5a63", ()),
    ("#a4510f", (8, 4)),
    ("#5b4a8a", (2, 3)),
    ("#7b1232", (10, 3, 2, 3)),
    ("#3b6ea5", (5, 2)),
)
_HIGH: Final = 220  # a plot
_BAR: Final = 20  # how thick a bar is
_WIDEST_COLUMN: Final = 56


@dataclass(frozen=True, slots=True)
class Course:
    """What is owed under one plan, in fen: at the start, and after each month."""

    label: str
    owed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One part of every bar or column."""

    label: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class ChartRow:
    """A bar or a column, with one count for each series."""

    label: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChartBar:
    """A bar of a single count."""

    label: str
    count: int
    tone: Tone = "accent"


def course(label: str, plan: RepaymentPlan) -> Course | None:
    """The course of a plan; None where no payment says what remains, as in a pause."""
    payments = payments_of(plan)
    if plan.balance is None or not payments:
        return None
    return Course(label, (plan.balance, *(payment.balance for payment in payments)))


def drawn(plan: RepaymentPlan) -> bool:
    """Whether a plan has a line in the chart: something is paid off, and over time."""
    return plan.months > 1 and course("", plan) is not None


def balance(courses: Sequence[Course], *, name: str, months: str, yuan: str, width: int = WIDE) -> str:
    """What is still owed after each month: a stepped line for each plan. `months` and `yuan` name the axes."""
    several = len(courses) > 1
    strokes = [_STROKES[number % len(_STROKES)] for number in range(len(courses))]
    keys = [
        LegendKey(f"{number} {each.label}" if several else each.label, *stroke)
        for number, (each, stroke) in enumerate(zip(courses, strokes, strict=True), 1)
    ]
    around, top = style.legend(keys, width, one_a_line=True)
    highest = max((owed for each in courses for owed in each.owed), default=0) / 100
    longest = max((len(each.owed) - 1 for each in courses), default=0)
    left, down = width_of(f"{highest:,.0f}") + 2 * GAP, top + LINE + 2 * GAP
    across = width - left - 2 * GAP
    plot = Plot(left, down, across, _HIGH, [style.amounts("y", highest), style.months("x", longest, across)])
    around += [
        words(0, top + GAP + LINE / 2, yuan, fill=SOFT),
        words(width - 2 * GAP, down + _HIGH + 34, months, "right", SOFT),
    ]
    data = [
        (f"c{number}", [{"month": month, "yuan": owed / 100} for month, owed in enumerate(each.owed)])
        for number, each in enumerate(courses)
    ]
    inside = [_line(f"c{number}", *stroke) for number, stroke in enumerate(strokes)]
    for number, each in enumerate(courses if several else ()):
        last = len(each.owed) - 1
        month = min(last, max(1, last * (number + 1) // (len(courses) + 1)))  # apart, even where the lines are one
        inside += _badge(str(number + 1), month, each.owed[month] / 100, strokes[number][0])
    scales = [
        style.linear("x", longest, (0, plot.width), nice=False),
        style.linear("y", highest, (_HIGH, 0)),
    ]
    return style.svg(name, (width, down + _HIGH + 46), plot, data, scales, inside, around)


def bars(counts: Sequence[ChartBar], *, name: str, width: int = WIDE) -> str:
    """A bar for each count, in the order given."""
    return _bars([(each.label, (each.count,), (each.tone,)) for each in counts], [], name, width)


def stacks(rows: Sequence[ChartRow], series: Sequence[Series], *, name: str, width: int = WIDE) -> str:
    """A bar for each row, made of the parts that the series name."""
    tones = tuple(each.tone for each in series)
    return _bars([(row.label, row.counts, tones) for row in rows], series, name, width)


def columns(rows: Sequence[ChartRow], series: Sequence[Series], *, name: str, unit: str, width: int = WIDE) -> str:
    """A column for each row, days in their order, the first series at the foot. `unit` names what is counted."""
    around, top = style.legend(_keys(series), width)
    highest = max((sum(row.counts) for row in rows), default=0)
    left, down = width_of(f"{highest:,}0") + GAP, top + LINE + 2 * GAP
    label = min(width // 4, max((width_of(row.label) for row in rows), default=0))  # a day's; no sentence fits there
    plot = Plot(left, down, width - left - label // 2, _HIGH, [style.amounts("y", highest)])
    step = min(plot.width / max(len(rows), 1), _WIDEST_COLUMN)
    thick = step * 0.72
    around.append(words(0, top + GAP + LINE / 2, unit, fill=SOFT))
    every = ceil((label + GAP) / step)
    parts: list[Spec] = []
    for number, row in enumerate(rows):
        x = (number + 0.5) * step
        if (len(rows) - 1 - number) % every == 0:  # the last day is always named
            around.append(words(left + x, down + _HIGH + 14, row.label, "center", SOFT))
        for (start, end), each in zip(pairwise(accumulate(row.counts, initial=0)), series, strict=True):
            parts.append({"x": x - thick / 2, "start": start, "end": end, "fill": TONES[each.tone][0]})
    inside = [
        mark(
            "rect",
            "parts",
            x={"field": "x"},
            width=thick,
            y={"scale": "y", "field": "end"},
            y2={"scale": "y", "field": "start"},
            fill={"field": "fill"},
            stroke=PAPER,
        ),
        mark("rule", x=0, x2=plot.width, y=_HIGH, stroke=SOFT),
    ]
    scales = [style.linear("y", highest, (_HIGH, 0))]
    return style.svg(name, (width, down + _HIGH + 28), plot, [("parts", parts)], scales, inside, around)


def _bars(
    rows: Sequence[tuple[str, tuple[int, ...], tuple[Tone, ...]]], series: Sequence[Series], name: str, width: int
) -> str:
    """Bars with their words beside them, or above where these are long, and their totals at the end."""
    around, top = style.legend(_keys(series), width)
    down = top + 2 * GAP if series else 0
    longest = max((width_of(label) for label, _, _ in rows), default=0)
    beside = longest <= width * 0.4
    left = longest + GAP if beside else 0
    highest = max((sum(counts) for _, counts, _ in rows), default=0)
    plot_width = width - left - width_of(f"{highest:,}") - GAP
    parts: list[Spec] = []
    totals: list[Spec] = []
    y = 0
    for label, counts, tones in rows:
        if beside:
            around.append(words(left - GAP, down + y + _BAR / 2, label, "right"))
        else:
            lines = wrapped(label, width)
            around += [words(0, down + y + LINE * (n + 0.5), line) for n, line in enumerate(lines)]
            y += LINE * len(lines) + 2
        for (start, end), tone in zip(pairwise(accumulate(counts, initial=0)), tones, strict=True):
            if start == end:
                continue
            fill, ink = TONES[tone]
            text = f"{end - start:,}" if len(counts) > 1 else ""
            room = width_of(text) + 6
            parts.append({"y": y, "start": start, "end": end, "fill": fill, "ink": ink, "text": text, "room": room})
        totals.append({"y": y, "total": sum(counts), "text": f"{sum(counts):,}"})
        y += _BAR + GAP + 2
    inside = _parts()
    plot = Plot(left, down, plot_width, max(y - GAP - 2, 0))
    scales = [style.linear("x", highest, (0, plot_width), nice=False)]
    size = (width, down + plot.height + 2)
    return style.svg(name, size, plot, [("parts", parts), ("totals", totals)], scales, inside, around)


def _keys(series: Sequence[Series]) -> list[LegendKey]:
    return [LegendKey(each.label, TONES[each.tone][0]) for each in series]


def _line(source: str, stroke: str, dash: Sequence[int]) -> Spec:
    return mark(
        "line",
        source,
        x={"scale": "x", "field": "month"},
        y={"scale": "y", "field": "yuan"},
        interpolate="step-after",
        stroke=stroke,
        strokeDash=list(dash),
        strokeWidth=2.5,
    )


def _badge(number: str, month: int, yuan: float, stroke: str) -> list[Spec]:
    """The number of a line, upon it."""
    at: Spec = {"x": {"scale": "x", "value": month}, "y": {"scale": "y", "value": yuan}}
    return [
        mark("symbol", **at, shape="circle", size=260, fill=PAPER, stroke=stroke, strokeWidth=1.5),
        mark("text", **at, text=number, align="center", baseline="middle", fill=INK),
    ]


def _parts() -> list[Spec]:
    """The parts of bars, their numbers where there is room, and the totals."""
    seen = "max(scale('x', datum.end), scale('x', datum.start) + 2)"  # however few
    fits = "scale('x', datum.end) - scale('x', datum.start) >= datum.room ? datum.text : ''"
    return [
        mark(
            "rect",
            "parts",
            x={"scale": "x", "field": "start"},
            x2={"signal": seen},
            y={"field": "y"},
            height=_BAR,
            fill={"field": "fill"},
        ),
        mark(
            "rule",
            "parts",
            x={"scale": "x", "field": "end"},
            y={"field": "y"},
            y2={"field": "y", "offset": _BAR},
            stroke=PAPER,
        ),
        mark(
            "text",
            "parts",
            x={"signal": "(scale('x', datum.start) + scale('x', datum.end)) / 2"},
            align="center",
            y={"field": "y", "offset": _BAR / 2},
            baseline="middle",
            text={"signal": fits},
            fill={"field": "ink"},
        ),
        mark(
            "text",
            "totals",
            x={"scale": "x", "field": "total", "offset": GAP},
            align="left",
            y={"field": "y", "offset": _BAR / 2},
            baseline="middle",
            text={"field": "text"},
            fill=INK,
        ),
    ]
