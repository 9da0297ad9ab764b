"""Charts: whole, harmless and readable drawings that say what the table beside them says."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.finance.repayment_plan import RepaymentPlan
from tests.support.packs.negotiation_packs import evaluated, swept
from web.charts import charts
from web.charts.charts import NARROW, TONES, WIDE, ChartBar, ChartRow, Course, Series
from web.charts.drawing import Drawer
from web.charts.style import months
from web.charts.text import clean, width_of, wrapped

SHAPES = {"svg", "title", "style", "g", "rect", "path", "line", "text"}
PARTS = (Series("已同意", "accent"), Series("refused & open", "u2"))
label = st.text(max_size=60) | st.sampled_from(["协商分期（个性化）", "<script>alert('x')</script>", "A & B", "x" * 90])
count = st.integers(0, 2_000_000)
width = st.sampled_from((NARROW, WIDE))
few = settings(max_examples=40, deadline=None)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - our own drawing


def tags(root: ElementTree.Element) -> set[str]:
    return {each.tag.rpartition("}")[2] for each in root.iter()}


def said(root: ElementTree.Element) -> str:
    """All words, without the spaces at which lines may break."""
    return "".join("".join(each.itertext()) for each in root.iter() if each.tag.endswith("}text")).replace(" ", "")


def is_harmless(svg: str) -> ElementTree.Element:
    """The drawing, if it is well formed, has a name, and neither runs nor fetches anything."""
    root = parsed(svg)
    assert tags(root) <= SHAPES
    for each in root.iter():
        for name, value in each.attrib.items():
            assert not name.startswith("on") and name != "style" and not name.endswith("href") and "url(" not in value
    assert root[0].tag.endswith("}title")
    return root


def has(root: ElementTree.Element, text: str) -> bool:
    return clean(text).replace(" ", "") in said(root)


SETTLED = {
    "product": "online_platform",
    "days_overdue": 200,
    "hardship": "business_failure",
    "hardship_duration": "medium",
    "hardship_evidence": "official",
    "income_evidence": "official",
    "balance": 20000,
    "lump_sum_available": 19000,
    "monthly_due": 1500,
    "income_monthly": 4000,
    "essential_outgoings": 2000,
    "priority_payments": 1000,
    "creditors_overdue": 1,
    "other_debt_payments": 0,
    "savings_needed": 0,
}


@few
@given(st.lists(st.tuples(label, st.lists(count, min_size=1, max_size=30)), max_size=5), label, width)
def test_every_plan_is_named_in_the_balance_over_time(
    given: list[tuple[str, list[int]]], name: str, pixels: int
) -> None:
    courses = [Course(title, tuple(owed)) for title, owed in given]
    root = is_harmless(charts.balance(courses, name=name, months="第几个月", yuan="尚欠（元）", width=pixels))
    assert all(has(root, each.label) for each in courses)
    assert has(root, "第几个月") and has(root, "尚欠（元）")
    assert root[0].text == (clean(name) or None)


@few
@given(st.lists(st.tuples(label, count), max_size=12), width)
def test_every_bar_has_its_label_and_its_count(given: list[tuple[str, int]], pixels: int) -> None:
    counts = [ChartBar(title, number) for title, number in given]
    root = is_harmless(charts.bars(counts, name="cases", width=pixels))
    assert all(has(root, each.label) and has(root, f"{each.count:,}") for each in counts)


@pytest.mark.parametrize("said", ["if", "if if", "else", "null", "datum", f"{'x' * 24} {'x' * 24} if {'x' * 24}"])
def test_what_is_a_word_of_vega_is_a_label_like_any_other(said: str) -> None:
    bars = is_harmless(charts.bars([ChartBar(said, 3)], name=said, width=NARROW))
    stacks = is_harmless(
        charts.stacks([ChartRow(said, (3, 4))], (Series(said, "accent"), PARTS[1]), name=said, width=NARROW)
    )
    columns = is_harmless(charts.columns([ChartRow(said, (3, 4))], PARTS, name=said, unit=said, width=NARROW))
    assert has(bars, said) and has(stacks, said) and has(columns, said)


@few
@given(st.lists(st.tuples(label, count, count), max_size=8), width)
def test_every_stack_has_its_label_and_its_total(given: list[tuple[str, int, int]], pixels: int) -> None:
    rows = [ChartRow(title, (one, other)) for title, one, other in given]
    root = is_harmless(charts.stacks(rows, PARTS, name="outcomes", width=pixels))
    assert all(has(root, row.label) and has(root, f"{sum(row.counts):,}") for row in rows)
    assert all(has(root, each.label) for each in PARTS)


@few
@given(st.lists(st.tuples(label, count, count), max_size=40), width)
def test_columns_name_their_series_and_their_last_day(given: list[tuple[str, int, int]], pixels: int) -> None:
    rows = [ChartRow(title, (one, other)) for title, one, other in given]
    root = is_harmless(charts.columns(rows, PARTS, name="rows a day", unit="行", width=pixels))
    assert all(has(root, each.label) for each in PARTS)
    assert not rows or has(root, rows[-1].label)


@given(label, st.integers(60, 700))
def test_wrapping_loses_no_word_and_keeps_to_the_width(text: str, pixels: int) -> None:
    lines = wrapped(text, pixels)
    assert "".join(lines).replace(" ", "") == clean(text).replace(" ", "")
    longest_piece = width_of("W" * 24)
    assert all(width_of(line) <= max(pixels, longest_piece + width_of("）") * line.count("）")) for line in lines)


def test_a_chinese_line_does_not_begin_with_a_comma() -> None:
    lines = wrapped("先还本金，再谈利息，写进协议，签名之前读一遍。", 60)
    assert len(lines) > 3 and not any(line.startswith(("，", "。")) for line in lines)


def test_a_bar_is_as_long_as_its_count() -> None:
    svg = charts.bars([ChartBar("a", 10), ChartBar("b", 20), ChartBar("c", 40)], name="x")
    lengths = [float(each) for each in re.findall(r'<path d="M0,[\d.]+h([\d.]+)v20', svg)]
    assert lengths[1] == pytest.approx(2 * lengths[0]) and lengths[2] == pytest.approx(4 * lengths[0])


def test_one_case_among_a_million_is_still_seen() -> None:
    svg = charts.bars([ChartBar("a", 1), ChartBar("b", 1_000_000)], name="x")
    assert re.search(r'<path d="M0,0h2v20', svg)


def test_a_count_of_nought_has_no_bar() -> None:
    assert not re.search(r"<path d=\"M0,[\d.]+h[\d.]+v20", charts.bars([ChartBar("a", 0)], name="x"))


@pytest.mark.parametrize(("highest", "ticks"), [(1, "01"), (2, "012"), (3, "0123")])
def test_axes_count_in_whole_numbers(highest: int, ticks: str) -> None:
    assert said(parsed(charts.columns([ChartRow("", (highest,))], PARTS[:1], name="x", unit=""))).startswith(ticks)


@pytest.mark.parametrize(
    ("longest", "room", "step"),
    [
        (5, 220, 1),
        (5, 219, 2),
        (36, 264, 6),
        (36, 263, 12),
        (60, 640, 6),
        (360, 220, 120),
        (360, 640, 60),
    ],
)
def test_months_are_named_in_years_or_parts_of_them(longest: int, room: int, step: int) -> None:
    assert months("x", longest, room)["values"] == list(range(0, longest + 1, step))


def test_what_is_owed_stays_until_the_month_in_which_it_is_paid() -> None:
    svg = charts.balance([Course("a", (300_00, 200_00, 0))], name="x", months="m", yuan="y")
    path = next(each for each in re.findall(r'<path d="([^"]+)" stroke="#1f5a63"', svg))
    points = re.findall(r"[ML]([\d.]+),([\d.]+)", path)
    heights = [float(y) for _, y in points]
    assert heights == sorted(heights) and len(set(heights)) == 3
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(points))


def test_two_lines_differ_without_their_colours() -> None:
    svg = charts.balance([Course("a", (2, 1, 0)), Course("b", (2, 1, 0))], name="x", months="m", yuan="y")
    assert 'stroke-dasharray="8,4"' in svg
    assert has(parsed(svg), "1 a") and has(parsed(svg), "2 b")


def test_the_course_of_a_plan_begins_with_the_balance_and_ends_when_the_last_is_paid() -> None:
    settled = evaluated(**SETTLED)  # one in thousands of random cases has the money for it
    evaluations = [settled, *(evaluation for evaluation, _ in swept(1_500, 11))]
    plans = [plan for evaluation in evaluations for plan in evaluation.outcome.plans]
    assert {plan.kind for plan in plans} >= {"instalments", "lump_sum", "deferral"}
    for plan in plans:
        drawn = charts.course("x", plan)
        if plan.kind in ("deferral", "standstill"):
            assert drawn is None
        else:
            assert drawn is not None and drawn.owed[0] == plan.balance
            assert len(drawn.owed) == max(plan.months, 1) + 1
            assert drawn.owed[-1] == 0 or plan.kind == "lump_sum"


def test_a_plan_that_does_not_say_what_it_repays_has_no_course() -> None:
    assert charts.course("x", RepaymentPlan(strategy="instalment_restructure", kind="instalments", total=100)) is None


@pytest.mark.parametrize(
    "draw",
    [
        lambda: charts.bars([ChartBar("立即", 3, "u0")], name="x"),
        lambda: charts.balance([Course("甲", (2, 1, 0))], name="x", months="月", yuan="元"),
    ],
)
def test_the_same_data_give_the_same_bytes_from_any_thread(draw: Callable[[], str]) -> None:
    with ThreadPoolExecutor(6) as pool:
        assert len({*pool.map(lambda _: draw(), range(12))}) == 1


def test_the_urgencies_have_the_colours_of_the_pages() -> None:
    css = (Path(charts.__file__).parents[1] / "static" / "forbear.css").read_text(encoding="utf-8")
    found = dict(re.findall(r"--(u\d): (#\w{6});", css.partition("prefers-color-scheme: dark")[0]))
    assert found == {name: fill for name, (fill, _) in TONES.items() if name.startswith("u")}


@pytest.mark.parametrize("tone", TONES)
def test_bars_stand_out_from_the_paper_and_numbers_from_the_bars(tone: charts.Tone) -> None:
    fill, ink = TONES[tone]
    assert contrast(fill, "#ffffff") >= 3 and contrast(fill, ink) >= 4.5


def contrast(one: str, other: str) -> float:
    """As the Web Content Accessibility Guidelines define it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_who_draws_may_be_killed_and_what_cannot_be_drawn_stops_nobody() -> None:
    """The engine has a process of its own: what becomes of it the web process hardly notices."""
    drawer = Drawer()
    spec = {"$schema": "https://vega.github.io/schema/vega/v6.json", "width": 9, "height": 9}
    try:
        first = drawer.svg(spec)
        assert first.startswith("<svg ")
        with pytest.raises(ValueError, match="nothing was drawn"):
            drawer.svg({**spec, "marks": 5})
        assert drawer.svg(spec) == first
        assert drawer._process is not None
        drawer._process.kill()
        drawer._process.wait()
        assert drawer.svg(spec) == first
    finally:
        drawer.end()
